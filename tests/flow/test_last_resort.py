"""The last resort: when the answer itself cannot be made, the client still gets JSON."""

import logging

import pytest
from flask import Flask, Request, Response
from flow_app import answer_to, app_raising, app_with, heard, raising
from marshmallow import Schema, fields, post_dump
from werkzeug.exceptions import HTTPException, NotFound

from flask_faultmap import Profile, Rule, current_fault, fault_translated
from flask_faultmap.errors import GoneError, InternalError, UnavailableError


class OwnSchema(Schema):
    """A shape of the app's own."""

    text = fields.String()


class BrokenSchema(OwnSchema):
    """Fails for every fault but the one that the last resort is made of."""

    @post_dump(pass_original=True)
    def fail(self, data, fault, **_):
        return data if fault.id == "" else raising(OSError("secret"))()


class AlwaysBrokenSchema(Schema):
    """Fails whenever it is asked."""

    text = fields.Function(raising(OSError("secret")))


class BrokenHandler(logging.Handler):
    """A log handler whose sink is gone."""

    emit = raising(OSError("secret"))


class Mute(GoneError):
    """Cannot say what it is."""

    __str__ = raising(OSError("secret"))
    __repr__ = raising(OSError("secret"))


class Voiceless(UnavailableError):
    """Cannot say what it is, and is logged."""

    __str__ = raising(OSError("secret"))
    __repr__ = raising(OSError("secret"))


BROKEN = Profile(name="broken", schema=BrokenSchema, media_type="application/vnd.broken+json")
ALWAYS_BROKEN = Profile(name="always", schema=AlwaysBrokenSchema, media_type="application/vnd.broken+json")
BROKEN_HEADERS = Profile(name="headers", schema=OwnSchema, headers=raising(OSError("secret")))
CAUSE = KeyError("the cause")
CAUSED = OSError("secret")
CAUSED.__cause__ = CAUSE
CAUSED_HEADERS = Profile(name="caused", schema=OwnSchema, headers=raising(CAUSED))
BY_NAME = {profile.name: profile for profile in (BROKEN, ALWAYS_BROKEN, BROKEN_HEADERS, CAUSED_HEADERS)}


@pytest.fixture
def broken_log():
    handler = BrokenHandler()
    loggers = [logging.getLogger(name) for name in ("shop.faultmap", "flask_faultmap")]
    for logger in loggers:
        logger.addHandler(handler)
    yield
    for logger in loggers:
        logger.removeHandler(handler)


def app_that_cannot_answer(failure, profile, **given):
    return app_raising(failure, profiles=[BY_NAME[profile]], FAULTMAP_PROFILE=profile, **given)


FAILURES = pytest.mark.parametrize(
    ("failure", "path"),
    [
        (GoneError("secret"), "/fail"),
        (KeyError("secret"), "/fail"),
        (NotFound("secret"), "/fail"),
        (HTTPException("secret"), "/fail"),
        (ZeroDivisionError("secret"), "/fail"),
        (GoneError("secret"), "/nowhere"),
    ],
    ids=["domain", "rule", "http", "codeless", "unknown", "routing"],
)
RULES = (Rule(on=KeyError, to=UnavailableError),)


@FAILURES
@pytest.mark.parametrize(
    ("profile", "media_type", "body"),
    [
        ("broken", "application/vnd.broken+json", '{"text":"Internal server error"}'),
        (
            "always",
            "application/problem+json",
            '{"type":"about:blank","title":"Internal Server Error","status":500,"code":"internal",'
            '"retryable":false}',
        ),
    ],
)
def test_schema_that_raises_is_answered_by_constant_bytes(failure, path, profile, media_type, body):
    app = app_that_cannot_answer(failure, profile, rules=RULES)

    response = app.test_client().get(path)

    assert (response.status_code, response.content_type, response.text) == (500, media_type, body)
    assert response.headers["Cache-Control"] == "no-store"


