"""The tour through the room *runs*, and the runs that it meets."""

from collections.abc import Mapping
from typing import Any

from example_app.rooms import Step
from example_app.runs.store import RunStore
from example_app.runs.tokens import Tokens

DAY = 86_400.0  # seconds
STORE_TEXT = "The step state could not be accessed. Please retry."


def seed(store: RunStore) -> None:
    """Fill a store with runs that go well and runs that do not."""
    store.add("run-1", 1, [{"kind": "form", "field": "amount"}])
    store.add("run-2", 2, [{"kind": "form", "field": "amount"}])
    store.add("run-busy", 1, [{"kind": "form", "field": "amount"}])
    store.claim("run-busy")  # by a worker that is elsewhere
    store.add("run-fetch", 1, [{"kind": "fetch", "path": "/available-run"}])
    store.add("run-tool", 1, [{"kind": "tool", "server": "private", "path": "/call"}])
    store.add("run-share", 1, [{"kind": "share", "total": 10, "parts": 0}])


def bearer(claims: Mapping[str, Any], *, seconds: float = DAY, secret: str = "tour") -> dict[str, str]:
    """Give the header of somebody with *claims*."""
    return {"Authorization": f"Bearer {Tokens(secret).issue(dict(claims), seconds=seconds)}"}


USER = bearer({"id": 1})
OPERATOR = bearer({"id": 7, "operator": True})

WALK = (
    Step(
        title="The health of the executor needs no token.",
        method="GET",
        path="/runs/health",
        status=200,
        body={"state": "running"},
    ),
    Step(
        title="Without a token nobody sees a run.",
        method="GET",
        path="/runs/run-1",
        status=401,
        code="unauthorized",
        body={"error": "Unauthorized"},
    ),
    Step(
        title="A token that has ended says no more than that.",
        method="GET",
        path="/runs/run-1",
        headers=bearer({"id": 1}, seconds=-1),
        status=401,
        code="unauthorized",
        body={"error": "Unauthorized"},
    ),
    Step(
        title="A step without its data is a failure without a category: 400, and logged.",
        method="POST",
        path="/runs/run-1/trigger",
        headers=USER,
        json={"pendingData": {}},
        status=400,
        code="invalid_pending_data",
        body={"error": "The request body is invalid."},
    ),
    Step(
        title="With its data the step is done.",
        method="POST",
        path="/runs/run-1/trigger",
        headers=USER,
        json={"pendingData": {"amount": 3}},
        status=200,
        body={"result": 3, "done": True},
    ),
    Step(
        title="An unknown run is told apart from a wrong URL by its code.",
        method="GET",
        path="/runs/run-404",
        headers=USER,
        status=404,
        code="run_not_found",
        body={"error": "Run not found or unavailable"},
    ),
    Step(
        title="Another user's run is forbidden; who owns it stays in the log.",
        method="POST",
        path="/runs/run-2/trigger",
        headers=USER,
        status=403,
        code="user_mismatch",
        body={"error": "Forbidden"},
    ),
    Step(
        title="A run that a worker has is expected: 400, and not logged.",
        method="POST",
        path="/runs/run-busy/trigger",
        headers=USER,
        status=400,
        code="run_already_in_flight",
        body={"error": "This step is already running."},
    ),
    Step(
        title="A workflow server that nobody runs is a 503.",
        method="POST",
        path="/runs/run-fetch/trigger",
        headers=USER,
        status=503,
        code="workflow_port",
    ),
    Step(
        title="A division by zero is a bug: an opaque 500, its stack in the log.",
        method="POST",
        path="/runs/run-share/trigger",
        headers=USER,
        status=500,
        code="internal",
        body={"error": "Internal server error"},
    ),
    Step(
        title="A tool server that asks for a login is a 409, with what the step waits for.",
        method="POST",
        path="/runs/run-tool/trigger",
        headers=USER,
        status=409,
        code="reauth_required",
        body={"awaitingInputReason": "needs-oauth-reauth", "mcpServerId": "private"},
    ),
    Step(
        title="Without a key no credentials are taken; a client tells it by the code.",
        method="POST",
        path="/runs/mcp-oauth-credentials",
        headers=USER,
        json={"mcpServerId": "private", "refreshToken": "r", "tokenEndpoint": "https://auth.example.org/"},
        status=503,
        code="executor_encryption_key_missing",
        body={"code": "executor_encryption_key_missing"},
    ),
    Step(title="An operator drains it.", method="PUT", path="/runs/drain", headers=OPERATOR, status=204),
    Step(
        title="It takes no more work,",
        method="POST",
        path="/runs/run-1/trigger",
        headers=USER,
        status=503,
        code="not_running",
    ),
    Step(title="and is started again.", method="DELETE", path="/runs/drain", headers=OPERATOR, status=204),
    Step(
        title="An operator locks the store.",
        method="PUT",
        path="/runs/maintenance",
        headers=OPERATOR,
        status=204,
    ),
    Step(
        title="A locked store is a 503 when a run is read,",
        method="GET",
        path="/runs/run-1",
        headers=USER,
        status=503,
        code="run_store",
        body={"error": STORE_TEXT},
    ),
    Step(
        title="and the same 503 when one is triggered.",
        method="POST",
        path="/runs/run-1/trigger",
        headers=USER,
        status=503,
        code="run_store",
        body={"error": STORE_TEXT},
    ),
    Step(
        title="The operator unlocks it.",
        method="DELETE",
        path="/runs/maintenance",
        headers=OPERATOR,
        status=204,
    ),
)
