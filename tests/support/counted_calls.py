"""One call in a block by each client library: over TLS, with retries, on a kept connection."""

import asyncio
import ssl
import urllib.request
from collections.abc import Callable
from typing import Any

import aiohttp
import httpx
import requests
import urllib3
from requests.adapters import HTTPAdapter

from flask_faultmap.upstreams import UpstreamBlock, upstream

BODY = b'{"box":7}'
RETRY = urllib3.Retry(total=2, allowed_methods=None, backoff_factor=0, raise_on_status=False)


def patience(url: str) -> float:
    """Give seconds: few where nothing will come, many where only a busy machine is late."""
    return 0.2 if "silence" in url else 5


def block() -> UpstreamBlock:
    return upstream("boxes", operation="create")


def with_requests(url: str, method: str, *, context: ssl.SSLContext | None = None, warm: str = "") -> None:
    adapter = HTTPAdapter()
    if context is not None:
        adapter.init_poolmanager(4, 4, ssl_context=context)
    _ask_with_requests(url, method, adapter, warm)


def with_requests_and_retries(
    url: str, method: str, *, context: ssl.SSLContext | None = None, warm: str = ""
) -> None:
    _ask_with_requests(url, method, HTTPAdapter(max_retries=RETRY), warm)


def _ask_with_requests(url: str, method: str, adapter: HTTPAdapter, warm: str) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        if warm:
            session.get(warm, timeout=5)
        with block() as call:
            response = session.request(method, url, data=BODY, timeout=patience(url), stream=True)
            call.check(response)
            call.json(response)


def with_httpx(url: str, method: str, *, context: ssl.SSLContext | None = None, warm: str = "") -> None:
    transport = httpx.HTTPTransport(verify=context or True, retries=1)
    with httpx.Client(transport=transport, timeout=patience(url), follow_redirects=True) as client:
        if warm:
            client.get(warm, timeout=5)
        with block() as call, client.stream(method, url, content=BODY) as response:
            call.check(response)
            call.json(response)


def with_httpx_awaited(
    url: str, method: str, *, context: ssl.SSLContext | None = None, warm: str = ""
) -> None:
    async def run() -> None:
        transport = httpx.AsyncHTTPTransport(verify=context or True, retries=1)
        async with httpx.AsyncClient(
            transport=transport, timeout=patience(url), follow_redirects=True
        ) as client:
            if warm:
                await client.get(warm, timeout=5)
            async with block() as call, client.stream(method, url, content=BODY) as response:
                await call.check(response)
                await call.json(response)

    asyncio.run(run())


def with_urllib3(url: str, method: str, *, context: ssl.SSLContext | None = None, warm: str = "") -> None:
    _ask_with_urllib3(url, method, urllib3.PoolManager(timeout=patience(url), ssl_context=context), warm)


def with_urllib3_and_retries(
    url: str, method: str, *, context: ssl.SSLContext | None = None, warm: str = ""
) -> None:
    _ask_with_urllib3(url, method, urllib3.PoolManager(timeout=patience(url), retries=RETRY), warm)


def _ask_with_urllib3(url: str, method: str, pool: urllib3.PoolManager, warm: str) -> None:
    with pool:
        if warm:
            pool.request("GET", warm, timeout=5)
        with block() as call:
            response = pool.request(method, url, body=BODY, preload_content=False)
            call.check(response)
            call.json(response)


def with_aiohttp(url: str, method: str, *, context: ssl.SSLContext | None = None, warm: str = "") -> None:
    async def run() -> None:
        timeout = aiohttp.ClientTimeout(sock_connect=patience(url), sock_read=patience(url))
        connector = aiohttp.TCPConnector(ssl=context or True)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
            if warm:
                async with session.get(warm) as response:
                    await response.read()
            async with block() as call, session.request(method, url, data=BODY) as response:
                await call.check(response)
                await call.json(response)

    asyncio.run(run())


def with_urllib_request(
    url: str, method: str, *, context: ssl.SSLContext | None = None, warm: str = ""
) -> None:
    asked = urllib.request.Request(url, data=BODY, method=method, headers={"Content-Type": "text/plain"})
    handlers: list[Any] = [urllib.request.ProxyHandler({})]
    if context is not None:
        handlers.append(urllib.request.HTTPSHandler(context=context))
    opener = urllib.request.build_opener(*handlers)
    with block() as call, opener.open(asked, timeout=patience(url)) as response:
        call.check(response)
        call.json(response)


Client = Callable[..., None]
CLIENTS: dict[str, Client] = {
    "requests": with_requests,
    "httpx": with_httpx,
    "httpx (async)": with_httpx_awaited,
    "urllib3": with_urllib3,
    "aiohttp": with_aiohttp,
    "urllib.request": with_urllib_request,
}
WITH_RETRIES: dict[str, Client] = {
    "requests": with_requests_and_retries,
    "urllib3": with_urllib3_and_retries,
    "aiohttp": with_aiohttp,  # repeats by itself what is idempotent
}
