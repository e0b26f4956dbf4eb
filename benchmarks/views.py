"""What is asked of every app that is measured: the view, the texts, the payloads."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.typing import ResponseReturnValue

TEXT = "Box 'b1' not found"
LONG_TEXT = "transport closed while the guest was asked for its state: connection 17 of 32, attempt 3 of 5"
DETAILS: dict[str, Any] = {"box": "b1", "known": ["b2", "b3", "b4"]}
VIOLATIONS: dict[str, Any] = {
    "name": ["Longer than maximum length 20."],
    "disks": {"0": {"size": ["Must be greater than or equal to 1."]}},
    "image": ["Not a valid string."],
}


def plain(exc: Callable[[], Exception] | None = None) -> Flask:
    """Make a Flask app whose one view raises what *exc* makes, or succeeds."""
    app = Flask("benchmarks")

    @app.get("/boxes/<box_id>")
    def show(box_id: str) -> ResponseReturnValue:
        if exc is not None:
            raise exc()
        return {"id": box_id}

    return app
