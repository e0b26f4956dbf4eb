"""Room *machine*: its views, and how its failures are told."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, g, request
from flask.blueprints import BlueprintSetupState

from example_app.machine.bodies import is_deprecated, read
from example_app.machine.checks import Host
from example_app.machine.control import ID_OF, LIMIT, VERSION, Machine
from example_app.machine.errors import ActionTimedOutError, BodyError, MetadataTooLargeError, RequestError
from example_app.machine.guest import GuestSilentError
from example_app.machine.walk import WALK
from example_app.rooms import ALSO, no_content, state_of
from flask_faultmap import Rule
from flask_faultmap.errors import PayloadTooLargeError

__all__ = ["NAME", "PREFIX", "PROFILE", "RULES", "STATUSES", "WALK", "blueprint", "open_state"]

NAME = "machine"
PREFIX = "/machine"
PROFILE = "firecracker"
RULES = (Rule(on=GuestSilentError, to=ActionTimedOutError, expose=True),)
STATUSES: Mapping[str, int] = {}

HINTING = "/balloon/hinting/"  # takes no body
ENDING = ("/balloon", "/drives", "/mmds", "/network-interfaces", "/pmem", "/snapshot")  # what follows counts

blueprint = Blueprint(NAME, __name__)


def open_state(config: Mapping[str, Any]) -> Machine:
    """Make the machine by ``MACHINE_HOST``, ``_LIMIT`` (bytes), ``_SECONDS`` and ``_BOOT_SECONDS``."""
    return Machine(
        config.get("MACHINE_HOST", Host()),
        limit=config.get("MACHINE_LIMIT", LIMIT),
        seconds=config.get("MACHINE_SECONDS", 0.5),
        boot_seconds=config.get("MACHINE_BOOT_SECONDS", 0),
    )


def machine() -> Machine:
    """Give the current app's machine."""
    return state_of(NAME, Machine)


@blueprint.record
def guard(setup: BlueprintSetupState) -> None:
    """Look at every request below the prefix, also where no route matches."""
    prefix = (setup.url_prefix or "").rstrip("/")

    def check() -> None:
        if f"{request.path}/".startswith(f"{prefix}/"):
            check_request(request.path.removeprefix(prefix))

    def mark(response: Response) -> Response:
        if f"{request.path}/".startswith(f"{prefix}/"):
            response.headers["Server"] = "Firecracker API"
            if g.get("machine_deprecated"):
                response.headers["Deprecation"] = "true"
        return response

    setup.app.before_request(check)
    setup.app.after_request(mark)


def check_request(path: str) -> None:
    """Refuse what Firecracker refuses before it looks at the path."""
    length, limit = request.content_length or 0, machine().limit
    has_body = length > 0 or "Transfer-Encoding" in request.headers
    if length > limit and path == "/mmds":
        raise MetadataTooLargeError
    if length > limit:
        raise PayloadTooLargeError(
            f"Request payload with size {length} is larger than the limit of {limit} allowed by server."
        )
    if has_body and request.method == "GET":
        raise RequestError("GET request cannot have a body.")
    if has_body and request.method == "DELETE":
        raise RequestError("Empty Delete request.")
    if not has_body and request.method in ("PUT", "PATCH") and not path.startswith(HINTING):
        raise RequestError(f"Empty {request.method} request.")


def show(value: Mapping[str, Any]) -> Response:
    """Answer with *value* as compact JSON."""
    return Response(json.dumps(value, separators=(",", ":")), mimetype="application/json")


def read_body(resource: str) -> dict[str, Any]:
    """Read the body, by the table."""
    value = request.get_json(force=True)
    g.machine_deprecated = is_deprecated(request.method, resource, value)
    lines = request.get_data(as_text=True).rstrip().split("\n")
    return read(request.method, resource, value, f" at line {len(lines)} column {len(lines[-1])}")


def read_metadata() -> dict[str, Any]:
    """Read any JSON object."""
    value = request.get_json(force=True)
    if not isinstance(value, dict):
        raise BodyError("invalid type, expected a map")
    return value


def route(method: str, path: str, view: Callable[..., Response], **defaults: str) -> None:
    """Send *method* on *path* to *view*; what is not routed is told as Firecracker does, OPTIONS too.

    Firecracker reads a path token by token, and looks at no more than it needs.
    """

    def ignoring(further: str = "", **values: str) -> Response:
        return view(**values)

    paths = [path, f"{path}/"] if path in ENDING else [path, f"{path}/", f"{path}/<path:further>"]
    for number, rule in enumerate(paths[:1] if path.endswith(("/", "<path:path>")) else paths):
        blueprint.add_url_rule(
            rule,
            f"{ALSO if number else ''}{method} {rule}",
            ignoring,
            methods=[method],
            defaults=defaults,
            provide_automatic_options=False,
            merge_slashes=False,  # which would be a redirect
        )


