"""`report`, `request_id`: faults without an answer, and one id for all that is told of a request."""

import copy
import logging
import pickle
import traceback

import pytest
from flask import Flask, g
from flow_app import app_raising, heard, raising

from flask_faultmap import DomainError, FaultMap, Rule, current_fault, request_id
from flask_faultmap.errors import NotFoundError, UnavailableError


class SDKError(Exception):
    pass


class MeanError(DomainError):
    @property
    def details(self):
        raise RuntimeError("no details")


def map_around(app=None, **given):
    return FaultMap(app, rules=[Rule(on=SDKError, to=UnavailableError)], **given)


def test_report_outside_of_all_apps_is_logged_signalled_and_returned(caplog):
    faults = map_around()

    with heard() as told:
        fault = faults.report(SDKError("db-7"), job="nightly")

    assert (fault.code, fault.text, len(fault.id)) == ("unavailable", "Service unavailable", 32)
    assert [(each.sender, each.handled, each.committed, each.status) for each in told] == [
        (faults, True, False, 503)
    ]
    assert told[0].error.context == {"job": "nightly"}
    (record,) = caplog.records
    assert (record.name, record.levelname, record.exc_info[0]) == ("flask_faultmap", "ERROR", SDKError)
    assert (record.fault["method"], record.fault["path"], record.fault["id"]) == (None, None, fault.id)
    assert (record.fault["context"], record.fault["rule"]) == ({"job": "nightly"}, told[0].rule)
    assert record.getMessage() == f"reported -> 503 unavailable ({fault.id}): db-7"


def test_report_in_an_app_context_speaks_for_the_app(caplog):
    app = Flask("shop")
    app.config["FAULTMAP_STATUSES"] = {"unavailable": 599}
    faults = map_around(app)

    with app.app_context(), heard() as told:
        fault = faults.report(SDKError("db-7"))

    assert (told[0].sender, fault.status) == (app, 599)
    assert [record.name for record in caplog.records] == ["shop.faultmap"]


def test_report_in_the_context_of_an_app_with_another_map_speaks_for_its_own():
    app = Flask("shop")
    FaultMap(app)
    faults = map_around()

    with app.app_context(), heard() as told:
        faults.report(SDKError("db-7"))

    assert told[0].sender is faults


def test_report_in_a_request_has_its_id_and_leaves_the_current_fault_alone(caplog):
    app = Flask("shop")
    faults = map_around(app)
    seen = []
    app.add_url_rule(
        "/",
        view_func=lambda: (
            seen.append((faults.report(SDKError("x")), current_fault(), request_id())) or "fine"
        ),
    )

    response = app.test_client().get("/", headers={"X-Request-ID": "given-by-client"})

    ((fault, current, identity),) = seen
    assert (response.text, fault.id, current, identity) == (
        "fine",
        "given-by-client",
        None,
        "given-by-client",
    )
    assert caplog.records[0].fault["path"] == "/"


def test_report_of_a_quiet_error_is_signalled_alone(caplog):
    with heard() as told:
        fault = map_around().report(NotFoundError("no box"))

    assert (fault.text, len(told), caplog.records) == ("no box", 1, [])


@pytest.mark.parametrize(
    "given", ["boom", None, MeanError("x"), KeyboardInterrupt(), ExceptionGroup("g", [ValueError()])]
)
def test_report_never_raises(given):
    assert map_around().report(given, why="test").status >= 400


def test_report_survives_a_log_handler_that_raises(monkeypatch):
    logger = logging.getLogger("flask_faultmap")

    class Broken(logging.Handler):
        def emit(self, record):
            raise OSError("disk full")

    handler = Broken()
    logger.addHandler(handler)
    try:
        fault = map_around().report(SDKError("x"))
    finally:
        logger.removeHandler(handler)

    assert fault.status == 503


def test_async_receiver_is_skipped_outside_of_an_app_with_one_line(caplog):
    from flask_faultmap import fault_translated

    async def hear(sender, **extra):
        raise AssertionError

    with fault_translated.connected_to(hear):
        map_around().report(NotFoundError("x"))

    assert ["is skipped outside of an app" in record.getMessage() for record in caplog.records] == [True]


def test_context_of_the_report_stays_off_the_error_that_was_raised():
    error = NotFoundError("x", context={"user": 7})

    with heard() as told:
        map_around().report(error, job=1)

    assert (error.context, told[0].error.context, told[0].exception) == (
        {"user": 7},
        {"user": 7, "job": 1},
        error,
    )


def test_request_id_outside_of_a_request_or_without_a_map_is_none():
    with Flask("shop").test_request_context():
        assert request_id() is None
    assert request_id() is None


def app_with_id(ask, before=None, *, fails=True):
    app = Flask("shop")
    FaultMap(app, request_id=ask)
    if before is not None:
        app.before_request(before)
    app.add_url_rule("/", view_func=raising(UnavailableError("x")) if fails else lambda: request_id())
    return app


def test_id_of_the_app_is_in_header_body_log_and_signal(caplog):
    app = app_with_id(lambda: g.request_id, lambda: setattr(g, "request_id", "00-trace/1"))

    with heard() as told:
        response = app.test_client().get("/", headers={"X-Request-ID": "of-the-client"})

    record = next(record for record in caplog.records if record.name == "shop.faultmap")
    assert {
        response.headers["X-Request-ID"],
        response.json["request_id"],
        record.fault["id"],
        told[0].fault.id,
    } == {"00-trace/1"}


