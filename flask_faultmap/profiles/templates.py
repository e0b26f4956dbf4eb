"""The body of one kind, made once; a fault fills the placeholders."""

from collections.abc import Callable, Iterable

from flask_faultmap.faults import Fault
from flask_faultmap.profiles.compiling import Segment
from flask_faultmap.profiles.encoding import to_bytes

MARK = "6f0c1f5b0f7c4be2b4a1d0e9b8f3a57d"  # an id that stands for any other


class Template:
    """What is the same in all bodies of one kind, and what writes the rest."""

    __slots__ = ("_format", "_usual", "_writers")

    def __init__(self, segments: Iterable[Segment]) -> None:
        parts = [*segments]
        self._format = "".join(part.replace("%", "%%") if isinstance(part, str) else "%s" for part in parts)
        self._writers: tuple[Callable[[Fault], str], ...] = tuple(
            part for part in parts if not isinstance(part, str)
        )
        # The last text, and the body around the id, once the very same text came again, as a constant does.
        self._usual: tuple[str | None, list[bytes] | None] = (None, None)

    def fill(self, fault: Fault) -> bytes:
        """Give the body of one fault of this kind, whose details are plain JSON."""
        if fault.details or fault.violations or fault.retry_after is not None:
            return self._fill(fault)
        text, around = self._usual
        if text is not fault.text:
            self._usual = fault.text, None
            return self._fill(fault)
        if not is_plain(fault.id):
            return self._fill(fault)
        if around is None:
            if MARK in text or MARK in self._format:
                return self._fill(fault)
            around = self._fill(Fault(fault.kind, MARK, text)).split(MARK.encode())
            self._usual = text, around
        return fault.id.encode().join(around)

    def _fill(self, fault: Fault) -> bytes:
        return to_bytes(self._format % tuple([write(fault) for write in self._writers]))


def is_plain(identity: str) -> bool:
    """Say whether JSON has *identity* as it is."""
    return identity.isascii() and identity.isalnum()
