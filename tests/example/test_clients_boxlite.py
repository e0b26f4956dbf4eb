"""boxlite's own client, in REST mode, drives the room *boxes* over a socket, through its failures too."""

import asyncio
import os
import shutil
import signal
import threading

import pytest
from werkzeug.serving import make_server

from example_app import create_app
from example_app.boxes.control import Boxes
from example_app.boxes.errors import OF_THE_SERVICE
from example_app.boxes.sdk import TEXTS, Code
from example_app.boxes.wire import TYPES
from example_app.rooms import close_rooms
from example_app.tour import QuietHandler

boxlite = pytest.importorskip("boxlite", reason="the client boxlite cannot be installed here")


@pytest.fixture(scope="module")
def served():
    app = create_app({"BOXES_API_KEY": "key"})
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield app, f"http://127.0.0.1:{server.server_port}/boxes"
    server.shutdown()
    thread.join()
    server.server_close()
    close_rooms(app)


@pytest.fixture
def boxes(served) -> Boxes:
    boxes = served[0].extensions["example_app"]["boxes"]
    yield boxes
    for box in boxes.list():
        boxes.remove(box.wish.name)


def connect(served, key="key"):
    credential = boxlite.ApiKeyCredential(key)
    return boxlite.Boxlite.rest(boxlite.BoxliteRestOptions(served[1], credential=credential))


async def count_after_making_one(runtime):
    await runtime.create(wish(), "prefixed")
    return [found.name for found in await runtime.list_info()]


@pytest.mark.parametrize("prefix", ["default", "team-7"])
def test_client_that_is_told_of_a_path_prefix_finds_its_boxes(served, boxes, prefix):
    options = boxlite.BoxliteRestOptions(
        served[1], credential=boxlite.ApiKeyCredential("key"), path_prefix=prefix
    )

    names = asyncio.run(count_after_making_one(boxlite.Boxlite.rest(options)))

    assert "prefixed" in names


def wish(**members):
    return boxlite.BoxOptions(**{"image": "alpine:3.20", **members})


def drive(session, served, *more, key="key"):
    """Run *session* with a runtime of the client, to its end."""

    async def run():
        return await asyncio.wait_for(session(connect(served, key), *more), 60)

    return asyncio.run(run())


async def execute(runtime, *words, box="b1", **options):
    found = await runtime.get(box) or await runtime.create(wish(**options.pop("wish", {})), name=box)
    execution = await found.exec(words[0], list(words[1:]), **options)
    return await execution.wait()


def test_client_lives_through_the_whole_life_of_a_box(served, boxes):
    async def session(runtime):
        box = await runtime.create(wish(cpus=2, memory_mib=256), name="b1")
        codes = [(await execute(runtime, program)).exit_code for program in ("true", "false")]
        listed = [info.name for info in await runtime.list_info()]
        counted = await box.metrics()
        await box.stop()
        stopped = (await runtime.get_info("b1")).state.status
        await box.start()
        _, is_new = await runtime.get_or_create(wish(), name="b1")
        await runtime.remove("b1", force=True)
        return codes, listed, counted.commands_executed_total, stopped, is_new, await runtime.get("b1")

    assert drive(session, served) == ([0, 1], ["b1"], 2, "stopped", False, None)


async def create(runtime, **members):
    await runtime.create(wish(**members), name="b2")


async def create_twice(runtime):
    await runtime.create(wish(), name="b1")
    await runtime.create(wish(), name="b1")


async def start_twice(runtime):
    await (await runtime.create(wish(), name="b1")).start()


async def run_in_stopped(runtime):
    box = await runtime.create(wish(), name="b1")
    await box.stop()
    await box.exec("true", [])


async def run_too_many(runtime):
    for _ in range(3):
        await (await runtime.get("b1") or await runtime.create(wish(), name="b1")).exec("sleep", ["30"])


async def signal_reaped(runtime):
    box = await runtime.create(wish(), name="b1")
    execution = await box.exec("sleep", ["30"])
    await execution.kill()
    await execution.signal(15)


async def signal_forbidden(runtime):
    box = await runtime.create(wish(), name="b1")
    await (await box.exec("sleep", ["30"])).signal(9)


async def take_snapshot(runtime):
    await (await runtime.create(wish(), name="b1")).snapshot.create(name="s1")


