"""What does the trail hold? The journal first, then one snapshot of the database, nothing twice.

A line of the journal counts until its segment's offset in the snapshot is beyond it: from then on it is a
row, or was pruned.
"""

import os
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from flask_faultmap.sinks.trail.database import check_version, is_missing, is_prepared, open_to_read
from flask_faultmap.sinks.trail.entries import Entry, Filters, Group, Histogram, Names, Page, to_micros
from flask_faultmap.sinks.trail.grouping import count_groups, read_group
from flask_faultmap.sinks.trail.histograms import draw, find_width, in_micros, narrow
from flask_faultmap.sinks.trail.journal import SEGMENT_SIZE
from flask_faultmap.sinks.trail.segments import read_at, read_state, read_tail
from flask_faultmap.sinks.trail.settings import TrailSettings
from flask_faultmap.sinks.trail.snapshots import Place, Snapshot
from flask_faultmap.sinks.trail.waiting import Waiting

WHOLE_SEGMENT = 2 * SEGMENT_SIZE
LAST = SEGMENT_SIZE


class TrailReader:
    """Answers questions about the trail of one app's host and its database.

    Every method raises ``SQLAlchemyError`` where the database cannot be had, and ``ConfigError`` where its
    schema is of another version; :meth:`find_in_journal` asks this host alone.
    """

    def __init__(self, settings: TrailSettings, app: str) -> None:
        self._settings, self._app = settings, app
        self._engine = open_to_read(settings.url)
        self._is_prepared = False
        self._owner: TrailReader | None = None  # of the connections, which end with it
        self._kept: dict[int, list[Waiting]] | None = None  # the journal's lines, by how much was read
        self._keep_connections()

    def at_once(self) -> "TrailReader":
        """Give a reader for the questions of one page: it reads the journal at the first, and once."""
        self._leave_parents_connections()
        once = copy(self)
        once._kept, once._owner = {}, self
        return once

    def find(self, request_id: str) -> list[Entry]:
        """Give the faults of one request, newest first: two, where a later failure superseded an answer."""
        return [*self.page(Filters(request_id=request_id), limit=100).entries]

    def find_in_journal(self, request_id: str) -> list[Entry]:
        """Give those that this host's journal still holds, shipped or not, while the database is down."""
        return [*_show(_sort_newest_first(self._find_lines(request_id)))]

    def _find_lines(self, request_id: str) -> Iterator[Waiting]:
        wanted = Filters(request_id=request_id)
        return filter(wanted.match, read_tail(self._settings.folder, WHOLE_SEGMENT, {}))

    def get(self, key: str) -> Entry | None:
        """Give the fault with this :attr:`Entry.key`."""
        place = _read_key(key)
        if place is None:
            return None
        line = read_at(self._settings.folder, *place)
        with self._begin() as snapshot:
            if line is not None and snapshot.waiting([line]):
                return line.entry()
            return snapshot.entry(*place)

    def get_in_journal(self, key: str) -> Entry | None:
        """Give it if this host's journal still holds it, shipped or not, while the database is down."""
        place = _read_key(key)
        line = None if place is None else read_at(self._settings.folder, *place)
        return None if line is None else line.entry()

    def page(self, filters: Filters | None = None, *, limit: int = 50, before: str | None = None) -> Page:
        """Give faults, newest first.

        Args:
            before: the *next* of the page before this one.

        Raises:
            ValueError: *before* is none.
        """
        filters = filters or Filters()
        place = None if before is None else _read_cursor(before)
        with self._look(filters) as (snapshot, lines):
            waiting = [line for line in lines if place is None or _find_place(line) < place]
            found = _sort_newest_first([*waiting, *snapshot.entries(filters, place, limit + 1)])
        page = tuple(_show(found[:limit]))
        return Page(entries=page, next=page[-1].cursor if len(found) > limit else None)

    def groups(self, *, limit: int = 100, since: datetime | None = None) -> list[Group]:
        """Give groups, the one that was seen last first; *since* leaves out those not seen since."""
        found = self._count_groups(Filters(), limit)
        least = 0 if since is None else to_micros(since)
        newest = sorted(found, key=lambda group: (-group["last"], group["fingerprint"]))
        return [read_group(group) for group in newest if group["last"] >= least][:limit]

    def group(self, fingerprint: str) -> Group | None:
        """Give one group."""
        found = self._count_groups(Filters(fingerprint=fingerprint), 0, fingerprint)
        return read_group(found[0]) if found else None

    def _count_groups(self, filters: Filters, limit: int, *named: str) -> list[dict[str, Any]]:
        """Give the *limit* groups that were seen last, those that wait in the journal, and the *named*."""
        with self._look(filters) as (snapshot, waiting):
            found = snapshot.groups({*named, *(entry.fingerprint for entry in waiting)}, limit)
        count_groups(found, waiting)
        return [*found.values()]

    def histogram(self, since: datetime, until: datetime, filters: Filters | None = None) -> Histogram:
        """Count faults over time, by code.

        Raises:
            ValueError: it is more than 7 days, or none.
        """
        width = find_width(since, until)
        filters = narrow(filters or Filters(), since, until)
        with self._look(filters) as (snapshot, waiting):
            counts = snapshot.histogram(filters, in_micros(width))
        for entry in waiting:
            counts[to_micros(entry.time) // in_micros(width), entry.code] += 1
        return draw(since, until, width, counts)

    def _keep_connections(self) -> None:
        """Keep connections as long as this reader lives, in this process."""
        self._process = os.getpid()
        self._end = weakref.finalize(self, _close, self._engine, self._process)

    def _leave_parents_connections(self) -> None:
        if self._process != os.getpid():  # forked
            self._end.detach()
            self._engine.dispose(close=False)
            self._keep_connections()

    @contextmanager
    def _look(self, filters: Filters) -> Iterator[tuple[Snapshot, list[Waiting]]]:
        """Look at the database at one moment; beside it stands what then only the journal has."""
        lines = [*self._read_unshipped(filters)]
        with self._begin() as snapshot:
            yield snapshot, snapshot.waiting(lines)

    def _read_unshipped(self, filters: Filters) -> Iterator[Waiting]:
        most = LAST if filters.request_id is None else WHOLE_SEGMENT
        if self._kept is None:
            return filter(filters.match, self._read_tail(most))
        if most not in self._kept:
            self._kept[most] = [*self._read_tail(most)]
        return filter(filters.match, self._kept[most])

    def _read_tail(self, most: int) -> Iterator[Waiting]:
        """Read ends of segments; what the shipper has told of as committed is not read again."""
        folder = self._settings.folder
        return read_tail(folder, most, read_state(folder).offsets)

    @contextmanager
    def _begin(self) -> Iterator[Snapshot]:
        self._leave_parents_connections()
        if is_missing(self._engine):
            yield Snapshot(None, self._app)
            return
        try:
            with self._engine.begin() as connection:
                self._is_prepared = self._is_prepared or is_prepared(connection)
                if self._is_prepared:
                    check_version(connection)
                yield Snapshot(connection if self._is_prepared else None, self._app)
        except SQLAlchemyError:
            self._is_prepared = False  # perhaps it is another database now
            raise


def _close(engine: Engine, process: int) -> None:
    engine.dispose(close=process == os.getpid())


def _read_key(key: str) -> tuple[str, int] | None:
    segment, _, offset = key.rpartition(".")
    return (segment, int(offset)) if offset.isdecimal() and len(offset) < 19 else None


def _find_place(entry: Names) -> Place:
    return to_micros(entry.time), entry.segment, entry.offset


def _read_cursor(cursor: str) -> Place:
    time, _, key = cursor.partition(".")
    segment, _, offset = key.rpartition(".")
    if not (
        segment and time.removeprefix("-").isdecimal() and offset.isdecimal() and len(time) + len(offset) < 38
    ):
        raise ValueError(f"{cursor!r} is no place in the trail; take the next of a page")
    return int(time), segment, int(offset)


def _sort_newest_first(found: Iterable[Entry | Waiting]) -> list[Entry | Waiting]:
    return sorted(found, key=_find_place, reverse=True)


def _show(found: Iterable[Entry | Waiting]) -> Iterator[Entry]:
    """Redact what waits: a list does it for those that it shows, not for thousands behind them."""
    return (each.entry() if isinstance(each, Waiting) else each for each in found)
