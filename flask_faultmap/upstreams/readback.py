"""What did the service say, in a shape that we know?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_faultmap.faults import Violation
from flask_faultmap.profiles.profile import PROBLEM, Profile
from flask_faultmap.redaction.redacting import is_secret_name, redact
from flask_faultmap.upstreams.bodies import Budget
from flask_faultmap.upstreams.masking import mask_path

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}")
# With all of these it is one of us that answered; a stranger's problem details promise nothing.
OURS = frozenset(
    member.attribute or name for name, member in PROBLEM.schema().fields.items() if member.required
)


MOST_VIOLATIONS = 100
PROBLEM_TYPE = re.compile(r"application/problem\+json\s*(?:;|\Z)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The members of an answer that survive from one service to the next.

    Attributes:
        is_foreign: these are the problem details of a stranger: the code is for ``passing`` alone.
    """

    code: str | None = None
    violations: tuple[Violation, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    retry_after: int | None = None
    retryable: bool | None = None
    is_foreign: bool = False


SAID_NOTHING = Said()


def read_back(body: object, profile: Profile | None, media_type: str | None = None) -> Said:
    """Read *body* in the shape of *profile*, or, without one, as what flask_faultmap itself sends.

    A stranger's problem details (RFC 9457) give a code: ``code``, or the last segment of ``type``.
    """
    if not isinstance(body, dict):
        return SAID_NOTHING
    known = (profile or PROBLEM).read(body)
    if profile is None and not known.keys() >= OURS:
        is_problem = PROBLEM_TYPE.match((media_type or "").strip()) is not None
        return Said(code=_find_foreign_code(body), is_foreign=True) if is_problem else SAID_NOTHING
    budget = Budget()
    violations = known.get("violations", ())[:MOST_VIOLATIONS]
    details = known.get("details")
    return Said(
        code=_take_code(known.get("code")),
        violations=tuple(_redact_violation(violation, budget) for violation in violations),
        details=_drop_secrets(budget.redacted(details)) if isinstance(details, dict) else {},
        retry_after=wait if isinstance(wait := known.get("retry_after"), int) else None,
        retryable=says if isinstance(says := known.get("retryable"), bool) else None,
    )


def _take_code(code: object) -> str | None:
    """Give *code* if it is one; what looks like a secret is none."""
    is_code = isinstance(code, str) and CODE.fullmatch(code) and redact(code) == code
    return code if is_code and isinstance(code, str) else None


def _find_foreign_code(body: Mapping[str, Any]) -> str | None:
    uri = body.get("type")
    segment = re.split(r"[/#]", uri.rstrip("/"))[-1] if isinstance(uri, str) else None
    return _take_code(body.get("code")) or (None if segment == "about:blank" else _take_code(segment))


def _drop_secrets(details: dict[str, Any]) -> dict[str, Any]:
    """Leave out what only shows that there was something."""
    return {name: value for name, value in details.items() if not is_secret_name(name)}


def _redact_violation(violation: Violation, budget: Budget) -> Violation:
    """Redact every word of *violation*: a peer may send our shape and call anything a name."""
    return Violation(
        source=budget.text(violation.source),
        message=budget.text(violation.message),
        pointer=None if violation.pointer is None else mask_path(budget.text(violation.pointer)),
        name=None if violation.name is None else budget.text(violation.name),
        code=_take_code(violation.code) or "invalid",
    )
