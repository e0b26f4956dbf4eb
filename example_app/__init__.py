"""A small sandbox control plane that fails for real, one error boundary around all of it.

``flask --app example_app tour`` shows it, ``document`` prints its OpenAPI document. Each room is one of the
systems that the boundary was drawn from. A room is a module that follows
:class:`example_app.rooms.Room`, and one line in ``example_app.factory.ROOMS``; its domain lives in
modules of its own, which import neither Flask nor any status (of the boundary:
``flask_faultmap.errors`` at most). The room's module has

* ``NAME``, what ``tour --room`` calls it, and ``PREFIX``, the URL prefix it is mounted and scoped below;
* ``PROFILE``: the name of a built-in profile, a ``Profile`` of the room's own, or None for the default;
* ``RULES``: the rules of the first map, and ``STATUSES``: ``{code: status}`` where the defaults do not fit;
* ``blueprint``: thin views, with paths below the prefix;
* ``open_state(config)``: makes the room's state, once per app. Views find it with
  ``example_app.rooms.state_of(NAME, Class)``; what has a ``close()`` is closed by ``close_rooms(app)``;
* ``WALK``: the room's part of the tour, a tuple of ``Step``: title (one sentence), method, path, json or
  data, headers, and what must come back: status, code of the fault that is signalled (None: no fault),
  and members of the body by dotted path. Steps run in order, so one may rest on what another did.

This module stays empty of imports so that a room's domain can be used without Flask.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask


def create_app(config: Mapping[str, Any] | None = None) -> "Flask":
    """Make the control plane with all its rooms; *config* is added to the app's."""
    from example_app.factory import ROOMS, build
    from example_app.front import add_front
    from example_app.sinks import trail_of

    app = build("example_app", {room.PREFIX: room for room in ROOMS}, config)
    add_front(app, trail_of(app))
    return app


def create_machine_app(config: Mapping[str, Any] | None = None) -> "Flask":
    """Make an app of the machine alone, at ``/``, where a Firecracker client looks for it."""
    from example_app.factory import build
    from example_app.machine import room

    return build("machine", {"/": room}, config)
