"""The app in OpenAPI: each route, with the requests of the tour as examples, and how it fails."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from example_app.rooms import ALSO, Room, rooms_of
from flask_faultmap.errors import DomainError, InternalError, PayloadTooLargeError
from flask_faultmap.openapi import components, responses

PLACEHOLDER = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
WITH_BODY = ("PATCH", "POST", "PUT")
ANYWHERE = (404, 405, InternalError)
WITH_BODY_ONLY = (400, 415, PayloadTooLargeError)

Document = dict[str, Any]
Tried = tuple[str, Mapping[str, Any], Any]  # the step's title, what stands in the path, and the body


def describe(app: Flask) -> Document:
    """Make the document of *app*; needs apispec."""
    paths: dict[str, Document] = {}
    for room in rooms_of(app):
        for rule in app.url_map.iter_rules():
            blueprint, _, name = rule.endpoint.partition(".")
            if blueprint == room.blueprint.name and not name.startswith(ALSO):
                paths.setdefault(PLACEHOLDER.sub(r"{\1}", rule.rule), {}).update(_operations(app, room, rule))
    info = {"title": "A small sandbox control plane that fails for real", "version": "1"}
    return {"openapi": "3.0.3", "info": info, "paths": paths, "components": components(app)}


def errors_of(room: Room) -> list[type[DomainError]]:
    """List what may go wrong in *room*: its errors, the outcomes of its rules, and what its views name."""
    own = [cls for cls in _family(DomainError) if cls.__module__.startswith(f"example_app.{room.NAME}.")]
    outcomes = [outcome for rule in room.RULES for outcome in rule.outcomes]
    named = [each for each in vars(room).values() if isinstance(each, type) and issubclass(each, DomainError)]
    return [*dict.fromkeys([*own, *outcomes, *named])]


def _operations(app: Flask, room: Room, rule: Rule) -> Iterator[tuple[str, Document]]:
    errors = errors_of(room)
    for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
        tried = [*_tried(app, room, rule, method)]
        has_body = method in WITH_BODY
        known = (*errors, *ANYWHERE, *(WITH_BODY_ONLY if has_body else ()))
        operation: Document = {
            "tags": [room.NAME],
            "summary": (app.view_functions[rule.endpoint].__doc__ or rule.endpoint).partition("\n")[0],
            "parameters": [_parameter(name, tried) for name in PLACEHOLDER.findall(rule.rule)],
            "responses": {"2XX": {"description": "It is done."}, **responses(app, *known, path=rule.rule)},
        }
        if has_body:
            examples = {step: {"value": body} for step, _, body in tried if body is not None}
            operation["requestBody"] = {"content": {"application/json": {"schema": {}, "examples": examples}}}
        yield method.lower(), operation


def _parameter(name: str, tried: list[Tried]) -> Document:
    examples = {step: {"value": values[name]} for step, values, _ in tried}
    schema = {"type": "string"}
    return {"name": name, "in": "path", "required": True, "schema": schema, "examples": examples}


def _tried(app: Flask, room: Room, rule: Rule, method: str) -> Iterator[Tried]:
    """Find the steps of the tour that come to *rule*."""
    adapter = app.url_map.bind("localhost")
    for step in room.WALK:
        if step.method == method:
            try:
                endpoint, values = adapter.match(step.path, method)
            except HTTPException:  # a step may show what an unknown path is answered with
                continue
            if endpoint == rule.endpoint:
                yield step.title, values, step.json


def _family(cls: type[DomainError]) -> Iterator[type[DomainError]]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _family(subclass)
