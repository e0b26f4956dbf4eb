"""Retry-After in whole seconds, whatever it was written as."""

import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from email.utils import format_datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_faultmap.retry_after import whole_seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (0, 0),
        (30, 30),
        (1.2, 2),
        (0.0001, 1),
        (-5, 0),
        (-0.5, 0),
        (timedelta(seconds=10), 10),
        (timedelta(milliseconds=1), 1),
        (timedelta(days=-1), 0),
        ("120", 120),
        (" 7 ", 7),
        ("1.5", 2),
        ("-3", 0),
        ("0", 0),
    ],
    ids=repr,
)
def test_time_is_rounded_up_and_never_negative(value, seconds):
    assert whole_seconds(value) == seconds


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        "",
        "soon",
        "Infinity",
        "nan",
        "1e999",
        math.inf,
        -math.inf,
        math.nan,
        10**400,
        b"5",
        Decimal(5),
        [5],
        object,
        "Wed, 99 Oct 2015 07:28:00 GMT",
        "9" * 500,
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_no_time_is_none(value):
    assert whole_seconds(value) is None


@pytest.mark.parametrize(
    "write",
    [
        lambda moment: format_datetime(moment, usegmt=True),
        lambda moment: moment.strftime("%A, %d-%b-%y %H:%M:%S GMT"),
        lambda moment: moment.strftime("%a %b %d %H:%M:%S %Y"),
        lambda moment: moment,
        lambda moment: moment.replace(tzinfo=None),
        lambda moment: moment.astimezone(timezone(timedelta(hours=9))),
    ],
    ids=["IMF-fixdate", "RFC 850", "asctime", "datetime", "naive datetime is UTC", "other zone"],
)
def test_date_counts_from_now(write):
    moment = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=10)

    seconds = whole_seconds(write(moment))

    assert 590 <= seconds <= 600


@pytest.mark.parametrize("text", ["Wed, 21 Oct 2015 07:28:00 GMT", "Mon, 01 Jan 0001 00:00:00 +2359"])
def test_date_that_has_passed_is_zero(text):
    assert whole_seconds(text) == 0


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**300), 10**300))
def test_number_is_never_rounded_down(number):
    seconds = whole_seconds(number)

    assert isinstance(seconds, int)
    assert 0 <= seconds - max(0, Fraction(number)) < 1


@given(st.integers(0, 10**15))
def test_digits_are_read_as_they_stand(number):
    assert whole_seconds(str(number)) == number


@given(st.text() | st.from_regex(r"\A\w{3}, \d{1,3} \w{3} \d{1,5} \d{1,3}:\d\d:\d\d [+-]?\w{1,5}\Z"))
def test_any_text_is_a_time_or_none(text):
    seconds = whole_seconds(text)

    assert seconds is None or seconds >= 0
