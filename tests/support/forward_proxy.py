"""A forward proxy of HTTP on loopback, for ``http://`` by absolute URLs and for ``https://`` by CONNECT.

``passes`` passes everything on. ``says/502`` answers by itself, and asks nobody. ``leaves/close`` reads the
request and goes. ``loses/reset`` passes the request on, waits until the server has taken it, and breaks the
client's connection; ``cuts/close`` does so within the answer, and ``gives/504`` answers by itself then.
"""

import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

PATIENCE = 5  # seconds
Taken = Callable[[], bool]


@contextmanager
def forward_proxy(mode: str, is_taken: Taken = lambda: True) -> Iterator[str]:
    """Run the proxy until the block ends, and give its URL; *is_taken* tells what the server counts."""

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=_serve, args=(connection, mode, is_taken), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def _serve(client: socket.socket, mode: str, is_taken: Taken) -> None:
    kind, _, how = mode.partition("/")
    with suppress(OSError), client:
        client.settimeout(PATIENCE)
        head, body = _read(client)
        method, target, _ = head.split(b"\r\n")[0].split(b" ")
        if kind == "says":
            return _say(client, how)
        if kind == "leaves":
            return _break(client, how)
        is_tunnel = method == b"CONNECT"
        parts = urlsplit(b"//" + target if is_tunnel else target)
        try:
            server = socket.create_connection((parts.hostname, parts.port or 80), PATIENCE)
        except OSError:
            return _say(client, "502")
        with server:
            if is_tunnel:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                line = b" ".join((method, parts.path or b"/", b"HTTP/1.1"))
                rest = head.partition(b"\r\n")[2].replace(b"keep-alive", b"close")
                server.sendall(line + b"\r\n" + rest + b"\r\n\r\n" + body)
            _relay(client, server, kind, how, is_taken)
    return None


def _relay(client: socket.socket, server: socket.socket, kind: str, how: str, is_taken: Taken) -> None:
    others = {client: server, server: client}
    while True:
        for each in select.select([*others], [], [], PATIENCE)[0]:
            data = each.recv(65_536)
            if each is server and kind != "passes" and is_taken():
                if kind == "cuts":
                    client.sendall(data[: len(data) // 2])
                return _say(client, how) if kind == "gives" else _break(client, how)
            if not data:
                return None
            others[each].sendall(data)


def _read(client: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        received = client.recv(65_536)
        if not received:
            raise ConnectionError("the client left")
        data += received
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < sum(lengths):
        body += client.recv(65_536)
    return head, body


def _say(client: socket.socket, status: str) -> None:
    client.sendall(f"HTTP/1.1 {status} Proxy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())


def _break(client: socket.socket, how: str) -> None:
    if how == "silence":
        client.recv(65_536)
    elif how == "reset":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
