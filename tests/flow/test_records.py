"""What a request that failed leaves behind: its id, one log record, one signal, and the current fault."""

import json
import logging
import re

import flask_restx
import pytest
from flask import Flask, current_app, g, request, request_finished
from flow_app import answer_to, app_raising, app_with, heard, raising
from werkzeug.exceptions import InternalServerError, NotFound

from flask_faultmap import DomainError, Rule, current_fault, fault_translated
from flask_faultmap.errors import (
    GoneError,
    InternalError,
    NotFoundError,
    PermissionDeniedError,
    UnavailableError,
)

ID = "request-0001"


class PgDownError(UnavailableError):
    """The database is down."""


def chained(failure, cause):
    failure.__cause__ = cause
    return failure


def ask(app, path="/fail", **headers):
    return app.test_client().get(path, headers={"X-Request-ID": ID, **headers})


@pytest.mark.parametrize("given", ["abcdefgh", "A-z_0.9-", "x" * 128])
def test_id_of_the_request_is_kept_if_it_is_sane(given):
    response = app_raising(NotFoundError("x")).test_client().get("/fail", headers={"X-Request-ID": given})

    assert (response.headers["X-Request-ID"], response.json["request_id"]) == (given, given)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "abcdefg",
        "x" * 129,
        "abcdefgh ijk",
        "abcdefgh,ijklmnop",
        "abcdefgh<b>",
        "abcd\u00e9fgh",
        "abcdefgh\t",
    ],
    ids=repr,
)
def test_id_of_the_request_is_replaced_if_it_is_not(given):
    response = app_raising(NotFoundError("x")).test_client().get("/fail", headers={"X-Request-ID": given})

    assert re.fullmatch("[0-9a-f]{32}", response.json["request_id"])
    assert response.headers.getlist("X-Request-ID") == [response.json["request_id"]]


def test_line_feed_after_an_id_does_not_slip_through():
    app = app_raising(NotFoundError("x"))

    response = app.test_client().get("/fail", environ_overrides={"HTTP_X_REQUEST_ID": "abcdefgh\n"})

    assert response.json["request_id"] != "abcdefgh\n"


def test_each_request_has_an_id_of_its_own():
    client = app_raising(NotFoundError("x")).test_client()

    assert client.get("/fail").json["request_id"] != client.get("/fail").json["request_id"]


def test_header_of_the_id_is_the_apps_choice():
    app = app_raising(NotFoundError("x"), FAULTMAP_REQUEST_ID_HEADER="Trace-Id")

    response = ask(app, **{"Trace-Id": "trace-0001"})

    assert (response.headers["Trace-Id"], response.json["request_id"]) == ("trace-0001", "trace-0001")
    assert "X-Request-ID" not in response.headers


def test_header_has_the_id_where_the_body_has_no_room():
    response = ask(app_raising(NotFoundError("x"), FAULTMAP_PROFILE="fault_message"))

    assert response.headers["X-Request-ID"] == ID


@pytest.mark.parametrize("failure", [GoneError("x"), NotFound(), ZeroDivisionError("x")], ids=repr)
def test_id_is_the_same_in_header_body_log_and_signal(failure, caplog):
    app = app_raising(failure, FAULTMAP_LOG_LEVELS={"4xx": "INFO"})
    caplog.set_level(logging.INFO)

    with heard(sender=app) as told:
        response = app.test_client().get("/fail")

    assert response.headers["X-Request-ID"] == response.json["request_id"]
    assert [each.fault.id for each in told] == [response.json["request_id"]]
    assert [f"({response.json['request_id']})" in record.message for record in caplog.records] == [True]


