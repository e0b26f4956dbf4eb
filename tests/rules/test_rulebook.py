"""Which rule of the first map decides about an exception: its precedence."""

from itertools import combinations, pairwise

import pytest
from sdk import SDKError

from flask_faultmap.errors import (
    DeadlineExceededError,
    DomainError,
    GoneError,
    InternalError,
    NotFoundError,
    UnavailableError,
)
from flask_faultmap.rules import Rule
from flask_faultmap.rules.rulebook import RuleBook


class BoxError(SDKError):
    pass


class Mixin(Exception):
    pass


class JobError(Exception):
    pass


def linked(*links):
    """Chain exceptions, the first one being the raised one, and return it."""
    for outer, inner in pairwise(links):
        outer.__cause__ = inner
    return links[0]


def failure(cls=BoxError):
    """Make a failure that every rule of this file's tiers knows."""
    return linked(cls(code=5), OSError("no space"))


def decided(exc, *rules, ours=()):
    """Give the rule that decides about *exc*; None if none does."""
    decision = RuleBook(rules, ours=ours).decide(exc)
    return None if decision is None else decision.rule


WHERE = {"where": {"code": 5}, "to": NotFoundError}
TABLE = {"table": "code", "to": {5: NotFoundError}}
TO = {"to": NotFoundError}
CAUSE = {"cause": OSError}
TEXT = {"text": "disk is full"}
TIERS = [  # strongest first; rules on one line are equals
    [{**typed, **CAUSE, **TEXT} for typed in (WHERE, TABLE)],
    [{**typed, **CAUSE} for typed in (WHERE, TABLE)],
    [{**typed, **TEXT} for typed in (WHERE, TABLE)],
    [WHERE, TABLE],
    [{**TO, **CAUSE, **TEXT}],
    [{**TO, **CAUSE}],
    [{**TO, **TEXT}],
    [TO],
]
EACH = [terms for tier in TIERS for terms in tier]
UNEQUAL = [(strong, weak) for upper, lower in combinations(TIERS, 2) for strong in upper for weak in lower]
EQUALS = [(first, second) for tier in TIERS for first in tier for second in tier]


def name_of(terms):
    return "+".join(sorted(terms.keys() - {"to"})) if isinstance(terms, dict) else None


@pytest.mark.parametrize(("strong", "weak"), UNEQUAL, ids=name_of)
def test_stronger_rule_of_a_class_wins_though_it_is_written_last(strong, weak):
    strong, weak = Rule(on=SDKError, **strong), Rule(on=SDKError, **weak)

    assert decided(failure(), weak, strong) is strong


@pytest.mark.parametrize(
    ("strong", "weak"),
    [pair for pair in UNEQUAL if not any("text" in terms for terms in pair)],  # which Exception is refused
    ids=name_of,
)
def test_stronger_rule_of_exception_wins_though_it_is_written_last(strong, weak):
    strong, weak = Rule(on=Exception, **strong), Rule(on=Exception, **weak)

    assert decided(failure(), weak, strong) is strong


@pytest.mark.parametrize(("first", "second"), EQUALS, ids=name_of)
def test_first_written_of_equal_rule_wins(first, second):
    first, second = Rule(on=BoxError, **first), Rule(on=BoxError, **second)

    assert decided(failure(), first, second) is first


@pytest.mark.parametrize(("own", "built_in"), EQUALS, ids=name_of)
def test_rule_of_the_app_wins_over_an_equal_one_of_ours(own, built_in):
    own, built_in = Rule(on=BoxError, **own), Rule(on=BoxError, **built_in)

    assert decided(failure(), Rule(on=JobError, to=GoneError), own, ours=[built_in]) is own


@pytest.mark.parametrize(("strong", "weak"), UNEQUAL, ids=name_of)
def test_stronger_rule_of_ours_wins_over_the_apps(strong, weak):
    strong, weak = Rule(on=BoxError, **strong), Rule(on=BoxError, **weak)

    assert decided(failure(), weak, ours=[strong]) is strong


@pytest.mark.parametrize("terms", EACH, ids=name_of)
def test_bare_rule_of_a_nearer_class_wins_over_any_rule_of_a_farther_one(terms):
    far, near = Rule(on=SDKError, **terms), Rule(on=BoxError, to=GoneError)

    assert decided(failure(), far, near) is near
    assert decided(failure(SDKError), far, near) is far


def test_rule_of_ours_for_a_nearer_class_wins_over_the_apps():
    near = Rule(on=BoxError, to=GoneError)

    assert decided(BoxError(), Rule(on=SDKError, to=NotFoundError), ours=[near]) is near


@pytest.mark.parametrize("bases", [(BoxError, Mixin), (Mixin, BoxError)], ids=["box first", "mixin first"])
def test_nearest_class_is_the_first_in_the_mro(bases):
    known = [Rule(on=BoxError, to=GoneError), Rule(on=Mixin, to=NotFoundError)]

    assert decided(type("Both", bases, {})("x"), *known).on is bases[0]


