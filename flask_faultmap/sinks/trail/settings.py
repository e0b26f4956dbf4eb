"""The settings of one app's trail: read once, every mistake in one error."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

from flask_faultmap.errors import ConfigError
from flask_faultmap.near_miss import near_miss

PREFIX = "FAULTMAP_TRAIL_"
MIB = 1024 * 1024
URL = re.compile(r"(?P<dialect>\w+)(?:\+(?P<driver>\w+))?://(?P<rest>.*)", re.DOTALL)
DRIVERS: dict[str, tuple[str, ...]] = {"sqlite": ("pysqlite",), "postgresql": ("psycopg", "psycopg2")}
PLACE = re.compile(  # of a server, as SQLAlchemy reads it
    r"(?:[^:/]*(?::[^@]*)?@)?(?:\[[^/?]+\]|[^/:?]*)(?::(?P<port>[0-9]{0,5}))?(?:[/?].*)?", re.DOTALL
)
LIBPQ = [
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "passfile",
    "require_auth",
    "channel_binding",
    "connect_timeout",
    "client_encoding",
    "options",
    "application_name",
    "fallback_application_name",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "replication",
    "gssencmode",
    "sslmode",
    "requiressl",
    "sslnegotiation",
    "sslcompression",
    "sslcert",
    "sslkey",
    "sslpassword",
    "sslcertmode",
    "sslrootcert",
    "sslcrl",
    "sslcrldir",
    "sslsni",
    "sslkeylogfile",
    "requirepeer",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "min_protocol_version",
    "max_protocol_version",
    "krbsrvname",
    "gsslib",
    "gssdelegation",
    "service",
    "servicefile",
    "target_session_attrs",
    "load_balance_hosts",
]  # https://www.postgresql.org/docs/current/libpq-connect.html
MAX_FOLDER = 200  # characters of its name; file systems take 255 bytes
URL_FORMS = "'sqlite:////absolute/path.db' or 'postgresql://user:password@host/database'"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailSettings:
    """What ``app.config`` says under ``FAULTMAP_TRAIL_…``, checked.

    Args:
        url: ``URL`` of the database, for SQLAlchemy.
        folder: ``FOLDER`` of the journals; each app has its own below it.
        limit: ``LIMIT`` in bytes of one app's journal on this host; beyond it the newest are refused.
        ship: ``SHIP``: whether a worker of the app ships, by a thread.
        max_wait: ``MAX_WAIT`` in seconds: what waits longer makes the trail unhealthy.
    """

    url: str
    folder: Path
    limit: int = 256 * MIB
    ship: bool = True
    max_wait: int = 300


def read_trail_settings(config: Mapping[str, Any], app_name: str, instance: Path) -> TrailSettings:
    """Read the ``FAULTMAP_TRAIL_…`` keys of *config*; *instance* is the app's instance folder.

    Raises:
        ConfigError: one for all mistakes; or the system is Windows, which has no ``flock``.
    """
    if sys.platform == "win32":
        raise ConfigError("The audit trail needs flock, which Windows has not; run the app on Linux or macOS")
    reader, read = _Reader(instance), {}
    names = [field.name for field in fields(TrailSettings)]
    for key in sorted(key for key in config if isinstance(key, str) and key.startswith(PREFIX)):
        name = key.removeprefix(PREFIX)
        if name.lower() not in names or not name.isupper():
            miss = near_miss(key.upper(), [PREFIX + each.upper() for each in names])
            reader.mistakes.append(f"{key} is no setting{miss}")
            continue
        read[name.lower()] = getattr(reader, f"read_{name.lower()}")(key, config[key])
    read.setdefault("url", f"sqlite:///{instance / 'faults.db'}")
    folder = instance / read.pop("folder", "faults.journal")
    if not reader.mistakes and read["url"].startswith("postgresql"):
        reader.check_driver(f"{PREFIX}URL", read["url"])
    if find_spec("sqlalchemy") is None:
        reader.mistakes.append("The audit trail needs SQLAlchemy; pip install 'flask-faultmap[trail]'")
    if reader.mistakes:
        raise ConfigError("\n".join(reader.mistakes))
    return TrailSettings(folder=folder / _name_folder(app_name), **read)


def _name_folder(app_name: str) -> str:
    """Name the folder of an app: a name may be a path or too long, and no two names may be one folder."""
    name = quote(app_name, safe="", errors="surrogatepass").replace(".", "%2E") or "app"
    if len(name) <= MAX_FOLDER:
        return name
    return f"{name[:64]}.{blake2b(name.encode(), digest_size=16).hexdigest()}"


class _Reader:
    """One method for each setting; mistakes are collected."""

    def __init__(self, instance: Path) -> None:
        self._instance = instance
        self.mistakes: list[str] = []

    def _note_mistake(self, key: str, value: object, allowed: str, miss: str = "") -> None:
        self.mistakes.append(f"{key} is {value!r}; allowed: {allowed}{miss}")

    def read_url(self, key: str, value: Any) -> str:
        found = URL.fullmatch(value) if isinstance(value, str) and "\0" not in value else None
        if found is None:
            # The value may hold a password.
            self.mistakes.append(f"{key} is no URL of a database; allowed: {URL_FORMS}")
            return ""
        dialect = {"postgres": "postgresql"}.get(found["dialect"], found["dialect"])
        if dialect not in DRIVERS:
            miss = near_miss(dialect, DRIVERS)
            self.mistakes.append(f"{key} is for {found['dialect']!r}; allowed: {URL_FORMS}{miss}")
            return ""
        driver = found["driver"] or DRIVERS[dialect][0]
        if driver not in DRIVERS[dialect]:
            allowed = ", ".join(map(repr, DRIVERS[dialect]))
            miss = near_miss(driver, DRIVERS[dialect])
            self._note_mistake(f"The driver in {key}", driver, allowed, miss)
        rest = found["rest"]
        told = _check_file_name(rest) if dialect == "sqlite" else _check_place(rest) or _check_options(rest)
        if told:
            self.mistakes.append(f"{key} {told}: {URL_FORMS}")
        if dialect == "sqlite":  # relative to the instance folder: workers and commands run anywhere
            rest = f"/{self._instance / rest[1:]}"
        return f"{dialect}+{driver}://{rest}"

    def check_driver(self, key: str, url: str) -> None:
        """A driver that is missing is known at start, and without importing SQLAlchemy."""
        driver = url.partition("://")[0].partition("+")[2]
        if find_spec(driver) is None:
            extra = "pip install 'flask-faultmap[postgresql]'" if driver == "psycopg" else f"install {driver}"
            self.mistakes.append(f"{key} needs {driver}, which is not installed; {extra}")

    def read_folder(self, key: str, value: Any) -> Path:
        if not (isinstance(value, str | Path) and str(value) and "\0" not in str(value)):
            self._note_mistake(key, value, "the path of a folder on a disk of this host")
            return Path()
        return Path(value)

    def read_limit(self, key: str, value: Any) -> int:
        return self._read_whole(key, value, 4096, "a number of bytes, at least 4096")

    def read_max_wait(self, key: str, value: Any) -> int:
        return self._read_whole(key, value, 1, "a whole number of seconds, at least 1")

    def read_ship(self, key: str, value: Any) -> bool:
        if not isinstance(value, bool):
            self._note_mistake(key, value, "True, False")
        return value is True

    def _read_whole(self, key: str, value: Any, least: int, allowed: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            self._note_mistake(key, value, allowed)
            return least
        return value


def _check_file_name(rest: str) -> str | None:
    file, _, options = rest.removeprefix("/").partition("?")
    if not rest.startswith("/") or file in ("", ":memory:"):
        return "names no file; several processes share the trail"
    return "has options behind '?', which a file of SQLite does not take" if options else None


def _check_place(rest: str) -> str | None:
    found = PLACE.fullmatch(rest)
    if found is None or int(found["port"] or 0) > 65535:
        return "has a host or a port that cannot be"
    return None


def _check_options(rest: str) -> str | None:
    """Refuse an option that is a slip of one that libpq knows; it may know more than we do."""
    for name in parse_qs(rest.partition("?")[2], keep_blank_values=True):
        miss = "" if name in LIBPQ else near_miss(name, LIBPQ)
        if miss:
            return f"has the option {name!r}, which PostgreSQL does not know{miss} Allowed"
    return None
