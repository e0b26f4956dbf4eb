"""A server on loopback that counts what it takes, and ends each connection where the path says.

``/after-the-body/reset`` reads the whole request, counts it, and resets the connection. ``/on/303/x`` takes a
request and sends the client on to ``/x``, ``/on/303/nowhere`` to a port that nobody listens at.
``/answer/404`` answers, ``/once/404`` loses the first request and answers the second, ``/first/500/404``
answers both, ``/once/nowhere`` and ``/first/500/nowhere`` take no second one.
"""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

PATIENCE = 5  # seconds that a client may take
NOWHERE = "127.0.0.1:9"
# Where a connection can end once the server has something of the request.
PLACES = (
    "after-the-request-line",
    "after-the-headers",
    "after-the-body",
    "in-the-head-of-the-answer",
    "in-its-body",
)
WAYS = ("close", "reset", "silence")


@dataclass(slots=True)
class Counting:
    """A running server.

    Attributes:
        url: without a path.
        taken: the path of each request that it took, and the status that it answered, if it did.
        is_open: new connections are taken.
    """

    url: str
    listener: socket.socket
    context: ssl.SSLContext | None = None
    place: str = ""
    taken: list[tuple[str, int | None]] = field(default_factory=list)

    def has_done_something(self) -> bool:
        """Whether a request was taken that got no refusal of its own."""
        return any(status is None or not (400 <= status < 500 or status == 503) for _, status in self.taken)

    def close(self) -> None:
        """Take no new connections."""
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@contextmanager
def counting(context: ssl.SSLContext | None = None, place: str = "") -> Iterator[Counting]:
    """Run the server until the block ends; *place*: ``before-the-handshake`` or ``in-the-handshake``."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    scheme = "http" if context is None else "https"
    server = Counting(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}", listener, context, place)
    accepting = threading.Thread(target=_accept, args=(server,), daemon=True)
    accepting.start()
    yield server
    server.close()
    accepting.join(timeout=5)


def _accept(server: Counting) -> None:
    with suppress(OSError):
        while True:
            connection, _ = server.listener.accept()
            threading.Thread(target=_serve, args=(server, connection), daemon=True).start()


def _serve(server: Counting, connection: socket.socket) -> None:
    with suppress(OSError), connection:
        connection.settimeout(PATIENCE)
        if server.place == "before-the-handshake":
            return
        if server.place == "in-the-handshake":
            connection.recv(1)
            return
        if server.context is None:
            _Conversation(server, connection, connection).run()
            return
        with server.context.wrap_socket(connection, server_side=True) as secure:
            _Conversation(server, secure, connection).run()


class _Conversation:
    """What happens on one connection."""

    def __init__(self, server: Counting, peer: socket.socket, raw: socket.socket) -> None:
        self._server, self._peer, self._raw = server, peer, raw
        self._read = b""

    def run(self) -> None:
        while True:
            path = self._until(b"\r\n").split(b" ")[1].decode()
            _, kind, *rest = path.split("/")
            if kind == "after-the-request-line":
                return self._lose(path, rest[0])
            head = self._until(b"\r\n\r\n")
            if kind == "after-the-headers":
                return self._lose(path, rest[0])
            self._body(head)
            if not self._answer(path, kind, rest):
                return None

    def _answer(self, path: str, kind: str, rest: list[str]) -> bool:
        """Answer, and say whether the connection goes on."""
        if kind == "answer":
            self._take(path, int(rest[0]))
            self._say(int(rest[0]))
        elif kind == "on":
            self._take(path, int(rest[0]))
            there = f"http://{NOWHERE}/" if rest[1] == "nowhere" else "/" + "/".join(rest[1:])
            self._say(int(rest[0]), f"Location: {there}\r\n")
        elif kind in ("once", "first"):
            return self._answer_the_second(path, *[None, *rest][-2:])
        else:
            self._take(path)
            if kind == "in-the-head-of-the-answer":
                self._peer.sendall(b"HTTP/1.1 201 Created\r\nContent-Le")
            elif kind == "in-its-body":
                self._peer.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{")
                time.sleep(0.03)  # a reset throws away what the client has not read
            self._end(rest[0])
            return False
        return True

    def _answer_the_second(self, path: str, first: str | None, then: str | None) -> bool:
        is_first = not any(taken == path for taken, _ in self._server.taken)
        if is_first and then == "nowhere":
            self._server.close()
        said = first if is_first else then
        self._take(path, None if said is None else int(said))
        if said is not None:
            self._say(int(said), "Connection: close\r\n")
        return False

    def _take(self, path: str, status: int | None = None) -> None:
        self._server.taken.append((path, status))

    def _lose(self, path: str, way: str) -> None:
        self._take(path)
        self._end(way)

    def _end(self, way: str) -> None:
        if way == "silence":
            self._peer.recv(65_536)
            self._peer.recv(65_536)
        elif way == "reset":
            self._raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if self._peer is not self._raw:
                self._peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif way == "record":  # of TLS, which nobody can read
            socket.socket.send(self._peer, b"\x17\x03\x03\x00\x20" + b"x" * 32)

    def _say(self, status: int, more: str = "") -> None:
        body = b'{"a":1}'
        head = f"HTTP/1.1 {status} Whatever\r\nContent-Type: application/json\r\n{more}"
        self._peer.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def _until(self, end: bytes) -> bytes:
        while end not in self._read:
            received = self._peer.recv(65_536)
            if not received:
                raise ConnectionError("the client left")
            self._read += received
        head, _, self._read = self._read.partition(end)
        return head

    def _body(self, head: bytes) -> None:
        lengths = [
            int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
        ]
        while len(self._read) < sum(lengths):
            self._read += self._peer.recv(65_536)
        self._read = self._read[sum(lengths) :]
