"""An answer that has begun, through Flask."""

import asyncio
import gc
import json
import logging
import weakref

import pytest
from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    g,
    got_request_exception,
    has_request_context,
    redirect,
    request,
    session,
)
from flask.views import MethodView, View
from flow_app import heard
from werkzeug.exceptions import NotFound
from werkzeug.test import Client

from flask_faultmap import FaultMap, Profile, Rule, current_fault
from flask_faultmap.errors import NotFoundError, ResourceExhaustedError, UnavailableError
from flask_faultmap.profiles import ProblemSchema
from flask_faultmap.streams import Event, Framing
from flask_faultmap.streams.framing import find_framing

SECRET = "password=hunter2"
LOST = NotFoundError("Run 'r1' is gone", details={"run": "r1"})
END = {"done": True}


def make(view=None, framing="ndjson", *, faults=None, methods=("GET",), **config):
    """Make an app whose ``/log`` streams what *view* yields."""
    app = Flask("shop")
    app.config.update(config)
    app.secret_key = "k"
    faults = faults or FaultMap()
    faults.init_app(app)
    if view is not None:
        app.add_url_rule("/log", view_func=faults.stream(framing)(view), methods=methods)
    return app


def yielding(*items):
    """Make a view that yields *items*; an exception among them is raised."""

    def view():
        for item in items:
            if isinstance(item, BaseException):
                raise item
            yield item

    return view


def lines_of(response):
    return [json.loads(line) for line in response.get_data().splitlines()]


def test_good_stream_ends_with_its_mark():
    response = make(yielding({"n": 1}, "two", b'{"raw":3}\n')).test_client().get("/log")

    assert (response.status_code, response.content_type) == (200, "application/x-ndjson")
    assert lines_of(response) == [{"n": 1}, "two", {"raw": 3}, END]


def test_stream_is_not_stored_and_not_buffered_and_has_the_id():
    response = make(yielding(1)).test_client().get("/log", headers={"X-Request-ID": "run-00001"})

    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert response.headers["X-Request-ID"] == "run-00001"


def test_stream_may_have_no_end_mark():
    response = make(yielding(1), find_framing("ndjson", None)).test_client().get("/log")

    assert response.get_data() == b"1\n"


def test_stream_without_items_is_its_end_mark():
    assert lines_of(make(yielding()).test_client().get("/log")) == [END]


@pytest.mark.parametrize("framing", ["ndjson", "sse"])
def test_error_before_the_first_item_is_an_ordinary_fault(framing):
    with heard() as told:
        response = make(yielding(LOST), framing).test_client().get("/log")

    assert (response.status_code, response.content_type) == (404, "application/problem+json")
    assert response.get_json()["run"] == "r1"
    assert [one.committed for one in told] == [False]


def test_bug_before_the_first_item_is_an_ordinary_500():
    response = make(yielding(RuntimeError(SECRET))).test_client().get("/log")

    assert (response.status_code, response.get_json()["code"]) == (500, "internal")


def test_error_after_items_is_the_last_line():
    response = make(yielding(*range(3000), LOST)).test_client().get("/log")

    *items, last = lines_of(response)
    assert (response.status_code, items) == (200, [*range(3000)])
    assert last["status"] == 404
    assert (last["error"]["code"], last["error"]["detail"]) == ("not_found", "Run 'r1' is gone")
    assert last["error"]["run"] == "r1"
    assert last["error"]["request_id"] == response.headers["X-Request-ID"]


def test_error_after_items_is_the_last_event():
    response = make(yielding("a", LOST), "sse").test_client().get("/log")

    item, error, rest = response.get_data(as_text=True).split("\n\n")
    assert (item, rest) == ("data: a", "")
    assert error.startswith('event: error\ndata: {"type":"about:blank","title":"Not Found","status":404')


def test_error_is_signalled_and_logged_and_kept(caplog):
    app = make(yielding(1, ResourceExhaustedError("Too fast", retry_after=3)))
    kept = []
    app.teardown_request(lambda exc: kept.append((current_fault(), exc)))
    app.teardown_appcontext(lambda exc: kept.append((current_fault(), exc)))

    with heard() as told, caplog.at_level(logging.INFO):
        last = lines_of(app.test_client().get("/log"))[-1]

    (one,) = told
    assert (one.fault.code, one.committed, one.status) == ("resource_exhausted", True, 429)
    assert last["error"]["retry_after"] == 3
    assert kept[-2:] == [(one.fault, None)] * 2


