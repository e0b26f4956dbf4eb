"""The extension: one object that puts the boundary around any number of apps."""

import inspect
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from flask import Flask, Response, got_request_exception

from flask_faultmap.border.answers import exception_line_filter
from flask_faultmap.border.boundaries import KEY, Boundary, boundary_of
from flask_faultmap.border.handlers import answer_codeless, register, report_at_first_request
from flask_faultmap.border.identity import Ask
from flask_faultmap.border.other_handlers import explain_in
from flask_faultmap.border.replies import last_resort
from flask_faultmap.border.reporting import find_app, report
from flask_faultmap.border.streams import begin, guard_view
from flask_faultmap.errors import ConfigError, DomainError, InternalError
from flask_faultmap.faults import Fault
from flask_faultmap.mapping.explanation import Explanation
from flask_faultmap.mapping.mapper import FindType, Mapper
from flask_faultmap.mapping.reading import read_settings
from flask_faultmap.mapping.settings import Settings
from flask_faultmap.profiles.profile import BUILT_IN, PROBLEM, Profile, Reply
from flask_faultmap.rules.rule import Rule
from flask_faultmap.signals import disconnect
from flask_faultmap.streams.framing import UNCHANGED, Framing, find_framing

TYPES = "faultmap.types"  # in app.extensions

Function = TypeVar("Function", bound=Callable[[Any], DomainError | None])


