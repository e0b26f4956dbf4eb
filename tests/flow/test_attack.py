"""Whatever is thrown at the border: secrets, threads, garbage, hostile paths, texts and objects."""

import asyncio
import gc
import json
import logging
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask, request
from flow_app import answer_to, app_raising, app_with, heard, raising
from werkzeug.exceptions import BadGateway, HTTPException, InternalServerError, NotFound

from flask_faultmap import DomainError, FaultMap, Rule, current_fault, fault_translated
from flask_faultmap.errors import GoneError, InternalError, NotFoundError, UnavailableError

SECRET = "hunter2-canary"


class SDKError(Exception):
    """A foreign library's error."""


def with_secrets(failure):
    """Hang secrets on *failure* wherever an exception can have them."""
    failure.__cause__ = OSError(f"dsn=postgres://admin:{SECRET}@db/{SECRET}")
    failure.__context__ = KeyError(SECRET)
    failure.add_note(SECRET)
    failure.password = SECRET
    return failure


LEAKS = [
    with_secrets(ZeroDivisionError(SECRET)),
    with_secrets(InternalError(SECRET, context={"password": SECRET})),
    with_secrets(UnavailableError(SECRET)),
    with_secrets(GoneError(SECRET, public="It is gone.", context={"password": SECRET})),
    with_secrets(SDKError(SECRET)),
    with_secrets(BadGateway(SECRET)),
    with_secrets(InternalServerError(SECRET, original_exception=SDKError(SECRET))),
    with_secrets(HTTPException(SECRET)),
    with_secrets(ExceptionGroup(SECRET, [SDKError(SECRET), InternalError(SECRET)])),
    with_secrets(ExceptionGroup(SECRET, [ZeroDivisionError(SECRET)])),
    UnicodeDecodeError("utf-8", SECRET.encode(), 0, 1, SECRET),
    FileNotFoundError(2, "No such file", f"/etc/{SECRET}"),
    type(f"Error_{SECRET.replace('-', '_')}", (Exception,), {})(SECRET),
]


@pytest.mark.parametrize("failure", LEAKS, ids=lambda failure: type(failure).__name__[:20])
@pytest.mark.parametrize("profile", ["problem", "firecracker"])
@pytest.mark.parametrize("debug", [False, True])
def test_no_private_word_leaves_the_app(failure, profile, debug):
    rules = [Rule(on=SDKError, to=UnavailableError)]

    response = answer_to(
        failure, rules=rules, FAULTMAP_PROFILE=profile, DEBUG=debug, PROPAGATE_EXCEPTIONS=False
    )

    told = f"{response.headers} {response.text}"
    assert SECRET not in told
    assert not [word for word in ("Traceback", "flow_app", "canary", "/etc") if word in told]


def test_missing_key_is_named_and_nothing_else_of_the_form():
    app = app_with()
    app.add_url_rule("/form", view_func=lambda: request.form["name"], methods=["POST"])

    response = app.test_client().post("/form", data={"password": SECRET})

    assert response.status_code == 400
    assert response.json["errors"][0]["name"] == "name"
    assert SECRET not in response.text


@pytest.mark.parametrize(
    "path",
    [
        "/" + "a" * 100_000,
        "/%0d%0aSet-Cookie:%20a=1",
        "/%1b[31mred",
        "/%00",
        "/%ff%fe",
        "/%ed%a0%80",
        "/%E2%80%AE",
        "/<script>alert(1)</script>",
        "/{0}{path}%s%(x)d",
        "/../../etc/passwd",
        "/a?x=%0d%0a&y={z}",
        "//",
    ],
    ids=lambda path: path[:20],
)
@pytest.mark.parametrize("profile", ["problem", "fault_message", "firecracker"])
@pytest.mark.parametrize("method", ["GET", "BREW", "PROPFIND"])
def test_hostile_path_is_a_plain_answer(path, profile, method):
    response = app_with(FAULTMAP_PROFILE=profile).test_client().open(path, method=method)

    assert response.status_code in (308, 400, 404, 405)
    assert len(response.data) < 2000
    assert "Set-Cookie" not in response.headers
    assert response.status_code == 308 or json.loads(response.data)


