"""What an app promises its clients: codes, statuses, members; as one document that stays the same."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from flask_faultmap.contract.entries import entries_of, profiles_in_use
from flask_faultmap.mapping.mapper import Mapper

VERSION = 1


def make_contract(mapper: Mapper) -> dict[str, Any]:
    """Make the document of an app; the same promises give the same document.

    Where classes share a code, the first of their line speaks for it.
    """
    codes: dict[str, dict[str, Any]] = {}
    for entry in entries_of(mapper):
        kind = entry.kind
        told = {
            "category": str(kind.category),
            "title": kind.title,
            "retryable": kind.retryable,
            "statuses": dict(entry.statuses),
        }
        codes.setdefault(kind.code, told)
    profiles = {
        name: {"media_type": profile.media_type, "members": sorted(members_of(profile.schema()))}
        for name, profile in profiles_in_use(mapper.settings).items()
    }
    return {"version": VERSION, "codes": codes, "profiles": profiles}


def members_of(schema: Schema, known: tuple[type[Schema], ...] = ()) -> Iterator[str]:
    """Name the members of a body in the shape of *schema*: ``error.code``, ``errors[].detail``."""
    for name, field in schema.dump_fields.items():
        path = field.data_key or name
        yield path
        while isinstance(field, fields.List):
            path, field = f"{path}[]", field.inner
        if isinstance(field, fields.Nested) and type(field.schema) not in known:
            dot = "[]." if field.many else "."
            for inner in members_of(field.schema, (*known, type(schema))):
                yield f"{path}{dot}{inner}"


def write_contract(contract: Mapping[str, Any]) -> str:
    """Write *contract* as JSON text, sorted."""
    return json.dumps(contract, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def read_contract(text: str | bytes) -> dict[str, Any]:
    """Read what :func:`write_contract` wrote.

    Raises:
        ValueError: it is something else; the text says what is wrong.
    """
    try:
        return dict(_ContractSchema().load(json.loads(text)))
    except ValidationError as exc:
        raise ValueError(f"it is no contract: {json.dumps(exc.messages)}") from None
    except RecursionError:
        raise ValueError("it is no contract: it is nested too deep") from None
    except ValueError as exc:
        raise ValueError(f"it is not JSON: {exc}") from None


class _ProfileSchema(Schema):
    class Meta:
        """A newer version may tell more."""

        unknown = EXCLUDE

    media_type = fields.String(required=True)
    members = fields.List(fields.String(), required=True)


class _CodeSchema(Schema):
    class Meta:
        """What else is told of a code is for people."""

        unknown = EXCLUDE

    statuses = fields.Dict(fields.String(), fields.Integer(strict=True), required=True)


class _ContractSchema(Schema):
    class Meta:
        """A newer version may tell more."""

        unknown = EXCLUDE

    version = fields.Integer(required=True, strict=True, validate=validate.Equal(VERSION))
    codes = fields.Dict(fields.String(), fields.Nested(_CodeSchema), required=True)
    profiles = fields.Dict(fields.String(), fields.Nested(_ProfileSchema), required=True)
