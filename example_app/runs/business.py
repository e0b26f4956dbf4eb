"""What goes wrong in Forest's agent: errors that may carry data, and are known by name too."""

from typing import Any

from flask_faultmap import errors

Data = dict[str, Any] | None


class BusinessError(errors.DomainError):
    """An error whose text and data are meant for the agent's users."""

    category = errors.UnprocessableError.category
    is_business_error = True

    def __init__(self, message: str = "", data: Data = None, name: str | None = None) -> None:
        told = {"name": name or type(self).__name__, "data": data}
        details = {key: value for key, value in told.items() if value is not None}
        super().__init__(message, public=message or None, details=details)


class ValidationError(BusinessError):
    """What was sent is wrong."""

    category = errors.InvalidArgumentError.category


class BadRequestError(BusinessError):
    """The request makes no sense."""

    category = errors.InvalidArgumentError.category


class UnauthorizedError(BusinessError):
    """Nobody has shown who is asking."""

    code = "business_unauthorized"
    category = errors.UnauthenticatedError.category


class ForbiddenError(BusinessError):
    """They may not."""

    category = errors.PermissionDeniedError.category


class NotFoundError(BusinessError):
    """It is not there."""

    category = errors.NotFoundError.category


class TooManyRequestsError(BusinessError):
    """They ask too often."""

    category = errors.ResourceExhaustedError.category


class InternalServerError(BusinessError):
    """The agent cannot go on, and may say why."""

    category = errors.InternalError.category


class UnprocessableError(BusinessError):
    """It can be read, and cannot be done."""


BY_NAME = {cls.__name__: cls for cls in BusinessError.__subclasses__()}


def from_another_copy(error: Exception) -> BusinessError | None:
    """Make our own error of one whose class was loaded twice; its name and its base's name tell what it is.

    None if it is no business error: a driver's error of the same name tells nobody anything.
    """
    if getattr(error, "is_business_error", False) is not True:
        return None
    names = [type(error).__name__, getattr(error, "base_business_error_name", None)]
    names += [cls.__name__ for cls in type(error).__mro__]
    cls = next((BY_NAME[name] for name in names if name in BY_NAME), BusinessError)
    data = getattr(error, "data", None)
    return cls(str(error), data if isinstance(data, dict) else None, name=type(error).__name__)
