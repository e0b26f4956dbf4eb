"""Whose validation error it is, by where the data came from: files, tables, settings, hooks, other parts."""

import hmac
import io
import json
import pickle
import sqlite3
import sys
from contextlib import closing
from dataclasses import asdict
from dataclasses import dataclass as plain_dataclass
from uuid import uuid4

import pytest
from flask import Flask, request
from pydantic import BaseModel, Field, TypeAdapter
from pydantic import ValidationError as PydanticError

from flask_faultmap import FaultMap


class Config(BaseModel):
    port: int
    host: str = ""


class Total(BaseModel):
    total: int = Field(ge=0)
    name: str = ""


class Person(BaseModel):
    name: str
    qty: int = 0


class Tenant(BaseModel):
    tenant: int


class Tags(BaseModel):
    tags: list[int]


class Sku(BaseModel):
    sku: str = Field(max_length=4)


@plain_dataclass
class Sum:
    total: object


def read():
    return request.get_json()


def row(*values):
    with closing(sqlite3.connect(":memory:")) as table:
        table.row_factory = sqlite3.Row
        return dict(table.execute("SELECT ? AS total, ? AS name", values).fetchone())


def after(view):
    return lambda: (read(), view())


def verified_webhook():
    hmac.compare_digest(hmac.digest(b"k", request.get_data(), "sha256").hex(), request.headers["Signature"])
    return Person.model_validate_json(request.data)


def fall_back():
    try:
        return Person.model_validate(read())
    except PydanticError:
        return Total(total="fallback")


CASES = {
    "file": (
        500,
        after(lambda: Config.model_validate(json.load(io.StringIO('{"port": "x1"}')))),
        {"port": 1},
    ),
    "file that equals": (
        500,
        after(lambda: Config.model_validate(json.load(io.StringIO('{"port": "x1"}')))),
        {"port": "x1"},
    ),
    "pickled": (
        500,
        after(lambda: Total.model_validate(pickle.loads(pickle.dumps({"total": "old"})))),
        {"total": "older"},
    ),
    "row": (500, after(lambda: Total(**row("bad", "n"))), {"q": 1}),
    "row that equals": (500, after(lambda: Total(**row("bad", "n"))), {"total": "bad"}),
    "row of NULL": (500, after(lambda: Total(**row(None, "n"))), {"total": None}),
    "row, small number": (500, after(lambda: Total(**row(-1, "n"))), {"total": -1}),
    "row in a wrapper": (
        500,
        after(lambda: TypeAdapter(dict[str, Total]).validate_python({"data": row("bad", "n")})),
        {"data": {"total": "bad", "name": "n"}},
    ),
    "sum": (
        422,
        lambda: Total(total=sum(line["qty"] for line in read()["lines"])),
        {"lines": [{"qty": -400}, {"qty": -300}]},
    ),
    "fallback": (500, fall_back, {"qty": "x"}),
    "job that holds the request": (
        500,
        lambda: Person.model_validate_json(json.dumps({"job": read()})),
        {"name": 1},
    ),
    "request to another service": (
        500,
        lambda: Person.model_validate({"title": read()["name"]}),
        {"name": "x1"},
    ),
    "dataclass to model": (422, lambda: Total(**asdict(Sum(**read()))), {"total": "large"}),
    "webhook": (422, verified_webhook, {"qty": 1}),
    "variables": (
        422,
        lambda: Person.model_validate(read()["variables"]["input"]),
        {"query": "q", "variables": {"input": {"qty": "many"}}},
    ),
    "header": (422, lambda: Tenant(tenant=request.headers["Tenant"]), {}),
    "cookies": (422, lambda: Tenant.model_validate(request.cookies), {}),
    "path": (422, lambda: Sku(sku=request.view_args["name"]), {}),
    "parameter with []": (422, lambda: Tags(tags=request.args.getlist("tags[]")), {}),
    "parameter as lists": (
        422,
        lambda: TypeAdapter(dict[str, list[int]]).validate_python(request.args.to_dict(flat=False)),
        {},
    ),
}


@pytest.mark.parametrize(("status", "view", "body"), CASES.values(), ids=CASES)
def test_where_the_data_came_from_says_whose_error_it_is(status, view, body):
    app = Flask("shop")
    FaultMap(app)
    app.add_url_rule("/<name>", view_func=lambda name: view() and "", endpoint="view", methods=["POST"])
    headers = {"Tenant": "abc", "Cookie": "tenant=abc", "Signature": "none"}

    response = app.test_client(use_cookies=False).post(
        "/long-name?tags[]=1&tags[]=xy", json=body, headers=headers
    )

    assert response.status_code == status


class Quantity(BaseModel):
    qty: int


class XQuantity(BaseModel):
    x_qty: int


@pytest.mark.parametrize(
    "view",
    [
        lambda: Quantity(qty=request.headers["X-Qty"]),
        lambda: XQuantity(x_qty=request.headers.get("x-qty")),
        lambda: XQuantity(**{name.lower().replace("-", "_"): text for name, text in request.headers}),
        lambda: TypeAdapter(dict[str, int]).validate_python({"X-Qty": request.headers["X-Qty"]}),
    ],
    ids=["its last word", "as a variable", "all as variables", "as it is"],
)
def test_header_is_called_as_it_was_sent_however_the_code_calls_it(view):
    app = Flask("headers")
    FaultMap(app)
    app.add_url_rule("/", view_func=view)

    response = app.test_client().get("/", headers={"X-Qty": "many"})

    assert response.status_code == 422
    assert {(each["source"], each["name"]) for each in response.json["errors"]} == {("header", "X-Qty")}


@pytest.mark.parametrize("key", ["a-key-that-no-code-has", "naïve", "x" * 300])
def test_answer_does_not_depend_on_who_asked_before(key):
    app = Flask("shop")
    FaultMap(app)

    @app.post("/")
    def view():
        read()
        return TypeAdapter(dict[str, int]).validate_python(json.loads(json.dumps({key: "x", "b": 1})))

    answers = [app.test_client().post("/", json={key: "x", "b": 1}).status_code for _ in range(3)]

    assert answers == [500, 500, 500]


def test_keys_of_what_was_stored_are_not_kept():
    app = Flask("shop")
    FaultMap(app)
    key = "".join(["a_key_of_", uuid4().hex])

    @app.post("/")
    def view():
        read()
        return TypeAdapter(dict[str, int]).validate_python(json.loads(json.dumps({key: "x"})))

    response = app.test_client().post("/", json={key: "x"})

    again = "".join([key[:9], key[9:]])
    assert response.status_code == 500
    assert sys.intern(again) is again  # no other was there
