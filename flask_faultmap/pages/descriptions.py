"""What is there to say about one code of an app? Everything that its page in the catalogue shows."""

import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_faultmap.border.replies import render
from flask_faultmap.contract.entries import Entry, entries_of, places_of, profiles_in_use, specimen_of
from flask_faultmap.contract.examples import EXAMPLE_ID, example_of
from flask_faultmap.defining import is_built_in
from flask_faultmap.errors import DomainError, ValidationFailedError
from flask_faultmap.faults import Violation
from flask_faultmap.http.statuses import STATUS_LINES, FrameworkError
from flask_faultmap.mapping.mapper import Mapper
from flask_faultmap.mapping.settings import is_below
from flask_faultmap.pages.advice import ADVICE, NO_RETRY, RETRY
from flask_faultmap.pages.members import find_member, members_of, schema_of
from flask_faultmap.profiles.profile import Profile

RESERVED = frozenset({"llms.txt", "static"})  # addresses of the catalogue itself
EXAMPLE_VIOLATION = Violation(pointer="#/name", message="Missing data for required field.", code="required")
EXAMPLE_ALLOW = "GET, HEAD, OPTIONS"
ROLE = re.compile(r":\w+(?::\w+)?:`~?(?:[\w.]*\.)?([^`]+)`|``([^`]+)``")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How one profile answers, with one status: where, with what, and an example that the app would send.

    Args:
        below: the URL prefixes, of which the longest counts; empty for the answer everywhere else.
        code_member: the member that has the code, ``error.code``; None where the profile does not send it.
        id_header: the header that has the request id.
    """

    profile: str
    below: tuple[str, ...]
    code_member: str | None
    id_header: str | None
    media_type: str
    status: int
    schema: Mapping[str, Any]
    members: tuple[Any, ...]
    status_line: str
    headers: tuple[tuple[str, str], ...]
    body: str

    @property
    def shown(self) -> str:
        """The body with line breaks."""
        return json.dumps(json.loads(self.body), indent=2, ensure_ascii=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One code, for people who get it; *operator_action* is for the console alone."""

    code: str
    title: str
    type: str
    category: str
    meaning: str
    occurs: tuple[str, ...]
    action: str
    retry: str
    retryable: bool
    statuses: Mapping[str, int]
    since: str | None
    deprecated: str | None
    operator_action: str | None
    is_built_in: bool


def describe_all(mapper: Mapper) -> list[Description]:
    """Describe every code of the contract: the app's own first, each group by name."""
    found = [_describe(entry) for entry in _index_entries(mapper).values()]
    return sorted(found, key=lambda each: (each.is_built_in, each.code))


def describe_code(mapper: Mapper, code: str) -> Description | None:
    """Describe one code; None if the contract has none such."""
    entry = _index_entries(mapper).get(code)
    return None if entry is None else _describe(entry)


def answers_of(mapper: Mapper, code: str) -> tuple[Answer, ...]:
    """Tell how each profile in use answers *code*, which the contract has, by the status as sent."""
    error = specimen_of(_index_entries(mapper)[code].cls)
    if isinstance(error, ValidationFailedError):
        error.violations = (EXAMPLE_VIOLATION,)
    settings = mapper.settings
    found: dict[str, list[Answer]] = {}
    for (profile, _), places in _find_places(mapper, error).items():
        is_all_the_rest = places == [""] and "" not in dict(settings.scopes)
        below = () if is_all_the_rest else tuple(place or "/" for place in places)
        found.setdefault(profile.name, []).append(_answer(mapper, profile, error, places[0], below))
    return tuple(answer for name in profiles_in_use(settings) for answer in found.get(name, ()))


def _find_places(mapper: Mapper, error: DomainError) -> dict[tuple[Profile, int], list[str]]:
    """Give the outermost prefixes below which a profile answers *error* with a status."""
    known: dict[str, tuple[Profile, int] | None] = {}
    found: dict[tuple[Profile, int], list[str]] = {}
    for place in ("", *places_of(mapper.settings)):
        _, profile = mapper.settings.profile_of(place)
        status = mapper.compiled_kind(error, profile, place).kind.status
        answer = None if profile is None else (profile, status)
        around = next((known[outer] for outer in reversed(known) if is_below(place, outer)), None)
        if answer is not None and answer != around:
            found.setdefault(answer, []).append(place)
        known[place] = answer
    return found


def _index_entries(mapper: Mapper) -> dict[str, Entry]:
    """Where classes share a code, the first of their line speaks for it, as in the contract."""
    entries: dict[str, Entry] = {}
    for entry in entries_of(mapper):
        if entry.kind.code not in RESERVED:
            entries.setdefault(entry.kind.code, entry)
    return entries


def _describe(entry: Entry) -> Description:
    cls, kind = entry.cls, entry.kind
    meaning, *occurs = _read_paragraphs(cls)
    return Description(
        code=kind.code,
        title=kind.title,
        type=kind.type,
        category=str(kind.category),
        meaning=meaning,
        occurs=tuple(occurs),
        action=_clean_text(cls.client_action) or ADVICE[kind.category],
        retry=RETRY if kind.retryable else NO_RETRY,
        retryable=kind.retryable,
        statuses=entry.statuses,
        since=_clean_text(cls.since),
        deprecated=_clean_text(cls.deprecated),
        operator_action=_clean_text(cls.operator_action),
        is_built_in=entry.is_built_in,
    )


def _clean_text(value: object) -> str | None:
    return " ".join(value.split()) if isinstance(value, str) and value.strip() else None


def _read_paragraphs(cls: type[DomainError]) -> list[str]:
    """Give what the class's docstring says, without marks of Sphinx."""
    if issubclass(cls, FrameworkError):
        return [cls.public if isinstance(cls.public, str) else f"The answer of HTTP: {cls.title}."]
    told = cls.__doc__ or ""
    if not told.strip() or told.startswith(f"{cls.__name__}("):  # a dataclass writes its signature
        told = next(base.__doc__ or "" for base in cls.__mro__[1:] if issubclass(base, DomainError))
    if cls is DomainError:
        told = "A failure that the app knows; the text of the answer says more."
    text = ROLE.sub(lambda found: f"`{found[1] or found[2]}`", inspect.cleandoc(told))
    text = re.split(r"\n[^\S\n]*+(?:Args|Attributes|Raises|Returns):[^\S\n]*+\n", text)[0]
    parts = [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]
    # What follows in ours is for those who raise it.
    return (parts[:1] if is_built_in(cls) else parts) or [cls.__name__]


def _answer(
    mapper: Mapper, profile: Profile, error: DomainError, place: str, below: tuple[str, ...]
) -> Answer:
    compiled, fault = example_of(mapper, error, profile, place)
    kind = compiled.kind
    allow = EXAMPLE_ALLOW if kind.status == 405 else None
    reply = render(mapper.settings, profile, compiled, fault, allow=allow)
    schema = schema_of(profile.schema())
    return Answer(
        profile=profile.name,
        below=below,
        code_member=find_member(json.loads(reply.body), kind.code),
        id_header=next((name for name, value in reply.headers if value == EXAMPLE_ID), None),
        media_type=profile.media_type,
        status=kind.status,
        schema=schema,
        members=tuple(members_of(schema)),
        status_line=f"HTTP/1.1 {STATUS_LINES[kind.status]}",
        headers=reply.headers,
        body=reply.body.decode(),
    )
