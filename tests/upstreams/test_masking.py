"""No secret of a URL reaches a log line, an error's text or our answer, whatever went wrong."""

import asyncio
import json
import logging
import ssl
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import aiohttp
import httpx
import pytest
import requests
import trustme
from flask import Flask
from misbehaving import Misbehaving, misbehaving, never_accepting, unreachable
from upstream_clients import CLIENTS

from flask_faultmap import FaultMap
from flask_faultmap.upstreams import upstream
from flask_faultmap.upstreams.masking import mask_chain, mask_secrets

CANARY = "tweety" + "bird"  # in two parts, so that no source line in a stack has it

FAILING_PATHS = [
    "/hang-before-the-headers",
    "/reset-before-the-headers",
    "/reset-in-mid-body",
    "/speak-no-http",
    "/html-502",
    "/broken-json-200",
    "/broken-gzip-200",
    "/redirect-loop",
    # Written backwards, so that only the body has the canary under a name that is no secret's.
    "/say?status=401&backwards=" + quote(f"Bearer {CANARY}"[::-1]),
    "/say?status=500&backwards=" + quote(json.dumps({"api_key": CANARY})[::-1]),
]


def with_secrets(url: str) -> str:
    scheme, rest = url.split("://")
    joint = "&" if "?" in url else "?"
    return f"{scheme}://user:{CANARY}@{rest}{joint}token={CANARY}&sig={CANARY}"


@pytest.fixture(scope="module")
def server() -> Iterator[Misbehaving]:
    with misbehaving() as running:
        yield running


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Callable[[Callable[[], Any]], str]:
    """Call a failing view, and give all that anybody is told of it."""

    def tell(view: Callable[[], Any]) -> str:
        app = Flask(__name__)
        FaultMap(app)
        app.add_url_rule("/", view_func=lambda: {"answer": view()})
        with caplog.at_level(logging.DEBUG):
            response = app.test_client().get("/")
        lines = [caplog.handler.format(record) for record in caplog.records]
        facts = [repr(vars(record)) for record in caplog.records if "faultmap" in record.name]
        return "\n".join([response.text, *lines, *facts])

    return tell


Told = Callable[[Callable[[], Any]], str]


@pytest.mark.long
@pytest.mark.parametrize("path", FAILING_PATHS)
@pytest.mark.parametrize("client", CLIENTS)
def test_no_failure_tells_the_url_s_secrets(server: Misbehaving, told: Told, client: str, path: str) -> None:
    url = with_secrets(server.url + path)

    text = told(lambda: CLIENTS[client](url))

    assert "Traceback" in text
    assert CANARY not in text


@pytest.mark.long
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("place", [unreachable, never_accepting])
def test_no_missing_connection_tells_the_url_s_secrets(told: Told, place: Any, client: str) -> None:
    with place() as origin:
        text = told(lambda: CLIENTS[client](with_secrets(origin + "/x")))

    assert "Traceback" in text
    assert CANARY not in text


