"""Whose error a failed validation is: the client's if all that was refused came with the request."""

from itertools import islice
from typing import Any

from marshmallow import ValidationError
from werkzeug.wrappers import Request

from flask_faultmap.errors import DomainError, ValidationFailedError
from flask_faultmap.http.documents import LAST
from flask_faultmap.http.errors import malformed_json
from flask_faultmap.http.origins import Origins, is_text_of, text_parsed_by
from flask_faultmap.http.parts import UNKNOWN, Parts, body_of, parts_of
from flask_faultmap.http.places import find_place
from flask_faultmap.http.validation import (
    MAX_VIOLATIONS,
    Finding,
    describe_found,
    findings_of_marshmallow,
    findings_of_pydantic,
    frames_of,
    from_messages,
    is_of_marshmallow,
)

NOTE = (
    "flask_faultmap: not everything that was refused came with the request, so that this is an error of "
    "the app itself; if it is the client's, write `raise ValidationFailedError from exc` "
    "(flask_faultmap.errors), or give the map Rule(on=ValidationError, to=ValidationFailedError)."
)

# Functions of other extensions that check what the app is about to send.
RESPONSE_VALIDATORS = frozenset(
    {("flask_rebar.compat", "dump"), ("flask_openapi3.utils", "run_validate_response")}
)


def from_clients_marshmallow(exc: ValidationError, request: Request | None = None) -> DomainError | None:
    """Translate marshmallow's error if it is the client's; None for one of the app itself."""
    if request is None:
        return None
    frames = frames_of(exc)
    if not RESPONSE_VALIDATORS.isdisjoint(frames):
        _tell_why_not(exc)
        return None
    if exc.data is None and not is_of_marshmallow(frames):
        return from_messages(exc, parts_of(request))
    return _judge(exc, request, [*islice(findings_of_marshmallow(exc, is_compared=True), MAX_VIOLATIONS)])


def from_clients_pydantic(exc: Any, request: Request | None = None) -> DomainError | None:
    """Translate pydantic's error if it is the client's; None for one of the app itself."""
    if request is None:
        return None
    findings = [*islice(findings_of_pydantic(exc, is_compared=True), MAX_VIOLATIONS)]
    if len(findings) == 1 and findings[0].code == "json_invalid" and not findings[0].refused.path:
        body, given = body_of(request), findings[0].refused.value
        if body and given in (body, body.decode("utf-8", "replace")):
            return malformed_json("the body is no JSON")
    if not RESPONSE_VALIDATORS.isdisjoint(frames_of(exc)):
        _tell_why_not(exc)
        return None
    return _judge(exc, request, findings)


def _judge(exc: BaseException, request: Request, findings: list[Finding]) -> ValidationFailedError | None:
    parts = parts_of(request)
    parts.memo.pop(LAST, None)  # of another error
    found = []
    for item in findings:
        place = find_place(parts, item.refused)
        if place is None:
            break
        found.append((place, item))
    if findings and len(found) == len(findings) and not _is_elsewhere(parts, exc, findings, request):
        return describe_found(found)
    _tell_why_not(exc)
    return None


def _is_elsewhere(parts: Parts, exc: BaseException, findings: list[Finding], request: Request) -> bool:
    """Whether any of what was refused was read from something else, and only equals what came."""
    text = text_parsed_by(exc)
    if text is not UNKNOWN:
        return not is_text_of(parts, text, body_of(request))
    origins = parts.memo.setdefault(Origins, Origins(parts))
    return any(origins.is_elsewhere(item.refused) for item in findings)


def _tell_why_not(exc: BaseException) -> None:
    """Leave *exc* to the app, with a note that says why."""
    if NOTE not in getattr(exc, "__notes__", ()):
        exc.add_note(NOTE)
