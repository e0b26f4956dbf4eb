"""The facts recorded from Forest's workflow executor and agent, against the room *runs*."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass

import pytest
from flask import Flask
from runs_room import executor_of
from vectors_of import ask, by_id, probe, server_side

from example_app.factory import build
from example_app.rooms import close_rooms
from example_app.runs import agent, business, room
from example_app.runs.errors import (
    InvalidPendingDataError,
    NotAnOperatorError,
    RunAlreadyInFlightError,
    RunNotFoundError,
    UnauthorizedError,
    UserMismatchError,
    WorkflowPortError,
)
from example_app.runs.walk import USER, bearer
from flask_faultmap import FaultMap

VECTORS = server_side("forestadmin", "log")

LEFT_OUT = {
    "forest.map.none.undefined": "Python can raise nothing but exceptions.",
}


GONE = RunNotFoundError("gone")
MAPPED = {
    "forest.class.UnauthorizedHttpError": UnauthorizedError("no token"),
    "forest.class.ForbiddenHttpError": NotAnOperatorError("user 1"),
    "forest.map.in_flight": RunAlreadyInFlightError("run-1"),
    "forest.map.port": WorkflowPortError("getAvailableRun", OSError("http 502")),
    "forest.map.uncategorized": InvalidPendingDataError("Invalid pending data"),
    "forest.map.none.error": RuntimeError("boom"),
}
LOGGED = {name for name in MAPPED if "message_logged" in (VECTORS[name]["expect"].get("log") or {})}


@by_id(MAPPED)
def test_error_of_the_executor_has_its_status_and_text(name):
    expected = VECTORS[name]["expect"]

    outcome = probe(MAPPED[name], room.PROFILE, rules=room.RULES)

    assert outcome.response.status_code == expected["status"]
    assert outcome.response.json == expected["body"]


@by_id(LOGGED)
def test_technical_text_is_logged_at_error(name):
    expected = VECTORS[name]["expect"]["log"]

    outcome = probe(MAPPED[name], room.PROFILE, rules=room.RULES)

    assert [record.levelname for record in outcome.records] == [expected["level"].upper()]
    assert outcome.records[0].getMessage().endswith(expected["message_logged"])


def test_expected_churn_is_not_logged():
    outcome = probe(MAPPED["forest.map.in_flight"], room.PROFILE, rules=room.RULES)

    assert outcome.records == []


def test_unhandled_error_is_logged_once_with_its_stack():
    outcome = probe(MAPPED["forest.map.none.error"], room.PROFILE, rules=room.RULES)

    assert outcome.levels == [("ERROR", True)]


def test_domain_error_passes_both_maps_as_the_same_object():
    outcome = probe(GONE, room.PROFILE, rules=room.RULES)

    assert outcome.signals[0]["error"] is GONE
    assert VECTORS["forest.map.identity"]["expect"] == {"result": "same object"}


def nothing(app: Flask) -> ExitStack:
    """Leave the room as it is."""
    return ExitStack()


def locked(app: Flask) -> ExitStack:
    """Lock the store from a second connection."""
    stack = ExitStack()
    other = stack.enter_context(closing(sqlite3.connect(executor_of(app).store.path)))
    other.execute("BEGIN EXCLUSIVE")
    return stack


def unreadable(app: Flask) -> ExitStack:
    """Break a definition in the store."""
    with closing(sqlite3.connect(executor_of(app).store.path)) as other, other:
        other.execute("UPDATE steps SET definition = '{' WHERE run_id = 'run-1'")
    return ExitStack()


def stopped(app: Flask) -> ExitStack:
    """Stop the executor."""
    executor_of(app).stop()
    return ExitStack()


def idle(app: Flask) -> ExitStack:
    """Put the executor back to before its start."""
    executor_of(app).state = "idle"
    return ExitStack()


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request to the room, and what is done to the room before it."""

    method: str = "GET"
    path: str = "/runs/run-1"
    headers: Mapping[str, str]
    prepare: Callable[[Flask], ExitStack] = nothing


