"""Whose validation error it is, by what the code says that the validator was handed."""

import base64
import csv
import io
import json
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

import pytest
from flask import Flask, current_app, g, request
from flask.views import MethodView
from hostile_values import ODD_VALUES, RaisingClass
from marshmallow import Schema, fields, validate
from pydantic import BaseModel, Field, RootModel, TypeAdapter

from flask_faultmap import FaultMap

DEFAULTS = {"total": "from the defaults", "lines": []}
PRICES = {"a": "cheap", "b": 7}
LIMIT = 5


class OrderIn(Schema):
    total = fields.Integer(required=True, validate=validate.Range(max=1000))
    name = fields.String(validate=validate.Length(max=5))


class Total(BaseModel):
    total: int = Field(le=1000)
    name: str = Field(default="", max_length=5)


class Port(BaseModel):
    total: int
    port: int = Field(default="x", validate_default=True)


class Numbers(RootModel[list[int]]):
    pass


class Rows(BaseModel):
    rows: list[tuple[str, int]]


@dataclass
class Service:
    total: int


def stored(value):
    """Give *value* as a table does."""
    with closing(sqlite3.connect(":memory:")) as table:
        return table.execute("SELECT ?", [value]).fetchone()[0]


def read():
    return request.get_json()


async def read_later():
    return request.get_json()


def clean(data):
    name = data.get("name", "").strip()
    return {**data, "name": name}


def priced(data):
    order = dict(data)
    order["total"] = stored("much")
    return order


def named(data, *, total):
    return {"total": total, "name": data["name"]}


def last(items):
    for item in items:
        found = item
    return found


def each_of(items):
    yield from items


def enrich(order):
    order["total"] = "enriched"


class Orders(MethodView):
    init_every_request = False

    def payload(self):
        return request.get_json(silent=True) or {}

    def post(self, name):
        return Total.model_validate(self.payload())


class Table:
    def __init__(self):
        self.rows = {1: {"total": "of a row", "name": ""}}

    def get(self, key):
        return dict(self.rows[key])

    def first(self):
        return self.get(1)


TABLE = Table()


class Limits:
    total = "of the limits"


class Sums:
    @staticmethod
    def doubled(total, times=2):
        return total * times

    @classmethod
    def check(cls, total, name=""):
        return Total(total=total + LIMIT, name=name)

    @classmethod
    def tripled(cls, total):
        return cls.doubled(total, times=3)


def stream_read():
    return OrderIn().load(json.loads(request.stream.read()))


def stream_parsed_by_the_validator():
    return Total.model_validate_json(request.stream.read())


def stream_part():
    document = json.load(request.stream)
    return OrderIn().load(document["order"])


def silent():
    return Total(**(request.get_json(silent=True) or {}))


def fallback_of_an_exception():
    try:
        data = request.get_json()
    except Exception:
        data = {}
    return Total.model_validate(data)


def cleaned_by_a_function():
    return Total(**clean(read()))


def product():
    body = read()
    return Total(total=body["width"] * body["height"])


def words_in_a_text():
    first, second = read()["words"]
    return Total(total=1, name=f"{first} {second}")


def file_of_lines():
    lines = request.files["file"].read().decode().splitlines()
    return Rows(rows=[line.split(",") for line in lines])


def less_one():
    total = int(request.form["total"])
    total -= 1
    return Total(total=total)


def summed():
    total = 0
    for line in read()["lines"]:
        total += line["qty"]
    return Total(total=total)


def header_that_was_not_sent():
    return Total(total=request.headers.get("X-Total"))


async def awaited():
    return Total(total=(await read_later())["total"] * 2)


def at_most():
    return Total(total=max(request.args.get("total", type=int), LIMIT, 1001))


def doubled_members():
    return Total(**{name: value * 2 for name, value in request.args.items()})


def one_or_the_other():
    data = read()
    return Total(total=data["total"] + "x" if "total" in data else data.get("sum"))


def cursor():
    return Total.model_validate(json.loads(base64.urlsafe_b64decode(request.args["cursor"])))


