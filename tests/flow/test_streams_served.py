"""Streams over real servers, byte for byte."""

import re

import httpx
import httpx_sse
import jq
import openai
import pytest
from servers import COMMANDS, serving

pytestmark = pytest.mark.long
SECRET = b"hunter2"


@pytest.fixture(scope="module", params=COMMANDS)
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param.replace(" ", "_"))
    with serving(request.param, "streaming_app:app", folder) as running:
        yield running


def parts(answer):
    """Give status, headers and body of *answer*; chunks are put together, and must end with the last one."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(status.split()[1]), headers, whole(body) if "transfer-encoding" in headers else body


def whole(body):
    data = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        if int(size, 16) == 0:
            assert body == b"\r\n"
            return data
        data, body = data + body[: int(size, 16)], body[int(size, 16) + 2 :]


def unnamed(body):
    """Take the id of the request, which differs each time, out of *body*."""
    return re.sub(rb'"request_id":"[0-9a-f]+"', b'"request_id":"ID"', body)


FAULT = (
    b'{"type":"about:blank","title":"Too Many Requests","status":429,"detail":"Too fast",'
    b'"code":"resource_exhausted","request_id":"ID","retryable":true,"retry_after":3,"limit":[1,2]}'
)
BUG = (
    b'{"type":"about:blank","title":"Internal Server Error","status":500,"code":"internal",'
    b'"request_id":"ID","retryable":false}'
)
ENDS = {
    ("ndjson", "none", "none"): b'{"done":true}\n',
    ("ndjson", "fault", "none"): b'{"error":%s,"status":429}\n' % FAULT,
    ("ndjson", "bug", "none"): b'{"error":%s,"status":500}\n' % BUG,
    ("ndjson", "unspeakable", "none"): b'{"error":%s,"status":500}\n' % BUG,
    ("ndjson", "none", "fault"): b'{"error":%s,"status":429}\n' % FAULT,
    ("ndjson", "fault", "bug"): b'{"error":%s,"status":429}\n' % FAULT,
    ("sse", "none", "none"): b"event: done\ndata: {}\n\n",
    ("sse", "fault", "none"): b"event: error\ndata: %s\n\n" % FAULT,
    ("sse", "bug", "none"): b"event: error\ndata: %s\n\n" % BUG,
}


@pytest.mark.parametrize("version", ["1.1", "1.0"])
@pytest.mark.parametrize("count", [1, 5000])
@pytest.mark.parametrize(("framing", "failure", "close"), ENDS, ids=" ".join)
def test_stream_ends_as_it_should(server, framing, failure, close, count, version):
    status, _, body = parts(server.ask(f"GET /{framing}/{count}/{failure}/{close}", version=version))

    items = {"ndjson": b'{"n":%d}\n', "sse": b'data: {"n":%d}\n\n'}[framing]
    assert status == 200
    assert unnamed(body) == b"".join(items % n for n in range(count)) + ENDS[framing, failure, close]


@pytest.mark.parametrize("version", ["1.1", "1.0"])
@pytest.mark.parametrize(("failure", "status"), [("fault", 429), ("bug", 500), ("unspeakable", 500)])
def test_failure_before_the_first_item_is_an_ordinary_answer(server, failure, status, version):
    got, headers, body = parts(server.ask(f"GET /ndjson/0/{failure}/none", version=version))

    assert (got, headers["content-type"]) == (status, "application/problem+json")
    assert int(headers["content-length"]) == len(body)
    assert SECRET not in body


def test_head_has_the_headers_of_get_and_no_body(server):
    status, headers, _ = parts(server.ask("HEAD /ndjson/3/none/none"))

    assert (status, headers["content-type"]) == (200, "application/x-ndjson")
    assert server.ask("HEAD /ndjson/3/none/none").endswith(b"\r\n\r\n")


def test_client_that_hangs_up_ends_the_generator_and_is_no_error(server):
    with server.connect() as peer:
        peer.sendall(b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n")
        peer.recv(1000)

    log = server.wait_for_log("generator closed")

    assert "generator closed" in log
    assert [line for line in log.splitlines() if line.startswith("ERROR") and "/endless" in line] == []


def test_slow_consumer_gets_everything(server):
    with server.connect() as peer:
        peer.sendall(b"GET /ndjson/5000/fault/none HTTP/1.0\r\nHost: localhost\r\n\r\n")
        answer = b"".join(iter(lambda: peer.recv(500), b""))

    assert parts(answer)[2].count(b"\n") == 5001


def test_httpx_sse_reads_the_events(server):
    with (
        httpx.Client(timeout=120) as client,
        httpx_sse.connect_sse(client, "GET", f"http://127.0.0.1:{server.port}/sse/2/fault/none") as source,
    ):
        events = [(event.event, event.json()) for event in source.iter_sse()]

    assert events[:2] == [("message", {"n": 0}), ("message", {"n": 1})]
    assert (events[2][0], events[2][1]["code"]) == ("error", "resource_exhausted")


def test_openai_reads_its_own_framing(server):
    client = openai.OpenAI(api_key="k", base_url=f"http://127.0.0.1:{server.port}/v1", max_retries=0)

    chunks = client.chat.completions.create(model="m", messages=[], stream=True)

    assert "".join(chunk.choices[0].delta.content for chunk in chunks) == "Hello world"


def test_jq_reads_each_line_of_ndjson(server):
    body = parts(server.ask("GET /ndjson/3/bug/none"))[2]

    assert jq.compile(".n // .status").input_text(body.decode()).all() == [0, 1, 2, 500]


def test_no_secret_is_sent_and_each_failure_is_signalled(server):
    body = server.ask("GET /sse/1/unspeakable/none")

    assert SECRET not in body
    assert "internal committed=True" in server.wait_for_log("internal committed=True")
