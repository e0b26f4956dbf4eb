"""What the definition of an error class says: checked when the class is made, and read place by place.

The classes of the MRO are the places; a mixin is one too. What follows from the category is decided by the
nearest place that sets the attribute itself, or sets the category.
"""

import logging
import re
from collections.abc import Callable, Iterator
from enum import Enum
from itertools import takewhile
from typing import Any, TypeGuard

from flask_faultmap.categories import TRAITS, Category
from flask_faultmap.near_miss import near_miss
from flask_faultmap.speech import is_lazy

OURS = "flask_faultmap."  # what the name of a module of ours begins with
FOLLOWING = ("expose", "log_level", "retryable")  # from the category
STATED = ("category", "title", *FOLLOWING)

SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
WORD_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def define(cls: Any) -> None:
    """Check what *cls* says, and set what follows from it.

    Raises:
        TypeError: the class cannot be answered; the text says what to change.
    """
    # A class that a decorator copies for its slots brings what was read of the first one.
    stated = cls.__dict__.get("_stated") or {
        name: cls.__dict__[name] for name in STATED if name in cls.__dict__
    }
    has_own_code = "code" in cls.__dict__
    if not has_own_code:
        cls.code = snake_case(cls.__name__)
    if isinstance(cls.category, str | bytes | int | float | Enum | None):
        category = _read_category(cls)
        if cls.category is not category:
            cls.category = category
    if "category" in stated:
        stated["category"] = cls.category
    cls._stated = stated
    mistakes = [
        *_check_code(cls, is_stated=has_own_code),
        *_check_text(cls),
        *_check_flags(cls),
        *_check_level(cls),
        *_check_http(cls),
    ]
    if mistakes:
        raise TypeError("; ".join(mistakes))
    cls._by_category = frozenset(name for name in FOLLOWING if _follows(cls, name))
    for name in FOLLOWING:
        if name not in stated:
            setattr(cls, name, _decide(cls, name))
    cls._has_own_title = _set_title(cls, stated)


class Following:
    """An attribute that follows from others until it is set: *read* is asked with the error, or its class."""

    def __init__(self, read: Callable[[Any], Any]) -> None:
        self.read: Callable[[Any], Any] = read

    def __get__(self, error: Any, owner: type) -> Any:
        return self.read(owner if error is None else error)


def is_built_in(cls: type) -> bool:
    """Say whether *cls* is one of ours."""
    return cls.__module__.startswith(OURS)


def code_text(value: object) -> str | None:
    """Give the code that *value* spells, a member of an enum by its value; None if it is no slug."""
    if isinstance(value, Enum):
        value = value.value
    return str.__str__(value) if isinstance(value, str) and SLUG.fullmatch(value) else None


def category_named(value: object) -> Category | None:
    """Give the category that *value* spells, a member of an enum by its value; None if it is none."""
    word: Any = value.value if isinstance(value, Enum) else value
    try:
        return Category(word)
    except ValueError:
        return None


def is_descriptor(value: object) -> bool:
    """Say whether an attribute of a class has a value on its instances only: a property, a slot."""
    return hasattr(type(value), "__get__")


def snake_case(name: str) -> str:
    """Make a code of a class name: ``VMNotFoundError`` is ``vm_not_found``."""
    stem = name.strip("_")
    if stem.endswith("Error") and stem != "Error":
        stem = stem.removesuffix("Error")
    return WORD_BORDER.sub("_", stem).lower()


def words_of(code: str) -> str:
    """Make a title of a code: ``out_of_stock`` is "Out of stock"."""
    text = " ".join(re.split(r"[_.:-]+", code)).strip() or code
    text = text.lower() if text.isupper() else text
    return text[0].upper() + text[1:]


def _list_places(cls: type) -> Iterator[tuple[type, Any]]:
    for place in cls.__mro__:
        yield place, place.__dict__.get("_stated", place.__dict__)


def _find_nearest(cls: type, name: str) -> Any:
    """Give the place that decides about *name*: what it states."""
    return next(stated for _, stated in _list_places(cls) if name in stated or "category" in stated)


def _follows(cls: type, name: str) -> bool:
    return name not in _find_nearest(cls, name)


def _decide(cls: Any, name: str) -> Any:
    stated = _find_nearest(cls, name)
    if name in stated:
        return stated[name]
    if name in cls._below:
        return cls._below[name]
    category = stated["category"]
    if not isinstance(category, Category):  # a property, which only an instance can ask
        return Following(lambda error: follow(error, name))
    return _look_up(cls, name, category)


def follow(error: Any, name: str) -> Any:
    """Give what *name* is by the category of *error* (or of a class), where its class does not tell."""
    cls: Any = error if isinstance(error, type) else type(error)
    if name in cls._below:
        return cls._below[name].read(error)
    try:
        category = category_named(error.category)
    except Exception:  # a border: a property of the app's may raise anything
        category = None
    return _look_up(cls, name, category or Category.INTERNAL)


