"""Which profile answers at which URL, and what collapsing makes of a status."""

import json
import logging
import re

import pytest
from flask import Blueprint, Flask, abort, request
from flow_app import answer_to, app_raising, app_with, heard, raising
from marshmallow import Schema, fields
from pydantic import BaseModel
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, Unauthorized
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from flask_faultmap import Profile, Rule
from flask_faultmap.errors import (
    AlreadyExistsError,
    GoneError,
    InternalError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
    UnprocessableError,
)


class OwnSchema(Schema):
    """A room's own shape."""

    reason = fields.String(attribute="text")
    slug = fields.String(attribute="code")


def teapots(fault):
    return {"X-Slug": fault.code, "X-Bad": "a\r\nb"}


OWN = Profile(name="own", schema=OwnSchema, media_type="application/vnd.own+json", headers=teapots)
SCOPES = {"/fc": "firecracker", "/fc/v2": "own", "/api/": "problem", "/": None}


def app_with_scopes(**given):
    app = app_with(profiles=[OWN], FAULTMAP_SCOPES=SCOPES, **given)
    app.add_url_rule("/<path:any>", view_func=raising(GoneError("It is gone.")), methods=["POST"])
    return app


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/fc", "application/json"),
        ("/fc/", "application/json"),
        ("/fc/x", "application/json"),
        ("/fcx", "text/html; charset=utf-8"),
        ("/fc/v2", "application/vnd.own+json"),
        ("/fc/v2/x", "application/vnd.own+json"),
        ("/fc/v22", "application/json"),
        ("/api", "application/problem+json"),
        ("/api/x", "application/problem+json"),
        ("/apiary", "text/html; charset=utf-8"),
        ("/FC", "text/html; charset=utf-8"),
        ("/x/fc", "text/html; charset=utf-8"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"], ids=["routing-error", "domain-error"])
def test_longest_prefix_on_segment_borders_answers(path, media_type, method):
    response = app_with_scopes().test_client().open(path, method=method)

    assert response.content_type == media_type


def test_url_outside_of_all_scopes_has_the_apps_profile():
    app = app_with(FAULTMAP_SCOPES={"/fc": "firecracker"}, FAULTMAP_PROFILE="fault_message")

    response = app.test_client().get("/x")

    assert response.json == {"fault_message": "No such resource: /x"}


def test_scope_counts_from_where_the_app_is_mounted():
    app = app_with(FAULTMAP_SCOPES={"/fc": "firecracker"})
    app.wsgi_app = DispatcherMiddleware(Flask("outer"), {"/mounted": app.wsgi_app})

    response = app.test_client().get("/mounted/fc/nope/x")

    assert response.json == {"fault_message": "Invalid request method and/or path: GET nope."}


def test_own_profile_has_its_own_headers_and_only_those_that_may_be_sent():
    response = app_with_scopes().test_client().post("/fc/v2")

    assert response.json == {"reason": "It is gone.", "slug": "gone"}
    assert response.headers["X-Slug"] == "gone"
    assert "X-Bad" not in response.headers


@pytest.mark.parametrize("status", [400, 404, 405, 413, 418, 500, 503])
def test_http_errors_below_none_are_flasks_own(status):
    plain, app = Flask("plain"), app_with_scopes()
    plain.add_url_rule("/<int:status>", view_func=abort)
    app.add_url_rule("/<int:status>", view_func=abort)

    ours, flasks = (each.test_client().get(f"/{status}") for each in (app, plain))

    assert (ours.status, ours.data, dict(ours.headers)) == (flasks.status, flasks.data, dict(flasks.headers))


@pytest.mark.parametrize("failure", [ZeroDivisionError("x"), HTTPException("x")], ids=["unknown", "codeless"])
def test_what_nobody_knows_below_none_is_flasks_own(failure):
    plain = Flask("plain")
    plain.add_url_rule("/fail", view_func=raising(failure))

    ours, flasks = (
        answer_to(failure, FAULTMAP_SCOPES=SCOPES, profiles=[OWN]),
        plain.test_client().get("/fail"),
    )

    assert (ours.status, ours.data) == (flasks.status, flasks.data)


def test_http_error_raised_after_the_request_is_flasks_own_below_none():
    app = app_with_scopes()
    app.add_url_rule("/ok", view_func=lambda: "ok")
    app.after_request(raising(NotFound()))

    response = app.test_client().get("/ok")

    assert (response.status_code, response.mimetype) == (500, "text/html")


def test_http_errors_below_none_are_neither_logged_nor_signalled(caplog):
    app = app_with_scopes()
    caplog.clear()  # the profile's bad header is told of when the app is made

    with heard() as told:
        app.test_client().get("/x")

    assert (told, caplog.records) == ([], [])


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (AlreadyExistsError("It <b>exists</b>."), 409),
        (UnavailableError("secret", public="Try <b>later</b>."), 503),
        (UnauthenticatedError("secret", public="Say <b>who</b>."), 401),
    ],
    ids=["409", "503", "401"],
)
def test_domain_error_below_none_is_werkzeugs_page_of_its_status(failure, status):
    response = answer_to(failure, FAULTMAP_SCOPES={"/": None})

    assert (response.status_code, response.mimetype) == (status, "text/html")
    assert "&lt;b&gt;" in response.text
    assert "secret" not in response.text


