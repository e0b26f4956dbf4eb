"""The room *runs* and the servers it asks: tool servers that want a login, and who may read a run."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from runs_room import executor_of
from vectors_of import ask

from example_app.factory import build
from example_app.rooms import close_rooms
from example_app.runs import room
from example_app.runs.errors import NotRunningError, WorkflowPortError
from example_app.runs.walk import OPERATOR, USER, bearer, seed

VALID = {
    "mcpServerId": "private",
    "refreshToken": "refresh-token-xyz",
    "clientId": "client-abc",
    "clientSecret": "client-secret-123",
    "clientSecretExpiresAt": "2030-01-01T00:00:00Z",
    "tokenEndpoint": "https://auth.example.com/token",
    "tokenEndpointAuthMethod": "client_secret_post",
    "scopes": "read write",
}
REAUTH = {
    "error": "The tool server asks for a new login.",
    "awaitingInputReason": "needs-oauth-reauth",
    "mcpServerId": "private",
}
CREDENTIALS = "/runs/mcp-oauth-credentials"


@contextmanager
def answering(answer):
    """Serve on the loopback; *answer* gives status and JSON for a path and an Authorization header."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = answer(self.path, self.headers.get("Authorization"))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def picky(path, authorization):
    if authorization != "Bearer refresh-token-xyz":
        return 401, {"error": "token"}
    return 200, [path]


def app_with(tmp_path, **config):
    app = build(
        "runs_app",
        {room.PREFIX: room},
        {"RUNS_STORE": str(tmp_path / "runs.db"), "RUNS_ENCRYPTION_KEY": "any text", **config},
    )
    seed(executor_of(app).store)
    return app


@pytest.fixture
def app(tmp_path):
    with answering(picky) as url:
        app = app_with(tmp_path, RUNS_MCP_SERVERS={"private": url, "open": url})
        yield app
        close_rooms(app)


ASKING = [("POST", "/runs/run-tool/trigger"), ("GET", "/runs/list-mcp-tools?mcpServerId=private")]


@pytest.mark.parametrize(("method", "path"), ASKING)
def test_server_without_a_login_is_a_409_until_there_are_credentials(app, method, path):
    before = ask(app, method, path, headers=USER)
    kept = ask(app, "POST", CREDENTIALS, headers=USER, json=VALID)
    after = ask(app, method, path, headers=USER)

    assert (before.response.status_code, before.response.json, before.records) == (409, REAUTH, [])
    assert (kept.response.status_code, kept.response.data) == (204, b"")
    assert after.response.status_code == 200


@pytest.mark.parametrize(("method", "path"), ASKING)
def test_credentials_that_the_server_refuses_ask_for_a_login_again(app, method, path):
    ask(app, "POST", CREDENTIALS, headers=USER, json={**VALID, "refreshToken": "old"})

    assert ask(app, method, path, headers=USER).response.status_code == 409


def test_server_that_wants_no_login_and_refuses_is_no_question_for_the_user(app):
    outcome = ask(app, "GET", "/runs/list-mcp-tools?mcpServerId=open", headers=USER)

    assert (outcome.response.status_code, outcome.response.json) == (
        503,
        {"error": "The MCP server could not be reached to list its tools"},
    )


def test_credentials_are_one_users_own_and_can_be_forgotten(app):
    ask(app, "POST", CREDENTIALS, headers=USER, json=VALID)
    other = ask(app, "DELETE", f"{CREDENTIALS}/private", headers=bearer({"id": 2}))
    kept = ask(app, *ASKING[1], headers=USER)
    mine = ask(app, "DELETE", f"{CREDENTIALS}/private", headers=USER)
    gone = ask(app, *ASKING[1], headers=USER)

    assert (other.response.status_code, mine.response.status_code) == (204, 204)
    assert (kept.response.status_code, gone.response.status_code) == (200, 409)


def test_no_secret_stands_in_the_store(app):
    ask(app, "POST", CREDENTIALS, headers=USER, json=VALID)

    stored = executor_of(app).store.path.read_bytes()

    assert b"mcpServerId" in stored
    assert b"refresh-token-xyz" not in stored
    assert b"client-secret-123" not in stored