@pytest.mark.parametrize("client", CLIENTS)
def test_no_bad_certificate_tells_the_url_s_secrets(told: Told, client: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    with misbehaving(context) as server:
        text = told(lambda: CLIENTS[client](with_secrets(server.url + "/ok")))

    assert CANARY not in text


@pytest.mark.parametrize("url", ["nowhere/x", "gopher://127.0.0.1/x", "http:///x", "http://[/x", "/x"])
@pytest.mark.parametrize("client", CLIENTS)
def test_no_url_that_cannot_be_used_tells_its_secrets(told: Told, client: str, url: str) -> None:
    text = told(lambda: CLIENTS[client](f"{url}?token={CANARY}"))

    assert CANARY not in text


def test_a_body_s_preview_is_short_and_redacted(
    server: Misbehaving, caplog: pytest.LogCaptureFixture
) -> None:
    body = "%22" + "x%20" * 3_000 + "%22"

    with caplog.at_level(logging.DEBUG, "flask_faultmap.upstreams"), pytest.raises(Exception, match="500"):
        CLIENTS["requests"](f"{server.url}/say?status=500&body={body}")

    assert [record.levelname for record in caplog.records if "faultmap" in record.name] == ["DEBUG"]
    assert len(caplog.records[-1].getMessage()) < 512 + 100


def test_one_failure_is_one_error_line(
    server: Misbehaving, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    told(lambda: CLIENTS["requests"](server.url + "/html-502"))

    assert [record.levelname for record in caplog.records if record.levelno >= logging.INFO] == ["ERROR"]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("with url: /x?token=abc (Caused by", "with url: /x?[redacted] (Caused by"),
        ("Invalid URL 'a?b=c': no scheme", "Invalid URL 'a?[redacted]': no scheme"),
        ("https://ann:pw@h/x", "https://[redacted]@h/x"),
        ("Illegal header value b'Bearer abc\\n'", "Illegal header value [redacted]"),
        ("('Illegal header value', b'abc')", "('Illegal header value', [redacted])"),
        (
            'Invalid character(s) in header value: "abc\\n"',
            "Invalid character(s) in header value: [redacted]",
        ),
        ("Header part (7777) from ('X', 7777) must be", "Header part [redacted] from [redacted] must be"),
        ("Invalid header value b'it\\'s s3cr3t\\n'", "Invalid header value [redacted]"),
        ("invalid header value: s3cr3t and more", "invalid header value: [redacted]"),
        (
            "Header value must be str or bytes, not <class 'int'>",
            "Header value must be str or bytes, not <class 'int'>",
        ),
        ("with url: /x?token=a)b'c<d (Caused by", "with url: /x?[redacted] (Caused by"),
        ("https://ann:p@ss/w0rd@h/x", "https://[redacted]@h/x"),
        ("URL('http://h/x?token=abc')>", "URL('http://h/x?[redacted]')>"),
        ("for url: /x;token=abc", "for url: /x;[redacted]"),
        ("/bot123456789:AA" + "x1" * 16 + "/sendMessage", "/[redacted]/sendMessage"),
        ("https://h/T00/B00/aB1" + "x" * 20 + " (Caused", "https://h/T00/B00/[redacted] (Caused"),
        ("/repos/ghp_" + "a1" * 18, "/repos/[redacted]"),
        ("/x/aB1" + "x" * 20 + "%3D%3D/y", "/x/[redacted]%3D%3D/y"),
        ("/x/aB1" + "x" * 20 + ":send", "/x/[redacted]:send"),
        ("Invalid port: 'pa'", "Invalid port: [redacted]"),
        ("Invalid port: '99999'", "Invalid port: '99999'"),
        (
            "invalid literal for int() with base 10: 'pa'",
            "invalid literal for int() with base 10: [redacted]",
        ),
        (
            "Failed to parse: 'ann:pa' is not a valid host or port",
            "Failed to parse: [redacted] is not a valid host or port",
        ),
        (
            "URL can't contain control characters. 'ann:p w@h' (found at least ' ')",
            "URL can't contain control characters. [redacted] (found at least ' ')",
        ),
        (
            "No connection adapters were found for 'ann:pw@h:9/x'",
            "No connection adapters were found for '[redacted]@h:9/x'",
        ),
        ("/x/550e8400-e29b-41d4-a716-446655440000", "/x/550e8400-e29b-41d4-a716-446655440000"),
        ("http://h/?", "http://h/?"),
        ("a" * 9_000, "a" * 8_192 + "…"),
        ("Is this a question? Yes.", "Is this a question? Yes."),
        ("Max retries exceeded with url: /endpoints/7", "Max retries exceeded with url: /endpoints/7"),
    ],
)
def test_only_what_is_secret_is_masked(text: str, masked: str) -> None:
    assert mask_secrets(text) == masked


def test_a_masked_exception_is_what_it_was_in_all_but_words() -> None:
    url = f"http://[?token={CANARY}"

    with pytest.raises(Exception, match="upstream") as caught:
        asyncio.run(_aiohttp_get(url))

    cause = caught.value.__cause__
    assert isinstance(cause, aiohttp.InvalidURL)
    assert (str(cause.url), type(cause).__name__) == (url, "InvalidUrlClientError")
    assert CANARY not in str(cause) + repr(cause)


async def _aiohttp_get(url: str) -> None:
    async with upstream("upstream", operation="get") as call, aiohttp.ClientSession() as session:
        await call.check(await session.get(url))


def test_the_chain_above_is_masked_too() -> None:
    cause = requests.ConnectionError(f"/x?token={CANARY}")
    cause.__context__ = ValueError(f"/x?token={CANARY}", 7)
    cause.__context__.__context__ = cause  # goes round

    mask_chain(cause)

    assert cause.__context__.args == ("/x?[redacted]", 7)
    assert CANARY not in "".join(traceback.format_exception(cause))


