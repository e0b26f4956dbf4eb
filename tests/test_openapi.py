"""An app's faults in OpenAPI: documents that tools take, and that real answers keep to."""

import json
import sys
from copy import deepcopy
from functools import cache

import pytest
from apiflask import APIFlask
from apispec import APISpec
from flask import Flask, abort
from flask.views import MethodView
from flask_smorest import Api
from flask_smorest import Blueprint as SmorestBlueprint
from flow_app import app_with, raising
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import EXCLUDE, Schema, fields
from openapi_schema_validator import OAS30Validator, OAS31Validator
from openapi_spec_validator import validate

from flask_faultmap import FaultMap, Profile, Violation, errors
from flask_faultmap.border.boundaries import boundary_of
from flask_faultmap.errors import (
    AbortedError,
    ConfigError,
    DomainError,
    NotFoundError,
    UnauthenticatedError,
    ValidationFailedError,
)
from flask_faultmap.http.statuses import MalformedJsonError
from flask_faultmap.openapi import complete, complete_spec, components, raises, responses
from flask_faultmap.profiles import BUILT_IN
from flask_faultmap.profiles.profile import FaultMessageSchema

VALIDATORS = {"3.0.3": OAS30Validator, "3.1.0": OAS31Validator}
VERSIONS = pytest.mark.parametrize("version", VALIDATORS)


class PartSchema(Schema):
    """What an envelope holds."""

    class Meta:
        """A peer may send more."""

        unknown = EXCLUDE

    message = fields.String(attribute="text", required=True)
    param = fields.Function(lambda fault: None, required=True, metadata={"type": ["string", "null"]})
    any_of = fields.Function(lambda fault: 1, metadata={"type": ["string", "integer", "null"]})
    wait = fields.Integer(attribute="retry_after", allow_none=True)


class EnvelopeSchema(Schema):
    """One member, and all in it.

    Of which this is no part.
    """

    error = fields.Nested(PartSchema, required=True)
    by_name = fields.Dict(fields.String(), fields.Nested(PartSchema))

    def get_attribute(self, obj, attr, default):
        return obj if attr == "error" else {}


class TreeSchema(Schema):
    inner = fields.Nested(lambda: TreeSchema())


ENVELOPE = Profile(name="my-own shape", schema=EnvelopeSchema, media_type="application/json; charset=utf-8")
NAMES = {
    "problem": "ProblemFault",
    "fault_message": "FaultMessageFault",
    "firecracker": "FirecrackerFault",
    "my-own shape": "MyOwnShapeFault",
}
PROFILES = pytest.mark.parametrize("profile", NAMES)


class BoxGoneError(NotFoundError):
    """There is no such box."""


class ChangingError(DomainError):
    """Each raise has another code."""

    code = property(lambda self: self.args[0])


def app_of(profile, **config):
    return app_with(profiles=[ENVELOPE], FAULTMAP_PROFILE=profile, **config)


def document(version, parts, answers):
    return {
        "openapi": version,
        "info": {"title": "Boxes", "version": "1"},
        "paths": {"/boxes": {"get": {"responses": answers}}},
        "components": parts,
    }


def test_every_built_in_profile_is_tested_here():
    assert {profile.name for profile in BUILT_IN} < {*NAMES}


@VERSIONS
@PROFILES
def test_schema_and_answers_are_a_valid_document(profile, version):
    app = app_of(profile)
    answers = responses(app, BoxGoneError, UnauthenticatedError, 400, 405, 413, 415, 422, 429, 500, 503)

    parts = components(app, version=version)

    assert [*parts["schemas"]] == [NAMES[profile]]
    validate(document(version, parts, answers))


def test_all_profiles_in_use_have_a_schema():
    app = app_of("problem", FAULTMAP_SCOPES={"/fc": "firecracker", "/own": "my-own shape", "/page": None})

    assert [*components(app)["schemas"]] == ["ProblemFault", "FirecrackerFault", "MyOwnShapeFault"]


MAY_BE_NULL = {
    "3.0.3": [{"type": "string", "nullable": True}, {"type": "integer", "nullable": True}, {}],
    "3.1.0": [
        {"type": ["string", "null"]},
        {"type": ["integer", "null"]},
        {"type": ["string", "integer", "null"]},
    ],
}


