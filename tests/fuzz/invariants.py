"""What must hold of every answer, whatever went wrong."""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

from flask import Flask
from parts import SECRET
from werkzeug.test import Client

from flask_faultmap import fault_translated

CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")
NEVER_SENT = {
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "proxy-authenticate",
}
HOOKS = ("before_request", "after_request")
JSON = {"application/problem+json", "application/json"}


class Ears(logging.Handler):
    """Hears records and signals."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self.faults: list[Any] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def hear(self, sender: Any, fault: Any, **_: Any) -> None:
        self.faults.append(fault)


def broken(program: dict[str, Any]) -> Iterator[str]:
    """Make the request of *program*, and say what does not hold."""
    app, ears = program["app"], Ears()
    logger = logging.getLogger()
    logger.addHandler(ears)
    try:
        with fault_translated.connected_to(ears.hear, sender=app):
            response = Client(app).open(**program["REQUEST"])
            body = response.get_data()
        fine = Client(app).get("/fine")
    except Exception as exc:  # what escapes to the server is what is looked for
        yield f"{type(exc).__name__} escapes"
        return
    finally:
        logger.removeHandler(ears)
        logging.getLogger("fuzzed.faultmap").handlers.clear()
    yield from broken_in_answer(program, response, body)
    yield from broken_in_records(ears)
    is_broken_by_itself = app.response_class is not Flask.response_class
    if fine.status_code != 200 and program["PLACE"] not in HOOKS and not is_broken_by_itself:
        yield f"a later request answers {fine.status_code}"


def broken_in_answer(program: dict[str, Any], response: Any, body: bytes) -> Iterator[str]:
    """Look at status, headers and body."""
    headers = [(name.lower(), value) for name, value in response.headers]
    names = {name for name, _ in headers}
    if SECRET.encode() in body or any(SECRET in value for _, value in headers):
        yield "the secret is told"
    if any(CONTROL.search(value) for _, value in headers):
        yield "a header has a control character"
    if names & NEVER_SENT:
        yield f"a server's own header is sent: {names & NEVER_SENT}"
    if response.status_code < 400:
        if response.mimetype == "application/x-ndjson" and body:
            yield from broken_in_stream(body)
        return
    if not 400 <= response.status_code <= 599:
        yield f"the status is {response.status_code}"
    if response.mimetype not in JSON:
        yield f"the media type is {response.mimetype}"
    if program["REQUEST"].get("method") == "HEAD":
        if body:
            yield "HEAD has a body"
    else:
        yield from broken_in_body(response, body)
    if response.status_code == 401 and "www-authenticate" not in names:
        yield "a 401 has no challenge"
    if response.status_code == 405 and "allow" not in names:
        yield "a 405 has no Allow"
    wait = dict(headers).get("retry-after")
    if wait is not None and not wait.isdigit():
        yield f"Retry-After is {wait!r}"
    if names.isdisjoint({"x-request-id", "x-trace"}):
        yield "no id is sent"


def broken_in_body(response: Any, body: bytes) -> Iterator[str]:
    """Look at one JSON body."""
    try:
        members = json.loads(body.decode("utf-8"), parse_constant=refuse)
    except ValueError as exc:
        yield f"the body is no JSON: {exc}"
        return
    if not isinstance(members, dict):
        yield "the body is no object"
    elif response.mimetype == "application/problem+json" and members.get("status") != response.status_code:
        yield f"the body says {members.get('status')}, the answer {response.status_code}"
    if int(response.headers.get("Content-Length", -1)) != len(body):
        yield "Content-Length is wrong"


def broken_in_stream(body: bytes) -> Iterator[str]:
    """Look at a stream: each line is JSON, and the last one ends it."""
    try:
        lines = [json.loads(line, parse_constant=refuse) for line in body.splitlines()]
    except ValueError as exc:
        yield f"a line of the stream is no JSON: {exc}"
        return
    last = lines[-1]
    if last != {"done": True} and set(last) != {"error", "status"}:
        yield f"the stream ends with {last}"


def broken_in_records(ears: Ears) -> Iterator[str]:
    """Look at log lines and signals."""
    for record in ears.records:
        try:
            line = record.getMessage()
        except Exception as exc:
            yield f"a record cannot be written: {type(exc).__name__}"
            continue
        if record.name.startswith("fuzzed") and CONTROL.search(line):
            yield f"a log line is forged: {line[:100]!r}"
    if len({fault.id for fault in ears.faults}) > 1:
        yield "one request has two ids"


def refuse(word: str) -> Any:
    """Refuse NaN and infinities."""
    raise ValueError(word)
