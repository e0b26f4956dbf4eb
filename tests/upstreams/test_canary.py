"""No logger of any client tells a secret at DEBUG, nor does what leaves the block."""

import asyncio
import json
import socket
import ssl
import traceback
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import aiohttp
import httpx
import httpx2
import pytest
import requests
import trustme
import urllib3
from flask import Flask
from hearing import hearing
from misbehaving import unreachable
from saying import saying
from talking import answering, speak_http2

from flask_faultmap import DomainError, FaultMap, fault_translated
from flask_faultmap.upstreams import upstream

CANARY = "Canary7xTweet9Zq4Kb2"  # 20 characters, as a token has them
HEADERS = {"Authorization": f"Bearer {CANARY}", "X-Any": CANARY, "Cookie": f"session={CANARY}"}
PATH = f"/bot123456789:AA{CANARY}xxxxxx/send/ghp_{CANARY}{CANARY}/{CANARY}?token={CANARY}&a=1"
ANSWER = {
    "Set_Cookie": f"session={CANARY}; HttpOnly",
    "X_Token": CANARY,
    "WWW_Authenticate": f'A nonce="{CANARY}"',
}
BODY = json.dumps({"password": CANARY, "url": f"https://ann:{CANARY}@h/x"}).encode()
AUTHORITY = trustme.CA()
HERE = ssl.create_default_context()
AUTHORITY.configure_trust(HERE)

