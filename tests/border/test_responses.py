"""A reply that is complete is sent as it is; whatever the app changes of it goes Werkzeug's way."""

import copy
import gc
import pickle
import weakref

import pytest
from flask import Flask, Response, request
from flow_app import app_raising
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers
from werkzeug.test import Client, EnvironBuilder

from flask_faultmap import FaultMap, Profile
from flask_faultmap.border.responses import Responses, complete_class
from flask_faultmap.errors import NotFoundError
from flask_faultmap.profiles import ProblemSchema
from flask_faultmap.profiles.profile import Reply

BODY = '{"detail":"zu spät"}'.encode()
REPLY = Reply(404, (("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))), BODY)


def with_new_headers(response):
    response.headers = Headers(response.headers)


def with_etag(response):
    response.add_etag()
    response.make_conditional(
        EnvironBuilder(headers={"If-None-Match": response.headers["ETag"]}).get_environ()
    )


CHANGES = {
    "nothing": lambda response: None,
    "a header more": lambda response: response.headers.add("X-App", "1"),
    "a header less": lambda response: response.headers.pop("Content-Type", None),
    "no length": lambda response: response.headers.pop("Content-Length", None),
    "a wrong length": lambda response: response.headers.set("Content-Length", "3"),
    "another type": lambda response: setattr(response, "content_type", "text/plain"),
    "an iri": lambda response: response.headers.set("Location", "/ä"),
    "a cookie": lambda response: response.set_cookie("a", "b"),
    "a status": lambda response: setattr(response, "status_code", 418),
    "a phrase": lambda response: setattr(response, "status", "404 Gone Fishing"),
    "no content": lambda response: setattr(response, "status_code", 204),
    "not modified": lambda response: setattr(response, "status_code", 304),
    "another body": lambda response: response.set_data("short"),
    "a body of its length": lambda response: response.set_data(b"x" * len(BODY)),
    "texts": lambda response: setattr(response, "response", ["ä", "b"]),
    "two chunks": lambda response: setattr(response, "response", [*response.response, b"more"]),
    "no chunk": lambda response: setattr(response, "response", []),
    "a tuple": lambda response: setattr(response, "response", (b"a",)),
    "frozen": lambda response: response.freeze(),
    "an etag": with_etag,
    "other headers": with_new_headers,
    "as it is": lambda response: setattr(response, "direct_passthrough", True),
}


def sent(response, way, method):
    chunks, status, headers = way(response, EnvironBuilder(method=method).get_environ())
    return b"".join(chunks), status, headers


@given(
    changes=st.lists(st.sampled_from(sorted(set(CHANGES) - {"as it is"})), max_size=4),
    method=st.sampled_from(["GET", "HEAD", "POST"]),
)
def test_both_ways_send_the_same(changes, method):
    response = Responses().make(Flask("shop"), REPLY)
    for name in changes:
        CHANGES[name](response)

    assert sent(response, type(response).get_wsgi_response, method) == sent(
        response, Response.get_wsgi_response, method
    )


@pytest.mark.parametrize("name", CHANGES)
def test_change_after_the_request_is_sent(name):
    app = app_raising(NotFoundError("gone"))
    ready = []

    @app.after_request
    def change(response):
        if request.headers.get("X-Change"):
            CHANGES[name](response)
        ready.append(response)
        return response

    got = Client(app).get("/fail", headers={"X-Change": "1"})

    chunks, status, headers = Response.get_wsgi_response(ready[0], EnvironBuilder().get_environ())
    assert got.status == status
    assert [*got.headers] == headers
    assert got.data == b"".join(each if isinstance(each, bytes) else each.encode() for each in chunks)


class Sending(Response):
    """Sends by itself."""

    def get_wsgi_headers(self, environ):
        headers = super().get_wsgi_headers(environ)
        headers["X-Sent"] = "by hand"
        return headers


class Absolute(Response):
    """Makes absolute URLs of its Location."""

    autocorrect_location_header = True


class Final(Response):
    """Allows no class below it."""

    def __init_subclass__(cls, **kwargs):
        raise TypeError("final")


@pytest.mark.parametrize("cls", [Sending, Absolute, Final, lambda *given: Response(*given)])
def test_class_that_sends_by_itself_stays(cls):
    assert complete_class(cls) is cls


def test_class_that_sends_by_itself_is_asked():
    app = app_raising(NotFoundError("gone"))
    app.response_class = Sending

    assert Client(app).get("/fail").headers["X-Sent"] == "by hand"


def test_class_set_later_counts():
    app = app_raising(NotFoundError("gone"))
    Client(app).get("/fail")
    app.response_class = Sending

    assert Client(app).get("/fail").headers["X-Sent"] == "by hand"


def test_app_is_told_when_its_answer_was_sent():
    app = app_raising(NotFoundError("gone"))
    closed = []

    @app.after_request
    def watch(response):
        response.call_on_close(lambda: closed.append(response.status_code))
        return response

    Client(app).get("/fail").close()

    assert closed == [404]


def test_class_is_called_as_the_apps():
    class Own(Response):
        """An app's class."""

    made = complete_class(Own)

    assert (made.__name__, made.__qualname__, made.__module__) == (Own.__name__, Own.__qualname__, __name__)
    assert issubclass(made, Own)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_response_travels_as_the_apps_class(protocol):
    response = Responses().make(Flask("shop"), REPLY)

    back = pickle.loads(pickle.dumps(response, protocol))

    assert type(back) is Response
    assert (back.status, [*back.headers], back.data) == (response.status, [*response.headers], response.data)


def test_copy_sends_the_same():
    response = Responses().make(Flask("shop"), REPLY)

    assert sent(copy.deepcopy(response), Response.get_wsgi_response, "GET") == sent(
        response, type(response).get_wsgi_response, "GET"
    )


def test_classes_go_with_their_app():
    class Own(Response):
        """An app's class."""

    app = app_raising(NotFoundError("gone"))
    app.response_class = Own
    Client(app).get("/fail").close()
    kept = weakref.ref(Own)
    del app, Own
    gc.collect()

    assert kept() is None


def test_iri_of_a_profile_is_sent_as_a_uri():
    app = Flask("shop")
    app.config["FAULTMAP_PROFILE"] = "own"
    FaultMap(
        app,
        profiles=[Profile(name="own", schema=ProblemSchema, headers=lambda fault: {"Location": "/spät"})],
    )

    assert Client(app).get("/nowhere").headers.getlist("Location") == ["/sp%C3%A4t"]
