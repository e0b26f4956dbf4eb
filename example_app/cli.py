"""The commands ``flask --app example_app tour`` and ``spec``."""

import json
import time

import click
from flask import current_app
from flask.cli import with_appcontext

from example_app.openapi import describe
from example_app.rooms import Room, close_rooms, rooms_of

INSTALL = "The tour needs what `pip install 'flask-faultmap[example]'` installs: {}"


@click.command()
@click.option(
    "--room", "names", multiple=True, metavar="NAME", help="Walk through this room only; repeatable."
)
@click.option("--json", "as_data", is_flag=True, help="Print one JSON document, for machines.")
@with_appcontext
def tour(names: tuple[str, ...], as_data: bool) -> None:
    """Serve the example app and see how it fails.

    Starts a real server on a free port of the loopback, sends real requests, and shows for each the
    answer, what was logged and what was signalled. The exit status is 1 if an answer was not what it
    should be.
    """
    try:
        from rich.console import Console

        from example_app import tour_view
        from example_app.tour import walk
    except ModuleNotFoundError as exc:
        raise click.ClickException(INSTALL.format(exc)) from exc
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # of LocalProxy
    rooms, outcomes, began = choose(rooms_of(app), names), [], time.monotonic()
    console = Console(highlight=False, quiet=as_data)
    tour_view.show_legend(console)
    try:
        for room in rooms:
            console.rule(f"[bold]{room.NAME}[/] below {room.PREFIX}", align="left")
            for outcome in walk(app, [room]):
                tour_view.show_step(console, outcome)
                outcomes.append(outcome)
    finally:
        close_rooms(app)
    is_right = not any(outcome.mistakes for outcome in outcomes)
    if as_data:
        steps = [tour_view.as_json(outcome) for outcome in outcomes]
        click.echo(json.dumps({"ok": is_right, "steps": steps}, indent=2))
    tour_view.show_summary(console, outcomes, time.monotonic() - began)
    if not is_right:
        raise SystemExit(1)


@click.command()
@with_appcontext
def spec() -> None:
    """Print what the app answers, as an OpenAPI document."""
    try:
        document = describe(current_app._get_current_object())  # type: ignore[attr-defined]  # of LocalProxy
    except ModuleNotFoundError as exc:
        raise click.ClickException(str(exc)) from exc
    click.echo(json.dumps(document, indent=2))


def choose(rooms: tuple[Room, ...], names: tuple[str, ...]) -> list[Room]:
    """Give the rooms called *names*; all of them if none is named."""
    known = {room.NAME: room for room in rooms}
    for name in names:
        if name not in known:
            raise click.BadParameter(
                f"no room is called {name!r}; there are {', '.join(known)}", param_hint="--room"
            )
    return [room for room in rooms if not names or room.NAME in names]
