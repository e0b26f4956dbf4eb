"""How anything becomes JSON bytes: compact, UTF-8, within a budget, and without a way to fail."""

import json
import logging
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]  # of C
from pathlib import PurePath
from typing import Any
from uuid import UUID

from flask_faultmap.loggers import logger_named
from flask_faultmap.speech import is_translation

logger: logging.Logger = logger_named("flask_faultmap")

DETAILS_DEPTH = 64  # containers in containers, in the details of one error
MAX_DEPTH = 100  # in a whole body
MAX_NODES = 10_000  # values and keys in the details of one error
MAX_TEXT = 262_144  # characters in them, digits included
MAX_TOLD = 10  # log records about what one value lost
MAX_PLACE = 200  # characters of a place in them
PLAIN = frozenset({type(None), bool, int, float})
SPOKEN_AS_TEXT = (date, time, timedelta, Decimal, UUID, PurePath)  # datetime is a date

encode_text: Callable[[str], str] = encode_basestring  # a str as JSON text, not escaped to ASCII


def make_to_json() -> Callable[[Any], str]:
    """Make what writes plain JSON: made by :func:`jsonable`, or of plain JSON values.

    ``JSONEncoder.encode`` makes Python's encoder in C anew for each value, which costs as much as its work.
    """
    encoder = json.JSONEncoder(
        ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False
    )
    if c_make_encoder is None:  # an interpreter without it
        return encoder.encode
    made = c_make_encoder(None, encoder.default, encode_text, None, ":", ",", False, False, False)
    return lambda value: "".join(made(value, 0))


to_json: Callable[[Any], str] = make_to_json()


def encode(value: Any) -> bytes:
    """Encode what :func:`jsonable` returned, or anything made of plain JSON values."""
    return to_bytes(to_json(value))


