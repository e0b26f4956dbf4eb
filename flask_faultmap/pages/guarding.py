"""Who may look? Only those of whom the app's own function says exactly True."""

import inspect
from collections.abc import Callable
from typing import Any

from flask import current_app
from werkzeug.exceptions import HTTPException

from flask_faultmap.errors import PermissionDeniedError
from flask_faultmap.loggers import logger_named

Authorize = Callable[[], Any]


class Guard:
    """Asks *authorize* before each request; whatever it does but return True means no."""

    def __init__(self, authorize: Authorize) -> None:
        self._authorize = authorize
        self._told: set[str] = set()

    def check(self) -> None:
        """Let an operator pass.

        Raises:
            HTTPException: *authorize* raised it with a response of its own, such as a redirect to a login.
            PermissionDeniedError: everything else.
        """
        try:
            allowed = self._ask()
        except HTTPException as exc:
            if exc.response is not None or (isinstance(exc.code, int) and exc.code < 400):
                raise
            allowed = False
        except Exception as exc:  # a border: the app's own function
            self._tell_once(type(exc).__name__, "The console's authorize= raised %s; nobody gets in", exc)
            allowed = False
        if allowed is True:
            return
        if allowed:
            name = type(allowed).__name__
            self._tell_once(name, "The console's authorize= gave %s, which is not True; nobody gets in", None)
        raise PermissionDeniedError("the console is for operators")

    def _ask(self) -> Any:
        given = self._authorize()
        if not inspect.isawaitable(given):
            return given

        async def wait() -> Any:
            return await given

        try:
            return current_app.async_to_sync(wait)()
        finally:
            if inspect.iscoroutine(given):
                given.close()  # without asgiref nobody has awaited it

    def _tell_once(self, name: str, message: str, exc: Exception | None) -> None:
        if name not in self._told:
            self._told.add(name)
            logger_named(f"{current_app.name}.faultmap").warning(message, name, exc_info=exc)