def two_of_a_range():
    _, end = request.args["range"].split("-")
    return Total(total=Decimal(end) + 1)


def handed_to_a_service(data=None):
    if data is None:
        return handed_to_a_service(data=read())
    return Total(total=data["total"] + LIMIT)


def handed_on(name):
    return Total(total=1, name=name + name)


def walrus():
    if total := read().get("sum"):
        return Total(total=total + 1)
    return Total(total=total)


def keywords():
    return Total.model_validate(dict(read(), name="Ann"))


def merged():
    return Total.model_validate(read() | {"name": "Ann"})


def keyword_argument():
    return Total.model_validate(obj=json.load(request.stream))


def keyword_of_a_function():
    return Total(**named(read(), total=read()["total"] + "!"))


def last_of():
    return Total(total=1, name=last(read()["words"]) + "!")


def taken_out():
    data = json.load(request.stream)
    data.pop("token")
    data["name"] = "Ann"
    return Total.model_validate(data)


def picked():
    data = json.load(request.stream)
    return Total.model_validate({key: data[key] for key in ("total", "name") if key in data})


def not_negative():
    return Total(total=-read()["total"] if read()["total"] < 0 else (read()["total"], 1))


def sliced():
    return TypeAdapter(dict[str, int]).validate_python({"total": read()["name"][1:]})


def pieces():
    return TypeAdapter(list[int]).validate_python([word.upper() for word in read()["words"]])


def starred():
    return TypeAdapter(list[int]).validate_python([*json.load(request.stream)])


def annotated():
    total: str = read()["name"] + "!"
    return Total(total=total)


def by_a_static_method():
    return Total(total=Sums.doubled(read()["total"], times=3))


def by_a_class_method():
    return Total(total=Sums.tripled(read()["total"]))


def in_a_class_method():
    total = read()["total"]
    return Sums.check(total, name="Ann")


def default_of_a_function():
    return Total(total=Sums.doubled(read()["total"]))


def of_some_words_less():
    total = read()["total"]
    if total > 10:
        total = total - 10
    return Total(total=total * 100)


def rows_of_a_file():
    with io.StringIO(request.get_data(as_text=True)) as file:
        return [OrderIn().load(row) for row in csv.DictReader(file)]


def root_of_a_model():
    return Numbers(read()["numbers"])


def root_by_keyword():
    return Numbers(root=json.load(request.stream))


