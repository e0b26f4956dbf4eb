"""A group of exceptions is what its leaves are."""

import pytest
from werkzeug.exceptions import BadRequest

from flask_faultmap.errors import DomainError, GoneError, InternalError, NotFoundError, UnavailableError
from flask_faultmap.mapping.mapper import Mapper
from flask_faultmap.mapping.settings import STATUSES, Settings
from flask_faultmap.profiles import PROBLEM
from flask_faultmap.rules import Rule

RULES = (Rule(on=OSError, to=UnavailableError), Rule(on=KeyError, to=GoneError))


class QuotaError(DomainError):
    code = "quota_exceeded"


def mapper_of(*rules, **settings):
    return Mapper(rules or RULES, {}, Settings(profile=PROBLEM, **settings))


CLIENT, SERVER, OTHER_SERVER = KeyError("a"), OSError("down"), InternalError("bug")
UNKNOWN = ValueError("bug")


def group(*leaves):
    return ExceptionGroup("several", leaves)


@pytest.mark.parametrize(
    ("exc", "code"),
    [
        (group(CLIENT), "gone"),
        (group(CLIENT, SERVER), "unavailable"),
        (group(SERVER, CLIENT), "unavailable"),
        (group(CLIENT, NotFoundError()), "gone"),
        (group(CLIENT, SERVER, OTHER_SERVER), "unavailable"),
        (group(CLIENT, group(NotFoundError(), SERVER)), "unavailable"),
        (group(group(group(CLIENT)), NotFoundError()), "gone"),
        (group(CLIENT, BadRequest()), "gone"),
    ],
    ids=[
        "one",
        "server before client",
        "server first",
        "first of clients",
        "first of servers",
        "nested server",
        "nested client",
        "HTTP error",
    ],
)
def test_group_becomes_the_fault_of_its_gravest_leaf(exc, code):
    assert mapper_of().describe(exc).code == code


@pytest.mark.parametrize(
    "exc",
    [
        group(UNKNOWN),
        group(CLIENT, UNKNOWN),
        group(UNKNOWN, SERVER),
        group(SERVER, group(CLIENT, UNKNOWN)),
        BaseExceptionGroup("several", [KeyboardInterrupt(), CLIENT]),
    ],
    ids=["alone", "last", "first", "nested", "no exception"],
)
def test_group_with_one_leaf_that_no_rule_knows_is_not_ours(exc):
    assert mapper_of().translate(exc) is None


def test_status_of_the_settings_says_which_leaf_is_the_gravest():
    mapper = mapper_of(*RULES, statuses={**STATUSES, "gone": 507})

    assert mapper.describe(group(NotFoundError(), CLIENT)).code == "gone"


def test_rule_for_groups_speaks_before_their_leaves_do():
    mapper = mapper_of(Rule(on=ExceptionGroup, to=QuotaError), *RULES)

    assert mapper.describe(group(CLIENT, UNKNOWN)).code == "quota_exceeded"


def test_decision_about_a_group_is_that_of_the_leaf():
    decision = mapper_of().translate(group(CLIENT, SERVER))

    assert decision.rule is RULES[0]
    assert decision.error.args == ("down",)


@pytest.mark.parametrize(
    ("leaf", "lines"),
    [
        (
            UNKNOWN,
            [
                "  - no rule knows it: an unhandled error, which Flask logs",
                "  = 500 internal (internal): Internal server error",
            ],
        ),
        (
            SERVER,
            [
                "  + all that the group holds is known: the gravest decides",
                "  = 503 unavailable (unavailable): Service unavailable",
            ],
        ),
    ],
    ids=["unknown", "known"],
)
def test_explanation_says_whether_the_leaves_decide(leaf, lines):
    assert str(mapper_of().explain(group(CLIENT, leaf))).splitlines() == [
        "ExceptionGroup: several (2 sub-exceptions)",
        "  - ExceptionGroup -> leaves_decide: the function said: not mine",
        *lines,
    ]
