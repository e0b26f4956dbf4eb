"""Validation errors that are hard to place: what the rule gets right, and what it does not."""

import json
from io import BytesIO

import flask_rebar
import pytest
from flask import Flask, g, request
from flask_openapi3 import OpenAPI
from marshmallow import Schema, ValidationError, fields
from pydantic import BaseModel, Field, TypeAdapter

from flask_faultmap import FaultMap
from flask_faultmap.errors import ValidationFailedError


class OrderIn(Schema):
    total = fields.Integer(required=True)
    name = fields.String()
    owner = fields.Integer()


class OwnedIn(Schema):
    class Meta:
        unknown = "exclude"

    owner = fields.Integer(required=True)


class Out(BaseModel):
    total: int


class Page(BaseModel):
    limit: int


class Settings(BaseModel):
    port: int
    host: str = Field(default_factory=lambda: TypeAdapter(str).validate_python(7))


class Upload(BaseModel):
    name: str = Field(max_length=3)


def read():
    return request.get_json()


def give(value):
    """Give what a table, a queue or another service would: a new object, equal to nothing by identity."""
    return json.loads(json.dumps(value))


def load_stream():
    return OrderIn().load(json.load(request.stream))


def load_stream_on_purpose():
    try:
        return load_stream()
    except ValidationError as exc:
        raise ValidationFailedError from exc


def validate_file():
    return Upload(name=request.files["file"].filename)


FILE = {"data": {"file": (BytesIO(b"x"), "long.txt")}}

# Whose it is, what the view does, what the client sends, and whether the rule is right.
SITUATIONS = {
    "derived and equal": (
        "client",
        lambda: Out(total=read()["total"].strip()),
        {"json": {"total": "x"}},
        True,
    ),
    "derived": ("client", lambda: Out(total=read()["total"].upper()), {"json": {"total": "x"}}, True),
    "computed": ("client", lambda: Out(total=read()["total"] + "!"), {"json": {"total": "x"}}, True),
    "written and read again": (
        "client",
        lambda: OrderIn().load(give(read())),
        {"json": {"total": "x"}},
        False,
    ),
    "stream": ("client", load_stream, {"json": {"total": "x"}}, True),
    "stream on purpose": ("client", load_stream_on_purpose, {"json": {"total": "x"}}, True),
    "args.get gives None": ("client", lambda: Page(limit=request.args.get("limit", type=int)), {}, True),
    "json.get gives None": ("client", lambda: Out(total=read().get("total")), {"json": {"more": 1}}, True),
    "json has None": ("client", lambda: Out(total=read()["total"]), {"json": {"total": None}}, True),
    "file": ("client", validate_file, FILE, True),
    "field of a form": ("client", lambda: Upload(**request.form), {"data": {"name": "long name"}}, True),
    "settings": ("app", lambda: Settings(port="eighty"), {"json": {"port": 1}}, True),
    "settings, factory": ("app", lambda: (read(), Settings(port=1)), {"json": {"port": 1}}, True),
    "settings like the request": (
        "app",
        lambda: (read(), Settings(port=give("eighty"), host="h")),
        {"json": {"port": "eighty"}},
        True,
    ),
    "row {} missing, args empty": ("app", lambda: (request.args, Page.model_validate({})), {}, True),
    "row {} missing, json {}": ("app", lambda: (read(), Out.model_validate(give({}))), {"json": {}}, True),
    "row missing, json has it": (
        "app",
        lambda: (read(), Out.model_validate(give({"id": 1}))),
        {"json": {"total": 1}},
        True,
    ),
    "row missing, equals request and more": (
        "app",
        lambda: (read(), OwnedIn().load(give({"total": 1, "id": 5}))),
        {"json": {"total": 1}},
        True,
    ),
    "row None, client's None": (
        "app",
        lambda: (read(), Out(total=None)),
        {"json": {"total": None}},
        True,
    ),
    "upstream's by chance": (
        "app",
        lambda: (read(), OrderIn().load(give({"total": "x"}))),
        {"json": {"total": "x"}},
        True,
    ),
    "upstream's": (
        "app",
        lambda: (read(), OrderIn().load(give({"total": "y"}))),
        {"json": {"total": "x"}},
        True,
    ),
    "stored under another name": (
        "app",
        lambda: (read(), Out(total=give("of a row"))),
        {"json": {"name": "a client's"}},
        True,
    ),
    "union over a body that is one value": (
        "client",
        lambda: TypeAdapter(int | Out).validate_python(read()),
        {"data": '"x"', "content_type": "application/json"},
        True,
    ),
    "partial": (
        "client",
        lambda: OrderIn(partial=True).load(read()),
        {"json": {"owner": "me"}},
        True,
    ),
    "only some": (
        "client",
        lambda: OrderIn(only=["owner"], unknown="exclude").load(read()),
        {"json": {"owner": "me"}},
        True,
    ),
    "list of parts": (
        "client",
        lambda: TypeAdapter(list[Out]).validate_python(read()["rows"]),
        {"json": {"rows": [{"total": 1}, {"total": "x"}]}},
        True,
    ),
    "echo of a stored one": (
        "app",
        lambda: (read(), Out.model_validate({**give({"total": "of a row"}), "name": "x"})),
        {"json": {"name": "x"}},
        True,
    ),
}