# Some libraries leave a socket to the garbage collector when a call fails.
pytestmark = [
    pytest.mark.usefixtures("leaks"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def with_requests(url: str) -> None:
    with upstream("boxes", operation="get") as call, requests.Session() as session:
        session.trust_env = False
        call.check(session.get(url, headers=HEADERS, timeout=5))


def with_urllib3(url: str) -> None:
    with upstream("boxes", operation="get") as call, urllib3.PoolManager(retries=2) as pool:
        call.check(pool.request("GET", url, headers=HEADERS, timeout=5))


def with_httpx(url: str) -> None:
    with (
        upstream("boxes", operation="get") as call,
        httpx.Client(follow_redirects=True, timeout=5, http2=True, verify=HERE) as client,
    ):
        call.check(client.get(url, headers=HEADERS))


def with_httpx2(url: str) -> None:
    with (
        upstream("boxes", operation="get") as call,
        httpx2.Client(follow_redirects=True, timeout=5, verify=HERE) as client,
    ):
        call.check(client.get(url, headers=HEADERS))


def with_httpx_awaited(url: str) -> None:
    async def run() -> None:
        async with (
            upstream("boxes", operation="get") as call,
            httpx.AsyncClient(follow_redirects=True, timeout=5, http2=True, verify=HERE) as client,
        ):
            await call.check(await client.get(url, headers=HEADERS))

    asyncio.run(run(), debug=True)


def with_aiohttp(url: str) -> None:
    async def run() -> None:
        async with upstream("boxes", operation="get") as call, aiohttp.ClientSession() as session:
            await call.check(await session.get(url, headers=HEADERS, ssl=HERE))

    asyncio.run(run(), debug=True)


def with_urllib_request(url: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with upstream("boxes", operation="get") as call:
        call.check(opener.open(urllib.request.Request(url, headers=HEADERS), timeout=5))


CLIENTS: dict[str, Callable[[str], None]] = {
    name.removeprefix("with_"): client for name, client in list(globals().items()) if name.startswith("with_")
}
ANSWERS: dict[str, tuple[int, dict[str, str]]] = {
    "success": (200, {}),
    "refusal": (401, {}),
    "failure": (500, {}),
    "redirect to nowhere": (302, {"Location": f"http://ann:{CANARY}@127.0.0.1:9{PATH}"}),
    "redirect that cannot be followed": (302, {"Location": f"ftp://ann:{CANARY}@h{PATH}"}),
    "broken header": (200, {f"X Broken {CANARY}": CANARY, "Set_Cookie": f"a={CANARY}"}),
    "wait": (503, {"Retry_After": "1"}),
}


def told_by(client: str, url: str) -> str:
    """Call, and give all that can be heard and seen of it, but not the answer's own bytes."""
    app = Flask(__name__)
    FaultMap(app)
    seen: list[str] = []

    @app.get("/")
    def view() -> str:
        CLIENTS[client](url)
        return "fine"

    def listen(sender: Flask, *, error: DomainError, **extra: Any) -> None:
        seen.extend(
            [repr(getattr(error, "extra_data", "")), repr(error.context), *traceback.format_exception(error)]
        )

    with hearing() as said, fault_translated.connected_to(listen, app):
        seen.append(app.test_client().get("/").text)
    return "\n".join([*said, *seen])


@pytest.mark.long
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("client", CLIENTS)
def test_no_logger_tells_a_secret_of_an_answer(client: str, answer: str) -> None:
    status, headers = ANSWERS[answer]

    with saying(status, BODY, **{**ANSWER, **headers}) as url:
        told = told_by(client, f"{url}{PATH}")

    assert "boxes get" in told or status == 200
    assert CANARY not in told


@pytest.mark.parametrize("client", CLIENTS)
def test_no_logger_tells_a_secret_of_a_call_to_nobody(client: str) -> None:
    with unreachable() as url:
        told = told_by(client, f"{url.replace('http://', f'http://ann:{CANARY}@')}{PATH}")

    assert CANARY not in told


def say_http2(connection: socket.socket) -> None:
    def answer(server: Any, stream: int) -> None:
        headers = [(name.replace("_", "-").lower(), value) for name, value in ANSWER.items()]
        server.send_headers(stream, [(":status", "401"), *headers])
        server.send_data(stream, BODY, end_stream=True)

    with suppress(OSError):
        speak_http2(AUTHORITY, connection, answer)


@pytest.mark.parametrize("client", ["httpx", "httpx_awaited"])
def test_no_logger_tells_a_secret_of_http2(client: str) -> None:
    with answering(say_http2) as port:
        told = told_by(client, f"https://127.0.0.1:{port}{PATH}")

    assert "hpack" in told
    assert CANARY not in told


HEADER_VALUES = [
    f"{CANARY}\n",
    f"{CANARY}\r\nX-Evil: 1",
    f" {CANARY}",
    f"{CANARY}\0",
    7777,
    f"b'{CANARY}'\n",
    None,
]


@pytest.mark.parametrize("value", HEADER_VALUES, ids=repr)
@pytest.mark.parametrize("library", ["requests", "urllib3", "httpx", "httpx2"])
def test_a_header_value_that_cannot_be_sent_is_not_quoted(library: str, value: Any) -> None:
    asks: dict[str, Callable[..., Any]] = {
        "requests": requests.get,
        "urllib3": lambda url, headers: urllib3.request("GET", url, headers=headers, retries=False),
        "httpx": httpx.get,
        "httpx2": httpx2.get,
    }

    with (
        hearing() as said,
        pytest.raises(Exception) as caught,  # noqa: PT011  # whatever a library raises
        upstream("boxes", operation="get"),
    ):
        asks[library]("http://127.0.0.1:9/", headers={"X-Key": value})

    told = "\n".join([*said, *(f"{link!r} {link}" for link in links_of(caught.value))])
    assert CANARY not in told
    assert "7777" not in told


def links_of(exc: BaseException | None) -> Iterator[BaseException]:
    while exc is not None:
        yield exc
        exc = exc.__cause__ or exc.__context__


PASSWORDS = ["{0} {0}", "{0}/{0}", "{0}#{0}", "{0}?{0}", "{0}@{0}", "{0}[{0}", "{0}\\{0}"]


@pytest.mark.parametrize(
    "url", [*(f"http://ann:{password}@127.0.0.1:9/" for password in PASSWORDS), "ann:{0}@h/x"]
)
@pytest.mark.parametrize("client", CLIENTS)
def test_no_password_that_is_not_quoted_as_a_url_wants_it_is_told(client: str, url: str) -> None:
    assert_nothing_is_told(client, url.format(CANARY))


@pytest.mark.parametrize(
    "path", ["/x;jsessionid={0}/y", "/x/{0}%3D%3D", "/x/{0}:send", "/x?{0}", "/x#token={0}"]
)
@pytest.mark.parametrize("client", CLIENTS)
def test_no_odd_place_of_a_url_is_told(client: str, path: str) -> None:
    with unreachable() as url:
        assert_nothing_is_told(client, url + path.format(CANARY))


@pytest.mark.parametrize("client", CLIENTS)
def test_no_header_is_told_by_a_repr(client: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with saying(401, BODY, **ANSWER) as url:
        assert_nothing_is_told(client, url)

    monkeypatch.setitem(HEADERS, "X-Any", f"{CANARY}\u20ac")
    with unreachable() as url:
        assert_nothing_is_told(client, url)


def assert_nothing_is_told(client: str, url: str) -> None:
    with hearing() as said, pytest.raises(Exception) as caught:  # noqa: PT011  # whatever a library raises
        CLIENTS[client](url)

    seen = [f"{link!r} {link} {getattr(link, 'extra_data', '')}" for link in links_of(caught.value)]
    assert CANARY not in "\n".join([*said, *seen])
