"""Faults that nobody is answered: from a task, a command, or a view that goes on."""

from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from typing import Any

from flask import Flask, current_app, has_app_context, has_request_context

from flask_faultmap.border.answers import current_id, word
from flask_faultmap.border.boundaries import KEY, boundary_of
from flask_faultmap.border.contexts import current_context
from flask_faultmap.border.records import tell_hooks, write_record
from flask_faultmap.errors import DomainError, InternalError
from flask_faultmap.faults import Fault
from flask_faultmap.loggers import logger_named
from flask_faultmap.mapping.mapper import Mapper, new_id
from flask_faultmap.mapping.worded import word_without_request
from flask_faultmap.raises import forget_earlier_raises
from flask_faultmap.rules.rulebook import Decision
from flask_faultmap.signals import Hearing
from flask_faultmap.texts import SPOKEN


def request_id() -> str | None:
    """Give the id of the current request, also of one that succeeds; None outside of a request.

    It is the id that an answer, its log record and its signal carry: for an app's own log lines.
    """
    return current_id(is_carried=False)


def report(owner: object, standalone: Mapper, exc: BaseException, context: Mapping[str, Any]) -> Fault:
    """Log and signal *exc* as if it had been answered, and give its fault; never raises.

    Args:
        owner: the ``FaultMap``: the sender where no app of its own is at hand.
        standalone: its map without an app.
    """
    app = find_app(owner)
    mapper = standalone if app is None else boundary_of(app).mapper
    if not isinstance(exc, BaseException):
        exc = TypeError(f"report was given a {type(exc).__name__}, which is no exception")
    kept = SPOKEN.set({})
    try:
        decision, fault = _decide(mapper, app, exc, context)
        with suppress(Exception):  # a border: a handler of the log may raise anything
            _write(app, fault, exc, decision)
        sender = app or owner
        tell_hooks(Hearing().listeners(sender), sender, fault, exc, decision)
        return fault
    finally:
        SPOKEN.reset(kept)


def _decide(
    mapper: Mapper, app: Flask | None, exc: BaseException, context: Mapping[str, Any]
) -> tuple[Decision, Fault]:
    try:
        decision = mapper.decide(exc)
        decision = Decision(_add_context(decision.error, context), decision.rule)
        return decision, _describe(mapper, app, decision.error, exc)
    except Exception as failure:  # a border: an app's own attributes may raise anything
        logger_named("flask_faultmap").error("The report of %s failed", type(exc).__name__, exc_info=failure)
        decision = Decision(InternalError(f"the report of {type(exc).__name__} failed", context=context))
        return decision, _describe(mapper, app, decision.error, exc)


def find_app(owner: object) -> Flask | None:
    """Find the app whose context this is, if *owner* stands around it."""
    if not has_app_context():
        return None
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # of LocalProxy
    boundary = app.extensions.get(KEY)
    return app if boundary is not None and boundary.owner is owner else None


def _add_context(error: DomainError, context: Mapping[str, Any]) -> DomainError:
    """Give *error* with more context; the one that was raised stays as it is."""
    if not context:
        return error
    known = error.context if isinstance(error.context, Mapping) else {}
    more = copy(error)
    vars(more)["context"] = {**known, **context}
    return more


def _describe(mapper: Mapper, app: Flask | None, error: DomainError, exc: BaseException) -> Fault:
    profile = mapper.settings.profile
    if app is None or not _is_in_request_of(app):
        kind = mapper.compiled_kind(error, profile).kind
        return mapper.fault(error, kind, new_id(), word_without_request(profile, error, kind))
    req = current_context().request
    prefix, scoped = mapper.settings.profile_of(req.path)
    kind = mapper.compiled_kind(error, scoped or profile, req.path).kind
    text = word(scoped or profile, error, kind, exc, req, prefix)
    return mapper.fault(error, kind, request_id() or new_id(), text)


def _is_in_request_of(app: Flask) -> bool:
    return has_request_context() and current_context().app is app


def _write(app: Flask | None, fault: Fault, exc: BaseException, decision: Decision) -> None:
    forget_earlier_raises(exc)
    if fault.level is None:
        return
    method = path = None
    if app is None:
        logger = logger_named("flask_faultmap")
    else:
        app.logger.isEnabledFor(fault.level)  # makes Flask set up its handlers, if nobody did
        logger = logger_named(f"{app.name}.faultmap")
        if _is_in_request_of(app):
            method, path = current_context().request.method, current_context().request.path
    write_record(logger, fault, exc, decision, method=method, path=path)
