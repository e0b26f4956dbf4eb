"""Room *boxes*: its views, and how its failures are told."""

import hmac
import subprocess
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from example_app.boxes.control import Boxes
from example_app.boxes.errors import (
    OF_THE_CALLER,
    OF_THE_SERVICE,
    ExecutionError,
    ProgramRefusedError,
    TimedOutError,
    UnknownUserError,
)
from example_app.boxes.sdk import BoxliteError, Code
from example_app.boxes.walk import WALK
from example_app.boxes.wire import PROFILE
from example_app.rooms import no_content, state_of
from flask_faultmap import Rule
from flask_faultmap.errors import UnauthenticatedError

__all__ = ["NAME", "PREFIX", "PROFILE", "RULES", "STATUSES", "WALK", "blueprint", "open_state"]

NAME = "boxes"
PREFIX = "/boxes"


def sdk(**row: Any) -> Rule:
    """Make a row for the SDK's errors, also where the runner has wrapped them in its own."""
    return Rule(on=BoxliteError, wrapped=True, **row)


UNSORTED = {"code": Code.INTERNAL}
RULES = (
    sdk(where=UNSORTED, cause=FileNotFoundError, to=ExecutionError, message="The program is not in the box"),
    sdk(where=UNSORTED, cause=PermissionError, to=ProgramRefusedError),
    sdk(
        where=UNSORTED,
        text=("not found in", "/etc/passwd"),
        to=UnknownUserError,
        message="The box has no such user",
    ),
    sdk(table="code", to=OF_THE_CALLER, expose=True),
    sdk(table="code", to=OF_THE_SERVICE),
    Rule(on=subprocess.TimeoutExpired, to=TimedOutError),
)

# boxlite tells a wrong state as a conflict, and so do its clients.
STATUSES = {"invalid_state": 409, "stopped": 409}

blueprint = Blueprint(NAME, __name__)
KINDS: Mapping[str, type | tuple[type, ...]] = {"text": str, "whole number": int, "number": (int, float)}
MAX_SECONDS = 300


def open_state(config: Mapping[str, Any]) -> Boxes:
    """Start without boxes."""
    return Boxes(slots=config.get("BOXES_SLOTS", 2))


def boxes() -> Boxes:
    """Give the current app's boxes."""
    return state_of(NAME, Boxes)


@blueprint.before_request
def require_key() -> None:
    """Ask for the API key, if one is set."""
    key = current_app.config.get("BOXES_API_KEY")
    given = request.headers.get("Authorization", "")
    if key is not None and not hmac.compare_digest(given.encode(), f"Bearer {key}".encode()):
        raise UnauthenticatedError("wrong or no API key", public="invalid or missing API key")


@blueprint.post("")
def create() -> ResponseReturnValue:
    """Make a box."""
    body = read_body()
    box = boxes().create(
        take(body, "name", "text"),
        take(body, "image", "text", "alpine:3.20"),
        take(body, "cpus", "whole number", 1),
    )
    return {"name": box.name, "image": box.image, "cpus": box.cpus}, 201


@blueprint.get("/<name>")
def show(name: str) -> ResponseReturnValue:
    """Show a box."""
    box = boxes().get(name)
    return {"name": box.name, "image": box.image, "cpus": box.cpus, "running": box.is_running}


@blueprint.delete("/<name>")
def remove(name: str) -> ResponseReturnValue:
    """Remove a box."""
    boxes().remove(name)
    return no_content()


@blueprint.post("/<name>/start")
def start(name: str) -> ResponseReturnValue:
    """Start a stopped box."""
    boxes().start(name)
    return no_content()


@blueprint.post("/<name>/stop")
def stop(name: str) -> ResponseReturnValue:
    """Stop a box and what runs in it."""
    boxes().stop(name)
    return no_content()


@blueprint.post("/<name>/exec")
def run(name: str) -> ResponseReturnValue:
    """Run a command to its end."""
    exit_code, output = boxes().run(name, *read_command(default_seconds=5.0))
    return {"exit_code": exit_code, "output": output}


@blueprint.post("/<name>/executions")
def launch(name: str) -> ResponseReturnValue:
    """Start a command and leave it alone."""
    return {"id": boxes().launch(name, *read_command(default_seconds=60.0))}, 201


@blueprint.get("/<name>/executions/<number>")
def look(name: str, number: str) -> ResponseReturnValue:
    """Look after a command that was left alone."""
    execution = boxes().execution(name, number)
    return {"exit_code": execution.exit_code, "output": execution.read()}


@blueprint.post("/<name>/executions/<number>/signal")
def signal(name: str, number: str) -> ResponseReturnValue:
    """Send a signal to a command."""
    boxes().signal(name, number, take(read_body(), "signal", "whole number"))
    return no_content()


@blueprint.delete("/<name>/executions/<number>")
def kill(name: str, number: str) -> ResponseReturnValue:
    """End a command and reap its session."""
    boxes().kill(name, number)
    return no_content()


def read_command(default_seconds: float) -> tuple[list[str], str | None, float]:
    """Read what is to run, as whom, and for how long."""
    body = read_body()
    command = body.get("command")
    if not (isinstance(command, list) and command and all(isinstance(word, str) for word in command)):
        raise BoxliteError(Code.INVALID_ARGUMENT, "command must be a list of texts")
    user = take(body, "user", "text") if "user" in body else None
    seconds = take(body, "seconds", "number", default_seconds)
    if not 0 < seconds <= MAX_SECONDS:
        raise BoxliteError(
            Code.INVALID_ARGUMENT, f"seconds is {seconds}; allowed: above 0, up to {MAX_SECONDS}"
        )
    return command, user, seconds


def read_body() -> Mapping[str, Any]:
    """Read the JSON object that was sent."""
    body = request.get_json()
    if not isinstance(body, dict):
        raise BoxliteError(Code.INVALID_ARGUMENT, "the body must be a JSON object")
    return body


def take(body: Mapping[str, Any], name: str, kind: str, default: Any = None) -> Any:
    """Take the member *name* of *body*, which must be a *kind* and not empty."""
    value = body.get(name, default)
    if not isinstance(value, KINDS[kind]) or isinstance(value, bool) or value == "":
        raise BoxliteError(Code.INVALID_ARGUMENT, f"{name} must be a {kind}")
    return value