def test_retry_hint_of_zero_travels_in_the_frame():
    response = make(yielding(1, ResourceExhaustedError(retry_after=0))).test_client().get("/log")

    assert lines_of(response)[-1]["error"]["retry_after"] == 0


@pytest.mark.parametrize("failure", [RuntimeError(SECRET), KeyError(SECRET)], ids=repr)
def test_bug_is_opaque_and_told_to_flask_once(failure, caplog):
    app = make(yielding(1, failure))
    with heard(got_request_exception, app) as bugs, heard() as told:
        response = app.test_client().get("/log", buffered=True)

    assert SECRET not in response.get_data(as_text=True)
    assert lines_of(response)[-1]["error"]["code"] == "internal"
    assert lines_of(response)[-1]["status"] == 500
    assert [one.exception for one in bugs] == [failure]
    assert [one.committed for one in told] == [True]
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert caplog.records[0].exc_info[1] is failure


@pytest.mark.parametrize("setting", ["TESTING", "DEBUG", "PROPAGATE_EXCEPTIONS"])
def test_bug_is_sent_and_then_raised_where_flask_raises(setting):
    failure = RuntimeError(SECRET)
    app = make(yielding(1, failure), **{setting: True})
    app.debug = setting == "DEBUG"
    torn = []
    app.teardown_request(torn.append)
    response = app.test_client().get("/log", buffered=False)
    chunks = []

    with pytest.raises(RuntimeError) as raised:
        chunks.extend(response.response)

    assert raised.value is failure
    assert json.loads(chunks[-1])["error"]["code"] == "internal"
    assert torn[-1] is failure


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (NotFound(), 404, "not_found"),
        (ExceptionGroup("both", [LOST, NotFoundError()]), 404, "not_found"),
        (ZeroDivisionError(SECRET), 503, "unavailable"),
    ],
    ids=["HTTP error", "group", "rule"],
)
def test_failure_means_what_it_means_anywhere(failure, status, code):
    faults = FaultMap(rules=[Rule(on=ZeroDivisionError, to=UnavailableError)])
    response = make(yielding(1, failure), faults=faults).test_client().get("/log")

    last = lines_of(response)[-1]
    assert (last["status"], last["error"]["code"]) == (status, code)
    assert SECRET not in response.get_data(as_text=True)


@pytest.mark.parametrize(
    "stop", [lambda: redirect("/x"), lambda: abort(redirect("/x"))], ids=["returned", "aborted"]
)
def test_answer_that_comes_too_late_is_a_bug(stop, caplog):
    def view():
        yield 1
        stop()
        abort(redirect("/x"))

    response = make(view).test_client().get("/log")

    assert lines_of(response)[-1]["error"]["code"] == "internal"


@pytest.mark.parametrize(
    ("scope", "body"),
    [
        ("fault_message", {"error": {"fault_message": "Run 'r1' is gone"}, "status": 400}),
        (None, None),
    ],
    ids=["fault_message", "None: the default profile"],
)
def test_frame_is_made_by_the_profile_of_the_scope(scope, body):
    app = make(yielding(1, LOST), FAULTMAP_SCOPES={"/log": scope})

    last = lines_of(app.test_client().get("/log"))[-1]

    assert last == body or (scope is None and last["error"]["code"] == "not_found")


def test_compatibility_mode_counts():
    app = make(yielding(1, LOST), FAULTMAP_COMPATIBILITY_MODE=True)

    assert lines_of(app.test_client().get("/log"))[-1]["status"] == 400


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError

    __repr__ = __str__


class BrokenSchema(ProblemSchema):
    def dump(self, *_, **__):
        raise RuntimeError(SECRET)


@pytest.mark.parametrize("framing", ["ndjson", "sse"])
def test_exception_that_cannot_be_spoken_is_opaque(framing):
    response = make(yielding(1, Unspeakable()), framing).test_client().get("/log")

    assert '"code":"internal"' in response.get_data(as_text=True)


def test_constant_frame_is_sent_if_the_profile_fails():
    faults = FaultMap(profiles=[Profile(name="own", schema=BrokenSchema)])
    app = make(yielding(1, LOST), faults=faults, FAULTMAP_PROFILE="own")

    assert lines_of(app.test_client().get("/log"))[-1]["status"] == 500


