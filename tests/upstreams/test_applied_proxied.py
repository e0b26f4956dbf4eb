"""Is it true that nothing was applied where a proxy stands between? Against a server that counts."""

import ssl
from itertools import product

import pytest
import trustme
from counted_calls import CLIENTS, WITH_RETRIES, Client
from counting import PLACES, WAYS, counting
from forward_proxy import forward_proxy
from misbehaving import unreachable

from flask_faultmap import DomainError
from flask_faultmap.upstreams import UpstreamConnectionError, UpstreamCredentialsError, UpstreamError

AUTHORITY = trustme.CA()
SERVER_TLS, CLIENT_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
AUTHORITY.issue_cert("127.0.0.1").configure_cert(SERVER_TLS)
AUTHORITY.configure_trust(CLIENT_TLS)
CONTEXTS = {"http": (None, None), "https": (SERVER_TLS, CLIENT_TLS)}
AFTER = [f"{kind}/{way}" for kind, way in product(("loses", "cuts"), WAYS)]
GATEWAY = [f"gives/{status}" for status in ("500", "502", "504")]  # of 503 nobody can know

# Some libraries leave a socket to the garbage collector when a call fails.
pytestmark = [
    pytest.mark.usefixtures("leaks"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def error_of(client: Client, url: str, proxy: str, **options: object) -> UpstreamError:
    with pytest.raises(DomainError) as caught:
        client(url, "POST", proxy=proxy, **options)
    assert isinstance(caught.value, UpstreamError)
    return caught.value


@pytest.mark.parametrize(
    ("scheme", "mode"),
    [*product(CONTEXTS, AFTER), *product(["http"], GATEWAY)],
)
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.long
def test_what_a_proxy_passed_on_before_it_broke_is_not_said_to_be_undone(
    client: str, scheme: str, mode: str
) -> None:
    there, here = CONTEXTS[scheme]
    patience = {"seconds": 0.4} if "silence" in mode else {}

    with counting(there) as server, forward_proxy(mode, server.has_done_something) as proxy:
        error = error_of(CLIENTS[client], f"{server.url}/answer/201", proxy, context=here, **patience)

    assert server.has_done_something()
    assert error.applied is not False
    assert not error.retryable


@pytest.mark.parametrize("path", [*(f"{place}/close" for place in PLACES), "answer/500", "on/303/nowhere"])
@pytest.mark.parametrize("scheme", CONTEXTS)
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.long
def test_what_was_counted_behind_a_proxy_is_not_said_to_be_undone(
    client: str, scheme: str, path: str
) -> None:
    there, here = CONTEXTS[scheme]

    with counting(there) as server, forward_proxy("passes") as proxy:
        error = error_of(CLIENTS[client], f"{server.url}/{path}", proxy, context=here)

    assert server.has_done_something()
    assert error.applied is not False
    assert not error.retryable


@pytest.mark.parametrize("then", ["nowhere", "404", "503"])
@pytest.mark.parametrize("client", ["requests", "urllib3"])
def test_what_was_counted_before_a_retry_by_a_proxy_is_not_said_to_be_undone(client: str, then: str) -> None:
    with counting() as server, forward_proxy("passes") as proxy:
        error = error_of(WITH_RETRIES[client], f"{server.url}/once/{then}", proxy)

    assert server.has_done_something()
    assert error.applied is not False
    assert not error.retryable


@pytest.mark.parametrize("scheme", CONTEXTS)
@pytest.mark.parametrize("client", CLIENTS)
def test_what_is_refused_behind_a_proxy_is_said_to_be_undone(client: str, scheme: str) -> None:
    there, here = CONTEXTS[scheme]

    with counting(there) as server, forward_proxy("passes") as proxy:
        error = error_of(CLIENTS[client], f"{server.url}/answer/503", proxy, context=here)

    assert (error.applied, error.retryable) == (False, True)


@pytest.mark.parametrize("scheme", CONTEXTS)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_proxy_that_nobody_listens_at_has_asked_nobody(client: str, scheme: str) -> None:
    with unreachable() as proxy:
        error = error_of(CLIENTS[client], f"{scheme}://service.example/", proxy)

    assert type(error) is UpstreamConnectionError
    assert (error.applied, error.retryable) == (False, True)


@pytest.mark.parametrize("scheme", CONTEXTS)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_proxy_that_wants_credentials_has_asked_nobody(client: str, scheme: str) -> None:
    with forward_proxy("says/407") as proxy:
        error = error_of(CLIENTS[client], f"{scheme}://service.example/", proxy)

    assert type(error) is UpstreamCredentialsError
    assert (error.applied, error.retryable) == (False, False)


@pytest.mark.parametrize("status", [400, 403, 500, 502, 503, 504])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_proxy_that_gives_no_tunnel_has_asked_nobody(client: str, status: int) -> None:
    with forward_proxy(f"says/{status}") as proxy:
        error = error_of(CLIENTS[client], "https://service.example/", proxy)

    assert isinstance(error, UpstreamConnectionError)
    assert (error.applied, error.retryable) == (False, True)


@pytest.mark.parametrize(("status", "applied"), [(500, None), (502, None), (503, False), (504, None)])
@pytest.mark.parametrize("client", CLIENTS)
def test_an_answer_of_a_proxy_is_taken_for_the_service_s(
    client: str, status: int, applied: bool | None
) -> None:
    with forward_proxy(f"says/{status}") as proxy:
        error = error_of(CLIENTS[client], "http://service.example/", proxy)

    assert (error.extra_data["status"], error.applied) == (status, applied)


@pytest.mark.parametrize("way", ["close", "reset"])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_proxy_that_leaves_with_the_request_may_have_passed_it_on(client: str, way: str) -> None:
    with forward_proxy(f"leaves/{way}") as proxy:
        error = error_of(CLIENTS[client], "http://service.example/", proxy)

    assert (error.applied, error.retryable) == (None, False)
