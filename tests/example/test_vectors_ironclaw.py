"""The facts recorded from IronClaw's bridge and its OpenAI-compatible API, against the room *threads*."""

import pytest
import requests
from flask import Flask
from marshmallow import Schema, fields
from vectors_of import by_id, load, probe, server_side

from example_app.threads import room
from example_app.threads.classification import rollback_reason
from example_app.threads.engine import ThreadFailedError
from example_app.threads.errors import AuthenticationRequiredError, ThreadBusyError
from example_app.threads.shape import param_of
from example_app.tour import serving
from flask_faultmap import FaultMap, Profile, Violation, errors, upstream
from flask_faultmap.redaction import redact
from flask_faultmap.upstreams import UpstreamResponseError

FILE = load("ironclaw")
VECTORS = server_side("ironclaw")
FAULTS = FaultMap(rules=room.RULES, profiles=[room.PROFILE])
CODES = {
    "LlmUnavailable": "llm_unavailable",
    "LlmRateLimited": "llm_rate_limited",
    "ContextTooLarge": "context_length_exceeded",
    "ContextLengthExceeded": "context_length_exceeded",
    "AuthFailure": "provider_auth",
    "IterationLimit": "iteration_limit",
    "Unknown": "unknown_failure",
}

LEFT_OUT: dict[str, str] = {}

# The source looks for this word alone; it is in too many texts, so here it needs more beside it.
NOT_TAKEN = {"upstream"}


CATEGORIES = {
    name: vector["expect"].get("category") or vector["expect"]["wanted"]
    for name, vector in VECTORS.items()
    if {"category", "wanted"} & {*vector["expect"]}
}
# From the source's later mapper, which reads statuses: BadGateway is its word for an unavailable model.
CATEGORIES["iron.llm.first_status"] = "LlmUnavailable"
NEVER = {name for name, vector in VECTORS.items() if "never" in vector["expect"]}
REASONS = {name for name in VECTORS if name.startswith("iron.rollback.")}


@by_id(CATEGORIES)
def test_raw_text_has_its_category_and_the_sentence_of_it(name):
    category = CATEGORIES[name]

    fault = FAULTS.describe(ThreadFailedError(VECTORS[name]["input"]["raw"]))

    assert fault.code == CODES[category]
    assert fault.text == FILE["messages"][category]


@by_id(NEVER)
def test_false_positive_stays_away(name):
    fault = FAULTS.describe(ThreadFailedError(VECTORS[name]["input"]["raw"]))

    assert fault.code != CODES[VECTORS[name]["expect"]["never"]]


@by_id(REASONS)
def test_rolled_back_run_has_a_short_reason(name):
    reason = rollback_reason(FAULTS, ThreadFailedError(VECTORS[name]["input"]["raw"]))

    assert reason == VECTORS[name]["expect"]["message"]


@pytest.mark.parametrize(
    ("category", "pattern"),
    [
        (category, pattern)
        for category, patterns in FILE["patterns_in_order"]
        for pattern in patterns
        if pattern not in NOT_TAKEN
    ],
)
def test_every_pattern_that_can_be_a_rule_is_one(category, pattern):
    fault = FAULTS.describe(ThreadFailedError(f"before {pattern.upper()} after"))

    assert fault.code == CODES[category]


@pytest.mark.parametrize("pattern", [*FILE["patterns_removed_in_review"], *sorted(NOT_TAKEN)])
def test_pattern_that_is_too_broad_is_no_rule(pattern):
    fault = FAULTS.describe(ThreadFailedError(f"before {pattern} after"))

    assert fault.code == "unknown_failure"


ROUTED = {name for name in VECTORS if name.startswith("iron.router.")}


@by_id(ROUTED)
def test_raw_text_stays_in_the_log(name):
    raw = VECTORS[name]["input"]["raw"]

    outcome = probe(ThreadFailedError(raw), room.PROFILE, rules=room.RULES)

    assert outcome.response.json["error"]["message"] == VECTORS[name]["expect"]["message"]
    assert raw not in outcome.response.text
    assert raw in outcome.records[0].getMessage()


