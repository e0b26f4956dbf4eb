"""Every recorded fact of boxlite's servers, against the room of boxes and, for its other shapes, profiles."""

from copy import deepcopy
from datetime import UTC, datetime

import pytest
from flask import request
from marshmallow import Schema, fields
from vector_expectations import check
from vectors_of import ask, by_id, probe, server_side

from example_app import create_app
from example_app.boxes.control import ExecFailedError
from example_app.boxes.errors import OF_THE_SERVICE, TimedOutError
from example_app.boxes.room import PROFILE, RULES, STATUSES
from example_app.boxes.sdk import TEXTS, BoxliteError, Code
from example_app.rooms import close_rooms
from flask_faultmap import Profile, Rule, errors

VECTORS = server_side("boxlite")

LEFT_OUT = {
    "boxlite.commongo.written": "A view that has answered has returned: no error of it comes later.",
    "boxlite.commongo.recoverable": "JSON inside a text; here an error has details for that.",
    "boxlite.cloud.5xx": "What a call to another service means is upstream()'s; backendai.json drives it.",
    "boxlite.cloud.404": "What a call to another service means is upstream()'s; backendai.json drives it.",
    "boxlite.cloud.filter_code": "The cloud's shape of an upstream failure, as boxlite.cloud.5xx.",
    "boxlite.cloud.sanitize": "An upstream's page goes to log and signal as data, and never into a body.",
}


def ids(*beginnings):
    return [name for name in VECTORS if name.startswith(beginnings) and name not in LEFT_OUT]


def answer(exc):
    return probe(exc, PROFILE, rules=RULES, config={"FAULTMAP_STATUSES": STATUSES})


# The SDK's names that are not the codes' own, from Go, C and Rust.
NAMES = {"MetadataError": Code.METADATA, "UnsupportedEngine": Code.UNSUPPORTED_ENGINE}
CODES = {"".join(word.capitalize() for word in code.name.split("_")): code for code in Code} | NAMES


def without_private_words(vector):
    """Differ on purpose: a failure of the service is logged with its text, and the client gets the prefix."""
    expect = deepcopy(vector["expect"])
    code = Code(vector["error"]["ffi_code"])
    if code in OF_THE_SERVICE:
        expect["body"]["error"]["message"] = OF_THE_SERVICE[code].public
        expect["log"] = "error"
    return expect


@pytest.mark.parametrize("code", OF_THE_SERVICE)
def test_public_text_of_the_service_begins_as_the_table_has_it(code):
    assert OF_THE_SERVICE[code].public.startswith(TEXTS[code].format(""))


@by_id(ids("boxlite.server."))
def test_sdk_error_follows_the_canonical_table(name):
    vector = VECTORS[name]
    error = BoxliteError(Code(vector["error"]["ffi_code"]), vector["input"]["detail"] or "")

    outcome = answer(error)

    check(without_private_words(vector), outcome)


PR690_DIFFERENT = {
    # The published table says 400, and so do its clients.
    "boxlite.pr690.ErrUnsupported": {"status": 400},
    "boxlite.pr690.ErrUnsupportedEngine": {"status": 400},
}


@by_id(ids("boxlite.pr690."))
def test_sdk_error_has_the_status_that_was_proposed(name):
    given = VECTORS[name]["input"]
    error = BoxliteError(CODES[given["sdk_error"].removeprefix("Err")], given.get("text", "x"))

    outcome = answer(error)

    check(PR690_DIFFERENT.get(name, VECTORS[name]["expect"]), outcome)


STARTS = {
    "boxlite.runner.start.IsStopped": Code.STOPPED,
    "boxlite.runner.start.IsInvalidState": Code.INVALID_STATE,
    "boxlite.runner.start.any": Code.STORAGE,
}


@by_id(STARTS)
def test_failed_start_is_found_inside_the_runners_error(name):
    cause = BoxliteError(STARTS[name], "x")
    error = ExecFailedError(f"exec failed: {cause}")
    error.__cause__ = cause

    outcome = answer(error)

    check({"status": VECTORS[name]["expect"]["status"]}, outcome)  # the body is serve's, not the runner's


