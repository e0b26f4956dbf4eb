"""What a rule of the first map makes of an exception, and what happens when it cannot."""

import gc
import logging
import weakref

import pytest
from sdk import SDKError

from flask_faultmap.errors import (
    ConfigError,
    DeadlineExceededError,
    DomainError,
    GoneError,
    NotFoundError,
    UnavailableError,
)
from flask_faultmap.rules import Rule
from flask_faultmap.rules.rulebook import GROUP, ITSELF, RuleBook


def test_decision_names_its_rule():
    decision = RuleBook([Rule(on=SDKError, where={"code": 5}, to=GoneError)]).decide(SDKError(code=5))

    assert decision.rule_name == "SDKError where code=5 -> GoneError"


def test_error_of_a_function_is_taken_as_it_is():
    error = NotFoundError("box 7", public="No box 7.", details={"box": 7})

    assert RuleBook([Rule(on=SDKError, translate=lambda _: error)]).decide(SDKError()).error is error


class SpokenError(DomainError):
    public = "Something was wrong."


SECRET = "the disk is full: postgresql://sam:hunter2@db/boxes"


@pytest.mark.parametrize(
    ("to", "text"),
    [
        (NotFoundError, "Not found"),  # exposes its own text
        (UnavailableError, "Service unavailable"),
        (SpokenError, "Something was wrong."),
        (DeadlineExceededError, DeadlineExceededError.public),
    ],
)
@pytest.mark.parametrize("terms", [{}, {"expose": True}], ids=["not exposed", "exposed, and empty"])
def test_foreign_text_is_logged_and_never_exposed_unless_the_rule_says_so(terms, to, text):
    told = "" if terms else SECRET
    error = RuleBook([Rule(on=SDKError, to=to, **terms)]).decide(SDKError(told)).error

    assert (error.args, error.expose, error.public or error.title) == ((told,), False, text)


@pytest.mark.parametrize("to", [NotFoundError, UnavailableError, SpokenError])
def test_exposed_text_is_redacted(to):
    error = RuleBook([Rule(on=SDKError, to=to, expose=True)]).decide(SDKError(SECRET)).error

    assert error.public.startswith("the disk is full: postgresql://")
    assert "hunter2" not in error.public
    assert error.args == (SECRET,)


@pytest.mark.parametrize("to", [NotFoundError, UnavailableError, SpokenError])
def test_message_of_a_rule_is_the_public_text(to):
    error = RuleBook([Rule(on=SDKError, to=to, message="Try another box.")]).decide(SDKError(SECRET)).error

    assert (error.args, error.public) == ((SECRET,), "Try another box.")


def explode(*_):
    raise RuntimeError("boom")


class UnmakeableError(DomainError):
    def __init__(self, message="", **keywords):
        raise RuntimeError("boom")


class ExplodingError(SDKError):
    """Raises whatever is asked of it."""

    __str__ = __getattr__ = explode


class Exploding:
    __eq__ = __hash__ = explode


TO = {"to": NotFoundError}
TABLE = {"table": "code", "to": {5: NotFoundError}}
MISBEHAVING = {
    "function": ({"translate": explode}, SDKError(), "RuntimeError"),
    "function that gives no domain error": ({"translate": str}, SDKError(), "TypeError"),
    "constructor": ({"to": UnmakeableError}, SDKError(), "RuntimeError"),
    "attribute": ({**TO, "where": {"code": 5}}, ExplodingError(), "RuntimeError"),
    "attribute of a table": (TABLE, ExplodingError(), "RuntimeError"),
    "text": ({**TO, "text": "disk is full"}, ExplodingError(), "RuntimeError"),
    "text of the outcome": (TO, ExplodingError(), "RuntimeError"),
    "comparison": ({**TO, "where": {"code": 5}}, SDKError(code=Exploding()), "RuntimeError"),
    "hash": (TABLE, SDKError(code=Exploding()), "RuntimeError"),
    "value that has no hash": (TABLE, SDKError(code=[5]), "TypeError"),
}


@pytest.mark.parametrize(("terms", "exc", "problem"), MISBEHAVING.values(), ids=MISBEHAVING.keys())
@pytest.mark.parametrize("wrapped", [False, True], ids=["raised", "wrapped"])
def test_what_raises_is_logged_and_the_next_rule_is_asked(terms, exc, problem, wrapped, caplog):
    rule = Rule(on=SDKError, wrapped=wrapped, **terms)
    fallback = Rule(on=SDKError, wrapped=wrapped, translate=lambda _: GoneError("next"))
    outer = ValueError("outer")
    outer.__cause__ = exc

    decision = RuleBook([rule, fallback]).decide(outer if wrapped else exc)

    assert decision.rule is fallback
    assert [(record.name, record.levelno, record.getMessage()) for record in caplog.records] == [
        ("flask_faultmap", logging.WARNING, f"The rule {rule} does not count: it raised {problem}")
    ]
    assert type(caplog.records[0].exc_info[1]).__name__ == problem


