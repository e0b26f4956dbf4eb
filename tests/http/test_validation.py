"""Failed validation, of whatever library, becomes one error with violations that hold no value."""

import pickle
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote
from uuid import UUID

import pytest
from flask import Flask
from flask_smorest import Blueprint
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields, validate
from marshmallow.exceptions import SCHEMA
from pydantic import (
    AnyUrl,
    AwareDatetime,
    Base64Bytes,
    BaseModel,
    Field,
    ImportString,
    Json,
    RootModel,
    TypeAdapter,
    field_validator,
)
from pydantic import ValidationError as PydanticError
from pydantic_core import PydanticCustomError
from pydantic_core._pydantic_core import list_all_errors
from webargs.flaskparser import use_args
from werkzeug.exceptions import HTTPException

from flask_faultmap.categories import Category
from flask_faultmap.errors import ValidationFailedError
from flask_faultmap.faults import Violation
from flask_faultmap.http.messages import MAX_DEPTH, MAX_VIOLATIONS
from flask_faultmap.http.validation import (
    MAX_LOGGED,
    SOURCES,
    from_marshmallow,
    from_pydantic,
    from_request_parser,
    pointer,
)
from flask_faultmap.http.wording import CODES, INVALID, MAX_MESSAGE, MAX_NAME, QUOTING

CANARY = "cAnary7x"


def rows(error):
    return [(item.source, item.pointer or item.name, item.message, item.code) for item in error.violations]


def told(messages):
    return from_marshmallow(ValidationError(messages))


class Colour(Enum):
    RED = "red"


class Disk(Schema):
    size = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))
    path = fields.String(validate=validate.Length(max=3))


class Machine(Schema):
    name = fields.String(required=True, allow_none=False)
    disks = fields.List(fields.Nested(Disk))
    tags = fields.Dict(keys=fields.String(), values=fields.Integer())
    colour = fields.Enum(Colour)
    kind = fields.String(validate=validate.OneOf(["small", "big"]))
    identity = fields.UUID()
    born = fields.DateTime()
    site = fields.URL()
    mail = fields.Email()
    odd_key = fields.Integer(data_key="a/b~c d%")


def refusal(data, **options):
    with pytest.raises(ValidationError) as raised:
        Machine(**options).load(data)
    return raised.value


def test_it_is_one_class_whatever_the_library():
    error = told({"name": ["bad"]})

    assert type(error) is ValidationFailedError
    assert (error.category, error.code) == (Category.UNPROCESSABLE, "validation_failed")
    assert error.log_level is None
    assert error.public == "The request does not fit the schema. name: bad"


def test_every_field_that_marshmallow_refuses_is_pointed_at():
    exc = refusal({"disks": [{"size": 1}, {"size": "x", "path": "long"}, 7], "name": None, "nope": 1})

    assert sorted(rows(from_marshmallow(exc))) == [
        ("body", "#/disks/1/path", "Longer than maximum length 3.", "length"),
        ("body", "#/disks/1/size", "Not a valid integer.", "invalid"),
        ("body", "#/disks/2", "Invalid input type.", "type"),
        ("body", "#/name", "Field may not be null.", "null"),
        ("body", "#/nope", "Unknown field.", "unknown"),
    ]


def test_a_missing_field_is_told_by_its_code():
    assert rows(from_marshmallow(refusal({}))) == [
        ("body", "#/name", "Missing data for required field.", "required")
    ]


def test_items_of_a_list_are_counted():
    exc = refusal([{"name": "a"}, {}], many=True)

    assert rows(from_marshmallow(exc)) == [
        ("body", "#/1/name", "Missing data for required field.", "required")
    ]


def test_a_body_of_another_type_is_wrong_as_a_whole():
    assert rows(from_marshmallow(refusal("text"))) == [("body", "#", "Invalid input type.", "type")]


def test_a_field_is_pointed_at_by_the_name_that_the_client_sent():
    exc = refusal({"name": "a", "a/b~c d%": "x"})

    assert [item.pointer for item in from_marshmallow(exc).violations] == ["#/a~1b~0c%20d%25"]


