"""What does a reader see of a fault? Entries, groups, pictures over time: redacted, no SQL."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One exception of a cause chain: its class, its redacted text, its frames (``module:qualname:line``)."""

    exception: str
    text: str
    frames: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What finds and counts a fault: nothing in it needs redaction."""

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
    fingerprint: str
    blame: str
    trace_id: str | None = None

    @property
    def key(self) -> str:
        """What tells this entry from every other: it can stand in a URL."""
        return f"{self.segment}.{self.offset}"

    @property
    def cursor(self) -> str:
        """The place of this entry in lists, newest first: what comes after it is a page's *before*."""
        return f"{to_micros(self.time)}.{self.segment}.{self.offset}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Names):
    """One fault of the trail, as people may read it; ``docs/reference/trail.md`` says what each means."""

    text: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)
    stack: tuple[Link, ...] = ()
    context: Any = None


BLAMES = ("client", "self", "upstream")
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

    def match(self, entry: Names) -> bool:
        """Whether *entry* is wanted."""
        if self.since is not None and entry.time < self.since:
            return False
        if self.until is not None and entry.time >= self.until:
            return False
        for name in EQUALS:
            wanted = getattr(self, name)
            if wanted is not None and wanted != getattr(entry, name):
                return False
        return True


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


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
