"""The order in which rows are asked, compared with the words of DESIGN, section 5, put into slow code."""

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
    """Give the row that decides about *exc*, and the link that it speaks of: the paragraph, word by word."""
    rows = [*own, *built_in]  # the app's rows before ours, in the order written
    named = [row for row in rows if not is_bare_on_exception(row)]
    for row in along_the_mro(named, exc):  # the nearest class in the MRO of the raised exception first
        if counts(row, exc):
            return row, exc
    for link in explicit_links(exc):  # rows with wrapped along the __cause__ chain, outermost link first
        for row in along_the_mro(named, link):
            if row.wrapped and counts(row, link):
                return row, link
    for row in rows:  # bare rows on Exception come last of all
        if is_bare_on_exception(row) and isinstance(exc, Exception) and counts(row, exc):
            return row, exc
    return None  # not ours


def is_bare_on_exception(row):
    return row.on is Exception and not (row.where or row.table or row.cause or row.text)


def along_the_mro(rows, exc):
    for cls in type(exc).__mro__:
        # With where or table before those without; among equals cause; among equals text.
        for typed, by_cause, by_text in product([True, False], repeat=3):
            for row in rows:
                kind = (bool(row.where or row.table), row.cause is not None, bool(row.text))
                if row.on is cls and kind == (typed, by_cause, by_text):
                    yield row


def explicit_links(exc):
    links = [exc]
    while len(links) < 17 and links[-1].__cause__ is not None:
        if any(links[-1].__cause__ is known for known in links):
            break
        links.append(links[-1].__cause__)
    return links[1:]


def counts(row, exc):
    code = getattr(exc, "code", "missing")
    if row.where and row.where["code"] != code:
        return False
    if row.table and (isinstance(code, list) or code not in row.to):
        return False
    if row.cause and not any(isinstance(link, row.cause) for link in explicit_links(exc)):
        return False
    if not all(re.search(rf"(?i)\b{marker}\b", str(exc)) for marker in row.text):
        return False
    return row.translate is None or row.translate(exc) is not None


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
    """Make a row with any conditions, each of which leads somewhere in most chains."""
    on = draw(st.sampled_from(classes))
    row = {"on": on, "wrapped": draw(st.booleans())}
    row["where"] = draw(st.sampled_from([None, None, {"code": 1}, {"code": 1}, {"code": 2}]))
    row["cause"] = draw(st.none() | st.sampled_from(classes))
    if on is not Exception:
        row["text"] = draw(st.sampled_from([(), (), MARKERS[:1], MARKERS]))
    table = {"table": "code", "to": {1: GoneError, None: NotFoundError}}
    outcomes = [
        {"to": GoneError},
        table,
        {"to": NotFoundError},
        {"translate": of_code_1_only},
        {"translate": never},
    ]
    return Rule(**row, **draw(st.sampled_from(outcomes)))


@st.composite
def cases(draw):
    chain = draw(chains(draw(class_trees())))
    known = {cls: None for exc in chain for cls in type(exc).__mro__ if issubclass(cls, Exception)}
    rows = rules(list(known) or [OSError])
    own, built_in = draw(st.lists(rows, min_size=4, max_size=7)), draw(st.lists(rows, min_size=1, max_size=3))
    return SimpleNamespace(own=own, built_in=built_in, exc=chain[0])


@settings(max_examples=250)
@given(cases())
def test_rows_are_asked_in_the_order_of_the_design(case):
    book = RuleBook(case.own, ours=case.built_in)

    decision = book.decide(case.exc)
    verdicts = list(book.verdicts(case.exc))

    expected = first_that_counts(case.own, case.built_in, case.exc)
    decided = [(decision.rule, decision.error.args[0])] if decision else []
    assert decided == ([(expected[0], str(expected[1]))] if expected else [])
    assert [(verdict.rule, verdict.subject) for verdict in verdicts if verdict.error] == (
        [expected] if expected else []
    )
