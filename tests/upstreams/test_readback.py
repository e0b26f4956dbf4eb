"""What flask_faultmap sends, flask_faultmap understands: from one service to the next."""

import json
from typing import Any

import httpx
import pytest
from marshmallow import Schema, fields
from upstream_peer import error_of, peer_answer

from flask_faultmap import DomainError, Profile, Violation
from flask_faultmap import errors as general
from flask_faultmap.upstreams import UpstreamResponseError, UpstreamUnavailableError
from flask_faultmap.upstreams.readback import SAID_NOTHING, read_back


class VmNotFoundError(general.NotFoundError):
    """A class of the app, with a code that the app has promised."""


class FlatSchema(Schema):
    """A shape of some other service."""

    reason = fields.String(attribute="code")
    wait = fields.Integer(attribute="retry_after", strict=True)


FLAT = Profile(name="flat", schema=FlatSchema)


class FieldErrorSchema(Schema):
    """A field error in words of its own."""

    field = fields.String(attribute="name")
    why = fields.String(attribute="message")


class StrangeSchema(Schema):
    """Members of ours, and what they hold is not."""

    code = fields.String()
    field_error = fields.List(fields.Nested(FieldErrorSchema), attribute="violations")
    data = fields.Raw(attribute="details")


class ErrorSchema(Schema):
    """What an envelope holds."""

    message = fields.String(attribute="text")
    code = fields.String(required=True)


class EnvelopeSchema(Schema):
    """Everything is inside one member."""

    error = fields.Nested(ErrorSchema, required=True)


ENVELOPE = Profile(name="envelope", schema=EnvelopeSchema)
STRANGE = Profile(name="strange", schema=StrangeSchema)


def other(body: dict[str, Any], status: int = 500) -> httpx.Response:
    return httpx.Response(status, json=body)


def test_code_and_violations_are_kept_for_code_alone() -> None:
    violation = Violation(pointer="#/cpus", message="too many", code="too_big")
    error = general.UnprocessableError("x", violations=[violation])

    failure = error_of(peer_answer(error))

    assert (failure.upstream_code, failure.code) == ("unprocessable", "upstream_response")
    assert (failure.upstream_violations, failure.violations) == ((violation,), ())
    assert [*failure.extra_data] == ["service", "operation", "method", "path", "status", "body"]


def test_a_retry_hint_in_the_body_counts_where_no_header_gives_one() -> None:
    response = peer_answer(general.UnavailableError("x", retry_after=7))
    del response.headers["Retry-After"]

    assert error_of(response).retry_after == 7


def test_a_retry_hint_in_the_header_counts_more() -> None:
    response = peer_answer(general.UnavailableError("x", retry_after=7))
    response.headers["Retry-After"] = "9"

    assert error_of(response).retry_after == 9


@pytest.mark.parametrize("retryable", [True, False])
@pytest.mark.parametrize("cls", [general.InternalError, general.UnavailableError, general.AlreadyExistsError])
def test_the_peer_knows_best_whether_a_retry_makes_sense(cls: type[DomainError], retryable: bool) -> None:
    error = cls("x")
    error.retryable = retryable

    assert error_of(peer_answer(error)).retryable is retryable


def test_no_word_of_the_peer_makes_our_credentials_worth_a_retry() -> None:
    error = general.UnauthenticatedError("x")
    error.retryable = True

    assert not error_of(peer_answer(error)).retryable


def test_a_general_class_that_passes_takes_the_peer_s_code() -> None:
    failure = error_of(peer_answer(VmNotFoundError("x")), passing={404: general.NotFoundError})

    assert (type(failure), failure.code) == (general.NotFoundError, "vm_not_found")


def test_a_class_of_the_app_that_passes_keeps_its_own_code() -> None:
    failure = error_of(peer_answer(general.NotFoundError("x")), passing={404: VmNotFoundError})

    assert failure.code == "vm_not_found"


def test_a_code_passes_before_a_status() -> None:
    passing = {404: general.NotFoundError, "vm_not_found": VmNotFoundError}

    assert type(error_of(peer_answer(VmNotFoundError("x")), passing=passing)) is VmNotFoundError


def test_a_code_passes_whatever_the_status() -> None:
    body = {**json.loads(peer_answer(VmNotFoundError("x")).content), "status": 500}

    assert type(error_of(other(body), passing={"vm_not_found": VmNotFoundError})) is VmNotFoundError


def test_no_code_makes_our_credentials_the_client_s_trouble() -> None:
    response = peer_answer(general.UnauthenticatedError("x"))

    failure = error_of(response, passing={"unauthenticated": general.UnauthenticatedError})

    assert failure.code == "upstream_credentials"


def test_the_peer_s_words_do_not_pass() -> None:
    failure = error_of(
        peer_answer(general.NotFoundError("vm 7 of ann")), passing={404: general.NotFoundError}
    )

    assert (failure.expose, "ann" in str(failure)) == (False, False)


def test_a_violation_that_passes_is_redacted() -> None:
    error = general.UnprocessableError("x", violations=[Violation(message="bad password=hunter2")])

    failure = error_of(peer_answer(error), passing={422: general.UnprocessableError})

    assert [violation.message for violation in failure.violations] == ["bad password=[redacted]"]


@pytest.mark.parametrize(
    "body",
    [
        {"type": "about:blank", "title": "Not Found", "status": 404, "code": "vm_not_found"},
        {"code": "vm_not_found", "message": "x"},
        {"fault_message": "no such vm"},
        {},
    ],
)
def test_a_stranger_s_answer_promises_nothing(body: dict[str, Any]) -> None:
    failure = error_of(other(body, 404), passing={404: general.NotFoundError})

    assert (failure.code, failure.upstream_code, failure.details) == ("not_found", None, {})


