"""A reply that is ready is sent, whatever the app's response class asks for."""

from collections import Counter

import pytest
from flask import Flask, Response
from flow_app import app_with, raising
from werkzeug.test import Client

from flask_faultmap.errors import UnauthenticatedError


class Keywords(Response):
    """Takes keywords only, as a class of an app may."""

    def __init__(self, response=None, **given):
        super().__init__(response, **given)
        self.headers["X-Class"] = "keywords"


class Picky(Response):
    """Takes bytes only."""

    def __init__(self, response=None, status=None, headers=None, **given):
        if not isinstance(response, bytes):
            raise TypeError("bytes only")
        super().__init__(response, status, headers, **given)
        self.headers["X-Class"] = "picky"


class Needy(Response):
    """Cannot be made without more."""

    def __init__(self, tenant, /, *, region):
        raise AssertionError("never")


class Failing(Response):
    """Fails each time."""

    def __init__(self, *given, **named):
        raise RuntimeError("no response")


class ReadOnly(Response):
    """Has headers of its own, and none that were given."""

    def __init__(self, response=None, status=None, *, headers=None, mimetype=None):
        super().__init__(response, status, headers, mimetype)
        self.headers["X-Class"] = "own"


CLASSES = {Keywords: "keywords", Picky: "picky", Needy: None, Failing: None, ReadOnly: "own"}


@pytest.mark.parametrize(("cls", "mark"), CLASSES.items(), ids=lambda value: getattr(value, "__name__", ""))
@pytest.mark.parametrize(
    ("path", "status"), [("/fail", 401), ("/crash", 500), ("/nowhere", 404)], ids=["domain", "bug", "routing"]
)
def test_every_error_keeps_status_headers_and_body(cls, mark, path, status):
    app = Flask("shop")
    app.response_class = cls
    app_with(app=app)
    app.add_url_rule("/fail", view_func=raising(UnauthenticatedError("x")))
    app.add_url_rule("/crash", "crash", view_func=raising(ZeroDivisionError()))

    response = Client(app).get(path)

    assert (response.status_code, response.json["status"]) == (status, status)
    assert response.content_type == "application/problem+json"
    assert response.headers["X-Request-ID"] == response.json["request_id"]
    assert len(response.headers.getlist("Content-Length")) == 1
    assert ("WWW-Authenticate" in response.headers) == (status == 401)
    assert response.headers.get("X-Class") == mark


def test_responses_of_one_status_share_nothing_that_changes():
    app, closed = app_with(), []

    @app.after_request
    def close(response):
        response.call_on_close(lambda: closed.append(response))
        return response

    for _ in range(3):
        Client(app).get("/nowhere").close()

    counts = Counter(map(id, closed))  # the client of the test closes more than once
    assert len(counts) == 3
    assert len(set(counts.values())) == 1


def test_response_that_is_made_like_another_has_all_that_werkzeug_sets():
    app, made = app_with(), []

    @app.after_request
    def keep(response):
        made.append(response)
        return response

    for _ in range(2):
        Client(app).get("/nowhere")
    first, second = ({**vars(response), "_faultmap_reply": None} for response in made)

    assert first.keys() == second.keys()
    assert {name for name in first if first[name] != second[name]} <= {"headers", "response"}
    assert all(
        type(first[name]) in (str, int, bool, list) for name in first.keys() - {"_faultmap_reply", "headers"}
    )


class Counting(Response):
    """Sets up each response."""

    made = 0

    def __init__(self, *given, **named):
        super().__init__(*given, **named)
        type(self).mro()[2].made += 1


def test_class_with_a_constructor_of_its_own_is_asked_each_time():
    app = Flask("counting")
    app.response_class = Counting
    app_with(app=app)
    before = Counting.made

    for _ in range(3):
        Client(app).get("/nowhere")

    assert Counting.made - before == 3
