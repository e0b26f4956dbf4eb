"""smolvm's own client drives the room *machine* over a unix socket; run by ``python3 dev.py clients``."""

import socket
import threading
from contextlib import contextmanager

import pytest
from smolvm.api import FirecrackerClient
from smolvm.exceptions import FirecrackerAPIError
from werkzeug.serving import make_server

from example_app import create_machine_app
from example_app.rooms import close_rooms
from example_app.tour import QuietHandler


class Silent(QuietHandler):
    """Prints nothing; the address of a unix socket's peer is no pair."""

    def log(self, *args):
        pass


class Dropping:
    """Lets the app do what it was asked, and then cuts the connection instead of answering: once."""

    def __init__(self, app):
        self.app = app
        self.dropped = 0

    def __call__(self, environ, start_response):
        answer = self.app(environ, start_response)
        if environ["PATH_INFO"] == "/actions" and not self.dropped:
            self.dropped += 1
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return answer


@contextmanager
def machine_at(path, app, wsgi):
    server = make_server(f"unix://{path}", 0, wsgi, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield FirecrackerClient(path)
    server.shutdown()
    thread.join()
    server.server_close()
    close_rooms(app)


@pytest.fixture
def client(tmp_path):
    app = create_machine_app()
    with machine_at(tmp_path / "firecracker.sock", app, app) as client:
        yield client


def start(client, tmp_path):
    kernel = tmp_path / "kernel"
    kernel.write_bytes(b"\0" * 512)
    client.wait_for_socket()
    client.set_boot_source(kernel)
    client.set_machine_config(2, 256)
    client._request("PUT", "/actions", json={"action_type": "InstanceStart"})


def test_session_starts_a_machine(client, tmp_path):
    start(client, tmp_path)

    assert client._request("GET", "/")["state"] == "Running"


def test_answer_that_was_lost_is_no_failure_when_the_start_is_repeated(tmp_path):
    app = create_machine_app()
    dropping = Dropping(app)

    with machine_at(tmp_path / "dropping.sock", app, dropping) as client:
        start(client, tmp_path)

        assert dropping.dropped == 1
        assert client._request("GET", "/")["state"] == "Running"


def test_refusal_has_its_sentence(client, tmp_path):
    with pytest.raises(FirecrackerAPIError, match="not supported before starting the microVM"):
        client._request("PATCH", "/vm", json={"state": "Paused"})
