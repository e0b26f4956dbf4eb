"""The Flask border: what is answered by us, what stays Flask's, and what passes untouched."""

import logging
import sys

import pytest
from flask import (
    Flask,
    after_this_request,
    got_request_exception,
    redirect,
    request,
    request_finished,
    request_started,
)
from flask.sessions import SecureCookieSessionInterface
from flow_app import answer_to, app_raising, app_with, heard, raising
from werkzeug.exceptions import HTTPException, ImATeapot, NotFound
from werkzeug.routing import BaseConverter, RequestRedirect
from werkzeug.wrappers import Response

from flask_faultmap import DomainError, Rule
from flask_faultmap.errors import (
    AlreadyExistsError,
    GoneError,
    InvalidArgumentError,
    NotFoundError,
    UnavailableError,
)


class VMNotFoundError(NotFoundError):
    """No such machine."""


class SDKError(Exception):
    """A foreign library's error."""


class JobError(Exception):
    """What a queue wraps every failure in."""


def caused(failure, cause):
    failure.__cause__ = cause
    return failure


KNOWS_NOTHING = (Rule(on=Exception, where={"sqlstate": "23505"}, to=AlreadyExistsError),)
WRAPPED = (Rule(on=SDKError, wrapped=True, to=GoneError),)


@pytest.mark.parametrize(
    ("rule", "more"),
    [
        (Rule(on=SDKError, to=GoneError), {SDKError}),
        (Rule(on=SDKError, wrapped=True, to=GoneError), {SDKError, Exception}),
        (Rule(on=Exception, to=GoneError), {Exception}),
        (Rule(on=ImATeapot, to=GoneError), set()),
        (Rule(on=VMNotFoundError, to=GoneError), set()),
        (Rule(on="no_such_package.Error", to=GoneError), set()),
    ],
    ids=["class", "wrapped", "Exception", "HTTPException", "DomainError", "not-installed"],
)
def test_handlers_are_registered_for_what_the_rules_name_and_no_more(rule, more):
    always = set(app_with().error_handler_spec[None][None])

    app = app_with(rules=[rule])

    assert set(app.error_handler_spec[None][None]) == always | more


@pytest.mark.parametrize("cls", [DomainError, HTTPException, ExceptionGroup])
def test_handlers_are_registered_for_what_is_always_ours(cls):
    assert cls in app_with().error_handler_spec[None][None]


def test_no_handler_for_every_exception_is_registered_without_need():
    assert Exception not in app_with().error_handler_spec[None][None]


@pytest.mark.parametrize(
    ("failure", "rules", "status", "code"),
    [
        (VMNotFoundError("gone"), (), 404, "vm_not_found"),
        (SDKError("x"), (Rule(on=SDKError, to=GoneError),), 410, "gone"),
        (type("Below", (SDKError,), {})("x"), (Rule(on=SDKError, to=GoneError),), 410, "gone"),
        (caused(JobError("x"), SDKError("y")), WRAPPED, 410, "gone"),
        (KeyError("x"), (Rule(on=Exception, to=UnavailableError),), 503, "unavailable"),
        (ImATeapot(), (Rule(on=ImATeapot, to=GoneError),), 410, "gone"),
        (VMNotFoundError("x"), (Rule(on=VMNotFoundError, to=GoneError),), 410, "gone"),
        (ExceptionGroup("all", [VMNotFoundError("x"), UnavailableError("y")]), (), 503, "unavailable"),
    ],
    ids=["domain", "class", "subclass", "wrapped", "Exception", "http", "domain-by-rule", "group"],
)
def test_what_a_rule_knows_is_answered(failure, rules, status, code):
    response = answer_to(failure, rules=rules)

    assert (response.status_code, response.json["code"]) == (status, code)


def test_rule_on_one_http_error_leaves_the_others_alone():
    response = answer_to(NotFound(), rules=[Rule(on=ImATeapot, to=GoneError)])

    assert (response.status_code, response.json["code"]) == (404, "not_found")


