"""The runs and their steps, in SQLite."""

import json
import shutil
import sqlite3
import tempfile
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from example_app.runs.errors import RunAlreadyInFlightError, RunNotFoundError

LEASE = 60.0  # seconds; a worker that died, or lost the store, does not keep its run for ever

SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY,
    owner_id INTEGER NOT NULL,
    claimed_until REAL NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS steps (
    run_id TEXT NOT NULL REFERENCES runs (id),
    position INTEGER NOT NULL,
    definition TEXT NOT NULL,
    result TEXT,
    PRIMARY KEY (run_id, position)
);
CREATE TABLE IF NOT EXISTS credentials (
    user_id INTEGER NOT NULL,
    server_id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    PRIMARY KEY (user_id, server_id)
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a run: what to do, and what came of it."""

    position: int
    definition: dict[str, Any]
    result: Any = None
    done: bool = False


class RunStore:
    """Runs in one SQLite file; every operation opens it anew, so that a file that is gone is seen at once.

    It raises sqlite3's own exceptions: what they mean is said by the rules of the room.

    Args:
        path: the file; made with its tables if need be. Without one, a temporary file.
        busy_seconds: how long an operation waits for a lock.
    """

    def __init__(self, path: Path | None = None, *, busy_seconds: float = 0.05) -> None:
        self.path = path or self._temporary_path()
        self._busy_seconds = busy_seconds
        self._keeper: sqlite3.Connection | None = None
        with closing(sqlite3.connect(self.path)) as connection:
            connection.executescript(SCHEMA)

    def add(self, run_id: str, owner_id: int, definitions: Sequence[dict[str, Any]]) -> None:
        """Store a new run with its steps."""
        rows = [(run_id, at, json.dumps(definition)) for at, definition in enumerate(definitions)]
        with self._connect() as connection:
            connection.execute("INSERT INTO runs (id, owner_id) VALUES (?, ?)", (run_id, owner_id))
            connection.executemany("INSERT INTO steps (run_id, position, definition) VALUES (?, ?, ?)", rows)

    def owner_of(self, run_id: str) -> int:
        """Return the user id of the run's owner.

        Raises:
            RunNotFoundError: there is no such run.
        """
        with self._connect() as connection:
            row = connection.execute("SELECT owner_id FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None:
            raise RunNotFoundError(f'Run "{run_id}" does not exist')
        return int(row[0])

    def steps(self, run_id: str) -> list[Step]:
        """Return the steps of a run in order."""
        query = "SELECT position, definition, result FROM steps WHERE run_id = ? ORDER BY position"
        with self._connect() as connection:
            rows = connection.execute(query, (run_id,)).fetchall()
        return [
            Step(
                position=position,
                definition=json.loads(definition),
                result=None if result is None else json.loads(result),
                done=result is not None,
            )
            for position, definition, result in rows
        ]

    def claim(self, run_id: str) -> None:
        """Keep a run for one worker, until it is released or the lease ends.

        Raises:
            RunAlreadyInFlightError: another worker has it.
        """
        now = time.time()
        query = "UPDATE runs SET claimed_until = ? WHERE id = ? AND claimed_until < ?"
        with self._connect() as connection:
            claimed = connection.execute(query, (now + LEASE, run_id, now)).rowcount
        if not claimed:
            raise RunAlreadyInFlightError(run_id)

    def release(self, run_id: str) -> None:
        """Give a run back."""
        with self._connect() as connection:
            connection.execute("UPDATE runs SET claimed_until = 0 WHERE id = ?", (run_id,))

    def finish(self, run_id: str, position: int, result: object) -> None:
        """Store what came of a step."""
        with self._connect() as connection:
            connection.execute(
                "UPDATE steps SET result = ? WHERE run_id = ? AND position = ?",
                (json.dumps(result), run_id, position),
            )

    def keep_credentials(self, user_id: int, server_id: str, sealed: dict[str, Any]) -> None:
        """Store encrypted credentials in place of those that were there."""
        query = "INSERT OR REPLACE INTO credentials (user_id, server_id, sealed) VALUES (?, ?, ?)"
        with self._connect() as connection:
            connection.execute(query, (user_id, server_id, json.dumps(sealed)))

    def credentials(self, user_id: int, server_id: str) -> dict[str, Any] | None:
        """Return encrypted credentials, or None."""
        query = "SELECT sealed FROM credentials WHERE user_id = ? AND server_id = ?"
        with self._connect() as connection:
            found = connection.execute(query, (user_id, server_id)).fetchone()
        return None if found is None else dict(json.loads(found[0]))

    def forget_credentials(self, user_id: int, server_id: str) -> None:
        """Delete credentials, if there are any."""
        with self._connect() as connection:
            connection.execute(
                "DELETE FROM credentials WHERE user_id = ? AND server_id = ?", (user_id, server_id)
            )

    def lock(self) -> None:
        """Shut everybody out, for maintenance, until :meth:`unlock`."""
        connection = sqlite3.connect(
            self.path, timeout=self._busy_seconds, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error:
            connection.close()
            raise
        self._keeper = connection

    def unlock(self) -> None:
        """End the maintenance, if there is one."""
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None

    def _temporary_path(self) -> Path:
        directory = tempfile.mkdtemp(prefix="runs-")
        weakref.finalize(self, shutil.rmtree, directory, ignore_errors=True)
        return Path(directory) / "runs.db"

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        # mode=rw: a file that is gone must not come back empty.
        uri = f"{self.path.as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=self._busy_seconds)) as connection, connection:
            yield connection
