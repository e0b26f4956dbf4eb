"""Beside other extensions, in either order: domain errors are ours, HTTP errors those of who came last."""

import logging

import marshmallow
import pytest
from apiflask import APIFlask
from apiflask import abort as api_abort
from apiflask.fields import Integer
from flask import Blueprint as FlaskBlueprint
from flask import Flask, abort
from flask_cors import CORS
from flask_jwt_extended import JWTManager, jwt_required
from flask_jwt_extended.exceptions import NoAuthorizationError
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, login_required
from flask_smorest import Api, Blueprint
from flask_smorest import abort as smorest_abort
from flask_wtf import CSRFProtect
from webargs import fields
from webargs.flaskparser import use_args

from flask_faultmap import FaultMap, Rule
from flask_faultmap.errors import NotFoundError, UnauthenticatedError
from flask_faultmap.testing import assert_fault

ORDERS = pytest.mark.parametrize("is_last", [True, False], ids=["map last", "map first"])


def plain_app(**config):
    app = Flask("shop")
    app.config.update(SECRET_KEY="k" * 32, **config)
    app.add_url_rule("/box", "box", missing_box)
    return app


def missing_box():
    raise NotFoundError("no such box")


def in_order(app, is_last, other, fault_map):
    """Initialise the other extension and the map in one order or the other."""
    steps = [other, fault_map] if is_last else [fault_map, other]
    return [step(app) for step in steps][0 if is_last else 1]


@ORDERS
@pytest.mark.parametrize(
    "extension",
    [
        lambda app: Api(app),
        lambda app: Limiter(get_remote_address, app=app, storage_uri="memory://"),
        lambda app: LoginManager(app),
        lambda app: JWTManager(app),
        lambda app: CSRFProtect(app),
        lambda app: CORS(app),
    ],
    ids=["smorest", "limiter", "login", "jwt", "wtf", "cors"],
)
def test_domain_errors_are_ours_in_either_order(extension, is_last):
    app = plain_app(API_TITLE="shop", API_VERSION="1", OPENAPI_VERSION="3.0.3", JWT_SECRET_KEY="j" * 32)
    in_order(app, is_last, extension, FaultMap)

    response = app.test_client().get("/box")

    assert_fault(response, code="not_found", status=404)


def smorest_app(is_last):
    app = plain_app(API_TITLE="shop", API_VERSION="1", OPENAPI_VERSION="3.0.3")
    api = in_order(app, is_last, Api, FaultMap)
    pages = Blueprint("pages", "pages")

    class Order(marshmallow.Schema):
        amount = marshmallow.fields.Integer(required=True)

    @pages.route("/order", methods=["POST"])
    @pages.arguments(Order)
    def order(_):
        return ""

    @pages.route("/closed")
    def closed():
        smorest_abort(409, message="closed today", headers={"X-Opens": "tomorrow"})

    api.register_blueprint(pages)
    return app


def test_smorest_arguments_become_violations():
    response = smorest_app(is_last=True).test_client().post("/order", json={"amount": "seven"})

    members = assert_fault(response, code="validation_failed", status=422)
    assert members["errors"] == [
        {"source": "body", "pointer": "#/amount", "detail": "Not a valid integer.", "code": "invalid"}
    ]
    assert "seven" not in response.text


def test_smorest_abort_keeps_its_message_and_headers():
    response = smorest_app(is_last=True).test_client().get("/closed")

    members = assert_fault(response, code="conflict", status=409)
    assert members["detail"] == "closed today"
    assert response.headers["X-Opens"] == "tomorrow"


def test_smorest_answers_http_errors_when_it_came_last_and_that_is_reported(caplog):
    app = smorest_app(is_last=False)

    response = app.test_client().get("/closed")

    assert response.json == {"code": 409, "status": "Conflict", "message": "closed today"}
    assert "handle_http_exception for HTTPException was registered after FaultMap" in caplog.text


def test_taking_the_place_of_smorest_is_what_our_docs_recommend_and_no_warning(caplog):
    with caplog.at_level(logging.DEBUG, "shop.faultmap"):
        smorest_app(is_last=True)

    [record] = [record for record in caplog.records if record.name == "shop.faultmap"]
    assert record.levelno == logging.DEBUG
    assert "handle_http_exception for HTTPException is replaced by" in record.getMessage()


