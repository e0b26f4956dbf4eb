"""A service that took the request and sent the client on to where nobody answers."""

import asyncio
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import aiohttp
import httpx
import pytest
import requests

from flask_faultmap.upstreams import UpstreamAnswerLostError, upstream

TAKEN: list[str] = []


class SendsOn(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        TAKEN.append(self.path)
        self.send_response(303)
        self.send_header("Location", "http://127.0.0.1:9/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), SendsOn)
    Thread(target=server.serve_forever, daemon=True).start()
    TAKEN.clear()
    yield f"http://127.0.0.1:{server.server_port}/boxes"
    server.shutdown()
    server.server_close()


def with_httpx(url: str) -> None:
    with upstream("boxes", operation="create") as call:
        call.check(httpx.post(url, follow_redirects=True))


def with_requests(url: str) -> None:
    with upstream("boxes", operation="create") as call:
        call.check(requests.post(url, timeout=5))


async def awaited_httpx(url: str) -> None:
    async with upstream("boxes", operation="create") as call, httpx.AsyncClient() as client:
        await call.check(await client.post(url, follow_redirects=True))


async def awaited_aiohttp(url: str) -> None:
    async with upstream("boxes", operation="create") as call, aiohttp.ClientSession() as session:
        await call.check(await session.post(url))


CALLS: dict[str, Any] = {
    "requests": with_requests,
    "httpx": with_httpx,
    "httpx, async": lambda url: asyncio.run(awaited_httpx(url)),
    "aiohttp": lambda url: asyncio.run(awaited_aiohttp(url)),
}


@pytest.mark.parametrize("client", CALLS)
def test_what_was_taken_before_a_redirect_is_not_said_to_be_undone(url: str, client: str) -> None:
    with pytest.raises(UpstreamAnswerLostError) as caught:
        CALLS[client](url)

    assert (TAKEN, caught.value.applied, caught.value.retryable) == (["/boxes"], None, False)


@pytest.mark.parametrize("client", CALLS)
def test_what_was_refused_at_once_is_still_undone(client: str) -> None:
    with pytest.raises(Exception, match="boxes create") as caught:
        CALLS[client]("http://127.0.0.1:9/")

    assert getattr(caught.value, "applied", None) is False
