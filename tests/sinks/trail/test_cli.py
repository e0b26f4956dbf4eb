"""The commands, as a person runs them."""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from broken_disks import closed
from flask import request
from flow_app import app_with
from trail_app import entries_of, fail_with, journal_of, record_line, run_shipper, ship, trail_app, wait_until

from flask_faultmap.sinks.trail import AuditTrail
from flask_faultmap.sinks.trail.cli import counting
from flask_faultmap.tools.cli import faults


@pytest.fixture
def app(tmp_path):
    return trail_app(tmp_path, trail=AuditTrail(user=lambda: "ann"))


def run(app, *words):
    return app.test_cli_runner().invoke(faults, ["trail", *words])


def test_faults_are_shown_newest_first(app):
    ids = fail_with(app, "one", "two")

    shown = run(app)

    assert shown.exit_code == 0
    assert [line.split("  ")[6] for line in shown.stdout.splitlines()] == ids[::-1]
    assert shown.stderr == "2 faults\n"


def test_one_request_is_shown_with_all_that_is_known(app):
    (identity,) = fail_with(app, "secret token=abc12345")

    shown = run(app, "--id", identity)

    assert f"{identity}  503 store_down" in shown.stdout
    assert "  user_id          ann" in shown.stdout
    assert "    at " in shown.stdout
    assert "abc12345" not in shown.stdout
    assert shown.stderr == "1 fault\n"


def test_machines_get_one_document(app):
    ids = fail_with(app, "one")

    shown = run(app, "--json", "--since", "1h", "--limit", "5")

    assert [entry["request_id"] for entry in json.loads(shown.stdout)] == ids


@pytest.mark.parametrize("since", ["2026-02-30", "yesterday", "999999w", "-1h", "1y"])
def test_time_that_is_none_is_refused_with_what_to_write(app, since):
    shown = run(app, "--since", since)

    assert shown.exit_code == 2
    assert "write an age (30m, 2h, 90d)" in " ".join(shown.stderr.split())


@pytest.mark.parametrize("since", ["2020-01-01", "2020-01-01T00:00+02:00", "90d"])
def test_time_is_an_age_or_a_date(app, since):
    fail_with(app, "one")

    assert len(run(app, "--since", since).stdout.splitlines()) == 1


def test_groups_are_counted(app):
    fail_with(app, "one", "two")

    assert run(app, "groups").stdout.startswith("       2  ")
    assert json.loads(run(app, "groups", "--json").stdout)[0]["count"] == 2


def test_shipping_once_tells_the_count(app):
    fail_with(app, "one", "two")

    assert "2 faults shipped" in run(app, "ship", "--once").stdout
    assert "0 faults shipped" in run(app, "ship", "--once").stdout


def test_pruning_of_a_user_takes_what_waits_and_what_the_journal_holds(app):
    fail_with(app, "one", "two")

    shown = run(app, "prune", "--user", "ann")

    assert shown.stdout == "2 faults deleted\n"
    assert entries_of(app) == []
    assert all(b"ann" not in path.read_bytes() for path in journal_of(app).glob("*.log"))
    fail_with(app, "three")
    assert ship(app) == 1


def users_app(folder):
    return trail_app(folder, trail=AuditTrail(user=lambda: request.headers["X-User"]))


def fail_for(app, *users):
    for user in users:
        app.test_client().get("/fail/x", headers={"X-User": user})


def test_pruning_knows_users_with_long_ids_apart(tmp_path):
    app = users_app(tmp_path)
    ann, bob = "ann" * 200, "ann" * 199 + "bob"
    fail_for(app, ann, bob, ann)

    assert run(app, "prune", "--user", ann).stdout == "2 faults deleted\n"
    assert run(app, "prune", "--user", bob).stdout == "1 faults deleted\n"


def test_pruned_user_is_not_left_in_the_bytes_of_the_database(tmp_path):
    app = users_app(tmp_path)
    fail_for(app, *["annabelle"] * 20, "bob")
    ship(app)
    file = tmp_path / "instance" / "faults.db"
    assert b"annabelle" in file.read_bytes()

    run(app, "prune", "--user", "annabelle")

    assert b"annabelle" not in file.read_bytes()
    assert b"bob" in file.read_bytes()


def test_pruning_goes_on_behind_a_file_that_it_cannot_write(app):
    fail_with(app, "one")
    (journal_of(app) / "1000000000000-aa.log").mkdir()
    (journal_of(app) / "1000000000000-bb.log").symlink_to("deleted, meanwhile")

    shown = run(app, "prune", "--user", "ann")

    assert shown.exit_code == 2
    assert "1000000000000-aa.log cannot be written by this user" in shown.stderr
    assert "bb.log" not in shown.stderr
    assert all(b"ann" not in path.read_bytes() for path in journal_of(app).glob("*.log") if path.is_file())


