"""``python3 dev.py bench --peers``: what the same failures cost with other libraries, in one interleaved run."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import EnvironBuilder

from benchmarks.contenders import Contender
from benchmarks.measure import Call, discard, medians
from benchmarks.peers.setups import PEERS, SECRET
from flask_faultmap import fault_translated

OURS = "flask-faultmap"
BAD_BOX = {"name": 3, "size": "x"}
# path of the table: the request that is made
PATHS: dict[str, dict[str, Any]] = {
    "success": {"path": "/boxes/b1"},
    "domain error": {"path": "/missing"},
    "details": {"path": "/details"},
    "validation": {"path": "/boxes", "method": "POST", "json": BAD_BOX},
    "unhandled": {"path": "/crash"},
    "unknown path": {"path": "/nope"},
}
TELLING_HEADERS = ("X-Request-ID", "Cache-Control")
PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "peers.md"
PICTURE = PAGE.with_name("peers.svg")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one app does on one path, beside its cost."""

    status: int
    is_json: bool
    leaks: bool
    records: int
    headers: tuple[str, ...]
    signals: int

    def __str__(self) -> str:
        parts = [str(self.status), "JSON" if self.is_json else "HTML"]
        parts += ["**leaks**"] if self.leaks else []
        parts += [f"{self.records} log"] if self.records else []
        parts += [f"{self.signals} signal"] if self.signals else []
        parts += [f"+{len(self.headers)} headers"] if self.headers else []
        return ", ".join(parts)


def main(*, smoke: bool, write: bool) -> int:
    """Measure and print; *write* puts the page and the picture into the docs."""
    logging.getLogger().addHandler(logging.NullHandler())
    apps = {name: make().app for name, make in PEERS.items()}
    seen = {(name, path): look(app, request) for name, app in apps.items() for path, request in PATHS.items()}
    costs: dict[tuple[str, str], float] = {}
    for path, request in PATHS.items():
        work = {name: Contender(app=app) for name, app in apps.items()}
        calls = {name: caller_of(app, request) for name, app in apps.items()}
        measured = medians(work, rounds=20 if smoke else 600, calls=5, callers=calls)
        costs.update({(name, path): cost for name, cost in measured.items()})
    table = as_table(costs, seen)
    print(table)
    if write:
        PAGE.write_text(page(table))
        PICTURE.write_text(picture(costs))
    return 0


def caller_of(app: Flask, request: dict[str, Any]) -> Call:
    """Make a function that sends *request* as a WSGI server would; each call has a body of its own."""
    builder = EnvironBuilder(**request)
    body = json.dumps(request["json"]).encode() if "json" in request else b""
    environ = builder.get_environ()

    def start_response(*_: Any) -> Callable[[bytes], object]:
        return discard

    def call() -> bytes:
        from io import BytesIO

        chunks = app({**environ, "wsgi.input": BytesIO(body)}, start_response)
        try:
            return b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()

    return call


def look(app: Flask, request: dict[str, Any]) -> Seen:
    """Ask once, and note what is answered and told."""
    with records_of() as records, signals_of(app) as signals:
        response = app.test_client().open(**request)
        text = response.get_data(as_text=True)
    return Seen(
        status=response.status_code,
        is_json=(response.mimetype or "").endswith("json"),
        leaks=SECRET in text,
        records=len(records),
        headers=tuple(name for name in TELLING_HEADERS if name in response.headers),
        signals=len(signals),
    )


class _Keeping(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def records_of() -> Iterator[list[logging.LogRecord]]:
    """Collect log records of WARNING and above."""
    keeping = _Keeping()
    logging.getLogger().addHandler(keeping)
    try:
        yield keeping.records
    finally:
        logging.getLogger().removeHandler(keeping)


@contextmanager
def signals_of(app: Flask) -> Iterator[list[object]]:
    """Collect what audit hooks hear."""
    heard: list[object] = []

    def hear(sender: object, **_: object) -> None:
        heard.append(sender)

    with fault_translated.connected_to(hear, sender=app):
        yield heard


def as_table(costs: dict[tuple[str, str], float], seen: dict[tuple[str, str], Seen]) -> str:
    """Show costs as ratios to ours, and below each what the app does there."""
    lines = ["| | " + " | ".join(PATHS) + " |", "| --- " * (len(PATHS) + 1) + "|"]
    for name in PEERS:
        cells = [f"{costs[name, path] / costs[OURS, path]:.2f}<br>{seen[name, path]}" for path in PATHS]
        lines.append(f"| {name} {version_of(name)} | " + " | ".join(cells) + " |")
    ours = ", ".join(f"{path} {costs[OURS, path]:.0f} µs" for path in PATHS)
    return "\n".join([*lines, "", f"1.00 is flask-faultmap: {ours}."])


def version_of(name: str) -> str:
    """Give the version of a peer; none for set-ups by hand."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def page(table: str) -> str:
    """Make the page of the documentation."""
    return f"""# Measured against other libraries

Made by `python3 dev.py bench --peers --write` on {date.today():%Y-%m-%d}: one process, one interleaved run, each library in the
set-up that its own documentation shows (`benchmarks/peers/setups.py`). The first figure is the cost of the request against
flask-faultmap's: above 1, it is dearer. Behind it stands what the app does on that path, since work that is not done costs
nothing: the status, JSON or HTML, log records of WARNING and above, audit signals, and how many of the headers `X-Request-ID`
and `Cache-Control` it sends.

{table}

```{{image}} peers.svg
:alt: Bars of the same ratios
```

What they do better: flask-smorest, APIFlask, flask-restx, flask-rebar and flask-openapi3 are frameworks for APIs. They parse,
validate, serialise and document; flask-faultmap answers errors only, beside them or without them
([beside other extensions](../how-to/beside-other-extensions.md)).
"""


def picture(costs: dict[tuple[str, str], float]) -> str:
    """Draw the ratios as bars."""
    width, bar, label = 760, 13, 170
    rows: list[str] = []
    top = 8
    most = max(cost / costs[OURS, path] for (_, path), cost in costs.items())
    scale = (width - label - 60) / most
    for path in PATHS:
        rows.append(f'<text x="0" y="{top + 11}" class="path">{path}</text>')
        top += bar + 4
        for name in PEERS:
            ratio = costs[name, path] / costs[OURS, path]
            kind = "ours" if name == OURS else "peer"
            rows.append(f'<text x="{label - 6}" y="{top + 10}" text-anchor="end">{name}</text>')
            rows.append(
                f'<rect x="{label}" y="{top}" width="{ratio * scale:.1f}" height="{bar - 3}" class="{kind}"/>'
            )
            rows.append(f'<text x="{label + ratio * scale + 4:.1f}" y="{top + 10}">{ratio:.2f}</text>')
            top += bar
        top += 10
    style = (
        "text{font:10px sans-serif;fill:#667}.path{font-weight:bold}.ours{fill:#2f7d5b}.peer{fill:#9aa5b1}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}" role="img" '
        f'aria-label="Cost of a request against flask-faultmap"><style>{style}</style>{"".join(rows)}</svg>\n'
    )