def test_constant_frame_is_sent_if_the_framing_fails(caplog):
    def fail(*_):
        raise RuntimeError(SECRET)

    own = Framing(name="own", media_type="application/x-own", frame=lambda item: b"x", error=fail)
    response = make(yielding(1, LOST), own).test_client().get("/log")

    assert response.get_data() == b'x{"error":{"code":"internal"},"status":500}\n'
    assert SECRET not in response.get_data(as_text=True)


def test_item_that_cannot_be_framed_is_a_bug_of_the_app():
    response = make(yielding(1, object())).test_client().get("/log")

    assert lines_of(response)[-1]["error"]["code"] == "internal"


class Source:
    """An iterator that says when it is closed, and fails then if it is told to."""

    def __init__(self, *items, failure=None):
        self.items, self.failure, self.closed = iter(items), failure, 0

    def __iter__(self):
        return self

    def __next__(self):
        item = next(self.items)
        if isinstance(item, BaseException):
            raise item
        return item

    def close(self):
        self.closed += 1
        if self.failure:
            raise self.failure


@pytest.mark.parametrize("items", [(), (1,), (LOST,), (1, LOST)], ids=["none", "one", "early", "late"])
def test_source_is_always_closed(items):
    source = Source(*items)

    make(lambda: source).test_client().get("/log")

    assert source.closed >= 1


@pytest.mark.parametrize("items", [(1,), (1, LOST)], ids=["one", "late"])
def test_source_is_closed_at_once_where_no_response_can_be_made(items):
    class BrokenResponse(Response):
        def __init__(self, *_, **__):
            raise RuntimeError(SECRET)

    sources, closed, contexts = [], [], []

    def follow():
        sources.append(Source(*items))
        return sources[-1]

    app = make(follow)
    app.response_class = BrokenResponse
    app.teardown_request(lambda _: closed.append(sources[-1].closed))
    for _ in range(3):
        answer = Client(app).get("/log")
        contexts.append(has_request_context())
        answer.close()

    assert (answer.status_code, b"hunter2" in answer.get_data()) == (500, False)
    assert min(closed) > 0
    assert contexts == [False, False, False]


@pytest.mark.parametrize("status", [204, 304])
def test_source_is_closed_in_its_context_where_nothing_is_sent(status):
    closed = []

    def follow():
        try:
            yield 1
        finally:
            closed.append(request.path)

    response = make(lambda: (follow(), status)).test_client().get("/log", buffered=True)

    assert (response.status_code, response.get_data(), closed) == (status, b"", ["/log"])
    with pytest.raises(RuntimeError):
        _ = request.path


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, asyncio.CancelledError, GeneratorExit])
def test_source_is_closed_and_nothing_told_if_the_process_is_to_stop(stop):
    source = Source(1, stop())

    with heard() as told, pytest.raises(stop):
        make(lambda: source).test_client().get("/log", buffered=True)

    assert (source.closed, told) == (1, [])


def test_failure_in_close_takes_the_place_of_the_end_mark():
    source = Source(1, failure=NotFoundError("The store is gone"))

    lines = lines_of(make(lambda: source).test_client().get("/log"))

    assert [lines[0], lines[-1]["error"]["detail"]] == [1, "The store is gone"]
    assert END not in lines


def test_failure_in_close_after_a_failure_is_only_logged(caplog):
    source = Source(1, LOST, failure=RuntimeError(SECRET))

    lines = lines_of(make(lambda: source).test_client().get("/log"))

    assert lines[-1]["error"]["code"] == "not_found"
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_client_that_goes_away_is_no_error(caplog):
    source = Source(*range(100))
    torn = []
    app = make(lambda: source)
    app.teardown_request(torn.append)
    response = app.test_client().get("/log", buffered=False)
    next(iter(response.response))

    with caplog.at_level(logging.DEBUG, "flask_faultmap"), heard() as told:
        response.close()

    assert source.closed == 1
    assert told == []
    assert [record.levelname for record in caplog.records] == ["DEBUG"]
    assert isinstance(torn[-1], GeneratorExit)  # as Flask's own stream_with_context has it


def test_head_has_the_headers_and_closes_the_source():
    source = Source(*range(5))
    app = make(lambda: source)

    response = app.test_client().head("/log")

    assert (response.status_code, response.get_data(), source.closed) == (200, b"", 1)
    assert response.content_type == "application/x-ndjson"
    with pytest.raises(RuntimeError):
        _ = request.path


