"""What one domain error says of itself; what one raise has set to nonsense does not count."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any, cast

from flask_faultmap.categories import Category
from flask_faultmap.errors import DomainError
from flask_faultmap.faults import Violation
from flask_faultmap.loggers import logger_named

logger: logging.Logger = logger_named("flask_faultmap")


def public_text(error: DomainError) -> str:
    """Give what a client may read of *error*: its public text, else its own if exposed, else the title.

    Texts become plain ones here: the methods of a subclass of ``str`` may raise anything.
    """
    public = error.public
    if public is None and error.expose:
        try:
            public = str(error)
        except Exception:  # a border: an app's own `__str__` may raise anything
            public = None
    if isinstance(public, str) and (text := str.__str__(public)):
        return text
    return word_of(error, "title")


def word_of(error: DomainError | type[DomainError], name: str) -> str:
    """Give the code or the title of *error*, or of a class of errors."""
    value = getattr(error, name)
    if isinstance(error, type):
        return cast("str", value)
    if isinstance(value, str) and (text := str.__str__(value)):
        return text
    return cast("str", getattr(type(error), name))


def category_of(error: DomainError | type[DomainError]) -> Category:
    """Give the category of *error*, or of a class of errors."""
    try:
        return Category(error.category)
    except ValueError:  # set on the instance; a class with a wrong one cannot be made
        return type(error).category  # type: ignore[union-attr]  # an instance, then


def violations_of(error: DomainError) -> tuple[Violation, ...]:
    """Give the violations of *error*; one may stand alone, and what is none is dropped and logged."""
    given: Any = error.violations
    several = tuple(given) if isinstance(given, Iterable) else (given,)
    kept = tuple(violation for violation in several if isinstance(violation, Violation))
    if len(kept) < len(several):
        logger.warning(
            "Dropped %d of the violations of a %s: each must be a Violation(message=…)",
            len(several) - len(kept),
            type(error).__name__,
        )
    return kept


def details_of(error: DomainError) -> dict[str, Any]:
    """Give the details of *error*; what has no names gets one, and what cannot be read is dropped."""
    given: Any = error.details
    try:
        if not given:
            return {}
        return dict(given) if isinstance(given, Mapping) else {"details": given}
    except Exception as exc:  # a border: the author's own mapping may raise anything
        logger.warning(
            "The details of %s were dropped: reading them raised %s", error.code, type(exc).__name__
        )
        return {}
