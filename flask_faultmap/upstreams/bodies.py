"""What does the body of an answer say? At most 64 KiB of it, read tolerantly and redacted."""

import json
import re
import zlib
from time import monotonic
from typing import Any

from flask_faultmap.redaction.redacting import is_secret_name, redact
from flask_faultmap.redaction.replacing import HIDDEN
from flask_faultmap.upstreams.answers import Answer
from flask_faultmap.upstreams.exchanges import Exchange
from flask_faultmap.upstreams.history import earlier

MOST_BYTES = 65_536  # of the body of an answer that is no success
MOST_SECONDS = 5  # for reading it, beside the client's own timeout
MOST_CHARACTERS = 4_096  # of one text in it
MOST_MEMBERS = 1_000
MOST_TEXT = 8_192  # characters of all texts in it
LEAST_TEXT = 64  # for which a text counts that must be redacted: a short one costs hardly less
DEEPEST = 32
CUT = "…"
PLAIN = re.compile(r"[\w-]{1,15}")  # too short for a token
# Not any codec of Python: "idna" takes quadratic time, "unicode_escape" warns, "undefined" raises.
CHARSET = re.compile(
    r"""charset\s*=\s*"?(utf-?8|utf-?16|utf-?32|iso[-_]?8859[-_]\d+|latin-?\d+|l1|windows-\d+|cp125\d|us-ascii|koi8-[ru]|gbk|gb18030|big5|shift_jis|euc-\w+)\b""",
    re.IGNORECASE,
)


def read_some(answer: Answer, seconds: float = MOST_SECONDS) -> bytes | str:
    """Read the body up to 64 KiB, and give up the rest; a text in brackets if it cannot be read."""
    kept = answer.kept()
    if kept is not None:
        return kept[:MOST_BYTES]
    part = _Part(seconds)
    try:
        try:
            for chunk in answer.chunks(MOST_BYTES):
                if part.is_full_with(chunk):
                    break
        finally:
            answer.close()
        return part.decoded(answer)
    except Exception as exc:  # a border: a lost body must not hide what the status says
        return unreadable(exc)


async def aread_some(answer: Answer, seconds: float = MOST_SECONDS) -> bytes | str:
    """Do what :func:`read_some` does, awaiting."""
    kept = answer.kept()
    if kept is not None:
        return kept[:MOST_BYTES]
    part = _Part(seconds)
    try:
        try:
            async for chunk in answer.achunks(MOST_BYTES):
                if part.is_full_with(chunk):
                    break
        finally:
            await answer.aclose()
        return part.decoded(answer)
    except Exception as exc:  # a border, as above
        return unreadable(exc)


class _Part:
    """What has come of a body, within the limits of size and time."""

    def __init__(self, seconds: float) -> None:
        self._bytes = bytearray()
        self._end = monotonic() + seconds

    def is_full_with(self, chunk: bytes) -> bool:
        """Add *chunk*, and say whether that is enough.

        Raises:
            TimeoutError: the body comes in drops, each of them too soon for the client's own timeout.
        """
        self._bytes += chunk
        if monotonic() > self._end:
            raise TimeoutError
        return len(self._bytes) >= MOST_BYTES

    def decoded(self, answer: Answer) -> bytes | str:
        """Take the content coding off, up to 64 KiB: few bytes may stand for gigabytes."""
        body = bytes(self._bytes[:MOST_BYTES])
        coding = (answer.header("Content-Encoding") or "identity").strip().lower()
        if answer.decodes or coding == "identity":
            return body
        if coding not in ("gzip", "x-gzip", "deflate"):
            return "[unreadable: its content coding]"
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, MOST_BYTES)  # 32: of gzip or zlib


def exchange_of(answer: Answer, body: bytes | str) -> Exchange:
    """Put together what *answer* tells, with what was read of its body."""
    method, path = answer.request()
    first_method, was_taken = earlier(answer)
    parsed = body if isinstance(body, str) else parse(body, answer.header("Content-Type"))
    return Exchange(
        method=method,
        path=path,
        status=answer.status,
        body=parsed,
        media_type=answer.header("Content-Type"),
        retry_after=answer.header("Retry-After"),
        first_method=first_method,
        was_taken=was_taken,
    )


def unreadable(exc: Exception) -> str:
    """Give the placeholder of a body that cannot be read."""
    return f"[unreadable: {type(exc).__name__}]"


def parse(body: bytes, content_type: str | None) -> Any:
    """Make the most of *body*: parsed JSON whatever its media type, else text; None if it is empty."""
    if not body:
        return None
    try:
        return load(body, content_type)
    except (ValueError, RecursionError):
        return _decode_text(body, content_type)


def load(body: bytes, content_type: str | None) -> Any:
    """Parse *body* as JSON, in UTF-8 or in the charset that *content_type* names.

    Raises:
        ValueError: it is none.
        RecursionError: it is nested too deep.
    """
    try:
        return json.loads(body)
    except UnicodeDecodeError:
        if CHARSET.search(content_type or "") is None:
            raise
        return json.loads(_decode_text(body, content_type))


def _decode_text(body: bytes, content_type: str | None) -> str:
    named = CHARSET.search(content_type or "")
    try:
        return body.decode(named[1] if named else "utf-8", "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def redacted(value: Any) -> Any:
    """Take secrets out of parsed JSON: by the name of a member, or as :func:`redact` knows them in a text.

    One budget for the whole of it, since a text of one character costs the redaction as much as a sentence:
    what is over it is left out, and ``"…"`` says so.
    """
    return Budget().redacted(value)


class Budget:
    """How much of one answer is looked at: 1,000 members and items, 8 KiB of text."""

    def __init__(self) -> None:
        self._members = MOST_MEMBERS
        self._characters = MOST_TEXT

    def text(self, text: str) -> str:
        """Redact *text*, as far as the budget goes."""
        most = min(MOST_CHARACTERS, self._characters)
        if most <= 0:
            return CUT
        if PLAIN.fullmatch(text):
            self._characters -= len(text)
            return text
        self._characters -= min(max(len(text), LEAST_TEXT), most)
        return redact(_cut_head(text, most), most)

    def redacted(self, value: Any, depth: int = 0) -> Any:
        """Redact *value*, as far as the budget goes."""
        if isinstance(value, str):
            return self.text(value)
        if not isinstance(value, dict | list):
            return value
        if depth == DEEPEST:
            return CUT
        if isinstance(value, list):
            items = [self.redacted(item, depth + 1) for item in value if self._takes_one()]
            return items if len(items) == len(value) else [*items, CUT]
        members = {
            self.text(name): HIDDEN if is_secret_name(name) else self.redacted(member, depth + 1)
            for name, member in value.items()
            if self._takes_one()
        }
        return members if len(members) == len(value) else {**members, CUT: CUT}

    def _takes_one(self) -> bool:
        self._members -= 1
        return self._members >= 0


def _cut_head(text: str, most: int) -> str:
    """Leave to the redaction, whose time grows with the text, twice what is kept: up to a whole word."""
    if len(text) <= 2 * most:
        return text
    tail = text[most : 2 * most]
    return text[:most] + tail[: max(tail.rfind(" "), tail.rfind("\n")) + 1]
