"""HTTP errors of Flask, werkzeug and other extensions, as the domain would have put them."""

from types import SimpleNamespace

import pytest
from flask import request
from flow_app import app_with
from marshmallow import ValidationError
from raising_http import caught_of, request_with
from werkzeug.datastructures import Headers
from werkzeug.exceptions import (
    BadRequestKeyError,
    Forbidden,
    HTTPException,
    NotFound,
    SecurityError,
    ServiceUnavailable,
    UnprocessableEntity,
    UnsupportedMediaType,
)

from flask_faultmap.faults import Violation
from flask_faultmap.http.errors import from_apiflask, from_http
from flask_faultmap.http.statuses import class_of_status

EACH_STATUS = pytest.mark.parametrize("status", range(400, 600))
MALFORMED = Violation(pointer="#", message="This is not JSON.", code="malformed_json")


def error_of(status, **given):
    return type("Own", (HTTPException,), {"code": status})(**given)


def with_data(data, cls=UnprocessableEntity, **given):
    """Make an error as webargs and flask-smorest do: what they know hangs on it."""
    exc = cls(**given)
    exc.data = data
    return exc


@EACH_STATUS
def test_rule_is_the_one_of_the_status_and_the_status_is_kept(status):
    error = from_http(error_of(status))

    assert (type(error), error.status) == (class_of_status(status), status)


@EACH_STATUS
def test_text_of_the_app_is_for_clients_below_500_and_for_the_log_from_there_on(status):
    error = from_http(error_of(status, description="Ask the owner."))

    assert error.args == ("Ask the owner.",)
    assert error.public == ("Ask the owner." if status < 500 else class_of_status(status).public)


class OutOfFundsError(HTTPException):
    """An HTTP error of an app."""

    code = 402
    description = "The account is empty."


class OverdrawnError(OutOfFundsError):
    """A class below it, which has its text."""


@pytest.mark.parametrize("cls", [OutOfFundsError, OverdrawnError])
def test_text_of_a_class_of_the_apps_own_is_for_clients(cls):
    assert from_http(cls()).public == "The account is empty."


@pytest.mark.parametrize("code", [None, 0, 200, 399, 600, 999, "404", 404.0, [], object], ids=repr)
def test_code_that_is_no_error_is_a_500(code):
    error = from_http(error_of(code, description="secret"))

    assert (error.code, error.status, error.public) == ("internal", 500, None)


@pytest.mark.parametrize("description", [None, {"a": 1}, ["x"], b"x", 5, object], ids=repr)
def test_description_that_is_no_text_is_neither_sent_nor_logged(description):
    exc = NotFound()
    exc.description = description

    error = from_http(exc)

    assert (error.public, error.args) == (None, ("Not Found",))


def test_empty_description_says_nothing():
    assert from_http(NotFound("")).public is None


@pytest.mark.parametrize(
    ("exc", "is_routing", "code"),
    [
        (NotFound(), True, "unknown_path"),
        (NotFound("x"), False, "not_found"),
        (type("Own", (NotFound,), {})(), True, "not_found"),
        (Forbidden(), True, "permission_denied"),
    ],
    ids=["routing", "view", "own class", "other"],
)
def test_path_is_unknown_if_the_routing_says_so(exc, is_routing, code):
    assert from_http(exc, is_routing=is_routing).code == code


def test_host_that_is_not_trusted_is_not_for_clients():
    error = from_http(SecurityError("Host 'evil.example' is not trusted."))

    assert (error.code, error.public) == ("untrusted_host", "The host of the request is not served.")


def test_json_of_another_media_type_is_in_our_words():
    exc = caught_of(request_with(method="POST", data="x", content_type="text/plain").get_json)

    error = from_http(exc)

    assert type(exc) is UnsupportedMediaType
    assert error.public == "The body's media type is not taken here."


@pytest.mark.parametrize("environ", [None, {"PATH_INFO": "/"}], ids=["without a request", "with a request"])
def test_headers_that_fail_cost_themselves_alone(environ, caplog):
    def get_headers(self, environ=None, scope=None):
        raise OSError("secret")

    error = from_http(type("Fails", (NotFound,), {"get_headers": get_headers})("x"), environ=environ)

    assert (error.status, error.public, error.headers) == (404, "x", ())
    assert [record.levelname for record in caplog.records] == (["WARNING"] if environ else [])


def test_retry_hint_of_the_error_is_kept_as_it_is():
    assert from_http(ServiceUnavailable(retry_after=1.5)).retry_after == 1.5


def app_that_reads(part, **config):
    def read():
        return getattr(request, part)["secret-free name"]

    app = app_with(SECRET_KEY="x", **config)  # with a key, so that the session has looked at the cookies
    app.add_url_rule("/read", view_func=read, methods=["GET", "POST"])
    return app


SENT = {
    "nothing": {"method": "GET"},
    "form": {"method": "POST", "data": {"a": "b"}},
    "multipart": {"method": "POST", "data": {"a": "b"}, "content_type": "Multipart/Form-Data"},
    "json": {"method": "POST", "json": {"a": "b"}},
}