def test_last_resort_has_the_id_of_its_request():
    client = app_that_cannot_answer(GoneError("x"), "broken").test_client()

    response = client.get("/fail", headers={"X-Request-ID": "given-by-client"})

    assert response.headers.getlist("X-Request-ID") == ["given-by-client"]


def test_last_resort_has_no_id_where_the_profile_drops_it():
    profile = Profile(name="silent", schema=BrokenSchema, drop_headers=("x-request-id",))
    app = app_raising(GoneError("x"), profiles=[profile], FAULTMAP_PROFILE="silent")

    response = app.test_client().get("/fail")

    assert (response.status_code, "X-Request-ID" in response.headers) == (500, False)


def test_headers_function_that_raises_is_answered_by_constant_bytes():
    response = app_that_cannot_answer(GoneError("x"), "headers").test_client().get("/fail")

    assert (response.status_code, response.json) == (500, {"text": "Internal server error"})


@pytest.mark.parametrize(
    "scopes", [{"/": "fault_message"}, {"/fail": "fault_message", "/": None}], ids=["all", "one"]
)
def test_last_resort_has_the_shape_of_its_scope(scopes, broken_log):
    client = app_raising(UnavailableError("x"), FAULTMAP_SCOPES=scopes).test_client()

    assert client.get("/fail").json == {"fault_message": "Internal server error"}


def test_last_resort_is_never_html_even_below_none(broken_log):
    response = answer_to(UnavailableError("x"), FAULTMAP_SCOPES={"/": None})

    assert (response.status_code, response.content_type) == (500, "application/problem+json")


def test_last_resort_of_head_has_no_body(broken_log):
    response = app_raising(UnavailableError("x")).test_client().head("/fail")

    assert (response.status_code, response.data) == (500, b"")
    assert response.content_length > 0


def test_cause_of_a_last_resort_is_logged_with_the_failure_that_led_to_it(caplog):
    failure = GoneError("the first")

    app_that_cannot_answer(failure, "broken").test_client().get("/fail")

    (record,) = caplog.records
    assert (record.name, record.levelname, record.message) == (
        "shop.faultmap",
        "ERROR",
        "The answer to GoneError failed",
    )
    assert (type(record.exc_info[1]), record.exc_info[1].__cause__) == (OSError, failure)


def test_cause_that_a_failure_has_is_kept(caplog):
    app_that_cannot_answer(GoneError("x"), "caused").test_client().get("/fail")

    assert caplog.records[-1].exc_info[1].__cause__ is CAUSE


def test_last_resort_is_signalled_and_is_the_current_fault():
    app, seen = app_that_cannot_answer(GoneError("x"), "broken"), []
    app.teardown_request(lambda exc: seen.append(current_fault()))

    with heard(sender=app) as told:
        app.test_client().get("/fail")

    assert [(each.status, each.original_status, type(each.error)) for each in told] == [
        (500, 500, InternalError)
    ]
    assert [fault.status for fault in seen] == [500]


def test_last_resort_has_the_status_that_the_app_gives_to_internal_errors():
    app = app_that_cannot_answer(GoneError("x"), "broken", FAULTMAP_STATUSES={"internal": 503})

    with heard(sender=app) as told:
        response = app.test_client().get("/fail")

    assert [response.status_code, told[0].status] == [503, 503]


@pytest.mark.parametrize("failure", [UnavailableError("x"), Voiceless("x")], ids=["plain", "voiceless"])
def test_log_handler_that_raises_is_answered_and_still_signalled(failure, broken_log):
    app = app_raising(failure)

    with heard(sender=app) as told:
        response = app.test_client().get("/fail")

    assert (response.status_code, response.json["code"]) == (500, "internal")
    assert [each.status for each in told] == [500]


def test_log_handler_that_raises_does_not_matter_where_nothing_is_logged(broken_log):
    assert answer_to(GoneError("It is gone.")).json["detail"] == "It is gone."


