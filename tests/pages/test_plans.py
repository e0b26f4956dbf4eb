"""Every list and picture that the console offers is found by an index, on SQLite and on PostgreSQL."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain, combinations
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event

from benchmarks.pages import (
    CONSTANT,
    SPAN,
    fill_journal,
    micros,
    postgresql,
    request_id_of,
    segment_of,
    sqlite,
)
from flask_faultmap.pages.questions import read_question
from flask_faultmap.sinks.trail.reading import TrailReader
from flask_faultmap.sinks.trail.settings import TrailSettings

pytestmark = pytest.mark.long

ROWS = 60_000
GIVEN = {
    "id": request_id_of(ROWS // 2),
    "code": "code_3",
    "group": f"{30:020x}",
    "user": "user-7",
    "status": "503",
    "route": CONSTANT["route"],
    "blame": "client",
}
COMBINATIONS = [*chain.from_iterable(combinations(GIVEN, count) for count in range(len(GIVEN) + 1))]
TIMES = [{}, {"window": "1h"}, {"window": "7d"}, {"window": "all"}, {"since": "2020-01-01"}]
DEEP = f"{micros(datetime.now(UTC) - SPAN / 2)}.{segment_of(ROWS // 2)}.0"


@pytest.fixture(scope="module", params=[sqlite, postgresql], ids=lambda kind: kind.__name__)
def settings(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trail")
    with request.param(folder, ROWS) as url:
        fill_journal(folder / "journal")
        yield TrailSettings(url=url, folder=folder / "journal")


@contextmanager
def statements():
    """Collect what is asked of tables of faults and groups."""
    asked = []

    def note(connection, cursor, statement, parameters, context, executemany):
        if "FROM faultmap_fault" in statement or "FROM faultmap_group" in statement:
            asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def walks_of(settings, asked):
    """Give the plans that walk through a table of faults without an index."""
    engine = create_engine(settings.url)
    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    walks = []
    with engine.connect() as connection:
        for statement, parameters in asked:
            rows = connection.exec_driver_sql(f"{explain} {statement}", parameters)
            plan = "\n".join(str(row[-1]) for row in rows)
            if (
                "Seq Scan on faultmap_fault" in plan
                or "SCAN faultmap_fault" in plan
                or "INDEX" not in plan.upper()
            ):
                walks.append((plan, statement, parameters))
    engine.dispose()
    return walks


@pytest.mark.parametrize("times", TIMES, ids=str)
@pytest.mark.parametrize("before", [None, DEEP], ids=["first page", "later page"])
def test_page_of_any_filters_is_found_by_an_index(settings, before, times):
    reader = TrailReader(settings, "shop")

    with statements() as asked:
        for names in COMBINATIONS:
            given = {**{name: GIVEN[name] for name in names}, **times}
            reader.page(read_question(given, datetime.now(UTC)).filters, before=before)

    assert len(asked) == len(COMBINATIONS)
    assert walks_of(settings, asked) == []


def test_picture_of_any_filters_is_found_by_an_index(settings):
    reader, now = TrailReader(settings, "shop"), datetime.now(UTC)

    with statements() as asked:
        for names in COMBINATIONS:
            filters = read_question({name: GIVEN[name] for name in names}, now).filters
            reader.histogram(now - timedelta(days=1), now, filters)

    assert len(asked) == len(COMBINATIONS)
    assert walks_of(settings, asked) == []


def test_groups_one_fault_and_one_group_are_found_by_an_index(settings):
    reader = TrailReader(settings, "shop")

    with statements() as asked:
        reader.groups()
        reader.get(f"{segment_of(ROWS // 2)}.0")
        reader.group(GIVEN["group"])

    assert len(asked) >= 3
    faults = [each for each in asked if "FROM faultmap_fault" in each[0]]
    assert walks_of(settings, faults) == []


def test_trail_is_filled_as_the_figures_say(settings):
    reader, now = TrailReader(settings, "shop"), datetime.now(UTC)

    picture = reader.histogram(now - timedelta(days=1), now)

    counted = sum(sum(bucket.counts.values()) for bucket in picture.buckets)
    assert counted == pytest.approx(ROWS / 30, rel=0.01)
    assert Path(settings.folder).is_dir()
