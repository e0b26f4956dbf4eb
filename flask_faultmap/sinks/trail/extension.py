"""The audit trail of an app: hears of every fault, and keeps those that deserve it."""

import logging
import os
import socket
import threading
import weakref
from collections.abc import Callable, Mapping
from inspect import iscoroutinefunction, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, request_started

from flask_faultmap.errors import ConfigError, DomainError
from flask_faultmap.faults import Fault
from flask_faultmap.loggers import logger_named
from flask_faultmap.signals import Sink, disconnect, fault_translated
from flask_faultmap.sinks.trail.health import Health, measure
from flask_faultmap.sinks.trail.journal import Journal, JournalFullError
from flask_faultmap.sinks.trail.office import has_real_threads, hold_office
from flask_faultmap.sinks.trail.records import Recorder, is_kept_by_default
from flask_faultmap.sinks.trail.settings import TrailSettings, read_trail_settings
from flask_faultmap.sinks.trail.version import check_file

if TYPE_CHECKING:
    from flask_faultmap.sinks.trail.reading import TrailReader
    from flask_faultmap.sinks.trail.shipper import Shipper

KEY = "faultmap.trail"  # in app.extensions

Keep = Callable[[Fault, DomainError], bool]
User = Callable[[], Any]


class AuditTrail:
    """Keeps a durable record of faults, for any number of apps.

    Args:
        keep: says which faults are kept; by default 5xx, 401, 403, and classes with ``audit = True``.
        user: gives who asked, in the request that failed: an id, or None.
    """

    def __init__(self, *, keep: Keep = is_kept_by_default, user: User | None = None) -> None:
        _check_function("keep", keep, "of a fault and its error", None, None)
        if user is not None:
            _check_function("user", user, "without arguments")
        self._keep, self._user = keep, user

    def init_app(self, app: Flask) -> None:
        """Begin to keep the faults of *app*; a second trail on one app is left out, and the log says so.

        Raises:
            ConfigError: a setting is wrong, or the database a file of another version.
        """
        if not isinstance(app, Flask):
            raise ConfigError(f"app is {app!r}; it must be a Flask app")
        if KEY in app.extensions:
            _get_logger(app.name).warning(
                "The app %r has an audit trail already; the second is left out", app.name
            )
            return
        settings = read_trail_settings(app.config, app.name, Path(app.instance_path))
        check_file(settings.url)
        receiver = _Receiver(settings, app.name, self._keep, self._user)
        app.extensions[KEY] = receiver
        try:
            receiver.journal.check_folder()
        except OSError as exc:
            _get_logger(app.name).warning(
                "The audit trail cannot make its journal in %s (%s); faults go to the log",
                settings.folder,
                exc,
            )
        # Weakly: app.extensions holds it, and nothing of it is left when the app is gone. No method: a weak
        # one costs a microsecond more at each fault.
        fault_translated.connect(receiver, sender=app)
        request_started.connect(receiver.begin, sender=app)

    def health(self) -> Health:
        """Measure what waits and what was refused, of the current app on this host; it asks no database."""
        return measure(settings_of())

    def reader(self) -> "TrailReader":
        """Give what answers questions about the current app's trail; imports SQLAlchemy."""
        return reader_of()

    def ship(self) -> int:
        """Ship what waits now, in this thread, and give the number of faults: for tests, and at the end.

        Raises:
            SQLAlchemyError: the database cannot be had.
        """
        shipper = shipper_of()
        try:
            return shipper.ship()
        finally:
            shipper.close()


def _check_function(name: str, given: Any, what: str, *arguments: object) -> None:
    if not callable(given):
        raise ConfigError(f"{name} is {given!r}; it must be a function {what}")
    if iscoroutinefunction(given) or iscoroutinefunction(given.__call__):
        raise ConfigError(f"{name} is {given!r}, which is async; it must be a plain function {what}")
    try:
        signature(given).bind(*arguments)
    except TypeError as exc:
        raise ConfigError(f"{name} is {given!r}; it must be a function {what}: {exc}") from exc
    except ValueError:  # one of C, which does not tell
        pass


def settings_of() -> TrailSettings:
    """Give the settings of the current app's trail.

    Raises:
        ConfigError: it has none.
    """
    receiver: _Receiver | None = current_app.extensions.get(KEY)
    if receiver is None:
        told = f"The app {current_app.name!r} has no audit trail; call AuditTrail().init_app(app)"
        raise ConfigError(told)
    return receiver.settings


def reader_of() -> "TrailReader":
    """Give a reader of the current app's trail."""
    from flask_faultmap.sinks.trail.reading import TrailReader

    return TrailReader(settings_of(), current_app.name)


