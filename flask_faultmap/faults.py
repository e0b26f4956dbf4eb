"""What a client may see of one error."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from flask_faultmap.categories import Category


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class Violation:
    """One field error inside a fault; the refused value itself is never part of it.

    Args:
        source: where the field stands: ``body``, ``query``, ``form``, ``path``, ``header``, ``cookie``.
        message: what is wrong, for a person.
        pointer: JSON Pointer as a URI fragment, for bodies: ``#/disks/0/size`` (RFC 6901, section 6).
        name: the field's name, for every other source.
        code: machine-readable slug of the check that failed.
    """

    source: str = "body"
    message: str
    pointer: str | None = None
    name: str | None = None
    code: str = "invalid"

    def __init__(
        self,
        *,
        source: str = "body",
        message: str,
        pointer: str | None = None,
        name: str | None = None,
        code: str = "invalid",
    ) -> None:
        set_source, set_message, set_pointer, set_name, set_code = _SET_VIOLATION
        set_source(self, source)
        set_message(self, message)
        set_pointer(self, pointer)
        set_name(self, name)
        set_code(self, code)


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


@dataclass(frozen=True, slots=True, init=False)
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

    def __init__(
        self,
        kind: Kind,
        id: str,  # the member's name
        text: str,
        violations: tuple[Violation, ...] = (),
        details: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        set_kind, set_id, set_text, set_violations, set_details, set_retry_after = _SET_FAULT
        set_kind(self, kind)
        set_id(self, id)
        set_text(self, text)
        set_violations(self, violations)
        set_details(self, {} if details is None else details)
        set_retry_after(self, retry_after)

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


# Made for each answer; the slots set themselves in half the time of a frozen dataclass's __init__.
_SET_FAULT, _SET_VIOLATION = (
    tuple(getattr(cls, each.name).__set__ for each in fields(cls)) for cls in (Fault, Violation)
)