def test_domain_error_below_none_has_the_headers_of_its_status():
    failure = UnauthenticatedError("x", retry_after=3)

    headers = answer_to(failure, FAULTMAP_SCOPES={"/": None}).headers

    assert headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert headers["Retry-After"] == "3"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Request-ID"]


@pytest.mark.parametrize("status", [402, 499, 511])
def test_domain_error_below_none_may_have_a_status_that_werkzeug_has_no_page_for(status):
    response = answer_to(GoneError("x"), FAULTMAP_SCOPES={"/": None}, FAULTMAP_STATUSES={"gone": status})

    assert (response.status_code, response.mimetype) == (status, "text/html")


def test_domain_error_below_none_is_logged_and_signalled(caplog):
    app = app_raising(InternalError("secret"), FAULTMAP_SCOPES={"/": None})

    with heard(sender=app) as told:
        app.test_client().get("/fail")

    assert [record.name for record in caplog.records] == ["shop.faultmap"]
    assert [each.status for each in told] == [500]


FOLDED = {"problem": set(), "fault_message": {404, 415, 422}, "firecracker": {*range(401, 500)} - {413}}
MODES = {True: lambda profile: FOLDED[profile] | {404}, None: FOLDED.get, False: lambda profile: set()}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 415, 418, 422, 429, 499, 500, 503])
@pytest.mark.parametrize("profile", FOLDED)
@pytest.mark.parametrize("mode", MODES)
def test_status_is_collapsed_by_profile_and_mode(status, profile, mode):
    failure = type("Failed", (HTTPException,), {"code": status})()

    response = answer_to(failure, FAULTMAP_PROFILE=profile, FAULTMAP_COMPATIBILITY_MODE=mode)

    assert response.status_code == (400 if status in MODES[mode](profile) else status)


ROADS_TO_404 = pytest.mark.parametrize(
    ("failure", "path", "code"),
    [
        (NotFoundError("x"), "/fail", "not_found"),
        (NotFound("x"), "/fail", "not_found"),
        (KeyError("x"), "/fail", "not_found"),
        (GoneError("x"), "/nowhere", "unknown_path"),
    ],
    ids=["domain", "http", "rule", "routing"],
)


@ROADS_TO_404
@pytest.mark.parametrize(("mode", "status"), [(True, 400), (None, 404), (False, 404)])
def test_every_404_is_collapsed_alike_and_its_code_still_says_what_it_was(failure, path, code, mode, status):
    app = app_raising(failure, rules=[Rule(on=KeyError, to=NotFoundError)], FAULTMAP_COMPATIBILITY_MODE=mode)

    with heard(sender=app) as told:
        response = app.test_client().get(path)

    assert (response.status_code, response.json["status"], response.json["code"]) == (status, status, code)
    assert [(each.status, each.original_status, each.fault.category) for each in told] == [
        (status, 404, "not_found")
    ]


def test_log_level_looks_at_the_status_before_folding(caplog):
    answer_to(
        NotFoundError("x"),
        FAULTMAP_COMPATIBILITY_MODE=True,
        FAULTMAP_LOG_LEVELS={"404": "ERROR", "400": None},
    )

    assert [(record.levelno, record.fault["status"]) for record in caplog.records] == [(logging.ERROR, 400)]
    assert [record.fault["original_status"] for record in caplog.records] == [404]


@pytest.mark.parametrize(
    ("failure", "header"),
    [(MethodNotAllowed(["PUT"]), "Allow"), (UnauthenticatedError("x"), "WWW-Authenticate")],
    ids=["405", "401"],
)
def test_status_that_is_collapsed_needs_no_header_of_its_own(failure, header):
    response = answer_to(failure, FAULTMAP_PROFILE="firecracker")

    assert response.status_code == 400
    assert header not in response.headers


