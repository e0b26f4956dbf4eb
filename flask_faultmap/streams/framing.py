"""How a stream is written: its items, its last error and its end, as NDJSON or server-sent events."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from flask_faultmap.errors import ConfigError
from flask_faultmap.near_miss import near_miss
from flask_faultmap.profiles.encoding import jsonable, to_bytes

LINE_END = re.compile(r"\r\n|\n|\r")  # what ends a line of an event stream; U+2028 and others do not


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """How one sort of stream looks on the wire.

    Args:
        name: what people call it.
        media_type: the ``Content-Type`` of the answer.
        frame: gives the bytes of one item that is not bytes already.
        error: gives the bytes of the last frame after a failure, from the body (bytes) and the status
            (int) that an ordinary answer would have had.
        end: what ends a good stream, so that a truncated one is never taken for a whole one; None for
            nothing.

    Raises:
        ConfigError: a part cannot be used.
    """

    name: str
    media_type: str
    frame: Callable[[Any], bytes]
    error: Callable[[bytes, int], bytes]
    end: bytes | None = None

    def __post_init__(self) -> None:
        for part in ("name", "media_type"):
            if not isinstance(getattr(self, part), str) or not getattr(self, part):
                raise ConfigError(f"{part} of the framing is {getattr(self, part)!r}; it must be a text")
        for part in ("frame", "error"):
            if not callable(getattr(self, part)):
                raise ConfigError(f"{part} of the framing {self.name!r} must be a function that gives bytes")
        if not isinstance(self.end, bytes | None):
            raise ConfigError(f"end of the framing {self.name!r} is {self.end!r}; it must be bytes or None")


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event, as the HTML standard has it (section 9.2, "Server-sent events").

    Args:
        data: a text, which may have several lines, or anything that JSON can say; None for no data.
        event: the type of the event, one line; browsers call an event without one ``message``.
        id: what a browser sends as ``Last-Event-ID`` when it reconnects, one line.
        retry: after how many milliseconds a browser reconnects.
        comment: a text that readers ignore: it begins an answer, or keeps a connection open.
    """

    data: Any = None
    event: str | None = None
    id: str | None = None
    retry: int | None = None
    comment: str | None = None

    def json(self) -> Any:
        """Parse the data, a text, as JSON.

        Raises:
            ValueError: it is none.
        """
        return json.loads(self.data)


def _make_plain(value: object) -> Any:
    """Give what JSON can say of a date, a set, an enum member and the like."""
    plain = jsonable(value)
    if plain is None:
        raise TypeError(f"an item of the stream holds a {type(value).__name__}, which is not JSON")
    return plain


_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_make_plain)
_to_json = _encoder.encode


def _frame_line(item: Any) -> bytes:
    return to_bytes(_to_json(item) + "\n")


def _frame_error_line(body: bytes, status: int) -> bytes:
    """Nest *body* under ``error``, unless that is its only member already."""
    members = json.loads(body)
    if isinstance(members, dict) and members.keys() == {"error"}:
        members = members["error"]
    return _frame_line({"error": members, "status": status})


def _frame_event(item: Any) -> bytes:
    if isinstance(item, str):
        if "\n" not in item and "\r" not in item:
            return to_bytes(f"data: {item}\n\n")
        return to_bytes("".join(_write_lines("data", item)) + "\n")
    if isinstance(item, Event):
        return to_bytes("".join(_write_fields(item)) + "\n")
    return to_bytes(f"data: {_to_json(item)}\n\n")


def _write_fields(event: Event) -> list[str]:
    lines: list[str] = []
    if event.comment is not None:
        lines += [f": {line}\n" for line in LINE_END.split(event.comment)]
    if event.event is not None:
        lines.append(f"event: {_check_line('event', event.event)}\n")
    if event.id is not None:
        lines.append(f"id: {_check_line('id', event.id)}\n")
    if event.retry is not None:
        lines.append(f"retry: {int(event.retry)}\n")
    if event.data is not None or event.event is not None:  # an event without data is never dispatched
        data = (
            event.data if isinstance(event.data, str) else "" if event.data is None else _to_json(event.data)
        )
        lines += _write_lines("data", data)
    return lines


def _write_lines(field: str, text: str) -> list[str]:
    return [f"{field}: {line}\n" for line in LINE_END.split(text)]


def _check_line(field: str, value: str) -> str:
    if LINE_END.search(value) or (field == "id" and "\0" in value):
        raise ValueError(f"the field {field!r} of an event must be one line: {value!r}")
    return value


def _frame_error_event(body: bytes, status: int) -> bytes:
    return b"event: error\n" + _frame_event(body.decode("utf-8", "replace"))


NDJSON = Framing(
    name="ndjson",
    media_type="application/x-ndjson",
    frame=_frame_line,
    error=_frame_error_line,
    end=b'{"done":true}\n',
)
SSE = Framing(
    name="sse",
    media_type="text/event-stream",
    frame=_frame_event,
    error=_frame_error_event,
    end=b"event: done\ndata: {}\n\n",
)
BUILT_IN = {framing.name: framing for framing in (NDJSON, SSE)}
UNCHANGED: Any = object()


def find_framing(framing: str | Framing, end: bytes | str | None = UNCHANGED) -> Framing:
    """Give the framing that *framing* names or is, with *end* as its end mark.

    Raises:
        ConfigError: there is no framing of that name, or *end* cannot be sent.
    """
    if isinstance(framing, str):
        if framing not in BUILT_IN:
            allowed = ", ".join(map(repr, BUILT_IN))
            raise ConfigError(
                f"The framing is {framing!r}; allowed: {allowed}, or a Framing{near_miss(framing, BUILT_IN)}"
            )
        framing = BUILT_IN[framing]
    if not isinstance(framing, Framing):
        raise ConfigError(f"The framing is {framing!r}; it must be 'ndjson', 'sse' or a Framing")
    if end is UNCHANGED:
        return framing
    return replace(framing, end=to_bytes(end) if isinstance(end, str) else end)
