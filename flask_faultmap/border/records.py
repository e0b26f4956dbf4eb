"""What is kept of a fault: its id, its place on the request, its log record."""

import logging
import re

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
from flask.globals import request_ctx

from flask_faultmap.faults import Fault
from flask_faultmap.loggers import logger_named
from flask_faultmap.mapping.mapper import new_id
from flask_faultmap.rules.rulebook import Decision
from flask_faultmap.texts import log_text, one_line, root_cause, text_of

# Attributes of a request; set as such, since a look at its __dict__ makes CPython 3.11 slow from then on.
FAULT = "_faultmap_fault"  # on g too
IDENTITY = "_faultmap_id"
ID = re.compile(r"[A-Za-z0-9._-]{8,128}")


def request_id(req: Request, id_key: str) -> str:
    """Give the id of the request: its own if it is a sane one, else a new one; always the same.

    *id_key* is what WSGI calls the header that may bring one.
    """
    kept: str | None = getattr(req, IDENTITY, None)
    if kept is None:
        given = req.environ.get(id_key)
        kept = given if isinstance(given, str) and ID.fullmatch(given) else new_id()
        setattr(req, IDENTITY, kept)
    return kept


def current_fault() -> Fault | None:
    """Give the fault that is being answered in this request, or None.

    For teardown functions, which must roll back after an error that was handled: Flask hides it from them.
    """
    # Under the request of another app, an app context that is torn down has its fault on g.
    if has_request_context() and current_app == request_ctx.app:
        return getattr(request, FAULT, None)
    return g.get(FAULT) if has_app_context() else None


def remember(app: Flask, req: Request, fault: Fault) -> None:
    """Keep *fault* for :func:`current_fault`, as long as its request lives."""
    setattr(req, FAULT, fault)
    # When the app context ends the request is gone, so the fault must be on g, if anybody is there to ask.
    if app.teardown_appcontext_funcs or appcontext_tearing_down.receivers or appcontext_popped.receivers:
        # Under an outer app context g outlives the request, and a later success must not see the fault there.
        # Flask 3.1 keeps the app context that a request brought beside its token; later requests bring one.
        tokens = getattr(request_ctx, "_cv_tokens", None)
        if not tokens or tokens[-1][1] is not None:
            setattr(g, FAULT, fault)


def keep_on_g(req: Request) -> None:
    """Keep the fault of *req* on g, for teardown functions that run when a stream has ended."""
    setattr(g, FAULT, getattr(req, FAULT, None))


def write_log(app: Flask, req: Request, fault: Fault, exc: BaseException, decision: Decision) -> None:
    """Write the one record of *fault*, at its level."""
    level = fault.level or logging.NOTSET
    app.logger.isEnabledFor(level)  # makes Flask set up its handlers, if nobody did
    logger = logger_named(f"{app.name}.faultmap")
    if not logger.isEnabledFor(level):
        return
    cause = root_cause(exc)
    method, path = one_line(req.method), one_line(req.path)
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
        "context": decision.error.context or {},  # the empty default is no JSON
    }
    logger.log(
        level,
        "%s %s -> %d %s (%s): %s",
        method,
        path,
        fault.status,
        fault.code,
        fault.id,
        log_text(decision.error, exc),
        exc_info=exc if level >= logging.ERROR else None,
        extra={"fault": facts},
    )
