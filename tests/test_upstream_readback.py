"""What flask_faultmap sends, flask_faultmap understands: from one service to the next."""

import json
from typing import Any

import httpx
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, fields

from flask_faultmap import Category, DomainError, Fault, FaultMap, Profile, Violation
from flask_faultmap import errors as general
from flask_faultmap.faults import Kind
from flask_faultmap.profiles import FAULT_MESSAGE, FIRECRACKER, PROBLEM
from flask_faultmap.upstream_readback import SAID_NOTHING, read_back
from flask_faultmap.upstreams import UpstreamResponseError, UpstreamUnavailableError, upstream

CLASSES = [
    cls
    for cls in vars(general).values()
    if isinstance(cls, type)
    and issubclass(cls, DomainError)
    and not issubclass(cls, general.UnauthenticatedError | general.PermissionDeniedError)  # never pass
]
CODES = st.from_regex(r"[a-z][a-z0-9_]{0,30}", fullmatch=True)
WORDS = st.text(alphabet="abcdefghij ", min_size=1, max_size=20).map(str.strip).filter(bool)
VIOLATIONS = st.builds(
    Violation,
    source=st.sampled_from(["body", "query", "header"]),
    message=WORDS,
    pointer=st.none() | st.just("#/disks/0"),
    name=st.none() | WORDS,
    code=CODES,
)
DETAILS = st.dictionaries(
    CODES.map("x_".__add__), st.none() | st.booleans() | st.integers() | WORDS, max_size=3
)


class VmNotFoundError(general.NotFoundError):
    """A class of the app, with a code that the app has promised."""


class FlatSchema(Schema):
    """A shape of some other service."""

    reason = fields.String(attribute="code")
    wait = fields.Integer(attribute="retry_after", strict=True)


FLAT = Profile(name="flat", schema=FlatSchema)


def peer_answer(error: DomainError, profile: Profile = PROBLEM) -> httpx.Response:
    """Give what a service built with flask_faultmap answers when *error* is raised in it."""
    app = Flask("peer")
    app.config["FAULTMAP_PROFILE"] = profile.name
    FaultMap(app)

    @app.get("/x")
    def fail() -> None:
        raise error

    answer = app.test_client().get("/x")
    return httpx.Response(answer.status_code, headers=list(answer.headers), content=answer.data)


def error_of(response: httpx.Response, **terms: Any) -> Any:
    with pytest.raises(DomainError) as caught, upstream("peer", operation="get", **terms) as call:
        call.check(response)
    return caught.value


def other(body: dict[str, Any], status: int = 500) -> httpx.Response:
    return httpx.Response(status, json=body)


def test_code_and_violations_are_kept_for_code_alone() -> None:
    violation = Violation(pointer="#/cpus", message="too many", code="too_big")
    error = general.UnprocessableError("x", violations=[violation])

    failure = error_of(peer_answer(error))

    assert (failure.upstream_code, failure.extra_data["code"]) == ("unprocessable", "unprocessable")
    assert (failure.extra_data["violations"], failure.violations) == ((violation,), ())


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

    assert (failure.public, "ann" in str(failure)) == ("Not found", False)


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


@pytest.mark.parametrize("code", ["two words", "x" * 101, "", "<script>", "\n", "é"])
def test_a_code_that_is_none_is_not_taken(code: str) -> None:
    assert type(failure := error_of(other({"reason": code}), profile=FLAT)) is UpstreamResponseError
    assert failure.upstream_code is None


@given(
    cls=st.sampled_from(CLASSES),
    code=CODES,
    violations=st.lists(VIOLATIONS, max_size=3),
    details=DETAILS,
    wait=st.none() | st.integers(0, 3_600),
    retryable=st.booleans(),
)
def test_the_domain_error_of_a_code_comes_back_whole(
    cls: type[DomainError],
    code: str,
    violations: list[Violation],
    details: dict[str, Any],
    wait: int | None,
    retryable: bool,
) -> None:
    error = cls("x", violations=violations, details=details, retry_after=wait)
    error.code, error.retryable = code, retryable
    response = peer_answer(error)

    back = error_of(response, passing={code: general.NotFoundError})

    told = (back.code, back.violations, back.details, back.retry_after, back.retryable)
    assert told == (code, tuple(violations), details, wait, retryable)


# What is lost, by profile: all that its schema has no member for.
SURVIVORS = {
    PROBLEM: {
        "type",
        "title",
        "status",
        "text",
        "code",
        "id",
        "retryable",
        "retry_after",
        "violations",
        "details",
    },
    FAULT_MESSAGE: {"text"},
    FIRECRACKER: {"text"},
}


@pytest.mark.parametrize("profile", SURVIVORS, ids=lambda profile: profile.name)
@given(
    code=CODES,
    text=WORDS,
    status=st.integers(400, 599),
    violations=st.lists(VIOLATIONS, max_size=3),
    details=DETAILS,
    wait=st.none() | st.integers(min_value=0),
    retryable=st.booleans(),
)
def test_a_rendered_fault_is_read_back_in_all_that_its_profile_has_room_for(
    profile: Profile,
    code: str,
    text: str,
    status: int,
    violations: list[Violation],
    details: dict[str, Any],
    wait: int | None,
    retryable: bool,
) -> None:
    kind = Kind(
        category=Category.INTERNAL,
        code=code,
        title="Some title",
        status=status,
        original_status=status,
        type="https://example.org/problems/" + code,
        retryable=retryable,
    )
    fault = Fault(kind, "0" * 32, text, tuple(violations), details, wait)

    known = profile.read(profile.render(fault))

    given_values = {name: getattr(fault, name) for name in SURVIVORS[profile]}
    assert known == {name: value for name, value in given_values.items() if value not in (None, (), {})}
