"""Violations point into the document that was sent, and name no class, function or validator of the app."""

import json
from typing import Annotated, Literal
from urllib.parse import unquote

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields, validate
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
)
from pydantic import ValidationError as PydanticError

from flask_faultmap import FaultMap, Rule
from flask_faultmap.errors import ValidationFailedError
from flask_faultmap.http.ownership import NOTE

CANARY = "cAnary7x"


def check_the_secret_way(value):
    raise ValueError(f"no {value}")


class SecretRange(BaseModel):
    lo: int
    hi: int = 0


class SecretInt(BaseModel):
    type: Literal["int"]
    value: int


class SecretText(BaseModel):
    type: Literal["text"]
    value: Annotated[str, Field(max_length=2)]


class SecretAlias(BaseModel):
    first: int = Field(validation_alias=AliasPath("deep", "items", 0))
    other: int = Field(default=0, validation_alias=AliasChoices("other", AliasPath("n", "other")))


class SecretModel(BaseModel):
    aliased: SecretAlias = None
    fields: list[Annotated[SecretInt | SecretText, Field(discriminator="type")]] = []
    port: int | SecretRange = 1
    keyed: dict[int, str] = {}
    nested: dict[str, SecretRange] = {}
    checked: Annotated[int, AfterValidator(check_the_secret_way)] | SecretRange = 1
    tagged: Annotated[
        Annotated[SecretInt, Tag("SecretTag")] | Annotated[SecretText, Tag("SecretOther")],
        Discriminator(lambda value: "SecretTag" if isinstance(value, dict) else None),
    ] = None


class SecretItem(Schema):
    size = fields.Integer(required=True, validate=validate.Range(min=1))


class SecretSchema(Schema):
    labels = fields.Dict(keys=fields.String(validate=validate.Length(max=3)), values=fields.Integer())
    items_ = fields.List(fields.Nested(SecretItem), data_key="items")
    one = fields.Nested(SecretItem, required=True)
    by_name = fields.Dict(values=fields.Nested(SecretItem))
    many = fields.Nested(SecretItem, many=True)
    kind = fields.String(validate=validate.OneOf(["small"]))
    word = fields.String(validate=validate.Regexp("^a"))
    mail = fields.Email()


def serve(view, *rules, **settings):
    app = Flask("shop")
    app.config.update(settings)
    FaultMap(app, rules=rules)
    app.add_url_rule("/", view_func=lambda: view() and "", endpoint="view", methods=["GET", "POST"])
    return app


def pydantic_errors(document):
    client = serve(lambda: SecretModel.model_validate(request.get_json())).test_client()
    return client.post("/", json=document)


