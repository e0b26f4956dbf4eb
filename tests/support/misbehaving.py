"""A server on loopback that really misbehaves: what it does to a request is named by the path."""

import gzip
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

LONGER_THAN_ANY_CLIENT_WAITS = 3  # seconds
CRLF = b"\r\n"
Behaviour = Callable[[socket.socket, dict[str, str]], None]


def answer(status: int, body: bytes = b"", media_type: str = "application/json", **headers: object) -> bytes:
    """Write a whole answer; headers by keyword, an underscore for the dash."""
    fields = {"Content-Type": media_type, "Content-Length": len(body), "Connection": "close"}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode("latin-1") + body


def always(data: bytes) -> Behaviour:
    return lambda connection, query: connection.sendall(data)


def hang_before_the_headers(connection: socket.socket, query: dict[str, str]) -> None:
    _wait_until_left(connection)


def hang_after_the_headers(connection: socket.socket, query: dict[str, str]) -> None:
    connection.sendall(
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a":'
    )
    _wait_until_left(connection)


def hang_after_the_headers_of_an_error(connection: socket.socket, query: dict[str, str]) -> None:
    connection.sendall(
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\n<html>"
    )
    _wait_until_left(connection)


def reset_in_mid_body(connection: socket.socket, query: dict[str, str]) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
    time.sleep(0.05)  # so that the client has read the headers: a reset throws away what it has not
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def reset_before_the_headers(connection: socket.socket, query: dict[str, str]) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def trickle_an_error(connection: socket.socket, query: dict[str, str]) -> None:
    connection.sendall(b"HTTP/1.1 500 Whatever\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(LONGER_THAN_ANY_CLIENT_WAITS * 50):
        connection.sendall(b"x")  # fails as soon as the client has left
        time.sleep(0.02)


def say_as_asked(connection: socket.socket, query: dict[str, str]) -> None:
    headers = {"Retry_After": query["retry-after"]} if "retry-after" in query else {}
    body = (query.get("backwards", "")[::-1] or query.get("body", '{"secret":"s3cr3t"}')).encode()
    connection.sendall(answer(int(query["status"]), body, query.get("type", "application/json"), **headers))


def _wait_until_left(connection: socket.socket) -> None:
    connection.settimeout(LONGER_THAN_ANY_CLIENT_WAITS)
    with suppress(OSError):
        connection.recv(1)


BEHAVIOURS: dict[str, Behaviour] = {
    "/ok": always(answer(200, b'{"endpoint":"e1"}')),
    "/no-content": always(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"),
    "/hang-before-the-headers": hang_before_the_headers,
    "/hang-after-the-headers": hang_after_the_headers,
    "/hang-after-the-headers-of-an-error": hang_after_the_headers_of_an_error,
    "/reset-before-the-headers": reset_before_the_headers,
    "/reset-in-mid-body": reset_in_mid_body,
    "/close-without-an-answer": always(b""),
    "/speak-no-http": always(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "/promise-more-than-it-sends": always(answer(200, b'{"a":1}', Content_Length=5000)),
    "/send-more-than-it-promises": always(answer(200, b'{"a":1}', Content_Length=3)),
    "/html-502": always(answer(502, b"<html><body><h1>Bad gateway</h1> nginx</body></html>", "text/html")),
    "/empty-500": always(answer(500)),
    "/list-500": always(answer(500, b'["one", 2]')),
    "/null-500": always(answer(500, b"null")),
    "/broken-utf8-500": always(answer(500, b'{"a": "\xff\xfe"}')),
    "/latin-1-500": always(answer(500, "zu spät".encode("latin-1"), "text/plain; charset=ISO-8859-1")),
    "/unknown-charset-500": always(answer(500, "zu spät".encode(), "text/plain; charset=windows-9999")),
    "/dangerous-charset-500": always(answer(500, "zu spät".encode(), "text/plain; charset=idna")),
    "/deep-500": always(answer(500, b"[" * 60_000)),
    "/nested-500": always(answer(500, b'{"a":' * 40 + b"1" + b"}" * 40)),
    "/json-as-text-500": always(answer(500, b'{"why":"disk full"}', "text/plain")),
    "/page-of-3-mb-500": always(answer(500, b"x" * 3_000_000, "text/html")),
    "/broken-gzip-200": always(answer(200, b"this is no gzip", Content_Encoding="gzip")),
    "/broken-gzip-500": always(answer(500, b"this is no gzip", Content_Encoding="gzip")),
    "/gzip-500": always(answer(500, gzip.compress(b'{"why":"disk full"}'), Content_Encoding="gzip")),
    "/zlib-500": always(answer(500, zlib.compress(b'{"why":"disk full"}'), Content_Encoding="deflate")),
    "/bomb-500": always(answer(500, gzip.compress(b"x" * 50_000_000), "text/html", Content_Encoding="gzip")),
    "/unknown-coding-500": always(answer(500, b"\x8b\x07", Content_Encoding="x-own")),
    "/trickle-500": trickle_an_error,
    "/broken-json-200": always(answer(200, b'{"endpoint":')),
    "/broken-utf8-200": always(answer(200, b'{"a": "\xff"}')),
    "/json-as-text-200": always(answer(200, b'{"endpoint":"e1"}', "text/plain")),
    "/html-200": always(answer(200, b"<html>login</html>", "text/html")),
    "/empty-200": always(answer(200)),
    "/deep-200": always(answer(200, b"[" * 60_000)),
    "/redirect-loop": always(answer(302, Location="/redirect-loop")),
    "/say": say_as_asked,
}


@dataclass(slots=True)
class Misbehaving:
    """A running server: where it is, and which requests it has seen."""

    url: str
    only: str | None = None  # the path whose behaviour is shown whatever is asked for
    requests: list[str] = field(default_factory=list)


@contextmanager
def misbehaving(context: ssl.SSLContext | None = None, *, only: str | None = None) -> Iterator[Misbehaving]:
    """Run the server until the block ends, over TLS if there is a *context*; *only* one behaviour, or all."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        scheme = "http" if context is None else "https"
        server = Misbehaving(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}", only)
        accepting = threading.Thread(target=_accept, args=(listener, server, context), daemon=True)
        accepting.start()
        yield server
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        accepting.join(timeout=5)


def _accept(listener: socket.socket, server: Misbehaving, context: ssl.SSLContext | None) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, server, context), daemon=True).start()


def _serve(connection: socket.socket, server: Misbehaving, context: ssl.SSLContext | None) -> None:
    with suppress(OSError), connection:
        connection.settimeout(LONGER_THAN_ANY_CLIENT_WAITS)
        secure = connection if context is None else context.wrap_socket(connection, server_side=True)
        with secure:
            method, target = _read_request(secure)
            server.requests.append(f"{method} {target}")
            url = urlsplit(target)
            query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
            BEHAVIOURS[server.only or url.path](secure, query)


def _read_request(connection: socket.socket) -> tuple[str, str]:
    data = b""
    while CRLF + CRLF not in data:
        received = connection.recv(65_536)
        if not received:
            raise ConnectionError("the client left")
        data += received
    head, _, body = data.partition(CRLF + CRLF)
    length = next(
        (int(line[15:]) for line in head.split(CRLF) if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += connection.recv(65_536)
    method, target, _ = head.split(CRLF)[0].decode("latin-1").split(" ", 2)
    return method, target


@contextmanager
def unreachable() -> Iterator[str]:
    """Give the URL of a port that nobody listens at, and nobody else takes."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{holder.getsockname()[1]}"


@contextmanager
def never_accepting() -> Iterator[str]:
    """Give the URL of a port whose queue is full, so that a connection is never made."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        waiting = []
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(address)
            waiting.append(client)
        time.sleep(0.05)
        yield f"http://127.0.0.1:{address[1]}"
        for client in waiting:
            client.close()
