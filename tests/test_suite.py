"""The suite's own manners: what is left out is named on the last line, and counts in CI."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

SUPPORT = Path(__file__).parent / "support"
CASES = """
import pytest

def test_short():
    pass

@pytest.mark.long
def test_long():
    pass

@pytest.mark.parametrize("n", [1, 2])
def test_with_a_server(n):
    pytest.skip("no PostgreSQL on this machine")
"""


@pytest.fixture
def run(tmp_path):
    (tmp_path / "test_cases.py").write_text(CASES)
    path = os.pathsep.join([str(SUPPORT), str(SUPPORT.parents[1])])

    def run(*arguments, ci=False):
        line = [sys.executable, "-m", "pytest", "-p", "suite", "-p", "no:cacheprovider", *arguments]
        place = {**os.environ, "PYTHONPATH": path, "CI": "true" if ci else ""}
        done = subprocess.run(line, cwd=tmp_path, env=place, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.strip().splitlines()[-1]

    return run


@pytest.mark.long
@pytest.mark.parametrize("workers", ["0", "2"], ids=["one process", "two processes"])
def test_last_line_names_what_was_not_run_and_why(run, workers):
    status, last = run("-n", workers)

    assert status == 0
    assert last == (
        "Not run: 1 long tests (python3 dev.py test --all); 2 skipped (no PostgreSQL on this machine)"
    )


@pytest.mark.long
def test_all_runs_the_long_ones_too(run):
    assert run("--all") == (0, "Not run: 2 skipped (no PostgreSQL on this machine)")


@pytest.mark.long
def test_a_long_test_that_is_named_is_run(run):
    status, last = run("test_cases.py::test_long")

    assert (status, "1 passed" in last) == (0, True)


@pytest.mark.long
@pytest.mark.parametrize("workers", ["0", "2"], ids=["one process", "two processes"])
def test_skipped_test_fails_a_whole_run_in_ci(run, workers):
    status, last = run("--all", "-n", workers, ci=True)

    assert (status, last) == (1, "Not run: 2 skipped (no PostgreSQL on this machine)")


def test_no_test_has_a_deadline():
    assert settings().deadline is None
