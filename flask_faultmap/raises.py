"""What earlier raises of one exception instance have left in its traceback.

Python puts the frames of a new raise before those of the last one. So an instance that is kept, and raised
again and again, gathers frames: in its records, and in memory.
"""

from collections.abc import Iterable

TOLD = "_faultmap_told"  # of an exception: the ``id`` of the traceback of its raise that was told last
MAX_LINKS = 64


def forget_earlier_raises(exc: BaseException) -> None:
    """Cut what earlier raises have left, and take this raise for told."""
    for link in _find_linked(exc):
        _cut(link)
        link.__dict__[TOLD] = id(link.__traceback__)


def cut_earlier_raises(exc: BaseException) -> None:
    """Cut what earlier raises have left, of *exc* and of all that its record shows with it."""
    for link in _find_linked(exc):
        _cut(link)


def _cut(exc: BaseException) -> None:
    told = exc.__dict__.get(TOLD)
    if told is None:
        return
    link = exc.__traceback__
    while link is not None and id(link.tb_next) != told:
        link = link.tb_next
    # Where a frame called the one that was told, it is the same raise: it was reported, and let through.
    # An id that another object has by now is one of this raise, too.
    if link is not None and link.tb_next is not None and link.tb_next.tb_frame.f_back is not link.tb_frame:
        link.tb_next = None


def _find_linked(exc: BaseException) -> Iterable[BaseException]:
    """Give *exc* and all that its record shows with it: causes, contexts, and what groups hold."""
    is_first = exc.__cause__ is None and (exc.__suppress_context__ or exc.__context__ is None)
    if is_first and not isinstance(exc, BaseExceptionGroup):
        return (exc,)
    found, waiting = {id(exc): exc}, [exc]
    while waiting and len(found) < MAX_LINKS:
        link = waiting.pop()
        members = link.exceptions if isinstance(link, BaseExceptionGroup) else ()
        context = None if link.__suppress_context__ else link.__context__
        for other in (link.__cause__, context, *members[:MAX_LINKS]):
            if other is not None and id(other) not in found:
                found[id(other)] = other
                waiting.append(other)
    return found.values()
