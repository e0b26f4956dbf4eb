"""The room *runs*: what happens to its store, its users and its bugs, through HTTP."""

import json
import logging
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from runs_room import executor_of
from vectors_of import ask, probe

from example_app.factory import build
from example_app.rooms import close_rooms
from example_app.runs import room
from example_app.runs.errors import RunAlreadyInFlightError, RunCompletedError
from example_app.runs.store import RunStore
from example_app.runs.walk import OPERATOR, USER, bearer, seed
from example_app.tour import walk

STORE_TEXT = "The step state could not be accessed. Please retry."
ROUTES = [("GET", "/runs/run-1"), ("POST", "/runs/run-1/trigger")]


@pytest.fixture
def app(tmp_path):
    (tmp_path / "disk").mkdir()
    app = build("runs_app", {room.PREFIX: room}, {"RUNS_STORE": str(tmp_path / "disk" / "runs.db")})
    seed(executor_of(app).store)
    yield app
    close_rooms(app)


def remove_file(path):
    path.unlink()


def replace_directory(path):
    path.parent.rename(path.parent.with_name("elsewhere"))
    path.parent.write_text("a file where the directory was")


def overwrite_file(path):
    path.write_bytes(b"this is not a database " * 64)


def empty_file(path):
    path.write_bytes(b"")


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("harm", [remove_file, replace_directory, overwrite_file, empty_file])
def test_a_store_that_is_gone_is_the_same_503_on_every_route(app, harm, method, path):
    harm(executor_of(app).store.path)

    outcome = ask(app, method, path, headers=USER)

    assert outcome.response.status_code == 503
    assert outcome.response.json == {"error": STORE_TEXT}
    assert outcome.levels == [("ERROR", True)]


def test_a_store_that_is_gone_does_not_come_back_empty(app):
    remove_file(executor_of(app).store.path)

    ask(app, "GET", "/runs/run-1", headers=USER)

    assert not executor_of(app).store.path.exists()


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_store_that_another_process_locks_is_the_same_503_on_every_route(app, method, path):
    with closing(sqlite3.connect(executor_of(app).store.path)) as other:
        other.execute("BEGIN EXCLUSIVE")

        outcome = ask(app, method, path, headers=USER)

    assert outcome.response.status_code == 503
    assert outcome.response.json == {"error": STORE_TEXT}
    assert "database is locked" in outcome.records[0].getMessage()


def test_a_store_is_usable_again_after_the_lock(app):
    with closing(sqlite3.connect(executor_of(app).store.path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        ask(app, "GET", "/runs/run-1", headers=USER)

    outcome = ask(app, "GET", "/runs/run-1", headers=USER)

    assert outcome.response.status_code == 200


@pytest.mark.parametrize("bug", [sqlite3.IntegrityError, sqlite3.ProgrammingError])
def test_a_bug_in_our_own_sql_is_no_unavailable_store(bug):
    outcome = probe(bug("UNIQUE constraint failed"), room.PROFILE, rules=room.RULES)

    assert outcome.response.status_code == 500
    assert outcome.response.json == {"error": "Internal server error"}


def test_a_run_goes_through_its_steps(app):
    outcome = ask(app, "POST", "/runs/run-1/trigger", headers=USER, json={"pendingData": {"amount": 7}})

    assert outcome.response.json["result"] == 7
    assert outcome.signals == []


def test_a_run_without_a_step_left_is_an_uncategorized_400_in_the_log(app):
    executor_of(app).trigger("run-1", 1, {"amount": 7})

    outcome = ask(app, "POST", "/runs/run-1/trigger", headers=USER)

    assert outcome.response.status_code == 400
    assert outcome.response.json == {"error": "This workflow has no step left."}
    assert outcome.levels[0][0] == "ERROR"


@pytest.mark.parametrize("body", ["[]", '"text"', '{"pendingData": []}', '{"pendingData": null}'])
def test_a_body_that_is_no_object_has_the_one_text_for_it(app, body):
    outcome = ask(
        app, "POST", "/runs/run-1/trigger", headers=USER, data=body, content_type="application/json"
    )

    assert outcome.response.status_code == 400
    assert outcome.response.json == {"error": "The request body is invalid."}


def test_a_run_in_flight_is_refused_and_not_logged(app):
    executor_of(app).store.claim("run-1")

    outcome = ask(app, "POST", "/runs/run-1/trigger", headers=USER, json={"pendingData": {"amount": 7}})

    assert outcome.response.status_code == 400
    assert outcome.records == []


def test_a_failed_step_gives_its_run_back(app):
    ask(app, "POST", "/runs/run-share/trigger", headers=USER)

    outcome = ask(app, "POST", "/runs/run-share/trigger", headers=USER)

    assert outcome.response.status_code == 500


def test_reading_another_users_run_is_logged_once_and_with_who_asked(app, caplog):
    outcome = ask(app, "GET", "/runs/run-2", headers=USER)

    assert outcome.response.status_code == 403
    assert outcome.response.json == {"error": "Forbidden"}
    assert outcome.records == []
    assert [(record.message, record.user_id, record.run_id) for record in caplog.records] == [
        ("Run access denied", 1, "run-2")
    ]


def test_triggering_another_users_run_is_logged_by_the_boundary_with_its_context(app):
    outcome = ask(app, "POST", "/runs/run-2/trigger", headers=USER)

    assert outcome.response.json == {"error": "Forbidden"}
    assert outcome.records[0].fault["context"] == {"run_id": "run-2", "user_id": 1, "owner_id": 2}


def test_a_forged_token_says_no_more_than_a_missing_one(app):
    forged = bearer({"id": 1}, secret="guessed")

    outcome = ask(app, "GET", "/runs/run-1", headers=forged)

    assert outcome.response.status_code == 401
    assert outcome.response.json == {"error": "Unauthorized"}
    assert "WWW-Authenticate" in outcome.response.headers


def test_invalid_claims_are_logged_by_path_and_code_only(app, caplog):
    ask(app, "GET", "/runs/run-1", headers=bearer({"id": "private-name"}))

    assert caplog.records[0].levelno == logging.WARNING
    assert caplog.records[0].issues == [{"path": "id", "code": "invalid_type"}]
    assert "private-name" not in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/runs/health", {}),
        ("GET", "/runs/run-1", {}),
        ("GET", "/runs/run-1", USER),
        ("GET", "/runs/no/such/path", {}),
        ("DELETE", "/runs/run-1", USER),
        ("POST", "/runs/run-share/trigger", USER),
    ],
)
def test_every_answer_tells_the_version(app, method, path, headers):
    outcome = ask(app, method, path, headers=headers)

    assert outcome.response.headers.getlist("X-Executor-Version") == [room.VERSION]


