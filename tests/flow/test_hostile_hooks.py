"""What receivers, contexts, codes and headers of any sort may do to an answer: nothing."""

import asyncio
import functools
import gc
import logging
import weakref

import pytest
from flask import (
    Flask,
    appcontext_popped,
    appcontext_tearing_down,
    got_request_exception,
    request_finished,
    request_started,
    request_tearing_down,
)
from flow_app import answer_to, app_raising, app_with, heard, raising
from prometheus_client import CollectorRegistry
from werkzeug.exceptions import HTTPException

from flask_faultmap import ConfigError, DomainError, FaultMap, Profile, Rule, fault_translated
from flask_faultmap.errors import NotFoundError, UnavailableError
from flask_faultmap.http.headers import CREDENTIALS, FRAMING, HOP_BY_HOP, WELL_KNOWN
from flask_faultmap.profiles import ProblemSchema
from flask_faultmap.sinks.metrics import FaultMetrics
from flask_faultmap.sinks.sentry import FaultSentry
from flask_faultmap.sinks.tracing import FaultTracing
from flask_faultmap.sinks.trail import AuditTrail

FORGED = "x\n2026-01-01 ERROR forged"


class AsyncCall:
    """Callable, and a coroutine function by its ``__call__`` alone."""

    def __init__(self):
        self.told = []

    async def __call__(self, sender, **payload):
        self.told.append(payload["fault"].code)


class Array:
    """As numpy's: its truth is an error."""

    def __bool__(self):
        raise ValueError("the truth value of an array is ambiguous")


@pytest.mark.parametrize("failure", [asyncio.CancelledError(), RuntimeError("x")], ids=repr)
def test_receiver_that_is_cancelled_hurts_nobody(failure, caplog):
    def fail(sender, **payload):
        raise failure

    with fault_translated.connected_to(fail):
        answer = answer_to(DomainError("no"))

    assert answer.status_code == 400
    assert "of fault_translated failed" in caplog.text


def test_receiver_that_ends_the_worker_on_purpose_does_so():
    def leave(sender, **payload):
        raise SystemExit(3)

    with fault_translated.connected_to(leave), pytest.raises(SystemExit):
        answer_to(DomainError("no"))


@pytest.mark.parametrize(
    "wrap", [lambda call: call, lambda call: functools.partial(call)], ids=["plain", "partial"]
)
def test_callable_object_that_is_async_is_awaited(wrap):
    receiver = AsyncCall()
    wrapped = wrap(receiver)

    with fault_translated.connected_to(wrapped):
        answer_to(DomainError("no"))

    assert receiver.told == ["uncategorized"]


def test_context_without_a_truth_is_logged_as_it_is(caplog):
    context = Array()

    answer = answer_to(UnavailableError("down", context=context))

    assert answer.status_code == 503
    assert caplog.records[-1].fault["context"] is context


@pytest.mark.parametrize("name", ["code", "title"])
def test_word_of_one_raise_cannot_forge_a_line(name, caplog):
    error = DomainError("no")
    setattr(error, name, FORGED)

    answer = answer_to(error)

    assert answer.json["code"] == "uncategorized"
    assert "\n" not in caplog.messages[-1]
    assert "forged" not in caplog.records[-1].fault["code"]


SIGNALS = [
    fault_translated,
    got_request_exception,
    request_started,
    request_finished,
    request_tearing_down,
    appcontext_tearing_down,
    appcontext_popped,
]


def made(folder, number):
    """Make an app with all that connects receivers; it is never asked for anything."""
    app = Flask(f"idle{number}", instance_path=str(folder / str(number)))
    app.config["FAULTMAP_TRAIL_SHIP"] = False
    app.add_url_rule("/boxes", view_func=raising(NotFoundError("no")))
    FaultMap(app, rules=[Rule(on=KeyError, to=NotFoundError)])
    for sink in (AuditTrail(), FaultMetrics(registry=CollectorRegistry()), FaultTracing(), FaultSentry()):
        sink.init_app(app)
    return app


def counted():
    """Count what is connected; a receiver that disconnects itself is a cycle, collected after its app."""
    gc.collect()
    gc.collect()
    return [count for signal in SIGNALS for count in (len(signal.receivers), len(signal._by_sender))]


@pytest.mark.long
@pytest.mark.parametrize("asked", [0, 1], ids=["never asked", "asked once"])
def test_apps_that_are_gone_leave_no_receiver_behind(asked, tmp_path, no_collection):
    for _ in range(asked):
        made(tmp_path, "first").test_client().get("/boxes")
    before = counted()

    known = []
    for number in range(20):
        app = made(tmp_path, number)
        for _ in range(asked):
            app.test_client().get("/boxes")
        known.append(weakref.ref(app))
    del app
    after = counted()

    assert [one() for one in known if one() is not None] == []
    assert [more for more, less in zip(after, before, strict=True) if more > less] == []


def test_an_app_at_the_address_of_one_that_is_gone_hears_nothing_of_it(tmp_path, caplog):
    for number in range(20):
        made(tmp_path, number)  # each is gone at once, and the next may have its address
    app = app_raising(NotFoundError("no"))
    caplog.clear()

    with heard(sender=app) as told:
        app.test_client().get("/fail")

    assert len(told) == 1
    assert [record for record in caplog.records if "idle" in record.name] == []


@pytest.mark.parametrize("name", sorted(HOP_BY_HOP))
def test_header_of_a_connection_is_never_sent(name):
    class Refused(HTTPException):
        code = 426

        def get_headers(self, *args, **kwargs):
            return [(name.title(), "x"), ("X-Own", "y")]

    answer = answer_to(Refused())

    assert answer.status_code == 426
    assert name not in map(str.lower, answer.headers.keys())
    assert answer.headers["X-Own"] == "y"


@pytest.mark.parametrize("name", sorted(FRAMING | HOP_BY_HOP | CREDENTIALS | WELL_KNOWN))
def test_header_with_a_meaning_of_its_own_carries_no_id(name):
    with pytest.raises(ConfigError, match=r"FAULTMAP_REQUEST_ID_HEADER is .*a header for ids alone"):
        app_with(FAULTMAP_REQUEST_ID_HEADER=name.title())


@pytest.mark.parametrize("name", ["X-Request-ID", "X-Correlation-ID", "Request-Id", "X-Amzn-Trace-Id"])
def test_header_for_ids_carries_one(name):
    app = app_raising(DomainError("no"), FAULTMAP_REQUEST_ID_HEADER=name)

    assert app.test_client().get("/fail").headers[name]


@pytest.mark.parametrize("name", ["Content-Length", "upgrade", "a b"])
def test_profile_cannot_drop_what_is_the_servers(name):
    with pytest.raises(ConfigError, match="drop_headers has"):
        Profile("own", ProblemSchema, drop_headers=(name,))


def test_lines_are_told_on_the_apps_logger(caplog):
    with caplog.at_level(logging.WARNING):
        answer_to(DomainError(FORGED))

    assert "\n" not in caplog.messages[-1]
