"""What ``flask faults explain`` shows: why an exception, or a text, is answered as it is."""

import builtins
import sys
from collections.abc import Iterator
from contextlib import suppress
from pkgutil import resolve_name

from flask import Flask

from flask_faultmap.border.boundaries import boundary_of
from flask_faultmap.border.other_handlers import explain_in
from flask_faultmap.contract.entries import views_of
from flask_faultmap.mapping.mapper import Mapper
from flask_faultmap.near_miss import near_miss
from flask_faultmap.rules.matching import Text
from flask_faultmap.tools.specimens import make_filled


def explain_exception(app: Flask, exc: Exception) -> Iterator[str]:
    """Give the decision about *exc*, rule by rule, and other statuses: of profiles, below prefixes."""
    mapper = boundary_of(app).mapper
    explanation = explain_in(app, exc)
    yield str(explanation)
    for name, profile, prefix in views_of(mapper.settings):
        status = mapper.compiled_kind(explanation.error, profile, prefix).kind.status
        if status != explanation.fault.status:
            yield f"  = {status} " + (f"in the profile {name!r}" if prefix is None else f"below {prefix}")


def explain_text(mapper: Mapper, text: str) -> Iterator[str]:
    """Say of each rule that reads a text whether it finds its markers in *text*."""
    rules = [rule for rule in mapper.book.rules if rule.text]
    read = Text(text)
    for rule in rules:
        lacking = [marker for marker in rule.text if not read.has_all((marker.casefold(),))]
        if lacking:
            yield f"- {rule}: lacks {' and '.join(map(repr, lacking))}"
        elif rule.where or rule.cause:
            yield f"+ {rule}: has the text; counts if the other conditions hold"
        else:
            yield f"+ {rule}: has the text"
    yield f"{len(rules)} of {len(mapper.book.rules)} rules read a text. Name a class for the whole decision."


def make_exception(path: str, text: str | None) -> tuple[Exception, str]:
    """Make an exception of the class at *path* and say how: by the first way that works.

    The ways are: with the text, with the text for each argument that is required, without arguments, without
    the class's ``__init__``.

    Raises:
        ValueError: there is no such exception class, or none of it can be made.
    """
    cls = _load(path)
    given = () if text is None else (text,)
    shown = f"{cls.__name__}({', '.join(map(repr, given))})"
    try:
        return cls(*given), f"Made as {shown}."
    except Exception as problem:  # a border: a constructor may ask for anything, and raise anything
        why = f"{shown} raised {type(problem).__name__}: {problem}"
    if given:
        with suppress(Exception):  # a border, as above
            return make_filled(cls, *given), f"Made with the text for each argument: {why}"
        try:
            return cls(), f"Made without arguments, so the text is not in it: {why}"
        except Exception:  # a border, as above
            pass
    with suppress(Exception):  # a border, as above
        return make_filled(cls, ""), f"Made with an empty text for each argument: {why}"
    try:
        return cls.__new__(cls, *given), f"Made without its __init__, so rules may miss attributes: {why}"
    except Exception:  # a border, as above
        raise ValueError(f"no {cls.__name__} can be made: {why}") from None


def _load(path: str) -> type[Exception]:
    try:
        found = resolve_name(path)
    except (Exception, SystemExit) as exc:  # a border: a module may raise anything while it is imported
        told = f"{path!r} cannot be imported: {type(exc).__name__}: {exc}"
        raise ValueError(told + _suggest(path, exc)) from exc
    if isinstance(found, type) and issubclass(found, Exception):
        return found
    is_other = isinstance(found, type) and issubclass(found, BaseException)
    why = "Exception: Flask hands none of these to handlers" if is_other else "exception class"
    raise ValueError(f"{path!r} is no {why}; write package.module:Class of one that is")


def _suggest(path: str, exc: BaseException) -> str:
    name, _, cls = path.partition(":")
    if hasattr(builtins, path):
        return f". Did you mean 'builtins:{path}'?"
    if isinstance(exc, ModuleNotFoundError):
        return near_miss(name, {*sys.modules, *sys.stdlib_module_names})
    named = vars(sys.modules[name]) if name in sys.modules else {}
    return near_miss(cls, [known for known, value in named.items() if isinstance(value, type)])
