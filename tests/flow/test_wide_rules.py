"""Rules on wide built-in classes, beside what the frameworks say of the app itself."""

from pathlib import Path

import flask.debughelpers
import jinja2
import pytest
import werkzeug.exceptions
import werkzeug.routing
from flask import got_request_exception, render_template, request, url_for
from flow_app import app_with, heard, raising

from flask_faultmap import FaultMap, Rule
from flask_faultmap.errors import GoneError, NotFoundError
from flask_faultmap.rules.rulebook import RuleBook

WIDE = (LookupError, KeyError, OSError, ValueError, RuntimeError, TypeError, AssertionError, Exception)


def subclasses_of(cls):
    for below in cls.__subclasses__():
        yield below
        yield from subclasses_of(below)


FRAMEWORK_ERRORS = sorted(
    {
        cls
        for cls in subclasses_of(Exception)
        if cls.__module__.partition(".")[0] in ("flask", "werkzeug", "jinja2")
        and any(issubclass(cls, wide) for wide in WIDE[:-1])
    },
    key=lambda cls: cls.__name__,
)


def test_the_frameworks_do_derive_errors_from_wide_classes():
    assert {jinja2.TemplateNotFound, werkzeug.routing.BuildError} <= {*FRAMEWORK_ERRORS}
    assert flask.debughelpers.DebugFilesKeyError in FRAMEWORK_ERRORS
    assert werkzeug.exceptions.BadRequestKeyError in FRAMEWORK_ERRORS


@pytest.mark.parametrize("cls", FRAMEWORK_ERRORS)
def test_wide_rules_know_no_error_of_a_framework(cls):
    book = RuleBook([Rule(on=wide, to=NotFoundError) for wide in WIDE[:-1]])

    assert book.decide(cls.__new__(cls)) is None


def gone(exc):
    return GoneError("It is gone.")


@pytest.mark.parametrize("cls", FRAMEWORK_ERRORS)
def test_rule_that_names_an_error_of_a_framework_counts(cls):
    book = RuleBook([Rule(on=LookupError, to=NotFoundError), Rule(on=cls, translate=gone)])

    assert type(book.decide(cls.__new__(cls)).error) is GoneError


def test_rule_on_exception_still_comes_last_of_all():
    book = RuleBook([Rule(on=Exception, to=GoneError)])

    assert type(book.decide(jinja2.TemplateNotFound("x")).error) is GoneError


class BoxError(werkzeug.exceptions.NotFound, LookupError):
    """An app's own error, which is both on purpose."""


def test_app_may_mix_an_http_error_with_a_wide_class():
    book = RuleBook([Rule(on=LookupError, to=GoneError)])

    assert type(book.decide(BoxError()).error) is GoneError


VIEWS = {
    "route": (lambda: url_for("nowhere"), 500),
    "template": (lambda: render_template("nowhere.html"), 500),
    "templates": (lambda: render_template(["a.html", "b.html"]), 500),
    "field": (lambda: request.form["box"], 400),
    "file": (lambda: request.files["box"], 400),
    "key": (lambda: {}["box"], 404),
    "index": (lambda: [][0], 404),
    "disk": (lambda: Path("/nowhere/at/all").read_text(), 404),
    "runtime": (raising(RuntimeError("x")), 404),
}


@pytest.mark.parametrize(("view", "status"), VIEWS.values(), ids=VIEWS)
def test_wide_rules_answer_what_the_app_raises_and_nothing_of_the_frameworks(view, status):
    app = app_with(rules=[Rule(on=wide, to=NotFoundError) for wide in WIDE[:-1]])
    app.add_url_rule("/fail", view_func=view)

    with heard(got_request_exception, app) as told:
        response = app.test_client().get("/fail")

    assert response.status_code == status
    assert len(told) == (status == 500)


def test_wrapped_rule_leaves_a_frameworks_error_in_the_chain_alone():
    outer = ValueError("x")
    outer.__cause__ = jinja2.TemplateNotFound("x")
    book = RuleBook([Rule(on=OSError, wrapped=True, to=NotFoundError)])

    assert book.decide(outer) is None


def test_explain_says_that_a_wide_rule_does_not_count():
    faults = FaultMap(rules=[Rule(on=OSError, to=NotFoundError)])

    told = str(faults.explain(jinja2.TemplateNotFound("box.html")))

    assert "- OSError -> NotFoundError: the framework says this of the app itself; a rule must name" in told
    assert "= 500 internal" in told
