"""The tour: it walks right, sees what is wrong, and can be read by people and machines."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from flask import Blueprint

from example_app import create_app
from example_app.factory import build
from example_app.rooms import Step, close_rooms, rooms_of
from example_app.tour import walk


@pytest.fixture(scope="module")
def outcomes():
    app = create_app()
    outcomes = list(walk(app, rooms_of(app)))
    close_rooms(app)
    return outcomes


def test_every_step_is_answered_as_it_should_be(outcomes):
    assert [(each.step.title, each.mistakes) for each in outcomes if each.mistakes] == []


def test_every_room_is_walked_through(outcomes):
    assert {each.room for each in outcomes} == {room.NAME for room in rooms_of(create_app())}


def test_one_failure_is_one_signal(outcomes):
    assert {len(each.signalled) for each in outcomes if each.status >= 400} == {1}


def test_every_title_is_given_once(outcomes):
    titles = [(each.room, each.step.title) for each in outcomes]

    assert len(titles) == len(set(titles))


def room_with(*steps):
    blueprint = Blueprint("small", __name__)
    blueprint.add_url_rule("/json", "json", lambda: {"a": {"b": 1}})
    blueprint.add_url_rule("/text", "text", lambda: "text")
    return SimpleNamespace(
        NAME="small",
        PREFIX="/small",
        PROFILE=None,
        RULES=(),
        STATUSES={},
        WALK=steps,
        blueprint=blueprint,
        open_state=lambda config: None,
    )


def step(path, **wanted):
    return Step(title="A step", method="GET", path=path, **wanted)


WRONG = {
    "status": (step("/small/json", status=201), "the status is 200, not 201"),
    "member": (step("/small/json", status=200, body={"a.b": 2}), "a.b is 1, not 2"),
    "missing member": (step("/small/json", status=200, body={"a.b.c": 2}), "a.b.c is None, not 2"),
    "body": (step("/small/text", status=200), "the body is not JSON"),
    "signal": (step("/small/nope", status=404), "signalled were ['unknown_path'], not []"),
    "no signal": (step("/small/json", status=200, code="gone"), "signalled were [], not ['gone']"),
}


@pytest.mark.parametrize(("wrong", "mistake"), WRONG.values(), ids=WRONG)
def test_wrong_answer_is_seen_and_told(wrong, mistake):
    app = build("small", {"/small": room_with(wrong)})

    (outcome,) = walk(app, rooms_of(app))

    assert outcome.mistakes == (mistake,)


def test_command_ends_with_1_if_an_answer_is_wrong():
    app = build("small", {"/small": room_with(step("/small/json", status=500))})

    result = app.test_cli_runner().invoke(args=["tour"])

    assert result.exit_code == 1
    assert "WRONG the status is 200, not 500" in result.output
    assert "1 wrong" in result.output


def test_machines_get_one_json_document():
    result = create_app().test_cli_runner().invoke(args=["tour", "--room", "machine", "--json"])

    told = json.loads(result.output)
    assert (result.exit_code, told["ok"]) == (0, True)
    assert {each["room"] for each in told["steps"]} == {"machine"}
    assert told["steps"][-1]["signalled"][0]["exception"] == "BrokenPipeError"
    assert told["steps"][-1]["logged"][0]["stack"].startswith("BrokenPipeError")


def test_unknown_room_is_told_with_those_that_there_are():
    result = create_app().test_cli_runner().invoke(args=["tour", "--room", "attic"])

    assert result.exit_code == 2
    assert "no room is called 'attic'; there are boxes, machine" in result.output


def test_command_alone_ends_by_itself_and_is_plain_when_piped():
    command = [sys.executable, "-m", "flask", "--app", "example_app", "tour", "--room", "boxes"]

    seen = subprocess.run(
        command, capture_output=True, text=True, timeout=60, env={**os.environ, "COLUMNS": "80"}
    )

    assert (seen.returncode, seen.stderr) == (0, "")
    assert "all as expected" in seen.stdout
    assert "\x1b" not in seen.stdout
    assert max(map(len, seen.stdout.splitlines())) <= 80
