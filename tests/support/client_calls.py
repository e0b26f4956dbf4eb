"""One call by each client library: its status is checked, redirects are followed. What leaves the block?"""

import asyncio
import urllib.request
from collections.abc import Callable
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3

from flask_faultmap import DomainError
from flask_faultmap.upstreams import upstream


def failure_of(call: Callable[[], Any]) -> Any:
    with pytest.raises(DomainError) as caught:
        call()
    return caught.value


def guarded(ask: Callable[[], Any], **terms: Any) -> Any:
    def run() -> None:
        with upstream("boxes", operation="create", **terms) as call:
            call.check(ask())

    return failure_of(run)


def guarded_awaited(ask: Callable[[], Any], **terms: Any) -> Any:
    async def run() -> None:
        async with upstream("boxes", operation="create", **terms) as call:
            await call.check(await ask())

    return failure_of(lambda: asyncio.run(run()))


async def ask_httpx(method: str, url: str, **options: Any) -> httpx.Response:
    async with httpx.AsyncClient(follow_redirects=True, timeout=5, **options) as client:
        return await client.request(method, url)


async def ask_aiohttp(method: str, url: str, connector: Any = None, **options: Any) -> aiohttp.ClientResponse:
    make = connector or aiohttp.TCPConnector
    async with aiohttp.ClientSession(connector=make()) as session:
        return await session.request(method, url, **options)


def ask_urllib(method: str, url: str, *handlers: Any) -> Any:
    opener = urllib.request.build_opener(*(handlers or [urllib.request.ProxyHandler({})]))
    with opener.open(urllib.request.Request(url, method=method), timeout=5) as response:
        return response


# One call by each client; the status is checked, redirects are followed.
PLAIN: dict[str, Callable[[str, str], Any]] = {
    "requests": lambda method, url: guarded(lambda: requests.request(method, url, timeout=5)),
    "httpx": lambda method, url: guarded(
        lambda: httpx.request(method, url, timeout=5, follow_redirects=True)
    ),
    "httpx (async)": lambda method, url: guarded_awaited(lambda: ask_httpx(method, url)),
    "urllib3": lambda method, url: guarded(lambda: urllib3.request(method, url, timeout=5)),
    "aiohttp": lambda method, url: guarded_awaited(lambda: ask_aiohttp(method, url)),
    "urllib.request": lambda method, url: guarded(lambda: ask_urllib(method, url)),
}
