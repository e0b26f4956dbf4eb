"""Room *boxes*: its views, and how its failures are told."""

import hmac
import subprocess
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from example_app.boxes.bodies import read_command, read_signal, read_wish
from example_app.boxes.control import Box, Boxes
from example_app.boxes.errors import (
    OF_THE_CALLER,
    OF_THE_SERVICE,
    ExecutionError,
    TimedOutError,
    UnknownUserError,
)
from example_app.boxes.sdk import BoxliteError, Code
from example_app.boxes.walk import WALK
from example_app.boxes.wire import PROFILE
from example_app.rooms import ALSO, no_content, state_of
from flask_faultmap import Rule
from flask_faultmap.errors import UnauthenticatedError

__all__ = ["NAME", "PREFIX", "PROFILE", "RULES", "STATUSES", "WALK", "blueprint", "open_state"]

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

NAME = "boxes"
PREFIX = "/boxes"


def sdk(**conditions: Any) -> Rule:
    """Make a rule for the SDK's errors, also where the runner has wrapped them in its own."""
    return Rule(on=BoxliteError, wrapped=True, **conditions)


UNSORTED = {"code": Code.INTERNAL}
RULES = (
    sdk(
        where=UNSORTED,
        cause=FileNotFoundError,
        to=ExecutionError,
        message="Execution error: the program is not in the box",
    ),
    sdk(
        where=UNSORTED,
        cause=PermissionError,
        to=ExecutionError,
        message="Execution error: the program cannot be executed",
    ),
    sdk(
        where=UNSORTED,
        text=("not found in", "/etc/passwd"),
        to=UnknownUserError,
        message="invalid argument: the box has no such user",
    ),
    sdk(table="code", to=OF_THE_CALLER, expose=True),
    sdk(table="code", to=OF_THE_SERVICE),
    Rule(on=subprocess.TimeoutExpired, to=TimedOutError),
)

# boxlite tells a wrong state as a conflict, and so do its clients.
STATUSES = {"invalid_state": 409, "stopped": 409}

blueprint = Blueprint(NAME, __name__)


def routed(method: str, path: str) -> Callable[[View], View]:
    """Register a view below ``/v1`` and below ``/v1/<prefix>``, which boxlite's client may be told of."""

    def register(view: View) -> View:
        name = view.__name__
        for rule, endpoint in ((f"/v1/{path}", name), (f"/v1/<prefix>/{path}", ALSO + name)):
            blueprint.add_url_rule(rule, endpoint, view, methods=[method.upper()])
        return view

    return register