def marshmallow_errors(document):
    client = serve(lambda: SecretSchema().load(request.get_json())).test_client()
    return client.post("/", json=document)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"fields": [{"type": "int", "value": "x"}]}, ["#/fields/0/value"]),
        ({"fields": [{"type": "int"}]}, ["#/fields/0/value"]),
        ({"fields": [{"type": "none"}]}, ["#/fields/0"]),
        ({"port": {"lo": "x"}}, ["#/port", "#/port/lo"]),
        ({"port": {"hi": 1}}, ["#/port", "#/port/lo"]),
        ({"keyed": {"k": "v"}}, ["#/keyed/k"]),
        ({"keyed": {"1": 7}}, ["#/keyed/1"]),
        ({"nested": {"a": {"lo": None}}}, ["#/nested/a/lo"]),
        ({"checked": 5}, ["#/checked", "#/checked"]),
        ({"tagged": {"type": "int", "value": "x"}}, ["#/tagged/value"]),
        ({"tagged": 7}, ["#/tagged"]),
        ({"aliased": {"deep": {"items": []}}}, ["#/aliased/deep/items"]),
        ({"aliased": {"deep": {}}}, ["#/aliased/deep/items"]),
        ({"aliased": {}}, ["#/aliased/deep"]),
        (
            {"aliased": {"deep": {"items": ["x"]}, "n": {"other": "x"}}},
            ["#/aliased/deep/items/0", "#/aliased/n/other"],
        ),
        ([], ["#"]),
    ],
)
def test_pointers_of_pydantic_leave_out_what_was_not_sent(document, expected):
    response = pydantic_errors(document)

    assert [each["pointer"] for each in response.json["errors"]] == expected
    assert "secret" not in response.text.lower()


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"one": {"size": 1}, "labels": {"a": "x"}}, [("#/labels/a", "invalid")]),
        ({"one": {"size": 1}, "labels": {"long": 1}}, [("#/labels/long", "length")]),
        ({"one": {}}, [("#/one/size", "required")]),
        ({}, [("#/one", "required")]),
        (
            {"one": {"size": 0}, "items": [{"size": 1}, {}]},
            [("#/items/1/size", "required"), ("#/one/size", "range")],
        ),
        ({"one": {"size": 1}, "by_name": {"x": {"size": 0}}}, [("#/by_name/x/size", "range")]),
        ({"one": {"size": 1}, "by_name": {"x": {}}}, [("#/by_name/x/size", "required")]),
        ({"one": {"size": 1}, "many": [{"size": "x"}]}, [("#/many/0/size", "invalid")]),
        ({"one": {"size": 1}, "kind": "big"}, [("#/kind", "one_of")]),
        ({"one": {"size": 1}, "word": "b"}, [("#/word", "regexp")]),
        ({"one": {"size": 1}, "mail": "b"}, [("#/mail", "email")]),
        ({"one": {"size": 1}, "x" * 200: "b"}, [("#", "unknown")]),
    ],
)
def test_pointers_of_marshmallow_resolve(document, expected):
    response = marshmallow_errors(document)

    assert sorted((each["pointer"], each["code"]) for each in response.json["errors"]) == expected


