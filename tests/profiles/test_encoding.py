"""Encoding is total: whatever is given, valid JSON in UTF-8 comes out, and what was dropped is logged."""

import json
import math
from collections import OrderedDict, UserDict, namedtuple
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import PurePosixPath
from types import MappingProxyType
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flask_faultmap.profiles.encoding import MAX_DEPTH, encode, jsonable, to_bytes


class Colour(Enum):
    RED = "red"
    BOTH = ("red", "blue")
    ODD = object()


class Number(IntEnum):
    ONE = 1


class Word(StrEnum):
    GONE = "gone"


class Endless(Enum):
    MEMBER = 1

    @property
    def value(self):
        return self


def fails(*_):
    raise RuntimeError("not today")


class RaisingMapping(Mapping):
    __getitem__ = __iter__ = __len__ = __bool__ = fails


RaisingDict = type(
    "RaisingDict", (dict,), {"items": fails, "__iter__": fails, "__len__": fails, "__bool__": fails}
)
RaisingList = type("RaisingList", (list,), {"__iter__": fails, "__len__": fails})
RaisingInt = type(
    "RaisingInt", (int,), {"__repr__": fails, "__str__": fails, "__add__": fails, "__pos__": fails}
)
RaisingFloat = type("RaisingFloat", (float,), {"__repr__": fails, "__float__": fails, "__add__": fails})
RaisingStr = type("RaisingStr", (str,), {"__str__": fails, "__repr__": fails, "encode": fails})
RaisingBytes = type("RaisingBytes", (bytes,), {"__bytes__": fails, "decode": fails})
RaisingPath = type("RaisingPath", (PurePosixPath,), {"__str__": fails, "__repr__": fails})
RaisingObject = type(
    "RaisingObject",
    (),
    {"__getattr__": fails, "__repr__": fails, "__str__": fails, "__eq__": fails, "__hash__": fails},
)
RaisingClass = type("RaisingClass", (), {"__class__": property(fails)})
Point = namedtuple("Point", "x y")


def deep(levels, inside=1):
    value = inside
    for _ in range(levels):
        value = [value]
    return value


def read_strictly(body):
    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(body.decode("utf-8", "strict"), parse_constant=refuse)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)

ODD_KEYS = {
    "enum": lambda: Colour.BOTH,
    "int enum": lambda: Number.ONE,
    "text enum": lambda: Word.GONE,
    "decimal": lambda: Decimal("NaN"),
    "date": lambda: date(2026, 1, 1),
    "raising text": lambda: RaisingStr("k"),
    "huge number": lambda: 10**5000,
    "class": lambda: object,
}
ODD_VALUES = {
    "object": object,
    "function": lambda: fails,
    "exception": lambda: ValueError("x"),
    "complex": lambda: 1j,
    "range": lambda: range(3),
    "bytearray": lambda: bytearray(b"\xff"),
    "endless enum": lambda: Endless.MEMBER,
    "raising mapping": RaisingMapping,
    "raising dict": lambda: RaisingDict(a=1),
    "raising list": lambda: RaisingList([1]),
    "raising int": lambda: RaisingInt(5),
    "raising float": lambda: RaisingFloat(1.5),
    "raising bytes": lambda: RaisingBytes(b"b"),
    "raising path": lambda: RaisingPath("/a"),
    "raising object": RaisingObject,
}


def odd_key(name):
    return ODD_KEYS[name]()


def odd_value(name):
    return ODD_VALUES[name]()


# Odd things by name, since Hypothesis shows what it draws.
KEYS = (
    st.text(st.characters(categories=["L", "Cs"]), max_size=3)
    | st.integers()
    | st.floats()
    | st.none()
    | st.binary(max_size=3)
    | st.tuples(st.integers())
    | st.sampled_from(sorted(ODD_KEYS)).map(odd_key)
)
ANYTHING = st.recursive(
    KEYS | st.text(st.characters()) | st.booleans() | st.sampled_from(sorted(ODD_VALUES)).map(odd_value),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.frozensets(KEYS, max_size=3)
        | inner.map(lambda value: MappingProxyType({"in": value}))
    ),
    max_leaves=10,
)


@given(PLAIN)
@example(-0.0)
@example({"": [{}, [], ""]})
def test_plain_json_survives_unchanged(value):
    body = encode(jsonable(value))

    assert repr(read_strictly(body)) == repr(value)


@given(PLAIN)
def test_body_is_compact_and_not_escaped_to_ascii(value):
    expected = json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    assert encode(jsonable(value)) == expected.encode()


@given(ANYTHING)
def test_anything_becomes_json(value):
    body = encode(jsonable(value))

    read_strictly(body)


