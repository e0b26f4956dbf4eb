"""In which order is a text cleaned? The tables of :mod:`.redaction`, each compiled at its first use."""

import re
from functools import cache

from flask_faultmap.redaction.commands import COMMAND_PATTERNS
from flask_faultmap.redaction.databases import DATABASE_PATTERNS, LOGON_PATTERNS
from flask_faultmap.redaction.names import SECRET_NAME
from flask_faultmap.redaction.paths import PATH_PATTERNS
from flask_faultmap.redaction.replacing import Compiled, Patterns, compiled
from flask_faultmap.redaction.secrets import ADDRESS_PATTERNS, CREDENTIAL_PATTERNS
from flask_faultmap.redaction.stacks import STACK_PATTERNS
from flask_faultmap.redaction.tokens import TOKEN_PATTERNS

# A page of HTML, such as a proxy's error page: its words are wanted.
PAGE_PATTERNS: Patterns = (
    (("<script", "<style"), r"(?i)<(script|style)\b[\s\S]*?(?:</\1\b[^<>]*>?|\Z)", " "),
    (("<!--",), r"<!--[\s\S]*?(?:-->|\Z)", " "),
    (("<",), r"(?i)</?[a-z!][^<>]*+>?", " "),
)
CONTROL_PATTERNS: Patterns = (
    # ANSI: colours and cursor (CSI), titles and links (OSC), the codes of two characters.
    ((), r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]?|\x1b\][^\x07\x1b\r\n]*+(?:\x07|\x1b\\)|\x1b[ -~]?", ""),
    ((), r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]", "\n"),
    ((), r"\t", " "),
    ((), r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x9f]", ""),
    # What makes a reader see another order, or hides a letter from the patterns below.
    ((), r"[\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]", ""),
    ((), r"[\ud800-\udfff]", "\ufffd"),  # lone surrogates, which cannot be encoded
)
FLATTEN: Patterns = ((("\n",), r"\n\s*+", " "),)


@cache
def page_start() -> re.Pattern[str]:
    """Find that a text is a page."""
    return re.compile(r"(?i)<(?:!doctype html|html)\b")


@cache
def of_pages() -> Compiled:
    """Give what makes the words of a page."""
    return compiled(PAGE_PATTERNS)


@cache
def of_controls() -> Compiled:
    """Give what takes out control characters, and the escapes of JSON."""
    return compiled(CONTROL_PATTERNS)


@cache
def of_texts() -> Compiled:
    """Give all that a text is cleaned of, after its control characters."""
    return compiled(
        [
            *STACK_PATTERNS,
            *ADDRESS_PATTERNS,
            *LOGON_PATTERNS,
            *CREDENTIAL_PATTERNS,
            *DATABASE_PATTERNS,
            *COMMAND_PATTERNS,
            *TOKEN_PATTERNS,
            *PATH_PATTERNS,
            *FLATTEN,
        ]
    )


@cache
def of_urls() -> Compiled:
    """Give what a URL is cleaned of for a log line."""
    return compiled([*ADDRESS_PATTERNS, *TOKEN_PATTERNS, *FLATTEN])


@cache
def secret_name() -> re.Pattern[str]:
    """Match the name of a secret."""
    return re.compile(SECRET_NAME)
