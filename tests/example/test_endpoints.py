"""The room *endpoints*: a second real server does the work, and nothing that fails passes for a success."""

import subprocess
import sys
from collections.abc import Iterator
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import pytest
import requests
from flask import Flask, jsonify
from misbehaving import misbehaving, unreachable
from vectors_of import Outcome, ask

from example_app.coordinator import create_app as coordinator_app
from example_app.endpoints import room
from example_app.endpoints.client import ERRORS
from example_app.endpoints.process import CoordinatorProcess
from example_app.endpoints.walk import WALK
from example_app.factory import build
from example_app.rooms import close_rooms
from example_app.tour import serving, walk

TOKEN = {"X-BackendAI-Token": "tour"}
PATH_OF_CHAT = f"/v2/endpoints/{uuid5(NAMESPACE_URL, 'chat')}"
REQUESTS = {
    "list": ("GET", "/endpoints", None),
    "create": ("POST", "/endpoints", {"name": "chat"}),
    "create in bulk": ("POST", "/endpoints/bulk", {"names": ["chat"]}),
    "delete": ("DELETE", "/endpoints/chat", None),
    "delete in bulk": ("POST", "/endpoints/bulk-delete", {"names": ["chat"]}),
}
UNREADABLE = (502, "appproxy_request_invalid-data-format")
NO_SUCCESS = {
    "/html-502": UNREADABLE,
    "/empty-500": UNREADABLE,
    "/list-500": UNREADABLE,
    "/page-of-3-mb-500": UNREADABLE,
    "/redirect-loop": UNREADABLE,
    "/reset-before-the-headers": UNREADABLE,
    "/close-without-an-answer": UNREADABLE,
    "/speak-no-http": UNREADABLE,
    "/hang-before-the-headers": (504, "appproxy_request_timeout"),
}
NO_JSON = ["/html-200", "/broken-json-200", "/empty-200", "/no-content", "/ok"]


@pytest.fixture
def app() -> Iterator[Flask]:
    app = build("endpoints_app", {room.PREFIX: room})
    yield app
    close_rooms(app)


def app_calling(url: str) -> Flask:
    return build("endpoints_app", {room.PREFIX: room}, {"COORDINATOR_URL": url})


def send(app: Flask, what: str) -> Outcome:
    method, path, body = REQUESTS[what]
    return ask(app, method, path, json=body)


def told(outcome: Outcome) -> tuple[int, str]:
    return outcome.response.status_code, outcome.response.get_json()["error_code"]


def test_the_tour_walks_right_and_tells_nothing_of_the_coordinator(app: Flask) -> None:
    outcomes = list(walk(app, [room]))

    assert [(each.step.title, each.mistakes) for each in outcomes if each.mistakes] == []
    assert len(outcomes) == len(WALK)
    said = ("nginx", "10.0.0.7", "worker-3", "is called", "127.0.0.1")
    assert [each.body for each in outcomes if any(words in each.body for words in said)] == []


@pytest.mark.long
@pytest.mark.parametrize("behaviour", NO_SUCCESS)
@pytest.mark.parametrize("what", REQUESTS)
def test_no_failure_of_the_coordinator_passes_for_a_success(what: str, behaviour: str) -> None:
    with misbehaving(only=behaviour) as server:
        outcome = send(app_calling(server.url), what)

    assert told(outcome) == NO_SUCCESS[behaviour]


@pytest.mark.parametrize("behaviour", NO_JSON)
@pytest.mark.parametrize("what", ["list", "create in bulk", "delete in bulk"])
def test_a_success_that_is_not_what_was_asked_for_is_none(what: str, behaviour: str) -> None:
    with misbehaving(only=behaviour) as server:
        outcome = send(app_calling(server.url), what)

    assert told(outcome) == UNREADABLE


@pytest.mark.parametrize("what", REQUESTS)
def test_a_coordinator_that_is_not_there_is_told_by_its_own_code(what: str) -> None:
    with unreachable() as url:
        outcome = send(app_calling(url), what)

    assert told(outcome) == (502, "appproxy_request_unavailable")


