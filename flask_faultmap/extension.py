"""The extension: one object that puts the boundary around any number of apps."""

import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast
from weakref import ref

from flask import Flask, current_app, has_app_context, request_started
from werkzeug.exceptions import HTTPException

from flask_faultmap.border import (
    KEY,
    Boundary,
    boundary_of,
    current_fault,
    exception_line_filter,
    handle_codeless,
    handle_error,
    handle_http,
)
from flask_faultmap.errors import ConfigError, DomainError, InternalError
from flask_faultmap.faults import Fault
from flask_faultmap.mapper import VALIDATION, Explanation, Mapper
from flask_faultmap.profiles import BUILT_IN, PROBLEM, Profile
from flask_faultmap.replies import last_resort
from flask_faultmap.rules import Rule
from flask_faultmap.settings import Settings, read_settings

__all__ = ["FaultMap", "current_fault"]

Function = TypeVar("Function", bound=Callable[[Any], DomainError | None])


class FaultMap:
    """One error boundary, for any number of Flask apps.

    Args:
        app: an app to put the boundary around at once.
        rules: rows of the first map.
        profiles: profiles beside the built-in ones.

    Raises:
        ConfigError: a rule, a profile or a setting is wrong.
    """

    def __init__(
        self, app: Flask | None = None, *, rules: Iterable[Rule] = (), profiles: Iterable[Profile] = ()
    ) -> None:
        self._rules = [*rules]
        self._profiles = {profile.name: profile for profile in BUILT_IN}
        self._is_used = False
        self._standalone: Mapper | None = None
        for rule in self._rules:
            if not isinstance(rule, Rule):
                raise ConfigError(f"rules has {rule!r}; each must be a Rule(on=…, to=…)")
        for profile in profiles:
            if not isinstance(profile, Profile):
                raise ConfigError(f"profiles has {profile!r}; each must be a Profile(name=…, schema=…)")
            if profile.name in self._profiles:
                raise ConfigError(
                    f"There are two profiles of the name {profile.name!r}; give one another name"
                )
            self._profiles[profile.name] = profile
        if app is not None:
            self.init_app(app)

    def translate(self, on: type[Exception] | str) -> Callable[[Function], Function]:
        """Add a rule whose outcome is the decorated function: exception in, domain error or None out.

        Raises:
            RuntimeError: an app has been initialised; rules belong before that.
        """

        def add(function: Function) -> Function:
            if self._is_used:
                raise RuntimeError(
                    f"A rule for {getattr(on, '__name__', on)} came after init_app, which compiles them; "
                    "put faults.translate before it"
                )
            self._rules.append(Rule(on=on, translate=function))
            self._standalone = None
            return function

        return add

    def init_app(self, app: Flask) -> None:
        """Put the boundary around *app*: read its settings, compile the rules, register the handlers.

        Raises:
            ConfigError: a setting or a rule is wrong, or the app has a boundary already.
        """
        if KEY in app.extensions:
            raise ConfigError(f"The app {app.name!r} has a FaultMap already; one app has one boundary")
        settings = read_settings(app.config, self._profiles, self._codes())
        mapper = Mapper(self._rules, self._profiles, settings)
        kinds = (
            (profile, mapper.mould(InternalError(), profile).kind) for profile in self._profiles.values()
        )
        app.extensions[KEY] = Boundary(
            mapper=mapper,
            owner=self,
            last_resorts={profile.name: last_resort(profile, kind) for profile, kind in kinds},
            earlier=_register(app, mapper),
            id_key="HTTP_" + settings.request_id_header.upper().replace("-", "_"),
        )
        self._is_used = True
        _answer_codeless(app)
        logging.getLogger(app.name).addFilter(exception_line_filter)
        _report_at_first_request(app)

    def describe(self, exc: BaseException) -> Fault:
        """Give the fault of *exc* without a request: for a queue, a chat, a command line.

        Inside an app context the app's settings count, elsewhere the defaults. What no rule knows is
        an opaque internal error.
        """
        return self._mapper().describe(exc)

    def explain(self, exc: BaseException) -> Explanation:
        """Give the decision about *exc*, row by row; ``print`` it."""
        return self._mapper().explain(exc)

    def _mapper(self) -> Mapper:
        if has_app_context():
            boundary = current_app.extensions.get(KEY)
            if boundary is not None and boundary.owner is self:
                return boundary_of(current_app).mapper
        if self._standalone is None:
            self._standalone = Mapper(self._rules, self._profiles, Settings(profile=PROBLEM))
        return self._standalone

    def _codes(self) -> set[str]:
        return {outcome.code for rule in self._rules for outcome in rule.outcomes}