def test_id_of_the_app_counts_for_a_request_that_succeeds():
    app = app_with_id(lambda: g.request_id, lambda: setattr(g, "request_id", "t1"), fails=False)

    assert app.test_client().get("/").text == "t1"


@pytest.mark.parametrize(
    "given", ["", "a b", 'a"b', "a\\b", "a\n", "ü", "x" * 129, 7, b"x", object(), RuntimeError("no")]
)
def test_nonsense_gives_way_to_an_id_of_ours_and_one_warning(given, caplog):
    def ask():
        if isinstance(given, Exception):
            raise given
        return given

    app = app_with_id(ask, lambda: [request_id(), request_id()].clear())

    response = app.test_client().get("/")

    assert len(response.headers["X-Request-ID"]) == 32
    warnings = [record for record in caplog.records if "request_id= of FaultMap" in record.getMessage()]
    assert len(warnings) == 1


def test_function_is_asked_until_it_knows_and_not_again():
    answers = iter([None, None, "known", "other"])
    seen = []
    app = app_with_id(lambda: next(answers), lambda: seen.extend(request_id() for _ in range(4)))

    response = app.test_client().get("/")

    assert seen[0] == seen[1] != "known"
    assert [*seen[2:], response.headers["X-Request-ID"]] == ["known"] * 3


def test_id_that_an_answer_has_carried_stays(caplog):
    ids = []
    app = app_with_id(lambda: g.get("late"))
    app.after_request(lambda response: (setattr(g, "late", "later"), ids.append(request_id()), response)[2])

    response = app.test_client().get("/nowhere")

    assert ids == [response.headers["X-Request-ID"]]


def test_function_that_logs_through_a_filter_that_wants_the_id_is_asked_once():
    calls = []
    app = app_with_id(lambda: calls.append(request_id()) or "t1", fails=False)

    assert app.test_client().get("/").text == "t1"
    assert len(calls) == 1


def test_what_is_no_function_is_refused():
    with pytest.raises(ValueError, match="request_id is 'X'; it must be a function"):
        FaultMap(request_id="X")


def test_signal_says_whether_flask_told_of_the_error_itself():
    with heard() as told:
        app_raising(NotFoundError("x")).test_client().get("/fail")
        app_raising(ValueError("x")).test_client().get("/fail")

    assert [(each.handled, each.committed) for each in told] == [(True, False), (False, False)]


@pytest.mark.parametrize("cls", [DomainError, UnavailableError])
def test_notes_are_in_the_record_and_its_extra(cls, caplog):
    error = cls("disk")
    error.add_note("while box b1 was made")
    error.add_note("forged\nline")

    app_raising(error).test_client().get("/fail")

    (record,) = caplog.records
    assert record.fault["notes"] == ["while box b1 was made", "forged\\nline"]
    assert "disk; while box b1 was made; forged\\nline" in record.getMessage()


@pytest.mark.parametrize("notes", [7, "text", [b"x", 7]])
def test_notes_that_are_none_do_no_harm(notes, caplog):
    error = DomainError("disk")
    error.__notes__ = notes

    assert app_raising(error).test_client().get("/fail").status_code == 400
    assert caplog.records[0].fault["notes"] == []


@pytest.mark.parametrize("error", [UnavailableError("down"), NotFoundError("none")], ids=["logged", "quiet"])
def test_instance_that_is_raised_again_and_again_gathers_no_traceback(error):
    client = app_raising(error).test_client()
    lengths = []

    for _ in range(5):
        client.get("/fail")
        lengths.append(len(traceback.extract_tb(error.__traceback__)))

    assert len(set(lengths)) == 1


def test_record_of_an_instance_has_the_stack_of_this_raise_alone(caplog):
    error = UnavailableError("down")
    client = app_raising(error).test_client()

    for _ in range(3):
        client.get("/fail")

    sizes = {len("".join(traceback.format_exception(error)))}
    assert len(sizes) == 1
    assert "".join(traceback.format_exception(error)).count("in fail") == 1


def test_reports_of_one_instance_gather_no_traceback_and_it_still_travels():
    faults, error = map_around(), SDKError("x")
    for _ in range(4):
        try:
            raise error
        except SDKError as exc:
            faults.report(exc)

    assert len(traceback.extract_tb(error.__traceback__)) == 1
    assert pickle.loads(pickle.dumps(NotFoundError("x"))).args == copy.deepcopy(error).args == ("x",)


def test_report_where_nobody_listens_gives_the_fault():
    assert map_around().report(SDKError("x")).code == "unavailable"


class UntoldError(NotFoundError):
    """Its own context cannot be had."""

    context = property(lambda self: 1 / 0)


def test_context_that_is_given_stays_where_the_error_has_none_to_give(caplog):
    FaultMap().report(UntoldError("no box"), task="resize")

    (record,) = [record for record in caplog.records if hasattr(record, "fault")]
    assert (record.fault["code"], record.fault["context"]) == ("internal", {"task": "resize"})
