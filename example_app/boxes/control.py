"""The boxes: make, start, stop and remove them, and run commands in them, a few at a time."""

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from example_app.boxes.commands import Execution, spawn
from example_app.boxes.errors import SlotsTakenError
from example_app.boxes.sdk import BoxliteError, Code
from flask_faultmap.errors import InvalidArgumentError

IMAGES = ("alpine:3.20", "debian:12")
MAX_CPUS = 8
SIGNALS = (1, 2, 3, 6, 10, 12, 15, 28)


class ExecFailedError(RuntimeError):
    """The runner's word for any failed start; what really happened is its cause."""


@dataclass(slots=True)
class Box:
    """One box; an execution whose session was reaped stays in *executions* as None."""

    name: str
    image: str
    cpus: int
    is_running: bool = True
    executions: dict[str, Execution | None] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def reap(self, number: str) -> None:
        """End an execution and forget its session."""
        execution = self.executions[number]
        self.executions[number] = None
        if execution is not None:
            execution.end()


class Boxes:
    """All boxes of one service; at most *slots* commands run at once."""

    def __init__(self, *, slots: int = 2) -> None:
        self._boxes: dict[str, Box] = {}
        self._slots = slots
        self._lock = threading.RLock()

    def create(self, name: str, image: str, cpus: int) -> Box:
        """Make a box and start it."""
        with self._lock:
            if name in self._boxes:
                raise BoxliteError(Code.ALREADY_EXISTS, f"box {name}")
            if image not in IMAGES:
                raise BoxliteError(Code.IMAGE, f"manifest unknown for {image}")
            if not 1 <= cpus <= MAX_CPUS:
                raise BoxliteError(Code.INVALID_ARGUMENT, f"cpus is {cpus}; allowed: 1 to {MAX_CPUS}")
            self._boxes[name] = Box(name, image, cpus)
            return self._boxes[name]

    def get(self, name: str) -> Box:
        """Find a box."""
        try:
            return self._boxes[name]
        except KeyError:
            raise BoxliteError(Code.NOT_FOUND, f"box {name}") from None

    def start(self, name: str) -> None:
        """Start a stopped box again."""
        with self._lock:
            box = self.get(name)
            if box.is_running:
                raise BoxliteError(Code.INVALID_STATE, f"box {name} is running")
            box.is_running = True

    def stop(self, name: str) -> None:
        """Stop a box; what runs in it ends."""
        with self._lock:
            box = self._running(name)
            box.is_running = False
            for number in box.executions:
                box.reap(number)

    def remove(self, name: str) -> None:
        """Remove a box and all that runs in it."""
        with self._lock:
            if self.get(name).is_running:
                self.stop(name)
            del self._boxes[name]

    def run(self, name: str, command: Sequence[str], user: str | None, seconds: float) -> tuple[int, str]:
        """Run a command to its end; return its exit code and its output.

        Raises:
            subprocess.TimeoutExpired: it did not end in *seconds*, and was killed.
        """
        number = self.launch(name, command, user, seconds)
        try:
            execution = self.execution(name, number)
            execution.process.wait(seconds)
            with self._lock:
                execution = self.execution(name, number)  # the box may have been stopped meanwhile
                return execution.process.returncode, execution.read()
        finally:
            self._forget(name, number)

    def launch(self, name: str, command: Sequence[str], user: str | None, seconds: float) -> str:
        """Start a command that may run for *seconds*; return its execution's id.

        Raises:
            ExecFailedError: it could not be started; the cause says why.
            SlotsTakenError: too many run already.
        """
        with self._lock:
            self._take_slot()
            try:
                box = self._running(name)
                execution = spawn(command, user, seconds)
            except BoxliteError as exc:
                raise ExecFailedError(f"exec failed: {exc}") from exc
            number = f"e{next(box.numbers)}"
            box.executions[number] = execution
            return number

    def execution(self, name: str, number: str) -> Execution:
        """Find an execution whose session is still there."""
        executions = self.get(name).executions
        if number not in executions:
            raise BoxliteError(Code.NOT_FOUND, f"execution {number} of box {name}")
        execution = executions[number]
        if execution is None:
            raise BoxliteError(Code.SESSION_REAPED, f"execution {number} of box {name}")
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

    def _running(self, name: str) -> Box:
        box = self.get(name)
        if not box.is_running:
            raise BoxliteError(Code.STOPPED, f"box {name} is stopped")
        return box

    def _forget(self, name: str, number: str) -> None:
        with self._lock:
            execution = self._boxes[name].executions.pop(number, None) if name in self._boxes else None
            if execution is not None:
                execution.end()

    def _take_slot(self) -> None:
        now = time.monotonic()
        live = list(self._live())
        for box, number, execution in live:
            if execution.ends < now:
                box.reap(number)
        ends = [execution.ends for _, _, execution in live if execution.ends >= now]
        if len(ends) >= self._slots:
            raise SlotsTakenError(
                f"resource exhausted: {len(ends)} commands run, and no more may run at once",
                retry_after=min(ends) - now,
            )

    def _live(self) -> Iterator[tuple[Box, str, Execution]]:
        for box in self._boxes.values():
            for number, execution in box.executions.items():
                if execution is not None and execution.exit_code is None:
                    yield box, number, execution
