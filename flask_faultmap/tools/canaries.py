"""Secrets to plant in an app, and how one that got out is found."""

from collections.abc import Iterator
from uuid import uuid4

from flask_faultmap.tools.specimens import make_any


class Canary:
    """Secrets that must not get out, in the disguises in which they use to hide."""

    def __init__(self) -> None:
        self.secret: str = f"canary{uuid4().hex}"
        self.texts: tuple[str, ...] = (
            self.secret,
            f"postgres://user:{self.secret}@db.internal/app",
            f"https://api.internal/v1?access_token={self.secret}",
            f"Authorization: Bearer {self.secret}",
            f"password={self.secret}",
            f'Traceback (most recent call last):\n  File "/srv/{self.secret}/app.py", line 1\nKeyError: 1',
        )
        self.leaks: list[str] = []

    def exceptions(self, cls: type[BaseException] = RuntimeError) -> Iterator[BaseException]:
        """Make exceptions that hold the secret everywhere: text, arguments, attributes, notes and causes."""
        for text in self.texts:
            exc = make_any(cls, text)
            exc.__cause__ = ValueError(text)
            exc.add_note(text)
            exc.__dict__.update(data=text, response=text, description=text)
            yield exc

    def look(self, place: str, text: str) -> None:
        """Note a leak if *text* shows the secret."""
        at = text.find(self.secret)
        if at >= 0:
            self.leaks.append(f"{place}: …{text[max(0, at - 40) : at + len(self.secret) + 20]!r}…")
