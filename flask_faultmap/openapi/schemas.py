"""What does OpenAPI say of the bodies? The schema of each profile that an app has in use."""

import re
from collections.abc import Callable
from typing import Any

from flask import Flask
from marshmallow import Schema

from flask_faultmap.border.boundaries import boundary_of
from flask_faultmap.contract.entries import profiles_in_use
from flask_faultmap.errors import ConfigError
from flask_faultmap.profiles.profile import Profile

MISSING = "flask_faultmap.openapi needs what `pip install 'flask-faultmap[openapi]'` installs: {}"
WORD = re.compile(r"[A-Za-z0-9]+")
VERSION = re.compile(r"3\.[01](\.\d+)?")
SCHEMA = "#/components/schemas/"


def components(app: Flask, *, version: str = "3.0.3") -> dict[str, dict[str, Any]]:
    """Give the schemas of all profiles that *app* has in use, for ``components`` of a document.

    Args:
        version: of OpenAPI; 3.0 and 3.1 tell differently that a member may be null.

    Raises:
        ConfigError: *app* has no FaultMap, two profiles would get one name, a schema nests itself, or
            *version* is neither 3.0 nor 3.1.
        ModuleNotFoundError: apispec is not installed.
    """
    convert = _make_converter(version)
    schemas: dict[str, Any] = {}
    for name, profile in profiles_in_use(boundary_of(app).mapper.settings).items():
        given = schema_name(profile)
        if given in schemas:
            raise ConfigError(f"Two profiles are {given!r} in OpenAPI; give {name!r} another name")
        schemas[given] = convert(profile.schema)
    return {"schemas": schemas}


def schema_name(profile: Profile) -> str:
    """Name the schema of *profile* among the components: ``fault_message`` is ``FaultMessageFault``."""
    return "".join(word.capitalize() for word in WORD.findall(profile.name)) + "Fault"


def _make_converter(version: str) -> Callable[[type[Schema]], dict[str, Any]]:
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
