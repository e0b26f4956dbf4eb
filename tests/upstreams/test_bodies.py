"""How much of the body of a bad answer is read, and for how long."""

import asyncio
import tracemalloc
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3
from misbehaving import Misbehaving, misbehaving
from upstream_clients import CLIENTS

from flask_faultmap import DomainError
from flask_faultmap.upstreams.answers import answer_of
from flask_faultmap.upstreams.bodies import aread_some, load, read_some, redacted

STREAMING = [name for name in CLIENTS if "streaming" in name or name == "aiohttp"]
PATIENCE = 1  # second
TRICKLED = "[unreadable: TimeoutError]"


@pytest.fixture(scope="module")
def server() -> Iterator[Misbehaving]:
    with misbehaving() as running:
        yield running


def body_of(client: str, url: str) -> Any:
    with pytest.raises(DomainError) as caught:
        CLIENTS[client](url)
    error: Any = caught.value
    return error.extra_data["body"]


def trickled_to_requests(url: str) -> Any:
    with requests.Session() as session:
        return read_some(answer_of(session.get(url, stream=True)), PATIENCE)


def trickled_to_urllib3(url: str) -> Any:
    with urllib3.PoolManager() as pool:
        return read_some(answer_of(pool.request("GET", url, preload_content=False)), PATIENCE)


def trickled_to_httpx(url: str) -> Any:
    with httpx.Client() as client, client.stream("GET", url) as response:
        return read_some(answer_of(response), PATIENCE)


def trickled_to_httpx_async(url: str) -> Any:
    async def run() -> Any:
        async with httpx.AsyncClient() as client, client.stream("GET", url) as response:
            return await aread_some(answer_of(response), PATIENCE)

    return asyncio.run(run())


def trickled_to_aiohttp(url: str) -> Any:
    async def run() -> Any:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return await aread_some(answer_of(response), PATIENCE)

    return asyncio.run(run())


@pytest.mark.long
@pytest.mark.parametrize(
    "read",
    [
        trickled_to_requests,
        trickled_to_urllib3,
        trickled_to_httpx,
        trickled_to_httpx_async,
        trickled_to_aiohttp,
    ],
)
def test_an_error_page_that_comes_in_drops_is_given_up(server: Misbehaving, read: Any) -> None:
    body = read(server.url + "/trickle-500")  # which goes on for as long as anybody reads

    assert body == TRICKLED


@pytest.mark.parametrize("path", ["/gzip-500", "/zlib-500"])
@pytest.mark.parametrize("client", CLIENTS)
def test_the_content_coding_of_an_error_page_is_taken_off(
    server: Misbehaving, client: str, path: str
) -> None:
    assert body_of(client, server.url + path) == {"why": "disk full"}


@pytest.mark.parametrize("client", STREAMING)
def test_an_error_page_that_unpacks_to_50_mb_is_unpacked_in_part(server: Misbehaving, client: str) -> None:
    tracemalloc.start()

    body = body_of(client, server.url + "/bomb-500")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert (len(body), peak < 5_000_000) == (4_096, True)


@pytest.mark.parametrize("client", [name for name in STREAMING if name != "aiohttp"])
def test_a_content_coding_that_nobody_knows_is_said(server: Misbehaving, client: str) -> None:
    assert body_of(client, server.url + "/unknown-coding-500") == "[unreadable: its content coding]"


@pytest.mark.parametrize("client", STREAMING)
def test_a_broken_content_coding_hides_no_status(server: Misbehaving, client: str) -> None:
    assert str(body_of(client, server.url + "/broken-gzip-500")).startswith("[unreadable: ")


def test_a_response_that_no_connection_is_behind_is_read_too() -> None:
    response = requests.Response()
    response.status_code, response.url, response.raw = 500, "http://h/", BytesIO(b"made by a test")

    assert read_some(answer_of(response)) == b"made by a test"


def test_a_sync_response_is_read_in_an_async_block_too(server: Misbehaving) -> None:
    with requests.Session() as session:
        response = session.get(server.url + "/gzip-500", stream=True)

        body = asyncio.run(aread_some(answer_of(response)))

    assert body == b'{"why":"disk full"}'


@pytest.mark.parametrize(
    "body",
    [
        ["a"] * 21_000,
        ["a=b c"] * 21_000,
        {f"k{number}": "x" for number in range(5_000)},
        [[["x"]] * 9] * 2_000,
    ],
)
def test_one_budget_is_for_the_whole_body(body: Any) -> None:
    text = str(redacted(body))

    assert len(text) < 30_000
    assert "…" in text


def test_short_texts_that_must_be_redacted_count_for_more() -> None:
    assert redacted(["pw=a1"] * 1_000) == ["pw=[redacted]"] * 128 + ["…"] * 872


def test_long_texts_share_the_budget() -> None:
    said = redacted(["word " * 2_000, "word " * 2_000, "word " * 2_000, "short"])

    assert [len(text) for text in said] == [4_092, 4_092, 1, 1]


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252"])
def test_json_is_read_in_the_charset_that_it_names(charset: str) -> None:
    body = '{"name": "Zoë"}'.encode(charset)

    assert load(body, f"application/json; charset={charset}") == {"name": "Zoë"}
