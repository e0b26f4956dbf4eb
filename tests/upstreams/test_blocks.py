"""The block around a call to a service: what leaves it, and how it must be used."""

import asyncio
import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import httpx
import pytest
import requests
from client_calls import failure_of
from misbehaving import Misbehaving, misbehaving

from flask_faultmap import DomainError, FaultMap
from flask_faultmap.errors import AlreadyExistsError, GoneError, NotFoundError
from flask_faultmap.upstreams import (
    UpstreamConnectionError,
    UpstreamCredentialsError,
    UpstreamError,
    UpstreamResponseError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
    upstream,
)

TERMS: dict[str, Any] = {"service": "appproxy", "operation": "delete_endpoint"}


class AppProxyError(DomainError):
    """A class of the service, below nothing of ours."""


class AppProxyConnectionError(AppProxyError):
    """Exposes its text, which must not happen with one that we wrote."""


class AppProxyResponseError(UpstreamResponseError):
    """A class of the service, below ours."""

    public = "The proxy gave no usable answer."


@pytest.fixture(scope="module")
def server() -> Iterator[Misbehaving]:
    with misbehaving() as running:
        yield running


def get(url: str) -> requests.Response:
    return requests.get(url, timeout=60, allow_redirects=False)


def checked(url: str, **terms: Any) -> requests.Response:
    with upstream(**TERMS, **terms) as call:
        return call.check(get(url))


def raised(exc: Exception, **terms: Any) -> None:
    with upstream(**TERMS, **terms):
        raise exc


def test_the_error_of_an_answer_holds_all_that_is_known(server: Misbehaving) -> None:
    url = server.url + "/say?status=409&body=%7B%22why%22:%22taken%22%7D"

    error = failure_of(lambda: checked(url))

    assert type(error) is UpstreamResponseError
    assert error.extra_data == {
        "service": "appproxy",
        "operation": "delete_endpoint",
        "method": "GET",
        "path": "/say",
        "status": 409,
        "body": {"why": "taken"},
    }


def test_the_log_gets_what_is_known_without_the_body(server: Misbehaving) -> None:
    error = failure_of(lambda: checked(server.url + "/html-502"))

    assert str(error) == "appproxy delete_endpoint: answered 502 (GET /html-502)"
    assert error.context == {
        "upstream": {
            "service": "appproxy",
            "operation": "delete_endpoint",
            "method": "GET",
            "path": "/html-502",
            "status": 502,
            "applied": None,
            "code": None,
        }
    }


def test_the_exception_of_the_library_is_the_cause() -> None:
    cause = requests.ReadTimeout()

    error = failure_of(lambda: raised(cause))

    assert error.__cause__ is cause


@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_what_is_known_survives_copies(server: Misbehaving, again: Callable[[Any], Any]) -> None:
    error = failure_of(lambda: checked(server.url + "/html-502"))

    assert again(error).extra_data == error.extra_data


@pytest.mark.parametrize("exc", [ValueError("a bug"), OSError("disk"), NotFoundError("no such endpoint")])
def test_what_no_client_library_raised_passes_untouched(exc: Exception) -> None:
    with pytest.raises(type(exc)) as caught:
        raised(exc)

    assert caught.value is exc
    assert caught.value.__cause__ is None


def test_a_domain_error_that_is_also_a_library_s_passes_untouched() -> None:
    class Both(NotFoundError, requests.ConnectionError):  # type: ignore[misc]  # users do such things
        pass

    exc = Both("x")

    assert failure_of(lambda: raised(exc)) is exc


def test_a_library_s_own_status_check_is_read_like_ours(server: Misbehaving) -> None:
    def call() -> None:
        with upstream(**TERMS):
            get(server.url + "/say?status=404").raise_for_status()

    error = failure_of(call)

    assert error.extra_data["body"] == {"secret": "[redacted]"}
    assert (error.extra_data["status"], error.applied) == (404, False)