CLIENTS = {
    default_of_a_function: ({"json": {"total": 999}}, [("body", "#/total")]),
    of_some_words_less: ({"json": {"total": 99}}, [("body", "#/total")]),
    rows_of_a_file: ({"data": "total,name\nx,a"}, [("body", "#")]),
    root_of_a_model: ({"json": {"numbers": ["x"]}}, [("body", "#/numbers/0")]),
    root_by_keyword: ({"json": ["x"]}, [("body", "#/0")]),
    by_a_static_method: ({"json": {"total": 999}}, [("body", "#/total")]),
    by_a_class_method: ({"json": {"total": 999}}, [("body", "#/total")]),
    in_a_class_method: ({"json": {"total": 999}}, [("body", "#/total")]),
    stream_read: ({"json": {"total": "x"}}, [("body", "#/total")]),
    stream_parsed_by_the_validator: ({"json": {"total": "x"}}, [("body", "#/total")]),
    stream_part: ({"json": {"order": {"total": "x"}}}, [("body", "#/order/total")]),
    silent: ({}, [("body", "#/total")]),
    fallback_of_an_exception: ({}, [("body", "#/total")]),
    cleaned_by_a_function: ({"json": {"total": 1, "name": "  too long "}}, [("body", "#/name")]),
    product: ({"json": {"width": 50, "height": 50}}, [("body", "#/width")]),
    words_in_a_text: ({"json": {"words": ["long", "words"]}}, [("body", "#/words")]),
    file_of_lines: (
        lambda: {"data": {"file": (io.BytesIO(b"a,1\nb,x"), "a.csv")}},
        [("form", "file")],
    ),
    less_one: ({"data": {"total": "2000"}}, [("form", "total")]),
    summed: ({"json": {"lines": [{"qty": 600}, {"qty": 700}]}}, [("body", "#/lines")]),
    header_that_was_not_sent: ({}, [("header", "X-Total")]),
    awaited: ({"json": {"total": 600}}, [("body", "#/total")]),
    at_most: ({"query_string": "total=7"}, [("query", "total")]),
    doubled_members: ({"query_string": "total=x"}, [("query", None)]),
    one_or_the_other: ({"json": {"sum": None}}, [("body", "#/total")]),
    cursor: ({"query_string": {"cursor": "eyJ0b3RhbCI6ICJ4In0="}}, [("query", "cursor")]),
    two_of_a_range: ({"query_string": "range=1-2000"}, [("query", "range")]),
    handed_to_a_service: ({"json": {"total": 999}}, [("body", "#/total")]),
    handed_on: ({}, [("path", "name")]),
    walrus: ({"json": {"sum": 1000}}, [("body", "#/sum")]),
    keywords: ({"json": {}}, [("body", "#/total")]),
    merged: ({"json": {}}, [("body", "#/total")]),
    keyword_argument: ({"json": {}}, [("body", "#/total")]),
    keyword_of_a_function: ({"json": {"total": "x", "name": ""}}, [("body", "#/total")]),
    last_of: ({"json": {"words": ["a", "longer"]}}, [("body", "#/words")]),
    taken_out: ({"json": {"token": "t", "total": "x"}}, [("body", "#/total")]),
    picked: ({"json": {"total": "x"}}, [("body", "#")]),
    not_negative: ({"json": {"total": -2000}}, [("body", "#/total")]),
    sliced: ({"json": {"name": "abc"}}, [("body", "#/name")]),
    pieces: ({"json": {"words": ["straße"]}}, [("body", "#/words")]),
    starred: ({"json": ["x"]}, [("body", "#")]),
    annotated: ({"json": {"name": "x"}}, [("body", "#/name")]),
}


def null_of_the_code():
    read()
    return Total(total=None)


def defaults_of_the_module():
    read()
    return Total.model_validate(DEFAULTS)


def member_of_the_defaults():
    return Total(total=DEFAULTS["total"], name=read()["name"])


def member_of_the_defaults_or_nothing():
    return Total(total=DEFAULTS.get("total"), name=read()["name"])


def environment():
    return Total(total=os.environ["WHOSE_TOTAL"], name=read()["name"])


def environment_by_method():
    return Total(total=os.environ.get("WHOSE_TOTAL"), name=read()["name"])


def price_by_a_parameter():
    return Total(total=PRICES[request.args["sku"]])


def price_by_a_parameter_or_nothing():
    return Total(total=PRICES.get(request.args["sku"]))


def price_in_the_code():
    return Total(total={"a": "cheap"}[request.args["sku"]])


def computed_with_a_row():
    return Total(total=read()["total"] * stored(500))


def computed_with_data_of_a_module():
    return Total(total=read()["total"] * PRICES["b"])


def copy_that_a_function_changed():
    data = dict(read())
    enrich(data)
    return Total.model_validate(data)


def changed_by_a_function():
    return Total.model_validate(priced(read()))


def stream_and_a_row():
    data = json.load(request.stream)
    data["total"] = stored("x")
    return OrderIn().load(data)


def stream_updated():
    data = json.load(request.stream)
    data.update(total=stored("x"))
    return OrderIn().load(data)


def stream_of_which_a_member_was_deleted():
    data = json.load(request.stream)
    del data["total"]
    return OrderIn().load(data)


def stream_deep_changed():
    data = json.load(request.stream)
    data["order"]["total"] = stored("x")
    return OrderIn().load(data["order"])


def stream_in_an_attribute():
    order = Service(0)
    order.total = json.load(request.stream)["total"]
    return Total(total=order.total + "x")


def constant_by_default():
    return Total(total=request.args.get("total", "ten"))


def row_by_default():
    return Total(total=request.args.get("total", default=stored("ten")))


def converted_by_a_row():
    return Total(total=request.args.get("total", type=lambda text: stored(text * 2)))