def test_the_log_of_a_dead_workflow_server_has_the_stack_of_its_cause(app):
    outcome = ask(app, "POST", "/runs/run-fetch/trigger", headers=USER)

    error = outcome.records[0].exc_info[1]
    assert outcome.response.status_code == 503
    assert isinstance(error.__cause__, OSError)
    assert "refused" in outcome.records[0].getMessage()


def test_maintenance_is_for_operators(app):
    outcome = ask(app, "PUT", "/runs/maintenance", headers=USER)

    assert outcome.response.status_code == 403
    assert outcome.response.json == {"error": "Forbidden"}


def test_maintenance_that_is_on_cannot_begin_again(app):
    ask(app, "PUT", "/runs/maintenance", headers=OPERATOR)

    outcome = ask(app, "PUT", "/runs/maintenance", headers=OPERATOR)

    assert outcome.response.status_code == 503


def test_the_store_answers_without_any_web(tmp_path):
    store = RunStore(tmp_path / "runs.db")
    store.add("run-9", 9, [])
    store.claim("run-9")

    with pytest.raises(RunAlreadyInFlightError, match="run-9"):
        store.claim("run-9")


def test_a_released_run_can_be_claimed_again(tmp_path):
    store = RunStore(tmp_path / "runs.db")
    store.add("run-9", 9, [])
    store.claim("run-9")

    store.release("run-9")

    store.claim("run-9")


def test_an_unreadable_definition_is_an_opaque_500(app):
    with closing(sqlite3.connect(executor_of(app).store.path)) as other, other:
        other.execute("UPDATE steps SET definition = '{' WHERE run_id = 'run-1'")

    outcome = ask(app, "GET", "/runs/run-1", headers=USER)

    assert outcome.response.status_code == 500
    assert outcome.response.json == {"error": "Internal server error"}
    assert isinstance(outcome.records[0].exc_info[1], json.JSONDecodeError)


def test_an_executor_alone_raises_its_own_errors(app):
    executor_of(app).store.add("run-empty", 1, [])

    with pytest.raises(RunCompletedError):
        executor_of(app).trigger("run-empty", 1, {})


def test_walk_goes_as_its_steps_say():
    app = build("runs_app", {room.PREFIX: room})

    outcomes = [*walk(app, [room])]

    assert [outcome.mistakes for outcome in outcomes] == [()] * len(room.WALK)


def test_domain_of_runs_brings_in_no_flask():
    program = "import sys, example_app.runs.executor, example_app.runs.tokens; print('flask' in sys.modules)"

    seen = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)

    assert (seen.stderr, seen.stdout.strip()) == ("", "False")
