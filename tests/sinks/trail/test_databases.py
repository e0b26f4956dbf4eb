"""A database that is locked, hung, gone, strict or of another version: no answer waits, no fault is lost."""

import os
import socket
import sqlite3
import threading

import pytest
from losing_proxy import losing_proxy
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from trail_app import (
    entries_of,
    fail_with,
    journal_of,
    ship,
    shipping_app,
    trail_app,
    trail_of,
    wait_until,
)
from trail_proof import read_ids

from flask_faultmap.errors import ConfigError
from flask_faultmap.sinks.trail.extension import shipper_of


def execute(url, *statements):
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def count_rows(app):
    return len(read_ids(journal_of(app), app.extensions["faultmap.trail"].settings.url))


def problem_of(app):
    with trail_of(app) as trail:
        return trail.health().problem


@pytest.mark.long
def test_reader_that_holds_the_lock_of_sqlite_delays_shipping_alone(tmp_path, caplog):
    with shipping_app(tmp_path) as app:
        fail_with(app, "first")
        wait_until(lambda: count_rows(app) == 1)
        reader = sqlite3.connect(tmp_path / "instance" / "faults.db", isolation_level=None)
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM faultmap_fault").fetchone() == (1,)
        fail_with(app, *map(str, range(20)))
        wait_until(lambda: problem_of(app) == "OperationalError")

        reader.close()

        wait_until(lambda: count_rows(app) == 21)
        wait_until(lambda: "ships again" in caplog.text)
    assert caplog.text.count("cannot ship to its database") == 1


@pytest.mark.long
def test_answers_go_on_while_the_database_hangs(tmp_path, postgres_url, postgres):
    with shipping_app(tmp_path, FAULTMAP_TRAIL_URL=postgres_url) as app:
        ids = fail_with(app, "first")
        wait_until(lambda: count_rows(app) == 1)
        postgres.hang()
        try:
            ids += fail_with(app, *map(str, range(100)))
        finally:
            postgres.go_on()

        wait_until(lambda: count_rows(app) == 101)
        assert {entry.request_id for entry in entries_of(app)} == set(ids)


@pytest.mark.parametrize("lost", ["request", "answer"])
def test_commit_of_which_nobody_knows_brings_each_fault_once(tmp_path, postgres_url, postgres, lost):
    with losing_proxy(postgres.folder) as proxy:
        url = postgres_url.replace(str(postgres.folder), str(proxy.folder))
        app = trail_app(tmp_path, FAULTMAP_TRAIL_URL=url)
        with app.app_context():
            shipper = shipper_of()
        ids = fail_with(app, "first")
        shipper.ship()
        ids += fail_with(app, "one", "two")
        proxy.loses = lost
        with pytest.raises(OperationalError):
            shipper.ship()

        assert shipper.ship() == (2 if lost == "request" else 0)
        shipper.close()
        assert count_rows(app) == 3
        assert {entry.request_id for entry in entries_of(app)} == set(ids)
        with trail_of(app) as trail:
            assert [group.count for group in trail.reader().groups()] == [3]


