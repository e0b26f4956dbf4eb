"""The context of the current request, in each version of Flask."""

from contextvars import ContextVar
from typing import Any

from flask import globals as flask_globals

# Up to Flask 3.1 a request has a context of its own. Later it is the app's, and the old proxy is deprecated.
_CONTEXT: ContextVar[Any] = getattr(flask_globals, "_cv_request", flask_globals._cv_app)


def current_context() -> Any:
    """Give what holds ``app`` and ``request`` of the current request; there must be one."""
    return _CONTEXT.get()


def owns_app_context() -> bool:
    """Whether the app context, and with it ``g``, came with the request and ends with it.

    Up to Flask 3.1 a request that brought one keeps it beside its token; later each request brings one.
    """
    tokens = getattr(current_context(), "_cv_tokens", None)
    return not tokens or tokens[-1][1] is not None
