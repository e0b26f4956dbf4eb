"""Small apps with an audit trail in a folder of the test's own."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from logging import LogRecord
from pathlib import Path
from typing import Any

from flask import Flask
from flow_app import app_with

from flask_faultmap import DomainError
from flask_faultmap.errors import UnavailableError
from flask_faultmap.sinks.trail import AuditTrail
from flask_faultmap.sinks.trail.lines import encode_line


class StoreDownError(UnavailableError):
    """The store does not answer."""

    log_level = None


def trail_app(folder: Path, *, trail: AuditTrail | None = None, name: str = "shop", **config: Any) -> Flask:
    """Make an app whose ``/fail/<text>`` raises; it ships when the test says so."""
    app = Flask(name, instance_path=str(folder / "instance"))
    config = {"FAULTMAP_TRAIL_SHIP": False, **config}
    app = app_with(app=app, **config)
    (trail or AuditTrail()).init_app(app)

    @app.get("/fail/<text>")
    def fail(text: str) -> None:
        raise StoreDownError(text)

    return app


def add_failure(app: Flask, path: str, make: Callable[[], BaseException]) -> None:
    """Let *path* raise what *make* gives."""

    def fail() -> None:
        raise make()

    app.add_url_rule(path, endpoint=path, view_func=fail)


def fail_with(app: Flask, *texts: str) -> list[str]:
    """Let one request fail for each of *texts*; give the ids of the answers, all of which must be 503."""
    answers = [app.test_client().get(f"/fail/{text}") for text in texts]
    assert {answer.status_code for answer in answers} == {503}
    return [answer.headers["X-Request-ID"] for answer in answers]


@contextmanager
def trail_of(app: Flask) -> Iterator[AuditTrail]:
    """Push the context of *app* and give a face of its trail."""
    with app.app_context():
        yield AuditTrail()


def ship(app: Flask) -> int:
    """Ship what waits, and give the number of faults."""
    with trail_of(app) as trail:
        return trail.ship()


@contextmanager
def shipping_app(folder: Path, **config: Any) -> Iterator[Flask]:
    """Make an app that ships by a thread from its first request on; the thread ends with the block."""
    before = {*threading.enumerate()}
    app = trail_app(folder, FAULTMAP_TRAIL_SHIP=True, **config)
    try:
        yield app
    finally:
        app.extensions["faultmap.trail"].stop.set()
        for thread in {*threading.enumerate()} - before:
            if thread.name == "faultmap-trail":
                thread.join()
        close(app)


def run_script(script: str, folder: Path, **options: Any) -> "subprocess.Popen[str]":
    """Run Python code in a process of its own, which finds *folder* in ``sys.argv[1]``."""
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )


def run_shipper(folder: Path, app: str = "app") -> "subprocess.Popen[bytes]":
    """Run ``flask faults trail ship`` for the module *app* in *folder*, until it is told to end."""
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", app, "faults", "trail", "ship"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        stderr=subprocess.DEVNULL,
    )


def wait_until(is_so: Callable[[], object]) -> None:
    """Wait for what must come, two minutes at most."""
    end = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < end, "it has not come"
        time.sleep(0.05)


def ids_logged(records: Iterable[LogRecord]) -> set[str]:
    """Give the ids of the faults that went to the log, since they could not be written."""
    told = [record.getMessage() for record in records if record.levelname == "CRITICAL"]
    return {identity for text in told for identity in re.findall(r'"id":"([^"]+)"', text)}


def entries_of(app: Flask, **filters: Any) -> list[Any]:
    """Read every entry, newest first."""
    from flask_faultmap.sinks.trail import Filters

    with trail_of(app) as trail:
        return [*trail.reader().page(Filters(**filters), limit=100_000).entries]


def record_line(**changes: Any) -> bytes:
    """Make a journal line of a plausible record."""
    record = {
        "time": 1_700_000_000_000_000,
        "id": "request-1",
        "app": "shop",
        "host": "web1",
        "code": "store_down",
        "category": "unavailable",
        "status": 503,
        "original_status": 503,
        "rule": None,
        "exception": "shop.StoreDownError",
        "cause": None,
        "text": "no answer",
        "told": {"text": "Service unavailable"},
        "stack": [["shop.StoreDownError", "", ["shop:fail:12"]]],
        "fingerprint": "0123456789abcdef0123",
        "blame": "upstream",
        "user": None,
    }
    return encode_line({**record, **changes})


def journal_of(app: Flask) -> Path:
    """Give the folder of the journal; it is made, as the first fault does it."""
    folder: Path = app.extensions["faultmap.trail"].settings.folder
    app.extensions["faultmap.trail"].journal.make_folder()
    return folder


def close(app: Flask) -> None:
    """End this process's segment, as the end of the process does."""
    app.extensions["faultmap.trail"].journal.close()


def audited(**members: Any) -> type[DomainError]:
    """Make an error class that says ``audit = True``."""
    return type("AuditedError", (DomainError,), {"audit": True, "code": "audited", **members})
