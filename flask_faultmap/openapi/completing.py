"""How is a document completed that another tool has made? By the marks of views, and what is really sent."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from http import HTTPStatus
from typing import Any

from flask import Flask

from flask_faultmap.border.boundaries import boundary_of
from flask_faultmap.contract.raising import parts_of_view, raised_by
from flask_faultmap.http.statuses import MalformedJsonError, RequestInvalidError
from flask_faultmap.mapping.mapper import Mapper
from flask_faultmap.openapi.answers import describe_answers, describe_any_other, make_specimen
from flask_faultmap.openapi.schemas import SCHEMA, components

ARGUMENT = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")  # of a URL rule
RESPONSE = "#/components/responses/"
OF_SMOREST = {"DEFAULT_ERROR", *HTTPStatus.__members__}  # responses that it documents, and the map sends


def complete(app: Flask, document: Mapping[str, Any]) -> dict[str, Any]:
    """Give a copy of an OpenAPI *document* that says what is sent when the views of *app* fail.

    The operations get what ``@raises`` says of their views. The error responses that flask-smorest documents
    are replaced: those of ``.arguments`` by a failed validation, all others by the shape of the profile.

    Raises:
        ConfigError: as of :func:`components`.
        TypeError: as of :func:`responses`.
    """
    full, mapper = deepcopy(dict(document)), boundary_of(app).mapper
    schemas = components(app, version=full.get("openapi", ""))["schemas"]
    for rule in app.url_map.iter_rules():
        operations = full.get("paths", {}).get(ARGUMENT.sub(r"{\1}", rule.rule), {})
        for method in rule.methods or ():
            if method.lower() in operations:
                view = app.view_functions[rule.endpoint]
                _complete_operation(mapper, operations[method.lower()], view, method, rule.rule)
    parts = full.setdefault("components", {})
    _drop_unused(full, parts)
    parts.setdefault("schemas", {}).update(schemas)
    return full


def complete_spec(app: Flask, spec: Any) -> None:
    """Let ``to_dict`` of *spec*, an apispec ``APISpec`` such as flask-smorest's, be complete from now on.

    It may come before the ``FaultMap`` and before the blueprints: nothing is read until somebody asks.
    """
    plain = spec.to_dict
    spec.to_dict = lambda: complete(app, plain())


def _complete_operation(mapper: Mapper, operation: dict[str, Any], view: Any, method: str, path: str) -> None:
    known = operation.setdefault("responses", {})
    errors = [make_specimen(mapper, error) for error in raised_by(view, method)]
    invalid = [status for part in parts_of_view(view, method) for status in _find_invalid_statuses(part)]
    replaced = [status for status, told in known.items() if _is_of_smorest(told)]
    for status in replaced:
        del known[status]
        if str(status).isdigit() and int(status) not in invalid:
            errors.append(make_specimen(mapper, int(status)))
    for status in invalid:
        error = make_specimen(mapper, RequestInvalidError)
        vars(error)["status"] = status
        errors.append(error)
    if invalid and any("json" in kind for kind in operation.get("requestBody", {}).get("content", ())):
        errors.append(make_specimen(mapper, MalformedJsonError))
    known.update(describe_answers(mapper, errors, path))
    if "default" in replaced:
        known["default"] = describe_any_other(mapper, path)


def _find_invalid_statuses(view: Any) -> Iterator[int]:
    """Give the statuses by which ``.arguments`` of flask-smorest refuses what was sent."""
    documented = getattr(view, "_apidoc", None)
    arguments = documented.get("arguments", {}) if isinstance(documented, dict) else {}
    yield from map(int, arguments.get("responses", ()))


def _is_of_smorest(told: Any) -> bool:
    reference = str(told.get("$ref", ""))
    return reference.startswith(RESPONSE) and reference.removeprefix(RESPONSE) in OF_SMOREST


def _drop_unused(document: dict[str, Any], parts: dict[str, Any]) -> None:
    """Take out responses of flask-smorest's that nothing refers to any more, and their schemas."""
    known = parts.get("responses", {})
    for name in [name for name in known if name in OF_SMOREST and not _is_used(document, RESPONSE + name)]:
        for content in known.pop(name).get("content", {}).values():
            schema = content.get("schema", {}).get("$ref", "")
            if schema.startswith(SCHEMA) and not _is_used(document, schema):
                parts["schemas"].pop(schema.removeprefix(SCHEMA), None)
    if not known:
        parts.pop("responses", None)


def _is_used(node: Any, reference: str) -> bool:
    if isinstance(node, dict):
        return node.get("$ref") == reference or any(_is_used(inner, reference) for inner in node.values())
    return isinstance(node, list) and any(_is_used(inner, reference) for inner in node)
