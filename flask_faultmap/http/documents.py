"""Where a refused value stands in the JSON document that was sent: the steps to it."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from flask_faultmap.http.likeness import is_read_as, is_same, is_trivial
from flask_faultmap.http.parts import UNKNOWN, Parts

MAX_PATHS = 200  # of the ways to leave steps out of one path
MAX_NODES = 20_000  # of the walk through a document
MAX_LOOKED = 10_000  # objects that are looked into, for all that was refused

LAST = "last"  # in the memo: where the document stood of which something was refused
FOUND = "found"  # among the objects of the document, where something was found last
HELD = "held"  # the app's JSON, by the ids of its objects
OBJECTS = "objects"  # of the document
LOOKED = "looked"  # how many objects were looked into
KEY = ("[key]",)  # pydantic's last step where it refused the key of a member

Path = tuple[Any, ...]


class Refused(NamedTuple):
    """One thing that a validator refused.

    *path* is the validator's, *value* the refused value, or the object that lacks *missing*, *root* what
    was validated as a whole, if that is known.
    """

    path: Path
    value: Any
    missing: Any = UNKNOWN
    root: Any = UNKNOWN


def find_in_document(parts: Parts, refused: Refused) -> Path | None:
    """Give the steps to what was refused, or to what is missing; None if it is not in the document."""
    path = _find_in_document(parts, refused)
    return path if path is None or refused.missing is UNKNOWN else _lacking(parts.sent, path, refused)


def find_below(document: Any, refused: Refused) -> Path | None:
    """Find the way along the path that ends at the refused value, whatever steps it leaves out."""
    straight = _at(document, refused.path)
    if straight is not UNKNOWN and _fits(straight, refused):
        return refused.path
    for taken, node, rest in islice(_walk(document, refused.path, ()), MAX_PATHS):
        if rest == KEY and taken and is_same(taken[-1], refused.value):
            return taken
        if _fits(node, refused):
            return taken
    return None


def deepest(document: Any, path: Path) -> tuple[Path, Any, Path]:
    """Follow *path* as far as it goes: the steps that resolve, what stands there, and the steps left."""
    straight = _at(document, path)
    if straight is not UNKNOWN:
        return path, straight, ()
    return max(islice(_walk(document, path, ()), MAX_PATHS), key=lambda way: len(way[0]))


def has_step(document: Any, step: Any) -> bool:
    """Whether *step* leads from *document* to something in it."""
    if isinstance(document, dict):
        return step in document
    return isinstance(document, list) and type(step) is int and 0 <= step < len(document)


def nodes(document: Any) -> Iterator[tuple[Path, Any]]:
    """Walk *document*, breadth first, up to a bound."""
    level: list[tuple[Path, Any]] = [((), document)]
    for path, node in level:
        yield path, node
        if isinstance(node, dict):
            level += (((*path, key), inner) for key, inner in islice(node.items(), MAX_NODES - len(level)))
        elif isinstance(node, list):
            level += (((*path, at), inner) for at, inner in enumerate(islice(node, MAX_NODES - len(level))))


def _find_in_document(parts: Parts, refused: Refused) -> Path | None:
    for anchor in (_anchor(parts, refused.root), (), parts.memo.get(LAST)):
        if anchor is not None:
            found = find_below(_at(parts.sent, anchor), refused)
            if found is not None:
                return (*anchor, *found)
    path = _find_elsewhere(parts, refused)
    if path is not None:
        steps = len(refused.path)
        if path[len(path) - steps :] == refused.path:  # what else was refused will be near
            parts.memo[LAST] = path[: len(path) - steps]
        return path
    merged = _find_merged(parts.sent, refused)
    return _find_renamed(parts, refused) if merged is None else merged


def _find_elsewhere(parts: Parts, refused: Refused) -> Path | None:
    """Look through all of the document: for the same object, then for what is equal below a part of it."""
    if not is_trivial(refused.value):
        for path, _ in _held_as(parts, refused.value):
            sent = _at(parts.sent, path)
            is_lacking = refused.missing is not UNKNOWN and not has_step(sent, refused.missing)
            if is_lacking or _fits(sent, refused):
                return path
    if refused.value is None:
        return None
    if OBJECTS not in parts.memo:
        walked = nodes(parts.sent)
        parts.memo[OBJECTS] = [(way, node) for way, node in walked if way and node and isinstance(node, dict)]
    objects, first = parts.memo[OBJECTS], parts.memo.get(FOUND, 0)
    for at in _outward(first, len(objects)):  # what is refused next is often the next, or the one before
        if not _may_look(parts):
            return None
        anchor, node = objects[at]
        found = find_below(node, refused)
        if found is not None:
            parts.memo[FOUND] = at
            return (*anchor, *found)
    return None


def _outward(first: int, end: int) -> Iterator[int]:
    """Count from *first* both ways, nearest first."""
    for step in range(end):
        if first + step < end:
            yield first + step
        if 0 < step <= first:
            yield first - step


def _held_as(parts: Parts, value: Any) -> list[tuple[Path, Any]]:
    """Give the places at which the app's JSON has this very object, and the object."""
    if HELD not in parts.memo:
        by_id: dict[int, list[tuple[Path, Any]]] = {}
        for path, node in nodes(parts.held):
            if not is_trivial(node):
                by_id.setdefault(id(node), []).append((path, node))
        parts.memo[HELD] = by_id
    found: list[tuple[Path, Any]] = parts.memo[HELD].get(id(value), [])
    return found[:MAX_PATHS]