@pytest.mark.parametrize("name", ["X-Request-ID", "Accept", "Host", "Content-Type", "Content-Length"])
@pytest.mark.parametrize(
    "value", ["", "\u00ff" * 50, "x" * 10_000, "<b>", "-1", "\t"], ids=lambda each: each[:4]
)
def test_hostile_header_is_a_plain_answer(name, value):
    response = app_raising(GoneError("x")).test_client().post("/fail", headers={name: value})

    assert response.status_code in (400, 410)
    assert response.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "text",
    ["\x00", "\ud800", "\u2028", "</script>", '"}', "\\", "a\r\nb", "\x1b[31m", "é" * 100_000, "\U0010ffff"],
    ids=lambda text: ascii(text)[:20],
)
@pytest.mark.parametrize("profile", ["problem", "fault_message"])
def test_any_text_makes_valid_json(text, profile):
    response = answer_to(GoneError(f"It {text} is gone."), FAULTMAP_PROFILE=profile)

    shown = response.json["detail" if profile == "problem" else "fault_message"]
    assert (response.status_code, shown) == (410, f"It {text} is gone.".replace("\ud800", "\ufffd"))


def nested(depth):
    value = "deep"
    for _ in range(depth):
        value = {"in": [value]}
    return value


def cyclic():
    value = {"own": 1}
    value["again"] = value
    return value


class Hostile(dict):
    """Fails at every touch."""

    items = keys = values = __iter__ = __getitem__ = raising(OSError(SECRET))


class HostileText(str):
    """A text that lies about itself."""

    __str__ = __repr__ = __format__ = encode = raising(OSError(SECRET))


@pytest.mark.parametrize(
    "details",
    [
        {"own": nested(5_000)},
        cyclic(),
        {"own": float("nan")},
        {"own": float("inf")},
        {"own": 10**5000},
        {"own": object()},
        {"own": {1, 2}},
        {"own": b"\xff"},
        {1: 1, None: 2, (1, 2): 3, 1.5: 5},
        {"\ud800": "\udfff"},
        {"own": Hostile(a=1)},
        {"own": HostileText("x"), HostileText("y"): 1},
        {"own": [raising(OSError(SECRET))]},
        {"own": "x" * 1_000_000},
        ["no", "mapping"],
    ],
    ids=lambda details: f"{type(details).__name__}",
)
@pytest.mark.parametrize("log", [True, False])
def test_any_details_make_valid_json(details, log):
    failure = GoneError("It is gone.", details=details)
    failure.log_level = logging.ERROR if log else None

    response = answer_to(failure)

    assert (response.status_code, response.json["code"]) == (410, "gone")
    assert SECRET not in response.text


def test_view_that_recurses_for_ever_is_an_opaque_500():
    app = app_with()

    @app.route("/fail")
    def view():
        return view()

    response = app.test_client().get("/fail")

    assert (response.status_code, response.json["code"]) == (500, "internal")


def test_cause_chain_of_any_length_is_answered():
    failure = UnavailableError("x")
    link = failure
    for at in range(500):
        link.__cause__ = OSError(at)
        link = link.__cause__
    link.__cause__ = failure

    assert answer_to(failure).status_code == 503


def test_group_in_groups_of_any_depth_is_answered():
    failure = GoneError("x")
    for _ in range(2_000):
        failure = ExceptionGroup("x", [failure])

    response = app_raising(failure, FAULTMAP_LOG_LEVELS={"5xx": None}).test_client().get("/fail")

    assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("failure", [SystemExit, KeyboardInterrupt, GeneratorExit, asyncio.CancelledError])
def test_what_ends_a_worker_is_not_held_up(failure):
    app = app_raising(failure, rules=[Rule(on=Exception, to=GoneError)])

    with pytest.raises(failure):
        app.test_client().get("/fail")


def test_error_of_an_async_view_is_ours():
    app = app_with()

    @app.route("/fail")
    async def view():
        await asyncio.sleep(0)
        raise GoneError("It is gone.")

    assert app.test_client().get("/fail").json["detail"] == "It is gone."


def test_group_of_a_task_group_is_ours():
    app = app_with()

    @app.route("/fail")
    async def view():
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fail_later())

    assert app.test_client().get("/fail").json["detail"] == "It is gone."


async def fail_later():
    await asyncio.sleep(0)
    raise GoneError("It is gone.")


