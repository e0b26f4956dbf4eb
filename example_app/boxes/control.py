"""The boxes: make, start, stop and remove them, and run commands in them, a few at a time."""

import itertools
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from example_app.boxes.commands import Command, Execution, spawn
from example_app.boxes.errors import SlotsTakenError
from example_app.boxes.portal import Portal
from example_app.boxes.registry import pull
from example_app.boxes.sdk import BoxliteError, Code, fail_if_named
from flask_faultmap.errors import InvalidArgumentError

SIGNALS = (1, 2, 3, 6, 10, 12, 15, 28)


class ExecFailedError(RuntimeError):
    """The runner's word for any failed start; what really happened is its cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a box is to be like; *user* is whom its commands run as."""

    name: str
    image: str = "alpine:3.20"
    cpus: int = 1
    memory_mib: int = 512
    user: str | None = None


@dataclass(slots=True, kw_only=True)
class Box:
    """One box; without a portal it is stopped. A reaped execution stays in *executions* as None."""

    wish: Wish
    folder: Path
    portal: Portal | None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    executions: dict[str, Execution | None] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    failures: int = 0

    def reap(self, number: str) -> None:
        """End an execution and forget its session."""
        execution = self.executions[number]
        self.executions[number] = None
        if execution is not None:
            execution.end()


class Boxes:
    """All boxes of one service; at most *slots* commands run at once."""

    def __init__(self, *, slots: int = 2, mirror: tuple[str, int] = ("127.0.0.1", 9)) -> None:
        self.store = Path(tempfile.mkdtemp(prefix="boxes-"))
        self.created = self.stopped = self.failed = 0
        self._boxes: dict[str, Box] = {}
        self._slots = slots
        self._mirror = mirror
        self._lock = threading.RLock()

    def create(self, wish: Wish) -> Box:
        """Make a box and start it."""
        with self._lock:
            if wish.name in self._boxes:
                raise BoxliteError(Code.ALREADY_EXISTS, f"box {wish.name}")
            try:
                box = self._make(wish)
            except BoxliteError:
                self.failed += 1
                raise
            self.created += 1
            return box

    def list(self) -> "list[Box]":
        """Give all boxes, the oldest first."""
        return [*self._boxes.values()]

    def get(self, name: str) -> Box:
        """Find a box."""
        fail_if_named(name)
        try:
            return self._boxes[name]
        except KeyError:
            raise BoxliteError(Code.NOT_FOUND, f"box {name}") from None

    def start(self, name: str) -> Box:
        """Start a stopped box again."""
        with self._lock:
            box = self.get(name)
            if box.portal is not None:
                raise BoxliteError(Code.INVALID_STATE, f"box {name} is running")
            self._check_files(box)
            box.portal = Portal()
            return box

    def stop(self, name: str) -> Box:
        """Stop a box; what runs in it ends."""
        with self._lock:
            box = self.get(name)
            self._running(box).close()
            box.portal = None
            self.stopped += 1
            for number in box.executions:
                box.reap(number)
            return box

    def remove(self, name: str, *, force: bool = True) -> None:
        """Remove a box; one that runs only with *force*."""
        with self._lock:
            if self.get(name).portal is not None:
                if not force:
                    raise BoxliteError(Code.INVALID_STATE, f"box {name} is running; stop it first")
                self.stop(name)
            shutil.rmtree(self._boxes.pop(name).folder, ignore_errors=True)

    def launch(self, name: str, command: Command) -> str:
        """Start a command; return its execution's id.

        Raises:
            ExecFailedError: it could not be started; the cause says why.
            SlotsTakenError: too many run already.
        """
        with self._lock:
            box = self.get(name)
            self._take_slot()
            try:
                self._running(box).ping()
                self._check_files(box)
                execution = spawn(command, box.folder)
            except BoxliteError as exc:
                box.failures += 1
                raise ExecFailedError(f"exec failed: {exc}") from exc
            number = f"e{next(box.numbers)}"
            box.executions[number] = execution
            return number

    def execution(self, name: str, number: str) -> Execution:
        """Find an execution whose session is still there.

        Raises:
            subprocess.TimeoutExpired: its time was up; it was killed, and its session reaped.
        """
        with self._lock:
            box = self.get(name)
            if number not in box.executions:
                raise BoxliteError(Code.NOT_FOUND, f"execution {number} of box {name}")
            execution = box.executions[number]
            if execution is None:
                raise BoxliteError(Code.SESSION_REAPED, f"execution {number} of box {name}")
            if execution.exit_code is None and execution.ends < time.monotonic():
                box.reap(number)
                raise subprocess.TimeoutExpired(execution.process.args, 0)
            return execution

    def signal(self, name: str, number: str, signal: int) -> None:
        """Send a cooperative signal to a running command."""
        if signal not in SIGNALS:
            raise InvalidArgumentError(
                f"signal {signal} not allowed; use DELETE /executions/{{id}} for kill, "
                f"cooperative signals are {list(SIGNALS)}"
            )
        self.execution(name, number).process.send_signal(signal)

    def kill(self, name: str, number: str) -> None:
        """End a command and reap its session."""
        with self._lock:
            self.execution(name, number)
            self.get(name).reap(number)

    def close(self) -> None:
        """End everything that runs."""
        with self._lock:
            for name in list(self._boxes):
                self.remove(name)
            shutil.rmtree(self.store, ignore_errors=True)

    def _make(self, wish: Wish) -> Box:
        fail_if_named(wish.name)
        pull(wish.image, self._mirror)
        folder = self.store / wish.name
        try:
            folder.mkdir()
        except OSError as exc:
            raise BoxliteError(Code.STORAGE, str(exc)) from exc
        box = self._boxes[wish.name] = Box(wish=wish, folder=folder, portal=Portal())
        return box

    def _running(self, box: Box) -> Portal:
        if box.portal is None:
            raise BoxliteError(Code.STOPPED, f"box {box.wish.name} is stopped")
        return box.portal

    def _check_files(self, box: Box) -> None:
        if not box.folder.is_dir():
            raise BoxliteError(Code.STORAGE, f"{box.folder} is gone")

    def _take_slot(self) -> None:
        now = time.monotonic()
        live = []
        for box in self._boxes.values():
            for number, execution in box.executions.items():
                if execution is not None and execution.ends < now:
                    box.reap(number)
                elif execution is not None and execution.exit_code is None:
                    live.append(execution.ends)
        if len(live) >= self._slots:
            raise SlotsTakenError(
                f"resource exhausted: {len(live)} commands run, and no more may run at once",
                retry_after=min(live) - now,
            )
