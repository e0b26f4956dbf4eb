"""The room *boxes*: the domain alone first, then the room through Flask."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from example_app import create_app
from example_app.boxes.commands import Command
from example_app.boxes.control import Boxes, ExecFailedError, Wish
from example_app.boxes.errors import OF_THE_CALLER, OF_THE_SERVICE, SlotsTakenError
from example_app.boxes.sdk import BoxliteError, Code
from example_app.rooms import close_rooms


@pytest.fixture
def boxes():
    boxes = Boxes(slots=2)
    boxes.create(Wish(name="b1"))
    yield boxes
    boxes.close()


def command(*words, **more):
    return Command(words=words, **more)


SLEEP = command("sleep", "30")


def failing_start(boxes, *words, user=None):
    with pytest.raises(ExecFailedError) as raised:
        boxes.launch("b1", command(*words, user=user))
    return raised.value.__cause__


def finished(boxes, *words, **more):
    execution = boxes.execution("b1", boxes.launch("b1", command(*words, **more)))
    execution.process.wait()
    return execution.exit_code, execution.read()


def test_domain_of_boxes_brings_in_no_flask():
    program = "import sys, example_app.boxes.control; print(*sorted({'flask', 'werkzeug'} & {*sys.modules}))"

    seen = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)

    assert (seen.returncode, seen.stdout.strip()) == (0, "")


def test_real_command_gives_its_output_and_exit_code(boxes):
    assert finished(boxes, "echo", "hello") == (0, "hello\n")
    assert finished(boxes, "false")[0] == 1
    assert finished(boxes, "pwd") == (0, f"{boxes.store / 'b1'}\n")


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


@pytest.mark.parametrize(
    ("words", "code"),
    [(("echo", "a\0b"), Code.INVALID_ARGUMENT), (("ls",), Code.EXECUTION)],
    ids=["no program takes it", "not on the list"],
)
def test_command_that_may_not_run_has_its_typed_code(boxes, words, code):
    assert failing_start(boxes, *words).code is code


def test_command_past_its_time_is_killed_and_told_once(boxes):
    number = boxes.launch("b1", command("sleep", "30", seconds=0))

    with pytest.raises(subprocess.TimeoutExpired):
        boxes.execution("b1", number)
    with pytest.raises(BoxliteError) as again:
        boxes.execution("b1", number)

    assert again.value.code is Code.SESSION_REAPED


def test_one_command_too_many_is_told_when_a_slot_is_free(boxes):
    boxes.launch("b1", command("sleep", "30", seconds=20))
    boxes.launch("b1", SLEEP)

    with pytest.raises(SlotsTakenError) as raised:
        boxes.launch("b1", SLEEP)

    assert 15 < raised.value.retry_after <= 20


def test_command_past_its_time_gives_its_slot_to_the_next(boxes):
    boxes.launch("b1", command("sleep", "30", seconds=0))
    boxes.launch("b1", SLEEP)

    assert boxes.launch("b1", SLEEP) == "e3"


def test_reaped_session_is_told_from_an_unknown_one(boxes):
    number = boxes.launch("b1", SLEEP)
    boxes.kill("b1", number)

    with pytest.raises(BoxliteError) as reaped:
        boxes.execution("b1", number)
    with pytest.raises(BoxliteError) as unknown:
        boxes.execution("b1", "e99")

    assert (reaped.value.code, unknown.value.code) == (Code.SESSION_REAPED, Code.NOT_FOUND)


def test_stopping_a_box_ends_what_runs_in_it(boxes):
    process = boxes.execution("b1", boxes.launch("b1", SLEEP)).process
    portal = boxes.get("b1").portal.pid

    boxes.stop("b1")

    assert process.returncode == -9
    with pytest.raises(ProcessLookupError):
        os.kill(portal, 0)


@pytest.mark.long
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stuck"])
def test_portal_that_does_not_answer_fails_the_start(boxes, how):
    os.kill(boxes.get("b1").portal.pid, how)

    assert failing_start(boxes, "true").code is Code.PORTAL


@pytest.mark.long
def test_late_answer_of_the_portal_is_not_taken_for_the_next_one(boxes):
    portal = boxes.get("b1").portal
    os.kill(portal.pid, signal.SIGSTOP)
    failing_start(boxes, "true")
    os.kill(portal.pid, signal.SIGCONT)

    for _ in range(3):
        portal.ping()


def test_files_that_are_gone_fail_the_start(boxes):
    shutil.rmtree(boxes.get("b1").folder)

    assert failing_start(boxes, "true").code is Code.STORAGE


def test_image_comes_from_a_mirror_that_is_served():
    with socket.create_server(("127.0.0.1", 0)) as server:
        boxes = Boxes(mirror=server.getsockname())
        boxes.create(Wish(name="b1", image="mirror/debian:12"))
        boxes.close()

    assert boxes.created == 1


MISUSES = {
    "name taken": (lambda boxes: boxes.create(Wish(name="b1")), Code.ALREADY_EXISTS),
    "unknown image": (lambda boxes: boxes.create(Wish(name="b2", image="nope")), Code.IMAGE),
    "mirror down": (lambda boxes: boxes.create(Wish(name="b2", image="mirror/debian:12")), Code.NETWORK),
    "unknown box": (lambda boxes: boxes.get("b9"), Code.NOT_FOUND),
    "running already": (lambda boxes: boxes.start("b1"), Code.INVALID_STATE),
    "running still": (lambda boxes: boxes.remove("b1", force=False), Code.INVALID_STATE),
}


@pytest.mark.parametrize(("call", "code"), MISUSES.values(), ids=MISUSES)
def test_misuse_of_a_box_has_its_typed_code(boxes, call, code):
    with pytest.raises(BoxliteError) as raised:
        call(boxes)

    assert raised.value.code is code


def test_every_code_of_the_sdk_has_one_meaning():
    assert not OF_THE_CALLER.keys() & OF_THE_SERVICE.keys()
    assert OF_THE_CALLER.keys() | OF_THE_SERVICE.keys() == set(Code)


def test_crowd_of_commands_never_takes_more_than_the_slots(boxes):
    def launch(_):
        try:
            return boxes.launch("b1", SLEEP)
        except SlotsTakenError:
            return None

    with ThreadPoolExecutor(8) as pool:
        started = [number for number in pool.map(launch, range(40)) if number]

    assert sorted(started) == ["e1", "e2"]


def test_start_that_failed_takes_no_slot(boxes):
    for _ in range(3):
        failing_start(boxes, "ls")

    assert boxes.launch("b1", SLEEP) == "e1"


@pytest.fixture
def client():
    app = create_app()
    client = app.test_client()
    client.post("/boxes/v1/boxes", json={"name": "b1"})
    yield client
    close_rooms(app)


BOXES, EXEC = "/boxes/v1/boxes", "/boxes/v1/boxes/b1/exec"
NAMES = "name must be up to 63 letters, digits, '_', '.' or '-', a letter or digit first"


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        (BOXES, [], "the body must be a JSON object"),
        (BOXES, {"name": ""}, "name must be a text"),
        (BOXES, {"name": "../b2"}, NAMES),
        (BOXES, {"name": "b2", "cpus": True}, "cpus must be a whole number"),
        (BOXES, {"name": "b2", "cpus": 1.5}, "cpus must be a whole number"),
        (BOXES, {"name": "b2", "cpus": 10**400}, f"cpus is {10**400}; allowed: 1 to 8"),
        (BOXES, {"name": "b2", "memory_mib": -1}, "memory_mib is -1; allowed: 128 to 16384"),
        (EXEC, {"args": []}, "command is missing"),
        (EXEC, {"command": ["echo"]}, "command must be a text"),
        (EXEC, {"command": "echo", "args": [1]}, "args and env hold texts only"),
        (EXEC, {"command": "true", "timeout_seconds": 0}, "timeout_seconds is 0; allowed: 0.001 to 300"),
        (EXEC, {"command": "true", "timeout_seconds": float("nan")}, "timeout_seconds must be a number"),
        (EXEC, {"command": "true", "user": 0}, "user must be a text"),
        (f"{BOXES}/b1/executions/e1/signal", {}, "signal is missing"),
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
    sleep = {"command": "sleep", "args": ["30"], "timeout_seconds": 20}
    for _ in range(2):
        client.post(EXEC, json=sleep)

    response = client.post(EXEC, json=sleep)

    assert (response.status_code, response.headers["Retry-After"]) == (429, "20")


def test_output_of_a_command_is_beside_its_status(client):
    number = client.post(EXEC, json={"command": "echo", "args": ["x"]}).json["execution_id"]

    wait_until(lambda: client.get(f"{BOXES}/b1/executions/{number}").json["status"] == "completed")

    assert client.get(f"{BOXES}/b1/executions/{number}").json["output"] == "x\n"


def wait_until(is_so, seconds=30):
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_key_is_asked_for_everywhere_but_at_the_config(client):
    client.application.config["BOXES_API_KEY"] = "k"

    refused = client.get(f"{BOXES}/b1", headers={"Authorization": "Bearer wrong"})
    let_in = client.get(f"{BOXES}/b1", headers={"Authorization": "Bearer k"})

    assert (refused.status_code, let_in.status_code) == (401, 200)
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert client.get("/boxes/v1/config").status_code == 200
