"""Does a rule of the current app know an exception? The border tells, for those below it."""

from collections.abc import Callable

_ask: list[Callable[[BaseException], bool]] = []


def answer_with(knows: Callable[[BaseException], bool]) -> None:
    """Let *knows* say whether a rule of the current app knows an exception."""
    _ask[:] = [knows]


def is_known_to_app(exc: BaseException) -> bool:
    """Whether a rule of the current app knows *exc*; without a border nobody does."""
    return any(knows(exc) for knows in _ask)
