"""What is kept of a fault? The record that goes to the journal: raw, bounded, ready for JSON."""

import re
import sys
import time
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from flask import has_request_context

from flask_faultmap.border.contexts import current_context
from flask_faultmap.errors import DomainError
from flask_faultmap.faults import Fault
from flask_faultmap.sinks.trail.lines import encode_line, encode_members
from flask_faultmap.sinks.trail.origins import (
    MAX_FRAMES,
    Raised,
    chain_of,
    find_blame,
    fingerprint_of,
    frames_of,
)
from flask_faultmap.sinks.trail.waiting import clean
from flask_faultmap.texts import text_of

MAX_TEXT = 2048  # characters
MAX_NAME = 256
TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")  # of traceparent (W3C Trace Context, section 3.2.2.3)
USUAL = (
    "app",
    "host",
    "code",
    "category",
    "status",
    "original_status",
    "rule",
    "exception",
    "cause",
    "fingerprint",
    "blame",
    "method",
    "route",
    "endpoint",
)
MAX_EXTRA = 4096  # bytes of JSON: what the client was told, and the context


def is_kept_by_default(fault: Fault, error: DomainError) -> bool:
    """Keep 5xx, 401, 403, and the classes that say ``audit = True``; statuses are those before collapsing."""
    status = fault.original_status
    return status >= 500 or status in (401, 403) or getattr(error, "audit", False) is True


def make_line(
    app: str, host: str, fault: Fault, exc: BaseException, error: DomainError, rule: str | None, user: Any
) -> bytes:
    """Make the journal's line of *fault*; the readers redact it."""
    kind = fault.kind
    chain = chain_of(exc)
    record: dict[str, Any] = {
        "time": time.time_ns() // 1000,
        "id": fault.id,
        "text": cut(text_of(exc)),
        "told": bounded({"text": cut(fault.text), **_told(fault)}, ("details", "violations")),
        "stack": _stack(chain),
    }
    if user is not None:
        record["user"] = name_of_user(user)
    if error.context:
        record["context"] = bounded({"context": error.context}, ("context",)).get("context")
    method = route = endpoint = None
    if has_request_context():
        req = current_context().request
        method = req.method[:MAX_NAME]
        if req.url_rule is not None:
            route, endpoint = req.url_rule.rule, str(req.url_rule.endpoint)
        trace = _trace_id(req.environ.get("HTTP_TRACEPARENT"))
        if trace is not None:
            record["trace_id"] = trace
    usual = _encode_usual(
        app,
        host,
        kind.code,
        str(kind.category),
        kind.status,
        kind.original_status,
        rule,
        chain[0].name,
        chain[-1].name if len(chain) > 1 else None,
        fingerprint_of(app, kind.code, rule, chain),
        find_blame(kind.category, error),
        method,
        route,
        endpoint,
    )
    return encode_line(record, usual)


@lru_cache(maxsize=1024)
def _encode_usual(*values: Any) -> str:
    """Write what faults of one kind at one place have in common; it is most of a record."""
    return encode_members(dict(zip(USUAL, values, strict=True)))


def cut(text: str, most: int = MAX_TEXT) -> str:
    """Cut *text* at a blank: half a secret has no shape to be known by."""
    if len(text) <= most:
        return text
    head = text[: most - 1]
    blank = max(head.rfind(" "), head.rfind("\n"))
    return (head[:blank] if blank > 0 else "") + "…"


def name_of_user(user: object) -> str:
    """Give the id of *user* as it is kept: as every database takes it, and no two long ones alike."""
    name: str = clean(str(user))
    if len(name) <= MAX_NAME:
        return name
    digest = blake2b(name.encode(), digest_size=16).hexdigest()
    return f"{name[: MAX_NAME - len(digest) - 1]}…{digest}"


def bounded(members: dict[str, Any], droppable: tuple[str, ...]) -> dict[str, Any]:
    """Drop of *members* what is too long for a record, or no JSON; ``cut`` tells what."""
    dropped = []
    for name in droppable:
        if name in members and not _fits(members):
            del members[name]
            dropped.append(name)
    return {**members, "cut": dropped} if dropped else members


def _fits(members: dict[str, Any]) -> bool:
    try:
        return len(encode_line(members)) <= MAX_EXTRA
    except Exception:  # a border: the app's own values may raise anything
        return False


def _told(fault: Fault) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if fault.details:
        told["details"] = fault.details
    if fault.violations:
        told["violations"] = [
            {
                name: value
                for name in ("source", "pointer", "name", "code", "message")
                if (value := getattr(violation, name)) is not None
            }
            for violation in fault.violations
        ]
    if fault.retry_after is not None:
        told["retry_after"] = fault.retry_after
    return told


def _stack(chain: list[Raised]) -> list[Any]:
    """Give class, text and frames of each link, the raised one first; the root's frames count first."""
    stack: list[Any] = []
    left, text_left = MAX_FRAMES, MAX_TEXT
    for link in reversed(chain):
        frames = frames_of(link, left)
        text = "" if link is chain[0] else cut(text_of(link.exc), text_left)  # the first one's is "text"
        left -= len(frames)
        text_left = max(text_left - len(text), 64)
        stack.append([link.name, text, frames])
    return stack[::-1]


def _trace_id(traceparent: str | None) -> str | None:
    """Give the id of OpenTelemetry's current trace, if that is in use, or of ``traceparent``."""
    tracing: Any = sys.modules.get("opentelemetry.trace")
    if tracing is not None:
        context = tracing.get_current_span().get_span_context()
        if context.is_valid:
            return f"{context.trace_id:032x}"
    parts = traceparent.split("-") if traceparent else ()
    if len(parts) >= 4 and TRACE_ID.fullmatch(parts[1]):
        return parts[1]
    return None