WRONG = [
    *(
        {name: value for name, value in VALID.items() if name != left_out}
        for left_out in (
            "mcpServerId",
            "refreshToken",
            "tokenEndpoint",
        )
    ),
    {**VALID, "refreshToken": 12345},
    {**VALID, "refreshToken": ""},
    {**VALID, "clientSecretExpiresAt": "not-a-date"},
    {**VALID, "tokenEndpoint": "no url"},
    {**VALID, "userId": 999},
    {**VALID, "scopes": ["read"]},
    [],
    "text",
]


@pytest.mark.parametrize("body", WRONG)
def test_credentials_that_do_not_fit_are_refused_and_not_kept(app, body):
    outcome = ask(app, "POST", CREDENTIALS, headers=USER, json=body)

    assert (outcome.response.status_code, outcome.response.json) == (
        400,
        {"error": "The request body is invalid."},
    )
    assert executor_of(app).store.credentials(1, "private") is None


def test_credentials_without_a_body_are_refused(app):
    assert ask(app, "POST", CREDENTIALS, headers=USER).response.status_code == 400


def test_draining_executor_ends_its_work_takes_no_more_and_says_so(tmp_path):
    called, go_on = threading.Event(), threading.Event()

    def slow(path, authorization):
        called.set()
        go_on.wait(5)
        return 200, {}

    with answering(slow) as url:
        app = app_with(tmp_path, RUNS_PORT=url)
        answers = []
        worker = threading.Thread(
            target=lambda: answers.append(app.test_client().post("/runs/run-fetch/trigger", headers=USER))
        )
        worker.start()
        called.wait(5)
        ask(app, "PUT", "/runs/drain", headers=OPERATOR)
        health = ask(app, "GET", "/runs/health").response
        refused = ask(app, "POST", "/runs/run-1/trigger", headers=USER).response
        go_on.set()
        worker.join()

    assert (health.status_code, health.json) == (503, {"state": "draining"})
    assert (refused.status_code, refused.json) == (503, {"error": NotRunningError.public})
    assert [answer.status_code for answer in answers] == [200]
    assert ask(app, "GET", "/runs/health").response.json == {"state": "stopped"}
    ask(app, "DELETE", "/runs/drain", headers=OPERATOR)
    assert ask(app, "GET", "/runs/health").response.status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_draining_is_for_operators(app, method):
    assert ask(app, method, "/runs/drain", headers=USER).response.status_code == 403


ACCESS = [
    (True, "run-2", 200),
    (False, "run-2", 403),
    (True, "run-1", 200),
    ("yes", "run-1", 403),
    (False, "run-404", 403),
]


@pytest.mark.parametrize(("told", "run", "status"), ACCESS)
def test_server_that_knows_says_who_may_read(tmp_path, told, run, status):
    with answering(lambda path, authorization: (200, {"hasAccess": told})) as url:
        app = app_with(tmp_path, RUNS_ACCESS=url)

        assert ask(app, "GET", f"/runs/{run}", headers=USER).response.status_code == status


@pytest.mark.parametrize("status", [401, 403, 404, 500, 502])
def test_access_check_that_fails_is_a_503_and_logged_once_with_who_asked(tmp_path, caplog, status):
    with answering(lambda path, authorization: (status, {})) as url:
        outcome = ask(app_with(tmp_path, RUNS_ACCESS=url), "GET", "/runs/run-1", headers=USER)

    assert outcome.response.status_code == 503
    assert outcome.response.json == {"error": WorkflowPortError.public}
    assert outcome.records == []
    (record,) = (record for record in caplog.records if record.levelname == "ERROR")
    assert (record.message, record.user_id) == ("Run access could not be checked", 1)
    assert record.exc_info


@pytest.mark.parametrize("claims", [{"id": "7"}, {"id": 7}])
def test_id_of_a_user_may_be_a_number_as_text(app, claims):
    executor_of(app).store.add("run-7", 7, [])

    assert ask(app, "GET", "/runs/run-7", headers=bearer(claims)).response.status_code == 200


@pytest.mark.parametrize("wrong", [None, True, 0, -1, 1.5, "", "one", "1e3", "\u0661", "9" * 30, [1]])
def test_id_of_a_user_that_is_no_number_is_a_401(app, wrong):
    outcome = ask(app, "GET", "/runs/run-1", headers=bearer({"id": wrong}))

    assert (outcome.response.status_code, outcome.response.json) == (401, {"error": "Unauthorized"})
