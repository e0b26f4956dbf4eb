"""What audit hooks hear."""

import inspect
import logging
import sys
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any

from blinker import NamedSignal, Namespace

from flask_faultmap.loggers import logger_named

__all__ = ["fault_translated"]

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


def is_heard_from(sender: object) -> bool:
    """Whether a receiver of :data:`fault_translated` may listen to *sender*; other apps may have some."""
    return bool(fault_translated.receivers) and fault_translated.has_receivers_for(sender)


def notify(sender: Any, run_async: Callable[[Any], Any] | None, payload: Mapping[str, Any]) -> None:
    """Tell every receiver of :data:`fault_translated`; one that raises is logged and hurts nobody else.

    *run_async* makes a coroutine function callable, as ``Flask.ensure_sync`` does; without it they
    are skipped.
    """
    if fault_translated.is_muted:
        return
    for receiver in fault_translated.receivers_for(sender):
        try:
            result = receiver(sender, **payload)
            if result is not None and inspect.iscoroutine(
                result
            ):  # an async function, or what calls one, in whatever wrapping
                _finish(result, run_async, receiver)
        except BaseException as exc:  # a border: an audit hook may raise anything, and the answer stands
            if not (isinstance(exc, Exception) or _is_cancelled(exc)):
                raise  # SystemExit, gevent.Timeout and the like are meant for the worker
            logger.exception("The receiver %r of fault_translated failed: %s", receiver, type(exc).__name__)


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
