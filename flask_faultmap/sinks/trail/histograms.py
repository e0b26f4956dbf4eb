"""How many faults were there at which time? Buckets of a width that fits, empty ones too."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from flask_faultmap.sinks.trail.entries import Bucket, Filters, Histogram, from_micros, to_micros

LONGEST = timedelta(days=7)
WIDTHS = [timedelta(seconds=each) for each in (60, 300, 900, 3600, 10_800)]
MOST_BUCKETS = 60


def find_width(since: datetime, until: datetime) -> timedelta:
    """Choose how wide a bucket is.

    Raises:
        ValueError: it is more than 7 days, or none.
    """
    if not timedelta(0) < until - since <= LONGEST:
        raise ValueError("a picture over time shows at most 7 days, and must end after it begins")
    return next((each for each in WIDTHS if (until - since) / each <= MOST_BUCKETS), WIDTHS[-1])


def in_micros(width: timedelta) -> int:
    """Give *width* in the unit of the database's times."""
    return width // timedelta(microseconds=1)


def narrow(filters: Filters, since: datetime, until: datetime) -> Filters:
    """Leave of what *filters* want that from *since* to *until*."""
    return replace(
        filters,
        since=since if filters.since is None else max(since, filters.since),
        until=until if filters.until is None else min(until, filters.until),
    )


def draw(since: datetime, until: datetime, width: timedelta, counts: Counter[tuple[int, str]]) -> Histogram:
    """Give every bucket of the time; *counts* are by the number of the bucket since 1970, and code."""
    step = in_micros(width)
    totals: Counter[str] = Counter()
    by_bucket: dict[int, dict[str, int]] = {}
    for (at, code), count in sorted(counts.items()):
        totals[code] += count
        by_bucket.setdefault(at, {})[code] = count
    places = range(to_micros(since) // step, (to_micros(until) - 1) // step + 1)
    return Histogram(
        since=since.astimezone(UTC),
        until=until.astimezone(UTC),
        width=width,
        codes=tuple(code for code, _ in sorted(totals.items(), key=lambda each: (-each[1], each[0]))),
        buckets=tuple(Bucket(start=from_micros(at * step), counts=by_bucket.get(at, {})) for at in places),
    )
