"""The provider of the model: a client that keeps what it is told as raw text, and a loopback server."""

import http.client
import threading
import urllib.error
import urllib.request
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from example_app.threads.engine import ThreadFailedError
from example_app.threads.refusals import read_wait, sort_refusal

TIMEOUT = 2.0  # seconds
READ = 65_536  # bytes of an answer
REFUSALS = {str(status.value): status for status in HTTPStatus if status >= 400}
PAGE = """<html>
<head><title>{status} {phrase}</title></head>
<body>
<center><h1>{status} {phrase}</h1></center>
<hr><center>nginx/1.25.3</center>
</body>
</html>
"""


class ProviderClient:
    """Asks the provider at *url*; without one, a loopback server that starts when it is first asked."""

    def __init__(self, url: str | None = None) -> None:
        self._url = url
        self._server: LoopbackProvider | None = None
        self._lock = threading.Lock()

    def ask(self, prompt: str) -> str:
        """Return the model's answer to *prompt*.

        Raises:
            ThreadFailedError: with the provider's raw answer, or the connection's trouble.
        """
        request = urllib.request.Request(
            self._address(), data=prompt.encode("utf-8", "replace"), method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
                return str(response.read(READ).decode("utf-8", "replace"))
        except urllib.error.HTTPError as exc:
            with exc:  # it holds the connection
                raise _refusal(exc) from exc
        except (OSError, http.client.HTTPException) as exc:
            raise ThreadFailedError(f"LLM call failed: {self._url}: {exc!r}") from exc

    def close(self) -> None:
        """End the loopback server, if it was started."""
        with self._lock:
            if self._server is not None:
                self._server.close()
                self._server = None

    def _address(self) -> str:
        if self._url is not None:
            return self._url
        with self._lock:
            if self._server is None:
                self._server = LoopbackProvider()
            return self._server.url


def _refusal(exc: urllib.error.HTTPError) -> ThreadFailedError:
    body = exc.read(READ).decode("utf-8", "replace")
    return ThreadFailedError(
        f"Provider loopback request failed: HTTP {exc.code} {exc.reason}\n{body}",
        refusal=sort_refusal(exc.code, body),
        retry_after=read_wait(exc.headers),
    )


class LoopbackProvider:
    """A provider on the loopback, as far as this app needs one.

    The prompt ``status 502`` is answered with that status and nginx's page for it, ``status 503 2`` with
    ``Retry-After: 2`` beside it (seconds or a date), ``hang up`` with nothing at all, and any other
    prompt with its words in reverse.
    """

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/complete"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        prompt = self.rfile.read(int(self.headers["Content-Length"])).decode()
        command, _, argument = prompt.partition(" ")
        status, _, wait = argument.partition(" ")
        if prompt == "hang up":
            return
        if command == "status" and status in REFUSALS:
            self._refuse(REFUSALS[status], wait)
            return
        self._answer(HTTPStatus.OK, " ".join(reversed(prompt.split())), "text/plain")

    def _refuse(self, status: HTTPStatus, wait: str) -> None:
        page = PAGE.format(status=status.value, phrase=status.phrase)
        default = "1" if status == HTTPStatus.TOO_MANY_REQUESTS else ""
        self._answer(status, page, "text/html", " ".join(wait.split()) or default)

    def _answer(self, status: HTTPStatus, body: str, media_type: str, wait: str = "") -> None:
        sent = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(sent)))
        if wait:
            self.send_header("Retry-After", wait)
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the engine reports what goes wrong."""
