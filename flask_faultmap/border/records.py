"""What is kept and told of a fault: its place on the request, its log record, its signal."""

import logging
from collections.abc import Sequence

from flask import (
    Flask,
    Request,
    appcontext_popped,
    appcontext_tearing_down,
    current_app,
    g,
    has_app_context,
    has_request_context,
    request,
)

from flask_faultmap.border.contexts import current_context, owns_app_context
from flask_faultmap.errors import NOTHING
from flask_faultmap.faults import Fault
from flask_faultmap.loggers import logger_named
from flask_faultmap.rules.rulebook import Decision
from flask_faultmap.signals import Listener, notify
from flask_faultmap.texts import log_text, one_line, root_cause, text_of

# Attributes of a request; set as such, since a look at its __dict__ makes CPython 3.11 slow from then on.
FAULT = "_faultmap_fault"  # on g too
MAX_NOTES = 32


def current_fault() -> Fault | None:
    """Give the fault that is being answered in this request, or None.

    For teardown functions, which must roll back after an error that was handled: Flask hides it from them.
    """
    # Under the request of another app, an app context that is torn down has its fault on g.
    if has_request_context() and current_app == current_context().app:
        return getattr(request, FAULT, None)
    return g.get(FAULT) if has_app_context() else None


def remember(app: Flask, req: Request, fault: Fault) -> None:
    """Keep *fault* for :func:`current_fault`, as long as its request lives."""
    setattr(req, FAULT, fault)
    # When the app context ends the request is gone, so the fault must be on g, if anybody is there to ask.
    is_asked_for = (
        app.teardown_appcontext_funcs or appcontext_tearing_down.receivers or appcontext_popped.receivers
    )
    # Under an outer app context g outlives the request, and a later success must not see the fault there.
    if is_asked_for and owns_app_context():
        setattr(g, FAULT, fault)


def keep_on_g(req: Request) -> None:
    """Keep the fault of *req* on g, for teardown functions that run when a stream has ended."""
    setattr(g, FAULT, getattr(req, FAULT, None))


def write_log(app: Flask, req: Request, fault: Fault, exc: BaseException, decision: Decision) -> None:
    """Write the one record of *fault*, at its level."""
    level = fault.level or logging.NOTSET
    app.logger.isEnabledFor(level)  # makes Flask set up its handlers, if nobody did
    logger = logger_named(f"{app.name}.faultmap")
    write_record(logger, fault, exc, decision, method=req.method, path=req.path)


def write_record(
    logger: logging.Logger,
    fault: Fault,
    exc: BaseException,
    decision: Decision,
    *,
    method: str | None,
    path: str | None,
) -> None:
    """Write the record of *fault*; *method* and *path* are None outside of a request."""
    level = fault.level or logging.NOTSET
    if not logger.isEnabledFor(level):
        return
    cause = root_cause(exc)
    method, path = (None if text is None else one_line(text) for text in (method, path))
    notes = notes_of(exc)
    context: object = decision.error.context  # whatever the app gave, which may have no truth
    facts = {
        "id": fault.id,
        "code": fault.code,
        "category": str(fault.category),
        "status": fault.status,
        "original_status": fault.original_status,
        "method": method,
        "path": path,
        "rule": decision.rule_name,
        "cause": None if cause is None else one_line(f"{type(cause).__name__}: {text_of(cause)}"),
        "notes": notes,
        "context": {} if context is NOTHING or context is None else context,  # NOTHING is no JSON
    }
    logger.log(
        level,
        "%s -> %d %s (%s): %s",
        "reported" if path is None else f"{method} {path}",
        fault.status,
        fault.code,
        fault.id,
        "; ".join((log_text(decision.error, exc), *notes)),
        exc_info=exc if level >= logging.ERROR else None,
        extra={"fault": facts},
    )


def tell_hooks(
    listeners: Sequence[Listener],
    sender: object,
    fault: Fault,
    exc: BaseException,
    decision: Decision,
    *,
    handled: bool = True,
    committed: bool = False,
) -> None:
    """Send ``fault_translated`` to *listeners*; *sender* is the app where there is one."""
    payload = {
        "fault": fault,
        "exception": exc,
        "error": decision.error,
        "status": fault.kind.status,
        "original_status": fault.kind.original_status,
        "rule": decision.rule_name,
        "handled": handled,
        "committed": committed,
    }
    notify(listeners, sender, sender.ensure_sync if isinstance(sender, Flask) else None, payload)


def notes_of(exc: BaseException) -> list[str]:
    """Give what was added to *exc* by ``add_note`` (PEP 678), each in one line."""
    notes = exc.__dict__.get("__notes__", ())
    if not isinstance(notes, list | tuple):
        return []
    return [one_line(str.__str__(note)) for note in notes[:MAX_NOTES] if isinstance(note, str)]
