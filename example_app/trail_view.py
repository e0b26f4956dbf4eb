"""What the audit trail kept of the tour, where it is, and how to look at it."""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import click
from flask import Flask
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from example_app.sinks import trail_of
from example_app.tour import Outcome
from flask_faultmap.sinks.trail import Entry, Filters

MOST = 10_000  # faults of one tour
SHOWN = 8


def find_kept(app: Flask, outcomes: Sequence[Outcome], began: datetime) -> list[Entry]:
    """Give what the trail of *app* kept of *outcomes*, newest first; other processes write to it too."""
    ids = {signal["id"] for outcome in outcomes for signal in outcome.signalled}
    try:
        page = trail_of(app).reader().page(Filters(since=began), limit=MOST)
    except SQLAlchemyError as exc:
        raise click.ClickException(f"The audit trail in {place_of(app)} cannot be read: {exc}") from exc
    return [entry for entry in page.entries if entry.request_id in ids]


def find_lost(outcomes: Sequence[Outcome], kept: Sequence[Entry]) -> list[str]:
    """Give the ids of faults that the trail must have kept, and has not."""
    has = {entry.request_id for entry in kept}
    signals = [signal for outcome in outcomes for signal in outcome.signalled]
    return [
        each["id"] for each in signals if is_for_the_trail(each["original_status"]) and each["id"] not in has
    ]


def show_lost(console: Console, lost: Sequence[str]) -> None:
    """Print how many faults the trail has lost."""
    if lost:
        faults = "1 fault" if len(lost) == 1 else f"{len(lost)} faults"
        console.print(f"[bold red]WRONG[/] the audit trail has no row of {faults}, such as {lost[0]}\n")


def is_for_the_trail(status: int) -> bool:
    """Whether a fault of *status* is kept, whatever its class says."""
    return status >= 500 or status in (401, 403)


def show_trail(console: Console, app: Flask, kept: Sequence[Entry], scenes: Sequence[Outcome]) -> None:
    """Print rows of the trail, of the *scenes* first, and how to look on."""
    ids = {signal["id"] for outcome in scenes for signal in outcome.signalled}
    rows = ([entry for entry in kept if entry.request_id in ids] or kept)[:SHOWN]
    console.rule("[bold]The audit trail[/]", align="left")
    console.print(f"It kept {len(kept)} of these faults (5xx, 401 and 403), among them:\n")
    table = Table(box=None, pad_edge=False)
    for name in ("id", "status"):
        table.add_column(name, no_wrap=True)
    for name in ("code", "route"):
        table.add_column(name, overflow="ellipsis")
    for entry in reversed(rows):
        asked = f"{entry.method or '-'} {entry.route or '-'}"
        table.add_row(entry.request_id, str(entry.status), entry.code, asked)
    console.print(table)
    console.print(f"\nThe faults are in {place_of(app)}. Look on:\n")
    for command, told in ways_on():
        console.print(f"  [bold]{command}[/]", highlight=False, soft_wrap=True)
        console.print(f"      {told}", highlight=False)
    console.print()


def place_of(app: Flask) -> str:
    """Say where the database of the trail is; a URL may hold a password."""
    if "FAULTMAP_TRAIL_URL" in app.config:
        return "the database of FAULTMAP_TRAIL_URL"
    return shown(Path(app.instance_path) / "faults.db")


def ways_on() -> Iterator[tuple[str, str]]:
    """Give commands, and what each shows."""
    flask = f"{flask_command()} --app example_app"
    yield f"{flask} faults trail --since 10m", "all of them; with --id ID one with its stack"
    yield f"{flask} faults list", "every rule, status and shape"
    yield f"{flask} run", "http://127.0.0.1:5000: console at /ops/faults, catalogue at /problems"
    yield f"{flask} tour --all", "every request of every room"


def flask_command() -> str:
    """Give what a shell must be told to start this environment's flask."""
    here = Path(sys.executable).with_name("flask")
    found = shutil.which("flask")
    return "flask" if found is not None and Path(found) == here else shown(here)


def shown(path: Path) -> str:
    """Give *path* from the current folder, if it is below it."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
