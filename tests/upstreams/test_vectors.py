"""What clients of Backend.AI and boxlite do with answers, as recorded, and what ours makes of them."""

from typing import Any

import aiohttp
import httpx
import pytest
from misbehaving import unreachable
from upstream_clients import CLIENTS
from upstream_peer import error_of
from vectors_of import by_id, load

from example_app.boxes.wire import PROFILE as BOXLITE
from example_app.endpoints.client import ERRORS
from example_app.endpoints.errors import (
    AppProxyBusyError,
    AppProxyConnectionError,
    AppProxyResponseError,
    AppProxyTimeoutError,
)
from flask_faultmap import DomainError
from flask_faultmap.errors import (
    AlreadyExistsError,
    FailedPreconditionError,
    GoneError,
    InvalidArgumentError,
    NotFoundError,
    ResourceExhaustedError,
    UnprocessableError,
)
from flask_faultmap.upstreams import UpstreamCredentialsError, upstream

KINDS = ("client_map", "client_http", "requirement")


def of_clients(system: str) -> dict[str, dict[str, Any]]:
    return {vector["id"]: vector for vector in load(system)["vectors"] if vector["kind"] in KINDS}


def answer(vector: dict[str, Any]) -> httpx.Response:
    """Make the answer of a vector; "any status" is a 500, and what is only hinted at is a page."""
    status, body = vector["input"]["status"], vector["input"].get("body", "")
    code = status if isinstance(status, int) else 500
    return httpx.Response(code, text=body) if isinstance(body, str) else httpx.Response(code, json=body)


def raised(exc: Exception) -> Any:
    terms: dict[str, Any] = {"operation": "create_endpoint", "method": "POST", "path": "/endpoints"}
    with pytest.raises(DomainError) as caught, upstream("appproxy", errors=ERRORS, **terms):
        raise exc
    return caught.value


BACKENDAI, BOXES = of_clients("backendai"), of_clients("boxlite")
ANSWERED = {name: vector for name, vector in {**BACKENDAI, **BOXES}.items() if "status" in vector["input"]}
BUSY = {429: AppProxyBusyError, 503: AppProxyBusyError}  # what asks for patience; all else is no success
BY_HAND = {  # by the tests below that have the word in their name
    "bai.client_v1.connect": "connection",
    "bai.pr11333.connect": "connection",
    "bai.pr11333.review.timeouts": "timeout",
    "bai.pr11333.review.extra_meta": "method_path_and_operation",
    "bai.pr11333.review.content_type": "media_type",
}


def test_no_vector_of_a_client_is_left_out() -> None:
    assert {**BACKENDAI, **BOXES}.keys() == ANSWERED.keys() | BY_HAND.keys()


@pytest.mark.parametrize("word", sorted(set(BY_HAND.values())))
def test_what_has_no_status_has_a_test_of_its_own(word: str) -> None:
    assert any(word in name for name in globals() if name.startswith("test_"))


@by_id(ANSWERED)
def test_no_answer_is_swallowed_retried_unseen_or_taken_for_the_client_s_fault(name: str) -> None:
    response = answer(ANSWERED[name])

    error = error_of(response, errors=ERRORS)

    assert type(error) is BUSY.get(response.status_code, AppProxyResponseError)
    assert error.extra_data["status"] == response.status_code


@pytest.mark.parametrize("name", ["bai.pr11333.non2xx_json", "bai.pr11333.empty"])
def test_the_body_is_kept_as_data_as_the_pull_request_wants_it(name: str) -> None:
    error = error_of(answer(BACKENDAI[name]), errors=ERRORS)

    wanted = BACKENDAI[name]["expect"]["extra_data"]
    assert type(error) is AppProxyResponseError
    assert {member: error.extra_data[member] for member in wanted} == wanted


def test_a_page_is_kept_as_its_words_where_the_pull_request_keeps_it_raw() -> None:
    error = error_of(httpx.Response(502, text="<html><h1>Bad gateway</h1></html>"), errors=ERRORS)

    assert error.extra_data["body"] == "Bad gateway"


