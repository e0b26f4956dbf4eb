"""The agent, Forest's second shape: business errors by class or by name, and nothing of any other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vectors_of import ask, probe

from example_app.factory import build
from example_app.runs import agent
from example_app.runs.business import BY_NAME, BusinessError, NotFoundError
from example_app.runs.walk import USER
from flask_faultmap import errors

STATUS_OF = {
    "BadRequestError": 400,
    "ForbiddenError": 403,
    "InternalServerError": 500,
    "NotFoundError": 404,
    "TooManyRequestsError": 429,
    "UnauthorizedError": 401,
    "UnprocessableError": 422,
    "ValidationError": 400,
}


@pytest.fixture
def app():
    return build("agent_app", {agent.PREFIX: agent})


def one_error(outcome):
    (told,) = outcome.response.json["errors"]
    return told


def raised(error):
    return probe(error, agent.PROFILE, rules=agent.RULES)


def test_every_class_is_known_by_its_name():
    assert {*BY_NAME} == {*STATUS_OF}


def copy_of(name, base="", **members):
    """Make a class as another copy of the package would have it."""
    return type(name, (Exception,), {"is_business_error": True, "base_business_error_name": base, **members})


@pytest.mark.parametrize("name", STATUS_OF)
def test_class_of_another_copy_is_known_by_its_own_name(name):
    outcome = raised(copy_of(name)("why"))

    assert outcome.response.status_code == STATUS_OF[name]
    assert one_error(outcome) == {"name": name, "detail": "why", "status": STATUS_OF[name]}


@pytest.mark.parametrize("base", STATUS_OF)
@given(name=st.from_regex(r"[A-Z][a-z]{1,20}Error", fullmatch=True))
def test_class_of_another_copy_is_known_by_the_name_of_its_base(base, name):
    outcome = raised(copy_of(name, base, data={"property": "value"})("why"))

    assert one_error(outcome)["status"] == (STATUS_OF.get(name) or STATUS_OF[base])
    assert next(iter(one_error(outcome))) == "name"
    assert one_error(outcome)["name"] == name
    assert one_error(outcome)["data"] == {"property": "value"}


def test_business_error_of_no_known_base_is_unprocessable():
    outcome = raised(copy_of("MoodError")("not today"))

    assert one_error(outcome) == {"name": "MoodError", "detail": "not today", "status": 422}


def test_driver_that_calls_its_error_the_same_tells_nothing():
    outcome = raised(type("ValidationError", (Exception,), {"data": {"secret": 1}})("secret"))

    assert one_error(outcome) == {"name": "Error", "detail": "Unexpected error", "status": 500}


def test_error_may_have_a_name_of_its_own_and_data():
    outcome = raised(NotFoundError("gone", {"id": 7}, "RunGoneError"))

    assert list(one_error(outcome).items()) == [
        ("name", "RunGoneError"),
        ("detail", "gone"),
        ("status", 404),
        ("data", {"id": 7}),
    ]


@pytest.mark.parametrize(
    ("error", "name", "status"),
    [
        (errors.PayloadTooLargeError("x"), "PayloadTooLargeError", 413),
        (errors.UnavailableError("x"), "ServiceUnavailableError", 503),
        (errors.GoneError("x"), "GoneError", 410),
        (errors.UnprocessableError("x"), "UnprocessableEntityError", 422),
        (errors.BadGatewayError("x"), "BadGatewayError", 502),
    ],
)
def test_other_error_has_the_name_of_its_status(error, name, status):
    outcome = raised(error)

    assert (one_error(outcome)["name"], outcome.response.status_code) == (name, status)


def test_operators_own_words_replace_those_for_a_bug():
    words = {"AGENT_CUSTOMIZE": lambda error: "Ask Ada" if isinstance(error, ZeroDivisionError) else None}
    app = build("agent_app", {agent.PREFIX: agent}, words)

    outcome = ask(app, "GET", "/agent/customers/1/share?parts=0", headers=USER)

    assert one_error(outcome) == {"name": "Error", "detail": "Ask Ada", "status": 500}
    assert outcome.levels == [("ERROR", True)]


def test_operators_words_do_not_replace_those_of_a_business_error():
    app = build("agent_app", {agent.PREFIX: agent}, {"AGENT_CUSTOMIZE": lambda error: "Ask Ada"})

    outcome = ask(app, "GET", "/agent/customers/7", headers=USER)

    assert one_error(outcome)["detail"] == "Record does not exist"


CHANGES = [
    ({}, 400, "BadRequestError"),
    ([], 400, "BadRequestError"),
    ({"colour": "red"}, 400, "ValidationError"),
    ({"name": 7}, 400, "ValidationError"),
    ({"id": 2}, 403, "ForbiddenError"),
    ({"credit": -1}, 422, "UnprocessableError"),
]


@pytest.mark.parametrize(("changes", "status", "name"), CHANGES)
def test_change_that_is_refused_says_why(app, changes, status, name):
    outcome = ask(app, "PUT", "/agent/customers/1", headers=USER, json=changes)

    assert (outcome.response.status_code, one_error(outcome)["name"]) == (status, name)
    assert "ERROR" not in [level for level, _ in outcome.levels]


def test_user_who_changes_too_often_is_told_so(app):
    answers = [
        ask(app, "PUT", "/agent/customers/1", headers=USER, json={"credit": credit}) for credit in range(4)
    ]

    assert [answer.response.status_code for answer in answers] == [200, 200, 200, 429]
    assert one_error(answers[-1])["name"] == "TooManyRequestsError"


def test_text_that_is_no_json_is_told_in_the_agents_shape(app):
    outcome = ask(app, "PUT", "/agent/customers/1", headers=USER, data="{", content_type="application/json")

    assert (one_error(outcome)["name"], outcome.response.status_code) == ("BadRequestError", 400)


def test_plain_business_error_is_a_422():
    assert raised(BusinessError("no")).response.status_code == 422
