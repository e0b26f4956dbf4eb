"""Both maps without Flask: an exception in, a fault out."""

import gc
import logging
import os
import re
import subprocess
import sys
import weakref
from datetime import timedelta
from types import ModuleType

import pytest
from one_raise import error_with
from werkzeug.exceptions import Conflict, HTTPException, NotFound, RequestedRangeNotSatisfiable

from flask_faultmap.categories import Category
from flask_faultmap.errors import (
    ConfigError,
    DeadlineExceededError,
    DomainError,
    GoneError,
    InternalError,
    InvalidArgumentError,
    NotFoundError,
    UnavailableError,
    ValidationFailedError,
)
from flask_faultmap.faults import Violation
from flask_faultmap.mapping.mapper import Mapper, new_id
from flask_faultmap.mapping.settings import STATUSES, Settings
from flask_faultmap.profiles import BUILT_IN, FAULT_MESSAGE, FIRECRACKER, PROBLEM
from flask_faultmap.rules import Rule

ID = re.compile(r"[0-9a-f]{32}")


class SDKError(Exception):
    pass


class QuotaError(DomainError):
    code = "quota_exceeded"


RULES = (
    Rule(on=SDKError, text="not here", to=NotFoundError),
    Rule(on=OSError, to=UnavailableError),
    Rule(on=KeyError, translate=lambda exc: GoneError("key", public=f"No {exc.args[0]}.")),
)


def mapper_of(*rules, **settings):
    """Make a mapper with the built-in profiles; *settings* by their field names."""
    profiles = {profile.name: profile for profile in BUILT_IN}
    return Mapper(rules or RULES, profiles, Settings(**{"profile": PROBLEM, **settings}))


@pytest.mark.parametrize(
    ("exc", "error", "rule"),
    [
        (SDKError("It is not here"), NotFoundError, "SDKError where text='not here' -> NotFoundError"),
        (TimeoutError(), UnavailableError, "OSError -> UnavailableError"),
        (QuotaError(), QuotaError, None),
        (Conflict(), DomainError, "HTTPException -> from_http"),
    ],
    ids=["text", "subclass", "domain error", "HTTP error"],
)
def test_first_map_says_what_an_exception_means(exc, error, rule):
    decision = mapper_of().translate(exc)

    assert isinstance(decision.error, error)
    assert decision.rule_name == rule


@pytest.mark.parametrize("exc", [SDKError("other"), ValueError(), KeyboardInterrupt()], ids=repr)
def test_what_no_rule_knows_is_an_opaque_internal_error(exc):
    mapper = mapper_of()

    fault = mapper.describe(exc)

    assert mapper.translate(exc) is None
    assert (fault.code, fault.status, fault.text) == ("internal", 500, "Internal server error")
    assert mapper.decide(exc).error.args == (str(exc) or type(exc).__name__,)


def test_fault_says_what_the_error_says():
    error = QuotaError(
        "17 of 16",
        public="All machines are taken.",
        details={"limit": 16},
        violations=[Violation(message="too many", pointer="#/count")],
        retry_after=timedelta(seconds=1.5),
        context={"user": "sam"},
    )

    fault = mapper_of().describe(error)

    assert (fault.text, fault.details) == ("All machines are taken.", {"limit": 16})
    assert fault.violations == (Violation(message="too many", pointer="#/count"),)
    assert fault.retry_after == 2
    assert ID.fullmatch(fault.id)


@pytest.mark.parametrize("name", ["code", "category", "title", "log_level", "retryable"])
def test_what_one_raise_sets_is_no_part_of_the_next(name):
    mapper = mapper_of()
    first = mapper.compiled_kind(DomainError(), PROBLEM)

    differing = mapper.compiled_kind(error_with(**{name: getattr(GoneError, name) or 10}), PROBLEM)

    assert differing.template is None
    assert mapper.compiled_kind(DomainError(), PROBLEM) is first


def test_kind_is_made_once_for_each_class_and_profile():
    mapper = mapper_of()
    templates = {
        mapper.compiled_kind(error, profile)
        for error in (GoneError("a"), GoneError("b"))
        for profile in BUILT_IN
    }

    assert len(templates) == len(BUILT_IN)


