"""What the HTTP errors of Flask, werkzeug, ``abort`` and other extensions mean to the domain."""

import logging
from collections.abc import Iterable, Mapping
from traceback import walk_tb
from typing import Any

from werkzeug.exceptions import BadRequestKeyError, HTTPException, NotFound, SecurityError
from werkzeug.routing.exceptions import WebsocketMismatch

from flask_faultmap.faults import Violation
from flask_faultmap.http.statuses import (
    FrameworkError,
    Headers,
    MalformedJsonError,
    MissingFieldError,
    RequestInvalidError,
    UnknownPathError,
    UntrustedHostError,
    WebSocketExpectedError,
    class_of_status,
)
from flask_faultmap.http.unreadable import JSON_UNREADABLE, NOT_JSON, find_parser_error
from flask_faultmap.http.validation import from_request_parser
from flask_faultmap.loggers import logger_named
from flask_faultmap.retry_after import whole_seconds
from flask_faultmap.speech import is_lazy

logger: logging.Logger = logger_named("flask_faultmap")

# The parts of werkzeug's request that raise BadRequestKeyError, and where our violations say that they are.
PARTS = {"args": "query", "form": "form", "files": "form", "cookies": "cookie"}
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")

# Texts that werkzeug gives at the raise, and not as the class's description.
WERKZEUG_TEXTS = (JSON_UNREADABLE, "Did not attempt to load JSON data")


def from_http(
    exc: HTTPException, *, environ: dict[str, Any] | None = None, is_routing: bool = False
) -> FrameworkError:
    """Translate *exc*; *environ* is its request's, *is_routing* says that it came from matching the URL.

    The exception's page is never rendered. A text given to ``abort(4xx, text)``, or by a class of the
    app's own, is kept; werkzeug's own, one of a 5xx, and what is no text are not.
    """
    if is_routing and type(exc) is NotFound:
        return UnknownPathError(exc.description)
    status = _read_status(exc.code)
    error = _make(
        status, exc.description if isinstance(exc.description, str) else exc.name, _find_special_class(exc)
    )
    if _is_own_text(exc, error):
        error.public = exc.description
    if type(exc).get_headers is not HTTPException.get_headers:
        error.headers = _read_headers(exc, environ)
        error.retry_after = getattr(exc, "retry_after", None)
    if isinstance(error, MissingFieldError | MalformedJsonError):
        error.violations = (_make_violation(exc, environ or {}),)
    elif "data" in exc.__dict__:
        _add_data(error, exc.__dict__["data"])
    if error.headers and error.retry_after is None:
        error.retry_after = _read_retry_after(error.headers)
    return error


def from_apiflask(exc: Any) -> FrameworkError:
    """Translate APIFlask's ``HTTPError``, which is no ``HTTPException``."""
    is_validation = isinstance(exc.detail, Mapping) and from_request_parser(exc.detail) is not None
    cls = RequestInvalidError if is_validation else None
    error = _make(_read_status(exc.status_code), str(exc.message), cls)
    _add_data(error, {"message": exc.message, "messages": exc.detail, "headers": exc.headers})
    if error.status < 500 and not is_validation:
        told = exc.detail if isinstance(exc.detail, Mapping) else {"details": exc.detail}
        extra = getattr(exc, "extra_data", None)  # which APIFlask has from 0.10 on
        extra = extra if isinstance(extra, Mapping) else {}
        if told or extra:
            error.details = {**told, **extra}
    return error


def _read_status(code: Any) -> int:
    return code if isinstance(code, int) and 400 <= code <= 599 else 500


def _make(status: int, message: str, cls: type[FrameworkError] | None) -> FrameworkError:
    error = (cls or class_of_status(status))(message)
    if status != error.status:
        error.status = status
    return error


