"""How long does the console wait for a large trail? On SQLite, and on a PostgreSQL server of its own.

A million faults of thirty days; each figure is of one question, asked as the console asks it: by one reader
that is kept, beside a journal of four workers that was shipped. What else runs on the machine only adds to a
figure: the best of 41 is held to the bound.
"""

import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine, insert

from flask_faultmap.sinks.trail import Filters
from flask_faultmap.sinks.trail.database import FAULT, GROUP, SEGMENT, open_to_write, prepare
from flask_faultmap.sinks.trail.lines import encode_line
from flask_faultmap.sinks.trail.reading import TrailReader
from flask_faultmap.sinks.trail.segments import ShipperState, write_state
from flask_faultmap.sinks.trail.settings import TrailSettings

SPAN = timedelta(days=30)
CODES = 40
PER_SEGMENT = 10_000
LINE = 600  # bytes
PAGE, PICTURE = 10.0, 100.0  # milliseconds that a question may take
STACK = '[["shop.StockDownError","",["shop.stock:read:41","shop.views:order:17"]],["TimeoutError","gone",[]]]'
CONSTANT = {
    "app": "shop",
    "host": "web-1",
    "category": "unavailable",
    "status": 503,
    "original_status": 503,
    "method": "GET",
    "route": "/orders/<int:number>",
    "endpoint": "order",
    "rule": "TimeoutError -> StockDownError",
    "exception": "TimeoutError",
    "cause": "TimeoutError",
    "text": "The stock service did not answer within two seconds, tried three times",
    "blame": "upstream",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One question: milliseconds, the best and the median, and the bound of the best."""

    what: str
    best: float
    median: float
    at_most: float


def main(rows: int) -> int:
    """Measure both databases and print a table; the status is 1 where a bound is passed."""
    print("| database | question | at most, ms | best | median | verdict |\n" + "| --- " * 6 + "|")
    is_over = False
    for open_database in (sqlite, postgresql):
        with TemporaryDirectory() as name, open_database(Path(name), rows) as url:
            for each in measure(TrailSettings(url=url, folder=Path(name) / "journal"), rows):
                verdict = "ok" if each.best <= each.at_most else "over"
                is_over = is_over or verdict == "over"
                figures = f"{each.at_most:.0f} | {each.best:.1f} | {each.median:.1f} | {verdict}"
                print(f"| {open_database.__name__} | {each.what} | {figures} |", flush=True)
    return int(is_over)


@contextmanager
def sqlite(folder: Path, rows: int) -> Iterator[str]:
    """Fill a file of SQLite; give its URL."""
    url = f"sqlite+pysqlite:///{folder / 'faults.db'}"
    engine = open_to_write(url)
    fill_small_tables(engine, rows)
    engine.dispose()
    columns = ", ".join(f'"{column.name}"' for column in FAULT.columns)
    marks = ", ".join("?" * len(FAULT.columns))
    with closing(sqlite3.connect(folder / "faults.db")) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -400000")
        connection.executemany(f"INSERT INTO {FAULT.name} ({columns}) VALUES ({marks})", faults(rows))
        connection.commit()
    yield url


@contextmanager
def postgresql(folder: Path, rows: int) -> Iterator[str]:
    """Start a server with Debian's settings for memory, and fill it; give its URL."""
    sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))
    from postgres import postgres_server  # type: ignore[import-not-found]  # of the tests

    with postgres_server() as server:
        engine = open_to_write(server.url)
        fill_small_tables(engine, rows)
        columns = ", ".join(f'"{column.name}"' for column in FAULT.columns)
        with engine.begin() as connection, raw(connection).cursor() as cursor:
            copy_into(cursor, f"COPY {FAULT.name} ({columns}) FROM STDIN", faults(rows))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")  # as autovacuum does after some minutes
        engine.dispose()
        yield server.url


