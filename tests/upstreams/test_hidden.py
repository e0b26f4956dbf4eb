"""What a client library hides behind an exception of its own counts as if it had come plainly."""

import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import aiohttp
import h2.errors
import httpx
import pytest
import requests
import requests_unixsocket
import trustme
import urllib3
from client_calls import PLAIN, ask_aiohttp, ask_httpx, ask_urllib, guarded, guarded_awaited
from requests.adapters import HTTPAdapter
from saying import saying
from talking import answering, speak_http2

from flask_faultmap.errors import NotFoundError, UnavailableError
from flask_faultmap.upstreams import (
    UpstreamAnswerLostError,
    UpstreamBodyError,
    UpstreamConnectionError,
    UpstreamCredentialsError,
    UpstreamRedirectError,
    UpstreamResponseError,
    UpstreamTLSError,
    UpstreamUnavailableError,
    UpstreamUsageError,
    upstream,
)

# Some libraries leave a socket to the garbage collector when a call fails.
pytestmark = [
    pytest.mark.usefixtures("leaks"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class Says(BaseHTTPRequestHandler):
    """Answers as the query asks: ``status``, ``body``, ``type`` and any header."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = parse_qs(urlsplit(self.path).query, encoding="latin-1")
        body = asked.pop("body", ["{}"])[0].encode("latin-1")
        self.send_response(int(asked.pop("status", ["200"])[0]))
        for name, values in asked.items():
            for value in values:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Says)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def retrying(*statuses: int) -> urllib3.Retry:
    return urllib3.Retry(
        total=1, status_forcelist=statuses, allowed_methods=None, respect_retry_after_header=False
    )


def ask_requests_twice(url: str, *statuses: int) -> requests.Response:
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=retrying(*statuses)))
        return session.post(url, timeout=5)


def ask_urllib3_twice(url: str, *statuses: int) -> Any:
    with urllib3.PoolManager(retries=retrying(*statuses)) as pool:
        return pool.request("POST", url, timeout=5)


TWICE: dict[str, Callable[..., Any]] = {"requests": ask_requests_twice, "urllib3": ask_urllib3_twice}


@pytest.mark.parametrize("client", TWICE)
def test_a_503_that_is_left_after_retries_is_a_plain_one(url: str, client: str) -> None:
    error = guarded(lambda: TWICE[client](f"{url}?status=503&Retry-After=7", 503))

    assert type(error) is UpstreamUnavailableError
    assert (error.extra_data["status"], error.retry_after, error.retryable) == (503, 7, True)


@pytest.mark.parametrize("client", TWICE)
def test_a_status_that_is_left_after_retries_passes(url: str, client: str) -> None:
    error = guarded(
        lambda: TWICE[client](f"{url}?status=503&Retry-After=7", 503), passing={503: UnavailableError}
    )

    assert (type(error), error.retry_after) == (UnavailableError, 7)


@pytest.mark.parametrize("client", TWICE)
def test_a_500_that_is_left_after_retries_may_have_been_done(url: str, client: str) -> None:
    error = guarded(lambda: TWICE[client](f"{url}?status=500", 500), passing={500: UnavailableError})

    assert (error.applied, error.retryable) == (None, False)


async def json_of_httpx(url: str) -> Any:
    return (await ask_httpx("POST", url)).json()


async def json_of_aiohttp(url: str) -> Any:
    async with aiohttp.ClientSession() as session, session.post(url) as response:
        return await response.json()


# The library's own ``.json()``, of an answer whose status nobody has looked at.
OWN_JSON: dict[str, Callable[[str], Any]] = {
    "requests": lambda url: guarded(lambda: requests.post(url, timeout=5).json()),
    "httpx": lambda url: guarded(lambda: httpx.post(url, timeout=5).json()),
    "httpx (async)": lambda url: guarded_awaited(lambda: json_of_httpx(url)),
    "urllib3": lambda url: guarded(lambda: urllib3.request("POST", url, timeout=5).json()),
    "aiohttp": lambda url: guarded_awaited(lambda: json_of_aiohttp(url)),
}
NO_JSON = {
    "text": "body=%3Chtml%3E",
    "cut": "body=%7B%22a%22:",
    "no utf-8": "body=%22%E9%22",
    "another type": "body=x&Content-Type=text/html",
    "deep": "body=" + "%5B" * 12_000,
}


# requests reads bytes that are no UTF-8 all the same.
@pytest.mark.parametrize(
    ("client", "body"),
    [pair for pair in product(OWN_JSON, NO_JSON) if pair != ("requests", "no utf-8")],
    ids=" ".join,
)
@pytest.mark.usefixtures("no_collection")
def test_a_success_that_is_no_json_was_applied(url: str, client: str, body: str) -> None:
    error = OWN_JSON[client](f"{url}?{NO_JSON[body]}")

    assert type(error) is UpstreamBodyError
    assert (error.applied, error.retryable, error.extra_data["status"]) == (True, False, 200)


@pytest.mark.parametrize("client", OWN_JSON)
def test_a_failure_that_is_no_json_is_the_answer_that_it_is(url: str, client: str) -> None:
    error = OWN_JSON[client](f"{url}?status=503&body=%3Chtml%3E&Retry-After=3")

    assert type(error) is UpstreamUnavailableError
    assert (error.applied, error.retry_after) == (False, 3)


@pytest.mark.parametrize("type_", ["application/json; charset=latin-1", "text/plain;charset=ISO-8859-1"])
def test_json_in_another_charset_is_read(url: str, type_: str) -> None:
    asked = f"{url}?body=%7B%22name%22:%22Zo%EB%22%7D&Content-Type={quote(type_)}"

    with upstream("boxes", operation="get") as call:
        found = call.json(requests.get(asked, timeout=5))

    assert found == {"name": "Zoë"}


LOCATIONS = (
    *("ftp://x/", "http://a..b/", "http://[::1/x", "http://127.0.0.1:65537/", "http://h:abc/", "mailto:x"),
    *("javascript:alert(1)", "http://", f"http://{'x' * 64}.example/", "file:///etc/passwd"),
)


@pytest.mark.long
@pytest.mark.parametrize("location", LOCATIONS)
@pytest.mark.parametrize("client", PLAIN)
def test_a_location_that_cannot_be_followed_is_the_service_s_fault(
    url: str, client: str, location: str
) -> None:
    error = PLAIN[client]("POST", f"{url}?status=302&Location={quote(location, safe='')}")

    assert type(error) is UpstreamRedirectError
    assert (error.category.value, error.applied, error.retryable) == ("bad_gateway", None, False)


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".example", "☃" * 70 + ".example"])
@pytest.mark.parametrize("client", PLAIN)
def test_a_host_that_no_name_server_can_be_asked_for_is_our_usage(client: str, host: str) -> None:
    error = PLAIN[client]("POST", f"http://{host}/")

    assert type(error) is UpstreamUsageError
    assert (error.applied, error.retryable) == (False, False)


def dead_socket(folder: Path) -> Path:
    path = folder / "dead"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    return path


def below_a_file(folder: Path) -> Path:
    (folder / "file").write_text("")
    return folder / "file" / "socket"


SOCKETS: dict[str, Callable[[Path], Path]] = {
    "that is not there": lambda folder: folder / "none",
    "below a file": below_a_file,
    "that nobody listens at": dead_socket,
    "with too long a name": lambda folder: folder / ("x" * 120),
}
OVER_A_SOCKET: dict[str, Callable[[str], Any]] = {
    "requests": lambda path: guarded(
        lambda: requests_unixsocket.Session().post(f"http+unix://{quote(path, safe='')}/x")
    ),
    "httpx": lambda path: guarded(
        lambda: httpx.Client(transport=httpx.HTTPTransport(uds=path)).post("http://h/")
    ),
    "httpx (async)": lambda path: guarded_awaited(
        lambda: ask_httpx("POST", "http://h/", transport=httpx.AsyncHTTPTransport(uds=path))
    ),
    "aiohttp": lambda path: guarded_awaited(
        lambda: ask_aiohttp("POST", "http://h/", connector=lambda: aiohttp.UnixConnector(path))
    ),
}


@pytest.mark.parametrize("kind", SOCKETS)
@pytest.mark.parametrize("client", OVER_A_SOCKET)
def test_a_unix_socket_that_refuses_was_not_asked(client: str, kind: str, tmp_path: Path) -> None:
    error = OVER_A_SOCKET[client](str(SOCKETS[kind](tmp_path)))

    assert type(error) is UpstreamConnectionError
    assert (error.applied, error.retryable) == (False, True)


def want_credentials(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")


def over_requests(proxy: str, url: str) -> Any:
    return guarded(lambda: requests.post(url, proxies={"https": proxy}, timeout=5))


def over_urllib(proxy: str, url: str) -> Any:
    return guarded(lambda: ask_urllib("POST", url, urllib.request.ProxyHandler({"https": proxy})))


OVER_A_PROXY: dict[str, Callable[[str, str], Any]] = {
    "requests": over_requests,
    "httpx": lambda proxy, url: guarded(lambda: httpx.post(url, proxy=proxy, timeout=5)),
    "httpx (async)": lambda proxy, url: guarded_awaited(lambda: ask_httpx("POST", url, proxy=proxy)),
    "urllib3": lambda proxy, url: guarded(lambda: urllib3.ProxyManager(proxy).request("POST", url)),
    "aiohttp": lambda proxy, url: guarded_awaited(lambda: ask_aiohttp("POST", url, proxy=proxy)),
    "urllib.request": over_urllib,
}


@pytest.mark.parametrize("client", OVER_A_PROXY)
def test_a_proxy_that_wants_credentials_for_a_tunnel_refuses_ours(client: str) -> None:
    with answering(want_credentials) as port:
        error = OVER_A_PROXY[client](f"http://127.0.0.1:{port}", "https://service.example/")

    assert type(error) is UpstreamCredentialsError
    assert (error.applied, error.retryable) == (False, False)


@pytest.mark.parametrize("client", OVER_A_PROXY)
def test_a_proxy_that_goes_away_has_asked_nobody(client: str) -> None:
    with answering(lambda connection: None) as port:
        error = OVER_A_PROXY[client](f"http://127.0.0.1:{port}", "https://service.example/")

    assert (error.applied, error.retryable) == (False, True)


AUTHORITY = trustme.CA()
HERE = ssl.create_default_context()
AUTHORITY.configure_trust(HERE)


def want_a_certificate(connection: socket.socket) -> None:
    there = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(there)
    AUTHORITY.configure_trust(there)
    there.verify_mode = ssl.CERT_REQUIRED
    with there.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as peer:
        with suppress(ssl.SSLError):
            peer.do_handshake()
        while socket.socket.recv(peer, 65_536):  # until the client has read why
            pass


def with_context_requests(url: str) -> Any:
    with requests.Session() as session:
        session.trust_env = False
        adapter = HTTPAdapter()
        adapter.init_poolmanager(1, 1, ssl_context=HERE)
        session.mount("https://", adapter)
        return guarded(lambda: session.post(url, timeout=5))


OVER_TLS: dict[str, Callable[[str], Any]] = {
    "requests": with_context_requests,
    "httpx": lambda url: guarded(lambda: httpx.post(url, verify=HERE, timeout=5)),
    "httpx (async)": lambda url: guarded_awaited(lambda: ask_httpx("POST", url, verify=HERE)),
    "urllib3": lambda url: guarded(lambda: urllib3.PoolManager(ssl_context=HERE).request("POST", url)),
    "aiohttp": lambda url: guarded_awaited(lambda: ask_aiohttp("POST", url, ssl=HERE)),
    "urllib.request": lambda url: guarded(
        lambda: ask_urllib("POST", url, urllib.request.HTTPSHandler(context=HERE))
    ),
}


@pytest.mark.parametrize("client", OVER_TLS)
def test_a_client_certificate_that_is_missing_is_never_worth_a_retry(client: str) -> None:
    with answering(want_a_certificate) as port:
        error = OVER_TLS[client](f"https://127.0.0.1:{port}/")

    assert type(error) is UpstreamTLSError
    assert (error.applied, error.retryable) == (None, False)


def read_and_leave(connection: socket.socket) -> None:
    connection.recv(65_536)  # the client's first record of TLS
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(65_536):
        pass


@pytest.mark.parametrize("client", ["urllib3", "urllib.request"])
def test_a_server_that_leaves_in_the_handshake_was_not_connected_to(client: str) -> None:
    with answering(read_and_leave) as port:
        error = OVER_TLS[client](f"https://127.0.0.1:{port}/")

    assert (type(error), error.applied) == (UpstreamConnectionError, False)


CERTIFICATE_FILES: dict[str, Callable[[], Any]] = {
    "requests": lambda: requests.post("https://127.0.0.1:9/", cert="/none.pem", timeout=5),
    "requests, of the authority": lambda: requests.post(
        "https://127.0.0.1:9/", verify="/none.pem", timeout=5
    ),
    "httpx": lambda: httpx.Client(cert="/none.pem"),
}


@pytest.mark.parametrize("client", [*CERTIFICATE_FILES])
@pytest.mark.filterwarnings("ignore:.*cert:DeprecationWarning")
def test_a_file_of_a_certificate_that_is_missing_is_never_worth_a_retry(client: str) -> None:
    error = guarded(CERTIFICATE_FILES[client])

    assert type(error) is UpstreamTLSError
    assert (error.applied, error.retryable) == (False, False)


def test_a_file_of_a_certificate_that_is_missing_in_the_handshake_is_too() -> None:
    pool = urllib3.PoolManager(cert_file="/none.pem", cert_reqs="CERT_NONE", retries=False)

    with answering(want_a_certificate) as port:
        error = guarded(lambda: pool.request("POST", f"https://127.0.0.1:{port}/"))

    assert (type(error), error.applied) == (UpstreamTLSError, False)


def fail(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


def test_a_transport_of_the_app_shows_no_connection_that_failed() -> None:
    client = httpx.Client(transport=httpx.MockTransport(fail))

    error = guarded(lambda: client.post("http://127.0.0.1:9/"))

    assert (type(error), error.applied) == (UpstreamAnswerLostError, None)


def test_a_stream_is_read_from_the_standard_library_too() -> None:
    with (
        saying(200, b'{"a":1}\n{"done":true}\n') as url,
        upstream("boxes", operation="follow") as call,
        urllib.request.urlopen(url, timeout=5) as response,
    ):
        items = list(call.events(response, "ndjson"))

    assert items == [{"a": 1}]


def reset_stream(connection: socket.socket) -> None:
    speak_http2(
        AUTHORITY,
        connection,
        lambda server, stream: server.reset_stream(stream, h2.errors.ErrorCodes.REFUSED_STREAM),
    )


def go_away(connection: socket.socket) -> None:
    speak_http2(AUTHORITY, connection, lambda server, stream: server.close_connection(last_stream_id=0))


def cancel_stream(connection: socket.socket) -> None:
    speak_http2(
        AUTHORITY, connection, lambda server, stream: server.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)
    )


OVER_HTTP2: dict[str, Callable[[str], Any]] = {
    "httpx": lambda url: guarded(lambda: httpx.Client(http2=True, verify=HERE, timeout=5).post(url)),
    "httpx (async)": lambda url: guarded_awaited(lambda: ask_httpx("POST", url, http2=True, verify=HERE)),
}


@pytest.mark.parametrize("refuse", [reset_stream, go_away])
@pytest.mark.parametrize("client", OVER_HTTP2)
def test_a_stream_that_was_refused_was_not_worked_on(
    client: str, refuse: Callable[[socket.socket], None]
) -> None:
    with answering(refuse) as port:
        error = OVER_HTTP2[client](f"https://127.0.0.1:{port}/")

    assert type(error) is UpstreamUnavailableError
    assert (error.applied, error.retryable) == (False, True)


@pytest.mark.parametrize("client", OVER_HTTP2)
def test_a_stream_that_was_cancelled_may_have_been_worked_on(client: str) -> None:
    with answering(cancel_stream) as port:
        error = OVER_HTTP2[client](f"https://127.0.0.1:{port}/")

    assert (error.applied, error.retryable) == (None, False)


@pytest.mark.parametrize("client", PLAIN)
def test_a_wait_that_is_said_twice_is_the_longer_one(url: str, client: str) -> None:
    error = PLAIN[client]("POST", f"{url}?status=503&Retry-After=1.5&Retry-After=4")

    assert error.retry_after == 4


@pytest.mark.parametrize("client", PLAIN)
def test_a_plain_refusal_stays_what_it_is(url: str, client: str) -> None:
    error = PLAIN[client]("POST", f"{url}?status=408")

    assert type(error) is UpstreamResponseError
    assert (error.applied, error.permanent, error.retryable) == (False, False, True)


def test_a_foreign_code_is_passed_after_retries_too(url: str) -> None:
    asked = f"{url}?status=404&Content-Type=application/problem%2Bjson&body=%7B%22code%22:%22no_box%22%7D"

    error = guarded(lambda: requests.get(asked, timeout=5), passing={"no_box": NotFoundError})

    assert type(error) is NotFoundError
