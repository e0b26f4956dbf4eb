"""The pack for Flask-JWT-Extended, in an app that uses it."""

from datetime import timedelta

import pytest
from flask import Flask
from flask_jwt_extended import JWTManager, create_access_token, create_refresh_token, jwt_required

from flask_faultmap import FaultMap
from flask_faultmap.packs import JWT_EXTENDED


@pytest.fixture
def app():
    app = Flask("shop")
    app.config["JWT_SECRET_KEY"] = "k" * 32
    manager = JWTManager(app)
    manager.token_in_blocklist_loader(lambda _, data: data["sub"] == "revoked")
    manager.user_lookup_loader(lambda _, data: None if data["sub"] == "gone" else data["sub"])
    FaultMap(app, rules=JWT_EXTENDED)
    app.add_url_rule("/me", view_func=jwt_required()(lambda: "me"))
    app.add_url_rule("/fresh", endpoint="fresh", view_func=jwt_required(fresh=True)(lambda: "fresh"))
    return app


def token_of(app, who="ann", make=create_access_token, **how):
    with app.app_context():
        return "Bearer " + make(who, **how)


CASES = {
    "none": (lambda app: None, "/me", "token_missing"),
    "another scheme": (lambda app: "Basic YTpi", "/me", "token_missing"),
    "no token": (lambda app: "Bearer", "/me", "token_invalid"),
    "garbage": (lambda app: "Bearer a.b.c", "/me", "token_invalid"),
    "one part": (lambda app: "Bearer abc", "/me", "token_invalid"),
    "expired": (lambda app: token_of(app, expires_delta=timedelta(-1)), "/me", "token_expired"),
    "revoked": (lambda app: token_of(app, "revoked"), "/me", "token_revoked"),
    "user is gone": (lambda app: token_of(app, "gone"), "/me", "token_invalid"),
    "refresh token": (lambda app: token_of(app, make=create_refresh_token), "/me", "token_invalid"),
    "not fresh": (lambda app: token_of(app, fresh=False), "/fresh", "fresh_token_required"),
}


@pytest.mark.parametrize(("make", "path", "code"), CASES.values(), ids=CASES)
def test_bad_token_is_a_401_with_a_challenge_and_a_code(app, make, path, code):
    token = make(app)

    response = app.test_client().get(path, headers={"Authorization": token} if token else {})

    assert (response.status_code, response.json["code"]) == (401, code)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.content_type == "application/problem+json"


def test_good_token_passes(app):
    assert app.test_client().get("/me", headers={"Authorization": token_of(app)}).status_code == 200
