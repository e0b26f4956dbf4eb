"""What the trail answers, before and after shipping, on SQLite and on PostgreSQL."""

import os
from datetime import UTC, datetime, timedelta
from functools import reduce

import pytest
from sqlalchemy import create_engine, text
from trail_app import close, entries_of, fail_with, journal_of, record_line, ship, trail_app, trail_of

from flask_faultmap.errors import ConfigError
from flask_faultmap.sinks.trail import Filters, waiting
from flask_faultmap.sinks.trail.pruning import prune

BEGIN = datetime(2023, 11, 14, 22, 0, tzinfo=UTC)


@pytest.fixture
def app(tmp_path, database_url):
    return trail_app(tmp_path, FAULTMAP_TRAIL_URL=database_url)


def put(app, name, *lines):
    """Leave a segment of a process that is gone."""
    folder = journal_of(app)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.log").write_bytes(b"".join(lines))


def at(minutes):
    moment = BEGIN + timedelta(minutes=minutes)
    return int(moment.timestamp() * 1_000_000)


def codes(entries):
    return [entry.code for entry in entries]


def test_entry_reads_the_same_from_the_journal_and_from_the_database(app):
    fail_with(app, "one", "two", "three")

    waiting = entries_of(app)
    ship(app)

    assert entries_of(app) == waiting
    assert [entry.text for entry in waiting] == ["three", "two", "one"]


def test_fault_that_was_shipped_and_still_lies_in_the_journal_is_there_once(app):
    ids = fail_with(app, "one")
    ship(app)
    ids += fail_with(app, "two")

    found = entries_of(app)

    assert [entry.request_id for entry in found] == ids[::-1]


def test_what_the_shipper_has_told_of_is_not_read_again(app):
    fail_with(app, "one")
    ship(app)
    (path,) = journal_of(app).glob("*.log")
    with path.open("r+b") as file:
        file.write(b"-" * (path.stat().st_size - 1))  # as it would be if it were read

    fail_with(app, "two")

    assert [entry.text for entry in entries_of(app)] == ["two", "one"]


def test_only_what_a_list_shows_of_the_waiting_is_redacted(app, monkeypatch):
    put(
        app,
        "1000000000000-aa",
        *(record_line(time=at(minute), text=f"text {minute}") for minute in range(60)),
    )
    redacted = []
    monkeypatch.setattr(waiting, "redact", lambda text, most: redacted.append(text) or text)

    with trail_of(app) as trail:
        reader = trail.reader()
        reader.groups()
        reader.histogram(BEGIN, BEGIN + timedelta(hours=2))
        counted = [*redacted]
        first = reader.page(limit=10)
        second = reader.page(limit=10, before=first.next)

    assert counted == []
    assert redacted == [f"text {minute}" for minute in range(59, 39, -1)]
    assert [entry.text for entry in (*first.entries, *second.entries)] == redacted


def test_questions_of_one_page_are_answered_from_one_reading_of_the_journal(app):
    fail_with(app, "one")
    with trail_of(app) as trail:
        page, later = trail.reader().at_once(), trail.reader()
        entries = page.page().entries

        fail_with(app, "two")

        now = datetime.now(UTC)
        span = (now - timedelta(hours=1), now + timedelta(hours=1))
        assert [entry.text for entry in entries] == ["one"]
        assert sum(page.histogram(*span).buckets[0].counts.values()) <= 1
        assert [sum(group.count for group in each.groups()) for each in (page, later)] == [1, 2]


def test_line_that_is_damaged_is_left_out_of_a_list(app):
    line = record_line()
    put(app, "1000000000000-aa", line, b"0" * 8 + line[8:], line)

    assert len(entries_of(app)) == 2


def test_reader_that_was_forked_leaves_the_connections_to_its_parent(tmp_path, postgres_url, monkeypatch):
    app = trail_app(tmp_path, FAULTMAP_TRAIL_URL=postgres_url)
    fail_with(app, "one")
    ship(app)
    with trail_of(app) as trail:
        reader = trail.reader()
        before, pool = reader.page(), reader._engine.pool
        monkeypatch.setattr(os, "getpid", lambda: 1)  # what a real child does: test_connections

        assert reader.page() == before
        assert reader._engine.pool is not pool
        assert pool.checkedin() == 1
        pool.dispose()


@pytest.mark.parametrize(
    "change",
    [{"text": 5}, {"stack": [["it", {}, []], ["it", 5, []]]}, {"stack": [["it", "", 5]]}, {"stack": [5]}],
)
def test_record_whose_texts_are_none_is_damaged(app, change):
    put(app, "1000000000000-aa", record_line(), record_line(**change))

    assert len(entries_of(app)) == 1
    assert ship(app) == 1


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("depth", [100, 300, 480, 700, 900])
def test_context_that_is_too_deep_to_be_redacted_keeps_no_fault_from_the_database(app, depth):
    deep = {"tags": reduce(lambda inner, _: [inner], range(depth), [])}
    put(app, "1000000000000-aa", record_line(context=deep, told={"text": "no", "details": deep}))

    (before,) = entries_of(app)
    ship(app)

    assert entries_of(app) == [before]
    assert before.context in (deep, waiting.TOO_DEEP)


