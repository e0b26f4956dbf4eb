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

import logging
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, ClassVar

from flask_faultmap.categories import Category
from flask_faultmap.faults import Violation

NOTHING: Mapping[str, Any] = MappingProxyType({})
WORD_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class ConfigError(ValueError):
    """A setting, a rule or a profile is wrong; raised while an app is set up, never in a request."""


class DomainError(Exception):
    """A known failure of the domain; the base of all that the map answers.

    Args:
        message: the technical text: logged, and kept in ``args``.
        public: the text for the client, sent as it is.
        details: extra members for the client; what is not JSON is made so or dropped.
        violations: field errors; a single one may stand alone.
        retry_after: seconds after which a retry makes sense; rounded up, never negative.
        context: private data for the log and the signal.

    The class attributes may be set on an instance, for one raise.
    """

    category: Category = Category.UNCATEGORIZED
    code: str = "uncategorized"
    title: str = "Bad request"
    public: str | None = None
    expose: bool = True
    log_level: int | str | None = logging.WARNING
    retry_after: float | timedelta | None = None
    retryable: bool = False

    details: Mapping[str, Any] = NOTHING
    violations: tuple[Violation, ...] = ()
    context: Mapping[str, Any] = NOTHING

    _checked: ClassVar[tuple[str, ...]] = ("code", "title")

    def __init__(
        self,
        message: str = "",
        *,
        public: str | None = None,
        details: Mapping[str, Any] | None = None,
        violations: Iterable[Violation] | Violation = (),
        retry_after: float | timedelta | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
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
        if "code" not in cls.__dict__:
            cls.code = snake_case(cls.__name__)
        if isinstance(cls.category, str | bytes | int | float | None):
            cls.category = _category(cls)
        level, levels = cls.log_level, logging.getLevelNamesMapping()
        if isinstance(level, str) and not levels.get(level.upper()):
            allowed = ", ".join(sorted(name for name in levels if levels[name]))
            raise TypeError(f"{cls.__name__}.log_level is {level!r}; allowed: {allowed}, a number, None")
        for name in cls._checked:
            value = getattr(cls, name)
            if isinstance(value, str) and not value:
                raise TypeError(f"{cls.__name__}.{name} is empty; give it a text")
            if isinstance(value, bytes | int | float) or value is None:
                raise TypeError(f"{cls.__name__}.{name} is {value!r}; it must be a str")

    def __reduce__(self) -> tuple[Any, ...]:
        # BaseException would call the subclass's __init__ with self.args, whatever its signature.
        return _rebuild, (type(self), self.args), self.__dict__.copy()


def _rebuild(cls: type[DomainError], args: tuple[Any, ...]) -> DomainError:
    exc = cls.__new__(cls)
    exc.args = args
    return exc


def _category(cls: type[DomainError]) -> Category:
    try:
        return Category(cls.category)
    except ValueError:
        allowed = ", ".join(sorted(Category))
        raise TypeError(f"{cls.__name__}.category is {cls.category!r}; allowed: {allowed}") from None


def snake_case(name: str) -> str:
    """Make a code of a class name: ``VMNotFoundError`` is ``vm_not_found``."""
    stem = name.strip("_")
    if stem.endswith("Error") and stem != "Error":
        stem = stem.removesuffix("Error")
    return WORD_BORDER.sub("_", stem).lower()


class InvalidArgumentError(DomainError):
    """The request has a value that can never be right, whatever the state of the system."""

    category = Category.INVALID_ARGUMENT
    title = "Invalid argument"
    log_level: int | str | None = None


class FailedPreconditionError(DomainError):
    """The system is not in a state that allows this; the client must change it first."""

    category = Category.FAILED_PRECONDITION
    title = "Failed precondition"
    log_level: int | str | None = None


class UnauthenticatedError(DomainError):
    """Nobody has shown who is asking."""

    category = Category.UNAUTHENTICATED
    title = "Authentication required"
    expose = False
    log_level: int | str | None = None


class PermissionDeniedError(DomainError):
    """It is known who is asking, and they may not; the answer never says why."""

    category = Category.PERMISSION_DENIED
    title = "Permission denied"
    expose = False
    log_level: int | str | None = logging.WARNING


class NotFoundError(DomainError):
    """The thing that was asked for does not exist."""

    category = Category.NOT_FOUND
    title = "Not found"
    log_level: int | str | None = None


class AlreadyExistsError(DomainError):
    """The thing that was to be made is there."""

    category = Category.ALREADY_EXISTS
    title = "Already exists"
    log_level: int | str | None = None


class AbortedError(DomainError):
    """Somebody else was faster; the same work may succeed when it is started again."""

    category = Category.ABORTED
    title = "Aborted"
    log_level: int | str | None = None
    retryable = True


class GoneError(DomainError):
    """The thing existed, and will not come back."""

    category = Category.GONE
    title = "Gone"
    log_level: int | str | None = None


class PayloadTooLargeError(DomainError):
    """What was sent is larger than what is taken."""

    category = Category.PAYLOAD_TOO_LARGE
    title = "Payload too large"
    log_level: int | str | None = None


class UnprocessableError(DomainError):
    """What was sent can be read, and makes no sense here."""

    category = Category.UNPROCESSABLE
    title = "Unprocessable content"
    log_level: int | str | None = None


class ResourceExhaustedError(DomainError):
    """A quota or a rate is used up."""

    category = Category.RESOURCE_EXHAUSTED
    title = "Resource exhausted"
    log_level: int | str | None = None
    retryable = True


class InternalError(DomainError):
    """Something that should not happen did; the client learns nothing of it."""

    category = Category.INTERNAL
    title = "Internal server error"
    expose = False
    log_level: int | str | None = logging.ERROR


class UnimplementedError(DomainError):
    """The operation is known, and not supported here."""

    category = Category.UNIMPLEMENTED
    title = "Not implemented"
    log_level: int | str | None = None


class BadGatewayError(DomainError):
    """A service that the app calls gave no usable answer."""

    category = Category.BAD_GATEWAY
    title = "Bad gateway"
    expose = False
    log_level: int | str | None = logging.ERROR
    retryable = True


class UnavailableError(DomainError):
    """A dependency is down, or the app takes no work at the moment."""

    category = Category.UNAVAILABLE
    title = "Service unavailable"
    expose = False
    log_level: int | str | None = logging.ERROR
    retryable = True


class DeadlineExceededError(DomainError):
    """The time ran out; the work may go on all the same."""

    category = Category.DEADLINE_EXCEEDED
    title = "Deadline exceeded"
    public: str | None = (
        "The deadline passed before the work was finished. It may still complete: "
        "retry with the same idempotency key."
    )
    expose = False
    log_level: int | str | None = logging.ERROR
    retryable = True


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
]
