"""The commands ``flask faults trail …``: read the trail, ship it, prune it, and ask how it is."""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from flask_faultmap.errors import ConfigError
from flask_faultmap.sinks.trail.entries import BLAMES, Entry, Filters
from flask_faultmap.sinks.trail.extension import reader_of, settings_of, shipper_of
from flask_faultmap.sinks.trail.health import Health, measure
from flask_faultmap.sinks.trail.office import hold_office
from flask_faultmap.sinks.trail.options import (
    LIMITS,
    STATUSES,
    read_moment,
    read_past,
    read_text,
    refuse_options,
)
from flask_faultmap.sinks.trail.printing import describe, say, write_group, write_line
from flask_faultmap.sinks.trail.pruning import prune as prune_faults
from flask_faultmap.texts import one_line
from flask_faultmap.tools.cli import as_json, load_app

GRACE = 5  # seconds that a command has for its end


@click.group(invoke_without_command=True)
@click.option("--code", callback=read_text, help="Only faults of this code.")
@click.option("--status", type=STATUSES, help="Only those that were answered with this status.")
@click.option(
    "--id",
    "request_id",
    metavar="ID",
    callback=read_text,
    help="Only those of this request, with all that is known.",
)
@click.option("--since", callback=read_moment, help="Only newer ones: an age (30m, 2h, 7d) or a date.")
@click.option(
    "--route", callback=read_text, help="Only those of this route pattern, such as '/boxes/<name>'."
)
@click.option("--blame", type=click.Choice(BLAMES), help="Only those that this side is to blame for.")
@click.option("--limit", type=LIMITS, default=50, show_default=True, help="At most so many.")
@as_json
@click.pass_context
def trail(context: click.Context, /, limit: int, as_data: bool, **wanted: Any) -> None:
    """Show the faults that the audit trail kept, newest first.

    What is not in the database yet is read from the journal of this host.

    \b
    Examples:
      flask faults trail --since 2h --code store_down
      flask faults trail --id 4f1c9e0a7b
      flask faults trail groups
    """  # noqa: D301  # click looks for the real backspace
    if context.invoked_subcommand is not None:
        refuse_options(context)
        return
    load_app()
    with _tell_in_words():
        entries = _find(Filters(**wanted), limit)
    if as_data:
        click.echo(json.dumps([asdict(entry) for entry in entries], default=_make_plain, indent=2))
    elif wanted["request_id"] is not None:
        for entry in entries:
            click.echo("\n".join(describe(entry)))
    else:
        for entry in entries:
            click.echo(write_line(entry))
    click.echo("1 fault" if len(entries) == 1 else f"{len(entries)} faults", err=True)


@trail.command()
@click.option("--since", callback=read_moment, help="Only those that were seen since: an age or a date.")
@click.option("--limit", type=LIMITS, default=100, show_default=True, help="At most so many.")
@as_json
def groups(since: datetime | None, limit: int, as_data: bool) -> None:
    """Show the faults by group.

    A group is the same trouble at the same place of the app. The counts outlive the pruning of the faults
    themselves.
    """
    load_app()
    with _tell_in_words():
        found = reader_of().groups(limit=limit, since=since)
    if as_data:
        click.echo(json.dumps([asdict(group) for group in found], default=_make_plain, indent=2))
        return
    for group in found:
        click.echo(write_group(group))


@trail.command()
@click.option("--once", is_flag=True, help="Ship what waits now, and end.")
def ship(once: bool) -> None:
    """Bring the journal of this host to the database.

    It ships until the process is told to end. Run it as a unit of its own where no worker ships
    (FAULTMAP_TRAIL_SHIP = False, or gevent workers). While another process of this host ships, it waits, and
    takes over when that one ends.
    """
    load_app()
    with _tell_in_words():
        settings = settings_of()
    if once:
        waiting = measure(settings).waiting
        with _tell_in_words(), click.progressbar(length=waiting, label="Shipping", file=sys.stderr) as bar:
            shipped = shipper_of().ship(bar.update)
        click.echo(f"{shipped} faults shipped")
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    click.echo(
        f"Shipping from {settings.folder} while no other process does; SIGTERM or Ctrl-C ends it",
        err=True,
    )
    shipper = shipper_of()
    try:
        hold_office(settings.folder, lambda: shipper, threading.Event())
    finally:
        signal.alarm(0)


def _end(*_: object) -> None:
    """End: what was not committed stays in the journal. A driver whose database hangs would wait for ever."""
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    signal.alarm(GRACE)
    raise SystemExit


@trail.command()
@click.option("--older-than", callback=read_past, metavar="AGE", help="What is older: 90d, or a date.")
@click.option("--user", "user_id", metavar="ID", callback=read_text, help="Delete what this user asked for.")
def prune(older_than: datetime | None, user_id: str | None) -> None:
    """Delete faults from the database; groups keep their counts.

    With both options, only what is older and of that user. For a user, what waits is shipped first, and the
    user's lines in the journal of this host are erased.
    """
    if older_than is None and user_id is None:
        raise click.UsageError("Nothing says which faults to delete; give --older-than, --user, or both.")
    app = load_app()
    with _tell_in_words(), counting("faults deleted") as progress:
        settings = settings_of()
        if user_id is not None:
            shipper_of().ship()
        pruned = prune_faults(settings, app.name, older_than=older_than, user_id=user_id, progress=progress)
    click.echo(f"{pruned} faults deleted")


@trail.command()
@as_json
def health(as_data: bool) -> None:
    """Say how the trail is, on this host.

    The exit status is 1 if something waits too long or was refused. The database is not asked: what its
    shipper has told last is read.
    """
    load_app()
    with _tell_in_words():
        found = measure(settings_of())
    if as_data:
        members = {field.name: getattr(found, field.name) for field in fields(Health)}
        click.echo(json.dumps({"ok": found.is_well, **members}, indent=2))
    else:
        for field in fields(Health)[:-1]:
            click.echo(f"{field.name:14} {say(getattr(found, field.name))}")
        for finding in found.findings:
            click.echo(f"! {finding}")
    click.get_current_context().exit(0 if found.is_well else 1)


def _find(filters: Filters, limit: int) -> list[Entry]:
    reader = reader_of()
    try:
        return [*reader.page(filters, limit=limit).entries]
    except SQLAlchemyError as exc:
        if filters.request_id is None:
            raise
        click.echo(f"{_explain(exc)} This host's journal knows:", err=True)
        return [entry for entry in reader.find_in_journal(filters.request_id) if filters.match(entry)]


@contextmanager
def _tell_in_words() -> Iterator[None]:
    """End with status 2 and a sentence where the set-up or the database is wrong."""
    try:
        yield
    except ConfigError as exc:
        raise click.UsageError(str(exc)) from exc
    except SQLAlchemyError as exc:
        raise click.UsageError(_explain(exc)) from exc


def _explain(exc: SQLAlchemyError) -> str:
    cause = getattr(exc, "orig", None) or exc
    return f"The trail's database cannot be had ({type(cause).__name__}: {one_line(str(cause)).strip()})."


def _make_plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None]]:
    """Show a count that grows, on a terminal only; the line ends with the work."""
    total = 0

    def add(number: int) -> None:
        nonlocal total
        total += number
        if sys.stderr.isatty():
            click.echo(f"\r{total} {what}", nl=False, err=True)

    try:
        yield add
    finally:
        if total and sys.stderr.isatty():
            click.echo(err=True)
