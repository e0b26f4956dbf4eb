"""How a sink hears of faults: once for each app, and without a way to hurt an answer or to fill the log."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask

from flask_faultmap.errors import ConfigError
from flask_faultmap.loggers import logger_named
from flask_faultmap.signals import Sink, fault_translated

Receive = Callable[[Flask, Mapping[str, Any]], None]


class _Receiver(Sink):
    """One sink of one app."""

    def __init__(self, what: str, receive: Receive) -> None:
        self.what, self.receive = what, receive


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
    receiver = app.extensions[key] = _Receiver(what, receive)
    # Weakly: app.extensions holds it. No method: a weak one costs a microsecond more at each fault.
    fault_translated.connect(receiver, sender=app)
    return True
