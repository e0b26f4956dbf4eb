"""What is read of a journal's folder, whatever has become of its files."""

import fcntl
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trail_app import entries_of, fail_with, journal_of, record_line, ship, trail_app, trail_of

from flask_faultmap.sinks.trail.segments import erase_lines, lock_left_behind, read_chunk, segments_of

LINES = [record_line(id=f"request-{number}") for number in range(5)]
WHOLE = b"".join(LINES)
NAME = "1000000000000-aa.log"


def with_checksum(body):
    return b"%08x %b\n" % (crc32(body), body)


def read(data, *, ended=True, most=500):
    with TemporaryDirectory() as name:
        path = Path(name) / NAME
        path.write_bytes(data)
        return read_chunk(path, 0, most, ended=ended)


def ids_of(chunk):
    return [entry.request_id for entry in chunk.entries]


@given(start=st.integers(0, len(WHOLE) - 1), length=st.integers(1, 400), instead=st.binary(max_size=400))
def test_damage_hurts_only_the_lines_that_it_touches(start, length, instead):
    end = min(start + length, len(WHOLE))
    data = WHOLE[:start] + instead + WHOLE[end:]
    starts = [sum(map(len, LINES[:number])) for number in range(5)]
    untouched = {
        f"request-{number}"
        for number, (begin, line) in enumerate(zip(starts, LINES, strict=True))
        # A line feed that is gone joins a line to the one before it.
        if begin + len(line) <= start or begin > end
    }

    found = ids_of(read(data))

    assert untouched <= set(found)
    assert found == sorted({*found})
    assert set(found) <= {f"request-{number}" for number in range(5)}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"7",
        b"null",
        b"{}",
        b"\xff",
        b"[" * 50_000,
        b'{"time": 1}',
        LINES[0][9:-1].replace(b'"status":503', b'"status":1e99'),
        LINES[0][9:-1].replace(b'"status":503', b'"status":99999999999999999999'),
        LINES[0][9:-1].replace(b'"time":17', b'"time":17000000000000000000'),
        LINES[0][9:-1].replace(b'"status":503', b'"status":NaN'),
        LINES[0][9:-1].replace(b'"stack":[[', b'"stack":[7,['),
    ],
    ids=range(13),
)
@pytest.mark.usefixtures("no_collection")
def test_line_that_says_something_else_is_damaged_though_its_checksum_is_right(body):
    chunk = read(with_checksum(body) + LINES[1])

    assert ids_of(chunk) == ["request-1"]
    assert chunk.damaged == 1


def test_lists_and_secrets_in_what_was_told_are_taken():
    told = {"text": "no", "details": {"tags": ["a\0", "b"]}}
    context = {"password": "hunter2", "list": ["x", {"token": "abc"}]}

    (entry,) = read(record_line(told=told, context=context)).entries

    assert entry.told == {"text": "no", "details": {"tags": ["a\ufffd", "b"]}}
    assert entry.context == {"password": "[redacted]", "list": ["x", {"token": "[redacted]"}]}


def test_line_without_end_that_is_too_long_is_left_behind():
    chunk = read(b"x" * 300_000, most=1)

    assert (chunk.entries, chunk.damaged, chunk.end > 0) == ((), 1, True)


def test_journal_with_a_stretch_of_nothing_is_read_behind_it(tmp_path):
    app = trail_app(tmp_path)
    (journal_of(app) / NAME).write_bytes(LINES[0] + b"\0" * 500_000 + b"\n" + LINES[1])

    assert ship(app) == 2
    assert segments_of(journal_of(app)) == []


def test_folder_that_is_not_there_has_no_segments(tmp_path):
    assert segments_of(tmp_path / "nothing") == []


def test_file_that_is_gone_cannot_be_locked(tmp_path):
    assert lock_left_behind(tmp_path / "gone.log") is None


def test_file_that_is_gone_counts_for_nothing(tmp_path):
    app = trail_app(tmp_path)
    (journal_of(app) / NAME).symlink_to(tmp_path / "gone.log")
    fail_with(app, "one")

    with trail_of(app) as trail:
        assert trail.ship() == 1
        assert trail.health().is_well


def test_segment_that_its_process_did_not_live_to_use_is_deleted(tmp_path):
    app = trail_app(tmp_path)
    (journal_of(app) / "1000000000000-aa.new").write_bytes(b"")
    with (journal_of(app) / "1000000000001-bb.new").open("wb") as born_now:
        fcntl.flock(born_now, fcntl.LOCK_EX)

        ship(app)

    assert [path.name for path in journal_of(app).glob("*.new")] == ["1000000000001-bb.new"]
    assert entries_of(app) == []


def test_erased_lines_leave_the_others_where_they_are(tmp_path):
    path = tmp_path / NAME
    path.write_bytes(WHOLE + b"damaged\n")

    erase_lines(path, len(WHOLE) + 8, lambda record: record["id"] == "request-2")

    chunk = read_chunk(path, 0, 500, ended=True)
    assert ids_of(chunk) == ["request-0", "request-1", "request-3", "request-4"]
    assert path.stat().st_size == len(WHOLE) + 8
