"""What is one line of the journal? A checksum, a blank, compact JSON, a line feed."""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from zlib import crc32

MAX_LINE = 64 * 1024  # bytes; a record is bounded part by part, and stays far below

encode_value: Callable[[Any], str] = json.JSONEncoder(
    check_circular=False,  # a cycle is a RecursionError then, and the encoder a quarter faster
    separators=(",", ":"),
    skipkeys=True,
    default=lambda value: _name(value),
).encode
"""Write one value as JSON in ASCII; what is not JSON in it is told by the name of its class.

Raises:
    RecursionError: it has a cycle, or is too deep.
"""

_decode = json.JSONDecoder(parse_constant=lambda _: None).decode  # made once: that is a third of a reading


class Beginning(NamedTuple):
    """What many lines begin with, and its checksum: to go on from there is cheaper than to begin anew."""

    body: bytes
    checksum: int


def begin_lines(record: str) -> Beginning:
    """Make what the lines of many records begin with."""
    body = record.encode("ascii")
    return Beginning(body, crc32(body))


def end_line(beginning: Beginning, rest: str) -> bytes:
    """Make the line of a record that goes on with *rest*, written as JSON already."""
    body, checksum = beginning
    end = rest.encode("ascii")
    return b"".join((b"%08x " % crc32(end, checksum), body, end, b"\n"))


def encode_line(record: dict[str, Any]) -> bytes:
    """Make the line of *record*."""
    return end_line(begin_lines(""), encode_value(record))


def decode_line(line: bytes) -> dict[str, Any] | None:
    """Read one line, without its line feed; None if it is damaged."""
    checksum, _, body = line.partition(b" ")
    if checksum != b"%08x" % crc32(body):
        return None
    try:
        record = _decode(body.decode())
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def split_lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Give the whole lines of *data*, each with the place where it begins; a tail without end is left."""
    start = 0
    while (end := data.find(b"\n", start)) >= 0:
        yield start, data[start:end]
        start = end + 1


def _name(value: object) -> str:
    return f"<{type(value).__name__}>"
