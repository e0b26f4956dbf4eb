"""What SDKs and retry libraries raise for the client library that they call with."""

import asyncio
from collections.abc import Callable
from typing import Any

import circuitbreaker
import httpx
import pybreaker
import pytest
import requests
import tenacity
from flask import Flask
from misbehaving import unreachable
from saying import saying
from werkzeug.exceptions import NotFound

from flask_faultmap import DomainError, FaultMap, Rule
from flask_faultmap.errors import BadGatewayError, NotFoundError, UnavailableError
from flask_faultmap.upstreams import (
    UpstreamBodyError,
    UpstreamConnectionError,
    UpstreamCredentialsError,
    UpstreamResponseError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
    upstream,
)

# Some libraries leave a socket to the garbage collector when a call fails.
pytestmark = [
    pytest.mark.usefixtures("leaks"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SECONDS = 0.5  # of patience, where nothing comes


def ask_openai(url: str) -> None:
    openai = pytest.importorskip("openai", reason="openai is not installed")
    with openai.OpenAI(base_url=url, api_key="sk-1", max_retries=0, timeout=SECONDS) as client:
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])


def ask_stripe(url: str) -> None:
    stripe = pytest.importorskip("stripe", reason="stripe is not installed")
    client = stripe.StripeClient(
        "sk_test_1",
        base_addresses={"api": url},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=SECONDS),
    )
    client.v1.balance.retrieve()


def ask_boto3(url: str) -> None:
    boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")
    config = pytest.importorskip("botocore.config").Config(
        retries={"max_attempts": 0}, read_timeout=SECONDS, connect_timeout=SECONDS
    )
    client = boto3.client(
        "sqs",
        endpoint_url=url,
        region_name="x",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=config,
    )
    client.list_queues()


def ask_elasticsearch(url: str) -> None:
    library = pytest.importorskip("elasticsearch", reason="elasticsearch is not installed")
    with library.Elasticsearch(url, request_timeout=SECONDS, max_retries=0) as client:
        client.get(index="boxes", id="1")


SDKS: dict[str, Callable[[str], None]] = {
    "openai": ask_openai,
    "stripe": ask_stripe,
    "boto3": ask_boto3,
    "elasticsearch": ask_elasticsearch,
}


def failure_of(call: Callable[[], Any], **terms: Any) -> Any:
    with (
        pytest.raises(DomainError) as caught,
        upstream("boxes", operation="list", unchecked=True, **terms),
    ):
        call()
    return caught.value


def failure_when(sdk: str, status: int, **headers: str) -> Any:
    with saying(status, b'{"error": {"message": "no", "type": "t"}}', **headers) as url:
        return failure_of(lambda: SDKS[sdk](url))


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.long
def test_an_sdk_that_gets_no_connection_may_have_tried_before(sdk: str) -> None:
    with unreachable() as url:
        error = failure_of(lambda: SDKS[sdk](url))

    assert type(error) is UpstreamConnectionError
    assert error.applied is None
    assert "not started" not in error.public


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.long
def test_an_overload_that_an_sdk_tells_of_keeps_its_wait(sdk: str) -> None:
    error = failure_when(sdk, 429, Retry_After="7")

    assert type(error) is UpstreamUnavailableError
    assert (error.extra_data["status"], error.retry_after) == (429, 7)


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.long
def test_credentials_that_an_sdk_says_are_refused_are_ours(sdk: str) -> None:
    error = failure_when(sdk, 401)

    assert type(error) is UpstreamCredentialsError
    assert (error.retryable, error.extra_data["status"]) == (False, 401)


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("status", [404, 500])
@pytest.mark.long
def test_an_answer_that_an_sdk_tells_of_is_the_service_s(sdk: str, status: int) -> None:
    error = failure_when(sdk, status)

    assert type(error) is UpstreamResponseError
    assert (error.extra_data["status"], error.permanent) == (status, status == 404)
    assert error.extra_data["body"]


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.long
def test_a_status_that_an_sdk_tells_of_passes(sdk: str) -> None:
    with saying(404) as url:
        error = failure_of(lambda: SDKS[sdk](url), passing={404: NotFoundError})

    assert type(error) is NotFoundError


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.long
def test_an_sdk_that_waits_in_vain_may_have_been_heard(sdk: str) -> None:
    with saying(200, seconds=SECONDS * 3) as url:
        error = failure_of(lambda: SDKS[sdk](url))

    assert isinstance(error, UpstreamTimeoutError)
    assert (error.applied, error.extra_data["status"]) == (None, None)


@pytest.mark.long
def test_a_first_refusal_by_openai_is_said_to_be_undone() -> None:
    openai = pytest.importorskip("openai", reason="openai is not installed")

    with saying(429, Retry_After="0") as url:
        first = failure_of(lambda: ask_openai(url))
        client = openai.OpenAI(base_url=url, api_key="sk-1", max_retries=1)
        second = failure_of(lambda: client.models.list())

    assert (first.applied, second.applied) == (False, None)


def tries_twice(ask: Callable[[], Any], retry: Any = None) -> Callable[[], Any]:
    options = {} if retry is None else {"retry": retry}
    return tenacity.retry(stop=tenacity.stop_after_attempt(2), **options)(ask)


def test_what_tenacity_gives_up_with_is_what_it_was_given() -> None:
    with unreachable() as url:
        error = failure_of(tries_twice(lambda: requests.post(url, timeout=5)))

    assert (type(error), error.applied) == (UpstreamConnectionError, None)


