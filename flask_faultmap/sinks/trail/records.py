"""What is kept of a fault? The record that goes to the journal: raw, bounded, ready for JSON."""

import re
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from json.encoder import encode_basestring_ascii as quote
from typing import Any, NamedTuple

from flask_faultmap.border.contexts import current_request
from flask_faultmap.errors import NOTHING, DomainError
from flask_faultmap.faults import Fault, Violation
from flask_faultmap.sinks.trail.lines import Beginning, begin_lines, encode_value, end_line
from flask_faultmap.sinks.trail.origins import (
    MAX_FRAMES,
    MOST_KEPT,
    Origin,
    chain_of,
    find_blame,
    fingerprint_of,
    origin_of,
)
from flask_faultmap.sinks.trail.waiting import clean
from flask_faultmap.texts import text_of

MAX_TEXT = 2048  # characters
MAX_NAME = 256
TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")  # of traceparent (W3C Trace Context, section 3.2.2.3)
OF_KEY = ("code", "category", "status", "original_status", "rule", "blame", "method")  # in a record
MAX_EXTRA = 4096  # bytes of JSON: what the client was told, and the context


def is_kept_by_default(fault: Fault, error: DomainError) -> bool:
    """Keep 5xx, 401, 403, and the classes that say ``audit = True``; statuses are those before collapsing."""
    status = fault.original_status
    return status >= 500 or status in (401, 403) or getattr(error, "audit", False) is True


class Common(NamedTuple):
    """What faults of one kind at one place have in common, which is most of a record.

    *pieces* follow the texts of the causes; *url_rule* is held, so that no other gets its id.
    """

    beginning: Beginning
    pieces: tuple[str, ...]
    url_rule: object


class Recorder:
    """Makes the journal's lines of one app; the readers redact them."""

    def __init__(self, app: str, host: str) -> None:
        self._app, self._host = app, host
        self._known: dict[tuple[object, ...], Common] = {}

    def make_line(
        self, fault: Fault, exc: BaseException, error: DomainError, rule: str | None, user: Any
    ) -> bytes:
        """Make the line of *fault*."""
        kind, chain = fault.kind, chain_of(exc)
        request = current_request()
        method = url_rule = trace = None
        if request is not None:
            method, url_rule = request.method[:MAX_NAME], request.url_rule
            trace = _find_trace_id(request.environ.get("HTTP_TRACEPARENT"))
        key = (
            kind.code,
            kind.category,
            kind.status,
            kind.original_status,
            rule,
            find_blame(kind.category, error),
            method,
            id(url_rule),
            *map(origin_of, chain),
        )
        common = self._known.get(key)
        if common is None:
            common = self._know(key, url_rule)
        record = ""
        if common.pieces:
            texts = _cut_texts_of_causes(chain)
            record = "".join(quote(text) + piece for text, piece in zip(texts, common.pieces, strict=True))
        record += f'"time":{time.time_ns() // 1000},"id":{quote(fault.id)},"text":{quote(cut(text_of(exc)))}'
        record += f',"told":{_encode_told(fault)}'
        if user is not None:
            record += f',"user":{quote(name_of_user(user))}'
        if error.context is not NOTHING:
            record += f',"context":{_encode_bounded(error.context, MAX_EXTRA) or "null"}'
        if trace is not None:
            record += f',"trace_id":{quote(trace)}'
        return end_line(common.beginning, record + "}")

    def _know(self, key: tuple[Any, ...], url_rule: Any) -> Common:
        """Write what faults with *key* have in common: its members, the id of *url_rule*, the origins."""
        origins: tuple[Origin, ...] = key[len(OF_KEY) + 1 :]
        members = {"app": self._app, "host": self._host, **dict(zip(OF_KEY, key, strict=False))}
        members["route"] = None if url_rule is None else url_rule.rule
        members["endpoint"] = None if url_rule is None else str(url_rule.endpoint)
        members["fingerprint"] = fingerprint_of(self._app, members["code"], members["rule"], origins)
        members["exception"] = origins[0].name
        members["cause"] = origins[-1].name if len(origins) > 1 else None
        (name, frames), *causes = _encode_links(origins)
        pieces = [f'{encode_value(members)[:-1]},"stack":[[{name},"",{frames}]']  # its text is "text"
        for name, frames in causes:
            pieces[-1] += f",[{name},"
            pieces.append(f",{frames}]")
        pieces[-1] += "],"
        if len(self._known) >= MOST_KEPT:
            self._known.clear()
        common = self._known[key] = Common(begin_lines(pieces[0]), tuple(pieces[1:]), url_rule)
        return common


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


def _encode_told(fault: Fault) -> str:
    """Write what the client was told; ``cut`` names what is too long for a record."""
    told = f'"text":{quote(cut(fault.text))}'
    if fault.retry_after is not None:
        told += f',"retry_after":{encode_value(fault.retry_after)}'
    if fault.violations or fault.details:
        dropped = []
        for name, value in (("violations", _list_members(fault.violations)), ("details", fault.details)):
            written = _encode_bounded(value, MAX_EXTRA - len(told)) if value else ""
            if written is None:
                dropped.append(name)
            elif written:
                told += f',"{name}":{written}'
        if dropped:
            told += f',"cut":{encode_value(dropped)}'
    return f"{{{told}}}"


def _list_members(violations: tuple[Violation, ...]) -> list[dict[str, str]]:
    return [
        {
            name: value
            for name in ("source", "pointer", "name", "code", "message")
            if (value := getattr(violation, name)) is not None
        }
        for violation in violations
    ]


def _encode_bounded(value: object, most: int) -> str | None:
    """Write *value*; None if it is longer than *most* bytes, or cannot be written."""
    try:
        written = encode_value(value)
    except Exception:  # a border: the app's own values may raise anything
        return None
    return written if len(written) <= most else None


def _encode_links(origins: Sequence[Origin]) -> list[tuple[str, str]]:
    """Give class and frames of each link, as JSON, the raised one first; the root's frames count first."""
    left = MAX_FRAMES
    links = []
    for origin in reversed(origins):
        frames = origin.frames[-left:] if left > 0 else ()
        left -= len(frames)
        links.append((quote(origin.name), encode_value(frames)))
    return links[::-1]


def _cut_texts_of_causes(chain: list[BaseException]) -> list[str]:
    """Give the texts of all links but the raised one; the root's counts first."""
    left = MAX_TEXT
    texts = []
    for exc in reversed(chain[1:]):
        text = cut(text_of(exc), left)
        left = max(left - len(text), 64)
        texts.append(text)
    return texts[::-1]


def _find_trace_id(traceparent: str | None) -> str | None:
    """Give the id of OpenTelemetry's current trace, if that is in use, or of ``traceparent``."""
    tracing: Any = sys.modules.get("opentelemetry.trace")
    if tracing is not None:
        with suppress(Exception):  # a border: a span of somebody's own; the fault is kept without it
            span = tracing.get_current_span()
            if span is not tracing.INVALID_SPAN and (context := span.get_span_context()).is_valid:
                return f"{context.trace_id:032x}"
    parts = traceparent.split("-") if traceparent else ()
    if len(parts) >= 4 and TRACE_ID.fullmatch(parts[1]):
        return parts[1]
    return None