MISTAKES = {
    "no CPU": (lambda runtime: create(runtime, cpus=0), "InvalidArgumentError"),
    "too many CPUs": (lambda runtime: create(runtime, cpus=200), "InvalidArgumentError"),
    "too little memory": (lambda runtime: create(runtime, memory_mib=1), "InvalidArgumentError"),
    "no disk": (lambda runtime: create(runtime, disk_size_gb=0), "InvalidArgumentError"),
    "unknown image": (lambda runtime: create(runtime, image="nope:1"), "ImageError"),
    "name taken": (create_twice, "AlreadyExistsError"),
    "unknown box": (lambda runtime: runtime.remove("b9"), "NotFoundError"),
    "running already": (start_twice, "InvalidStateError"),
    "stopped": (run_in_stopped, "StoppedError"),
    "program missing": (lambda runtime: execute(runtime, "/nonexistent/binary"), "ExecutionError"),
    "not executable": (lambda runtime: execute(runtime, "/dev/null"), "ExecutionError"),
    "not allowed": (lambda runtime: execute(runtime, "ls"), "ExecutionError"),
    "no such user": (lambda runtime: execute(runtime, "id", wish={"user": "bogus"}), "InvalidArgumentError"),
    "too many commands": (run_too_many, "ResourceExhaustedError"),
    "session reaped": (signal_reaped, "SessionReapedError"),
    "signal not allowed": (signal_forbidden, "InvalidArgumentError"),
    "no time": (
        lambda runtime: execute(runtime, "true", timeout_secs=0),
        "InvalidArgumentError",
    ),
    "working directory": (lambda runtime: execute(runtime, "pwd", cwd="/x"), "UnsupportedError"),
    "no snapshots": (take_snapshot, "UnsupportedError"),
    "no images": (lambda runtime: runtime.images.list(), "UnsupportedError"),
}


@pytest.mark.parametrize(("session", "name"), MISTAKES.values(), ids=MISTAKES)
def test_client_raises_its_own_class_for_a_callers_mistake(served, boxes, session, name):
    with pytest.raises(boxlite.BoxliteError) as raised:
        drive(session, served)

    assert type(raised.value).__name__ == name


def test_wrong_key_is_a_matter_of_the_clients_configuration(served, boxes):
    with pytest.raises(boxlite.ConfigError, match="invalid or missing API key"):
        drive(create_twice, served, key="wrong")


@pytest.mark.parametrize("code", Code)
def test_every_code_of_the_sdk_reaches_the_client_as_its_class(served, boxes, code):
    name = f"fails-{code.name.lower().replace('_', '-')}"

    with pytest.raises(boxlite.BoxliteError) as raised:
        drive(lambda runtime: runtime.create(wish(), name=name), served)

    assert raised.value.code in TYPES
    assert TYPES[raised.value.code] == type(raised.value).__name__


@pytest.mark.parametrize("code", OF_THE_SERVICE)
def test_failure_of_the_service_tells_its_kind_and_no_detail(served, boxes, code):
    name = f"fails-{code.name.lower().replace('_', '-')}"

    with pytest.raises(boxlite.BoxliteError) as raised:
        drive(lambda runtime: runtime.create(wish(), name=name), served)

    assert TEXTS[code].format("") in str(raised.value)
    assert name not in str(raised.value)


def test_killed_portal_is_an_upstream_that_is_unavailable(served, boxes):
    async def session(runtime):
        box = await runtime.create(wish(), name="b1")
        os.kill((await runtime.get_info("b1")).state.pid, signal.SIGKILL)
        await box.exec("true", [])

    with pytest.raises(boxlite.errors.UpstreamUnavailableError, match="portal error"):
        drive(session, served)


def test_store_that_is_gone_is_a_storage_error_until_it_is_back(served, boxes):
    async def session(runtime):
        box = await runtime.create(wish(), name="b1")
        shutil.rmtree(boxes.store)
        for attempt in (box.exec("true", []), runtime.create(wish(), name="b2")):
            with pytest.raises(boxlite.errors.StorageError):
                await attempt
        (boxes.store / "b1").mkdir(parents=True)
        return (await execute(runtime, "true")).exit_code

    assert drive(session, served) == 0


def test_mirror_that_nobody_serves_is_a_network_error(served, boxes):
    with pytest.raises(boxlite.errors.NetworkError):
        drive(lambda runtime: create(runtime, image="mirror/alpine:3.20"), served)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("PUT", "/v1/boxes", 405, "unsupported"),
        ("GET", "/v1/nothing", 404, "not_found"),
        ("POST", "/v1/boxes", 413, "invalid_argument"),
    ],
)
def test_refusal_of_the_framework_has_a_code_that_the_client_knows(served, boxes, method, path, status, code):
    headers = {"Authorization": "Bearer key"}
    data = b'{"name": "' + b"x" * 70_000 + b'"}'

    response = (
        served[0]
        .test_client()
        .open(f"/boxes{path}", method=method, data=data, content_type="application/json", headers=headers)
    )

    assert (response.status_code, response.json["error"]["code"]) == (status, code)
    assert response.json["error"]["type"] == TYPES[code]
