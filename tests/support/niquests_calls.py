"""What becomes of niquests' failures; run by an interpreter that has it, and so no urllib3 but its own.

A line for each way: its name, whether the server did something, what is said of it, and of a retry.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from tempfile import NamedTemporaryFile
from typing import Any

import niquests
import trustme
from counting import PLACES, WAYS, counting
from forward_proxy import forward_proxy
from niquests.adapters import HTTPAdapter
from talking import answering, speak_http2
from urllib3 import Retry

from flask_faultmap import DomainError
from flask_faultmap.upstreams import upstream

PATHS = (
    *(f"{place}/{way}" for place in PLACES for way in WAYS),
    *("answer/404", "answer/503", "answer/500", "on/303/nowhere", "on/307/answer/503"),
    *("once/nowhere", "once/503", "once/404"),
)
OVER_TLS = (*(f"{place}/{way}" for place in PLACES for way in WAYS), "after-the-body/record", "answer/503")
PROXIES = (
    *(f"{kind}/{way}" for kind in ("loses", "cuts") for way in WAYS),
    *("gives/502", "gives/504", "says/407", "says/502", "says/503"),
)
AUTHORITY = trustme.CA()
SERVER_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
AUTHORITY.issue_cert("127.0.0.1").configure_cert(SERVER_TLS)


class Stubborn(HTTPAdapter):
    """An adapter of the app that tries twice."""

    def send(self, *args: Any, **kwargs: Any) -> Any:
        with suppress(niquests.exceptions.RequestException):
            return super().send(*args, **kwargs)
        return super().send(*args, **kwargs)


def call(url: str, *, proxy: str = "", adapter: HTTPAdapter | None = None, verify: Any = True) -> None:
    with niquests.Session(disable_http3=True) as session:
        session.trust_env = False
        if adapter is not None:
            session.mount("http://", adapter)
        with upstream("boxes", operation="create") as block:
            response = session.post(
                url,
                data=b"{}",
                timeout=0.5 if "silence" in url + proxy else 5,
                stream=True,
                verify=verify,
                proxies={"http": proxy, "https": proxy} if proxy else None,
            )
            block.check(response)
            block.json(response)


def tell(name: str, has_done: Callable[[], bool], *args: Any, **options: Any) -> None:
    try:
        call(*args, **options)
    except DomainError as exc:
        print(name, has_done(), getattr(exc, "applied", None), exc.retryable, type(exc).__name__)


@contextmanager
def speaking_http2(kind: str) -> Iterator[tuple[str, Callable[[], bool]]]:
    """Run a server of HTTP/2 that takes a request and does what *kind* says."""
    taken = threading.Event()

    def answer(server: Any, stream: int) -> None:
        if kind == "refuses":
            server.reset_stream(stream, 7)
            return
        taken.set()
        if kind == "resets":
            server.reset_stream(stream, 2)
        elif kind == "leaves":
            server.close_connection(last_stream_id=stream)
        else:
            server.send_headers(stream, [(":status", kind)], end_stream=True)
            if kind == "503":
                taken.clear()

    def talk(connection: socket.socket) -> None:
        with suppress(OSError):
            speak_http2(AUTHORITY, connection, answer)

    with answering(talk) as port:
        yield f"https://127.0.0.1:{port}/", taken.is_set


def main() -> None:
    """Ask in every way."""
    retries = {"adapter": HTTPAdapter(max_retries=Retry(total=1, allowed_methods=None))}
    for path in PATHS:
        with counting() as server:
            options = retries if path.startswith("once") else {}
            tell(path, server.has_done_something, f"{server.url}/{path}", **options)
    for path in ("once/nowhere", "once/503", "once/404"):
        with counting() as server:
            tell(f"hidden/{path}", server.has_done_something, f"{server.url}/{path}", adapter=Stubborn())
    for mode in PROXIES:
        with counting() as server, forward_proxy(mode, server.has_done_something) as proxy:
            tell(f"proxy/{mode}", server.has_done_something, f"{server.url}/answer/201", proxy=proxy)
    with NamedTemporaryFile(suffix=".pem") as file:
        file.write(AUTHORITY.cert_pem.bytes())
        file.flush()
        trusting: dict[str, Any] = {"verify": file.name}
        for path in OVER_TLS:
            with counting(SERVER_TLS) as server:
                tell(f"tls/{path}", server.has_done_something, f"{server.url}/{path}", **trusting)
        for place in ("before-the-handshake", "in-the-handshake"):
            with counting(SERVER_TLS, place) as server:
                tell(f"tls/{place}", server.has_done_something, f"{server.url}/answer/201", **trusting)
        for kind in ("refuses", "resets", "leaves", "500", "503"):
            with speaking_http2(kind) as (url, has_done):
                tell(f"http2/{kind}", has_done, url, **trusting)
    tell("nobody", lambda: False, "http://127.0.0.1:9/")


if __name__ == "__main__":
    main()
