"""The tour through the room *endpoints*."""

from typing import Any

from example_app.rooms import Step

ROOT = "/endpoints"
UNREADABLE = "appproxy_request_invalid-data-format"
DEAD = "appproxy_request_unavailable"
KEY = {"Idempotency-Key": "make-search-once"}


def _mood(mood: str, title: str) -> Step:
    path = f"{ROOT}/coordinator/mood"
    return Step(title=title, method="PUT", path=path, json={"mood": mood}, status=204)


def _make(
    title: str, name: str, status: int, code: str | None = None, msg: str | None = None, **more: Any
) -> Step:
    body = {"name": name} if code is None else {"error_code": code}
    if msg is not None:
        body["msg"] = msg
    return Step(
        title=title,
        method="POST",
        path=ROOT,
        json={"name": name},
        status=status,
        code=code,
        body=body,
        **more,
    )


def _delete(title: str, name: str, status: int, code: str | None = None) -> Step:
    body = {} if code is None else {"error_code": code}
    return Step(title=title, method="DELETE", path=f"{ROOT}/{name}", status=status, code=code, body=body)


def _many(title: str, what: str, names: list[str], status: int, code: str | None = None, **body: Any) -> Step:
    path = f"{ROOT}/{what}"
    return Step(
        title=title, method="POST", path=path, json={"names": names}, status=status, code=code, **body
    )


def _list(title: str, *names: str) -> Step:
    endpoints = [{"name": name, "url": f"https://{name}.example.org/"} for name in names]
    return Step(title=title, method="GET", path=ROOT, status=200, body={"endpoints": endpoints})


WORKING = (
    _list("The first call starts the coordinator, in a process of its own."),
    _make("An endpoint is made by the coordinator.", "chat", 201),
    _make(
        "A taken name is the client's trouble, so the coordinator's 409 passes.",
        "chat",
        409,
        "endpoint_create_already-exists",
    ),
    _make(
        "A name that is none comes back as a 400, with the coordinator's reason.",
        "no name",
        400,
        "endpoint_create_invalid-parameters",
        msg="'no name' is no name; allowed are letters, digits and underscores",
    ),
    _many("Many endpoints are made at once.", "bulk", ["vision", "speech"], 201),
    _many(
        "One taken name among many makes none.",
        "bulk",
        ["music", "chat"],
        409,
        "endpoint_create_already-exists",
    ),
    _many(
        "Many are deleted, and what was not there is told: no success.",
        "bulk-delete",
        ["vision", "music"],
        404,
        "endpoint_purge_not-found",
        body={"data.deleted": ["vision"], "data.missing": ["music"]},
    ),
    _many("Many are deleted for good.", "bulk-delete", ["speech"], 204),
    _delete("Deleting what is not there is a 404.", "music", 404, "endpoint_read_not-found"),
)

MISBEHAVING = (
    _mood("html", "A proxy now stands before the coordinator, and answers with a page."),
    _delete("A deletion that a page of nginx answers is no success.", "chat", 502, UNREADABLE),
    _many("Nor is one of many.", "bulk-delete", ["chat"], 502, UNREADABLE),
    _mood("strict", "The coordinator now refuses our token."),
    _delete("Its 401 is our trouble, never the client's.", "chat", 502, UNREADABLE),
    _mood("busy", "The coordinator now takes no work."),
    _delete("Its 503 is handed on, with the time to wait.", "chat", 503, "appproxy_request_not-ready"),
    _mood("garbled", "The coordinator now breaks off its JSON."),
    _make("A success that cannot be read is none.", "music", 502, UNREADABLE),
    _mood("slow", "The coordinator now takes longer than we wait."),
    _make(
        "A lost answer leaves open whether the work was done.",
        "search",
        504,
        "appproxy_request_timeout",
        headers=KEY,
    ),
    _mood("well", "The coordinator is well again."),
    _make("With the same Idempotency-Key a retry does no harm.", "search", 201, headers=KEY),
    _list("What is left: nothing was lost, nothing was done twice.", "chat", "music", "search"),
)

DYING = (
    Step(title="The coordinator is killed.", method="DELETE", path=f"{ROOT}/coordinator", status=204),
    _delete("A deletion that nobody took is no success.", "chat", 502, DEAD),
    _many("Nor are many.", "bulk-delete", ["chat", "music"], 502, DEAD),
    _make("And nothing is made.", "late", 502, DEAD),
    Step(title="The coordinator is started anew.", method="POST", path=f"{ROOT}/coordinator", status=204),
    _make("It works again.", "chat", 201),
    _delete("A deletion that was done is a success.", "chat", 204),
)

WALK = (*WORKING, *MISBEHAVING, *DYING)