@pytest.mark.parametrize("message", CODES)
def test_the_codes_hang_on_words_that_marshmallow_still_has(message):
    spoken = {*Schema.error_messages.values(), *Schema._default_error_messages.values()}
    spoken |= {*fields.Field.default_error_messages.values(), *fields.Nested.default_error_messages.values()}

    spoken |= {
        text
        for check in vars(validate).values()
        if isinstance(check, type)
        for name, text in vars(check).items()
        if "message" in name and isinstance(text, str)
        for text in (text, f"Must be {text} ")
    }
    spoken |= {fields.Email.default_error_messages["invalid"], fields.URL.default_error_messages["invalid"]}

    assert any(text.startswith(message) for text in spoken)


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ("bad", [("#", "bad")]),
        (["bad", "worse"], [("#", "bad"), ("#", "worse")]),
        ({"a": "bad"}, [("#/a", "bad")]),
        ({"a": ["bad", {"b": ["worse"]}]}, [("#/a", "bad"), ("#/a/b", "worse")]),
        ({"a": {SCHEMA: ["bad"], "b": ("worse",)}}, [("#/a", "bad"), ("#/a/b", "worse")]),
        ({"a": {0: {"b": {1: ["bad"]}}}}, [("#/a/0/b/1", "bad")]),
        ({1: "bad", None: "worse"}, [("#/1", "bad"), ("#/None", "worse")]),
        ({"": "bad"}, [("#/", "bad")]),
        ({"a": b"bad"}, [("#/a", "bad")]),
        ({"a": [b"\xff"]}, [("#/a", "\ufffd")]),
        ({"a": 7}, [("#/a", "7")]),
        ({"a": None}, [("#/a", INVALID)]),
        ({"a": ""}, [("#/a", INVALID)]),
        ({"a": []}, []),
        ({}, []),
    ],
)
def test_messages_may_have_any_of_the_shapes_of_marshmallow(messages, expected):
    assert [(item.pointer, item.message) for item in told(messages).violations] == expected


def test_an_error_raised_by_hand_about_a_field_points_at_it():
    error = from_marshmallow(ValidationError("is taken", "name"))

    assert rows(error) == [("body", "#/name", "is taken", "invalid")]


class Lazy:
    def __str__(self):
        return "zu groß"


class Angry(str):
    def __str__(self):
        raise RuntimeError("no")


class AngryDict(dict):
    def items(self):
        raise RuntimeError("no")


class AngryList(list):
    def __iter__(self):
        raise RuntimeError("no")


class AngryTuple(tuple):
    __slots__ = ()

    def __iter__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ({"a": Lazy()}, [("#/a", "zu groß")]),
        ({"a": [Angry("x")]}, [("#/a", INVALID)]),
        ({Angry("x"): ["bad"]}, [("#", "bad")]),
        ({10**5000: ["bad"]}, [("#", "bad")]),
        ({"a": AngryDict(b="bad")}, [("#/a/b", "bad")]),
        ({"a": AngryList(["bad"])}, [("#/a", "bad")]),
        ({"a": AngryTuple(["bad"])}, [("#/a", "bad")]),
        ({"a": {"bad"}}, [("#/a", "{'bad'}")]),
    ],
    ids=[
        "lazy",
        "angry text",
        "angry key",
        "number too long",
        "angry dict",
        "angry list",
        "angry tuple",
        "set",
    ],
)
def test_messages_that_misbehave_are_said_as_far_as_they_can_be(messages, expected):
    assert [(item.pointer, item.message) for item in told(messages).violations] == expected


def test_messages_that_go_round_come_to_an_end():
    around = {"a": ["bad"]}
    around["b"] = around
    empty = []
    for _ in range(30):
        empty = [empty] * 30

    assert told(around).violations[0] == Violation(pointer="#/a", message="bad")
    assert told({"a": empty}).violations == ()


def test_what_lies_too_deep_points_at_what_holds_it():
    messages = "bad"
    for _ in range(5_000):
        messages = {"a": messages}

    assert [item.pointer for item in told(messages).violations] == ["#" + "/a" * MAX_DEPTH]


def test_a_client_cannot_make_the_answer_long():
    messages = {f"{number:03}" + "n" * 1_000: ["m" * 10_000] for number in range(1_000)}

    error = told(messages)

    assert len(error.violations) == MAX_VIOLATIONS
    assert {len(item.message) for item in error.violations} == {MAX_MESSAGE}
    assert {len(item.pointer) for item in error.violations} == {1}
    assert len(str(error)) <= MAX_LOGGED


class Untouchable(ValidationError):
    """Says no to who asks for the user's input."""

    def __getattribute__(self, name):
        if name in ("data", "valid_data"):
            raise AssertionError(name)
        return super().__getattribute__(name)


def test_the_input_that_marshmallow_keeps_is_never_read():
    error = from_marshmallow(Untouchable({"a": ["bad"]}, data={"a": CANARY}, valid_data={"b": CANARY}))

    assert CANARY not in repr(vars(error))


def test_the_log_text_names_fields_and_codes():
    error = told({"a": ["bad"], "b": ["Unknown field."]})

    assert str(error) == "validation failed: body #/a (invalid), body #/b (unknown)"


def test_it_survives_pickling():
    error = pickle.loads(pickle.dumps(told({"a": ["bad"]})))

    assert rows(error) == [("body", "#/a", "bad", "invalid")]


