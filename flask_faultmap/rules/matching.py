"""How the conditions of a rule look at an exception: its chain, its attributes, its text."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

MAX_LINKS = 16
MISSING = object()
CALL = "()"  # at the end of a step: a method without arguments
READ = 4096  # characters of a text from either end; a traceback has its message at the end


def causes(exc: BaseException) -> Iterator[BaseException]:
    """Walk the explicit cause chain of *exc*, itself left out: at most 16 links, cycles end it.

    ``__context__`` never counts, so ``raise … from None`` is a barrier.
    """
    seen = {id(exc)}
    link = exc.__cause__
    while link is not None and id(link) not in seen and len(seen) <= MAX_LINKS:
        seen.add(id(link))
        yield link
        link = link.__cause__


class MissingError(LookupError):
    """A step of a path leads nowhere; the text says which, in words."""


class UncalledError(LookupError):
    """A step of a path leads to a method, which the path does not call; the text says so."""


def look_up(exc: object, path: str) -> Any:
    """Follow a dotted *path* of attributes, keys, indexes and methods from *exc*.

    A step that ends in ``()`` is a method without arguments.

    Raises:
        MissingError: a step leads nowhere. A property or a method of the exception may raise anything else.
        UncalledError: a step before the last is a method that is not called.
    """
    value: Any = exc
    shown = type(exc).__name__
    for step in path.split("."):
        known, value = value, _take_step(value, step)
        if value is MISSING:
            if inspect.isroutine(known):
                raise UncalledError(describe_uncalled(shown))
            raise MissingError(f"{'None' if known is None else shown} has no {step}")
        shown = step
    return value


def describe_uncalled(step: str) -> str:
    """Say in words that the *step* of a path is a method, and what to write."""
    return f"{step} is a method; write {step}() for what it returns"


def _take_step(value: Any, step: str) -> Any:
    if isinstance(value, Mapping) and step in value:
        return value[step]
    if isinstance(value, list | tuple) and step.isdecimal() and int(step) < len(value):
        return value[int(step)]
    if not step.endswith(CALL):
        return getattr(value, step, MISSING)
    method = getattr(value, step.removesuffix(CALL), MISSING)
    if not callable(method):
        return MISSING
    returned = method()
    if inspect.iscoroutine(returned):  # nobody is there to await it
        returned.close()
        return MISSING
    return returned


class Text:
    """What text rules read of one exception: its ends, case-folded once for all rules."""

    __slots__ = ("_regions", "whole")

    def __init__(self, text: str) -> None:
        if len(text) <= 2 * READ:
            self._regions = [(text.casefold(), 0, 0)]
        else:  # One character more than is read tells whether a word goes on.
            head, tail = text[READ].casefold(), text[-READ - 1].casefold()
            self._regions = [
                (text[:READ].casefold() + head, 0, len(head)),
                (tail + text[-READ:].casefold(), len(tail), 0),
            ]
        self.whole: str = "\0".join(region for region, _, _ in self._regions)

    def has_all(self, markers: tuple[str, ...]) -> bool:
        """Say whether all *markers*, casefolded, occur and are not part of a longer word or number."""
        return all(any(_occurs(marker, *region) for region in self._regions) for marker in markers)


def _occurs(marker: str, text: str, before: int, after: int) -> bool:
    if marker not in text:  # what nearly always happens
        return False
    last = len(text) - after
    at = text.find(marker, before, last)
    while at >= 0:
        end = at + len(marker)
        joined_left = at > 0 and _is_word(marker[0]) and _is_word(text[at - 1])
        joined_right = end < len(text) and _is_word(marker[-1]) and _is_word(text[end])
        if not (joined_left or joined_right):
            return True
        at = text.find(marker, at + 1, last)
    return False


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
