"""The coordinator of endpoints: a second server, which another calls, and which misbehaves when told to.

It speaks the words of Backend.AI's AppProxy, so that the manager's own client drives it.
``python -m example_app.coordinator --port 8081``; with port 0 it takes a free one. It prints its URL.
``COORDINATOR_TOKEN`` is what the ``X-BackendAI-Token`` must be.
``PUT /mood {"mood": "html"}`` tells it what to do from then on; ``MOODS`` says what there is.
"""

import argparse
import hmac
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, current_app, jsonify, request
from werkzeug.serving import WSGIRequestHandler, make_server

from example_app.backendai_shape import PROFILE
from example_app.rooms import no_content
from flask_faultmap import FaultMap
from flask_faultmap.errors import (
    AlreadyExistsError,
    InvalidArgumentError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)

MOODS = {
    "well": "does its work",
    "slow": "does its work, and answers too late",
    "garbled": "does its work, and breaks off its JSON",
    "html": "a proxy in front of it answers 502 with a page",
    "strict": "refuses every credential with a 401",
    "busy": "takes no work, and asks for 7 seconds",
}
DELAY = 2.0  # seconds, when slow
TOKEN = "tour"
PAGE = "<html><body><h1>502 Bad Gateway</h1><hr>nginx/1.24.0</body></html>"

blueprint = Blueprint("coordinator", __name__)

Endpoint = dict[str, Any]


@dataclass(slots=True)
class State:
    """The token of the manager, the endpoints by id, the answers by Idempotency-Key, and the mood."""

    token: str
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    answered: dict[str, list[Endpoint]] = field(default_factory=dict)
    mood: str = "well"
    lock: threading.Lock = field(default_factory=threading.Lock)


class NameTakenError(AlreadyExistsError):
    """Another endpoint has the name."""

    code = "endpoint_create_already-exists"
    title = "Endpoint already exists."


class BadRequestError(InvalidArgumentError):
    """The body is none that anything can be made of."""

    code = "endpoint_create_invalid-parameters"
    title = "Invalid endpoint."


class NoSuchEndpointError(NotFoundError):
    """The endpoint is not there."""

    code = "endpoint_read_not-found"
    title = "No such endpoint."


class TokenRefusedError(UnauthenticatedError):
    """The caller's token is not taken."""

    code = "api_auth_unauthorized"
    title = "Unauthorized."


class OverloadedError(UnavailableError):
    """No more work is taken for now."""

    code = "api_generic_unavailable"
    title = "Overloaded."
    retry_after = 7


@blueprint.put("/mood")
def set_mood() -> Response:
    """Behave otherwise from now on."""
    mood = _body().get("mood")
    if not isinstance(mood, str) or mood not in MOODS:
        raise BadRequestError(f"The mood {mood!r} is unknown; allowed: {', '.join(MOODS)}")
    _state().mood = mood
    return no_content()


@blueprint.get("/status")
def show_status() -> Response:
    """Say that the coordinator is there; needs no token."""
    return jsonify(api_version="v2", advertise_address=request.host_url.rstrip("/"))


@blueprint.get("/v2/endpoints")
def list_endpoints() -> Response:
    """Show all endpoints."""
    return jsonify(endpoints=[*_state().endpoints.values()])


@blueprint.post("/v2/endpoints/<uuid:endpoint_id>")
def create_endpoint(endpoint_id: UUID) -> Response:
    """Make one endpoint."""
    (endpoint,) = _create_once([{**_body(), "deployment_id": str(endpoint_id)}])
    return jsonify(endpoint=endpoint["url"], health_check_enabled=endpoint["health_check_enabled"])


@blueprint.post("/v2/endpoints/bulk")
def create_endpoints() -> Response:
    """Make all endpoints, or none."""
    return jsonify(endpoints=_create_once(_items()))


@blueprint.delete("/v2/endpoints/<uuid:endpoint_id>")
def delete_endpoint(endpoint_id: UUID) -> Response:
    """Take one endpoint away."""
    if _state().endpoints.pop(str(endpoint_id), None) is None:
        raise NoSuchEndpointError(f"No endpoint has the id {endpoint_id}")
    return no_content()


