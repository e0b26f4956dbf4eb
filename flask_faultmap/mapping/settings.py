"""The settings of one app, as data, with their defaults."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from flask_faultmap.categories import Category
from flask_faultmap.profiles.profile import Profile

PREFIX = "FAULTMAP_"
STATUS_WORD = re.compile("[45](xx|[0-9][0-9])")

STATUSES: Mapping[str, int] = {
    Category.UNCATEGORIZED: 400,
    Category.INVALID_ARGUMENT: 400,
    Category.FAILED_PRECONDITION: 400,
    Category.UNAUTHENTICATED: 401,
    Category.PERMISSION_DENIED: 403,
    Category.NOT_FOUND: 404,
    Category.ALREADY_EXISTS: 409,
    Category.ABORTED: 409,
    Category.GONE: 410,
    Category.PAYLOAD_TOO_LARGE: 413,
    Category.UNPROCESSABLE: 422,
    Category.RESOURCE_EXHAUSTED: 429,
    Category.INTERNAL: 500,
    Category.UNIMPLEMENTED: 501,
    Category.BAD_GATEWAY: 502,
    Category.UNAVAILABLE: 503,
    Category.DEADLINE_EXCEEDED: 504,
}

Mode = bool | None
Modes = tuple[tuple[str, Mode], ...]
Scopes = tuple[tuple[str, Profile | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What ``app.config`` says under ``FAULTMAP_…``, checked.

    Args:
        profile: ``PROFILE``, outside of all scopes.
        compatibility_mode: ``COMPATIBILITY_MODE``: True collapses 404 to 400, False forbids all collapsing;
            or such modes by URL prefix, longest first.
        scopes: ``SCOPES``, longest prefix first, without a slash at the end.
        statuses: the defaults and ``STATUSES``, by category or code.
        validation_status: ``VALIDATION_STATUS``; None leaves validation errors to Flask.
        validation_errors: ``VALIDATION_ERRORS``; ``request``: what came with the request; ``all``.
        handlers_kept: ``HANDLERS_KEPT``, the names of error handlers that may answer in place of the map.
        log_levels: ``LOG_LEVELS``, by code, category, status or ``5xx``.
        request_id_header: ``REQUEST_ID_HEADER``.
        auth_challenge: ``AUTH_CHALLENGE``, for a 401 without one.
        type_base: ``TYPE_BASE``, the URI prefix of problem types.
    """

    profile: Profile
    compatibility_mode: Mode | Modes = None
    scopes: Scopes = ()
    statuses: Mapping[str, int] = field(default_factory=lambda: dict(STATUSES))
    validation_status: int | None = 422
    validation_errors: str = "request"
    handlers_kept: frozenset[str] = frozenset()
    log_levels: Mapping[str, int | None] = field(default_factory=dict)
    request_id_header: str = "X-Request-ID"
    auth_challenge: str = 'Bearer realm="api"'
    type_base: str | None = None

    def mode_of(self, path: str | None) -> Mode:
        """Give the compatibility mode of *path*; without a path, that of the app's root."""
        if not isinstance(self.compatibility_mode, tuple):
            return self.compatibility_mode
        path = path or "/"
        return next((mode for prefix, mode in self.compatibility_mode if is_below(path, prefix)), None)

    def profile_of(self, path: str) -> tuple[str, Profile | None]:
        """Give the scope of *path*: its prefix, and the profile that answers below it (None: Flask's own)."""
        for prefix, profile in self.scopes:
            if is_below(path, prefix):
                return prefix, profile
        return "", self.profile


def is_below(path: str, prefix: str) -> bool:
    """Say whether *path* lies below *prefix*, on borders of segments."""
    return path.startswith(prefix) and (len(path) == len(prefix) or path[len(prefix)] == "/")
