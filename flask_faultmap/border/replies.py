"""From a fault to what goes over the wire: status, headers and body."""

import logging
import re
from collections.abc import Mapping

from werkzeug.urls import iri_to_uri

from flask_faultmap.faults import Fault, Kind
from flask_faultmap.http.headers import NEVER_GIVEN
from flask_faultmap.http.statuses import Headers
from flask_faultmap.loggers import logger_named
from flask_faultmap.mapping.mapper import CompiledKind
from flask_faultmap.mapping.settings import Settings
from flask_faultmap.mapping.worded import is_fixed
from flask_faultmap.profiles.profile import PROBLEM, TOKEN, Profile, Reply
from flask_faultmap.retry_after import whole_seconds

URLS = ("location", "content-location")
FIELD_VALUE = re.compile(r"[\t -~\x80-\xff]*")

logger: logging.Logger = logger_named("flask_faultmap")


def render(
    settings: Settings,
    profile: Profile,
    compiled: CompiledKind,
    fault: Fault,
    own: Headers = (),
    allow: str | None = None,
) -> Reply:
    """Render *fault* below *profile*.

    Args:
        own: headers of the error itself, as an ``HTTPException`` has them.
        allow: the methods of the matched URL rule, for a 405 whose own headers do not name them.
    """
    kind = compiled.kind
    template = compiled.template
    body = profile.render(fault) if template is None else template.fill(fault)
    headers = (("Content-Type", profile.media_type), ("Content-Length", str(len(body))))
    if (
        own
        or profile.headers is not None
        or profile.drop_headers
        or fault.retry_after is not None
        or kind.status in (401, 405)
    ):
        more = profile.headers(fault) if profile.headers is not None else {}
        rest = collect_headers(settings, fault, own, allow, more, profile.drop_headers)
    else:  # what nearly always happens: each header costs 3 microseconds on its way through Flask
        rest = ((settings.request_id_header, fault.id), ("Cache-Control", "no-store"))
    return Reply(kind.status, headers + rest, body)


def collect_headers(
    settings: Settings,
    fault: Fault,
    own: Headers = (),
    allow: str | None = None,
    more: Mapping[str, str] | None = None,
    dropped: tuple[str, ...] = (),
) -> Headers:
    """Collect the headers that *fault* has in every shape: what the standards ask for, and its own."""
    given: dict[str, list[tuple[str, str]]] = {}
    for name, value in (*own, *(more or {}).items()):
        if _is_sendable(name, value) and name.lower() not in NEVER_GIVEN:
            # Of a subclass of str too: PEP 3333 asks for exactly that type.
            pair = (str.__str__(name), str.__str__(value))
            if name.lower() in URLS:  # as Werkzeug would do it
                pair = (pair[0], iri_to_uri(pair[1]))
                given.pop(name.lower(), None)
            given.setdefault(pair[0].lower(), []).append(pair)
    _set(given, settings.request_id_header, fault.id)
    given.setdefault("cache-control", [("Cache-Control", "no-store")])
    if fault.retry_after is not None:
        _set(given, "Retry-After", str(fault.retry_after))
    elif "retry-after" in given:
        _normalise_retry_after(given)
    if fault.status == 401:
        given.setdefault("www-authenticate", [("WWW-Authenticate", settings.auth_challenge)])
    if fault.status == 405 and allow is not None:
        given.setdefault("allow", [("Allow", allow)])
    for name in map(str.lower, dropped):
        if (name, fault.status) != ("allow", 405):  # a 405 must have it (RFC 9110, section 15.5.6)
            given.pop(name, None)
    return tuple(pair for pairs in given.values() for pair in pairs)


def last_resort(settings: Settings, profile: Profile, kind: Kind) -> Reply:
    """Make the answer for when everything else failed: constant bytes, made before the first request."""
    wording = profile.wording.get(kind.code)
    text = wording.format() if wording is not None and is_fixed(wording) else kind.title
    fault = Fault(kind, "", text)
    try:
        body, media_type = profile.render(fault), profile.media_type
    except Exception:  # a border: an app's own schema may raise anything
        logger.exception(
            "The profile %r cannot render an internal error; 'problem' stands in for it", profile.name
        )
        body, media_type = PROBLEM.render(fault), PROBLEM.media_type
    headers = (("Content-Type", media_type), ("Content-Length", str(len(body))))
    return Reply(kind.status, headers + _collect_constant_headers(settings, profile, fault), body)


def _collect_constant_headers(settings: Settings, profile: Profile, fault: Fault) -> Headers:
    """Collect what the last resort can know before any request: all but the id."""
    dropped = (*profile.drop_headers, settings.request_id_header)
    try:
        more = profile.headers(fault) if profile.headers is not None else {}
        return collect_headers(settings, fault, more=more, dropped=dropped)
    except Exception:  # a border: an app's own function may raise anything
        logger.exception("The headers of the profile %r fail; the last resort goes without", profile.name)
        return collect_headers(settings, fault, dropped=dropped)


def _set(given: dict[str, list[tuple[str, str]]], name: str, value: str) -> None:
    given[name.lower()] = [(name, value)]


def _normalise_retry_after(given: dict[str, list[tuple[str, str]]]) -> None:
    seconds = whole_seconds(given.pop("retry-after")[0][1])
    if seconds is not None:
        _set(given, "Retry-After", str(seconds))


def _is_sendable(name: object, value: object) -> bool:
    """Whether a server takes the header: latin-1, no control characters (RFC 9110, section 5.5)."""
    if not (isinstance(name, str) and TOKEN.fullmatch(name) and isinstance(value, str)):
        return False
    if FIELD_VALUE.fullmatch(value):
        return True
    logger.warning("The header %s was dropped: its value has characters that no header may have", name)
    return False
