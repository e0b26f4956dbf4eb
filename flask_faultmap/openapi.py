"""An app's faults in OpenAPI 3.0 and 3.1, out of the schemas that render them; needs apispec.

Plain dicts, as apispec, flask-smorest and APIFlask take them::

    spec["components"]["schemas"] |= components(app)["schemas"]
    operation["responses"] |= responses(app, VMNotFoundError, 401, 429, path="/api/vms")

Where there is no app yet, ``@raises(VMNotFoundError)`` marks a view, and ``complete(app, document)`` adds
what the marks say to a document that another tool has made.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from http import HTTPStatus
from typing import Any

from flask import Flask
from marshmallow import Schema, ValidationError

from flask_faultmap.border.boundaries import boundary_of
from flask_faultmap.contract.entries import entry_of, profiles_in_use, specimen_of
from flask_faultmap.contract.examples import example_of
from flask_faultmap.contract.raising import check_error, parts_of_view, raised_by, raises
from flask_faultmap.errors import ConfigError, DomainError, ValidationFailedError
from flask_faultmap.http.statuses import MalformedJsonError, RequestInvalidError, class_of_status, phrase
from flask_faultmap.http.unreadable import NOT_JSON
from flask_faultmap.http.validation import from_marshmallow
from flask_faultmap.mapping.mapper import Mapper
from flask_faultmap.mapping.occurrences import code_of
from flask_faultmap.mapping.settings import Settings
from flask_faultmap.profiles.profile import Profile

__all__ = ["complete", "complete_spec", "components", "raises", "responses"]

MISSING = "flask_faultmap.openapi needs what `pip install 'flask-faultmap[openapi]'` installs: {}"
HEADERS = {
    401: {"WWW-Authenticate": ("How to authenticate.", "string")},
    405: {"Allow": ("The methods that the resource takes.", "string")},
    413: {"Retry-After": ("Seconds to wait, if they are known.", "integer")},
    429: {"Retry-After": ("Seconds to wait, if they are known.", "integer")},
    503: {"Retry-After": ("Seconds to wait, if they are known.", "integer")},
}
WORD = re.compile(r"[A-Za-z0-9]+")
VERSION = re.compile(r"3\.[01](\.\d+)?")
ARGUMENT = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")  # of a URL rule
RESPONSE = "#/components/responses/"
SCHEMA = "#/components/schemas/"
OF_SMOREST = {"DEFAULT_ERROR", *HTTPStatus.__members__}  # responses that it documents, and the map sends
EXAMPLE_OF_INVALID = from_marshmallow(ValidationError({"name": ["Missing data for required field."]}))


def components(app: Flask, *, version: str = "3.0.3") -> dict[str, dict[str, Any]]:
    """Give the schemas of all profiles that *app* has in use, for ``components`` of a document.

    Args:
        version: of OpenAPI; 3.0 and 3.1 tell differently that a member may be null.

    Raises:
        ConfigError: *app* has no FaultMap, two profiles would get one name, a schema nests itself, or
            *version* is neither 3.0 nor 3.1.
        ModuleNotFoundError: apispec is not installed.
    """
    convert = _converter(version)
    schemas: dict[str, Any] = {}
    for name, profile in profiles_in_use(boundary_of(app).mapper.settings).items():
        given = schema_name(profile)
        if given in schemas:
            raise ConfigError(f"Two profiles are {given!r} in OpenAPI; give {name!r} another name")
        schemas[given] = convert(profile.schema)
    return {"schemas": schemas}


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
    return _responses(mapper, [_specimen(mapper, error) for error in errors], path)


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


def _responses(mapper: Mapper, errors: Iterable[DomainError], path: str) -> dict[str, Any]:
    _, profile = mapper.settings.profile_of(path)
    by_status: dict[int, list[DomainError]] = {}
    for error in errors:
        status = mapper.compiled_kind(error, profile, path).kind.status
        by_status.setdefault(status, []).append(error)
    return {
        str(status): _response(mapper, profile, path, status, known)
        for status, known in sorted(by_status.items())
    }


def schema_name(profile: Profile) -> str:
    """Name the schema of *profile* among the components: ``fault_message`` is ``FaultMessageFault``."""
    return "".join(word.capitalize() for word in WORD.findall(profile.name)) + "Fault"


def _complete_operation(mapper: Mapper, operation: dict[str, Any], view: Any, method: str, path: str) -> None:
    known = operation.setdefault("responses", {})
    errors = [_specimen(mapper, error) for error in raised_by(view, method)]
    invalid = [status for part in parts_of_view(view, method) for status in _invalid_statuses(part)]
    replaced = [status for status, told in known.items() if _is_of_smorest(told)]
    for status in replaced:
        del known[status]
        if str(status).isdigit() and int(status) not in invalid:
            errors.append(_specimen(mapper, int(status)))
    for status in invalid:
        error = _specimen(mapper, RequestInvalidError)
        vars(error)["status"] = status
        errors.append(error)
    if invalid and any("json" in kind for kind in operation.get("requestBody", {}).get("content", ())):
        errors.append(_specimen(mapper, MalformedJsonError))
    known.update(_responses(mapper, errors, path))
    if "default" in replaced:
        known["default"] = _any_other(mapper, path)


def _invalid_statuses(view: Any) -> Iterator[int]:
    """Give the statuses by which ``.arguments`` of flask-smorest refuses what was sent."""
    documented = getattr(view, "_apidoc", None)
    arguments = documented.get("arguments", {}) if isinstance(documented, dict) else {}
    yield from map(int, arguments.get("responses", ()))


def _is_of_smorest(told: Any) -> bool:
    reference = str(told.get("$ref", ""))
    return reference.startswith(RESPONSE) and reference.removeprefix(RESPONSE) in OF_SMOREST


def _any_other(mapper: Mapper, path: str) -> dict[str, Any]:
    _, profile = mapper.settings.profile_of(path)
    told = _response(mapper, profile, path, 400, [])
    return {**told, "description": "Any other error"}


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


def _response(
    mapper: Mapper, profile: Profile | None, path: str, status: int, errors: list[DomainError]
) -> dict[str, Any]:
    codes = ", ".join(dict.fromkeys(f"`{code_of(error)}`" for error in errors))
    headers = {
        name: {"description": text, "schema": {"type": kind}}
        for name, (text, kind) in _headers(mapper.settings, profile, status)
    }
    return {
        "description": f"{phrase(status)}: {codes}",
        "headers": headers,
        "content": _page() if profile is None else _content(mapper, profile, path, errors),
    }


def _page() -> dict[str, Any]:
    """Below a scope that is None, errors are pages of Flask's own."""
    return {"text/html": {"schema": {"type": "string"}}}


