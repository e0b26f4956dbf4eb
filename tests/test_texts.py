"""What a log line may hold: one line, whatever a request or an exception put into it."""

import logging
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_faultmap.errors import DomainError, NotFoundError
from flask_faultmap.texts import (
    MAX_TEXT,
    ExceptionLineFilter,
    escape,
    level_number,
    log_text,
    one_line,
    root_cause,
    text_of,
)


class SilentError(Exception):
    def __str__(self):
        raise RuntimeError("no words")


class WrongTypeError(Exception):
    def __str__(self):
        return 5


class LyingText(str):
    def fail(self, *_):
        raise RuntimeError("no words")

    __str__ = __len__ = isprintable = fail


class LyingError(Exception):
    def __str__(self):
        return LyingText("broken")


@pytest.mark.parametrize(
    "text", ["", "/boxes/b1", "a b", "größer — 大 🎉", "back\\slash", "'quoted' \"text\""]
)
def test_harmless_text_is_unchanged(text):
    assert escape(text) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a\nERROR forged", "a\\nERROR forged"),
        ("a\r\nb", "a\\r\\nb"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\u2028b\u0085c", "a\\u2028b\\x85c"),
        ("\u202etxt.exe", "\\u202etxt.exe"),
        ("\ud800", "\\ud800"),
        ("\U000e0001", "\\U000e0001"),
        ("\x00", "\\x00"),
    ],
    ids=ascii,
)
def test_what_could_forge_a_line_or_drive_a_terminal_is_escaped(text, escaped):
    assert escape(text) == escaped


@given(st.text())
def test_escaped_text_is_one_printable_line_and_loses_nothing(text):
    escaped = escape(text)

    assert escaped.isprintable()
    assert len(escaped.splitlines()) <= 1
    assert not any(unicodedata.category(character).startswith("C") for character in escaped)
    assert escape(escaped) == escaped


@pytest.mark.parametrize(
    ("length", "shown"), [(MAX_TEXT, MAX_TEXT), (MAX_TEXT + 1, MAX_TEXT + 1), (10_000_000, MAX_TEXT + 1)]
)
def test_text_that_no_line_should_hold_is_cut(length, shown):
    line = one_line("x" * length)

    assert (len(line), line.endswith("…")) == (shown, length > MAX_TEXT)


def test_text_is_cut_before_it_is_escaped():
    assert len(one_line("\n" * 10_000_000)) == 2 * MAX_TEXT + 1


@given(st.text(st.characters(exclude_characters="\\")))
def test_escaped_text_can_be_read_back(text):
    def read(escaped):
        return escaped.encode("latin-1", "backslashreplace").decode("unicode_escape")

    assert read(escape(text)) == text