def test_an_exception_that_tells_nothing_stays_as_it_is() -> None:
    cause = httpx.ConnectError("refused")

    mask_chain(cause)

    assert (type(cause), cause.args) == (httpx.ConnectError, ("refused",))


@pytest.mark.parametrize(
    ("message", "arguments", "shown"),
    [
        (
            "Retrying (%r) after connection broken by '%r': %s",
            ("Retry(total=0)", OSError("x"), "/x?a=1&token=" + CANARY),
            "Retrying ('Retry(total=0)') after connection broken by 'OSError('x')': /x?a=1&[redacted]",
        ),
        (
            "HTTP Request: %s %s",
            ("GET", f"https://user:{CANARY}@host/x?a=1"),
            "HTTP Request: GET https://[redacted]@host/x?a=1",
        ),
        ("Starting new HTTP connection (%d): %s", (1, "host"), "Starting new HTTP connection (1): host"),
    ],
    ids=["retry", "userinfo", "harmless"],
)
@pytest.mark.parametrize("name", ["httpx", "urllib3.connectionpool"])
def test_what_a_client_library_logs_loses_its_secrets(
    caplog: pytest.LogCaptureFixture, name: str, message: str, arguments: tuple[Any, ...], shown: str
) -> None:
    upstream("appproxy", operation="fetch_endpoint")

    with caplog.at_level(logging.DEBUG):
        logging.getLogger(name).warning(message, *arguments)

    assert caplog.messages == [shown]


def test_a_line_of_a_client_library_that_cannot_be_said_is_logging_s_to_report() -> None:
    upstream("appproxy", operation="fetch_endpoint")
    record = logging.LogRecord("httpx", logging.INFO, __file__, 1, "%d", ("many",), None)

    assert logging.getLogger("httpx").filter(record)


HURTING = [
    "header part ",
    "header value '",
    "://",
    "://a@",
    "?a",
    "/aA1",
    ";a=/",
    "(b'a', b'",
    "/bot123456789:",
]


@pytest.mark.parametrize("unit", HURTING)
def test_no_text_of_a_peer_costs_more_than_its_length(unit: str) -> None:
    short, long = (_steps(unit * (size // len(unit)) + "x") for size in (2_000, 8_000))

    assert long < short * 12


def _steps(text: str) -> float:
    """Give the CPU seconds of the fastest of several tries."""
    tries = []
    for _ in range(5):
        started = time.process_time()
        mask_secrets(text)
        tries.append(time.process_time() - started)
    return min(tries)


def test_a_chain_with_odd_members_is_masked() -> None:
    class Odd(Exception):  # what other people write
        exceptions = None

    cause = Odd(OSError(5, f"no /x?token={CANARY}"))
    cause.add_note(f"while asking /x?token={CANARY}")
    cause.__notes__.append(7)  # type: ignore[arg-type]  # which nobody forbids

    mask_chain(cause)

    assert CANARY not in "".join(traceback.format_exception(cause)) + str(cause.args[0])


@pytest.mark.parametrize("name", ["hpack.hpack", "hpack.table"])
def test_a_codec_of_headers_logs_numbers_alone(caplog: pytest.LogCaptureFixture, name: str) -> None:
    upstream("appproxy", operation="fetch_endpoint")

    with caplog.at_level(logging.DEBUG):
        logging.getLogger(name).debug("Decoded %s, consumed %d", (b"x-key", CANARY.encode()), 12)
        logging.getLogger(name).debug("Decoding")

    assert caplog.messages == ["Decoded [redacted], consumed 12", "Decoding"]


def test_headers_that_httpcore_logs_lose_their_values(caplog: pytest.LogCaptureFixture) -> None:
    upstream("appproxy", operation="fetch_endpoint")

    with caplog.at_level(logging.DEBUG):
        logging.getLogger("httpcore.http11").debug("return_value=[(b'X-Any', b'%s')]", CANARY)

    assert caplog.messages == ["return_value=[(b'X-Any', [redacted])]"]


def test_a_stack_that_a_client_library_logs_goes(caplog: pytest.LogCaptureFixture) -> None:
    upstream("appproxy", operation="fetch_endpoint")

    with caplog.at_level(logging.DEBUG):
        try:
            raise ValueError(f"unparsed data: Set-Cookie: session={CANARY}")
        except ValueError as exc:
            logging.getLogger("urllib3.connectionpool").warning("Failed to parse: %s", exc, exc_info=True)

    assert CANARY not in caplog.text
