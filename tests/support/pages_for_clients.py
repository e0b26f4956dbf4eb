"""A small service with a catalogue, whose answers a client handles that has read the catalogue alone."""

from flask import Flask, jsonify, request
from marshmallow import Schema, fields

from flask_faultmap import FaultMap
from flask_faultmap.errors import AlreadyExistsError, UnavailableError
from flask_faultmap.pages import catalog
from flask_faultmap.profiles import Envelope, Profile


class PoolWarmingError(UnavailableError):
    """The pool of machines warms up."""

    retry_after = 1


class BadgeTakenError(AlreadyExistsError):
    """Another machine has that badge."""

    client_action = "Choose another badge."


class MachineSchema(Schema):
    """What is wanted of a machine."""

    badge = fields.String(required=True)
    cores = fields.Integer(required=True, strict=True)


class OldSchema(Schema):
    """How the old part of the service answers."""

    class _Inner(Schema):
        name = fields.String(attribute="code", required=True)
        text = fields.String(required=True)

    error = Envelope(_Inner, required=True)


app = Flask("machines")
app.config["FAULTMAP_SCOPES"] = {"/old": "old"}
FaultMap(app, profiles=[Profile(name="old", schema=OldSchema)])
app.register_blueprint(catalog(), url_prefix="/problems")
asked: dict[str, int] = {}


@app.post("/machines")
@app.post("/old/machines")
def start():
    """Start a machine, at the third try; the badge "first" is taken."""
    wanted = MachineSchema().load(request.get_json())
    if wanted["badge"] == "first":
        raise BadgeTakenError("the badge 'first' is taken")
    key = f"{request.path} {wanted['badge']}"
    asked[key] = asked.get(key, 0) + 1
    if asked[key] < 3:
        raise PoolWarmingError("the pool warms up")
    return jsonify(badge=wanted["badge"], tries=asked[key]), 201
