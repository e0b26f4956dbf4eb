"""Where a refused value stands in the request: the steps to it in a document, or a source and a name."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from flask_faultmap.http.likeness import is_read_as, is_same, is_sent, is_trivial, parse_text
from flask_faultmap.http.parts import UNKNOWN, Parts

MAX_PATHS = 200  # of the ways to leave steps out of one path
MAX_WORDS = 16  # of one name in a query, a form or a path
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


# A place in the request: the part, and the steps in a body or one name elsewhere.
Place = tuple[str, Path]


def find_place(parts: Parts, refused: Refused) -> Place | None:
    """Find what was refused among *parts*; None if it did not come with the request."""
    if refused.value is UNKNOWN:
        return None
    place = _find_as_sent(parts, refused)
    if place is None and _is_put_together(parts, refused):
        return ("body" if parts.sent is not UNKNOWN else parts.named[0][0]), ()
    return place


def _find_as_sent(parts: Parts, refused: Refused) -> Place | None:
    if parts.sent is not UNKNOWN:
        path = _find_in_document(parts, refused)
        if path is not None:
            return "body", path if refused.missing is UNKNOWN else _lacking(parts.sent, path, refused)
    for source, named, held in parts.named:
        name = _find_by_name(source, named, held, refused, _parsed_of(parts, source, named), parts.memo)
        if name is not None:
            return source, (name,)
    return None


def guess_place(parts: Parts, path: Path, *, is_missing: bool) -> Place:
    """Give the place that *path* speaks of, as far as it was sent, where the value is not known."""
    source = parts.sources.get(path[0]) if path else None
    if source is not None and not _has(parts.sent, path[0]):
        return source, path[:1]
    if parts.sent is UNKNOWN:
        return ("body", path) if parts.open is None else (parts.open, path[:1])
    taken, node, rest = deepest(parts.sent, path)
    if is_missing and rest and isinstance(node, dict):
        return "body", (*taken, rest[0])
    return "body", taken


def deepest(document: Any, path: Path) -> tuple[Path, Any, Path]:
    """Follow *path* as far as it goes: the steps that resolve, what stands there, and the steps left."""
    return max(islice(_walk(document, path, ()), MAX_PATHS), key=lambda way: len(way[0]))


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
    for anchor in (_anchor(parts, refused.root), (), parts.memo.get(LAST)):
        if anchor is not None:
            found = _find_below(_at(parts.sent, anchor), refused)
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
            is_lacking = refused.missing is not UNKNOWN and not _has(sent, refused.missing)
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
        found = _find_below(node, refused)
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


def _find_below(document: Any, refused: Refused) -> Path | None:
    """Find the way along the path that ends at the refused value, whatever steps it leaves out."""
    for taken, node, rest in islice(_walk(document, refused.path, ()), MAX_PATHS):
        if rest == KEY and taken and is_same(taken[-1], refused.value):
            return taken
        if _fits(node, refused):
            return taken
    return None


def _fits(node: Any, refused: Refused) -> bool:
    if refused.missing is not UNKNOWN:
        return not _has(node, refused.missing) and is_same(node, refused.value)
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


def nodes(document: Any) -> Iterator[tuple[Path, Any]]:
    """Walk *document*, breadth first, up to a bound."""
    level: list[tuple[Path, Any]] = [((), document)]
    for path, node in level:
        yield path, node
        if isinstance(node, dict):
            level += (((*path, key), inner) for key, inner in islice(node.items(), MAX_NODES - len(level)))
        elif isinstance(node, list):
            level += (((*path, at), inner) for at, inner in enumerate(islice(node, MAX_NODES - len(level))))


def _at(document: Any, path: Path) -> Any:
    for step in path:
        if not _has(document, step):
            return UNKNOWN
        document = document[step]
    return document


def _find_by_name(
    source: str,
    named: Mapping[str, list[Any]],
    held: object,
    refused: Refused,
    parsed: list[tuple[str, Any]],
    memo: dict[Any, Any],
) -> str | None:
    """Give the name in one part of the request whose value, or whose absence, was refused."""
    if refused.missing is not UNKNOWN:
        is_lacking = isinstance(refused.missing, str) and refused.missing not in named
        came = refused.value is held or (source != "header" and _holds_all(refused.value, named))
        if is_lacking and not refused.path and came:
            return str(refused.missing)
        return _find_in_texts(named, refused, parsed)
    name = next((step for step in refused.path if isinstance(step, str)), None)
    if source == "header" and name is not None:
        name = name.lower()
    for each in (name, None if name is None else _find_near(name, named, memo)):
        if each is not None and each in named and is_sent(refused.value, named[each]):
            return each
    return _find_in_texts(named, refused, parsed)


def _find_in_texts(
    named: Mapping[str, list[Any]], refused: Refused, parsed: list[tuple[str, Any]]
) -> str | None:
    """Give the name whose text is the refused value, or is JSON that has it at its place."""
    if not is_trivial(refused.value):
        for name, texts in named.items():
            if any(text is refused.value for text in texts):
                return name
    return next((name for name, document in parsed if _find_below(document, refused) is not None), None)


def _parsed_of(parts: Parts, source: str, named: Mapping[str, list[Any]]) -> list[tuple[str, Any]]:
    """Give the documents that are texts of one part, each with its name."""
    if source not in parts.memo:
        parsed = ((name, parse_text(text)) for name, texts in named.items() for text in texts)
        parts.memo[source] = [(name, document) for name, document in parsed if document is not UNKNOWN]
    found: list[tuple[str, Any]] = parts.memo[source]
    return found


def _find_near(name: str, named: Mapping[str, list[Any]], memo: dict[Any, Any]) -> str | None:
    """Find what code may call *name*: ``orderId`` was sent as ``order_id``, and so was an ``id``."""
    if id(named) not in memo:
        near: dict[str, str] = {}
        for sent in named:
            near.setdefault(f"={_spell(sent)}", sent)
            words = sent.split("_", MAX_WORDS)
            for at in range(1, len(words)):
                near.setdefault("_" + "_".join(words[at:]), sent)
        memo[id(named)] = near
    found: str | None = memo[id(named)].get(f"_{name}") or memo[id(named)].get(f"={_spell(name)}")
    return found


def _spell(name: str) -> str:
    return name.removesuffix("[]").replace("_", "").replace("-", "").lower()


def _holds_all(value: Any, named: Mapping[str, list[Any]]) -> bool:
    return (
        bool(named)
        and isinstance(value, dict)
        and all(name in value and is_sent(value[name], texts) for name, texts in named.items())
    )


def _is_put_together(parts: Parts, refused: Refused) -> bool:
    """Whether a whole object was refused, each member of which came with the request."""
    value = refused.value
    if refused.missing is not UNKNOWN or type(value) is not dict or not 0 < len(value) <= MAX_PATHS:
        return False
    members = (Refused((*refused.path, name), member) for name, member in value.items())
    return all(_find_as_sent(parts, member) is not None for member in members)
