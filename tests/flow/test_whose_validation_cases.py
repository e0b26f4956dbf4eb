"""Situations in which a validation fails: whose error each is."""

import json
from dataclasses import dataclass as plain_dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from flask import Flask, g, request
from marshmallow import Schema, ValidationError, fields, pre_load, validate, validates_schema
from pydantic import BaseModel, Field, TypeAdapter, model_validator
from pydantic.dataclasses import dataclass

from flask_faultmap import FaultMap


class OrderIn(Schema):
    total = fields.Integer(required=True)
    name = fields.String()
    owner = fields.Integer()
    lines = fields.List(fields.Nested(lambda: LineIn()))
    customer = fields.Nested(lambda: LineIn())


class LineIn(Schema):
    qty = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))


class AddsUp(OrderIn):
    @validates_schema
    def check(self, data, **_):
        raise ValidationError("does not add up")


class PageIn(Schema):
    limit = fields.Integer(required=True)
    id = fields.String()


class Order(BaseModel):
    total: int
    owner: str = ""
    name: str = ""


class Out(BaseModel):
    total: int


class Line(BaseModel):
    qty: int = Field(ge=1)


class Page(BaseModel):
    limit: int = Field(le=100)


class Short(BaseModel):
    name: str = Field(max_length=3)


class Ref(BaseModel):
    id: int = Field(ge=1)
    label: str = ""


class Window(BaseModel):
    start: date = Field(gt=date(2020, 1, 1))
    price: Decimal = Field(default=1, gt=0)


class Renaming(BaseModel):
    total: int

    @model_validator(mode="before")
    @classmethod
    def rename(cls, data):
        return {"total": data["Total"]} if isinstance(data, dict) and "Total" in data else data


class RenamingIn(Schema):
    total = fields.Integer(required=True)

    @pre_load
    def rename(self, data, **_):
        return {"total": data["Total"]}


class Defaults(BaseModel):
    name: str = ""
    port: int = Field(default="x", validate_default=True)


class Ids(BaseModel):
    ids: list[int] = Field(max_length=1)


class Settings(BaseModel):
    port: int
    host: str = Field(default_factory=lambda: TypeAdapter(str).validate_python(7))


@dataclass
class Point:
    x: int


@plain_dataclass
class Service:
    total: object


def read():
    return request.get_json()


def fetch(value):
    """Give what a table, a queue or another service would: new objects, keys and all."""
    return json.loads(json.dumps(value))


def mutated():
    data = read()
    data["owner"] = "server's"
    return data


def by_hand():
    raise ValidationError("is taken", "name")


def mixed():
    return OrderIn().load({**read(), "owner": "server's"})


def after(*views):
    return lambda: [view() for view in views][-1]


def merge_into_row():
    row = fetch({"total": 1, "name": "row"})
    row.update(read())
    return OrderIn().load(row)


def several_lines():
    found = []
    for line in read()["lines"]:
        try:
            LineIn().load(line)
        except ValidationError as exc:
            found.append(exc)
    raise ExceptionGroup("lines", found)


def rename():
    return OrderIn().load({name.lower(): value for name, value in read().items()})


BAD = {"total": "bad"}
LINES = {"lines": [{"qty": 3}, {"qty": 0}]}


def upload():
    return {"data": {"name": (BytesIO(b"x"), "long.txt", "text/plain")}}


