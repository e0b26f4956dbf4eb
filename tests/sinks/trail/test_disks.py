"""A disk that is full, small or read-only: each fault is in the journal or in the log, once, and whole."""

import errno
import fcntl
import os
from pathlib import Path

import pytest
from broken_disks import read_only, small_disk, small_files
from sqlalchemy.exc import OperationalError
from trail_app import (
    close,
    entries_of,
    fail_with,
    ids_logged,
    journal_of,
    record_line,
    ship,
    trail_app,
    trail_of,
    wait_until,
)

from flask_faultmap.sinks.trail import journal

LONG = [f"{number}-" + "x" * 1500 for number in range(100)]


def kept_by(app):
    return {entry.request_id for entry in entries_of(app)}


def damaged_lines_of(app):
    with trail_of(app) as trail:
        return trail.health().damaged


def test_full_disk_sends_faults_to_the_log_until_there_is_room_again(tmp_path, caplog):
    with small_disk(tmp_path / "disk", 64 * 1024) as grow:
        app = trail_app(tmp_path, FAULTMAP_TRAIL_FOLDER=tmp_path / "disk")
        ids = fail_with(app, *LONG)
        logged = ids_logged(caplog.records)
        grow()
        ids += fail_with(app, "afterwards")
        kept = kept_by(app)
        ship(app)
        close(app)
        ship(app)

        assert logged
        assert kept == set(ids) - logged
        assert ids[-1] in kept
        assert kept_by(app) == kept
        assert damaged_lines_of(app) == 0


def test_write_that_is_done_in_part_leaves_no_half_line(tmp_path, caplog):
    app = trail_app(tmp_path)
    with small_files(10_000):
        ids = fail_with(app, *LONG[:40])
    close(app)
    ship(app)

    assert ids_logged(caplog.records)
    assert kept_by(app) == set(ids) - ids_logged(caplog.records)
    assert damaged_lines_of(app) == 0


def test_database_on_a_full_disk_leaves_faults_in_the_journal(tmp_path):
    with small_disk(tmp_path / "disk", 96 * 1024) as grow:
        app = trail_app(tmp_path, FAULTMAP_TRAIL_URL=f"sqlite:///{tmp_path}/disk/faults.db")
        ids = fail_with(app, *LONG)
        with pytest.raises(OperationalError):
            ship(app)
        grow()

        assert kept_by(app) == set(ids)
        ship(app)
        assert kept_by(app) == set(ids)
        assert ship(app) == 0


def test_read_only_folder_is_told_at_start_and_taken_when_it_can_be_written(tmp_path, caplog):
    folder = tmp_path / "journals"
    folder.mkdir()
    with read_only(folder):
        app = trail_app(tmp_path, FAULTMAP_TRAIL_FOLDER=folder)
        (lost,) = fail_with(app, "one")
    (kept,) = fail_with(app, "two")

    assert caplog.text.count("cannot make its journal") == 1
    assert ids_logged(caplog.records) == {lost}
    assert kept_by(app) == {kept}


def test_folder_that_becomes_read_only_is_not_written_behind_the_back_of_its_owner(tmp_path, caplog):
    app = trail_app(tmp_path)
    with read_only(journal_of(app)):
        (lost,) = fail_with(app, "one")

    assert ids_logged(caplog.records) == {lost}
    assert entries_of(app) == []


def test_start_makes_no_folder_so_that_it_belongs_to_who_keeps_the_first_fault(tmp_path, caplog):
    app = trail_app(tmp_path)

    assert not (tmp_path / "instance").exists()
    assert entries_of(app) == []
    assert ship(app) == 0
    assert [record for record in caplog.records if record.levelname != "DEBUG"] == []