TIMEOUTS = {
    "boxlite.serve.signal_timeout": "signal delivery timed out",
    "boxlite.serve.kill_timeout": "kill timed out; the reaper will retry",
}


@by_id(TIMEOUTS)
def test_time_limit_of_the_service_has_its_own_sentence(name):
    outcome = answer(TimedOutError("10 s are over", public=TIMEOUTS[name]))

    check(VECTORS[name]["expect"], outcome)


REQUESTS = {
    "boxlite.serve.unauthenticated": ("GET", "/boxes/v1/boxes/b1", None),
    "boxlite.serve.signal_not_allowed": ("POST", "/boxes/v1/boxes/b1/executions/e1/signal", {"signal": 9}),
    "boxlite.e2e.zero_cpu": ("POST", "/boxes/v1/boxes", {"name": "b2", "cpus": 0}),
    "boxlite.e2e.remove_unknown": ("DELETE", "/boxes/v1/boxes/00000000-0000-0000-0000-000000000000", None),
    "boxlite.e2e.bogus_image": ("POST", "/boxes/v1/boxes", {"name": "b2", "image": "never:registered"}),
    "boxlite.e2e.missing_binary": ("POST", "/boxes/v1/boxes/b1/exec", {"command": "/nonexistent/binary"}),
    "boxlite.e2e.over_quota": ("POST", "/boxes/v1/boxes", {"name": "b2", "cpus": 999}),
    "boxlite.e2e.double_stop": ("POST", "/boxes/v1/boxes/b1/stop", None),
}


@pytest.fixture
def app():
    app = create_app()
    app.test_client().post("/boxes/v1/boxes", json={"name": "b1"})
    yield app
    close_rooms(app)


@by_id(REQUESTS)
def test_request_is_answered_as_recorded(name, app):
    method, path, body = REQUESTS[name]
    app.config["BOXES_API_KEY"] = "k" if name == "boxlite.serve.unauthenticated" else None
    earlier = {"boxlite.e2e.double_stop": 1}.get(name, 0)
    prepared = [ask(app, method, path).response.status_code for _ in range(earlier)]

    outcome = ask(app, method, path, json=body)

    assert prepared == [200] * earlier
    check(VECTORS[name]["expect"], outcome)


REQUEST_ID = "boxlite.serve.request_id"  # there on every response; here on every fault, 32 digits if minted


@pytest.mark.parametrize("given", [{"X-Request-Id": "R-12345678"}, {}], ids=["given", "minted"])
def test_request_id_is_in_the_header_and_not_in_the_body(given, app):
    response = ask(app, "GET", "/boxes/v1/boxes/b9", headers=given).response

    assert len(response.headers["X-Request-ID"]) == len(given.get("X-Request-Id", "0" * 32))
    assert given.get("X-Request-Id", "") in response.headers["X-Request-ID"]
    assert response.get_json()["error"].keys() == {"message", "type", "code"}


class GinSchema(Schema):
    error = fields.String(attribute="text")


GIN = Profile(name="gin", schema=GinSchema)


class BoxMismatch(Exception):
    pass


class ExecReaping(Exception):
    pass


class ExecNotTTY(Exception):
    pass


class ReapingError(errors.AlreadyExistsError):
    code = "execution_reaping"


GIN_RULES = (
    Rule(on=BoxMismatch, wrapped=True, to=errors.NotFoundError, expose=True),
    Rule(on=ExecReaping, wrapped=True, to=ReapingError, expose=True),
    Rule(on=ExecNotTTY, wrapped=True, to=errors.InvalidArgumentError, expose=True),
)
SENTINELS = {
    "boxlite.runner.ErrBoxMismatch": (BoxMismatch, "execution does not belong to this box"),
    "boxlite.runner.ErrExecReaping": (ExecReaping, "execution is being reaped"),
    "boxlite.runner.ErrExecNotTTY": (ExecNotTTY, "execution is not a TTY"),
    "boxlite.runner.other": (Exception, "Internal server error"),  # there: any text whatsoever
}


