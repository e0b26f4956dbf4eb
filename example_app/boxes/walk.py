"""The tour's walk through *boxes*."""

from typing import Any

from example_app.rooms import Step

BOXES = "/boxes/v1/boxes"
B1 = f"{BOXES}/b1"


def run(*words: str, title: str, status: int, code: str | None = None, **more: Any) -> Step:
    """Make a step that runs a command in the box b1."""
    body = more.pop("body", {})
    return Step(
        title=title,
        method="POST",
        path=f"{B1}/exec",
        json={"command": words[0], "args": [*words[1:]], **more},
        status=status,
        code=code,
        body=body if code is None else {"error.code": code, **body},
    )


def post(path: str, sent: Any, title: str, status: int, code: str | None = None, **body: Any) -> Step:
    """Make a step that posts *sent*."""
    expected = body if code is None else {"error.code": code}
    return Step(title=title, method="POST", path=path, json=sent, status=status, code=code, body=expected)


WALK = (
    post(BOXES, {"name": "b1"}, "A box is made", 201, box_id="b1"),
    run("echo", "hello", title="A command runs in it", status=201, body={"execution_id": "e1"}),
    post(BOXES, {"name": "b1"}, "Its name is taken", 409, "already_exists"),
    post(BOXES, {"name": "b2", "image": "nope:1"}, "The image is unknown", 422, "image_pull_failed"),
    post(BOXES, {"name": "b2", "cpus": 0}, "A box cannot have no CPU", 400, "invalid_argument"),
    post(
        BOXES,
        {"name": "b2", "image": "mirror/alpine:3.20"},
        "Nobody listens where the mirror of images should be; the address is for the log",
        503,
        "network_unavailable",
    ),
    post(BOXES, {"name": "fails-engine"}, "The engine fails", 503, "engine_unavailable"),
    Step(
        title="No box has this name",
        method="GET",
        path=f"{BOXES}/b9",
        status=404,
        code="not_found",
        body={"error.message": "box not found: box b9", "error.type": "NotFoundError"},
    ),
    run(
        "/nonexistent/binary",
        title="The program is missing: a rule finds FileNotFoundError behind the SDK's code INTERNAL",
        status=422,
        code="execution_failed",
    ),
    run(
        "/dev/null",
        title="The system refuses to execute this one; the answer does not say why, the log does",
        status=422,
        code="execution_failed",
        body={"error.message": "Execution error: the program cannot be executed"},
    ),
    run("ls", title="Not on the allow-list", status=422, code="execution_failed"),
    run("pwd", tty=True, title="There are no terminals here", status=400, code="unsupported"),
    run(
        "id",
        user="bogus",
        title="The guest user is missing: only a sentence tells, so a narrow text rule reads it",
        status=400,
        code="invalid_argument",
        body={"error.message": "invalid argument: the box has no such user"},
    ),
    run("sleep", "30", timeout_seconds=0.001, title="A command is given no time", status=201),
    Step(
        title="Its time is up: 504, with advice for the retry",
        method="GET",
        path=f"{B1}/executions/e2",
        status=504,
        code="timeout",
        body={"error.type": "TimeoutError"},
    ),
    run("sleep", "30", title="One command is left running", status=201, body={"execution_id": "e3"}),
    run("sleep", "30", title="And a second", status=201, body={"execution_id": "e4"}),
    run(
        "sleep",
        "30",
        title="A third is one too many: 429, and Retry-After says when a slot is free",
        status=429,
        code="resource_exhausted",
    ),
    post(f"{B1}/executions/e3/signal", {"signal": 9}, "This signal may not be sent", 400, "invalid_argument"),
    Step(
        title="The first is killed, its session reaped",
        method="DELETE",
        path=f"{B1}/executions/e3",
        status=204,
    ),
    Step(
        title="What was reaped is gone for good",
        method="GET",
        path=f"{B1}/executions/e3",
        status=410,
        code="session_reaped",
        body={"error.type": "SessionReapedError"},
    ),
    Step(title="The box is stopped, and what runs in it", method="POST", path=f"{B1}/stop", status=200),
    run(
        "true",
        title="Nothing runs in a stopped box: the SDK's error is found inside the runner's",
        status=409,
        code="stopped",
    ),
    Step(
        title="This is not JSON",
        method="POST",
        path=BOXES,
        data=b"{name:",
        headers={"Content-Type": "application/json"},
        status=400,
        code="malformed_json",
    ),
    Step(
        title="A wrong method keeps its Allow header, and the room's shape",
        method="PUT",
        path=B1,
        json={},
        status=405,
        code="method_not_allowed",
        body={"error.type": "UnsupportedError"},
    ),
    Step(
        title="A browser asks for HTML and gets JSON all the same",
        method="GET",
        path="/boxes/v1/nope",
        headers={"Accept": "text/html"},
        status=404,
        code="unknown_path",
    ),
)
