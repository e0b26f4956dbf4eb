"""What a view promises to raise: the mark of ``@raises`` on a function, a method or a class of views."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask_faultmap.errors import DomainError
from flask_faultmap.profiles.profile import is_error_status

MARK = "_faultmap_raises"

View = TypeVar("View", bound=Callable[..., Any])


def raises(*errors: type[DomainError] | int) -> Callable[[View], View]:
    """Say which *errors* a view answers with; it needs no app, and costs nothing at a request.

    Above a class of views it counts for each of its methods. Several of them add up.
    :func:`flask_faultmap.openapi.complete` documents them, and
    :func:`flask_faultmap.testing.assert_documented` holds the view to them.

    Args:
        errors: classes of domain errors, and statuses of errors of HTTP itself (401, 415, …).

    Raises:
        TypeError: one of *errors* is neither.
    """
    for error in errors:
        check_error(error)

    def mark(view: View) -> View:
        setattr(view, MARK, (*errors, *getattr(view, MARK, ())))
        return view

    return mark


def raised_by(view: Any, method: str) -> tuple[type[DomainError] | int, ...]:
    """Give what *view* promises to raise when it is asked by *method*."""
    return tuple(
        dict.fromkeys(error for part in parts_of_view(view, method) for error in getattr(part, MARK, ()))
    )


def parts_of_view(view: Any, method: str) -> tuple[Any, ...]:
    """Give *view*, and what it hands *method* to where it is a class of views."""
    cls = getattr(view, "view_class", None)
    if cls is None:
        return (view,)
    name = "get" if method == "HEAD" and not hasattr(cls, "head") else method.lower()
    return (view, cls, getattr(cls, name, None))


def check_error(error: object) -> None:
    """Refuse what is neither a class of domain errors nor the status of an error."""
    if not (isinstance(error, type) and issubclass(error, DomainError)) and not is_error_status(error):
        raise TypeError(f"{error!r} is neither a subclass of DomainError nor a status from 400 to 599")