def answer(view, sent, *, hook=None):
    app = Flask("shop")
    FaultMap(app)
    run = view if hook is None else lambda: ""
    app.add_url_rule("/", view_func=lambda: run() and "", endpoint="view", methods=["GET", "POST"])
    if hook is not None:
        getattr(app, hook)(lambda *response: (view(), *response)[-1] if response else view() and None)
    return app.test_client().post("/", **sent)


@pytest.mark.parametrize(("whose", "view", "sent", "is_right"), SITUATIONS.values(), ids=SITUATIONS)
def test_rule_is_right_where_the_docs_do_not_say_otherwise(whose, view, sent, is_right):
    response = answer(view, sent)

    assert (response.status_code == 422) is ((whose == "client") is is_right)


@pytest.mark.parametrize("hook", ["before_request", "after_request"])
@pytest.mark.parametrize(
    ("view", "status"),
    [
        (lambda: OrderIn().load(read()), 422),
        (lambda: Out.model_validate(read()), 422),
        (lambda: (read(), Out(total="of a row")), 500),
        (lambda: OrderIn().load({"total": "of a row"}), 500),
    ],
    ids=["client's, marshmallow", "client's, pydantic", "row, pydantic", "row, marshmallow"],
)
def test_rule_holds_in_hooks(hook, view, status):
    assert answer(view, {"json": {"total": "x"}}, hook=hook).status_code == status


@pytest.mark.parametrize(("data", "status"), [(None, 422), ({"total": "of a row"}, 500)])
def test_rule_holds_in_async_views(data, status):
    app = Flask("shop")
    FaultMap(app)

    @app.post("/")
    async def view():
        return OrderIn().load(request.get_json() if data is None else data)

    assert app.test_client().post("/", json={"total": "x"}).status_code == status


@pytest.mark.parametrize("is_stored", [True, False])
def test_rule_holds_for_what_one_hook_hands_to_another_function(is_stored):
    app = Flask("shop")
    FaultMap(app)

    @app.before_request
    def keep():
        g.data = {"total": "of a row"} if is_stored else request.get_json()

    app.add_url_rule("/", view_func=lambda: OrderIn().load(g.data), endpoint="view", methods=["POST"])

    response = app.test_client().post("/", json={"total": "x"})

    assert response.status_code == (500 if is_stored else 422)


def test_response_that_flask_openapi3_refuses_is_the_apps_error():
    app = OpenAPI("shop", validate_response=True)
    FaultMap(app)

    @app.post("/echo", responses={200: Out})
    def echo():
        return request.get_json()

    response = app.test_client().post("/echo", json={"total": "x"})

    assert (response.status_code, response.json["code"]) == (500, "internal")


def test_response_that_flask_rebar_refuses_is_the_apps_error():
    app = Flask("shop")
    FaultMap(app)
    rebar = flask_rebar.Rebar()
    rebar.validate_on_dump = True
    registry = rebar.create_handler_registry()

    @registry.handles(rule="/echo", method="POST", response_body_schema=OrderIn())
    def echo():
        return {"total": "x", **request.get_json()}

    rebar.init_app(app)

    assert app.test_client().post("/echo", json={"total": "x"}).status_code == 500