def content_of_a_file_of_the_server():
    with open(request.args["file"]) as file:
        return Total(total=file.read(8))


def default_beside_a_stream():
    return Port.model_validate(json.load(request.stream))


def default_beside_text_of_a_stream():
    return Port.model_validate_json(request.stream.read())


def empty_json_of_the_code():
    read()
    return Total.model_validate(json.loads(json.dumps({})))


def left_out():
    return Total(name=read()["name"])


def of_a_generator():
    return TypeAdapter(dict[str, int]).validate_python({"a": [*each_of(read()["words"])]})


def of_the_context():
    g.total = stored("x")
    return Total(total=g.total + "y", name=read()["name"])


def of_the_config():
    return Total(total=current_app.name + "y", name=read()["name"])


def of_a_class():
    return Total(total=Service(**read()).total + "y")


def written_again():
    return Total.model_validate(json.loads(json.dumps({**read(), "id": 7})))


def of_who_sent_it():
    return Total(total=request.remote_addr + str(read()))


def a_row_or_the_clients():
    return Total(total=read()["name"] + "x" if read().get("total") else stored("x"))


def positional():
    return TypeAdapter(dict[str, int]).validate_python(*[{"a": read()["name"] + "!"}])


def of_two_by_a_function():
    return Total(total=sorted([read()["name"], stored("x")], key=len)[0] + "y")


def set_of_the_code():
    read()
    return TypeAdapter(dict[str, int]).validate_python({"a": {"x", "y"}})


def unknown_name():
    return Total(**{read()["name"]: 1, stored("total"): "x"})


def lambda_of_the_code():
    return Total(total=read()["name"] + (lambda: "y")())


def of_itself():
    total = stored("x")
    for _ in range(2):
        total = total + total
    return Total(total=total, name=read()["name"])


def item_of_the_code():
    return TypeAdapter(list[int]).validate_python([len(read()["name"]), "x"])


def item_of_the_code_beside_several():
    return TypeAdapter(list[int]).validate_python([*map(len, read()["name"]), "x"])


def last_item_of_the_code():
    return TypeAdapter(list[int]).validate_python([*json.load(request.stream), "x"])


def handed_by_a_library():
    return list(map(Sums.check, [read()["total"]]))


def handed_by_a_partial():
    return partial(Sums.check, read()["total"])()


def name_that_is_gone():
    data = json.load(request.stream)
    total = data["total"]
    del total
    return Total(total=stored("x"))


def row_of_the_module():
    return Total.model_validate(TABLE.get(len(read())))


def first_row_of_the_module():
    return Total(total=TABLE.first()["total"], name=read()["name"])


def rows_of_the_module():
    return Total(total=TABLE.rows[1]["total"], name=read()["name"])


def attribute_of_a_class():
    return Total(total=Limits.total, name=read()["name"])


def environment_by_function():
    return Total(total=os.getenv("WHOSE_TOTAL"), name=read()["name"])


def environment_without_it():
    return Total(total=os.getenv("WHOSE_OTHER"), name=read()["name"])


def imported_here():
    import flask_faultmap as imported

    return Total(total=imported.__name__, name=read()["name"])


def doubled_by_itself():
    total = LIMIT
    for _ in read()["name"]:
        total += PRICES["b"]
    return Total(total=total * 100)


def table_of_the_call():
    return Total.model_validate(Table().get(len(read())))


def unpacked():
    return Total(total=Sums.doubled(**read()))


def chained():
    name = read()["name"]
    return Total(total=name.replace("x", stored("y")))


