"""What a refusal says about the next try, and what it leaves in the chain of exceptions."""

from contextlib import suppress
from typing import Any

import httpx
import pytest
import urllib3

from flask_faultmap import DomainError
from flask_faultmap.upstreams import UpstreamUsageError, upstream


def refused_with(status: int, *waits: str, method: str = "GET") -> Any:
    request = httpx.Request(method, "http://service.example/boxes")
    response = httpx.Response(status, headers=[("Retry-After", wait) for wait in waits], request=request)
    with pytest.raises(DomainError) as caught, upstream("boxes", operation="list") as call:
        call.check(response)
    return caught.value


@pytest.mark.parametrize("status", [408, 421, 425])
def test_a_refusal_for_now_is_not_permanent(status: int) -> None:
    error = refused_with(status, method="POST")

    assert (error.permanent, error.retryable, error.applied) == (False, True, False)


@pytest.mark.parametrize("status", [400, 409, 413, 423])
def test_a_refusal_is_permanent_unless_the_service_names_a_time(status: int) -> None:
    assert refused_with(status).permanent
    error = refused_with(status, "7")

    assert (error.permanent, error.retryable, error.retry_after) == (False, True, 7)


@pytest.mark.parametrize(
    ("waits", "seconds"),
    [(("7", "9"), 9), (("1.5",), 2), (("0.25", "3"), 3), (("soon", "4"), 4), (("5", "999999"), 3_600)],
)
def test_the_longest_wait_that_can_be_read_counts(waits: tuple[str, ...], seconds: int) -> None:
    assert refused_with(503, *waits).retry_after == seconds


@pytest.mark.parametrize(
    "waits", [("Fri, 31 Dec 2100 23:59:59 GMT",), ("5", "Fri, 31 Dec 2100 23:59:59 GMT")]
)
def test_a_date_counts_alone_and_beside_seconds(waits: tuple[str, ...]) -> None:
    assert refused_with(503, *waits).retry_after == 3_600


@pytest.mark.parametrize("wait", ["", ",", "soon", "-1", "1 hour", "Fri, soon"])
def test_a_wait_that_cannot_be_read_names_no_time(wait: str) -> None:
    assert refused_with(409, wait).permanent


def test_what_a_library_says_of_our_header_is_our_usage_and_masked() -> None:
    with pytest.raises(UpstreamUsageError) as caught, upstream("boxes", operation="list"):
        urllib3.request(
            "GET", "http://127.0.0.1:9/", headers={"X-Token": "canary-7\r\nX-Evil: 1"}, retries=False
        )

    assert "canary-7" not in str(caught.value.__cause__) + repr(caught.value.__cause__)


def test_the_cause_of_an_error_of_the_app_is_masked() -> None:
    with suppress(KeyError), upstream("boxes", operation="list"):
        try:
            raise ValueError("http://bob:canary-7@service.example/?sig=canary-7")
        except ValueError as exc:
            kept = exc
            raise KeyError("box") from exc

    assert "canary-7" not in repr(kept)
