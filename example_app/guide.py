"""The order of the tour: walk, compare with plain Flask, sum up, and say where to look on."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from flask import Flask
from rich.console import Console
from rich.status import Status

from example_app import tour_view, trail_view
from example_app.rooms import Room, close_rooms
from example_app.scenes import Scene, scenes_in, walk_plain
from example_app.tour import Outcome, walk

Played = tuple[Scene, Outcome, Outcome]  # in plain Flask, and behind the boundary


def lead(app: Flask, rooms: Sequence[Room], *, every_step: bool) -> bool:
    """Show *rooms* to people, and say whether all was as expected."""
    console, began, started = Console(highlight=False), datetime.now(UTC), time.monotonic()
    scenes = scenes_in(rooms)
    with console.status("Starting") as status:
        before = see_plain(app, rooms, scenes, status)
        with ending(app):
            outcomes = [*show_walk(app, rooms, console, status, every_step=every_step)]
    played = pair(scenes, before, outcomes)
    for number, (scene, plain, ours) in enumerate(played, 1):
        tour_view.show_scene(console, f"{number}/{len(played)} {scene.title}", scene, plain, ours)
    seen = outcomes if every_step else [ours for _, _, ours in played]
    for outcome in outcomes:
        if outcome.mistakes and outcome not in seen:
            tour_view.show_step(console, outcome)
    if played:
        tour_view.show_comparison(console, played)
    if every_step:
        tour_view.show_summary(console, outcomes)
    kept = trail_view.find_kept(app, outcomes, began)
    trail_view.show_trail(console, app, kept, [ours for _, _, ours in played])
    lost = trail_view.find_lost(outcomes, kept)
    trail_view.show_lost(console, lost)
    wrong = sum(bool(outcome.mistakes) for outcome in [*before, *outcomes]) + len(lost)
    tour_view.show_verdict(console, outcomes, wrong, time.monotonic() - started)
    return not wrong


def tell(app: Flask, rooms: Sequence[Room]) -> tuple[bool, str]:
    """Walk through *rooms* for machines: whether all was as expected, and one JSON document."""
    with ending(app):
        outcomes = [*walk(app, rooms)]
    is_right = not any(outcome.mistakes for outcome in outcomes)
    return is_right, tour_view.as_document(outcomes, is_right=is_right)


def see_plain(app: Flask, rooms: Sequence[Room], scenes: Sequence[Scene], status: Status) -> list[Outcome]:
    """Let the same rooms fail in plain Flask."""
    outcomes = []
    with ending(app.extensions["example_app_plain"]()) as plain:
        for outcome in walk_plain(plain, rooms, scenes):
            status.update(f"In plain Flask: {outcome.room}")
            outcomes.append(outcome)
    return outcomes


def show_walk(
    app: Flask, rooms: Sequence[Room], console: Console, status: Status, *, every_step: bool
) -> Iterator[Outcome]:
    """Take every step of *rooms*, and show each if that is wanted."""
    if every_step:
        tour_view.show_legend(console)
    for room in rooms:
        status.update(f"With FaultMap: {room.NAME}")
        if every_step:
            console.rule(f"[bold]{room.NAME}[/] below {room.PREFIX}", align="left")
        for outcome in walk(app, [room]):
            if every_step:
                tour_view.show_step(console, outcome)
            yield outcome


@contextmanager
def ending(app: Flask) -> Iterator[Flask]:
    """End in any case what the rooms of *app* started."""
    try:
        yield app
    finally:
        close_rooms(app)


def pair(scenes: Sequence[Scene], before: Sequence[Outcome], after: Sequence[Outcome]) -> list[Played]:
    """Give each scene with its two outcomes, in the order of the story."""
    plain = {(outcome.room, outcome.step.title): outcome for outcome in before}
    ours = {(outcome.room, outcome.step.title): outcome for outcome in after}
    places = {scene: (scene.room, scene.step) for scene in scenes}
    return [(scene, plain[place], ours[place]) for scene, place in places.items()]