@pytest.mark.parametrize(
    ("exc", "text"),
    [
        (ValueError("broken"), "broken"),
        (ValueError(), "ValueError"),
        (ValueError(""), "ValueError"),
        (SilentError("x"), "SilentError"),
        (WrongTypeError("x"), "WrongTypeError"),
        (LyingError("x"), "broken"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_text_falls_back_to_the_class_name(exc, text):
    assert text_of(exc) == text


@pytest.mark.parametrize(
    ("level", "number"),
    [
        (None, None),
        (logging.ERROR, logging.ERROR),
        (15, 15),
        (0, None),
        ("ERROR", logging.ERROR),
        ("warning", logging.WARNING),
        ("FATAL", logging.CRITICAL),
    ],
)
def test_level_is_a_number_or_its_name(level, number):
    assert level_number(level) == number


@pytest.mark.parametrize("level", ["loud", "", "NOTSET", True, False, 1.5, b"ERROR", [], {}], ids=repr)
def test_level_that_is_neither_is_refused(level):
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - its argument is the level
        level_number(level)

    assert raised.value.args == (level,)


def chained(*links):
    for link, cause in pairwise(links):
        link.__cause__ = cause
    return links[0]


def test_root_cause_is_the_last_link():
    first, last = ValueError("outer"), OSError("root")

    assert root_cause(chained(first, KeyError("middle"), last)) is last


def test_exception_without_a_cause_has_no_root_cause():
    exc = ValueError("alone")
    exc.__context__ = OSError("was there before")

    assert root_cause(exc) is None


def test_root_cause_of_a_cycle_is_its_last_new_link():
    first, second = ValueError("a"), ValueError("b")
    chained(first, second, first)

    assert root_cause(first) is second


def test_exception_that_is_its_own_cause_has_none():
    exc = ValueError("a")
    exc.__cause__ = exc

    assert root_cause(exc) is None


@pytest.mark.parametrize(
    ("error", "exc", "text"),
    [
        (NotFoundError("box gone"), KeyError("b1"), "box gone"),
        (NotFoundError(), KeyError("b1"), "'b1'"),
        (NotFoundError(), KeyError(), "KeyError"),
        (NotFoundError(), SilentError(), "SilentError"),
        (NotFoundError("two\nlines"), KeyError(), "two\\nlines"),
        (NotFoundError(), OSError("two\nlines"), "two\\nlines"),
        (NotFoundError(5), NotFoundError(5), "5"),
        (NotFoundError(), type("Two\nlines", (Exception,), {})(), "Two\\nlines"),
    ],
)
def test_text_of_a_record_is_the_message_else_the_exceptions_and_one_line(error, exc, text):
    assert log_text(error, exc) == text


def test_text_of_a_record_survives_a_message_that_fails_at_every_touch():
    assert log_text(DomainError(LyingText("broken")), ValueError("why")) == "broken"


def test_text_of_a_record_survives_an_error_without_args():
    error = DomainError()
    error.args = ()

    assert log_text(error, ValueError("why")) == "why"


def record_of(msg, *args, exc_info=True):
    info = (ValueError, ValueError("x"), None) if exc_info else None
    return logging.LogRecord("app", logging.ERROR, __file__, 1, msg, args, info)


def filtered(record, identify=lambda: "id-of-request"):
    kept = ExceptionLineFilter(identify).filter(record)
    assert kept is True
    return record.getMessage()


def test_line_of_a_harmless_path_keeps_its_text_and_gets_the_id():
    assert filtered(record_of("Exception on /boxes [GET]")) == "Exception on /boxes [GET] (id-of-request)"


def test_line_of_an_unsafe_path_is_escaped():
    line = filtered(record_of("Exception on /a\nERROR all is well [GET]"))

    assert line == "Exception on /a\\nERROR all is well [GET] (id-of-request)"


def test_line_keeps_the_percent_signs_of_a_path():
    assert filtered(record_of("Exception on /100%s [GET]")) == "Exception on /100%s [GET] (id-of-request)"


def test_id_is_appended_once_however_many_filters_a_record_meets():
    record = record_of("Exception on / [GET]")
    filtered(record)

    assert filtered(record) == "Exception on / [GET] (id-of-request)"


@pytest.mark.parametrize(
    "record",
    [
        record_of("Exception on /a [GET]", exc_info=False),
        record_of("Something else\n", exc_info=True),
        record_of(ValueError("Exception on no text")),
        record_of("Exception on %s\n", "a line of the app's own"),
    ],
    ids=["no exception", "another text", "no text", "the app's own, with arguments"],
)
def test_other_records_are_left_alone(record):
    before = record.getMessage()

    assert filtered(record) == before


def test_record_with_arguments_that_do_not_fit_is_left_to_the_handlers():
    record = record_of("Exception on %d", "no number")

    assert ExceptionLineFilter(lambda: "id-of-request").filter(record) is True
    assert record.args == ("no number",)


def test_line_outside_of_a_request_is_left_alone():
    assert filtered(record_of("Exception on / [GET]"), lambda: None) == "Exception on / [GET]"