wrong = st.sampled_from([CANARY, [CANARY], {CANARY: 1}, f"7{CANARY}", f"{CANARY}@x", f"http://{CANARY}"])


@given(st.dictionaries(st.sampled_from([*Machine().fields, "a/b~c d%"]), wrong | st.lists(wrong, max_size=3)))
def test_marshmallow_never_gives_the_value_away(data):
    exc = refusal({**data, "name": 7})

    error = from_marshmallow(exc)

    messages = [item.message for item in error.violations]
    assert messages
    assert CANARY not in repr(messages)


names = st.text(min_size=1, max_size=MAX_NAME).filter(lambda name: name != SCHEMA)
leaves = st.text() | st.binary() | st.integers() | st.none() | st.builds(object) | st.builds(Lazy)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(names | st.integers() | st.none() | st.just(SCHEMA), inner, max_size=4)
    ),
    max_leaves=30,
)


@given(trees)
def test_any_tree_of_messages_becomes_violations(messages):
    error = told(messages)

    assert all(item.pointer.startswith("#") and item.message for item in error.violations)
    assert len(error.violations) <= MAX_VIOLATIONS


@given(st.lists(names | st.integers(min_value=0), max_size=MAX_DEPTH))
def test_a_pointer_leads_back_to_the_field(path):
    written = pointer(path)

    read = [unquote(step).replace("~1", "/").replace("~0", "~") for step in written[1:].split("/")[1:]]
    assert read == [str(step).encode(errors="replace").decode() for step in path]
    assert re.fullmatch(
        r"#(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2})*)*", written
    )  # RFC 3986, section 3.5


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), "#"),
        (("",), "#/"),
        (("a/b",), "#/a~1b"),
        (("c%d",), "#/c%25d"),
        (("e^f",), "#/e%5Ef"),
        (("g|h",), "#/g%7Ch"),
        (("i\\j",), "#/i%5Cj"),
        (('k"l',), "#/k%22l"),
        ((" ",), "#/%20"),
        (("m~n",), "#/m~0n"),
        (("foo", 0), "#/foo/0"),
    ],
)
def test_pointers_are_those_of_rfc_6901_section_6(path, expected):
    assert pointer(path) == expected


@pytest.mark.parametrize(("place", "source"), SOURCES.items())
def test_every_place_of_a_request_has_its_source(place, source):
    error = from_request_parser({place: {"a": {"b": ["bad"]}, SCHEMA: ["worse"]}})

    assert {item.source for item in error.violations} == {source}
    assert rows(error)[0][1] == ("#/a/b" if source == "body" else "a")
    assert rows(error)[1][1] == ("#" if source == "body" else None)


@pytest.mark.parametrize(
    "messages", [None, "text", [], {}, {"name": ["bad"]}, {"json": {}, "other": {}}, {("json",): 1}]
)
def test_messages_that_name_no_place_of_a_request_are_not_a_request_parsers(messages):
    assert from_request_parser(messages) is None


def failure(protect, **request):
    """Give the HTTP error that a request leads to, to a view below the decorator *protect*."""
    app, seen = Flask("app"), []
    app.post("/x/<int:number>")(protect(lambda *given, **named: ""))

    @app.errorhandler(HTTPException)
    def keep(exc):
        seen.append(exc)
        return "", exc.code

    app.test_client(use_cookies=False).post("/x/7", **request)
    return seen[0]


@pytest.mark.parametrize("decorator", [use_args, Blueprint("x", "x").arguments], ids=["webargs", "smorest"])
@pytest.mark.parametrize(
    ("place", "field", "request_", "source", "where"),
    [
        ("json", fields.Integer(), {"json": {"a": CANARY}}, "body", "#/a"),
        ("json_or_form", fields.Integer(), {"json": {"a": CANARY}}, "body", "#/a"),
        ("query", fields.Integer(), {"query_string": {"a": CANARY}}, "query", "a"),
        ("query", fields.List(fields.Integer()), {"query_string": {"a": ["1", CANARY]}}, "query", "a"),
        ("form", fields.Integer(), {"data": {"a": CANARY}}, "form", "a"),
        ("headers", fields.Integer(data_key="X-A"), {"headers": {"X-A": CANARY}}, "header", "X-A"),
        ("cookies", fields.Integer(), {"headers": {"Cookie": f"a={CANARY}"}}, "cookie", "a"),
    ],
)
def test_the_place_of_each_field_is_told(decorator, place, field, request_, source, where):
    exc = failure(decorator({"a": field}, location=place), **request_)

    error = from_request_parser(exc.data["messages"])

    assert rows(error) == [(source, where, "Not a valid integer.", "invalid")]