# By name: whose it is, what the view does, and what the client sends. Those that came to us from outside.
GIVEN = {
    "ma load(get_json())": ("client", lambda: OrderIn().load(read()), {"json": BAD}),
    "ma load(get_json()) {} missing": ("client", lambda: OrderIn().load(read()), {"json": {}}),
    "ma {**json, owner} missing": (
        "client",
        lambda: OrderIn().load({**read(), "owner": 1}),
        {"json": {"name": "a"}},
    ),
    "ma {**json, owner} owner unknown": (
        "app",
        lambda: OrderIn().load({**read(), "owned": 1}),
        {"json": {"total": 1}},
    ),
    "ma mixed: client's and server's bad": ("app", mixed, {"json": BAD}),
    "ma many": ("client", lambda: OrderIn(many=True).load(read()), {"json": [{"total": 1}, BAD]}),
    "ma nested": ("client", lambda: OrderIn().load(read()), {"json": {"total": 1, **LINES}}),
    "ma nested sub missing": (
        "client",
        lambda: OrderIn().load(read()),
        {"json": {"total": 1, "customer": {}}},
    ),
    "ma unknown field": ("client", lambda: OrderIn().load(read()), {"json": {"total": 1, "no": 2}}),
    "ma validates_schema on {**json}": ("client", lambda: AddsUp().load({**read()}), {"json": {"total": 1}}),
    "ma loads(get_data()) missing": (
        "client",
        lambda: OrderIn().loads(request.get_data()),
        {"json": {"name": "a"}},
    ),
    "ma load(json.load(request.stream))": (
        "client",
        lambda: OrderIn().load(json.load(request.stream)),
        {"json": BAD},
    ),
    "ma load(args)": ("client", lambda: PageIn().load(request.args), {"query_string": "limit=x"}),
    "ma load(args.to_dict())": (
        "client",
        lambda: PageIn().load(request.args.to_dict()),
        {"query_string": "limit=x"},
    ),
    "ma load(form)": ("client", lambda: PageIn().load(request.form), {"data": {"limit": "x"}}),
    "ma load({**args, **view_args}) missing": (
        "client",
        lambda: PageIn(unknown="exclude").load({**request.args, **request.view_args}),
        {"query_string": "id=a"},
    ),
    "pd model_validate(json)": ("client", lambda: Out.model_validate(read()), {"json": BAD}),
    "pd model_validate(json) not object": ("client", lambda: Out.model_validate(read()), {"json": "text"}),
    "pd Model(**json) 1 char": ("client", lambda: Out(**read()), {"json": {"total": "x"}}),
    "pd Model(**json={}) missing": ("client", lambda: Out(**read()), {"json": {}}),
    "pd model_validate_json missing": (
        "client",
        lambda: Out.model_validate_json(request.get_data()),
        {"json": {"name": "a"}},
    ),
    "pd TypeAdapter.validate_json": (
        "client",
        lambda: TypeAdapter(list[int]).validate_json(request.data),
        {"json": [1, "x"]},
    ),
    "pd dataclass DC(**json)": ("client", lambda: Point(**read()), {"json": {"x": "high"}}),
    "pd model_validate(args)": (
        "client",
        lambda: Page.model_validate(request.args.to_dict()),
        {"query_string": "limit=x"},
    ),
    "pd Page(limit=args.get(type=int))": (
        "client",
        lambda: Page(limit=request.args.get("limit", type=int)),
        {"query_string": "limit=500"},
    ),
    "pd Page(limit=args.get default None)": ("client", lambda: Page(limit=request.args.get("limit")), {}),
    "pd cookie": (
        "client",
        lambda: Page(limit=request.cookies["limit"]),
        {"headers": {"Cookie": "limit=many"}},
    ),
    "pd service objs: Line(**l) small int": (
        "client",
        lambda: [Line(**line) for line in read()["lines"]],
        {"json": LINES},
    ),
    "pd service objs: derived value": (
        "client",
        lambda: Line(qty=read()["qty"] - 5),
        {"json": {"qty": 3}},
    ),
    "pd two places {**json, **view_args}": (
        "client",
        lambda: Order.model_validate({**read(), **request.view_args}),
        {"json": {"owner": "me"}},
    ),
    "pd default_factory/env settings": ("app", after(read, lambda: Settings(port=1)), {"json": {"port": 1}}),
    "ma json mutated, client's total bad": (
        "client",
        lambda: OrderIn().load(mutated() | {"owner": 1}),
        {"json": BAD},
    ),
    "pd files": ("client", lambda: Short(name=request.files["name"].filename), upload),
    "pd nested json['row']": (
        "client",
        lambda: Line.model_validate(read()["row"]),
        {"json": {"row": {"qty": 0}}},
    ),
    "pd Out(total=json.get('total')) None": (
        "client",
        lambda: Out(total=read().get("total")),
        {"json": {"more": 1}},
    ),
    "ma raised by hand in the view": ("client", by_hand, {"json": BAD}),
    "SRV ma load(None)": ("app", lambda: OrderIn().load(None), {}),
    "SRV pd model_validate(row), GET": ("app", lambda: Out.model_validate(fetch(BAD)), {"method": "GET"}),
    "SRV ma row {} missing, args looked at": (
        "app",
        lambda: (request.args.get("page"), PageIn().load({})),
        {"query_string": "page=1"},
    ),
    "SRV pd row missing; json {} read": (
        "app",
        after(read, lambda: Out.model_validate(fetch({}))),
        {"json": {}},
    ),
    "SRV row missing total, equals request + more": (
        "app",
        after(read, lambda: Out.model_validate(fetch({"name": "a", "id": 1}))),
        {"json": {"name": "a"}},
    ),
    "SRV row total None, client sent total None": (
        "app",
        after(read, lambda: Out.model_validate(fetch({"total": None}))),
        {"json": {"total": None}},
    ),
    "SRV upstream answer {total:x}, client sent total:x by chance": (
        "app",
        after(read, lambda: OrderIn().load(fetch({"total": "x"}))),
        {"json": {"total": "x"}},
    ),
    "SRV settings at first request": (
        "app",
        after(read, lambda: Settings(port="eighty", host="h")),
        {"json": BAD},
    ),
}