@pytest.mark.parametrize("profile", ["fault_message", "firecracker"])
@pytest.mark.parametrize(
    "failure",
    [UnprocessableError("Wrong.", details={"own": 1}, retry_after=3), Unauthorized(), ZeroDivisionError("x")],
    ids=["domain", "http", "unknown"],
)
def test_fault_message_has_exactly_one_member(profile, failure):
    response = answer_to(failure, FAULTMAP_PROFILE=profile)

    assert [*response.json] == ["fault_message"]
    assert response.content_type == "application/json"


@pytest.mark.parametrize(
    ("profile", "method", "path", "text"),
    [
        ("fault_message", "GET", "/a/b", "No such resource: /a/b"),
        ("fault_message", "GET", "/", "No such resource: /"),
        ("fault_message", "GET", "/%7Bpath%7D%25s", "No such resource: /{path}%s"),
        ("fault_message", "GET", "/" + "a" * 600, "No such resource: /" + "a" * 511 + "…"),
        ("firecracker", "GET", "/nope/x", "Invalid request method and/or path: GET nope."),
        ("firecracker", "DELETE", "/there", "Invalid request method and/or path: DELETE there."),
    ],
    ids=["path", "root", "braces", "long", "unknown", "method"],
)
def test_wording_names_method_and_path(profile, method, path, text):
    app = app_with(FAULTMAP_PROFILE=profile)
    app.add_url_rule("/there", view_func=lambda: "ok")

    response = app.test_client().open(path, method=method)

    assert response.json == {"fault_message": text}


@pytest.mark.parametrize("path", ["/fc", "/fc/"])
def test_wording_counts_the_path_from_the_scope(path):
    app = app_with(FAULTMAP_SCOPES={"/fc": "fault_message"})

    assert app.test_client().get(path).json == {"fault_message": "No such resource: /"}


def test_text_of_the_app_is_not_reworded():
    response = answer_to(MethodNotAllowed(description="Ask first."), FAULTMAP_PROFILE="firecracker")

    assert response.json == {"fault_message": "Ask first."}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "EOF while parsing a value at line 1 column 0"),
        (b'{"a":', "EOF while parsing a value at line 1 column 5"),
        (b"nope", "expected value at line 1 column 1"),
        (b'"\xff"', "the body is not UTF-8"),
        (b"[" * 100_000, "recursion limit exceeded"),
    ],
    ids=["nothing", "half", "word", "bytes", "deep"],
)
@pytest.mark.parametrize("config", [{}, {"DEBUG": True}], ids=["production", "debug"])
@pytest.mark.usefixtures("no_collection")
def test_unreadable_json_says_why(body, reason, config):
    app = app_with(FAULTMAP_PROFILE="firecracker", **config)
    app.add_url_rule("/json", view_func=lambda: request.json, methods=["POST"])

    response = app.test_client().post("/json", data=body, content_type="application/json")

    assert response.status_code == 400
    assert response.json["fault_message"] == (
        f"An error occurred when deserializing the json body of a request: {reason}."
    )


class BoxModel(BaseModel):
    name: str


@pytest.mark.parametrize(
    "read",
    [
        lambda: Schema().loads(request.get_data()),
        lambda: json.loads(request.get_data()),
        lambda: BoxModel.model_validate_json(request.get_data()),
    ],
    ids=["marshmallow", "json", "pydantic"],
)
@pytest.mark.parametrize("body", [b'{"a":', b"nope", b'"\xff"', b"[1,]"])
def test_json_that_another_parser_cannot_read_says_why_too(read, body):
    app = app_with(FAULTMAP_PROFILE="firecracker")
    app.add_url_rule("/json", view_func=read, methods=["POST"])

    response = app.test_client().post("/json", data=body, content_type="application/json")

    assert response.status_code == 400
    reason = response.json["fault_message"].removeprefix(
        "An error occurred when deserializing the json body of a request: "
    )
    assert re.match(r"EOF while|expected|the body is|trailing comma|invalid unicode", reason)


def test_routing_error_below_a_blueprint_is_answered_by_its_scope():
    app = app_with(FAULTMAP_SCOPES={"/fc": "fault_message"})
    inner, outer = Blueprint("inner", __name__), Blueprint("outer", __name__)
    inner.add_url_rule("/fail", view_func=raising(GoneError("It is gone.")))
    outer.register_blueprint(inner, url_prefix="/inner")
    app.register_blueprint(outer, url_prefix="/fc")

    client = app.test_client()

    assert client.get("/fc/inner/fail").json == {"fault_message": "It is gone."}
    assert client.get("/fc/inner/nope").json == {"fault_message": "No such resource: /inner/nope"}