BUGS = {
    null_of_the_code: {"json": {"total": None}},
    defaults_of_the_module: {"json": {"total": "from the defaults", "lines": []}},
    member_of_the_defaults: {"json": {"total": "from the defaults", "name": ""}},
    member_of_the_defaults_or_nothing: {"json": {"total": "from the defaults", "name": ""}},
    environment: {"json": {"total": "of the machine", "name": ""}},
    environment_by_method: {"json": {"total": "of the machine", "name": ""}},
    price_by_a_parameter: {"query_string": "sku=a"},
    price_by_a_parameter_or_nothing: {"query_string": "sku=a"},
    price_in_the_code: {"query_string": "sku=a"},
    computed_with_a_row: {"json": {"total": 500}},
    computed_with_data_of_a_module: {"json": {"total": 500}},
    copy_that_a_function_changed: {"json": {"total": 5}},
    changed_by_a_function: {"json": {"total": 5}},
    stream_and_a_row: {"json": {"total": 5}},
    stream_updated: {"json": {"total": 5}},
    stream_of_which_a_member_was_deleted: {"json": {"total": 5}},
    stream_deep_changed: {"json": {"order": {"total": 5}}},
    stream_in_an_attribute: {"json": {"total": "x"}},
    constant_by_default: {},
    row_by_default: {},
    converted_by_a_row: {"query_string": "total=ten"},
    content_of_a_file_of_the_server: {"query_string": {"file": __file__}},
    default_beside_a_stream: {"json": {"total": 5}},
    default_beside_text_of_a_stream: {"json": {"total": 5}},
    empty_json_of_the_code: {"json": {}},
    left_out: {"json": {"name": "Ann"}},
    of_a_generator: {"json": {"words": ["x"]}},
    of_the_context: {"json": {"name": "Ann"}},
    of_the_config: {"json": {"name": "Ann"}},
    of_a_class: {"json": {"total": "x"}},
    written_again: {"json": {"total": "x"}},
    of_who_sent_it: {"json": {"total": "x"}},
    a_row_or_the_clients: {"json": {"name": "n"}},
    positional: {"json": {"name": "n"}},
    of_two_by_a_function: {"json": {"name": "n"}},
    set_of_the_code: {"json": {"name": "n"}},
    unknown_name: {"json": {"name": "name"}},
    of_itself: {"json": {"name": "n"}},
    item_of_the_code: {"json": {"name": "x"}},
    item_of_the_code_beside_several: {"json": {"name": ["x"]}},
    last_item_of_the_code: {"json": [1]},
    handed_by_a_library: {"json": {"total": 999}},
    handed_by_a_partial: {"json": {"total": 999}},
    name_that_is_gone: {"json": {"total": 999}},
    row_of_the_module: {"json": {"total": "of a row", "name": ""}},
    first_row_of_the_module: {"json": {"total": "of a row", "name": ""}},
    rows_of_the_module: {"json": {"total": "of a row", "name": ""}},
    attribute_of_a_class: {"json": {"total": "of the limits", "name": ""}},
    environment_by_function: {"json": {"total": "of the machine", "name": ""}},
    environment_without_it: {"json": {"total": None, "name": ""}},
    imported_here: {"json": {"total": "flask_faultmap", "name": ""}},
    doubled_by_itself: {"json": {"name": "nn"}},
    table_of_the_call: {"json": {"total": 1}},
    unpacked: {"json": {"total": 700}},
    chained: {"json": {"name": "x"}},
}


def answer(view, sent, **settings):
    app = Flask("shop")
    app.config.update(settings)
    FaultMap(app)
    if isinstance(view, type):
        app.add_url_rule("/<name>", view_func=view.as_view("view"), methods=["POST"])
    elif view is handed_on:
        app.add_url_rule("/<name>", view_func=view, endpoint="view", methods=["POST"])
    else:
        app.add_url_rule(
            "/<name>",
            view_func=lambda name: app.ensure_sync(view)() and "",
            endpoint="view",
            methods=["POST"],
        )
    return app.test_client().post("/long", **(sent() if callable(sent) else sent))


@pytest.mark.parametrize("view", CLIENTS)
def test_what_was_made_of_the_request_alone_is_the_clients_and_is_pointed_at(view):
    sent, places = CLIENTS[view]

    response = answer(view, sent)

    assert (response.status_code, response.json["code"]) == (422, "validation_failed")
    told = response.json["errors"]
    assert [(each["source"], each.get("pointer") or each.get("name")) for each in told] == places


@pytest.mark.parametrize("view", BUGS)
def test_what_was_made_of_anything_else_is_a_bug(view, monkeypatch):
    monkeypatch.setenv("WHOSE_TOTAL", "of the machine")

    response = answer(view, BUGS[view])

    assert (response.status_code, response.json["code"]) == (500, "internal")