@pytest.mark.parametrize("place", ["view_args", "path"])
def test_a_part_of_the_path_is_told_by_name(place):
    exc = failure(use_args({"number": fields.Integer(validate=validate.Range(max=3))}, location=place))

    error = from_request_parser(exc.data["messages"])

    assert rows(error) == [("path", "number", "Must be less than or equal to 3.", "range")]


class Size(BaseModel):
    value: int = Field(gt=0)


class Box(BaseModel, extra="forbid"):
    name: str
    sizes: list[Size] = []

    @field_validator("name")
    @classmethod
    def check(cls, value):
        if value == "custom":
            raise PydanticCustomError("name_taken", "This name is taken")
        if value == "assertion":
            raise AssertionError(f"{CANARY} is bad")
        if value != "good":
            raise ValueError(f"{CANARY} is bad")
        return value


def pydantic_refusal(kind, data):
    with pytest.raises(PydanticError) as raised:
        TypeAdapter(kind).validate_python(data)
    return raised.value


def test_every_field_that_pydantic_refuses_is_pointed_at():
    exc = pydantic_refusal(Box, {"sizes": [{"value": 1}, {"value": "x"}, {"value": 0}, 7], "a/b": 1})

    assert rows(from_pydantic(exc)) == [
        ("body", "#/name", "Field required", "missing"),
        (
            "body",
            "#/sizes/1/value",
            "Input should be a valid integer, unable to parse string as an integer",
            "int_parsing",
        ),
        ("body", "#/sizes/2/value", "Input should be greater than 0", "greater_than"),
        ("body", "#/sizes/3", "Input should be an object", "model_type"),
        ("body", "#/a~1b", "Extra inputs are not permitted", "extra_forbidden"),
    ]


@pytest.mark.parametrize(
    ("name", "message", "code"),
    [
        ("value", INVALID, "value_error"),
        ("assertion", INVALID, "assertion_error"),
        ("custom", "This name is taken", "name_taken"),
    ],
)
def test_of_an_own_validator_only_what_was_worded_for_clients_is_said(name, message, code):
    error = from_pydantic(pydantic_refusal(Box, {"name": name}))

    assert rows(error) == [("body", "#/name", message, code)]


def test_pydantic_cannot_make_the_answer_long():
    error = from_pydantic(pydantic_refusal(list[int], ["x"] * 1_000))

    assert len(error.violations) == MAX_VIOLATIONS


# Placeholders of pydantic's messages that may stand for the value, and the types where they cannot.
DOUBTFUL = re.compile(r"\{(?:error|encoding_error|tag|tz_actual)\}")
FIXED_TEXTS = {
    "json_invalid",
    "date_parsing",
    "date_from_datetime_parsing",
    "time_parsing",
    "datetime_parsing",
    "datetime_from_date_parsing",
    "time_delta_parsing",
    "url_parsing",
    "url_syntax_violation",
}


@pytest.mark.parametrize("row", list_all_errors(), ids=lambda row: row["type"])
def test_no_type_of_pydantic_quotes_the_value(row):
    is_doubtful = DOUBTFUL.search(row["message_template_python"]) is not None

    assert is_doubtful == (row["type"] in QUOTING | FIXED_TEXTS | {"union_tag_invalid"})


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class Pet(RootModel):
    root: Annotated[Cat | Dog, Field(discriminator="kind")]


KINDS = [
    int,
    float,
    bool,
    Decimal,
    Fraction,
    date,
    datetime,
    time,
    timedelta,
    UUID,
    AnyUrl,
    Json,
    Base64Bytes,
]
KINDS += [
    AwareDatetime,
    Colour,
    Literal["a"],
    bytes,
    list[int],
    dict[int, int],
    Mapping[str, int],
    Pet,
    ImportString,
]
KINDS += [
    IPv4Address,
    Path,
    re.Pattern,
    Annotated[str, Field(pattern="^a$")],
    Annotated[str, Field(max_length=1)],
]
inputs = st.sampled_from(
    ["{}", "7{}", "2020-{}", "http://{}:x", "http://[{}", "[{}", '{{"a": {}', "=={}", "({}", "0{}"]
)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(inputs, st.booleans())
def test_pydantic_never_gives_the_value_away(kind, around, is_nested):
    value = around.format(CANARY)

    messages = messages_about(kind, {"kind": value} if is_nested else value)

    assert CANARY not in repr(messages)


def messages_about(kind, value):
    try:
        TypeAdapter(kind).validate_python(value)
    except PydanticError as exc:
        return [item.message for item in from_pydantic(exc).violations]
    return []  # some kinds take nearly everything


def test_messages_of_a_whole_place_are_its_violations():
    error = from_request_parser({"json": ["Not like this.", "Nor so."]})

    assert [(one.source, one.pointer) for one in error.violations] == [("body", "#"), ("body", "#")]