@blueprint.url_value_preprocessor
def drop_prefix(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Take the prefix out: all have the same boxes."""
    if values is not None:
        values.pop("prefix", None)


def open_state(config: Mapping[str, Any]) -> Boxes:
    """Start without boxes."""
    return Boxes(slots=config.get("BOXES_SLOTS", 2), mirror=config.get("BOXES_MIRROR", ("127.0.0.1", 9)))


def boxes() -> Boxes:
    """Give the current app's boxes."""
    return state_of(NAME, Boxes)


@blueprint.before_request
def require_key() -> None:
    """Ask for the API key, if one is set; what the service can do is told to everybody."""
    key = current_app.config.get("BOXES_API_KEY")
    given = request.headers.get("Authorization", "")
    if request.endpoint == f"{NAME}.show_config" or key is None:
        return
    if not hmac.compare_digest(given.encode(), f"Bearer {key}".encode()):
        raise UnauthenticatedError("wrong or no API key", public="invalid or missing API key")


@blueprint.get("/v1/config")
def show_config() -> ResponseReturnValue:
    """Tell what the service can do."""
    features = ("snapshots", "clone", "export", "import")
    return {"capabilities": {f"{feature}_enabled": False for feature in features}}


@routed("get", "metrics")
def show_metrics() -> ResponseReturnValue:
    """Count what happened in all boxes."""
    found = boxes()
    every = found.list()
    return {
        "boxes_created_total": found.created,
        "boxes_failed_total": found.failed,
        "boxes_stopped_total": found.stopped,
        "num_running_boxes": sum(box.portal is not None for box in every),
        "total_commands_executed": sum(len(box.executions) for box in every),
        "total_exec_errors": sum(box.failures for box in every),
    }


@routed("post", "boxes")
def create() -> ResponseReturnValue:
    """Make a box."""
    return describe(boxes().create(read_wish(request.get_json()))), 201


@routed("get", "boxes")
def show_all() -> ResponseReturnValue:
    """Show all boxes."""
    return {"boxes": [describe(box) for box in boxes().list()]}


@routed("get", "boxes/<name>")
def show(name: str) -> ResponseReturnValue:
    """Show a box."""
    return describe(boxes().get(name))


@routed("delete", "boxes/<name>")
def remove(name: str) -> ResponseReturnValue:
    """Remove a box; one that runs only with ``?force=true``."""
    boxes().remove(name, force=request.args.get("force") == "true")
    return no_content()


@routed("post", "boxes/<name>/start")
def start(name: str) -> ResponseReturnValue:
    """Start a stopped box."""
    return describe(boxes().start(name))


@routed("post", "boxes/<name>/stop")
def stop(name: str) -> ResponseReturnValue:
    """Stop a box and what runs in it."""
    return describe(boxes().stop(name))


@routed("get", "boxes/<name>/metrics")
def show_box_metrics(name: str) -> ResponseReturnValue:
    """Count what happened in a box."""
    box = boxes().get(name)
    return {"commands_executed_total": len(box.executions), "exec_errors_total": box.failures}


@routed("post", "boxes/<name>/exec")
def launch(name: str) -> ResponseReturnValue:
    """Start a command."""
    user = boxes().get(name).wish.user
    return {"execution_id": boxes().launch(name, read_command(request.get_json(), user))}, 201


@routed("get", "boxes/<name>/executions/<number>")
def look(name: str, number: str) -> ResponseReturnValue:
    """Look after a command; boxlite's client polls this where it cannot attach."""
    execution = boxes().execution(name, number)
    exit_code = execution.exit_code
    return {
        "execution_id": number,
        "status": "running" if exit_code is None else "completed",
        "exit_code": exit_code,
        "output": execution.read(),
    }


@routed("get", "boxes/<name>/executions/<number>/attach")
def attach(name: str, number: str) -> ResponseReturnValue:
    """Refuse to attach: there is no WebSocket here. A 404 is what makes boxlite's client poll."""
    boxes().execution(name, number)
    raise BoxliteError(Code.NOT_FOUND, "attach; poll the execution")


@routed("post", "boxes/<name>/executions/<number>/signal")
def signal(name: str, number: str) -> ResponseReturnValue:
    """Send a signal to a command."""
    boxes().signal(name, number, read_signal(request.get_json()))
    return no_content()


@routed("delete", "boxes/<name>/executions/<number>")
def kill(name: str, number: str) -> ResponseReturnValue:
    """End a command and reap its session."""
    boxes().kill(name, number)
    return no_content()


@routed("get", "<any(images, volumes):feature>")
@routed("post", "<any(images, volumes):feature>")
@routed("get", "boxes/<name>/<any(clone, export, files, snapshots):feature>")
@routed("post", "boxes/<name>/<any(clone, export, files, snapshots):feature>")
def refuse(feature: str, name: str | None = None) -> ResponseReturnValue:
    """Refuse what boxlite has and this service has not."""
    if name is not None:
        boxes().get(name)
    raise BoxliteError(Code.UNSUPPORTED, f"this service has no {feature}")


def describe(box: Box) -> dict[str, Any]:
    """Describe *box* as boxlite's clients read it; ``pid`` is its portal's."""
    wish = box.wish
    return {
        "box_id": wish.name,
        "name": wish.name,
        "status": "stopped" if box.portal is None else "running",
        "created_at": box.created.isoformat(),
        "updated_at": box.created.isoformat(),
        "pid": box.portal and box.portal.pid,
        "image": wish.image,
        "cpus": wish.cpus,
        "memory_mib": wish.memory_mib,
    }