@pytest.mark.parametrize("folder", ["notes", "notes/deep", "a" * 300, "loop/deep", "fine"])
def test_folder_that_cannot_be_is_told_at_start(tmp_path, caplog, folder):
    (tmp_path / "notes").write_text("a note")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "fine").mkdir()
    (tmp_path / "fine" / "shop").write_text("a note in the place of the app's folder")

    trail_app(tmp_path, FAULTMAP_TRAIL_FOLDER=tmp_path / folder)

    assert caplog.text.count("cannot make its journal") == 1


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o177, 0o377, 0o777], ids=oct)
def test_odd_umask_closes_nothing_to_its_user(tmp_path, umask):
    before = os.umask(umask)
    try:
        app = trail_app(tmp_path / "shop")
        fail_with(app, "one")
        ship(app)
    finally:
        os.umask(before)

    made = {path: path.stat().st_mode & 0o777 for path in (tmp_path / "shop").rglob("*")}
    assert all(mode & 0o700 == 0o700 for path, mode in made.items() if path.is_dir())
    assert made[journal_of(app)] == 0o700
    assert {
        made[path] for path in [*journal_of(app).glob("*.log"), tmp_path / "shop/instance/faults.db"]
    } == {0o600}


@pytest.mark.parametrize("whole", [True, False], ids=["folder", "file"])
def test_journal_that_is_deleted_under_its_process_is_made_anew(tmp_path, whole, monkeypatch):
    monkeypatch.setattr(journal, "LOOK_AGAIN", 0.0)
    app = trail_app(tmp_path)
    fail_with(app, "lost")
    for path in journal_of(app).glob("*.log"):
        path.unlink()
    if whole:
        journal_of(app).rmdir()

    ids = fail_with(app, "one", "two")

    assert kept_by(app) == set(ids)


def test_folder_that_is_deleted_meanwhile_is_made_again(tmp_path):
    app = trail_app(tmp_path)
    journal_of(app).rmdir()
    waiting = entries_of(app)

    ids = fail_with(app, "one")

    assert waiting == []
    assert kept_by(app) == set(ids)


def test_journal_that_was_full_takes_faults_when_others_have_made_room(tmp_path, caplog):
    app = trail_app(tmp_path, FAULTMAP_TRAIL_LIMIT=8192)
    (first,) = fail_with(app, "one")
    other = journal_of(app) / "1000000000000-aa.log"
    other.write_bytes(record_line(text="x" * 9000))
    fail_with(app, *LONG[:8])
    other.unlink()

    wait_until(lambda: set(fail_with(app, "again")) <= kept_by(app))

    assert "faults are refused and counted" in caplog.text
    assert caplog.text.count("takes faults again") == 1
    assert first in kept_by(app)


def test_file_of_the_journal_that_cannot_be_read_stops_no_other(tmp_path, caplog):
    app = trail_app(tmp_path)
    (journal_of(app) / "1000000000000-aa.log").mkdir()
    ids = fail_with(app, "one")

    assert (ship(app), ship(app)) == (1, 0)
    assert kept_by(app) == set(ids)
    assert "1000000000000-aa.log cannot be read" in caplog.text
    with trail_of(app) as trail:
        assert any("cannot be read" in finding for finding in trail.health().findings)


def test_state_that_cannot_be_written_stops_no_shipping(tmp_path):
    app = trail_app(tmp_path)
    (journal_of(app) / "shipped.json").mkdir()
    fail_with(app, "one")

    assert ship(app) == 1


def test_disk_without_locks_sends_faults_to_the_log_and_leaves_no_file(tmp_path, monkeypatch, caplog):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    app = trail_app(tmp_path)
    monkeypatch.setattr(fcntl, "flock", refuse)

    ids = fail_with(app, "one")

    assert ids_logged(caplog.records) == set(ids)
    assert [*journal_of(app).iterdir()] == []


@pytest.mark.parametrize("quicker", ["locks it", "deletes it"])
def test_segment_that_the_shipper_takes_before_it_is_born_is_made_again(tmp_path, monkeypatch, quicker):
    app = trail_app(tmp_path)
    real, calls = fcntl.flock, []

    def be_late(file, operation):
        calls.append(file)
        if len(calls) > 1:
            return real(file, operation)
        if quicker == "locks it":
            raise BlockingIOError
        return next(Path(journal_of(app)).glob("*.new")).unlink()

    monkeypatch.setattr(fcntl, "flock", be_late)
    ids = fail_with(app, "one")

    assert kept_by(app) == set(ids)