def test_what_tenacity_raises_again_may_have_been_tried_before() -> None:
    with unreachable() as url:
        again = tenacity.retry(stop=tenacity.stop_after_attempt(2), reraise=True)
        error = failure_of(again(lambda: requests.post(url, timeout=5)))

    assert (type(error), error.applied) == (UpstreamConnectionError, None)


def test_the_answer_that_tenacity_did_not_like_is_the_service_s() -> None:
    unliked = tenacity.retry_if_result(lambda response: response.status_code == 503)

    with saying(503, Retry_After="7") as url:
        error = failure_of(tries_twice(lambda: httpx.post(url), unliked))

    assert (type(error), error.applied, error.retry_after) == (UpstreamUnavailableError, None, 7)


def test_a_success_that_nobody_liked_was_applied() -> None:
    with saying(201) as url:
        error = failure_of(tries_twice(lambda: httpx.post(url), tenacity.retry_if_result(bool)))

    assert (type(error), error.applied) == (UpstreamBodyError, True)


class BoxesDown(Exception):
    """A class of the app."""


def ask_in_vain() -> None:
    try:
        requests.get("http://127.0.0.1:9/", timeout=5)
    except requests.ConnectionError as exc:
        raise BoxesDown("no boxes") from exc


def test_an_exception_of_the_app_stays_the_app_s() -> None:
    with pytest.raises(BoxesDown), upstream("boxes", operation="list"):
        ask_in_vain()


def abort_in_vain() -> None:
    try:
        requests.get("http://127.0.0.1:9/", timeout=5)
    except requests.ConnectionError as exc:
        raise NotFound from exc


@pytest.mark.long
def test_a_driver_that_gets_no_connection_is_no_client_library() -> None:
    redis = pytest.importorskip("redis", reason="redis is not installed")

    with pytest.raises(redis.ConnectionError), upstream("boxes", operation="list"):
        redis.Redis(port=9).ping()


def test_an_abort_stays_flask_s() -> None:
    with pytest.raises(NotFound), upstream("boxes", operation="list"):
        abort_in_vain()


def test_what_a_rule_of_the_app_knows_stays_the_app_s() -> None:
    app = Flask(__name__)
    FaultMap(app, rules=[Rule(on=tenacity.RetryError, to=BadGatewayError)])

    with (
        app.app_context(),
        unreachable() as url,
        pytest.raises(tenacity.RetryError),
        upstream("boxes", operation="list"),
    ):
        tries_twice(lambda: requests.post(url, timeout=5))()


def test_what_no_rule_of_the_app_knows_is_the_service_s() -> None:
    app = Flask(__name__)
    FaultMap(app)

    with app.app_context(), unreachable() as url:
        error = failure_of(tries_twice(lambda: requests.post(url, timeout=5)))

    assert type(error) is UpstreamConnectionError


BREAKERS = [
    Rule(on=pybreaker.CircuitBreakerError, to=UnavailableError),
    Rule(on=circuitbreaker.CircuitBreakerError, to=UnavailableError),
]


def call_by_pybreaker(url: str) -> None:
    breaker = pybreaker.CircuitBreaker(fail_max=1)
    with pytest.raises(pybreaker.CircuitBreakerError):
        breaker.call(requests.post, url)
    breaker.call(requests.post, url)


def call_by_circuitbreaker(url: str) -> None:
    breaker = circuitbreaker.CircuitBreaker(failure_threshold=1)
    call = breaker(lambda: requests.post(url, timeout=5))
    with pytest.raises(requests.ConnectionError):
        call()
    call()


@pytest.mark.parametrize("call", [call_by_pybreaker, call_by_circuitbreaker])
def test_an_open_breaker_is_a_rule(call: Callable[[str], None]) -> None:
    app = Flask(__name__)
    faults = FaultMap(app, rules=BREAKERS)

    with (
        app.app_context(),
        unreachable() as url,
        pytest.raises((pybreaker.CircuitBreakerError, circuitbreaker.CircuitBreakerError)) as caught,
        upstream("boxes", operation="list"),
    ):
        call(url)

    assert faults.describe(caught.value).status == 503


def test_a_status_that_is_expected_is_a_success() -> None:
    with saying(304) as url, upstream("boxes", operation="get") as call:
        assert call.check(requests.get(url, timeout=5), also=(304,)).status_code == 304


async def check_awaited(url: str) -> int:
    async with upstream("boxes", operation="get") as call, httpx.AsyncClient() as client:
        return (await call.check(await client.get(url), also=(304,))).status_code


def test_a_status_that_is_expected_is_a_success_when_awaited() -> None:
    with saying(304) as url:
        assert asyncio.run(check_awaited(url)) == 304


def test_a_status_that_is_not_expected_is_none() -> None:
    def ask(url: str) -> None:
        with upstream("boxes", operation="get") as call:
            call.check(requests.get(url, timeout=5), also=(304,))

    with saying(412) as url, pytest.raises(UpstreamResponseError):
        ask(url)


def test_an_exception_of_an_sdk_that_tells_of_no_answer_stays_what_it_is() -> None:
    exceptions = pytest.importorskip("botocore.exceptions", reason="botocore is not installed")

    with pytest.raises(exceptions.ClientError), upstream("queue", operation="list"):
        raise exceptions.ClientError({"Error": {}}, "ListQueues")
