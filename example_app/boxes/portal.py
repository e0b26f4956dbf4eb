"""The agent inside a box: a process of its own that must answer before a command is given to it."""

import itertools
import select
import subprocess
import time
from collections.abc import Iterator

from example_app.boxes.sdk import BoxliteError, Code

SECONDS = 2.0


class Portal:
    """One agent process; it repeats each line that it is sent."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self._numbers: Iterator[int] = itertools.count(1)

    @property
    def pid(self) -> int:
        """The agent's process, as the box's description shows it."""
        return self._process.pid

    def ping(self) -> None:
        """Ask for a sign of life.

        Raises:
            BoxliteError: with Code.PORTAL, none came.
        """
        sent, received = self._process.stdin, self._process.stdout
        if sent is None or received is None:  # for mypy: both are pipes
            raise TypeError("the portal has no pipes")
        line, heard = b"ping %d\n" % next(self._numbers), b""
        ends = time.monotonic() + SECONDS
        try:
            sent.write(line)
            while line not in heard:  # what comes before it are late answers
                readable, _, _ = select.select([received], [], [], max(0.0, ends - time.monotonic()))
                part = received.read(4096) if readable else b""
                if not part:
                    raise BoxliteError(Code.PORTAL, f"process {self.pid} gave no answer within {SECONDS} s")
                heard += part
        except BrokenPipeError as exc:
            raise BoxliteError(Code.PORTAL, f"process {self.pid} is gone") from exc

    def close(self) -> None:
        """End the agent."""
        self._process.kill()
        with self._process:  # closes the pipes, and waits
            pass
