"""The facts recorded from Backend.AI's manager, AppProxy and storage proxy, against its shape."""

import logging
from copy import deepcopy

import pytest
from flask import Flask, abort, redirect, request
from pydantic import TypeAdapter
from pydantic import ValidationError as PydanticError
from vectors_of import ask, by_id, probe, server_side
from werkzeug.exceptions import Forbidden, MethodNotAllowed, NotFound

from example_app.backendai_shape import DETAILS as KNOWN_DETAILS
from example_app.backendai_shape import OPERATIONS, PROFILE
from example_app.endpoints import errors as endpoint_errors
from flask_faultmap import Category, FaultMap, errors

VECTORS = server_side("backendai")

LEFT_OUT = {
    "bai.mw.debug": "No mode of ours sends tracebacks, so debugging has no other body.",
}


class GeneralError(errors.DomainError):
    code = "backendai_generic_internal-error"
    title = "General Backend API Error."


class InvalidAPIParameters(errors.InvalidArgumentError):
    code = "api_generic_invalid-parameters"
    title = "Missing or invalid API parameters."
    log_level = logging.WARNING


class InvalidArgument(InvalidAPIParameters):
    code = InvalidAPIParameters.code
    log_level = None


class VFolderNotFound(errors.NotFoundError):
    code = "vfolder_read_not-found"
    title = "No such virtual folder."
    log_level = logging.WARNING


class AppProxyConnectionError(errors.InternalError):
    code = "appproxy_request_unavailable"
    title = "Failed to connect to AppProxy."
    expose = True


class AppProxyResponseError(errors.InternalError):
    code = "appproxy_request_invalid-data-format"
    title = "Invalid response from AppProxy."
    expose = True


class PassthroughError(errors.InternalError):
    code = "storage-proxy_request_internal-error"
    title = "Forwarded Error from Downstream Service"
    expose = True


def invalid_value():
    with pytest.raises(PydanticError) as raised:
        TypeAdapter(int).validate_python("private")
    return raised.value


RAISED = {
    "bai.body.minimal": GeneralError(),
    "bai.body.msg": GeneralError("!@#$"),
    "bai.passthrough.500": PassthroughError("Internal error from storage proxy"),
    "bai.storage.auth": errors.PermissionDeniedError("no token"),
    "bai.appproxy.URLNotFound": NotFound(),
    "bai.appproxy.ObjectNotFound": VFolderNotFound(),
    "bai.appproxy.InvalidCredentials": errors.UnauthenticatedError(),
    "bai.appproxy.AuthorizationFailed": errors.UnauthenticatedError(),
    "bai.appproxy.InsufficientPrivilege": errors.PermissionDeniedError(),
    "bai.appproxy.InvalidAuthParameters": InvalidAPIParameters(),
    "bai.appproxy.InternalServerError": errors.InternalError(),
    "bai.appproxy.ServerMisconfiguredError": errors.InternalError(),
    "bai.appproxy.ServiceUnavailable": errors.UnavailableError(),
    "bai.appproxy.QueryNotImplemented": errors.UnimplementedError(),
    "bai.appproxy.MethodNotAllowed": MethodNotAllowed(["GET"]),
    "bai.mw.InvalidAPIParameters__bad": InvalidAPIParameters("bad"),
    "bai.mw.InvalidArgument__a___b": InvalidArgument("a: b"),
    "bai.mw.VFolderNotFound": VFolderNotFound(),
    "bai.mw.AppProxyConnectionError__x": AppProxyConnectionError("x"),
    "bai.mw.web_HTTPNotFound": NotFound(),
    "bai.mw.KeyError__k": KeyError("k"),
    "bai.coordinator.schema_error": invalid_value(),
    "bai.coordinator.404": NotFound(),
}
# "own" in the source: the status of the class, which these have.
OWN = {
    "bai.coordinator.5xx": (AppProxyConnectionError("x"), 500, ("ERROR", True)),
    "bai.coordinator.4xx": (VFolderNotFound(), 404, ("WARNING", False)),
}
SETTINGS = {
    # Their coordinator takes a schema error for a bug of its own; with us that is a choice as well.
    "FAULTMAP_VALIDATION_STATUS": None,
    "FAULTMAP_LOG_LEVELS": {
        "unknown_path": "DEBUG",
        "not_found": "WARNING",
        "method_not_allowed": "WARNING",
        "permission_denied": "WARNING",
    },
}
LOGGED = {name for name in RAISED if isinstance(VECTORS[name]["expect"].get("log"), list)}
BODIES = {name for name in RAISED if isinstance(VECTORS[name]["expect"].get("body"), dict)}
STATUSES = {name for name in RAISED if "status" in VECTORS[name]["expect"]}


