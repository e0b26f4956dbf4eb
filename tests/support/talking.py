"""A server on loopback that talks on each connection as a test likes, also HTTP/2."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import trustme


@contextmanager
def answering(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """Let *talk* speak on each connection; give the port."""

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(5)
            talk(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def speak_http2(authority: trustme.CA, connection: socket.socket, answer: Callable[[Any, int], None]) -> None:
    """Let *answer* answer each request, with h2's connection and the stream."""
    there = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    there.set_alpn_protocols(["h2"])
    authority.issue_cert("127.0.0.1").configure_cert(there)
    with there.wrap_socket(connection, server_side=True) as peer:
        server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        server.initiate_connection()
        peer.sendall(server.data_to_send())
        with suppress(h2.exceptions.ProtocolError):  # the client goes on when we have gone away
            while received := peer.recv(65_536):
                for event in server.receive_data(received):
                    if isinstance(event, h2.events.RequestReceived):
                        answer(server, event.stream_id)
                peer.sendall(server.data_to_send())
        while peer.recv(65_536):  # a close before would be a reset, which throws away what we have said
            pass
