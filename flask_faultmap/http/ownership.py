"""Whose error a failed validation is: the client's if all that was refused came with the request."""

import json
from contextlib import suppress
from functools import cached_property
from itertools import islice
from typing import Any

from marshmallow import ValidationError
from werkzeug.wrappers import Request

from flask_faultmap.errors import DomainError, ValidationFailedError
from flask_faultmap.http.derivation import derive
from flask_faultmap.http.documents import LAST, Refused, deepest, has_step
from flask_faultmap.http.likeness import is_same
from flask_faultmap.http.messages import MAX_VIOLATIONS
from flask_faultmap.http.origins import Origins, frames_of, is_text_of, text_parsed_by
from flask_faultmap.http.parts import UNKNOWN, body_of, parts_of
from flask_faultmap.http.places import Place, find_place, place_in
from flask_faultmap.http.scopes import Given, find_given
from flask_faultmap.http.unreadable import is_body, malformed_json
from flask_faultmap.http.validation import (
    Finding,
    describe_found,
    findings_of_marshmallow,
    findings_of_pydantic,
    from_messages,
    is_of_marshmallow,
)
from flask_faultmap.http.whose import UNSURE, Made, Whose

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
    is_unparsed = [(each.code, each.refused.path) for each in findings] == [("json_invalid", ())]
    if is_unparsed and is_body(findings[0].refused.value, request):
        return malformed_json("the body is no JSON")
    if not RESPONSE_VALIDATORS.isdisjoint(frames_of(exc)):
        _tell_why_not(exc)
        return None
    return _judge(exc, request, findings)


def _judge(exc: BaseException, request: Request, findings: list[Finding]) -> ValidationFailedError | None:
    case = _Case(exc, request)
    found = []
    for item in findings:
        place = case.find_place(item.refused)
        if place is None:
            break
        found.append((place, item))
    if findings and len(found) == len(findings):
        return describe_found(found)
    _tell_why_not(exc)
    return None


class _Case:
    """One error, what came with its request, and what the code says of what was refused."""

    def __init__(self, exc: BaseException, request: Request) -> None:
        self._exc = exc
        self._request = request
        self._parts = parts_of(request)
        self._parts.memo.pop(LAST, None)  # of another error
        self._origins = self._parts.memo.setdefault(Origins, Origins(self._parts))
        self._text = text_parsed_by(exc)
        self._is_others = self._text is not UNKNOWN and not is_text_of(
            self._parts, self._text, body_of(request)
        )

    @cached_property
    def _given(self) -> Given | None:
        return find_given(self._exc)

    @cached_property
    def _root(self) -> Any:
        """What the text says that the validator parsed, if it did."""
        with suppress(ValueError, RecursionError):
            return UNKNOWN if self._text is UNKNOWN else json.loads(self._text)
        return UNKNOWN

    def find_place(self, refused: Refused) -> Place | None:
        """Find where *refused* came with the request; None if it did not."""
        place = None if self._is_others else find_place(self._parts, refused)
        if place is not None and self._origins.is_its(refused):
            return place
        made = self._derive(refused)
        if made.whose is Whose.CLIENT:
            return place or place_in(self._parts, made.source, made.steps)
        if made.whose is Whose.UNSURE and (
            self._text is not UNKNOWN or not self._origins.is_elsewhere(refused)
        ):
            return place
        return None

    def _derive(self, refused: Refused) -> Made:
        """Say by the code whose *refused* is; unsure if it is no part of what the validator was given."""
        root = self._root if refused.root is UNKNOWN else refused.root
        if self._given is None or root is UNKNOWN:
            return UNSURE
        taken, node, _ = deepest(root, refused.path)
        is_missing = refused.missing is not UNKNOWN
        if not is_same(node, refused.value) or (is_missing and has_step(node, refused.missing)):
            return UNSURE  # a default, or made by the validator
        path = (*taken, refused.missing) if is_missing else taken
        return derive(self._given, path, self._parts, self._request, is_missing=is_missing)


def _tell_why_not(exc: BaseException) -> None:
    """Leave *exc* to the app, with a note that says why."""
    if NOTE not in getattr(exc, "__notes__", ()):
        exc.add_note(NOTE)