def test_log_handler_and_receiver_that_raise_are_answered(broken_log):
    app = app_raising(GoneError("x"))

    with fault_translated.connected_to(raising(OSError("secret")), sender=app):
        response = app.test_client().get("/fail")

    assert (response.status_code, response.content_type) == (500, "application/problem+json")


@pytest.mark.parametrize(
    ("failure", "status", "text", "detail"),
    [(Mute("x"), 410, "Gone", "Mute"), (Voiceless("x"), 503, "Service Unavailable", None)],
    ids=["mute", "voiceless"],
)
def test_error_that_cannot_say_what_it_is_keeps_its_status(failure, status, text, detail):
    response = answer_to(failure)

    assert (response.status_code, response.json["title"]) == (status, text)
    assert response.json.get("detail") == detail


@pytest.mark.parametrize("name", ["__str__", "__repr__"])
@pytest.mark.parametrize("rules", [(), (Rule(on=KeyError, to=GoneError),)], ids=["unknown", "rule"])
def test_foreign_error_that_cannot_say_what_it_is_never_escapes(name, rules, caplog):
    failure = type("Mute", (KeyError,), {name: raising(OSError("secret"))})("x")

    response = answer_to(failure, rules=rules)

    assert response.content_type == "application/problem+json"
    assert response.status_code in (410, 500)
    assert "secret" not in response.text


@pytest.mark.parametrize(
    "attributes",
    [
        {"violations": 5},
        {"retry_after": type("Seconds", (float,), {"__float__": raising(OSError)})(5)},
        {"code": 5, "title": None, "log_level": "LOUD", "category": "no such"},
        {"context": object},
        {"log_level": True},
        {"retryable": type("Odd", (), {"__bool__": raising(OSError), "__repr__": lambda self: "odd"})()},
        {"public": 5},
        {"args": ()},
        {"args": (5, b"x")},
    ],
    ids=str,
)
def test_wrong_attributes_of_an_error_never_escape(attributes):
    failure = GoneError("It is gone.")
    vars(failure).update({name: value for name, value in attributes.items() if name != "args"})
    failure.args = attributes.get("args", failure.args)

    response = answer_to(failure)

    assert response.status_code in (400, 410, 500)
    assert response.json["status"] == response.status_code


@pytest.mark.parametrize("method", ["__bool__", "__len__", "keys", "__iter__", "items", "__getitem__"])
def test_details_that_cannot_be_read_cost_no_more_than_themselves(method):
    details = type("Details", (dict,), {method: raising(OSError)})(box="b1")

    response = answer_to(GoneError("It is gone.", details=details))

    assert (response.status_code, response.json["detail"]) == (410, "It is gone.")


class OddRequest(Request):
    """A request class of the app's own, that allows few attributes."""

    own = "own"


def test_own_request_class_does_not_matter():
    app = app_raising(GoneError("It is gone."))
    app.request_class = OddRequest

    assert app.test_client().get("/fail").json["detail"] == "It is gone."


class OwnResponse(Response):
    """A response class of the app's own."""

    default_mimetype = "text/csv"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.headers["X-Own"] = "1"


def test_own_response_class_is_used():
    app = app_raising(GoneError("It is gone."))
    app.response_class = OwnResponse

    response = app.test_client().get("/fail")

    assert (response.content_type, response.headers["X-Own"]) == ("application/problem+json", "1")


class BrokenProvider(Flask.json_provider_class):
    """A JSON provider that cannot do anything."""

    dumps = raising(OSError("secret"))


def test_json_provider_of_the_app_is_not_asked():
    app = app_raising(GoneError("It is gone.", details={"own": 1}))
    app.json = BrokenProvider(app)

    assert b'"own":1' in app.test_client().get("/fail").data


def test_function_after_the_request_that_raises_is_answered_once_more():
    app = app_with()
    app.after_request(raising(OSError("secret")))

    response = app.test_client().get("/nowhere")

    assert (response.status_code, response.json["code"]) == (500, "internal")
