"""What may an option of the commands be? Moments, numbers and texts; what cannot be is refused in words."""

import re
from datetime import UTC, datetime, timedelta

import click
from click.core import ParameterSource

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
AGE = re.compile(r"([0-9]{1,6})([smhdw])")
STATUSES = click.IntRange(100, 999)
LIMITS = click.IntRange(1, 1_000_000)


def read_moment(context: click.Context, option: click.Parameter, value: str | None) -> datetime | None:
    """Read an age such as ``90d``, or a date and time; without a zone it is UTC."""
    if value is None:
        return None
    age = AGE.fullmatch(value)
    try:
        if age is not None:
            return datetime.now(UTC) - timedelta(**{UNITS[age[2]]: int(age[1])})
        moment = datetime.fromisoformat(value)
    except (ValueError, OverflowError) as exc:
        told = f"{value!r} is no time; write an age (30m, 2h, 90d) or a date (2026-01-31T12:00)"
        raise click.BadParameter(told) from exc
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def read_past(context: click.Context, option: click.Parameter, value: str | None) -> datetime | None:
    """Read a moment that is over: what is older than a coming one is everything."""
    moment = read_moment(context, option, value)
    if moment is not None and moment > datetime.now(UTC):
        raise click.BadParameter(f"{value!r} lies in the future, so that every fault would be deleted")
    return moment


def read_text(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Refuse what no database takes as text."""
    try:
        (value or "").encode()
    except UnicodeEncodeError as exc:
        raise click.BadParameter(f"{value!r} is no text in UTF-8") from exc
    return value


def refuse_options(context: click.Context) -> None:
    """Refuse options in front of a subcommand, which would do nothing there."""
    name = context.invoked_subcommand
    for option in context.command.params:
        if context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE:
            told = f"{option.opts[0]} does nothing in front of {name!r}, whose own options stand behind it"
            raise click.UsageError(told)