@pytest.mark.parametrize("body", [[], "text", None, 7])
def test_what_is_no_object_says_nothing(body: object) -> None:
    assert read_back(body, FLAT) is SAID_NOTHING


def test_a_named_shape_is_read_as_far_as_it_goes() -> None:
    failure = error_of(other({"reason": "draining", "wait": 5, "region": "eu"}, 503), profile=FLAT)

    assert (type(failure), failure.upstream_code, failure.retry_after) == (
        UpstreamUnavailableError,
        "draining",
        5,
    )


def test_what_a_named_shape_does_not_know_passes_as_details() -> None:
    response = other({"reason": "gone", "region": "eu"}, 404)

    failure = error_of(response, profile=FLAT, passing={404: general.NotFoundError})

    assert (failure.code, failure.details) == ("gone", {"region": "eu"})


def test_an_envelope_is_read_like_what_has_none() -> None:
    response = other(
        {"error": {"message": "no box b1", "code": "not_found", "request_id": "r1"}, "v": 2}, 404
    )

    failure = error_of(response, profile=ENVELOPE, passing={"not_found": general.NotFoundError})

    assert (failure.code, failure.details) == ("not_found", {"request_id": "r1", "v": 2})


@pytest.mark.parametrize("body", [{"error": "text"}, {"error": None}, {"error": [1]}, {"error": {"code": 7}}])
def test_an_envelope_with_something_else_in_it_says_nothing(body: dict[str, Any]) -> None:
    assert error_of(other(body), profile=ENVELOPE).upstream_code is None


def test_field_errors_in_their_own_words_are_read() -> None:
    body = {"field_error": [{"field": "cpus", "why": "too many"}]}

    assert error_of(other(body), profile=STRANGE).upstream_violations == (
        Violation(name="cpus", message="too many"),
    )


@pytest.mark.parametrize(
    "body",
    [
        {"field_error": [{"field": "cpus"}]},
        {"field_error": [{"field": "cpus", "why": "x", "more": 1}]},
        {"field_error": "cpus"},
        {"data": ["no", "members"]},
    ],
)
def test_members_that_are_not_what_they_should_be_are_left_out(body: dict[str, Any]) -> None:
    failure = error_of(
        other({**body, "code": "c1"}, 404), profile=STRANGE, passing={404: general.NotFoundError}
    )

    assert (failure.code, failure.violations, failure.details) == ("c1", (), {})


def test_details_from_two_places_are_one() -> None:
    body = {"code": "c1", "data": {"a": 1}, "b": 2}

    failure = error_of(other(body, 404), profile=STRANGE, passing={404: general.NotFoundError})

    assert failure.details == {"a": 1, "b": 2}


def test_details_that_are_none_leave_room_for_others() -> None:
    body = {"code": "c1", "data": [1], "b": 2}

    failure = error_of(other(body, 404), profile=STRANGE, passing={404: general.NotFoundError})

    assert failure.details == {"b": 2}


@pytest.mark.parametrize("code", ["two words", "x" * 101, "", "<script>", "\n", "é"])
def test_a_code_that_is_none_is_not_taken(code: str) -> None:
    assert type(failure := error_of(other({"reason": code}), profile=FLAT)) is UpstreamResponseError
    assert failure.upstream_code is None


def test_what_a_peer_said_is_redacted_before_it_passes() -> None:
    violation = Violation(
        pointer="#/a", message="password=hunter2", name="token=hunter2", code="ghp_" + "a1" * 18
    )
    error = general.NotFoundError("x", violations=[violation])
    error.details = {
        "debug": "postgres://app:hunter2@db/x",
        "password": "hunter2",
        "deep": {"api_key": "hunter2", "size": 7},
    }

    failure = error_of(peer_answer(error), passing={404: general.NotFoundError})

    assert "hunter2" not in repr(failure.details) + repr(failure.violations)
    assert failure.details == {
        "debug": "postgres://[redacted]@db/x",
        "deep": {"api_key": "[redacted]", "size": 7},
    }
    assert failure.violations[0].code == "invalid"


def test_at_most_100_violations_pass() -> None:
    error = general.NotFoundError("x", violations=[Violation(message="no")] * 300)

    assert len(error_of(peer_answer(error), passing={404: general.NotFoundError}).violations) == 100


@pytest.mark.parametrize(
    "body",
    [
        {"type": "https://example.com/probs/out-of-credit", "title": "No credit"},
        {"type": "https://example.com/probs#out-of-credit"},
        {"type": "about:blank", "code": "out-of-credit"},
    ],
)
def test_a_stranger_s_problem_is_understood_by_passing(body: dict[str, Any]) -> None:
    response = httpx.Response(403 + 6, json=body, headers={"Content-Type": "application/problem+json"})

    failure = error_of(response, passing={"out-of-credit": general.UnprocessableError})

    assert (type(failure), failure.code) == (general.UnprocessableError, "unprocessable")


@pytest.mark.parametrize("body", [{"type": "about:blank"}, {"type": 7}, {"code": "two words"}, {}])
def test_a_stranger_s_problem_without_a_code_says_nothing(body: dict[str, Any]) -> None:
    response = httpx.Response(409, json=body, headers={"Content-Type": "application/problem+json"})

    assert error_of(response).upstream_code is None


def test_what_is_no_problem_by_its_media_type_names_no_code() -> None:
    assert error_of(httpx.Response(409, json={"code": "out-of-credit"})).upstream_code is None
