"""What does the trail hold? The journal first, then one snapshot of the database, nothing twice.

A line of the journal counts until its segment's offset in the snapshot is beyond it: from then on it is a
row, or was pruned.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select, tuple_
from sqlalchemy.engine import make_url
from sqlalchemy.sql import ColumnElement

from flask_faultmap.sinks.trail.database import (
    FAULT,
    GROUP,
    SEGMENT,
    check_version,
    is_prepared,
    open_to_read,
    open_to_write,
)
from flask_faultmap.sinks.trail.entries import (
    EQUALS,
    Bucket,
    Entry,
    Filters,
    Group,
    Histogram,
    Page,
    from_columns,
    from_micros,
    to_micros,
)
from flask_faultmap.sinks.trail.journal import SEGMENT_SIZE
from flask_faultmap.sinks.trail.segments import erase_lines, read_tail, segments_of
from flask_faultmap.sinks.trail.settings import TrailSettings
from flask_faultmap.sinks.trail.shipper import count_groups

WHOLE_SEGMENT = 2 * SEGMENT_SIZE
LAST = SEGMENT_SIZE
LONGEST = timedelta(days=7)
WIDTHS = [timedelta(seconds=each) for each in (60, 300, 900, 3600, 10_800)]
MOST_BUCKETS = 60
PRUNED_AT_ONCE = 1000
KEY = tuple_(FAULT.c.segment, FAULT.c.offset)


class TrailReader:
    """Answers questions about the trail of one app's host and its database.

    Every method raises ``SQLAlchemyError`` where the database cannot be had, and ``ConfigError`` where its
    schema is of another version; :meth:`find_in_journal` asks this host alone.
    """

    def __init__(self, settings: TrailSettings, app: str) -> None:
        self._settings, self._app = settings, app
        self._engine = open_to_read(settings.url)

    def find(self, request_id: str) -> list[Entry]:
        """Give the faults of one request, newest first: two, where a later failure superseded an answer."""
        return [*self.page(Filters(request_id=request_id), limit=100).entries]

    def find_in_journal(self, request_id: str) -> list[Entry]:
        """Give those that this host's journal still holds, shipped or not, while the database is down."""
        return _newest_first(self._read_journal(Filters(request_id=request_id)))

    def get(self, key: str) -> Entry | None:
        """Give the fault with this :attr:`Entry.key`."""
        segment, _, offset = key.rpartition(".")
        if not offset.isdecimal():
            return None
        place = segment, int(offset)
        lines = [entry for entry in self._read_journal(Filters()) if (entry.segment, entry.offset) == place]
        with self._snapshot() as snapshot:
            if waiting := snapshot.waiting(lines):
                return waiting[0]
            found = snapshot.entries([FAULT.c.segment == segment, FAULT.c.offset == place[1]], 1)
        return found[0] if found else None

    def page(self, filters: Filters | None = None, *, limit: int = 50, before: str | None = None) -> Page:
        """Give faults, newest first.

        Args:
            before: the *next* of the page before this one.

        Raises:
            ValueError: *before* is none.
        """
        filters = filters or Filters()
        place = None if before is None else _read_cursor(before)
        lines = [entry for entry in self._read_journal(filters) if place is None or _place_of(entry) < place]
        conditions = [*_conditions_of(filters), *(() if place is None else [_is_before(place)])]
        with self._snapshot() as snapshot:
            found = _newest_first([*snapshot.waiting(lines), *snapshot.entries(conditions, limit + 1)])
        page = tuple(found[:limit])
        return Page(entries=page, next=page[-1].cursor if len(found) > limit else None)

    def groups(self, *, limit: int = 100, since: datetime | None = None) -> list[Group]:
        """Give groups, the one that was seen last first; *since* leaves out those not seen since."""
        found = self._count_groups(Filters(), limit)
        least = 0 if since is None else to_micros(since)
        newest = sorted(found, key=lambda group: (-group["last"], group["fingerprint"]))
        return [_read_group(group) for group in newest if group["last"] >= least][:limit]

    def group(self, fingerprint: str) -> Group | None:
        """Give one group."""
        found = self._count_groups(Filters(fingerprint=fingerprint), 0, fingerprint)
        return _read_group(found[0]) if found else None

    def _count_groups(self, filters: Filters, limit: int, *named: str) -> list[dict[str, Any]]:
        """Give the *limit* groups that were seen last, those that wait in the journal, and the *named*."""
        lines = [*self._read_journal(filters)]
        with self._snapshot() as snapshot:
            waiting = snapshot.waiting(lines)
            found = snapshot.groups({*named, *(entry.fingerprint for entry in waiting)}, limit)
        count_groups(found, waiting)
        return [*found.values()]

    def histogram(self, since: datetime, until: datetime, filters: Filters | None = None) -> Histogram:
        """Count faults over time, by code.

        Raises:
            ValueError: it is more than 7 days, or none.
        """
        if not timedelta(0) < until - since <= LONGEST:
            raise ValueError("a picture over time shows at most 7 days, and must end after it begins")
        width = next((each for each in WIDTHS if (until - since) / each <= MOST_BUCKETS), WIDTHS[-1])
        filters = filters or Filters()
        lines = [entry for entry in self._read_journal(filters) if since <= entry.time < until]
        step = width // timedelta(microseconds=1)
        conditions = [
            *_conditions_of(filters),
            FAULT.c.time >= to_micros(since),
            FAULT.c.time < to_micros(until),
        ]
        with self._snapshot() as snapshot:
            counts = snapshot.histogram(conditions, step)
            for entry in snapshot.waiting(lines):
                counts[to_micros(entry.time) // step, entry.code] += 1
        return _draw(since, until, width, counts)

    def _read_journal(self, filters: Filters) -> Iterator[Entry]:
        most = LAST if filters.request_id is None else WHOLE_SEGMENT
        return (entry for entry in read_tail(self._settings.folder, most) if filters.match(entry))

    @contextmanager
    def _snapshot(self) -> "Iterator[_Snapshot]":
        url = make_url(self._settings.url)
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
            yield _Snapshot(None, self._app)  # nobody has shipped yet, and reading makes no file
            return
        with self._engine.begin() as connection:
            if not is_prepared(connection):
                yield _Snapshot(None, self._app)
                return
            check_version(connection)
            yield _Snapshot(connection, self._app)


class _Snapshot:
    """The database at one moment; without a connection, an empty one."""

    def __init__(self, connection: Connection | None, app: str) -> None:
        self._connection, self._app = connection, app

    def waiting(self, lines: Iterable[Entry]) -> list[Entry]:
        """Give those of the journal's *lines* that were not shipped."""
        kept = [*lines]
        names = {entry.segment for entry in kept}
        if self._connection is None or not names:
            return kept
        query = select(SEGMENT.c.name, SEGMENT.c.offset).where(SEGMENT.c.name.in_(names))
        offsets = {row.name: row.offset for row in self._connection.execute(query)}
        return [entry for entry in kept if entry.offset >= offsets.get(entry.segment, 0)]

    def entries(self, conditions: Iterable[ColumnElement[bool]], limit: int) -> list[Entry]:
        if self._connection is None:
            return []
        query = (
            select(FAULT)
            .where(FAULT.c.app == self._app, *conditions)
            .order_by(FAULT.c.time.desc(), FAULT.c.segment.desc(), FAULT.c.offset.desc())
            .limit(limit)
        )
        return [from_columns(dict(row)) for row in self._connection.execute(query).mappings()]

    def groups(self, named: Iterable[str], limit: int) -> dict[str, dict[str, Any]]:
        if self._connection is None:
            return {}
        own = select(GROUP).where(GROUP.c.app == self._app)
        last = own.order_by(GROUP.c.last.desc(), GROUP.c.fingerprint).limit(limit)
        asked = own.where(GROUP.c.fingerprint.in_([*named]))
        rows = [row for query in (last, asked) for row in self._connection.execute(query).mappings()]
        return {row["fingerprint"]: dict(row) for row in rows}

    def histogram(self, conditions: Iterable[ColumnElement[bool]], step: int) -> Counter[tuple[int, str]]:
        if self._connection is None:
            return Counter()
        bucket = (FAULT.c.time // step).label("bucket")
        own = FAULT.c.app == self._app
        query = select(bucket, FAULT.c.code, func.count()).where(own, *conditions)
        query = query.group_by(bucket, FAULT.c.code)
        return Counter({(at, code): count for at, code, count in self._connection.execute(query)})


def prune(
    settings: TrailSettings,
    app: str,
    *,
    older_than: datetime | None = None,
    user_id: str | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Delete faults from the database, a thousand in one transaction; give how many.

    Groups keep their counts, and segments their offsets, so that nothing is shipped again. One user's lines
    are erased from this host's journal too, where they were shipped.
    """
    if older_than is None and user_id is None:
        raise ValueError("nothing says which faults to prune: give older_than, user_id, or both")
    conditions = [FAULT.c.app == app, *_conditions_of(Filters(user_id=user_id, until=older_than))]
    some = select(FAULT.c.segment, FAULT.c.offset).where(*conditions).limit(PRUNED_AT_ONCE)
    engine = open_to_write(settings.url)
    pruned = 0
    try:
        with engine.begin() as connection:
            if not is_prepared(connection):
                return 0
            check_version(connection)
        while True:
            with engine.begin() as connection:
                deleted = connection.execute(delete(FAULT).where(KEY.in_(some))).rowcount
            if not deleted:
                break
            pruned += deleted
            progress(deleted)
        if user_id is not None:
            _erase_in_journal(settings, engine, user_id)
    finally:
        engine.dispose()
    return pruned


def _erase_in_journal(settings: TrailSettings, engine: Engine, user_id: str) -> None:
    """Erase one user's lines that were shipped, and that the segments of living processes still hold."""
    for path in segments_of(settings.folder):
        with engine.begin() as connection:
            end = connection.scalar(select(SEGMENT.c.offset).where(SEGMENT.c.name == path.stem))
        with suppress(FileNotFoundError):  # deleted, meanwhile
            erase_lines(path, int(end or 0), lambda record: record.get("user") == user_id)


def _conditions_of(filters: Filters) -> Iterator[ColumnElement[bool]]:
    for name in EQUALS:
        if getattr(filters, name) is not None:
            yield FAULT.c[name] == getattr(filters, name)
    if filters.since is not None:
        yield FAULT.c.time >= to_micros(filters.since)
    if filters.until is not None:
        yield FAULT.c.time < to_micros(filters.until)


Place = tuple[int, str, int]


def _place_of(entry: Entry) -> Place:
    return to_micros(entry.time), entry.segment, entry.offset


def _read_cursor(cursor: str) -> Place:
    time, _, key = cursor.partition(".")
    segment, _, offset = key.rpartition(".")
    if not (segment and time.isdecimal() and offset.isdecimal() and len(time) + len(offset) < 38):
        raise ValueError(f"{cursor!r} is no place in the trail; take the next of a page")
    return int(time), segment, int(offset)


def _is_before(place: Place) -> ColumnElement[bool]:
    return tuple_(FAULT.c.time, FAULT.c.segment, FAULT.c.offset) < tuple_(*place)


def _newest_first(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=_place_of, reverse=True)


def _read_group(row: Mapping[str, Any]) -> Group:
    return Group(**{**row, "first": from_micros(row["first"]), "last": from_micros(row["last"])})


def _draw(since: datetime, until: datetime, width: timedelta, counts: Counter[tuple[int, str]]) -> Histogram:
    step = width // timedelta(microseconds=1)
    totals: Counter[str] = Counter()
    by_bucket: dict[int, dict[str, int]] = {}
    for (at, code), count in sorted(counts.items()):
        totals[code] += count
        by_bucket.setdefault(at, {})[code] = count
    places = range(to_micros(since) // step, (to_micros(until) - 1) // step + 1)
    return Histogram(
        since=since.astimezone(UTC),
        until=until.astimezone(UTC),
        width=width,
        codes=tuple(code for code, _ in sorted(totals.items(), key=lambda each: (-each[1], each[0]))),
        buckets=tuple(Bucket(start=from_micros(at * step), counts=by_bucket.get(at, {})) for at in places),
    )
