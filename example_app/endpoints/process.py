"""The coordinator's process: started when it is first needed, and killed when the tour wants that."""

import subprocess
import sys
import threading
from pathlib import Path

from example_app.endpoints.errors import ForeignCoordinatorError

COMMAND = (sys.executable, "-m", "example_app.coordinator", "--port", "0", "--end-with-parent")
HOME = Path(__file__).parents[2]


class CoordinatorProcess:
    """One coordinator on a port of its own, or, if *url* is given, one that somebody else runs."""

    def __init__(self, url: str | None = None) -> None:
        self._url = url
        self._is_foreign = url is not None
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where it listens, or did before it was killed."""
        with self._lock:
            if self._url is None:
                self._start()
            return self._url or ""

    def start(self) -> None:
        """Start it anew, with nothing in it.

        Raises:
            ForeignCoordinatorError: somebody else runs it.
        """
        self.kill()
        with self._lock:
            self._start()

    def kill(self) -> None:
        """Kill it in the middle of whatever it does.

        Raises:
            ForeignCoordinatorError: somebody else runs it.
        """
        if self._is_foreign:
            raise ForeignCoordinatorError(f"The coordinator at {self._url} was not started here")
        self.close()

    def close(self) -> None:
        """Let no process outlive the app."""
        with self._lock:
            process, self._process = self._process, None
            if process is not None:
                process.kill()
                process.communicate()

    def _start(self) -> None:
        process = subprocess.Popen(
            COMMAND,
            cwd=HOME,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._process = process
        self._url = next(iter(process.stdout or ()), "").strip()