@blueprint.delete("/v2/endpoints/bulk")
def delete_endpoints() -> Response:
    """Take away what is there, and tell what was not."""
    told = []
    for endpoint_id in [_id_of(item) for item in _items()]:
        found = _state().endpoints.pop(endpoint_id, None) is not None
        error = None if found else NoSuchEndpointError.title
        told.append({"deployment_id": endpoint_id, "success": found, "error": error})
    return jsonify(endpoints=told)


@blueprint.before_request
def _refuse() -> tuple[str, int] | None:
    mood = _mood()
    if mood == "html":
        return PAGE, 502
    if mood == "strict":
        raise TokenRefusedError("the token of 10.0.0.7 is not taken")
    if mood == "busy":
        raise OverloadedError("the queue of worker-3 is full")
    given = request.headers.get("X-BackendAI-Token", "")
    is_open = request.path in ("/mood", "/status")
    if not is_open and not hmac.compare_digest(given.encode(), _state().token.encode()):
        raise TokenRefusedError("wrong or no X-BackendAI-Token")
    return None


@blueprint.after_request
def _spoil(response: Response) -> Response:
    mood = _mood()
    if mood == "slow":
        time.sleep(DELAY)
    if mood == "garbled":
        response.set_data(response.get_data()[:-5])
    return response


def _mood() -> str:
    return "well" if request.path == "/mood" else _state().mood


def _create_once(items: list[Endpoint]) -> list[Endpoint]:
    """Make endpoints, or give the first answer again if the Idempotency-Key was seen before."""
    state, key = _state(), request.headers.get("Idempotency-Key")
    with state.lock:
        if key is not None and key in state.answered:
            return state.answered[key]
        made = _create(items)
        if key is not None:
            state.answered[key] = made
        return made


def _create(items: list[Endpoint]) -> list[Endpoint]:
    endpoints = _state().endpoints
    names = {endpoint["service_name"] for endpoint in endpoints.values()}
    made: list[Endpoint] = []
    for item in items:
        name = item.get("service_name")
        if not isinstance(name, str) or not name.isidentifier():
            raise BadRequestError(f"{name!r} is no name; allowed are letters, digits and underscores")
        if name in names:
            raise NameTakenError(f"An endpoint is called {name!r} already")
        names.add(name)
        made.append(
            {
                "deployment_id": _id_of(item),
                "service_name": name,
                "url": f"https://{name}.example.org/",
                "health_check_enabled": item.get("health_check") is not None,
            }
        )
    endpoints.update((endpoint["deployment_id"], endpoint) for endpoint in made)
    return made


def _items() -> list[Endpoint]:
    items = _body().get("endpoints")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise BadRequestError("endpoints must be a list of objects")
    return items


def _id_of(item: Endpoint) -> str:
    try:
        return str(UUID(item.get("deployment_id", item.get("endpoint_id"))))
    except (AttributeError, TypeError, ValueError):
        raise BadRequestError("deployment_id must be a UUID") from None


def _body() -> dict[str, Any]:
    body = request.get_json()
    if not isinstance(body, dict):
        raise BadRequestError("The body must be an object")
    return body


def _state() -> State:
    state: State = current_app.extensions["coordinator"]
    return state


def create_app(token: str = TOKEN) -> Flask:
    """Make a coordinator, in the best of moods, that does what whoever has the *token* wants."""
    app = Flask("coordinator")
    app.config["FAULTMAP_PROFILE"] = PROFILE.name
    app.extensions["coordinator"] = State(token)
    app.register_blueprint(blueprint)
    FaultMap(app, profiles=[PROFILE])
    return app


class _SilentHandler(WSGIRequestHandler):
    def log(self, *args: Any) -> None:
        """Keep what is not the coordinator's own URL out of its output."""


def _end_with_parent() -> None:
    sys.stdin.read()  # until the parent, at the other end of the pipe, is gone
    os._exit(0)


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description="Serve the coordinator of endpoints on the loopback.")
    parser.add_argument("--port", type=int, default=8081, help="0 takes a free one")
    parser.add_argument("--end-with-parent", action="store_true", help="end when standard input does")
    options = parser.parse_args()
    app = create_app(os.environ.get("COORDINATOR_TOKEN", TOKEN))
    server = make_server("127.0.0.1", options.port, app, threaded=True, request_handler=_SilentHandler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    if options.end_with_parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
