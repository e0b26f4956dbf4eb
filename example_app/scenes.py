"""The tour's story: ten failures, each in plain Flask and behind the boundary."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from flask import Flask

from example_app.rooms import Room
from example_app.tour import Outcome, walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One request of a room's walk that is worth a look.

    Args:
        title: what fails, in a few words.
        why: what to look at, in one sentence.
        room: whose walk it is.
        step: the title of the step there.
        plain: the status that the same view answers without the boundary.
    """

    title: str
    why: str
    room: str
    step: str
    plain: int


SCENES = (
    Scene(
        title="A URL that nobody serves",
        why="A client of a JSON API gets JSON, in the shape of that API, whatever it accepts.",
        room="boxes",
        step="A browser asks for HTML and gets JSON all the same",
        plain=404,
    ),
    Scene(
        title="Half a JSON body",
        why="Every room has the shape of its own clients; this one is Firecracker's.",
        room="machine",
        step="Half a JSON body",
        plain=400,
    ),
    Scene(
        title="A member that is missing",
        why="marshmallow's ValidationError is the client's mistake: 400, and the place of the mistake.",
        room="threads",
        step="A wrong message is named by its place.",
        plain=500,
    ),
    Scene(
        title="Another user's run",
        why="The error's text is for the log; the client reads what the class says is public.",
        room="runs",
        step="Another user's run is forbidden; who owns it stays in the log.",
        plain=500,
    ),
    Scene(
        title="A name that is taken",
        why="An SDK has one class and many codes: one rule with a table maps them all.",
        room="boxes",
        step="Its name is taken",
        plain=500,
    ),
    Scene(
        title="A program that is not there",
        why="The SDK says INTERNAL; a rule looks at the cause behind it.",
        room="boxes",
        step="The program is missing: a rule finds FileNotFoundError behind the SDK's code INTERNAL",
        plain=500,
    ),
    Scene(
        title="A database that is locked",
        why="One rule for sqlite3.OperationalError, and no try in any view.",
        room="runs",
        step="A locked store is a 503 when a run is read,",
        plain=500,
    ),
    Scene(
        title="A page of nginx from another service",
        why="A call that failed never passes for a success, and what the page says stays private.",
        room="endpoints",
        step="A deletion that a page of nginx answers is no success.",
        plain=500,
    ),
    Scene(
        title="A provider that asks to slow down",
        why="Its hint when to come back reaches the client, in the shape that OpenAI's SDK reads.",
        room="threads",
        step="Its rate limit stays a 429, with its own hint when to come back.",
        plain=500,
    ),
    Scene(
        title="A bug",
        why="Nobody mapped it: the answer tells nothing but the id, by which the log has the stack.",
        room="runs",
        step="A division by zero is a bug: an opaque 500, its stack in the log.",
        plain=500,
    ),
)


def scenes_in(rooms: Sequence[Room]) -> list[Scene]:
    """Give the scenes that play in *rooms*."""
    names = {room.NAME for room in rooms}
    return [scene for scene in SCENES if scene.room in names]


def walk_plain(app: Flask, rooms: Sequence[Room], scenes: Sequence[Scene]) -> Iterator[Outcome]:
    """Send plain Flask what the scenes send, and before it what their rooms' walks send before them."""
    for room in rooms:
        waiting = {scene.step: scene for scene in scenes if scene.room == room.NAME}
        with closing(walk(app, [room] if waiting else [])) as outcomes:
            for outcome in outcomes:
                scene = waiting.pop(outcome.step.title, None)
                if scene is not None:
                    yield replace(outcome, mistakes=tuple(find_plain_mistakes(scene, outcome)))
                if not waiting:
                    break


def find_plain_mistakes(scene: Scene, outcome: Outcome) -> Iterator[str]:
    """Say where plain Flask did not answer as the story has it."""
    if outcome.status is None:
        yield from outcome.mistakes
        return
    if outcome.status != scene.plain:
        yield f"plain Flask answered {outcome.status}, not {scene.plain}"
    media_type = outcome.headers.get("Content-Type", "")
    if not media_type.startswith("text/html"):
        yield f"plain Flask answered {media_type!r}, not HTML"