UNKNOWN = pytest.mark.parametrize(
    ("failure", "rules"),
    [
        (ZeroDivisionError("secret"), ()),
        (ZeroDivisionError("secret"), KNOWS_NOTHING),
        (caused(JobError("secret"), ValueError("other")), WRAPPED),
        (SDKError("secret"), (Rule(on=SDKError, where={"code": 5}, to=GoneError),)),
        (ExceptionGroup("secret", [VMNotFoundError("x"), ZeroDivisionError()]), ()),
    ],
    ids=["no-rule", "rule-on-Exception", "wrapped", "where", "group"],
)


@UNKNOWN
def test_unknown_error_is_told_to_got_request_exception_once(failure, rules):
    app = app_raising(failure, rules=rules)

    with heard(got_request_exception, app) as told:
        app.test_client().get("/fail")

    assert [each.exception for each in told] == [failure]


@UNKNOWN
def test_unknown_error_is_logged_once_and_by_flask(failure, rules, caplog):
    answer_to(failure, rules=rules)

    assert [(record.name, record.exc_info[1]) for record in caplog.records] == [("shop", failure)]


@UNKNOWN
def test_unknown_error_is_seen_by_teardown(failure, rules):
    app, seen = app_raising(failure, rules=rules), []
    app.teardown_request(seen.append)

    app.test_client().get("/fail")

    assert seen == [failure]


@UNKNOWN
@pytest.mark.parametrize("key", ["DEBUG", "TESTING", "PROPAGATE_EXCEPTIONS"])
def test_unknown_error_propagates_as_flask_would(failure, rules, key):
    app = app_raising(failure, rules=rules, **{key: True})

    with pytest.raises(type(failure)) as caught:
        app.test_client().get("/fail")

    assert caught.value is failure


@UNKNOWN
def test_unknown_error_is_an_opaque_500(failure, rules):
    response = answer_to(failure, rules=rules)

    assert response.status_code == 500
    assert response.json["code"] == "internal"
    assert "secret" not in response.text


@pytest.mark.parametrize("key", ["DEBUG", "TESTING", "PROPAGATE_EXCEPTIONS"])
def test_known_error_is_answered_in_debug_and_testing_too(key):
    response = answer_to(VMNotFoundError("no such machine"), **{key: True})

    assert (response.status_code, response.json["detail"]) == (404, "no such machine")


def fail_after_request(app):
    app.after_request(raising(VMNotFoundError("late")))


def fail_after_this_request(app):
    app.before_request(lambda: after_this_request(raising(VMNotFoundError("late"))) and None)


def fail_in_a_converter(app):
    app.url_map.converters["vm"] = type(
        "Converter", (BaseConverter,), {"to_python": raising(VMNotFoundError)}
    )
    app.add_url_rule("/<vm:name>", "converted", view_func=str)


def fail_while_the_session_opens(app):
    sessions = type("Sessions", (SecureCookieSessionInterface,), {"open_session": raising(VMNotFoundError)})
    app.session_interface = sessions()


def fail_while_the_session_is_saved(app):
    sessions = type("Sessions", (SecureCookieSessionInterface,), {"save_session": raising(VMNotFoundError)})
    app.session_interface = sessions()


def fail_in_another_handler(app):
    app.add_url_rule("/ok", "boom", view_func=raising(SDKError))
    app.register_error_handler(SDKError, raising(VMNotFoundError))


def fail_in_the_handler_of_a_status(app):
    app.add_url_rule("/ok", "boom", view_func=raising(NotFound))
    app.register_error_handler(404, raising(VMNotFoundError))


LATE = pytest.mark.parametrize(
    "fail",
    [
        fail_after_request,
        fail_after_this_request,
        fail_in_a_converter,
        fail_while_the_session_opens,
        fail_while_the_session_is_saved,
        fail_in_another_handler,
        fail_in_the_handler_of_a_status,
    ],
)


