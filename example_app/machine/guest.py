"""The guest of a machine: a real process that answers each line, can be paused, and can die."""

import itertools
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import IO, cast


class GuestSilentError(Exception):
    """The guest did not answer in time; it may still do what it was told."""


class Guest:
    """``cat``: what it is told it says again, unless it is paused or dead.

    Args:
        boot_seconds: how long it takes to come up.
    """

    def __init__(self, boot_seconds: float = 0) -> None:
        command = ["sh", "-c", 'sleep "$0" && exec cat', str(boot_seconds)] if boot_seconds else ["cat"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self._ear = cast(IO[bytes], self._process.stdin)
        self._mouth = cast(IO[bytes], self._process.stdout)
        self._numbers: Iterator[int] = itertools.count()
        self._has_spoken = False

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs, paused or not."""
        return self._process.poll() is None

    @property
    def is_up(self) -> bool:
        """Whether it has answered once, or is about to be heard."""
        return self._has_spoken or bool(select.select([self._mouth], [], [], 0)[0])

    def tell(self, action: str, seconds: float, told: object = "") -> None:
        """Tell the guest of *action* and wait until it has heard.

        Raises:
            GuestSilentError: it has not answered within *seconds*.
            BrokenPipeError: it is gone.
        """
        line = f"{next(self._numbers)} {action} {told}\n".encode()
        self._ear.write(line)
        ends = time.monotonic() + seconds
        heard = b""
        while line not in heard:  # what comes before it are late answers
            heard += self._listen(action, ends - time.monotonic())

    def pause(self) -> None:
        """Let the guest stand still."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let the guest go on."""
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Switch the guest off."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Switch the guest off and let go of it."""
        self.end()
        self._ear.close()
        self._mouth.close()

    def _listen(self, action: str, seconds: float) -> bytes:
        ready, _, _ = select.select([self._mouth], [], [], max(0.0, seconds))
        if not ready:
            raise GuestSilentError(f"VMM action timed out: {action}")
        heard = self._mouth.read(4096)
        if not heard:
            raise BrokenPipeError("VMM is shut down")
        self._has_spoken = True
        return heard