def test_a_missing_connection_has_its_own_class_and_keeps_its_cause() -> None:
    with unreachable() as url, pytest.raises(AppProxyConnectionError) as caught:
        CLIENTS["aiohttp"](url, errors=ERRORS)

    assert isinstance(caught.value.__cause__, aiohttp.ClientConnectorError)


@pytest.mark.parametrize("exc", [TimeoutError(), aiohttp.ServerTimeoutError(), aiohttp.SocketTimeoutError()])
def test_every_timeout_is_mapped(exc: Exception) -> None:
    assert type(raised(exc)) is AppProxyTimeoutError


@pytest.mark.parametrize(
    "exc", [aiohttp.ClientError(), aiohttp.ClientPayloadError(), aiohttp.ServerDisconnectedError()], ids=repr
)
def test_every_other_client_error_is_a_domain_error(exc: Exception) -> None:
    assert isinstance(raised(exc), DomainError)


def test_method_path_and_operation_are_kept() -> None:
    data = raised(aiohttp.ServerDisconnectedError()).extra_data

    assert (data["method"], data["path"], data["operation"]) == ("POST", "/endpoints", "create_endpoint")


@pytest.mark.parametrize("media_type", ["text/html", "text/plain; charset=utf-8", ""])
def test_json_is_read_whatever_its_media_type(media_type: str) -> None:
    response = httpx.Response(422, content=b'{"error_code":"x"}', headers={"Content-Type": media_type})

    assert error_of(response).extra_data["body"] == {"error_code": "x"}


BASELINE: dict[int | str, type[DomainError]] = {
    400: InvalidArgumentError,
    404: NotFoundError,
    409: AlreadyExistsError,
    410: GoneError,
    428: FailedPreconditionError,
    429: ResourceExhaustedError,
}
CODES: dict[int | str, type[DomainError]] = {
    "invalid_state": FailedPreconditionError,
    "not_found": NotFoundError,
    "image_pull_failed": UnprocessableError,
    "execution_failed": UnprocessableError,
}
CLASSES = {
    "InvalidArgument": InvalidArgumentError,
    "NotFound": NotFoundError,
    "AlreadyExists": AlreadyExistsError,
    "InvalidState": FailedPreconditionError,
    "SessionReaped": GoneError,
    "Image": UnprocessableError,
    "Execution": UnprocessableError,
    "ResourceExhausted": ResourceExhaustedError,
}
PASSING = {name: vector for name, vector in BOXES.items() if vector["expect"].get("variant") in CLASSES}
CODED = {
    name: vector
    for name, vector in BOXES.items()
    if isinstance(vector["input"]["body"], dict)
    and isinstance(vector["input"]["body"].get("error"), dict)
    and vector["input"]["body"]["error"].get("code")
}


@by_id(PASSING)
def test_a_class_is_picked_by_code_and_else_by_status(name: str) -> None:
    error = error_of(answer(PASSING[name]), profile=BOXLITE, passing={**BASELINE, **CODES})

    assert type(error) is CLASSES[PASSING[name]["expect"]["variant"]]


@by_id(CODED)
def test_the_code_of_a_box_survives(name: str) -> None:
    error = error_of(answer(CODED[name]), profile=BOXLITE)

    assert error.upstream_code == CODED[name]["input"]["body"]["error"]["code"]


def test_the_code_of_a_box_wins_over_its_status() -> None:
    vector = BOXES["boxlite.observed.status_500_code_not_found"]

    assert type(error_of(answer(vector), profile=BOXLITE, passing=CODES)) is NotFoundError


def test_a_code_that_is_null_does_not_lose_the_rest() -> None:
    vector = BOXES["boxlite.observed.code_null"]

    error = error_of(answer(vector), profile=BOXLITE, passing=BASELINE)

    assert (type(error), error.upstream_code) == (NotFoundError, None)


@pytest.mark.parametrize("name", ["boxlite.client.unauthenticated", "boxlite.client.bare_403"])
def test_refused_credentials_are_ours_as_boxlite_too_says_with_its_config_error(name: str) -> None:
    assert type(error_of(answer(BOXES[name]), profile=BOXLITE)) is UpstreamCredentialsError