@LATE
def test_error_that_reaches_only_the_500_handler_is_translated_there(fail):
    app = app_with(SECRET_KEY="x")
    fail(app)
    app.add_url_rule("/<name>", view_func=lambda name: "ok")

    response = app.test_client().get("/ok")

    assert (response.status_code, response.json["code"]) == (404, "vm_not_found")


@LATE
def test_error_that_reaches_only_the_500_handler_is_logged_by_flask_alone(fail, caplog):
    app = app_with(SECRET_KEY="x", FAULTMAP_LOG_LEVELS={"vm_not_found": "ERROR"})
    fail(app)
    app.add_url_rule("/<name>", view_func=lambda name: "ok")

    app.test_client().get("/ok")

    beside = ("Request finalizing", "The error handler")
    lines = [record for record in caplog.records if not record.message.startswith(beside)]
    assert [record.name for record in lines] == ["shop"]


@pytest.mark.parametrize("signal", [request_started, request_finished], ids=["started", "finished"])
def test_error_of_a_flask_signal_receiver_is_translated(signal):
    app = app_with()
    app.add_url_rule("/ok", view_func=lambda: "ok")

    with signal.connected_to(raising(VMNotFoundError("late")), sender=app):
        response = app.test_client().get("/ok")

    assert (response.status_code, response.json["code"]) == (404, "vm_not_found")


@pytest.mark.parametrize(
    "register",
    [
        lambda app, fail: app.before_request(fail),
        lambda app, fail: app.url_value_preprocessor(fail),
    ],
    ids=["before_request", "url_value_preprocessor"],
)
@pytest.mark.parametrize("path", ["/ok", "/nowhere"])
def test_error_before_the_view_wins_over_the_view_and_over_an_unknown_path(register, path):
    app = app_with()
    app.add_url_rule("/ok", view_func=lambda: "ok")
    register(app, raising(VMNotFoundError("early")))

    response = app.test_client().get(path)

    assert (response.status_code, response.json["code"]) == (404, "vm_not_found")


def test_http_error_raised_after_the_request_keeps_its_status():
    app = app_with()
    app.add_url_rule("/ok", view_func=lambda: "ok")
    app.after_request(raising(ImATeapot()))

    response = app.test_client().get("/ok")

    assert (response.status_code, response.json["code"]) == (418, "im_a_teapot")


def test_redirect_raised_after_the_request_is_an_opaque_500_as_flask_has_it():
    app = app_with()
    app.add_url_rule("/ok", view_func=lambda: "ok")
    app.after_request(raising(RequestRedirect("/elsewhere")))

    response = app.test_client().get("/ok")

    assert (response.status_code, response.json["code"]) == (500, "internal")


@pytest.mark.parametrize(
    "accept", ["text/html", "image/png", "*/*;q=0", "application/json;q=0", "", ";;;=,q", None], ids=repr
)
@pytest.mark.parametrize("path", ["/fail", "/nowhere"])
def test_answer_is_json_whatever_the_client_accepts(accept, path):
    headers = {} if accept is None else {"Accept": accept}

    response = app_raising(ZeroDivisionError).test_client().get(path, headers=headers)

    assert response.content_type == "application/problem+json"
    assert response.json["status"] == response.status_code


@pytest.mark.parametrize("trap", [True, False])
def test_redirect_of_the_routing_passes(trap):
    app = app_with(TRAP_HTTP_EXCEPTIONS=trap)
    app.add_url_rule("/folder/", view_func=lambda: "ok")

    response = app.test_client().get("/folder")

    assert (response.status_code, response.location) == (308, "http://localhost/folder/")