REQUESTS = {
    "forest.http.401.no_token": Request(headers={}),
    "forest.http.401.expired": Request(headers=bearer({"id": 1}, seconds=-1)),
    # With the store locked an access check would be a 503: the claims are checked before it.
    "forest.http.401.claims_get": Request(headers=bearer({"id": "one"}), prepare=locked),
    "forest.http.403.access": Request(path="/runs/run-2", headers=USER),
    "forest.http.503.store": Request(headers=USER, prepare=locked),
    "forest.http.500.get": Request(headers=USER, prepare=unreadable),
    "forest.http.500.trigger": Request(method="POST", path="/runs/run-share/trigger", headers=USER),
    "forest.http.503.trigger": Request(method="POST", path="/runs/run-fetch/trigger", headers=USER),
    "forest.http.health.running": Request(path="/runs/health", headers={}),
    "forest.http.health.stopped": Request(path="/runs/health", headers={}, prepare=stopped),
    "forest.http.health.idle": Request(path="/runs/health", headers={}, prepare=idle),
    "forest.http.version_on_error": Request(headers={}),
    "forest.mcp.key_missing": Request(method="POST", path="/runs/mcp-oauth-credentials", headers=USER),
    "forest.mcp.missing_query": Request(path="/runs/list-mcp-tools", headers=USER),
    "forest.mcp.unknown_server": Request(path="/runs/list-mcp-tools?mcpServerId=X", headers=USER),
    "forest.mcp.load_failed": Request(path="/runs/list-mcp-tools?mcpServerId=dead", headers=USER),
}
BODIES = {
    # The source answers this one past its boundary, since its shape has no room for a code; ours has, and
    # so the text is there too.
    "forest.mcp.key_missing": {
        "error": "The executor cannot store credentials.",
        "code": "executor_encryption_key_missing",
    },
    "forest.http.version_on_error": {"error": "Unauthorized"},  # recorded without its body
}
SILENT = {name for name in REQUESTS if VECTORS[name]["expect"].get("log") == "none"}


@pytest.fixture
def app():
    app = build("runs_app", {room.PREFIX: room})
    yield app
    close_rooms(app)


@by_id(REQUESTS)
def test_room_answers_as_the_executor_does(app, name):
    request, expected = REQUESTS[name], VECTORS[name]["expect"]

    with request.prepare(app):
        outcome = ask(app, request.method, request.path, headers=request.headers)

    assert outcome.response.status_code == expected["status"]
    assert outcome.response.json == (BODIES.get(name) or expected["body"])
    assert outcome.response.headers["X-Executor-Version"]


@by_id(SILENT)
def test_what_the_executor_keeps_out_of_its_log_the_boundary_does_too(app, name):
    outcome = ask(app, REQUESTS[name].method, REQUESTS[name].path, headers=REQUESTS[name].headers)

    assert outcome.records == []


def test_log_has_the_user_at_fault_and_the_stack():
    expected = VECTORS["forest.http.log.cause"]["expect"]["log"]

    outcome = probe(UserMismatchError("run-1", 999, 1), room.PROFILE, rules=room.RULES)

    record = outcome.records[0]
    assert (record.levelname, record.fault["status"]) == ("ERROR", expected["fields"]["status"])
    assert record.getMessage().endswith(expected["fields"]["error"])


def test_proxied_answer_passes_untouched():
    upstream = VECTORS["forest.proxy.verbatim"]["input"]["upstream"]
    app = Flask("proxy")
    FaultMap(app, profiles=[room.PROFILE])
    app.add_url_rule("/x", view_func=lambda: (upstream["body"], upstream["status"]))

    outcome = ask(app, "GET", "/x")

    expected = VECTORS["forest.proxy.verbatim"]["expect"]
    assert (outcome.response.status_code, outcome.response.json) == (expected["status"], expected["body"])
    assert outcome.signals == []


class DriverError(Exception):
    data = {"secret": "of a dependency"}


AGENT_MAPPED = {
    "forest.agent.ValidationError": business.ValidationError("hello"),
    "forest.agent.UnprocessableError": business.UnprocessableError("message"),
    "forest.agent.ForbiddenError": business.ForbiddenError("forbidden"),
    "forest.agent.NotFoundError": business.NotFoundError("message"),
    "forest.agent.UnauthorizedError": business.UnauthorizedError("unauthorized"),
    "forest.agent.TooManyRequestsError": business.TooManyRequestsError("rate limited"),
    "forest.agent.InternalServerError": business.InternalServerError("provider down"),
    "forest.agent.other": RuntimeError("Internal error with important data that should not leak"),
    "forest.agent.foreign_data": DriverError("a custom message"),
}


@by_id(AGENT_MAPPED)
def test_error_of_the_agent_has_its_status_and_body(name):
    expected = VECTORS[name]["expect"]

    outcome = probe(AGENT_MAPPED[name], agent.PROFILE, rules=agent.RULES)

    assert outcome.response.status_code == expected["status"]
    assert outcome.response.json == expected["body"]
    assert outcome.response.data == json.dumps(expected["body"], separators=(",", ":")).encode()
    assert outcome.response.headers["Content-Type"] == "application/json; charset=utf-8"


def test_every_vector_is_run_or_left_out_for_a_reason():
    alone = {"forest.map.identity", "forest.http.log.cause", "forest.proxy.verbatim"}

    assert {*MAPPED, *REQUESTS, *AGENT_MAPPED, *alone, *LEFT_OUT} == {*VECTORS}
