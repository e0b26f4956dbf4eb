"""Encoding is total: whatever is given, valid JSON in UTF-8 comes out, and what was dropped is logged."""

import json
import math
from collections import OrderedDict, UserDict
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from pathlib import PurePosixPath
from types import MappingProxyType
from uuid import UUID

import pytest
from hostile_values import (
    ANYTHING,
    KEYS,
    Colour,
    Endless,
    Number,
    Point,
    RaisingBytes,
    RaisingClass,
    RaisingDict,
    RaisingFloat,
    RaisingInt,
    RaisingList,
    RaisingMapping,
    RaisingObject,
    RaisingPath,
    RaisingStr,
    Word,
)
from hypothesis import example, given
from hypothesis import strategies as st

from flask_faultmap.profiles.encoding import (
    DETAILS_DEPTH,
    MAX_DEPTH,
    MAX_NODES,
    MAX_TEXT,
    encode,
    jsonable,
    make_to_json,
    plain_details,
    to_bytes,
    to_json,
)


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
@pytest.mark.usefixtures("no_collection")
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


def wide(count):
    return {"values": list(range(count))}


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=3), PLAIN, max_size=4))
@example({"a": -0.0, "b": 2**63, "c": 10**4000, "d": [[], {}]})
def test_plain_details_survive_unchanged_and_as_a_copy(details):
    plain = plain_details(details)

    assert repr(plain) == repr(details)
    assert plain is not details


@given(st.dictionaries(KEYS, ANYTHING, max_size=4))
def test_details_within_the_budget_are_what_any_value_would_be(details):
    assert repr(plain_details(details)) == repr(jsonable(details))


def test_widest_details_that_are_kept(caplog):
    details = wide(MAX_NODES - 3)  # the mapping, its key and the list are values too

    assert plain_details(details) == details
    assert not caplog.records


@pytest.mark.parametrize(
    "make",
    [
        lambda count: {"values": list(range(count))},
        lambda count: {"values": dict.fromkeys(range(count))},
        lambda count: {"values": {*range(count)}},
        lambda count: {"values": [object()] * count},
        lambda count: {"values": [[]] * count},
        lambda count: {object(): 1, **dict.fromkeys(range(count))},
    ],
    ids=["list", "mapping", "set", "objects", "empty lists", "members"],
)
def test_wider_details_are_cut_and_told_once(make, caplog):
    plain = plain_details(make(10 * MAX_NODES))

    assert len(json.dumps(plain)) < 20 * MAX_NODES
    assert 1 <= len(caplog.records) <= 11


def test_what_stands_behind_the_last_value_is_told_by_its_place(caplog):
    plain = plain_details({**wide(MAX_NODES), "more": 1})

    assert [*plain] == ["values"]
    assert "is over the limit of 10000 values" in caplog.text


def test_mapping_without_an_end_is_cut():
    class Endlessly(Mapping):
        def __iter__(self):
            return count()

        def __getitem__(self, key):
            return key

        def __len__(self):
            return 1

    assert len(plain_details(Endlessly())) <= MAX_NODES


@pytest.mark.parametrize(
    "value",
    ["x" * (MAX_TEXT + 1), b"x" * (MAX_TEXT + 1), RaisingStr("x" * (MAX_TEXT + 1))],
    ids=["text", "bytes", "subclass"],
)
def test_text_over_the_budget_is_dropped_and_the_rest_is_kept(value, caplog):
    assert plain_details({"a": 1, "text": value, "b": "y"}) == {"a": 1, "b": "y"}
    assert "'details.text' was dropped" in caplog.text
    assert "is over the limit of 262144 characters" in caplog.text


def test_texts_share_one_budget():
    most = "x" * (MAX_TEXT - 2)

    assert plain_details({"a": most, "b": ""}) == {"a": most, "b": ""}
    assert plain_details({"a": most, "b": "y"}) == {"a": most}


def test_numbers_of_many_digits_count_as_text():
    plain = plain_details({"values": [10**4000] * 100})

    assert len(plain["values"]) == MAX_TEXT // 4001


@pytest.mark.parametrize("levels", [DETAILS_DEPTH, 5_000], ids=["one more", "far more"])
def test_deeper_details_are_cut(levels):
    assert plain_details({"at": deep(levels)}) == {"at": deep(DETAILS_DEPTH - 2, [])}


def test_deeper_mappings_are_cut():
    details = {}
    for _ in range(DETAILS_DEPTH):
        details = {"in": details}

    assert json.dumps(plain_details(details)).count("{") == DETAILS_DEPTH


def test_place_of_what_is_dropped_is_short(caplog):
    plain_details({"k" * 100_000: {"k" * 100_000: object()}})

    assert len(caplog.text) < 1_000


@given(PLAIN)
def test_writing_is_that_of_the_standard_library_with_its_c_or_without(value):
    told = json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flask_faultmap.profiles.encoding.c_make_encoder", None)
        without = make_to_json()

    assert to_json(value) == without(value) == told


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], {"a": float("-inf")}])
def test_writing_refuses_what_is_no_json(value):
    with pytest.raises(ValueError, match="Out of range float values"):
        to_json(value)
