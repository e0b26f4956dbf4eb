"""The helpers for an app's own tests, and the messages with which they fail."""

from contextlib import suppress

import pytest
from flask import Flask
from flow_app import app_with, raising
from httpx import HTTPStatusError
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from werkzeug.exceptions import Forbidden

from flask_faultmap import FaultMap, Rule
from flask_faultmap.border.boundaries import boundary_of
from flask_faultmap.errors import ConfigError, NotFoundError, UnavailableError
from flask_faultmap.openapi import raises
from flask_faultmap.testing import assert_documented, assert_fault, assert_rules, capture_faults, leak_canary


class PumpError(Exception):
    """A driver's failure."""


@pytest.fixture
def app():
    app = Flask(__name__)
    app.config["FAULTMAP_SCOPES"] = {"/fm": "fault_message", "/fc": "firecracker", "/html": None}
    FaultMap(app, rules=[Rule(on=PumpError, to=UnavailableError)])
    app.raised = NotFoundError("no such box")

    def view():
        raise app.raised

    for prefix in ("", "/fm", "/fc", "/html"):
        app.add_url_rule(f"{prefix}/box", f"box{prefix[1:]}", view)
    app.add_url_rule("/ok", "ok", lambda: {"fine": True})
    app.add_url_rule("/list", "list", lambda: (["a"], 400))
    return app


def test_capture_faults_collects_what_audit_hooks_hear(app):
    with capture_faults(app) as captured:
        app.test_client().get("/fc/box")

    assert [(heard.fault.code, heard.status, heard.original_status) for heard in captured] == [
        ("not_found", 400, 404)
    ]
    assert captured[0].exception is captured[0].error is app.raised
    assert captured[0].rule is None


def test_app_without_a_boundary_is_refused_in_words():
    with pytest.raises(ConfigError, match="'plain' has no FaultMap; call"), capture_faults(Flask("plain")):
        pass


def test_capture_faults_ends_with_the_block(app):
    with capture_faults(app) as captured:
        pass

    app.test_client().get("/box")

    assert captured == []


@pytest.mark.parametrize(
    ("path", "status", "text_member"),
    [("/box", 404, "detail"), ("/fm/box", 400, "fault_message"), ("/fc/box", 400, "fault_message")],
)
def test_assert_fault_knows_code_and_status_in_every_built_in_shape(app, path, status, text_member):
    response = app.test_client().get(path)

    members = assert_fault(response, code="not_found", status=status)

    assert members[text_member] == "no such box"


@pytest.mark.parametrize(
    ("path", "expected", "message"),
    [
        ("/box", {"status": 409}, "the status is not 409; seen: 404 NOT FOUND, application/problem"),
        ("/box", {"code": "gone"}, "the code is 'not_found', not 'gone'; seen: 404 NOT FOUND"),
        ("/fm/box", {"code": "gone"}, "the code is 'not_found', not 'gone'; seen: 400 BAD REQUEST"),
        ("/ok", {}, "this is no error; seen: 200 OK"),
        ("/html/nope", {}, "the body is not JSON; seen: 404 NOT FOUND, text/html"),
        ("/list", {}, "the body is no JSON object; seen: 400 BAD REQUEST"),
    ],
)
def test_assert_fault_fails_with_what_was_seen(app, path, expected, message):
    response = app.test_client().get(path)

    with pytest.raises(AssertionError) as caught:
        assert_fault(response, **expected)

    assert message in str(caught.value)


def test_assert_fault_reads_the_body_of_a_peer_that_is_not_in_this_process(app):
    response = app.response_class(b'{"code":"gone","status":410}', 410, mimetype="application/problem+json")

    members = assert_fault(response, code="gone", status=410)

    assert members == {"code": "gone", "status": 410}


def test_assert_fault_needs_neither_code_nor_status(app):
    response = app.test_client().get("/box")

    members = assert_fault(response)

    assert members["code"] == "not_found"


def test_assert_fault_says_when_a_shape_without_a_code_came_from_elsewhere(app):
    response = app.response_class(b'{"fault_message":"x"}', 400, mimetype="application/json")

    with pytest.raises(AssertionError, match="the code is None, not 'gone'"):
        assert_fault(response, code="gone")


def test_assert_fault_refuses_a_status_member_that_was_not_sent(app):
    response = app.response_class(b'{"status":404}', 400, mimetype="application/problem+json")

    with pytest.raises(AssertionError, match="the member `status` is not the status as sent"):
        assert_fault(response)


def test_assert_rules_passes_for_what_the_map_makes(app):
    assert_rules(app, {PumpError("x"): UnavailableError, ValueError("y"): None})


