"""Which part of a long text is read? Both ends of it, as far as no secret can begin in what is not."""

import re
from functools import cache

WINDOW = 4_096  # characters that are read, half of them at the end of the text
HALF = WINDOW // 2 - 2
CUT = " …\n"

WORD_END = re.compile(r"\S*+\s++")
LINE = re.compile(r"\n(?=[^\s|+])")  # not a line of a traceback, of a block of YAML or of a folded header
NAMED = (
    r"(?:passw|passphrase|pwd|[-_\"'<{ ]pass\b|secret|token|cred|jwt|bearer|auth|session|cookie|key|sid\b)"
)


def read(text: str) -> str:
    """Give *text*, or both ends of it: cut at blanks, as half a secret has no shape to be known by.

    The end is read from a line or a word on that belongs to nothing before it. Where what is not read may
    open something that goes on into it (a quotation behind the name of a secret, a key), the end is not read.
    """
    if len(text) <= WINDOW:
        return text
    head = text[:HALF]
    border = max(head.rfind(" "), head.rfind("\n")) + 1
    start = _find_tail(text)
    if start == len(text) or _is_open(text, max(0, border - 256), start):
        return head[:border] + CUT
    return head[:border] + CUT + text[start:]


def _find_tail(text: str) -> int:
    line = LINE.search(text, len(text) - HALF)
    if line is not None:
        return line.end()
    if text[text.rfind("\n") + 1 :][:1] in ("", " ", "\t", "|", "+"):
        return len(text)  # lines that belong to one above them
    start = _find_word_end(text, len(text) - HALF)
    while start < len(text) and _naming().search(text, max(0, start - 256), start):
        start = _find_word_end(text, start)
    return start


def _find_word_end(text: str, start: int) -> int:
    match = WORD_END.match(text, start)
    return len(text) if match is None else match.end()


def _is_open(text: str, border: int, start: int) -> bool:
    if _opener().search(text, border, start):
        return True
    line = text.rfind("\n", 0, start) + 1  # equal to start if the tail is a line
    return line < start and _header().search(text, line, start) is not None


@cache
def _naming() -> re.Pattern[str]:
    """Find what makes the next word a secret."""
    return re.compile(
        r"(?:[:=>,;]|\b(?:bearer|basic|negotiate|ntlm|provided|by)|--[\w-]{1,64}|[\"'`])\s{1,8}\Z",
        re.IGNORECASE,
    )


@cache
def _opener() -> re.Pattern[str]:
    """Find what may go on over blanks and lines: a quotation, list or element behind a name; a key."""
    return re.compile(
        rf"{NAMED}[\w.%-]{{0,40}}+[^\S\n]{{0,4}}(?:\\*[\"'])?\]?\s{{0,4}}(?:=>|:=|={{1,3}}|[:,>])"
        r"\s{0,40}[\[{(bBrRuU]{0,4}(?:\\*[\"'`\[{]|[|>][-+\d]{0,2}[^\S\n]{0,4}\n)"
        rf"|<[\w.:-]{{0,40}}{NAMED}[\w.-]{{0,40}}+[^<>]{{0,200}}>"
        r"|PRIVATE KEY|Traceback \(most recent call last\):(?!\s{0,4}\n[ |+])",
        re.IGNORECASE,
    )


@cache
def _header() -> re.Pattern[str]:
    """Find a header whose value is the rest of its line."""
    return re.compile(r"(?:cookie|authorization)[\"']?\s{0,4}(?::|=)", re.IGNORECASE)
