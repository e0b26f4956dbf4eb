"""Is it true that nothing was applied? Clients against a server that counts what it takes."""

import asyncio
import ssl
from itertools import product

import aiohttp
import httpx
import pytest
import requests
import trustme
from applied_table import table, table_in_docs
from counted_calls import CLIENTS, WITH_RETRIES, Client
from counting import PLACES, WAYS, Counting, counting
from misbehaving import unreachable
from saying import saying

from flask_faultmap import DomainError
from flask_faultmap.upstreams import (
    UpstreamConnectionError,
    UpstreamError,
    UpstreamTLSError,
    upstream,
)

AUTHORITY = trustme.CA()
SERVER_TLS, CLIENT_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
AUTHORITY.issue_cert("127.0.0.1").configure_cert(SERVER_TLS)
AUTHORITY.configure_trust(CLIENT_TLS)

# aiohttp leaves a TLS connection that broke to the loop, which may be over by then.
pytestmark = [
    pytest.mark.usefixtures("leaks"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SCHEMES = ("http", "https")
BREAKS = [f"{place}/{way}" for place, way in product(PLACES, WAYS)]


def contexts(scheme: str) -> tuple[ssl.SSLContext | None, ssl.SSLContext | None]:
    return (SERVER_TLS, CLIENT_TLS) if scheme == "https" else (None, None)


def error_of(client: Client, url: str, method: str = "POST", **options: object) -> UpstreamError:
    with pytest.raises(DomainError) as caught:
        client(url, method, **options)
    assert isinstance(caught.value, UpstreamError)
    return caught.value


def promises_nothing(error: UpstreamError, server: Counting) -> bool:
    """Whether *error* fits to what the server has counted."""
    return bool(server.taken) and server.has_done_something() and error.applied is not False


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.long
def test_what_was_counted_is_not_said_to_be_undone(client: str, scheme: str, broken: str) -> None:
    there, here = contexts(scheme)

    with counting(there) as server:
        error = error_of(CLIENTS[client], f"{server.url}/{broken}", context=here)

        assert promises_nothing(error, server)
        assert not error.retryable


@pytest.mark.parametrize(
    "broken", [*BREAKS, "nowhere", "answer/404", "answer/429", "answer/503", "answer/500"]
)
@pytest.mark.parametrize("status", [303, 307])
@pytest.mark.parametrize("client", list(CLIENTS))
@pytest.mark.long
def test_what_was_counted_before_a_redirect_is_not_said_to_be_undone(
    client: str, status: int, broken: str
) -> None:
    with counting() as server:
        error = error_of(CLIENTS[client], f"{server.url}/on/{status}/{broken}")

        assert promises_nothing(error, server)
        assert not error.retryable


@pytest.mark.parametrize("then", ["nowhere", "404", "429", "503", "500"])
@pytest.mark.parametrize("client", WITH_RETRIES)
def test_what_was_counted_before_a_retry_is_not_said_to_be_undone(client: str, then: str) -> None:
    method = "PUT" if client == "aiohttp" else "PATCH"

    with counting() as server:
        error = error_of(WITH_RETRIES[client], f"{server.url}/once/{then}", method)

        assert promises_nothing(error, server)
        assert error.retryable is (client == "aiohttp" and then != "404")


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize("client", [name for name in CLIENTS if name != "urllib.request"])
@pytest.mark.long
def test_what_was_counted_on_a_kept_connection_is_not_said_to_be_undone(client: str, broken: str) -> None:
    with counting() as server:
        error = error_of(CLIENTS[client], f"{server.url}/{broken}", warm=f"{server.url}/answer/200")

        assert len(server.taken) == 2
        assert promises_nothing(error, server)
        assert not error.retryable


@pytest.mark.parametrize("client", CLIENTS)
def test_a_record_that_breaks_after_the_request_is_not_said_to_be_undone(client: str) -> None:
    with counting(SERVER_TLS) as server:
        error = error_of(CLIENTS[client], f"{server.url}/after-the-body/record", context=CLIENT_TLS)

        assert promises_nothing(error, server)
        assert not error.retryable


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("way", ["close", "reset"])
def test_what_breaks_after_a_checked_success_was_done(client: str, way: str) -> None:
    with counting() as server:
        error = error_of(CLIENTS[client], f"{server.url}/in-its-body/{way}")

    assert (error.applied, error.retryable, error.extra_data["status"]) == (True, False, 201)


@pytest.mark.parametrize("place", ["before-the-handshake", "in-the-handshake"])
@pytest.mark.parametrize("client", CLIENTS)
def test_nothing_is_sent_before_a_handshake(client: str, place: str) -> None:
    with counting(SERVER_TLS, place) as server:
        error = error_of(CLIENTS[client], f"{server.url}/answer/200", context=CLIENT_TLS)

    assert (server.taken, error.applied) == ([], False)
    assert type(error) in (UpstreamConnectionError, UpstreamTLSError)


@pytest.mark.parametrize("client", CLIENTS)
def test_what_nobody_took_is_said_to_be_undone(client: str) -> None:
    with unreachable() as url:
        error = error_of(CLIENTS[client], f"{url}/x")

    assert (error.applied, error.retryable) == (False, True)


@pytest.mark.parametrize("client", WITH_RETRIES)
def test_retries_of_what_nobody_took_leave_it_undone(client: str) -> None:
    with unreachable() as url:
        error = error_of(WITH_RETRIES[client], f"{url}/x")

    assert (error.applied, error.retryable) == (False, True)


@pytest.mark.parametrize("status", [401, 404, 429, 503])
@pytest.mark.parametrize("client", CLIENTS)
def test_what_was_refused_is_said_to_be_undone(client: str, status: int) -> None:
    with counting() as server:
        error = error_of(CLIENTS[client], f"{server.url}/answer/{status}")

    assert (error.applied, error.retryable) == (False, status in (429, 503))


def fall_back(first: str, second: str) -> None:
    with upstream("boxes", operation="create") as call:
        try:
            call.check(httpx.post(first, timeout=0.2))
        except httpx.TransportError:
            call.check(httpx.post(second, timeout=5))


def test_what_was_counted_before_a_fallback_is_not_said_to_be_undone() -> None:
    with counting() as server, unreachable() as url, pytest.raises(UpstreamError) as caught:
        fall_back(f"{server.url}/after-the-body/silence", url)

    assert (len(server.taken), caught.value.applied, caught.value.retryable) == (1, None, False)


def test_a_fallback_after_nobody_leaves_it_undone() -> None:
    with unreachable() as first, unreachable() as second, pytest.raises(UpstreamError) as caught:
        fall_back(first, second)

    assert (caught.value.applied, caught.value.retryable) == (False, True)


def test_a_block_in_the_handler_of_another_call_is_alone() -> None:
    def call(before: str, url: str) -> None:
        try:
            httpx.post(before)
        except httpx.TransportError:
            CLIENTS["httpx"](url, "POST")

    with counting() as server, unreachable() as url, pytest.raises(UpstreamError) as caught:
        call(f"{server.url}/after-the-body/close", f"{url}/x")

    assert (caught.value.applied, caught.value.retryable) == (False, True)


async def call_both(server: Counting, other: str) -> None:
    async with (
        upstream("boxes", operation="create"),
        httpx.AsyncClient(timeout=5) as client,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(client.post(f"{server.url}/after-the-body/silence"))
        while not server.taken:
            await asyncio.sleep(0.01)
        (await group.create_task(client.post(other.format(url=server.url)))).raise_for_status()


@pytest.mark.parametrize("other", ["http://127.0.0.1:9/", "{url}/answer/503"])
def test_calls_at_the_same_time_promise_nothing_for_each_other(other: str) -> None:
    with counting() as server, pytest.raises(UpstreamError) as caught:
        asyncio.run(call_both(server, other))

    assert promises_nothing(caught.value, server)
    assert not caught.value.retryable


class Stubborn(httpx.HTTPTransport):
    """A transport of the app that tries twice."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return super().handle_request(request)
        except httpx.TransportError:
            pass
        return super().handle_request(request)


def test_what_was_counted_before_a_retry_of_the_app_is_not_said_to_be_undone() -> None:
    def call(url: str) -> None:
        with upstream("boxes", operation="create") as block, httpx.Client(transport=Stubborn()) as client:
            block.check(client.post(url))

    with counting() as server, pytest.raises(UpstreamError) as caught:
        call(f"{server.url}/once/nowhere")

    assert promises_nothing(caught.value, server)
    assert not caught.value.retryable


@pytest.mark.parametrize("status", [303, 307])
def test_what_aiohttp_raises_by_itself_after_a_redirect_is_not_said_to_be_undone(status: int) -> None:
    async def call(url: str) -> None:
        async with (
            upstream("boxes", operation="create") as block,
            aiohttp.ClientSession() as session,
        ):
            response = await session.post(url)
            response.raise_for_status()
            await block.check(response)

    with counting() as server, pytest.raises(UpstreamError) as caught:
        asyncio.run(call(f"{server.url}/on/{status}/answer/503"))

    assert promises_nothing(caught.value, server)
    assert not caught.value.retryable


def test_a_digest_that_is_refused_twice_leaves_it_undone() -> None:
    def call(url: str) -> None:
        with upstream("boxes", operation="create") as block:
            block.check(requests.post(url, auth=requests.auth.HTTPDigestAuth("ann", "x"), timeout=5))

    challenge = 'Digest realm="r", nonce="n", qop="auth"'
    with saying(401, WWW_Authenticate=challenge) as url, pytest.raises(UpstreamError) as caught:
        call(url)

    assert (caught.value.applied, caught.value.retryable) == (False, False)


@pytest.mark.long
def test_the_table_in_the_docs_is_what_happens() -> None:
    assert table_in_docs() == table()
