"""Whose error handler answers: ours, the app's own, or another extension's."""

import logging
from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary, ref

from flask import Flask, request_started
from werkzeug.exceptions import HTTPException

from flask_faultmap.border.answers import handle_codeless, handle_error, handle_http
from flask_faultmap.border.boundaries import Codeless, boundary_of
from flask_faultmap.border.other_handlers import Handler, name_of_handler, other_handlers
from flask_faultmap.errors import DomainError
from flask_faultmap.http.errors import from_apiflask
from flask_faultmap.loggers import logger_named
from flask_faultmap.mapping.builtin import VALIDATION
from flask_faultmap.mapping.mapper import Mapper
from flask_faultmap.mapping.reading import late_changes
from flask_faultmap.signals import disconnect

# Their handlers for HTTP errors give way to ours in the order that our documentation recommends.
NEIGHBOURS = ("flask_smorest.", "apiflask.", "connexion.")
VALIDATORS = [rule.translate for rules in VALIDATION.values() for rule in rules]


def register(app: Flask, mapper: Mapper) -> tuple[dict[type, Handler], dict[type, Handler]]:
    """Register our callbacks; return them, and the app's own that stay for what no rule knows."""
    known: dict[type, Handler] = dict(app.error_handler_spec[None][None])
    ours: dict[type, Handler] = {}
    earlier: dict[type, Handler] = {}
    for cls in _find_wanted(mapper):
        translators = [rule.translate for rule in mapper.book.rules if rule.on is cls]
        if cls in known and translators and all(translator in VALIDATORS for translator in translators):
            continue  # the app's word on validation errors counts more than ours
        ours[cls] = handle_http if cls is HTTPException else handle_error
        is_replaced = cls in (DomainError, HTTPException) or from_apiflask in translators
        if is_replaced and cls in known:
            _report_replaced(app, mapper, known[cls], cls, ours[cls])
        if cls in known and (cls is HTTPException or not is_replaced):
            earlier[cls] = known[cls]  # of HTTP errors it gets those that the app traps
        app.register_error_handler(cls, ours[cls])
    return ours, earlier


def _find_wanted(mapper: Mapper) -> Iterator[type[Exception]]:
    """The classes that need a callback: one of DomainError or HTTPException catches what is below it."""
    yield from (DomainError, HTTPException)
    for cls in mapper.book.classes:
        if not issubclass(cls, DomainError | HTTPException) and cls is not Exception:
            yield cls
    if mapper.book.has_wrapped or Exception in mapper.book.classes:
        yield Exception


def answer_codeless(app: Flask) -> Codeless:
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
    return Codeless(handle_http_exception, kept)


_reports: WeakKeyDictionary[Flask, Callable[..., None]] = WeakKeyDictionary()


def report_at_first_request(app: Flask) -> None:
    """Look at handlers and settings when all are there; then nothing runs on a request that succeeds."""

    def report(app: Flask, **_: Any) -> None:
        disconnect(request_started, report)
        for other in other_handlers(app):
            if other.is_finding:
                _get_logger(app).warning(
                    "%s; take it out, or name it in FAULTMAP_HANDLERS_KEPT if this is meant", other
                )
        mapper = boundary_of(app).mapper
        late = late_changes(app.config, mapper.profiles, mapper.settings)
        if late:
            told = "; ".join(late)
            _get_logger(app).warning("Settings that came after FaultMap had read them do not count: %s", told)

    _reports[app] = report
    request_started.connect(report, sender=app)  # weakly: it goes with an app that never serves


def _report_replaced(app: Flask, mapper: Mapper, known: Handler, cls: type, ours: Handler) -> None:
    """Name both in the log: as a warning, unless it is the order that our documentation recommends."""
    name = name_of_handler(known)
    is_meant = name.startswith(NEIGHBOURS) or name in mapper.settings.handlers_kept
    _get_logger(app).log(
        logging.DEBUG if is_meant else logging.WARNING,
        "The error handler %s for %s is replaced by %s; to keep it, name a more specific class or code",
        name,
        cls.__name__,
        name_of_handler(ours),
    )


def _get_logger(app: Flask) -> logging.Logger:
    return logger_named(f"{app.name}.faultmap")
