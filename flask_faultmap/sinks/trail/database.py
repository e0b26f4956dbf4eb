"""How does the database keep the trail? Tables, and connections that keep their promises."""

import os
import select as select_module
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
    inspect,
    select,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import NullPool

from flask_faultmap.errors import ConfigError
from flask_faultmap.sinks.trail.version import SCHEMA_VERSION, refuse_other_version

BUSY_TIMEOUT = 5  # seconds that SQLite waits for another's lock
SIGN_OF_LIFE = 5  # seconds that a connection has for it before it is used again
TRUSTED = 1.0  # seconds after it
HEARD = "faultmap.heard"  # of a connection's record: when, by the monotonic clock
# A server that has vanished is given up after a minute, and not after two hours.
POSTGRESQL: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "application_name": "faultmap trail",
    "client_encoding": "utf8",  # whatever the database has: else a text is bytes, or cannot be sent at all
}

metadata: MetaData = MetaData()

META = Table(
    "faultmap_meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
SEGMENT = Table(
    "faultmap_segment",
    metadata,
    Column("name", Text, primary_key=True),
    Column("app", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("damaged", BigInteger, nullable=False),
)
GROUP = Table(
    "faultmap_group",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("app", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("blame", Text, nullable=False),
    Column("rule", Text),
    Column("cause", Text),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Index("ix_faultmap_group_last", "app", "last"),
)
FAULT = Table(
    "faultmap_fault",
    metadata,
    Column("segment", Text, ForeignKey(SEGMENT.c.name), primary_key=True),
    Column("offset", BigInteger, primary_key=True),
    Column("request_id", Text, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("app", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("original_status", Integer, nullable=False),
    Column("method", Text),
    Column("route", Text),
    Column("endpoint", Text),
    Column("user_id", Text),
    Column("rule", Text),
    Column("exception", Text, nullable=False),
    Column("cause", Text),
    Column("text", Text, nullable=False),
    Column("told", Text, nullable=False),
    Column("stack", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("blame", Text, nullable=False),
    Column("context", Text),
    Column("trace_id", Text),
    # Each question names the app and wants the newest first; a picture needs time and code alone, which
    # are read from the index without a look at the rows.
    Index("ix_faultmap_fault_time", "app", "time", "code"),
    Index("ix_faultmap_fault_code", "app", "code", "time"),
    Index("ix_faultmap_fault_group", "app", "fingerprint", "time", "code"),
    Index("ix_faultmap_fault_request", "app", "request_id", "time"),
    Index("ix_faultmap_fault_user", "app", "user_id", "time"),
)


def open_to_write(url: str) -> Engine:
    """Give an engine for the shipper: a transaction of SQLite has the writer's lock from its start.

    To connect raises ``ConfigError`` where the file of SQLite cannot be made.
    """
    engine = _open(url, pool_size=1, max_overflow=0)
    if engine.dialect.name == "sqlite":
        # At each connection: SQLite would make one that was deleted meanwhile, for everybody to read.
        event.listen(engine, "do_connect", lambda *_: _make_private(engine.url.database))
        event.listen(engine, "connect", _overwrite_what_is_deleted)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def open_to_read(url: str) -> Engine:
    """Give an engine for readers: what it looks at in one transaction is of one moment.

    Connections of psycopg are kept, one for each process that asks: to make one takes longer than an answer.
    After a fork the child calls ``engine.dispose(close=False)``.
    """
    if _read_url(url).get_driver_name() == "psycopg":
        engine = _open(url, pool_size=1, max_overflow=9)
        event.listen(engine, "checkout", _refuse_silent)
    else:
        engine = _open(url, poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only = ON"))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def prepare(engine: Engine) -> None:
    """Make the tables where there are none.

    Raises:
        ConfigError: they are there, of another version.
    """
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # two shippers that begin at once
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('faultmap trail'))")
        if not inspect(connection).has_table(META.name):
            metadata.create_all(connection)
            connection.execute(META.insert().values(name="schema_version", value=SCHEMA_VERSION))
        check_version(connection)


def check_version(connection: Connection) -> None:
    """Refuse tables of another version than ours.

    Raises:
        ConfigError: they are.
    """
    refuse_other_version(connection.scalar(select(META.c.value).where(META.c.name == "schema_version")))


def is_prepared(connection: Connection) -> bool:
    """Tell whether anybody has shipped to this database yet."""
    return bool(inspect(connection).has_table(META.name))


def is_missing(engine: Engine) -> bool:
    """Tell whether the file of SQLite was not made yet, by the first who ships; nobody else makes one."""
    if engine.dialect.name != "sqlite":
        return False
    try:
        os.stat(engine.url.database or "")  # one that this user may not look at is not missing
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def is_answering(connection: Any, seconds: float) -> bool:
    """Ask a connection of libpq for a sign of life, as no driver does it: with an end to the waiting."""
    try:
        connection.send_query(b"")
        connection.flush()
        waiting = select_module.poll()
        waiting.register(connection.socket, select_module.POLLIN)
        if not waiting.poll(seconds * 1000):
            return False
        while connection.get_result() is not None:
            pass
    except Exception:  # a border: of psycopg, which is not imported here
        return False
    return bool(connection.status == 0)  # it may have said good-bye


def _open(url: str, **pool: Any) -> Engine:
    parsed = _read_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, poolclass=NullPool, connect_args={"timeout": BUSY_TIMEOUT})
        event.listen(engine, "connect", _leave_transactions_to_us)
        return engine
    own = {name: value for name, value in POSTGRESQL.items() if name not in parsed.query}
    return create_engine(parsed, connect_args=own, **pool)


def _read_url(url: str) -> URL:
    """Read a URL of the settings: for SQLite the path of a file as it stands, even with a '?' in it."""
    dialect, _, file = url.partition(":///")
    return URL.create(dialect, database=file) if dialect.startswith("sqlite") else make_url(url)


def _refuse_silent(connection: Any, record: Any, _: Any) -> None:
    """Let go of a kept connection that gives no sign of life in time: its server was stopped, or hangs."""
    now = time.monotonic()
    if now - record.info.get(HEARD, now - TRUSTED) < TRUSTED:  # the questions of one page come together
        return
    if not is_answering(connection.pgconn, SIGN_OF_LIFE):
        raise DisconnectionError("PostgreSQL gives no sign of life")
    record.info[HEARD] = now


def _leave_transactions_to_us(connection: Any, _: Any) -> None:
    connection.isolation_level = None


def _overwrite_what_is_deleted(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA secure_delete = ON")  # else a pruned row can still be read in the file


def _make_private(file: str | None) -> None:
    """Make the database's file for this user alone: who did what is nobody else's business."""
    path = Path(file or "")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
            path.chmod(0o600)  # whatever the umask
    except OSError as exc:
        raise ConfigError(f"FAULTMAP_TRAIL_URL names {path}, which cannot be made: {exc.strerror}") from exc
