"""A stream whose body the library has read already, or that is read in a block of the other sort."""

import asyncio
import io
import pickle
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
import requests
import urllib3
from saying import saying

from flask_faultmap.upstreams import upstream

BODY = b'{"a":1}\n{"done":true}\n'


def by_requests(url: str) -> Any:
    return requests.get(url, timeout=5)


def by_requests_streamed(url: str) -> Any:
    return requests.get(url, timeout=5, stream=True)


def by_requests_pickled(url: str) -> Any:
    return pickle.loads(pickle.dumps(requests.get(url, timeout=5)))


def by_requests_without_urllib3(url: str) -> Any:
    response = requests.get(url, timeout=5, stream=True)
    response.raw.close()
    response.raw = io.BytesIO(BODY)  # as doubles in tests have it
    return response


def by_urllib3(url: str) -> Any:
    return urllib3.request("GET", url)


def by_urllib_request(url: str) -> Any:
    return urllib.request.urlopen(url, timeout=5)


CLIENTS = [client for name, client in list(globals().items()) if name.startswith("by_")]


@pytest.mark.usefixtures("leaks")
@pytest.mark.parametrize("client", CLIENTS)
def test_a_stream_is_read_whoever_holds_its_body(client: Callable[[str], Any]) -> None:
    with saying(200, BODY) as url, upstream("runs", operation="follow") as call:
        items = list(call.events(client(url), "ndjson"))

    assert items == [{"a": 1}]


@pytest.mark.usefixtures("leaks")
@pytest.mark.parametrize("client", CLIENTS)
def test_a_stream_is_read_in_an_awaited_block_too(client: Callable[[str], Any]) -> None:
    async def run(url: str) -> list[Any]:
        async with upstream("runs", operation="follow") as call:
            return [item async for item in call.events(client(url), "ndjson")]

    with saying(200, BODY) as url:
        assert asyncio.run(run(url)) == [{"a": 1}]


@pytest.mark.usefixtures("leaks")
def test_a_last_item_without_a_newline_is_given_in_an_awaited_block() -> None:
    async def run(url: str) -> list[Any]:
        async with upstream("runs", operation="follow") as call:
            return [item async for item in call.events(by_requests(url), "ndjson", end=None)]

    with saying(200, b'{"a":1}') as url:
        assert asyncio.run(run(url)) == [{"a": 1}]


@pytest.mark.usefixtures("leaks")
def test_a_body_is_read_from_the_standard_library_too() -> None:
    with saying(200, b'{"a":1}') as url, upstream("runs", operation="get") as call:
        assert call.json(by_urllib_request(url)) == {"a": 1}


@pytest.mark.usefixtures("leaks")
@pytest.mark.parametrize("client", [by_urllib3, by_urllib_request])
def test_a_stream_without_an_end_mark_is_read_to_its_end(client: Callable[[str], Any]) -> None:
    with saying(200, b'{"a":1}') as url, upstream("runs", operation="follow") as call:
        assert list(call.events(client(url), "ndjson", end=None)) == [{"a": 1}]
