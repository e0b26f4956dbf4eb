"""The pack for SQLAlchemy, against SQLite and, in tests/packs/test_postgresql.py, PostgreSQL."""

import sqlite3

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, declarative_base
from sqlalchemy.pool import QueuePool

from flask_faultmap import FaultMap
from flask_faultmap.packs import SQLALCHEMY
from flask_faultmap.packs.sqlalchemy import BY_SQLITE_NAME, BY_SQLSTATE, UNIQUE_SQLITE_NAMES

FAULTS = FaultMap(rules=SQLALCHEMY)
SECRET = "ann@example.com"
Base = declarative_base()


class User(Base):
    __tablename__ = "user"
    id = sa.Column(sa.Integer, primary_key=True)
    email = sa.Column(sa.String, unique=True)
    team_id = sa.Column(sa.ForeignKey("team.id"))
    version = sa.Column(sa.Integer, nullable=False)
    __mapper_args__ = {"version_id_col": version}


class Team(Base):
    __tablename__ = "team"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String, nullable=False)
    floor = sa.Column(sa.Integer)
    room = sa.Column(sa.Integer)
    __table_args__ = (sa.UniqueConstraint("floor", "room"), sa.CheckConstraint("room > 0"))


@pytest.fixture
def engine(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path}/app.db", connect_args={"timeout": 0})
    sa.event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys = ON"))
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def failure_of(engine, *items):
    with Session(engine) as session:
        session.add_all(items)
        with pytest.raises(sa.exc.SQLAlchemyError) as raised:
            session.commit()
    return raised.value


def fault_of(engine, *items):
    return FAULTS.describe(failure_of(engine, *items))


@pytest.mark.parametrize(
    ("twice", "columns"),
    [
        (lambda: User(email=SECRET), ["email"]),
        (lambda: Team(name="a", floor=1, room=2), ["floor", "room"]),
        (lambda: Team(id=7, name="a"), ["id"]),
    ],
    ids=["one column", "two columns", "primary key"],
)
def test_unique_violation_names_its_columns_and_no_value(engine, twice, columns):
    fault = fault_of(engine, twice(), twice())

    assert (fault.status, fault.code) == (409, "already_exists")
    assert [(one.name, one.code) for one in fault.violations] == [(name, "unique") for name in columns]
    assert SECRET not in repr(fault)
    assert "INSERT" not in repr(fault)


def test_column_whose_name_is_no_identifier_is_not_named(engine):
    with engine.begin() as connection:
        connection.execute(sa.text('CREATE TABLE note ("first name" TEXT UNIQUE)'))
        with pytest.raises(sa.exc.IntegrityError) as raised:
            connection.execute(sa.text("INSERT INTO note VALUES ('a'), ('a')"))

    fault = FAULTS.describe(raised.value)
    assert (fault.code, fault.violations) == ("already_exists", ())


def test_missing_parent_is_a_failed_precondition(engine):
    fault = fault_of(engine, User(team_id=99))

    assert (fault.status, fault.code, fault.text) == (400, "failed_precondition", "Failed precondition")


@pytest.mark.parametrize("bad", [Team(), Team(name="a", room=-1)], ids=["NOT NULL", "CHECK"])
def test_what_validation_should_have_caught_stays_a_bug(engine, bad):
    assert FAULTS.describe(failure_of(engine, bad)).code == "internal"


def test_wrong_sql_stays_a_bug(engine):
    with pytest.raises(sa.exc.OperationalError) as raised, engine.connect() as connection:
        connection.execute(sa.text("SELECT nothing FROM nowhere"))

    assert FAULTS.describe(raised.value).code == "internal"


def test_locked_database_may_be_asked_again(engine, tmp_path):
    other = sqlite3.connect(tmp_path / "app.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    fault = fault_of(engine, Team(name="a"))
    other.close()

    assert (fault.status, fault.retryable) == (503, True)


def test_read_only_database_is_unavailable(engine, tmp_path):
    read_only = sa.create_engine(f"sqlite:///file:{tmp_path}/app.db?mode=ro&uri=true")

    fault = fault_of(read_only, Team(name="a"))
    read_only.dispose()

    assert fault.status == 503


def test_database_that_cannot_be_opened_is_unavailable(tmp_path):
    with pytest.raises(sa.exc.OperationalError) as raised:
        sa.create_engine(f"sqlite:///{tmp_path}/none/app.db").connect()

    assert FAULTS.describe(raised.value).status == 503


def test_stale_row_may_be_tried_again(engine):
    with Session(engine) as session:
        session.add(User(id=1, email="a"))
        session.commit()
    with Session(engine) as first, Session(engine) as second:
        one, two = first.get(User, 1), second.get(User, 1)
        two.email = "b"
        second.commit()
        one.email = "c"
        with pytest.raises(sa.orm.exc.StaleDataError) as raised:
            first.commit()

    fault = FAULTS.describe(raised.value)
    assert (fault.status, fault.code, fault.retryable) == (409, "aborted", True)


def test_pool_that_is_used_up_is_unavailable(tmp_path):
    engine = sa.create_engine(
        f"sqlite:///{tmp_path}/app.db", poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0
    )
    with engine.connect(), pytest.raises(sa.exc.TimeoutError) as raised:
        engine.connect()
    engine.dispose()

    assert FAULTS.describe(raised.value).status == 503


def test_every_name_of_sqlite_exists():
    names = {name for name in vars(sqlite3) if name.startswith("SQLITE_")}

    assert {*BY_SQLITE_NAME, *UNIQUE_SQLITE_NAMES} - {"SQLITE_CONSTRAINT_ROWID"} <= names


def test_every_sqlstate_has_five_characters():
    assert {len(state) for state in BY_SQLSTATE} == {5}
