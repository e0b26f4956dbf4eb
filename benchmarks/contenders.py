"""The apps that are measured: each one Flask app, one path and what it must answer."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from flask_faultmap import FaultMap, Rule
from flask_faultmap.errors import NotFoundError

TEXT = "Box 'b1' not found"
LONG_TEXT = "transport closed while the guest was asked for its state: connection 17 of 32, attempt 3 of 5"

View = Callable[[], ResponseReturnValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One app and the request that is made to it."""

    app: Flask
    path: str = "/boxes/b1"
    status: int = 404
    members: tuple[str, ...] = ()


class BoxNotFoundError(NotFoundError):
    """The domain error that ours raises; not logged, as every 404."""


class BoxNotFound(Exception):
    """The same thing in an app without flask-faultmap."""


class InvalidAPIUsage(Exception):
    """The class that Flask's documentation proposes (Error Handling, "Returning API Errors as JSON")."""

    status_code = 400

    def __init__(self, message: str, status_code: int | None = None, payload: Any = None) -> None:
        super().__init__()
        self.message = message
        if status_code is not None:
            self.status_code = status_code
        self.payload = payload

    def to_dict(self) -> dict[str, Any]:
        """Make the body: the payload's members and ``message``."""
        body = dict(self.payload or ())
        body["message"] = self.message
        return body


class SDKError(Exception):
    """A foreign exception, which rules translate."""


def plain(exc: Callable[[], Exception] | None = None) -> Flask:
    """Make a Flask app whose one view raises what *exc* makes, or succeeds."""
    app = Flask("benchmarks")

    @app.get("/boxes/<box_id>")
    def show(box_id: str) -> ResponseReturnValue:
        if exc is not None:
            raise exc()
        return {"id": box_id}

    return app


def ours(exc: Callable[[], Exception] | None = None, rules: tuple[Rule, ...] = ()) -> Flask:
    """The same with flask-faultmap and its defaults: log, signal, ids, headers."""
    app = plain(exc)
    FaultMap(app, rules=rules)
    return app


def by_hand() -> Flask:
    """A handler that sends what our profile ``problem`` sends; it logs nothing and signals nothing."""
    app = plain(lambda: BoxNotFound(TEXT))

    @app.errorhandler(BoxNotFound)
    def answer(exc: BoxNotFound) -> ResponseReturnValue:
        request_id = request.headers.get("X-Request-ID") or uuid4().hex
        response = jsonify(
            type="about:blank",
            title="Not Found",
            status=404,
            detail=str(exc),
            code="box_not_found",
            request_id=request_id,
            retryable=False,
        )
        response.status_code = 404
        response.mimetype = "application/problem+json"
        response.headers["X-Request-ID"] = request_id
        response.headers["Cache-Control"] = "no-store"
        return response

    return app


def recipe() -> Flask:
    """Flask's documentation, "Returning API Errors as JSON": two members, no headers."""
    app = plain(lambda: InvalidAPIUsage(TEXT, 404, {"error": "box_not_found"}))

    @app.errorhandler(InvalidAPIUsage)
    def answer(exc: InvalidAPIUsage) -> ResponseReturnValue:
        return jsonify(exc.to_dict()), exc.status_code

    return app


def recipe_unhandled() -> Flask:
    """Flask's documentation, "Generic Exception Handlers": JSON in place of the HTML page."""
    app = plain(lambda: RuntimeError(TEXT))

    @app.errorhandler(HTTPException)
    def answer(exc: HTTPException) -> ResponseReturnValue:
        response = exc.get_response()
        response.data = json.dumps({"code": exc.code, "name": exc.name, "description": exc.description})
        response.content_type = "application/json"
        return response

    return app


def many_rules(count: int) -> Flask:
    """*count* rules on as many classes; the view raises the last of them."""
    classes = [type(f"SDKError{number}", (SDKError,), {}) for number in range(count)]
    return ours(lambda: classes[-1](TEXT), tuple(Rule(on=cls, to=BoxNotFoundError) for cls in classes))


def text_rules(count: int) -> Flask:
    """*count* text rows that are all read and do not match, then a bare row that does."""
    rows = [Rule(on=SDKError, text=(f"error code {number}",), to=NotFoundError) for number in range(count)]
    return ours(lambda: SDKError(LONG_TEXT), (*rows, Rule(on=SDKError, to=BoxNotFoundError)))


PROBLEM = ("code", "detail", "request_id", "retryable", "status", "title", "type")
UNTOLD = tuple(name for name in PROBLEM if name != "detail")


def contenders() -> dict[str, Contender]:
    """Make all apps."""
    return {
        "ours": Contender(app=ours(lambda: BoxNotFoundError(TEXT)), members=PROBLEM),
        "by hand": Contender(app=by_hand(), members=PROBLEM),
        "recipe": Contender(app=recipe(), members=("error", "message")),
        "ours, routing 404": Contender(app=ours(), path="/nope", members=PROBLEM),
        "Flask's routing 404": Contender(app=plain(), path="/nope"),
        "ours, unhandled": Contender(app=ours(lambda: RuntimeError(TEXT)), status=500, members=UNTOLD),
        "recipe, unhandled": Contender(
            app=recipe_unhandled(), status=500, members=("code", "description", "name")
        ),
        "ours, success": Contender(app=ours(), status=200, members=("id",)),
        "plain, success": Contender(app=plain(), status=200, members=("id",)),
        "10,000 rules": Contender(app=many_rules(10_000), members=UNTOLD),
        "10 rules": Contender(app=many_rules(10), members=UNTOLD),
        "30 text rows": Contender(app=text_rules(30), members=UNTOLD),
        "one bare row": Contender(app=text_rules(0), members=UNTOLD),
    }
