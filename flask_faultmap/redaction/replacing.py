r"""What takes the place of what must go, and how the tables of patterns are compiled: at their first use.

An entry is a pattern and a replacement. They are tried in order, each over the whole text.

Each takes linear time, whatever the text: it never starts again inside what an earlier try of it has read.
That is held by a lookbehind, by taking all that was read (possessive ``++``), or by a bound; a pattern with
none of them lets 64 KiB of one character stop a worker (CWE-1333).
"""

import re
from collections.abc import Callable, Sequence

HIDDEN = "[redacted]"
PATH = "[path]"
TRACEBACK = "[traceback]"

Replacement = str | Callable[[re.Match[str]], str]
Patterns = Sequence[tuple[str, Replacement]]
Compiled = Sequence[tuple[re.Pattern[str], Replacement]]


def compiled(patterns: Patterns) -> Compiled:
    """Compile what a table holds."""
    return tuple((re.compile(pattern), replacement) for pattern, replacement in patterns)


def replaced(patterns: Compiled, text: str) -> str:
    """Give *text* with everything replaced that one of *patterns* finds."""
    for pattern, replacement in patterns:
        text = pattern.sub(replacement, text)
    return text
