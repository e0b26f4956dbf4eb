"""What is kept of a fault, whatever the app puts into it."""

import sys
import traceback

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import use_span
from trail_app import add_failure, audited, entries_of, fail_with, trail_app

from flask_faultmap import Category, DomainError, Fault, FaultMap, Violation
from flask_faultmap.errors import UnavailableError
from flask_faultmap.faults import Kind
from flask_faultmap.sinks.trail import AuditTrail, records
from flask_faultmap.sinks.trail.lines import decode_line
from flask_faultmap.sinks.trail.records import Recorder, cut

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def cycle():
    members = {}
    members["self"] = members
    return members


@pytest.mark.parametrize(
    "context", [cycle(), {"x": object()}, {1: {2}}, {"long": "x" * 9000}, {"nul": "\0\ud800"}]
)
def test_context_of_any_sort_costs_no_record(tmp_path, context):
    app = trail_app(tmp_path)
    add_failure(app, "/odd", lambda: audited()("odd", context=context))

    app.test_client().get("/odd")

    assert [entry.code for entry in entries_of(app)] == ["audited"]


def entry_of(app, path="/odd", **given):
    app.test_client().get(path, **given)
    (entry,) = entries_of(app)
    return entry


def test_what_the_client_was_told_is_kept(tmp_path):
    app = trail_app(tmp_path)
    violation = Violation(message="is too long", pointer="#/name")
    known = {"details": {"most": 5}, "violations": violation, "retry_after": 3}
    add_failure(app, "/odd", lambda: audited(expose=True, category="invalid_argument")("no", **known))

    told = entry_of(app).told

    assert told["details"] == {"most": 5}
    assert told["retry_after"] == 3
    assert told["violations"] == [
        {"source": "body", "pointer": "#/name", "code": "invalid", "message": "is too long"}
    ]


@pytest.mark.parametrize(
    ("details", "violations", "kept"),
    [
        ({"x": "y" * 5000}, [], {"cut": ["details"]}),
        ({"x": 1}, ["z" * 5000], {"details": {"x": 1}, "cut": ["violations"]}),
        ({"x": "y" * 3000}, ["z"], {"violations": ["z"], "details": {"x": "y" * 3000}}),
        ({"x": "y" * 3000}, ["z" * 2000], {"violations": ["z" * 2000], "cut": ["details"]}),
        ({"x": "y" * 5000}, ["z" * 5000], {"cut": ["violations", "details"]}),
    ],
    ids=["details", "violations", "none", "both together", "each alone"],
)
def test_what_is_too_long_of_what_was_told_is_named(details, violations, kept):
    fault = Fault(KIND, "request-1", "no", tuple(Violation(message=text) for text in violations), details)

    told = record_of(fault, DomainError("no"))["told"]

    if "violations" in told:
        told["violations"] = [violation["message"] for violation in told["violations"]]
    assert told == {"text": "no", **kept}


KIND = Kind(category=Category.UNAVAILABLE, code="gone", title="Gone", status=503, original_status=503)


def record_of(fault, exc, user=None):
    """Give what a reader finds in the line of *fault*, which must be one line."""
    line = Recorder("shop", "web1").make_line(fault, exc, DomainError("no"), None, user)
    assert line.index(b"\n") == len(line) - 1
    return decode_line(line[:-1])


def test_lines_of_more_places_than_are_kept_are_right(monkeypatch):
    monkeypatch.setattr(records, "MOST_KEPT", 2)
    recorder, faults = Recorder("shop", "web1"), [ValueError("one"), KeyError("two"), OSError("three")]

    lines = [
        recorder.make_line(Fault(KIND, "request-1", "no"), exc, DomainError("no"), None, None)
        for exc in (*faults, *faults)
    ]

    told = [decode_line(line[:-1])["exception"] for line in lines]
    assert told == ["ValueError", "KeyError", "OSError"] * 2