def test_class_made_at_run_time_leaves_no_trace():
    mapper = mapper_of()
    made = type("MadeError", (NotFoundError,), {})
    trace = weakref.ref(made)

    mapper.describe(made("x"))
    mapper.explain(made("x"))
    del made
    gc.collect()

    assert trace() is None


@pytest.mark.parametrize("category", Category)
def test_status_is_that_of_the_category(category):
    assert mapper_of().status_of(error_with(category=category)) == STATUSES[category]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (QuotaError, 429),
        (QuotaError(), 429),
        (GoneError, 404),
        (error_with(code="quota_exceeded"), 429),
        (error_with(QuotaError, code="other"), 400),
        (ValidationFailedError, 418),
    ],
    ids=["class", "instance", "category", "code of one raise", "other code of one raise", "validation"],
)
def test_code_says_the_status_before_the_category_does(error, status):
    statuses = {**STATUSES, "quota_exceeded": 429, Category.GONE: 404}

    assert mapper_of(statuses=statuses, validation_status=418).status_of(error) == status


@pytest.mark.parametrize("exc", [NotFound(), RequestedRangeNotSatisfiable()], ids=repr)
def test_http_error_keeps_its_status_whatever_the_settings_say(exc):
    mapper = mapper_of(statuses=dict.fromkeys(STATUSES, 500))

    assert mapper.describe(exc).status == exc.code


@pytest.mark.parametrize(
    ("mode", "profile", "statuses"),
    [
        (None, PROBLEM, (404, 410, 422)),
        (True, PROBLEM, (400, 410, 422)),
        (False, PROBLEM, (404, 410, 422)),
        (None, FAULT_MESSAGE, (400, 410, 400)),
        (True, FAULT_MESSAGE, (400, 410, 400)),
        (False, FAULT_MESSAGE, (404, 410, 422)),
        (None, FIRECRACKER, (400, 400, 400)),
        (False, FIRECRACKER, (404, 410, 422)),
        (None, None, (404, 410, 422)),
        (True, None, (400, 410, 422)),
        (False, None, (404, 410, 422)),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_status_is_collapsed_as_mode_and_profile_say(mode, profile, statuses):
    mapper = mapper_of(compatibility_mode=mode)

    kinds = [
        mapper.compiled_kind(error, profile).kind
        for error in (NotFoundError(), GoneError(), ValidationFailedError())
    ]

    assert tuple(kind.status for kind in kinds) == statuses
    assert tuple(kind.original_status for kind in kinds) == (404, 410, 422)
    assert kinds[0].category is Category.NOT_FOUND


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (QuotaError(), logging.DEBUG),
        (GoneError(), logging.INFO),
        (NotFoundError(), logging.WARNING),
        (InvalidArgumentError(), logging.ERROR),
        (InternalError(), None),
        (error_with(QuotaError, log_level="CRITICAL"), logging.CRITICAL),
        (error_with(QuotaError, code="other"), logging.ERROR),
    ],
    ids=["code", "category", "status", "class of statuses", "none", "one raise", "other code of one raise"],
)
def test_most_exact_setting_says_the_level(error, level):
    levels = {
        "quota_exceeded": logging.DEBUG,
        "gone": logging.INFO,
        "404": logging.WARNING,
        "4xx": logging.ERROR,
        "5xx": None,
        "410": logging.CRITICAL,
    }

    # The status counts before collapsing, so 400 of the compatibility mode is no 400 here.
    mapper = mapper_of(log_levels=levels, compatibility_mode=True)

    assert mapper.describe(error).level == level


@pytest.mark.parametrize(
    ("base", "error", "expected"),
    [
        (None, QuotaError(), "about:blank"),
        ("https://errors.example/", QuotaError(), "https://errors.example/quota_exceeded"),
        ("/errors#", error_with(code="box:gone"), "/errors#box%3Agone"),
        ("/errors#", error_with(code="a b/ü"), "/errors#uncategorized"),
    ],
)
def test_type_is_the_base_and_the_code(base, error, expected):
    assert mapper_of(type_base=base).describe(error).type == expected


