"""Every client library against a server that really misbehaves, and what our own client is told."""

import json
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trustme
from flask import Flask
from misbehaving import Misbehaving, misbehaving, never_accepting, unreachable
from upstream_clients import CLIENTS
from werkzeug.test import TestResponse

from flask_faultmap import DomainError, FaultMap, fault_translated

STREAMING = [name for name in CLIENTS if "streaming" in name or name == "aiohttp"]
Answered = tuple[TestResponse, DomainError]

UNKNOWN: None = None  # whether the service did the work
PATHS = {
    "/hang-before-the-headers": (504, "upstream_read_timeout", UNKNOWN, True),
    "/reset-before-the-headers": (502, "upstream_answer_lost", UNKNOWN, True),
    "/close-without-an-answer": (502, "upstream_answer_lost", UNKNOWN, True),
    "/speak-no-http": (502, "upstream_answer_lost", UNKNOWN, True),
    "/html-502": (502, "upstream_response", UNKNOWN, True),
    "/empty-500": (502, "upstream_response", UNKNOWN, True),
    "/list-500": (502, "upstream_response", UNKNOWN, True),
    "/null-500": (502, "upstream_response", UNKNOWN, True),
    "/broken-utf8-500": (502, "upstream_response", UNKNOWN, True),
    "/json-as-text-500": (502, "upstream_response", UNKNOWN, True),
    "/deep-500": (502, "upstream_response", UNKNOWN, True),
    "/page-of-3-mb-500": (502, "upstream_response", UNKNOWN, True),
    "/broken-json-200": (502, "upstream_body", True, False),
    "/broken-utf8-200": (502, "upstream_body", True, False),
    "/html-200": (502, "upstream_body", True, False),
    "/empty-200": (502, "upstream_body", True, False),
    "/deep-200": (502, "upstream_body", True, False),
    "/no-content": (502, "upstream_body", True, False),
    "/say?status=400": (502, "upstream_response", False, False),
    "/say?status=401": (502, "upstream_credentials", False, False),
    "/say?status=403": (502, "upstream_credentials", False, False),
    "/say?status=404": (502, "upstream_response", False, False),
    "/say?status=407": (502, "upstream_credentials", False, False),
    "/say?status=409": (502, "upstream_response", False, False),
    "/say?status=429": (503, "upstream_unavailable", False, True),
    "/say?status=500": (502, "upstream_response", UNKNOWN, True),
    "/say?status=503": (503, "upstream_unavailable", False, True),
    "/say?status=504": (502, "upstream_response", UNKNOWN, True),
    "/say?status=599": (502, "upstream_response", UNKNOWN, True),
    "/say?status=304&body=": (502, "upstream_redirect", UNKNOWN, False),
}

# The answer breaks off or cannot be read, in its body: a client that streams has checked the status before.
IN_THE_BODY = {
    "/hang-after-the-headers": (504, "upstream_read_timeout", True),
    "/reset-in-mid-body": (502, "upstream_answer_lost", True),
    "/promise-more-than-it-sends": (502, "upstream_answer_lost", True),
    "/broken-gzip-200": (502, "upstream_body", False),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Misbehaving]:
    with misbehaving() as running:
        yield running


def through_flask(view: Callable[[], Any]) -> Answered:
    """Call a view that fails, and give what its client gets and which error it was."""
    app = Flask(__name__)
    FaultMap(app)
    app.add_url_rule("/", view_func=lambda: {"answer": view()})
    heard: list[DomainError] = []

    def listen(sender: Flask, *, error: DomainError, **extra: Any) -> None:
        heard.append(error)

    with fault_translated.connected_to(listen, app):
        response = app.test_client().get("/")
    return response, heard[0]


def facts(answered: Answered) -> tuple[int, str, bool | None, bool]:
    response, error = answered
    body = response.get_json()
    return response.status_code, body["code"], error.applied, body["retryable"]


@pytest.mark.long
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.usefixtures("no_collection")
def test_each_misbehaviour_leaves_as_its_own_error(server: Misbehaving, client: str, path: str) -> None:
    answered = through_flask(lambda: CLIENTS[client](server.url + path))

    assert facts(answered) == PATHS[path]


@pytest.mark.long
@pytest.mark.parametrize("path", IN_THE_BODY)
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.usefixtures("no_collection")
def test_what_breaks_in_the_body_was_done_if_the_status_was_checked(
    server: Misbehaving, client: str, path: str
) -> None:
    status, code, retryable = IN_THE_BODY[path]

    answered = through_flask(lambda: CLIENTS[client](server.url + path))

    assert facts(answered) == (status, code, True if client in STREAMING else UNKNOWN, retryable)


@pytest.mark.parametrize("path", [*PATHS, *IN_THE_BODY])
@pytest.mark.usefixtures("no_collection")
def test_our_answer_says_nothing_that_the_service_said(server: Misbehaving, path: str) -> None:
    response, _ = through_flask(lambda: CLIENTS["requests"](server.url + path))

    said = {"s3cr3t", "nginx", "disk full", "login", "127.0.0.1", path}
    assert {word for word in said if word in response.text} == set()


@pytest.mark.parametrize("client", CLIENTS)
def test_a_port_that_nobody_listens_at_was_never_asked(client: str) -> None:
    with unreachable() as url:
        answered = through_flask(lambda: CLIENTS[client](url, "check", method="POST"))

    assert facts(answered) == (502, "upstream_connection", False, True)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_host_that_does_not_exist_was_never_asked(client: str) -> None:
    answered = through_flask(lambda: CLIENTS[client]("http://nowhere.invalid/", "check", method="POST"))

    assert facts(answered) == (502, "upstream_connection", False, True)


