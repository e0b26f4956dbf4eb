"""Whose error handler answers: ours, the app's own, or another extension's."""

import logging
from collections.abc import Callable, Iterator
from typing import Any
from weakref import ref

from flask import Flask, request_started
from werkzeug.exceptions import HTTPException

from flask_faultmap.border.answers import boundary_of, handle_codeless, handle_error, handle_http
from flask_faultmap.errors import DomainError
from flask_faultmap.http.errors import from_apiflask
from flask_faultmap.loggers import logger_named
from flask_faultmap.mapping.mapper import VALIDATION, Mapper
from flask_faultmap.mapping.settings import late_changes

Handler = Callable[[Any], Any]
VALIDATORS = [rule.translate for rule in VALIDATION]


def register(app: Flask, mapper: Mapper) -> tuple[dict[type, Handler], dict[type, Handler]]:
    """Register our callbacks; return them, and the app's own that stay for what no rule knows."""
    known: dict[type, Handler] = dict(app.error_handler_spec[None][None])
    ours: dict[type, Handler] = {}
    earlier: dict[type, Handler] = {}
    for cls in _wanted(mapper):
        translators = [rule.translate for rule in mapper.book.rules if rule.on is cls]
        if cls in known and translators and all(translator in VALIDATORS for translator in translators):
            continue  # the app's word on validation errors counts more than ours
        ours[cls] = handle_http if cls is HTTPException else handle_error
        if cls in (DomainError, HTTPException) or from_apiflask in translators:
            _report_replaced(app, known.get(cls), cls, ours[cls])
        elif cls in known:
            earlier[cls] = known[cls]
        app.register_error_handler(cls, ours[cls])
    return ours, earlier


def _wanted(mapper: Mapper) -> Iterator[type[Exception]]:
    """The classes that need a callback: one of DomainError or HTTPException catches what is below it."""
    yield from (DomainError, HTTPException)
    for cls in mapper.book.classes:
        if not issubclass(cls, DomainError | HTTPException) and cls is not Exception:
            yield cls
    if mapper.book.has_wrapped or Exception in mapper.book.classes:
        yield Exception


def answer_codeless(app: Flask) -> None:
    """Stand before Flask's ``handle_http_exception``, which returns an error without a code as a 200.

    Any signature fits, as long as the exception comes last: Flask 3.2 puts a context first.
    """
    kept = vars(app).get("handle_http_exception")
    original = type(app).handle_http_exception
    known = ref(app)

    def handle_http_exception(*args: Any, **kwargs: Any) -> Any:
        exc = args[-1] if args else kwargs["e"]
        if exc.code is None and exc.response is None:
            return handle_codeless(exc)
        if kept is not None:
            return kept(*args, **kwargs)
        return original(known(), *args, **kwargs)  # type: ignore[arg-type]  # an app that asks is alive

    app.handle_http_exception = handle_http_exception  # type: ignore[method-assign]  # the one place


def report_at_first_request(app: Flask) -> None:
    """Look at handlers and settings when all are there; then nothing runs on a request that succeeds."""

    def report(app: Flask, **_: Any) -> None:
        request_started.disconnect(report)  # from all senders: else the signal walks a list for ever
        for shadow in shadows(app):
            _logger(app).warning("%s", shadow)
        mapper = boundary_of(app).mapper
        late = late_changes(app.config, mapper.profiles, mapper.settings)
        if late:
            told = "; ".join(late)
            _logger(app).warning("Settings that came after FaultMap had read them do not count: %s", told)

    request_started.connect(report, sender=app, weak=False)


def shadows(app: Flask) -> Iterator[str]:
    """Say which handlers took the place of ours, and which stand before them in a blueprint."""
    boundary = boundary_of(app)
    ours = boundary.handlers
    for blueprint, by_code in app.error_handler_spec.items():
        for cls, handler in by_code.get(None, {}).items():
            if blueprint is None and ours.get(cls, handler) is not handler:
                yield (
                    f"The error handler {_name(handler)} for {cls.__name__} was registered after FaultMap "
                    "and answers in its place"
                )
            elif blueprint is not None and _is_broad(cls, boundary.mapper):
                yield (
                    f"The error handler {_name(handler)} for {cls.__name__} of the blueprint {blueprint!r} "
                    "stands before FaultMap's"
                )


def _is_broad(cls: type, mapper: Mapper) -> bool:
    """Whether a handler for *cls* catches more than the app may want to keep from us.

    That is all domain errors, all HTTP errors, or whatever stands above a class of the app's own rules.
    """
    named: list[Any] = [rule.on for rule in mapper.book.rules if not rule.is_built_in]
    return cls in (DomainError, HTTPException) or any(
        cls in known.__mro__[1:] for known in (DomainError, *named)
    )


def _report_replaced(app: Flask, known: Handler | None, cls: type, ours: Handler) -> None:
    if known is None:
        return
    _logger(app).warning(
        "The error handler %s for %s is replaced by %s; to keep it, name a more specific class or code",
        _name(known),
        cls.__name__,
        _name(ours),
    )


def _logger(app: Flask) -> logging.Logger:
    return logger_named(f"{app.name}.faultmap")


def _name(handler: Handler) -> str:
    return f"{getattr(handler, '__module__', '?')}.{getattr(handler, '__qualname__', type(handler).__name__)}"