# Of our own, unlike those.
OWN = {
    "JSON in a field of a form": (
        "client",
        lambda: OrderIn().load(json.loads(request.form["order"])),
        {"data": {"order": json.dumps(BAD)}},
    ),
    "JSON in a parameter, validator parses": (
        "client",
        lambda: Out.model_validate_json(request.args["filter"]),
        {"query_string": {"filter": json.dumps(BAD)}},
    ),
    "JSON in a parameter lacks a member": (
        "client",
        lambda: Out.model_validate(json.loads(request.args["filter"])),
        {"query_string": {"filter": '{"name": "a"}'}},
    ),
    "list between commas": (
        "client",
        lambda: Ids(ids=request.args["ids"].split(",")),
        {"query_string": "ids=1,xy"},
    ),
    "list between commas, converted, too long": (
        "client",
        lambda: Ids(ids=[int(each) for each in request.args["ids"].split(",")]),
        {"query_string": "ids=1000,2000"},
    ),
    "number of JSON's text": (
        "client",
        lambda: Line(qty=int(read()["qty"])),
        {"json": {"qty": "-70"}},
    ),
    "decimal of JSON's number": (
        "client",
        lambda: Window(start=date(2026, 1, 1), price=Decimal(str(read()["price"]))),
        {"json": {"price": -1.5}},
    ),
    "date of JSON's text": (
        "client",
        lambda: Window(start=date.fromisoformat(read()["start"])),
        {"json": {"start": "2019-05-05"}},
    ),
    "lower case": (
        "client",
        lambda: TypeAdapter(dict[str, int]).validate_python({"mail": read()["mail"].strip().lower()}),
        {"json": {"mail": " Nobody"}},
    ),
    "part of the path under a shorter name": ("client", lambda: Ref(id=request.view_args["order_id"]), {}),
    "other spelling": (
        "client",
        lambda: Page(limit=request.args.get("li-mit", type=int)),
        {"query_string": "li-mit=500"},
    ),
    "merged into a row": ("client", merge_into_row, {"json": BAD}),
    "dataclass between": ("client", lambda: Order(total=Service(**read()).total), {"json": {"total": 1.5}}),
    "model between": ("client", lambda: Page(**PageIn().load(request.args)), {"query_string": "limit=5000"}),
    "group of lines": ("client", several_lines, {"json": LINES}),
    "kept for another function": (
        "client",
        after(lambda: setattr(g, "data", read()), lambda: Out(**g.data)),
        {"json": BAD},
    ),
    "only some, picked": (
        "client",
        lambda: OrderIn().load({name: read()[name] for name in ("name", "owner") if name in read()}),
        {"json": {"name": "long"}},
    ),
    "renamed by a function": ("client", rename, {"json": {"Total": "much", "Name": "long"}}),
    "one line of many, not object": (
        "client",
        lambda: [Line.model_validate(line) for line in read()["lines"]],
        {"json": {"lines": [{"qty": 1}, "seven"]}},
    ),
    "partial": ("client", lambda: OrderIn(partial=True).load({**read()}), {"json": {"owner": "me"}}),
    "content type of a file": (
        "client",
        lambda: Short(name=request.files["name"].mimetype),
        upload,
    ),
    "JSON in the name of a file, beside JSON in a field": (
        "client",
        lambda: TypeAdapter(list[str]).validate_python(json.loads(request.files["ids"].filename)),
        lambda: {"data": {"ids": (BytesIO(b"x"), "[7000]"), "other": "[8000]"}},
    ),
    "keys of headers": (
        "client",
        lambda: PageIn(unknown="exclude").load({k.lower(): v for k, v in request.headers.items()}),
        {"headers": {"Limit": "x"}},
    ),
    "renamed by a validator": (
        "client",
        lambda: TypeAdapter(list[Renaming]).validate_python(read()["rows"]),
        {"json": {"rows": [{"Total": "x"}]}},
    ),
    "renamed before loading": ("client", lambda: RenamingIn().load(read()), {"json": {"Total": "x"}}),
    "default that does not fit": (
        "app",
        lambda: Defaults.model_validate(read()),
        {"json": {"name": "a"}},
    ),
    "two members of a row": (
        "app",
        after(read, lambda: OrderIn().load(fetch({"total": "x", "owner": "y"}))),
        {"json": {"total": "x", "owner": "y"}},
    ),
    "two members, one of them renamed": (
        "client",
        lambda: OrderIn().load({"".join(map(str.lower, name)): value for name, value in read().items()}),
        {"json": {"TOTAL": "bad", "owner": "y", "name": 7}},
    ),
    "what is missing, after the app took a member out": (
        "client",
        lambda: (read().pop("token"), OrderIn().load(read())),
        {"json": {"token": "x"}},
    ),
    "what the app took out": (
        "app",
        lambda: (read().pop("total"), OrderIn().load(read())),
        {"json": {"total": 1}},
    ),
    "part of JSON that the code parsed": (
        "client",
        lambda: Line.model_validate(json.loads(request.data)["row"]),
        {"json": {"row": {"qty": 0}}},
    ),
    "boolean of a parameter": (
        "client",
        lambda: TypeAdapter(dict[str, date]).validate_python({"on": request.args.get("on", type=bool)}),
        {"query_string": "on=1"},
    ),
    "by hand, without a body": ("client", by_hand, {}),
    "row beside a large document": (
        "app",
        after(read, lambda: TypeAdapter(list[int]).validate_python(fetch(["bad"]))),
        {"json": [1000] * 20_001},
    ),
    "row echoes what was stored": (
        "app",
        lambda: Order.model_validate(fetch({**read(), "id": 7})),
        {"json": BAD},
    ),
    "rows of a list echo": (
        "app",
        lambda: TypeAdapter(list[Out]).validate_python(fetch([read()])),
        {"json": BAD},
    ),
    "row as keywords": ("app", after(read, lambda: Out(**fetch({"total": None}))), {"json": {"total": None}}),
    "row, nested and empty": (
        "app",
        after(read, lambda: OrderIn().load(fetch({"total": 1, "customer": {}}))),
        {"json": {"total": 1, "customer": {}}},
    ),
    "row of another name": (
        "app",
        after(read, lambda: Out(total=fetch("bad"))),
        {"json": {"name": "bad"}},
    ),
    "upstream's text": (
        "app",
        after(read, lambda: OrderIn().loads('{"total": "bad", "id": 1}')),
        {"json": BAD},
    ),
    "upstream's text, pydantic": (
        "app",
        after(read, lambda: Out.model_validate_json('{"total": "bad", "id": 1}')),
        {"json": BAD},
    ),
    "row that equals the query": (
        "app",
        lambda: (request.args["limit"], PageIn().load(fetch({"limit": "x"}))),
        {"query_string": "limit=x"},
    ),
    "row beside a part of the path": ("app", lambda: Ref(id=fetch(-7)), {}),
    "number that is no piece": (
        "app",
        lambda: (request.args["ids"], Ids(ids=fetch([3000, 4000]))),
        {"query_string": "ids=1000,2000"},
    ),
    "text of a number": (
        "app",
        after(read, lambda: TypeAdapter(dict[str, int]).validate_python({"a": "1.5"})),
        {"json": {"a": 1.5}},
    ),
    "group of a line and a row": (
        "app",
        lambda: raise_group(read()["lines"][1], fetch({"qty": "row's"})),
        {"json": LINES},
    ),
}


