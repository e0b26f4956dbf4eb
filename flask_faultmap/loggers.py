"""Loggers that no configuration of logging silences by accident, and whose lines nobody forges."""

import logging
from contextlib import suppress
from functools import lru_cache
from typing import Any

from flask_faultmap.texts import one_line


class OwnLogger(logging.Logger):
    """A logger outside of logging's register, below the registered one of the same name.

    ``logging.config.dictConfig`` disables the loggers that exist unless it is told not to, as in Flask's own
    recipe, and what is said after that would be lost. This one it does not know. Level, handlers, filters and
    ``propagate`` of the registered logger count as usual.

    Each message is one line of printable text, whatever its arguments say (CWE-117).
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.registered: logging.Logger = logging.getLogger(name)
        self.parent: logging.Logger | None = self.registered

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802  # of logging
        """Look at the level anew each time: logging clears the caches of registered loggers only."""
        return level > self.manager.disable and level >= self.getEffectiveLevel()

    def handle(self, record: logging.LogRecord) -> None:
        """Escape what a request, an instance or a peer has put into the message."""
        with suppress(
            Exception
        ):  # a border: a foreign ``__repr__``; what cannot be said is logging's to report
            text = record.getMessage()
            line = one_line(text)
            if line != text:
                record.msg, record.args = line, ()
        super().handle(record)

    def filter(self, record: logging.LogRecord) -> Any:
        """Ask the filters of the registered logger; from Python 3.12 on they may give another record."""
        return self.registered.filter(record)


@lru_cache(maxsize=256)
def logger_named(name: str) -> logging.Logger:
    """Give the logger of this name that stays on."""
    return OwnLogger(name)
