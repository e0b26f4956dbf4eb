"""What is there to say about one code of an app? Everything that its page in the catalogue shows."""

import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_faultmap.border.replies import render
from flask_faultmap.contract.entries import Entry, entries_of, profiles_in_use, specimen_of
from flask_faultmap.defining import is_built_in
from flask_faultmap.errors import DomainError, ValidationFailedError
from flask_faultmap.faults import Violation
from flask_faultmap.http.statuses import STATUS_LINES, FrameworkError
from flask_faultmap.mapping.mapper import Mapper
from flask_faultmap.mapping.worded import find_wording
from flask_faultmap.pages.advice import advise, advise_retry
from flask_faultmap.pages.members import find_member, members_of, schema_of
from flask_faultmap.profiles.profile import Profile

RESERVED = frozenset({"llms.txt", "static"})  # addresses of the catalogue itself
EXAMPLE_ID = "4f1d7c0e9a6b4d2f8c3e5a7b9d1f0e2c"
EXAMPLE_REQUEST = {"method": "GET", "path": "/example", "token": "example", "reason": "Expecting value"}
EXAMPLE_VIOLATION = Violation(pointer="#/name", message="Missing data for required field.", code="required")
EXAMPLE_ALLOW = "GET, HEAD, OPTIONS"
ROLE = re.compile(r":\w+(?::\w+)?:`~?(?:[\w.]*\.)?([^`]+)`|``([^`]+)``")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How one profile answers: where, with what, and an example that the app would really send.

    Args:
        below: the URL prefixes of the profile; empty for the one that answers everywhere else.
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
    found = [_describe(entry) for entry in _entries_by_code(mapper).values()]
    return sorted(found, key=lambda each: (each.is_built_in, each.code))


def describe_code(mapper: Mapper, code: str) -> Description | None:
    """Describe one code; None if the contract has none such."""
    entry = _entries_by_code(mapper).get(code)
    return None if entry is None else _describe(entry)


def answers_of(mapper: Mapper, code: str) -> tuple[Answer, ...]:
    """Tell how each profile in use answers *code*, which the contract has."""
    cls = _entries_by_code(mapper)[code].cls
    profiles = profiles_in_use(mapper.settings).values()
    return tuple(_answer(mapper, profile, cls) for profile in profiles)


def _entries_by_code(mapper: Mapper) -> dict[str, Entry]:
    """Where classes share a code, the first of their line speaks for it, as in the contract."""
    entries: dict[str, Entry] = {}
    for entry in entries_of(mapper):
        if entry.kind.code not in RESERVED:
            entries.setdefault(entry.kind.code, entry)
    return entries


def _describe(entry: Entry) -> Description:
    cls, kind = entry.cls, entry.kind
    meaning, *occurs = _paragraphs(cls)
    return Description(
        code=kind.code,
        title=kind.title,
        type=kind.type,
        category=str(kind.category),
        meaning=meaning,
        occurs=tuple(occurs),
        action=_text(cls.client_action) or advise(kind.category),
        retry=advise_retry(kind.retryable),
        retryable=kind.retryable,
        statuses=entry.statuses,
        since=_text(cls.since),
        deprecated=_text(cls.deprecated),
        operator_action=_text(cls.operator_action),
        is_built_in=entry.is_built_in,
    )


def _text(value: object) -> str | None:
    return " ".join(value.split()) if isinstance(value, str) and value.strip() else None


def _paragraphs(cls: type[DomainError]) -> list[str]:
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


def _answer(mapper: Mapper, profile: Profile, cls: type[DomainError]) -> Answer:
    error = specimen_of(cls)
    if issubclass(cls, ValidationFailedError):
        error.violations = (EXAMPLE_VIOLATION,)
    compiled = mapper.compiled_kind(error, profile)
    kind = compiled.kind
    template = find_wording(profile, error, kind)
    wording = None if template is None else template.format(**EXAMPLE_REQUEST)
    fault = mapper.fault(error, kind, EXAMPLE_ID, wording)
    allow = EXAMPLE_ALLOW if kind.status == 405 else None
    reply = render(mapper.settings, profile, compiled, fault, allow=allow)
    schema = schema_of(profile.schema())
    return Answer(
        profile=profile.name,
        below=tuple(prefix or "/" for prefix, known in mapper.settings.scopes if known is profile),
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