def test_pages_follow_each_other_across_journal_and_database(app):
    put(app, "1000000000000-aa", *(record_line(code=f"a{n}", time=at(n)) for n in range(5)))
    ship(app)
    put(app, "1000000000001-bb", *(record_line(code=f"b{n}", time=at(n)) for n in range(5)))

    with trail_of(app) as trail:
        reader, before, seen = trail.reader(), None, []
        for _ in range(4):
            page = reader.page(limit=3, before=before)
            seen, before = [*seen, *codes(page.entries)], page.next

    assert seen == ["b4", "a4", "b3", "a3", "b2", "a2", "b1", "a1", "b0", "a0"]
    assert before is None


@pytest.mark.parametrize("shipped", [True, False])
def test_pages_follow_each_other_over_the_year_1970(app, shipped):
    put(app, "1000000000000-aa", *(record_line(code=f"a{n}", time=n - 2) for n in range(4)))
    if shipped:
        ship(app)

    with trail_of(app) as trail:
        pages = [trail.reader().page(limit=1)]
        while pages[-1].next is not None:
            pages.append(trail.reader().page(limit=1, before=pages[-1].next))

    assert [codes(page.entries) for page in pages] == [["a3"], ["a2"], ["a1"], ["a0"]]


@pytest.mark.parametrize(
    "wanted",
    [
        {"code": "wanted"},
        {"status": 401},
        {"request_id": "wanted"},
        {"route": "/wanted"},
        {"blame": "client"},
        {"fingerprint": "wanted"},
        {"user_id": "ann"},
        {"since": BEGIN + timedelta(minutes=1)},
        {"until": BEGIN},
    ],
    ids=lambda wanted: next(iter(wanted)),
)
def test_filter_says_the_same_of_the_journal_and_of_the_database(app, wanted):
    change = {"since": {"time": at(2)}, "until": {"time": at(-2)}}
    names = {"request_id": "id", "user_id": "user"}
    (name, value) = next(iter(wanted.items()))
    odd = record_line(exception="it", **change.get(name, {names.get(name, name): value}))
    put(app, "1000000000000-aa", record_line(time=at(0)), odd, record_line(time=at(0)))

    waiting = entries_of(app, **wanted)
    ship(app)

    assert [entry.exception for entry in waiting] == ["it"]
    assert entries_of(app, **wanted) == waiting


def test_one_fault_is_found_by_its_key_and_by_its_request(app):
    (wanted, _) = fail_with(app, "one", "two")
    waiting = entries_of(app)[1]

    with trail_of(app) as trail:
        reader = trail.reader()
        before = reader.get(waiting.key), reader.find(wanted), reader.find_in_journal(wanted)
        trail.ship()
        after = reader.get(waiting.key), reader.find(wanted), reader.find_in_journal(wanted)

    assert before == after == (waiting, [waiting], [waiting])


@pytest.mark.parametrize("key", ["", "nonsense", "a.b", "1000000000000-aa.7", "1000000000000-aa.-1", "a.²"])
def test_key_of_nothing_finds_nothing(app, key):
    fail_with(app, "one")
    ship(app)

    with trail_of(app) as trail:
        assert trail.reader().get(key) is None


def test_groups_count_what_was_shipped_and_what_waits(app):
    put(app, "1000000000000-aa", *(record_line(time=at(n)) for n in (2, 1, 3)))
    ship(app)
    put(app, "1000000000001-bb", record_line(time=at(9)), record_line(time=at(5), fingerprint="other"))

    with trail_of(app) as trail:
        waiting = trail.reader().groups()
        one = trail.reader().group("0123456789abcdef0123")
        trail.ship()
        shipped = trail.reader().groups()
        recent = trail.reader().groups(since=BEGIN + timedelta(minutes=6))
        none = trail.reader().group("nothing")

    assert waiting == shipped
    assert [(group.count, group.first, group.last) for group in shipped] == [
        (4, BEGIN + timedelta(minutes=1), BEGIN + timedelta(minutes=9)),
        (1, BEGIN + timedelta(minutes=5), BEGIN + timedelta(minutes=5)),
    ]
    assert recent == [one] == shipped[:1]
    assert none is None


def test_histogram_counts_by_time_and_code_and_shows_empty_stretches(app):
    put(app, "1000000000000-aa", *(record_line(time=at(n), code="a") for n in (0, 1, 61)))
    ship(app)
    put(app, "1000000000001-bb", record_line(time=at(0), code="b"), record_line(time=at(500), code="b"))

    with trail_of(app) as trail:
        picture = trail.reader().histogram(BEGIN, BEGIN + timedelta(hours=2))

    assert picture.width == timedelta(minutes=5)
    assert picture.codes == ("a", "b")
    assert len(picture.buckets) == 24
    assert [dict(bucket.counts) for bucket in picture.buckets if bucket.counts] == [
        {"a": 2, "b": 1},
        {"a": 1},
    ]
    assert picture.buckets[12].start == BEGIN + timedelta(hours=1)


