"""Make random failures, and look whether what must hold of every answer holds.

    python3 dev.py fuzz                          2,000 cases
    python3 dev.py fuzz --cases 100000 --seed 7  more, and others

What fails is made as small as it gets and printed as a program; the status is 1 then.
"""

import argparse
import logging
import sys
import time
import warnings
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent))

from invariants import broken
from program import Case, random_case, run, simpler, source_of

SHOWN = 3  # failures of different kinds


def main(words: list[str]) -> int:
    """Run the cases, and report."""
    asked = parser().parse_args(words)
    logging.lastResort = None
    logging.raiseExceptions = False
    warnings.simplefilter("ignore")
    failures: dict[str, Case] = {}
    started = shown = time.monotonic()
    for number in range(asked.cases):
        case = random_case(Random(f"{asked.seed}/{number}"))
        for problem in problems_of(case):
            failures.setdefault(problem.partition(":")[0], case)
        if time.monotonic() - shown > 5:
            shown = time.monotonic()
            print(f"{number + 1} of {asked.cases} cases, {len(failures)} kinds of failures", flush=True)
    took = time.monotonic() - started
    print(f"{asked.cases} cases with seed {asked.seed} in {took:.0f} s: {len(failures)} kinds of failures")
    for problem, case in list(failures.items())[:SHOWN]:
        show(problem, shrunk(case, problem))
    return int(bool(failures))


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    made = argparse.ArgumentParser("python3 dev.py fuzz", description=__doc__.partition("\n")[0])
    made.add_argument("--cases", type=int, default=2_000, help="how many (2000)")
    made.add_argument("--seed", type=int, default=0, help="other cases for another number (0)")
    return made


def problems_of(case: Case) -> list[str]:
    """Say what does not hold in *case*."""
    try:
        program = run(case)
    except Exception as exc:
        return [f"the program does not start ({type(exc).__name__}): {exc}"]
    return [*broken(program)]


def shrunk(case: Case, problem: str) -> Case:
    """Make *case* simpler for as long as it fails in the same way."""
    for smaller in simpler(case):
        if any(each.partition(":")[0] == problem for each in problems_of(smaller)):
            return shrunk(smaller, problem)
    return case


def show(problem: str, case: Case) -> None:
    """Print the program that fails."""
    print(f"\n--- {problem}\n")
    print(source_of(case))
    print("from werkzeug.test import Client\nprint(Client(app).open(**REQUEST).get_data())")
    print("\n--- " + "; ".join(f"{kind}: {piece[:100]}" for kind, piece in case.items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
