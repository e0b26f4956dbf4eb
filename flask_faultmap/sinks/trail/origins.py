"""Where does an error come from? Its frames, its fingerprint, and who is to blame."""

import sysconfig
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from types import FrameType, TracebackType
from typing import NamedTuple

import flask_faultmap
from flask_faultmap.categories import Category
from flask_faultmap.errors import DomainError
from flask_faultmap.upstreams.errors import UpstreamError, UpstreamPoolError, UpstreamUsageError

RECIPE = "1"  # of the fingerprint; another recipe gives other groups
MAX_FRAMES = 30
MAX_LINKS = 5  # of the cause chain
LIBRARIES = tuple(
    {
        f"{path}/"
        for path in (
            *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
            str(Path(flask_faultmap.__file__).parent),
        )
    }
)
OUTSIDE = {Category.BAD_GATEWAY, Category.UNAVAILABLE, Category.DEADLINE_EXCEEDED}
INSIDE = {Category.INTERNAL, Category.UNIMPLEMENTED}
OWN_USE = (UpstreamPoolError, UpstreamUsageError)  # of an upstream, by code of our own


class Raised(NamedTuple):
    """One exception of a cause chain: its class, and its frames with their lines, outermost first."""

    exc: BaseException
    name: str
    frames: list[tuple[FrameType, int]]


def find_blame(category: Category, error: DomainError) -> str:
    """Say whose fault it is: the ``client``'s, our own (``self``), or that of an ``upstream``."""
    if category in INSIDE or isinstance(error, OWN_USE):
        return "self"
    return "upstream" if category in OUTSIDE or isinstance(error, UpstreamError) else "client"


def chain_of(exc: BaseException) -> list[Raised]:
    """Give the exception and its explicit causes, the first :data:`MAX_LINKS` of them and the root."""
    chain = [exc]
    link = exc.__cause__
    while link is not None and all(link is not each for each in chain) and len(chain) < 16:
        chain.append(link)
        link = link.__cause__
    kept = chain if len(chain) <= MAX_LINKS else [*chain[: MAX_LINKS - 1], chain[-1]]
    return [Raised(each, class_name(each), _walk(each.__traceback__)) for each in kept]


def frames_of(raised: Raised, most: int) -> list[str]:
    """Give the innermost frames, outermost first, as ``module:qualname:line``: no path, no code."""
    return [f"{_place(frame)}:{line}" for frame, line in (raised.frames[-most:] if most > 0 else ())]


def fingerprint_of(app: str, code: str, rule: str | None, chain: list[Raised]) -> str:
    """Name the group of an error: the same for the same trouble at the same place of the app.

    No message, no line number and no route is part of it, so that it survives an unrelated change.
    """
    place = next(filter(None, map(_app_place, reversed(chain))), "")
    return _digest("\0".join((RECIPE, app, code, rule or "", chain[-1].name, place)))


@lru_cache(maxsize=4096)
def _digest(parts: str) -> str:
    return blake2b(parts.encode("utf-8", "replace"), digest_size=10).hexdigest()


def class_name(exc: BaseException) -> str:
    """Give the class of *exc* with its module."""
    cls = type(exc)
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def _app_place(raised: Raised) -> str | None:
    """Give the innermost place of the app's own code on the traceback of *raised*."""
    for frame, _ in reversed(raised.frames):
        if _is_of_the_app(frame.f_code.co_filename):
            return _place(frame)
    return None


def _walk(traceback: TracebackType | None) -> list[tuple[FrameType, int]]:
    frames = []
    while traceback is not None:
        frames.append((traceback.tb_frame, traceback.tb_lineno))
        traceback = traceback.tb_next
    return frames


def _place(frame: FrameType) -> str:
    return f"{frame.f_globals.get('__name__', '?')}:{frame.f_code.co_qualname}"


@lru_cache(maxsize=4096)
def _is_of_the_app(file: str) -> bool:
    return not file.startswith((*LIBRARIES, "<frozen "))
