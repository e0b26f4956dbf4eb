"""A failed validation is the client's if all that was refused came with the request; else it is a bug."""

from copy import deepcopy
from typing import Annotated

import pytest
from flask import Flask, g, request
from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator
from pydantic.dataclasses import dataclass

from flask_faultmap import FaultMap

BODY = {
    "total": "not a number",
    "name": "Ann",
    "lines": [{"qty": 300, "sku": "a-1"}, {"qty": 0, "sku": "b-2"}],
}
ROW = {"total": "from the table"}


class LineIn(Schema):
    qty = fields.Integer(required=True, validate=validate.Range(min=1))
    sku = fields.String()


class OrderIn(Schema):
    total = fields.Integer(required=True)
    name = fields.String()
    owner = fields.String()
    lines = fields.List(fields.Nested(LineIn))
    customer = fields.Nested(LineIn)


class OwnerIn(OrderIn):
    class Meta:
        unknown = "exclude"

    owner = fields.Integer(required=True)


class WholeIn(Schema):
    class Meta:
        unknown = "include"

    @validates_schema
    def check(self, data, **_):
        raise ValidationError("does not add up")


class PageIn(Schema):
    limit = fields.Integer(required=True)
    offset = fields.Integer()
    page = fields.Integer()


class Out(BaseModel):
    total: int


class Line(BaseModel):
    qty: Annotated[int, Field(ge=1)]
    sku: str = ""


class Order(BaseModel):
    total: int
    lines: list[Line] = []


class Page(BaseModel):
    limit: Annotated[int, Field(le=100)]


class Owned(BaseModel):
    owner: int
    name: str


class Whole(BaseModel):
    model_config = ConfigDict(extra="allow")

    @model_validator(mode="after")
    def check(self):
        raise ValueError("does not add up")


@dataclass
class Point:
    x: int
    y: int


def read_json():
    return request.get_json()


def mutated():
    data = request.get_json()
    data["owner"] = "the server"
    return data


def with_limit_of_a_row():
    request.args.get("limit")
    return PageIn().load({"limit": "of a row"})


def in_a_group():
    try:
        OrderIn().load(request.get_json())
    except ValidationError as exc:
        raise ExceptionGroup("several", [exc]) from None


def in_a_mixed_group():
    found = []
    for data in (request.get_json(), ROW):
        try:
            OrderIn().load(data)
        except ValidationError as exc:
            found.append(exc)
    raise ExceptionGroup("several", found)


def raise_by_hand():
    raise ValidationError("is taken", "name")


def load_stored():
    request.get_json()
    g.row = {"total": "stored"}
    return OrderIn().load(g.row)


def missing_of(name):
    return {key: value for key, value in BODY.items() if key != name}