@pytest.mark.parametrize(
    "terms", [{**WHERE, **CAUSE, **TEXT}, {**TABLE, **CAUSE, **TEXT}], ids=["where", "table"]
)
@pytest.mark.parametrize(
    "exc",
    [
        linked(BoxError(code=6), OSError()),
        linked(BoxError(), OSError()),
        linked(BoxError(code=5), ValueError()),
        BoxError(code=5),
        linked(BoxError("the disk is fuller", code=5), OSError()),
        linked(BoxError("", code=5), OSError()),
        linked(SDKError(code=5), OSError()),
    ],
    ids=["other value", "no value", "other cause", "no cause", "longer word", "no text", "other class"],
)
def test_all_conditions_of_a_rule_must_hold(exc, terms):
    rule = Rule(on=BoxError, **terms)

    assert decided(failure(), rule) is rule
    assert decided(exc, rule) is None


@pytest.mark.parametrize(
    "orig", [SDKError(sqlstate="23505"), {"sqlstate": "23505"}], ids=["attribute", "key"]
)
@pytest.mark.parametrize(
    "terms",
    [{**TO, "where": {"orig.sqlstate": "23505"}}, {"table": "orig.sqlstate", "to": {"23505": NotFoundError}}],
    ids=["where", "table"],
)
def test_path_goes_along_attributes_and_keys(terms, orig):
    rule = Rule(on=SDKError, **terms)

    assert decided(SDKError(orig=orig), rule) is rule


def test_every_path_of_a_rule_must_have_its_value():
    rule = Rule(on=SDKError, where={"code": 5, "kind": "vm"}, to=NotFoundError)

    assert decided(SDKError(code=5, kind="vm"), rule) is rule
    assert decided(SDKError(code=5, kind="disk"), rule) is None


def test_table_chooses_by_the_value():
    book = RuleBook(
        [Rule(on=SDKError, table="code", to={5: NotFoundError, 13: InternalError, None: GoneError})]
    )

    errors = [book.decide(SDKError(code=code)) for code in (5, 13, None, 7)]

    assert [decision and type(decision.error) for decision in errors] == [
        NotFoundError,
        InternalError,
        GoneError,
        None,
    ]


@pytest.mark.parametrize("at", [1, 16], ids=["nearest", "sixteenth"])
def test_cause_may_be_anywhere_in_the_chain(at):
    rule = Rule(on=JobError, cause=OSError, to=DeadlineExceededError)
    exc = linked(JobError(), *[ValueError() for _ in range(at - 1)], TimeoutError())

    assert decided(exc, rule) is rule


def test_cause_behind_the_sixteenth_link_is_not_seen():
    rule = Rule(on=JobError, cause=OSError, to=DeadlineExceededError)

    assert decided(linked(JobError(), *[ValueError() for _ in range(16)], TimeoutError()), rule) is None


def test_exception_is_no_cause_of_itself():
    assert decided(TimeoutError(), Rule(on=OSError, cause=OSError, to=DeadlineExceededError)) is None


WRAPPED = Rule(on=SDKError, wrapped=True, to=NotFoundError)


def in_a_handler(raise_it):
    """Raise a job's error while an SDK's is handled."""
    try:
        try:
            raise SDKError
        except SDKError as exc:
            raise_it(exc)
    except JobError as exc:
        return exc


def raise_from(exc):
    raise JobError("job") from exc


def raise_within(_):
    raise JobError("job")


def raise_from_none(_):
    raise JobError("job") from None


def test_wrapped_rule_counts_for_a_link_of_the_cause_chain():
    assert decided(in_a_handler(raise_from), WRAPPED) is WRAPPED


@pytest.mark.parametrize("raise_it", [raise_within, raise_from_none])
def test_wrapped_rule_does_not_count_for_a_context(raise_it):
    assert decided(in_a_handler(raise_it), WRAPPED) is None


def test_barrier_in_the_middle_of_a_chain_ends_it():
    inner = in_a_handler(raise_from_none)

    assert decided(linked(ValueError(), inner), WRAPPED) is None


def test_rule_that_is_not_wrapped_counts_for_no_link():
    wrapped = Rule(on=Mixin, wrapped=True, to=NotFoundError)

    assert decided(linked(JobError(), SDKError()), Rule(on=SDKError, to=GoneError), wrapped) is None
    assert (
        decided(linked(JobError(), SDKError(), Mixin()), Rule(on=SDKError, to=GoneError), wrapped) is wrapped
    )


@pytest.mark.parametrize("terms", EACH, ids=name_of)
def test_outermost_link_wins_however_weak_its_rule(terms):
    outer = Rule(on=Mixin, wrapped=True, to=GoneError)
    inner = Rule(on=BoxError, wrapped=True, **terms)

    assert decided(linked(JobError(), Mixin(), failure()), inner, outer) is outer
    assert decided(linked(JobError(), failure()), inner, outer) is inner


