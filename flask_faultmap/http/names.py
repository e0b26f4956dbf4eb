"""Under which name of a query, a form, a path, a header or a cookie a refused value came."""

from collections.abc import Mapping
from typing import Any

from flask_faultmap.http.documents import Refused, find_below
from flask_faultmap.http.likeness import is_sent, is_trivial, parse_text
from flask_faultmap.http.parts import UNKNOWN, Parts

MAX_WORDS = 16  # of one name

Named = Mapping[str, list[Any]]


def find_name(parts: Parts, source: str, named: Named, held: object, refused: Refused) -> str | None:
    """Give the name in one part of the request whose value, or whose absence, was refused.

    *named* has the values by name, *held* is the object that the app has.
    """
    if refused.missing is not UNKNOWN:
        is_lacking = isinstance(refused.missing, str) and refused.missing not in named
        came = refused.value is held or (source != "header" and _holds_all(refused.value, named))
        if is_lacking and not refused.path and came:
            return str(refused.missing)
        return _find_in_texts(parts, named, refused)
    name = next((step for step in refused.path if isinstance(step, str)), None)
    if source == "header" and name is not None:
        name = name.lower()
    for each in (name, None if name is None else _find_near(parts, name, named)):
        if each is not None and each in named and is_sent(refused.value, named[each]):
            return each
    return _find_in_texts(parts, named, refused)


def _find_in_texts(parts: Parts, named: Named, refused: Refused) -> str | None:
    """Give the name whose text is the refused value, or is JSON that has it at its place."""
    if not is_trivial(refused.value):
        for name, texts in named.items():
            if any(text is refused.value for text in texts):
                return name
    return next(
        (name for name, document in _parsed_of(parts, named) if find_below(document, refused) is not None),
        None,
    )


def _parsed_of(parts: Parts, named: Named) -> list[tuple[str, Any]]:
    """Give the documents that are texts of one part, each with its name."""
    memo = parts.memo.setdefault(_parsed_of, {})
    if id(named) not in memo:
        parsed = ((name, parse_text(text)) for name, texts in named.items() for text in texts)
        memo[id(named)] = [(name, document) for name, document in parsed if document is not UNKNOWN]
    found: list[tuple[str, Any]] = memo[id(named)]
    return found


def _find_near(parts: Parts, name: str, named: Named) -> str | None:
    """Find what code may call *name*: ``orderId`` was sent as ``order_id``, and so was an ``id``."""
    memo = parts.memo.setdefault(_find_near, {})
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


def _holds_all(value: Any, named: Named) -> bool:
    return (
        bool(named)
        and isinstance(value, dict)
        and all(name in value and is_sent(value[name], texts) for name, texts in named.items())
    )
