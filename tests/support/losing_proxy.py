"""A proxy before PostgreSQL that breaks a connection at its COMMIT: before or after the server has it."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

SOCKET = ".s.PGSQL.5432"


class LosingProxy:
    """Passes everything on, until :attr:`loses` says what is lost next: ``request`` or ``answer``."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder = folder
        self.loses = ""
        self._server = server
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / SOCKET))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            server.connect(str(self._server / SOCKET))
            others = {client: server, server: client}
            while True:
                for each in select.select([*others], [], [])[0]:
                    data = each.recv(65536)
                    if not data:
                        return
                    if each is client and self.loses and b"COMMIT" in data:
                        self._lose(server, data)
                        return
                    others[each].sendall(data)

    def _lose(self, server: socket.socket, data: bytes) -> None:
        if self.loses == "answer":
            server.sendall(data)
            server.recv(65536)  # it is committed
        self.loses = ""


@contextmanager
def losing_proxy(server: Path) -> Iterator[LosingProxy]:
    """Run a proxy before the server whose socket is in the folder *server*."""
    with TemporaryDirectory(prefix="pg-", dir="/tmp") as name:  # a socket's path has 107 bytes at most
        proxy = LosingProxy(Path(name), server)
        try:
            yield proxy
        finally:
            proxy.close()
