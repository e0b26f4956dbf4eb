"""Flask-RESTful and Flask-RESTX with an Api that raises again, in either order; APIFlask's own data."""

import flask_restful
import flask_restx
import pytest
from apiflask import APIFlask, abort
from flask import Flask
from flow_app import app_with

from flask_faultmap import FaultMap
from flask_faultmap.errors import NotFoundError


@pytest.mark.parametrize("is_last", [True, False], ids=["map last", "map first"])
@pytest.mark.parametrize(
    ("library", "name"),
    [
        (flask_restful, "flask_restful.Api.error_router"),
        (flask_restx, "flask_restx.api.Api.error_router"),
    ],
    ids=["restful", "restx"],
)
def test_resource_is_answered_by_the_map_without_a_warning(library, name, is_last, caplog):
    class FaultApi(library.Api):
        def handle_error(self, exc):
            raise exc

    class Box(library.Resource):
        def get(self):
            raise NotFoundError("no such box")

    app = Flask("shop")
    app.config["FAULTMAP_HANDLERS_KEPT"] = [name]
    if not is_last:
        FaultMap(app)
    FaultApi(app).add_resource(Box, "/box")
    if is_last:
        FaultMap(app)

    response = app.test_client().get("/box")

    assert (response.status_code, response.content_type) == (404, "application/problem+json")
    assert caplog.records == []


@pytest.mark.parametrize(
    ("given", "members"),
    [
        ({"detail": {"box": "b1"}}, {"box": "b1"}),
        ({"extra_data": {"hint": 7}}, {"hint": 7}),
        ({"detail": {"box": "b1"}, "extra_data": {"hint": 7}}, {"box": "b1", "hint": 7}),
        ({"detail": ["a"]}, {"details": ["a"]}),
        ({}, {}),
    ],
)
def test_data_of_an_apiflask_abort_are_details(given, members):
    app = app_with(app=APIFlask("shop"))
    app.add_url_rule("/box", "box", lambda: abort(404, "no such box", **given))

    response = app.test_client().get("/box")

    assert response.json["detail"] == "no such box"
    assert members.items() <= response.json.items()


def test_data_of_a_5xx_are_not_sent():
    app = app_with(app=APIFlask("shop"))
    app.add_url_rule("/box", "box", lambda: abort(503, detail={"host": "10.0.0.7"}, extra_data=None))

    assert "10.0.0.7" not in app.test_client().get("/box").text