def test_method_of_a_view_is_followed():
    response = answer(Orders, {})

    assert [each["pointer"] for each in response.json["errors"]] == ["#/total"]


UNREADABLE = """
def view():
    return Total(total=request.get_json()["total"] + "!")
"""


def view_of(text, name, **more):
    names = {"Total": Total, "request": request, "__name__": "shop", **more}
    exec(compile(text, name, "exec"), names)
    return names["view"]


def test_without_the_text_of_the_code_the_value_alone_decides():
    computed = view_of(UNREADABLE, "<gone>")
    sent = view_of(UNREADABLE.replace(' + "!"', ""), "<gone>")

    assert answer(computed, {"json": {"total": "x"}}).status_code == 500
    assert answer(sent, {"json": {"total": "x"}}).status_code == 422


def test_what_code_without_a_text_handed_on_is_unsure():
    view = view_of(
        "def view():\n    return check(total=request.get_json()['total'])\n", "<gone>", check=Sums.check
    )

    assert answer(view, {"json": {"total": 999}}).status_code == 500


@pytest.mark.parametrize(
    "text",
    [
        UNREADABLE.replace("view", "other"),
        "\n" + UNREADABLE,
        "def view(:",
        UNREADABLE + "#" * 1_000_000,
        UNREADABLE.replace(' + "!"', "").replace("Total(", "int(Total)"),
    ],
    ids=["other function", "other line", "no code", "too long", "other call"],
)
def test_text_that_is_not_the_code_that_ran_says_nothing(text, tmp_path):
    file = tmp_path / "shop.py"
    file.write_text(text)

    response = answer(view_of(UNREADABLE, str(file)), {"json": {"total": "x"}})

    assert response.status_code == 500


@pytest.mark.parametrize(
    ("expression", "status"),
    [
        ("request.get_json()['total']" + " + '!'" * 20, 422),
        ("request.get_json()['total']" + " + '!'" * 400, 500),
        ("''.join([request.get_json()['total'], " + "'!', " * 2_000 + "])", 500),
        ("dive3(request.get_json()['total'])", 422),
        ("dive29(request.get_json()['total'])", 500),
    ],
    ids=["long", "too deep", "too long", "calls", "too many calls"],
)
def test_code_is_read_up_to_a_bound(expression, status, tmp_path):
    calls = "".join(f"def dive{at}(it):\n    return dive{at - 1}(it)\n" for at in range(1, 30))
    text = f"{calls}def dive0(it):\n    return it + '!'\ndef view():\n    return Total(total={expression})\n"
    file = tmp_path / "shop.py"
    file.write_text(text)

    assert answer(view_of(text, str(file)), {"json": {"total": "x"}}).status_code == status


@pytest.mark.parametrize("name", [*ODD_VALUES, "class that is none"])
@pytest.mark.parametrize("part", ["found", "found.name", "found.get('a')", "found['a']", "f'{found}'"])
def test_objects_of_the_app_are_not_touched(part, name, tmp_path):
    text = f"def view():\n    return Total(total='of the app' if is_known else ({part}))\n"
    file = tmp_path / "shop.py"
    file.write_text(text)
    found = RaisingClass() if name == "class that is none" else ODD_VALUES[name]()

    response = answer(view_of(text, str(file), is_known=True, found=found), {"json": {"total": "y"}})

    assert response.status_code == 500


def test_name_that_is_not_bound_yet_is_unsure():
    def view():
        def total():
            return later + "x" if is_late else read()["total"] + "x"

        is_late = False
        Total(total=total())
        later = "late"
        return later

    assert answer(view, {"json": {"total": "x"}}).status_code == 500


def test_functions_in_a_function_are_its_own():
    def view():
        total = read()["total"]

        def change():
            nonlocal total
            total = stored("x")

        class Kept:
            total = "y"

        change()
        return Total(total=total + Kept.total)

    assert answer(view, {"json": {"total": "x"}}).status_code == 500