@pytest.mark.parametrize("trap", [True, False])
@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (type("NotModified", (HTTPException,), {"code": 304})(), 304),
        (type("Odd", (HTTPException,), {"code": 200})(), 200),
        (HTTPException(response=Response("own", 404)), 404),
        (HTTPException(response=redirect("/elsewhere")), 302),
        (NotFound(response=Response("own", 418)), 418),
    ],
    ids=["304", "200", "abort-response", "abort-redirect", "response-of-a-404"],
)
def test_http_error_below_400_or_with_a_response_passes(failure, status, trap):
    response = answer_to(failure, TRAP_HTTP_EXCEPTIONS=trap)

    assert response.status_code == status
    assert response.mimetype != "application/problem+json"


def test_response_that_an_error_brings_is_sent_as_it_is_and_not_changed():
    own = Response("own", 404, {"X-Own": "1"})
    client = app_raising(NotFound(response=own)).test_client()

    answers = [client.get("/fail") for _ in range(2)]

    assert [(each.text, each.headers["X-Own"]) for each in answers] == [("own", "1")] * 2
    assert "X-Request-ID" not in own.headers


def test_options_passes():
    response = app_raising(ZeroDivisionError).test_client().options("/fail")

    assert response.status_code == 200
    assert set(response.allow) == {"GET", "HEAD", "OPTIONS", "POST"}


@pytest.mark.parametrize("path", ["/fail", "/nowhere"])
def test_head_has_the_headers_of_get_and_no_body(path):
    client = app_raising(VMNotFoundError("no such machine")).test_client()
    identity = {"X-Request-ID": "request-one"}

    head, get = client.head(path, headers=identity), client.get(path, headers=identity)

    assert head.data == b""
    assert head.status == get.status
    assert dict(head.headers) == dict(get.headers)


def test_preconditions_do_not_change_an_error():
    client = app_raising(VMNotFoundError("no such machine")).test_client()

    response = client.get("/fail", headers={"If-None-Match": "*", "If-Match": '"x"', "Range": "bytes=0-1"})

    assert response.status_code == 404


TRAPS = pytest.mark.parametrize(
    ("failure", "config"),
    [
        (lambda: NotFound("secret"), {"TRAP_HTTP_EXCEPTIONS": True}),
        (lambda: request.form["secret"], {"TRAP_HTTP_EXCEPTIONS": True}),
        (lambda: request.form["secret"], {"TRAP_BAD_REQUEST_ERRORS": True}),
        (lambda: request.get_json(force=True), {"TRAP_BAD_REQUEST_ERRORS": True}),
        (lambda: request.form["secret"], {"DEBUG": True}),
        (HTTPException, {"TRAP_HTTP_EXCEPTIONS": True}),
    ],
    ids=["404", "missing-key", "missing-key-alone", "bad-json", "debug", "codeless"],
)


def app_trapping(fail, config, **more):
    app = app_with(**config, **more)

    @app.route("/fail")
    def view():
        raise fail()

    return app


@TRAPS
def test_trapped_http_error_is_raised_again(failure, config):
    app = app_trapping(failure, config, PROPAGATE_EXCEPTIONS=True)

    with pytest.raises(HTTPException):
        app.test_client().get("/fail")


@TRAPS
def test_trapped_http_error_that_comes_back_is_the_opaque_500(failure, config):
    response = app_trapping(failure, config, PROPAGATE_EXCEPTIONS=False).test_client().get("/fail")

    assert (response.status_code, response.json["code"]) == (500, "internal")
    assert "secret" not in response.text


@TRAPS
def test_trapped_http_error_is_told_and_logged_as_flask_does_it(failure, config, caplog):
    app = app_trapping(failure, config, PROPAGATE_EXCEPTIONS=False)

    with heard(got_request_exception, app) as told:
        app.test_client().get("/fail")

    assert [isinstance(each.exception, HTTPException) for each in told] == [True]
    assert [record.name for record in caplog.records if record.levelno >= logging.ERROR] == ["shop"]