def test_each_failure_is_one_error_line_with_a_stack() -> None:
    with unreachable() as url:
        outcome = send(app_calling(url), "delete")

    assert outcome.levels == [("ERROR", True)]


def test_the_coordinator_s_page_is_kept_for_code_and_for_nobody_else() -> None:
    with misbehaving(only="/html-502") as server:
        outcome = send(app_calling(server.url), "delete")

    (signal,) = outcome.signals
    assert signal["error"].extra_data == {
        "service": "appproxy",
        "operation": "delete_endpoint",
        "method": "DELETE",
        "path": PATH_OF_CHAT,
        "status": 502,
        "body": "Bad gateway  nginx",
    }
    assert "nginx" not in outcome.response.text + str(vars(outcome.records[0]))


@pytest.mark.parametrize("cls", ERRORS.values(), ids=lambda cls: cls.__name__)
def test_no_class_of_the_client_shows_its_own_text(cls: type) -> None:
    assert not cls.expose


@pytest.mark.long
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/endpoints", {"name": ["chat"]}),
        ("POST", "/endpoints", ["chat"]),
        ("POST", "/endpoints/bulk", {"names": "chat"}),
        ("POST", "/endpoints/bulk", {"names": [["chat"]]}),
        ("POST", "/endpoints/bulk-delete", {"names": [["chat"]]}),
        ("PUT", "/endpoints/coordinator/mood", {"mood": "sad"}),
        ("PUT", "/endpoints/coordinator/mood", {"mood": []}),
    ],
)
def test_what_the_coordinator_refuses_is_the_client_s_400(
    app: Flask, method: str, path: str, body: object
) -> None:
    outcome = ask(app, method, path, json=body)

    assert told(outcome) == (400, "endpoint_create_invalid-parameters")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_coordinator_of_somebody_else_is_neither_killed_nor_started(method: str) -> None:
    with misbehaving() as server:
        outcome = ask(app_calling(server.url), method, "/endpoints/coordinator")

    assert told(outcome) == (400, "appproxy_generic_forbidden")
    assert server.requests == []


def test_no_coordinator_outlives_its_app(app: Flask) -> None:
    send(app, "list")
    url = app.extensions["example_app"]["endpoints"].coordinator.url

    close_rooms(app)

    with pytest.raises(requests.ConnectionError):
        requests.get(url + "/status", timeout=60)


