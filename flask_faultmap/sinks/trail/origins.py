"""Where does an error come from? Its frames, its fingerprint, and who is to blame."""

import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from types import CodeType, TracebackType

import flask_faultmap
from flask_faultmap.categories import Category
from flask_faultmap.errors import DomainError
from flask_faultmap.upstreams.errors import UpstreamError, UpstreamPoolError, UpstreamUsageError

RECIPE = "1"  # of the fingerprint; another recipe gives other groups
MAX_FRAMES = 30
MAX_LINKS = 5  # of the cause chain
NOT_OF_THE_APP = (
    *{f"{sysconfig.get_path(name)}/" for name in ("stdlib", "platstdlib", "purelib", "platlib")},
    f"{Path(flask_faultmap.__file__).parent}/",
    "<frozen ",
)
OUTSIDE = {Category.BAD_GATEWAY, Category.UNAVAILABLE, Category.DEADLINE_EXCEEDED}
INSIDE = {Category.INTERNAL, Category.UNIMPLEMENTED}
MOST_KEPT = 1024  # origins
LONGEST_KEPT = 100  # frames: of a recursion without end each raise may have another number
OWN_USE = (UpstreamPoolError, UpstreamUsageError)  # of an upstream, by code of our own


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Origin:
    """Where a class of exceptions is raised: one object for each place, as long as it is kept.

    Args:
        name: of the class, with its module.
        frames: the innermost ones, outermost first, as ``module:qualname:line``: no path, no code.
        place: the innermost one of the app's own code, as ``module:qualname``; None without one.
        held: what the key of this origin names by id; held, so that no id comes again.
    """

    name: str
    frames: tuple[str, ...]
    place: str | None
    held: tuple[tuple[CodeType, object], ...]


def find_blame(category: Category, error: DomainError) -> str:
    """Say whose fault it is: the ``client``'s, our own (``self``), or that of an ``upstream``."""
    if category in INSIDE or isinstance(error, OWN_USE):
        return "self"
    return "upstream" if category in OUTSIDE or isinstance(error, UpstreamError) else "client"


def chain_of(exc: BaseException) -> list[BaseException]:
    """Give the exception and its explicit causes, the first :data:`MAX_LINKS` of them and the root."""
    chain = [exc]
    link = exc.__cause__
    if link is None:
        return chain
    while link is not None and all(link is not each for each in chain) and len(chain) < 16:
        chain.append(link)
        link = link.__cause__
    return chain if len(chain) <= MAX_LINKS else [*chain[: MAX_LINKS - 1], chain[-1]]


_origins: dict[tuple[object, ...], Origin] = {}


def origin_of(exc: BaseException) -> Origin:
    """Say where *exc* was raised; to find it among the known ones takes a fifth of describing it anew."""
    name = class_name(exc)
    key: list[object] = [name]
    link = exc.__traceback__
    while link is not None:
        frame = link.tb_frame
        key += (id(frame.f_code), id(frame.f_globals.get("__name__")), link.tb_lineno)
        link = link.tb_next
    known = _origins.get(tuple(key))
    if known is None:
        known = _describe(name, exc.__traceback__)
        if len(known.held) <= LONGEST_KEPT:
            if len(_origins) >= MOST_KEPT:
                _origins.clear()
            _origins[tuple(key)] = known
    return known


def _describe(name: str, link: TracebackType | None) -> Origin:
    links = []
    while link is not None:
        links.append(link)
        link = link.tb_next
    return Origin(
        name=name,
        frames=tuple(f"{_name_function(each)}:{each.tb_lineno}" for each in links[-MAX_FRAMES:]),
        place=next((_name_function(each) for each in reversed(links) if _is_of_the_app(each)), None),
        held=tuple((each.tb_frame.f_code, each.tb_frame.f_globals.get("__name__")) for each in links),
    )


def _name_function(link: TracebackType) -> str:
    return f"{link.tb_frame.f_globals.get('__name__', '?')}:{link.tb_frame.f_code.co_qualname}"


def _is_of_the_app(link: TracebackType) -> bool:
    return not link.tb_frame.f_code.co_filename.startswith(NOT_OF_THE_APP)


def fingerprint_of(app: str, code: str, rule: str | None, origins: Sequence[Origin]) -> str:
    """Name the group of an error: the same for the same trouble at the same place of the app.

    No message, no line number and no route is part of it, so that it survives an unrelated change.

    Args:
        origins: of its chain, the raised exception's first.
    """
    place = next((each.place for each in reversed(origins) if each.place is not None), "")
    parts = "\0".join((RECIPE, app, code, rule or "", origins[-1].name, place))
    return blake2b(parts.encode("utf-8", "replace"), digest_size=10).hexdigest()


def class_name(exc: BaseException) -> str:
    """Give the class of *exc* with its module."""
    cls = type(exc)
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
