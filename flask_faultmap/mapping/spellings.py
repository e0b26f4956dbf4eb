"""What a setting may have meant that an environment variable or a file could not say so."""

import json
import re
from ast import literal_eval
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from flask_faultmap.defining import code_text, snake_case
from flask_faultmap.errors import DomainError

WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "yes", "on"), True),
    **dict.fromkeys(("false", "no", "off"), False),
    **dict.fromkeys(("none", "null"), None),
}
APART = str.maketrans({"=": " = ", ":": " : ", ",": " ", ";": " ", "{": " ", "}": " "})
NOTHING_READ = object()


def spelling(value: object, read: Callable[[Any], Any]) -> str:
    """Say how to write *value* so that *read* takes it; nothing if no spelling is known.

    Args:
        read: gives what the setting would be; raises a ``ValueError`` for what it refuses.
    """
    for meant in _meanings(value):
        setting = _read(read, meant)
        if setting is not NOTHING_READ:
            break
    else:
        return ""
    toml = ""
    if meant is None:
        toml = " (in TOML: false)" if _read(read, False) == setting else " (in TOML: leave it out)"
    begin = "It is a text; an" if isinstance(value, str) else "An"
    return f". {begin} environment variable or a JSON file needs {json.dumps(meant)}{toml}"


def _read(read: Callable[[Any], Any], meant: Any) -> Any:
    try:
        json.dumps(meant)
        return read(meant)
    except (TypeError, ValueError, RecursionError):
        return NOTHING_READ


def _meanings(value: object) -> Iterator[Any]:
    """Give what *value* may mean, the likeliest first."""
    if isinstance(value, float) and value.is_integer():
        yield int(value)
    if isinstance(value, int | float) and value in (0, 1) and not isinstance(value, bool):
        yield bool(value)
    if not isinstance(value, str):
        return
    text = value.strip()
    if text.lower() in WORDS:
        yield WORDS[text.lower()]
        return
    try:
        meant = literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        yield from _pairs(text)
        yield re.split(r"[,;\s]+", text)
        return
    yield meant
    if isinstance(meant, str | int | float) and meant != value:
        yield from _meanings(meant)


def _pairs(text: str) -> Iterator[dict[str, Any]]:
    """Give what ``not_found=410, gone: 404`` may mean."""
    words = [word.strip("\"'") for word in text.translate(APART).split()]
    keys, signs, values = words[::3], words[1::3], words[2::3]
    if len(keys) == len(values) and set(signs) <= {"=", ":"}:
        yield {key: _plain(value) for key, value in zip(keys, values, strict=True)}
        yield dict(zip(keys, values, strict=True))


def _plain(text: str) -> Any:
    """Give what one value of several in a text is: a constant, a number, or the text."""
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    return int(text) if text.isdecimal() else text


def word_meant(word: object, words: Collection[str]) -> str:
    """Give ``. Did you mean …?`` where *word* is one of *words*, spelt as a class or a variable is."""
    if isinstance(word, type) and issubclass(word, DomainError):
        return f". Did you mean {code_text(word.code)!r}?"
    if not isinstance(word, str):
        return ""
    tried = (word.lower(), snake_case(word.replace("-", "_")))
    return next((f". Did you mean {each!r}?" for each in tried if each in words and each != word), "")


def joined(word: object, value: object) -> str:
    """Say how to write a code that TOML or the environment has split: ``billing.card`` is no table."""
    parts = [str(word)]
    while isinstance(value, Mapping) and len(value) == 1:
        ((part, value),) = value.items()
        parts.append(str(part))
    if len(parts) == 1:
        return ""
    dotted, underscored = ".".join(parts), "__".join(parts)
    in_json = json.dumps({underscored: value}, default=str)
    return (
        f". A code with a dot needs quotes in TOML, {json.dumps(dotted)}; "
        f"one with two underscores needs JSON in the environment, {in_json}"
    )
