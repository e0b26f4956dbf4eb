"""Start real programs, without a shell, and say in the SDK's words why one could not be started."""

import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from example_app.boxes.sdk import BoxliteError, Code

PROGRAMS = frozenset({"echo", "false", "id", "pwd", "sleep", "true", "uname"})
UNRUNNABLE = frozenset({"/nonexistent/binary", "/dev/null"})  # allowed, so that they can fail for real


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is to run, as whom, and for how many seconds at most."""

    words: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Execution:
    """A program that was started, the file that takes its output, and when its time is up."""

    process: subprocess.Popen[bytes]
    output: IO[bytes]
    ends: float

    @property
    def exit_code(self) -> int | None:
        """What the program ended with; None while it runs."""
        return self.process.poll()

    def read(self) -> str:
        """Give what the program has written so far."""
        self.output.seek(0)
        return self.output.read().decode(errors="replace")

    def end(self) -> None:
        """End the program now and clear it away."""
        self.process.kill()
        self.process.wait()
        self.output.close()


def spawn(command: Command, folder: Path) -> Execution:
    """Start *command* in *folder*.

    Raises:
        BoxliteError: with Code.EXECUTION, the program is not on the allow-list; with Code.INTERNAL,
            whatever else went wrong. That is how the real SDK loses the kind of a failed start; the
            room's rules find it again in the cause.
    """
    if command.words[0] not in PROGRAMS | UNRUNNABLE:
        raise BoxliteError(Code.EXECUTION, f"{command.words[0]!r} may not be run in a box")
    with ExitStack() as stack:
        output = stack.enter_context(tempfile.TemporaryFile())  # no pipe: nobody reads while the program runs
        process = _start(command, folder, output)
        stack.pop_all()
    return Execution(process, output, time.monotonic() + command.seconds)


def _start(command: Command, folder: Path, output: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command.words,
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", **command.env},
            user=command.user,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    except KeyError as exc:
        text = f"spawn_failed: User {command.user!r} not found in /etc/passwd"
        raise BoxliteError(Code.INTERNAL, text) from exc
    except OSError as exc:
        raise BoxliteError(Code.INTERNAL, f"spawn_failed: {exc}") from exc
    except ValueError as exc:  # a NUL or a lone surrogate
        raise BoxliteError(Code.INVALID_ARGUMENT, f"the command cannot be passed on: {exc}") from exc