@given(ANYTHING)
def test_what_became_plain_stays_as_it_is(value):
    plain = jsonable(value)

    assert repr(jsonable(plain)) == repr(plain)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (math.nan, None),
        (-math.inf, None),
        (b"caf\xc3\xa9 \xff", "café �"),
        (bytearray(b"x"), "x"),
        ((1, 2), [1, 2]),
        (Point(1, 2), [1, 2]),
        (frozenset({7}), [7]),
        (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (UserDict(a=1), {"a": 1}),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02 03:04:00+00:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (time(3, 4), "03:04:00"),
        (timedelta(seconds=90), "0:01:30"),
        (Decimal("1.10"), "1.10"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (PurePosixPath("/boxes/b1"), "/boxes/b1"),
        (Colour.RED, "red"),
        (Colour.BOTH, ["red", "blue"]),
        (Number.ONE, 1),
        (Word.GONE, "gone"),
        (RaisingStr("text"), "text"),
        (RaisingInt(5), 5),
        (RaisingFloat(1.5), 1.5),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_a_plain_form_takes_it(value, plain):
    found = jsonable(value)

    assert found == plain
    assert type(found) is type(plain)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("a", "a"),
        (1, "1"),
        (1.5, "1.5"),
        (None, "null"),
        (True, "true"),
        (math.nan, "null"),
        (b"a", "a"),
        (Word.GONE, "gone"),
        (Number.ONE, "1"),
        (date(2026, 1, 2), "2026-01-02"),
    ],
    ids=repr,
)
def test_key_becomes_text(key, name):
    assert jsonable({key: "value"}) == {name: "value"}


def test_first_of_two_keys_of_one_name_stays():
    assert jsonable({1: "first", "1": "second"}) == {"1": "first"}


DROPPED = [
    ({"at": object()}, {}, "'details.at' was dropped from an error's answer: a object is not JSON"),
    (
        {"at": [1, object]},
        {"at": [1]},
        "'details.at[1]' was dropped from an error's answer: a type is not JSON",
    ),
    ({"at": RaisingDict(a=1)}, {}, "a RaisingDict raised RuntimeError"),
    ({"at": RaisingMapping()}, {}, "a RaisingMapping raised RuntimeError"),
    ({"at": RaisingList([1])}, {}, "a RaisingList raised RuntimeError"),
    ({"at": RaisingBytes(b"x")}, {}, "a RaisingBytes raised RuntimeError"),
    ({"at": RaisingPath("/x")}, {}, "a RaisingPath raised RuntimeError"),
    ({"at": RaisingObject()}, {}, "a RaisingObject is not JSON"),
    ({"at": RaisingClass()}, {}, "a RaisingClass raised RuntimeError"),
    ({"at": Colour.ODD}, {}, "'details.at' was dropped from an error's answer: a object is not JSON"),
    ({"at": Endless.MEMBER}, {}, "raised RecursionError"),
    ({"at": 10**5000}, {}, "a int raised ValueError"),
    ({object(): 1, "b": 2}, {"b": 2}, "'a key of details' was dropped from an error's answer: a object"),
    ({(1, 2): 1, "b": 2}, {"b": 2}, "'a key of details' was dropped from an error's answer: a tuple"),
    ({"a\nforged": object()}, {}, "'details.a\\nforged' was dropped"),
    (object(), None, "'details' was dropped from an error's answer: a object is not JSON"),
]


@pytest.mark.parametrize(("value", "plain", "line"), DROPPED, ids=[line[-40:] for _, _, line in DROPPED])
def test_what_has_no_plain_form_is_dropped_and_logged_by_place_and_class(value, plain, line, caplog):
    found = jsonable(value)

    assert found == plain
    assert line in caplog.text


def test_private_text_of_a_dropped_object_is_not_logged(caplog):
    jsonable({"row": ValueError("password=hunter2")})

    assert "ValueError" in caplog.text
    assert "hunter2" not in caplog.text


def test_cycle_is_dropped_where_it_closes(caplog):
    value = {"name": "a", "children": []}
    value["children"].append(value)

    plain = jsonable(value)

    assert plain == {"name": "a", "children": []}
    assert (
        "'details.children[0]' was dropped from an error's answer: a dict is a cycle or too deep"
        in caplog.text
    )


def test_value_that_occurs_twice_is_no_cycle():
    shared = {"a": 1}

    assert jsonable([shared, [shared]]) == [{"a": 1}, [{"a": 1}]]


def test_deepest_nesting_that_is_kept():
    assert jsonable(deep(MAX_DEPTH)) == deep(MAX_DEPTH)


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 100_000], ids=["one more", "far more"])
def test_deeper_nesting_is_cut(levels):
    assert jsonable(deep(levels)) == deep(MAX_DEPTH - 1, [])


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("café 🎉", "café 🎉".encode()),
        ("\ud800", b"\xef\xbf\xbd"),
        ('"\udc80"', b'"\xef\xbf\xbd"'),
        ("\ufeffa\ud800", b"\xef\xbb\xbfa\xef\xbf\xbd"),
        ("\ud83d\ude00", "😀".encode()),
    ],
    ids=ascii,
)
def test_lone_surrogate_becomes_the_replacement_character(text, body):
    assert to_bytes(text) == body


@given(st.text(st.characters()))
@example("\ud800\ud800\udc00")
def test_text_in_utf8_has_each_character_in_its_place(text):
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    assert to_bytes(text).decode() == whole
    assert [one for one in whole if one.isascii()] == [one for one in text if one.isascii()]
