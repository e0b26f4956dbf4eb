"""Every answered fault has its row, and none has two: whoever dies, and whatever becomes of the database."""

import os
import re
import subprocess
import sys
import time

import pytest
from postgres import postgres_server
from trail_app import (
    add_failure,
    audited,
    close,
    entries_of,
    fail_with,
    journal_of,
    record_line,
    ship,
    trail_app,
    trail_of,
)
from trail_proof import measure_without, prove

from flask_faultmap.errors import UnavailableError
from flask_faultmap.sinks.trail import AuditTrail


@pytest.mark.long
def test_workers_that_are_killed_lose_nothing(tmp_path):
    counts = prove(tmp_path, 6, None, measure_without(3))

    assert counts.is_good, str(counts)
    assert counts.mischief.shippers_killed > 0


@pytest.mark.long
def test_server_that_is_stopped_hard_and_hung_loses_nothing(tmp_path, server):
    counts = prove(tmp_path, 10, server, measure_without(3))

    assert counts.is_good, str(counts)
    assert counts.answered_while_hung > 0


@pytest.fixture
def server():
    """Give a server of this test's own: it is stopped and hung."""
    with postgres_server() as found:
        yield found


def test_damaged_line_and_torn_tail_hurt_no_other_line_and_are_told(tmp_path, caplog):
    app = trail_app(tmp_path)
    folder = journal_of(app)
    folder.mkdir(parents=True, exist_ok=True)
    torn = record_line(id="torn")[:-20]
    lines = [record_line(id="a"), b"00000000 {}\n", b"\n", record_line(id="b"), torn]
    (folder / "1000000000000-aa.log").write_bytes(b"".join(lines))

    assert ship(app) == 2
    assert {entry.request_id for entry in entries_of(app)} == {"a", "b"}
    assert [*folder.glob("*.log")] == []
    assert re.findall("cannot be read and are left out: ([0-9])", caplog.text) == ["2", "1"]


def test_torn_tail_of_a_living_process_waits(tmp_path):
    app = trail_app(tmp_path)
    fail_with(app, "one")
    (segment,) = journal_of(app).glob("*.log")
    line = record_line(id="whole")
    with segment.open("ab") as file:
        file.write(line[:50])
        file.flush()
        first = ship(app)
        file.write(line[50:])

    assert (first, ship(app)) == (1, 1)


def test_full_journal_refuses_the_newest_and_counts_them(tmp_path, caplog):
    app = trail_app(tmp_path, FAULTMAP_TRAIL_LIMIT=4096)
    ids = fail_with(app, *map(str, range(20)))

    close(app)
    kept = ship(app)

    with app.app_context():
        assert AuditTrail().health().refused == 20 - kept
    assert {entry.request_id for entry in entries_of(app)} == set(ids[:kept])
    assert sum("is full" in record.message for record in caplog.records) == 1


def test_folder_that_cannot_be_made_is_a_warning_and_faults_go_to_the_log(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    app = trail_app(tmp_path, FAULTMAP_TRAIL_FOLDER=tmp_path / "file" / "journal")

    (identity,) = fail_with(app, "one")

    levels = {record.levelname: record.message for record in caplog.records}
    assert "cannot make its journal" in levels["WARNING"]
    assert identity in levels["CRITICAL"]


def test_worker_that_only_journals_imports_no_sqlalchemy(tmp_path):
    script = (
        "import sys; from pathlib import Path; from trail_app import fail_with, trail_app;"
        f"fail_with(trail_app(Path({str(tmp_path)!r})), 'one'); print('sqlalchemy' in sys.modules)"
    )
    path = os.path.dirname(sys.modules["trail_app"].__file__)

    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )

    assert done.stdout == "False\n", done.stderr


def test_second_trail_is_left_out_and_the_log_says_so(tmp_path, caplog):
    app = trail_app(tmp_path)
    AuditTrail().init_app(app)

    fail_with(app, "one")

    assert "has an audit trail already" in caplog.text
    assert len(entries_of(app)) == 1


@pytest.mark.parametrize("broken", ["keep", "user"])
def test_function_of_the_app_that_raises_is_told_once_and_loses_nothing(tmp_path, caplog, broken):
    def fail(*_):
        raise RuntimeError("broken")

    app = trail_app(tmp_path, trail=AuditTrail(**{broken: fail}))
    fail_with(app, "one", "two")

    assert len(entries_of(app)) == 2
    assert sum(f"{broken}= raised RuntimeError" in record.message for record in caplog.records) == 1


def test_client_faults_are_left_out_unless_their_class_says_audit(tmp_path):
    app = trail_app(tmp_path)
    add_failure(app, "/audited", audited())
    add_failure(app, "/quiet", type("QuietError", (audited(),), {"audit": False, "code": "quiet"}))

    for path in ("/audited", "/quiet", "/nowhere"):
        app.test_client().get(path)

    assert [entry.code for entry in entries_of(app)] == ["audited"]


@pytest.mark.parametrize("jump", [-86_400, 86_400], ids=["back", "forth"])
def test_clock_that_jumps_loses_nothing_and_makes_no_odd_health(tmp_path, monkeypatch, jump):
    app = trail_app(tmp_path)
    now, now_ns = time.time, time.time_ns
    fail_with(app, "before")
    close(app)
    monkeypatch.setattr(time, "time", lambda: now() + jump)
    monkeypatch.setattr(time, "time_ns", lambda: now_ns() + jump * 1_000_000_000)
    fail_with(app, "after")
    with trail_of(app) as trail:
        waiting = trail.health()
        shipped = trail.ship()
        health = trail.health()

    assert shipped == 2
    assert (waiting.waiting, health.waiting) == (2, 0)
    assert min(waiting.oldest_wait, health.oldest_wait, health.last_shipped) >= 0
    assert {entry.text for entry in entries_of(app)} == {"before", "after"}


class Nameless(type):
    """Makes classes that do not tell their name once they are made."""

    is_closed = False

    def __getattribute__(cls, name):
        if name == "__qualname__" and Nameless.is_closed:
            raise RuntimeError("no name")
        return super().__getattribute__(name)


class NamelessError(UnavailableError, metaclass=Nameless):
    """An error that nothing can be written of."""

    log_level = None


def test_fault_of_which_no_record_can_be_made_goes_to_the_log_each_time(tmp_path, monkeypatch, caplog):
    app = trail_app(tmp_path)
    add_failure(app, "/nameless", lambda: NamelessError("x"))
    monkeypatch.setattr(Nameless, "is_closed", True)
    answers = [app.test_client().get("/nameless") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [503, 503]
    told = [record.getMessage() for record in caplog.records if record.levelname == "CRITICAL"]
    assert [text.split()[9] for text in told] == [answer.headers["X-Request-ID"] for answer in answers]