def _find_special_class(exc: HTTPException) -> type[FrameworkError] | None:
    """The class for an error whose class or contents tell more than its status."""
    if exc.code not in (400, 422):
        return None
    if isinstance(exc, SecurityError):
        return UntrustedHostError
    if isinstance(exc, WebsocketMismatch):
        return WebSocketExpectedError
    if isinstance(exc, BadRequestKeyError):
        return MissingFieldError
    if find_parser_error(exc) is not None:
        return MalformedJsonError
    data = exc.__dict__.get("data")
    if isinstance(data, Mapping) and from_request_parser(data.get("messages")) is not None:
        return RequestInvalidError
    return None


def _is_own_text(exc: HTTPException, error: FrameworkError) -> bool:
    """Whether the app, and not werkzeug, gave the description, for a client to read."""
    given = exc.description
    if error.status >= 500 or not (is_lazy(given) or (isinstance(given, str) and given)):
        return False
    if _is_of_werkzeugs_class(exc):
        return False
    if isinstance(error, UntrustedHostError | MalformedJsonError):
        return False
    return not (isinstance(given, str) and given.startswith(WERKZEUG_TEXTS))


def _is_of_werkzeugs_class(exc: HTTPException) -> bool:
    """Whether neither the raise nor a class of the app's own has the description."""
    if "description" in exc.__dict__:
        return False
    home = next(cls for cls in type(exc).__mro__ if "description" in vars(cls))
    return home.__module__.startswith("werkzeug.")


def _read_headers(exc: HTTPException, environ: dict[str, Any] | None) -> Headers:
    try:
        return _keep_sendable(exc.get_headers(environ))
    except Exception:  # a border: an app's own method may raise anything, and the status still stands
        level = logging.DEBUG if environ is None else logging.WARNING  # without a request it may have to fail
        logger.log(level, "get_headers of %s failed; they are not sent", type(exc).__name__, exc_info=True)
        return ()


def _keep_sendable(given: Iterable[tuple[Any, Any]]) -> Headers:
    return tuple(
        (name, value) for name, value in given if isinstance(name, str) and name.lower() != "content-type"
    )


def _read_retry_after(headers: Headers) -> int | None:
    """What the body says of a retry must be what the header says."""
    return next((whole_seconds(value) for name, value in headers if name.lower() == "retry-after"), None)


def _add_data(error: FrameworkError, data: Any) -> None:
    """Add what webargs and flask-smorest hang on the error: a message, messages or errors, headers."""
    if not isinstance(data, Mapping):
        return
    failed = from_request_parser(data.get("messages")) or from_request_parser(data.get("errors"))
    if failed is not None:
        error.violations = failed.violations
        error.public = failed.public
    message = data.get("message")
    if isinstance(message, str) and error.status < 500 and not isinstance(error, RequestInvalidError):
        error.public = message
    headers = data.get("headers")
    if isinstance(headers, Mapping):
        error.headers = (*error.headers, *_keep_sendable(headers.items()))


def _make_violation(exc: HTTPException, environ: dict[str, Any]) -> Violation:
    if not isinstance(exc, BadRequestKeyError):
        return NOT_JSON
    name = exc.args[0] if exc.args and isinstance(exc.args[0], str) else None
    source = _find_place_of_key(exc, environ)
    return Violation(source=source, name=name, message="This field is required.", code="required")


def _find_place_of_key(exc: BadRequestKeyError, environ: dict[str, Any]) -> str:
    """Find the part of the request in whose method *exc* was raised, which it does not tell itself.

    Without one (``request.values``, or raised by hand) a request that sends no form lacks it in its query.
    """
    mappings = [frame.f_locals.get("self") for frame, _ in walk_tb(exc.__traceback__)]
    parts = getattr(environ.get("werkzeug.request"), "__dict__", {})  # only what was looked at is there
    for name, source in PARTS.items():
        if name in parts and any(mapping is parts[name] for mapping in mappings):
            return source
    return "query" if environ and not environ.get("CONTENT_TYPE", "").lower().startswith(FORMS) else "form"
