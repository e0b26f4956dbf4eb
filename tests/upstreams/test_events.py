"""A service's stream, read by each client library: items, its error, its cut end."""

import asyncio
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import aiohttp
import httpx
import pytest
import requests
import urllib3
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from flask_faultmap import ConfigError, FaultMap, Violation
from flask_faultmap.errors import NotFoundError, ResourceExhaustedError
from flask_faultmap.streams import Event
from flask_faultmap.upstreams import (
    UpstreamAnswerLostError,
    UpstreamBodyError,
    UpstreamError,
    UpstreamResponseError,
    UpstreamUnavailableError,
    upstream,
)

DONE = b'{"done":true}\n'
PROBLEM = {
    "type": "about:blank",
    "title": "Gone",
    "status": 404,
    "code": "run_gone",
    "request_id": "x",
    "retryable": False,
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        chunks, is_whole, status = self.server.answers[self.path]
        self.send_response(status)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Content-Type", "application/x-ndjson")
        self.end_headers()
        for chunk in chunks:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            self.wfile.flush()
        if is_whole:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def service():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.answers = {}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@contextmanager
def by_requests(url):
    with requests.Session() as session, session.get(url, stream=True) as response:
        yield response


@contextmanager
def by_httpx(url):
    with httpx.Client() as client, client.stream("GET", url) as response:
        yield response


@contextmanager
def by_urllib3(url):
    with urllib3.PoolManager() as pool:
        yield pool.request("GET", url, preload_content=False)


def read(get):
    def run(url, framing, **how):
        items = []
        with (
            upstream("runs", operation="follow", method="GET", **how.pop("terms", {})) as call,
            get(url) as response,
        ):
            for item in call.events(response, framing, **how):
                items.append(item)
        return items

    return run


def aread(open_stream):
    def run(url, framing, **how):
        async def go():
            items = []
            terms = how.pop("terms", {})
            async with (
                upstream("runs", operation="follow", method="GET", **terms) as call,
                open_stream(url) as response,
            ):
                async for item in call.events(response, framing, **how):
                    items.append(item)
            return items

        return asyncio.run(go())

    return run


def httpx_stream(url):
    return AsyncHttpx(url)


class AsyncHttpx:
    def __init__(self, url):
        self.url = url

    async def __aenter__(self):
        self.client = httpx.AsyncClient()
        self.stream = self.client.stream("GET", self.url)
        return await self.stream.__aenter__()

    async def __aexit__(self, *told):
        await self.stream.__aexit__(*told)
        await self.client.aclose()


class AsyncAiohttp:
    def __init__(self, url):
        self.url = url

    async def __aenter__(self):
        self.session = aiohttp.ClientSession()
        self.response = await self.session.get(self.url)
        return self.response

    async def __aexit__(self, *told):
        self.response.close()
        await self.session.close()


READERS = {
    "requests": read(by_requests),
    "httpx": read(by_httpx),
    "urllib3": read(by_urllib3),
    "httpx, async": aread(AsyncHttpx),
    "aiohttp": aread(AsyncAiohttp),
}
EACH_CLIENT = pytest.mark.parametrize("follow", READERS.values(), ids=READERS)


def served(service, *chunks, whole=True, status=200):
    path = f"/{len(service.answers)}"
    service.answers[path] = (chunks, whole, status)
    return f"http://127.0.0.1:{service.server_port}{path}"


def frame(body, status):
    return json.dumps({"error": body, "status": status}).encode() + b"\n"


@EACH_CLIENT
def test_items_come_as_json(service, follow):
    url = served(service, b'{"n":1}\n{"n"', b":2}\n", DONE)

    assert follow(url, "ndjson") == [{"n": 1}, {"n": 2}]


@EACH_CLIENT
def test_events_come_as_records(service, follow):
    url = served(service, b"id: 1\nevent: tick\ndata: {}\n\n", b"event: done\ndata: {}\n\n")

    assert follow(url, "sse") == [Event("{}", "tick", "1")]


@EACH_CLIENT
def test_error_frame_is_the_error_of_its_status_and_code(service, follow):
    url = served(service, b"1\n", frame(PROBLEM, 404))

    with pytest.raises(UpstreamResponseError) as raised:
        follow(url, "ndjson")

    error = raised.value
    assert (error.upstream_code, error.extra_data["status"], error.applied) == ("run_gone", 404, True)
    assert error.retryable is False


@EACH_CLIENT
def test_error_frame_may_pass_to_our_client(service, follow):
    url = served(service, b"1\n", frame(PROBLEM, 404))

    with pytest.raises(NotFoundError):
        follow(url, "ndjson", terms={"passing": {"run_gone": NotFoundError}})


@EACH_CLIENT
def test_stream_without_its_end_mark_was_cut_off(service, follow):
    with pytest.raises(UpstreamAnswerLostError) as raised:
        follow(served(service, b"1\n"), "ndjson")

    assert raised.value.applied is True


@EACH_CLIENT
def test_connection_that_breaks_is_the_services_failure(service, follow):
    with pytest.raises(UpstreamError) as raised:
        follow(served(service, b"1\n", whole=False), "ndjson")

    assert raised.value.applied is not False


@EACH_CLIENT
def test_bad_status_is_told_before_any_item(service, follow):
    with pytest.raises(UpstreamUnavailableError):
        follow(served(service, b"1\n", DONE, status=503), "ndjson")


@EACH_CLIENT
@pytest.mark.parametrize(
    ("chunk", "told"), [(b"nope\n", "a line is no JSON"), (b'"' + b"a" * 200, "longer than 100 bytes")]
)
def test_item_that_cannot_be_read_is_told(service, follow, chunk, told):
    with pytest.raises(UpstreamBodyError, match=told) as raised:
        follow(served(service, b"1\n", chunk), "ndjson", limit=100)

    assert raised.value.applied is True


@pytest.mark.parametrize(
    "item",
    [
        {"done": 1},
        {"done": 1.0},
        {"done": False},
        {"error": None, "status": "ok"},
        {"error": "none", "status": 200},
        {"error": {}, "status": True},
    ],
)
def test_item_that_looks_like_a_last_frame_is_an_item(service, item):
    url = served(service, json.dumps(item).encode() + b"\n", DONE)

    assert READERS["requests"](url, "ndjson") == [item]


@EACH_CLIENT
def test_end_mark_of_another_api(service, follow):
    url = served(service, b"data: a\n\n", b"data: [DONE]\n\n")

    assert follow(url, "sse", end="[DONE]") == [Event("a")]


def test_error_of_another_api(service):
    url = served(service, b'data: {"error":{"message":"no"}}\n\n')

    with pytest.raises(UpstreamError):
        READERS["requests"](url, "sse", end="[DONE]")


def test_stream_may_have_no_end_mark(service):
    assert READERS["requests"](served(service, b"1\n"), "ndjson", end=None) == [1]


def test_unknown_framing_is_refused(service):
    with pytest.raises(ConfigError, match="Did you mean 'ndjson'"):
        READERS["requests"](served(service, DONE), "ndjsn")


def follow_to_the_end(app, framing, got):
    """Put the items of the stream of *app* into *got*."""
    transport = httpx.WSGITransport(app=app)
    with (
        httpx.Client(transport=transport, base_url="http://peer") as client,
        upstream("peer", operation="follow") as call,
    ):
        for item in call.events(client.get("/"), framing):
            got.append(item.json() if framing == "sse" else item)


def test_items_come_before_the_stream_has_ended(service):
    url = served(service, b"1\n", b"2\n", DONE, whole=False)

    with upstream("runs", operation="follow") as call, by_requests(url) as response:
        items = call.events(response, "ndjson")
        got = [next(items), next(items)]
        items.close()

    assert got == [1, 2]


SLUG = st.from_regex(r"[a-z][a-z_]{0,20}", fullmatch=True)
VIOLATIONS = st.lists(
    st.builds(Violation, message=st.just("Too long."), pointer=SLUG.map("#/{}".format), code=SLUG), max_size=3
)


@pytest.mark.parametrize("framing", ["ndjson", "sse"])
@given(
    code=SLUG,
    wait=st.none() | st.integers(0, 3600),
    violations=VIOLATIONS,
    items=st.lists(st.integers(), min_size=1, max_size=5),
)
def test_what_a_faultmap_streams_is_read_back(framing, code, wait, violations, items):
    error = ResourceExhaustedError("Too fast", retry_after=wait, violations=violations)
    error.code = code

    def view():
        yield from items
        raise error

    app = Flask("peer")
    faults = FaultMap(app)
    app.add_url_rule("/", view_func=faults.stream(framing)(view))
    got = []

    with pytest.raises(UpstreamError) as raised:
        follow_to_the_end(app, framing, got)

    told = raised.value
    assert got == items
    assert (told.upstream_code, told.extra_data["status"]) == (code, 429)
    assert told.extra_data["body"].get("retry_after") == wait
    assert told.upstream_violations == tuple(violations)
