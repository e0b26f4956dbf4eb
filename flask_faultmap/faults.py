"""What a client may see of one error."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any

from flask_faultmap.categories import Category


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One field error inside a fault; the refused value itself is never part of it.

    Args:
        source: where the field stands: ``body``, ``query``, ``form``, ``path``, ``header``, ``cookie``.
        message: what is wrong, for a person; it may be a lazy string.
        pointer: JSON Pointer as a URI fragment, for bodies: ``#/disks/0/size`` (RFC 6901, section 6).
        name: the field's name, for every other source.
        code: machine-readable slug of the check that failed; a member of an enum counts by its value.
    """

    source: str = "body"
    message: str
    pointer: str | None = None
    name: str | None = None
    code: str = "invalid"

    def __post_init__(self) -> None:
        if isinstance(self.code, Enum):
            object.__setattr__(self, "code", self.code.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What all faults of one error class have in common below one profile: made once."""

    category: Category
    code: str
    title: str
    status: int
    original_status: int
    type: str = "about:blank"
    level: int | None = None
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """The public description of one error, as one client may see it: a kind and an occurrence.

    It never holds the exception. *text* is what a person may read, *id* the id of the request that
    failed, *retry_after* whole seconds.
    """

    kind: Kind
    id: str
    text: str
    violations: tuple[Violation, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    retry_after: int | None = None

    @property
    def category(self) -> Category:
        """The kind of failure, whatever status a profile collapses it to."""
        return self.kind.category

    @property
    def code(self) -> str:
        """The machine-readable slug of the error class."""
        return self.kind.code

    @property
    def title(self) -> str:
        """A short name of the error class, the same for every occurrence (RFC 9457, section 3.1.3)."""
        return self.kind.title

    @property
    def type(self) -> str:
        """The problem type: ``about:blank``, or ``FAULTMAP_TYPE_BASE`` and the code."""
        return self.kind.type

    @property
    def status(self) -> int:
        """The HTTP status as sent, after collapsing."""
        return self.kind.status

    @property
    def original_status(self) -> int:
        """The HTTP status before collapsing and compatibility mode."""
        return self.kind.original_status

    @property
    def level(self) -> int | None:
        """The level of the log record (``logging.ERROR`` …), or None for no record."""
        return self.kind.level

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return self.kind.retryable


# What is made for each answer: a slot that sets itself takes half of the time of a frozen dataclass.
_new = object.__new__
_set_kind, _set_id, _set_text, _set_violations, _set_details, _set_retry_after = (
    getattr(Fault, each.name).__set__ for each in fields(Fault)
)
_set_source, _set_message, _set_pointer, _set_name, _set_code = (
    getattr(Violation, each.name).__set__ for each in fields(Violation)
)


def new_fault(
    kind: Kind,
    identity: str,
    text: str,
    violations: tuple[Violation, ...],
    details: Mapping[str, Any],
    retry_after: int | None,
) -> Fault:
    """Make a fault as its class does."""
    fault = _new(Fault)
    _set_kind(fault, kind)
    _set_id(fault, identity)
    _set_text(fault, text)
    _set_violations(fault, violations)
    _set_details(fault, details)
    _set_retry_after(fault, retry_after)
    return fault


def new_violation(source: str, message: str, pointer: str | None, name: str | None, code: str) -> Violation:
    """Make a violation as its class does."""
    violation = _new(Violation)
    _set_source(violation, source)
    _set_message(violation, message)
    _set_pointer(violation, pointer)
    _set_name(violation, name)
    _set_code(violation, code)
    return violation