@pytest.mark.parametrize(
    ("failure", "error", "status", "rule"),
    [
        (GoneError("x"), GoneError, 410, None),
        (KeyError("x"), PgDownError, 503, "KeyError -> PgDownError"),
        (NotFound("x"), DomainError, 404, "HTTPException -> from_http"),
        (ZeroDivisionError("x"), InternalError, 500, None),
    ],
    ids=["domain", "rule", "http", "unknown"],
)
def test_signal_tells_fault_exception_error_statuses_and_rule(failure, error, status, rule):
    app = app_raising(failure, rules=[Rule(on=KeyError, to=PgDownError)])

    with heard() as told:
        response = ask(app)

    (each,) = told
    assert each.sender is app
    assert each.exception is failure
    assert isinstance(each.error, error)
    assert (each.fault.id, each.fault.code) == (ID, response.json["code"])
    assert (each.status, each.original_status, each.rule) == (status, status, rule)


def test_signal_is_heard_by_the_receivers_of_its_app_alone():
    app, other = app_raising(GoneError("x")), app_raising(GoneError("x"))

    with heard(sender=app) as told, heard(sender=other) as told_to_others:
        ask(app)

    assert (len(told), told_to_others) == (1, [])


def test_request_that_succeeds_signals_nothing():
    app = app_with()
    app.add_url_rule("/ok", view_func=lambda: "ok")

    with heard() as told:
        app.test_client().get("/ok")

    assert told == []


def test_later_failure_that_supersedes_the_answer_is_told_too_with_the_same_id():
    app = app_raising(GoneError("first"))
    failures = iter([PgDownError("second")])
    app.after_request(lambda response: raising(next(failures))() if response.status_code == 410 else response)

    with heard(sender=app) as told:
        response = ask(app)

    assert response.status_code == 503
    assert [(each.fault.id, each.status) for each in told] == [(ID, 410), (ID, 503)]


def test_receiver_that_raises_hurts_neither_the_answer_nor_the_other_receivers(caplog):
    app = app_raising(GoneError("x"))
    fails = raising(OSError("audit store is down"))

    with fault_translated.connected_to(fails), heard(sender=app) as told:
        response = ask(app)

    assert (response.status_code, len(told)) == (410, 1)
    assert [(record.levelname, record.exc_info[0]) for record in caplog.records] == [("ERROR", OSError)]


def test_async_receivers_are_told():
    app, told = app_raising(GoneError("x")), []

    async def receive(sender, **payload):
        told.append(payload["status"])

    with fault_translated.connected_to(receive, sender=app):
        ask(app)

    assert told == [410]


def test_muted_signal_is_not_sent():
    app = app_raising(GoneError("x"))

    with heard(sender=app) as told, fault_translated.muted():
        response = ask(app)

    assert (response.status_code, told) == (410, [])


@pytest.fixture
def no_receivers(monkeypatch):
    """Take away all receivers: that of the testing module, and those of other apps in this process."""
    monkeypatch.setattr(fault_translated, "receivers", {})


@pytest.mark.usefixtures("no_receivers")
def test_fault_is_answered_where_nobody_listens():
    app = app_raising(GoneError("x"))

    assert not fault_translated.receivers
    assert ask(app).status_code == 410


@pytest.mark.parametrize(
    ("failure", "level"),
    [
        (GoneError("x"), None),
        (NotFound(), None),
        (DomainError("x"), logging.WARNING),
        (PermissionDeniedError("x"), logging.WARNING),
        (PgDownError("x"), logging.ERROR),
        (InternalServerError(), logging.ERROR),
        (InternalServerError(original_exception=OSError("x")), logging.ERROR),
    ],
    ids=["410", "404", "uncategorized", "403", "503", "abort-500", "abort-500-of"],
)
def test_fault_is_logged_once_at_the_level_of_its_class(failure, level, caplog):
    caplog.set_level(logging.DEBUG, "shop")

    answer_to(failure)

    assert [record.levelno for record in caplog.records] == ([] if level is None else [level])


