"""Faults in traces, with OpenTelemetry's SDK and its Flask instrumentation."""

import logging

import pytest
from flow_app import app_with, raising
from opentelemetry import _logs, trace
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import NonRecordingSpan, StatusCode
from trail_app import entries_of, fail_with, trail_app

from flask_faultmap.errors import NotFoundError, UnavailableError
from flask_faultmap.sinks.tracing import FaultTracing, response_hook

SPANS, LOGS = InMemorySpanExporter(), InMemoryLogRecordExporter()


@pytest.fixture(scope="module", autouse=True)
def providers():
    """Set the providers of this process; the API takes them once."""
    tracing = TracerProvider()
    tracing.add_span_processor(SimpleSpanProcessor(SPANS))
    trace.set_tracer_provider(tracing)
    logs = LoggerProvider()
    logs.add_log_record_processor(SimpleLogRecordProcessor(LOGS))
    _logs.set_logger_provider(logs)


class QuietError(UnavailableError):
    """Down, and nobody's news."""

    log_level = None


@pytest.fixture
def span_of():
    SPANS.clear()
    LOGS.clear()

    def span_of(failure, *, after=False, sink=True):
        app = app_with()
        app.add_url_rule("/pump", view_func=(lambda: "on") if after else raising(failure))
        if after:
            app.after_request(raising(failure))
        FlaskInstrumentor().instrument_app(app, response_hook=response_hook)
        if sink:
            FaultTracing().init_app(app)
        app.test_client().get("/pump")
        (span,) = SPANS.get_finished_spans()
        return span

    return span_of


def exceptions_of(span):
    return [event.attributes["exception.type"] for event in span.events if event.name == "exception"]


@pytest.mark.parametrize(
    ("failure", "code", "category", "exceptions", "status"),
    [
        (UnavailableError("x"), "unavailable", "unavailable", 1, StatusCode.ERROR),
        (QuietError("x"), "quiet", "unavailable", 1, StatusCode.ERROR),
        (NotFoundError("x"), "not_found", "not_found", 0, StatusCode.UNSET),
        (KeyError("x"), "internal", "internal", 1, StatusCode.ERROR),
    ],
    ids=["handled 5xx", "quiet 5xx", "4xx", "unhandled"],
)
def test_span_tells_of_the_fault_and_has_the_exception_once(
    span_of, failure, code, category, exceptions, status
):
    span = span_of(failure)

    assert span.attributes["faultmap.code"] == code
    assert span.attributes["faultmap.category"] == category
    assert len(span.attributes["faultmap.id"]) == 32
    assert span.attributes["error.type"] == code
    assert len(exceptions_of(span)) == exceptions
    assert span.status.status_code is status


def test_error_in_after_request_is_recorded_once(span_of):
    span = span_of(UnavailableError("x"), after=True)

    assert len(exceptions_of(span)) == 1
    assert span.status.status_code is StatusCode.ERROR


@pytest.mark.parametrize(
    ("wanted", "events", "records"), [("", 1, 0), ("logs", 0, 1), ("logs/dup", 1, 1)], ids=repr
)
def test_exception_is_an_event_or_a_log_record(span_of, monkeypatch, wanted, events, records):
    monkeypatch.setenv("OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN", wanted)

    span = span_of(UnavailableError("down"))

    logged = [one.log_record for one in LOGS.get_finished_logs()]
    assert len(exceptions_of(span)) == events
    assert [record.attributes["exception.message"] for record in logged] == ["down"] * records
    assert all(record.trace_id == span.context.trace_id for record in logged)


def test_log_record_of_the_fault_has_the_trace_id(span_of, caplog):
    with caplog.at_level(logging.ERROR):
        span = span_of(UnavailableError("x"))

    facts = [record.fault for record in caplog.records if hasattr(record, "fault")]
    assert [fact["trace_id"] for fact in facts] == [f"{span.context.trace_id:032x}"]


def test_without_a_span_nothing_is_told():
    app = app_with()
    app.add_url_rule("/pump", view_func=raising(UnavailableError("x")))
    FaultTracing().init_app(app)

    assert app.test_client().get("/pump").status_code == 503


def test_second_one_is_left_out_and_told(caplog):
    app = app_with()
    FaultTracing().init_app(app)
    FaultTracing().init_app(app)

    assert "has fault tracing already" in caplog.text


def test_answer_without_a_fault_has_no_error_type():
    SPANS.clear()
    app = app_with()
    app.add_url_rule("/pump", view_func=lambda: "on")
    FlaskInstrumentor().instrument_app(app, response_hook=response_hook)

    app.test_client().get("/pump")

    assert "error.type" not in SPANS.get_finished_spans()[0].attributes


class OddSpan(NonRecordingSpan):
    """A span of somebody's own, which fails."""

    def is_recording(self):
        raise RuntimeError("odd")

    def get_span_context(self):
        raise RuntimeError("odd")


def test_span_that_fails_changes_no_answer_and_is_told_once(tmp_path, caplog):
    app = trail_app(tmp_path)
    FaultTracing().init_app(app)
    app.add_url_rule("/pump", endpoint="pump", view_func=raising(UnavailableError("the pump is off")))

    @app.after_request
    def hook(response):
        response_hook(OddSpan(None), response.status, response.headers)
        return response

    with trace.use_span(OddSpan(None)):
        ids = fail_with(app, "one", "two")
        logged = app.test_client().get("/pump")

    assert logged.status_code == 503
    assert caplog.text.count("fault tracing failed") == 1
    kept = [entry.request_id for entry in entries_of(app)]
    assert sorted(kept) == sorted([*ids, logged.headers["X-Request-ID"]])