def raised(name):
    return probe(RAISED[name], PROFILE, config=SETTINGS)


@by_id(STATUSES)
def test_error_has_its_status(name):
    assert raised(name).response.status_code == VECTORS[name]["expect"]["status"]


@by_id(BODIES)
def test_error_has_its_body(name):
    assert raised(name).response.json == VECTORS[name]["expect"]["body"]


@by_id(LOGGED)
def test_error_is_logged_as_there(name):
    expected = [(record["level"], record["traceback"]) for record in VECTORS[name]["expect"]["log"]]

    assert raised(name).levels == expected


@by_id(RAISED)
def test_error_has_the_media_type_and_is_json(name):
    response = raised(name).response

    assert response.headers["Content-Type"] == "application/problem+json; charset=utf-8"
    assert {"type", "title", "error_code"} <= {*response.json}


def test_text_of_one_raise_is_msg():
    expected = VECTORS["bai.body.msg"]["expect"]

    outcome = raised("bai.body.msg")

    assert outcome.response.json["msg"] == expected["body_has"]["msg"]
    assert expected["str_contains"] in str(RAISED["bai.body.msg"])


def test_schema_error_of_the_coordinator_is_logged_with_its_stack():
    assert raised("bai.coordinator.schema_error").levels == [("ERROR", True)]


def test_missing_thing_of_the_coordinator_has_the_path_as_data():
    assert raised("bai.coordinator.404").response.json["data"] == "/x"


@by_id(OWN)
def test_error_of_the_coordinator_keeps_its_own_status_and_level(name):
    error, status, record = OWN[name]

    outcome = probe(error, PROFILE)

    assert outcome.response.status_code == status
    assert outcome.levels == [record]


DETAILS = {
    400: "bad-request",
    401: "unauthorized",
    408: "timeout",
    409: "conflict",
    422: "invalid-parameters",
    500: "internal-error",
    501: "not-implemented",
    502: "unreachable",
    504: "timeout",
}
FORWARDED = {
    status: type(
        "ForwardedError",
        (errors.BadGatewayError,),
        {"code": f"container-registry_list-query_{detail}"},
    )
    for status, detail in DETAILS.items()
}
FROM_STATUS = {f"bai.from_status.{status}": status for status in DETAILS}


@by_id(FROM_STATUS)
def test_code_and_status_are_two_axes(name):
    # One app each: 408 and 504 share a code, which one map refuses to give two statuses.
    expected = VECTORS[name]["expect"]
    error = FORWARDED[FROM_STATUS[name]]
    config = {"FAULTMAP_STATUSES": {error.code: expected["status"]}}

    outcome = probe(error("raw"), PROFILE, config=config)

    assert outcome.response.status_code == expected["status"]
    assert outcome.response.json["error_code"] == expected["error_code"]


def requests_app():
    app = Flask("requests")
    app.config.update({"FAULTMAP_PROFILE": "backendai", **SETTINGS})
    FaultMap(app, profiles=[PROFILE])
    app.add_url_rule("/x", "fine", lambda: "ok")
    app.add_url_rule("/moved", "moved", lambda: abort(redirect("/x")))
    return app


