"""When a retry makes sense, in whole seconds (RFC 9110, section 10.2.3)."""

import math
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


def whole_seconds(value: object) -> int | None:
    """Round *value* up to whole seconds from now, never negative; None if it is no time.

    Takes a number of seconds, a :class:`~datetime.timedelta`, a :class:`~datetime.datetime`, or the text of
    a ``Retry-After`` header in either of its forms.
    """
    try:
        seconds = _seconds(value)
        return max(0, math.ceil(seconds)) if math.isfinite(seconds) else None
    except (TypeError, ValueError, OverflowError):
        return None


def _seconds(value: object) -> float:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return (aware - datetime.now(UTC)).total_seconds()
    if isinstance(value, str):
        return _seconds_of_text(value.strip())
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise TypeError(value)


def _seconds_of_text(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return _seconds(parsedate_to_datetime(text))