@pytest.mark.parametrize("config", [{"TRAP_BAD_REQUEST_ERRORS": True}, {"DEBUG": True}], ids=str)
def test_http_error_that_is_not_trapped_is_answered(config):
    response = answer_to(NotFound(), **config)

    assert (response.status_code, response.json["code"]) == (404, "not_found")


def test_boundary_registers_nothing_that_runs_on_a_request():
    app, plain = app_with(), Flask("plain")

    known = [
        (app.before_request_funcs, plain.before_request_funcs),
        (app.after_request_funcs, plain.after_request_funcs),
        (app.teardown_request_funcs, plain.teardown_request_funcs),
        (app.teardown_appcontext_funcs, plain.teardown_appcontext_funcs),
        (app.url_value_preprocessors, plain.url_value_preprocessors),
    ]

    assert [ours for ours, _ in known] == [theirs for _, theirs in known]
    assert app.wsgi_app == app.wsgi_app.__func__.__get__(app)


def test_nothing_of_ours_runs_on_a_request_that_succeeds_after_the_first():
    app = app_with()
    app.add_url_rule("/ok", view_func=lambda: "ok")
    app.test_client().get("/ok")
    seen = set()
    sys.setprofile(lambda frame, *_: seen.add(frame.f_globals.get("__name__")))

    app.test_client().get("/ok")
    sys.setprofile(None)

    assert "flask.app" in seen
    assert not {name for name in seen if name and name.startswith("flask_faultmap")}


def test_check_at_the_first_request_leaves_no_receiver():
    app = app_with()
    app.add_url_rule("/ok", view_func=lambda: "ok")
    before = set(request_started.receivers_for(app))

    app.test_client().get("/ok")

    assert len(before) == 1 + len(set(request_started.receivers_for(app)))


def test_error_after_the_first_byte_of_a_stream_is_out_of_reach():
    app = app_with()

    @app.route("/stream")
    def stream():
        def body():
            yield "first"
            raise VMNotFoundError("late")

        return body()

    response = app.test_client().get("/stream")

    assert response.status_code == 200
    with pytest.raises(VMNotFoundError):
        response.get_data()


def test_error_in_teardown_is_out_of_reach():
    app = app_with()
    app.add_url_rule("/ok", view_func=lambda: "ok")
    app.teardown_request(raising(VMNotFoundError("late")))

    with pytest.raises(VMNotFoundError):
        app.test_client().get("/ok")


def test_error_in_a_middleware_is_out_of_reach():
    app = app_with()
    app.wsgi_app = raising(VMNotFoundError("outside"))

    with pytest.raises(VMNotFoundError):
        app.test_client().get("/ok")


@pytest.mark.parametrize(
    "returned",
    [("own", 404), ({"own": 1}, 500), NotFound("own"), Response("own", 503)],
    ids=["text", "json", "exception", "response"],
)
def test_what_a_view_returns_is_its_own(returned):
    app = app_with()
    app.add_url_rule("/own", view_func=lambda: returned)

    with heard() as told:
        response = app.test_client().get("/own")

    assert response.status_code >= 400
    assert "own" in response.text
    assert told == []


def test_handle_user_exception_called_by_hand_answers():
    app = app_with()

    with app.test_request_context("/x"):
        response = app.handle_user_exception(VMNotFoundError("no such machine"))

    assert (response.status_code, response.json["code"]) == (404, "vm_not_found")


def test_handle_exception_called_by_hand_answers():
    app = app_with()

    with app.test_request_context("/x"):
        response = app.handle_exception(ZeroDivisionError("secret"))

    assert (response.status_code, response.json["code"]) == (500, "internal")


def test_app_inside_the_view_of_another_app_has_its_own_boundary():
    inner = app_raising(VMNotFoundError("inner"))
    outer = app_with(FAULTMAP_PROFILE="fault_message")

    @outer.route("/outer")
    def view():
        raise InvalidArgumentError(inner.test_client().get("/fail").json["detail"])

    response = outer.test_client().get("/outer")

    assert response.json == {"fault_message": "inner"}
