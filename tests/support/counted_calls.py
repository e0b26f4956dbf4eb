"""One call in a block by each client library: over TLS, with retries, on a kept connection, by a proxy."""

import asyncio
import ssl
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx
import requests
import urllib3
from requests.adapters import HTTPAdapter

from flask_faultmap.upstreams import UpstreamBlock, upstream

BODY = b'{"box":7}'
RETRY = urllib3.Retry(total=2, allowed_methods=None, backoff_factor=0, raise_on_status=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a call goes.

    Attributes:
        context: of TLS, that trusts the server.
        warm: a URL that is asked before, so that the connection is kept.
        proxy: its URL.
        seconds: of patience; few where nothing will come, many where only a busy machine is late.
    """

    context: ssl.SSLContext | None = None
    warm: str = ""
    proxy: str = ""
    seconds: float = 5


def block() -> UpstreamBlock:
    return upstream("boxes", operation="create")


def with_requests(url: str, method: str, way: Way) -> None:
    adapter = HTTPAdapter()
    if way.context is not None:
        adapter.init_poolmanager(4, 4, ssl_context=way.context)
    _ask_with_requests(url, method, adapter, way)


def with_requests_and_retries(url: str, method: str, way: Way) -> None:
    _ask_with_requests(url, method, HTTPAdapter(max_retries=RETRY), way)


def _ask_with_requests(url: str, method: str, adapter: HTTPAdapter, way: Way) -> None:
    with requests.Session() as session:
        session.trust_env = False
        if way.proxy:
            session.proxies = {"http": way.proxy, "https": way.proxy}
            adapter.proxy_manager_for(way.proxy, ssl_context=way.context)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        if way.warm:
            session.get(way.warm, timeout=5)
        with block() as call:
            response = session.request(method, url, data=BODY, timeout=way.seconds, stream=True)
            call.check(response)
            call.json(response)


def with_httpx(url: str, method: str, way: Way) -> None:
    transport = httpx.HTTPTransport(verify=way.context or True, retries=1, proxy=way.proxy or None)
    with httpx.Client(transport=transport, timeout=way.seconds, follow_redirects=True) as client:
        if way.warm:
            client.get(way.warm, timeout=5)
        with block() as call, client.stream(method, url, content=BODY) as response:
            call.check(response)
            call.json(response)


def with_httpx_awaited(url: str, method: str, way: Way) -> None:
    async def run() -> None:
        transport = httpx.AsyncHTTPTransport(verify=way.context or True, retries=1, proxy=way.proxy or None)
        async with httpx.AsyncClient(
            transport=transport, timeout=way.seconds, follow_redirects=True
        ) as client:
            if way.warm:
                await client.get(way.warm, timeout=5)
            async with block() as call, client.stream(method, url, content=BODY) as response:
                await call.check(response)
                await call.json(response)

    asyncio.run(run())


def with_urllib3(url: str, method: str, way: Way) -> None:
    _ask_with_urllib3(url, method, way)


def with_urllib3_and_retries(url: str, method: str, way: Way) -> None:
    _ask_with_urllib3(url, method, way, retries=RETRY)


def _ask_with_urllib3(url: str, method: str, way: Way, **options: Any) -> None:
    options |= {"timeout": way.seconds, "ssl_context": way.context}
    with urllib3.ProxyManager(way.proxy, **options) if way.proxy else urllib3.PoolManager(**options) as pool:
        if way.warm:
            pool.request("GET", way.warm, timeout=5)
        with block() as call:
            response = pool.request(method, url, body=BODY, preload_content=False)
            call.check(response)
            call.json(response)


def with_aiohttp(url: str, method: str, way: Way) -> None:
    async def run() -> None:
        timeout = aiohttp.ClientTimeout(sock_connect=way.seconds, sock_read=way.seconds)
        connector = aiohttp.TCPConnector(ssl=way.context or True)
        async with aiohttp.ClientSession(
            timeout=timeout, connector=connector, proxy=way.proxy or None
        ) as session:
            if way.warm:
                async with session.get(way.warm) as response:
                    await response.read()
            async with block() as call, session.request(method, url, data=BODY) as response:
                await call.check(response)
                await call.json(response)

    asyncio.run(run())


def with_urllib_request(url: str, method: str, way: Way) -> None:
    asked = urllib.request.Request(url, data=BODY, method=method, headers={"Content-Type": "text/plain"})
    proxies = {"http": way.proxy, "https": way.proxy} if way.proxy else {}
    handlers: list[Any] = [urllib.request.ProxyHandler(proxies)]
    if way.context is not None:
        handlers.append(urllib.request.HTTPSHandler(context=way.context))
    opener = urllib.request.build_opener(*handlers)
    with block() as call, opener.open(asked, timeout=way.seconds) as response:
        call.check(response)
        call.json(response)


Ask = Callable[[str, str, Way], None]
Client = Callable[..., None]


def client_of(ask: Ask) -> Client:
    """Give *ask* as a function of URL, method, and the members of its way."""

    def call(url: str, method: str, **options: Any) -> None:
        ask(url, method, Way(**{"seconds": 0.2 if "silence" in url else 5, **options}))

    return call


CLIENTS: dict[str, Client] = {
    "requests": client_of(with_requests),
    "httpx": client_of(with_httpx),
    "httpx (async)": client_of(with_httpx_awaited),
    "urllib3": client_of(with_urllib3),
    "aiohttp": client_of(with_aiohttp),
    "urllib.request": client_of(with_urllib_request),
}
WITH_RETRIES: dict[str, Client] = {
    "requests": client_of(with_requests_and_retries),
    "urllib3": client_of(with_urllib3_and_retries),
    "aiohttp": CLIENTS["aiohttp"],  # repeats by itself what is idempotent
}