@pytest.mark.parametrize(("version", "told"), MAY_BE_NULL.items())
def test_versions_tell_differently_that_a_member_may_be_null(version, told):
    envelope = components(app_of("my-own shape"), version=version)["schemas"]["MyOwnShapeFault"]

    part = envelope["properties"]["error"]["properties"]
    kept = [{k: v for k, v in part[name].items() if k != "readOnly"} for name in ("param", "wait", "any_of")]
    assert kept == told


def test_more_members_are_allowed_at_every_level():
    envelope = components(app_of("my-own shape"))["schemas"]["MyOwnShapeFault"]

    assert envelope["additionalProperties"] is True
    assert envelope["properties"]["error"]["additionalProperties"] is True
    assert envelope["properties"]["by_name"]["additionalProperties"]["additionalProperties"] is True
    assert envelope["description"] == "One member, and all in it."


def test_answer_tells_code_example_and_headers():
    told = responses(app_of("problem"), BoxGoneError, 405)

    content = told["404"]["content"]["application/problem+json"]
    assert told["404"]["description"] == "Not Found: `box_gone`"
    assert content["schema"] == {"$ref": "#/components/schemas/ProblemFault"}
    assert content["examples"]["box_gone"]["value"]["code"] == "box_gone"
    assert [*told["405"]["headers"]] == ["X-Request-ID", "Allow"]


def test_errors_of_one_status_share_an_answer():
    told = responses(app_of("firecracker"), BoxGoneError, NotFoundError, BoxGoneError, 405)

    assert [*told] == ["400"]
    assert told["400"]["description"] == "Bad Request: `box_gone`, `not_found`, `method_not_allowed`"


def test_path_says_which_profile_answers():
    app = app_of("problem", FAULTMAP_SCOPES={"/fc": "firecracker", "/page": None})

    told = [responses(app, NotFoundError, path=path) for path in ("/", "/fc/vms", "/page/x")]

    assert [[*answer[status]["content"]] for answer in told for status in answer] == [
        ["application/problem+json"],
        ["application/json"],
        ["text/html"],
    ]
    assert [[*answer] for answer in told] == [["404"], ["400"], ["404"]]


def test_headers_that_the_profile_drops_are_not_told():
    profile = Profile(name="shy", schema=EnvelopeSchema, drop_headers=("www-authenticate",))
    app = app_with(profiles=[profile], FAULTMAP_PROFILE="shy", FAULTMAP_REQUEST_ID_HEADER="X-Trace")

    assert [*responses(app, 401)["401"]["headers"]] == ["X-Trace"]


@VERSIONS
def test_apispec_takes_them(version):
    app = app_of("problem")
    spec = APISpec("Boxes", "1", version)

    spec.components.schema("ProblemFault", components(app, version=version)["schemas"]["ProblemFault"])
    spec.path("/boxes", operations={"get": {"responses": responses(app, BoxGoneError)}})

    validate(spec.to_dict())
    assert "404" in spec.to_dict()["paths"]["/boxes"]["get"]["responses"]


@VERSIONS
def test_flask_smorest_takes_them(version):
    app = app_with(API_TITLE="Boxes", API_VERSION="1", OPENAPI_VERSION=version)
    api, boxes = Api(app), SmorestBlueprint("boxes", __name__)
    view = boxes.response(200)(boxes.doc(responses=responses(app, BoxGoneError))(lambda name: {}))
    boxes.route("/boxes/<name>")(view)

    api.spec.components.schema("ProblemFault", components(app, version=version)["schemas"]["ProblemFault"])
    api.register_blueprint(boxes)

    made = api.spec.to_dict()
    validate(made)
    answers = made["paths"]["/boxes/{name}"]["get"]["responses"]
    assert answers["404"] == responses(app, BoxGoneError)["404"]


@VERSIONS
def test_apiflask_takes_them(version):
    app = APIFlask("boxes")
    app.config.update(OPENAPI_VERSION=version, AUTO_404_RESPONSE=False)
    FaultMap(app)
    app.get("/boxes/<name>")(app.doc(responses=responses(app, BoxGoneError))(lambda name: {}))

    @app.spec_processor
    def add_faults(spec):
        spec.setdefault("components", {}).setdefault("schemas", {}).update(
            components(app, version=version)["schemas"]
        )
        return spec

    validate(app.spec)
    answers = app.spec["paths"]["/boxes/{name}"]["get"]["responses"]
    assert answers["404"] == responses(app, BoxGoneError)["404"]
    assert "ProblemFault" in app.spec["components"]["schemas"]