def _register(app: Flask, mapper: Mapper) -> dict[type, Callable[[Any], Any]]:
    """Register our callbacks; return the app's own that stay, for what no rule knows."""
    registered: dict[type, Callable[[Any], Any]] = dict(app.error_handler_spec[None][None])
    _replace(app, registered, DomainError, handle_error)
    _replace(app, registered, HTTPException, handle_http)
    built_in = {
        rule.on for rule in mapper.book.rules if rule.translate in {row.translate for row in VALIDATION}
    }
    earlier = {}
    for cls in _classes(mapper):
        if cls in registered and cls in built_in:
            continue  # the app's word on validation errors counts more than ours
        if cls in registered:
            earlier[cls] = registered[cls]
        app.register_error_handler(cls, handle_error)
    return earlier


def _classes(mapper: Mapper) -> Iterable[type[Exception]]:
    """The classes that need a callback besides DomainError and HTTPException, whose own catch their trees."""
    for cls in mapper.book.classes:
        if not issubclass(cls, DomainError | HTTPException) and cls is not Exception:
            yield cls
    if mapper.book.has_wrapped or Exception in mapper.book.classes:
        yield Exception


def _replace(
    app: Flask, registered: dict[type, Any], cls: type[Exception], ours: Callable[[Any], Any]
) -> None:
    known = registered.get(cls)
    if known is not None:
        _logger(app).warning(
            "The error handler %s for %s is replaced by %s; to keep it, name a more specific class or code",
            _name(known),
            cls.__name__,
            _name(ours),
        )
    app.register_error_handler(cls, ours)


def _answer_codeless(app: Flask) -> None:
    """Stand before Flask's ``handle_http_exception``, which returns an error without a code as a 200.

    Any signature fits, as long as the exception comes last: Flask 3.2 puts a context first.
    """
    kept = vars(app).get("handle_http_exception")
    original = type(app).handle_http_exception
    known = ref(app)

    def handle_http_exception(*args: Any, **kwargs: Any) -> Any:
        exc = args[-1] if args else kwargs["e"]
        if exc.code is None and exc.response is None:
            return handle_codeless(exc)
        if kept is not None:
            return kept(*args, **kwargs)
        return original(cast(Flask, known()), *args, **kwargs)

    app.handle_http_exception = handle_http_exception  # type: ignore[method-assign]  # the one place


def _report_at_first_request(app: Flask) -> None:
    """Look at the handlers once all of them are there; after that nothing runs on a request that succeeds."""

    def report(app: Flask, **_: Any) -> None:
        request_started.disconnect(report)  # from all senders: else the signal walks a list for ever
        _report_shadows(app)

    request_started.connect(report, sender=app, weak=False)


def _report_shadows(app: Flask) -> None:
    """Say which handlers came after ours, and which stand before them in a blueprint."""
    ours = {DomainError: handle_error, HTTPException: handle_http}
    for blueprint, by_code in app.error_handler_spec.items():
        for cls, handler in by_code.get(None, {}).items():
            if blueprint is None and cls in ours and handler is not ours[cls]:
                text = "The error handler %s for %s was registered after FaultMap and answers in its place%s"
                _logger(app).warning(text, _name(handler), cls.__name__, "")
            elif blueprint is not None and cls in (Exception, HTTPException, DomainError):
                text = "The error handler %s for %s shadows FaultMap in the blueprint %r"
                _logger(app).warning(text, _name(handler), cls.__name__, blueprint)


def _logger(app: Flask) -> logging.Logger:
    return logging.getLogger(f"{app.name}.faultmap")


def _name(handler: Any) -> str:
    return f"{getattr(handler, '__module__', '?')}.{getattr(handler, '__qualname__', type(handler).__name__)}"
