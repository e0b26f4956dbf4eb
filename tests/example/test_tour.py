"""The tour: it walks right, sees what is wrong, and can be read by people and machines."""

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Blueprint

from example_app import create_app
from example_app.factory import build
from example_app.rooms import Step, close_rooms, rooms_of
from example_app.scenes import SCENES, Scene, find_plain_mistakes, scenes_in, walk_plain
from example_app.tour import walk
from example_app.trail_view import find_lost

TOP = Path(__file__).parents[2]


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


def test_every_room_is_shown_with_all():
    result = create_app().test_cli_runner().invoke(args=["tour", "--room", "agent", "--all"])

    assert result.exit_code == 0
    assert result.output.count("✓ ") == len(room_called("agent").WALK)
    assert "as expected" in result.output


def room_called(name):
    return {room.NAME: room for room in rooms_of(create_app())}[name]


def run_tour(*options, columns):
    command = [sys.executable, "-m", "flask", "--app", "example_app", "tour", *options]
    width = {**os.environ, "COLUMNS": str(columns)}
    seen = subprocess.run(
        command, cwd=TOP, capture_output=True, text=True, timeout=120, env=width, check=False
    )
    assert (seen.returncode, seen.stderr) == (0, "")
    return seen.stdout


@pytest.mark.long
@pytest.mark.parametrize("columns", [80, 100])
def test_command_alone_ends_by_itself_and_is_plain_when_piped(columns):
    shown = run_tour("--room", "boxes", columns=columns)

    assert "all as expected" in shown
    assert "\x1b" not in shown
    assert max(map(len, re.sub(r"^  .*flask --app .*$", "", shown, flags=re.M).splitlines())) <= columns


@pytest.mark.long
def test_each_scene_is_one_screen_of_a_hundred_columns():
    screens = re.split(r"^\d+/10 ", run_tour(columns=100), flags=re.MULTILINE)[1:]

    assert len(screens) == 10
    assert max(screen.partition("\nAll of them ")[0].count("\n") for screen in screens) <= 24


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.title)
def test_scene_plays_in_its_room(scene):
    assert [step.title for step in room_called(scene.room).WALK].count(scene.step) == 1


@pytest.fixture(scope="module")
def before():
    app = create_app().extensions["example_app_plain"]()
    outcomes = {each.step.title: each for each in walk_plain(app, rooms_of(app), scenes_in(rooms_of(app)))}
    close_rooms(app)
    return outcomes


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.title)
def test_plain_flask_answers_each_scene_as_the_story_has_it(scene, before):
    assert before[scene.step].mistakes == ()
    assert "faultmap" not in str(before[scene.step].headers).lower()
    assert before[scene.step].signalled == ()


def test_plain_flask_that_answers_otherwise_is_seen_and_told(before):
    scene = SCENES[0]
    wrong = replace(before[scene.step], status=200, headers={"Content-Type": "application/json"})

    assert [*find_plain_mistakes(scene, wrong)] == [
        "plain Flask answered 200, not 404",
        "plain Flask answered 'application/json', not HTML",
    ]


def test_walk_for_a_scene_goes_no_further_than_that():
    steps = [step("/small/json", status=200), step("/small/nope", status=404, code="unknown_path")]
    room = room_with(*(replace(each, title=f"Step {number}") for number, each in enumerate(steps)))
    app = build("small", {"/small": room})
    scene = Scene(title="", why="", room="small", step="Step 1", plain=404)
    early = replace(scene, step="Step 0")

    with_last, with_first = ([*walk_plain(app, [room], [each])] for each in (scene, early))

    assert [each.step.title for each in with_last] == ["Step 1"]
    assert [each.step.title for each in with_first] == ["Step 0"]


@pytest.mark.long
def test_tour_ends_with_rows_of_the_trail_and_a_command_that_shows_them():
    shown = run_tour("--room", "runs", columns=100)

    ids = re.findall(r"^([0-9a-f]{32}) .*", shown, flags=re.MULTILINE)
    (command,) = re.findall(r"^  (.* faults trail --since 10m)$", shown, flags=re.MULTILINE)
    listed = subprocess.check_output([*shlex.split(command), "--limit", "9999"], cwd=TOP, text=True)
    assert len(ids) == 3  # of the scenes there
    assert [fault_id for fault_id in ids if fault_id not in listed] == []
    assert f"The faults are in {Path('instance', 'faults.db')}." in shown


LOSSES = [("a", 500), ("b", 503), ("c", 401), ("d", 404)]


def test_fault_without_a_row_in_the_trail_is_found():
    kept = SimpleNamespace(request_id="a")
    signals = [{"id": name, "original_status": status} for name, status in LOSSES]

    assert find_lost([SimpleNamespace(signalled=signals)], [kept]) == ["b", "c"]


@pytest.fixture
def small(tmp_path):
    """Make an app with one bug and a trail of its own."""
    wrong = step("/small/bug", status=500, code="internal")
    room = room_with(wrong)
    room.blueprint.add_url_rule("/bug", "bug", lambda: 1 / 0)
    config = {
        "FAULTMAP_TRAIL_FOLDER": str(tmp_path / "j"),
        "FAULTMAP_TRAIL_URL": f"sqlite:///{tmp_path}/f.db",
    }
    return build("small", {"/small": room}, config)


def test_trail_of_another_place_is_named_without_its_url(small):
    result = small.test_cli_runner().invoke(args=["tour"])

    assert result.exit_code == 0, result.output
    assert "It kept 1 of these faults" in result.output
    assert "The faults are in the database of FAULTMAP_TRAIL_URL." in result.output


def test_trail_that_cannot_write_makes_the_tour_fail(small, tmp_path):
    (tmp_path / "j").mkdir()
    (tmp_path / "j" / "small").write_text("no folder")

    result = small.test_cli_runner().invoke(args=["tour"])

    assert result.exit_code == 1
    assert "WRONG the audit trail has no row of 1 fault, such as" in " ".join(result.output.split())


def test_trail_that_cannot_be_read_is_told_in_a_sentence(small, tmp_path):
    (tmp_path / "f.db").write_bytes(b"no database" * 99)

    result = small.test_cli_runner().invoke(args=["tour"])

    assert result.exit_code == 1
    assert "Error: The audit trail in the database of FAULTMAP_TRAIL_URL cannot be read" in result.output
