"""``python3 dev.py hostile``: who answers a hostile request with valid JSON, the right status, and no secret."""

import json
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, make_response, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter
from werkzeug.test import TestResponse

from benchmarks.peers.setups import PEERS, SECRET, Peer, raises

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "hostile-requests.md"
SERVER_ERROR = frozenset({500})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request, and what an API's client may expect of the answer."""

    name: str
    statuses: frozenset[int]
    path: str = "/boxes/b1"
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    media_type: str = "application/json"
    needs: tuple[str, ...] = ()  # headers that HTTP asks for
    has_body: bool = True
    view: Callable[..., Any] | None = None
    set_up: Callable[[Flask], None] | None = None
    is_untouched: bool = False  # a response of the app's own: only the status counts


class BrokenTextError(Exception):
    """An exception that cannot be spoken."""

    def __str__(self) -> str:
        raise RuntimeError(SECRET)

    __repr__ = __str__


class BrokenConverter(BaseConverter):
    """A converter that fails for a reason of its own."""

    def to_python(self, value: str) -> Any:
        raise RuntimeError(SECRET)


def with_converter(app: Flask) -> None:
    """Add a route whose converter fails."""
    app.url_map.converters["broken"] = BrokenConverter
    app.add_url_rule("/converted/<broken:x>", "converted", lambda x: "x")


def fail_after(app: Flask) -> None:
    """Let an ``after_request`` function fail, once for each request."""

    def fail(response: Response) -> Response:
        if request.path == "/hostile" and not getattr(request, "_failed", False):
            request._failed = True  # type: ignore[attr-defined]
            raise RuntimeError(SECRET)
        return response

    app.after_request(fail)


def fail_before(app: Flask) -> None:
    """Let a ``before_request`` function fail."""

    def fail() -> None:
        if request.path == "/hostile":
            raise RuntimeError(SECRET)

    app.before_request(fail)


def group() -> BaseException:
    """Make what an ``asyncio.TaskGroup`` raises."""
    return ExceptionGroup("tasks", [RuntimeError(SECRET), ValueError(SECRET)])


def status(*codes: int) -> frozenset[int]:
    """Say which statuses are right."""
    return frozenset(codes)


HOSTILE = "/hostile"
CASES = (
    Case(
        name="unknown path, Accept: text/html",
        path="/nope",
        statuses=status(404),
        headers={"Accept": "text/html"},
    ),
    Case(
        name="unknown path, `Accept: */*;q=0`",
        path="/nope",
        statuses=status(404),
        headers={"Accept": "*/*;q=0"},
    ),
    Case(name="wrong method", method="DELETE", statuses=status(405), needs=("Allow",)),
    Case(name="unknown method", method="FOO", statuses=status(405, 501)),
    Case(name="HEAD of a failure", path="/missing", method="HEAD", statuses=status(404), has_body=False),
    Case(name="missing slash", path="/slashed", statuses=status(308), is_untouched=True, view=lambda: "x"),
    Case(name="broken JSON", path="/boxes", method="POST", body=b'{"name":', statuses=status(400, 422)),
    Case(
        name="JSON that is no UTF-8",
        path="/boxes",
        method="POST",
        body=b'{"name":"\xff"}',
        statuses=status(400, 422),
    ),
    Case(
        name="JSON of 100,000 brackets",
        path="/boxes",
        method="POST",
        body=b"[" * 99_000,
        statuses=status(400, 422),
    ),
    Case(
        name="another media type",
        path="/boxes",
        method="POST",
        body=b"<a/>",
        media_type="text/xml",
        statuses=status(400, 415, 422),
    ),
    Case(
        name="body over the limit",
        path="/boxes",
        method="POST",
        body=b'"' + b"a" * 200_000 + b'"',
        statuses=status(413),
    ),
    Case(name="missing form field", path=HOSTILE, statuses=status(400), view=lambda: request.form["name"]),
    Case(
        name="abort(401)",
        path=HOSTILE,
        statuses=status(401),
        needs=("WWW-Authenticate",),
        view=lambda: abort(401),
    ),
    Case(name="abort(418)", path=HOSTILE, statuses=status(418), view=lambda: abort(418)),
    Case(name="abort(503)", path=HOSTILE, statuses=status(503), view=lambda: abort(503)),
    Case(name="abort(500, secret)", path=HOSTILE, statuses=SERVER_ERROR, view=lambda: abort(500, SECRET)),
    Case(
        name="abort(Response)",
        path=HOSTILE,
        statuses=status(402),
        is_untouched=True,
        view=lambda: abort(make_response("pay", 402)),
    ),
    Case(
        name="HTTPException without a code",
        path=HOSTILE,
        statuses=SERVER_ERROR,
        view=raises(lambda: HTTPException(SECRET)),
    ),
    Case(name="bug", path="/crash", statuses=SERVER_ERROR),
    Case(
        name="bug, Accept: image/png", path="/crash", statuses=SERVER_ERROR, headers={"Accept": "image/png"}
    ),
    Case(
        name="exception that cannot be spoken",
        path=HOSTILE,
        statuses=SERVER_ERROR,
        view=raises(BrokenTextError),
    ),
    Case(name="group of exceptions", path=HOSTILE, statuses=SERVER_ERROR, view=raises(group)),
    Case(name="view that returns None", path=HOSTILE, statuses=SERVER_ERROR, view=lambda: None),
    Case(name="converter that fails", path="/converted/x", statuses=SERVER_ERROR, set_up=with_converter),
    Case(
        name="before_request that fails",
        path=HOSTILE,
        statuses=SERVER_ERROR,
        view=lambda: "x",
        set_up=fail_before,
    ),
    Case(
        name="after_request that fails",
        path=HOSTILE,
        statuses=SERVER_ERROR,
        view=lambda: "x",
        set_up=fail_after,
    ),
    Case(
        name="error in the wording of an error",
        path=HOSTILE,
        statuses=status(404, 500),
        view=lambda: abort(404, BrokenTextError()),
    ),
    Case(
        name="line feed in a header of an error",
        path=HOSTILE,
        statuses=status(401, 500),
        view=lambda: abort(401, www_authenticate=_forged()),
    ),
)


