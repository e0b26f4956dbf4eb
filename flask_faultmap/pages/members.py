"""Which members does the body of an error have? The JSON Schema of a profile."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields

DIALECT = "https://json-schema.org/draft/2020-12/schema"

# The first that fits counts.
TYPES: tuple[tuple[type[Any], dict[str, Any]], ...] = (
    (fields.Boolean, {"type": "boolean"}),
    (fields.Integer, {"type": "integer"}),
    (fields.Decimal, {"type": ["number", "string"]}),
    (fields.Float, {"type": "number"}),
    (fields.DateTime, {"type": "string", "format": "date-time"}),
    (fields.Date, {"type": "string", "format": "date"}),
    (fields.String, {"type": "string"}),
    (fields.Mapping, {"type": "object"}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member of a body: its path (``errors[].detail``), its type in words, and what it is."""

    path: str
    type: str
    is_always_there: bool
    description: str


def schema_of(schema: Schema) -> dict[str, Any]:
    """Give the JSON Schema of the bodies that *schema* makes; more members are always allowed."""
    return {"$schema": DIALECT, **_describe_object(schema, ())}


def members_of(schema: Mapping[str, Any], prefix: str = "") -> Iterator[Member]:
    """Name the members of what :func:`schema_of` gave, outer ones first."""
    for name, told in schema.get("properties", {}).items():
        yield Member(
            path=prefix + name,
            type=_say_type(told),
            is_always_there=name in schema.get("required", ()),
            description=told.get("description", ""),
        )
        inner, dots = told, "."
        while inner.get("type") == "array":
            inner, dots = inner["items"], "[]" + dots
        yield from members_of(inner, f"{prefix}{name}{dots}")


def find_member(body: Any, value: str, path: str = "") -> str | None:
    """Give the path of the member of *body* that is *value*, ``errors[].code``; None where none is."""
    if body == value:
        return path or None
    inner: Iterator[tuple[str, Any]] = iter(())
    if isinstance(body, dict):
        inner = ((f"{path}.{name}" if path else name, member) for name, member in body.items())
    elif isinstance(body, list):
        inner = ((f"{path}[]", item) for item in body)
    found = (find_member(member, value, place) for place, member in inner)
    return next((each for each in found if each is not None), None)


def _describe_object(schema: Schema, known: tuple[type[Schema], ...]) -> dict[str, Any]:
    told: dict[str, Any] = {"type": "object", "properties": {}}
    for name, field in schema.dump_fields.items():
        told["properties"][field.data_key or name] = _describe_member(field, (*known, type(schema)))
    required = [field.data_key or name for name, field in schema.dump_fields.items() if field.required]
    if required:
        told["required"] = required
    return told


def _describe_member(field: Any, known: tuple[type[Schema], ...]) -> dict[str, Any]:
    told: dict[str, Any]
    if isinstance(field, fields.Nested):
        is_known = type(field.schema) in known
        told = {"type": "object"} if is_known else _describe_object(field.schema, known)
        told = {"type": "array", "items": told} if field.many or field.schema.many else told
    elif isinstance(field, fields.List):
        told = {"type": "array", "items": _describe_member(field.inner, known)}
    else:
        told = dict(next((told for cls, told in TYPES if isinstance(field, cls)), {}))
    if field.allow_none and isinstance(told.get("type"), str):
        told["type"] = [told["type"], "null"]
    for name in ("description", "format"):
        if isinstance(field.metadata.get(name), str):
            told[name] = field.metadata[name]
    return told


def _say_type(told: Mapping[str, Any]) -> str:
    kind = told.get("type", "any JSON")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return f"array of {_say_type(told['items'])}"
    return f"{kind} ({told['format']})" if "format" in told else str(kind)
