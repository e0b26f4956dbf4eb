"""Clients in a process of their own, which fail on purpose and remember each answer that they got."""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CLIENTS = 8
Answer = tuple[str, float, float]  # id, moment (seconds since 1970), milliseconds that the app took


class Load:
    """Ask without a pause until :meth:`end`."""

    def __init__(self, port: int) -> None:
        self.answers: list[Answer] = []
        self._port, self._stop = port, threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            # A killed worker resets its connections: no answer, no promise.
            with suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
                connection.request("GET", f"/fail/{number}")
                answer = connection.getresponse()
                answer.read()
                connection.close()
                taken = float(answer.headers["Server-Timing"].removeprefix("app;dur="))
                self.answers.append((answer.headers["X-Request-ID"], time.time(), taken))
            time.sleep(0.005)


@contextmanager
def loading(port: int) -> Iterator[list[Answer]]:
    """Let the clients ask while the block runs; the list is filled at its end."""
    answers: list[Answer] = []
    client = subprocess.Popen(
        [sys.executable, __file__, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    yield answers
    told, _ = client.communicate(b"end\n")
    answers.extend(json.loads(told))


if __name__ == "__main__":
    load = Load(int(sys.argv[1]))
    sys.stdin.readline()
    load.end()
    print(json.dumps(load.answers))