def raised(depth, text, cause=None):
    """Raise an error some frames deep, from *cause*, and give it."""

    def fall(left):
        if left > 1:
            fall(left - 1)
        raise ValueError(text) from cause

    try:
        fall(depth)
    except ValueError as exc:
        return exc


def chain(links):
    """Raise an error of each depth and text in *links*, the last one first, each the cause of the next."""
    exc = None
    for depth, text in reversed(links):
        exc = raised(depth, text, exc)
    return exc


@given(st.lists(st.text(max_size=40), min_size=1, max_size=5), st.text(), st.none() | st.text())
def test_any_texts_are_read_as_they_were_written(texts, told, user):
    exc = chain([(1, text) for text in texts])

    record = record_of(Fault(KIND, "request-1", told), exc, user)

    spoken = [text or "ValueError" for text in texts]
    assert record["text"] == spoken[0]
    assert [text for _, text, _ in record["stack"]] == ["", *spoken[1:]]
    assert record["told"] == {"text": told}
    assert record.get("user") == (None if user is None else user.replace("\0", "\ufffd"))


@given(st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_thirty_frames_are_kept_and_those_of_the_root_first(depths):
    exc = chain([(depth, "no") for depth in depths])
    left, lines = 30, []
    for link in [*causes(exc)][::-1]:
        found = [frame.lineno for frame in traceback.extract_tb(link.__traceback__)]
        lines.append(found[-left:] if left else [])
        left -= len(lines[-1])

    stack = record_of(Fault(KIND, "request-1", "no"), exc)["stack"]

    assert [[int(frame.rpartition(":")[2]) for frame in frames] for _, _, frames in stack] == lines[::-1]


def causes(exc):
    """Give *exc* and its causes."""
    while exc is not None:
        yield exc
        exc = exc.__cause__


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("word word", "word word"),
        ("word " * 600, "word " * 408 + "word…"),
        ("x" * 3000, "…"),
        ("a\n" + "x" * 3000, "a…"),
    ],
    ids=["short", "long", "one word", "lines"],
)
def test_long_text_is_cut_at_a_blank(text, kept):
    assert cut(text) == kept


def test_fault_without_a_request_has_no_route(tmp_path):
    app = Flask("shop", instance_path=str(tmp_path))
    faults = FaultMap(app)
    AuditTrail().init_app(app)
    with app.app_context():
        faults.report(UnavailableError("queue"))

    (entry,) = entries_of(app)

    assert (entry.text, entry.method, entry.route) == ("queue", None, None)


def test_fault_of_a_path_that_has_no_route_has_its_method_alone(tmp_path):
    app = trail_app(tmp_path)

    @app.before_request
    def refuse():
        raise audited()("closed")

    entry = entry_of(app, "/nowhere")

    assert (entry.method, entry.route, entry.endpoint) == ("GET", None, None)


@pytest.mark.parametrize(
    ("traceparent", "kept"),
    [
        (f"00-{TRACE}-00f067aa0ba902b7-01", TRACE),
        (f"00-{TRACE.upper()}-00f067aa0ba902b7-01", None),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", None),
        (f"00-{TRACE}", None),
        ("00-short-00f067aa0ba902b7-01", None),
        ("", None),
    ],
)
def test_trace_of_traceparent_is_kept_if_it_is_one(tmp_path, traceparent, kept):
    app = trail_app(tmp_path)

    assert entry_of(app, "/fail/x", headers={"traceparent": traceparent}).trace_id == kept


def test_current_span_counts_more_than_traceparent(tmp_path):
    app = trail_app(tmp_path)
    with use_span(TracerProvider().get_tracer("test").start_span("test")) as span:
        fail_with(app, "one")

    assert entries_of(app)[0].trace_id == f"{span.get_span_context().trace_id:032x}"


def test_trace_of_traceparent_needs_no_opentelemetry(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "opentelemetry.trace")
    app = trail_app(tmp_path)

    entry = entry_of(app, "/fail/x", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})

    assert entry.trace_id == TRACE
