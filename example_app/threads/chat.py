"""The command ``flask --app example_app chat``: the same threads on a channel that knows no HTTP."""

import getpass

import click
from flask import current_app
from flask.cli import with_appcontext

from example_app.rooms import close_rooms, faults_of, state_of
from example_app.threads.classification import tell
from example_app.threads.engine import ThreadFailedError


@click.command()
@with_appcontext
def chat() -> None:
    """Talk to the agent of the room threads in this terminal.

    A line is a step of its script: "divide 1 4", "ask TEXT" (the model; "ask status 502" makes it fail),
    anything else is repeated. Where a step fails, the person reads one sentence, and the log keeps the
    raw text. An empty line or the end of the input ends the chat.
    """
    from example_app.threads.room import NAME, State

    state = state_of(NAME, State)
    said: list[str] = []
    try:
        while line := click.prompt("you", default="", show_default=False, prompt_suffix="> "):
            said.append(line)
            try:
                click.echo(f"agent> {state.engine.run(said)}")
            except ThreadFailedError as exc:
                said.pop()  # what failed is no part of the conversation
                sentence = tell(faults_of(), exc, user_id=getpass.getuser(), channel="terminal")
                click.echo(f"agent> {sentence}")
    except click.Abort:
        click.echo()
    finally:
        close_rooms(current_app._get_current_object())  # type: ignore[attr-defined]  # of LocalProxy
