"""The room *boxes*: the domain alone first, then the room through Flask."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from example_app import create_app
from example_app.boxes.control import Boxes, ExecFailedError
from example_app.boxes.errors import OF_THE_CALLER, OF_THE_SERVICE, ProgramRefusedError, SlotsTakenError
from example_app.boxes.sdk import BoxliteError, Code
from example_app.rooms import close_rooms


@pytest.fixture
def boxes():
    boxes = Boxes(slots=2)
    boxes.create("b1", "alpine:3.20", 1)
    yield boxes
    boxes.close()


def failing_start(boxes, *command, user=None):
    with pytest.raises(ExecFailedError) as raised:
        boxes.run("b1", command, user, 5)
    return raised.value.__cause__


def test_domain_of_boxes_brings_in_no_flask():
    program = "import sys, example_app.boxes.control; print(*sorted({'flask', 'werkzeug'} & {*sys.modules}))"

    seen = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)

    assert (seen.returncode, seen.stdout.strip()) == (0, "")


def test_real_command_gives_its_output_and_exit_code(boxes):
    assert boxes.run("b1", ["echo", "hello"], None, 5) == (0, "hello\n")
    assert boxes.run("b1", ["false"], None, 5)[0] == 1


@pytest.mark.parametrize(
    ("program", "cause"),
    [("/nonexistent/binary", FileNotFoundError), ("/dev/null", PermissionError)],
)
def test_start_that_the_system_refuses_keeps_its_cause(boxes, program, cause):
    error = failing_start(boxes, program)

    assert error.code is Code.INTERNAL
    assert isinstance(error.__cause__, cause)


def test_missing_guest_user_is_only_a_sentence_of_the_sdk(boxes):
    error = failing_start(boxes, "id", user="bogus")

    assert str(error) == "internal error: spawn_failed: User 'bogus' not found in /etc/passwd"


def test_argument_that_no_program_can_take_is_the_callers(boxes):
    error = failing_start(boxes, "echo", "a\0b")

    assert error.code is Code.INVALID_ARGUMENT


def test_program_off_the_list_is_refused(boxes):
    with pytest.raises(ProgramRefusedError):
        boxes.run("b1", ["ls"], None, 5)


def test_command_that_outlives_its_time_is_killed_and_frees_its_slot(boxes):
    with pytest.raises(subprocess.TimeoutExpired):
        boxes.run("b1", ["sleep", "30"], None, 0.1)

    assert boxes.get("b1").executions == {}


def test_one_command_too_many_is_told_when_a_slot_is_free(boxes):
    boxes.launch("b1", ["sleep", "30"], None, 20)
    boxes.launch("b1", ["sleep", "30"], None, 30)

    with pytest.raises(SlotsTakenError) as raised:
        boxes.launch("b1", ["sleep", "30"], None, 30)

    assert 15 < raised.value.retry_after <= 20


def test_command_past_its_time_gives_its_slot_to_the_next(boxes):
    boxes.launch("b1", ["sleep", "30"], None, 0)
    boxes.launch("b1", ["sleep", "30"], None, 30)

    number = boxes.launch("b1", ["sleep", "30"], None, 30)

    assert number == "e3"


def test_reaped_session_is_told_from_an_unknown_one(boxes):
    number = boxes.launch("b1", ["sleep", "30"], None, 30)
    boxes.kill("b1", number)

    with pytest.raises(BoxliteError) as reaped:
        boxes.execution("b1", number)
    with pytest.raises(BoxliteError) as unknown:
        boxes.execution("b1", "e99")

    assert (reaped.value.code, unknown.value.code) == (Code.SESSION_REAPED, Code.NOT_FOUND)


def test_stopping_a_box_ends_what_runs_in_it(boxes):
    process = boxes.execution("b1", boxes.launch("b1", ["sleep", "30"], None, 30)).process

    boxes.stop("b1")

    assert process.returncode == -9


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda boxes: boxes.create("b1", "alpine:3.20", 1), Code.ALREADY_EXISTS),
        (lambda boxes: boxes.create("b2", "nope", 1), Code.IMAGE),
        (lambda boxes: boxes.create("b2", "alpine:3.20", 0), Code.INVALID_ARGUMENT),
        (lambda boxes: boxes.get("b9"), Code.NOT_FOUND),
        (lambda boxes: boxes.start("b1"), Code.INVALID_STATE),
    ],
    ids=["name taken", "unknown image", "no CPU", "unknown box", "running already"],
)
def test_misuse_of_a_box_has_its_typed_code(boxes, call, code):
    with pytest.raises(BoxliteError) as raised:
        call(boxes)

    assert raised.value.code is code


def test_every_code_of_the_sdk_has_one_meaning():
    assert not OF_THE_CALLER.keys() & OF_THE_SERVICE.keys()
    assert OF_THE_CALLER.keys() | OF_THE_SERVICE.keys() == set(Code)


def test_command_whose_box_is_stopped_meanwhile_is_reaped(boxes):
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(boxes.run, "b1", ["sleep", "30"], None, 30)
        wait_until(lambda: boxes.get("b1").executions)
        boxes.stop("b1")

        with pytest.raises(BoxliteError) as raised:
            running.result(timeout=5)

    assert raised.value.code is Code.SESSION_REAPED


def test_crowd_of_commands_never_takes_more_than_the_slots(boxes):
    def run(_):
        try:
            return boxes.run("b1", ["echo", "x"], None, 5)
        except SlotsTakenError:
            return "refused"

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(run, range(40)))

    assert set(seen) <= {(0, "x\n"), "refused"}
    assert boxes.get("b1").executions == {}


def wait_until(is_so, seconds=5):
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.01)


@pytest.fixture
def client():
    app = create_app()
    client = app.test_client()
    client.post("/boxes", json={"name": "b1"})
    yield client
    close_rooms(app)


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/boxes", [], "the body must be a JSON object"),
        ("/boxes", {"name": ""}, "name must be a text"),
        ("/boxes", {"name": "b2", "cpus": True}, "cpus must be a whole number"),
        ("/boxes/b1/exec", {"command": "echo"}, "command must be a list of texts"),
        ("/boxes/b1/exec", {"command": []}, "command must be a list of texts"),
        ("/boxes/b1/exec", {"command": ["true"], "seconds": 0}, "seconds is 0; allowed: above 0, up to 300"),
        ("/boxes/b1/exec", {"command": ["true"], "user": 0}, "user must be a text"),
    ],
)
def test_wrong_field_is_told_to_the_caller(client, path, body, message):
    response = client.post(path, json=body)

    assert response.status_code == 400
    assert response.get_json() == {
        "error": {
            "message": f"invalid argument: {message}",
            "type": "InvalidArgumentError",
            "code": "invalid_argument",
        }
    }


def test_one_command_too_many_is_answered_with_retry_after(client):
    for _ in range(2):
        client.post("/boxes/b1/executions", json={"command": ["sleep", "30"], "seconds": 20})

    response = client.post("/boxes/b1/executions", json={"command": ["sleep", "30"]})

    assert (response.status_code, response.headers["Retry-After"]) == (429, "20")


def test_key_is_asked_for_where_one_is_set(client):
    client.application.config["BOXES_API_KEY"] = "k"

    refused = client.get("/boxes/b1", headers={"Authorization": "Bearer wrong"})
    let_in = client.get("/boxes/b1", headers={"Authorization": "Bearer k"})

    assert (refused.status_code, let_in.status_code) == (401, 200)
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="api"'
