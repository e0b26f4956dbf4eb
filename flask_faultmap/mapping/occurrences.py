"""What one domain error says of itself; what one raise has set to nonsense does not count."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from inspect import getattr_static
from numbers import Number
from typing import Any

from flask_faultmap.categories import TRAITS, Category
from flask_faultmap.defining import (
    category_named,
    code_text,
    follow,
    is_built_in,
    is_descriptor,
    words_of,
)
from flask_faultmap.errors import DomainError
from flask_faultmap.faults import Kind, Violation
from flask_faultmap.loggers import logger_named
from flask_faultmap.profiles.encoding import plain_details
from flask_faultmap.speech import is_lazy, speak
from flask_faultmap.texts import spoken

logger: logging.Logger = logger_named("flask_faultmap")

MAX_TITLE = 256  # characters
TEXTS_OF_THEIR_OWN = (str, Number, BaseException)
OF_CLASS = ("category", "code", "title", "log_level", "retryable")  # what one kind has, as a class has it


def public_text(error: DomainError, kind: Kind) -> str:
    """Give what a client may read of *error*: its public text, else its own if exposed, else a title.

    Texts become plain ones here: the methods of a subclass of ``str`` may raise anything.
    """
    public = error.public
    if public is not None:
        own = public if type(public) is str else speak(public)
    else:
        own = speak_message(error) if is_exposed(error, kind.original_status, kind.status) else None
    return own or title_text(error, kind)


def has_own_text(error: DomainError, kind: Kind) -> bool:
    """Say whether the raise or a class of the app gives a text; a profile may word the rest."""
    if error.__dict__.get("public") is not None:
        return True
    home = next(cls for cls in type(error).__mro__ if "public" in vars(cls))
    if vars(home)["public"] is not None:  # it is sent in place of a message
        return not is_built_in(home)
    return is_exposed(error, kind.original_status, kind.status) and speak_message(error) is not None


def title_text(error: DomainError, kind: Kind) -> str:
    """Give the title as a text: one that is made of a code would tell what is not exposed."""
    if "title" in error.__dict__ or error._has_own_title:
        return kind.title
    if is_exposed(error, kind.original_status, kind.status):
        return kind.title
    return TRAITS[kind.category].title


def is_exposed(error: DomainError, status: int, sent: int | None = None) -> bool:
    """Say whether a client may read the message of *error*, which is answered by *status*.

    What follows from the category never shows the text of a 401, a 403 or a failure of the server, whether
    that is the status before collapsing or the one that is *sent*.
    """
    own = error.__dict__
    if "category" in own and "expose" not in own:
        may = trait_of(error, "expose") is True
    else:
        may = error.expose is True  # a text is true, "no" too
        if "expose" in own or "expose" not in type(error)._by_category:
            return may
    return may and not (is_hiding(status) or (sent is not None and sent != status and is_hiding(sent)))


def is_hiding(status: int) -> bool:
    """Say whether the text of an error may tell too much in an answer of *status*."""
    return status in (401, 403) or (status >= 500 and status != 501)


def trait_of(error: DomainError, name: str) -> Any:
    """Give one of ``FOLLOWING``: what the raise says, else its own category, else the class."""
    own = error.__dict__
    if name not in own and "category" in own and category_named(own["category"]) is not None:
        return follow(error, name)
    return getattr(error, name)


def speak_message(error: DomainError) -> str | None:
    """Give ``str(error)``; None if it is empty or fails.

    What Python writes of several arguments (those of a dataclass, say) or of any object is for programmers.
    """
    if type(error).__str__ is DomainError.__str__:
        message = error.args[0] if len(error.args) == 1 else None
        if type(message) is str:  # what nearly always happens, and needs no call of Python
            return message or None
        if not (isinstance(message, TEXTS_OF_THEIR_OWN) or is_lazy(message)):
            return None
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
        spoken = _take_line(speak(error.title)) or speak(cls.title)
        if spoken or not is_exposed(error, status):
            return spoken or TRAITS[category_of(error)].title
    elif "category" in own and is_built_in(cls) and "title" not in cls._stated:
        return TRAITS[category_of(error)].title
    elif error._has_own_title and (spoken := speak(error.title)):
        return spoken
    return words_of(code_of(error))


def _take_line(text: str | None) -> str | None:
    """Give a title of one raise, which may come from a request, if it is one printable line."""
    return text if text and len(text) <= MAX_TITLE and text.isprintable() else None


def differs(cls: type[DomainError]) -> bool:
    """Say whether each error of *cls* may be of a kind of its own.

    Its title is lazy, and has the language of its answer; or only an instance knows what the kind is made
    of: it is a property, a slot, or follows from another attribute.
    """
    if not isinstance(cls.title, str) or cls.__getattribute__ is not DomainError.__getattribute__:
        return True
    return any(is_descriptor(getattr_static(cls, name)) for name in OF_CLASS)


def category_of(error: DomainError | type[DomainError]) -> Category:
    """Give the category of *error*, or of a class of errors."""
    known = category_named(error.category)
    if known is None:  # set on the instance; a class with a wrong one cannot be made
        cls = error if isinstance(error, type) else type(error)
        known = category_named(cls.category)
    return known or Category.INTERNAL  # a property that gives none


def violations_of(error: DomainError) -> tuple[Violation, ...]:
    """Give the violations of *error*; one may stand alone, and what is none is dropped and logged."""
    given: Any = error.violations
    if type(given) is tuple:
        for violation in given:
            if type(violation) is not Violation or type(violation.message) is not str:
                break
        else:  # nearly always
            return given
    several = tuple(given) if isinstance(given, Iterable) else (given,)
    kept = tuple(violation for violation in several if isinstance(violation, Violation))
    if len(kept) < len(several):
        logger.warning(
            "Dropped %d of the violations of a %s: each must be a Violation(message=…)",
            len(several) - len(kept),
            type(error).__name__,
        )
    return tuple(map(_speak_violation, kept))


def _speak_violation(violation: Violation) -> Violation:
    """Give *violation* with a plain text; one that cannot be spoken gives way to its code in words."""
    message = speak(violation.message) or words_of(code_text(violation.code) or "invalid")
    return violation if violation.message is message else replace(violation, message=message)


def details_of(error: DomainError) -> dict[str, Any]:
    """Give the details of *error* as plain JSON, within the budget; what has no names gets one."""
    given: Any = error.details
    if isinstance(given, Mapping):
        return plain_details(given)
    plain = plain_details({"details": given})
    return plain if plain.get("details") else {}
