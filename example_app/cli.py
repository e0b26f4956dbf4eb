"""The commands ``flask --app example_app tour`` and ``document``."""

import json

import click
from flask import current_app
from flask.cli import with_appcontext

from example_app.openapi import describe
from example_app.rooms import Room, rooms_of

INSTALL = "The tour needs what `pip install 'flask-faultmap[example]'` installs: {}"


@click.command()
@click.option("--all", "every_step", is_flag=True, help="Show every request of the walk, not only ten.")
@click.option(
    "--room", "names", multiple=True, metavar="NAME", help="Walk through this room only; repeatable."
)
@click.option("--json", "as_data", is_flag=True, help="Print one JSON document of the walk, for machines.")
@with_appcontext
def tour(every_step: bool, names: tuple[str, ...], as_data: bool) -> None:
    """Serve the example app and see how it fails, in plain Flask and with FaultMap.

    Starts real servers on free ports of the loopback, walks through every room with real requests, and shows
    ten of them: the answer, what was logged and what was signalled. The exit status is 1 if an answer was
    not what it should be.
    """
    try:
        from example_app import guide
    except ModuleNotFoundError as exc:
        raise click.ClickException(INSTALL.format(exc)) from exc
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # of LocalProxy
    rooms = choose(rooms_of(app), names)
    if as_data:
        is_right, document = guide.tell(app, rooms)
        click.echo(document)
    else:
        is_right = guide.lead(app, rooms, every_step=every_step)
    if not is_right:
        raise SystemExit(1)


@click.command()
@with_appcontext
def document() -> None:
    """Print what the app answers, as an OpenAPI document."""
    try:
        described = describe(current_app._get_current_object())  # type: ignore[attr-defined]  # of LocalProxy
    except ModuleNotFoundError as exc:
        raise click.ClickException(str(exc)) from exc
    click.echo(json.dumps(described, indent=2))


def choose(rooms: tuple[Room, ...], names: tuple[str, ...]) -> list[Room]:
    """Give the rooms called *names*; all of them if none is named."""
    known = {room.NAME: room for room in rooms}
    for name in names:
        if name not in known:
            raise click.BadParameter(
                f"no room is called {name!r}; there are {', '.join(known)}", param_hint="--room"
            )
    return [room for room in rooms if not names or room.NAME in names]
