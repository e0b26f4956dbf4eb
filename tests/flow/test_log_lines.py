"""Every line that the package logs is one line of printable text, whoever wrote what it says (CWE-117)."""

import ast
import logging
import string
from pathlib import Path

import pytest
import requests
from flask import Flask
from flow_app import answer_to, app_raising, raising
from hypothesis import given
from hypothesis import strategies as st

import flask_faultmap
from flask_faultmap import FaultMap, Profile, Rule, fault_translated
from flask_faultmap.errors import DomainError, InternalError, NotFoundError, UnavailableError, Violation
from flask_faultmap.loggers import logger_named
from flask_faultmap.profiles import ProblemSchema
from flask_faultmap.sinks.connecting import connect
from flask_faultmap.upstreams import upstream

PACKAGE = Path(flask_faultmap.__file__).parent
FORGED = "x\n2026-01-01 ERROR forged\x1b[31m\u2028\r"
METHODS = ("debug", "info", "warning", "error", "exception", "critical", "log")
hostile = st.text(string.printable + "\x1b\x85\u2028\u202e\ud800é") | st.just(FORGED)


class Hostile:
    """What any object may say of itself."""

    def __init__(self, text=FORGED):
        self.text = text

    def __repr__(self):
        return self.text

    def __call__(self, sender, **payload):
        raise RuntimeError(FORGED)


class Mute:
    """Cannot say anything of itself."""

    def __repr__(self):
        raise RuntimeError(FORGED)


def strings_in(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.items():
            yield from strings_in(member)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from strings_in(item)


def assert_lines(caplog, least=1):
    ours = [record for record in caplog.records if "faultmap" in record.name]
    facts = [getattr(record, "fault", {}) for record in ours]
    said = [
        *(record.getMessage() for record in ours),
        *strings_in([{**fact, "context": None} for fact in facts]),
    ]
    assert len(ours) >= least
    assert [text for text in said if not text.isprintable()] == []


def loggers_of(tree):
    """Give what is called to log: the source of ``logger`` in ``logger.warning(…)``, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            yield node.lineno, ast.unparse(node.func.value)


OURS = ("logger", "_get_logger(", "self._logger", "logger_named(")  # each of logger_named
NO_LOGGERS = ("sys", "self._framing")


def test_nothing_is_logged_but_by_our_own_loggers():
    foreign = [
        (path.name, line, source)
        for path in PACKAGE.rglob("*.py")
        for line, source in loggers_of(ast.parse(path.read_text()))
        if source not in NO_LOGGERS and not source.startswith(OURS)
    ]

    assert foreign == []


@given(hostile, st.lists(hostile | st.builds(Hostile, hostile) | st.integers(), max_size=3))
def test_message_of_any_words_is_one_line(template, arguments):
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    name = "test.log_lines.faultmap"
    logging.getLogger(name).addHandler(handler)
    try:
        logger_named(name).error("%s" * (len(arguments) + 1), template, *arguments)
        logger_named(name).error(template)
    finally:
        logging.getLogger(name).removeHandler(handler)

    assert len(records) == 2
    assert all(record.getMessage().isprintable() for record in records)


def test_template_and_arguments_of_a_harmless_line_stay_apart(caplog):
    logger_named("test.log_lines.apart").warning("%d of %s", 3, "cats")

    assert (caplog.records[-1].msg, caplog.records[-1].args) == ("%d of %s", (3, "cats"))


def test_argument_that_cannot_be_said_hurts_nobody(caplog, monkeypatch):
    monkeypatch.setattr(logging, "raiseExceptions", False)
    caplog.handler.handleError = lambda record: None

    logger_named("test.log_lines.mute").warning("%r", Mute())

    assert caplog.records[-1].msg == "%r"


WORDS = ["code", "title", "category", "public", "retryable", "log_level"]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("text", [FORGED, "\x1b[2Jx", "a\u2028b", "\ud800", "x" * 300 + "\n"], ids=ascii)
def test_word_of_an_instance_is_one_line_in_the_record(word, text, caplog):
    error = UnavailableError(text, context={"a": text})
    setattr(error, word, text)
    error.add_note(text)
    error.__cause__ = type("OddError", (Exception,), {})(text)

    answer_to(error)

    assert_lines(caplog)


def dropped_detail():
    answer_to(NotFoundError("x", details={FORGED: object(), "a": {FORGED: Hostile()}}))


def reserved_detail():
    error = NotFoundError("x", details={"status": 1})
    error.code = FORGED
    answer_to(error)


def dropped_violation():
    answer_to(NotFoundError("x", violations=[FORGED, Violation(message=FORGED)]))


def failing_receiver():
    receiver = Hostile()
    with fault_translated.connected_to(receiver):
        answer_to(NotFoundError("x"))


def profiled(headers):
    return app_raising(
        NotFoundError("x"),
        profiles=[Profile("odd", ProblemSchema, "application/x", headers=headers)],
        FAULTMAP_PROFILE="odd",
    )


def dropped_header():
    profiled(lambda fault: {"X-A": FORGED}).test_client().get("/fail")


def failing_profile():
    profiled(raising(RuntimeError(FORGED))).test_client().get("/fail")


def failing_rule():
    class OddError(Exception):
        """With a condition that fails."""

        @property
        def code(self):
            raise type("Odd\nError", (Exception,), {})(FORGED)

    answer_to(OddError(FORGED), rules=[Rule(on=OddError, where={"code": 1}, to=NotFoundError)])


def odd_class():
    answer_to(type("Odd\nError", (InternalError,), {"__doc__": FORGED, "code": "odd_lines"})(FORGED))


def failing_upstream():
    with pytest.raises(DomainError) as raised, upstream(FORGED, operation=FORGED):
        raise requests.ConnectionError(FORGED)
    answer_to(raised.value)


def failing_sink():
    app = app_raising(NotFoundError("x"))

    def fail(app, **told):
        raise RuntimeError(FORGED)

    connect(app, FORGED, fail)
    app.test_client().get("/fail")


def reported_outside():
    FaultMap().report(type("Odd\nError", (Exception,), {})(FORGED))


def odd_id():
    app = Flask("odd_id")
    FaultMap(app, request_id=lambda: FORGED)
    app.test_client().get("/nowhere")


def odd_path():
    app_raising(UnavailableError(FORGED)).test_client().get("/a%0Ab%1b%E2%80%A8", method="GET")
    app_raising(UnavailableError(FORGED)).test_client().open("/fail?a=%0A", method="GET")


CASES = [
    dropped_detail,
    reserved_detail,
    dropped_violation,
    failing_receiver,
    dropped_header,
    failing_profile,
    failing_rule,
    odd_class,
    failing_upstream,
    failing_sink,
    reported_outside,
    odd_id,
    odd_path,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_line_of_what_went_wrong_is_one_line(case, caplog):
    caplog.set_level(logging.DEBUG)

    case()

    assert_lines(caplog)
