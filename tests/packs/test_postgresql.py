"""The pack for SQLAlchemy, against a real PostgreSQL and each of its drivers."""

import asyncio
import threading

import pytest
import sqlalchemy as sa
from postgres import postgres_server
from sqlalchemy.ext.asyncio import create_async_engine

from flask_faultmap import FaultMap
from flask_faultmap.packs import SQLALCHEMY

pytestmark = pytest.mark.long

FAULTS = FaultMap(rules=SQLALCHEMY)
SECRET = "ann@example.com"
TABLES = """
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE team (id int PRIMARY KEY, name text NOT NULL CHECK (name <> ''), n int DEFAULT 0);
CREATE TABLE account (
    id int PRIMARY KEY, email text UNIQUE, "Two" text, first text, last text, team_id int REFERENCES team,
    UNIQUE (first, last), UNIQUE ("Two")
);
CREATE UNIQUE INDEX lowered ON account (lower(last));
CREATE TABLE booking (room int, during int4range, EXCLUDE USING gist (room WITH =, during WITH &&));
"""


@pytest.fixture(scope="module")
def server():
    with postgres_server() as running:
        yield running


@pytest.fixture(scope="module")
def setup(server):
    engine = sa.create_engine(server.url)
    with engine.begin() as connection:
        for statement in TABLES.split(";\n"):
            connection.exec_driver_sql(statement) if statement.strip() else None
    engine.dispose()


@pytest.fixture(params=["psycopg", "psycopg2", "asyncpg"])
def run(request, server, setup):
    """Give what runs statements in one transaction of that driver."""
    url = f"postgresql+{request.param}://postgres@/postgres?host={server.folder}"

    async def run_async(*statements):
        engine = create_async_engine(url)
        try:
            async with engine.begin() as connection:
                for statement in statements:
                    await connection.execute(sa.text(statement))
        finally:
            await engine.dispose()

    def run_sync(*statements):
        engine = sa.create_engine(url)
        try:
            with engine.begin() as connection:
                for statement in statements:
                    connection.execute(sa.text(statement))
        finally:
            engine.dispose()

    if request.param == "asyncpg":
        return lambda *statements: asyncio.run(run_async(*statements))
    return run_sync


def fault_of(run, *statements):
    with pytest.raises(sa.exc.SQLAlchemyError) as raised:
        run(*statements)
    return FAULTS.describe(raised.value)


INSERT = "INSERT INTO account (id, {columns}) VALUES (1, {values}), (2, {values})"


@pytest.mark.parametrize(
    ("columns", "values", "named"),
    [
        ("email", f"'{SECRET}'", ["email"]),
        ("first, last", f"'{SECRET}', 'b'", ["first", "last"]),
        ('"Two"', f"'{SECRET}'", ["Two"]),
        ("last", f"'{SECRET}'", []),
    ],
    ids=["one column", "two columns", "quoted", "expression"],
)
def test_unique_violation_names_its_columns_and_no_value(run, columns, values, named):
    fault = fault_of(run, INSERT.format(columns=columns, values=values))

    assert (fault.status, fault.code) == (409, "already_exists")
    assert [one.name for one in fault.violations] == named
    assert SECRET not in repr(fault)


def test_exclusion_violation_is_a_conflict(run):
    fault = fault_of(run, "INSERT INTO booking VALUES (1, '[1,5)'), (1, '[3,7)')")

    assert (fault.status, [one.name for one in fault.violations]) == (409, ["room", "during"])


