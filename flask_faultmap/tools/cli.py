"""The commands ``flask faults …``: look at an app's map, try it, and hold it to its promises."""

import json
import os
import traceback
from collections.abc import Callable, Iterable
from dataclasses import asdict
from importlib.metadata import entry_points
from pathlib import Path
from typing import IO, Any

import click
from flask import Flask
from flask.cli import ScriptInfo

from flask_faultmap.border.boundaries import boundary_of
from flask_faultmap.contract.contract import make_contract, read_contract, write_contract
from flask_faultmap.errors import ConfigError
from flask_faultmap.profiles.encoding import to_bytes
from flask_faultmap.rules.rule import Rule
from flask_faultmap.tools.checks import check_app, types_of
from flask_faultmap.tools.explaining import explain_exception, explain_text, make_exception
from flask_faultmap.tools.listing import list_as_data, list_as_text
from flask_faultmap.tools.promises import check_contract
from flask_faultmap.tools.specimens import set_path


def as_json(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option ``--json``."""
    return click.option("--json", "as_data", is_flag=True, help="Print one JSON document, for machines.")(
        function
    )


class _Commands(click.Group):
    """The commands of this module, and what other wings bring by the entry point of this name."""

    ENTRY_POINT = "flask_faultmap.commands"

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *entry_points(group=self.ENTRY_POINT).names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        for brought in entry_points(group=self.ENTRY_POINT, name=cmd_name) if command is None else ():
            command = brought.load()
        return command


@click.group(cls=_Commands)
def faults() -> None:
    """Look at the app's error boundary.

    Exit status: 0 all is well, 1 there are findings, 2 the command or the app's set-up is wrong.
    """


@faults.command("list")
@click.option("--all", "everything", is_flag=True, help="Show what is built in, too.")
@as_json
def list_(everything: bool, as_data: bool) -> None:
    """List every rule and every error class.

    Rules stand in the order in which they are asked. Marked are text rules that a typed rule covers (~), and
    rules of packages that are not installed (x). Errors are shown with the status that each profile in use
    sends. --json has everything, whether built in or not.
    """
    app = load_app()
    if as_data:
        click.echo(json.dumps(list_as_data(app), indent=2))
        return
    for line in list_as_text(app, everything=everything):
        click.echo(line)


@faults.command()
@click.argument("path", required=False, metavar="[PACKAGE.MODULE:CLASS]")
@click.option("--text", help="The exception's text; without a class: what the text rules say of it.")
@click.option(
    "--set",
    "members",
    multiple=True,
    metavar="PATH=VALUE",
    help="Set an attribute or a key of the exception, as rules name it; may be given several times.",
)
def explain(path: str | None, text: str | None, members: tuple[str, ...]) -> None:
    """Show how the map decides, rule by rule.

    With a class, an exception of it is made with the text, or without arguments if it takes none, and
    handed to the map; no fault is answered, logged or signalled. With a text alone, every rule that reads a
    text is asked whether it finds its markers.

    \b
    Examples:
      flask faults explain sqlite3:OperationalError --text "database is locked"
      flask faults explain sqlalchemy.exc:IntegrityError --text x --set orig.sqlstate=23505
      flask faults explain --text "HTTP 429 from the provider"
    """  # noqa: D301  # click looks for the real backspace
    app = load_app()
    if path is not None:
        try:
            exc, how = make_exception(path, text)
        except ValueError as problem:
            raise click.BadParameter(str(problem), param_hint="PACKAGE.MODULE:CLASS") from problem
        _set_members(exc, members, boundary_of(app).mapper.book.rules)
        click.echo(how)
        lines = explain_exception(app, exc)
    elif members:
        raise click.UsageError("--set needs an exception to set it on; give PACKAGE.MODULE:CLASS.")
    elif text is not None:
        lines = explain_text(boundary_of(app).mapper, text)
    else:
        raise click.UsageError("Nothing to explain; give PACKAGE.MODULE:CLASS, --text, or both.")
    for line in lines:
        click.echo(line)


@faults.command()
@click.option(
    "--against",
    "file",
    type=click.File("rb"),
    metavar="FILE",
    help="A contract that `flask faults export` wrote, and that must still hold.",
)
@as_json
def check(file: IO[bytes] | None, as_data: bool) -> None:
    """Look for what is wrong with the map.

    The exit status is 1 if there is anything.

    \b
    shadowing-handler   an error handler stands where the map should answer
    unknown-handler     FAULTMAP_HANDLERS_KEPT names a handler that is not there
    dead-rule           a rule that an earlier one always beats
    needless-text       a text rule, where a typed rule tells the same
    broad-text          a text rule whose markers are in many texts
    exposed-refusal     a class that shows its message in a 401, a 403 or a 5xx (but 501)
    unknown-code        FAULTMAP_STATUSES or FAULTMAP_LOG_LEVELS names a code that no class has
    idle-status         FAULTMAP_STATUSES names a code of HTTP errors, which keep their status
    duplicate-code      two classes with one code that are not kin, or differ in status
    undocumented-code   an error class without docstring, or whose code says nothing
    missing-challenge   a 401 without WWW-Authenticate
    types-elsewhere     FAULTMAP_TYPE_BASE leads elsewhere than to the app's catalogue
    broken-contract     with --against: a code or profile is gone, has another status or media type, or
                        has lost a member; what was added is fine
    """  # noqa: D301  # click looks for the real backspace
    app = load_app()
    findings = check_app(app)
    if file is not None:
        try:
            old = read_contract(file.read())
        except ValueError as exc:
            raise click.BadParameter(f"{file.name}: {exc}", param_hint="--against") from exc
        findings += check_contract(old, make_contract(boundary_of(app).mapper))
    if as_data:
        told = [asdict(finding) for finding in findings]
        click.echo(json.dumps({"ok": not findings, "findings": told}, indent=2))
    else:
        for finding in findings:
            click.echo(str(finding))
        types = types_of(app)
        if types is not None:
            click.echo(f"Types lead to the catalogue ({types}), and titles are the classes'", err=True)
        click.echo("1 finding" if len(findings) == 1 else f"{len(findings)} findings", err=True)
    click.get_current_context().exit(1 if findings else 0)


@faults.command()
@click.option(
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True),
    default="-",
    metavar="FILE",
    help="Write there, and not to the standard output.",
)
def export(output: str) -> None:
    """Write the contract with clients as JSON.

    It holds the codes with their statuses by profile, titles, categories, and whether to retry; and the
    media type and members of each profile in use. Commit it, and let `flask faults check --against FILE`
    tell when a change breaks it. The same promises give the same bytes.
    """
    data = to_bytes(write_contract(make_contract(boundary_of(load_app()).mapper)))
    if output == "-":
        click.echo(data, nl=False)  # bytes are the same wherever it runs
        return
    try:
        _write(Path(output), data)
    except OSError as exc:
        raise click.BadParameter(f"{output}: {exc.strerror}", param_hint="--output") from exc


def _set_members(exc: Exception, members: Iterable[str], rules: list[Rule]) -> None:
    for member in members:
        place, equals, value = member.partition("=")
        try:
            if not equals:
                raise ValueError(f"{member!r} has no '='; write attribute.attribute=value")
            set_path(exc, place, value, rules)
        except ValueError as problem:
            raise click.BadParameter(str(problem), param_hint="--set") from problem


def _write(path: Path, data: bytes) -> None:
    """Write a file in one step: if that fails, the old one is as it was."""
    if path.exists() and not path.is_file():  # a device or a pipe, which nothing may replace
        path.write_bytes(data)
        return
    target = path.resolve()  # a link stays one
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def load_app() -> Flask:
    """Load the app that ``flask --app`` names, and push its context.

    Raises:
        UsageError: it cannot be loaded, has no FaultMap, or one that is set up wrongly.
    """
    context = click.get_current_context()
    try:
        app = context.ensure_object(ScriptInfo).load_app()
    except ConfigError as exc:
        raise click.UsageError(f"The app's FaultMap cannot be set up:\n{exc}") from exc
    except click.ClickException:
        raise
    except Exception as exc:  # a border: the app is foreign code, and a status of 1 would mean findings
        click.echo(traceback.format_exc(), err=True)
        raise click.UsageError(f"The app cannot be loaded: {type(exc).__name__}: {exc}") from exc
    try:
        boundary_of(app)
    except ConfigError as exc:
        raise click.UsageError(f"{exc}.") from exc
    context.with_resource(app.app_context())
    return app
