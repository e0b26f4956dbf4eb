"""The other face of *runs*: Forest's agent, which tells its failures in a shape of its own."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request
from itsdangerous import BadData
from marshmallow import Schema, fields

from example_app.rooms import Step, state_of
from example_app.runs.business import UnauthorizedError, from_another_copy
from example_app.runs.errors import UnauthorizedError as NoTokenError
from example_app.runs.records import Records
from example_app.runs.tokens import Claims, Tokens
from example_app.runs.walk import USER
from flask_faultmap import Fault, Profile, Rule
from flask_faultmap.errors import DomainError, InternalError

NAME = "agent"
PREFIX = "/agent"

# Where the name that Node's http-errors gives is not the phrase of the status.
HTTP_NAMES = {413: "PayloadTooLargeError", 414: "URITooLongError", 422: "UnprocessableEntityError"}


def name_of(fault: Fault) -> str:
    """Give the class of a business error; of others no more than the status says."""
    if "name" in fault.details:
        return str(fault.details["name"])
    if fault.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return "Error"
    name = re.sub(r"\W", "", HTTPStatus(fault.status).phrase.title())
    return HTTP_NAMES.get(fault.status, f"{name}Error")


def describe(fault: Fault) -> list[dict[str, Any]]:
    """Give the one error of an answer."""
    told = {"name": name_of(fault), "detail": fault.text, "status": fault.status}
    return [{**told, "data": fault.details["data"]} if "data" in fault.details else told]


class AgentSchema(Schema):
    """The agent's body: a list of one error."""

    errors = fields.Function(describe, metadata={"type": "array"})


PROFILE = Profile(
    name="agent",
    schema=AgentSchema,
    media_type="application/json; charset=utf-8",
    wording={
        "internal": "Unexpected error",
        "method_not_allowed": "Method Not Allowed",
        "unknown_path": "Not Found",
    },
)


class CustomizedError(InternalError):
    """A bug, in the words that the operator's own function has for it."""


def customize(error: Exception) -> DomainError | None:
    """Ask the operator's function for the words of an error that is no business error."""
    if request.blueprint != NAME or "AGENT_CUSTOMIZE" not in current_app.config:
        return None
    text = current_app.config["AGENT_CUSTOMIZE"](error)
    return CustomizedError(str(error), public=text) if text else None


RULES = (
    Rule(on=Exception, translate=from_another_copy),
    Rule(on=Exception, translate=customize),
)
STATUSES: Mapping[str, int] = {}

blueprint = Blueprint(NAME, __name__)


class State:
    """The records of one app, and the tokens that it takes."""

    def __init__(self, records: Records, tokens: Tokens) -> None:
        self.records = records
        self.tokens = tokens


def open_state(config: Mapping[str, Any]) -> State:
    """Make the records; ``RUNS_SECRET`` signs the tokens, ``AGENT_CHANGES`` is how many one user may make."""
    return State(Records(config.get("AGENT_CHANGES", 3)), Tokens(config.get("RUNS_SECRET", "tour")))


@blueprint.get("/<collection>/<int:record_id>")
def show_record(collection: str, record_id: int) -> Response:
    """Show one record."""
    _claims()
    return jsonify(_records().get(collection, record_id))


@blueprint.put("/<collection>/<int:record_id>")
def change_record(collection: str, record_id: int) -> Response:
    """Change one record."""
    return jsonify(_records().change(_claims().user_id, collection, record_id, request.get_json()))


@blueprint.get("/customers/<int:record_id>/share")
def share_credit(record_id: int) -> Response:
    """Share a customer's credit among ``parts``."""
    _claims()
    return jsonify(share=_records().share(record_id, request.args.get("parts", 1, type=int)))


def _records() -> Records:
    return state_of(NAME, State).records


def _claims() -> Claims:
    try:
        return state_of(NAME, State).tokens.read(request.headers.get("Authorization", ""))
    except (NoTokenError, BadData) as exc:
        raise UnauthorizedError("Authentication Error") from exc


def _refused(title: str, code: str, status: int, name: str, detail: str, **sent: Any) -> Step:
    method, path = ("PUT", "/agent/customers/1") if "json" in sent else ("GET", "/agent/customers/1")
    body = {"errors.0.name": name, "errors.0.detail": detail, "errors.0.status": status}
    wanted = {"method": method, "path": path, "headers": USER, **sent}
    return Step(title=title, status=status, code=code, body=body, **wanted)


WALK = (
    Step(
        title="The agent reads a record.",
        method="GET",
        path="/agent/customers/1",
        headers=USER,
        status=200,
        body={"name": "Ada"},
    ),
    _refused(
        "Without a token it tells the same as its original.",
        "business_unauthorized",
        401,
        "UnauthorizedError",
        "Authentication Error",
        headers={},
    ),
    _refused(
        "A record that is not there is told with data.",
        "not_found",
        404,
        "NotFoundError",
        "Record does not exist",
        path="/agent/customers/7",
    ),
    _refused(
        "A subclass keeps its name and has its parent's status.",
        "missing_collection",
        400,
        "MissingCollectionError",
        "Collection 'cars' not found",
        path="/agent/cars/1",
    ),
    _refused(
        "A business error without a status of its own is a 422.",
        "unprocessable",
        422,
        "UnprocessableError",
        "The credit would fall below zero",
        json={"credit": -1},
    ),
    _refused(
        "A bug is told in two words.",
        "internal",
        500,
        "Error",
        "Unexpected error",
        path="/agent/customers/1/share?parts=0",
    ),
    _refused(
        "What the framework refuses has the name of its status.",
        "unknown_path",
        404,
        "NotFoundError",
        "Not Found",
        path="/agent/nope",
    ),
)
