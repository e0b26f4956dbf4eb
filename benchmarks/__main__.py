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

from benchmarks.contenders import Contender, contenders
from benchmarks.measure import caller, medians, memory

ABSURD = 2.0  # a noisy machine does not double a ratio of medians; a mistake does


@dataclass(frozen=True, slots=True)
class Row:
    """One promise: what it costs, against what, and the ratio that must not be passed."""

    what: str
    against: str
    at_most: float
    mine: str = ""
    theirs: str = ""


ROWS = (
    Row("a domain error", "a handler by hand, same members and headers", 0.93, "ours", "by hand"),
    Row("a domain error", "the recipe of Flask's docs, two members", 1.00, "ours", "recipe"),
    Row("a routing 404", "Flask's own HTML 404", 0.73, "ours, routing 404", "Flask's routing 404"),
    Row("an unhandled error", "the recipe of Flask's docs", 0.85, "ours, unhandled", "recipe, unhandled"),
    Row("a request that succeeds", "plain Flask", 1.01, "ours, success", "plain, success"),
    Row("10,000 rules on as many classes", "10 rules", 1.02, "10,000 rules", "10 rules"),
    Row("30 text rows on the class raised", "one bare row", 1.20, "30 text rows", "one bare row"),
)
MEMORY = Row("bytes kept for each of 20,000 classes made at run time", "none", 8.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One row, measured; the costs are microseconds for one request."""

    what: str
    against: str
    at_most: float
    measured: float
    cost: float | None = None
    other_cost: float | None = None

    @property
    def verdict(self) -> str:
        """What to say of it."""
        return "ok" if round(self.measured, 3) <= self.at_most else "OVER"


def main(words: list[str]) -> int:
    """Measure and report; the status is 1 where a bound is passed (``--check``), or passed absurdly."""
    asked = parser().parse_args(words)
    logging.getLogger().addHandler(logging.NullHandler())  # else Flask adds one that prints
    apps = contenders()
    for name, each in apps.items():
        verify(name, each)
    if asked.profile is not None:
        return profile(apps, asked.profile)
    results = measure(apps, smoke=asked.smoke)
    print(as_json(results) if asked.json else as_table(results))
    slack = 1.0 if asked.check else ABSURD
    return int(any(round(result.measured, 3) > result.at_most * slack for result in results))


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    made = argparse.ArgumentParser("python -m benchmarks", description=__doc__.partition("\n")[0])
    made.add_argument("--smoke", action="store_true", help="a few seconds: shows that it runs, says little")
    made.add_argument("--check", action="store_true", help="status 1 if any bound is passed")
    made.add_argument("--json", action="store_true", help="for machines")
    made.add_argument(
        "--profile", type=int, metavar="ROW", choices=range(1, len(ROWS) + 1), help="where its time goes"
    )
    return made


def verify(name: str, contender: Contender) -> None:
    """Refuse to measure an app that does not answer what its row says."""
    response = contender.app.test_client().get(contender.path)
    members = tuple(sorted(response.get_json())) if response.is_json else ()
    if (response.status_code, members) != (contender.status, contender.members):
        raise SystemExit(f"{name} answers {response.status} with {members}, not what it should")


def measure(apps: dict[str, Contender], *, smoke: bool) -> list[Result]:
    """Measure all rows."""
    costs = medians(apps, rounds=26 if smoke else 1_950, calls=5)
    results = [
        Result(
            what=row.what,
            against=row.against,
            at_most=row.at_most,
            measured=costs[row.mine] / costs[row.theirs],
            cost=costs[row.mine],
            other_cost=costs[row.theirs],
        )
        for row in ROWS
    ]
    kept = memory(2_000 if smoke else 20_000)
    return [*results, Result(what=MEMORY.what, against=MEMORY.against, at_most=MEMORY.at_most, measured=kept)]


def as_table(results: list[Result]) -> str:
    """Show the results to a person, as a Markdown table."""
    lines = ["| | what | against | at most | measured | µs | verdict |", "| --- " * 7 + "|"]
    for number, result in enumerate(results, 1):
        costs = "" if result.cost is None else f"{result.cost:.0f} / {result.other_cost:.0f}"
        lines.append(
            f"| {number} | {result.what} | {result.against} | {result.at_most:.2f} "
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


def profile(apps: dict[str, Contender], number: int) -> int:
    """Show where the time of our side of row *number* goes."""
    each = apps[ROWS[number - 1].mine]
    call = caller(each.app, each.path)
    call()
    gc.disable()  # else a collection of ten thousand rules is charged to whoever allocates next
    with cProfile.Profile() as recorder:
        for _ in range(3_000):
            call()
    pstats.Stats(recorder).sort_stats("tottime").print_stats(25)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
