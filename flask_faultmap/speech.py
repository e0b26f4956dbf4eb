"""Texts that may be lazy: spoken when an answer is made, in the language of its request."""

from collections import UserString
from collections.abc import Mapping, Sequence, Set
from enum import Enum
from numbers import Number
from typing import Any

# Their ``str`` is for a programmer, or tells what nobody meant to tell.
UNSPOKEN = (BaseException, Number, bytes, bytearray, memoryview, type, Mapping, Sequence, Set)


def speak(value: Any) -> str | None:
    """Give *value* as a plain text; None if it is no text, or cannot be spoken now.

    A lazy string is an object whose class defines ``__str__``: Babel's, Django's, speaklater's.
    """
    try:
        if isinstance(value, Enum):
            value = value.value
        if isinstance(value, str):
            return str.__str__(value)  # of a subclass too, whose methods may raise anything
        return str.__str__(str(value)) if is_lazy(value) else None
    except Exception:  # a border: a translation may raise anything, and the answer stands
        return None


def is_lazy(value: Any) -> bool:
    """Say whether *value* is no plain text, but an object that becomes one by ``str``."""
    if isinstance(value, str):
        return False
    if isinstance(value, UNSPOKEN) and not isinstance(value, UserString):
        return False
    cls: Any = type(value)
    return cls.__str__ is not object.__str__


def is_translation(value: Any) -> bool:
    """Say whether *value* is a lazy string of Babel or Flask-Babel, and so meant to be read."""
    return type(value).__module__.partition(".")[0] in ("babel", "flask_babel") and is_lazy(value)
