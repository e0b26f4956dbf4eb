"""The order in which rules are asked, compared with the words of its page in the docs as slow code."""

import re
from itertools import product
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from flask_faultmap.errors import GoneError, NotFoundError
from flask_faultmap.rules import Rule
from flask_faultmap.rules.rulebook import RuleBook

MARKERS = ["disk is full", "http 401"]
TEXTS = ["Http 401: the DISK is full", "the disk is full", "the disk is fuller", "http 4010", ""]
CODES = [1, 1, None, [1]]  # as told by exceptions; a list cannot be a key


def first_that_counts(own, built_in, exc):
    """Give the rule that decides about *exc*, and the link that it speaks of: the paragraph, word by word."""
    candidates = [*own, *built_in]  # the app's rules before ours, in the order written
    named = [rule for rule in candidates if not is_bare_on_exception(rule)]
    for rule in along_the_mro(named, exc):  # the nearest class in the MRO of the raised exception first
        if counts(rule, exc):
            return rule, exc
    for link in explicit_links(exc):  # rules with wrapped along the __cause__ chain, outermost link first
        for rule in along_the_mro(named, link):
            if rule.wrapped and counts(rule, link):
                return rule, link
    for rule in candidates:  # bare rules on Exception come last of all
        if is_bare_on_exception(rule) and isinstance(exc, Exception) and counts(rule, exc):
            return rule, exc
    return None  # not ours


def is_bare_on_exception(rule):
    return rule.on is Exception and not (rule.where or rule.table or rule.cause or rule.text)


def along_the_mro(candidates, exc):
    for cls in type(exc).__mro__:
        # With where or table before those without; among equals cause; among equals text.
        for typed, by_cause, by_text in product([True, False], repeat=3):
            for rule in candidates:
                kind = (bool(rule.where or rule.table), rule.cause is not None, bool(rule.text))
                if rule.on is cls and kind == (typed, by_cause, by_text):
                    yield rule


def explicit_links(exc):
    links = [exc]
    while len(links) < 17 and links[-1].__cause__ is not None:
        if any(links[-1].__cause__ is known for known in links):
            break
        links.append(links[-1].__cause__)
    return links[1:]


def counts(rule, exc):
    code = getattr(exc, "code", "missing")
    if rule.where and rule.where["code"] != code:
        return False
    if rule.table and (isinstance(code, list) or code not in rule.to):
        return False
    if rule.cause and not any(isinstance(link, rule.cause) for link in explicit_links(exc)):
        return False
    if not all(re.search(rf"(?i)\b{marker}\b", str(exc)) for marker in rule.text):
        return False
    return rule.translate is None or rule.translate(exc) is not None


def of_code_1_only(exc):
    return GoneError(str(exc)) if getattr(exc, "code", None) == 1 else None


def never(_):
    return None


@st.composite
def class_trees(draw):
    """Make classes of which each has one or two of the earlier ones as bases."""
    classes = [Exception, OSError]
    for number in range(draw(st.integers(1, 4))):
        bases = draw(st.lists(st.sampled_from(classes), min_size=1, max_size=2, unique=True))
        bases.sort(key=classes.index, reverse=True)  # one order for all, or Python finds no MRO
        classes.append(type(f"Class{number}Error", tuple(bases), {}))
    return [*classes[::-1], KeyboardInterrupt]


@st.composite
def chains(draw, classes):
    """Make exceptions that are causes or contexts of each other, perhaps in a cycle."""
    chain = [
        cls(draw(st.sampled_from(TEXTS)))
        for cls in draw(st.lists(st.sampled_from(classes), min_size=1, max_size=4))
    ]
    for at, exc in enumerate(chain):
        if draw(st.integers(0, 3)):
            exc.code = draw(st.sampled_from(CODES))
        after = chain[at + 1] if at + 1 < len(chain) else draw(st.sampled_from([None, *chain]))
        if draw(st.integers(0, 5)):
            exc.__cause__ = after
        else:
            exc.__context__ = after
    return chain


@st.composite
def rules(draw, classes):
    """Make a rule with any conditions, each of which leads somewhere in most chains."""
    on = draw(st.sampled_from(classes))
    terms = {"on": on, "wrapped": draw(st.booleans())}
    terms["where"] = draw(st.sampled_from([None, None, {"code": 1}, {"code": 1}, {"code": 2}]))
    terms["cause"] = draw(st.none() | st.sampled_from(classes))
    if on is not Exception:
        terms["text"] = draw(st.sampled_from([(), (), MARKERS[:1], MARKERS]))
    table = {"table": "code", "to": {1: GoneError, None: NotFoundError}}
    outcomes = [
        {"to": GoneError},
        table,
        {"to": NotFoundError},
        {"translate": of_code_1_only},
        {"translate": never},
    ]
    return Rule(**terms, **draw(st.sampled_from(outcomes)))


@st.composite
def cases(draw):
    chain = draw(chains(draw(class_trees())))
    known = {cls: None for exc in chain for cls in type(exc).__mro__ if issubclass(cls, Exception)}
    some = rules(list(known) or [OSError])
    own, built_in = draw(st.lists(some, min_size=4, max_size=7)), draw(st.lists(some, min_size=1, max_size=3))
    return SimpleNamespace(own=own, built_in=built_in, exc=chain[0])


@settings(max_examples=250)
@given(cases())
def test_rules_are_asked_in_the_order_of_the_docs(case):
    book = RuleBook(case.own, ours=case.built_in)

    decision = book.decide(case.exc)
    verdicts = list(book.verdicts(case.exc))

    expected = first_that_counts(case.own, case.built_in, case.exc)
    decided = [(decision.rule, decision.error.args[0])] if decision else []
    assert decided == ([(expected[0], str(expected[1]))] if expected else [])
    assert [(verdict.rule, verdict.subject) for verdict in verdicts if verdict.error] == (
        [expected] if expected else []
    )
