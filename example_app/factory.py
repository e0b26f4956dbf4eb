"""The application factory: every room behind one boundary, and without it."""

import weakref
from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import Flask

from example_app.boxes import room as boxes
from example_app.cli import document, tour
from example_app.endpoints import room as endpoints
from example_app.machine import room as machine
from example_app.rooms import Room, close_states
from example_app.runs import agent
from example_app.runs import room as runs
from example_app.sinks import add_sinks
from example_app.threads import room as threads
from example_app.threads.chat import chat
from flask_faultmap import FaultMap, Profile

ROOMS: tuple[Room, ...] = (boxes, machine, runs, agent, endpoints, threads)


def build(name: str, rooms: Mapping[str, Room], config: Mapping[str, Any] | None = None) -> Flask:
    """Make the app *name* with *rooms*, each below its key's URL prefix, behind one boundary."""
    settings = {
        "FAULTMAP_SCOPES": {
            prefix: _profile_name(room) for prefix, room in rooms.items() if room.PROFILE is not None
        },
        "FAULTMAP_STATUSES": {
            code: status for room in rooms.values() for code, status in room.STATUSES.items()
        },
    }
    app = build_plain(name, rooms, {**settings, **(config or {})})
    app.extensions["example_app_faults"] = FaultMap(
        app,
        rules=[rule for room in rooms.values() for rule in room.RULES],
        profiles=[room.PROFILE for room in rooms.values() if isinstance(room.PROFILE, Profile)],
    )
    add_sinks(app)
    app.extensions["example_app_plain"] = partial(build_plain, "plain", rooms, config)
    for command in (tour, document, chat):
        app.cli.add_command(command)
    return app


def build_plain(name: str, rooms: Mapping[str, Room], config: Mapping[str, Any] | None = None) -> Flask:
    """Make the same app in plain Flask: its failures are Flask's own affair."""
    app = Flask(name)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.config.from_mapping(config or {})
    states = {room.NAME: room.open_state(app.config) for room in rooms.values()}
    app.extensions["example_app"] = states
    app.extensions["example_app_rooms"] = tuple(rooms.values())
    weakref.finalize(app, close_states, states)  # no process outlives the app, however it ends
    for prefix, room in rooms.items():
        app.register_blueprint(room.blueprint, url_prefix=prefix)
    return app


def _profile_name(room: Room) -> str | None:
    return room.PROFILE.name if isinstance(room.PROFILE, Profile) else room.PROFILE
