"""Rules of the first map: what they say, and how a wrong one is refused."""

import asyncio
import re
from enum import Enum
from types import MappingProxyType

import pytest

from flask_faultmap.errors import ConfigError, DomainError, GoneError, InternalError, NotFoundError
from flask_faultmap.rules.rule import Rule


class Code(Enum):
    NOT_FOUND = 5
    INTERNAL = 13


class OwnInitError(DomainError):
    def __init__(self, box_id):
        super().__init__(f"box {box_id}")


class KeywordsError(DomainError):
    def __init__(self, message="", **keywords):
        super().__init__(message, **keywords)


def translate(exc):
    return NotFoundError(str(exc))


async def translate_later(exc):
    return NotFoundError(str(exc))


ONE_OUTCOME = "it needs one outcome: to=ErrorClass, to={value: ErrorClass} with table=, or translate=function"
WRONG = {
    "no class": ({"on": 404}, "Rule(on=404): on is 404; it must be an exception class or its dotted name"),
    "class that is no exception": ({"on": dict}, "on is <class 'dict'>; it must be an exception class"),
    "instance": ({"on": ValueError("x")}, "on is ValueError('x'); it must be an exception class"),
    "several classes": ({"on": (KeyError, OSError)}, "give each class a rule of its own"),
    "name without a package": (
        {"on": "ValueError"},
        "on is 'ValueError'; it must be an exception class or its dotted",
    ),
    "name that is none": (
        {"on": "redis exceptions.x"},
        "on is 'redis exceptions.x'; it must be an exception class",
    ),
    "name that starts with a dot": ({"on": ".errors.X"}, "on is '.errors.X'; it must be an exception class"),
    "empty name": ({"on": ""}, "on is ''; it must be"),
    "no exception at all": (
        {"on": KeyboardInterrupt},
        "on is KeyboardInterrupt, which is no Exception: Flask hands none of these to handlers",
    ),
    "base of all": ({"on": BaseException}, "on is BaseException, which is no Exception"),
    "cancelled task": ({"on": asyncio.CancelledError}, "on is CancelledError, which is no Exception"),
    "cause that is no class": ({"cause": 5}, "cause is 5; it must be an exception class or its dotted name"),
    "cause that is no Exception": ({"cause": SystemExit}, "cause is SystemExit, which is no Exception"),
    "no outcome": ({"to": None}, ONE_OUTCOME),
    "two outcomes": ({"translate": translate}, ONE_OUTCOME),
    "outcome that is no class": ({"to": 404}, "to names 404; it must be a subclass of DomainError"),
    "outcome that is an instance": (
        {"to": NotFoundError("x")},
        "to names NotFoundError('x'); it must be a subclass",
    ),
    "outcome that is no domain error": (
        {"to": ValueError},
        "to names ValueError; it must be a subclass of DomainError",
    ),
    "outcome that is a function": (
        {"to": translate},
        "to names translate; it must be a subclass of DomainError; a function goes to translate=",
    ),
    "outcome with an init of its own": (
        {"to": OwnInitError},
        "OwnInitError cannot be made as OwnInitError(text, public=…) "
        "(got an unexpected keyword argument 'public'); use translate=",
    ),
    "table without a mapping": ({"table": "code"}, "table='path' and to={value: ErrorClass} go together"),
    "mapping without a table": (
        {"to": {1: GoneError}},
        "table='path' and to={value: ErrorClass} go together",
    ),
    "mapping of nothing": ({"table": "code", "to": {}}, "to is {}; a table needs an entry"),
    "mapping to no domain error": (
        {"table": "code", "to": {1: GoneError, 2: "gone"}},
        "to names 'gone'; it must be a subclass of DomainError",
    ),
    "table that is no path": (
        {"table": 5, "to": {1: GoneError}},
        "table is 5; a path is names with dots between",
    ),
    "table with an empty step": ({"table": "a..b", "to": {1: GoneError}}, "table is 'a..b'; a path is names"),
    "translate that is no function": (
        {"to": None, "translate": "later"},
        "translate is 'later'; it must be a function of the exception",
    ),
    "translate with a table": (
        {"to": None, "translate": translate, "table": "code"},
        "table goes with to={value: ErrorClass}, not with translate",
    ),
    "translate without a parameter": (
        {"to": None, "translate": lambda: None},
        "it must be a function of the exception",
    ),
    "translate that is async": (
        {"to": None, "translate": translate_later},
        "it must be a function of the exception, and no coroutine function",
    ),
    "translate that is an error class": (
        {"to": None, "translate": NotFoundError},
        "translate is the class NotFoundError, which would expose the exception's text; "
        "write to=NotFoundError",
    ),
    "translate with expose": (
        {"to": None, "translate": translate, "expose": True},
        "expose and message go with to=; a function says itself what is public",
    ),
    "translate with a message": (
        {"to": None, "translate": translate, "message": "Try later."},
        "expose and message go with to=; a function says itself what is public",
    ),
    "expose that is a word": ({"expose": "no"}, "expose is 'no'; it must be True or False"),
    "wrapped that is a word": ({"wrapped": "yes"}, "wrapped is 'yes'; it must be True or False"),
    "where that is no mapping": ({"where": "code"}, "where is 'code'; it must be a mapping"),
    "where with a path that is none": ({"where": {5: 1}}, "where has 5; a path is names with dots between"),
    "where with an empty path": ({"where": {"": 1}}, "where has ''; a path is names with dots between"),
    "text that is none": ({"text": 5}, "text is 5; it must be a text or a tuple of texts"),
    "text that is nothing": ({"text": None}, "text is None; it must be a text or a tuple of texts"),
    "text with a marker that is none": (
        {"text": ("a b", 5)},
        "text is ('a b', 5); each marker must be a text",
    ),
    "empty marker": (
        {"text": ("a b", "")},
        "text is ('a b', ''); each marker must be a text that is not empty",
    ),
    "blank marker": ({"text": " \n"}, "each marker must be a text that is not empty"),
    "one word": (
        {"text": "timeout"},
        "text is the one word 'timeout', which many texts have; give a longer marker",
    ),
    "text on everything": (
        {"on": Exception, "text": "disk is full"},
        "a text rule on Exception would read every failure; name the class",
    ),
    "message that is no text": ({"message": 5}, "message is 5; it must be a str"),
    "message that is empty": ({"message": ""}, "message is ''; it must not be empty"),
    "message beside expose": (
        {"message": "Try later.", "expose": True},
        "it has both expose and message; a fixed text leaves nothing to expose",
    ),
}