def test_httpx_own_status_check_is_read_like_ours(server: Misbehaving) -> None:
    async def call() -> None:
        async with httpx.AsyncClient() as client, upstream(**TERMS):
            request = client.build_request("GET", server.url + "/say?status=403")
            (await client.send(request, stream=True)).raise_for_status()

    error = failure_of(lambda: asyncio.run(call()))

    assert type(error) is UpstreamCredentialsError
    assert error.extra_data["body"] == {"secret": "[redacted]"}


def test_aiohttp_own_status_check_keeps_status_and_wish_to_wait(server: Misbehaving) -> None:
    async def call() -> None:
        async with upstream(**TERMS), aiohttp.ClientSession(raise_for_status=True) as session:
            await session.get(server.url + "/say?status=503&retry-after=7")

    error = failure_of(lambda: asyncio.run(call()))

    assert type(error) is UpstreamUnavailableError
    assert (error.extra_data["status"], error.extra_data["path"], error.retry_after) == (503, "/say", 7)


def test_a_status_check_without_a_response_is_a_bad_answer() -> None:
    error = failure_of(lambda: raised(requests.HTTPError("by hand")))

    assert (type(error), error.extra_data["status"]) == (UpstreamResponseError, None)


# The service's own classes


@pytest.mark.parametrize(
    ("exc", "cls"),
    [
        (requests.exceptions.SSLError(), AppProxyConnectionError),  # by its nearest family, not by its order
        (requests.ReadTimeout(), UpstreamTimeoutError),
        (requests.exceptions.ChunkedEncodingError(), AppProxyResponseError),
        (requests.exceptions.RequestException(), AppProxyError),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_the_nearest_family_names_the_service_s_class(exc: Exception, cls: type[DomainError]) -> None:
    errors = {
        UpstreamError: AppProxyError,
        UpstreamTimeoutError: UpstreamTimeoutError,
        UpstreamResponseError: AppProxyResponseError,
        UpstreamConnectionError: AppProxyConnectionError,
    }

    assert type(failure_of(lambda: raised(exc, errors=errors))) is cls


def test_a_class_of_the_service_gets_all_that_ours_have() -> None:
    errors = {UpstreamConnectionError: AppProxyConnectionError}

    error = failure_of(lambda: raised(requests.exceptions.SSLError(), errors=errors))

    assert (error.applied, error.permanent, error.retryable, error.upstream_code) == (
        None,
        True,
        False,
        None,
    )
    assert error.extra_data["service"] == "appproxy"


def test_a_class_that_shows_its_text_shows_its_title_instead() -> None:
    error = failure_of(lambda: raised(requests.ConnectTimeout(), errors={UpstreamError: AppProxyError}))

    assert (error.expose, FaultMap().describe(error).text) == (False, "Bad request")


def test_a_public_text_of_the_service_s_class_stays(server: Misbehaving) -> None:
    errors = {UpstreamResponseError: AppProxyResponseError}

    error = failure_of(lambda: checked(server.url + "/html-502", errors=errors))

    assert error.public == "The proxy gave no usable answer."


# Statuses that become the client's own


def test_a_status_that_passes_is_the_client_s_own(server: Misbehaving) -> None:
    error = failure_of(lambda: checked(server.url + "/say?status=404", passing={404: NotFoundError}))

    assert (type(error), error.expose, error.retryable) == (NotFoundError, False, False)
    assert (error.extra_data["status"], error.applied) == (404, False)


def test_a_wish_to_wait_passes_too(server: Misbehaving) -> None:
    url = server.url + "/say?status=409&retry-after=30"

    error = failure_of(lambda: checked(url, passing={409: AlreadyExistsError}))

    assert error.retry_after == 30


def test_only_the_named_statuses_pass(server: Misbehaving) -> None:
    error = failure_of(lambda: checked(server.url + "/say?status=410", passing={404: NotFoundError}))

    assert type(error) is UpstreamResponseError


def test_a_redirect_is_no_success_and_may_pass(server: Misbehaving) -> None:
    error = failure_of(lambda: checked(server.url + "/redirect-loop", passing={302: GoneError}))

    assert (type(error), error.applied) == (GoneError, None)
