"""Start real programs, without a shell, and say in the SDK's words why one could not be started."""

import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO

from example_app.boxes.errors import ProgramRefusedError
from example_app.boxes.sdk import BoxliteError, Code

PROGRAMS = frozenset({"echo", "false", "id", "pwd", "sleep", "true", "uname"})
UNRUNNABLE = frozenset({"/nonexistent/binary", "/dev/null"})  # allowed, so that they can fail for real


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


def spawn(command: Sequence[str], user: str | None, seconds: float) -> Execution:
    """Start *command* as *user* for at most *seconds*.

    Raises:
        ProgramRefusedError: the program is not on the allow-list.
        BoxliteError: with Code.INTERNAL, whatever the cause was. That is how the real SDK loses the kind
            of a failed start; the room's rules find it again in the cause.
    """
    if not command or command[0] not in PROGRAMS | UNRUNNABLE:
        raise ProgramRefusedError(f"not on the allow-list: {list(command)!r}")
    with ExitStack() as stack:
        output = stack.enter_context(tempfile.TemporaryFile())  # no pipe: nobody reads while the program runs
        process = _start(command, user, output)
        stack.pop_all()
    return Execution(process, output, time.monotonic() + seconds)


def _start(command: Sequence[str], user: str | None, output: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command, user=user, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    except KeyError as exc:
        raise BoxliteError(Code.INTERNAL, f"spawn_failed: User {user!r} not found in /etc/passwd") from exc
    except OSError as exc:
        raise BoxliteError(Code.INTERNAL, f"spawn_failed: {exc}") from exc
    except ValueError as exc:  # a NUL or a lone surrogate
        raise BoxliteError(Code.INVALID_ARGUMENT, f"the command cannot be passed on: {exc}") from exc
