"""What the same answers cost an app without flask-faultmap: handlers by hand, Flask's recipes, the floor."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import uuid4

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

from benchmarks.views import DETAILS, TEXT, VIOLATIONS, plain


class BoxError(Exception):
    """A domain error of an app without flask-faultmap."""


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


def problem(status: int, title: str, detail: str, code: str, **more: Any) -> Response:
    """Make the response that our profile ``problem`` makes: seven members, and *more*; the same headers."""
    request_id = request.headers.get("X-Request-ID") or uuid4().hex
    response = jsonify(
        type="about:blank",
        title=title,
        status=status,
        detail=detail,
        code=code,
        request_id=request_id,
        **{"retryable": False, **more},
    )
    response.status_code = status
    response.mimetype = "application/problem+json"
    response.headers["X-Request-ID"] = request_id
    response.headers["Cache-Control"] = "no-store"
    return response


def by_hand(answer: Callable[[Exception], Response], exc: Exception | None = None) -> Flask:
    """Make an app whose view raises, and whose error handler is *answer*."""
    app = plain(lambda: exc or BoxError(TEXT))
    app.errorhandler(type(exc) if exc else BoxError)(answer)
    return app


def not_found(exc: Exception) -> Response:
    """A domain error; it logs nothing and signals nothing."""
    return problem(404, "Not Found", str(exc), "box_not_found")


def not_found_with_details(exc: Exception) -> Response:
    """The same with two members more."""
    return problem(404, "Not Found", str(exc), "box_not_found", **DETAILS)


def too_many(exc: Exception) -> Response:
    """A 429 that says when to come again, in the body and in a header."""
    response = problem(429, "Too Many Requests", str(exc), "quota", retryable=True, retry_after=30)
    response.headers["Retry-After"] = "30"
    return response


def enveloped(exc: Exception) -> Response:
    """A shape of the app's own."""
    request_id = request.headers.get("X-Request-ID") or uuid4().hex
    response = jsonify(error={"message": str(exc), "type": "BoxNotFoundError", "code": "box_not_found"})
    response.status_code = 404
    response.headers["X-Request-ID"] = request_id
    response.headers["Cache-Control"] = "no-store"
    return response


def unavailable(exc: Exception) -> Response:
    """A 503 that is logged with the stack and the facts that our record has."""
    response = problem(503, "Service Unavailable", "The store is down.", "store_down", retryable=True)
    facts = {
        "id": response.headers["X-Request-ID"],
        "code": "store_down",
        "category": "unavailable",
        "status": 503,
        "original_status": 503,
        "method": request.method,
        "path": request.path,
        "rule": None,
        "cause": None,
        "context": {},
    }
    logging.getLogger("benchmarks.byhand").error(
        "%s %s -> %d %s (%s): %s",
        request.method,
        request.path,
        503,
        "store_down",
        facts["id"],
        exc,
        exc_info=exc,
        extra={"fault": facts},
    )
    return response


def invalid(exc: Exception) -> Response:
    """A 422 with a violation for each message of marshmallow's."""
    messages: Any = exc.messages  # type: ignore[attr-defined]  # marshmallow's
    errors = [*violations(messages)]
    first = errors[0]
    detail = f"The request does not fit the schema. {first['pointer'].removeprefix('#/')}: {first['detail']}"
    return problem(422, "Unprocessable Content", detail, "validation_failed", errors=errors)


def violations(messages: Mapping[str, Any], at: str = "#") -> Iterator[dict[str, str]]:
    """Walk marshmallow's messages."""
    for name, told in messages.items():
        if isinstance(told, Mapping):
            yield from violations(told, f"{at}/{name}")
        else:
            for message in told:
                yield {"source": "body", "pointer": f"{at}/{name}", "detail": message, "code": "invalid"}


def invalid_by_hand() -> Flask:
    """An app whose view raises marshmallow's error, which a handler answers."""
    app = plain(lambda: ValidationError(VIOLATIONS))
    app.errorhandler(ValidationError)(invalid)
    return app


def recipe(payload: Mapping[str, Any]) -> Flask:
    """Flask's documentation, "Returning API Errors as JSON": no headers."""
    app = plain(lambda: InvalidAPIUsage(TEXT, 404, payload))

    @app.errorhandler(InvalidAPIUsage)
    def answer(exc: InvalidAPIUsage) -> ResponseReturnValue:
        return jsonify(exc.to_dict()), exc.status_code

    return app


def generic_recipe(exc: Callable[[], Exception] | None = None) -> Flask:
    """Flask's documentation, "Generic Exception Handlers": JSON in place of the HTML page."""
    app = plain(exc)

    @app.errorhandler(HTTPException)
    def answer(exc: HTTPException) -> Any:
        response: Any = exc.get_response()
        response.data = json.dumps({"code": exc.code, "name": exc.name, "description": exc.description})
        response.content_type = "application/json"
        return response

    return app


def floor() -> Flask:
    """The least that a handler can do: constant bytes and the four headers that we send."""
    app = plain()
    body = json.dumps(
        {
            "type": "about:blank",
            "title": "Not Found",
            "status": 404,
            "detail": "No resource is known at this path.",
            "code": "unknown_path",
            "request_id": "0" * 32,
            "retryable": False,
        },
        separators=(",", ":"),
    ).encode()
    headers = (
        ("Content-Type", "application/problem+json"),
        ("Content-Length", str(len(body))),
        ("X-Request-ID", "0" * 32),
        ("Cache-Control", "no-store"),
    )

    @app.errorhandler(HTTPException)
    def answer(exc: HTTPException) -> ResponseReturnValue:
        return app.response_class(body, 404, headers)

    return app