def test_assert_rules_shows_all_that_differs_rule_by_rule(app):
    with pytest.raises(AssertionError) as caught:
        assert_rules(app, {PumpError("stuck"): NotFoundError, ValueError("y"): NotFoundError})

    assert "NotFoundError was expected, UnavailableError came" in str(caught.value)
    assert "PumpError -> UnavailableError: decides" in str(caught.value)
    assert "NotFoundError was expected, no rule came" in str(caught.value)


def test_the_canary_stays_silent_while_nothing_leaks(app):
    app.config["PROPAGATE_EXCEPTIONS"] = False

    with leak_canary(app) as canary:
        for exc in (*canary.exceptions(), *canary.exceptions(PumpError)):
            app.raised = exc
            app.test_client().get("/box")

    assert canary.leaks == []


def test_the_canary_tells_body_and_public_field_of_a_leak(app):
    def leak():
        with leak_canary(app) as canary:
            app.raised = NotFoundError(canary.secret)
            app.test_client().get("/box")

    with pytest.raises(AssertionError) as caught:
        leak()

    assert "GET /box, body" in str(caught.value)
    assert "the fault not_found, field text" in str(caught.value)


def test_the_canary_tells_the_header_of_a_leak(app):
    def leak():
        with leak_canary(app) as canary:
            app.view_functions["ok"] = lambda: ("", 200, {"X-Debug": canary.secret})
            app.test_client().get("/ok")

    with pytest.raises(AssertionError) as caught:
        leak()

    assert "GET /ok, header X-Debug" in str(caught.value)


def test_the_canary_leaves_the_app_as_it_was(app):
    before = app.wsgi_app

    with leak_canary(app):
        pass

    assert app.wsgi_app == before


class QuotaError(Exception):
    """Asks for more than a text."""

    def __init__(self, tenant, /, limit, *, unit, hint=None, **more):
        super().__init__(tenant, limit)
        self.unit = unit


class ServerError(Exception):
    """Asks for what no text is."""

    def __init__(self, response):
        super().__init__(response.status)


CLASSES = [RuntimeError, KeyError, OSError, UnicodeDecodeError, QuotaError, ServerError, IntegrityError]


@pytest.mark.parametrize("cls", [*CLASSES, OperationalError, StatementError, HTTPStatusError])
def test_canary_makes_exceptions_of_any_class(cls):
    app = app_with()

    with leak_canary(app) as canary:
        made = [*canary.exceptions(cls)]

    assert len(made) == len(canary.texts)
    assert all(type(exc) is cls and canary.secret in repr(vars(exc)) for exc in made)


def test_canary_catches_the_leak_of_a_drivers_error():
    app = app_with(rules=[Rule(on=IntegrityError, translate=lambda exc: NotFoundError(str(exc.orig)))])

    def plant():
        with leak_canary(app) as canary:
            for at, exc in enumerate(canary.exceptions(IntegrityError)):
                app.add_url_rule(f"/{at}", str(at), view_func=raising(exc))
            app.test_client().get("/0")

    with pytest.raises(AssertionError, match="a secret got out"):
        plant()


class DocumentedError(NotFoundError):
    """What the view below promises."""


class NearerError(DocumentedError):
    """One of its kind."""


def documented_app(failure, *errors):
    app = app_with(rules=[Rule(on=LookupError, to=DocumentedError)])
    app.add_url_rule("/box/<name>", view_func=raises(*errors)(raising(failure)))
    return app


@pytest.mark.parametrize(
    ("failure", "errors"),
    [
        (DocumentedError("x"), [DocumentedError]),
        (NearerError("x"), [DocumentedError]),
        (LookupError("x"), [DocumentedError]),
        (DocumentedError("x"), [404]),
        (NotFoundError("x"), []),
        (KeyboardInterrupt, [404]),
        (ZeroDivisionError("a bug"), [409]),
        (Forbidden(), [409]),
    ],
    ids=["class", "below", "by a rule", "status", "no promise", "reported", "bug", "of HTTP"],
)
def test_fault_that_is_named_or_needs_no_name_is_documented(failure, errors):
    app = documented_app(failure, *errors)

    with assert_documented(app), suppress(KeyboardInterrupt):
        app.test_client().get("/box/b1")
        boundary_of(app).owner.report(NotFoundError("outside of a request"))


def test_fault_that_its_view_does_not_name_is_told_once():
    app = documented_app(NotFoundError("x"), DocumentedError, 409)

    with pytest.raises(AssertionError) as raised, assert_documented(app):
        [app.test_client().get(path) for path in ("/box/b1", "/box/b2")]

    assert str(raised.value) == (
        "not documented:\nGET /box/<name> answered NotFoundError (not_found); its @raises names "
        "DocumentedError, 409"
    )


def test_app_without_a_boundary_documents_nothing():
    with pytest.raises(ConfigError, match="has no FaultMap"), assert_documented(Flask("bare")):
        pass
