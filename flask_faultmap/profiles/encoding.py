"""How anything becomes JSON bytes: compact, UTF-8, and without a way to fail."""

import json
import logging
import math
from collections.abc import Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from flask_faultmap.loggers import logger_named
from flask_faultmap.speech import is_translation

logger: logging.Logger = logger_named("flask_faultmap")

MAX_DEPTH = 64
SPOKEN_AS_TEXT = (date, time, timedelta, Decimal, UUID, PurePath)  # datetime is a date


def encode(value: Any) -> bytes:
    """Encode what :func:`jsonable` returned, or anything made of plain JSON values."""
    return to_bytes(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


def to_bytes(text: str) -> bytes:
    """Encode *text* as UTF-8; a lone surrogate, which UTF-8 cannot hold, becomes U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def jsonable(value: Any) -> Any:
    """Make plain JSON of *value*; what cannot be made so is dropped, and logged by its place and class.

    Sets become lists, bytes text, NaN and infinities null, keys strings; dates, numbers of
    :mod:`decimal`, UUIDs and paths are spoken as text, enum members by their value. An object that
    is none of these is dropped, since its ``repr`` may tell private things; so is a cycle.
    """
    kept, plain = _Plain().convert(value, "details", ())
    return plain if kept else None


class _Plain:
    """One walk through one value."""

    def convert(self, value: Any, place: str, parents: tuple[int, ...]) -> tuple[bool, Any]:
        """Say whether *value* can be kept, and what it is in JSON."""
        try:
            return self._convert(value, place, parents)
        except Exception as exc:  # a border: the value's own methods may raise anything
            return self._dropped(value, place, f"raised {type(exc).__name__}")

    def _convert(self, value: Any, place: str, parents: tuple[int, ...]) -> tuple[bool, Any]:
        if value is None or isinstance(value, bool):
            return True, value
        if isinstance(value, Enum):
            return self.convert(value.value, place, parents)
        if isinstance(value, int | float | str | bytes | bytearray):
            return True, _scalar(value)
        if isinstance(value, SPOKEN_AS_TEXT):
            return True, str(value)
        if is_translation(value):
            return True, _scalar(str(value))
        if not isinstance(value, Mapping | list | tuple | set | frozenset):
            return self._dropped(value, place, "is not JSON")
        if id(value) in parents or len(parents) >= MAX_DEPTH:
            return self._dropped(value, place, "is a cycle or too deep")
        if isinstance(value, Mapping):
            return True, self._members(value, place, (*parents, id(value)))
        return True, self._items(value, place, (*parents, id(value)))

    def _members(self, value: Mapping[Any, Any], place: str, parents: tuple[int, ...]) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for key, member in value.items():
            name_kept, name = self.convert(key, f"a key of {place}", parents)
            if not name_kept:
                continue
            if isinstance(name, list | dict):
                self._dropped(key, f"a key of {place}", "is no name")
                continue
            name = name if isinstance(name, str) else json.dumps(name)
            kept, plain = self.convert(member, f"{place}.{name}", parents)
            if kept:
                members.setdefault(name, plain)
        return members

    def _items(self, value: Any, place: str, parents: tuple[int, ...]) -> list[Any]:
        items = [self.convert(item, f"{place}[{at}]", parents) for at, item in enumerate(value)]
        return [plain for kept, plain in items if kept]

    def _dropped(self, value: object, place: str, why: str) -> tuple[bool, Any]:
        logger.warning("%r was dropped from an error's answer: a %s %s", place, type(value).__name__, why)
        return False, None


def _scalar(value: int | float | str | bytes | bytearray) -> Any:
    """The value as json.dumps can say it; also of subclasses with methods of their own."""
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, float):
        return float.__pos__(value) if math.isfinite(value) else None
    plain = int.__pos__(value)
    str(plain)  # an int of more than 4,300 digits cannot be said: ValueError
    return plain
