"""The app of each peer, set up as its documentation shows, with the same routes.

``/boxes/<id>`` succeeds, ``/missing`` is a domain error, ``/details`` one with two members, ``POST /boxes``
validates ``{"name": str, "size": int}``, ``/crash`` is a bug whose text holds a secret.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from flask import Flask, jsonify, request
from marshmallow import Schema, ValidationError, fields
from werkzeug.exceptions import HTTPException

from benchmarks.by_hand import InvalidAPIUsage
from flask_faultmap import FaultMap
from flask_faultmap.errors import NotFoundError

SECRET = "password=hunter2"
TEXT = "Box 'b1' not found"
DETAILS: dict[str, Any] = {"box": "b1", "known": ["b2", "b3"]}

View = Callable[..., Any]
AddRoute = Callable[[str, View], None]


class BoxSchema(Schema):
    """What a new box needs."""

    name = fields.String(required=True)
    size = fields.Integer(required=True)


@dataclass(frozen=True, slots=True)
class Peer:
    """One app, and how a further view is added to it: by the peer's own means where it has some."""

    app: Flask
    add: AddRoute


class BoxNotFoundError(NotFoundError):
    """There is no such box."""


def raises(make: Callable[[], BaseException]) -> View:
    """Make a view that raises what *make* gives."""

    def view(**_: Any) -> NoReturn:
        raise make()

    return view


def plain_routes(app: Flask) -> AddRoute:
    """Give what adds a view to *app*, as plain Flask does."""

    def add(path: str, view: View) -> None:
        app.add_url_rule(path, path, view, methods=["GET", "POST"])

    return add


def load_box() -> Any:
    """Validate the request as plain marshmallow does."""
    return BoxSchema().load(request.get_json())


def new_app(import_name: str = "peers") -> Flask:
    """Make an app with a limit of the body's size."""
    app = Flask(import_name)
    app.config["MAX_CONTENT_LENGTH"] = 100_000
    return app


def fill(add: AddRoute, missing: View, details: View, create: View | None = None) -> None:
    """Add the routes that all have."""
    add("/boxes/<box_id>", lambda box_id: {"id": box_id})
    add("/missing", missing)
    add("/details", details)
    add("/crash", raises(lambda: RuntimeError(SECRET)))
    if create is not None:
        add("/boxes", create)


def flask_faultmap() -> Peer:
    """Ours, with its defaults."""
    app = new_app()
    FaultMap(app)
    add = plain_routes(app)
    fill(
        add,
        raises(lambda: BoxNotFoundError(TEXT)),
        raises(lambda: BoxNotFoundError(TEXT, details=DETAILS)),
        lambda: load_box(),
    )
    return Peer(app, add)


def plain_flask() -> Peer:
    """No handler at all: what Flask does by itself."""
    from flask import abort

    app = new_app()
    add = plain_routes(app)
    fill(add, lambda: abort(404, TEXT), lambda: abort(404, TEXT), lambda: load_box())
    return Peer(app, add)


def by_hand() -> Peer:
    """Handlers as people write them: one for the app's class, validation, HTTP errors and the rest."""
    app = new_app()

    @app.errorhandler(InvalidAPIUsage)
    def domain(exc: InvalidAPIUsage) -> Any:
        return jsonify(exc.to_dict()), exc.status_code

    @app.errorhandler(ValidationError)
    def invalid(exc: ValidationError) -> Any:
        return jsonify(errors=exc.messages), 422

    @app.errorhandler(HTTPException)
    def http(exc: HTTPException) -> Any:
        return jsonify(error=exc.name, message=exc.description), exc.code

    @app.errorhandler(Exception)
    def bug(exc: Exception) -> Any:
        app.logger.exception("unhandled")
        return jsonify(error="Internal Server Error"), 500

    add = plain_routes(app)
    fill(
        add,
        raises(lambda: InvalidAPIUsage(TEXT, 404)),
        raises(lambda: InvalidAPIUsage(TEXT, 404, DETAILS)),
        lambda: load_box(),
    )
    return Peer(app, add)


def recipe() -> Peer:
    """The two recipes of Flask's documentation: "Generic Exception Handlers" and "Returning API Errors"."""
    app = new_app()

    @app.errorhandler(InvalidAPIUsage)
    def domain(exc: InvalidAPIUsage) -> Any:
        return jsonify(exc.to_dict()), exc.status_code

    @app.errorhandler(HTTPException)
    def http(exc: HTTPException) -> Any:
        response: Any = exc.get_response()
        response.data = json.dumps({"code": exc.code, "name": exc.name, "description": exc.description})
        response.content_type = "application/json"
        return response

    add = plain_routes(app)
    fill(
        add,
        raises(lambda: InvalidAPIUsage(TEXT, 404)),
        raises(lambda: InvalidAPIUsage(TEXT, 404, DETAILS)),
        lambda: load_box(),
    )
    return Peer(app, add)


