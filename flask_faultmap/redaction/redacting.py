r"""What may a foreign text say to a client? Secrets, tracebacks and paths of files go, the rest stays.

For texts that are not ours: a driver's message that a rule exposes, the body of an upstream's answer. It is
a net below good habits: it knows a secret by what stands around it (``password=…``) or by its shape
(``ghp_…``), so a bare ``hunter2`` in a sentence stays.
"""

import html
import re

from flask_faultmap.redaction.patterns import (
    HIDDEN,
    PAGE,
    PAGE_PATTERNS,
    PATTERNS,
    SECRET_NAME,
    URL_PATTERNS,
    Patterns,
)
from flask_faultmap.redaction.reading import WINDOW, read

__all__ = ["is_secret_name", "redact", "redact_url"]

LIMIT = 512  # characters: enough for a sentence of a driver, too little for a page
URL_LIMIT = 2_048
PAGE_LIMIT = 65_536  # characters of a page: its words may come behind much style
PASSES = 8
# What nearly every text is: words and marks between which no pattern finds anything.
WORDS = re.compile(r"[A-Za-z0-9 ,.;!?_'\"():-]*+\Z")
TRIGGER = re.compile(
    r"pass|pwd|secret|token|cred|jwt|bearer|cookie|auth|session|key|sig|basic|negotiate|ntlm|private"
    r"|traceback| at |\S{16}",
    re.IGNORECASE,
)


def redact(text: str, limit: int = LIMIT) -> str:
    r"""Take out of *text* what a client must not read, and cap it at *limit* characters.

    Gone are control characters and ANSI codes; userinfo and secret query values of URLs; credentials behind
    ``Bearer``, ``Basic``, ``Authorization:``, ``Cookie:`` and names such as ``password=`` or ``"api_key":``,
    DSNs of any style included; tokens of well-known shapes; private keys; tracebacks; absolute paths of
    files. An HTML page becomes its words. The cap comes last, since a cut is no redaction.

    An absolute path is a file's if it has two segments or more, or an extension: ``/etc/passwd``,
    ``/init.sh``, ``C:\Users\ann``, ``\\server\share``. It is taken for a route of an API, and kept, behind
    a method (``GET /boxes/b1``), or if it starts with ``/api`` or a version (``/v1/boxes``) and has no
    extension.

    Takes any string, time in proportion to its length, and gives the same for its own result.
    """
    if WORDS.match(text) and len(text) <= WINDOW and text == text.strip() and not TRIGGER.search(text):
        return _capped(str.__str__(text), limit)
    return _settle(text, PATTERNS, limit)


def redact_url(url: str, limit: int = URL_LIMIT) -> str:
    """Take userinfo, secret query values and tokens out of *url*, for a log line; its path stays."""
    return _settle(url, URL_PATTERNS, limit)


def is_secret_name(name: str) -> bool:
    """Whether a member or a header called *name* holds a secret: ``dbPassword``, ``X-Api-Key``."""
    return SECRET_NAME.match(name) is not None


def _settle(text: str, patterns: Patterns, limit: int) -> str:
    """Run the patterns until nothing changes: what comes out is by construction what comes out of it."""
    for _ in range(PASSES):
        cleaned = _capped(_cleaned(text, patterns), limit)
        if cleaned == text:
            return text
        text = cleaned
    return _capped(HIDDEN, limit)  # nested deeper than any honest text: made to resist


def _cleaned(text: str, patterns: Patterns) -> str:
    if PAGE.search(text, 0, WINDOW):
        text = html.unescape(_apply(PAGE_PATTERNS, text[:PAGE_LIMIT]))
    return _apply(patterns, read(text)).strip()


def _apply(patterns: Patterns, text: str) -> str:
    for pattern, replacement in patterns:
        text = pattern.sub(replacement, text)
    return text


def _capped(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return text[: limit - 1].rstrip() + "…" if limit > 0 else ""