def test_known_failure_is_logged_once_as_a_warning():
    vector = VECTORS["iron.router.traceback"]

    outcome = probe(ThreadFailedError(vector["input"]["raw"]), room.PROFILE, rules=room.RULES)

    assert vector["expect"]["log"]["level"] == "warn"
    assert [record.levelname for record in outcome.records] == ["WARNING"]


def test_sentence_names_no_channel():
    vector = VECTORS["iron.msg.channel"]

    fault = FAULTS.describe(ThreadFailedError(vector["input"]["raw"]))

    assert vector["expect"]["contains"] in fault.text
    assert vector["expect"]["not_contains"] == ["reconnect"]
    assert "reconnect" not in fault.text


@pytest.mark.parametrize("private", VECTORS["iron.openai.no_leak"]["expect"]["not_contains"])
def test_details_of_the_backend_do_not_leak(private):
    detail = VECTORS["iron.openai.no_leak"]["input"]["detail"]

    outcome = probe(ThreadFailedError(detail), room.PROFILE, rules=room.RULES)

    assert private in detail
    assert private not in outcome.response.text


class InvalidRequestError(errors.InvalidArgumentError):
    public = "The request is invalid."


class AccessDeniedError(errors.PermissionDeniedError):
    code = "permission_denied"
    public = "The caller is not allowed to access this resource."


class ServiceUnavailableError(errors.UnavailableError):
    public = "The service is temporarily unavailable."


class InternalFailureError(errors.InternalError):
    code = "internal_error"


class NoConflictRetryError(errors.AlreadyExistsError):
    pass


KINDS = {
    "Validation": InvalidRequestError,
    "Authentication": AuthenticationRequiredError,
    "Authentication(Missing)": AuthenticationRequiredError,
    "PermissionDenied": AccessDeniedError,
    "ServiceUnavailable": ServiceUnavailableError,
    "ThreadBusy": ThreadBusyError,
    "AdmissionRejected": ThreadBusyError,
    "ScopeNotFound": errors.NotFoundError,
    "Unauthorized": AccessDeniedError,
    "InvalidRequest": InvalidRequestError,
    "Unavailable": ServiceUnavailableError,
    "InvalidIdentifier": InvalidRequestError,
    "MalformedInboundPayload": InvalidRequestError,
    "EgressTransient": ServiceUnavailableError,
    "EgressDenied": InternalFailureError,
    "BindingRequired": errors.NotFoundError,
    "AccessDenied": AccessDeniedError,
    "UnknownInstallation": ServiceUnavailableError,
    "AmbiguousResolution": NoConflictRetryError,
    "StaleGate": NoConflictRetryError,
}
OPENAI = {
    name
    for name, vector in VECTORS.items()
    if name.startswith("iron.openai.") and vector["kind"] == "server_map"
}
BODIES = {name for name in OPENAI if "body" in VECTORS[name]["expect"]}
STATUSES = OPENAI - BODIES
PARAMS = {name for name in VECTORS if name.startswith("iron.openai.param.")}


def openai_outcome(vector):
    given = vector["input"]
    violations = [Violation(name=given.get("param"), message="wrong")]
    error = KINDS[given.get("kind") or given["error"]]("raw", violations=violations)
    return probe(error, room.PROFILE, rules=room.RULES)


@by_id(BODIES)
def test_kind_of_error_has_its_body_in_the_shape_of_openai(name):
    outcome = openai_outcome(VECTORS[name])

    assert outcome.response.json == VECTORS[name]["expect"]["body"]


@by_id(STATUSES)
def test_kind_of_error_has_its_status_and_says_whether_a_retry_helps(name):
    expected = VECTORS[name]["expect"]
    members = {"code": expected["code"]} if "code" in expected else expected.get("body_has", {})

    outcome = openai_outcome(VECTORS[name])

    assert outcome.response.status_code == expected["status"]
    assert outcome.response.headers["x-should-retry"] == str(expected["retryable"]).lower()
    assert outcome.response.json["error"].items() >= members.items()


