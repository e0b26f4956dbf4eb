"""What did the service say, in a shape that we know?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask_faultmap.faults import Violation
from flask_faultmap.profiles.profile import PROBLEM, Profile
from flask_faultmap.redaction.redacting import redact

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}")
# With all of these it is one of us that answered; a stranger's problem details promise nothing.
OURS = frozenset(
    member.attribute or name for name, member in PROBLEM.schema().fields.items() if member.required
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The members of an answer that survive from one service to the next."""

    code: str | None = None
    violations: tuple[Violation, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    retry_after: int | None = None
    retryable: bool | None = None


SAID_NOTHING = Said()


def read_back(body: object, profile: Profile | None) -> Said:
    """Read *body* in the shape of *profile*, or, without one, as what flask_faultmap itself sends."""
    if not isinstance(body, dict):
        return SAID_NOTHING
    known = (profile or PROBLEM).read(body)
    if profile is None and not known.keys() >= OURS:
        return SAID_NOTHING
    return Said(
        code=code if isinstance(code := known.get("code"), str) and CODE.fullmatch(code) else None,
        violations=tuple(_redacted(violation) for violation in known.get("violations", ())),
        details=details if isinstance(details := known.get("details"), dict) else {},
        retry_after=wait if isinstance(wait := known.get("retry_after"), int) else None,
        retryable=says if isinstance(says := known.get("retryable"), bool) else None,
    )


def _redacted(violation: Violation) -> Violation:
    return replace(violation, message=redact(violation.message))