@pytest.mark.parametrize("failure", [OSError("x"), GoneError("x")], ids=["foreign", "domain"])
def test_async_receiver_that_raises_hurts_nobody(failure, caplog):
    app = app_raising(GoneError("x"))

    async def receive(sender, **payload):
        raise failure

    with fault_translated.connected_to(receive, sender=app), heard(sender=app) as told:
        response = app.test_client().get("/fail")

    assert (response.status_code, len(told)) == (410, 1)
    assert [record.exc_info[1] for record in caplog.records] == [failure]


def test_receiver_that_sends_a_request_itself_is_answered():
    app, told = app_raising(GoneError("x")), []

    def receive(sender, fault, **payload):
        if request.path == "/fail":
            told.append(app.test_client().get("/nowhere").status_code)
            told.append(current_fault() is fault)

    with fault_translated.connected_to(receive, sender=app):
        response = app.test_client().get("/fail")

    assert (response.status_code, told) == (410, [404, True])


def app_of_names(faults=None, **config):
    app = Flask("shop")
    app.config.update(config)
    (faults or FaultMap()).init_app(app)

    @app.route("/<name>")
    def view(name):
        raise NotFoundError(f"No {name}.", details={"name": name})

    return app


def ask_for(app, name):
    body = app.test_client().get(f"/{name}", headers={"X-Request-ID": f"request-{name}"}).json
    return body["detail"], body["name"], body["request_id"]


def test_threads_do_not_mix_their_faults():
    app, names = app_of_names(), [f"name{at:04}" for at in range(400)]

    with ThreadPoolExecutor(8) as pool:
        answers = [*pool.map(lambda name: ask_for(app, name), names)]

    assert answers == [(f"No {name}.", name, f"request-{name}") for name in names]


def test_first_requests_at_the_same_time_are_answered():
    faults = FaultMap()
    apps = [app_of_names(faults) for _ in range(20)] * 4

    with ThreadPoolExecutor(8) as pool:
        answers = [*pool.map(lambda app: ask_for(app, "one"), apps)]

    assert {*answers} == {("No one.", "one", "request-one")}


def test_apps_that_share_one_extension_do_not_mix_their_settings():
    faults = FaultMap()
    apps = [app_of_names(faults, FAULTMAP_STATUSES={"not_found": status}) for status in range(400, 440)]

    with ThreadPoolExecutor(8) as pool:
        statuses = [*pool.map(lambda app: app.test_client().get("/one").status_code, apps * 5)]

    assert statuses == [*range(400, 440)] * 5


def app_after(*paths):
    app = app_of_names(FaultMap(rules=[Rule(on=Exception, where={"code": 5}, to=GoneError)]))
    app.register_error_handler(418, lambda exc: app.name)
    app.teardown_appcontext(lambda exc: app.name)
    for path in paths:
        app.test_client().get(path)
    return app


@pytest.mark.parametrize(
    "paths", [[], ["/one"], ["/a/b", "/static/x", "/one"]], ids=["new", "used", "failed"]
)
def test_app_can_be_collected(paths):
    known = weakref.ref(app_after(*paths))

    gc.collect()

    assert known() is None


def test_app_can_be_collected_while_its_extension_lives():
    faults = FaultMap()
    known = weakref.ref(app_of_names(faults))

    gc.collect()

    assert known() is None
    assert faults.describe(GoneError("x")).status == 410


def test_exception_can_be_collected_after_its_request():
    app, known = app_with(), []

    @app.route("/fail")
    def view():
        failure = UnavailableError("x")
        known.append(weakref.ref(failure))
        raise failure

    logging.getLogger("shop").propagate = False
    app.test_client().get("/fail")
    logging.getLogger("shop").propagate = True
    gc.collect()

    assert [each() for each in known] == [None]


def test_classes_made_at_run_time_leave_no_trace():
    app, known = app_with(), []

    @app.route("/fail")
    def view():
        cls = type("Passing", (GoneError,), {})
        known.append(weakref.ref(cls))
        raise cls("x")

    statuses = [app.test_client().get("/fail").status_code for _ in range(50)]
    gc.collect()

    assert statuses == [410] * 50
    assert {each() for each in known} == {None}


def test_domain_error_that_is_an_http_error_too_is_answered_by_its_first_base():
    first = type("First", (DomainError, NotFound), {"code": "first"})("It is gone.")

    response = answer_to(first)

    assert (response.status_code, response.json["code"]) == (400, "first")