@pytest.mark.parametrize(("strong", "weak"), UNEQUAL, ids=name_of)
def test_rules_of_one_link_are_asked_in_the_usual_order(strong, weak):
    strong, weak = (Rule(on=BoxError, wrapped=True, **terms) for terms in (strong, weak))

    assert decided(linked(JobError(), failure()), weak, strong) is strong


def test_rule_of_the_raised_class_wins_over_every_link():
    plain = Rule(on=Exception, where={"code": 5}, to=GoneError)

    assert decided(linked(BoxError(code=5), SDKError()), WRAPPED, plain) is WRAPPED
    assert decided(linked(JobError(), SDKError()), WRAPPED, plain) is WRAPPED
    assert decided(linked(_with_code(JobError()), SDKError()), WRAPPED, plain) is plain


def _with_code(exc):
    exc.code = 5
    return exc


@pytest.mark.parametrize("wrapped", [(True, False), (False, True)], ids=["wrapped first", "wrapped last"])
def test_wrapped_is_no_condition_for_the_raised_exception_itself(wrapped):
    first, second = (Rule(on=BoxError, wrapped=each, to=GoneError) for each in wrapped)

    assert decided(BoxError(), first, second) is first


def test_sixteenth_link_is_the_last_one_asked():
    padding = [ValueError() for _ in range(16)]

    assert decided(linked(JobError(), *padding[:15], SDKError()), WRAPPED) is WRAPPED
    assert decided(linked(JobError(), *padding, SDKError()), WRAPPED) is None


def test_cycle_ends_the_chain():
    asked = []
    rule = Rule(on=ValueError, wrapped=True, translate=asked.append)
    exc = linked(JobError(), first := ValueError(1), second := ValueError(2))
    second.__cause__ = first

    assert decided(exc, rule) is None
    assert asked == [first, second]


def test_conditions_of_a_wrapped_rule_are_those_of_the_link():
    rule = Rule(
        on=BoxError,
        wrapped=True,
        where={"code": 5},
        cause=OSError,
        text="disk is full",
        expose=True,
        to=GoneError,
    )

    decision = RuleBook([rule]).decide(linked(JobError("job"), failure()))

    assert (decision.error.args, decision.error.public) == (("the disk is full",), "the disk is full")


EVERYTHING = Rule(on=Exception, to=UnavailableError)


def test_bare_rule_on_exception_knows_what_nothing_else_does():
    assert decided(ValueError(), EVERYTHING, WRAPPED) is EVERYTHING


@pytest.mark.parametrize(
    ("exc", "winner"),
    [
        (linked(JobError(), SDKError()), WRAPPED),
        (BoxError(), WRAPPED),
        (linked(_with_code(JobError()), SDKError()), Rule(on=Exception, where={"code": 5}, to=GoneError)),
        (linked(JobError(), ValueError()), Rule(on=Exception, cause=ValueError, to=GoneError)),
    ],
    ids=["wrapped", "class", "where", "cause"],
)
def test_bare_rule_on_exception_comes_last_of_all(exc, winner):
    assert decided(exc, EVERYTHING, WRAPPED, winner) is winner


def test_bare_rule_on_exception_may_say_not_mine_to_the_next_one():
    assert decided(ValueError(), Rule(on=Exception, translate=lambda _: None), EVERYTHING) is EVERYTHING


def test_bare_rule_on_exception_that_is_wrapped_is_asked_once_and_last():
    asked = []
    rule = Rule(on=Exception, wrapped=True, translate=asked.append)

    assert decided(exc := linked(JobError(), SDKError()), rule, WRAPPED) is WRAPPED
    assert decided(exc, rule) is None
    assert asked == [exc]


@pytest.mark.parametrize("cls", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_no_rule_on_exception_knows_what_is_none(cls):
    assert decided(cls(), EVERYTHING) is None


@pytest.mark.parametrize("error", [DomainError("x"), NotFoundError("x")], ids=repr)
@pytest.mark.parametrize(
    "rules",
    [
        [],
        [EVERYTHING],
        [Rule(on=Exception, where={"code": "not_found"}, to=GoneError)],
        [WRAPPED],
        [Rule(on=NotFoundError, translate=lambda _: None)],
        [Rule(on=DomainError, text="no such text", to=GoneError)],
        [Rule(on=GoneError, to=InternalError)],
    ],
    ids=lambda rules: str(*rules),
)
def test_domain_error_needs_no_translation(rules, error):
    decision = RuleBook(rules).decide(error)

    assert decision.error is error
    assert (decision.rule, decision.rule_name) == (None, None)


def test_rule_may_name_a_domain_error_all_the_same():
    rule = Rule(on=NotFoundError, to=GoneError)

    assert decided(NotFoundError(), rule) is rule
