"""What one domain error says of itself, and what it cannot be made to say."""

import logging
from collections import UserString
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import pytest
from one_raise import error_with

from flask_faultmap.categories import Category
from flask_faultmap.errors import DeadlineExceededError, DomainError, UnavailableError
from flask_faultmap.faults import Violation
from flask_faultmap.mapping.mapper import Mapper
from flask_faultmap.mapping.settings import Settings
from flask_faultmap.profiles import PROBLEM
from flask_faultmap.upstreams import UpstreamError


def described(error):
    return Mapper((), {}, Settings(profile=PROBLEM)).describe(error)


class UnspeakableError(DomainError):
    def __str__(self):
        raise RuntimeError("boom")


class PartsError(DomainError):
    """One that never calls the ``__init__`` above it, as a dataclass does."""

    def __init__(self, *parts):
        self.parts = parts


class WordsError(PartsError):
    def __str__(self):
        return f"No {self.parts[0]}"


class Untranslated:
    def __str__(self):
        raise LookupError("no such language")


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
        (error_with(expose="no"), "Bad request"),
        (error_with(UnavailableError, expose="false"), "Service unavailable"),
        (error_with(UnavailableError, expose=1), "Service unavailable"),
        (error_with(title="Full"), "raised"),
        (error_with(title="Full", expose=False), "Full"),
        (error_with(title=5, expose=False), "Bad request"),
        (error_with(title="", expose=False), "Bad request"),
        (error_with(public=5), "Bad request"),
        (DeadlineExceededError("x"), DeadlineExceededError.public),
        (UnspeakableError(), "Unspeakable"),
        (DomainError(5), "5"),
        (DomainError(KeyError("box")), "'box'"),
        (DomainError(None), "Bad request"),
        (DomainError(object()), "Bad request"),
        (DomainError(["box"]), "Bad request"),
        (DomainError(b"box"), "Bad request"),
        (DomainError(DomainError), "Bad request"),
        (PartsError("box", "s3cr3t"), "Parts"),
        (WordsError("box", "s3cr3t"), "No box"),
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


class Checks(Enum):
    TOO_LONG = "too_long"


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (Untranslated(), "Too long"),
        (object(), "Too long"),
        (b"\xff", "Too long"),
        (None, "Too long"),
        (UserString("Zu lang"), "Zu lang"),
        (LyingText("Zu lang"), "Zu lang"),
        (Checks.TOO_LONG, "too_long"),
    ],
)
@pytest.mark.parametrize("several", [tuple, list])
def test_message_of_a_violation_is_a_plain_text_or_its_code_in_words(message, told, several):
    violation = Violation(message=message, pointer="#/name", code=Checks.TOO_LONG)

    fault = described(DomainError("x", violations=several([violation])))

    assert fault.violations == (Violation(message=told, pointer="#/name", code="too_long"),)
    assert type(fault.violations[0].message) is str


class LateError(DomainError):
    """Knows all about itself when it is raised, outside of its ``__dict__``."""

    __slots__ = ("told",)

    category = property(lambda self: self.told["category"])
    code = property(lambda self: self.told["code"])
    title = property(lambda self: self.told["title"])
    log_level = property(lambda self: self.told["log_level"])
    retryable = property(lambda self: self.told["retryable"])

    def __init__(self, **told):
        super().__init__()
        self.told = told


@dataclass(slots=True)
class SlottedError(DomainError):
    code: str
    category: str
    title: str
    log_level: int
    retryable: bool


class CachedError(DomainError):
    def __init__(self, **told):
        super().__init__()
        self.told = told

    category = cached_property(lambda self: self.told["category"])
    code = cached_property(lambda self: self.told["code"])
    title = cached_property(lambda self: self.told["title"])
    log_level = cached_property(lambda self: self.told["log_level"])
    retryable = cached_property(lambda self: self.told["retryable"])


class AskedError(DomainError):
    def __init__(self, **told):
        super().__init__()
        vars(self)["told"] = told

    def __getattribute__(self, name):
        told = object.__getattribute__(self, "__dict__").get("told", {})
        return told[name] if name in told else super().__getattribute__(name)


TELLING = [
    {"category": "gone", "code": "a", "title": "A", "log_level": None, "retryable": False},
    {"category": "unavailable", "code": "b", "title": "B", "log_level": 40, "retryable": True},
]


@pytest.mark.parametrize("cls", [LateError, SlottedError, CachedError, AskedError])
@pytest.mark.parametrize("order", [TELLING, TELLING[::-1]], ids=["first", "last"])
def test_what_only_an_instance_knows_is_asked_of_each(cls, order):
    mapper = Mapper((), {}, Settings(profile=PROBLEM))
    faults = [mapper.describe(cls(**told)) for told in order]

    seen = [
        {name: getattr(fault, name) for name in ("category", "code", "title", "retryable")}
        | {"log_level": fault.level}
        for fault in faults
    ]
    assert seen == order
    assert [fault.status for fault in faults] == [410 if told["code"] == "a" else 503 for told in order]


@pytest.mark.parametrize("order", [(None, False, True), (False, True, None)])
def test_retry_after_an_upstream_error_is_said_of_each(order):
    mapper = Mapper((), {}, Settings(profile=PROBLEM))
    errors = [error_with(UpstreamError, applied=applied) for applied in order]

    assert [mapper.describe(error).retryable for error in errors] == [each is False for each in order]


def test_category_that_a_property_does_not_know_is_internal():
    made = type("MadeError", (DomainError,), {"category": property(lambda self: "nonsense")})

    assert described(made("s3cr3t")).status == 500


def test_category_whose_property_raises_shows_nothing():
    def fail(_):
        raise RuntimeError("boom")

    made = type("MadeError", (DomainError,), {"category": property(fail)})

    assert (made("s3cr3t").expose, made("s3cr3t").log_level) == (False, logging.ERROR)