def test_a_coordinator_ends_with_its_parent() -> None:
    command = [sys.executable, "-m", "example_app.coordinator", "--port", "0", "--end-with-parent"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()
        told = requests.get(url + "/v2/endpoints", headers=TOKEN, timeout=60).json()

        process.stdin.close()

        assert (told, process.wait(timeout=60)) == ({"endpoints": []}, 0)


def test_a_coordinator_that_runs_is_found_by_its_url() -> None:
    coordinator = CoordinatorProcess()
    app = app_calling(coordinator.url)

    made = send(app, "create").response
    coordinator.close()

    assert (made.status_code, made.get_json()["name"]) == (201, "chat")


def test_number_that_is_no_json_is_the_clients_fault_and_is_sent_nowhere(app: Flask) -> None:
    response = app.test_client().post(
        "/endpoints/bulk", data='{"names": [NaN]}', content_type="application/json"
    )

    assert (response.status_code, response.json["error_code"]) == (400, "endpoint_create_invalid-parameters")


@pytest.mark.parametrize(
    ("path", "body"),
    [("/endpoints", {"name": "\ud800"}), ("/endpoints/bulk", {"names": ["a", "\udfff"]})],
    ids=["one", "many"],
)
def test_name_that_no_text_can_carry_is_the_clients_fault(app: Flask, path: str, body: object) -> None:
    outcome = ask(app, "POST", path, json=body)

    assert told(outcome) == (400, "endpoint_create_invalid-parameters")


NO_ANSWERS: dict[str, list[object]] = {
    "list": [{}, [], None, {"endpoints": None}, {"endpoints": {}}, {"endpoints": [1]}, {"endpoints": [{}]}],
    "create": [{}, [], None, {"endpoint": None}, {"endpoint": 5}, {"endpoint": {}}],
    "create in bulk": [{"endpoints": 5}, {"endpoints": [{"service_name": "a", "url": 5}]}],
    "delete in bulk": [{"endpoints": []}, {"endpoints": [{"success": 1}]}, {"endpoints": [{}, {}]}, {}],
}


@pytest.mark.parametrize(
    ("what", "answer"), [(what, one) for what, some in NO_ANSWERS.items() for one in some]
)
def test_json_of_another_shape_is_no_success(what: str, answer: object) -> None:
    other = Flask("other")
    methods = ["GET", "POST", "DELETE"]
    other.add_url_rule("/<path:path>", view_func=lambda path: jsonify(answer), methods=methods)

    with serving(other) as url:
        outcome = send(app_calling(url), what)

    assert told(outcome) == UNREADABLE


def test_name_of_an_endpoint_leads_nowhere_else() -> None:
    with misbehaving(only="/no-content") as server:
        app_calling(server.url).test_client().delete("/endpoints/chat%3Fall=1%23")

    (request,) = server.requests
    assert request == f"DELETE /v2/endpoints/{UUID(request.rpartition('/')[2])}"


@pytest.mark.parametrize("name", ["no name", "", "1st", "a-b", "ü b"])
def test_reason_that_the_coordinator_gives_its_client_reaches_ours(app: Flask, name: str) -> None:
    outcome = ask(app, "POST", "/endpoints", json={"name": name})

    assert outcome.response.status_code == 400
    assert outcome.response.get_json()["msg"] == (
        f"{name!r} is no name; allowed are letters, digits and underscores"
    )


@pytest.mark.parametrize("token", ["wrong", ""])
def test_token_that_the_coordinator_refuses_is_our_trouble(token: str) -> None:
    coordinator = CoordinatorProcess()
    app = build(
        "endpoints_app",
        {room.PREFIX: room},
        {"COORDINATOR_URL": coordinator.url, "COORDINATOR_TOKEN": token},
    )

    refused, status = send(app, "list"), ask(app, "GET", "/endpoints/coordinator/status").response
    coordinator.close()

    assert told(refused) == UNREADABLE
    assert (status.status_code, status.get_json()["api_version"]) == (200, "v2")


GIVEN = {"service_name": "a", "endpoint_id": str(UUID(int=4))}
COORDINATOR_REQUESTS = [
    ("POST", f"/v2/endpoints/{UUID(int=1)}", [], 400),
    ("POST", f"/v2/endpoints/{UUID(int=2)}", {"service_name": 1}, 400),
    ("POST", "/v2/endpoints/bulk", {"endpoints": ["chat"]}, 400),
    ("POST", "/v2/endpoints/bulk", {"endpoints": [{"service_name": "a"}]}, 400),
    ("POST", "/v2/endpoints/bulk", {"endpoints": [{"service_name": "a", "deployment_id": "x"}]}, 400),
    (
        "POST",
        "/v2/endpoints/bulk",
        {"endpoints": [{"service_name": "a", "endpoint_id": str(UUID(int=4))}]},
        200,
    ),
    ("DELETE", "/v2/endpoints/bulk", {"endpoints": [{"deployment_id": 7}]}, 400),
    ("DELETE", f"/v2/endpoints/{UUID(int=3)}", None, 404),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), COORDINATOR_REQUESTS)
def test_coordinator_takes_what_a_manager_sends_and_nothing_else(
    method: str, path: str, body: object, status: int
) -> None:
    client = coordinator_app().test_client()

    answer = client.open(path, method=method, json=body, headers=TOKEN)
    refused = client.open(path, method=method, json=body)

    assert answer.status_code == status
    assert (refused.status_code, refused.get_json()["error_code"]) == (401, "api_auth_unauthorized")


def test_one_name_twice_in_one_request_makes_none() -> None:
    client = coordinator_app().test_client()
    wishes = [{"service_name": "a", "deployment_id": str(uuid4())} for _ in range(2)]

    answer = client.post("/v2/endpoints/bulk", json={"endpoints": wishes}, headers=TOKEN)

    assert answer.status_code == 409
    assert client.get("/v2/endpoints", headers=TOKEN).get_json() == {"endpoints": []}