@pytest.mark.parametrize(("arguments", "told"), WRONG.values(), ids=WRONG.keys())
def test_wrong_rule_is_refused_in_words(arguments, told):
    with pytest.raises(ConfigError) as raised:
        Rule(**{"on": ValueError, "to": NotFoundError, **arguments})

    assert told in str(raised.value)


def test_refusal_names_the_rule():
    with pytest.raises(ConfigError, match=r"^Rule\(on=ValueError\): "):
        Rule(on=ValueError)


def test_all_mistakes_of_a_rule_are_told_at_once():
    with pytest.raises(ConfigError) as raised:
        Rule(on=5, to=6, where=7, text="", message=8, cause=9)

    assert all(f"{value}" in str(raised.value) for value in (5, 6, 7, 8, 9))
    assert "each marker must be a text" in str(raised.value)


@pytest.mark.parametrize("given", [(ValueError,), (ValueError, NotFoundError)])
def test_rule_is_written_by_keyword_only(given):
    with pytest.raises(TypeError):
        Rule(*given)


@pytest.mark.parametrize(
    "arguments",
    [
        {"to": KeywordsError},
        {"to": DomainError},
        {"to": None, "translate": translate},
        {"to": None, "translate": lambda exc, more=1: None},
        {"to": None, "translate": str},
        {"where": {}},
        {"where": MappingProxyType({"code": None, "args.0": 1})},
        {"text": "error 401"},
        {"text": "timed out"},
        {"text": "E401"},
        {"text": "/etc/passwd"},
        {"text": ("timed", "out")},
        {"text": ["timed", "out"]},
        {"on": Exception},
        {"on": Exception, "where": {"code": 5}},
        {"on": "nowhere.Error"},
        {"cause": "nowhere.deep.Error"},
        {"wrapped": True},
        {"expose": True},
        {"message": "Try later."},
        {"table": "code", "to": {None: GoneError}},
    ],
    ids=lambda arguments: re.sub(r" at 0x\w+", "", repr(arguments)),
)
def test_right_rule_is_taken(arguments):
    Rule(**{"on": ValueError, "to": NotFoundError, **arguments})


def test_rule_keeps_nothing_that_its_author_can_change():
    where, to, text = {"code": 5}, {1: GoneError}, ["timed", "out"]
    rule = Rule(on=ValueError, where=where, table="kind", to=to, text=text)

    where["code"], to[2] = 6, InternalError
    text.append("really")

    assert (rule.where, rule.to, rule.text) == ({"code": 5}, {1: GoneError}, ("timed", "out"))


@pytest.mark.parametrize(
    ("arguments", "bare"),
    [
        ({}, True),
        ({"wrapped": True}, True),
        ({"expose": True}, True),
        ({"where": {}}, True),
        ({"where": {"code": 5}}, False),
        ({"table": "code", "to": {5: GoneError}}, False),
        ({"cause": OSError}, False),
        ({"text": "timed out"}, False),
    ],
    ids=repr,
)
def test_rule_is_bare_if_its_class_alone_decides(arguments, bare):
    assert Rule(**{"on": ValueError, "to": NotFoundError, **arguments}).is_bare is bare


@pytest.mark.parametrize(
    ("rule", "outcomes"),
    [
        (Rule(on=ValueError, to=GoneError), (GoneError,)),
        (Rule(on=ValueError, translate=translate), ()),
        (
            Rule(on=ValueError, table="code", to={1: GoneError, 2: NotFoundError, 3: GoneError}),
            (GoneError, NotFoundError),
        ),
    ],
    ids=["class", "function", "table"],
)
def test_rule_names_its_outcomes(rule, outcomes):
    assert rule.outcomes == outcomes


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Rule(on=ValueError, to=GoneError), "ValueError -> GoneError"),
        (Rule(on=ValueError, translate=translate), "ValueError -> translate"),
        (
            Rule(on="redis.exceptions.ConnectionError", to=GoneError),
            "'redis.exceptions.ConnectionError' -> GoneError",
        ),
        (
            Rule(on=ValueError, table="code", to={1: GoneError, 2: NotFoundError}),
            "ValueError -> 2 errors by code",
        ),
        (
            Rule(
                on=ValueError,
                where={"code": Code.INTERNAL, "orig.kind": KeyError},
                cause=OSError,
                text=("not found in", "/etc/passwd"),
                wrapped=True,
                to=GoneError,
            ),
            "ValueError (or wrapped) where code=Code.INTERNAL, orig.kind=KeyError, cause=OSError, "
            "text='not found in' + '/etc/passwd' -> GoneError",
        ),
    ],
    ids=["class", "function", "name", "table", "conditions"],
)
def test_rule_reads_as_one_line(rule, said):
    assert str(rule) == said