def test_request_session_and_g_are_there_to_the_end():
    def view():
        g.user = "ann"
        session["n"] = 1
        yield request.path
        yield [g.user, session["n"], current_app.name]

    assert lines_of(make(view).test_client().get("/log")) == ["/log", ["ann", 1, "shop"], END]


def test_before_and_after_request_run_as_for_any_view():
    app = make(yielding(1))
    app.before_request(lambda: setattr(g, "seen", True))
    app.after_request(lambda response: response.headers.set("X-Seen", str(g.seen)) or response)

    assert app.test_client().get("/log").headers["X-Seen"] == "True"


def test_view_may_return_status_and_headers():
    response = make(lambda: (iter([1]), 202, {"X-Run": "r1"})).test_client().get("/log")

    assert (response.status_code, response.headers["X-Run"], lines_of(response)) == (202, "r1", [1, END])


@pytest.mark.parametrize(
    ("returned", "status"),
    [({"plain": 1}, 200), ("text", 200), (("gone", 410), 410), ([1, 2], 200)],
    ids=["dict", "text", "tuple", "list"],
)
def test_finished_response_passes(returned, status):
    response = make(lambda: returned).test_client().get("/log")

    assert (response.status_code, END in response.get_data().splitlines()) == (status, False)


def test_async_generator_is_refused_where_it_is_decorated():
    async def view():
        yield 1

    with pytest.raises(TypeError, match="is an async generator"):
        FaultMap().stream("ndjson")(view)


def test_async_view_may_return_an_iterator():
    async def view():
        return iter([1])

    assert lines_of(make(view).test_client().get("/log")) == [1, END]


def test_async_iterator_is_refused_in_words():
    async def numbers():
        yield 1

    with pytest.raises(TypeError, match="async iterator"):
        make(lambda: numbers(), TESTING=True).test_client().get("/log")


def test_method_class_based_view_and_blueprint_stream_too():
    faults = FaultMap()

    class Logs(MethodView):
        @faults.stream("ndjson")
        def get(self):
            yield "method"

    class Old(View):
        decorators = [faults.stream("ndjson")]

        def dispatch_request(self):
            yield "class"

    part = Blueprint("part", __name__, url_prefix="/part")

    @part.get("/log")
    @faults.stream("ndjson")
    def log():
        yield "blueprint"
        raise LOST

    app = make(faults=faults)
    app.add_url_rule("/method", view_func=Logs.as_view("method"))
    app.add_url_rule("/class", view_func=Old.as_view("class"))
    app.register_blueprint(part)
    firsts = [lines_of(app.test_client().get(path))[0] for path in ("/method", "/class", "/part/log")]

    assert firsts == ["method", "class", "blueprint"]


def test_function_form_takes_an_end_mark_of_its_own():
    faults = FaultMap()
    app = make(faults=faults)

    @app.get("/log")
    def log():
        return faults.streamed(iter([Event(1)]), "sse", end="data: [DONE]\n\n")

    assert app.test_client().get("/log").get_data() == b"data: 1\n\ndata: [DONE]\n\n"


def test_function_form_refuses_what_cannot_be_iterated():
    faults = FaultMap()
    app = make(faults=faults, TESTING=True)
    app.add_url_rule("/log", view_func=lambda: faults.streamed(7, "sse"))

    with pytest.raises(TypeError, match="was given int"):
        app.test_client().get("/log")


def test_unknown_framing_is_refused_when_the_view_is_made():
    with pytest.raises(Exception, match="Did you mean 'ndjson'"):
        FaultMap().stream("njson")


@pytest.mark.long
def test_nothing_of_an_item_is_kept():
    class Item(dict):
        pass

    seen = []

    def view():
        for _ in range(5):
            item = Item(n=1)
            seen.append(weakref.ref(item))
            yield item
            del item

    response = make(view).test_client().get("/log", buffered=False)
    for _ in response.response:
        gc.collect()
        assert sum(ref() is not None for ref in seen) <= 1


def test_fault_of_a_stream_does_not_outlive_its_request_under_an_outer_app_context():
    app = make(yielding(1, LOST))

    with app.app_context():
        lines_of(app.test_client().get("/log"))
        later = current_fault()

    assert later is None
