"""The id of a request: the app's, the client's or ours; the same in the answer, the log and the signal."""

import logging
import re
from collections.abc import Callable

from flask import Request

from flask_faultmap.loggers import logger_named
from flask_faultmap.mapping.mapper import new_id

# Attributes of a request; set as such, since a look at its __dict__ makes CPython 3.11 slow from then on.
IDENTITY = "_faultmap_id"  # it stays
SPARE = "_faultmap_spare_id"  # ours or the client's, while the app's function gives none
ASKING = "_faultmap_asking"  # the function is being asked, or has been complained of
ID = re.compile(r"[A-Za-z0-9._-]{8,128}")
SANE = re.compile(r"[!#-\[\]-~]{1,128}")  # visible ASCII without quote and backslash

logger: logging.Logger = logger_named("flask_faultmap")

Ask = Callable[[], str | None]


def identify(req: Request, id_key: str, ask: Ask | None = None, *, is_carried: bool = True) -> str:
    """Give the id of the request: what *ask* gives, else its own if it is a sane one, else a new one.

    Args:
        id_key: what WSGI calls the header that may bring one.
        ask: the app's function; asked until it gives a sane id.
        is_carried: an answer carries the id, which stays from then on.
    """
    kept: str | None = getattr(req, IDENTITY, None)
    if kept is not None:
        return kept
    if ask is None:
        identity = _take_or_make(req, id_key)
        setattr(req, IDENTITY, identity)
        return identity
    given = _ask_app(req, ask, is_carried=is_carried)
    identity = given or _keep_spare(req, id_key)
    if given or is_carried:
        setattr(req, IDENTITY, identity)
    return identity


def _keep_spare(req: Request, id_key: str) -> str:
    spare: str | None = getattr(req, SPARE, None)
    if spare is None:
        spare = _take_or_make(req, id_key)
        setattr(req, SPARE, spare)
    return spare


def _take_or_make(req: Request, id_key: str) -> str:
    given = req.environ.get(id_key)
    return given if isinstance(given, str) and ID.fullmatch(given) else new_id()


def _ask_app(req: Request, ask: Ask, *, is_carried: bool) -> str | None:
    """Ask the app's function; complain once in a request of one that raises or gives nonsense."""
    state = getattr(req, ASKING, None)
    if state == "asking":  # it logs something, and a filter of the log wants the id
        return None
    setattr(req, ASKING, "asking")
    try:
        given, why = ask(), ""
        if isinstance(given, str) and SANE.fullmatch(given):
            return str.__str__(given)
        if given is not None or is_carried:  # None: the app does not know it yet
            why = f"gave {type(given).__name__}" if not isinstance(given, str) else "gave an unfit text"
    except Exception as exc:  # a border: the app's function may raise anything
        why = f"raised {type(exc).__name__}"
    finally:
        setattr(req, ASKING, state)
    if why and state is None:
        setattr(req, ASKING, "told")
        logger.warning(
            "The function request_id= of FaultMap %s; it must give 1 to 128 visible ASCII characters without "
            "quote and backslash. Another id stands in",
            why,
        )
    return None
