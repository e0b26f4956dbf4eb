"""What one domain error says of itself, and what it cannot be made to say."""

import logging

import pytest

from flask_faultmap.categories import Category
from flask_faultmap.errors import DeadlineExceededError, DomainError, UnavailableError
from flask_faultmap.faults import Violation
from flask_faultmap.mapping.mapper import Mapper
from flask_faultmap.mapping.settings import Settings
from flask_faultmap.profiles import PROBLEM


def error_with(cls=DomainError, **attributes):
    """Make an error of which one raise has set *attributes*."""
    error = cls("raised")
    vars(error).update(attributes)
    return error


def described(error):
    return Mapper((), {}, Settings(profile=PROBLEM)).describe(error)


class UnspeakableError(DomainError):
    def __str__(self):
        raise RuntimeError("boom")


class LyingText(str):
    """A text that fails at every touch."""

    def fail(self, *_):
        raise RuntimeError("boom")

    __str__ = __repr__ = __len__ = __eq__ = __hash__ = __format__ = fail


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (DomainError("box 7 is gone", public="No box."), "No box."),
        (DomainError("box 7 is gone"), "box 7 is gone"),
        (DomainError(), "Bad request"),
        (DomainError("box 7", public=""), "Bad request"),
        (UnavailableError("db-7 is down"), "Service unavailable"),
        (error_with(UnavailableError, expose=True), "raised"),
        (error_with(expose=False), "Bad request"),
        (error_with(title="Full"), "raised"),
        (error_with(title="Full", expose=False), "Full"),
        (error_with(title=5, expose=False), "Bad request"),
        (error_with(title="", expose=False), "Bad request"),
        (error_with(public=5), "Bad request"),
        (DeadlineExceededError("x"), DeadlineExceededError.public),
        (UnspeakableError(), "Unspeakable"),
    ],
)
def test_public_text_is_the_given_one_else_the_exposed_one_else_the_title(error, text):
    assert described(error).text == text


@pytest.mark.parametrize(
    ("name", "value", "field", "seen"),
    [
        ("code", "vm_gone", "code", "vm_gone"),
        ("code", "", "code", "uncategorized"),
        ("code", 5, "code", "uncategorized"),
        ("code", ["vm"], "code", "uncategorized"),
        ("title", "Full", "title", "Full"),
        ("title", "", "title", "Bad request"),
        ("title", None, "title", "Bad request"),
        ("category", "gone", "category", Category.GONE),
        ("category", "gone", "status", 410),
        ("category", "nonsense", "category", Category.UNCATEGORIZED),
        ("category", [], "status", 400),
        ("retryable", True, "retryable", True),
        ("retryable", "yes", "retryable", True),
        ("retryable", None, "retryable", False),
        ("log_level", None, "level", None),
        ("log_level", logging.INFO, "level", logging.INFO),
        ("log_level", "critical", "level", logging.CRITICAL),
        ("log_level", "loud", "level", logging.ERROR),
        ("log_level", [], "level", logging.ERROR),
        ("retry_after", 3, "retry_after", 3),
        ("retry_after", -3, "retry_after", 0),
        ("retry_after", "soon", "retry_after", None),
        ("retry_after", [], "retry_after", None),
        ("details", {"a": 1}, "details", {"a": 1}),
        ("details", ["a"], "details", {"details": ["a"]}),
        ("details", None, "details", {}),
        ("violations", [Violation(message="m"), "m"], "violations", (Violation(message="m"),)),
        ("violations", Violation(message="m"), "violations", (Violation(message="m"),)),
        ("violations", "field", "violations", ()),
        ("violations", 5, "violations", ()),
        ("violations", None, "violations", ()),
    ],
)
def test_one_raise_may_differ_from_its_class_but_not_by_nonsense(name, value, field, seen):
    fault = described(error_with(**{name: value}))

    assert getattr(fault, field) == seen


@pytest.mark.parametrize(
    ("name", "field"), [("public", "text"), ("title", "title"), ("title", "text"), ("code", "code")]
)
def test_text_that_fails_at_every_touch_is_made_a_plain_one(name, field):
    fault = described(error_with(UnavailableError, **{name: LyingText("full")}))

    assert getattr(fault, field) == "full"


@pytest.mark.parametrize("given", [[{"name": "size"}], "x", [None]], ids=repr)
def test_violation_that_is_none_is_dropped_and_logged(given, caplog):
    fault = described(DomainError("x", violations=given))

    assert fault.violations == ()
    assert caplog.messages == [
        "Dropped 1 of the violations of a DomainError: each must be a Violation(message=…)"
    ]
