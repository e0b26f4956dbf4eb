"""The proof of the audit trail: a real server under load, and what may go wrong. It prints the counts.

    python3 dev.py prove trail [--seconds N] [--database sqlite|postgresql]

Four gunicorn workers answer clients in another process, which keep the ids of the answers that they got. A
worker is killed by SIGKILL every half second, each sixth time the one that ships. PostgreSQL is stopped
hard, started again, and hung for a third of the time. In the end every answered fault has its row, and none
has two.

The time that the app takes for an answer is compared with the same run, kills too, without the trail.
"""

import argparse
import fcntl
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from postgres import PostgresServer, postgres_server
from trail_load import loading

WORKERS = 4
MOST_ADDED = 250.0  # milliseconds that the trail may add to p99; an answer that waits takes seconds
APP = """
import os
import time
from pathlib import Path
from types import SimpleNamespace

import psycopg  # with the next line: as an app has them that has a database, so that shipping begins at once
import sqlalchemy.dialects.postgresql.psycopg
from trail_app import trail_app

config = {"FAULTMAP_TRAIL_SHIP": True}
if os.environ["TRAIL_URL"]:
    config["FAULTMAP_TRAIL_URL"] = os.environ["TRAIL_URL"]
none = SimpleNamespace(init_app=lambda app: None) if os.environ["TRAIL"] == "off" else None
app = trail_app(Path(__file__).parent, trail=none, **config)
inner = app.wsgi_app


def timed(environ, start_response):
    begun = time.perf_counter()

    def start(status, headers, *rest):
        taken = (time.perf_counter() - begun) * 1000
        return start_response(status, [*headers, ("Server-Timing", f"app;dur={taken:.3f}")], *rest)

    return inner(environ, start)


app.wsgi_app = timed
"""


@dataclass(slots=True, kw_only=True)
class Mischief:
    """What was done to the server and its database."""

    kills: int = 0
    shippers_killed: int = 0
    hung: tuple[float, float] = field(default=(0.0, 0.0))  # from, until


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What came of one run; *lost* and *twice* must be 0."""

    answered: int
    answered_while_hung: int
    mischief: Mischief
    shipped: int  # before the end
    rows: int
    lost: int
    twice: int
    p99: float  # milliseconds
    p99_without: float

    @property
    def is_good(self) -> bool:
        """Whether the trail kept its promise."""
        return not self.lost and not self.twice and self.answered > 0 and self.added < MOST_ADDED

    @property
    def added(self) -> float:
        return self.p99 - self.p99_without

    def __str__(self) -> str:
        begun, ended = self.mischief.hung
        hung = f", {self.answered_while_hung} while it hung for {ended - begun:.1f} s" if begun else ""
        kills = f"{self.mischief.kills} workers killed, {self.mischief.shippers_killed} while shipping"
        rows = f"{self.rows} rows, {self.shipped} of them shipped meanwhile"
        p99 = f"p99 {self.p99:.1f} ms, without the trail {self.p99_without:.1f} ms"
        return (
            f"{self.answered} answered{hung}; {kills}; {rows}: "
            f"{self.lost} lost, {self.twice} twice; {p99}: {self.added:.1f} ms added"
        )


@contextmanager
def served(folder: Path, place: dict[str, str]) -> Iterator[tuple[int, int]]:
    """Serve the app by gunicorn; give its port and the id of its process."""
    (folder / "app.py").write_text(APP)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    # Preloaded: a worker is there again at once, so that there is something to kill.
    options = ["--preload", "-w", str(WORKERS), "-b", f"127.0.0.1:{port}", "--backlog", "64"]
    with (folder / "gunicorn.log").open("wb") as log:
        command = [sys.executable, "-m", "gunicorn", *options, "app:app"]
        process = subprocess.Popen(command, cwd=folder, env=place, stdout=log, stderr=log)
    try:
        while len(children_of(process.pid)) < WORKERS:
            if process.poll() is not None:
                raise RuntimeError((folder / "gunicorn.log").read_text())
            time.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def children_of(pid: int) -> list[int]:
    """Give the worker processes of a server."""
    try:
        return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    except FileNotFoundError:
        return []


def shipper_of(folder: Path) -> int | None:
    """Give the process that holds the office, as the kernel knows it; None where nobody does."""
    asked = struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0)
    for path in folder.glob("instance/*/*/shipper.lock"):
        with path.open() as file:
            kind, _, _, _, pid = struct.unpack("hhqqi4x", fcntl.fcntl(file, fcntl.F_GETLK, asked))
        return int(pid) if kind != fcntl.F_UNLCK else None
    return None


def measure_without(seconds: float) -> float:
    """Give the p99 in milliseconds of the same app, with the same kills and no trail."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with served(folder, place_of("", trail="off")) as (port, pid), loading(port) as answers:
            misbehave(pid, seconds, folder, None)
    return p99_of([taken for _, _, taken in answers])