@by_id(SENTINELS)
def test_sentinel_deep_in_the_chain_is_told_as_one_text(name):
    vector = VECTORS[name]
    cls, told = SENTINELS[name]
    wrapping = RuntimeError("e1")
    wrapping.__cause__ = cls(vector["input"]["text"])

    outcome = probe(wrapping, GIN, rules=GIN_RULES)

    check({"status": vector["expect"]["status"], "body": {"error": told}}, outcome)


class CommonGoSchema(Schema):
    statusCode = fields.Integer(attribute="status")
    message = fields.String(attribute="text")
    code = fields.Function(lambda fault: fault.code.upper())
    timestamp = fields.Function(lambda fault: datetime.now(UTC).isoformat())
    path = fields.Function(lambda fault: request.path)
    method = fields.Function(lambda fault: request.method)


COMMON_GO = Profile(name="common_go", schema=CommonGoSchema)
LOGS_ALL = {"FAULTMAP_LOG_LEVELS": {"4xx": "ERROR"}}


class UnauthorizedError(errors.UnauthenticatedError):
    code = "unauthorized"
    expose = True


class InvalidBodyRequestError(errors.InvalidArgumentError):
    code = "invalid_request_body"


class BadRequestError(errors.InvalidArgumentError):
    code = "bad_request"


class UnprocessableEntityError(errors.UnprocessableError):
    code = "unprocessable_entity"


class ConflictError(errors.AlreadyExistsError):
    code = "conflict"


class NotImplementedHereError(errors.UnimplementedError):
    code = "not_implemented"


COMMON_GO_CLASSES = {
    f"boxlite.commongo.{cls.__name__}": cls
    for cls in (UnauthorizedError, InvalidBodyRequestError, BadRequestError, UnprocessableEntityError)
}


@by_id(COMMON_GO_CLASSES)
def test_middleware_error_has_status_path_and_method_in_its_body(name):
    expect = deepcopy(VECTORS[name]["expect"])
    error = COMMON_GO_CLASSES[name](expect["body"]["message"])

    outcome = probe(error, COMMON_GO, config=LOGS_ALL)

    told = outcome.response.get_json()
    assert datetime.fromisoformat(told["timestamp"]).tzinfo is UTC
    expect["body"] |= {"timestamp": told["timestamp"], "path": "/x", "method": "GET"}
    check(expect, outcome)


class DockerError(Exception):
    def __init__(self, kind):
        super().__init__(kind)
        self.kind = kind


DOCKER = {
    "boxlite.docker.UNAUTHORIZED": UnauthorizedError,
    "boxlite.docker.CONFLICT": ConflictError,
    "boxlite.docker.BAD_REQUEST": BadRequestError,
    "boxlite.docker.NOT_IMPLEMENTED": NotImplementedHereError,
}
DOCKER_RULE = Rule(
    on=DockerError, table="kind", to={VECTORS[name]["input"]["errdefs"]: DOCKER[name] for name in DOCKER}
)


@by_id(DOCKER)
def test_docker_error_is_told_by_its_kind_and_never_by_its_text(name):
    vector = VECTORS[name]

    outcome = probe(DockerError(vector["input"]["errdefs"]), COMMON_GO, rules=[DOCKER_RULE])

    assert outcome.response.status_code == vector["expect"]["status"]
    assert outcome.response.get_json()["code"] == vector["expect"]["body"]["code"]


def test_every_vector_is_run_or_left_out_with_a_reason():
    run = [
        *ids("boxlite.server.", "boxlite.pr690."),
        *STARTS,
        *TIMEOUTS,
        *REQUESTS,
        REQUEST_ID,
        *SENTINELS,
        *COMMON_GO_CLASSES,
        *DOCKER,
        *LEFT_OUT,
    ]

    assert sorted(run) == sorted(VECTORS)
    assert PR690_DIFFERENT.keys() <= VECTORS.keys()