REQUESTS = {
    "bai.mw.unknown_path": ("GET", "/nope"),
    "bai.mw.POST_on_GET_route": ("POST", "/x"),
}


@by_id(REQUESTS)
def test_routing_error_has_its_status_body_headers_and_record(name):
    expected = VECTORS[name]["expect"]

    outcome = ask(requests_app(), *REQUESTS[name])

    assert outcome.response.status_code == expected["status"]
    assert outcome.response.json == expected["body"]
    assert {*expected["extra_headers"]} <= {*outcome.response.headers.keys()}
    assert outcome.levels == [(record["level"], record["traceback"]) for record in expected["log"]]


def test_differs_a_403_stays_a_403_where_the_source_flattens_it_to_400():
    outcome = probe(Forbidden("text"), PROFILE, config=SETTINGS)

    assert VECTORS["bai.mw.web_HTTPForbidden_text"]["expect"]["status"] == 400
    assert outcome.response.status_code == 403
    assert outcome.response.json["error_code"] == "api_generic_forbidden"
    assert outcome.levels == [("WARNING", False)]


def test_differs_a_redirect_stays_one_where_the_source_makes_it_an_error():
    outcome = ask(requests_app(), "GET", "/moved")

    assert VECTORS["bai.mw.web_HTTPFound__redirect"]["expect"]["status"] == 400
    assert outcome.response.status_code == 302
    assert outcome.response.headers["Location"] == "/x"


def test_differs_the_answer_of_an_upstream_stays_private_where_the_source_sends_it_on():
    expected = deepcopy(VECTORS["bai.mw.AppProxyResponseError_extra_data"]["expect"])
    answer = expected["body"].pop("data")
    error = AppProxyResponseError("AppProxy returned HTTP 404", context=answer)

    outcome = probe(error, PROFILE)

    assert outcome.response.json == {
        name: value for name, value in expected["body"].items() if name != "data"
    }
    assert outcome.response.status_code == expected["status"]
    assert outcome.records[0].fault["context"] == answer


def test_differs_a_schema_error_of_the_request_is_the_clients_by_default():
    app = Flask("requests")
    app.config["FAULTMAP_PROFILE"] = PROFILE.name
    FaultMap(app, profiles=[PROFILE])
    app.add_url_rule(
        "/x", view_func=lambda: TypeAdapter(dict[str, int]).validate_python(request.json), methods=["POST"]
    )

    outcome = ask(app, "POST", "/x", json={"size": "private"})

    assert outcome.response.status_code == 422
    assert outcome.response.json["error_code"] == "api_generic_invalid-parameters"
    assert "private" not in outcome.response.text


def test_every_vector_is_run_or_left_out_for_a_reason():
    differs = {
        "bai.mw.web_HTTPForbidden_text",
        "bai.mw.web_HTTPFound__redirect",
        "bai.mw.AppProxyResponseError_extra_data",
    }

    assert {*RAISED, *OWN, *FROM_STATUS, *REQUESTS, *differs, *LEFT_OUT} == {*VECTORS}


ERRORS = [
    cls
    for cls in vars(endpoint_errors).values()
    if isinstance(cls, type) and cls.__module__ == endpoint_errors.__name__
]


def assert_known(code):
    _, operation, detail = code.split("_")
    assert operation in OPERATIONS - {"delete", "list-query"}  # words of older versions
    assert detail in KNOWN_DETAILS


@pytest.mark.parametrize("category", Category)
def test_code_of_every_category_is_one_that_the_clients_parse(category):
    error = type("SomethingElseError", (errors.DomainError,), {"category": category})

    assert_known(probe(error("x"), PROFILE).response.json["error_code"])


@pytest.mark.parametrize("cls", ERRORS)
def test_code_of_every_endpoint_error_is_one_that_the_clients_parse(cls):
    outcome = probe(cls("x"), PROFILE)

    assert outcome.response.json["error_code"] == cls.code
    assert_known(cls.code)
