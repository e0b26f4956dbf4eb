"""Where a refused value stands in the request: the steps to it in a document, or a source and a name."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

from flask_faultmap.http.parts import UNKNOWN, Parts

MAX_PATHS = 200  # of the ways to leave steps out of one path
MAX_NODES = 20_000  # of the walk through a document

KEY = ("[key]",)  # pydantic's last step where it refused the key of a member

Path = tuple[Any, ...]

# Words by which a boolean is written in a query or a form.
BOOLEANS = {
    True: frozenset({"1", "true", "on", "yes", "t", "y"}),
    False: frozenset({"0", "false", "off", "no", "f", "n", ""}),
}
NUMBERS = (int, float, Decimal, UUID)
TIMES = (datetime, date, time)


class Refused(NamedTuple):
    """One thing that a validator refused.

    *path* is the validator's, *value* the refused value, or the object that lacks *missing*, *root* what
    was validated as a whole, if that is known.
    """

    path: Path
    value: Any
    missing: Any = UNKNOWN
    root: Any = UNKNOWN


class Place(NamedTuple):
    """A place in the request: steps in its body, or a name in another part."""

    source: str
    path: Path


def find_place(parts: Parts, refused: Refused) -> Place | None:
    """Find what was refused among *parts*; None if it did not come with the request."""
    if refused.value is UNKNOWN:
        return None
    place = _find_as_sent(parts, refused)
    if place is None and _is_put_together(parts, refused):
        return Place("body" if parts.sent is not UNKNOWN else parts.named[0][0], ())
    return place


def _find_as_sent(parts: Parts, refused: Refused) -> Place | None:
    if parts.sent is not UNKNOWN:
        path = _find_in_document(parts, refused)
        if path is not None:
            return Place("body", path if refused.missing is UNKNOWN else (*path, refused.missing))
    for source, named, held in parts.named:
        name = _find_by_name(source, named, held, refused)
        if name is not None:
            return Place(source, (name,))
    return None


def guess_place(parts: Parts, path: Path, *, is_missing: bool) -> Place:
    """Give the place that *path* speaks of, as far as it was sent, where the value is not known."""
    read = None  # the first that may hold anything
    for source, named, _ in parts.named:
        if path and source != "header" and path[0] in named and not _has(parts.sent, path[0]):
            return Place(source, path[:1])
        if read is None and source in ("query", "form"):
            read = source
    if parts.sent is UNKNOWN:
        return Place("body", path) if read is None else Place(read, path[:1])
    taken, node, rest = deepest(parts.sent, path)
    if is_missing and rest and isinstance(node, dict):
        return Place("body", (*taken, rest[0]))
    return Place("body", taken)


def deepest(document: Any, path: Path) -> tuple[Path, Any, Path]:
    """Follow *path* as far as it goes: the steps that resolve, what stands there, and the steps left."""
    return max(islice(_walk(document, path, ()), MAX_PATHS), key=lambda way: len(way[0]))


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


def _has(document: Any, step: Any) -> bool:
    if isinstance(document, dict):
        return step in document
    return isinstance(document, list) and type(step) is int and 0 <= step < len(document)


def _walk(node: Any, path: Path, taken: Path) -> Iterator[tuple[Path, Any, Path]]:
    """Give each way to follow *path* with some of its steps left out: most steps first."""
    for at, step in enumerate(path):
        key = step if _has(node, step) else str(step)
        if _has(node, key):
            yield from _walk(node[key], path[at + 1 :], (*taken, key))
    yield taken, node, path


def _find_in_document(parts: Parts, refused: Refused) -> Path | None:
    is_held = parts.held is not UNKNOWN
    if is_held and refused.root is not UNKNOWN and not is_trivial(refused.root):
        for anchor, node in _nodes(parts.held):
            if node is refused.root:
                found = _find_below(_at(parts.sent, anchor), refused)
                if found is not None:
                    return anchor + found
                break
    found = _find_below(parts.sent, refused)
    if found is not None:
        return found
    if is_held and not is_trivial(refused.value):
        for path, node in _nodes(parts.held):
            if node is refused.value and _fits(_at(parts.sent, path), refused):
                return path
    for anchor, node in _nodes(parts.sent):
        if anchor and node and isinstance(node, dict) and refused.value is not None:
            found = _find_below(node, refused)
            if found is not None:
                return anchor + found
    return _find_merged(parts.sent, refused)


def _find_below(document: Any, refused: Refused) -> Path | None:
    """Find the way along the path that ends at the refused value, whatever steps it leaves out."""
    for taken, node, rest in islice(_walk(document, refused.path, ()), MAX_PATHS):
        if rest == KEY and taken and is_same(taken[-1], refused.value):
            return taken
        if _fits(node, refused):
            return taken
    return None


def _fits(node: Any, refused: Refused) -> bool:
    return not _has(node, refused.missing) and is_same(node, refused.value)


def _find_merged(document: Any, refused: Refused) -> Path | None:
    """Find the object to which the app added members before one that lacks *missing* was refused."""
    if refused.missing is UNKNOWN or not isinstance(refused.value, dict):
        return None
    taken, node, rest = deepest(document, refused.path)
    if rest or not node or not isinstance(node, dict) or refused.missing in node:
        return None
    is_whole = all(name in refused.value and is_same(refused.value[name], node[name]) for name in node)
    return taken if is_whole else None


def _nodes(document: Any) -> Iterator[tuple[Path, Any]]:
    """Walk *document*, breadth first, up to a bound."""
    level: list[tuple[Path, Any]] = [((), document)]
    for at in range(MAX_NODES):
        if at >= len(level):
            return
        path, node = level[at]
        yield path, node
        if isinstance(node, dict):
            level += (((*path, key), inner) for key, inner in node.items())
        elif isinstance(node, list):
            level += (((*path, index), inner) for index, inner in enumerate(node))


def _at(document: Any, path: Path) -> Any:
    for step in path:
        if not _has(document, step):
            return UNKNOWN
        document = document[step]
    return document


def is_trivial(value: Any) -> bool:
    """Whether *value* is one of those that Python keeps once for all who have it."""
    return (
        value is None
        or isinstance(value, bool)
        or (isinstance(value, int) and -5 <= value <= 256)
        or (isinstance(value, str | bytes | tuple) and len(value) <= 1)
    )


def _find_by_name(source: str, named: Mapping[str, list[Any]], held: object, refused: Refused) -> str | None:
    """Give the name in one part of the request whose value, or whose absence, was refused."""
    if refused.missing is not UNKNOWN:
        is_lacking = isinstance(refused.missing, str) and refused.missing not in named
        came = refused.value is held or (source != "header" and _holds_all(refused.value, named))
        return refused.missing if is_lacking and not refused.path and came else None
    name = next((step for step in refused.path if isinstance(step, str)), None)
    if source == "header" and name is not None:
        name = name.lower()
    if name is not None and name in named and _is_sent(refused.value, named[name]):
        return name
    if is_trivial(refused.value):
        return None
    return next((name for name, texts in named.items() if any(text is refused.value for text in texts)), None)


def _holds_all(value: Any, named: Mapping[str, list[Any]]) -> bool:
    return (
        bool(named)
        and isinstance(value, dict)
        and all(name in value and _is_sent(value[name], texts) for name, texts in named.items())
    )


def _is_sent(value: Any, texts: list[Any]) -> bool:
    """Whether *value* is one of *texts*, all of them, or what one of them says as another type."""
    return (isinstance(value, list) and is_same(value, texts)) or any(
        value is text or (type(value) is type(text) and value == text) or _is_converted(value, text)
        for text in texts
    )


def _is_converted(value: Any, text: Any) -> bool:
    if not isinstance(text, str):
        return False
    if isinstance(value, bool):
        return text.strip().lower() in BOOLEANS[value]
    with suppress(ValueError, ArithmeticError):
        if type(value) in NUMBERS:
            return bool(type(value)(text) == value)
        if type(value) in TIMES:
            return bool(type(value).fromisoformat(text) == value)
    return False


def _is_put_together(parts: Parts, refused: Refused) -> bool:
    """Whether a whole object was refused, each member of which came with the request."""
    value = refused.value
    if refused.missing is not UNKNOWN or type(value) is not dict or not value:
        return False
    members = (Refused((*refused.path, name), member) for name, member in value.items())
    return all(_find_as_sent(parts, member) is not None for member in members)
