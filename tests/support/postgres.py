"""A real PostgreSQL server of the test's own: in a folder, on a Unix socket, by Debian's programs."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

MISSING = "PostgreSQL's server programs (initdb, postgres) are not installed"
OPTIONS = ["-c", "listen_addresses=", "-c", "shared_buffers=16MB", "-c", "max_connections=50"]


class PostgresServer:
    """One cluster, which can be stopped hard, hung, and started again."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self._programs = folder, programs
        self._data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What SQLAlchemy connects to, by psycopg 3."""
        return f"postgresql+psycopg://postgres@/postgres?host={self.folder}"

    @property
    def dsn(self) -> str:
        """What a driver connects to."""
        return f"host={self.folder} user=postgres dbname=postgres"

    def make(self) -> None:
        """Make the cluster, for the user that it will run as."""
        command = [
            "initdb",
            "-D",
            str(self._data),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        done = self._run(command)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        log = (self.folder / "log").open("ab")
        command = ["postgres", "-D", str(self._data), "-k", str(self.folder), *OPTIONS]
        self._process = subprocess.Popen(
            self._program(command), stdout=log, stderr=log, start_new_session=True, **_another_user()
        )
        log.close()
        for _ in range(600):
            if self._run(["pg_isready", "-h", str(self.folder), "-t", "1"]).returncode == 0:
                return
            if self._process.poll() is not None:
                break
        raise RuntimeError((self.folder / "log").read_text())

    def stop(self) -> None:
        """Stop it hard: it drops every connection and writes nothing down (SIGQUIT)."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGQUIT)
            process.wait()

    def hang(self) -> None:
        """Let every process of the server stand still; connections stay open."""
        self._signal_all(signal.SIGSTOP)

    def go_on(self) -> None:
        """End what :meth:`hang` began."""
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: int) -> None:
        if self._process is None:
            return
        pid = self._process.pid
        os.kill(pid, number)  # first: one that is stopped makes no children
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            with suppress(ProcessLookupError):  # its client has gone, meanwhile
                os.kill(int(child), number)

    def _program(self, command: list[str]) -> list[str]:
        return [str(self._programs / command[0]), *command[1:]]

    def _run(self, command: list[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self._program(command), capture_output=True, text=True, check=False, cwd="/", **_another_user()
        )


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run a server for a while; a test without one is skipped, and fails where ``CI=true``."""
    programs = _find_programs()
    if programs is None:
        if os.environ.get("CI") == "true":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with TemporaryDirectory(prefix="pg-", dir="/tmp") as name:  # a socket's path has 107 bytes at most
        folder = Path(name)
        if os.getuid() == 0:
            shutil.chown(folder, "postgres")
        server = PostgresServer(folder, programs)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.go_on()
            server.stop()


def _find_programs() -> Path | None:
    """Find the newest of Debian's versions, else what is on the path."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    if found:
        return max(found, key=lambda path: float(path.parts[4])).parent
    return Path(on_path).resolve().parent if on_path else None


def _another_user() -> dict[str, object]:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


if __name__ == "__main__":
    with postgres_server() as running:
        print(running.url, flush=True)
        sys.stdin.read()
