"""What it costs to answer a request that was refused: in proportion to its size, whatever it holds."""

import json
import time

import pytest
from flask import Flask, request
from marshmallow import Schema, ValidationError, fields
from pydantic import BaseModel, model_validator

from flask_faultmap import FaultMap

SMALL, LARGE = 500, 2_000
SLACK = 0.3  # seconds of the processor, for a busy machine


class LineIn(Schema):
    qty = fields.Integer(required=True, strict=True)


class Line(BaseModel):
    qty: int


class Order(BaseModel):
    numbers: list[int] = []
    lines: list[Line] = []


class Renaming(BaseModel):
    numbers: list[int]

    @model_validator(mode="before")
    @classmethod
    def rename(cls, data):
        return {"numbers": [word[:1] + word[1:] for word in reversed(data["words"])]}


class Query(Schema):
    limit = fields.Integer()


def read():
    return request.get_json()


def fetch(value):
    return json.loads(json.dumps(value))


def each_line(load):
    found = []
    for line in read()["lines"]:
        try:
            load(line)
        except (ValidationError, ValueError) as exc:
            found.append(exc)
    raise ExceptionGroup("lines", found)


def numbers_of_query():
    return Order(numbers=[word.upper() for word in request.args["numbers"].split(",")])


def text_lines(size):
    return {"json": {"lines": [{"qty": "x"} for _ in range(size)]}}


def empty_lines(size):
    return {"json": {"lines": [{"row": {"sku": 1}} for _ in range(size)]}}


def words(size):
    return {"json": {"words": [f"x{at}" for at in range(size)]}}


def names(size):
    return {"query_string": "&".join(f"name{at}=x" for at in range(size))}


# What the view does, what the client sends, the status.
LARGE_INPUTS = {
    "group, marshmallow": (lambda: each_line(LineIn().load), text_lines, 422),
    "group, pydantic": (lambda: each_line(Line.model_validate), text_lines, 422),
    "group, computed": (lambda: each_line(lambda line: Line(qty=line["qty"] + "y")), text_lines, 422),
    "group of the app's": (
        lambda: each_line(lambda line: Line(qty=fetch(line["qty"] + "y"))),
        text_lines,
        500,
    ),
    "lines under another name": (
        lambda: Order.model_validate({"lines": [line["row"] for line in read()["lines"]]}),
        empty_lines,
        422,
    ),
    "lines under another name, copied": (
        lambda: Order.model_validate({"lines": fetch([line["row"] for line in read()["lines"]])}),
        empty_lines,
        500,
    ),
    "lines, the last first": (
        lambda: Order.model_validate({"lines": read()["lines"][::-1]}),
        text_lines,
        422,
    ),
    "words under another name": (lambda: Order.model_validate({"numbers": read()["words"]}), words, 422),
    "words renamed by a validator, the last first": (
        lambda: Renaming.model_validate(read()),
        words,
        500,
    ),
    "words in other letters": (
        lambda: Order.model_validate({"numbers": [word.upper() for word in read()["words"]]}),
        words,
        422,
    ),
    "rows": (
        lambda: Order.model_validate({"numbers": fetch([f"row {at}" for at in range(len(read()["words"]))])}),
        words,
        500,
    ),
    "stream that the validator parses": (
        lambda: Order.model_validate_json(request.stream.read()),
        text_lines,
        422,
    ),
    "stream, each line": (
        lambda: [Order(lines=[line]) for line in json.load(request.stream)["lines"]],
        text_lines,
        422,
    ),
    "names of a query": (lambda: Query().load(request.args), names, 422),
    "words between commas": (
        numbers_of_query,
        lambda size: {"query_string": "numbers=" + ",".join(f"x{at}" for at in range(size))},
        422,
    ),
}


def seconds_of_answer(view, sent, status):
    """Measure the processor's time of a request but that of its view."""
    app = Flask("shop")
    FaultMap(app)
    spent = []

    @app.post("/")
    def timed():
        began = time.process_time()
        try:
            view()
        finally:
            spent.append(time.process_time() - began)

    client = app.test_client()
    began = time.process_time()
    response = client.post("/", **sent)
    took = time.process_time() - began - spent[0]
    assert response.status_code == status
    return took


@pytest.mark.long
@pytest.mark.parametrize(("view", "send", "status"), LARGE_INPUTS.values(), ids=LARGE_INPUTS)
def test_answer_takes_time_in_proportion_to_what_was_sent(view, send, status):
    small = min(seconds_of_answer(view, send(SMALL), status) for _ in range(2))
    large = min(seconds_of_answer(view, send(LARGE), status) for _ in range(2))

    assert large < 8 * small + SLACK, (small, large)


def test_what_is_looked_for_in_vain_many_times_takes_bounded_time():
    def view():
        rows = [{"qty": f"{line['qty']}"} for line in reversed(read()["lines"])]
        return Order.model_validate({"rows": rows, "lines": rows})

    sent = {"json": {"lines": [{"qty": f"x{at}"} for at in range(9_000)]}}

    assert seconds_of_answer(view, sent, 422) < 2