@pytest.mark.parametrize(
    "exc", [SDKError(), SDKError(code=7)], ids=["attribute that is not there", "value without an entry"]
)
@pytest.mark.parametrize("terms", [{**TO, "where": {"code": 5}}, TABLE], ids=["where", "table"])
def test_missing_value_is_no_match_and_no_news(terms, exc, caplog):
    assert RuleBook([Rule(on=SDKError, **terms)]).decide(exc) is None
    assert caplog.records == []


def test_function_that_ends_the_process_is_not_held_back():
    def leave(_):
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        RuleBook([Rule(on=SDKError, translate=leave)]).decide(SDKError())


def test_attribute_that_no_rule_names_is_never_read():
    class PryError(Exception):
        @property
        def data(self):
            raise AssertionError("read")

        __getattr__ = data.fget

    rule = Rule(on=PryError, text="disk is full", cause=OSError, to=GoneError)

    assert RuleBook([rule, Rule(on=PryError, to=NotFoundError)]).decide(PryError("x")).error.args == ("x",)


REASONS = {
    "marker": ({**TO, "text": "no space"}, "the text has not all markers"),
    "value": ({**TO, "where": {"code": 6}}, "code is not 6"),
    "missing": ({**TO, "where": {"kind": 6}}, "SDKError has no kind"),
    "table": ({"table": "code", "to": {6: GoneError}}, "the table has no entry for this code"),
    "cause": ({**TO, "cause": OSError}, "no such cause"),
    "function": ({"translate": lambda _: None}, "the function said: not mine"),
    "failure": ({"translate": explode}, "raised RuntimeError"),
}


@pytest.mark.parametrize(("terms", "reason"), REASONS.values(), ids=REASONS.keys())
def test_verdict_says_why_a_rule_does_not_count(terms, reason):
    rule, exc = Rule(on=SDKError, **terms), SDKError(code=5)

    [verdict] = RuleBook([rule]).verdicts(exc)

    assert (verdict.rule, verdict.subject, verdict.error, verdict.reason) == (rule, exc, None, reason)


def test_verdicts_end_with_the_rule_that_decides():
    raised, link = ValueError("outer"), SDKError()
    raised.__cause__ = link
    first, decides, after = (
        Rule(on=ValueError, cause=OSError, to=GoneError),
        Rule(on=SDKError, wrapped=True, to=NotFoundError),
        Rule(on=Exception, to=UnavailableError),
    )

    verdicts = list(RuleBook([after, decides, first]).verdicts(raised))

    assert [(verdict.rule, verdict.subject, verdict.reason) for verdict in verdicts] == [
        (first, raised, "no such cause"),
        (decides, link, "decides"),
    ]
    assert isinstance(verdicts[-1].error, NotFoundError)


def test_verdict_on_a_domain_error_is_that_it_is_one():
    error = NotFoundError()

    [verdict] = RuleBook([]).verdicts(error)

    assert (verdict.rule, verdict.error) == (ITSELF, error)


@pytest.mark.parametrize("name", ["on", "cause"])
def test_rule_of_a_package_that_is_not_installed_is_listed_apart(name):
    here = Rule(on=SDKError, to=GoneError)
    gone = Rule(**{"on": SDKError, "to": GoneError, name: "no_such_package.GoneError"})

    book = RuleBook([gone, here])

    assert (book.missing, book.rules) == ([gone], [here, ITSELF, GROUP])


def test_wrong_name_in_an_installed_package_is_refused():
    with pytest.raises(ConfigError, match="Did you mean 'JSONDecodeError'"):
        RuleBook([Rule(on="json.JSONDecodError", to=GoneError)])


def test_class_named_by_a_string_is_asked_as_the_class_is():
    named, plain = Rule(on="json.JSONDecodeError", to=GoneError), Rule(on=ValueError, to=NotFoundError)

    book = RuleBook([plain, named])

    assert isinstance(book.decide(__import__("json").JSONDecodeError("x", "", 0)).error, GoneError)
    assert book.classes == [ValueError, __import__("json").JSONDecodeError, DomainError, ExceptionGroup]


def test_rules_are_listed_in_the_order_in_which_they_are_asked():
    bare, typed, other = (
        Rule(on=SDKError, to=GoneError),
        Rule(on=SDKError, where={"code": 5}, to=GoneError),
        Rule(on=OSError, to=GoneError),
    )

    assert RuleBook([bare, other, typed]).rules == [typed, bare, other, ITSELF, GROUP]


@pytest.mark.parametrize("base", [SDKError, ValueError, NotFoundError], ids=["known", "unknown", "domain"])
def test_class_made_at_run_time_leaves_no_trace(base):
    book = RuleBook([Rule(on=SDKError, to=GoneError), Rule(on=GoneError, to=NotFoundError)])
    made = type("MadeError", (base,), {})
    trace = weakref.ref(made)

    book.decide(made("x"))
    list(book.verdicts(made("x")))
    del made
    gc.collect()

    assert trace() is None
