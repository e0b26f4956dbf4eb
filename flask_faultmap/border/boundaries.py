"""What one app has of the extension, and how code of a request comes to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flask import Flask, Request

from flask_faultmap.border.contexts import current_context
from flask_faultmap.border.identity import Ask, identify
from flask_faultmap.border.responses import Responses
from flask_faultmap.errors import ConfigError
from flask_faultmap.mapping.mapper import Mapper
from flask_faultmap.profiles.profile import Reply
from flask_faultmap.signals import Hearing

KEY = "faultmap"  # in app.extensions


class Codeless(NamedTuple):
    """Our ``handle_http_exception`` of an app, and its own from before (None: its class's)."""

    ours: Callable[..., Any]
    earlier: Callable[..., Any] | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Boundary:
    """What one app keeps in ``app.extensions["faultmap"]``."""

    mapper: Mapper
    owner: object
    last_resorts: Mapping[str, Reply]
    handlers: Mapping[type, Callable[[Any], Any]]  # ours, as registered
    earlier: Mapping[type, Callable[[Any], Any]]  # the app's own, for what is not ours
    codeless: Codeless
    id_key: str
    responses: Responses = field(default_factory=Responses)
    hearing: Hearing = field(default_factory=Hearing)
    ask_id: Ask | None = None

    def identify(self, req: Request, *, is_carried: bool = True) -> str:
        """Give the id of *req*; one that an answer carries stays."""
        return identify(req, self.id_key, self.ask_id, is_carried=is_carried)


def find_current() -> tuple[Flask, Boundary, Request]:
    """The real objects behind Flask's proxies, at one look; an app is its own signals' sender."""
    context = current_context()
    app: Flask = context.app
    return app, boundary_of(app), context.request


def current_mapper() -> Mapper:
    """Give both maps of the app whose request this is."""
    return boundary_of(current_context().app).mapper


def boundary_of(app: Flask) -> Boundary:
    """Give the boundary of *app*; a ConfigError says that it has none."""
    try:
        boundary: Boundary = app.extensions[KEY]
    except KeyError:
        told = f"The app {app.name!r} has no FaultMap; call FaultMap(app), or init_app(app)"
        raise ConfigError(told) from None
    return boundary