def raise_group(*documents):
    found = []
    for document in documents:
        try:
            LineIn().load(document)
        except ValidationError as exc:
            found.append(exc)
    raise ExceptionGroup("several", found)


def answer(view, sent):
    app = Flask("shop")
    FaultMap(app)
    app.add_url_rule(
        "/<int:order_id>", view_func=lambda order_id: view() and "", endpoint="view", methods=["GET", "POST"]
    )
    return app.test_client(use_cookies=False).open(
        "/0", **{"method": "POST", **(sent() if callable(sent) else sent)}
    )


@pytest.mark.parametrize("name", GIVEN | OWN)
def test_whose_error_it_is(name):
    whose, view, sent = (GIVEN | OWN)[name]

    response = answer(view, sent)

    assert response.status_code == (422 if whose == "client" else 500)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("JSON in a field of a form", ("form", "order")),
        ("JSON in a parameter, validator parses", ("query", "filter")),
        ("JSON in a parameter lacks a member", ("query", "filter")),
        ("list between commas", ("query", "ids")),
        ("part of the path under a shorter name", ("path", "order_id")),
        ("pd files", ("form", "name")),
        ("pd nested json['row']", ("body", "#/row/qty")),
        ("number of JSON's text", ("body", "#/qty")),
        ("lower case", ("body", "#/mail")),
        ("renamed by a validator", ("body", "#/rows/0/Total")),
    ],
)
def test_what_was_made_of_the_request_is_pointed_at(name, place):
    _, view, sent = (GIVEN | OWN)[name]

    (error,) = answer(view, sent).json["errors"]

    assert (error["source"], error.get("name") or error.get("pointer")) == place
