"""What audit hooks hear."""

import inspect
import logging
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any
from weakref import WeakMethod, ref

from blinker import NamedSignal, Namespace

from flask_faultmap.loggers import logger_named

__all__ = ["fault_translated"]

Receiver = Callable[..., Any]
Listener = Callable[[], Receiver | None]

logger: logging.Logger = logger_named("flask_faultmap")

fault_translated: NamedSignal = Namespace().signal(
    "fault-translated",
    doc="""Sent once for each fault that is answered; the sender is the app itself.

    Keywords: ``fault`` (:class:`~flask_faultmap.Fault`), ``exception`` (as raised), ``error`` (the
    :class:`~flask_faultmap.DomainError`), ``status`` and ``original_status`` (as sent; before collapsing),
    ``rule`` (the name of the rule that decided, or None), ``handled`` (False where Flask has logged and
    signalled the exception itself), ``committed`` (the answer had begun: a stream). More may come: take
    ``**extra``.
    """,
)


def disconnect(signal: NamedSignal, receiver: Callable[..., Any]) -> None:
    """Take *receiver* from all senders of *signal*: from one alone, the signal would walk a list for ever.

    blinker's own loop over them fails while another thread makes an app. What it has not come to
    by then is empty, and costs nothing.
    """
    for _ in range(2):  # the second time it looks at no sender
        with suppress(RuntimeError):
            signal.disconnect(receiver)


class Sink:
    """A receiver of our own, which takes the keywords as one: to spread them takes longer than to count.

    What it raises is logged, the first time.
    """

    what: str
    receive: Callable[[Any, Mapping[str, Any]], None]  # the app, and the keywords
    _has_failed = False

    def __call__(self, sender: Any, **told: Any) -> None:
        """Hear of a fault as every receiver does."""
        self.receive(sender, told)

    def tell_failure(self, sender: Any, exc: BaseException) -> None:
        """Log the first of its failures."""
        if not self._has_failed:
            self._has_failed = True
            logger_named(f"{sender.name}.faultmap").error(
                "The %s failed; further failures of it are not logged", self.what, exc_info=exc
            )


class Hearing:
    """Who listens to one sender; blinker is asked after a change alone, since to ask takes a microsecond."""

    __slots__ = ("_answer",)

    def __init__(self) -> None:
        self._answer: tuple[object, tuple[Listener, ...]] = (None, ())  # at which change, and what it was

    def listeners(self, sender: object) -> Sequence[Listener]:
        """Give the receivers of :data:`fault_translated` that listen to *sender*, as weak references."""
        if not fault_translated.receivers or fault_translated.is_muted:
            return ()
        asked_at, known = self._answer
        if asked_at is not _change:
            now = _change  # before we ask: what changes meanwhile is another one
            known = tuple(map(_weakly, fault_translated.receivers_for(sender)))
            self._answer = now, known
        return known


_change: object = object()  # another one whenever a receiver came or went


def _note_change(_: object, **__: Any) -> None:
    global _change
    _change = object()


fault_translated.receiver_connected.connect(_note_change)
fault_translated.receiver_disconnected.connect(_note_change)


def _weakly(receiver: Receiver) -> Listener:
    """Refer to *receiver* without keeping it; blinker keeps what was connected for good."""
    try:
        return WeakMethod(receiver) if inspect.ismethod(receiver) else ref(receiver)
    except TypeError:  # it allows no weak reference, so that blinker keeps it
        return lambda: receiver


def notify(
    listeners: Sequence[Listener],
    sender: object,
    run_async: Callable[[Any], Any] | None,
    payload: Mapping[str, Any],
) -> None:
    """Tell *listeners* of :data:`fault_translated`; one that raises is logged and hurts nobody else.

    *run_async* makes a coroutine function callable, as ``Flask.ensure_sync`` does; without it they
    are skipped.
    """
    for listener in listeners:
        receiver = listener()
        if receiver is None:
            continue
        try:
            if isinstance(receiver, Sink):
                receiver.receive(sender, payload)
                continue
            result = receiver(sender, **payload)
            # Of an async function, or of what calls one, in whatever wrapping.
            if result is not None and inspect.iscoroutine(result):
                _finish(result, run_async, receiver)
        except BaseException as exc:  # a border: an audit hook may raise anything, and the answer stands
            if not (isinstance(exc, Exception) or _is_cancelled(exc)):
                raise  # SystemExit, gevent.Timeout and the like are meant for the worker
            if isinstance(receiver, Sink):
                receiver.tell_failure(sender, exc)
            else:
                logger.exception(
                    "The receiver %r of fault_translated failed: %s", receiver, type(exc).__name__
                )


def _finish(
    coroutine: Coroutine[Any, Any, Any], run_async: Callable[[Any], Any] | None, receiver: object
) -> None:
    async def wait() -> None:
        await coroutine

    try:
        if run_async is None:
            logger.warning("The async receiver %r of fault_translated is skipped outside of an app", receiver)
        else:
            run_async(wait)()
    finally:
        coroutine.close()  # what nothing has run would make Python warn


def _is_cancelled(exc: BaseException) -> bool:
    """Whether *exc* is asyncio's, which is no Exception; a look at the module costs no import."""
    asyncio: Any = sys.modules.get("asyncio")
    return asyncio is not None and isinstance(exc, asyncio.CancelledError)
