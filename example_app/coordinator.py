"""The coordinator of endpoints: a second server, which another calls, and which misbehaves when told to.

``python -m example_app.coordinator --port 8081``; with port 0 it takes a free one. It prints its URL.
``PUT /mood {"mood": "html"}`` tells it what to do from then on; ``MOODS`` says what there is.
"""

import argparse
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

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
PAGE = "<html><body><h1>502 Bad Gateway</h1><hr>nginx/1.24.0</body></html>"

blueprint = Blueprint("coordinator", __name__)


@dataclass(slots=True)
class State:
    """The endpoints by name, the answers given by Idempotency-Key, and the mood."""

    endpoints: dict[str, dict[str, str]] = field(default_factory=dict)
    answered: dict[str, list[dict[str, str]]] = field(default_factory=dict)
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


@blueprint.get("/endpoints")
def list_endpoints() -> Response:
    """Show all endpoints."""
    return jsonify(endpoints=[*_state().endpoints.values()])


@blueprint.post("/endpoints")
def create_endpoint() -> tuple[Response, int]:
    """Make one endpoint."""
    (endpoint,) = _create_once([_body().get("name")])
    return jsonify(endpoint), 201


@blueprint.post("/endpoints/bulk")
def create_endpoints() -> tuple[Response, int]:
    """Make all endpoints, or none."""
    return jsonify(endpoints=_create_once(_names())), 201


@blueprint.delete("/endpoints/<name>")
def delete_endpoint(name: str) -> Response:
    """Take one endpoint away."""
    if _state().endpoints.pop(name, None) is None:
        raise NoSuchEndpointError(f"No endpoint is called {name!r}")
    return no_content()


@blueprint.post("/endpoints/bulk-delete")
def delete_endpoints() -> Response:
    """Take away what is there, and tell what was not."""
    names, endpoints = _names(), _state().endpoints
    deleted = [name for name in names if endpoints.pop(name, None) is not None]
    return jsonify(deleted=deleted, missing=[name for name in names if name not in deleted])


@blueprint.before_request
def _refuse() -> tuple[str, int] | None:
    mood = _mood()
    if mood == "html":
        return PAGE, 502
    if mood == "strict":
        raise TokenRefusedError("the token of 10.0.0.7 is not taken")
    if mood == "busy":
        raise OverloadedError("the queue of worker-3 is full")
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


def _create_once(names: list[Any]) -> list[dict[str, str]]:
    """Make endpoints, or give the first answer again if the Idempotency-Key was seen before."""
    state, key = _state(), request.headers.get("Idempotency-Key")
    with state.lock:
        if key is not None and key in state.answered:
            return state.answered[key]
        made = _create(names)
        if key is not None:
            state.answered[key] = made
        return made


def _create(names: list[Any]) -> list[dict[str, str]]:
    endpoints = _state().endpoints
    for name in names:
        if not isinstance(name, str) or not name.isidentifier():
            raise BadRequestError(f"{name!r} is no name; allowed are letters, digits and underscores")
        if name in endpoints:
            raise NameTakenError(f"An endpoint is called {name!r} already")
    made = [{"name": name, "url": f"https://{name}.example.org"} for name in names]
    endpoints.update((endpoint["name"], endpoint) for endpoint in made)
    return made


def _names() -> list[Any]:
    names = _body().get("names")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadRequestError("names must be a list of texts")
    return names


def _body() -> dict[str, Any]:
    body = request.get_json()
    if not isinstance(body, dict):
        raise BadRequestError("The body must be an object")
    return body


def _state() -> State:
    state: State = current_app.extensions["coordinator"]
    return state


def create_app() -> Flask:
    """Make a coordinator, in the best of moods."""
    app = Flask("coordinator")
    app.config["FAULTMAP_PROFILE"] = PROFILE.name
    app.extensions["coordinator"] = State()
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
    server = make_server(
        "127.0.0.1", options.port, create_app(), threaded=True, request_handler=_SilentHandler
    )
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    if options.end_with_parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
