"""What earlier raises of one exception instance have left in its traceback.

Python puts the frames of a new raise before those of the last one. So an instance that is kept, and raised
again and again, gathers frames: in its records, and in memory.
"""

from collections.abc import Iterable
from types import TracebackType

TRACEBACK = "_faultmap_traceback"  # of an exception: of its raise that was told last
MAX_LINKS = 64


class _Told:
    """Holds a traceback on its exception; pickle and copy leave it behind."""

    __slots__ = ("traceback",)

    def __init__(self, traceback: TracebackType | None = None) -> None:
        self.traceback = traceback

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return _Told, ()


def forget_earlier_raises(exc: BaseException) -> None:
    """Cut what earlier raises have left, and take this raise for told."""
    for link in _linked(exc):
        _cut(link)
        link.__dict__[TRACEBACK] = _Told(link.__traceback__)


def cut_earlier_raises(exc: BaseException) -> None:
    """Cut what earlier raises have left, of *exc* and of all that its record shows with it."""
    for link in _linked(exc):
        _cut(link)


def _cut(exc: BaseException) -> None:
    told = exc.__dict__.get(TRACEBACK)
    if told is None or told.traceback is None:
        return
    link = exc.__traceback__
    while link is not None and link.tb_next is not told.traceback:
        link = link.tb_next
    # Where a frame called the one that was told, it is the same raise: it was reported, and let through.
    if link is not None and told.traceback.tb_frame.f_back is not link.tb_frame:
        link.tb_next = None


def _linked(exc: BaseException) -> Iterable[BaseException]:
    """Give *exc*, its causes and contexts, and what groups hold."""
    if exc.__cause__ is None and exc.__context__ is None and not isinstance(exc, BaseExceptionGroup):
        return (exc,)
    found, waiting = {id(exc): exc}, [exc]
    while waiting and len(found) < MAX_LINKS:
        link = waiting.pop()
        members = link.exceptions if isinstance(link, BaseExceptionGroup) else ()
        for other in (link.__cause__, link.__context__, *members[:MAX_LINKS]):
            if other is not None and id(other) not in found:
                found[id(other)] = other
                waiting.append(other)
    return found.values()
