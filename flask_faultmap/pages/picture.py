"""How do faults look over time? Stacked bars by code, in units of a drawing that a template writes."""

from collections import Counter
from dataclasses import dataclass

from flask_faultmap.sinks.trail.entries import Histogram

WIDTH, HEIGHT = 600.0, 100.0
MOST_CODES = 6
OTHERS = "others"
GAP = 0.15  # of a bar's place


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One piece of a bar; *series* is the number of its code."""

    x: float
    y: float
    width: float
    height: float
    series: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is drawn, and the numbers behind it: for each time the count of each code.

    Args:
        codes: the most frequent first; behind these, "others" if there are more.
        totals: the number of faults of each of *codes*.
        table: the numbers of each time that has faults, newest first.
        peak: the most faults in one bar.
    """

    histogram: Histogram
    codes: tuple[str, ...]
    totals: tuple[int, ...]
    bars: tuple[Bar, ...]
    table: tuple[tuple[str, str, tuple[int, ...]], ...]
    peak: int
    count: int


def draw(histogram: Histogram) -> Picture:
    """Draw *histogram*; rare codes become one series."""
    has_more = len(histogram.codes) > MOST_CODES + 1
    named = histogram.codes[:MOST_CODES] if has_more else histogram.codes
    codes = (*named, OTHERS) if has_more else named
    columns = [_count(bucket.counts, named, has_more) for bucket in histogram.buckets]
    peak = max((sum(column) for column in columns), default=0)
    step = WIDTH / max(len(columns), 1)
    bars, table = [], []
    for place, (bucket, column) in enumerate(zip(histogram.buckets, columns, strict=True)):
        top = HEIGHT
        for series, count in enumerate(column):
            if count:
                height = count / peak * HEIGHT
                top -= height
                bars.append(
                    Bar(
                        x=round(place * step, 2),
                        y=round(top, 2),
                        width=round(step * (1 - GAP), 2),
                        height=round(height, 2),
                        series=series,
                    )
                )
        if any(column):
            end = bucket.start + histogram.width
            table.append((bucket.start.isoformat(), end.isoformat(), column))
    totals = tuple(sum(numbers) for numbers in zip(*columns, strict=True)) if columns else ()
    return Picture(
        histogram=histogram,
        codes=codes,
        totals=totals,
        bars=tuple(bars),
        table=tuple(reversed(table)),
        peak=peak,
        count=sum(totals),
    )


def _count(counts: object, named: tuple[str, ...], has_more: bool) -> tuple[int, ...]:
    known = Counter(counts)  # type: ignore[call-overload]
    numbers = [known[code] for code in named]
    return (*numbers, known.total() - sum(numbers)) if has_more else tuple(numbers)
