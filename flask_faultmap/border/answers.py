"""The Flask border at request time: from the callback of ``errorhandler`` to Flask's response."""

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import Flask, Request, Response, current_app, has_app_context, has_request_context
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, InternalServerError, default_exceptions
from werkzeug.routing import RoutingException

from flask_faultmap.border.boundaries import KEY, Boundary, find_current
from flask_faultmap.border.contexts import current_context
from flask_faultmap.border.records import remember, tell_hooks, write_log
from flask_faultmap.border.replies import collect_headers, render
from flask_faultmap.errors import DomainError, InternalError
from flask_faultmap.faults import Fault, Kind
from flask_faultmap.http.statuses import FrameworkError
from flask_faultmap.http.unreadable import unreadable_json
from flask_faultmap.loggers import logger_named
from flask_faultmap.mapping.known import answer_with
from flask_faultmap.mapping.occurrences import title_text
from flask_faultmap.mapping.worded import find_wording
from flask_faultmap.profiles.profile import Profile
from flask_faultmap.raises import forget_earlier_raises
from flask_faultmap.rules.rulebook import Decision
from flask_faultmap.texts import SPOKEN, ExceptionLineFilter, text_of

MAX_PATH = 512  # characters of a path that an answer repeats


def handle_http(exc: HTTPException) -> Any:
    """Answer an HTTP error, or the 500 by which Flask asks for the answer to an unhandled one."""
    if is_none_of_ours(exc):
        return exc
    app, boundary, req = find_current()
    unhandled = None
    if isinstance(exc, InternalServerError) and sys.exception() is not exc:  # asked for, and not raised
        unhandled = exc.original_exception
    if unhandled is None and app.trap_http_exception(exc):
        return _hand_on(app, boundary, exc)
    try:
        if unhandled is None:
            decision = _translate_http(boundary, req, exc)
            return exc if decision is None else answer(app, boundary, req, exc, decision)
        decision = _translate_unhandled(app, boundary, req, unhandled)
        return exc if decision is None else answer(app, boundary, req, unhandled, decision, logged=True)
    except Exception as failure:  # the border: whatever failed here, the client gets JSON
        return answer_last(app, boundary, req, exc, failure)


def handle_error(exc: Exception) -> Any:
    """Answer a domain error, or what a rule knows; the rest is the app's or Flask's."""
    app, boundary, req = find_current()
    if isinstance(exc, ExceptionGroup):
        only = _find_only_leaf(exc)
        if isinstance(only, HTTPException) and is_none_of_ours(only):
            return only
    try:
        decision = boundary.mapper.translate(exc, req)
        if decision is not None:
            return answer(app, boundary, req, exc, decision)
    except Exception as failure:  # the border: whatever failed here, the client gets JSON
        return answer_last(app, boundary, req, exc, failure)
    return _hand_on(app, boundary, exc)


def handle_codeless(exc: HTTPException) -> Any:
    """Answer an HTTP error with neither code nor response, which Flask would send as 200 and HTML."""
    app, boundary, req = find_current()
    try:
        decision = _translate_http(boundary, req, exc)
        return exc if decision is None else answer(app, boundary, req, exc, decision)
    except Exception as failure:  # the border: whatever failed here, the client gets JSON
        return answer_last(app, boundary, req, exc, failure)


def answer(
    app: Flask,
    boundary: Boundary,
    req: Request,
    exc: BaseException,
    decision: Decision,
    *,
    logged: bool = False,
    committed: bool = False,
) -> Response:
    """Answer one fault: describe it, render it, remember it, log it unless Flask did, signal it.

    Args:
        logged: Flask has logged and signalled *exc* itself.
        committed: the answer has begun, so that this one is only told in it, below a profile in any case.
    """
    mapper, error = boundary.mapper, decision.error
    prefix, profile = mapper.settings.profile_of(req.path)
    if committed and profile is None:
        profile = mapper.settings.profile
    compiled = mapper.compiled_kind(error, profile, req.path)
    is_logged = compiled.kind.level is not None and not logged
    listeners = boundary.hearing.listeners(app)
    kept = SPOKEN.set({}) if is_logged or listeners else None  # else the answer alone speaks
    try:
        text = word(profile, error, compiled.kind, exc, req, prefix) if profile and profile.wording else None
        fault = mapper.fault(error, compiled.kind, boundary.identify(req), text)
        own = error.headers if isinstance(error, FrameworkError) else ()
        allow = _list_methods(req) if compiled.kind.status == 405 else None
        if profile is None:
            response = _make_page(fault, collect_headers(mapper.settings, fault, own, allow))
        else:
            reply = render(mapper.settings, profile, compiled, fault, own, allow)
            response = boundary.responses.make(app, reply)
        remember(app, req, fault)
        forget_earlier_raises(exc)
        if is_logged and not exception_line_filter.has_logged(exc, fault.id):
            write_log(app, req, fault, exc, decision)
        if listeners:
            tell_hooks(listeners, app, fault, exc, decision, handled=not logged, committed=committed)
        return response
    finally:
        if kept is not None:
            SPOKEN.reset(kept)


