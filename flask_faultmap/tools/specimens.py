"""How an exception of any class is made, for a trial."""

import json
from collections.abc import Iterable, Mapping, MutableMapping
from contextlib import suppress
from inspect import Parameter, signature
from types import SimpleNamespace
from typing import Any, TypeVar

from flask_faultmap.rules.matching import CALL
from flask_faultmap.rules.rule import Rule, name_of
from flask_faultmap.travelling import make_bare

Made = TypeVar("Made", bound=BaseException)


def make_filled(cls: type[Made], text: str) -> Made:
    """Make an exception of *cls* with *text* for each argument that is required.

    Raises:
        TypeError: none is required.
        Exception: whatever the constructor raises.
    """
    wanted = [
        parameter
        for parameter in signature(cls).parameters.values()
        if parameter.default is Parameter.empty
        and parameter.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    ]
    if not wanted:
        raise TypeError(f"{cls.__name__} requires no arguments")
    named = {parameter.name: text for parameter in wanted if parameter.kind is Parameter.KEYWORD_ONLY}
    return cls(*[text] * (len(wanted) - len(named)), **named)


def make_any(cls: type[Made], text: str) -> Made:
    """Make an exception of *cls* that holds *text*, by the first way that works."""
    with suppress(Exception):  # a border: a constructor may ask for anything, and raise anything
        return cls(text)
    with suppress(Exception):  # the border, once more
        return make_filled(cls, text)
    made = make_bare(cls)
    made.args = (text,)
    return made


def set_path(exc: BaseException, path: str, text: str, rules: Iterable[Rule]) -> None:
    """Set what stands at the dotted *path* of *exc*, so that rules find it there.

    What is on the way and missing is made. The value is one that a rule compares with at this path, if *text*
    is how it is written; else what *text* is as JSON; else *text*.

    Raises:
        ValueError: nothing can be set there.
    """
    *way, last = path.split(".")
    if not all(step.removesuffix(CALL) for step in (*way, last)):
        raise ValueError(f"{path!r} is no path; write attribute.attribute=value")
    place: Any = exc
    for step in way:
        found = _get(place, step)
        if found is None or isinstance(found, str):  # a text has no attributes to set
            found = SimpleNamespace()
            _set(place, step, found)
        place = found
    _set(place, last, _read_value(path, text, rules))


def _get(place: Any, step: str) -> Any:
    if isinstance(place, Mapping):
        return place.get(step)
    found = getattr(place, step.removesuffix(CALL), None)
    return found() if step.endswith(CALL) and callable(found) else found


def _set(place: Any, step: str, value: Any) -> None:
    try:
        if isinstance(place, MutableMapping):
            place[step] = value
        elif step.endswith(CALL):
            setattr(place, step.removesuffix(CALL), lambda: value)
        else:
            setattr(place, step, value)
    except Exception as exc:  # a border: a class may refuse in any way
        raise ValueError(f"{step} of {type(place).__name__} cannot be set: {exc}") from exc


def _read_value(path: str, text: str, rules: Iterable[Rule]) -> Any:
    for rule in rules:
        named = [value for where, value in (rule.where or {}).items() if where == path]
        if rule.table == path and isinstance(rule.to, Mapping):
            named += rule.to
        for value in named:
            if text in (str(value), name_of(value), getattr(value, "name", None)):
                return value
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