def unknown_balloon_path(path: str) -> Response:
    """Refuse what a balloon does not have."""
    token, _, further = path.partition("/")
    shown = f"/hinting/{further.partition('/')[0]}" if token == "hinting" else token
    raise RequestError(f"Unrecognized {request.method} request path `{shown}`.")


def unknown_metadata_path(path: str) -> Response:
    """Refuse what the metadata store does not have."""
    raise RequestError(f"Unrecognized PUT request path `{path.partition('/')[0]}`.")


def unknown_snapshot_path(path: str) -> Response:
    """Refuse what cannot be done with a snapshot."""
    token = path.partition("/")[0]
    raise RequestError(f"Invalid request method and/or path: PUT /snapshot/{token}.")


def missing_snapshot_path() -> Response:
    """Refuse to guess what is to be done with a snapshot."""
    raise RequestError("Missing snapshot operation type.")


def missing_id() -> Response:
    """Refuse a device without a name."""
    raise RequestError("The ID cannot be empty.")


def put(resource: str) -> Response:
    """Configure what there is one of."""
    machine().put(resource, read_body(resource))
    return no_content()


def put_item(collection: str, name: str) -> Response:
    """Configure what there may be several of."""
    machine().put_item(collection, name, read_body(collection))
    return no_content()


def patch_item(collection: str, name: str) -> Response:
    """Change one of several."""
    machine().patch_item(collection, name, read_body(collection))
    return no_content()


def patch_running(resource: str) -> Response:
    """Change what the running guest must hear of."""
    machine().patch_running(resource, read_body(resource))
    return no_content()


def does(resource: str, act: Callable[[Machine, dict[str, Any]], None]) -> Callable[[], Response]:
    """Make a view that reads the body of *resource* and acts on it."""

    def view() -> Response:
        act(machine(), read_body(resource))
        return no_content()

    return view


def hint(operation: str) -> Response:
    """Take a hint about free pages."""
    machine().hint(operation)
    return no_content()


def put_metadata() -> Response:
    """Store the metadata."""
    machine().metadata.put(read_metadata())
    return no_content()


def patch_metadata() -> Response:
    """Change the metadata."""
    machine().metadata.patch(read_metadata())
    return no_content()


ACTS: Mapping[tuple[str, str], Callable[[Machine, dict[str, Any]], None]] = {
    ("PUT", "actions"): lambda vm, body: vm.act(body["action_type"]),
    ("PUT", "snapshot/create"): Machine.create_snapshot,
    ("PUT", "snapshot/load"): Machine.load_snapshot,
    ("PATCH", "balloon/statistics"): Machine.set_polling,
    ("PATCH", "vm"): lambda vm, body: vm.set_state(body["state"]),
    ("PATCH", "machine-config"): Machine.patch_machine,
}
SINGLE = (
    "balloon",
    "boot-source",
    "cpu-config",
    "entropy",
    "hotplug/memory",
    "logger",
    "machine-config",
    "metrics",
    "mmds/config",
    "serial",
    "vsock",
)

route("GET", "/", lambda: show(machine().info()))
route("GET", "/version", lambda: show({"firecracker_version": VERSION}))
route("GET", "/vm/config", lambda: show(machine().config()))
route("GET", "/mmds", lambda: show(machine().metadata.get()))
route("GET", "/balloon/hinting/status", lambda: show(machine().hinting()))
route("GET", "/hotplug/memory", lambda: show(machine().hotplug()))
for readable in ("balloon", "machine-config"):
    route("GET", f"/{readable}", lambda resource: show(machine().get(resource)), resource=readable)
route("GET", "/balloon/statistics", lambda: show(machine().statistics()))
for verb in ("GET", "PATCH"):
    route(verb, "/balloon/<path:path>", unknown_balloon_path)
route("PUT", "/mmds", put_metadata)
route("PATCH", "/mmds", patch_metadata)
route("PATCH", "/balloon/hinting/<operation>", hint)
for (verb, acted), act in ACTS.items():
    route(verb, f"/{acted}", does(acted, act))
route("PUT", "/mmds/<path:path>", unknown_metadata_path)
route("PUT", "/snapshot/<path:path>", unknown_snapshot_path)
route("PUT", "/snapshot", missing_snapshot_path)
for several in ID_OF:
    for verb in ("PUT", "PATCH"):
        route(verb, f"/{several}", missing_id)
    route("PUT", f"/{several}/<name>", put_item, collection=several)
    route("PATCH", f"/{several}/<name>", patch_item, collection=several)
for single in SINGLE:
    route("PUT", f"/{single}", put, resource=single)
for running in ("balloon", "hotplug/memory"):
    route("PATCH", f"/{running}", patch_running, resource=running)
