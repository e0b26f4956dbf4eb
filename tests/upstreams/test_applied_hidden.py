"""Is it true that nothing was applied where the answer, or the exception, hides an earlier try?"""

import pickle
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, TypeVar

import httpx
import pytest
import requests
import urllib3
from counting import counting
from misbehaving import unreachable
from requests.adapters import HTTPAdapter

from flask_faultmap.upstreams import UpstreamError, upstream

Thing = TypeVar("Thing")
RETRY = urllib3.Retry(total=2, allowed_methods=None, backoff_factor=0, raise_on_status=False)

pytestmark = pytest.mark.usefixtures("leaks")


class Stubborn(HTTPAdapter):
    """An adapter of the app that tries twice."""

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        try:
            return super().send(*args, **kwargs)
        except requests.ConnectionError:
            return super().send(*args, **kwargs)


class Quiet(urllib.request.HTTPErrorProcessor):
    """Gives bad answers back, and follows redirects."""

    def http_response(self, request: urllib.request.Request, response: Any) -> Any:
        return super().http_response(request, response) if 300 <= response.status < 400 else response


def ask(url: str, adapter: HTTPAdapter) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", adapter)
        return session.post(url, timeout=5)


def again(thing: Thing) -> Thing:
    """Give a copy of *thing*, as another process would get it."""
    copy: Thing = pickle.loads(pickle.dumps(thing))
    return copy


def with_an_adapter(url: str) -> None:
    with upstream("boxes", operation="create") as call:
        call.check(ask(f"{url}/once/503", Stubborn()))


def with_a_pickled_answer(url: str) -> None:
    with upstream("boxes", operation="create") as call:
        call.check(again(ask(f"{url}/once/503", HTTPAdapter(max_retries=RETRY))))


def with_a_pickled_error(url: str) -> None:
    response = ask(f"{url}/once/503", HTTPAdapter(max_retries=RETRY))
    with upstream("boxes", operation="create"):
        raise again(requests.HTTPError(response=response))


def with_a_quiet_opener(url: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Quiet())
    with upstream("boxes", operation="create") as call:
        call.check(opener.open(f"{url}/on/303/answer/503", b"x", timeout=5))


def with_an_error_that_is_checked(url: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with upstream("boxes", operation="create") as call:
        try:
            opener.open(f"{url}/on/303/answer/503", b"x", timeout=5)
        except urllib.error.HTTPError as exc:
            call.check(exc)


def with_a_pickled_exception(url: str) -> None:
    with upstream("boxes", operation="create"):
        try:
            requests.post(f"{url}/on/303/nowhere", timeout=5)
        except requests.ConnectionError as exc:
            pickled = again(exc)
        raise pickled


def with_a_traceback_taken_off(url: str) -> None:
    with upstream("boxes", operation="create"):
        try:
            requests.post(f"{url}/on/303/nowhere", timeout=5)
        except requests.ConnectionError as exc:
            raise exc.with_traceback(None) from None


def with_an_exception_of_the_app_s_making(url: str) -> None:
    with upstream("boxes", operation="create"):
        httpx.post(f"{url}/answer/200")
        raise httpx.PoolTimeout("no room")


def with_a_usage_of_the_app_s_making(url: str) -> None:
    with upstream("boxes", operation="create"):
        httpx.post(f"{url}/answer/200")
        raise httpx.InvalidURL("no URL")


def with_data_alone(url: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with upstream("boxes", operation="create"):
        opener.open(f"{url}/on/303/nowhere", b"x", timeout=5)


CALLS = [call for name, call in list(globals().items()) if name.startswith("with_")]


@pytest.mark.parametrize("call", CALLS)
def test_what_was_counted_and_hidden_is_not_said_to_be_undone(call: Callable[[str], None]) -> None:
    with counting() as server, pytest.raises(UpstreamError) as caught:
        call(server.url)

    assert server.has_done_something()
    assert (caught.value.applied, caught.value.retryable) == (None, False)


def test_an_error_of_urllib_that_is_checked_was_refused() -> None:
    def call(url: str) -> None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with upstream("boxes", operation="create") as call:
            try:
                opener.open(f"{url}/answer/503", b"x", timeout=5)
            except urllib.error.HTTPError as exc:
                call.check(exc)

    with counting() as server, pytest.raises(UpstreamError) as caught:
        call(server.url)

    assert (caught.value.applied, caught.value.retryable) == (False, True)


def test_a_url_that_cannot_be_used_was_asked_of_nobody() -> None:
    with pytest.raises(UpstreamError) as caught, upstream("boxes", operation="create"):
        httpx.post("http://[/")

    assert caught.value.applied is False


def test_a_pickled_exception_tells_what_the_block_says() -> None:
    def call(url: str) -> None:
        with upstream("boxes", operation="replace", method="PUT"):
            try:
                requests.put(url, timeout=5)
            except requests.ConnectionError as exc:
                pickled = again(exc)
            raise pickled

    with unreachable() as url, pytest.raises(UpstreamError) as caught:
        call(url)

    assert (caught.value.applied, caught.value.retryable) == (None, True)