class FaultMap:
    """One error boundary, for any number of Flask apps.

    Args:
        app: an app to put the boundary around at once.
        rules: rules of the first map.
        profiles: profiles beside the built-in ones.
        request_id: gives the id of the current request, such as ``lambda: g.request_id``. It is asked until
            it gives 1 to 128 visible ASCII characters without quote and backslash. None: not known yet.

    Raises:
        ConfigError: a rule, a profile or a setting is wrong.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        rules: Iterable[Rule] = (),
        profiles: Iterable[Profile] = (),
        request_id: Ask | None = None,
    ) -> None:
        if request_id is not None and not _needs_nothing(request_id):
            raise ConfigError(
                f"request_id is {request_id!r}; it must be a function without arguments, and not async"
            )
        self._ask_id = request_id
        for name, given in (("rules", rules), ("profiles", profiles)):
            if not isinstance(given, Iterable):
                raise ConfigError(f"{name} is {given!r}; it must be a list or tuple of them")
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
            ConfigError: the class is missing.
        """
        if inspect.isroutine(on):
            raise ConfigError(f"translate was given the function {on!r}; write @faults.translate(ErrorClass)")

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
        if not isinstance(app, Flask):
            raise ConfigError(f"app is {app!r}; it must be a Flask app")
        if KEY in app.extensions:
            raise ConfigError(f"The app {app.name!r} has a FaultMap already; one app has one boundary")
        settings = read_settings(app.config, self._profiles, self._list_codes())
        mapper = Mapper(self._rules, self._profiles, settings).with_types(_find_type_of(app))
        ours, earlier = register(app, mapper)
        app.extensions[KEY] = Boundary(
            mapper=mapper,
            owner=self,
            last_resorts=_make_last_resorts(mapper),
            handlers=ours,
            earlier=earlier,
            codeless=answer_codeless(app),
            id_key="HTTP_" + settings.request_id_header.upper().replace("-", "_"),
            ask_id=self._ask_id,
        )
        self._is_used = True
        _guard_exception_line(app)
        report_at_first_request(app)

    def describe(self, exc: BaseException) -> Fault:
        """Give the fault of *exc* without a request: for a queue, a chat, a command line.

        Inside an app context the app's settings count, elsewhere the defaults. What no rule knows is
        an opaque internal error.
        """
        return self._find_mapper().describe(exc)

    def report(self, exc: BaseException, /, **context: Any) -> Fault:
        """Log and signal *exc* as if it had been answered, and give its fault; never raises.

        For a Celery task, an RQ job, a command, or a view that goes on. Inside a request the record has its
        id; outside of an app the sender is this object, and the logger ``flask_faultmap``.

        Args:
            context: private data for the log and the signal, beside that of the error.
        """
        return report(self, self._get_standalone(), exc, context)

    def explain(self, exc: BaseException) -> Explanation:
        """Give the decision about *exc*, rule by rule; ``print`` it.

        Inside an app context it also says which other handler of the app answers in place of the map.
        """
        app = find_app(self)
        return self._find_mapper().explain(exc) if app is None else explain_in(app, exc)

    def stream(
        self, framing: str | Framing, *, end: bytes | str | None = UNCHANGED
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Stream what the decorated view yields, with the request's context; put it below the route.

        An error before the first item is an ordinary fault. One after it becomes the last frame.

        Args:
            framing: ``"ndjson"``, ``"sse"`` or a :class:`~flask_faultmap.streams.Framing`.
            end: another end mark than the framing's; None for none.

        Raises:
            ConfigError: there is no such framing.
            TypeError: the view is an async generator.
        """
        chosen = find_framing(framing, end)
        return lambda view: guard_view(view, chosen)

    def streamed(
        self, items: Iterable[Any], framing: str | Framing, *, end: bytes | str | None = UNCHANGED
    ) -> Response:
        """Give the response that streams *items*: the function form of :meth:`stream`.

        Raises:
            ConfigError: there is no such framing.
            TypeError: *items* cannot be iterated, or only by ``async for``.
        """
        return begin(items, find_framing(framing, end))

    def _find_mapper(self) -> Mapper:
        app = find_app(self)
        if app is not None:
            return boundary_of(app).mapper
        return self._get_standalone()

    def _get_standalone(self) -> Mapper:
        if self._standalone is None:
            self._standalone = Mapper(self._rules, self._profiles, Settings(profile=PROBLEM))
        return self._standalone

    def _list_codes(self) -> set[str]:
        return {outcome.code for rule in self._rules for outcome in rule.outcomes}


def _needs_nothing(function: Any) -> bool:
    """Say whether *function* can be called, without arguments and without an event loop."""
    if not callable(function) or inspect.iscoroutinefunction(function):
        return False
    try:
        inspect.signature(function).bind()
    except TypeError:
        return False
    except ValueError:  # one of C, which does not tell
        return True
    return True


def name_types(app: Flask, make: Callable[[Flask], FindType]) -> None:
    """Let *make* give what finds the problem types of *app*, unless somebody does; before or after the map.

    The boundary is replaced by one with these types.
    """
    app.extensions.setdefault(TYPES, make)
    boundary = app.extensions.get(KEY)
    if boundary is not None:
        mapper = boundary.mapper.with_types(_find_type_of(app))
        app.extensions[KEY] = replace(boundary, mapper=mapper, last_resorts=_make_last_resorts(mapper))


def _find_type_of(app: Flask) -> FindType | None:
    make: Callable[[Flask], FindType] | None = app.extensions.get(TYPES)
    return None if make is None else make(app)


def _make_last_resorts(mapper: Mapper) -> dict[str, Reply]:
    kinds = {
        profile: mapper.compiled_kind(InternalError(), profile).kind for profile in mapper.profiles.values()
    }
    return {profile.name: last_resort(mapper.settings, profile, kind) for profile, kind in kinds.items()}


_guards: WeakKeyDictionary[Flask, Callable[..., None]] = WeakKeyDictionary()


def _guard_exception_line(app: Flask) -> None:
    """Put the filter on the app's logger just before Flask writes its first line there.

    If we made that logger now, a ``logging.config.dictConfig`` that comes later would silence it.
    """

    def guard(app: Flask, **_: Any) -> None:
        logging.getLogger(app.name).addFilter(exception_line_filter)
        disconnect(got_request_exception, guard)

    _guards[app] = guard
    got_request_exception.connect(guard, sender=app)  # weakly: it goes with an app that never serves