def to_bytes(text: str) -> bytes:
    """Encode *text* as UTF-8; a lone surrogate, which UTF-8 cannot hold, becomes U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def plain_details(details: Mapping[Any, Any]) -> dict[str, Any]:
    """Make plain JSON of the details of one error, within the budget, as a copy of its own."""
    try:
        return _copy(details, [MAX_NODES - 1, MAX_TEXT], 0)  # type: ignore[no-any-return]  # of a dict
    except Exception:  # what is not plain, or changes while it is read, is looked at with care
        kept, plain = _Walk(depth=DETAILS_DEPTH, nodes=MAX_NODES, text=MAX_TEXT).convert(details)
        return plain if kept else {}


def jsonable(value: Any, around: int = 0) -> Any:
    """Make plain JSON of *value*; what cannot be made so is dropped, and logged by its place and class.

    Sets become lists, bytes text, NaN and infinities null, keys strings; dates, numbers of
    :mod:`decimal`, UUIDs and paths are spoken as text, enum members by their value. An object that
    is none of these is dropped, since its ``repr`` may tell private things; so is a cycle, and what
    lies too deep; *around* containers stand around the value already.
    """
    kept, plain = _Walk(depth=MAX_DEPTH - around).convert(value)
    return plain if kept else None


NOT: tuple[bool, Any] = (False, None)


class _NotPlainError(Exception):
    """The value needs the careful walk."""


def _copy(value: Any, left: list[int], level: int) -> Any:
    """Copy what is plain JSON to the last value, by exact types; *left* are the nodes and characters.

    The container around a text counts it: a call for each would cost more than all the rest.
    """
    cls = type(value)
    if cls is dict:
        _count(left, level, 2 * len(value))
        copied: Any = {}
        for name, member in value.items():
            if type(name) is not str:
                raise _NotPlainError
            left[1] -= len(name)
            if type(member) is str:
                left[1] -= len(member)
                copied[name] = member
            else:
                copied[name] = _copy(member, left, level + 1)
        value = copied
    elif cls is list or cls is tuple:
        _count(left, level, len(value))
        copied = []
        for item in value:
            if type(item) is str:
                left[1] -= len(item)
                copied.append(item)
            else:
                copied.append(_copy(item, left, level + 1))
        value = copied
    elif (
        (cls is float and not math.isfinite(value))
        or cls not in PLAIN
        or (cls is int and not -(2**63) <= value < 2**63)
    ):
        raise _NotPlainError
    if left[1] < 0:
        raise _NotPlainError
    return value


def _count(left: list[int], level: int, nodes: int) -> None:
    left[0] -= nodes
    if left[0] < 0 or level >= DETAILS_DEPTH:
        raise _NotPlainError


class _Walk:
    """One walk through one value, for what is not plain JSON or over the budget."""

    def __init__(self, *, depth: int, nodes: float = math.inf, text: float = math.inf) -> None:
        self._depth = depth
        self._nodes = nodes
        self._text = text
        self._open: list[int] = []  # the containers around the value
        self._steps: list[str] = ["details"]  # the way to it
        self._told = 0

    def convert(self, value: Any) -> tuple[bool, Any]:
        """Say whether *value* can be kept, and what it is in JSON."""
        opened, steps = len(self._open), len(self._steps)
        try:
            return self._convert(value)
        except Exception as exc:  # a border: the value's own methods may raise anything
            del self._open[opened:], self._steps[steps:]
            return self._drop(value, f"raised {type(exc).__name__}")

    def _convert(self, value: Any) -> tuple[bool, Any]:
        if isinstance(value, Enum):
            return self.convert(value.value)
        self._nodes -= 1
        if self._nodes < 0:
            return self._drop(value, f"is over the limit of {MAX_NODES} values") if self._nodes == -1 else NOT
        if value is None or isinstance(value, bool):
            return True, value
        if isinstance(value, int | float | str | bytes | bytearray):
            return self._convert_scalar(value)
        if isinstance(value, SPOKEN_AS_TEXT):
            return self._spend(value, str(value))
        if is_translation(value):
            return self._spend(value, str.__str__(str(value)))
        if not isinstance(value, Mapping | list | tuple | set | frozenset):
            return self._drop(value, "is not JSON")
        if id(value) in self._open or len(self._open) >= self._depth:
            return self._drop(value, "is a cycle or too deep")
        self._open.append(id(value))
        kept = self._convert_members(value) if isinstance(value, Mapping) else self._convert_items(value)
        self._open.pop()
        return True, kept

    def _convert_scalar(self, value: int | float | str | bytes | bytearray) -> tuple[bool, Any]:
        """Give the value as JSON can say it; also of subclasses with methods of their own."""
        if isinstance(value, float):
            return True, float.__pos__(value) if math.isfinite(value) else None
        if isinstance(value, int):
            plain = int.__pos__(value)
            kept, _ = self._spend(value, str(plain))  # of more than 4,300 digits: ValueError
            return kept, plain if kept else None
        if isinstance(value, str):
            return self._spend(value, str.__str__(value))
        return self._spend(value, bytes(value).decode("utf-8", "replace"))

    def _spend(self, value: object, text: str) -> tuple[bool, Any]:
        if len(text) > self._text:
            return self._drop(value, f"is over the limit of {MAX_TEXT} characters")
        self._text -= len(text)
        return True, text

    def _convert_members(self, value: Mapping[Any, Any]) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for key, member in value.items():
            name = self._convert_name(key)
            if name is not None:
                self._steps.append(f".{name[:MAX_PLACE]}")
                kept, plain = self.convert(member)
                self._steps.pop()
                if kept:
                    members.setdefault(name, plain)
            if self._nodes < 0:
                break
        return members

    def _convert_name(self, key: object) -> str | None:
        """Give *key* as a name; None if it is none."""
        self._steps.insert(0, "a key of ")
        kept, name = self.convert(key)
        if kept and isinstance(name, list | dict):
            kept, _ = self._drop(key, "is no name")
        del self._steps[0]
        if not kept:
            return None
        return name if isinstance(name, str) else to_json(name)

    def _convert_items(self, value: Iterable[Any]) -> list[Any]:
        items = []
        for at, item in enumerate(value):
            self._steps.append(f"[{at}]")
            kept, plain = self.convert(item)
            self._steps.pop()
            if kept:
                items.append(plain)
            if self._nodes < 0:
                break
        return items

    def _drop(self, value: object, why: str) -> tuple[bool, Any]:
        self._told += 1
        if self._told <= MAX_TOLD:
            place = "".join(self._steps)
            place = place if len(place) <= MAX_PLACE else place[:MAX_PLACE] + "…"
            logger.warning("%r was dropped from an error's answer: a %s %s", place, type(value).__name__, why)
        elif self._told == MAX_TOLD + 1:
            logger.warning("More was dropped from the same answer, and is not told")
        return NOT