@pytest.mark.parametrize(
    ("statement", "status", "code", "retryable"),
    [
        ("INSERT INTO account (id, team_id) VALUES (1, 99)", 400, "failed_precondition", False),
        ("SET LOCAL statement_timeout = 1; SELECT pg_sleep(60)", 504, "deadline_exceeded", True),
        ("SET TRANSACTION READ ONLY; INSERT INTO team VALUES (9, 'a')", 503, "unavailable", True),
        ("INSERT INTO team VALUES (1, NULL)", 500, "internal", False),
        ("INSERT INTO team VALUES (1, '')", 500, "internal", False),
        ("SELECT 1 / 0", 500, "internal", False),
        ("SELECT 'x'::int", 500, "internal", False),
        ("SELECT * FROM nowhere", 500, "internal", False),
        ("SELEC 1", 500, "internal", False),
    ],
    ids=["foreign key", "timeout", "read only", "NOT NULL", "CHECK", "division", "cast", "table", "syntax"],
)
def test_sqlstate_decides(run, statement, status, code, retryable):
    fault = fault_of(run, *statement.split("; "))

    assert (fault.status, fault.code, fault.retryable) == (status, code, retryable)


def test_deadlock_may_be_tried_again(server, setup):
    engine = sa.create_engine(server.url)
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO team VALUES (11, 'a'), (12, 'b')"))
    met, failures = threading.Barrier(2), []

    def update(first, second):
        try:
            with engine.begin() as connection:
                connection.execute(sa.text(f"UPDATE team SET n = 1 WHERE id = {first}"))
                met.wait()
                connection.execute(sa.text(f"UPDATE team SET n = 1 WHERE id = {second}"))
        except sa.exc.SQLAlchemyError as exc:
            failures.append(exc)

    threads = [threading.Thread(target=update, args=pair) for pair in [(11, 12), (12, 11)]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()

    (fault,) = map(FAULTS.describe, failures)
    assert (fault.code, fault.retryable) == ("aborted", True)


def test_serialization_failure_may_be_tried_again(server, setup):
    engine = sa.create_engine(server.url, isolation_level="SERIALIZABLE")
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO team VALUES (21, 'a')"))
    with engine.connect() as one, engine.connect() as two:
        for connection in (one, two):
            connection.execute(sa.text("SELECT n FROM team WHERE id = 21"))
        two.execute(sa.text("UPDATE team SET n = n + 1 WHERE id = 21"))
        two.commit()
        with pytest.raises(sa.exc.OperationalError) as raised:
            one.execute(sa.text("UPDATE team SET n = n + 1 WHERE id = 21"))
    engine.dispose()

    fault = FAULTS.describe(raised.value)
    assert (fault.code, fault.retryable) == ("aborted", True)


def test_lock_that_is_held_may_be_tried_again(server, setup):
    engine = sa.create_engine(server.url)
    with engine.connect() as one, engine.connect() as two:
        one.execute(sa.text("LOCK TABLE team"))
        with pytest.raises(sa.exc.OperationalError) as raised:
            two.execute(sa.text("LOCK TABLE team NOWAIT"))
    engine.dispose()

    assert FAULTS.describe(raised.value).code == "aborted"


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_connection_that_the_server_ends_is_unavailable(server, setup, driver):
    engine = sa.create_engine(f"postgresql+{driver}://postgres@/postgres?host={server.folder}")
    with engine.connect() as one, engine.connect() as two:
        pid = one.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        two.execute(sa.text(f"SELECT pg_terminate_backend({pid})"))
        with pytest.raises(sa.exc.DBAPIError) as raised:
            one.execute(sa.text("SELECT 1"))
    engine.dispose()

    assert FAULTS.describe(raised.value).status == 503


@pytest.mark.parametrize(
    ("place", "status"),
    [
        ("postgres@/postgres?host=/tmp/nowhere", 503),
        ("postgres@/nowhere?host={folder}", 500),
        ("nobody@/postgres?host={folder}", 500),
    ],
    ids=["server is away", "no such database", "no such role"],
)
@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_connection_that_fails_is_the_servers_or_our_set_up(server, driver, place, status):
    engine = sa.create_engine(f"postgresql+{driver}://" + place.format(folder=server.folder))

    with pytest.raises(sa.exc.OperationalError) as raised:
        engine.connect()

    assert FAULTS.describe(raised.value).status == status