def answer_last(
    app: Flask,
    boundary: Boundary,
    req: Request,
    exc: BaseException,
    failure: Exception,
    *,
    committed: bool = False,
) -> Response:
    """Answer by constant bytes, since the answer to *exc* could not be made: *failure*."""
    settings = boundary.mapper.settings
    profile = settings.profile_of(req.path)[1] or settings.profile
    reply = boundary.last_resorts[profile.name]
    headers = Headers(reply.headers)
    name = type(exc).__name__
    with suppress(Exception):  # the border: the log may be what fails; the client gets JSON all the same
        if failure.__cause__ is None and failure is not exc:
            failure.__cause__ = exc
        logger_named(f"{app.name}.faultmap").error("The answer to %s failed", name, exc_info=failure)
    with suppress(Exception):  # the border, once more
        error = InternalError(f"the answer to {name} failed")
        identity = boundary.identify(req)
        if settings.request_id_header.lower() not in map(str.lower, profile.drop_headers):
            headers[settings.request_id_header] = identity
        fault = boundary.mapper.fault(
            error, boundary.mapper.compiled_kind(error, profile, req.path).kind, identity
        )
        remember(app, req, fault)
        told = fault, exc, Decision(error)
        tell_hooks(boundary.hearing.listeners(app), app, *told, committed=committed)
    return Response(reply.body, reply.status, headers)


def current_id(*, is_carried: bool = True) -> str | None:
    """Give the id of the current request, if there is one and its app has a boundary."""
    if not has_request_context() or KEY not in current_context().app.extensions:
        return None
    _, boundary, req = find_current()
    return boundary.identify(req, is_carried=is_carried)


exception_line_filter: ExceptionLineFilter = ExceptionLineFilter(current_id)


def is_none_of_ours(exc: HTTPException) -> bool:
    """Redirects, 304, and whatever brings its own response."""
    return (
        isinstance(exc, RoutingException)
        or exc.response is not None
        or (isinstance(exc.code, int) and 100 <= exc.code < 400)
    )


def _find_only_leaf(group: ExceptionGroup[Exception]) -> Exception | None:
    """Give the one exception that *group* holds, however deep; None if it holds several."""
    found: Exception = group
    while isinstance(found, ExceptionGroup):
        if len(found.exceptions) > 1:
            return None
        found = found.exceptions[0]
    return found


def _hand_on(app: Flask, boundary: Boundary, exc: Exception) -> Any:
    """Hand what is not ours to the handler of the app's own that Flask would have chosen, or to Flask."""
    handler = find_other_handler(app, boundary, exc)
    if handler is not None:
        return app.ensure_sync(handler)(exc)
    raise exc  # Flask signals and logs it, then asks us again with a 500.


def find_other_handler(app: Flask, boundary: Boundary, exc: Exception) -> Callable[[Any], Any] | None:
    """Find the handler of the app's own that Flask would have chosen without ours."""
    registered = app.error_handler_spec[None][None]
    for cls in type(exc).__mro__:
        handler = boundary.earlier.get(cls) or registered.get(cls)
        if handler is not None and handler is not boundary.handlers.get(cls):
            return handler
    return None


def _translate_http(boundary: Boundary, req: Request, exc: HTTPException) -> Decision | None:
    """Translate an HTTP error; None where HTTP errors are Flask's own."""
    settings = boundary.mapper.settings
    if settings.scopes and settings.profile_of(req.path)[1] is None:
        return None
    return boundary.mapper.translate_http(exc, req, is_routing=exc is req.routing_exception)


def _translate_unhandled(app: Flask, boundary: Boundary, req: Request, exc: BaseException) -> Decision | None:
    """Translate what reached only the 500 handler; None where an error that no rule knows is Flask's own."""
    if not isinstance(exc, HTTPException) or isinstance(exc, DomainError):
        decision = boundary.mapper.translate(exc, req)
    elif is_none_of_ours(exc) or app.trap_http_exception(exc):
        decision = None
    else:
        decision = _translate_http(boundary, req, exc)
    if decision is None and boundary.mapper.settings.profile_of(req.path)[1] is not None:
        return Decision(InternalError(text_of(exc)))
    return decision


def word(
    profile: Profile, error: DomainError, kind: Kind, exc: BaseException, req: Request, prefix: str
) -> str | None:
    """Word an error as the profile does, in place of a title; a text of the app's own stays."""
    template = find_wording(profile, error, kind)
    if template is None:
        return None
    path = req.path[len(prefix) :] or "/"
    shown = path if len(path) <= MAX_PATH else path[:MAX_PATH] + "…"
    return template.format(
        method=req.method,
        path=shown,
        token=shown.lstrip("/").partition("/")[0],
        reason=unreadable_json(exc) or title_text(error, kind),
    )


def _list_methods(req: Request) -> str:
    rule = req.url_rule
    return ", ".join(sorted(rule.methods)) if rule is not None and rule.methods else ""


def _make_page(fault: Fault, headers: tuple[tuple[str, str], ...]) -> Response:
    """Make werkzeug's page of the fault's status, for a scope whose answers are Flask's own."""
    cls = default_exceptions.get(fault.status, HTTPException)
    page = cls(description=fault.text)
    page.code = fault.status
    response = Response(page.get_body(), fault.status, mimetype="text/html")
    for name, value in headers:
        response.headers.add(name, value)
    return response


def _is_known(exc: BaseException) -> bool:
    """Whether a rule of the current app knows *exc*."""
    boundary = current_app.extensions.get(KEY) if has_app_context() else None
    return boundary is not None and boundary.mapper.translate(exc) is not None


answer_with(_is_known)
