"""What audit hooks hear."""

import inspect
import logging
from collections.abc import Callable
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


def notify(sender: Any, run_async: Callable[[Any], Any] | None, **payload: Any) -> None:
    """Tell every receiver of :data:`fault_translated`; one that raises is logged and hurts nobody else.

    *run_async* makes a coroutine function callable, as ``Flask.ensure_sync`` does; without it they
    are skipped.
    """
    if fault_translated.is_muted:
        return
    for receiver in fault_translated.receivers_for(sender):
        if run_async is None and inspect.iscoroutinefunction(receiver):
            logger.warning("The async receiver %r of fault_translated is skipped outside of an app", receiver)
            continue
        try:
            call = (
                run_async(receiver)
                if run_async is not None and inspect.iscoroutinefunction(receiver)
                else receiver
            )
            call(sender, **payload)
        except Exception as exc:  # a border: an audit hook may raise anything, and the answer stands
            logger.exception("The receiver %r of fault_translated failed: %s", receiver, type(exc).__name__)
