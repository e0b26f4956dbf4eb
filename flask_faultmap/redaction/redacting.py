r"""What may a foreign text say to a client? Secrets, tracebacks and paths of files go, the rest stays.

For texts that are not ours: a driver's message that a rule exposes, the body of an upstream's answer. It is
a net below good habits: it knows a secret by what stands around it (``password=…``) or by its shape
(``ghp_…``), so a bare ``hunter2`` in a sentence stays.
"""

import html
import re

from flask_faultmap.redaction.patterns import (
    of_controls,
    of_pages,
    of_texts,
    of_urls,
    page_start,
    secret_name,
)
from flask_faultmap.redaction.reading import WINDOW, read
from flask_faultmap.redaction.replacing import HIDDEN, Compiled, replaced
from flask_faultmap.redaction.spelling import spell_out, spell_out_blanks

__all__ = ["is_secret_name", "redact", "redact_url"]

LIMIT = 512  # characters: enough for a sentence of a driver, too little for a page
URL_LIMIT = 2_048
PAGE_LIMIT = 65_536  # characters of a page: its words may come behind much style
PASSES = 8
# What nearly every text is: words and marks between which no pattern finds anything.
WORDS = re.compile(r"[A-Za-z0-9 ,.;!?_'\"():-]*+\Z")
TRIGGERS = (
    "pass",
    "pwd",
    "pw",
    "pin",
    "secret",
    "token",
    "cred",
    "jwt",
    "bearer",
    "cookie",
    "auth",
    "sess",
    "key",
    "sig",
    "sid",
    "otp",
    "cvv",
    "basic",
    "negotiate",
    "ntlm",
    "private",
    "traceback",
    "identified",
    "csrf",
    "xsrf",
    "crf",
    "goroutine",
    "backtrace",
    "aspnet",
    "wordpress",
    "remember",
    "__",
    "u00",
    "sqlplus",
    "mysql",
    "mariadb",
    "mongo",
    "login",
    "redis-cli",
    "ldap",
    "curl",
    "http",
    "wget",
    "failing row",
)
FRAME = re.compile(r"\bat \S+\(")
LONGEST_WORD = 15  # no token is shorter


def redact(text: str, limit: int = LIMIT) -> str:
    r"""Take out of *text* what a client must not read, and cap it at *limit* characters.

    Gone are control characters and ANSI codes; userinfo and secret query values of URLs; credentials behind
    ``Bearer``, ``Basic``, ``Authorization:``, ``Cookie:`` and names such as ``password=`` or ``"api_key":``,
    DSNs of any style included; tokens of well-known shapes; private keys; tracebacks; absolute paths of
    files. An HTML page becomes its words. The cap comes last, since a cut is no redaction.

    An absolute path is a file's if its first part is a root of file systems, or if it has an extension:
    ``/etc/passwd``, ``/init.sh``, ``C:\Users\ann``, ``\\server\share``; ``/boxes/b1`` is a route. A path
    stays behind a method (``GET /usr/b1``).

    Takes any string, time in proportion to its length, and gives the same for its own result.
    """
    if len(text) <= WINDOW and _is_plain(text):
        return _cap(str.__str__(text), limit)
    return _settle(text, of_texts(), limit)


def _is_plain(text: str) -> bool:
    if not WORDS.match(text) or text != text.strip() or max(map(len, text.split()), default=0) > LONGEST_WORD:
        return False
    lowered = text.lower()
    return not any(trigger in lowered for trigger in TRIGGERS) and FRAME.search(lowered) is None


def redact_url(url: str, limit: int = URL_LIMIT) -> str:
    """Take userinfo, secret query values and tokens out of *url*, for a log line; its path stays."""
    return _settle(url, of_urls(), limit)


def is_secret_name(name: str) -> bool:
    """Whether a member or a header called *name* holds a secret: ``dbPassword``, ``X-Api-Key``."""
    return secret_name().match(spell_out(name)) is not None


def _settle(text: str, patterns: Compiled, limit: int) -> str:
    """Run the patterns until nothing changes: what comes out is by construction what comes out of it."""
    for _ in range(PASSES):
        cleaned = _cap(_clean(text, patterns), limit)
        if cleaned == text:
            return text
        text = cleaned
    return _cap(HIDDEN, limit)  # nested deeper than any honest text: made to resist


def _clean(text: str, patterns: Compiled) -> str:
    if page_start().search(text, 0, WINDOW):
        text = html.unescape(replaced(of_pages(), text[:PAGE_LIMIT]))
    cleaned = replaced(patterns, replaced(of_controls(), read(text))).strip()
    for spell in (spell_out, spell_out_blanks):
        plain = spell(cleaned).strip()
        if plain != cleaned:
            uncovered = replaced(patterns, plain).strip()
            cleaned = cleaned if uncovered == plain else uncovered  # where that hides nothing, as it was
    return cleaned


def _cap(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return text[: limit - 1].rstrip() + "…" if limit > 0 else ""