class BoxFullError(AbortedError):
    """Nothing more goes into the box."""


class SizeError(ValidationFailedError):
    """A size that nothing has."""

    code = "wrong_size"
    public = "The size is wrong."


class ItemIn(Schema):
    size = fields.Integer(required=True)


def smorest_blueprint():
    """Make what a blueprint module of an app factory has, where no app is known."""
    boxes = SmorestBlueprint("boxes", __name__, url_prefix="/api")

    @boxes.route("/boxes/<int:number>", methods=["GET", "POST"])
    @raises(BoxGoneError, 401)
    @boxes.arguments(ItemIn)
    @boxes.response(200)
    def put(item, number):
        raise BoxGoneError("gone")

    @boxes.route("/odd", methods=["POST"])
    @boxes.arguments(ItemIn, location="query", error_status_code=400)
    @boxes.alt_response(409, "CONFLICT", success=False)
    @boxes.alt_response(404, schema=ItemIn, description="by hand")
    @boxes.response(200)
    def odd(item):
        return {}

    @boxes.route("/class/<path:where>")
    @raises(BoxFullError)
    class Boxes(MethodView):
        @raises(BoxGoneError)
        @boxes.response(200)
        def get(self, where):
            return {}

        @boxes.arguments(ItemIn)
        def put(self, item, where):
            return {}

    return boxes


def is_map_last(app, api, boxes):
    api.register_blueprint(boxes)
    FaultMap(app)


def is_map_first(app, api, boxes):
    FaultMap(app)
    api.register_blueprint(boxes)


def smorest_app(register=is_map_last, version="3.0.3", **config):
    app = Flask("shop")
    app.config.update(API_TITLE="Boxes", API_VERSION="1", OPENAPI_VERSION=version, OPENAPI_URL_PREFIX="/")
    app.config.update(config)
    api = Api(app)
    complete_spec(app, api.spec)
    register(app, api, smorest_blueprint())
    return app


