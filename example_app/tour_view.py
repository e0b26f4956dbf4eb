"""How the tour looks: for people by rich, for machines as JSON."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from example_app.tour import Outcome

NOTABLE = ("Allow", "Retry-After", "WWW-Authenticate", "Deprecation")
MOST = 400  # characters of anything
INDENT = 9
LEGEND = (
    ("request", "what a client sends, to a real server; what fails below, fails for real"),
    ("answer", "what the client gets, and its body"),
    ("log", "what the log gets, where a failure deserves a record"),
    ("signal", "what audit hooks hear: code (category) status from exception by rule"),
)
LONG_ID = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{24}\b")


def show_legend(console: Console) -> None:
    """Print what the lines of a step mean."""
    show_lines(console, ((label, Text(text, style="dim")) for label, text in LEGEND))


def show_step(console: Console, outcome: Outcome) -> None:
    """Print one step: what was tried, request and answer, log, signal, and what is wrong."""
    mark = "[bold red]✗[/]" if outcome.mistakes else "[green]✓[/]"
    console.print(f"{mark} [bold]{escape(outcome.step.title.rstrip('.,'))}[/]")
    show_lines(console, lines_of(outcome))


def show_lines(console: Console, lines: Iterable[tuple[str, Text]]) -> None:
    """Print *lines* below each other, each behind its label, and an empty one."""
    for label, text in lines:
        for line in text.wrap(console, console.width - INDENT):
            line.rstrip()
            console.print(Text.assemble((label.rjust(INDENT - 1), "dim"), " ", line))
            label = ""  # the lines below the first have none
    console.print()


def lines_of(outcome: Outcome) -> Iterable[tuple[str, Text]]:
    """Give the lines below a step's title, with their labels."""
    yield "request", Text(request_line(outcome))
    yield "answer", answer_line(outcome)
    if outcome.body:
        yield "body", Text(shorten(spaced(outcome.body.strip())))
    for record in outcome.logged:
        yield "log", Text(log_line(record), style="yellow")
    for signal in outcome.signalled:
        yield "signal", Text(signal_line(signal), style="cyan")
    for mistake in outcome.mistakes:
        yield "WRONG", Text(mistake, style="bold red")


def request_line(outcome: Outcome) -> str:
    """Tell the request in one line."""
    step = outcome.step
    sent = json.dumps(step.json) if step.json is not None else (step.data or b"").decode(errors="replace")
    headers = [f"{name}: {value[:24]}{value[24:] and '…'}" for name, value in step.headers.items()]
    return " ".join(part for part in (step.method, step.path, *headers, shorten(sent, 120)) if part)


def answer_line(outcome: Outcome) -> Text:
    """Tell the status, the media type and the headers that matter for an error."""
    if outcome.status is None:
        return Text("none")
    colour = "green" if outcome.status < 400 else "magenta" if outcome.status < 500 else "red"
    notable = [f"  {name}: {outcome.headers[name]}" for name in NOTABLE if name in outcome.headers]
    media_type = outcome.headers.get("Content-Type", "")
    return Text.assemble((str(outcome.status), f"bold {colour}"), (f" {media_type}", "dim"), *notable)


def log_line(record: Mapping[str, Any]) -> str:
    """Tell what was logged; of a stack only what the message does not say."""
    name, _, text = (record["stack"] or "").partition(": ")
    stack = name if text in record["message"] else f"{name}: {text}"
    return shorten(f"{record['level']} {record['message']}" + (f" + stack of {stack}" if stack else ""))


def signal_line(signal: Mapping[str, Any]) -> str:
    """Tell what an audit hook sees."""
    collapsed = f", sent as {signal['status']}" if signal["status"] != signal["original_status"] else ""
    rule = f" by {signal['rule']}" if signal["rule"] else ""
    category = f" ({signal['category']})" if signal["category"] != signal["code"] else ""
    told = f"{signal['code']}{category} {signal['original_status']}{collapsed}"
    return f"{told} from {signal['exception']}{rule}"


def show_summary(console: Console, outcomes: list[Outcome], seconds: float) -> None:
    """Print one line for each room, and one for all."""
    table = Table(title="Summary", title_justify="left", box=None, pad_edge=False)
    for name in ("room", "requests", "as expected", "faults", "log records"):
        table.add_column(name, justify="left" if name == "room" else "right")
    for room in dict.fromkeys(outcome.room for outcome in outcomes):
        table.add_row(room, *map(str, counts([each for each in outcomes if each.room == room])))
    table.add_row("[bold]all[/]", *map(str, counts(outcomes)))
    console.print(table)
    wrong = sum(bool(outcome.mistakes) for outcome in outcomes)
    verdict = f"[bold red]{wrong} wrong[/]" if wrong else "[bold green]all as expected[/]"
    console.print(f"\n{verdict}, in {seconds:.1f} s")


def counts(outcomes: list[Outcome]) -> tuple[int, int, int, int]:
    """Count requests, right answers, signals and log records."""
    return (
        len(outcomes),
        sum(not outcome.mistakes for outcome in outcomes),
        sum(len(outcome.signalled) for outcome in outcomes),
        sum(len(outcome.logged) for outcome in outcomes),
    )


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Give one step as plain data."""
    step = outcome.step
    return {
        "room": outcome.room,
        "title": step.title,
        "request": {
            "method": step.method,
            "path": step.path,
            "headers": dict(step.headers),
            "body": step.json if step.data is None else step.data.decode(errors="replace"),
        },
        "answer": {"status": outcome.status, "headers": dict(outcome.headers), "body": outcome.body},
        "logged": list(outcome.logged),
        "signalled": list(outcome.signalled),
        "mistakes": list(outcome.mistakes),
    }


def spaced(body: str) -> str:
    """Put a blank behind each comma and colon of JSON, so that lines break between words."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False)
    except ValueError:
        return body


def shorten(text: str, most: int = MOST) -> str:
    """Cut what is long, and ids to their beginning."""
    text = LONG_ID.sub(r"\1…", text)
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"