def api_app(**options):
    app = APIFlask("shop", **options)
    FaultMap(app)

    @app.post("/order")
    @app.input({"amount": Integer(required=True)})
    def order(json_data):
        return {}

    @app.get("/closed")
    def closed():
        api_abort(409, "closed today", headers={"X-Opens": "tomorrow"})

    @app.get("/broken")
    def broken():
        api_abort(503, "the till is at 10.0.0.7")

    app.add_url_rule("/box", "box", missing_box)
    return app


@pytest.mark.parametrize("json_errors", [True, False])
def test_apiflask_abort_keeps_its_message_and_headers(json_errors):
    response = api_app(json_errors=json_errors).test_client().get("/closed")

    members = assert_fault(response, code="conflict", status=409)
    assert members["detail"] == "closed today"
    assert response.headers["X-Opens"] == "tomorrow"


def test_apiflask_input_becomes_violations():
    response = api_app().test_client().post("/order", json={"amount": "seven"})

    members = assert_fault(response, code="validation_failed", status=422)
    assert members["errors"][0]["pointer"] == "#/amount"
    assert members["detail"] == "The request does not fit the schema. amount: Not a valid integer."


def test_apiflask_text_of_a_5xx_is_not_sent():
    response = api_app().test_client().get("/broken")

    assert_fault(response, code="unavailable", status=503)
    assert "till" not in response.text


@pytest.mark.parametrize(("path", "code"), [("/nope", "unknown_path"), ("/box", "not_found")])
def test_apiflask_apps_answer_all_else_by_the_map(path, code):
    response = api_app().test_client().get(path)

    assert_fault(response, code=code, status=404)


@ORDERS
def test_limiter_refusal_is_a_fault_with_the_limiters_headers(is_last):
    app = plain_app()
    limiter = in_order(
        app,
        is_last,
        lambda app: Limiter(get_remote_address, app=app, storage_uri="memory://", headers_enabled=True),
        FaultMap,
    )
    app.view_functions["box"] = limiter.limit("1/hour")(lambda: "")
    app.test_client().get("/box")

    response = app.test_client().get("/box")

    members = assert_fault(response, code="too_many_requests", status=429)
    assert members["retryable"] is True
    assert 3500 < int(response.headers["Retry-After"]) <= 3600
    assert response.headers["X-RateLimit-Remaining"] == "0"


@ORDERS
def test_login_refusal_is_a_401_with_a_challenge(is_last):
    app = plain_app()
    login = in_order(app, is_last, LoginManager, FaultMap)
    login.user_loader(lambda _: None)
    app.view_functions["box"] = login_required(lambda: "")

    response = app.test_client().get("/box")

    assert_fault(response, code="unauthenticated", status=401)
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'


@ORDERS
def test_login_redirect_to_the_login_page_passes(is_last):
    app = plain_app()
    login = in_order(app, is_last, LoginManager, FaultMap)
    login.login_view = "login"
    login.user_loader(lambda _: None)
    app.add_url_rule("/login", "login", lambda: "")
    app.view_functions["box"] = login_required(lambda: "")

    response = app.test_client().get("/box")

    assert response.status_code == 302
    assert response.headers["Location"].startswith("/login")


def jwt_app(is_last):
    app = plain_app(JWT_SECRET_KEY="j" * 32)
    rules = [Rule(on=NoAuthorizationError, to=UnauthenticatedError)]
    in_order(app, is_last, JWTManager, lambda app: FaultMap(app, rules=rules))
    app.view_functions["box"] = jwt_required()(lambda: "")
    return app


def test_jwt_error_that_a_rule_names_is_a_fault():
    response = jwt_app(is_last=True).test_client().get("/box")

    assert_fault(response, code="unauthenticated", status=401)
    assert "WWW-Authenticate" in response.headers


def test_jwt_manager_that_came_last_keeps_its_answers_and_that_is_reported(caplog):
    response = jwt_app(is_last=False).test_client().get("/box")

    assert response.json == {"msg": "Missing Authorization Header"}
    assert "for NoAuthorizationError was registered after FaultMap" in caplog.text


