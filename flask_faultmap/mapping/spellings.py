"""What a value of a setting may have meant that an environment variable or a file could not say so."""

import json
import re
from ast import literal_eval
from collections.abc import Callable, Iterator
from typing import Any

WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "yes", "on"), True),
    **dict.fromkeys(("false", "no", "off"), False),
    **dict.fromkeys(("none", "null"), None),
}
PAIR = re.compile(r"([^\s=:{}]+)\s*[=:]\s*(\S+)")  # not_found=410
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
        pair = PAIR.fullmatch(text)
        if pair:
            yield from ({pair[1]: meant} for meant in (*_meanings(pair[2]), pair[2]))
        yield [part.strip() for part in text.split(",")]
        return
    yield meant
    if isinstance(meant, str | int | float) and meant != value:
        yield from _meanings(meant)
