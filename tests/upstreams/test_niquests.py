"""niquests in an environment of its own: it replaces urllib3. Plain, over TLS and HTTP/2, and by a proxy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = ("niquests", "flask>=3.1", "marshmallow", "trustme", "h2")


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    folder = tmp_path_factory.mktemp("niquests")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    installed = subprocess.run(
        [python, "-m", "pip", "install", "-q", *NEEDED], capture_output=True, text=True
    )
    if installed.returncode:
        pytest.skip("niquests cannot be installed: " + installed.stderr.strip()[-200:])
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "support")])
    ran = subprocess.run(
        [python, ROOT / "tests" / "support" / "niquests_calls.py"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    return [line.split() for line in ran.stdout.splitlines()]


@pytest.mark.long
def test_what_was_counted_is_not_said_to_be_undone(lines: list[list[str]]) -> None:
    wrong = [line for line in lines if line[1] == "True" and (line[2] == "False" or line[3] == "True")]

    assert len(lines) == 62
    assert wrong == []


@pytest.mark.long
def test_what_nobody_took_is_said_to_be_undone(lines: list[list[str]]) -> None:
    undone = {line[0] for line in lines if line[2] == "False"}

    assert undone == {
        *("nobody", "answer/404", "answer/503"),
        *("tls/before-the-handshake", "tls/in-the-handshake", "tls/answer/503"),
        *("proxy/says/407", "proxy/says/503", "http2/503"),
    }
