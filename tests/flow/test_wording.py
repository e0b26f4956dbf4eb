"""A profile's wording: in place of the title, for any code."""

import pytest
from flask import Flask, abort
from flow_app import app_with, raising

from flask_faultmap import DomainError, FaultMap, Profile, Rule
from flask_faultmap.border.boundaries import boundary_of
from flask_faultmap.errors import (
    DeadlineExceededError,
    InternalError,
    NotFoundError,
    PermissionDeniedError,
    ValidationFailedError,
)
from flask_faultmap.profiles.profile import FaultMessageSchema


class VaultError(PermissionDeniedError):
    pass


class ToldError(PermissionDeniedError):
    public = "Ask Ann."


WORDING = {
    "internal": "Something broke.",
    "vault": "{method} {path} is not for you.",
    "told": "never",
    "not_found": "Nothing here.",
    "deadline_exceeded": "Too slow.",
    "box": "never",
}
PLAIN = Profile("plain", FaultMessageSchema, wording=WORDING)


def text_of(view, **given):
    app = Flask("shop")
    app.add_url_rule("/fail", view_func=view)
    client = app_with(app=app, profiles=[PLAIN], FAULTMAP_PROFILE="plain", **given).test_client()
    return client.get("/fail").json["fault_message"]


@pytest.mark.parametrize(
    ("view", "text"),
    [
        (raising(ValueError("bug")), "Something broke."),
        (raising(InternalError("bug")), "Something broke."),
        (lambda: abort(500), "Something broke."),
        (lambda: abort(500, "secret"), "Something broke."),
        (raising(VaultError("x")), "GET /fail is not for you."),
        (raising(VaultError("x", public="Said here.")), "Said here."),
        (raising(ToldError("x")), "Ask Ann."),
        (raising(NotFoundError("no box")), "no box"),
        (raising(NotFoundError()), "Nothing here."),
        (lambda: abort(404), "Nothing here."),
        (lambda: abort(404, "no box"), "no box"),
        (raising(DeadlineExceededError("x")), "Too slow."),
    ],
)
def test_wording_stands_in_for_the_title_where_no_text_is_given(view, text):
    assert text_of(view) == text


def test_outcome_of_a_rule_is_worded_where_the_rule_gives_no_text():
    assert text_of(raising(KeyError("x")), rules=[Rule(on=KeyError, to=VaultError)]).endswith(
        "is not for you."
    )


class UnreadableError(DomainError):
    @property
    def violations(self):
        raise RuntimeError("none")


@pytest.mark.parametrize(
    ("wording", "text"),
    [("Something broke.", "Something broke."), ("{path} broke.", "Internal server error")],
)
def test_last_resort_uses_wording_without_placeholders(wording, text):
    profile = Profile("plain", FaultMessageSchema, wording={"internal": wording})
    app = Flask("shop")
    app.add_url_rule("/fail", view_func=raising(UnreadableError()))

    response = app_with(app=app, profiles=[profile], FAULTMAP_PROFILE="plain").test_client().get("/fail")

    assert (response.status_code, response.json) == (500, {"fault_message": text})


@pytest.mark.parametrize(
    ("exc", "text"),
    [
        (ValueError("bug"), "Something broke."),
        (NotFoundError(), "Nothing here."),
        (NotFoundError("no box"), "no box"),
        (ToldError("x"), "Ask Ann."),
        (VaultError("x"), "Permission denied"),  # its wording needs a request
    ],
    ids=["bug", "no text", "own text", "public", "with placeholders"],
)
@pytest.mark.parametrize("name", ["describe", "report"])
def test_wording_that_needs_no_request_counts_without_one(name, exc, text):
    app = app_with(app=Flask("shop"), profiles=[PLAIN], FAULTMAP_PROFILE="plain")
    faults = boundary_of(app).owner

    with app.app_context():
        fault = getattr(faults, name)(exc)

    assert fault.text == text


def test_explanation_has_the_text_of_the_answer():
    app = app_with(app=Flask("shop"), profiles=[PLAIN], FAULTMAP_PROFILE="plain")

    with app.app_context():
        explanation = boundary_of(app).owner.explain(NotFoundError())

    assert explanation.fault.text == "Nothing here."


def test_report_in_a_request_is_worded_as_its_answer_would_be():
    app = app_with(app=Flask("shop"), profiles=[PLAIN], FAULTMAP_SCOPES={"/v1": "plain"})
    faults, told = boundary_of(app).owner, []
    app.add_url_rule("/v1/safe", view_func=lambda: told.append(faults.report(VaultError("x"))) or "fine")

    app.test_client().get("/v1/safe")

    assert told[0].text == "GET /safe is not for you."


@pytest.mark.parametrize("cls", [ValidationFailedError, DeadlineExceededError])
@pytest.mark.parametrize("message", ["", "a message that nobody is sent"])
def test_text_of_a_class_of_ours_is_worded_whatever_the_message(cls, message):
    worded = Profile("worded", FaultMessageSchema, wording={cls.code: "Worded."})
    app = Flask("worded")
    app.config["FAULTMAP_PROFILE"] = "worded"

    faults = FaultMap(app, profiles=[worded])
    with app.app_context():
        assert faults.describe(cls(message)).text == "Worded."
