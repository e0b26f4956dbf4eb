"""Over schemas and models that are made up: pointers resolve, and no name or value of the app gets out."""

import json
from typing import Annotated
from urllib.parse import unquote

import pytest
from flask import Flask, request
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields, validate
from pydantic import AfterValidator, Field, TypeAdapter, create_model
from typing_extensions import TypedDict

from flask_faultmap import FaultMap

CANARY = "cAnary7x"
NAMES = st.sampled_from(["a", "b", "key", "int", "a/b", "~", "0"])
ATTRIBUTES = st.sampled_from(["a", "b", "key", "inner"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.just(CANARY) | st.just(""),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | ATTRIBUTES, inner, max_size=3),
    max_leaves=12,
)


def secret_check(value):
    raise ValueError(f"secret {value}")


def model_of(members):
    given = {name: (kind, ... if must else None) for name, (kind, must) in members.items()}
    return create_model("SecretModel", **given)


def typed_dict_of(members):
    return TypedDict("SecretDict", {name: kind for name, (kind, _) in members.items()})


def members_of(inner):
    return st.dictionaries(ATTRIBUTES, st.tuples(inner, st.booleans()), min_size=1, max_size=3)


TYPES = st.recursive(
    st.sampled_from(
        [
            int,
            bool,
            float,
            Annotated[str, Field(max_length=2)],
            Annotated[int, Field(ge=3)],
            Annotated[int, AfterValidator(secret_check)],
        ]
    ),
    lambda inner: st.one_of(
        st.builds(lambda kind: list[kind], inner),
        st.builds(lambda kind: dict[str, kind], inner),
        st.builds(lambda kind: dict[int, kind], inner),
        st.builds(lambda kind: tuple[kind, int], inner),
        st.builds(lambda one, other: one | other if one is not other else one | None, inner, inner),
        st.builds(model_of, members_of(inner)),
        st.builds(typed_dict_of, members_of(inner)),
    ),
    max_leaves=6,
)


def schema_of(members):
    return type("SecretSchema", (Schema,), dict(members))


FIELDS = st.recursive(
    st.builds(
        lambda cls, must, checks: cls(required=must, validate=checks),
        st.sampled_from([fields.Integer, fields.String, fields.Boolean, fields.Email, fields.Date]),
        st.booleans(),
        st.sampled_from([None, validate.OneOf([1]), validate.Equal(2), secret_check]),
    ),
    lambda inner: st.one_of(
        st.builds(fields.List, inner),
        st.builds(lambda value: fields.Dict(keys=fields.Integer(), values=value), inner),
        st.builds(lambda value: fields.Dict(values=value), inner),
        st.builds(
            lambda members, many: fields.Nested(schema_of(members), many=many),
            st.dictionaries(ATTRIBUTES, inner, min_size=1, max_size=3),
            st.booleans(),
        ),
    ),
    max_leaves=5,
)


def is_there(document, steps):
    node = document
    for step in steps:
        if isinstance(node, dict) and step in node:
            node = node[step]
        elif isinstance(node, list) and step.isdigit() and int(step) < len(node):
            node = node[int(step)]
        else:
            return False
    return True


def steps_of(pointer):
    return [unquote(step).replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def app_loading(load):
    app = Flask("shop")
    FaultMap(app)
    app.add_url_rule(
        "/", view_func=lambda: load(request.get_json()) and "", endpoint="view", methods=["POST"]
    )
    return app


def check(load, document):
    response = (
        app_loading(load).test_client().post("/", data=json.dumps(document), content_type="application/json")
    )
    if response.status_code == 200:
        return
    assert response.status_code == 422, response.text
    for error in response.json["errors"]:
        steps = steps_of(error["pointer"])
        assert is_there(document, steps) or is_there(document, steps[:-1]), (error, document)
        assert CANARY not in error["detail"]
        assert "secretmodel" not in str(error).lower().replace("_", "")
        assert "secretdict" not in str(error).lower()
        assert "secretschema" not in str(error).lower()
        assert "secret_check" not in str(error).lower()
        assert "secret-check" not in str(error).lower()


@settings(max_examples=40, derandomize=True)
@given(kind=TYPES, document=VALUES)
def test_any_model_of_pydantic_points_into_what_was_sent(kind, document):
    check(lambda data: [TypeAdapter(kind).validate_python(data)], document)


@settings(max_examples=40, derandomize=True)
@given(members=st.dictionaries(ATTRIBUTES, FIELDS, min_size=1, max_size=3), document=VALUES)
def test_any_schema_of_marshmallow_points_into_what_was_sent(members, document):
    check(lambda data: [schema_of(members)().load(data)], document)


@pytest.mark.parametrize(("pointer", "steps"), [("#", []), ("#/a~1b/~0", ["a/b", "~"]), ("#/%C3%A9", ["é"])])
def test_pointers_are_read_as_their_standard_says(pointer, steps):
    assert steps_of(pointer) == steps