def prove(folder: Path, seconds: float, server: PostgresServer | None, p99_without: float) -> Counts:
    """Run the load for *seconds* and count."""
    url = server.url if server is not None else ""
    place = place_of(url)
    with served(folder, place) as (port, pid), loading(port) as answers:
        mischief = misbehave(pid, seconds, folder, server)
    shipped = len(read_ids(folder, url))
    ship_the_rest(folder, place)
    rows = Counter(read_ids(folder, url))
    begun, ended = mischief.hung
    return Counts(
        answered=len(answers),
        answered_while_hung=sum(begun + 0.1 < moment < ended for _, moment, _ in answers),
        mischief=mischief,
        shipped=shipped,
        rows=sum(rows.values()),
        lost=sum(identity not in rows for identity, _, _ in answers),
        twice=sum(count > 1 for count in rows.values()),
        p99=p99_of([taken for _, _, taken in answers]),
        p99_without=p99_without,
    )


def place_of(url: str, trail: str = "on") -> dict[str, str]:
    """Give the environment of the app."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parent), "TRAIL_URL": url, "TRAIL": trail}


def p99_of(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)]


def misbehave(pid: int, seconds: float, folder: Path, server: PostgresServer | None) -> Mischief:
    """Kill a worker every half second, and trouble the database."""
    done, begun = Mischief(), time.monotonic()
    troubles = [] if server is None else list(plan(server, done))
    while (past := time.monotonic() - begun) < seconds:
        while troubles and past / seconds >= troubles[0][0]:
            troubles.pop(0)[1]()
        time.sleep(0.5)
        kill_one(pid, folder, done)
    for _, trouble in troubles:
        trouble()
    return done


def plan(server: PostgresServer, done: Mischief) -> Iterator[tuple[float, Callable[[], None]]]:
    """Say what becomes of the database, and after which part of the time."""

    def hang() -> None:
        server.hang()
        done.hung = time.time(), 0.0

    def go_on() -> None:
        done.hung = done.hung[0], time.time()
        server.go_on()

    return iter([(0.25, server.stop), (0.3, server.start), (0.6, hang), (0.9, go_on)])


def kill_one(pid: int, folder: Path, done: Mischief) -> None:
    """Kill a worker; the one that ships has some seconds for its work, and then dies in the midst of it."""
    shipper = shipper_of(folder)
    others = [worker for worker in children_of(pid) if worker != shipper]
    is_its_turn = shipper is not None and done.kills % 6 == 5
    victim = shipper if is_its_turn else random.choice(others or [0])
    if victim:
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
            done.kills += 1
            done.shippers_killed += is_its_turn


def ship_the_rest(folder: Path, place: dict[str, str]) -> None:
    """Ship what the last workers left."""
    command = [sys.executable, "-m", "flask", "--app", "app", "faults", "trail", "ship", "--once"]
    subprocess.run(command, cwd=folder, env=place, check=True, capture_output=True)


def read_ids(folder: Path, url: str) -> list[str]:
    """Give the request id of every row."""
    from sqlalchemy import create_engine, inspect, text
    from sqlalchemy.pool import NullPool

    engine = create_engine(url or f"sqlite:///{folder / 'instance' / 'faults.db'}", poolclass=NullPool)
    with engine.connect() as connection:
        if not inspect(connection).has_table("faultmap_fault"):
            return []
        return [str(row[0]) for row in connection.execute(text("SELECT request_id FROM faultmap_fault"))]


def prove_and_print(database: str, seconds: float, p99_without: float) -> bool:
    with TemporaryDirectory() as name:
        if database == "sqlite":
            counts = prove(Path(name), seconds, None, p99_without)
        else:
            with postgres_server() as server:
                counts = prove(Path(name), seconds, server, p99_without)
    print(f"{database}: {counts}", flush=True)
    return counts.is_good


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=["trail"], help="what to prove")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    asked = parser.parse_args()
    print(f"Measuring for {asked.seconds:.0f} s without the trail ...", flush=True)
    p99_without = measure_without(asked.seconds)
    databases = asked.database or ["sqlite", "postgresql"]
    good = [prove_and_print(database, asked.seconds, p99_without) for database in databases]
    print("Nothing was lost, nothing came twice, no answer waited." if all(good) else "FAILED")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