def _forged() -> Any:
    from werkzeug.datastructures import WWWAuthenticate

    return WWWAuthenticate("bearer", {"realm": "a\r\nSet-Cookie: stolen=1"})


def main(arguments: list[str]) -> int:
    """Try each case with each peer, print the table; ``--write`` puts it into the docs."""
    logging.disable(logging.CRITICAL)
    results = {(case.name, name): try_case(make, case) for case in CASES for name, make in PEERS.items()}
    table = as_table(results)
    print(table)
    if "--write" in arguments:
        PAGE.write_text(page(table))
    ours = [case.name for case in CASES if results[case.name, "flask-faultmap"] != "ok"]
    if ours:
        print("flask-faultmap misses: " + ", ".join(ours), file=sys.stderr)
    return int(bool(ours))


def try_case(make: Callable[[], Peer], case: Case) -> str:
    """Give ``ok``, or what is wrong with the answer of that peer."""
    peer = make()
    if case.set_up is not None:
        case.set_up(peer.app)
    if case.view is not None:
        peer.add("/slashed/" if case.path == "/slashed" else case.path, case.view)
    client = peer.app.test_client()
    try:
        response = client.open(
            case.path,
            method=case.method,
            headers=case.headers,
            data=case.body,
            content_type=case.media_type if case.body is not None else None,
        )
    except Exception as exc:  # a border: what escapes to the server is an answer of the server's own
        return f"escapes: {type(exc).__name__}"
    return judge(response, case)


def judge(response: TestResponse, case: Case) -> str:
    """Say what is wrong with *response*."""
    text = response.get_data(as_text=True)
    if SECRET in text or SECRET in str(response.headers):
        return "leaks"
    if response.status_code not in case.statuses:
        return str(response.status_code)
    if case.is_untouched:
        return "ok"
    if not (response.mimetype or "").endswith("json"):
        return (response.mimetype or "").rpartition("/")[2].upper() or "no type"
    if case.has_body and not _is_object(text):
        return "no JSON object"
    missing = [name for name in case.needs if name not in response.headers]
    return f"no {missing[0]}" if missing else "ok"


def _is_object(text: str) -> bool:
    def refuse(word: str) -> Any:
        raise ValueError(word)

    try:
        return isinstance(json.loads(text, parse_constant=refuse), dict)
    except ValueError:
        return False


def as_table(results: dict[tuple[str, str], str]) -> str:
    """Make the table: a line a case, a column a peer."""
    lines = ["| request | " + " | ".join(PEERS) + " |", "| --- " * (len(PEERS) + 1) + "|"]
    for case in CASES:
        cells = [results[case.name, name] for name in PEERS]
        lines.append(f"| {case.name} | " + " | ".join("✓" if cell == "ok" else cell for cell in cells) + " |")
    counts = [sum(results[case.name, name] == "ok" for case in CASES) for name in PEERS]
    lines.append(
        "| **of " + str(len(CASES)) + "** | " + " | ".join(f"**{count}**" for count in counts) + " |"
    )
    return "\n".join(lines)


def page(table: str) -> str:
    """Make the page of the documentation."""
    return f"""# Hostile requests: who answers what

Made by `python3 dev.py hostile --write` on {date.today():%Y-%m-%d}, with each library in the set-up that its own documentation
shows (`benchmarks/peers/setups.py`). A tick means: a JSON object, the right status, the headers that HTTP asks for, and no
secret of the app in it. Otherwise the cell says what came instead: another status, HTML, a leak, or an exception that escapes
to the server.

{table}

The cases are in `benchmarks/peers/hostile.py`. An app may add handlers of its own for what its library leaves open; the table
shows what it gets without them.
"""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
