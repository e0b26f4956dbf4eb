r"""What takes the place of what must go, and how the tables of patterns are compiled: at their first use.

An entry has literals, a pattern and a replacement. They are tried in order, each over the whole text, but
only where one of its literals occurs: a text without any of them has nothing that the pattern finds. Literals
are in lower case; an entry without any is always tried.

Each takes linear time, whatever the text: it never starts again inside what an earlier try of it has read.
That is held by a lookbehind, by taking all that was read (possessive ``++``), or by a bound; a pattern with
none of them lets 64 KiB of one character stop a worker (CWE-1333).
"""

import re
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter

HIDDEN = "[redacted]"
PATH = "[path]"
TRACEBACK = "[traceback]"

Literals = tuple[str, ...]
Replacement = str | Callable[[re.Match[str]], str]
Patterns = Sequence[tuple[Literals, str, Replacement]]
Compiled = Sequence[tuple[Literals, Sequence[tuple[re.Pattern[str], Replacement]]]]


def compiled(patterns: Patterns) -> Compiled:
    """Compile what a table holds; neighbours with the same literals are asked for them once."""
    return tuple(
        (literals, tuple((re.compile(pattern), replacement) for _, pattern, replacement in entries))
        for literals, entries in groupby(patterns, itemgetter(0))
    )


def replaced(patterns: Compiled, text: str) -> str:
    """Give *text* with everything replaced that one of *patterns* finds."""
    lowered = text.casefold()
    for literals, entries in patterns:
        if not literals or any(map(lowered.__contains__, literals)):
            for pattern, replacement in entries:
                text = pattern.sub(replacement, text)
    return text
