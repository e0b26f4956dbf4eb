"""Domain errors: what went wrong, in words that know neither Flask nor HTTP.

::

    DomainError                     400  uncategorized
     +-- InvalidArgumentError       400
     +-- FailedPreconditionError    400
     +-- UnauthenticatedError       401
     +-- PermissionDeniedError      403
     +-- NotFoundError              404
     +-- AlreadyExistsError         409
     +-- AbortedError               409  retryable
     +-- GoneError                  410
     +-- PayloadTooLargeError       413
     +-- UnprocessableError         422
     +-- ResourceExhaustedError     429  retryable
     +-- InternalError              500
     +-- UnimplementedError         501
     +-- BadGatewayError            502  retryable
     +-- UnavailableError           503  retryable
     +-- DeadlineExceededError      504  retryable

The statuses are the second map's defaults; ``FAULTMAP_STATUSES`` changes them.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType, MethodDescriptorType
from typing import Any, ClassVar

from flask_faultmap.categories import TRAITS, Category
from flask_faultmap.defining import Following, define, is_built_in
from flask_faultmap.faults import Violation
from flask_faultmap.travelling import reduce, thawing

NOTHING: Mapping[str, Any] = MappingProxyType({})
# A class body with annotations, in this Python or a later one.
ANNOTATED = ("__annotations__", "__annotate__", "__annotate_func__")


class ConfigError(ValueError):
    """A setting, a rule or a profile is wrong; raised while an app is set up, never in a request."""


class DomainError(Exception):
    """A known failure of the domain; the base of all that the map answers.

    Args:
        message: the technical text: logged, and kept in ``args``.
        public: the text for the client, sent as it is.
        details: extra members for the client; what is not JSON is made so or dropped.
        violations: field errors; a single one may stand alone.
        retry_after: seconds, or the time, after which a retry makes sense; rounded up, never negative.
        context: private data for the log and the signal.

    The class attributes may be set on an instance, for one raise. What a class does not say follows from
    its category; its title, from its code.

    Attributes:
        category: the kind of failure; a word of :class:`~flask_faultmap.Category` is enough.
        code: the machine-readable slug; by default the class name in snake case.
        title: a short name of the class; by default the code in words. It may be a lazy string.
        public: the text for the client, where the raise gives none. It may be a lazy string.
        expose: the client may read the message.
        log_level: level of the log record, or None for no record.
        retry_after: seconds, or the time, after which a retry makes sense.
        retryable: the same request may succeed later.
        client_action: for the documentation: what a client should do.
        operator_action: for the documentation: what the people who run the app should do.
        since: for the documentation: the version that brought the class.
        deprecated: for the documentation: why it goes, and what replaces it.
        audit: keep its faults in the audit trail, whatever their status.
    """

    category: Category = Category.UNCATEGORIZED
    code: str = "uncategorized"
    title: str = TRAITS[Category.UNCATEGORIZED].title
    public: str | None = None
    expose: bool = TRAITS[Category.UNCATEGORIZED].expose
    log_level: int | str | None = TRAITS[Category.UNCATEGORIZED].log_level
    retry_after: float | timedelta | datetime | None = None
    retryable: bool = TRAITS[Category.UNCATEGORIZED].retryable

    client_action: str | None = None
    operator_action: str | None = None
    since: str | None = None
    deprecated: str | None = None
    audit: bool = False

    details: Mapping[str, Any] = NOTHING
    violations: tuple[Violation, ...] = ()
    context: Mapping[str, Any] = NOTHING

    _stated: ClassVar[Mapping[str, Any]] = {"category": Category.UNCATEGORIZED}
    _by_category: ClassVar[frozenset[str]] = frozenset({"expose", "log_level", "retryable"})
    _has_own_title: ClassVar[bool] = True
    _below: ClassVar[Mapping[str, Following]] = {}  # what stands in for the table, below this class

    def __init__(
        self,
        message: str = "",
        *,
        public: str | None = None,
        details: Mapping[str, Any] | None = None,
        violations: Iterable[Violation] | Violation = (),
        retry_after: float | timedelta | datetime | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        if not self.args and message != "":  # an HTTPException that comes next keeps it elsewhere
            self.args: tuple[Any, ...] = (message,)
        if public is not None:
            self.public = public
        if details is not None:
            self.details = details
        if violations:
            self.violations = (violations,) if isinstance(violations, Violation) else tuple(violations)
        if retry_after is not None:
            self.retry_after = retry_after
        if context is not None:
            self.context = context

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        define(cls)
        own = vars(cls).keys()
        is_maybe_dataclass = not own.isdisjoint(ANNOTATED) and own.isdisjoint(("__init__", "__new__"))
        if is_maybe_dataclass and not is_built_in(cls):
            type.__setattr__(cls, "__new__", thawing(cls.__new__))  # it may be a frozen dataclass
        if cls.__str__ is KeyError.__str__:  # which quotes
            type.__setattr__(cls, "__str__", DomainError.__str__)  # nobody wrote the other one
        if isinstance(cls.__reduce__, MethodDescriptorType):  # that of an OSError, say, which calls __init__
            type.__setattr__(cls, "__reduce__", DomainError.__reduce__)

    def __str__(self) -> str:
        return Exception.__str__(self)  # not that of a KeyError, say, which may come next in the MRO

    def __reduce__(self) -> tuple[Any, ...]:
        # BaseException would call the subclass's __init__ with self.args, whatever its signature.
        return reduce(self)


class InvalidArgumentError(DomainError):
    """The request has a value that can never be right, whatever the state of the system."""

    category = Category.INVALID_ARGUMENT


class FailedPreconditionError(DomainError):
    """The system is not in a state that allows this; the client must change it first."""

    category = Category.FAILED_PRECONDITION


class UnauthenticatedError(DomainError):
    """Nobody has shown who is asking."""

    category = Category.UNAUTHENTICATED


class PermissionDeniedError(DomainError):
    """It is known who is asking, and they may not; the answer never says why."""

    category = Category.PERMISSION_DENIED


class NotFoundError(DomainError):
    """The thing that was asked for does not exist."""

    category = Category.NOT_FOUND


class AlreadyExistsError(DomainError):
    """The thing that was to be made is there."""

    category = Category.ALREADY_EXISTS


class AbortedError(DomainError):
    """Somebody else was faster; the same work may succeed when it is started again."""

    category = Category.ABORTED


class GoneError(DomainError):
    """The thing existed, and will not come back."""

    category = Category.GONE


class PayloadTooLargeError(DomainError):
    """What was sent is larger than what is taken."""

    category = Category.PAYLOAD_TOO_LARGE


class UnprocessableError(DomainError):
    """What was sent can be read, and makes no sense here."""

    category = Category.UNPROCESSABLE


class ValidationFailedError(UnprocessableError):
    """What was sent does not fit the schema; the violations say where.

    ``raise ValidationFailedError from exc`` takes them from marshmallow's or pydantic's error *exc*.
    """

    code = "validation_failed"
    title = "Validation failed"
    public: str | None = "The request does not fit the schema."


class ResourceExhaustedError(DomainError):
    """A quota or a rate is used up."""

    category = Category.RESOURCE_EXHAUSTED


class InternalError(DomainError):
    """Something that should not happen did; the client learns nothing of it."""

    category = Category.INTERNAL


class UnimplementedError(DomainError):
    """The operation is known, and not supported here."""

    category = Category.UNIMPLEMENTED


class BadGatewayError(DomainError):
    """A service that the app calls gave no usable answer."""

    category = Category.BAD_GATEWAY


class UnavailableError(DomainError):
    """A dependency is down, or the app takes no work at the moment."""

    category = Category.UNAVAILABLE


class DeadlineExceededError(DomainError):
    """The time ran out; the work may go on all the same."""

    category = Category.DEADLINE_EXCEEDED
    public: str | None = (
        "The deadline passed before the work was finished. It may still complete: "
        "retry with the same idempotency key."
    )


__all__ = [
    "AbortedError",
    "AlreadyExistsError",
    "BadGatewayError",
    "ConfigError",
    "DeadlineExceededError",
    "DomainError",
    "FailedPreconditionError",
    "GoneError",
    "InternalError",
    "InvalidArgumentError",
    "NotFoundError",
    "PayloadTooLargeError",
    "PermissionDeniedError",
    "ResourceExhaustedError",
    "UnauthenticatedError",
    "UnavailableError",
    "UnimplementedError",
    "UnprocessableError",
    "ValidationFailedError",
]
