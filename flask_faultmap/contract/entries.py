"""The error classes that can reach a client, as clients may see them.

An error class belongs to the contract if it can reach a client: the outcomes of rules, and every subclass of
:class:`DomainError` that is loaded and can be imported by its name, since any view may raise it. The
built-in classes and the classes of HTTP errors are among them: ``abort(404)`` is never far.

A profile belongs to it if ``FAULTMAP_PROFILE`` or ``FAULTMAP_SCOPES`` puts it to use.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_faultmap.defining import code_text, is_built_in, is_descriptor
from flask_faultmap.errors import DomainError
from flask_faultmap.faults import Kind
from flask_faultmap.http.statuses import FrameworkError
from flask_faultmap.mapping.mapper import Mapper
from flask_faultmap.mapping.settings import Settings
from flask_faultmap.profiles.profile import Profile
from flask_faultmap.travelling import make_bare


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


def entries_of(mapper: Mapper) -> list[Entry]:
    """Give what is known of each error class: parents before their children, otherwise by name."""
    known = [entry_of(mapper, cls) for cls in classes_of(mapper)]
    return [entry for entry in known if entry is not None]


def classes_of(mapper: Mapper) -> list[type[DomainError]]:
    """Give the error classes that can reach a client: parents before their children, otherwise by name."""
    outcomes = {outcome for rule in mapper.book.rules for outcome in rule.outcomes}
    loaded = {cls for cls in _walk_family(DomainError) if can_be_imported(cls)}
    found = (outcomes | loaded) - {FrameworkError}  # which is only the base of those of HTTP errors
    return sorted(found, key=lambda cls: (len(cls.__mro__), path_of(cls)))


def codes_of(mapper: Mapper) -> set[str]:
    """Give the codes of all error classes that can reach a client."""
    return {code for cls in classes_of(mapper) if (code := code_text(cls.code)) is not None}


def can_reach_client(mapper: Mapper, cls: type[DomainError]) -> bool:
    """Say whether *cls* is one of :func:`classes_of`."""
    return can_be_imported(cls) or any(cls in rule.outcomes for rule in mapper.book.rules)


def can_be_imported(cls: type) -> bool:
    """Say whether *cls* is what its name leads to; a class of an HTTP error has no name, and counts."""
    if issubclass(cls, FrameworkError):
        return True
    found: Any = sys.modules.get(cls.__module__)
    for part in cls.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is cls


def entry_of(mapper: Mapper, cls: type[DomainError]) -> Entry | None:
    """Tell of *cls*; None if its code, say, is a property, so that only an instance would know it."""
    if code_text(cls.code) is None or is_descriptor(cls.title):
        return None
    try:
        error = specimen_of(cls)
        statuses = {
            name: mapper.compiled_kind(error, profile, path).kind.status
            for name, profile, path in views_of(mapper.settings)
        }
        kind = mapper.compiled_kind(error, None).kind
        mapper.fault(error, kind, "")  # which reads the rest of it
        return Entry(cls=cls, kind=kind, statuses=statuses)
    except Exception:  # a border: the other attributes may be properties too, and raise anything
        return None


def specimen_of(cls: type[DomainError]) -> DomainError:
    """Make an error that has what its class has, and nothing else: an ``__init__`` may ask for anything."""
    return make_bare(cls)


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
        for prefix in places_of(settings):
            known = settings.profile_of(prefix)[1]
            if known is not None and settings.mode_of(prefix) != settings.mode_of(None):
                yield f"{known.name} below {prefix}", known, prefix


def places_of(settings: Settings) -> list[str]:
    """Give the URL prefixes that scopes and compatibility modes name, outer ones first."""
    modes = settings.compatibility_mode if isinstance(settings.compatibility_mode, tuple) else ()
    return sorted({prefix for prefix, _ in (*modes, *settings.scopes) if prefix})


def path_of(cls: type) -> str:
    """Write where *cls* is defined: ``package.module:Class``."""
    return f"{cls.__module__}:{cls.__qualname__}"


def _walk_family(cls: type[DomainError]) -> Iterator[type[DomainError]]:
    yield cls
    for subclass in cls.__subclasses__():
        yield from _walk_family(subclass)
