"""The fuzzer itself: it finds what it should, shrinks it, and prints a program that fails alike."""

import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parent / "fuzz"
RUN = [sys.executable, str(FUZZ / "run.py")]


def test_short_run_finds_nothing():
    done = subprocess.run(
        [*RUN, "--cases", "150", "--seed", "5"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout.splitlines()[-1].endswith("0 kinds of failures")) == (0, True)


def test_failure_is_shrunk_to_a_program_that_fails_alike(tmp_path):
    script = f"""
import sys
sys.path.insert(0, {str(FUZZ)!r})
import invariants, run
broken = invariants.broken
def worse(program):
    yield from broken(program)
    if program["PLACE"] == "converter":
        yield "converters are forbidden: always"
run.broken = worse
sys.exit(run.main(["--cases", "60"]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    program = done.stdout.partition("--- converters are forbidden\n")[2].partition("\n--- ")[0]
    (tmp_path / "program.py").write_text(program)

    again = subprocess.run(
        [sys.executable, str(tmp_path / "program.py")], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "rules: []; settings: {}; receiver: None; handler: None; response: None" in done.stdout
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith("b'{")


@pytest.mark.parametrize("word", ["--cases", "--seed"])
def test_help_names_each_option(word):
    done = subprocess.run([*RUN, "--help"], capture_output=True, text=True, check=True)

    assert word in done.stdout