@pytest.mark.parametrize(
    ("levels", "level"),
    [
        ({"5xx": "INFO"}, logging.INFO),
        ({"503": "WARNING", "5xx": "INFO"}, logging.WARNING),
        ({"unavailable": "CRITICAL", "503": "WARNING"}, logging.CRITICAL),
        ({"pg_down": 15, "unavailable": "CRITICAL"}, 15),
        ({"pg_down": None, "5xx": "ERROR"}, None),
        ({"4xx": "INFO"}, logging.ERROR),
    ],
    ids=str,
)
def test_most_exact_setting_decides_the_level(levels, level, caplog):
    caplog.set_level(logging.DEBUG, "shop")

    answer_to(PgDownError("x"), FAULTMAP_LOG_LEVELS=levels)

    assert [record.levelno for record in caplog.records] == ([] if level is None else [level])


def test_one_raise_may_choose_its_level(caplog):
    failure = PgDownError("x")
    failure.log_level = None

    answer_to(failure, FAULTMAP_LOG_LEVELS={"5xx": "ERROR"})

    assert caplog.records == []


def test_record_says_what_happened_in_one_line(caplog):
    ask(app_raising(PgDownError("no route to host")))

    assert caplog.messages == [f"GET /fail -> 503 pg_down ({ID}): no route to host"]
    assert caplog.records[0].name == "shop.faultmap"


def test_record_has_the_facts_for_machines(caplog):
    failure = chained(KeyError("x"), chained(RuntimeError("middle"), OSError("no\nroute")))
    rule = Rule(on=KeyError, translate=lambda exc: PgDownError("down", context={"shard": 7}))

    ask(app_raising(failure, rules=[rule], FAULTMAP_PROFILE="firecracker"))

    assert caplog.records[0].fault == {
        "id": ID,
        "code": "pg_down",
        "category": "unavailable",
        "status": 503,
        "original_status": 503,
        "method": "GET",
        "path": "/fail",
        "rule": "KeyError -> <lambda>",
        "cause": "OSError: no\\nroute",
        "notes": [],
        "context": {"shard": 7},
    }


def test_facts_of_a_record_without_context_are_json(caplog):
    answer_to(PgDownError("down"))

    assert json.loads(json.dumps(caplog.records[0].fault))["context"] == {}


def test_record_brings_the_raised_exception_so_that_the_root_cause_comes_first(caplog):
    failure = chained(KeyError("the key"), OSError("the cause"))

    answer_to(failure, rules=[Rule(on=KeyError, to=PgDownError)])

    assert caplog.records[0].exc_info[1] is failure
    assert caplog.text.index("OSError: the cause") < caplog.text.index("KeyError: 'the key'")


def test_expected_failure_is_logged_without_a_stack(caplog):
    answer_to(PermissionDeniedError("x"))

    assert [record.exc_info for record in caplog.records] == [None]


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        (PgDownError(), "PgDownError"),
        (KeyError(), "KeyError"),
        (type("Mute", (KeyError,), {"__str__": raising(OSError)})("x"), "Mute"),
        (type("Wrong", (KeyError,), {"__str__": lambda self: 5})("x"), "Wrong"),
    ],
    ids=["domain", "rule", "mute", "wrong"],
)
def test_text_of_a_record_is_never_empty(failure, text, caplog):
    answer_to(failure, rules=[Rule(on=KeyError, translate=lambda exc: PgDownError())])

    assert caplog.messages[-1].endswith(f": {text}")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/a%0AERROR%20forged", "/a\\nERROR forged"),
        ("/a%0D%1B[31mred", "/a\\r\\x1b[31mred"),
        ("/a%E2%80%A8b%C2%85c", "/a\\u2028b\\x85c"),
        ("/a%00", "/a\\x00"),
        ("/%C3%A9%25s%7B0%7D", "/é%s{0}"),
    ],
    ids=["line-feed", "ansi", "unicode-lines", "nul", "harmless"],
)
def test_path_cannot_forge_a_line(path, shown, caplog):
    app = app_with()
    app.before_request(raising(PgDownError("x")))

    ask(app, path)

    assert caplog.messages == [f"GET {shown} -> 503 pg_down ({ID}): x"]
    assert caplog.records[0].fault["path"] == shown