def test_histogram_of_a_filter_counts_only_that(app):
    put(app, "1000000000000-aa", record_line(time=at(0), code="a"), record_line(time=at(0), code="b"))

    with trail_of(app) as trail:
        picture = trail.reader().histogram(BEGIN, BEGIN + timedelta(days=7), Filters(code="a"))

    assert picture.codes == ("a",)
    assert len(picture.buckets) <= 60


@pytest.mark.parametrize("length", [timedelta(0), timedelta(-1), timedelta(days=7, seconds=1)])
def test_histogram_of_no_time_or_too_much_is_refused(app, length):
    with trail_of(app) as trail, pytest.raises(ValueError, match="at most 7 days"):
        trail.reader().histogram(BEGIN, BEGIN + length)


@pytest.mark.parametrize("cursor", ["", "1", "1.2", "x.seg.1", "1.seg.x", "1..1", "9" * 40 + ".a.1"])
def test_place_that_is_none_is_refused(app, cursor):
    with trail_of(app) as trail, pytest.raises(ValueError, match="no place in the trail"):
        trail.reader().page(before=cursor)


def test_damaged_line_that_waits_hides_no_other(app):
    ids = fail_with(app, "one", "two")
    (path,) = journal_of(app).glob("*.log")
    data = path.read_bytes()
    path.write_bytes(data.replace(b"one", b"won", 1))

    assert [entry.request_id for entry in entries_of(app)] == ids[1:]


def test_reader_in_another_process_makes_connections_of_its_own(tmp_path, monkeypatch):
    app = trail_app(tmp_path)
    (identity,) = fail_with(app, "one")
    ship(app)
    with trail_of(app) as trail:
        reader = trail.reader()
        reader.page()
        monkeypatch.setattr(os, "getpid", lambda: -1)

        assert [entry.request_id for entry in reader.page().entries] == [identity]
        assert reader.page().entries


def test_pruned_faults_are_gone_for_good_and_groups_stay(app):
    ids = fail_with(app, "one", "two")
    ship(app)

    with trail_of(app) as trail:
        settings = app.extensions["faultmap.trail"].settings
        pruned = prune(settings, "shop", older_than=datetime.now(UTC) + timedelta(minutes=1))
        trail.ship()
        close(app)
        trail.ship()

        assert pruned == 2
        assert trail.reader().page().entries == ()
        assert trail.reader().find(ids[0]) == []
        assert [group.count for group in trail.reader().groups()] == [2]


def test_pruning_of_one_user_leaves_the_others(app):
    put(app, "1000000000000-aa", *(record_line(user=user) for user in ("ann", "bob", "ann", None)))
    ship(app)

    told = []
    pruned = prune(app.extensions["faultmap.trail"].settings, "shop", user_id="ann", progress=told.append)

    assert pruned == sum(told) == 2
    assert [entry.user_id for entry in entries_of(app)] == [None, "bob"]


def test_pruning_of_everything_has_to_be_said(app):
    with pytest.raises(ValueError, match="older_than"):
        prune(app.extensions["faultmap.trail"].settings, "shop")


def test_database_that_nobody_has_shipped_to_is_empty(app):
    settings = app.extensions["faultmap.trail"].settings

    assert entries_of(app) == []
    assert prune(settings, "shop", user_id="ann") == 0
    assert entries_of(app) == []
    with trail_of(app) as trail:
        assert trail.reader().groups() == []
        assert trail.reader().histogram(BEGIN, BEGIN + timedelta(days=1)).codes == ()


def test_schema_of_another_version_is_refused_in_words_by_whoever_meets_it(app):
    fail_with(app, "one")
    ship(app)
    settings = app.extensions["faultmap.trail"].settings
    engine = create_engine(settings.url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE faultmap_meta SET value = '99'"))
    engine.dispose()

    for ask in (ship, entries_of, lambda app: prune(settings, "shop", user_id="x")):
        with pytest.raises(ConfigError, match=r"schema version 99; this version of flask-faultmap writes 1"):
            ask(app)


def test_app_sees_nothing_of_another_app_in_the_same_database(tmp_path, app, database_url):
    other = trail_app(tmp_path, name="bank", FAULTMAP_TRAIL_URL=database_url)
    fail_with(app, "one")
    fail_with(other, "two")
    ship(app)
    ship(other)

    assert [entry.text for entry in entries_of(app)] == ["one"]
    assert [entry.text for entry in entries_of(other)] == ["two"]
    with trail_of(other) as trail:
        assert [group.app for group in trail.reader().groups()] == ["bank"]
