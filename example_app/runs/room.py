"""The room *runs*: Forest's wire shape, the rules of its store, and its views."""

import logging
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, request
from itsdangerous import BadData
from marshmallow import Schema, fields, post_dump

from example_app.rooms import state_of
from example_app.runs import walk
from example_app.runs.errors import (
    EncryptionKeyMissingError,
    InvalidPendingDataError,
    MissingQueryParameterError,
    NotAnOperatorError,
    ReauthRequiredError,
    RunStoreError,
    UnauthorizedError,
    UserMismatchError,
    WorkflowPortError,
)
from example_app.runs.executor import Executor
from example_app.runs.store import RunStore, Step
from example_app.runs.tokens import Claims, Tokens
from flask_faultmap import Fault, Profile, Rule

NAME = "runs"
PREFIX = "/runs"
VERSION = "1.0.0"
DEAD = "http://127.0.0.1:9"  # the port of RFC 863, where nobody listens

log = logging.getLogger(__name__)


class ForestSchema(Schema):
    """Forest's body: one text; a code, or what a step waits for, only where its clients ask for it."""

    error = fields.String(attribute="text", required=True)
    code = fields.String()

    @post_dump(pass_original=True)
    def _keep_code(self, data: dict[str, Any], fault: Fault, **_: Any) -> dict[str, Any]:
        if fault.code != EncryptionKeyMissingError.code:
            del data["code"]
        if fault.code == ReauthRequiredError.code:
            data |= fault.details
        return data


PROFILE = Profile(name="forest", schema=ForestSchema, headers=lambda fault: {"X-Executor-Version": VERSION})

RULES = (
    Rule(on=sqlite3.OperationalError, to=RunStoreError),  # locked, gone, unreadable, full
    Rule(
        on=sqlite3.DatabaseError,
        table="sqlite_errorname",
        to={"SQLITE_NOTADB": RunStoreError, "SQLITE_CORRUPT": RunStoreError},
    ),
    Rule(on=BadData, to=UnauthorizedError),
)
STATUSES: Mapping[str, int] = {}
WALK = walk.WALK

blueprint = Blueprint(NAME, __name__)


class State:
    """The executor of one app, and the tokens that it takes."""

    def __init__(self, executor: Executor, tokens: Tokens) -> None:
        self.executor = executor
        self.tokens = tokens

    def close(self) -> None:
        """Let go of the store."""
        self.executor.close()


def open_state(config: Mapping[str, Any]) -> State:
    """Make the executor by ``RUNS_STORE`` (path) and the other settings whose names begin with ``RUNS_``."""
    path = config.get("RUNS_STORE")
    store = RunStore(Path(path) if path else None)
    executor = Executor(
        store,
        port=config.get("RUNS_PORT", DEAD),
        mcp_servers=config.get("RUNS_MCP_SERVERS", {"dead": DEAD, "private": DEAD}),
        oauth=config.get("RUNS_MCP_OAUTH", ("private",)),
        encryption_key=config.get("RUNS_ENCRYPTION_KEY"),
        access=config.get("RUNS_ACCESS"),
    )
    if path is None:
        walk.seed(store)
    executor.start()
    return State(executor, Tokens(config.get("RUNS_SECRET", "tour")))


@blueprint.after_request
def _tell_version(response: Response) -> Response:
    response.headers["X-Executor-Version"] = VERSION
    return response


@blueprint.get("/health")
def show_health() -> tuple[Response, int]:
    """Tell whether work is taken; needs no token."""
    state = _state().executor.state
    return jsonify(state=state), 200 if state == "running" else 503


@blueprint.get("/<run_id>")
def show_run(run_id: str) -> Response:
    """Show the steps of one's own run."""
    claims, executor = _claims(), _state().executor
    _check_access(executor, run_id, claims)
    return jsonify(steps=[_step_body(step) for step in executor.store.steps(run_id)])


@blueprint.post("/<run_id>/trigger")
def trigger_run(run_id: str) -> Response:
    """Do the next step of one's own run."""
    claims = _claims()
    step = _state().executor.trigger(run_id, claims.user_id, _pending_data())
    return jsonify(_step_body(step))


@blueprint.get("/list-mcp-tools")
def list_tools() -> Response:
    """Show the tools of one configured server."""
    claims = _claims()
    server_id = request.args.get("mcpServerId")
    if not server_id:
        raise MissingQueryParameterError("mcpServerId")
    return jsonify(tools=_state().executor.tools_of(server_id, claims.user_id))


@blueprint.post("/mcp-oauth-credentials")
def store_credentials() -> tuple[str, int]:
    """Take one's own credentials for a tool server."""
    claims = _claims()
    body = request.get_json() if request.get_data() else None
    _state().executor.keep_credentials(claims.user_id, body)
    return "", 204


@blueprint.delete("/mcp-oauth-credentials/<server_id>")
def forget_credentials(server_id: str) -> tuple[str, int]:
    """Forget one's own credentials for a tool server."""
    claims = _claims()
    _state().executor.store.forget_credentials(claims.user_id, server_id)
    return "", 204


@blueprint.put("/drain")
def drain() -> tuple[str, int]:
    """Take no more work, and stop when what is being done is done."""
    _check_operator()
    _state().executor.drain()
    return "", 204


@blueprint.delete("/drain")
def take_work() -> tuple[str, int]:
    """Take work again."""
    _check_operator()
    _state().executor.start()
    return "", 204


@blueprint.put("/maintenance")
def begin_maintenance() -> tuple[str, int]:
    """Lock the store."""
    _check_operator()
    _state().executor.store.lock()
    return "", 204


@blueprint.delete("/maintenance")
def end_maintenance() -> tuple[str, int]:
    """Unlock the store."""
    _check_operator()
    _state().executor.store.unlock()
    return "", 204


def _state() -> State:
    return state_of(NAME, State)


def _claims() -> Claims:
    return _state().tokens.read(request.headers.get("Authorization", ""))


def _check_operator() -> None:
    claims = _claims()
    if not claims.is_operator:
        raise NotAnOperatorError(f"User {claims.user_id} is no operator")


def _check_access(executor: Executor, run_id: str, claims: Claims) -> None:
    # Logged here, where more is known than at the boundary, and so not once more there.
    told = {"run_id": run_id, "user_id": claims.user_id, "route": request.path}
    try:
        if executor.may_read(run_id, claims.user_id):
            return
    except WorkflowPortError as exc:
        log.exception("Run access could not be checked", extra=told)
        exc.log_level = None
        raise
    log.error("Run access denied", extra=told)
    denied = UserMismatchError(run_id, claims.user_id)  # who may read is known elsewhere, as may be the run
    denied.log_level = None
    raise denied


def _pending_data() -> dict[str, Any]:
    body = request.get_json() if request.get_data() else {}
    pending = body.get("pendingData", {}) if isinstance(body, dict) else None
    if not isinstance(pending, dict):
        raise InvalidPendingDataError("Invalid pending data")
    return pending


def _step_body(step: Step) -> dict[str, Any]:
    return {
        "position": step.position,
        "definition": step.definition,
        "result": step.result,
        "done": step.done,
    }
