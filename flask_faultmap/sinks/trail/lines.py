"""What is one line of the journal? A checksum, a blank, compact JSON, a line feed."""

import json
from collections.abc import Iterator
from typing import Any
from zlib import crc32

MAX_LINE = 64 * 1024  # bytes; a record is bounded part by part, and stays far below

_encode = json.JSONEncoder(
    check_circular=False,  # a cycle is a RecursionError then, and the encoder a quarter faster
    separators=(",", ":"),
    skipkeys=True,
    default=lambda value: _name(value),
).encode

_decode = json.JSONDecoder(parse_constant=lambda _: None).decode  # made once: that is a third of a reading


def encode_members(members: dict[str, Any]) -> str:
    """Write some members of a record, for :func:`encode_line`."""
    return _encode(members)[1:-1] + ","


def encode_line(record: dict[str, Any], members: str = "") -> bytes:
    """Make the line of *record*, with *members* that are written already.

    What is not JSON in it is told by the name of its class.

    Raises:
        RecursionError: it has a cycle, or is too deep.
    """
    body = f"{{{members}{_encode(record)[1:]}".encode("ascii")
    return b"%08x %b\n" % (crc32(body), body)


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
