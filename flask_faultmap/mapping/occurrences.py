"""What one domain error says of itself; what one raise has set to nonsense does not count."""

import logging
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from flask_faultmap.categories import TRAITS, Category
from flask_faultmap.defining import code_text, follow, is_built_in, words_of
from flask_faultmap.errors import DomainError
from flask_faultmap.faults import Kind, Violation
from flask_faultmap.loggers import logger_named
from flask_faultmap.profiles.encoding import plain_details
from flask_faultmap.speech import speak
from flask_faultmap.texts import spoken

logger: logging.Logger = logger_named("flask_faultmap")

MAX_TITLE = 256  # characters
VIOLATIONS = frozenset({Violation})


def public_text(error: DomainError, kind: Kind) -> str:
    """Give what a client may read of *error*: its public text, else its own if exposed, else a title.

    Texts become plain ones here: the methods of a subclass of ``str`` may raise anything.
    """
    return told_text(error, kind) or title_text(error, kind)


def told_text(error: DomainError, kind: Kind) -> str | None:
    """Give the text that *error* itself has for a client, if it has one."""
    public = error.public
    if public is not None:
        return public if type(public) is str else speak(public)
    return speak_message(error) if is_exposed(error, kind.original_status) else None


def has_own_text(error: DomainError, kind: Kind) -> bool:
    """Say whether the raise or a class of the app gives a text; a profile may word the rest."""
    if error.__dict__.get("public") is not None:
        return True
    home = next(cls for cls in type(error).__mro__ if "public" in vars(cls))
    if vars(home)["public"] is not None:  # it is sent in place of a message
        return not is_built_in(home)
    return is_exposed(error, kind.original_status) and speak_message(error) is not None


def title_text(error: DomainError, kind: Kind) -> str:
    """Give the title as a text: one that is made of a code would tell what is not exposed."""
    if "title" in error.__dict__ or error._has_own_title or is_exposed(error, kind.original_status):
        return kind.title
    return TRAITS[kind.category].title


def is_exposed(error: DomainError, status: int) -> bool:
    """Say whether a client may read the message of *error*, which is answered by *status*.

    What follows from the category never shows the text of a 401, a 403 or a failure of the server.
    """
    own = error.__dict__
    if "category" in own and "expose" not in own:
        return bool(trait_of(error, "expose")) and not is_hiding(status)
    if "expose" in own or "expose" not in type(error)._by_category:
        return bool(error.expose)
    return bool(error.expose) and not is_hiding(status)


def is_hiding(status: int) -> bool:
    """Say whether the text of an error may tell too much in an answer of *status*."""
    return status in (401, 403) or (status >= 500 and status != 501)


def trait_of(error: DomainError, name: str) -> Any:
    """Give one of ``FOLLOWING``: what the raise says, else its own category, else the class."""
    own = error.__dict__
    if name not in own and "category" in own and category_of(error) == own["category"]:
        return follow(error, name)
    return getattr(error, name)


def speak_message(error: DomainError) -> str | None:
    """Give ``str(error)``; None if it is empty or fails."""
    if type(error).__str__ is DomainError.__str__ and len(error.args) == 1:
        message = error.args[0]
        if type(message) is str:  # what nearly always happens, and needs no call of Python
            return message or None
    return spoken(error) or None


def code_of(error: DomainError | type[DomainError]) -> str:
    """Give the code of *error*, or of a class of errors; a member of an enum counts by its value."""
    cls = error if isinstance(error, type) else type(error)
    # What is set on the instance, and is no slug, does not count.
    return code_text(error.code) or code_text(cls.code) or DomainError.code


def title_of(error: DomainError, status: int) -> str:
    """Give the title of *error*, in the language of its request if it is a lazy string.

    A translation that fails gives way to the code in words, or to less in an answer that tells little.
    """
    own, cls = error.__dict__, type(error)
    if "title" in own or not ("code" in own or "category" in own):
        spoken = _line(speak(error.title)) or speak(cls.title)
        if spoken or not is_exposed(error, status):
            return spoken or TRAITS[category_of(error)].title
    elif "category" in own and is_built_in(cls) and "title" not in cls._stated:
        return TRAITS[category_of(error)].title
    elif error._has_own_title and (spoken := speak(error.title)):
        return spoken
    return words_of(code_of(error))


def _line(text: str | None) -> str | None:
    """Give a title of one raise, which may come from a request, if it is one printable line."""
    return text if text and len(text) <= MAX_TITLE and text.isprintable() else None


def has_lazy_title(cls: type[DomainError]) -> bool:
    """Say whether each answer has a title of its own, since it has a language of its own."""
    return not isinstance(cls.title, str)


def category_of(error: DomainError | type[DomainError]) -> Category:
    """Give the category of *error*, or of a class of errors."""
    try:
        category: Any = error.category
        return Category(category.value if isinstance(category, Enum) else category)
    except ValueError:  # set on the instance; a class with a wrong one cannot be made
        return type(error).category  # type: ignore[union-attr]  # an instance, then


def violations_of(error: DomainError) -> tuple[Violation, ...]:
    """Give the violations of *error*; one may stand alone, and what is none is dropped and logged."""
    given: Any = error.violations
    if type(given) is tuple and VIOLATIONS.issuperset(map(type, given)):
        return given
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
    """Give the details of *error* as plain JSON, within the budget; what has no names gets one."""
    given: Any = error.details
    if isinstance(given, Mapping):
        return plain_details(given)
    plain = plain_details({"details": given})
    return plain if plain.get("details") else {}