@pytest.mark.parametrize("moment", ["2999-01-01", "9999-12-31T23:59:59"])
def test_pruning_of_what_is_older_than_a_moment_to_come_is_refused(app, moment):
    fail_with(app, "one")
    ship(app)

    shown = run(app, "prune", "--older-than", moment)

    assert shown.exit_code == 2
    assert "lies in the future" in shown.stderr
    assert len(entries_of(app)) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--limit", "1" * 20], "is not in the range"),
        (["groups", "--limit", "1" * 20], "is not in the range"),
        (["--status", "1" * 20], "is not in the range"),
        (["--status", "99"], "is not in the range"),
        (["--code", "\udcff"], "is no text in UTF-8"),
        (["--id", "\udcff"], "is no text in UTF-8"),
        (["--route", "/\udcff"], "is no text in UTF-8"),
        (["prune", "--user", "\udcff"], "is no text in UTF-8"),
        (["--code", "down", "groups"], "--code does nothing in front of 'groups'"),
        (["--json", "health"], "--json does nothing in front of 'health'"),
    ],
)
def test_option_that_cannot_be_is_refused_in_words(app, words, told):
    fail_with(app, "one")
    ship(app)

    shown = run(app, *words)

    assert shown.exit_code == 2
    assert told in " ".join(shown.stderr.split())


def test_user_who_may_not_look_is_told_so(app, tmp_path):
    fail_with(app, "one")
    ship(app)
    run(app)  # imports what a user without rights may not read

    with closed(tmp_path / "instance"):
        shown, health = run(app), run(app, "health")

    assert shown.exit_code == 2
    assert "The trail's database cannot be had" in shown.stderr
    assert health.exit_code == 1
    assert "cannot be read by this user; what waits there is not known" in health.stdout


def test_pruning_by_age_leaves_the_young(app):
    fail_with(app, "one")
    ship(app)

    assert run(app, "prune", "--older-than", "1d").stdout == "0 faults deleted\n"


def test_pruning_of_nothing_in_particular_is_refused(app):
    shown = run(app, "prune")

    assert shown.exit_code == 2
    assert "give --older-than, --user, or both" in shown.stderr


def test_health_is_well_at_first(app):
    shown = run(app, "health")

    assert shown.exit_code == 0
    assert json.loads(run(app, "health", "--json").stdout)["ok"] is True


def test_fault_that_waits_behind_a_damaged_line_is_seen(app):
    (journal_of(app) / "1000000000000-aa.log").write_bytes(b"damaged\n" + record_line())

    assert run(app, "health").exit_code == 1


@pytest.mark.parametrize(
    "state", ['{"time": "x"}', '{"offsets": []}', '{"offsets": {"a": "b"}}', '{"damaged": null}', "null"]
)
def test_state_that_is_none_of_ours_is_left_out(app, state):
    fail_with(app, "one")
    (journal_of(app) / "shipped.json").write_text(state)

    assert json.loads(run(app, "health", "--json").stdout)["waiting"] == 1
    assert len(entries_of(app)) == 1


def test_fault_that_waits_too_long_makes_the_trail_unhealthy(app):
    (journal_of(app) / "1000000000000-aa.log").write_bytes(record_line())

    shown = run(app, "health")

    assert shown.exit_code == 1
    assert "! a fault waits for" in shown.stdout


def test_database_that_cannot_be_had_is_told_and_the_journal_still_answers(tmp_path):
    url = f"postgresql://nobody@/none?host={tmp_path}"
    app = trail_app(tmp_path, FAULTMAP_TRAIL_URL=url)
    (identity,) = fail_with(app, "one")

    shown = run(app)
    by_id = run(app, "--id", identity)

    assert (shown.exit_code, by_id.exit_code) == (2, 0)
    assert "The trail's database cannot be had" in shown.stderr
    assert identity in by_id.stdout


@pytest.mark.parametrize("command", ["", "groups", "ship", "ship --once", "prune --user ann", "health"])
def test_app_without_a_trail_is_told_what_to_call(command):
    shown = app_with().test_cli_runner().invoke(faults, ["trail", *command.split()])

    assert shown.exit_code == 2
    assert "call AuditTrail().init_app(app)" in shown.stderr


@pytest.fixture
def signals_restored():
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals_restored")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ship_runs_until_it_is_told_to_end(app, number):
    def end():
        wait_until((journal_of(app) / "shipped.json").exists)
        os.kill(os.getpid(), number)

    ids = fail_with(app, "one")
    thread = threading.Thread(target=end)
    thread.start()

    shown = run(app, "ship")
    thread.join()

    assert shown.exit_code == 0
    assert "SIGTERM or Ctrl-C ends it" in shown.stderr
    assert [entry.request_id for entry in entries_of(app)] == ids


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ship_ends_while_the_database_hangs(tmp_path, postgres, postgres_url, number):
    app = trail_app(tmp_path, FAULTMAP_TRAIL_URL=postgres_url)
    (tmp_path / "app.py").write_text(
        f"from pathlib import Path; from trail_app import trail_app\n"
        f"app = trail_app(Path({str(tmp_path)!r}), FAULTMAP_TRAIL_URL={postgres_url!r})"
    )
    fail_with(app, "one")
    shipper = run_shipper(tmp_path)
    wait_until(lambda: (journal_of(app) / "shipped.json").exists())
    postgres.hang()
    try:
        fail_with(app, "two")
        time.sleep(2)  # it looks twice a second
        shipper.send_signal(number)

        assert shipper.wait(60) == 0
    finally:
        postgres.go_on()
        shipper.kill()
    assert ship(app) == 1
    assert len(entries_of(app)) == 2


def test_pruning_makes_no_database(app):
    assert run(app, "prune", "--older-than", "90d").stdout == "0 faults deleted\n"
    assert not Path(app.instance_path).exists()


def test_count_grows_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    with counting("faults deleted") as add:
        add(1000)
        add(7)

    assert capsys.readouterr().err == "\r1000 faults deleted\r1007 faults deleted\n"