@ORDERS
def test_wtf_refusal_is_a_400_with_its_reason(is_last):
    app = plain_app()
    in_order(app, is_last, CSRFProtect, FaultMap)
    app.add_url_rule("/order", "order", lambda: "", methods=["POST"])

    response = app.test_client().post("/order")

    members = assert_fault(response, code="invalid_argument", status=400)
    assert members["detail"] == "The CSRF token is missing."


@ORDERS
@pytest.mark.parametrize("path", ["/box", "/nope", "/crash"])
def test_cors_headers_are_on_every_fault(path, is_last):
    app = plain_app(PROPAGATE_EXCEPTIONS=False)
    app.add_url_rule("/crash", "crash", lambda: 1 / 0)
    in_order(app, is_last, CORS, FaultMap)

    response = app.test_client().get(path, headers={"Origin": "https://shop.example"})

    assert_fault(response)
    assert response.headers["Access-Control-Allow-Origin"] == "https://shop.example"


@pytest.mark.parametrize(
    ("location", "call", "violation"),
    [
        ("query", {"query_string": "amount=seven"}, {"source": "query", "name": "amount"}),
        ("form", {"data": {"amount": "seven"}}, {"source": "form", "name": "amount"}),
        ("headers", {"headers": {"amount": "seven"}}, {"source": "header", "name": "amount"}),
        ("cookies", {}, {"source": "cookie", "name": "amount"}),
        ("json", {"json": {"amount": "seven"}}, {"source": "body", "pointer": "#/amount"}),
    ],
)
def test_webargs_refusal_names_the_place_and_never_the_value(location, call, violation):
    app = plain_app()
    FaultMap(app)

    @app.post("/order")
    @use_args({"amount": fields.Integer(required=True)}, location=location)
    def order(_):
        return ""

    client = app.test_client()
    client.set_cookie("amount", "seven")

    response = client.post("/order", **call)

    members = assert_fault(response, code="validation_failed", status=422)
    assert members["errors"] == [{**violation, "detail": "Not a valid integer.", "code": "invalid"}]
    assert "seven" not in response.text


@pytest.mark.parametrize("body", ["{", "[" * 100_000], ids=["half", "deep"])
@pytest.mark.usefixtures("no_collection")
def test_webargs_unreadable_json_is_told_from_a_refused_field(body):
    app = plain_app()
    FaultMap(app)
    app.view_functions["box"] = use_args({"amount": fields.Integer()})(lambda _: "")

    response = app.test_client().get("/box", data=body, content_type="application/json")

    members = assert_fault(response, code="malformed_json", status=400)
    assert members["errors"][0]["pointer"] == "#"


def test_smorest_errors_of_an_abort_become_violations_beside_its_message():
    app = smorest_app(is_last=True)
    app.view_functions["box"] = lambda: smorest_abort(
        409, message="closed", errors={"json": {"day": ["holiday"]}}
    )

    response = app.test_client().get("/box")

    members = assert_fault(response, code="conflict", status=409)
    assert members["detail"] == "closed"
    assert members["errors"][0]["pointer"] == "#/day"


def test_async_views_answer_by_the_map():
    app = plain_app()
    FaultMap(app)

    @app.get("/async")
    async def view():
        missing_box()

    response = app.test_client().get("/async")

    assert_fault(response, code="not_found", status=404)


def test_a_blueprint_catch_all_is_reported(caplog):
    app = plain_app()
    FaultMap(app)
    pages = FlaskBlueprint("pages", __name__)
    pages.register_error_handler(Exception, lambda exc: ("", 500))
    app.register_blueprint(pages)

    app.test_client().get("/box")

    assert "for Exception of the blueprint 'pages' stands before FaultMap's" in caplog.text


def test_an_abort_of_the_app_is_ours_beside_all_of_them():
    app = plain_app(API_TITLE="shop", API_VERSION="1", OPENAPI_VERSION="3.0.3")
    Api(app)
    CORS(app)
    CSRFProtect(app)
    FaultMap(app)
    app.view_functions["box"] = lambda: abort(409, "closed today")

    response = app.test_client().get("/box")

    assert assert_fault(response, code="conflict", status=409)["detail"] == "closed today"
