"""The agent inside a box: a process of its own that must answer before a command is given to it."""

import select
import subprocess

from example_app.boxes.sdk import BoxliteError, Code

SECONDS = 2.0


class Portal:
    """One agent process; it repeats each line that it is sent."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)

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
        try:
            sent.write(b"ping\n")
            readable, _, _ = select.select([received], [], [], SECONDS)
            answer = received.read(16) if readable else b""
        except BrokenPipeError as exc:
            raise BoxliteError(Code.PORTAL, f"process {self.pid} is gone") from exc
        if answer != b"ping\n":
            raise BoxliteError(Code.PORTAL, f"process {self.pid} gave no answer within {SECONDS} s")

    def close(self) -> None:
        """End the agent."""
        self._process.kill()
        with self._process:  # closes the pipes, and waits
            pass