def copy_into(cursor: Any, command: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Send *rows*, as fast as PostgreSQL takes them."""
    with cursor.copy(command) as copy:
        for row in rows:
            copy.write_row(row)


def raw(connection: Any) -> Any:
    """Give the driver's connection."""
    return connection.connection.driver_connection


def fill_small_tables(engine: Engine, rows: int) -> None:
    """Make the tables, with all segments and groups."""
    prepare(engine)
    now = micros(datetime.now(UTC))
    names = ("app", "category", "blame", "rule", "cause")
    common = {name: CONSTANT[name] for name in names}
    segments = [
        {"name": segment_of(number), "app": "shop", "host": "web-1", "offset": 10**9, "damaged": 0}
        for number in range(0, rows, PER_SEGMENT)
    ]
    groups = [
        {**common, "fingerprint": f"{number:020x}", "code": f"code_{number % CODES}", "first": 0}
        | {"last": now - number, "count": rows // CODES}
        for number in range(CODES * 10)
    ]
    with engine.begin() as connection:
        connection.execute(insert(SEGMENT), segments)
        connection.execute(insert(GROUP), groups)


def faults(rows: int) -> Iterator[tuple[Any, ...]]:
    """Give the rows, oldest first; few codes are frequent and most are rare."""
    chance, now, span = Random(0), micros(datetime.now(UTC)), SPAN // timedelta(microseconds=1)
    for number in range(rows):
        code = min(int(chance.expovariate(0.25)), CODES - 1)
        row = {
            **CONSTANT,
            "segment": segment_of(number),
            "offset": number % PER_SEGMENT * LINE,
            "request_id": request_id_of(number),
            "time": now - span + number * span // rows,
            "code": f"code_{code}",
            "user_id": f"user-{number % 5000}",
            "told": f'{{"text":"The stock service does not answer.","details":{{"order":{number}}}}}',
            "stack": STACK,
            "fingerprint": f"{code * 10 + number % 10:020x}",
        }
        yield tuple(row.get(column.name) for column in FAULT.columns)


def measure(settings: TrailSettings, rows: int) -> Iterator[Figure]:
    """Ask what the console asks."""
    fill_journal(settings.folder)
    reader, now = TrailReader(settings, "shop"), datetime.now(UTC)
    day, week = now - timedelta(days=1), now - timedelta(days=7)
    middle = rows // 2
    deep = f"{micros(now - SPAN / 2)}.{segment_of(middle)}.0"
    asked: list[tuple[str, float, Callable[[], object]]] = [
        ("first page", PAGE, reader.page),
        ("page in the middle", PAGE, lambda: reader.page(before=deep)),
        ("page of a frequent code", PAGE, lambda: reader.page(Filters(code="code_0"), before=deep)),
        ("page of a rare code", PAGE, lambda: reader.page(Filters(code="code_39"), before=deep)),
        ("page of a code that never came", PAGE, lambda: reader.page(Filters(code="none"))),
        ("page of a group", PAGE, lambda: reader.page(Filters(fingerprint=f"{3:020x}"), before=deep)),
        ("page of a user", PAGE, lambda: reader.page(Filters(user_id="user-7"), before=deep)),
        (
            "page of a status that never came, 7 days",
            7 * PICTURE,
            lambda: reader.page(Filters(status=418, since=week)),
        ),
        ("faults of one request id", PAGE, lambda: reader.find(request_id_of(middle))),
        ("one fault", PAGE, lambda: reader.get(f"{segment_of(middle)}.0")),
        ("groups", PAGE, lambda: reader.groups(limit=200)),
        ("picture, 24 hours", PICTURE, lambda: reader.histogram(day, now)),
        ("picture, 24 hours of a code", PICTURE, lambda: reader.histogram(day, now, Filters(code="code_0"))),
        ("picture, 7 days", 7 * PICTURE, lambda: reader.histogram(week, now)),
    ]
    for what, at_most, ask in asked:
        taken = sorted(milliseconds(ask) for _ in range(41))
        yield Figure(what=what, best=taken[0], median=statistics.median(taken), at_most=at_most)


def milliseconds(ask: Callable[[], object]) -> float:
    """Give how long one question takes."""
    begun = time.perf_counter()
    ask()
    return (time.perf_counter() - begun) * 1000


def fill_journal(folder: Path) -> None:
    """Leave four segments, as four workers have them: shipped, and not yet full."""
    folder.mkdir(parents=True)
    offsets = {}
    for number in range(4):
        path = folder / f"{segment_of(number * PER_SEGMENT)}.log"
        path.write_bytes(b"".join(encode_line(record(number, line)) for line in range(1500)))
        offsets[path.stem] = path.stat().st_size
    write_state(folder, ShipperState(time=time.time(), offsets=offsets))


def record(segment: int, line: int) -> dict[str, Any]:
    """Make a record that waits."""
    now = micros(datetime.now(UTC))
    own = {"id": f"waiting-{segment}-{line}", "time": now, "code": "code_0", "fingerprint": "0" * 20}
    return {**CONSTANT, **own, "told": {"text": "gone"}, "stack": [["TimeoutError", "gone", ["a:b:1"]]]}


def micros(moment: datetime) -> int:
    """Give a time as the database has it."""
    return int(moment.timestamp() * 1_000_000)


def segment_of(number: int) -> str:
    """Name the segment that has the fault *number*."""
    return f"{1_700_000_000_000 + number // PER_SEGMENT:013d}-{number // PER_SEGMENT:016x}"


def request_id_of(number: int) -> str:
    """Name the request of the fault *number*."""
    return f"{number * 2654435761 % 2**64:032x}"
