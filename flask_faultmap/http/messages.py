"""What nested messages of marshmallow say: each of them, and the path to its field."""

from collections.abc import Iterable, Iterator
from typing import Any

from flask_faultmap.http.documents import Path
from flask_faultmap.http.wording import MAX_MESSAGE, say_message, say_name

MAX_VIOLATIONS = 100
MAX_DEPTH = 16
MAX_STEPS = 10_000  # of the walk, since messages may be shared or go round
UNSPEAKABLE = "\ud800"  # stands for a step that cannot be said; no pointer goes past it


def messages_of(told: object) -> Iterable[tuple[Path, str]]:
    """Give each message with its path, depth first; a list under a field is several messages about it."""
    found: list[tuple[Path, str]] = []
    if type(told) is dict and _has_taken_plain(told, (), found):
        return found
    return ((path, say_message(leaf)) for path, leaf in _walk(told))


def _has_taken_plain(told: dict[Any, Any], above: Path, found: list[tuple[Path, str]]) -> bool:
    """Add the messages of *told* to *found*; False if they are not as marshmallow nearly always makes it."""
    if not 0 < len(told) <= MAX_VIOLATIONS or len(above) >= MAX_DEPTH:
        return False
    for step, thing in told.items():
        if type(step) is not str or step == "_schema":
            return False
        path = (*above, step)
        if type(thing) is list and len(thing) == 1:
            message = thing[0]
            if type(message) is not str or not 0 < len(message) <= MAX_MESSAGE:
                return False
            found.append((path, message))
        elif type(thing) is not dict or not _has_taken_plain(thing, path, found):
            return False
    return len(found) <= MAX_VIOLATIONS


def _walk(told: object) -> Iterator[tuple[Path, object]]:
    """Walk anything; the built-in methods are asked, since a subclass may have any others."""
    levels: list[tuple[Path, Iterator[Any], bool]] = [((), iter((told,)), False)]
    steps = 0
    while levels:
        above, inner, is_named = levels[-1]
        path = above
        for thing in inner:
            steps += 1
            if steps > MAX_STEPS:
                return
            if is_named:
                step, thing = thing
                path = _below(above, step)
            if (deeper := _inside(thing)) is not None:
                levels.append((path, deeper, isinstance(thing, dict)))
                break
            else:
                yield path, thing
        else:
            levels.pop()


def _inside(thing: object) -> Iterator[Any] | None:
    if isinstance(thing, dict):
        return iter(dict.items(thing))
    if isinstance(thing, list):
        return list.__iter__(thing)
    return tuple.__iter__(thing) if isinstance(thing, tuple) else None


def _below(path: Path, step: Any) -> Path:
    """Add a step; ``_schema`` speaks of the object that it stands in, and so does what is too deep."""
    name = step
    if type(step) is not str and type(step) is not int:
        spoken = say_name(step)
        name = UNSPEAKABLE if spoken is None else spoken
    return path if name == "_schema" or len(path) >= MAX_DEPTH else (*path, name)
