"""What an app promises its clients: codes, statuses, members; as one document that stays the same.

An error class belongs to it if it can reach a client: the outcomes of rules, and every subclass of
:class:`DomainError` that is loaded and can be imported by its name, since any view may raise it. The
built-in classes and the classes of HTTP errors are among them: ``abort(404)`` is never far.

A profile belongs to it if ``FAULTMAP_PROFILE`` or ``FAULTMAP_SCOPES`` puts it to use.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from flask_faultmap.defining import code_text, is_built_in
from flask_faultmap.errors import DomainError
from flask_faultmap.faults import Kind
from flask_faultmap.http.statuses import FrameworkError
from flask_faultmap.mapping.mapper import Mapper
from flask_faultmap.mapping.settings import Settings
from flask_faultmap.profiles.profile import Profile
from flask_faultmap.speech import speak

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One error class, as clients may see it.

    Args:
        kind: as before any collapsing.
        statuses: as sent, by the name of the profile.
    """

    cls: type[DomainError]
    kind: Kind
    statuses: Mapping[str, int]

    @property
    def path(self) -> str:
        """What ``flask faults explain`` calls the class."""
        return path_of(self.cls)

    @property
    def is_built_in(self) -> bool:
        """Whether the class is one of ours."""
        return is_built_in(self.cls)


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


def entries_of(mapper: Mapper) -> list[Entry]:
    """Give what is known of each error class: parents before their children, otherwise by name."""
    known = [entry_of(mapper, cls) for cls in classes_of(mapper)]
    return [entry for entry in known if entry is not None]


def classes_of(mapper: Mapper) -> list[type[DomainError]]:
    """Give the error classes that can reach a client: parents before their children, otherwise by name."""
    outcomes = {outcome for rule in mapper.book.rules for outcome in rule.outcomes}
    loaded = {cls for cls in _family(DomainError) if _can_be_imported(cls)}
    found = (outcomes | loaded) - {FrameworkError}  # which is only the base of those of HTTP errors
    return sorted(found, key=lambda cls: (len(cls.__mro__), path_of(cls)))


def entry_of(mapper: Mapper, cls: type[DomainError]) -> Entry | None:
    """Tell of *cls*; None if its code, say, is a property, so that only an instance would know it."""
    if code_text(cls.code) is None or speak(cls.title) is None:
        return None
    try:
        error = specimen_of(cls)
        statuses = {
            name: mapper.compiled_kind(error, profile, path).kind.status
            for name, profile, path in views_of(mapper.settings)
        }
        return Entry(cls=cls, kind=mapper.compiled_kind(error, None).kind, statuses=statuses)
    except Exception:  # a border: the other attributes may be properties too, and raise anything
        return None


def specimen_of(cls: type[DomainError]) -> DomainError:
    """Make an error that has what its class has, and nothing else: an ``__init__`` may ask for anything."""
    return cls.__new__(cls)


def profiles_in_use(settings: Settings) -> dict[str, Profile]:
    """Give the profiles that may answer, by name: the default one first, unless scopes leave it nothing."""
    scoped = sorted(
        {profile for _, profile in settings.scopes if profile is not None}, key=lambda profile: profile.name
    )
    leaves_nothing = scoped and any(prefix == "" for prefix, _ in settings.scopes)
    default = [] if leaves_nothing else [settings.profile]
    return {profile.name: profile for profile in (*default, *scoped)}


def views_of(settings: Settings) -> Iterator[tuple[str, Profile, str | None]]:
    """Give where statuses may differ: each profile, and each prefix with a mode of its own.

    A prefix is named with its profile, "problem below /v1".
    """
    for name, profile in profiles_in_use(settings).items():
        yield name, profile, None
    if isinstance(settings.compatibility_mode, tuple):
        prefixes = {prefix for prefix, _ in (*settings.compatibility_mode, *settings.scopes) if prefix}
        for prefix in sorted(prefixes):
            known = settings.profile_of(prefix)[1]
            if known is not None and settings.mode_of(prefix) != settings.mode_of(None):
                yield f"{known.name} below {prefix}", known, prefix


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


def path_of(cls: type) -> str:
    """Write where *cls* is defined: ``package.module:Class``."""
    return f"{cls.__module__}:{cls.__qualname__}"


def _family(cls: type[DomainError]) -> Iterator[type[DomainError]]:
    yield cls
    for subclass in cls.__subclasses__():
        yield from _family(subclass)


def _can_be_imported(cls: type) -> bool:
    """Whether *cls* is what its name leads to; a class of an HTTP error has no name, and counts."""
    if issubclass(cls, FrameworkError):
        return True
    found: Any = sys.modules.get(cls.__module__)
    for part in cls.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is cls


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
