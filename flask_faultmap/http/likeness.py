"""Whether a value is what was sent, or what a text that was sent says as another type."""

import json
import re
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask_faultmap.http.parts import UNKNOWN

MAX_TEXT = 100_000  # characters of a parameter that is read as JSON, or piece by piece
MAX_BITS = 64  # of a number that is looked for as it is written
MAX_CONVERTED = 2_000  # characters of one whose pieces are converted, to compare them with one value

# Words by which a boolean is written in a query or a form.
BOOLEANS = {
    True: frozenset({"1", "true", "on", "yes", "t", "y"}),
    False: frozenset({"0", "false", "off", "no", "f", "n", ""}),
}
NUMBERS = (int, float, Decimal, UUID)
TIMES = (datetime, date, time)
SEPARATORS = re.compile(r"[,;|\s]+")


def is_same(one: Any, other: Any) -> bool:
    """Whether two values of JSON are equal in value and type, at every depth."""
    pairs = [(one, other)]
    while pairs:
        left, right = pairs.pop()
        if left is right:
            continue
        if isinstance(left, dict) and isinstance(right, dict):
            if left.keys() != right.keys():
                return False
            pairs += ((left[key], right[key]) for key in left)
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                return False
            pairs += zip(left, right, strict=True)
        elif type(left) is not type(right) or not (left == right or (left != left and right != right)):  # NaN
            return False
    return True


def is_trivial(value: Any) -> bool:
    """Whether *value* is one of those that Python keeps once for all who have it."""
    return (
        value is None
        or isinstance(value, bool)
        or (isinstance(value, int) and -5 <= value <= 256)
        or (isinstance(value, str | bytes | tuple) and len(value) <= 1)
    )


def is_read_as(value: Any, sent: Any) -> bool:
    """Whether *value* is what code makes of *sent*: another type, without spaces, in other letters."""
    if type(sent) is str:
        return is_converted(value, sent) or _is_respelt(value, sent)
    if type(sent) in (int, float) and type(value) in (float, Decimal):
        return bool(Decimal(str(sent)) == Decimal(str(value)))
    return False


def is_sent(value: Any, texts: list[Any]) -> bool:
    """Whether *value* is one of *texts*, all of them, a piece, or what one says as another type."""
    return (isinstance(value, list) and is_same(value, texts)) or any(
        value is text
        or (type(value) is type(text) and value == text)
        or is_read_as(value, text)
        or _is_piece(value, text)
        for text in texts
    )


def is_converted(value: Any, text: str) -> bool:
    """Whether *text* says *value*, which is no text."""
    if isinstance(value, bool):
        return text.strip().lower() in BOOLEANS[value]
    with suppress(ValueError, ArithmeticError):
        if type(value) in NUMBERS:
            return bool(type(value)(text) == value)
        if type(value) in TIMES:
            return bool(type(value).fromisoformat(text) == value)
    return False


def parse_text(text: Any) -> Any:
    """Give the array or object of JSON that *text* is, else UNKNOWN."""
    if is_json(text):
        with suppress(ValueError, RecursionError):
            return json.loads(text)
    return UNKNOWN


def is_json(text: Any) -> bool:
    """Whether *text* looks like an array or an object of JSON."""
    return type(text) is str and len(text) <= MAX_TEXT and text.lstrip()[:1] in ("{", "[")


def _is_respelt(value: Any, text: str) -> bool:
    return type(value) is str and bool(value) and value.strip().casefold() == text.strip().casefold()


def _is_piece(value: Any, text: Any) -> bool:
    """Whether *value* stands in *text* between separators, as in ``?ids=1,2``."""
    if type(text) is not str or len(text) > MAX_TEXT or isinstance(value, bool):
        return False
    is_word = type(value) is str or (type(value) is int and value.bit_length() <= MAX_BITS)
    if is_word and _stands_in(str(value).strip(), text):
        return True
    if not isinstance(value, list) and (type(value) is str or len(text) > MAX_CONVERTED):
        return False
    pieces = SEPARATORS.split(text)
    if isinstance(value, list):
        return len(value) == len(pieces) and all(map(is_read_as, value, pieces))
    return len(pieces) > 1 and any(is_read_as(value, piece) for piece in pieces if piece)


def _stands_in(word: str, text: str) -> bool:
    """Whether *word* stands in *text* beside a separator at least, in whatever letters."""
    word, text = word.casefold(), text.casefold()
    if not word or word == text or word not in text or SEPARATORS.search(word):
        return False
    return re.search(rf"(?:^|[,;|\s]){re.escape(word)}(?:$|[,;|\s])", text) is not None