@pytest.mark.parametrize("debug", [False, True], ids=["plain", "debug"])
@pytest.mark.parametrize("sent", SENT)
@pytest.mark.parametrize(
    ("part", "source"), [("args", "query"), ("form", "form"), ("files", "form"), ("cookies", "cookie")]
)
def test_missing_key_is_told_with_the_part_of_the_request_that_lacks_it(part, source, sent, debug):
    app = app_that_reads(part)
    app.debug = debug
    app.config["TRAP_BAD_REQUEST_ERRORS"] = False

    response = app.test_client().open("/read", **SENT[sent])

    assert (response.status_code, response.json["code"]) == (400, "missing_field")
    assert response.json["errors"] == [
        {
            "source": source,
            "name": "secret-free name",
            "detail": "This field is required.",
            "code": "required",
        }
    ]


@pytest.mark.parametrize(
    ("sent", "source"), [("nothing", "query"), ("json", "query"), ("form", "form"), ("multipart", "form")]
)
def test_key_that_is_in_no_part_of_the_request_is_looked_for_in_the_form_if_there_is_one(sent, source):
    response = app_that_reads("values").test_client().open("/read", **SENT[sent])

    assert response.json["errors"][0]["source"] == source


@pytest.mark.parametrize("args", [(), (5,), (None,), (("a", "b"),)], ids=repr)
def test_missing_key_that_is_no_text_has_no_name(args):
    (violation,) = from_http(BadRequestKeyError(*args)).violations

    assert violation == Violation(source="form", message="This field is required.", code="required")


def test_missing_key_may_be_raised_by_hand():
    (violation,) = from_http(BadRequestKeyError("size"), environ={"PATH_INFO": "/"}).violations

    assert (violation.source, violation.name) == ("query", "size")


MESSAGES = {"query": {"size": ["Not a valid integer."]}}
VIOLATION = Violation(source="query", name="size", message="Not a valid integer.")


@pytest.mark.parametrize("member", ["messages", "errors"])
def test_messages_of_a_request_parser_become_violations(member):
    error = from_http(with_data({member: MESSAGES}))

    assert error.violations == (VIOLATION,)
    assert error.public == "The request does not fit the schema. size: Not a valid integer."


@pytest.mark.parametrize(
    ("cls", "code"), [(UnprocessableEntity, "validation_failed"), (Forbidden, "permission_denied")]
)
def test_refused_request_is_a_failed_validation_only_under_its_own_statuses(cls, code):
    assert from_http(with_data({"messages": MESSAGES}, cls)).code == code


def test_message_that_hangs_on_an_error_is_for_clients_below_500_alone():
    data = {"message": "Ask the owner."}

    assert from_http(with_data(data, Forbidden)).public == "Ask the owner."
    assert from_http(with_data(data, ServiceUnavailable)).public is None


def test_message_about_a_refused_request_does_not_hide_which_field_it_was():
    error = from_http(with_data({"message": "Invalid.", "messages": MESSAGES}))

    assert error.public == "The request does not fit the schema. size: Not a valid integer."


@pytest.mark.parametrize("headers", [{"X-A": "b"}, Headers({"X-A": "b"}), [("X-A", "b")], None, 5], ids=repr)
def test_headers_that_hang_on_an_error_are_sent_if_they_are_a_mapping(headers):
    error = from_http(with_data({"headers": headers}))

    assert error.headers == ((("X-A", "b"),) if isinstance(headers, dict) else ())


def test_headers_that_hang_on_an_error_come_after_its_own():
    exc = with_data({"headers": {"X-A": "b", "Content-Type": "x", 5: "c"}}, ServiceUnavailable, retry_after=5)

    assert from_http(exc).headers == (("Retry-After", "5"), ("X-A", "b"))


def test_retry_hint_that_hangs_on_an_error_as_a_header_is_in_the_body_too():
    assert from_http(with_data({"headers": {"retry-after": "4.2"}}, ServiceUnavailable)).retry_after == 5


@pytest.mark.parametrize(
    "data", [None, 5, "x", [], {}, {"message": 5}, {"messages": {"size": ["x"]}}], ids=repr
)
def test_anything_else_that_hangs_on_an_error_says_nothing(data):
    error = from_http(with_data(data))

    assert (error.code, error.public, error.violations) == ("unprocessable", None, ())


def test_data_of_a_class_is_not_the_errors():
    cls = type("Own", (NotFound,), {"data": {"message": "secret"}})

    assert from_http(cls()).public is None


def apiflask_error(status, message="", detail=None, headers=None):
    return SimpleNamespace(status_code=status, message=message, detail=detail or {}, headers=headers or {})


@pytest.mark.parametrize(
    ("exc", "code", "public"),
    [
        (apiflask_error(404, "No such box."), "not_found", "No such box."),
        (apiflask_error(499, "x"), "invalid_argument", "x"),
        (apiflask_error(503, "secret"), "unavailable", None),
        (apiflask_error(200, "secret"), "internal", None),
        (apiflask_error(422, "x", ["y"]), "unprocessable", "x"),
        (
            apiflask_error(400, "x", MESSAGES),
            "validation_failed",
            "The request does not fit the schema. size: Not a valid integer.",
        ),
    ],
    ids=["404", "other", "503", "no error", "detail", "validation"],
)
def test_error_of_apiflask_is_told_like_an_http_error(exc, code, public):
    error = from_apiflask(exc)

    assert (error.code, error.public) == (code, public)


def test_error_of_apiflask_keeps_its_headers():
    assert from_apiflask(apiflask_error(404, headers={"X-A": "b"})).headers == (("X-A", "b"),)


def test_input_that_a_validation_error_holds_is_not_read():
    exc = with_data({"messages": MESSAGES})
    exc.exc = ValidationError("x", data={"password": "secret"})

    assert "secret" not in repr(vars(from_http(exc)))
