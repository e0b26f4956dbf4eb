"""Who stood around a client library's call when it sent something? It asks its logger then, and we look.

An answer does not show what was tried before it. But the libraries ask their loggers for each connection,
request or answer whether they log at DEBUG, and whoever may try twice stands on the stack then. aiohttp does
not ask; there we look when it reads a URL, and note the middlewares that it puts together.
"""

import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from functools import cache, partial
from types import FrameType
from typing import Any

from flask_faultmap.upstreams.owners import LIBRARIES, is_foreign, is_standard, others_among, package_of

SENDING = "send_request_headers"  # a step of httpcore's, which asks for each
UNKNOWN = "?"  # the package of whoever called what is inside of a library's call, from a task or a thread
CALLED = "strip_auth_from_url"  # by aiohttp for each request
MIDDLEWARES = "build_client_middlewares"
LOGGERS = (
    *(f"{library}.connectionpool" for library in ("urllib3", "urllib3_future")),
    *(f"{library}.{part}" for library in ("httpcore", "httpcore2") for part in ("http11", "http2")),
)


class Watch:
    """What was seen of the calls of one block.

    Attributes:
        others: the packages that stood around or inside of a call, and may have tried before.
    """

    def __init__(self) -> None:
        self.others: set[str] = set()
        self._frame: FrameType | None = None
        self._reset: Callable[[], object] = object

    def begin(self, frame: FrameType | None) -> None:
        """Watch the calls below *frame*, or below whoever entered the block for it, until :meth:`end`."""
        while frame is not None and is_standard(frame):  # an exit stack
            frame = frame.f_back
        self._frame = frame
        self._reset = partial(_WATCH.reset, _WATCH.set(self))

    def end(self) -> None:
        """Watch no more."""
        self._frame = None
        with suppress(ValueError):  # the block ends in another context than it began in
            self._reset()

    def look(self, frame: FrameType | None) -> None:
        """Look at the stack from *frame* up to the block."""
        stack: list[FrameType] = []
        while frame is not None and frame is not self._frame:
            stack.append(frame)
            frame = frame.f_back
        if frame is None:  # the block is not above: it is in a context manager, or waits for another task
            stack = _cut_above_library(stack)
            if stack and _is_within(stack[-1]):
                self.others.add(UNKNOWN)
        own = "" if frame is None else package_of(frame)
        self.others |= others_among(reversed(stack), own)


_WATCH: ContextVar[Watch | None] = ContextVar("flask_faultmap_upstream_watch", default=None)


def watch_calls() -> None:
    """From the first block on, look whenever a client library asks its logger, or is given middlewares."""
    _hear_questions()
    client = sys.modules.get("aiohttp.client")  # which may be imported later
    for name, note in ((CALLED, _note_call), (MIDDLEWARES, _note_middlewares)):
        function = getattr(client, name, None)
        if function is not None and getattr(function, "func", None) is not note:
            setattr(client, name, partial(note, function))


def _note_call(strip_auth: Callable[..., Any], url: object) -> Any:
    watch = _WATCH.get()
    if watch is not None:
        watch.look(sys._getframe(1))
    return strip_auth(url)


def _note_middlewares(put_together: Callable[..., Any], handler: object, parts: Sequence[object]) -> Any:
    watch = _WATCH.get()
    if watch is not None:
        watch.others.update(part.__module__ for part in parts if is_foreign(part))
    return put_together(handler, parts)


@cache
def _hear_questions() -> None:
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.isEnabledFor = partial(_look, logger.isEnabledFor)  # type: ignore[method-assign]  # asks it, too


def _look(is_enabled: Callable[[int], bool], level: int) -> bool:
    watch, frame = _WATCH.get(), sys._getframe(1)
    if watch is not None and frame.f_locals.get("name", SENDING) == SENDING:
        watch.look(frame)
    return is_enabled(level)


def _is_within(frame: FrameType) -> bool:
    """Whether *frame* is not where an app calls a library, but a transport or an adapter."""
    module = str(frame.f_globals.get("__name__", ""))
    return module.startswith("httpcore") or "._transports" in module or module.endswith(".adapters")


def _cut_above_library(stack: list[FrameType]) -> list[FrameType]:
    """Leave out, of a *stack* with the innermost frame first, what is above the library's call."""
    theirs = [at for at, frame in enumerate(stack) if package_of(frame) in LIBRARIES]
    return stack[: theirs[-1] + 1] if theirs else []