@pytest.mark.parametrize("call", ["describe", "explain"])
@pytest.mark.parametrize("given", [None, "boom", ValueError, 404], ids=repr)
def test_what_is_no_exception_is_refused_in_words(call, given):
    mapper = mapper_of(Rule(on=SDKError, wrapped=True, to=GoneError), Rule(on=Exception, to=GoneError))

    with pytest.raises(TypeError, match="is no exception; give one that was raised, or an instance"):
        getattr(mapper, call)(given)


def test_explanation_shows_each_rule_that_was_asked_and_the_fault():
    failure = SDKError("It is not there")
    failure.__cause__ = TimeoutError("slow")
    last = Rule(on=SDKError, cause=TimeoutError, to=DeadlineExceededError, message="Too slow.")
    mapper = mapper_of(Rule(on=SDKError, where={"code": 5}, to=GoneError), *RULES, last)

    explanation = mapper.explain(failure)

    assert str(explanation).splitlines() == [
        "SDKError: It is not there",
        "  - SDKError where code=5 -> GoneError: SDKError has no code",
        "  + SDKError where cause=TimeoutError -> DeadlineExceededError: decides",
        "  = 504 deadline_exceeded (deadline_exceeded): Too slow.",
    ]


@pytest.mark.parametrize(
    ("exc", "lines"),
    [
        (
            SDKError("not now"),
            [
                "SDKError: not now",
                "  - SDKError where text='not here' -> NotFoundError: the text has not all markers",
                "  - no rule knows it: an unhandled error, which Flask logs",
                "  = 500 internal (internal): Internal server error",
            ],
        ),
        (
            ValueError(),
            [
                "ValueError: ValueError",
                "  - no rule knows it: an unhandled error, which Flask logs",
                "  = 500 internal (internal): Internal server error",
            ],
        ),
    ],
    ids=["no match", "no rule"],
)
def test_explanation_says_who_decides_where_no_rule_does(exc, lines):
    assert str(mapper_of().explain(exc)).splitlines() == lines


def test_rule_for_apiflask_is_there_only_if_an_app_has_loaded_it(monkeypatch):
    module = ModuleType("apiflask.exceptions")
    module.HTTPError = type("HTTPError", (Exception,), {})
    monkeypatch.delitem(sys.modules, "apiflask.exceptions", raising=False)

    without = mapper_of().book.classes
    monkeypatch.setitem(sys.modules, "apiflask.exceptions", module)
    with_it = mapper_of().book.classes

    assert set(with_it) - set(without) == {module.HTTPError}


class ClashError(GoneError):
    code = "not_found"


def test_all_mistakes_of_the_rule_together_are_told_at_once():
    with pytest.raises(ConfigError) as raised:
        mapper_of(
            Rule(on=SDKError, to=NotFoundError),
            Rule(on=OSError, table="errno", to={1: ClashError}),
            Rule(on=HTTPException, to=GoneError),
            Rule(on=NotFound, to=GoneError),
        )

    assert str(raised.value).splitlines() == [
        "HTTPException -> GoneError: HTTPException has no status, so Flask asks no handler; "
        "name a class that has one",
        "The code 'not_found' belongs to NotFoundError (404) and to ClashError (410); "
        "give one of them another code",
    ]


def test_classes_of_one_code_may_agree_by_the_settings():
    mapper = mapper_of(
        Rule(on=SDKError, to=NotFoundError),
        Rule(on=OSError, to=ClashError),
        statuses={**STATUSES, "not_found": 410},
    )

    assert mapper.status_of(NotFoundError) == mapper.status_of(ClashError) == 410


def test_ids_are_32_hexadecimal_digits_and_no_two_are_the_same():
    ids = {new_id() for _ in range(1000)}

    assert len(ids) == 1000
    assert all(ID.fullmatch(identity) for identity in ids)


FORK = """
import ctypes, os
from flask_faultmap.mapping.mapper import new_id
new_id()
reading, writing = os.pipe()
child = {fork}
if child == 0:
    os.write(writing, new_id().encode())
    os._exit(0)
os.waitpid(child, 0)
print(os.read(reading, 99).decode(), new_id())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("fork", ["os.fork()", "ctypes.CDLL(None).fork()"], ids=["Python", "libc"])
def test_forked_worker_makes_ids_of_its_own(fork):
    script = FORK.format(fork=fork)

    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )

    of_child, of_parent = run.stdout.split()
    assert ID.fullmatch(of_child)
    assert of_child != of_parent
