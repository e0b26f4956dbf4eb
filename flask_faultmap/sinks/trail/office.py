"""Which process ships? One per host and app: whoever holds the office, by a thread or as a command."""

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from flask_faultmap.sinks.trail.locks import hold_without_children

LOCK = "shipper.lock"
PAUSE = 0.5  # seconds between two looks at the journal
LONGEST_PAUSE = 10.0  # seconds between two tries while the database is down


class Ships(Protocol):
    """What the office needs of a shipper."""

    def ship(self) -> int:
        """Ship what is there."""

    def tell_failure(self, exc: Exception) -> None:
        """Say that shipping failed."""

    def close(self) -> None:
        """Give everything back."""


def hold_office(folder: Path, make_shipper: Callable[[], Ships], stop: threading.Event) -> None:
    """Ship until *stop* is set, whenever no other process of this host does; it never raises.

    The shipper, and with it SQLAlchemy, is made by the process that is elected only.
    """
    lock = elect(folder)
    while lock is None and not stop.wait(PAUSE):
        lock = elect(folder)
    if lock is None:
        return
    try:
        _ship(make_shipper(), stop)
    finally:
        os.close(lock)


def _ship(shipper: Ships, stop: threading.Event) -> None:
    pause = 0.0
    while not stop.wait(pause):
        try:
            shipper.ship()
            pause = PAUSE
        except Exception as exc:  # a border: the thread must outlive whatever a database may raise
            shipper.tell_failure(exc)
            pause = min(max(pause, PAUSE) * 2, LONGEST_PAUSE)
    shipper.close()


def elect(folder: Path) -> int | None:
    """Become the shipper of *folder*: give the file that is the office; None if another process has it.

    A POSIX lock and not ``flock``: a child that is forked from the shipper must not keep the office when
    the shipper dies.
    """
    try:
        file = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError:  # no fault was kept yet, or the folder cannot be written: as the start has told
        return None
    try:
        hold_without_children(file)
    except OSError:
        os.close(file)
        return None
    return file


def has_real_threads() -> bool:
    """Tell whether a thread runs beside the requests: under gevent it would stall them."""
    for name in ("gevent.monkey", "eventlet.patcher"):
        patcher = sys.modules.get(name)
        is_patched = getattr(patcher, "is_module_patched", None) or getattr(
            patcher, "is_monkey_patched", None
        )
        if is_patched is not None and is_patched("threading" if name[0] == "g" else "thread"):
            return False
    return True
