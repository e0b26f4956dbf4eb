"""Measure every row of the table, print it, and say which bound is not met.

One process, one interleaved run, ratios of medians: cost against cost, lower is better. Log records
are made and thrown away, for all alike, since what a log costs is the business of its handlers.
"""

import argparse
import cProfile
import gc
import json
import logging
import os
import platform
import pstats
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import version

from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.measure import caller, import_time, medians, memory
from benchmarks.rows import IMPORT, MEMORY, ROWS, STREAM, Row
from benchmarks.sinks import ITEMS

ABSURD = 2.0  # a noisy machine does not double a ratio of medians; a mistake does


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One row, measured; the costs are microseconds for one request."""

    number: str
    what: str
    against: str
    at_most: float
    measured: float
    cost: float | None = None
    other_cost: float | None = None

    @property
    def verdict(self) -> str:
        """What to say of it."""
        return "ok" if round(self.measured, 3) <= self.at_most else "over"


def main(words: list[str]) -> int:
    """Measure and report; the status is 1 where a bound is passed (``--check``), or passed absurdly."""
    asked = parser().parse_args(words)
    if asked.peers:
        from benchmarks.peers.compare import main as compare  # needs the extra ``peers``

        return compare(smoke=asked.smoke, write=asked.write)
    if asked.pages:
        from benchmarks.pages import main as measure_pages  # needs PostgreSQL's programs

        return measure_pages(asked.pages)
    logging.getLogger().addHandler(logging.NullHandler())  # else Flask adds one that prints
    wanted = asked.profile or asked.row
    rows = [row for row in ROWS if wanted in (None, row.number)]
    apps = {name: CONTENDERS[name]() for row in rows for name in (row.mine, row.theirs) if name}
    for name, each in apps.items():
        verify(name, each)
    if asked.profile is not None:
        return profile(apps[rows[0].mine])
    results = measure(rows, apps, smoke=asked.smoke)
    print(as_json(results) if asked.json else as_table(results))
    slack = 1.0 if asked.check else ABSURD
    return int(any(round(result.measured, 3) > result.at_most * slack for result in results))


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    made = argparse.ArgumentParser("python -m benchmarks", description=__doc__.partition("\n")[0])
    made.add_argument("--smoke", action="store_true", help="a few seconds: shows that it runs, says little")
    made.add_argument("--check", action="store_true", help="status 1 if any bound is passed")
    made.add_argument("--json", action="store_true", help="for machines")
    made.add_argument("--row", metavar="N", choices=[row.number for row in ROWS], help="this row alone")
    made.add_argument("--peers", action="store_true", help="compare with other libraries instead")
    made.add_argument(
        "--pages", metavar="FAULTS", type=int, nargs="?", const=1_000_000, help="ask a large trail instead"
    )
    made.add_argument("--write", action="store_true", help="with --peers: put the result into the docs")
    profiled = [row.number for row in ROWS if row.mine]
    made.add_argument("--profile", metavar="ROW", choices=profiled, help="where its time goes")
    return made


def verify(name: str, contender: Contender) -> None:
    """Refuse to measure an app that does not answer what its row says."""
    response = contender.app.test_client().get(contender.path)
    members = tuple(sorted(response.get_json())) if response.is_json else ()
    if (response.status_code, members) != (contender.status, contender.members):
        raise SystemExit(f"{name} answers {response.status} with {members}, not what it should")


def measure(rows: list[Row], apps: dict[str, Contender], *, smoke: bool) -> list[Result]:
    """Measure *rows*, all requests in one interleaved run."""
    costs = medians(apps, rounds=26 if smoke else 1_950, calls=5)
    return [result_of(row, costs, smoke=smoke) for row in rows]


def result_of(row: Row, costs: dict[str, float], *, smoke: bool) -> Result:
    """Give what was measured of *row*."""
    cost, other_cost = costs.get(row.mine), costs.get(row.theirs)
    if row.number == MEMORY:
        measured = memory(2_000 if smoke else 20_000)
    elif row.number == IMPORT:
        measured = import_time(3 if smoke else 15)
    elif row.number == STREAM:
        measured = max(costs[row.mine] - costs[row.theirs], 0.0) / ITEMS
    else:
        measured = costs[row.mine] / costs[row.theirs]
    return Result(
        number=row.number,
        what=row.what,
        against=row.against,
        at_most=row.at_most,
        measured=measured,
        cost=cost,
        other_cost=other_cost,
    )


def as_table(results: list[Result]) -> str:
    """Show the results to a person, as a Markdown table."""
    lines = ["| | what | against | at most | measured | µs | verdict |", "| --- " * 7 + "|"]
    for result in results:
        costs = "" if result.cost is None else f"{result.cost:.0f} / {result.other_cost:.0f}"
        lines.append(
            f"| {result.number} | {result.what} | {result.against} | {result.at_most:.2f} "
            f"| {result.measured:.3f} | {costs} | {result.verdict} |"
        )
    return "\n".join([*lines, "", machine()])


def as_json(results: list[Result]) -> str:
    """Show the results to a program."""
    rows = [{**asdict(result), "verdict": result.verdict} for result in results]
    return json.dumps({"machine": machine(), "rows": rows}, indent=2)


def machine() -> str:
    """Say where this was measured."""
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}; "
        f"Python {platform.python_version()}, "
        f"Flask {version('flask')}, Werkzeug {version('werkzeug')}, marshmallow {version('marshmallow')}"
    )


def profile(contender: Contender) -> int:
    """Show where the time of *contender* goes."""
    call = caller(contender.app, contender.path)
    call()
    gc.disable()  # else a collection of ten thousand rules is charged to whoever allocates next
    with cProfile.Profile() as recorder:
        for _ in range(3_000):
            call()
    pstats.Stats(recorder).sort_stats("tottime").print_stats(25)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
