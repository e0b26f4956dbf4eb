"""How a stream is read: chunks of bytes in, items out, as they come and never the whole body."""

import json
import re
from collections.abc import Iterator
from typing import Any

from flask_faultmap.streams.framing import Event

MOST_BYTES = 1_048_576  # of one item
RETRY = re.compile(r"[0-9]{1,15}")  # milliseconds; a longer number is no time that anybody waits


class ItemError(ValueError):
    """An item of a stream cannot be read; the text says why."""


class LineSplitter:
    """Cut chunks of bytes into lines; a line end may lie across two chunks.

    Args:
        ends: whether a lone CR ends a line too, as it does in an event stream.
        limit: bytes that one line may have.
    """

    def __init__(self, *, cr: bool, limit: int = MOST_BYTES) -> None:
        self._cr = cr
        self._limit = limit
        self._parts: list[bytes] = []  # joined once: a line that dribbles in costs linear time
        self._size = 0
        self._skips_lf = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Give the lines that *chunk* completes, without their ends.

        Raises:
            ItemError: a line is longer than the limit.
        """
        if self._cr and chunk:
            ends_in_cr = chunk.endswith(b"\r")
            chunk = chunk.removeprefix(b"\n") if self._skips_lf else chunk
            self._skips_lf = ends_in_cr
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            self._add(line)
            yield self.finish()
        self._add(rest)

    def finish(self) -> bytes:
        """Give what came after the last line end."""
        line = b"".join(self._parts)
        self._parts, self._size = [], 0
        return line

    def _add(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._limit:
            raise ItemError(f"an item is longer than {self._limit} bytes")
        if part:
            self._parts.append(part)


class LineParser:
    """Read NDJSON: each line that is not empty is one JSON value."""

    def __init__(self, limit: int = MOST_BYTES) -> None:
        self._lines = LineSplitter(cr=False, limit=limit)

    def feed(self, chunk: bytes) -> Iterator[Any]:
        """Give the values that *chunk* completes.

        Raises:
            ItemError: a line is no JSON, or too long.
        """
        for line in self._lines.feed(chunk):
            if line.strip():
                yield _parse(line)

    def finish(self) -> Iterator[Any]:
        """Give the value of a last line without an end, if it is whole."""
        rest = self._lines.finish()
        if rest.strip():
            try:
                yield _parse(rest)
            except ItemError:
                return  # cut off: the stream has no end mark either, which is told


class EventParser:
    """Read an event stream as the HTML standard does (section 9.2.6): each event with data is an item."""

    def __init__(self, limit: int = MOST_BYTES) -> None:
        self._lines = LineSplitter(cr=True, limit=limit)
        self._limit = limit
        self._is_first = True
        self._id: str | None = None
        self._retry: int | None = None
        self._event = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Give the events that *chunk* completes.

        Raises:
            ItemError: a line, or the data of an event, is too long.
        """
        for line in self._lines.feed(chunk):
            text = line.decode("utf-8", "replace")
            if self._is_first:
                text, self._is_first = text.removeprefix("\ufeff"), False
            if not text:
                if self._data:
                    yield Event("\n".join(self._data), self._event or None, self._id, self._retry)
                self._forget()
            elif not text.startswith(":"):
                name, _, value = text.partition(":")
                self._take(name, value.removeprefix(" "))

    def finish(self) -> Iterator[Event]:
        """Give nothing: an event that no empty line ended is none."""
        return iter(())

    def _take(self, name: str, value: str) -> None:
        if name == "data":
            self._size += len(value) + 1  # its line end: lines without a text cost memory, too
            if self._size > self._limit:
                raise ItemError(f"an item is longer than {self._limit} bytes")
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and RETRY.fullmatch(value):
            self._retry = int(value)

    def _forget(self) -> None:
        self._retry, self._event, self._data, self._size = None, "", [], 0


def _parse(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as exc:
        raise ItemError("a line is no JSON") from exc
