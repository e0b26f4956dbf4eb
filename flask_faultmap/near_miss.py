"""What somebody who mistyped a name may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def near_miss(value: object, allowed: Iterable[str]) -> str:
    """Give ``. Did you mean …?`` if one of the *allowed* is close to *value*, else nothing."""
    names = {name.casefold(): str(name) for name in allowed}
    close = get_close_matches(str(value).casefold(), list(names), 1, 0.7)
    return f". Did you mean {names[close[0]]!r}?" if close else ""