def operations(document):
    return {
        f"{method} {path}": sorted(operation["responses"])
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


@VERSIONS
@pytest.mark.parametrize("register", [is_map_first, is_map_last])
def test_smorest_serves_a_document_of_what_is_sent(register, version):
    document = smorest_app(register, version).test_client().get("/openapi.json").json

    validate(document)
    assert operations(document) == {
        "get /api/boxes/{number}": ["200", "400", "401", "404", "422", "default"],
        "post /api/boxes/{number}": ["200", "400", "401", "404", "422", "default"],
        "post /api/odd": ["200", "400", "404", "409", "default"],
        "get /api/class/{where}": ["200", "404", "409", "default"],
        "put /api/class/{where}": ["400", "409", "422", "default"],
    }
    assert "responses" not in document["components"]
    assert "Error" not in document["components"]["schemas"]
    assert document["paths"]["/api/odd"]["post"]["responses"]["404"]["description"] == "by hand"


SENT = {
    "gone": ("/api/boxes/7", {"json": {"size": 1}}),
    "a field is missing": ("/api/boxes/7", {"json": {}}),
    "no JSON": ("/api/boxes/7", {"data": "{", "content_type": "application/json"}),
    "another status": ("/api/odd", {}),
}


@pytest.mark.parametrize("profile", ["problem", "fault_message", "firecracker"])
@pytest.mark.parametrize(("path", "sent"), SENT.values(), ids=SENT)
def test_smorest_documents_the_answer_that_is_sent(path, sent, profile):
    app = smorest_app(FAULTMAP_PROFILE=profile)
    document = app.test_client().get("/openapi.json").json

    answer = app.test_client().post(path, **sent)

    told = document["paths"][path.replace("/7", "/{number}")]["post"]["responses"][str(answer.status_code)]
    schema = told["content"][answer.mimetype]["schema"]["$ref"].rpartition("/")[2]
    assert [*OAS30Validator(document["components"]["schemas"][schema]).iter_errors(answer.json)] == []
    assert answer.json.get("code", "") in told["description"]


def test_failed_validation_is_documented_with_its_violations():
    told = responses(app_of("problem"), ValidationFailedError)["422"]

    example = told["content"]["application/problem+json"]["examples"]["validation_failed"]["value"]
    assert [error["pointer"] for error in example["errors"]] == ["#/name"]


def test_failed_validation_of_an_apps_own_class_keeps_its_words():
    told = responses(app_of("problem"), SizeError)["422"]

    example = told["content"]["application/problem+json"]["examples"]["wrong_size"]["value"]
    assert (example["detail"], len(example["errors"])) == ("The size is wrong.", 1)


def test_document_of_any_tool_is_completed_and_stays_as_it_was():
    app = app_of("problem", FAULTMAP_SCOPES={"/page": None, "/": "problem"})
    view = raises(BoxGoneError)(lambda **_: "")
    for path in ("/boxes/<int:number>", "/page/<name>"):
        app.add_url_rule(path, path, view)
    plain = {
        "openapi": "3.1.0",
        "info": {"title": "Boxes", "version": "1"},
        "paths": {"/boxes/{number}": {"get": {}}, "/page/{name}": {"get": {}}, "/other": {"get": {}}},
        "components": {"responses": {"Own": {"description": "mine"}}},
    }
    before = deepcopy(plain)

    full = complete(app, plain)

    assert plain == before
    assert full["paths"]["/other"] == {"get": {}}
    assert full["components"]["responses"] == {"Own": {"description": "mine"}}
    assert [
        [*full["paths"][path]["get"]["responses"]["404"]["content"]]
        for path in ("/boxes/{number}", "/page/{name}")
    ] == [["application/problem+json"], ["text/html"]]


@pytest.mark.parametrize("error", ["404", KeyError, 200, None])
def test_mark_of_what_is_no_error_is_refused_where_it_stands(error):
    with pytest.raises(TypeError, match="is neither a subclass of DomainError nor a status"):
        raises(NotFoundError, error)


@cache
def failing_app(profile):
    app = app_of(profile)
    app.config["failure"] = []
    app.add_url_rule("/fail", view_func=lambda: app.config["failure"].pop()())
    return app


@cache
def validator_of(profile, version):
    (schema,) = components(failing_app(profile), version=version)["schemas"].values()
    return VALIDATORS[version](schema)


CLASSES = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, DomainError)]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3),
)
DOMAIN_ERRORS = st.builds(
    lambda cls, text, given: raising(cls(text, **given)),
    st.sampled_from(CLASSES),
    st.text(),
    st.fixed_dictionaries(
        {},
        optional={
            "public": st.text(),
            "details": st.dictionaries(
                st.text() | st.sampled_from(["type", "errors", "status"]), JSON, max_size=3
            ),
            "violations": st.lists(
                st.builds(
                    Violation, message=st.text(), pointer=st.none() | st.text(), name=st.none() | st.text()
                ),
                max_size=3,
            ),
            "retry_after": st.floats(allow_nan=True) | st.integers(),
        },
    ),
)
HTTP_ERRORS = st.builds(
    lambda status, text: lambda: abort(status, text),
    st.sampled_from([400, 401, 403, 404, 405, 409, 410, 412, 413, 415, 422, 429, 500, 501, 502, 503, 504]),
    st.none() | st.text(),
)
FAILURES = DOMAIN_ERRORS | HTTP_ERRORS | st.just(raising(KeyError("a bug")))


@PROFILES
@settings(max_examples=100, derandomize=True)
@given(failure=FAILURES)
def test_every_answer_keeps_to_its_schema_in_every_version(profile, failure):
    app = failing_app(profile)
    app.config["failure"].append(failure)

    body = app.test_client().get("/fail").get_json()

    assert [[*validator_of(profile, version).iter_errors(body)] for version in VALIDATORS] == [[], []]


@PROFILES
@pytest.mark.parametrize("version", VALIDATORS)
def test_last_resort_keeps_to_its_schema(profile, version):
    last = boundary_of(failing_app(profile)).last_resorts[profile]

    assert [*validator_of(profile, version).iter_errors(json.loads(last.body))] == []


@PROFILES
@pytest.mark.parametrize("error", CLASSES)
def test_error_is_answered_as_documented(profile, error):
    app = failing_app(profile)
    app.config["failure"].append(raising(error("no words")))

    answer = app.test_client().get("/fail")
    told = responses(app, error)

    assert [*told] == [str(answer.status_code)]
    assert [*told[str(answer.status_code)]["content"]] == [answer.mimetype]


