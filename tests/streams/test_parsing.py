"""How a stream is read (HTML standard, section 9.2.6)."""

import pytest

from flask_faultmap.streams import Event
from flask_faultmap.streams.parsing import EventParser, ItemError, LineParser


def events_of(*chunks):
    parser = EventParser()
    return [event for chunk in chunks for event in parser.feed(chunk)]


@pytest.mark.parametrize(
    ("chunks", "events"),
    [
        ([b"data: a\n\ndata:b\n\n"], [Event("a"), Event("b")]),
        ([b"\xef\xbb\xbfdata: a\n\n"], [Event("a")]),
        ([b"data: a\r\rdata: b\r\n\r\n"], [Event("a"), Event("b")]),
        ([b"data: a\r", b"\n\r", b"\ndata: b\n\n"], [Event("a"), Event("b")]),
        ([b"data\n\n"], [Event("")]),
        ([b": note\n\ndata: a\n\n"], [Event("a")]),
        ([b"id: 7\ndata: a\n\ndata: b\n\n"], [Event("a", id="7"), Event("b", id="7")]),
        ([b"id: a\0b\ndata: a\n\n"], [Event("a")]),
        ([b"retry: 10\ndata: a\n\n"], [Event("a", retry=10)]),
        ([b"retry: -1\ndata: a\n\n"], [Event("a")]),
        ([b"event: x\n\ndata: a\n\n"], [Event("a")]),
        ([b"event: x\ndata: a\nfoo: b\n\n"], [Event("a", event="x")]),
        ([b"data: a"], []),
        ([b"data:  a\n\n"], [Event(" a")]),
    ],
    ids=[
        "two",
        "BOM",
        "CR",
        "CRLF across chunks",
        "no colon",
        "comment",
        "id stays",
        "NUL in id",
        "retry",
        "no number",
        "no data",
        "unknown field",
        "cut off",
        "one blank goes",
    ],
)
def test_event_stream_is_read_as_the_standard_says(chunks, events):
    assert events_of(*chunks) == events


def test_event_is_given_at_its_cr_and_not_at_the_next_chunk():
    assert events_of(b"data: a\r\r") == [Event("a")]


def test_line_that_is_cut_off_is_no_item():
    parser = LineParser()

    assert [*parser.feed(b'{"a":1}\n{"b"'), *parser.finish()] == [{"a": 1}]


def test_last_line_needs_no_end():
    parser = LineParser()

    assert [*parser.feed(b'\n\r\n{"a":1}'), *parser.finish()] == [{"a": 1}]


@pytest.mark.parametrize(
    "line", [b"{nope}\n", b"\xff\n", b"[" * 100_000 + b"\n"], ids=["text", "bytes", "deep"]
)
@pytest.mark.usefixtures("no_collection")
def test_line_that_is_no_json_is_told(line):
    with pytest.raises(ItemError, match="a line is no JSON"):
        list(LineParser().feed(line))


@pytest.mark.parametrize(
    ("parser", "body"),
    [
        (LineParser(limit=10), b'"' + b"a" * 10 + b'"\n'),
        (EventParser(limit=10), b"data: " + b"a" * 11),
        (EventParser(limit=10), b"data:a\ndata:b\n" * 6),
        (EventParser(limit=10), b"data\n" * 11),
    ],
    ids=["line", "line of an event", "data of an event", "lines without a text"],
)
def test_item_over_the_limit_is_told(parser, body):
    with pytest.raises(ItemError, match="longer than 10 bytes"):
        list(parser.feed(body))


@pytest.mark.parametrize("retry", [b"9" * 5000, "٣".encode(), b"-1", b"1.5", b"", b" 1"])
def test_retry_that_is_no_number_of_milliseconds_is_ignored(retry):
    assert [*EventParser().feed(b"retry:" + retry + b"x\nretry: " + retry + b"\ndata: a\n\n")] == [Event("a")]
