"""What an answer says whose shape a schema describes."""

import json
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from flask_faultmap.faults import Violation
from flask_faultmap.profiles.compiling import Shape
from flask_faultmap.profiles.encoding import logger
from flask_faultmap.profiles.schemas import Envelope


def read_members(shape: Shape, body: bytes | str | Mapping[str, Any]) -> dict[str, Any]:
    """Read the members of *body* that *shape* knows, by their attributes; never raises."""
    try:
        return _read_members(shape.instance, _parse(body))
    except Exception:  # a border: an app's own schema may raise anything, and a peer may send anything
        logger.debug("an answer could not be read by %s", shape.schema.__name__)
        return {}


def _parse(body: bytes | str | Mapping[str, Any]) -> Mapping[str, Any]:
    members = body if isinstance(body, Mapping) else json.loads(body)
    return members if isinstance(members, Mapping) else {}


def _read_members(schema: Schema, members: Mapping[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for name, schema_field in schema.load_fields.items():
        value = members.get(schema_field.data_key or name)
        if isinstance(schema_field, Envelope) and isinstance(value, list) and value:
            value = value[0]  # an envelope with many=True holds one
        if isinstance(schema_field, fields.Nested) and isinstance(value, Mapping):
            known.update(_read_members(schema_field.schema, value))
        elif value is not None and not isinstance(schema_field, Envelope):
            _read(schema_field, value, schema_field.attribute or name, known)
    names = {schema_field.data_key or name for name, schema_field in schema.fields.items()}
    details = {name: value for name, value in members.items() if name not in names}
    if not details:
        return known
    deeper = known.get("details")
    return {**known, "details": {**deeper, **details} if isinstance(deeper, dict) else details}


def _read(schema_field: "fields.Field[Any]", value: Any, name: str, known: dict[str, Any]) -> None:
    try:
        read = schema_field.deserialize(value)
        if name == "violations":
            read = tuple(Violation(**members) for members in read)
    except Exception:  # a border: an app's own field may raise anything, and a peer may send anything
        logger.debug("a member %r could not be read back", name)
        return
    known[name] = read
