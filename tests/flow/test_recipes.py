"""The recipes for extensions that answer by themselves, in either order of initialisation."""

import connexion
import flask_httpauth
import pytest
from apiflask import APIFlask, HTTPTokenAuth
from flask import Flask, abort
from flask_jwt_extended import JWTManager, jwt_required
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import HTTPException

from flask_faultmap import FaultMap
from flask_faultmap.errors import NotFoundError
from flask_faultmap.packs import JWT_EXTENDED

ORDERS = pytest.mark.parametrize("is_last", [True, False], ids=["map last", "map first"])
CONNEXION = {
    "openapi": "3.0.3",
    "info": {"title": "Boxes", "version": "1"},
    "paths": {
        "/boxes/{name}": {
            "get": {
                "parameters": [
                    {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
                "responses": {"200": {"description": "the box"}},
                "operationId": "show",
            }
        }
    },
}


def show(name):
    if name == "gone":
        raise NotFoundError("no such box")
    return abort(409) if name == "taken" else {}[name]


def connexion_client(is_last, **config):
    server = connexion.FlaskApp("boxes")
    server.app.config.update(config)
    if not is_last:
        FaultMap(server.app)
    server.add_api(CONNEXION, resolver=connexion.resolver.Resolver(function_resolver=lambda name: show))
    if is_last:
        FaultMap(server.app)
    return server.test_client()


@ORDERS
def test_connexion_that_traps_nothing_leaves_all_errors_of_the_app_to_the_map(is_last):
    client = connexion_client(is_last, TRAP_HTTP_EXCEPTIONS=False, PROPAGATE_EXCEPTIONS=False)

    answers = [client.get(path) for path in ("/boxes/gone", "/boxes/taken", "/boxes/bug", "/nope")]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (404, "not_found"),
        (409, "conflict"),
        (500, "internal"),
        (404, "unknown_path"),
    ]


@ORDERS
def test_connexion_as_it_comes_keeps_its_own_problems_and_leaves_domain_errors_to_the_map(is_last):
    client = connexion_client(is_last)

    answers = [client.get(path) for path in ("/boxes/gone", "/boxes/taken", "/boxes/bug", "/nope")]

    assert [answer.status_code for answer in answers] == [404, 409, 500, 404]
    assert [answer.json().get("code") for answer in answers] == ["not_found", None, None, None]


@ORDERS
def test_app_that_traps_http_errors_keeps_its_handler_for_them(is_last):
    app = Flask("shop")
    app.config["TRAP_HTTP_EXCEPTIONS"] = True
    steps = [
        lambda: app.register_error_handler(HTTPException, lambda exc: ({"own": exc.code}, exc.code)),
        lambda: FaultMap(app),
    ]
    for step in steps if is_last else reversed(steps):
        step()
    app.add_url_rule("/<name>", view_func=show)

    answers = [app.test_client().get(path) for path in ("/taken", "/no/where", "/gone")]

    assert [answer.json.get("own") for answer in answers] == [409, 404, None]
    assert answers[2].json["code"] == "not_found"


def plain():
    app, auth = Flask("shop"), flask_httpauth.HTTPTokenAuth("Bearer", realm="boxes")
    return app, auth, auth.login_required, auth.login_required(role="admin")


def apiflask():
    app, auth = APIFlask("shop"), HTTPTokenAuth(scheme="Bearer", realm="boxes")
    return app, auth, app.auth_required(auth), app.auth_required(auth, roles=["admin"])


@ORDERS
@pytest.mark.parametrize("make", [plain, apiflask])
def test_refusal_of_httpauth_that_aborts_is_a_fault_with_its_challenge(make, is_last):
    app, auth, need_token, need_admin = make()
    if not is_last:
        FaultMap(app)
    auth.verify_token(lambda token: token or None)
    auth.get_user_roles(lambda user: [])

    @auth.error_handler
    def refuse(status):
        if status == 401:
            abort(401, www_authenticate=WWWAuthenticate.from_header(auth.authenticate_header()))
        abort(status)

    app.get("/boxes", endpoint="boxes")(need_token(lambda: ""))
    app.get("/all", endpoint="all")(need_admin(lambda: ""))
    if is_last:
        FaultMap(app)
    client = app.test_client()

    refused = client.get("/boxes")
    forbidden = client.get("/all", headers={"Authorization": "Bearer good"})

    assert (refused.status_code, refused.json["code"]) == (401, "unauthenticated")
    assert refused.headers["WWW-Authenticate"] == "Bearer realm=boxes"
    assert (forbidden.status_code, forbidden.json["code"]) == (403, "permission_denied")


@pytest.mark.parametrize(
    ("headers", "code"), [({}, "token_missing"), ({"Authorization": "Bearer x"}, "token_invalid")]
)
def test_refusal_of_jwt_extended_is_the_packs_where_the_map_came_last(headers, code, caplog):
    app = Flask("shop")
    app.config["JWT_SECRET_KEY"] = "k" * 32
    JWTManager(app)
    FaultMap(app, rules=JWT_EXTENDED)
    app.add_url_rule("/", view_func=jwt_required()(lambda: ""), endpoint="view")

    response = app.test_client().get("/", headers=headers)

    assert (response.status_code, response.json["code"]) == (401, code)
    assert response.headers["WWW-Authenticate"]
    assert not [record for record in caplog.records if "handler" in record.message]


def test_jwt_manager_that_came_last_answers_and_is_told_at_the_first_request(caplog):
    app = Flask("shop")
    app.config["JWT_SECRET_KEY"] = "k" * 32
    FaultMap(app, rules=JWT_EXTENDED)
    JWTManager(app)
    app.add_url_rule("/", view_func=jwt_required()(lambda: ""), endpoint="view")

    response = app.test_client().get("/")

    assert (response.status_code, response.json) == (401, {"msg": "Missing Authorization Header"})
    assert "handle_auth_error for NoAuthorizationError was registered after FaultMap" in caplog.text
