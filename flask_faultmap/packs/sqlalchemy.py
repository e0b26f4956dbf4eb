"""SQLAlchemy over PostgreSQL (psycopg, psycopg2, asyncpg) and SQLite.

By SQLSTATE (PostgreSQL, appendix A) or ``sqlite_errorname``. What validation should have caught stays a bug:
NOT NULL, CHECK, data exceptions, wrong SQL.
"""

import re
from collections.abc import Iterator
from typing import Any

from flask_faultmap.errors import (
    AbortedError,
    AlreadyExistsError,
    DeadlineExceededError,
    DomainError,
    FailedPreconditionError,
    InternalError,
    UnavailableError,
)
from flask_faultmap.faults import Violation
from flask_faultmap.rules.rule import Rule

BY_SQLSTATE: dict[str, type[DomainError]] = {
    "08000": UnavailableError,  # connection_exception
    "08001": UnavailableError,  # sqlclient_unable_to_establish_sqlconnection
    "08003": UnavailableError,  # connection_does_not_exist
    "08004": UnavailableError,  # sqlserver_rejected_establishment_of_sqlconnection
    "08006": UnavailableError,  # connection_failure
    "08P01": UnavailableError,  # protocol_violation
    "23503": FailedPreconditionError,  # foreign_key_violation
    "25006": UnavailableError,  # read_only_sql_transaction: a failover is under way
    "25P03": UnavailableError,  # idle_in_transaction_session_timeout
    "28000": InternalError,  # invalid_authorization_specification: our credentials
    "28P01": InternalError,  # invalid_password: our credentials
    "40001": AbortedError,  # serialization_failure
    "40P01": AbortedError,  # deadlock_detected
    "53100": UnavailableError,  # disk_full
    "53200": UnavailableError,  # out_of_memory
    "53300": UnavailableError,  # too_many_connections
    "55P03": AbortedError,  # lock_not_available
    "57014": DeadlineExceededError,  # query_canceled: statement_timeout
    "57P01": UnavailableError,  # admin_shutdown
    "57P02": UnavailableError,  # crash_shutdown
    "57P03": UnavailableError,  # cannot_connect_now
    "57P05": UnavailableError,  # idle_session_timeout
}
UNIQUE_SQLSTATES = ("23505", "23P01")  # unique_violation, exclusion_violation

BY_SQLITE_NAME: dict[str, type[DomainError]] = {
    "SQLITE_BUSY": UnavailableError,
    "SQLITE_BUSY_RECOVERY": UnavailableError,
    "SQLITE_BUSY_SNAPSHOT": AbortedError,
    "SQLITE_BUSY_TIMEOUT": UnavailableError,
    "SQLITE_CANTOPEN": UnavailableError,
    "SQLITE_CONSTRAINT_FOREIGNKEY": FailedPreconditionError,
    "SQLITE_FULL": UnavailableError,
    "SQLITE_INTERRUPT": DeadlineExceededError,
    "SQLITE_IOERR": UnavailableError,
    "SQLITE_LOCKED": UnavailableError,
    "SQLITE_LOCKED_SHAREDCACHE": UnavailableError,
    "SQLITE_READONLY": UnavailableError,
    "SQLITE_READONLY_DBMOVED": UnavailableError,
}
UNIQUE_SQLITE_NAMES = ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_ROWID")

# A refused connection has no SQLSTATE; the server's words tell a wrong set-up from a server that is down.
WRONG_SET_UP = (
    ("password authentication failed",),
    ("no pg_hba.conf entry",),
    ("role", "does not exist"),
    ("database", "does not exist"),
    ("no password supplied",),
)

KEY = re.compile(
    r"\bKey \((?P<columns>[^()=]+)\)="
)  # of the detail of PostgreSQL; the value stands behind it
COLUMNS = re.compile(r"\bUNIQUE constraint failed: (?P<columns>[\w$., ]+)")  # of SQLite: table.column, …


def translate_unique(exc: Any) -> AlreadyExistsError:
    """Say that a value is taken, with a violation for each column that the driver names, never its value."""
    return AlreadyExistsError(
        str(exc),
        public=AlreadyExistsError.title,
        violations=[
            Violation(name=column, message="This value is taken already.", code="unique")
            for column in _find_columns(exc.orig)
        ],
    )


def _find_columns(orig: Any) -> Iterator[str]:
    psycopg = getattr(getattr(orig, "diag", None), "message_detail", None)
    asyncpg = getattr(orig.__cause__, "detail", None)
    detail = psycopg or asyncpg or str(orig)
    found = KEY.search(detail) or COLUMNS.search(detail)
    for name in found["columns"].split(",") if found else ():
        column = name.strip().rpartition(".")[2].strip('"')
        if column.isidentifier():  # an index over an expression names a function
            yield column


def _make_rules() -> Iterator[Rule]:
    for path in ("orig.sqlstate", "orig.pgcode"):
        for state in UNIQUE_SQLSTATES:
            yield Rule(
                on="sqlalchemy.exc.IntegrityError",
                where={path: state},
                translate=translate_unique,
                pack="sqlalchemy",
            )
        yield Rule(on="sqlalchemy.exc.DBAPIError", table=path, to=BY_SQLSTATE, pack="sqlalchemy")
        for text in WRONG_SET_UP:
            yield Rule(
                on="sqlalchemy.exc.OperationalError",
                where={path: None},
                text=text,
                to=InternalError,
                pack="sqlalchemy",
            )
        yield Rule(
            on="sqlalchemy.exc.OperationalError",
            where={path: None},
            to=UnavailableError,
            pack="sqlalchemy",
        )
    for name in UNIQUE_SQLITE_NAMES:
        yield Rule(
            on="sqlalchemy.exc.IntegrityError",
            where={"orig.sqlite_errorname": name},
            translate=translate_unique,
            pack="sqlalchemy",
        )
    yield Rule(
        on="sqlalchemy.exc.DBAPIError", table="orig.sqlite_errorname", to=BY_SQLITE_NAME, pack="sqlalchemy"
    )
    yield Rule(
        on="sqlalchemy.exc.DBAPIError",
        where={"connection_invalidated": True},
        to=UnavailableError,
        pack="sqlalchemy",
    )
    yield Rule(on="sqlalchemy.exc.DisconnectionError", to=UnavailableError, pack="sqlalchemy")
    yield Rule(on="sqlalchemy.exc.TimeoutError", to=UnavailableError, pack="sqlalchemy")  # the pool's limit
    yield Rule(on="sqlalchemy.orm.exc.StaleDataError", to=AbortedError, pack="sqlalchemy")


SQLALCHEMY: tuple[Rule, ...] = tuple(_make_rules())