keys = st.sampled_from(
    [
        "fields",
        "aliased",
        "deep",
        "other",
        "port",
        "keyed",
        "nested",
        "checked",
        "tagged",
        "lo",
        "type",
        "value",
        "k",
        "1",
        "int",
        "SecretRange",
        "labels",
        "items",
        "one",
        "by_name",
        "many",
        "size",
        "key",
        "a/b~c%",
        "",
    ]
)
leaves = st.sampled_from([CANARY, None, True, 0, -3, 1.5, "int", "text", ""])
documents = st.dictionaries(
    keys,
    st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


def follow(document, pointer):
    for step in pointer.removeprefix("#").split("/")[1:]:
        key = unquote(step).replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document


def check_pointers(document, response):
    assert response.status_code in (200, 422), response.text
    for each in (response.json or {}).get("errors", ()) if response.status_code == 422 else ():
        try:
            follow(document, each["pointer"])
        except KeyError:
            assert isinstance(follow(document, each["pointer"].rpartition("/")[0]), dict)
    assert CANARY not in response.text


@given(documents)
def test_every_pointer_of_pydantic_resolves(document):
    response = pydantic_errors(document)

    check_pointers(document, response)
    told = " ".join(each["detail"] + each["code"] for each in (response.json or {}).get("errors", ()))
    assert "secret" not in told.lower()


@given(documents)
def test_every_pointer_of_marshmallow_resolves(document):
    check_pointers(document, marshmallow_errors(document))


class PageIn(Schema):
    limit = fields.Integer()
    ids = fields.List(fields.Integer())


def test_what_was_not_read_from_the_body_has_its_source_and_name():
    response = serve(lambda: PageIn().load(request.args)).test_client().get("/?limit=x")

    (violation,) = response.json["errors"]
    assert (violation["source"], violation["name"]) == ("query", "limit")
    assert "pointer" not in violation


def test_a_list_in_a_query_has_the_name_of_its_parameter():
    view = lambda: PageIn().load({"ids": request.args.getlist("ids")})  # noqa: E731  # as views are given here

    response = serve(view).test_client().get("/?ids=1&ids=x")

    (violation,) = response.json["errors"]
    assert (violation["source"], violation["name"]) == ("query", "ids")


PARSERS = {
    "get_json": lambda: request.get_json(),
    "marshmallow": lambda: PageIn().loads(request.get_data()),
    "marshmallow, text": lambda: PageIn().loads(request.get_data(as_text=True)),
    "pydantic": lambda: SecretModel.model_validate_json(request.get_data()),
    "pydantic, text": lambda: SecretModel.model_validate_json(request.get_data(as_text=True)),
    "type adapter": lambda: TypeAdapter(list[int]).validate_json(request.data),
    "by hand": lambda: json.loads(request.data),
}


@pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
@pytest.mark.parametrize("body", ["", " ", '{"a": [1,', "[1] 2", "nope"])
def test_a_body_that_is_no_json_is_told_so_whoever_parses_it(parse, body):
    response = serve(parse).test_client().post("/", data=body, content_type="application/json")

    assert (response.status_code, response.json["code"]) == (400, "malformed_json")


@pytest.mark.parametrize("body", [b'{"a": "\xff"}', b"[" * 100_000], ids=["no UTF-8", "too deep"])
@pytest.mark.usefixtures("no_collection")
def test_a_body_that_cannot_be_decoded_is_malformed_too(body):
    response = serve(PARSERS["by hand"]).test_client().post("/", data=body)

    assert (response.status_code, response.json["code"]) == (400, "malformed_json")


STORED = {
    "by hand": lambda: (request.data, json.loads("{")),
    "pydantic": lambda: (request.data, SecretModel.model_validate_json("{")),
    "bytes": lambda: (request.data, b"\xff".decode()),
    "nothing": lambda: (request.data, json.loads("")),
}


@pytest.mark.parametrize("parse", STORED.values(), ids=STORED)
def test_other_json_that_cannot_be_read_is_a_bug(parse):
    response = serve(parse).test_client().post("/", data="[1,", content_type="application/json")

    assert response.status_code == 500


def test_nothing_that_is_read_as_json_is_a_bug_where_no_body_was_read():
    response = serve(lambda: json.loads("")).test_client().post("/")

    assert response.status_code == 500


def load_row():
    SecretSchema().load({"one": {"size": CANARY}})


def load_model_row():
    SecretRange.model_validate({"lo": CANARY})


def on_purpose(load):
    def view():
        try:
            load()
        except (ValidationError, PydanticError) as exc:
            raise ValidationFailedError from exc

    return view


@pytest.mark.parametrize(("load", "at"), [(load_row, "#/one/size"), (load_model_row, "#/lo")])
def test_raised_from_a_validators_error_it_is_the_clients(load, at):
    response = serve(on_purpose(load)).test_client().post("/")

    assert response.status_code == 422
    assert [each["pointer"] for each in response.json["errors"]] == [at]
    assert CANARY not in response.text


@pytest.mark.parametrize(("load", "on"), [(load_row, ValidationError), (load_model_row, PydanticError)])
def test_a_rule_makes_all_errors_of_a_class_the_clients(load, on, caplog):
    app = serve(load, Rule(on=on, to=ValidationFailedError), FAULTMAP_LOG_LEVELS={"4xx": "INFO"})

    with caplog.at_level("INFO"):
        response = app.test_client().post("/")

    assert (response.status_code, len(response.json["errors"])) == (422, 1)
    assert CANARY not in response.text + caplog.messages[-1]


def test_a_setting_makes_all_of_them_the_clients():
    response = serve(load_row, FAULTMAP_VALIDATION_ERRORS="all").test_client().post("/")

    assert (response.status_code, response.json["code"]) == (422, "validation_failed")


@pytest.mark.parametrize(("load", "cls"), [(load_row, ValidationError), (load_model_row, PydanticError)])
def test_the_unhandled_error_says_how_to_make_it_the_clients(load, cls):
    app = serve(load, TESTING=True)

    with pytest.raises(cls) as raised:
        app.test_client().post("/")

    assert raised.value.__notes__ == [NOTE]


def test_a_rule_for_value_errors_does_not_take_a_bug_of_the_app():
    response = serve(load_model_row, Rule(on=ValueError, to=ValidationFailedError)).test_client().post("/")

    assert response.status_code == 500


@pytest.mark.parametrize("load", [load_row, load_model_row])
def test_without_a_request_a_failed_validation_is_a_bug(load):
    faults = FaultMap(Flask("shop"))

    with pytest.raises((ValidationError, PydanticError)) as raised:
        load()

    assert faults.describe(raised.value).status == 500


MANY = 5_000
LARGE = {
    "list": (lambda: TypeAdapter(list[int]).validate_python(request.get_json()), ["bad"] * MANY),
    "text": (lambda: TypeAdapter(list[int]).validate_json(request.data), ["bad"] * MANY * 10),
    "lines of a part": (
        lambda: TypeAdapter(list[SecretRange]).validate_python(request.get_json()["rows"]),
        {"rows": [{"lo": "bad"}] * MANY},
    ),
    "copy": (
        lambda: TypeAdapter(dict[str, int]).validate_python(dict(request.get_json()["labels"])),
        {"labels": {f"k{number}": "bad" for number in range(MANY)}},
    ),
    "marshmallow": (
        lambda: SecretSchema().load(request.get_json()),
        {"one": {"size": 1}, "labels": {f"k{number}": "bad" for number in range(MANY)}},
    ),
}


@pytest.mark.parametrize(("view", "document"), LARGE.values(), ids=LARGE)
def test_a_document_with_thousands_of_errors_is_judged_by_those_that_are_told(view, document):
    response = serve(view).test_client().post("/", json=document)

    assert response.status_code == 422
    assert len(response.json["errors"]) == 100
    assert is_resolved(document, response.json["errors"][-1]["pointer"])


def is_resolved(document, pointer):
    follow(document, pointer)
    return True


def test_own_text_of_a_translated_error_stays_beside_its_violations():
    def view():
        try:
            Schema.from_dict({"age": fields.Integer()})().load(request.get_json())
        except ValidationError as exc:
            raise ValidationFailedError("age is odd", public="Say your age in years.") from exc

    body = serve(view).test_client().post("/", json={"age": "x"}).json

    assert (body["detail"], body["errors"][0]["pointer"]) == ("Say your age in years.", "#/age")


def test_message_about_a_parameter_points_at_it_beside_a_body_that_was_read():
    def view():
        request.get_json(), request.args["limit"]
        raise ValidationError({"limit": ["Too large."]})

    body = serve(view).test_client().post("/?limit=5", json={"name": "a"}).json

    assert [(one["source"], one["name"]) for one in body["errors"]] == [("query", "limit")]


def test_message_about_a_member_points_at_it():
    def view():
        request.get_json()
        raise ValidationError({"a": {"b": ["Too large."], "c": ["Too small."]}})

    body = serve(view).test_client().post("/", json={"a": {"b": 1}}).json

    assert [one["pointer"] for one in body["errors"]] == ["#/a/b", "#/a"]


def test_message_about_a_missing_member_points_at_its_place_in_the_body():
    def view():
        request.get_json()
        raise ValidationError({"a": {"b": ["Missing data for required field."]}})

    body = serve(view).test_client().post("/", json={"a": {"c": 1}}).json

    assert [one["pointer"] for one in body["errors"]] == ["#/a/b"]


class Line(BaseModel):
    qty: int


def test_lines_that_were_copied_the_last_first_are_found():
    def view():
        rows = [{"qty": line["qty"][:1] + line["qty"][1:]} for line in reversed(request.get_json()["lines"])]
        TypeAdapter(dict[str, list[Line]]).validate_python({"rows": rows})

    body = serve(view).test_client().post("/", json={"lines": [{"qty": f"x{at}"} for at in range(5)]}).json

    assert [one["pointer"] for one in body["errors"]] == [f"#/lines/{at}/qty" for at in range(4, -1, -1)]


def test_what_is_not_found_soon_enough_is_the_apps(monkeypatch):
    monkeypatch.setattr("flask_faultmap.http.documents.MAX_LOOKED", 3)

    def view():
        lines = map(Line.model_construct, reversed(request.get_json()["lines"]))
        rows = [{"qty": str(line["qty"])[:1] + line["qty"][1:]} for line in map(vars, lines)]
        TypeAdapter(dict[str, list[Line]]).validate_python({"rows": rows})

    response = serve(view).test_client().post("/", json={"lines": [{"qty": f"x{at}"} for at in range(9)]})

    assert response.status_code == 500