def flask_smorest() -> Peer:
    """flask-smorest: ``abort`` of its own, ``@arguments``."""
    from flask_smorest import Api, Blueprint, abort

    app = new_app()
    app.config.update(API_TITLE="t", API_VERSION="v1", OPENAPI_VERSION="3.0.3")
    api = Api(app)
    boxes = Blueprint("boxes", "boxes")

    @boxes.route("/boxes", methods=["POST"])
    @boxes.arguments(BoxSchema)
    def create(box: Any) -> Any:
        return box

    api.register_blueprint(boxes)
    add = plain_routes(app)
    fill(
        add,
        lambda: abort(404, message=TEXT),
        lambda: abort(404, message=TEXT, errors=DETAILS),
    )
    return Peer(app, add)


def apiflask() -> Peer:
    """APIFlask: ``abort`` of its own, ``@app.input``."""
    from apiflask import APIFlask, abort

    app = APIFlask("peers")
    app.config["MAX_CONTENT_LENGTH"] = 100_000

    @app.post("/boxes")
    @app.input(BoxSchema)
    def create(json_data: Any) -> Any:
        return json_data

    add = plain_routes(app)
    fill(add, lambda: abort(404, TEXT), lambda: abort(404, TEXT, detail=DETAILS))
    return Peer(app, add)


def flask_restx() -> Peer:
    """flask-restx: resources, ``api.abort``, ``expect(validate=True)``."""
    from flask_restx import Api, Resource
    from flask_restx import fields as restx

    app = new_app()
    api: Any = Api(app)
    model = api.model("Box", {"name": restx.String(required=True), "size": restx.Integer(required=True)})

    def add(path: str, view: View) -> None:
        class View_(Resource):  # noqa: N801
            def get(self, **arguments: Any) -> Any:
                return view(**arguments)

            post = get

        api.add_resource(View_, path, endpoint=path)

    class Boxes(Resource):
        @api.expect(model, validate=True)
        def post(self) -> Any:
            return api.payload

    api.add_resource(Boxes, "/boxes")
    fill(add, lambda: api.abort(404, TEXT), lambda: api.abort(404, TEXT, **DETAILS))
    return Peer(app, add)


def flask_rebar() -> Peer:
    """flask-rebar: its registry, errors and request schema."""
    from flask_rebar import Rebar, errors, get_validated_body

    app = new_app()
    rebar: Any = Rebar()
    registry = rebar.create_handler_registry()

    @registry.handles(rule="/boxes", method="POST", request_body_schema=BoxSchema())
    def create() -> Any:
        return get_validated_body()

    def add(path: str, view: View) -> None:
        for method in ("GET", "POST"):
            registry.add_handler(view, rule=path, method=method, endpoint=f"{method} {path}")

    fill(
        add,
        raises(lambda: errors.NotFound(msg=TEXT)),
        raises(lambda: errors.NotFound(msg=TEXT, additional_data=DETAILS)),
    )
    rebar.init_app(app)
    return Peer(app, plain_routes(app))


def flask_openapi3() -> Peer:
    """flask-openapi3: pydantic bodies; errors are Flask's own."""
    from flask import abort
    from flask_openapi3 import OpenAPI
    from pydantic import BaseModel

    class Box(BaseModel):
        name: str
        size: int

    app: Any = OpenAPI("peers")
    app.config["MAX_CONTENT_LENGTH"] = 100_000

    def create(body: Box) -> Any:
        return body.model_dump()

    create.__annotations__["body"] = Box
    app.post("/boxes")(create)
    add = plain_routes(app)
    fill(add, lambda: abort(404, TEXT), lambda: abort(404, TEXT))
    return Peer(app, add)


def flask_problem_details() -> Peer:
    """flask-problem-details: RFC 9457 by ``configure_app`` and ``ProblemDetailsError``."""
    import flask_problem_details as library
    from pydantic import BaseModel

    class Box(BaseModel):
        name: str
        size: int

    app: Any = library.configure_app(new_app())
    add = plain_routes(app)

    def fail(**extras: Any) -> NoReturn:
        raise library.ProblemDetailsError(
            library.ProblemDetails(status=404, title="Not Found", detail=TEXT, **extras)
        )

    fill(add, lambda: fail(), lambda: fail(**DETAILS), lambda: Box.model_validate(request.get_json()))
    return Peer(app, add)


PEERS: dict[str, Callable[[], Peer]] = {
    "flask-faultmap": flask_faultmap,
    "by hand": by_hand,
    "Flask's recipes": recipe,
    "plain Flask": plain_flask,
    "flask-smorest": flask_smorest,
    "APIFlask": apiflask,
    "flask-restx": flask_restx,
    "flask-rebar": flask_rebar,
    "flask-openapi3": flask_openapi3,
    "flask-problem-details": flask_problem_details,
}
