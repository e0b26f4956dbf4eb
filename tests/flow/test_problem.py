"""Problem details as RFC 9457 wants them, for every status and every category."""

import json
import logging

import pytest
from flow_app import answer_to, app_raising, app_with
from werkzeug.exceptions import HTTPException, default_exceptions

from flask_faultmap import Category, Violation, errors
from flask_faultmap.errors import DomainError, InternalError, NotFoundError, UnprocessableError

OF_CODES = {
    cls.code: cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, DomainError)
}
STATUSES = [status for status in default_exceptions if status >= 400] + [402, 425, 499, 507, 511, 599]


def http_error(status):
    return type("Failed", (HTTPException,), {"code": status})()


def domain_error(category):
    return type("Failed", (DomainError,), {"category": category, "code": f"failed_{category}"})("It failed.")


EVERY_FAILURE = pytest.mark.parametrize(
    "failure",
    [*map(http_error, STATUSES), *map(domain_error, Category), ZeroDivisionError("x")],
    ids=[*map(str, STATUSES), *Category, "unhandled"],
)

# RFC 9110, section 15, and the RFCs that registered the others.
PHRASES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    411: "Length Required",
    412: "Precondition Failed",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    416: "Range Not Satisfiable",
    417: "Expectation Failed",
    421: "Misdirected Request",
    422: "Unprocessable Content",
    423: "Locked",
    424: "Failed Dependency",
    425: "Too Early",
    428: "Precondition Required",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    451: "Unavailable For Legal Reasons",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    505: "HTTP Version Not Supported",
    511: "Network Authentication Required",
}


@EVERY_FAILURE
def test_media_type_is_problem_json_without_a_charset(failure):
    assert answer_to(failure).headers.getlist("Content-Type") == ["application/problem+json"]


@EVERY_FAILURE
@pytest.mark.parametrize("mode", [None, True, False])
def test_member_status_is_the_status_as_sent(failure, mode):
    response = answer_to(failure, FAULTMAP_COMPATIBILITY_MODE=mode)

    assert type(response.json["status"]) is int
    assert response.json["status"] == response.status_code


@EVERY_FAILURE
def test_body_is_compact_json_of_its_length(failure):
    response = answer_to(failure)

    assert json.dumps(response.json, separators=(",", ":"), ensure_ascii=False).encode() == response.data
    assert response.content_length == len(response.data)


@EVERY_FAILURE
def test_members_have_names_that_fit_everywhere_and_types_that_never_change(failure):
    body = answer_to(failure).json

    assert {name: type(value) for name, value in body.items() if name != "detail"} == {
        "type": str,
        "title": str,
        "status": int,
        "code": str,
        "request_id": str,
        "retryable": bool,
    }


@pytest.mark.parametrize(("status", "phrase"), PHRASES.items())
def test_title_of_a_blank_type_is_the_phrase_of_the_status(status, phrase):
    body = answer_to(http_error(status)).json

    assert (body["type"], body["title"]) == ("about:blank", phrase)


@pytest.mark.parametrize("category", Category)
def test_title_of_a_domain_error_is_the_phrase_of_the_status_too(category):
    body = answer_to(domain_error(category)).json

    assert (body["type"], body["title"]) == ("about:blank", PHRASES[body["status"]])


def test_title_follows_the_status_as_sent_when_it_is_folded():
    body = answer_to(NotFoundError("x"), FAULTMAP_COMPATIBILITY_MODE=True).json

    assert (body["status"], body["title"], body["code"]) == (400, "Bad Request", "not_found")


def test_type_is_the_base_and_the_code_and_its_title_is_the_classes():
    body = answer_to(NotFoundError("No such machine."), FAULTMAP_TYPE_BASE="https://errors.example/").json

    assert (body["type"], body["title"]) == ("https://errors.example/not_found", "Not found")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422, 500, 501, 502, 503, 504])
def test_title_of_a_type_is_the_same_whether_a_class_or_a_status_is_raised(status):
    base = "https://errors.example/"
    told = answer_to(default_exceptions[status], FAULTMAP_TYPE_BASE=base).json
    own = answer_to(OF_CODES[told["code"]]("x"), FAULTMAP_TYPE_BASE=base).json

    assert (told["type"], told["title"]) == (own["type"], own["title"])


def test_title_is_the_same_for_each_occurrence():
    app = app_with()
    app.add_url_rule("/<name>", view_func=fail_for)

    bodies = [app.test_client().get(path).json for path in ("/one", "/two")]

    assert bodies[0]["title"] == bodies[1]["title"]
    assert [body["detail"] for body in bodies] == ["No one.", "No two."]


def fail_for(name):
    raise NotFoundError(f"No {name}.")


@pytest.mark.parametrize("text", ["", "Not Found", "not found", "Not found."])
def test_detail_that_repeats_the_title_is_left_out(text):
    assert "detail" not in answer_to(NotFoundError(text)).json


@pytest.mark.parametrize(
    "member", ["type", "title", "status", "detail", "instance", "code", "request_id", "retryable", "errors"]
)
def test_details_never_stand_over_a_standard_member(member, caplog):
    plain = answer_to(NotFoundError("No such machine.")).json
    caplog.set_level(logging.WARNING, "flask_faultmap")

    body = answer_to(NotFoundError("No such machine.", details={member: "forged", "own": 1})).json

    assert body.pop("own") == 1
    assert "forged" not in body.values()
    assert body | {"request_id": "-"} == plain | {"request_id": "-"}
    assert repr(member) in caplog.text


def test_violations_are_an_array_of_pointers_and_names():
    violations = (
        Violation(pointer="#/disks/0/size", message="Too small.", code="too_small"),
        Violation(source="query", name="page", message="No number."),
    )

    body = answer_to(UnprocessableError("Wrong.", violations=violations)).json

    assert body["errors"] == [
        {"source": "body", "pointer": "#/disks/0/size", "detail": "Too small.", "code": "too_small"},
        {"source": "query", "name": "page", "detail": "No number.", "code": "invalid"},
    ]


@pytest.mark.parametrize(
    "failure",
    [
        ZeroDivisionError("secret"),
        InternalError("secret"),
        http_error(500),
        ExceptionGroup("secret", [OSError()]),
    ],
    ids=["unhandled", "domain", "http", "group"],
)
def test_server_errors_tell_nothing_of_how_the_server_is_made(failure):
    response = answer_to(failure)

    assert {*response.json} == {"type", "title", "status", "code", "request_id", "retryable"}
    assert not {"Server", "X-Powered-By"} & {*response.headers.keys()}
    assert "secret" not in str(response.headers) + response.text


@EVERY_FAILURE
def test_every_answer_says_whether_it_is_for_good(failure):
    assert answer_to(failure).json["retryable"] in (True, False)


@pytest.mark.parametrize("path", ["/fail", "/nowhere"])
def test_problem_need_not_be_accepted_to_be_sent(path):
    response = app_raising(NotFoundError("x")).test_client().get(path, headers={"Accept": "text/csv"})

    assert (response.status_code, response.content_type) == (404, "application/problem+json")
    assert "Vary" not in response.headers