def _look_up(cls: type, name: str, category: Category) -> Any:
    value = getattr(TRAITS[category], name)
    if name == "expose" and value:
        said = (
            stated["expose"]
            for place, stated in _list_places(cls)
            if "expose" in stated and not is_built_in(place)
        )
        return next(said, True) is not False
    return value


def _set_title(cls: Any, stated: Any) -> bool:
    """Set the title of a class that states none; say whether it is stated, and not made of the code."""
    if "title" in stated:
        return True
    for place, said in _list_places(cls):
        if "title" in said and (is_built_in(cls) or not is_built_in(place)):
            cls.title = said["title"]
            return True
    if is_built_in(cls):
        cls.title = TRAITS[cls.category].title
        return True
    code = code_text(cls.code)
    cls.title = TRAITS[Category.UNCATEGORIZED].title if code is None else words_of(code)
    return False


def _read_category(cls: Any) -> Category:
    category = category_named(cls.category)
    if category is None:
        allowed = ", ".join(sorted(Category))
        miss = near_miss(cls.category, Category) if isinstance(cls.category, str) else ""
        raise TypeError(f"{cls.__name__}.category is {cls.category!r}; allowed: {allowed}{miss}")
    return category


def _check_code(cls: Any, *, is_stated: bool) -> Iterator[str]:
    value = cls.code.value if isinstance(cls.code, Enum) else cls.code
    if is_descriptor(value):
        return
    allowed = (
        "a code has up to 64 letters, digits and _ . : - (ASCII), and begins with a letter or a digit, "
        "such as 'out_of_stock'"
    )
    if not isinstance(value, str):
        yield f"{cls.__name__}.code is {value!r}; it must be a str: {allowed}{_hint_at_status(value)}"
    elif is_stated and not value:
        yield f"{cls.__name__}.code is empty; give it a text"
    elif code_text(value) is None:
        made = "" if is_stated else " (made of the name of the class, which needs a code of its own)"
        yield f"{cls.__name__}.code is {str.__str__(value)!r}{made}; {allowed}"


def _hint_at_status(value: object) -> str:
    return f". A status is a setting: FAULTMAP_STATUSES = {{code: {int(value)}}}" if _is_status(value) else ""


def _is_status(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 599


def _check_text(cls: Any) -> Iterator[str]:
    value = getattr(cls, "title", None) if "title" in cls._stated else ""
    if "title" not in cls._stated or is_descriptor(value):
        return
    if isinstance(value, str) and not value:
        yield f"{cls.__name__}.title is empty; give it a text"
    elif not isinstance(value, str) and not is_lazy(value):
        yield f"{cls.__name__}.title is {value!r}; it must be a str or a lazy string"


def _check_flags(cls: Any) -> Iterator[str]:
    """A text is true, "no" too: it would show what was to be hidden."""
    for name in ("expose", "retryable"):
        value = cls._stated.get(name, False)
        if not isinstance(value, bool) and not is_descriptor(value):
            yield f"{cls.__name__}.{name} is {value!r}; it must be True or False"


def _check_level(cls: Any) -> Iterator[str]:
    level, levels = cls._stated.get("log_level"), logging.getLevelNamesMapping()
    if isinstance(level, str):
        is_level = bool(levels.get(level.upper()))
    else:
        is_level = level is None or (isinstance(level, int) and not isinstance(level, bool))
    if not is_level and not is_descriptor(level):
        allowed = ", ".join(sorted(name for name in levels if levels[name]))
        yield f"{cls.__name__}.log_level is {level!r}; allowed: {allowed}, a number, None"


def _check_http(cls: Any) -> Iterator[str]:
    """A class of the domain knows no HTTP; a word that looks like it would be silently without effect."""
    if is_built_in(cls):
        return
    first = takewhile(lambda place: "_stated" not in vars(place), cls.__mro__[1:])
    # The code, the text and the __init__ of an HTTP error would stand in place of ours.
    if any(place.__module__.startswith("werkzeug.") for place in first):
        base = cls.__mro__[1].__name__
        yield f"{cls.__name__} has the base {base}, an HTTP error, first; put the domain error before it"
    own = [place.__dict__ for place in cls.__mro__ if place is cls or not issubclass(place, BaseException)]
    status = next((place["status"] for place in own if "status" in place), None)
    if _is_status(status):
        setting = {code_text(cls.code) or cls.__name__: int(status)}
        yield (
            f"{cls.__name__}.status is {int(status)}; a domain error has a category, and its status is a "
            f"setting: FAULTMAP_STATUSES = {setting}"
        )
    uri = next((place["type"] for place in own if "type" in place), None)
    if isinstance(uri, str) and URI.fullmatch(uri):
        yield (
            f"{cls.__name__}.type is {str.__str__(uri)!r}; a problem type is a setting: FAULTMAP_TYPE_BASE "
            "and the code of the class (as its status is one of FAULTMAP_STATUSES)"
        )
