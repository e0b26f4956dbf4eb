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
    """``cat``: what it is told it says again, unless it is paused or dead."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self._ear = cast(IO[bytes], self._process.stdin)
        self._mouth = cast(IO[bytes], self._process.stdout)
        self._numbers: Iterator[int] = itertools.count()

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs, paused or not."""
        return self._process.poll() is None

    def tell(self, command: str, seconds: float) -> None:
        """Tell the guest *command* and wait until it has heard.

        Raises:
            GuestSilentError: it has not answered within *seconds*.
            BrokenPipeError: it is gone.
        """
        line = f"{next(self._numbers)} {command}\n".encode()
        self._ear.write(line)
        ends = time.monotonic() + seconds
        heard = b""
        while line not in heard:  # what comes before it are late answers
            heard += self._listen(command, ends - time.monotonic())

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

    def _listen(self, command: str, seconds: float) -> bytes:
        ready, _, _ = select.select([self._mouth], [], [], max(0.0, seconds))
        if not ready:
            raise GuestSilentError(f"VMM action timed out: {command}")
        heard = self._mouth.read(4096)
        if not heard:
            raise BrokenPipeError("VMM is shut down")
        return heard
