"""The context of the current request, in each version of Flask."""

from contextvars import ContextVar
from typing import Any

from flask import globals as flask_globals

# Up to Flask 3.1 a request has a context of its own. Later it is the app's, and the old proxy is deprecated.
_IS_SHARED = not hasattr(flask_globals, "_cv_request")
_CONTEXT: ContextVar[Any] = flask_globals._cv_app if _IS_SHARED else flask_globals._cv_request


def current_context() -> Any:
    """Give what holds ``app`` and ``request`` of the current request; there must be one."""
    return _CONTEXT.get()


def current_request() -> Any:
    """Give the current request, or None; Flask's ``has_request_context`` looks a second time."""
    context = _CONTEXT.get(None)
    return None if context is None or (_IS_SHARED and not context.has_request) else context.request


def owns_app_context() -> bool:
    """Whether the app context, and with it ``g``, came with the request and ends with it.

    Up to Flask 3.1 a request that brought one keeps it beside its token; later each request brings one.
    """
    tokens = getattr(current_context(), "_cv_tokens", None)
    return not tokens or tokens[-1][1] is not None
