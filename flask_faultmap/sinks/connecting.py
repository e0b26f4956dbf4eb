"""How a sink hears of faults: once for each app, and without a way to hurt an answer or to fill the log."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask

from flask_faultmap.errors import ConfigError
from flask_faultmap.loggers import logger_named
from flask_faultmap.signals import fault_translated

Receive = Callable[[Flask, Mapping[str, Any]], None]  # the app, and the keywords of the signal


class Receiver:
    """One sink of one app; what it raises is logged, the first time."""

    def __init__(self, what: str, receive: Receive) -> None:
        self._what, self._receive = what, receive
        self._has_failed = False

    def __call__(self, app: Flask, **told: Any) -> None:
        """Hand the fault on."""
        try:
            self._receive(app, told)  # as it came: to spread it again takes a microsecond
        except Exception as exc:  # a border: a foreign library may raise anything
            if not self._has_failed:
                self._has_failed = True
                logger_named(f"{app.name}.faultmap").error(
                    "The %s failed; further failures of it are not logged", self._what, exc_info=exc
                )


def connect(app: Flask, what: str, receive: Receive) -> bool:
    """Let *receive* hear of the faults of *app*; False, and a warning, if *what* is connected already.

    Raises:
        ConfigError: *app* is no Flask app.
    """
    if not isinstance(app, Flask):
        raise ConfigError(f"app is {app!r}; it must be a Flask app")
    key = f"faultmap.{what}"
    if key in app.extensions:
        logger_named(f"{app.name}.faultmap").warning(
            "The app %r has %s already; the second is left out", app.name, what
        )
        return False
    receiver = app.extensions[key] = Receiver(what, receive)
    # Weakly: app.extensions holds it. No method: a weak one costs a microsecond more at each fault.
    fault_translated.connect(receiver, sender=app)
    return True
