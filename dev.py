#!/usr/bin/env python3
"""One command for each job in this repository; it needs Python and nothing else.

    python3 dev.py tour          see ten real failures, in plain Flask and with FaultMap
    python3 dev.py test          run the tests
    python3 dev.py test --all    run the long ones too, with coverage: real servers, databases and browsers
    python3 dev.py test -k rule  run some tests: what follows is for pytest
    python3 dev.py clients       let the systems' own clients drive the example app
    python3 dev.py lint          ruff and mypy
    python3 dev.py docs          build the documentation in docs/_build
    python3 dev.py prove trail   kill and hang what keeps the audit trail, and count what is lost
    python3 dev.py bench         measure the cost: what follows is for the benchmarks
    python3 dev.py bench --peers compare the cost with other libraries
    python3 dev.py fuzz          make random failures; what breaks a promise is printed as a program
    python3 dev.py servers       see what each WSGI server answers to broken requests
    python3 dev.py build         build the sdist and the wheel twice, compare and check them
    python3 dev.py applied       see what is known of a call whose connection ends, library by library
    python3 dev.py hostile       see who answers hostile requests, of us and of other libraries

Each command makes a virtual environment in .venv when there is none, installs what it needs there
when setup.cfg or pyproject.toml changed, runs, and ends with the status of what it ran.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

OLDEST_PYTHON = (3, 11)
TOP = Path(__file__).resolve().parent
VENV = TOP / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = str(BIN / "python")

# Files of tests run side by side; each in one process, since a document's code blocks build on each other.
SIDE_BY_SIDE = ["-n", "auto", "--dist", "loadfile"]
COVERED = ["--cov", "--cov-report=term:skip-covered", "--cov-fail-under=0"]

# command: (the extra that it needs, the command lines that it runs)
COMMANDS = {
    "tour": ("example", [[PYTHON, "-m", "flask", "--app", "example_app", "tour"]]),
    "test": ("test", [[PYTHON, "-m", "pytest"]]),
    "clients": ("test", [[PYTHON, "tests/clients/run.py"]]),
    "lint": (
        "dev",
        [
            [PYTHON, "-m", "ruff", "check"],
            [PYTHON, "-m", "ruff", "format", "--check"],
            [PYTHON, "-m", "mypy"],
        ],
    ),
    "docs": ("docs", [[PYTHON, "-m", "sphinx", "-W", "-q", "-b", "html", "docs", "docs/_build"]]),
    "prove": ("test", [[PYTHON, "tests/support/trail_proof.py"]]),
    "fuzz": ("test", [[PYTHON, "tests/fuzz/run.py"]]),
    "servers": ("test", [[PYTHON, "tests/support/server_table.py"]]),
    "build": ("release", [[PYTHON, ".ci/build.py"]]),
    "applied": ("test", [[PYTHON, "tests/support/applied_table.py"]]),
    "hostile": ("peers", [[PYTHON, "-m", "benchmarks.peers.hostile"]]),
    "bench": ("bench", [[PYTHON, "-m", "benchmarks"]]),
}


def main(arguments):
    """Run one command and return its exit status."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(__doc__.strip())
        return 0
    name, rest = arguments[0], arguments[1:]
    complaint = refuse(sys.version_info[:2], name)
    if complaint:
        print(complaint, file=sys.stderr)
        return 2
    extra, lines = COMMANDS[name]
    if name == "bench" and "--peers" in rest:
        extra = "peers"
    try:
        prepare(extra)
    except StepError as exc:
        print(exc, file=sys.stderr)
        return 1
    if name == "test" and rest in ([], ["--all"]):
        rest = [*SIDE_BY_SIDE, *(COVERED if rest else []), *rest]
    for line in lines:
        say("$ " + " ".join(["python", *line[1:], *rest]))
        status = subprocess.call([*line, *rest], cwd=TOP)
        if status:
            return status
    return 0


def refuse(version, name):
    """Return what is wrong with this call, or None."""
    if version < OLDEST_PYTHON:
        wanted, found = (".".join(map(str, pair)) for pair in (OLDEST_PYTHON, version))
        advice = f"Try: python{wanted} dev.py {name}"
        return f"This project needs Python {wanted} or newer; this is Python {found}. {advice}"
    if name not in COMMANDS:
        return "dev.py has no command {!r}; it has: {}.".format(name, ", ".join(COMMANDS))
    return None


def prepare(extra):
    """Bring the virtual environment up to date for *extra*; do nothing where it is."""
    stamp = VENV / (".installed-" + extra)
    mark = fingerprint()
    if stamp.exists() and stamp.read_text() == mark:
        return
    if not runs(PYTHON):
        step("Making a virtual environment in .venv", [sys.executable, "-m", "venv", "--clear", str(VENV)])
    wish = f".[{extra}]" if extra else "."
    install = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-e", wish]
    step(f"Installing {wish} into it", install)
    stamp.write_text(mark)


def fingerprint():
    """Return a digest of all that decides what has to be installed."""
    digest = hashlib.sha256(repr((str(TOP), sys.version_info[:3])).encode())
    for name in ("setup.cfg", "pyproject.toml"):
        digest.update((TOP / name).read_bytes())
    return digest.hexdigest()


def runs(python):
    """Say whether *python* is an interpreter of the version that runs this script."""
    ask = [python, "-c", "import pip, sys; print(sys.version_info[:2])"]
    try:
        answer = subprocess.run(ask, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    except OSError:
        return False
    return answer.stdout.decode().strip() == str(tuple(sys.version_info[:2]))


class StepError(Exception):
    """A step of the preparation failed; the text says which one, and what it printed."""


def step(title, command):
    """Run *command* under one line of progress; show its output only if it fails."""
    say(title + " ...")
    started, output = time.monotonic(), []
    with subprocess.Popen(command, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        for line in process.stdout:
            output.append(line.decode(errors="replace"))
            show_progress(output[-1])
    show_progress("")
    if process.returncode == 0:
        say(f"{title}: done in {time.monotonic() - started:.0f} s")
        return
    if "ensurepip is not available" in "".join(output):
        shutil.rmtree(VENV, ignore_errors=True)
    raise StepError("".join(output) + title + ": failed, see above.")


def show_progress(line):
    """Show *line* in place of the one before, on a terminal only."""
    if sys.stdout.isatty():
        print("\r\033[K" + line.strip()[: shutil.get_terminal_size().columns - 1], end="", flush=True)


def say(text):
    """Print one line of our own."""
    print("[dev] " + text, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
