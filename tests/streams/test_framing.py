"""How a stream is written (HTML standard, section 9.2)."""

import json
from datetime import date
from enum import Enum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_faultmap import ConfigError
from flask_faultmap.streams import NDJSON, SSE, Event, Framing
from flask_faultmap.streams.framing import find_framing
from flask_faultmap.streams.parsing import EventParser, LineParser

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
).filter(lambda value: value is not None)


class Colour(Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("item", "line"),
    [
        ({"a": 1}, b'{"a":1}\n'),
        ("two\nlines", b'"two\\nlines"\n'),
        ("é", '"é"\n'.encode()),
        (None, b"null\n"),
        ({"on": date(2026, 1, 2)}, b'{"on":"2026-01-02"}\n'),
        ([UUID(int=1), Colour.RED], b'["00000000-0000-0000-0000-000000000001","red"]\n'),
        ("\ud800", '"�"\n'.encode()),
    ],
    ids=["object", "text", "not ASCII", "null", "date", "UUID and enum", "lone surrogate"],
)
def test_item_of_ndjson_is_one_line_of_json(item, line):
    assert NDJSON.frame(item) == line


@pytest.mark.parametrize("item", [object(), float("nan"), {"a": object()}], ids=["object", "NaN", "inside"])
@pytest.mark.parametrize("framing", [NDJSON, SSE], ids=lambda framing: framing.name)
def test_item_that_is_no_json_is_refused(framing, item):
    with pytest.raises((TypeError, ValueError), match=r"JSON|Out of range"):
        framing.frame(item)


@pytest.mark.parametrize(
    ("item", "frame"),
    [
        ("plain", b"data: plain\n\n"),
        ("a\nb\r\nc\rd", b"data: a\ndata: b\ndata: c\ndata: d\n\n"),
        ("a\u2028b\x85c", "data: a\u2028b\x85c\n\n".encode()),
        ("", b"data: \n\n"),
        ({"a": "b\nc"}, b'data: {"a":"b\\nc"}\n\n'),
        (Event("x", event="tick", id="7", retry=50), b"event: tick\nid: 7\nretry: 50\ndata: x\n\n"),
        (Event({"n": 1}), b'data: {"n":1}\n\n'),
        (Event(comment="wait\nhere"), b": wait\n: here\n\n"),
        (Event(event="ping"), b"event: ping\ndata: \n\n"),
    ],
    ids=[
        "text",
        "lines",
        "no line ends",
        "empty",
        "object",
        "fields",
        "object in event",
        "comment",
        "no data",
    ],
)
def test_item_of_an_event_stream(item, frame):
    assert SSE.frame(item) == frame


@pytest.mark.parametrize(
    "event", [Event(1, event="a\nb"), Event(1, id="a\rb"), Event(1, id="a\0b")], ids=["event", "id", "NUL"]
)
def test_field_of_an_event_that_is_no_line_is_refused(event):
    with pytest.raises(ValueError, match="must be one line"):
        SSE.frame(event)


@pytest.mark.parametrize(
    ("framing", "body", "frame"),
    [
        (NDJSON, b'{"status":409,"code":"x"}', b'{"error":{"status":409,"code":"x"},"status":409}\n'),
        (NDJSON, b'{"error":{"code":"x"}}', b'{"error":{"code":"x"},"status":409}\n'),
        (NDJSON, b'{"error":"text"}', b'{"error":"text","status":409}\n'),
        (SSE, b'{"code":"x"}', b'event: error\ndata: {"code":"x"}\n\n'),
        (SSE, b'{\n"code":"x"}', b'event: error\ndata: {\ndata: "code":"x"}\n\n'),
    ],
    ids=["problem", "nested already", "text", "event", "body of two lines"],
)
def test_error_frame(framing, body, frame):
    assert framing.error(body, 409) == frame


@given(JSON, st.lists(st.integers(1, 5), max_size=40))
def test_ndjson_is_read_back_whatever_the_chunks(item, cuts):
    assert read(LineParser(), NDJSON.frame(item) + NDJSON.end, cuts) == [item, {"done": True}]


@given(st.text(), st.lists(st.integers(1, 5), max_size=40))
def test_text_of_an_event_is_read_back_whatever_the_chunks(text, cuts):
    data = read(EventParser(), SSE.frame(text) + SSE.end, cuts)[0].data

    assert data == text.replace("\r\n", "\n").replace("\r", "\n")


@given(JSON.filter(lambda value: not isinstance(value, str)))
def test_json_of_an_event_is_read_back(item):
    (event,) = read(EventParser(), SSE.frame(Event(item, event="e", id="1")), [])

    assert (event.json(), event.event, event.id) == (json.loads(event.data), "e", "1")


def read(parser, body, cuts):
    items, at = [], 0
    for cut in cuts:
        items += parser.feed(body[at : at + cut])
        at += cut
    return [*items, *parser.feed(body[at:]), *parser.finish()]


@pytest.mark.parametrize(
    ("framing", "told"),
    [
        ("ndjsn", "The framing is 'ndjsn'; allowed: 'ndjson', 'sse', or a Framing. Did you mean 'ndjson'?"),
        (7, "The framing is 7; it must be 'ndjson', 'sse' or a Framing"),
    ],
)
def test_unknown_framing_is_refused(framing, told):
    with pytest.raises(ConfigError) as raised:
        find_framing(framing)

    assert str(raised.value) == told


@pytest.mark.parametrize(
    ("part", "value"),
    [("name", ""), ("media_type", None), ("frame", "x"), ("error", None), ("end", 7)],
)
def test_framing_that_cannot_work_is_refused(part, value):
    good = {"name": "own", "media_type": "text/plain", "frame": repr, "error": repr, "end": None}

    with pytest.raises(ConfigError, match=part):
        Framing(**{**good, part: value})


def test_end_mark_may_be_another_one_or_none():
    assert find_framing("sse", "data: [DONE]\n\n").end == b"data: [DONE]\n\n"
    assert find_framing(SSE, None).end is None
    assert find_framing("ndjson").end == b'{"done":true}\n'