# What the view does, and what the client sends.
CLIENTS = {
    "marshmallow load": (lambda: OrderIn().load(read_json()), {"json": BODY}),
    "marshmallow missing": (lambda: OrderIn().load(read_json()), {"json": {}}),
    "marshmallow merged, missing": (
        lambda: OwnerIn().load({**read_json(), "name": "server's"} | read_json()),
        {"json": {"total": 1, "name": "a"}},
    ),
    "marshmallow merged with a server's": (
        lambda: OrderIn().load({**read_json(), "owner": "me"}),
        {"json": {"name": "Ann"}},
    ),
    "marshmallow many": (
        lambda: OrderIn(many=True).load(read_json()),
        {"json": [{"total": 1}, {"total": "x"}]},
    ),
    "marshmallow nested": (
        lambda: OrderIn().load(read_json()),
        {"json": {"total": 1, "lines": [{"qty": 2}, {"qty": 0}]}},
    ),
    "marshmallow nested missing": (
        lambda: OrderIn().load(read_json()),
        {"json": {"total": 1, "customer": {}}},
    ),
    "marshmallow unknown": (lambda: OrderIn().load(read_json()), {"json": {"total": 1, "nope": 2}}),
    "marshmallow validates_schema": (lambda: WholeIn().load({**read_json()}), {"json": BODY}),
    "marshmallow loads": (lambda: OrderIn().loads(request.get_data()), {"json": {"name": "a"}}),
    "marshmallow args": (lambda: PageIn().load(request.args), {"query_string": "limit=x"}),
    "marshmallow args without": (lambda: PageIn().load(request.args), {}),
    "marshmallow args as dict": (lambda: PageIn().load(request.args.to_dict()), {"query_string": "limit=x"}),
    "marshmallow form": (lambda: PageIn().load(request.form), {"data": {"limit": "x"}}),
    "marshmallow args and path": (
        lambda: PageIn().load({**request.args, **request.view_args}),
        {"query_string": "offset=1"},
    ),
    "marshmallow by hand": (raise_by_hand, {"json": BODY}),
    "marshmallow in a group": (in_a_group, {"json": BODY}),
    "pydantic model_validate": (lambda: Order.model_validate(read_json()), {"json": BODY}),
    "pydantic not an object": (lambda: Order.model_validate(read_json()), {"json": "text"}),
    "pydantic null": (
        lambda: Order.model_validate(read_json()),
        {"data": "null", "content_type": "application/json"},
    ),
    "pydantic keywords": (lambda: Order(**read_json()), {"json": {"total": "x"}}),
    "pydantic keywords missing": (lambda: Order(**read_json()), {"json": {}}),
    "pydantic keywords missing, more": (lambda: Order(**read_json()), {"json": {"lines": []}}),
    "pydantic JSON": (lambda: Order.model_validate_json(request.get_data()), {"json": {"lines": []}}),
    "pydantic TypeAdapter": (lambda: TypeAdapter(list[int]).validate_json(request.data), {"json": [1, "x"]}),
    "pydantic dataclass": (lambda: Point(**read_json()), {"json": {"x": 1}}),
    "pydantic dataclass, wrong": (lambda: Point(**read_json()), {"json": {"x": 1, "y": "high"}}),
    "pydantic args": (lambda: Page.model_validate(request.args.to_dict()), {"query_string": "limit=x"}),
    "pydantic converted": (
        lambda: Page(limit=request.args.get("limit", type=int)),
        {"query_string": "limit=500"},
    ),
    "pydantic cookie": (lambda: Page(limit=request.cookies["limit"]), {"headers": {"Cookie": "limit=many"}}),
    "pydantic header": (lambda: Page(limit=request.headers["Limit"]), {"headers": {"Limit": "many"}}),
    "pydantic each line": (lambda: [Line(**line) for line in read_json()["lines"]], {"json": BODY}),
    "pydantic part": (lambda: Line.model_validate(read_json()["row"]), {"json": {"row": {"qty": 0}}}),
    "pydantic part missing": (
        lambda: Line.model_validate(read_json()["row"]),
        {"json": {"row": {"sku": "a"}}},
    ),
    "pydantic renamed": (lambda: Out(total=read_json()["sum"]), {"json": {"sum": "much too much"}}),
    "pydantic two places": (
        lambda: Owned.model_validate({**read_json(), **request.view_args}),
        {"json": {"owner": "me"}},
    ),
    "pydantic validator of the whole": (lambda: Whole(**read_json()), {"json": BODY}),
    "pydantic missing, read with get_json and merged": (
        lambda: Owned(**{**read_json(), "name": "server's"}),
        {"json": {"more": 1}},
    ),
    "pydantic whole of two places": (
        lambda: Whole.model_validate({**read_json(), **request.view_args}),
        {"json": {"owner": "me"}},
    ),
    "changed, and the client's is bad": (lambda: OrderIn().load(mutated()), {"json": {"total": "x"}}),
    "computed": (lambda: Out(total=read_json()["name"] + "!"), {"json": BODY}),
    "twice": (lambda: OrderIn().load({"total": read_json()["total"]}), {"json": {"total": "x"}}),
    "copied deep": (lambda: OrderIn().load(deepcopy(read_json())), {"json": BODY}),
    "list of a query": (
        lambda: TypeAdapter(dict[str, list[int]]).validate_python({"ids": request.args.getlist("ids")}),
        {"query_string": "ids=1&ids=x"},
    ),
}
APPS = {
    "nothing was sent": (lambda: Out.model_validate({"total": "not a number"}), {}),
    "marshmallow server's member": (
        lambda: OrderIn().load({**read_json(), "owned": "x"}),
        {"json": {"total": 1}},
    ),
    "marshmallow mixed": (lambda: OrderIn().load({**read_json(), "name": 7}), {"json": {"total": "x"}}),
    "marshmallow load(None)": (lambda: OrderIn().load(None), {}),
    "row, query looked at": (with_limit_of_a_row, {"query_string": "limit=1"}),
    "row, query not looked at": (lambda: PageIn().load({"limit": "x"}), {"query_string": "limit=x"}),
    "row, body not looked at": (lambda: OrderIn().load({"total": "x"}), {"json": {"total": "x"}}),
    "empty row, query empty": (lambda: (request.args, PageIn().load({})), {}),
    "stored": (load_stored, {"json": {"total": 7}}),
    "changed by the app": (lambda: OwnerIn().load(mutated()), {"json": {"total": 1}}),
    "settings": (lambda: TypeAdapter(int).validate_python("eight"), {"json": BODY}),
    "mixed group": (in_a_mixed_group, {"json": BODY}),
    "nested row": (
        lambda: Order.model_validate({"total": 1, "lines": [{"qty": -7}]}),
        {"json": {"total": 1}},
    ),
    "upstream's": (lambda: (read_json(), OrderIn().loads('{"total": "y"}')), {"json": {"total": "x"}}),
    "None of a row": (lambda: (read_json(), Out(total=None)), {"json": {"more": 1}}),
    "another type": (lambda: (read_json(), Out(total="1.5")), {"json": {"total": 1.5}}),
    "True for 1": (
        lambda: (read_json(), TypeAdapter(dict[str, str]).validate_python({"a": True})),
        {"json": {"a": 1}},
    ),
}


def serve(view, **settings):
    app = Flask("shop")
    app.config.update(settings)
    FaultMap(app)
    app.add_url_rule(
        "/<name>", view_func=lambda name: view() and "", endpoint="view", methods=["GET", "POST"]
    )
    return app


@pytest.mark.parametrize(("view", "sent"), CLIENTS.values(), ids=CLIENTS)
def test_what_came_with_the_request_is_the_clients_error(view, sent):
    response = serve(view).test_client(use_cookies=False).post("/Ann", **sent)

    assert (response.status_code, response.json["code"]) == (422, "validation_failed")
    assert response.json["errors"]


@pytest.mark.parametrize(("view", "sent"), APPS.values(), ids=APPS)
def test_what_did_not_come_with_the_request_is_a_bug(view, sent):
    response = serve(view).test_client().post("/Ann", **sent)

    assert (response.status_code, response.json["code"]) == (500, "internal")
