"""Connections of readers: kept, and let go of where the server was stopped or hangs, and after a fork."""

import subprocess
import sys
import time

import pytest
from postgres import postgres_server
from sqlalchemy.exc import OperationalError
from trail_app import fail_with, ship, trail_app, trail_of

from flask_faultmap.sinks.trail.database import is_answering
from flask_faultmap.sinks.trail.reading import TrailReader

FORKING = """
import os, sys
from pathlib import Path
from flask_faultmap.sinks.trail.database import is_answering
from flask_faultmap.sinks.trail.reading import TrailReader
from flask_faultmap.sinks.trail.settings import TrailSettings

reader = TrailReader(TrailSettings(url=sys.argv[1], folder=Path(sys.argv[2])), "shop")
ids = lambda: [entry.request_id for entry in reader.page().entries]
told = [ids()]
child = os.fork()
if child:
    _, status = os.waitpid(child, 0)
    told += [ids(), [str(status)]]
    print(*("+".join(each) for each in told))
else:
    sys.exit(0 if ids() == told[0] else 1)  # by the end of an interpreter: what it closes must be its own
"""


@pytest.fixture
def own_postgres():
    """A server that this test stops and hangs."""
    with postgres_server() as server:
        yield server


def backends(postgres):
    """Give the processes of the server that serve readers and shippers of a trail."""
    from psycopg import connect

    query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'faultmap trail'"
    with connect(postgres.dsn) as connection:
        return [pid for (pid,) in connection.execute(query)]


def reader_with(app):
    return TrailReader(app.extensions["faultmap.trail"].settings, "shop")


def test_reader_keeps_its_connection_and_gives_it_back_at_its_end(tmp_path, postgres_url, postgres):
    app = trail_app(tmp_path, FAULTMAP_TRAIL_URL=postgres_url)
    fail_with(app, "one")
    ship(app)
    reader = reader_with(app)

    reader.page()
    first = backends(postgres)
    reader.groups()
    second = backends(postgres)
    del reader

    assert len(first) == 1
    assert second == first
    while backends(postgres):
        time.sleep(0.02)


def test_child_of_a_fork_makes_a_connection_of_its_own(tmp_path, postgres_url):
    app = trail_app(tmp_path, FAULTMAP_TRAIL_URL=postgres_url)
    (wanted,) = fail_with(app, "one")
    ship(app)
    settings = app.extensions["faultmap.trail"].settings

    command = [sys.executable, "-c", FORKING, settings.url, str(settings.folder)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)

    assert run.stdout.split() == [wanted, wanted, "0"], run.stderr


def test_connection_that_the_server_has_ended_is_replaced(tmp_path, postgres_url, postgres):
    from psycopg import connect

    app = trail_app(tmp_path, FAULTMAP_TRAIL_URL=postgres_url)
    fail_with(app, "one")
    ship(app)
    reader = reader_with(app)
    before = reader.page()

    with connect(postgres.dsn, autocommit=True) as connection:
        for pid in backends(postgres):
            connection.execute("SELECT pg_terminate_backend(%s, 60000)", [pid])
    time.sleep(1.1)  # a connection is trusted for a second

    assert reader.page() == before


def test_connection_gives_a_sign_of_life_unless_it_is_closed_or_its_server_hangs(postgres):
    from psycopg import connect

    connection = connect(postgres.dsn)
    lives = is_answering(connection.pgconn, 60)
    postgres.hang()
    try:
        hangs = is_answering(connection.pgconn, 0.05)
    finally:
        postgres.go_on()
    connection.close()

    assert (lives, hangs, is_answering(connection.pgconn, 60)) == (True, False, False)


@pytest.mark.long
def test_server_that_was_stopped_and_started_is_asked_again(tmp_path, own_postgres):
    app = trail_app(tmp_path, FAULTMAP_TRAIL_URL=own_postgres.url)
    fail_with(app, "one")
    ship(app)
    reader = reader_with(app)
    before = reader.page()

    own_postgres.stop()
    time.sleep(1.1)  # a connection is trusted for a second
    with pytest.raises(OperationalError):
        reader.page()
    own_postgres.start()

    assert reader.page() == before


@pytest.mark.long
def test_server_that_hangs_is_given_up_and_its_fault_found_in_the_journal(tmp_path, own_postgres):
    app = trail_app(tmp_path, FAULTMAP_TRAIL_URL=own_postgres.url)
    (wanted,) = fail_with(app, "one")
    ship(app)
    reader = reader_with(app)
    (entry,) = reader.page().entries

    time.sleep(1.1)
    own_postgres.hang()
    try:
        with pytest.raises(OperationalError):
            reader.page()
        assert reader.find_in_journal(wanted) == [entry]
        assert reader.get_in_journal(entry.key) == entry
    finally:
        own_postgres.go_on()

    assert reader.page().entries == (entry,)


@pytest.mark.parametrize("key", ["", "nonsense", "a.1", "..x.1", "a." + "9" * 30])
def test_key_of_nothing_is_not_in_the_journal(tmp_path, key):
    app = trail_app(tmp_path)
    fail_with(app, "one")

    with trail_of(app) as trail:
        assert trail.reader().get_in_journal(key) is None


def test_key_that_points_into_the_midst_of_a_line_finds_nothing(tmp_path):
    app = trail_app(tmp_path)
    fail_with(app, "one")

    with trail_of(app) as trail:
        (entry,) = trail.reader().page().entries

        assert trail.reader().get_in_journal(f"{entry.segment}.{entry.offset + 3}") is None
        assert trail.reader().get_in_journal(f"{entry.segment}.{10**9}") is None
