"""What does a line of the journal say? Its names at once, its texts when they are shown: then redacted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_faultmap.redaction.redacting import is_secret_name, redact
from flask_faultmap.redaction.replacing import HIDDEN
from flask_faultmap.sinks.trail.entries import Entry, Link, Names, from_micros

MAX_TEXT = 2048
MAX_NAME = 512  # characters of a column that is a name
TOO_DEEP = "<too deep>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting(Names):
    """A line that was read: found and counted by its names, most are never shown."""

    record: Mapping[str, Any]

    def entry(self) -> Entry:
        """Redact the texts, which takes a hundred times as long as to read the names."""
        record = self.record
        return Entry(
            **{name: getattr(self, name) for name in Names.__dataclass_fields__},
            text=redact(record["text"], MAX_TEXT),
            told=_change_unless_deep(clean, record["told"], {}),
            stack=tuple(
                Link(
                    exception=_read_name(exception) or "",
                    text=redact(text, MAX_TEXT) if text else "",
                    frames=tuple(_read_name(frame) or "" for frame in frames),
                )
                for exception, text, frames in record["stack"]
            ),
            context=_change_unless_deep(hide, record.get("context"), TOO_DEEP),
        )


def read_line(segment: str, offset: int, record: Mapping[str, Any]) -> Waiting | None:
    """Read the names of a journal's *record*; None if it is not one of ours."""
    try:
        _check_texts(record)
        return Waiting(
            segment=segment,
            offset=offset,
            request_id=_read_name(record["id"]) or "",
            time=from_micros(int(record["time"])),
            app=_read_name(record["app"]) or "",
            host=_read_name(record["host"]) or "",
            code=_read_name(record["code"]) or "",
            category=_read_name(record["category"]) or "",
            status=_read_status(record["status"]),
            original_status=_read_status(record["original_status"]),
            method=_read_name(record.get("method")),
            route=_read_name(record.get("route")),
            endpoint=_read_name(record.get("endpoint")),
            user_id=_read_name(record.get("user")),
            rule=_read_name(record.get("rule")),
            exception=_read_name(record["exception"]) or "",
            cause=_read_name(record.get("cause")),
            fingerprint=_read_name(record["fingerprint"]) or "",
            blame=_read_name(record["blame"]) or "",
            trace_id=_read_name(record.get("trace_id")),
            record=record,
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def clean(value: Any) -> Any:
    """Make of a JSON value what every database takes: no NUL, no lone surrogate."""
    if isinstance(value, str):
        if value.isascii() and "\0" not in value:
            return value
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {clean(name): clean(member) for name, member in value.items()}
    return [clean(item) for item in value] if isinstance(value, list) else value


def hide(value: Any) -> Any:
    """Redact every text of a JSON value, and all that a secret's name holds."""
    if isinstance(value, str):
        return redact(value, MAX_TEXT)
    if isinstance(value, dict):
        return {
            clean(name): HIDDEN if is_secret_name(name) and member is not None else hide(member)
            for name, member in value.items()
        }
    return [hide(item) for item in value] if isinstance(value, list) else value


def _read_name(value: Any) -> str | None:
    if value is None:
        return None
    if type(value) is str and len(value) <= MAX_NAME and value.isascii() and "\0" not in value:
        return value  # what nearly always happens
    text: str = clean(str(value))
    return text if len(text) <= MAX_NAME else text[: MAX_NAME - 1] + "…"


def _read_status(value: Any) -> int:
    if not 100 <= int(value) <= 999:
        raise ValueError(value)
    return int(value)


def _check_texts(record: Mapping[str, Any]) -> None:
    """See that what is redacted later can be.

    Raises:
        KeyError: it has no text, or no stack.
        TypeError: one of them is of another kind.
        ValueError: so is a link of the stack.
    """
    texts = [record["text"]]
    for _, text, frames in record["stack"]:
        iter(frames)
        texts.append(text or "")
    if not all(isinstance(text, str) for text in texts):
        raise TypeError(texts)
    record["told"]


def _change_unless_deep(change: Callable[[Any], Any], value: Any, instead: Any) -> Any:
    try:
        return change(value)
    except RecursionError:
        return instead
