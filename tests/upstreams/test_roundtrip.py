"""Rendered and read back: what comes out again is all that the profile has room for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from upstream_peer import error_of, peer_answer

from flask_faultmap import Category, DomainError, Fault, Profile, Violation
from flask_faultmap import errors as general
from flask_faultmap.faults import Kind
from flask_faultmap.profiles import FAULT_MESSAGE, FIRECRACKER, PROBLEM

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
