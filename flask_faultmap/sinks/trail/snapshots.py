"""What does the database hold at one moment? Faults, groups and counts of one app, each found by an index."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, func, select, tuple_
from sqlalchemy.sql import ColumnElement

from flask_faultmap.sinks.trail.database import FAULT, GROUP, SEGMENT
from flask_faultmap.sinks.trail.entries import EQUALS, Entry, Filters, from_columns, to_micros
from flask_faultmap.sinks.trail.waiting import Waiting

Place = tuple[int, str, int]  # time, segment, offset: the order of lists


class Snapshot:
    """The database at one moment; without a connection, an empty one."""

    def __init__(self, connection: Connection | None, app: str) -> None:
        self._connection, self._app = connection, app

    def waiting(self, lines: Iterable[Waiting]) -> list[Waiting]:
        """Give those of the journal's *lines* that were not shipped."""
        kept = [*lines]
        names = {line.segment for line in kept}
        if self._connection is None or not names:
            return kept
        query = select(SEGMENT.c.name, SEGMENT.c.offset).where(SEGMENT.c.name.in_(names))
        offsets = {row.name: row.offset for row in self._connection.execute(query)}
        return [line for line in kept if line.offset >= offsets.get(line.segment, 0)]

    def entry(self, segment: str, offset: int) -> Entry | None:
        """Give one fault by its place in the journal."""
        found = self._select_entries([FAULT.c.segment == segment, FAULT.c.offset == offset], 1)
        return found[0] if found else None

    def entries(self, filters: Filters, before: Place | None, limit: int) -> list[Entry]:
        """Give the newest faults that are wanted, of those *before* a place."""
        conditions = [*conditions_of(filters)]
        if before is not None:
            conditions.append(tuple_(*before) > KEY)
            conditions.append(FAULT.c.time <= before[0])  # SQLite's index needs it said
        return self._select_entries(conditions, limit)

    def _select_entries(self, conditions: Iterable[ColumnElement[bool]], limit: int) -> list[Entry]:
        if self._connection is None:
            return []
        query = (
            select(FAULT)
            .where(FAULT.c.app == self._app, *conditions)
            .order_by(*(column.desc() for column in ORDER))
            .limit(limit)
        )
        return [from_columns(dict(row)) for row in self._connection.execute(query).mappings()]

    def groups(self, named: Iterable[str], limit: int) -> dict[str, dict[str, Any]]:
        """Give the *limit* groups that were seen last, and the *named*."""
        if self._connection is None:
            return {}
        own = select(GROUP).where(GROUP.c.app == self._app)
        queries = [own.order_by(GROUP.c.last.desc(), GROUP.c.fingerprint).limit(limit)] if limit else []
        if asked := [*named]:
            queries.append(own.where(GROUP.c.fingerprint.in_(asked)))
        rows = [row for query in queries for row in self._connection.execute(query).mappings()]
        return {row["fingerprint"]: dict(row) for row in rows}

    def histogram(self, filters: Filters, step: int) -> Counter[tuple[int, str]]:
        """Count the faults that are wanted, by *step* microseconds and code."""
        if self._connection is None:
            return Counter()
        bucket = (FAULT.c.time // step).label("bucket")
        own = FAULT.c.app == self._app
        query = select(bucket, FAULT.c.code, func.count()).where(own, *conditions_of(filters))
        query = query.group_by(bucket, FAULT.c.code)
        return Counter({(at, code): count for at, code, count in self._connection.execute(query)})


ORDER = (FAULT.c.time, FAULT.c.segment, FAULT.c.offset)
KEY = tuple_(*ORDER)


def conditions_of(filters: Filters) -> Iterator[ColumnElement[bool]]:
    """Say in SQL which faults are wanted."""
    for name in EQUALS:
        if getattr(filters, name) is not None:
            yield FAULT.c[name] == getattr(filters, name)
    if filters.since is not None:
        yield FAULT.c.time >= to_micros(filters.since)
    if filters.until is not None:
        yield FAULT.c.time < to_micros(filters.until)
