"""The apps that are measured: each one Flask app, one path and what it must answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from marshmallow import Schema, ValidationError, fields

from benchmarks import by_hand, sinks
from benchmarks.views import DETAILS, LONG_TEXT, TEXT, VIOLATIONS, plain
from flask_faultmap import FaultMap, Profile, Rule
from flask_faultmap.errors import NotFoundError, ResourceExhaustedError, UnavailableError
from flask_faultmap.profiles import Envelope, OfKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One app and the request that is made to it."""

    app: Flask
    path: str = "/boxes/b1"
    status: int = 404
    members: tuple[str, ...] = ()


class BoxNotFoundError(NotFoundError):
    """The domain error that ours raises; not logged, as every 404."""


class QuotaError(ResourceExhaustedError):
    """A 429 that says when to come again."""


class StoreDownError(UnavailableError):
    """A 503, which is logged with its stack."""

    public = "The store is down."


class SDKError(Exception):
    """A foreign exception, which rules translate."""


class InnerSchema(Schema):
    """What stands in the envelope."""

    message = fields.String(attribute="text")
    type = OfKind(lambda kind: kind.code.title().replace("_", "") + "Error")
    code = fields.String()


class EnvelopeSchema(Schema):
    """A shape of an app's own."""

    error = Envelope(InnerSchema)


def ours(exc: Callable[[], Exception] | None = None, rules: tuple[Rule, ...] = ()) -> Flask:
    """A plain app with flask-faultmap and its defaults: log, signal, ids, headers."""
    app = plain(exc)
    FaultMap(app, rules=rules)
    return app


def ours_enveloped() -> Flask:
    """The same with a profile of the app's own."""
    app = plain(lambda: BoxNotFoundError(TEXT))
    app.config["FAULTMAP_PROFILE"] = "own"
    FaultMap(app, profiles=[Profile(name="own", schema=EnvelopeSchema)])
    return app


def many_rules(count: int) -> Flask:
    """*count* rules on as many classes; the view raises the last of them."""
    classes = [type(f"SDKError{number}", (SDKError,), {}) for number in range(count)]
    return ours(lambda: classes[-1](TEXT), tuple(Rule(on=cls, to=BoxNotFoundError) for cls in classes))


def text_rules(count: int) -> Flask:
    """*count* text rules that are all read and do not match, then a plain rule that does."""
    rules = [Rule(on=SDKError, text=(f"error code {number}",), to=NotFoundError) for number in range(count)]
    return ours(lambda: SDKError(LONG_TEXT), (*rules, Rule(on=SDKError, to=BoxNotFoundError)))


def foreign_text(**told: Any) -> Flask:
    """One rule; *told* says what the client may read."""
    return ours(lambda: SDKError(f"{LONG_TEXT:.<100}"), (Rule(on=SDKError, to=BoxNotFoundError, **told),))


PROBLEM = ("code", "detail", "request_id", "retryable", "status", "title", "type")
UNTOLD = tuple(name for name in PROBLEM if name != "detail")
INVALID = tuple(sorted([*PROBLEM, "errors"]))
DETAILED = tuple(sorted([*PROBLEM, *DETAILS]))
WAITING = tuple(sorted([*PROBLEM, "retry_after"]))

# Made when a row that is asked for needs them. Each pair of a row answers the same kind of request.
CONTENDERS: dict[str, Callable[[], Contender]] = {
    "ours": lambda: Contender(app=ours(lambda: BoxNotFoundError(TEXT)), members=PROBLEM),
    "by hand": lambda: Contender(app=by_hand.by_hand(by_hand.not_found), members=PROBLEM),
    "recipe": lambda: Contender(app=by_hand.recipe({"error": "box_not_found"}), members=("error", "message")),
    "ours, routing 404": lambda: Contender(app=ours(), path="/nope", members=PROBLEM),
    "floor, routing 404": lambda: Contender(app=by_hand.floor(), path="/nope", members=PROBLEM),
    "recipe, routing 404": lambda: Contender(
        app=by_hand.generic_recipe(), path="/nope", members=("code", "description", "name")
    ),
    "ours, unhandled": lambda: Contender(app=ours(lambda: RuntimeError(TEXT)), status=500, members=UNTOLD),
    "recipe, unhandled": lambda: Contender(
        app=by_hand.generic_recipe(lambda: RuntimeError(TEXT)),
        status=500,
        members=("code", "description", "name"),
    ),
    "ours, violations": lambda: Contender(
        app=ours(lambda: ValidationError(VIOLATIONS)), status=422, members=INVALID
    ),
    "by hand, violations": lambda: Contender(app=by_hand.invalid_by_hand(), status=422, members=INVALID),
    "ours, details": lambda: Contender(
        app=ours(lambda: BoxNotFoundError(TEXT, details=DETAILS)), members=DETAILED
    ),
    "recipe, details": lambda: Contender(
        app=by_hand.recipe({"error": "box_not_found", **DETAILS}),
        members=tuple(sorted(["error", "message", *DETAILS])),
    ),
    "by hand, details": lambda: Contender(
        app=by_hand.by_hand(by_hand.not_found_with_details), members=DETAILED
    ),
    "ours, retry": lambda: Contender(
        app=ours(lambda: QuotaError(TEXT, retry_after=30)), status=429, members=WAITING
    ),
    "by hand, retry": lambda: Contender(app=by_hand.by_hand(by_hand.too_many), status=429, members=WAITING),
    "ours, own profile": lambda: Contender(app=ours_enveloped(), members=("error",)),
    "by hand, own profile": lambda: Contender(app=by_hand.by_hand(by_hand.enveloped), members=("error",)),
    "ours, logged": lambda: Contender(app=ours(lambda: StoreDownError(TEXT)), status=503, members=PROBLEM),
    "by hand, logged": lambda: Contender(
        app=by_hand.by_hand(by_hand.unavailable), status=503, members=PROBLEM
    ),
    "ours, success": lambda: Contender(app=ours(), status=200, members=("id",)),
    "plain, success": lambda: Contender(app=plain(), status=200, members=("id",)),
    "10,000 rules": lambda: Contender(app=many_rules(10_000), members=UNTOLD),
    "10 rules": lambda: Contender(app=many_rules(10), members=UNTOLD),
    "30 text rules": lambda: Contender(app=text_rules(30), members=UNTOLD),
    "one plain rule": lambda: Contender(app=text_rules(0), members=UNTOLD),
    "exposed text": lambda: Contender(app=foreign_text(expose=True), members=PROBLEM),
    "fixed text": lambda: Contender(app=foreign_text(message=TEXT), members=PROBLEM),
    "ours, trail": lambda: Contender(
        app=sinks.with_trail(ours(lambda: StoreDownError(TEXT))), status=503, members=PROBLEM
    ),
    "ours, metrics": lambda: Contender(
        app=sinks.with_metrics(ours(lambda: BoxNotFoundError(TEXT))), members=PROBLEM
    ),
    "ours, traced": lambda: Contender(
        app=sinks.traced(ours(lambda: BoxNotFoundError(TEXT))), members=PROBLEM
    ),
    "ours, tracing": lambda: Contender(
        app=sinks.with_tracing(ours(lambda: BoxNotFoundError(TEXT))), members=PROBLEM
    ),
    "ours, stream": lambda: Contender(app=sinks.streamed(), status=200),
    "by hand, stream": lambda: Contender(app=sinks.streamed_by_hand(), status=200),
}