@pytest.mark.long
@pytest.mark.parametrize("client", CLIENTS)
def test_a_connection_that_takes_too_long_was_never_made(client: str) -> None:
    with never_accepting() as url:
        answered = through_flask(lambda: CLIENTS[client](url, "check", method="POST"))

    assert facts(answered) == (504, "upstream_connect_timeout", False, True)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_certificate_of_nobody_is_never_worth_a_retry(client: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    with misbehaving(context) as server:
        answered = through_flask(lambda: CLIENTS[client](server.url + "/ok"))

    assert facts(answered) == (502, "upstream_tls", False, False)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_loop_of_redirects_is_never_worth_a_retry(server: Misbehaving, client: str) -> None:
    answered = through_flask(lambda: CLIENTS[client](server.url + "/redirect-loop"))

    assert facts(answered) == (502, "upstream_redirect", UNKNOWN, False)


@pytest.mark.parametrize("client", [name for name in CLIENTS if name != "aiohttp"])
def test_a_body_that_goes_on_after_its_end_is_cut_there(server: Misbehaving, client: str) -> None:
    answered = through_flask(lambda: CLIENTS[client](server.url + "/send-more-than-it-promises"))

    assert facts(answered) == (502, "upstream_body", True, False)


def test_aiohttp_takes_no_answer_that_goes_on_after_its_end(server: Misbehaving) -> None:
    answered = through_flask(lambda: CLIENTS["aiohttp"](server.url + "/send-more-than-it-promises"))

    assert facts(answered) == (502, "upstream_answer_lost", UNKNOWN, True)


@pytest.mark.parametrize("client", STREAMING)
def test_a_lost_error_page_does_not_hide_its_status(server: Misbehaving, client: str) -> None:
    _, error = through_flask(lambda: CLIENTS[client](server.url + "/hang-after-the-headers-of-an-error"))

    assert (error.extra_data["status"], error.extra_data["body"][:12]) == (502, "[unreadable:")


@pytest.mark.parametrize("client", STREAMING)
def test_a_lost_success_says_so_with_the_status_that_was_seen(server: Misbehaving, client: str) -> None:
    _, error = through_flask(lambda: CLIENTS[client](server.url + "/reset-in-mid-body"))

    assert (error.code, error.extra_data["status"], error.extra_data["path"]) == (
        "upstream_answer_lost",
        200,
        "/reset-in-mid-body",
    )


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "POST", "PATCH"])
def test_what_nobody_knows_is_safe_to_retry_for_idempotent_methods(server: Misbehaving, method: str) -> None:
    response, _ = through_flask(
        lambda: CLIENTS["requests"](server.url + "/close-without-an-answer", method=method)
    )

    assert response.get_json()["retryable"] is (method not in {"POST", "PATCH"})


@pytest.mark.parametrize("idempotent", [True, False])
def test_an_idempotency_key_outweighs_the_method(server: Misbehaving, idempotent: bool) -> None:
    method = "POST" if idempotent else "PUT"

    response, _ = through_flask(
        lambda: CLIENTS["requests"](
            server.url + "/close-without-an-answer", method=method, idempotent=idempotent
        )
    )

    assert response.get_json()["retryable"] is idempotent


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("0", "0"),
        ("120", "120"),
        ("1.5", "2"),
        ("3601", "3600"),
        ("9" * 400, "3600"),
        ("Wed, 21 Oct 2015 07:28:00 GMT", "0"),
        ("Sun, 06-Nov-94 08:49:37 GMT", "0"),
        ("Thu, 31 Dec 2998 23:59:59 GMT", "3600"),
        ("-5", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_wish_to_wait_is_handed_on_up_to_an_hour(
    server: Misbehaving, status: int, sent: str, told: str | None
) -> None:
    url = f"{server.url}/say?status={status}&retry-after={sent.replace(' ', '%20')}"

    response, _ = through_flask(lambda: CLIENTS["requests"](url))

    assert (response.status_code, response.headers.get("Retry-After")) == (503, told)


@pytest.mark.parametrize("client", CLIENTS)
def test_json_is_read_under_any_media_type(server: Misbehaving, client: str) -> None:
    assert CLIENTS[client](server.url + "/json-as-text-200") == {"endpoint": "e1"}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_success_is_handed_back_as_it_came(server: Misbehaving, client: str) -> None:
    response = CLIENTS[client](server.url + "/no-content", "check")

    assert getattr(response, "status_code", None) or response.status == 204


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/empty-500", None),
        ("/null-500", None),
        ("/list-500", ["one", 2]),
        ("/json-as-text-500", {"why": "disk full"}),
        ("/broken-utf8-500", '{"a": "\ufffd\ufffd"}'),
        ("/latin-1-500", "zu spät"),
        ("/unknown-charset-500", "zu spät"),
        ("/dangerous-charset-500", "zu spät"),
        ("/html-502", "Bad gateway  nginx"),
        ("/say?status=500", {"secret": "[redacted]"}),
    ],
)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_body_is_kept_for_code_as_json_or_text(
    server: Misbehaving, client: str, path: str, body: object
) -> None:
    _, error = through_flask(lambda: CLIENTS[client](server.url + path))

    assert error.extra_data["body"] == body


@pytest.mark.parametrize("client", CLIENTS)
def test_a_page_of_3_mb_is_read_and_kept_in_part(server: Misbehaving, client: str) -> None:
    _, error = through_flask(lambda: CLIENTS[client](server.url + "/page-of-3-mb-500"))

    assert len(error.extra_data["body"]) == 4_096


def test_a_body_that_is_nested_without_end_is_cut(server: Misbehaving) -> None:
    _, error = through_flask(lambda: CLIENTS["requests"](server.url + "/nested-500"))

    assert json.dumps(error.extra_data["body"]).count("{") == 32
