"""JSON of a request that cannot be read: why, and that it is the client's whoever parses it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raising_http import caught_of, request_with
from werkzeug.exceptions import BadRequest, NotFound, UnprocessableEntity

from flask_faultmap.faults import Violation
from flask_faultmap.http.errors import from_http
from flask_faultmap.http.statuses import class_of_status
from flask_faultmap.http.unreadable import unreadable_json

MALFORMED = Violation(pointer="#", message="This is not JSON.", code="malformed_json")


def unreadable(body):
    """Give werkzeug's own error for a JSON body that it cannot read."""
    return caught_of(request_with(method="POST", data=body, content_type="application/json").get_json)


def hidden(exc):
    """Give what Flask makes of it outside of debug mode."""

    def hide():
        raise BadRequest from exc

    return caught_of(hide)


UNREADABLE = {
    b"": "EOF while parsing a value at line 1 column 0",
    b"{": "EOF while parsing a value at line 1 column 1",
    b'{"a": ': "EOF while parsing a value at line 1 column 6",
    b'{"a":\n1,,}': "expected value at line 2 column 3",
    b"nope": "expected value at line 1 column 1",
    b'"\xff"': "the body is not UTF-8",
    b"9" * 5000: "number out of range",
}


@pytest.mark.parametrize("hide", [lambda exc: exc, hidden], ids=["debug", "plain"])
@pytest.mark.parametrize(("body", "why"), UNREADABLE.items(), ids=lambda given: repr(given)[:30])
def test_json_that_cannot_be_read_is_told_with_the_reason(body, why, hide):
    exc = hide(unreadable(body))

    error = from_http(exc)

    assert unreadable_json(exc) == why
    assert (error.code, error.status, error.violations) == ("malformed_json", 400, (MALFORMED,))
    assert error.public == "The body is not JSON."


@pytest.mark.parametrize("body", [b"nope", b'"\xff"'])
def test_parser_that_webargs_keeps_is_found(body):
    with pytest.raises(ValueError, match=r".") as caught:
        json.loads(body)
    exc = UnprocessableEntity()
    exc.exc = caught.value

    assert unreadable_json(exc) == UNREADABLE[body]
    assert from_http(exc).code == "malformed_json"


@pytest.mark.parametrize(
    "exc",
    [
        BadRequest("Broken."),
        BadRequest("Failed to decode JSON object: by hand"),
        hidden(BadRequest("Failed to decode JSON object: by hand")),
        hidden(KeyError("x")),
        hidden(NotFound(5)),
        NotFound(5),
        UnprocessableEntity(),
    ],
    ids=repr,
)
def test_other_errors_are_not_unreadable_json(exc):
    assert unreadable_json(exc) is None
    assert from_http(exc).code == class_of_status(exc.code).code


def test_error_that_is_no_http_exception_is_not_unreadable_json():
    assert unreadable_json(KeyError("x")) is None


def test_own_copy_of_werkzeugs_text_is_not_sent():
    assert from_http(BadRequest("Failed to decode JSON object: Expecting 'secret'")).public == (
        "The request could not be understood."
    )


def test_unreadable_json_under_another_status_is_that_status():
    exc = unreadable(b"nope")
    exc.code = 409

    assert from_http(exc).code == "conflict"


@given(st.binary(max_size=30))
def test_every_body_is_either_json_or_unreadable_with_a_reason(body):
    req = request_with(method="POST", data=body, content_type="application/json")
    try:
        req.get_json()
        reason = "none"
    except BadRequest as exc:
        reason = unreadable_json(exc)

    assert reason
