"""What does OpenAPI say of the answers to errors? By status: description, headers, body and examples."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Flask
from marshmallow import ValidationError

from flask_faultmap.border.boundaries import boundary_of
from flask_faultmap.contract.entries import entry_of, specimen_of
from flask_faultmap.contract.examples import example_of
from flask_faultmap.contract.raising import check_error
from flask_faultmap.errors import DomainError, ValidationFailedError
from flask_faultmap.http.statuses import MalformedJsonError, class_of_status, phrase
from flask_faultmap.http.unreadable import NOT_JSON
from flask_faultmap.http.validation import from_marshmallow
from flask_faultmap.mapping.mapper import Mapper
from flask_faultmap.mapping.occurrences import code_of
from flask_faultmap.mapping.settings import Settings
from flask_faultmap.openapi.schemas import SCHEMA, schema_name
from flask_faultmap.profiles.profile import Profile

HEADERS = {
    401: {"WWW-Authenticate": ("How to authenticate.", "string")},
    405: {"Allow": ("The methods that the resource takes.", "string")},
    413: {"Retry-After": ("Seconds to wait, if they are known.", "integer")},
    429: {"Retry-After": ("Seconds to wait, if they are known.", "integer")},
    503: {"Retry-After": ("Seconds to wait, if they are known.", "integer")},
}
EXAMPLE_OF_INVALID = from_marshmallow(ValidationError({"name": ["Missing data for required field."]}))


def responses(app: Flask, *errors: type[DomainError] | int, path: str = "/") -> dict[str, Any]:
    """Give how *errors* are answered below *path*, by status as sent, for ``responses`` of an operation.

    Args:
        errors: classes of domain errors, and statuses of errors of HTTP itself (405, 415, …).
        path: any path of the operation; its scope says which profile answers, and with which
            compatibility mode.

    Raises:
        ConfigError: *app* has no FaultMap.
        TypeError: one of *errors* is neither, or a class of which only instances know what they tell.
    """
    mapper = boundary_of(app).mapper
    return describe_answers(mapper, [make_specimen(mapper, error) for error in errors], path)


def describe_answers(mapper: Mapper, errors: Iterable[DomainError], path: str) -> dict[str, Any]:
    """Give how *errors* are answered below *path*, by status as sent."""
    _, profile = mapper.settings.profile_of(path)
    by_status: dict[int, list[DomainError]] = {}
    for error in errors:
        status = mapper.compiled_kind(error, profile, path).kind.status
        by_status.setdefault(status, []).append(error)
    return {
        str(status): _describe_answer(mapper, profile, path, status, known)
        for status, known in sorted(by_status.items())
    }


def describe_any_other(mapper: Mapper, path: str) -> dict[str, Any]:
    """Give the answer to an error that nobody names, in the shape that counts below *path*."""
    _, profile = mapper.settings.profile_of(path)
    told = _describe_answer(mapper, profile, path, 400, [])
    return {**told, "description": "Any other error"}


def make_specimen(mapper: Mapper, error: type[DomainError] | int) -> DomainError:
    """Make an error of a class or a status, with what an example needs.

    Raises:
        TypeError: it is neither, or a class of which only instances know what they tell.
    """
    check_error(error)
    if isinstance(error, int):
        known = specimen_of(class_of_status(error))
        vars(known)["status"] = error
        return known
    if entry_of(mapper, error) is None:
        raise TypeError(f"Only instances of {error.__name__} know their code, title and category")
    known = specimen_of(error)
    if isinstance(known, ValidationFailedError):
        known.violations = EXAMPLE_OF_INVALID.violations
        if error.public == ValidationFailedError.public:
            known.public = EXAMPLE_OF_INVALID.public
    elif isinstance(known, MalformedJsonError):
        known.violations = (NOT_JSON,)
    return known


def _describe_answer(
    mapper: Mapper, profile: Profile | None, path: str, status: int, errors: list[DomainError]
) -> dict[str, Any]:
    codes = ", ".join(dict.fromkeys(f"`{code_of(error)}`" for error in errors))
    headers = {
        name: {"description": text, "schema": {"type": kind}}
        for name, (text, kind) in _list_headers(mapper.settings, profile, status)
    }
    return {
        "description": f"{phrase(status)}: {codes}",
        "headers": headers,
        "content": _describe_page() if profile is None else _describe_content(mapper, profile, path, errors),
    }


def _describe_page() -> dict[str, Any]:
    """Below a scope that is None, errors are pages of Flask's own."""
    return {"text/html": {"schema": {"type": "string"}}}


def _describe_content(
    mapper: Mapper, profile: Profile, path: str, errors: list[DomainError]
) -> dict[str, Any]:
    examples = {}
    for error in errors:
        _, fault = example_of(mapper, error, profile, path)
        examples[fault.code] = {"summary": fault.title, "value": json.loads(profile.render(fault))}
    media_type = profile.media_type.partition(";")[0].rstrip()
    reference = {"$ref": SCHEMA + schema_name(profile)}
    return {media_type: {"schema": reference, **({"examples": examples} if examples else {})}}


def _list_headers(
    settings: Settings, profile: Profile | None, status: int
) -> Iterator[tuple[str, tuple[str, str]]]:
    dropped = {name.lower() for name in profile.drop_headers} if profile is not None else set()
    known = {settings.request_id_header: ("The id of the request.", "string"), **HEADERS.get(status, {})}
    for name, told in known.items():
        if name.lower() not in dropped:
            yield name, told