def _content(mapper: Mapper, profile: Profile, path: str, errors: list[DomainError]) -> dict[str, Any]:
    examples = {}
    for error in errors:
        _, fault = example_of(mapper, error, profile, path)
        examples[fault.code] = {"summary": fault.title, "value": json.loads(profile.render(fault))}
    media_type = profile.media_type.partition(";")[0].rstrip()
    reference = {"$ref": f"#/components/schemas/{schema_name(profile)}"}
    return {media_type: {"schema": reference, **({"examples": examples} if examples else {})}}


def _headers(
    settings: Settings, profile: Profile | None, status: int
) -> Iterator[tuple[str, tuple[str, str]]]:
    dropped = {name.lower() for name in profile.drop_headers} if profile is not None else set()
    known = {settings.request_id_header: ("The id of the request.", "string"), **HEADERS.get(status, {})}
    for name, told in known.items():
        if name.lower() not in dropped:
            yield name, told


def _specimen(mapper: Mapper, error: type[DomainError] | int) -> DomainError:
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


def _converter(version: str) -> Callable[[type[Schema]], dict[str, Any]]:
    try:
        from apispec import APISpec
        from apispec.exceptions import APISpecError
        from apispec.ext.marshmallow import MarshmallowPlugin
    except ModuleNotFoundError as exc:
        raise ModuleNotFoundError(MISSING.format(exc), name=exc.name) from exc
    if not (isinstance(version, str) and VERSION.fullmatch(version)):
        raise ConfigError(f"version is {version!r}; allowed: '3.0.x' and '3.1.x'")
    # Without a name of their own, nested schemas stand where they are used, and cannot clash with the app's.
    plugin = MarshmallowPlugin(schema_name_resolver=lambda schema: "")
    APISpec("", "", version, plugins=[plugin])
    converter: Any = plugin.converter  # there is one as soon as the plugin is in a document

    def convert(schema: type[Schema]) -> dict[str, Any]:
        try:
            members: dict[str, Any] = converter.schema2jsonschema(schema)
        except APISpecError as exc:  # a name for each of them could be the name of one of the app's own
            raise ConfigError(f"{schema.__name__} has a schema that nests itself; use fields.Dict") from exc
        members["description"] = (schema.__doc__ or "").partition("\n")[0]
        return _open(members, is_old=version.startswith("3.0"))

    return convert


def _open(schema: dict[str, Any], *, is_old: bool) -> dict[str, Any]:
    """Allow more members at every level: an error may bring details, and a later version a new member."""
    types = schema.get("type")
    if isinstance(types, list) and is_old:  # JSON Schema, which OpenAPI 3.0 is not quite
        del schema["type"]
        named = [name for name in types if name != "null"]
        if len(named) == 1:
            schema |= {"type": named[0], "nullable": "null" in types}
    if "properties" in schema:
        schema["additionalProperties"] = True
    inner = [*schema.get("properties", {}).values(), *schema.get("allOf", ()), *schema.get("anyOf", ())]
    inner += [schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)]
    for part in inner:
        _open(part, is_old=is_old)
    return schema