@PROFILES
def test_examples_keep_to_their_schema(profile):
    told = responses(failing_app(profile), *CLASSES, 404, 405, 415, 451, 505)

    examples = [
        example["value"]
        for answer in told.values()
        for content in answer["content"].values()
        for example in content["examples"].values()
    ]
    assert [error for each in examples for error in validator_of(profile, "3.1.0").iter_errors(each)] == []
    assert len(examples) >= len(CLASSES)


@pytest.mark.parametrize("make", [components, responses])
def test_app_without_a_boundary_is_refused(make):
    with pytest.raises(ConfigError, match=r"The app 'bare' has no FaultMap; call FaultMap\(app\)"):
        make(Flask("bare"))


@pytest.mark.parametrize("version", ["2.0", "3", "4.0.0", "3.9.9", "", "3.x", 3.0, None])
def test_version_that_is_none_is_refused(version):
    with pytest.raises(ConfigError, match=r"version is .*; allowed: '3\.0\.x' and '3\.1\.x'"):
        components(app_of("problem"), version=version)


def test_two_profiles_of_one_name_are_refused():
    profiles = [Profile(name=name, schema=EnvelopeSchema) for name in ("a-b", "a_b")]
    app = app_with(profiles=profiles, FAULTMAP_SCOPES={"/a": "a-b", "/b": "a_b"})

    with pytest.raises(ConfigError, match="Two profiles are 'ABFault' in OpenAPI; give 'a_b' another name"):
        components(app)


def test_schema_that_nests_itself_is_refused():
    app = app_with(profiles=[Profile(name="tree", schema=TreeSchema)], FAULTMAP_PROFILE="tree")

    with pytest.raises(ConfigError, match=r"TreeSchema has a schema that nests itself; use fields\.Dict"):
        components(app)


WRONG = {
    "no class": ("404", "'404' is neither a subclass of DomainError nor a status"),
    "another class": (KeyError, "<class 'KeyError'> is neither"),
    "an instance": (NotFoundError("x"), "is neither"),
    "no error": (200, "200 is neither a subclass of DomainError nor a status from 400 to 599"),
    "no status": (True, "True is neither"),
    "nothing": (None, "None is neither"),
    "class that does not know": (ChangingError, "Only instances of ChangingError know their code"),
}


@pytest.mark.parametrize(("error", "complaint"), WRONG.values(), ids=WRONG)
def test_what_is_no_error_is_refused(error, complaint):
    with pytest.raises(TypeError, match=complaint):
        responses(app_of("problem"), error)


def test_without_apispec_it_says_what_to_install(monkeypatch):
    app = app_of("problem")
    monkeypatch.setitem(sys.modules, "apispec", None)

    assert [*responses(app, 404)] == ["404"]
    with pytest.raises(ModuleNotFoundError, match=r"needs what `pip install 'flask-faultmap\[openapi\]'`"):
        components(app)


@pytest.mark.parametrize(
    ("modes", "path", "status"),
    [
        ({"/v1": True}, "/v1/boxes", "400"),
        ({"/v1": True}, "/v2/boxes", "404"),
        ({"/": True, "/v2": False}, "/v2/boxes", "404"),
        (True, "/v2/boxes", "400"),
    ],
    ids=["below", "beside", "excepted", "everywhere"],
)
def test_status_is_the_one_that_the_compatibility_mode_of_the_path_sends(modes, path, status):
    app = app_with(FAULTMAP_COMPATIBILITY_MODE=modes)

    documented = responses(app, NotFoundError, path=path)

    assert [*documented] == [status]
    example = documented[status]["content"]["application/problem+json"]["examples"]["not_found"]["value"]
    assert example["status"] == int(status)


WORDED = Profile(
    name="worded",
    schema=FaultMessageSchema,
    wording={
        "not_found": "{method} {path}: no {token}.",
        "malformed_json": "Broken: {reason}",
        "permission_denied": "Braces {{stay}}.",
    },
)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (NotFoundError, "GET /example: no example."),
        (404, "GET /example: no example."),
        (MalformedJsonError, "Broken: Expecting value"),
        (errors.PermissionDeniedError, "Braces {stay}."),
    ],
)
def test_example_has_the_wording_of_its_profile_filled_in(error, text):
    app = app_with(profiles=[WORDED], FAULTMAP_PROFILE="worded")

    (told,) = responses(app, error).values()

    (example,) = told["content"]["application/json"]["examples"].values()
    assert example["value"] == {"fault_message": text}
