"""One call to a service, by each of the client libraries and in each of their ways to read a body."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httpx
import httpx2
import requests
import urllib3

from flask_faultmap.upstreams import UpstreamBlock, upstream

TLS = ssl.create_default_context()


def patience(url: str) -> float:
    """Give seconds: few where nothing will come, many where only a busy machine is late."""
    path = urlsplit(url).path
    return 0.2 if path in ("", "/x") or "hang" in path or "trickle" in path else 5


def of_httpx(url: str) -> dict[str, Any]:
    return {"timeout": patience(url), "follow_redirects": True, "verify": TLS}


def block(method: str, **terms: Any) -> UpstreamBlock:
    return upstream("appproxy", operation="fetch_endpoint", method=method, **terms)


def call_requests(
    url: str, verb: str = "json", *, method: str = "GET", stream: bool = False, **terms: Any
) -> Any:
    with block(method, **terms) as call, requests.Session() as session:
        session.trust_env = False
        response = session.request(method, url, timeout=patience(url), stream=stream)
        return getattr(call, verb)(response)


def call_requests_streaming(url: str, verb: str = "json", **options: Any) -> Any:
    return call_requests(url, verb, stream=True, **options)


def call_httpx(
    url: str, verb: str = "json", *, method: str = "GET", library: Any = httpx, **terms: Any
) -> Any:
    with block(method, **terms) as call, library.Client(**of_httpx(url)) as client:
        return getattr(call, verb)(client.request(method, url))


def call_httpx2(url: str, verb: str = "json", **options: Any) -> Any:
    return call_httpx(url, verb, library=httpx2, **options)


def call_httpx_streaming(url: str, verb: str = "json", *, method: str = "GET", **terms: Any) -> Any:
    client = httpx.Client(**of_httpx(url))
    with block(method, **terms) as call, client, client.stream(method, url) as response:
        return getattr(call, verb)(response)


def call_httpx_async(url: str, verb: str = "json", *, method: str = "GET", **terms: Any) -> Any:
    async def run() -> Any:
        client = httpx.AsyncClient(**of_httpx(url))
        async with block(method, **terms) as call, client:
            return await getattr(call, verb)(await client.request(method, url))

    return asyncio.run(run())


def call_httpx_async_streaming(url: str, verb: str = "json", *, method: str = "GET", **terms: Any) -> Any:
    async def run() -> Any:
        client = httpx.AsyncClient(**of_httpx(url))
        async with block(method, **terms) as call, client, client.stream(method, url) as response:
            return await getattr(call, verb)(response)

    return asyncio.run(run())


def call_urllib3(
    url: str, verb: str = "json", *, method: str = "GET", preload: bool = True, **terms: Any
) -> Any:
    with block(method, **terms) as call, urllib3.PoolManager(timeout=patience(url), retries=1) as pool:
        response = pool.request(method, url, preload_content=preload)
        return getattr(call, verb)(response)


def call_urllib3_streaming(url: str, verb: str = "json", **options: Any) -> Any:
    return call_urllib3(url, verb, preload=False, **options)


def call_aiohttp(url: str, verb: str = "json", *, method: str = "GET", **terms: Any) -> Any:
    async def run() -> Any:
        timeout = aiohttp.ClientTimeout(sock_connect=patience(url), sock_read=patience(url))
        session = aiohttp.ClientSession(timeout=timeout)
        async with block(method, **terms) as call, session, session.request(method, url) as response:
            return await getattr(call, verb)(response)

    return asyncio.run(run())


CLIENTS: dict[str, Callable[..., Any]] = {
    name.removeprefix("call_"): client for name, client in list(globals().items()) if name.startswith("call_")
}
