"""What a log line may hold: one line, whatever a request or an exception put into it."""

import logging
from collections.abc import Callable
from contextvars import ContextVar

from flask_faultmap.errors import DomainError
from flask_faultmap.raises import cut_earlier_raises

LEVELS = {name: number for name, number in logging.getLevelNamesMapping().items() if number > 0}
MAX_TEXT = 65_536  # characters

# While one fault is told to several, each exception is spoken once: a lazy string is translated at each
# ``str``. By id of the exception, which is kept so that its id is.
Spoken = dict[int, tuple[BaseException, str]]
SPOKEN: ContextVar[Spoken | None] = ContextVar("flask_faultmap_spoken", default=None)


def escape(text: str) -> str:
    """Escape what could forge a line or drive a terminal (CWE-117); other texts stay as they are."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def one_line(text: str) -> str:
    """Escape *text*, and cut what no line should hold: escaping ten million line feeds takes seconds."""
    return escape(text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…")


def spoken(exc: BaseException) -> str:
    """Give ``str(exc)``; an empty text if that fails."""
    known = SPOKEN.get()
    if known is not None and id(exc) in known:
        return known[id(exc)][1]
    try:
        text = str.__str__(str(exc))  # of a subclass too, whose methods may raise anything
    except Exception:  # a border: `__str__` may raise anything, and this line must be written
        text = ""
    if known is not None:
        known[id(exc)] = exc, text
    return text


def text_of(exc: BaseException) -> str:
    """Give ``str(exc)``, or the name of its class if that is empty or fails."""
    return spoken(exc) or type(exc).__name__


def level_number(level: object) -> int | None:
    """Give the number of a level or its name; None for None.

    Raises:
        ValueError: it is neither.
    """
    if level is None or (isinstance(level, int) and not isinstance(level, bool)):
        return level or None
    if isinstance(level, str) and level.upper() in LEVELS:
        return LEVELS[level.upper()]
    raise ValueError(level)


def root_cause(exc: BaseException) -> BaseException | None:
    """Give the last link of the explicit cause chain; None if the exception has no cause."""
    seen = {id(exc)}
    link = exc
    while link.__cause__ is not None and id(link.__cause__) not in seen:
        link = link.__cause__
        seen.add(id(link))
    return None if link is exc else link


def log_text(error: DomainError, exc: BaseException) -> str:
    """Give the technical text of a fault's record: the domain error's message, else the exception's."""
    message = str.__str__(error.args[0]) if error.args and isinstance(error.args[0], str) else ""
    return one_line(message or text_of(exc))


class ExceptionLineFilter(logging.Filter):
    """Makes Flask's own ``Exception on <path>`` line safe, and ends it with the id of the request.

    One filter serves all apps: *identify* gives the id of the current request, if there is one.
    """

    PREFIX = "Exception on "
    LOGGED = "_faultmap_logged"  # of an exception: the id of the request in which it has its line

    def __init__(self, identify: Callable[[], str | None]) -> None:
        super().__init__()
        self._identify = identify

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place; hold it back if this request has logged the same exception before.

        Extensions that answer by themselves log as Flask does, and then raise again.
        """
        line = record.msg
        # Flask formats its line itself; what has arguments is the app's own.
        if (
            not isinstance(line, str)
            or not line.startswith(self.PREFIX)
            or record.args
            or not record.exc_info
        ):
            return True
        identity = self._identify()
        if identity is None or line.endswith(f"({identity})"):
            return True
        record.msg = f"{escape(line)} ({identity})"
        exc = record.exc_info[1]
        if exc is None:
            return True
        cut_earlier_raises(exc)
        is_first = not self.has_logged(exc, identity)
        exc.__dict__[self.LOGGED] = identity
        return is_first

    def has_logged(self, exc: BaseException, identity: str) -> bool:
        """Whether *exc* has its line in the log, from the request with the id *identity*."""
        return bool(exc.__dict__.get(self.LOGGED) == identity)
