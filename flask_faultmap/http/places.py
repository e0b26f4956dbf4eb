"""Where a refused value came with the request: a source, and the steps in a body or a name elsewhere."""

from flask_faultmap.http.documents import (
    MAX_PATHS,
    Path,
    Refused,
    deepest,
    find_in_document,
    has_step,
)
from flask_faultmap.http.names import find_name
from flask_faultmap.http.parts import UNKNOWN, HeaderValues, Parts

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


def guess_place(parts: Parts, path: Path, *, is_missing: bool) -> Place:
    """Give the place that *path* speaks of, as far as it was sent, where the value is not known."""
    source = parts.sources.get(path[0]) if path else None
    if source is not None and not has_step(parts.sent, path[0]):
        return source, path[:1]
    if parts.sent is UNKNOWN:
        return ("body", path) if parts.open is None else (parts.open, path[:1])
    taken, node, rest = deepest(parts.sent, path)
    if is_missing and rest and isinstance(node, dict):
        return "body", (*taken, rest[0])
    return "body", taken


def place_in(parts: Parts, source: str, steps: Path) -> Place:
    """Give the place in *source* to which *steps* lead, as far as it was sent."""
    if source != "body" or parts.sent is UNKNOWN:
        return source, steps
    taken, node, rest = deepest(parts.sent, steps)
    return source, (*taken, *rest) if len(rest) == 1 and isinstance(node, dict) else taken


def _find_as_sent(parts: Parts, refused: Refused) -> Place | None:
    if parts.sent is not UNKNOWN:
        path = find_in_document(parts, refused)
        if path is not None:
            return "body", path
    for source, named, held in parts.named:
        name = find_name(parts, source, named, held, refused)
        if name is not None:
            return source, (named.spell(name) if isinstance(named, HeaderValues) else name,)
    return None


def _is_put_together(parts: Parts, refused: Refused) -> bool:
    """Whether a whole object was refused, each member of which came with the request."""
    value = refused.value
    if refused.missing is not UNKNOWN or type(value) is not dict or not 0 < len(value) <= MAX_PATHS:
        return False
    members = (Refused((*refused.path, name), member) for name, member in value.items())
    return all(_find_as_sent(parts, member) is not None for member in members)