def _may_look(parts: Parts) -> bool:
    """Count one more object that is looked into; False if those were enough."""
    parts.memo[LOOKED] = parts.memo.get(LOOKED, 0) + 1
    return bool(parts.memo[LOOKED] <= MAX_LOOKED)


def _lacking(document: Any, path: Path, refused: Refused) -> Path:
    """Add to *path* the step that is missing; an index in an object stands for a longer way (AliasPath)."""
    node = _at(document, path)
    if isinstance(refused.missing, str) or not isinstance(node, dict):
        return (*path, refused.missing)
    left = refused.path
    for step in path:
        left = left[left.index(step) + 1 :] if step in left else left
    taken, inner, rest = deepest(node, (*left, refused.missing))
    return (*path, *taken, *(rest[:1] if isinstance(inner, dict) else ()))


def _find_renamed(parts: Parts, refused: Refused) -> Path | None:
    """Find in a document of the request what a validator has renamed before it refused it."""
    anchor = _anchor(parts, refused.root)
    if anchor is None or not deepest(refused.root, refused.path)[2]:
        return None
    taken, inner, _ = deepest(_at(parts.sent, anchor), refused.path)
    for path, node in nodes(inner):
        if not _may_look(parts):
            return None
        if _fits(node, refused):
            return (*anchor, *taken, *path)
    return None


def _anchor(parts: Parts, root: Any) -> Path | None:
    """Give the place of the document that was validated as a whole, if it is one of the request's."""
    if root is UNKNOWN or is_trivial(root):
        return None
    if id(root) not in parts.memo:
        parts.memo[id(root)] = root, _find_whole(parts, root)  # kept, so that no other gets its id
    found: Path | None = parts.memo[id(root)][1]
    return found


def _find_whole(parts: Parts, root: Any) -> Path | None:
    if root is parts.held or is_same(root, parts.sent):
        return ()
    return next((path for path, _ in _held_as(parts, root)), None)


def _fits(node: Any, refused: Refused) -> bool:
    if refused.missing is not UNKNOWN:
        return not has_step(node, refused.missing) and is_same(node, refused.value)
    return is_same(node, refused.value) or is_read_as(refused.value, node)


def _find_merged(document: Any, refused: Refused) -> Path | None:
    """Find the object to which the app added members before one that lacks *missing* was refused."""
    if refused.missing is UNKNOWN or not isinstance(refused.value, dict):
        return None
    taken, node, rest = deepest(document, refused.path)
    if rest or not node or not isinstance(node, dict) or refused.missing in node:
        return None
    is_whole = all(name in refused.value and is_same(refused.value[name], node[name]) for name in node)
    return taken if is_whole else None


def _walk(node: Any, path: Path, taken: Path) -> Iterator[tuple[Path, Any, Path]]:
    """Give each way to follow *path* with some of its steps left out: most steps first."""
    for at, step in enumerate(path):
        key = step if has_step(node, step) else str(step)
        if has_step(node, key):
            yield from _walk(node[key], path[at + 1 :], (*taken, key))
    yield taken, node, path


def _at(document: Any, path: Path) -> Any:
    for step in path:
        if not has_step(document, step):
            return UNKNOWN
        document = document[step]
    return document
