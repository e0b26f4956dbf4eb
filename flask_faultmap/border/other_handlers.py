"""Who can answer in the app that is not ours: error handlers, and methods that others replaced."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.exceptions import HTTPException, InternalServerError, default_exceptions

from flask_faultmap.border.answers import find_other_handler
from flask_faultmap.border.boundaries import Boundary, boundary_of
from flask_faultmap.errors import DomainError
from flask_faultmap.mapping.builtin import NARROW
from flask_faultmap.mapping.explanation import Explanation
from flask_faultmap.mapping.mapper import Mapper

Handler = Callable[[Any], Any]
METHODS = ("handle_exception", "handle_user_exception", "handle_http_exception")


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherHandler:
    """One error handler that is not ours.

    Args:
        name: what ``FAULTMAP_HANDLERS_KEPT`` calls it: module and qualified name.
        subject: what it is for: a status, a class, or methods of the app.
        blueprint: the name of the registration that it belongs to; None: the whole app.
        takes: how it takes what the map would answer, in words; None: it does not.
        is_kept: whether ``FAULTMAP_HANDLERS_KEPT`` names it.
    """

    name: str
    subject: str
    blueprint: str | None
    takes: str | None
    is_kept: bool

    @property
    def is_finding(self) -> bool:
        """Whether it takes something, and nobody said that this is meant."""
        return self.takes is not None and not self.is_kept

    def __str__(self) -> str:
        place = f" of the blueprint {self.blueprint!r}" if self.blueprint is not None else ""
        return f"The error handler {self.name} for {self.subject}{place} {self.takes or 'stands beside ours'}"


def other_handlers(app: Flask) -> list[OtherHandler]:
    """Give all error handlers that are not ours: the app's, its blueprints', and replaced methods."""
    boundary = boundary_of(app)
    kept = boundary.mapper.settings.handlers_kept
    found = [
        *_find_registered(app, boundary),
        *_find_stayed(app, boundary),
        *_find_replaced_methods(app, boundary),
    ]
    return [replace(handler, is_kept=handler.name in kept) for handler in found]


def explain_in(app: Flask, exc: BaseException) -> Explanation:
    """Give the decision about *exc*, and who would answer it in place of the map."""
    explanation = boundary_of(app).mapper.explain(exc)
    return replace(explanation, answered_by=tuple(_find_answerers(app, explanation)))


def name_of_handler(handler: Any) -> str:
    """Name *handler* as its source does; ``__main__`` by its file, a partial by its function."""
    while isinstance(handler, partial):
        handler = handler.func
    if not hasattr(handler, "__qualname__"):
        handler = type(handler)
    module = handler.__module__
    if module == "__main__":
        module = Path(getattr(sys.modules[module], "__file__", None) or module).stem
    return f"{module}.{handler.__qualname__.replace('<locals>.', '')}"


def _find_registered(app: Flask, boundary: Boundary) -> Iterator[OtherHandler]:
    """What stands where Flask looks, and is not ours."""
    ours = boundary.handlers
    for blueprint, by_code in app.error_handler_spec.items():
        for code, by_class in by_code.items():
            for cls, handler in by_class.items():
                if blueprint is None and code is None and ours.get(cls) is handler:
                    continue
                yield OtherHandler(
                    name=name_of_handler(handler),
                    subject=_name_subject(cls, code),
                    blueprint=blueprint,
                    takes=_say_what_it_takes(boundary, cls, code, blueprint),
                    is_kept=False,
                )


def _find_stayed(app: Flask, boundary: Boundary) -> Iterator[OtherHandler]:
    """What we took the place of, and still ask for what is not ours."""
    for cls, handler in boundary.earlier.items():
        takes = None
        if cls is Exception:
            takes = "answers what no rule knows"
        elif cls is HTTPException:
            if not app.config["TRAP_HTTP_EXCEPTIONS"]:
                continue
            takes = "answers HTTP errors, since TRAP_HTTP_EXCEPTIONS is set"
        yield OtherHandler(
            name=name_of_handler(handler),
            subject=cls.__name__,
            blueprint=None,
            takes=takes,
            is_kept=False,
        )


def _find_replaced_methods(app: Flask, boundary: Boundary) -> Iterator[OtherHandler]:
    by_name: dict[str, list[str]] = {}
    for method in METHODS:
        function = vars(app).get(method)
        if function is boundary.codeless.ours:
            function = boundary.codeless.earlier
        if function is None:
            home = next(cls for cls in type(app).__mro__ if method in vars(cls))
            if home.__module__.partition(".")[0] == "flask":
                continue
            function = vars(home)[method]
        by_name.setdefault(name_of_handler(function), []).append(method)
    for name, methods in by_name.items():
        yield OtherHandler(
            name=name,
            subject=" and ".join(methods),
            blueprint=None,
            takes="replaced these of the app's methods and is asked before the map",
            is_kept=False,
        )


def _name_subject(cls: type, code: int | None) -> str:
    if code is None:
        return cls.__name__
    return str(code) if default_exceptions.get(code) is cls else f"{cls.__name__} ({code})"


def _say_what_it_takes(boundary: Boundary, cls: type, code: int | None, blueprint: str | None) -> str | None:
    """Say how a handler for *cls* takes what the map would answer; None if it does not."""
    if code is not None:
        return "stands before FaultMap's" if 400 <= code < 600 else None
    if blueprint is None and cls in boundary.handlers:
        return "was registered after FaultMap and answers in its place"
    if cls is Exception and blueprint is None:
        return "answers what no rule knows"
    for known in _list_answered(boundary.mapper):
        # For a class above a known one, an app's handler comes after ours, and a blueprint's before.
        if issubclass(cls, known) or (blueprint is not None and issubclass(known, cls)):
            return "stands before FaultMap's"
    return None


def _list_answered(mapper: Mapper) -> Iterator[type]:
    yield from (DomainError, HTTPException)
    for rule in mapper.book.rules:
        if rule.translate not in NARROW and isinstance(rule.on, type):
            yield rule.on


def _find_answerers(app: Flask, explanation: Explanation) -> Iterator[str]:
    """Say who would answer in place of the map: app-wide, then where a blueprint differs."""
    boundary, exc = boundary_of(app), explanation.exception
    for method in _find_replaced_methods(app, boundary):
        yield f"where it decides so, answered by {method.name}, which replaced {method.subject}"
    if not isinstance(exc, Exception):
        return
    is_ours = explanation.is_known or isinstance(exc, HTTPException)
    usual = _choose(app, boundary, exc, None, is_ours=is_ours)
    if usual is not None:
        yield f"answered by {name_of_handler(usual)}"
    for blueprint in app.error_handler_spec:
        if blueprint is not None:
            handler = _choose(app, boundary, exc, blueprint, is_ours=is_ours)
            if handler is not None and handler is not usual:
                yield f"in the blueprint {blueprint!r} answered by {name_of_handler(handler)}"


def _choose(
    app: Flask, boundary: Boundary, exc: Exception, blueprint: str | None, *, is_ours: bool
) -> Handler | None:
    """Find the handler that answers *exc* as Flask does; None for ours, or where Flask itself answers.

    *is_ours* says that the map answers what it is asked.
    """
    ours = boundary.handlers.values()
    handler = _look_up(app, type(exc), blueprint)
    if handler in ours and not is_ours:  # then it asks the app's own, or Flask does, for a 500
        handler = find_other_handler(app, boundary, exc)
    if handler is None and not isinstance(exc, HTTPException):
        handler = _look_up(app, InternalServerError, blueprint)
    return None if handler in ours else handler


def _look_up(app: Flask, cls: type[Exception], blueprint: str | None) -> Handler | None:
    """Look as Flask does: the code before the class, the innermost blueprint before the app."""
    code = getattr(cls, "code", None) if issubclass(cls, HTTPException) else None
    parts = blueprint.split(".") if blueprint is not None else []
    names = [".".join(parts[:end]) for end in range(len(parts), 0, -1)]
    for wanted in (None,) if code is None else (code, None):
        for name in (*names, None):
            by_class = app.error_handler_spec[name][wanted]
            for parent in cls.__mro__:
                if parent in by_class:
                    return by_class[parent]
    return None
