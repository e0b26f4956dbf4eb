"""`report` in a real Celery worker, a real RQ worker and a real process of a click command."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

SUPPORT = Path(__file__).parents[1] / "support"

COMMAND = """
import click
from flask_faultmap import FaultMap, Rule
from flask_faultmap.errors import UnavailableError

faults = FaultMap(rules=[Rule(on=ConnectionError, to=UnavailableError)])

@click.command()
@click.argument("box")
def start(box):
    try:
        raise ConnectionError(f"10.0.0.3 refuses {box}")
    except Exception as exc:
        fault = faults.report(exc, box=box)
        click.echo(f"{fault.text} [{fault.code}]", err=True)
        raise SystemExit(75 if fault.retryable else 1) from exc

start()
"""


def run_of(script, *arguments):
    """Run a helper script in a process of its own; give what it printed as JSON."""
    run = subprocess.run(
        [sys.executable, str(SUPPORT / script), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SUPPORT)},
        check=True,
    )
    return next(json.loads(line) for line in run.stdout.splitlines() if line.startswith('["'))


def test_celery_worker_reports_a_failed_task():
    pytest.importorskip("celery", reason="Celery is not installed")

    told = run_of("task_that_fails.py")

    assert told == ["unavailable", {"task": "connect", "task_id": "task-1"}, True]


def wait_for(port, process):
    while process.poll() is None:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("redis-server did not start")


@pytest.fixture
def redis_port(tmp_path):
    server = shutil.which("redis-server")
    if server is None:
        pytest.skip("redis-server is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def test_rq_worker_reports_a_failed_job(redis_port):
    pytest.importorskip("rq", reason="RQ is not installed")

    assert run_of("job_that_fails.py", str(redis_port)) == ["unavailable", {"job": "job-1"}, True]


def test_click_command_ends_with_a_status_that_says_whether_to_retry():
    run = subprocess.run([sys.executable, "-c", COMMAND, "b1"], capture_output=True, text=True)

    assert run.returncode == 75
    assert "Service unavailable [unavailable]" in run.stderr
    assert "10.0.0.3 refuses b1" in run.stderr  # the log record, by logging's last resort
