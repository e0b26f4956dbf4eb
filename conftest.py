"""Run what the README and the docs show: code blocks as code, console blocks as requests.

The ``curl`` lines of a console block are sent to the *app* that the document made, ``flask`` lines are
run on its code. What stands below such a line must be in the answer. ``…`` is anything.
"""

import os
import re
import shlex
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sybil import Document, Example, Region, Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

CONSOLE = re.compile(r"^```console\n(?P<lines>\$ (?:curl|flask) .*?)^```$", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n((?!>>>).*?)^```$", re.MULTILINE | re.DOTALL)

curl = ArgumentParser("curl")
curl.add_argument("-s", action="store_true")
curl.add_argument("-i", action="store_true", dest="with_head")
curl.add_argument("-X", dest="method")
curl.add_argument("-H", action="append", default=[], dest="headers")
curl.add_argument("-d", dest="data")
curl.add_argument("--json")
curl.add_argument("url")


def parse_console(document: Document) -> Iterator[Region]:
    """Find the blocks of ``curl`` and ``flask`` lines."""
    for found in CONSOLE.finditer(document.text):
        yield Region(found.start(), found.end(), found["lines"], evaluate_console)


def evaluate_console(example: Example) -> None:
    """Run each line and compare the answer with what the document shows."""
    for exchange in re.split(r"^\$ ", example.parsed, flags=re.MULTILINE)[1:]:
        command, _, shown = exchange.replace("\\\n", " ").partition("\n")
        program, *words = shlex.split(command)
        seen = PROGRAMS[program](example, words)
        missing = [line for line in shown.strip().splitlines() if not shows(seen, line)]
        assert not missing, "\n".join([command, "answered:", *seen, "where these were shown:", *missing])


def shows(seen: list[str], line: str) -> bool:
    """Say whether one of the lines *seen* is *line*, where ``…`` is anything."""
    pattern = ".*".join(map(re.escape, line.strip().split("…")))
    return any(re.fullmatch(pattern, each.strip()) for each in seen)


def run_curl(example: Example, words: list[str]) -> list[str]:
    """Do what ``curl`` with *words* would do, and return the lines that it would print."""
    asked = curl.parse_args(words)
    headers = [tuple(header.split(": ", 1)) for header in asked.headers]
    headers += [("Content-Type", "application/json")] if asked.json else []
    body = asked.json or asked.data
    path = "/" + asked.url.removeprefix("http://").partition("/")[2]
    method = asked.method or ("POST" if body else "GET")
    response = example.namespace["app"].test_client().open(path, method=method, headers=headers, data=body)
    head = [f"HTTP/1.1 {response.status}", *(f"{name}: {value}" for name, value in response.headers), ""]
    return (head if asked.with_head else []) + response.get_data(as_text=True).splitlines()


def run_flask(example: Example, words: list[str]) -> list[str]:
    """Run a command on the code above *example*, in a process that has loaded nothing else."""
    code = PYTHON.findall(example.document.text[: example.start])
    with TemporaryDirectory() as folder:
        (Path(folder) / "app.py").write_text("\n".join(code))
        line = [sys.executable, "-m", "flask", "--app", "app", *words]
        width = {**os.environ, "COLUMNS": "100"}
        done = subprocess.run(
            line, cwd=folder, env=width, capture_output=True, text=True, timeout=30, check=False
        )
    return (done.stdout + done.stderr).splitlines()


PROGRAMS = {"curl": run_curl, "flask": run_flask}


def name_the_module(namespace: dict[str, Any]) -> None:
    """Let ``Flask(__name__)`` in a code block mean a module of its own, in a folder of its own."""
    namespace["__name__"] = "app"
    folder = namespace["__folder__"] = TemporaryDirectory()
    spec = spec_from_file_location("app", Path(folder.name) / "app.py")
    sys.modules["app"] = module_from_spec(spec)


def forget_the_module(namespace: dict[str, Any]) -> None:
    """Delete what the code blocks of a document left in their folder."""
    del sys.modules["app"]
    namespace["__folder__"].cleanup()


pytest_plugins = ["suite"]

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), parse_console],
    path=str(Path(__file__).parent),
    patterns=["README.md", "docs/*.md", "docs/*/*.md"],
    setup=name_the_module,
    teardown=forget_the_module,
).pytest()
