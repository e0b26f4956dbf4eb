"""Rules that stand in each other's way, and text rules that are doubtful."""

import pytest
from pumps import PumpError, rule_with

from flask_faultmap import Rule
from flask_faultmap.errors import AbortedError, InternalError, NotFoundError, UnavailableError
from flask_faultmap.mapping.builtin import HTTP, VALIDATION
from flask_faultmap.rules.rulebook import RuleBook
from flask_faultmap.tools.overlaps import covered_texts, dead_cases, is_too_broad


class DryPumpError(PumpError):
    """A narrower one."""


def not_mine(_):
    return None


def find_dead(*rules):
    return [str(case) for case, _ in dead_cases(RuleBook(rules).rules)]


BARE = {}
DEAD = {
    "the same twice": (BARE, BARE),
    "fewer values first": ({"where": {"code": 1}}, {"where": {"code": 1, "kind": 2}}),
    "a value before a table with it": ({"where": {"code": 1}}, {"table": "code", "to": {1: AbortedError}}),
    "a table before one of its values": ({"table": "code", "to": {1: AbortedError}}, {"where": {"code": 1}}),
    "fewer markers first": ({"text": "no water"}, {"text": ("no water", "in pump")}),
    "a marker inside another": ({"text": "no water"}, {"text": "there is no water left"}),
    "a marker in other letters": ({"text": "No Water"}, {"text": "no water"}),
    "a broader cause first": ({"cause": OSError}, {"cause": TimeoutError}),
    "a wrapped rule first": ({"wrapped": True}, {"wrapped": True}),
    "a wrapped rule before one that is not": ({"wrapped": True}, BARE),
    "one of a class of all": ({"on": Exception}, {"on": Exception}),
}
ALIVE = {
    "more values first": ({"where": {"code": 1, "kind": 2}}, {"where": {"code": 1}}),
    "other values": ({"where": {"code": 1}}, {"where": {"code": 2}}),
    "another path": ({"where": {"code": 1}}, {"where": {"kind": 1}}),
    "more markers first": ({"text": ("no water", "in pump")}, {"text": "no water"}),
    "a marker in a longer word": ({"text": "no water"}, {"text": "no waterfall here"}),
    "a narrower cause first": ({"cause": TimeoutError}, {"cause": OSError}),
    "a cause before none": ({"cause": OSError}, BARE),
    "a function may say that it is not its": ({"to": None, "translate": not_mine}, BARE),
    "only the later one looks into chains": (BARE, {"wrapped": True}),
    "another class": ({"on": DryPumpError}, BARE),
    "a rule after a bare one that is asked first": (BARE, {"where": {"code": 1}}),
}


@pytest.mark.parametrize("terms", DEAD.values(), ids=DEAD)
def test_rule_that_another_always_beats_is_dead(terms):
    first, second = (rule_with(**given) for given in terms)

    dead = [*dead_cases(RuleBook([first, second]).rules)]

    assert [(case.rule, winner.rule) for case, winner in dead] == [(second, first)]


@pytest.mark.parametrize("terms", ALIVE.values(), ids=ALIVE)
def test_rule_that_may_win_is_alive(terms):
    assert find_dead(*(rule_with(**given) for given in terms)) == []


def test_dead_value_of_a_table_is_named():
    table = rule_with(table="code", to={1: AbortedError, 2: InternalError})

    dead = find_dead(rule_with(where={"code": 2}), table)

    assert dead == [f"code=2 of the rule {table}"]


def test_dead_rule_is_named_as_in_the_log():
    assert find_dead(rule_with(), rule_with()) == ["the rule PumpError -> NotFoundError"]


def test_built_in_rule_behind_a_rule_of_the_app_is_as_it_should_be():
    rules = RuleBook([Rule(on=HTTP.on, to=NotFoundError)], ours=[HTTP, *VALIDATION["request"]]).rules

    assert [*dead_cases(rules)] == []
    assert [rule.is_built_in for rule in rules] == [False, True, True, True, True, True]


TYPED = {"where": {"code": 4}}
COVERED = {
    "by a value": ({"text": "no water"}, TYPED),
    "by a value of a table": ({"text": "no water"}, {"table": "code", "to": {4: NotFoundError}}),
    "by a rule of a broader class": ({"on": DryPumpError, "text": "no water"}, TYPED),
    "by a rule of the same wording": ({"text": "no water", "message": "Dry."}, {**TYPED, "message": "Dry."}),
    "though narrowed to the same value": ({"text": "no water", "where": {"code": 4}}, TYPED),
    "though narrowed by something else": ({"text": "no water", "where": {"kind": 1}}, TYPED),
}
NEEDED = {
    "for another value": ({"text": "no water", "where": {"code": 1}}, TYPED),
    "for another error": ({"text": "no water", "to": UnavailableError}, TYPED),
    "for a broader class": ({"text": "no water"}, {**TYPED, "on": DryPumpError}),
    "for its wording": ({"text": "no water", "message": "Dry."}, TYPED),
    "beside a rule without a value": ({"text": "no water"}, BARE),
    "beside a text rule with a value": ({"text": "no water"}, {**TYPED, "text": "no oil"}),
    "beside a function": ({"text": "no water"}, {**TYPED, "to": None, "translate": not_mine}),
    "for its function": ({"text": "no water", "to": None, "translate": not_mine}, TYPED),
}


@pytest.mark.parametrize("terms", COVERED.values(), ids=COVERED)
def test_text_rule_is_covered(terms):
    text, typed = (rule_with(**given) for given in terms)

    assert covered_texts([text, typed]) == {text: typed}


@pytest.mark.parametrize("terms", NEEDED.values(), ids=NEEDED)
def test_text_rule_is_needed(terms):
    assert covered_texts([rule_with(**given) for given in terms]) == {}


@pytest.mark.parametrize(
    "given",
    [
        {"text": "401"},
        {"text": "e-mail", "on": ValueError},
        {"text": ("no", "water"), "on": OSError},
    ],
    ids=["a number", "two words, any library's class", "two markers, any library's class"],
)
def test_text_rule_of_few_words_is_too_broad(given):
    assert is_too_broad(rule_with(**given))


@pytest.mark.parametrize(
    "given",
    [
        {"text": "http 401"},
        {"text": "invalid_api_key"},
        {"text": ("upstream", "502")},
        {"text": "no water here", "on": ValueError},
        {"text": "401", "where": {"code": 1}},
        {"text": "401", "cause": OSError},
        {},
    ],
    ids=["two words", "a slug", "two markers", "three words", "where", "cause", "no text"],
)
def test_other_rule_are_narrow_enough(given):
    assert not is_too_broad(rule_with(**given))
