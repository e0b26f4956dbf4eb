"""The example app's OpenAPI document: valid, and no answer that it does not tell of."""

import json
import subprocess
import sys

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from openapi_spec_validator import validate
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from example_app import create_app
from example_app.openapi import ALSO, describe
from example_app.rooms import close_rooms, rooms_of
from example_app.runs.tokens import Tokens

CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
CONFIG = {
    "seed": 1,
    "generation": {"deterministic": True, "max-examples": 3},
    "phases": {"coverage": {"unexpected-methods": ["PATCH"]}},
}
AS_IT_COMES = settings(deadline=None, suppress_health_check=[*HealthCheck])


def schema_of(app, document):
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_dict(CONFIG))
    schema.app = app.wsgi_app  # of a Flask app schemathesis raises what the app has answered with a 500
    return schema


# Made here, since schemathesis makes a test of each operation; nothing runs before the first request.
APP, GUARDED = create_app(), create_app({"BOXES_API_KEY": "key"})
EVERYTHING = schema_of(APP, describe(APP))
FOR_MEMBERS = schema_of(GUARDED, describe(GUARDED)).include(path_regex="^/(boxes|runs|threads)")


@pytest.fixture(scope="module", autouse=True)
def app():
    yield APP
    close_rooms(APP)
    close_rooms(GUARDED)


@pytest.mark.long
@EVERYTHING.parametrize()
@AS_IT_COMES
def test_every_answer_is_documented(case):
    token = Tokens("tour").issue({"id": 1, "operator": True})

    case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {token}"})


@pytest.mark.long
@FOR_MEMBERS.parametrize()
@AS_IT_COMES
def test_every_answer_to_strangers_is_documented(case):
    case.call_and_validate(checks=CHECKS)


UNDOCUMENTED = {
    "status": lambda answers: answers.pop("404"),
    "media type": lambda answers: answers["404"].update(content={"text/plain": {"schema": {}}}),
    "member": lambda answers: answers["404"]["content"]["application/json"]["schema"].update(
        {"$ref": "#/components/schemas/ProblemFault"}
    ),
}


@pytest.mark.parametrize("forget", UNDOCUMENTED.values(), ids=UNDOCUMENTED)
def test_answer_that_is_not_documented_is_seen(forget, app):
    document = json.loads(json.dumps(describe(app)))
    forget(document["paths"]["/boxes/v1/boxes/{name}"]["get"]["responses"])
    case = schema_of(app, document)["/boxes/v1/boxes/{name}"]["GET"].Case(path_parameters={"name": "nowhere"})

    with pytest.raises(FailureGroup):
        case.call_and_validate(checks=CHECKS)


def test_document_is_valid_and_has_every_route(app):
    document = describe(app)

    validate(document)
    operations = {(path, method.upper()) for path, each in document["paths"].items() for method in each}
    assert len(operations) == sum(
        len(rule.methods - {"HEAD", "OPTIONS"})
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] in {room.blueprint.name for room in rooms_of(app)}
        and not rule.endpoint.partition(".")[2].startswith(ALSO)  # the same route below a client's prefix
    )


def test_document_tells_how_each_room_says_no(app):
    paths = describe(app)["paths"]

    told = {
        path: next(iter(paths[path][method]["responses"][status]["content"].values()))["schema"]["$ref"]
        for path, method, status in [
            ("/boxes/v1/boxes/{name}", "get", "404"),
            ("/machine/vm", "patch", "400"),
            ("/runs/{run_id}", "get", "403"),
            ("/endpoints", "get", "502"),
            ("/threads/v1/chat/completions", "post", "429"),
        ]
    }
    assert told == {
        "/boxes/v1/boxes/{name}": "#/components/schemas/BoxliteFault",
        "/machine/vm": "#/components/schemas/FirecrackerFault",
        "/runs/{run_id}": "#/components/schemas/ForestFault",
        "/endpoints": "#/components/schemas/BackendaiFault",
        "/threads/v1/chat/completions": "#/components/schemas/OpenaiFault",
    }


def test_requests_of_the_tour_are_its_examples(app):
    create = describe(app)["paths"]["/boxes/v1/boxes"]["post"]["requestBody"]["content"]["application/json"]

    steps = {step.title: step.json for room in app.extensions["example_app_rooms"] for step in room.WALK}
    assert len(create["examples"]) > 1
    assert all(steps[title] == each["value"] for title, each in create["examples"].items())


def test_command_prints_the_document(app):
    result = app.test_cli_runner().invoke(args=["document"])

    assert (result.exit_code, json.loads(result.output)) == (0, describe(app))


def test_command_says_what_it_needs():
    program = (
        "import sys; sys.modules['apispec'] = None\n"
        "from example_app import create_app\n"
        "print(create_app().test_cli_runner().invoke(args=['document']).output)"
    )

    seen = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )

    assert seen.stdout.startswith(
        "Error: flask_faultmap.openapi needs what `pip install 'flask-faultmap[openapi]'`"
    )
