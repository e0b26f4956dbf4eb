"""Real WSGI servers in processes of their own, on loopback."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SUPPORT = Path(__file__).parent
ROOT = SUPPORT.parents[1]
GUNICORN = ["-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "1", "--log-level", "warning"]

UWSGI = Path(sys.executable).with_name("uwsgi")  # is built where it is installed: .ci/run does

# How each server is started for the app {app} ("module:name") on the port {port}.
COMMANDS = {
    "dev server": ["-m", "flask", "--app", "{app}", "run", "--port", "{port}"],
    "waitress": ["-m", "waitress", "--listen=127.0.0.1:{port}", "--threads=4", "{app}"],
    "gunicorn sync": [*GUNICORN, "--worker-class", "sync", "{app}"],
    "gunicorn gthread": [*GUNICORN, "--worker-class", "gthread", "--threads", "4", "{app}"],
    "gunicorn gevent": [*GUNICORN, "--worker-class", "gevent", "{app}"],
    # Its default: workers are forked from a process that has loaded the app, without Python's hooks.
    "uWSGI": [
        "--http-socket",
        "127.0.0.1:{port}",
        "--module",
        "{app}",
        "--master",
        "--die-on-term",
        "--need-app",
    ],
}


class Server:
    """A server that runs: its port, and what it has written."""

    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        self.log = log

    def ask(self, head: str, *, version: str = "1.1") -> bytes:
        """Send one request, *head* being ``GET /path`` and header lines, and give all bytes of the answer."""
        first, *headers = head.splitlines()
        lines = [f"{first} HTTP/{version}", "Host: 127.0.0.1", "Connection: close", *headers, "", ""]
        with self.connect() as peer:
            peer.sendall("\r\n".join(lines).encode())
            return b"".join(iter(lambda: peer.recv(65_536), b""))

    def connect(self) -> socket.socket:
        """Open a connection that waits as long as it takes."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=120)

    def wait_for_log(self, text: str) -> str:
        """Wait until *text* has been written, and give all that was; after a minute, what there is."""
        for _ in range(600):
            if text in self.log.read_text():
                break
            time.sleep(0.1)
        return self.log.read_text()


@contextmanager
def serving(kind: str, app: str, folder: Path, *more: str) -> Iterator[Server]:
    """Run the server *kind* for *app*, a module in this folder, until the block ends; *more* are options."""
    port = free_port()
    program = str(UWSGI if kind == "uWSGI" else sys.executable)
    if kind == "uWSGI" and not UWSGI.exists():
        pytest.skip("uWSGI is not installed (it is built by a C compiler)")
    line = [word.format(app=app, port=port) for word in COMMANDS[kind]] + [*more]
    place = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SUPPORT), str(ROOT)]), "PYTHONUNBUFFERED": "1"}
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, *line], cwd=folder, env=place, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_it_listens(process, port, log)
        yield Server(port, log)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_listens(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    for _ in range(1200):
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"the server does not listen:\n{log.read_text()}")
