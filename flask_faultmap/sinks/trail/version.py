"""Is the database of our version? A file of SQLite is asked when the app starts, without SQLAlchemy."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from flask_faultmap.errors import ConfigError

SCHEMA_VERSION = "1"
LOCK_TIMEOUT = 1.0  # seconds that the start of an app waits for another's lock


def refuse_other_version(found: str | None) -> None:
    """Refuse tables of another version than ours.

    Raises:
        ConfigError: *found* is one.
    """
    if found != SCHEMA_VERSION:
        raise ConfigError(
            f"The trail's database has schema version {found}; this version of flask-faultmap writes "
            f"{SCHEMA_VERSION}. Install the version that made it, or name another one in FAULTMAP_TRAIL_URL"
        )


def check_file(url: str) -> None:
    """Refuse a file of SQLite that is of another version, or no database; other databases are not asked.

    What cannot be known now, since there is no file yet or somebody has locked it, is left to the shipper.

    Raises:
        ConfigError: the file cannot be ours.
    """
    dialect, _, rest = url.partition(":///")
    file = Path(rest)
    if not dialect.startswith("sqlite"):
        return
    if not os.path.exists(file):  # that of Path raises where it may not look
        _refuse_impossible_folder(file)
        return
    if not file.is_file():  # to open a pipe would wait for ever
        what = (
            "a folder; name a file in it" if file.is_dir() else "no file; name one, or where one can be made"
        )
        raise ConfigError(f"FAULTMAP_TRAIL_URL names {file}, which is {what}")
    try:
        with closing(_open_to_read(file)) as connection:
            query = "SELECT value FROM faultmap_meta WHERE name = 'schema_version'"
            found = connection.execute(query).fetchone()
    except sqlite3.OperationalError:  # locked, not readable, or nobody has shipped to it yet
        return
    except sqlite3.DatabaseError as exc:
        told = f"FAULTMAP_TRAIL_URL names {file}, but {file} is no SQLite database ({exc}); name another file"
        raise ConfigError(told) from exc
    refuse_other_version(None if found is None else found[0])


def _refuse_impossible_folder(file: Path) -> None:
    blocking = next((each for each in file.parents if os.path.exists(each)), None)
    if blocking is not None and not os.path.isdir(blocking):
        raise ConfigError(f"FAULTMAP_TRAIL_URL names {file}, but {blocking} is no folder; name another file")


def _open_to_read(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=LOCK_TIMEOUT)
