"""What does a reader see of a fault? Entries, groups, pictures over time, health: redacted, no SQL."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flask_faultmap.redaction.redacting import is_secret_name, redact
from flask_faultmap.redaction.replacing import HIDDEN

MAX_TEXT = 2048
MAX_NAME = 512  # characters of a column that is a name


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One exception of a cause chain: its class, its redacted text, its frames (``module:qualname:line``)."""

    exception: str
    text: str
    frames: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One fault of the trail, as people may read it; ``docs/reference/trail.md`` says what each means."""

    segment: str
    offset: int
    request_id: str
    time: datetime
    app: str
    host: str
    code: str
    category: str
    status: int
    original_status: int
    method: str | None = None
    route: str | None = None
    endpoint: str | None = None
    user_id: str | None = None
    rule: str | None = None
    exception: str = ""
    cause: str | None = None
    text: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)
    stack: tuple[Link, ...] = ()
    fingerprint: str
    blame: str
    context: Any = None
    trace_id: str | None = None

    @property
    def key(self) -> str:
        """What tells this entry from every other: it can stand in a URL."""
        return f"{self.segment}.{self.offset}"

    @property
    def cursor(self) -> str:
        """The place of this entry in lists, newest first: what comes after it is a page's *before*."""
        return f"{to_micros(self.time)}.{self.segment}.{self.offset}"


EQUALS = ("code", "status", "request_id", "route", "blame", "fingerprint", "user_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which faults are wanted; None leaves a question open.

    Args:
        since: the first moment that counts; with a time zone, as *until*.
        until: the first moment that counts no more.
    """

    code: str | None = None
    status: int | None = None
    request_id: str | None = None
    route: str | None = None
    blame: str | None = None
    fingerprint: str | None = None
    user_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def match(self, entry: Entry) -> bool:
        """Whether *entry* is wanted."""
        is_equal = all(getattr(self, name) in (None, getattr(entry, name)) for name in EQUALS)
        is_late_enough = self.since is None or entry.time >= self.since
        return is_equal and is_late_enough and (self.until is None or entry.time < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """All faults of one fingerprint; first, last and count outlive the pruning of their entries."""

    fingerprint: str
    app: str
    code: str
    category: str
    blame: str
    rule: str | None
    cause: str | None
    first: datetime
    last: datetime
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some entries, newest first; *next* is the *before* of the following page, or None at the end."""

    entries: tuple[Entry, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """How many faults of each code began in one stretch of time."""

    start: datetime
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Faults over time: every bucket from *since* to *until*, empty ones too, and the codes, most first."""

    since: datetime
    until: datetime
    width: timedelta
    codes: tuple[str, ...]
    buckets: tuple[Bucket, ...]


def read_entry(segment: str, offset: int, record: Mapping[str, Any]) -> Entry | None:
    """Make the entry of a journal's *record*, redacted; None if it is not one of ours."""
    try:
        return Entry(
            segment=segment,
            offset=offset,
            request_id=_name(record["id"]) or "",
            time=from_micros(int(record["time"])),
            app=_name(record["app"]) or "",
            host=_name(record["host"]) or "",
            code=_name(record["code"]) or "",
            category=_name(record["category"]) or "",
            status=_status(record["status"]),
            original_status=_status(record["original_status"]),
            method=_name(record.get("method")),
            route=_name(record.get("route")),
            endpoint=_name(record.get("endpoint")),
            user_id=_name(record.get("user")),
            rule=_name(record.get("rule")),
            exception=_name(record["exception"]) or "",
            cause=_name(record.get("cause")),
            text=redact(record["text"], MAX_TEXT),
            told=clean(record["told"]),
            stack=tuple(
                Link(
                    exception=_name(exception) or "",
                    text=redact(text, MAX_TEXT) if text else "",
                    frames=tuple(_name(frame) or "" for frame in frames),
                )
                for exception, text, frames in record["stack"]
            ),
            fingerprint=_name(record["fingerprint"]) or "",
            blame=_name(record["blame"]) or "",
            context=hide(record.get("context")),
            trace_id=_name(record.get("trace_id")),
        )
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        return None


def to_columns(entry: Entry) -> dict[str, Any]:
    """Give *entry* as the database keeps it."""
    columns = {name: getattr(entry, name) for name in Entry.__dataclass_fields__}
    columns["time"] = to_micros(entry.time)
    columns["told"] = _dump(entry.told)
    columns["stack"] = _dump([[link.exception, link.text, link.frames] for link in entry.stack])
    columns["context"] = None if entry.context is None else _dump(entry.context)
    return columns


def from_columns(columns: Mapping[str, Any]) -> Entry:
    """Read what :func:`to_columns` gave; it was redacted before it was written."""
    stack = (
        Link(exception=exception, text=text, frames=tuple(frames))
        for exception, text, frames in json.loads(columns["stack"])
    )
    parsed = {
        "time": from_micros(columns["time"]),
        "told": json.loads(columns["told"]),
        "stack": tuple(stack),
        "context": None if columns["context"] is None else json.loads(columns["context"]),
    }
    return Entry(**{**columns, **parsed})


def to_micros(moment: datetime) -> int:
    """Give *moment* as the database keeps it: whole microseconds since 1970, UTC."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """Read what :func:`to_micros` gave."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def clean(value: Any) -> Any:
    """Make of a JSON value what every database takes: no NUL, no lone surrogate."""
    if isinstance(value, str):
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


def _name(value: Any) -> str | None:
    if value is None:
        return None
    text: str = clean(str(value))
    return text if len(text) <= MAX_NAME else text[: MAX_NAME - 1] + "…"


def _status(value: Any) -> int:
    if not 100 <= int(value) <= 999:
        raise ValueError(value)
    return int(value)


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