def test_text_of_an_exception_cannot_forge_a_line(caplog):
    answer_to(PgDownError("x\r\nERROR forged \x1b[31m"))

    assert caplog.messages[0].endswith(": x\\r\\nERROR forged \\x1b[31m")


def test_method_cannot_forge_a_line(caplog):
    app = app_with()
    app.before_request(raising(PgDownError("x")))

    app.test_client().open("/x", method="GET\nFORGED")

    assert caplog.messages[0].startswith("GET\\nFORGED /x -> 503")


def test_level_that_the_logger_does_not_take_costs_no_record(caplog):
    caplog.set_level(logging.CRITICAL, "shop.faultmap")

    response = answer_to(PgDownError("x"))

    assert (response.status_code, caplog.records) == (503, [])


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/x/y", "/x/y"),
        ("/é%25s", "/é%s"),
        ("/a%0A[2026]%20ERROR%20forged", "/a\\n[2026] ERROR forged"),
        ("/a%1B[31m", "/a\\x1b[31m"),
        (f"/a%20({ID})", f"/a ({ID})"),
    ],
    ids=["harmless", "percent", "line-feed", "ansi", "id"],
)
def test_flasks_own_line_is_safe_and_has_the_id(path, shown, caplog):
    app = app_with()
    app.before_request(raising(ZeroDivisionError("x")))

    ask(app, path)

    assert caplog.messages == [f"Exception on {shown} [GET] ({ID})"]


def test_flasks_own_line_is_marked_once_where_two_apps_share_a_name(caplog):
    app_with()

    ask(app_raising(ZeroDivisionError("x")))

    assert caplog.messages == [f"Exception on /fail [GET] ({ID})"]


class LoggingApi(flask_restx.Api):
    """Logs as Flask does, and leaves the answer to the map."""

    def handle_error(self, exc):
        current_app.log_exception((type(exc), exc, exc.__traceback__))
        raise exc


@pytest.mark.parametrize(
    ("failure", "status"),
    [(ZeroDivisionError("a bug"), 500), (UnavailableError("x"), 503), (LookupError("x"), 503)],
    ids=["bug", "domain", "by a rule"],
)
def test_error_that_another_library_has_logged_is_not_logged_twice(failure, status, caplog):
    app = app_with(
        rules=[Rule(on=LookupError, to=UnavailableError)],
        FAULTMAP_HANDLERS_KEPT=["flask_restx.api.Api.error_router"],
    )
    resource = type("Fail", (flask_restx.Resource,), {"get": raising(failure)})
    LoggingApi(app).add_resource(resource, "/fail")
    client = app.test_client()

    statuses = [client.get("/fail").status_code for _ in range(2)]

    assert statuses == [status, status]
    assert [record.message.partition(" (")[0] for record in caplog.records] == [
        "Exception on /fail [GET]"
    ] * 2


def test_line_without_an_exception_is_kept(caplog):
    app = app_with()

    with app.test_request_context("/x"):
        app.log_exception((None, None, None))
        app.log_exception((None, None, None))

    assert len(caplog.messages) == 2


def test_flasks_own_line_of_an_app_without_a_boundary_is_left_alone(caplog):
    app_with()
    plain = Flask("shop")
    plain.add_url_rule("/fail", view_func=raising(ZeroDivisionError("x")))

    ask(plain)

    assert caplog.messages == ["Exception on /fail [GET]"]


@pytest.mark.parametrize("text", ["Exception on the loose", "Something else"])
def test_records_of_the_app_itself_are_left_alone(text, caplog):
    app = app_with()

    with app.test_request_context("/x"):
        app.logger.error(text)

    assert caplog.messages == [text]


