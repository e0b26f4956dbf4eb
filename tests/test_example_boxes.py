"""The room *boxes*: the domain alone first, then the room through Flask."""

import subprocess
import sys

import pytest

from example_app.boxes.control import Boxes, ExecFailedError
from example_app.boxes.errors import OF_THE_CALLER, OF_THE_SERVICE, ProgramRefusedError, SlotsTakenError
from example_app.boxes.sdk import BoxliteError, Code


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
