"""How the tour looks: for people by rich, for machines as JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from example_app.laying import fill, lay, shorten, units_of
from example_app.scenes import Scene
from example_app.tour import Outcome

NOTABLE = ("Allow", "Retry-After", "WWW-Authenticate", "Deprecation", "X-Request-ID")
INDENT = 9
MOST_OF_A_RECORD = 240  # characters of the log
LEGEND = (
    ("request", "what a client sends, to a real server; what fails below, fails for real"),
    ("answer", "what the client gets, and its body"),
    ("log", "what the log gets, where a failure deserves a record"),
    ("signal", "what audit hooks hear: code (category) status from exception by rule"),
)
BEFORE = "[bold]Plain Flask[/], the same view"
AFTER = "[bold]With FaultMap[/]"

Line = tuple[str, str, list[str]]  # label, style, text in lines


def show_legend(console: Console) -> None:
    """Print what the lines of an answer mean."""
    show_lines(console, [(label, "dim", lay(text, room_of(console))) for label, text in LEGEND])
    console.print()


def show_step(console: Console, outcome: Outcome) -> None:
    """Print one step: what was tried, request and answer, log, signal, and what is wrong."""
    mark = "[bold red]✗[/]" if outcome.mistakes else "[green]✓[/]"
    console.print(f"{mark} [bold]{escape(outcome.step.title.rstrip('.,'))}[/]")
    width = room_of(console)
    show_lines(console, [request_line(outcome, width), *answer_lines(outcome, width)])
    console.print()


def show_scene(console: Console, title: str, scene: Scene, before: Outcome, after: Outcome) -> None:
    """Print one failure in plain Flask and behind the boundary, on one screen."""
    width = room_of(console)
    console.rule(f"[bold]{escape(title)}[/]", align="left")
    console.print(escape(scene.why), style="italic")
    show_lines(console, [request_line(after, width)])
    for heading, outcome in ((BEFORE, before), (AFTER, after)):
        console.print(f"\n{heading}")
        show_lines(console, answer_lines(outcome, width))
    console.print()


def room_of(console: Console) -> int:
    """Give the characters of a line behind its label."""
    return max(console.width - INDENT, 20)


def show_lines(console: Console, lines: Iterable[Line]) -> None:
    """Print *lines* below each other, each behind its label."""
    for label, style, texts in lines:
        for text in texts:
            console.print(Text.assemble((label.rjust(INDENT - 1), "dim"), " ", (text, style)))
            label = ""  # the lines below the first have none


def request_line(outcome: Outcome, width: int) -> Line:
    """Tell the request."""
    step = outcome.step
    headers = [f"{name}: {value[:24]}{value[24:] and '…'}" for name, value in step.headers.items()]
    sent = (step.data or b"").decode(errors="replace").split() if step.json is None else units_of(step.json)
    return "request", "", fill([step.method, step.path, *headers, *sent], width)


def answer_lines(outcome: Outcome, width: int) -> Iterator[Line]:
    """Tell the answer, its body, log, signal, and what is wrong."""
    yield "answer", style_of(outcome), fill(answer_words(outcome), width)
    if outcome.body:
        yield "body", "", lay(outcome.body, width)
    for record in outcome.logged:
        yield "log", "yellow", lay(shorten(log_line(record), MOST_OF_A_RECORD), width)
    if not outcome.logged and (outcome.status or 0) >= 400:
        yield "log", "dim", ["nothing"]
    for signal in outcome.signalled:
        yield "signal", "cyan", lay(signal_line(signal), width)
    for mistake in outcome.mistakes:
        yield "WRONG", "bold red", lay(mistake, width)


def style_of(outcome: Outcome) -> str:
    """Give the colour of the answer's status."""
    status = outcome.status or 500
    return "bold green" if status < 400 else "bold magenta" if status < 500 else "bold red"


def answer_words(outcome: Outcome) -> list[str]:
    """Tell the status, the media type and the headers that matter for an error."""
    if outcome.status is None:
        return ["none"]
    told = [f" {name}: {shorten(outcome.headers[name])}" for name in NOTABLE if name in outcome.headers]
    return [word for word in (str(outcome.status), media_type_of(outcome), *told) if word]


def media_type_of(outcome: Outcome) -> str:
    """Give the media type of the answer without its parameters; empty where there is no body."""
    return outcome.headers.get("Content-Type", "").partition(";")[0]


def log_line(record: Mapping[str, Any]) -> str:
    """Tell what was logged; of a stack only what the message does not say."""
    name, _, text = (record["stack"] or "").partition(": ")
    stack = name if text in record["message"] else f"{name}: {text}"
    return f"{record['level']} {record['message']}" + (f" + stack of {stack}" if stack else "")


def signal_line(signal: Mapping[str, Any]) -> str:
    """Tell what an audit hook sees; of the rule its condition, since the code says what became of it."""
    collapsed = f", sent as {signal['status']}" if signal["status"] != signal["original_status"] else ""
    condition = (signal["rule"] or "").partition(" -> ")[0].replace(" (or wrapped)", "")
    rule = f" by the rule for {condition}" if condition else ""
    category = f" ({signal['category']})" if signal["category"] != signal["code"] else ""
    told = f"{signal['code']}{category} {signal['original_status']}{collapsed}"
    return f"{told} from {signal['exception']}{rule}"


def show_comparison(console: Console, played: Sequence[tuple[Scene, Outcome, Outcome]]) -> None:
    """Print one line for each scene: what plain Flask made of it, and what the boundary did."""
    table = Table(box=None, pad_edge=False)
    for name in ("", "what fails", "plain Flask", "with FaultMap"):
        table.add_column(name, justify="left" if name else "right")
    for number, (scene, before, after) in enumerate(played, 1):
        code = "".join(f" {signal['code']}" for signal in after.signalled)
        table.add_row(f"{number}", scene.title, in_short(before), f"{in_short(after)}{code}")
    console.rule("[bold]All of them[/]", align="left")
    console.print(table)
    console.print()


def in_short(outcome: Outcome) -> str:
    """Give the status and the kind of the answer."""
    kind = "JSON" if "json" in media_type_of(outcome) else media_type_of(outcome).rpartition("/")[2].upper()
    return f"{outcome.status or 'no answer'} {kind}".strip()


def show_summary(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Print one line for each room, and one for all."""
    table = Table(title="Summary", title_justify="left", box=None, pad_edge=False)
    for name in ("room", "requests", "as expected", "faults", "log records"):
        table.add_column(name, justify="left" if name == "room" else "right")
    for room in dict.fromkeys(outcome.room for outcome in outcomes):
        table.add_row(room, *map(str, counts([each for each in outcomes if each.room == room])))
    table.add_row("[bold]all[/]", *map(str, counts(outcomes)))
    console.print(table)
    console.print()


def show_verdict(console: Console, outcomes: Sequence[Outcome], wrong: int, seconds: float) -> None:
    """Print whether all was as expected."""
    verdict = f"[bold red]{wrong} wrong[/]" if wrong else "[bold green]all as expected[/]"
    rooms = ", ".join(dict.fromkeys(outcome.room for outcome in outcomes))
    console.print(f"{len(outcomes)} requests to {rooms}: {verdict}, in {seconds:.1f} s")


def counts(outcomes: Sequence[Outcome]) -> tuple[int, int, int, int]:
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


def as_document(outcomes: Sequence[Outcome], *, is_right: bool) -> str:
    """Write all steps as one JSON document."""
    return json.dumps({"ok": is_right, "steps": [*map(as_json, outcomes)]}, indent=2)
