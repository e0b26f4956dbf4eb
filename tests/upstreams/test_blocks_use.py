"""How a block around calls to a service must be used, and that a wrong use never passes for success."""

import asyncio
from collections.abc import Iterator
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3
from client_calls import failure_of
from misbehaving import Misbehaving, misbehaving

from flask_faultmap import ConfigError, DomainError
from flask_faultmap.errors import InvalidArgumentError, NotFoundError
from flask_faultmap.upstreams import UpstreamError, UpstreamResponseError, UpstreamUsageError, upstream

TERMS: dict[str, Any] = {"service": "appproxy", "operation": "delete_endpoint"}


class AppProxyError(DomainError):
    """A class of the service, below nothing of ours."""


class NeedsMore(DomainError):
    """Cannot be made of a message alone."""

    def __init__(self, message: str, endpoint: str) -> None:
        super().__init__(message)


@pytest.fixture(scope="module")
def server() -> Iterator[Misbehaving]:
    with misbehaving() as running:
        yield running


def get(url: str) -> requests.Response:
    return requests.get(url, timeout=60)


@pytest.mark.parametrize(
    ("errors", "passing", "words"),
    [
        ({ValueError: AppProxyError}, {}, "must be UpstreamError or a class below it"),
        ({"UpstreamError": AppProxyError}, {}, "must be UpstreamError or a class below it"),
        ({UpstreamError: ValueError}, {}, "no subclass of DomainError"),
        ({UpstreamError: "AppProxyError"}, {}, "no subclass of DomainError"),
        ({UpstreamError: NeedsMore}, {}, "NeedsMore cannot be made of a message alone"),
        ({}, {404: ValueError}, "no subclass of DomainError"),
        ({}, {401: NotFoundError}, "passing has the key 401"),
        ({}, {403: NotFoundError}, "passing has the key 403"),
        ({}, {200: NotFoundError}, "passing has the key 200"),
        ({}, {600: NotFoundError}, "passing has the key 600"),
        ({}, {None: NotFoundError}, "passing has the key None"),
        ({}, {"404": NotFoundError}, "passing has the key '404'"),
    ],
)
def test_terms_that_cannot_work_are_refused_at_once(errors: Any, passing: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        upstream(**TERMS, errors=errors, passing=passing)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"errors": UpstreamUsageError}, "errors is .*UpstreamUsageError.*; it must be a mapping"),
        ({"passing": [404]}, r"passing is \[404\]; it must be a mapping"),
        ({"profile": "problem"}, "profile is 'problem'; it must be a Profile"),
    ],
)
def test_terms_of_another_type_are_refused_in_words(terms: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        upstream(**TERMS, **terms)


def test_a_block_that_is_entered_twice_is_our_own_bug() -> None:
    block = upstream(**TERMS, unchecked=True)

    def call() -> None:
        with block:
            pass

    call()

    assert "entered twice; call upstream(…) anew for each call" in str(failure_of(call))


def test_an_async_block_that_is_entered_twice_is_our_own_bug() -> None:
    block = upstream(**TERMS, unchecked=True)

    async def call() -> None:
        async with block:
            pass

    asyncio.run(call())

    assert "entered twice" in str(failure_of(lambda: asyncio.run(call())))


def test_all_that_is_wrong_with_the_terms_is_said_at_once() -> None:
    with pytest.raises(ConfigError, match=r"^upstream\('appproxy'\): .*; .*; "):
        upstream(**TERMS, errors={ValueError: ValueError}, passing={200: NotFoundError})  # type: ignore[dict-item]


@pytest.mark.parametrize("response", [None, {"status": 200}, b"{}", requests.Response(), httpx.Response])
@pytest.mark.parametrize("verb", ["check", "json"])
def test_what_is_no_response_is_our_own_bug(verb: str, response: object) -> None:
    def call() -> None:
        with upstream(**TERMS) as block:
            getattr(block, verb)(response)

    error = failure_of(call)

    assert (type(error), error.retryable) == (UpstreamUsageError, False)
    assert "is no response of requests, httpx, urllib3, aiohttp or urllib.request" in str(error)


@pytest.mark.parametrize("verb", ["check", "json"])
def test_a_response_after_the_block_is_our_own_bug(server: Misbehaving, verb: str) -> None:
    with upstream(**TERMS) as call:
        response = call.check(get(server.url + "/ok"))

    assert "after its block" in str(failure_of(lambda: getattr(call, verb)(response)))


def test_a_block_that_checked_nothing_does_not_end_well(server: Misbehaving) -> None:
    def call() -> None:
        with upstream(**TERMS):
            get(server.url + "/say?status=500")

    error = failure_of(call)

    assert type(error) is UpstreamUsageError
    assert "no response was checked" in str(error)


def test_a_block_around_a_library_that_hides_its_responses_checks_nothing() -> None:
    with upstream(**TERMS, unchecked=True):
        answer = "from some SDK"

    assert answer == "from some SDK"


def test_a_forgotten_check_is_made_by_json(server: Misbehaving) -> None:
    def call() -> None:
        with upstream(**TERMS) as block:
            block.json(get(server.url + "/say?status=500"))

    assert type(failure_of(call)) is UpstreamResponseError


@pytest.mark.parametrize("verb", ["check", "json"])
def test_a_forgotten_await_does_not_end_well(server: Misbehaving, verb: str) -> None:
    async def call() -> None:
        async with upstream(**TERMS) as block, httpx.AsyncClient() as client:
            getattr(block, verb)(await client.get(server.url + "/say?status=500"))

    error = failure_of(lambda: asyncio.run(call()))

    assert "was not awaited" in str(error)


def test_a_forgotten_await_does_not_hide_what_went_wrong_after_it(server: Misbehaving) -> None:
    async def call() -> None:
        async with upstream(**TERMS) as block, httpx.AsyncClient() as client:
            block.check(await client.get(server.url + "/ok"))  # type: ignore[unused-coroutine]
            raise InvalidArgumentError("x")

    assert type(failure_of(lambda: asyncio.run(call()))) is InvalidArgumentError


def test_a_response_that_must_be_awaited_asks_for_an_async_block(server: Misbehaving) -> None:
    async def call() -> None:
        with upstream(**TERMS) as block:
            async with aiohttp.ClientSession() as session, session.get(server.url + "/ok") as response:
                block.check(response)

    error = failure_of(lambda: asyncio.run(call()))

    assert "use 'async with upstream(…)'" in str(error)


def test_a_sync_client_works_in_an_async_block(server: Misbehaving) -> None:
    async def call() -> Any:
        async with upstream(**TERMS) as block:
            return await block.json(get(server.url + "/ok"))

    assert asyncio.run(call()) == {"endpoint": "e1"}


def test_a_sync_client_s_bad_answer_is_read_in_an_async_block(server: Misbehaving) -> None:
    async def call() -> None:
        async with upstream(**TERMS) as block:
            await block.check(urllib3.request("GET", server.url + "/json-as-text-500", retries=False))

    assert failure_of(lambda: asyncio.run(call())).extra_data["body"] == {"why": "disk full"}


def test_an_aiohttp_body_that_was_read_is_kept(server: Misbehaving) -> None:
    async def call() -> None:
        async with upstream(**TERMS) as block, aiohttp.ClientSession() as session:
            response = await session.get(server.url + "/json-as-text-500")
            await response.read()
            await block.check(response)

    assert failure_of(lambda: asyncio.run(call())).extra_data["body"] == {"why": "disk full"}


def test_a_response_made_by_hand_has_no_request() -> None:
    def call() -> None:
        with upstream(**TERMS, method="PUT", path="/endpoints/7") as block:
            block.check(httpx.Response(500))

    error = failure_of(call)

    assert str(error) == "appproxy delete_endpoint: answered 500 (PUT /endpoints/7)"


def test_a_url_that_is_none_has_no_path() -> None:
    def call() -> None:
        with upstream(**TERMS) as block:
            response = requests.Response()
            response.status_code, response.url, response._content = 500, "http://[", b""
            block.check(response)

    assert failure_of(call).extra_data["path"] is None


@pytest.mark.parametrize(
    ("exc", "path", "status"),
    [
        (aiohttp.ClientPayloadError(), "/ok", 200),
        (aiohttp.SocketTimeoutError(), "/ok", 200),
        (aiohttp.ConnectionTimeoutError(), None, None),
        (ConnectionRefusedError(), None, None),
        (requests.ReadTimeout(request=requests.Request("GET", "http://h/other").prepare()), "/other", None),
        (requests.HTTPError(), None, None),
    ],
    ids=repr,
)
def test_only_an_answer_that_broke_off_has_what_had_come_of_it(
    server: Misbehaving, exc: Exception, path: str | None, status: int | None
) -> None:
    def call() -> None:
        with upstream(**TERMS) as block:
            block.check(get(server.url + "/ok"))
            raise exc

    data = failure_of(call).extra_data

    assert (data["path"], data["status"]) == (path, status)