def shipper_of() -> "Shipper":
    """Give a shipper of the current app's trail."""
    return _make_shipper(settings_of(), current_app.name)


class _Receiver(Sink):
    """The trail of one app in this process and those that are forked from it."""

    what = "audit trail"

    def __init__(self, settings: TrailSettings, name: str, keep: Keep, user: User | None) -> None:
        self.settings = settings
        self.journal = Journal(settings.folder, settings.limit)
        self._name, self._recorder = name, Recorder(name, socket.gethostname())
        self._keep, self._user = keep, user
        self._shipping_in = 0  # the process that has its thread
        self._is_refusing = False
        self._told: set[str] = set()
        self.stop = threading.Event()
        weakref.finalize(self, _end, self.journal, self.stop)

    def begin(self, app: Flask, **_: Any) -> None:
        """Start the shipper at the first request; nothing runs at the next one."""
        disconnect(request_started, self.begin)
        self._start_shipping()

    def receive(self, app: Flask, told: Mapping[str, Any]) -> None:
        """Write the fault that is told to the journal, if it is kept."""
        fault, error = told["fault"], told["error"]
        if not self._is_kept(fault, error):
            return
        pid = os.getpid()  # at each fault: uWSGI forks without Python's hooks
        if self._shipping_in != pid:
            self._start_shipping()
        user = None if self._user is None else self._ask_user(self._user)
        try:
            line = self._recorder.make_line(fault, told["exception"], error, told["rule"], user)
        except Exception as exc:  # a border: a class may raise anything, and no fault is lost silently
            told_of = "The audit trail could not make the record of %s (%s, %d): %r"
            _get_logger(self._name).critical(told_of, fault.id, fault.code, fault.status, exc)
            return
        self._write(line, pid)

    def _write(self, line: bytes, pid: int) -> None:
        try:
            self.journal.write(line, pid)
        except JournalFullError:
            if not self._is_refusing:
                self._is_refusing = True
                _get_logger(self._name).error(
                    "The audit trail's journal in %s is full (%d bytes); faults are refused and counted",
                    self.settings.folder,
                    self.settings.limit,
                )
        except OSError as exc:
            _get_logger(self._name).critical(
                "The audit trail could not write to %s (%s); the fault: %s",
                self.settings.folder,
                exc,
                line.decode("ascii").strip(),
            )
        else:
            if self._is_refusing:
                self._is_refusing = False
                _get_logger(self._name).warning("The audit trail's journal takes faults again")

    def _is_kept(self, fault: Fault, error: DomainError) -> bool:
        try:
            return bool(self._keep(fault, error))
        except Exception as exc:  # a border: the app's own function; what cannot be judged is kept
            self._tell_once("keep", exc, "every fault that it fails for is kept")
            return True

    def _ask_user(self, ask: User) -> str | None:
        try:
            user = ask()
            return None if user is None else str(user)
        except Exception as exc:  # a border: the app's own function, and an anonymous user has no id
            self._tell_once("user", exc, "the fault is kept without a user")
            return None

    def _tell_once(self, name: str, exc: Exception, outcome: str) -> None:
        if name not in self._told:
            self._told.add(name)
            _get_logger(self._name).warning(
                "The audit trail's %s= raised %s; %s", name, type(exc).__name__, outcome, exc_info=exc
            )

    def _start_shipping(self) -> None:
        self._shipping_in = os.getpid()
        if not self.settings.ship:
            return
        if not has_real_threads():
            _get_logger(self._name).warning(
                "The audit trail ships from no gevent or eventlet worker; run: flask faults trail ship"
            )
            return
        # The thread holds nothing of the app, so that both can end.
        settings, name, stop = self.settings, self._name, self.stop
        thread = threading.Thread(
            target=hold_office,
            args=(settings.folder, lambda: _make_shipper(settings, name), stop),
            name="faultmap-trail",
            daemon=True,
        )
        try:
            thread.start()
        except RuntimeError as exc:  # the system's limit of threads, or Python's end
            _get_logger(self._name).warning(
                "The audit trail cannot start its thread (%s), so this process ships nothing; run: "
                "flask faults trail ship",
                exc,
            )


def _make_shipper(settings: TrailSettings, name: str) -> "Shipper":
    from flask_faultmap.sinks.trail.shipper import Shipper

    return Shipper(settings, name, socket.gethostname(), _get_logger(name))


def _end(journal: Journal, stop: threading.Event) -> None:
    stop.set()
    journal.close()


def _get_logger(app_name: str) -> logging.Logger:
    return logger_named(f"{app_name}.faultmap")
