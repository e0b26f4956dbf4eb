"""The proof of the audit trail: a real server under load, and what may go wrong. It prints the counts.

    python3 dev.py prove trail [--seconds N] [--database sqlite|postgresql]

Four gunicorn workers answer clients in another process, which keep the ids of the answers that they got. A
worker is killed by SIGKILL every half second, the one that ships too; PostgreSQL is stopped hard, started
again, and hung. In the end every answered fault has its row, and none has two.
"""

import argparse
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from postgres import PostgresServer, postgres_server

WORKERS, CLIENTS = 4, 8
APP = """
from pathlib import Path
from trail_app import trail_app
import os
here = Path(__file__).parent
config = {"FAULTMAP_TRAIL_SHIP": True}
if os.environ["TRAIL_URL"]:
    config["FAULTMAP_TRAIL_URL"] = os.environ["TRAIL_URL"]
app = trail_app(here, **config)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What came of one run; *lost* and *twice* must be 0."""

    answered: int
    kills: int
    rows: int
    lost: int
    twice: int
    p99: float  # milliseconds

    def __str__(self) -> str:
        return (
            f"{self.answered} answered, {self.kills} workers killed, {self.rows} rows: "
            f"{self.lost} lost, {self.twice} twice; p99 {self.p99:.1f} ms"
        )


class Load:
    """Clients that fail on purpose, and remember each answer that they got."""

    def __init__(self, port: int) -> None:
        self.ids: list[str] = []
        self.times: list[float] = []
        self._port, self._stop = port, threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            # A killed worker resets its connections: no answer, no promise.
            with suppress(OSError, http.client.HTTPException):
                begun = time.perf_counter()
                connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
                connection.request("GET", f"/fail/{number}")
                answer = connection.getresponse()
                answer.read()
                connection.close()
                self.times.append(time.perf_counter() - begun)
                self.ids.append(answer.headers["X-Request-ID"])
            time.sleep(0.005)


@contextmanager
def served(folder: Path, url: str, *options: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Serve the app by gunicorn; give its port and its process."""
    (folder / "app.py").write_text(APP)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    here = str(Path(__file__).parent)
    with (folder / "gunicorn.log").open("wb") as log:
        where = ["-w", str(WORKERS), "-b", f"127.0.0.1:{port}", *options]
        command = [sys.executable, "-m", "gunicorn", *where, "app:app"]
        environment = {**os.environ, "PYTHONPATH": here, "TRAIL_URL": url}
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        while len(children_of(process.pid)) < WORKERS:
            if process.poll() is not None:
                raise RuntimeError((folder / "gunicorn.log").read_text())
            time.sleep(0.05)
        yield port, process
    finally:
        process.terminate()
        process.wait()


def children_of(pid: int) -> list[int]:
    """Give the worker processes of a server."""
    try:
        return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    except FileNotFoundError:
        return []


def prove(folder: Path, seconds: float, server: PostgresServer | None) -> Counts:
    """Run the load for *seconds* and count."""
    url = server.url if server is not None else ""
    with served(folder, url) as (port, process), loading(port) as measured:
        kills = misbehave(process.pid, seconds, server)
    ids, times = measured
    ship_the_rest(folder, url)
    rows = Counter(read_ids(folder, url))
    return Counts(
        answered=len(ids),
        kills=kills,
        rows=sum(rows.values()),
        lost=sum(identity not in rows for identity in ids),
        twice=sum(count > 1 for count in rows.values()),
        p99=sorted(times)[int(len(times) * 0.99)] * 1000,
    )


@contextmanager
def loading(port: int) -> Iterator[tuple[list[str], list[float]]]:
    """Let clients in a process of their own ask while the block runs."""
    ids: list[str] = []
    times: list[float] = []
    client = subprocess.Popen(
        [sys.executable, __file__, "--load", str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    yield ids, times
    told, _ = client.communicate(b"end\n")
    answer = json.loads(told)
    ids.extend(answer["ids"])
    times.extend(answer["times"])


def misbehave(pid: int, seconds: float, server: PostgresServer | None) -> int:
    """Kill a worker every half second, and trouble the database; give the number of kills."""
    end, kills = time.monotonic() + seconds, 0
    troubles = iter(() if server is None else (server.stop, server.start, server.hang, server.go_on))
    while time.monotonic() < end:
        time.sleep(0.5)
        workers = children_of(pid)
        if workers:
            with suppress(ProcessLookupError):
                os.kill(random.choice(workers), signal.SIGKILL)
                kills += 1
        if kills % 3 == 0:
            next(troubles, lambda: None)()
    for trouble in troubles:
        trouble()
    return kills


def ship_the_rest(folder: Path, url: str) -> None:
    """Ship what the last workers left."""
    here = str(Path(__file__).parent)
    subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "faults", "trail", "ship", "--once"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": here, "TRAIL_URL": url},
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def read_ids(folder: Path, url: str) -> list[str]:
    """Give the request id of every row."""
    from sqlalchemy import create_engine, text

    engine = create_engine(url or f"sqlite:///{folder / 'instance' / 'faults.db'}")
    with engine.connect() as connection:
        found = [str(row[0]) for row in connection.execute(text("SELECT request_id FROM faultmap_fault"))]
    engine.dispose()
    return found


def prove_and_print(database: str, seconds: float) -> bool:
    with TemporaryDirectory() as name:
        if database == "sqlite":
            counts = prove(Path(name), seconds, None)
        else:
            with postgres_server() as server:
                counts = prove(Path(name), seconds, server)
    print(f"{database:11} {counts}", flush=True)
    return not counts.lost and not counts.twice and counts.rows > 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=["trail"], help="what to prove")
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--load", type=int, metavar="PORT", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.load:
        load = Load(asked.load)
        sys.stdin.readline()
        load.end()
        print(json.dumps({"ids": load.ids, "times": load.times}))
        return 0
    databases = asked.database or ["sqlite", "postgresql"]
    good = [prove_and_print(database, asked.seconds) for database in databases]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
