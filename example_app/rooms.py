"""What a room is, and what a step of its tour is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from flask import Blueprint, Flask, Response, current_app

from flask_faultmap import FaultMap, Profile, Rule

State = TypeVar("State")

ALSO = "also "  # begins the endpoint's name of a further way to a view, which no document needs


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request of the tour and the answer that must come.

    Args:
        title: what is tried, as one sentence.
        method: of HTTP.
        path: the whole path, with the room's prefix.
        json: the body, if it is JSON that can be written.
        data: the body as it is, if it is not.
        headers: added to the request.
        status: of the answer.
        code: of the fault that is signalled; None if none may be.
        body: members of the answer's JSON body, by dotted path.
    """

    title: str
    method: str
    path: str
    json: Any = None
    data: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int
    code: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)


class Room(Protocol):
    """What the factory asks of a room's module; the package's docstring says what each name means."""

    @property
    def NAME(self) -> str: ...  # noqa: N802, D102
    @property
    def PREFIX(self) -> str: ...  # noqa: N802, D102
    @property
    def PROFILE(self) -> Profile | str | None: ...  # noqa: N802, D102
    @property
    def RULES(self) -> tuple[Rule, ...]: ...  # noqa: N802, D102
    @property
    def STATUSES(self) -> Mapping[str, int]: ...  # noqa: N802, D102
    @property
    def WALK(self) -> tuple[Step, ...]: ...  # noqa: N802, D102
    @property
    def blueprint(self) -> Blueprint: ...  # noqa: D102

    def open_state(self, config: Mapping[str, Any]) -> object:
        """Make the room's state for one app."""


def state_of(name: str, cls: type[State]) -> State:
    """Give the current app's state of the room *name*."""
    state = current_app.extensions["example_app"][name]
    if not isinstance(state, cls):
        raise TypeError(f"the state of room {name!r} is {state!r}, not a {cls.__name__}")
    return state


def faults_of() -> FaultMap:
    """Give the current app's map, for what a room tells outside of a plain answer."""
    faults: FaultMap = current_app.extensions["example_app_faults"]
    return faults


def no_content() -> Response:
    """Answer 204, and nothing else: no body, no type, no length."""
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


def rooms_of(app: Flask) -> tuple[Room, ...]:
    """Give the rooms of *app*, in the order of the tour."""
    rooms: tuple[Room, ...] = app.extensions["example_app_rooms"]
    return rooms


def close_rooms(app: Flask) -> None:
    """End what the rooms of *app* started: processes, servers, stores."""
    close_states(app.extensions["example_app"])


def close_states(states: Mapping[str, object]) -> None:
    """Close each of *states* that can be closed; closing twice does no harm."""
    for state in states.values():
        close = getattr(state, "close", None)
        if close is not None:
            close()