def test_record_with_a_failure_outside_of_a_request_is_left_alone(caplog):
    app = app_with()

    app.logger.error("Exception on %s", "startup", exc_info=ZeroDivisionError("x"))

    assert caplog.messages == ["Exception on startup"]


def test_logger_of_the_app_is_not_made_before_it_is_needed():
    app = app_raising(NotFoundError("x"))

    app.test_client().get("/fail")

    assert "logger" not in vars(app)


def app_remembering(failure=GoneError("x"), **given):
    """Make an app that keeps what teardown functions and others were told."""
    app, seen = app_raising(failure, **given), {}
    app.add_url_rule("/ok", view_func=lambda: "ok")
    app.after_request(lambda response: seen.update(after_request=current_fault()) or response)
    app.teardown_request(lambda exc: seen.update(teardown_request=current_fault()))
    app.teardown_appcontext(lambda exc: seen.update(teardown_appcontext=current_fault()))
    return app, seen


def test_current_fault_is_known_to_everything_that_comes_after_the_failure():
    app, seen = app_remembering()

    ask(app)

    assert {name: fault.status for name, fault in seen.items()} == {
        "after_request": 410,
        "teardown_request": 410,
        "teardown_appcontext": 410,
    }


def test_request_that_succeeds_has_no_current_fault():
    app, seen = app_remembering()

    app.test_client().get("/ok")

    assert [*seen.values()] == [None] * 3


def test_current_fault_is_none_outside_of_requests():
    assert current_fault() is None
    with app_with().app_context():
        assert current_fault() is None


@pytest.mark.parametrize("outer", [Flask.app_context, Flask.test_request_context], ids=["app", "request"])
def test_success_under_an_outer_context_does_not_see_an_earlier_fault(outer):
    app, seen = app_remembering()

    with outer(app):
        app.test_client().get("/fail")
        app.test_client().get("/ok")

        assert seen == {"after_request": None, "teardown_request": None}
        assert current_fault() is None
        assert "_faultmap_fault" not in g


def test_client_that_keeps_the_context_sees_the_fault_of_its_last_request():
    app, _ = app_remembering()

    with app.test_client() as client:
        client.get("/fail")
        failed = current_fault()
        client.get("/ok")

        assert (failed.status, current_fault()) == (410, None)


def test_current_fault_is_the_last_one_of_its_request():
    app, seen = app_remembering(GoneError("first"))
    app.register_error_handler(GoneError, raising(PgDownError("second")))

    ask(app)

    assert seen["teardown_appcontext"].code == "pg_down"


def test_current_fault_is_the_inner_apps_while_that_is_torn_down():
    inner, seen = app_remembering()
    outer = app_with()
    outer.add_url_rule("/outer", view_func=lambda: inner.test_client().get("/fail").text)

    outer.test_client().get("/outer")

    assert seen["teardown_appcontext"].status == 410


def test_current_fault_is_not_another_apps():
    app, told = app_raising(GoneError("x")), []
    other = app_with()

    @app.teardown_request
    def look(exc):
        with other.app_context():
            told.append(current_fault())

    ask(app)

    assert told == [None]


def test_current_fault_is_there_when_the_signal_is_sent():
    app, told = app_raising(GoneError("x")), []

    def receive(sender, **payload):
        told.append(current_fault() is payload["fault"])

    with fault_translated.connected_to(receive, sender=app):
        ask(app)

    assert told == [True]


def test_request_finished_sees_the_answer_with_the_id():
    app = app_raising(GoneError("x"))

    with heard(request_finished, app) as told:
        ask(app)

    assert [each.response.headers["X-Request-ID"] for each in told] == [ID]


def test_functions_after_the_request_see_the_answer_of_a_failure():
    app = app_raising(ZeroDivisionError("x"))
    app.after_request(lambda response: response.headers.add("X-Path", request.path) or response)

    assert ask(app).headers["X-Path"] == "/fail"
