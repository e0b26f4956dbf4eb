"""All that any logger says, at DEBUG."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


class Hearing(logging.Handler):
    """Keeps all that any logger says, with the name of the logger."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(f"{record.name}: {self.format(record)}")


@contextmanager
def hearing() -> Iterator[list[str]]:
    """Hear every logger at DEBUG until the block ends."""
    handler, root = Hearing(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield handler.said
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
