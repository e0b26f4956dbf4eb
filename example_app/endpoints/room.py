"""The room *endpoints*: an app whose work is done by another service, which fails in every way."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, request

from example_app.backendai_shape import PROFILE as SHAPE
from example_app.endpoints import walk
from example_app.endpoints.client import AppProxyClient
from example_app.endpoints.process import CoordinatorProcess
from example_app.rooms import no_content, state_of
from flask_faultmap import Rule

NAME = "endpoints"
PREFIX = "/endpoints"
PROFILE = SHAPE
RULES: tuple[Rule, ...] = ()
STATUSES: Mapping[str, int] = {}
WALK = walk.WALK

blueprint = Blueprint(NAME, __name__)


class State:
    """The coordinator that one app calls, and its client."""

    def __init__(self, coordinator: CoordinatorProcess, token: str) -> None:
        self.coordinator = coordinator
        self.client = AppProxyClient(coordinator, token)

    def close(self) -> None:
        """End the coordinator, if it was started here."""
        self.client.close()
        self.coordinator.close()


def open_state(config: Mapping[str, Any]) -> State:
    """Make the client of the coordinator at ``COORDINATOR_URL``, or of one that starts when it is needed."""
    return State(CoordinatorProcess(config.get("COORDINATOR_URL")), config.get("COORDINATOR_TOKEN", "tour"))


@blueprint.get("")
def list_endpoints() -> Response:
    """Show all endpoints."""
    return jsonify(endpoints=_client().list())


@blueprint.post("")
def create_endpoint() -> tuple[Response, int]:
    """Make one endpoint; the client's own Idempotency-Key goes with it."""
    return jsonify(_client().create(request.get_json(), request.headers.get("Idempotency-Key"))), 201


@blueprint.post("/bulk")
def create_endpoints() -> tuple[Response, int]:
    """Make all endpoints, or none."""
    made = _client().create_many(request.get_json(), request.headers.get("Idempotency-Key"))
    return jsonify(endpoints=made), 201


@blueprint.delete("/<name>")
def delete_endpoint(name: str) -> Response:
    """Delete one endpoint."""
    _client().delete(name)
    return no_content()


@blueprint.post("/bulk-delete")
def delete_endpoints() -> Response:
    """Delete many endpoints."""
    _client().delete_many(request.get_json())
    return no_content()


@blueprint.get("/coordinator/status")
def show_status() -> Response:
    """Show what the coordinator says of itself."""
    return jsonify(_client().status())


@blueprint.put("/coordinator/mood")
def set_mood() -> Response:
    """Let the coordinator misbehave, or behave again."""
    _client().set_mood(request.get_json())
    return no_content()


@blueprint.post("/coordinator")
def start_coordinator() -> Response:
    """Start the coordinator anew."""
    _state().coordinator.start()
    return no_content()


@blueprint.delete("/coordinator")
def kill_coordinator() -> Response:
    """Kill the coordinator."""
    _state().coordinator.kill()
    return no_content()


def _client() -> AppProxyClient:
    return _state().client


def _state() -> State:
    return state_of(NAME, State)
