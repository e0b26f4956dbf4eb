"""The recorded facts of a system, and a probe that sends one exception through the whole boundary."""

import json
import logging
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flask_faultmap import FaultMap, Profile, Rule, fault_translated

SERVER_SIDE = ("server_map", "server_http", "classify", "sanitize")


def load(system: str) -> dict[str, Any]:
    """Read the whole file of a system."""
    path = Path(__file__).parents[1] / "vectors" / f"{system}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def server_side(system: str, *more: str) -> dict[str, dict[str, Any]]:
    """Give the vectors that speak of a server, and of the kinds *more*, by id."""
    vectors = load(system)["vectors"]
    return {vector["id"]: vector for vector in vectors if vector["kind"] in (*SERVER_SIDE, *more)}


@dataclass
class Outcome:
    """The answer to one request, the records that the boundary and Flask wrote, and the signals."""

    response: TestResponse
    records: list[logging.LogRecord]
    signals: list[dict[str, Any]]

    @property
    def levels(self) -> list[tuple[str, bool]]:
        """Level and stack of each record."""
        return [(record.levelname, bool(record.exc_info)) for record in self.records]


class Recorder(logging.Handler):
    """Keeps what an app logs."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def watching(app: Flask):
    """Record what *app* logs and signals."""
    recorder, signals = Recorder(), []

    def receive(sender: Flask, **payload: Any) -> None:
        signals.append(payload)

    logger = logging.getLogger(app.name)
    level = logger.level
    logger.addHandler(recorder)
    logger.setLevel(logging.DEBUG)
    try:
        with fault_translated.connected_to(receive, sender=app):
            yield recorder.records, signals
    finally:
        logger.setLevel(level)
        logger.removeHandler(recorder)


def ask(app: Flask, method: str, path: str, **request: Any) -> Outcome:
    """Send one request and keep all that comes of it."""
    with watching(app) as (records, signals):
        response = app.test_client().open(path, method=method, **request)
    return Outcome(response, records, signals)


def probe(
    exc: BaseException,
    profile: Profile,
    *,
    rules: Iterable[Rule] = (),
    config: Mapping[str, Any] | None = None,
) -> Outcome:
    """Raise *exc* in a view of an app of its own, below *profile*."""
    app = Flask("probe")
    app.config.update({"FAULTMAP_PROFILE": profile.name, **(config or {})})
    FaultMap(app, rules=rules, profiles=[profile])

    @app.get("/x")
    def fail() -> None:
        raise exc

    return ask(app, "GET", "/x")


def by_id(ids: Iterable[str]) -> pytest.MarkDecorator:
    """Run a test once for each vector."""
    return pytest.mark.parametrize("name", sorted(ids))
