"""How do faults get from the journal to the database, each once? By one shipper per host and app.

A batch and the offset of its segment are one transaction, and the offset is read from the database each
time: whatever became of the transaction before, nothing is left out and nothing comes twice.
"""

import logging
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, case, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError

from flask_faultmap.errors import ConfigError
from flask_faultmap.redaction.redacting import redact
from flask_faultmap.sinks.trail.database import FAULT, GROUP, SEGMENT, open_to_write, prepare
from flask_faultmap.sinks.trail.entries import Entry, to_columns
from flask_faultmap.sinks.trail.grouping import count_groups
from flask_faultmap.sinks.trail.segments import (
    Chunk,
    ShipperState,
    is_readable,
    lock_left_behind,
    read_chunk,
    read_state,
    remove_unborn,
    segments_of,
    write_state,
)
from flask_faultmap.sinks.trail.settings import TrailSettings
from flask_faultmap.texts import one_line

BATCH = 500  # lines
MAX_TOLD = 500  # characters of what a driver says, in the log
HEARTBEAT = 10.0  # seconds between two signs of life

Progress = Callable[[int], None]


class Shipper:
    """Ships the journal of one app on this host."""

    def __init__(self, settings: TrailSettings, app: str, host: str, logger: logging.Logger) -> None:
        self._folder, self._url, self._logger = settings.folder, settings.url, logger
        self._app, self._host = app, host
        self._engine: Engine | None = None
        self._offsets: dict[str, int] = {}  # as committed for certain
        self._failing_since: float | None = None
        self._damaged = 0
        self._unreadable: set[Path] = set()  # those that the log was told of
        self._told = float("-inf")  # by the monotonic clock

    def ship(self, progress: Progress | None = None) -> int:
        """Ship what is there, oldest first; give the number of faults.

        Raises:
            SQLAlchemyError: the database cannot be had; what is not shipped stays in the journal.
            ConfigError: its schema is of another version, or its file cannot be made.
        """
        shipped = 0
        try:
            for path in segments_of(self._folder):
                if self._may_read(path):
                    self._connect()  # what this raises must not be taken for a segment that is gone
                    shipped += self._ship_segment(path, progress)
        except BaseException:
            self._offsets.clear()  # what became of the last commit is not known
            self.close()
            raise
        remove_unborn(self._folder)
        self._tell_success(shipped)
        return shipped

    def _may_read(self, path: Path) -> bool:
        """Leave out what this user cannot read, so that it does not hold up all others; tell it once."""
        if is_readable(path):
            return True
        if path not in self._unreadable and path.exists():
            self._unreadable.add(path)
            self._logger.error("%s cannot be read by this user; its faults are not shipped", path)
        return False

    def _ship_segment(self, path: Path, progress: Progress | None) -> int:
        shipped, most = 0, BATCH
        left = lock_left_behind(path)  # before its end is looked at: nothing can come behind it
        try:
            while self._offsets.get(path.stem, -1) < path.stat().st_size:
                try:
                    chunk, start = self._ship_batch(path, most, ended=left is not None)
                except (DataError, IntegrityError) as exc:
                    if most > 1:
                        most = 1  # one line is what the database refuses; find it
                        continue
                    chunk, start, most = self._give_up_line(path, exc), -1, BATCH
                shipped += len(chunk.entries)
                if progress is not None:
                    progress(len(chunk.entries))
                if chunk.end == start:
                    break
            if left is not None:
                path.unlink()
                self._offsets.pop(path.stem, None)
        except FileNotFoundError:  # another shipper was quicker
            pass
        finally:
            if left is not None:
                os.close(left)
        return shipped

    def _ship_batch(self, path: Path, most: int, *, ended: bool) -> tuple[Chunk, int]:
        with self._connect().begin() as connection:
            start = self._read_offset(connection, path.stem)
            chunk = read_chunk(path, start, most, ended=ended)
            if chunk.entries:
                connection.execute(insert(FAULT), [to_columns(entry) for entry in chunk.entries])
                _add_groups(connection, chunk.entries)
            self._write_offset(connection, path.stem, chunk)
        self._offsets[path.stem] = chunk.end
        self._damaged += chunk.damaged
        if chunk.damaged:
            self._logger.warning("Lines of %s that cannot be read and are left out: %d", path, chunk.damaged)
        return chunk, start

    def _give_up_line(self, path: Path, exc: DatabaseError) -> Chunk:
        """Count a line as damaged that the database refuses: it must not stand in the way of all others."""
        with self._connect().begin() as connection:
            start = self._read_offset(connection, path.stem)
            refused = read_chunk(path, start, 1, ended=False)
            chunk = Chunk(entries=(), damaged=1, end=refused.end)
            self._write_offset(connection, path.stem, chunk)
        self._offsets[path.stem] = chunk.end
        self._damaged += 1
        told = [f"{entry.request_id}: {entry.code}: {entry.text}" for entry in refused.entries]
        self._logger.critical("The trail's database refused a fault (%s): %s", type(exc.orig).__name__, told)
        return chunk

    def _read_offset(self, connection: Connection, name: str) -> int:
        """Give how far a segment was shipped, and keep everybody else from shipping it now."""
        query = select(SEGMENT.c.offset).where(SEGMENT.c.name == name).with_for_update()
        offset = connection.scalar(query)
        if offset is None:
            row = {"name": name, "app": self._app, "host": self._host, "offset": 0, "damaged": 0}
            connection.execute(_insert(connection, SEGMENT).values(row).on_conflict_do_nothing())
            offset = connection.scalar(query)
        return int(offset or 0)

    def _write_offset(self, connection: Connection, name: str, chunk: Chunk) -> None:
        connection.execute(
            SEGMENT.update()
            .where(SEGMENT.c.name == name)
            .values(offset=chunk.end, damaged=SEGMENT.c.damaged + chunk.damaged)
        )

    def _connect(self) -> Engine:
        if self._engine is None:
            self._engine = open_to_write(self._url)
            prepare(self._engine)
            with self._engine.begin() as connection:
                own = SEGMENT.c.host == self._host, SEGMENT.c.app == self._app
                total = connection.scalar(select(func.sum(SEGMENT.c.damaged)).where(*own))
            self._damaged = int(total or 0)
        return self._engine

    def close(self) -> None:
        """Give the connections back."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()

    def tell_failure(self, exc: Exception) -> None:
        """Say once that the database is down, and why; and to readers each time."""
        cause = getattr(exc, "orig", None) or exc
        # What a driver says of a host or a user is for the log; the class is enough for readers.
        problem = str(exc) if isinstance(exc, ConfigError) else type(cause).__name__
        if self._failing_since is None:
            self._failing_since = time.time()
            told = "" if cause is exc else f": {one_line(redact(str(cause), MAX_TOLD).strip())}"
            self._logger.warning(
                "The audit trail cannot ship to its database (%s)%s; faults wait in %s",
                problem,
                told,
                self._folder,
            )
        self._write_state(replace(read_state(self._folder), time=time.time(), problem=problem))

    def _tell_success(self, shipped: int) -> None:
        if self._failing_since is not None:
            waited = time.time() - self._failing_since
            self._failing_since = None
            self._logger.warning("The audit trail ships again: %d faults after %.0f s", shipped, waited)
        elif not shipped and time.monotonic() - self._told < HEARTBEAT:
            return
        self._write_state(ShipperState(time=time.time(), offsets=self._offsets, damaged=self._damaged))

    def _write_state(self, state: ShipperState) -> None:
        self._told = time.monotonic()
        try:
            write_state(self._folder, state)
        except OSError:  # a full disk; health then says that nothing was heard of the shipper
            self._logger.debug("The shipper's state cannot be written to %s", self._folder)


def _add_groups(connection: Connection, entries: Iterable[Entry]) -> None:
    """Add a batch to its groups; in the order of their names, so that two hosts never wait for each other."""
    groups: dict[str, dict[str, Any]] = {}
    count_groups(groups, entries)
    for _, group in sorted(groups.items()):
        statement = _insert(connection, GROUP).values(group)
        new = statement.excluded
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[GROUP.c.fingerprint],
                set_={
                    "first": case((new.first < GROUP.c.first, new.first), else_=GROUP.c.first),
                    "last": case((new.last > GROUP.c.last, new.last), else_=GROUP.c.last),
                    "count": GROUP.c.count + new.count,
                },
            )
        )


def _insert(connection: Connection, table: Table) -> Any:
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)
