"""Rules on wide built-in classes, beside what the frameworks say of the app itself."""

from pathlib import Path

import flask.debughelpers
import jinja2
import pytest
import werkzeug.exceptions
import werkzeug.routing
from flask import (
    abort,
    got_request_exception,
    jsonify,
    render_template,
    render_template_string,
    request,
    send_file,
    session,
    url_for,
)
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
    "no secret key": (lambda: session.update(box=1), 500),
    "nothing returned": (lambda: None, 500),
    "no response": (lambda: (1, 2, 3, 4), 500),
    "no status": (lambda: abort(999), 500),
    "no JSON": (lambda: jsonify(object()), 500),
    "no header": (lambda: ("", {"X-Box": "a\nb"}), 500),
    "app's own in a template": (
        lambda: render_template_string("{{ box() }}", box=raising(ValueError())),
        404,
    ),
    "file to send": (lambda: send_file("/nowhere/at/all"), 404),
}


@pytest.mark.parametrize(("view", "status"), VIEWS.values(), ids=VIEWS)
def test_wide_rules_answer_what_the_app_raises_and_nothing_of_the_frameworks(view, status):
    app = app_with(rules=[Rule(on=wide, to=NotFoundError) for wide in WIDE[:-1]])
    app.add_url_rule("/fail", view_func=view)

    with heard(got_request_exception, app) as told:
        response = app.test_client().get("/fail")

    assert response.status_code == status
    assert len(told) == (status == 500)


def test_rule_with_a_condition_counts_for_what_a_framework_raises_itself():
    app = app_with(rules=[Rule(on=RuntimeError, text="secret key", to=GoneError)])
    app.add_url_rule("/fail", view_func=lambda: session.update(box=1))

    assert app.test_client().get("/fail").status_code == 410


def test_explain_says_that_a_wide_rule_does_not_count_for_what_a_framework_raised_itself():
    faults = FaultMap(rules=[Rule(on=LookupError, to=NotFoundError)])

    with pytest.raises(LookupError) as raised:
        abort(999)

    assert "- LookupError -> NotFoundError: the framework says this" in str(faults.explain(raised.value))


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