def test_two_hosts_share_a_database_and_its_groups(tmp_path, postgres_url, monkeypatch):
    apps = []
    for host in ("web1", "web2"):
        monkeypatch.setattr(socket, "gethostname", lambda host=host: host)
        apps.append(trail_app(tmp_path / host, FAULTMAP_TRAIL_URL=postgres_url))
        fail_with(apps[-1], *["same"] * 600)
    threads = [threading.Thread(target=ship, args=[app]) for app in apps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert count_rows(apps[0]) == 1200
    assert {entry.host for entry in entries_of(apps[0])} == {"web1", "web2"}
    assert entries_of(apps[0]) == entries_of(apps[1])
    with trail_of(apps[0]) as trail:
        assert [group.count for group in trail.reader().groups()] == [1200]


def test_fault_that_the_database_refuses_is_logged_and_holds_up_no_other(tmp_path, database_url, caplog):
    app = trail_app(tmp_path, FAULTMAP_TRAIL_URL=database_url)
    fail_with(app, "first")
    ship(app)
    execute(database_url, *STRICT[database_url.partition(":")[0].partition("+")[0]])
    ids = fail_with(app, "good", "bad", "fine")

    assert (ship(app), ship(app)) == (2, 0)

    assert count_rows(app) == 3
    assert ids[1] in next(record.message for record in caplog.records if record.levelname == "CRITICAL")
    with trail_of(app) as trail:
        assert trail.health().damaged == 1


def test_database_of_several_hosts_is_found_on_the_one_that_answers(tmp_path, postgres_url):
    app = trail_app(
        tmp_path, FAULTMAP_TRAIL_URL=f"{postgres_url}:5432".replace("?", f"?host={tmp_path}:5432&")
    )
    fail_with(app, "one")

    assert (ship(app), len(entries_of(app))) == (1, 1)


@pytest.mark.parametrize(("encoding", "kept"), [("SQL_ASCII", ["é", "🎉"]), ("LATIN1", ["é"])])
def test_database_of_another_encoding_keeps_what_it_can(tmp_path, postgres, caplog, encoding, kept):
    from psycopg import connect

    with connect(postgres.dsn, autocommit=True) as connection:
        options = f"ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
        connection.execute(f"CREATE DATABASE in_{encoding} {options}")
    url = postgres.url.replace("/postgres?", f"/in_{encoding.lower()}?")
    app = trail_app(tmp_path, FAULTMAP_TRAIL_URL=url)
    fail_with(app, "é", "🎉")

    assert ship(app) == len(kept)
    assert sorted(entry.text for entry in entries_of(app)) == sorted(kept)
    assert caplog.text.count("refused a fault") == 2 - len(kept)


STRICT = {
    "sqlite": [
        "CREATE TRIGGER strict BEFORE INSERT ON faultmap_fault WHEN NEW.text = 'bad' "
        "BEGIN SELECT RAISE(ABORT, 'bad'); END"
    ],
    "postgresql": ["ALTER TABLE faultmap_fault ADD CHECK (text <> 'bad')"],
}


def test_schema_of_another_version_is_refused_at_start_where_it_is_a_file(tmp_path):
    app = trail_app(tmp_path)
    fail_with(app, "one")
    ship(app)
    trail_app(tmp_path)  # of our version
    execute(app.extensions["faultmap.trail"].settings.url, "UPDATE faultmap_meta SET value = '2'")

    with pytest.raises(ConfigError, match="schema version 2; this version of flask-faultmap writes 1"):
        trail_app(tmp_path)


@pytest.mark.parametrize("content", [b"not a database, but a text that somebody keeps here" * 100])
def test_file_that_is_no_database_is_refused_at_start(tmp_path, content):
    (tmp_path / "notes.txt").write_bytes(content)

    with pytest.raises(ConfigError, match=r"notes\.txt is no SQLite database"):
        trail_app(tmp_path, FAULTMAP_TRAIL_URL=f"sqlite:///{tmp_path}/notes.txt")


def test_pipe_in_place_of_the_database_is_refused_at_start(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(ConfigError, match="pipe, which is no file"):
        trail_app(tmp_path, FAULTMAP_TRAIL_URL=f"sqlite:///{tmp_path}/pipe")


def test_folder_in_place_of_the_database_is_refused_at_start(tmp_path):
    with pytest.raises(ConfigError, match="is a folder"):
        trail_app(tmp_path, FAULTMAP_TRAIL_URL=f"sqlite:///{tmp_path}")


def test_file_of_a_database_below_a_file_is_refused_at_start(tmp_path):
    (tmp_path / "notes").write_text("a note")

    with pytest.raises(ConfigError, match="notes is no folder"):
        trail_app(tmp_path, FAULTMAP_TRAIL_URL=f"sqlite:///{tmp_path}/notes/deep/faults.db")


def test_file_of_a_database_that_cannot_be_made_is_told_and_its_faults_wait(tmp_path, caplog):
    with shipping_app(tmp_path, FAULTMAP_TRAIL_URL="sqlite:////proc/none/faults.db") as app:
        fail_with(app, "one")
        wait_until(lambda: "cannot ship" in caplog.text)

        with pytest.raises(ConfigError, match=r"/proc/none/faults\.db, which cannot be made"):
            ship(app)
        with trail_of(app) as trail:
            assert trail.health().waiting == 1
            assert "cannot be made" in trail.health().problem


@pytest.mark.parametrize("content", [b"", None], ids=["empty", "missing"])
def test_database_that_nobody_has_shipped_to_is_taken(tmp_path, content):
    file = tmp_path / "faults.db"
    if content is not None:
        file.write_bytes(content)
    app = trail_app(tmp_path, FAULTMAP_TRAIL_URL=f"sqlite:///{file}")
    fail_with(app, "one")

    assert ship(app) == 1


def test_database_that_is_locked_at_start_is_left_to_the_shipper(tmp_path):
    app = trail_app(tmp_path)
    fail_with(app, "one")
    ship(app)
    writer = sqlite3.connect(tmp_path / "instance" / "faults.db", isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")

    trail_app(tmp_path)

    writer.close()


def try_to_ship(shipper):
    with pytest.raises(OperationalError) as raised:
        shipper.ship()
    shipper.tell_failure(raised.value)


def test_database_that_stays_away_is_told_once(tmp_path, caplog):
    app = trail_app(tmp_path, FAULTMAP_TRAIL_URL=f"postgresql://nobody@/none?host={tmp_path}")
    fail_with(app, "one")
    with app.app_context():
        shipper = shipper_of()

    try_to_ship(shipper)
    try_to_ship(shipper)

    assert caplog.text.count("cannot ship to its database (OperationalError): connection is bad") == 1
    assert problem_of(app) == "OperationalError"


def test_segment_that_is_deleted_while_it_is_shipped_is_no_failure(tmp_path):
    app = trail_app(tmp_path)
    fail_with(app, "one")
    (segment,) = journal_of(app).glob("*.log")
    with app.app_context():
        shipper = shipper_of()

    assert shipper.ship(lambda _: segment.unlink()) == 1
    shipper.close()


def test_file_of_a_database_that_is_deleted_is_made_anew_for_its_user_alone(tmp_path):
    app = trail_app(tmp_path)
    file = tmp_path / "instance" / "faults.db"
    before = os.umask(0)
    try:
        with app.app_context():
            shipper = shipper_of()
        fail_with(app, "one")
        shipper.ship()
        file.unlink()
        fail_with(app, "two")
        try_to_ship(shipper)
    finally:
        os.umask(before)
    shipped = shipper.ship()
    shipper.close()

    assert shipped == 2  # the file of the journal is there still
    assert file.stat().st_mode & 0o777 == 0o600