@by_id(PARAMS)
def test_param_that_is_not_on_the_list_is_dropped(name):
    violation = Violation(name=VECTORS[name]["input"]["param"], message="wrong")
    fault = FAULTS.describe(InvalidRequestError("raw", violations=[violation]))

    param = param_of(fault)

    assert param == VECTORS[name]["expect"]["param"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InternalError, 500),
        (errors.UnimplementedError, 501),
        (errors.UnavailableError, 503),
        (errors.DeadlineExceededError, 503),
        (errors.BadGatewayError, 503),
    ],
)
def test_server_status_is_one_that_the_shape_knows(error, status):
    outcome = probe(error("raw"), room.PROFILE)

    assert outcome.response.status_code == status


class WebUISchema(Schema):
    error = fields.String(attribute="code")
    kind = fields.Function(lambda fault: "service_unavailable" if fault.status == 503 else fault.code)
    retryable = fields.Boolean()


WEBUI = Profile(name="webui", schema=WebUISchema)
WEBUI_ERRORS = {
    "iron.webui.not_found": errors.NotFoundError,
    "iron.webui.unavailable": errors.UnavailableError,
}
WEBUI_LEVELS = {"none": []}


@by_id(WEBUI_ERRORS)
def test_web_ui_has_its_status_and_members(name):
    expected = VECTORS[name]["expect"]
    retryable = WEBUI_ERRORS[name].retryable  # for a 503 the source leaves it to the caller

    outcome = probe(WEBUI_ERRORS[name]("raw"), WEBUI)

    assert outcome.response.status_code == expected["status"]
    assert outcome.response.json == {**expected["body"], "retryable": retryable}


def test_web_ui_logs_what_is_the_servers():
    outcome = probe(errors.UnavailableError("raw"), WEBUI)

    expected = VECTORS["iron.webui.unavailable"]["expect"]["log"]["level"]
    assert [record.levelname.lower() for record in outcome.records] == [expected]


def test_web_ui_logs_no_404():
    outcome = probe(errors.NotFoundError("raw"), WEBUI)

    assert outcome.records == []


def test_long_provider_text_is_cut():
    vector = VECTORS["iron.llm.bound"]
    raw = f"HTTP 400 invalid request: {'x' * 2000} TAIL_MARKER"

    text = redact(raw)

    assert len(text) <= vector["expect"]["max_chars"]
    assert "TAIL_MARKER" not in text


def test_provider_text_loses_tokens_urls_and_paths():
    vector = VECTORS["iron.llm.redact"]
    raw = vector["input"]["raw"].replace("<github-token>", "ghp_0123456789abcdefghijABCDEFGHIJ012345")

    text = redact(raw)

    assert vector["expect"]["contains"][0] in text.lower()
    assert "ghp_" not in text
    assert "/home/runner/private.json" not in text
    assert "access_token=ghp" not in text


def test_body_of_a_provider_is_read_up_to_the_cap():
    vector = VECTORS["iron.llm.body_cap"]
    provider = Flask("provider")
    provider.add_url_rule("/", "refuse", lambda: ("x" * vector["input"]["body_bytes"], 500))

    with serving(provider) as url, requests.get(url, stream=True, timeout=5) as response:
        with pytest.raises(UpstreamResponseError), upstream("provider", operation="complete") as call:
            call.check(response)

        assert response.raw.tell() == vector["expect"]["read_bytes"]


def test_every_vector_is_run_or_left_out_for_a_reason():
    alone = {
        "iron.msg.channel",
        "iron.openai.no_leak",
        "iron.llm.bound",
        "iron.llm.redact",
        "iron.llm.body_cap",
    }
    by_table = {*CATEGORIES, *NEVER, *REASONS, *ROUTED, *OPENAI, *PARAMS, *WEBUI_ERRORS}

    assert {*by_table, *alone, *LEFT_OUT} == {*VECTORS}
