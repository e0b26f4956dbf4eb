"""The body of one kind, made once; a fault fills the placeholders."""

from collections.abc import Callable, Iterable

from flask_faultmap.faults import Fault
from flask_faultmap.profiles.compiling import Segment
from flask_faultmap.profiles.encoding import to_bytes


class Template:
    """What is the same in all bodies of one kind, and what writes the rest."""

    __slots__ = ("_format", "_writers")

    def __init__(self, segments: Iterable[Segment]) -> None:
        parts = [*segments]
        self._format = "".join(part.replace("%", "%%") if isinstance(part, str) else "%s" for part in parts)
        self._writers: tuple[Callable[[Fault], str], ...] = tuple(
            part for part in parts if not isinstance(part, str)
        )

    def fill(self, fault: Fault) -> bytes:
        """Give the body of one fault of this kind, whose details are plain JSON."""
        return to_bytes(self._format % tuple([write(fault) for write in self._writers]))
