"""Faults in Sentry, with its SDK and a transport that keeps what it is given."""

import pytest
import sentry_sdk
from flow_app import app_with, raising
from sentry_sdk.transport import Transport

from flask_faultmap.errors import NotFoundError, UnavailableError
from flask_faultmap.sinks.sentry import FaultSentry


class Keeping(Transport):
    def __init__(self):
        super().__init__()
        self.events = []

    def capture_envelope(self, envelope):
        event = envelope.get_event()
        if event is not None:
            self.events.append(event)


@pytest.fixture
def events():
    transport = Keeping()
    with sentry_sdk.isolation_scope():
        sentry_sdk.init(dsn="http://key@localhost/1", transport=transport)
        yield transport.events
        sentry_sdk.get_client().close()
        sentry_sdk.init()


class QuietError(UnavailableError):
    """Down, and nobody's news."""

    log_level = None


def ask(failure, *, times=1):
    app = app_with()
    app.add_url_rule("/pump", view_func=raising(failure))
    FaultSentry().init_app(app)
    return [app.test_client().get("/pump").get_json()["request_id"] for _ in range(times)]


@pytest.mark.parametrize("failure", [UnavailableError("x"), QuietError("x")], ids=["logged", "quiet"])
def test_handled_5xx_is_one_event_with_tags_and_a_fingerprint(events, failure):
    (identity,) = ask(failure)

    (event,) = events
    assert event["tags"] == {
        "faultmap.code": type(failure).code,
        "faultmap.category": "unavailable",
        "faultmap.id": identity,
        "faultmap.rule": "none",
    }
    (value,) = event["exception"]["values"]
    assert value["mechanism"]["type"] == "faultmap"
    assert value["mechanism"]["handled"] is True
    assert len(event["fingerprint"][0]) == 20


def test_same_trouble_at_the_same_place_has_one_fingerprint(events):
    ask(UnavailableError, times=2)  # a class: the SDK drops an instance that it has seen

    assert events[0]["fingerprint"] == events[1]["fingerprint"]


def test_fault_of_a_client_is_no_event(events):
    ask(NotFoundError("x"))

    assert events == []


def test_unhandled_error_is_one_event(events):
    ask(KeyError("x"))

    (event,) = events
    assert event["exception"]["values"][-1]["type"] == "KeyError"


def test_nothing_is_sent_without_a_client():
    assert len(ask(UnavailableError("x"))) == 1


def test_second_one_is_left_out_and_told(events, caplog):
    app = app_with()
    app.add_url_rule("/pump", view_func=raising(UnavailableError("x")))
    FaultSentry().init_app(app)
    FaultSentry().init_app(app)

    app.test_client().get("/pump")

    assert len(events) == 1
    assert "has fault events for Sentry already" in caplog.text
