"""What is seen of those who stand around a call, and what of it leaves the promise as it is."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack
from types import ModuleType
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import tenacity
from counting import counting
from hidden_tries import TransportAwaited, TransportHeir, block
from misbehaving import unreachable
from requests.adapters import HTTPAdapter

from flask_faultmap.upstreams import UpstreamError, upstream

# Some libraries leave a socket to the garbage collector when a call fails.
pytestmark = [
    pytest.mark.usefixtures("leaks"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def with_a_hook_that_only_looks(url: str) -> None:
    with block() as call:
        call.check(requests.post(url, hooks={"response": lambda response, **options: None}, timeout=5))


class Labelled(HTTPAdapter):
    """An adapter that does nothing about sending."""

    def add_headers(self, request: requests.PreparedRequest, **options: Any) -> None:
        request.headers["X-Label"] = "1"


def with_an_adapter_that_only_adds_headers(url: str) -> None:
    with requests.Session() as session, block() as call:
        session.mount("http://", Labelled())
        call.check(session.post(url, timeout=5))


def with_hooks_of_httpx(url: str) -> None:
    hooks: Any = {"request": [lambda request: None], "response": [lambda response: None]}
    with httpx.Client(event_hooks=hooks) as client, block() as call:
        call.check(client.post(url))


def in_an_exit_stack(url: str) -> None:
    with ExitStack() as stack:
        call = stack.enter_context(block())
        call.check(stack.enter_context(httpx.Client()).post(url))


def in_an_exit_stack_that_is_awaited(url: str) -> None:
    async def run() -> None:
        async with AsyncExitStack() as stack:
            call = await stack.enter_async_context(block())
            client = await stack.enter_async_context(httpx.AsyncClient())
            await call.check(await client.post(url))

    asyncio.run(run())


def in_a_task(url: str) -> None:
    async def run() -> None:
        async with httpx.AsyncClient() as client, block() as call:
            await call.check(await asyncio.create_task(client.post(url)))

    asyncio.run(run())


def in_a_thread_of_the_loop(url: str) -> None:
    async def run() -> None:
        async with block() as call:
            await call.check(await asyncio.to_thread(requests.post, url, timeout=5))

    asyncio.run(run())


def after_another_block(url: str) -> None:
    with httpx.Client(transport=TransportHeir()) as client, upstream("boxes", operation="list") as call:
        call.check(client.get(url.replace("answer/503", "answer/200")))
    with block() as call:
        call.check(httpx.post(url))


def around_another_block(url: str) -> None:
    with block() as outer:
        with httpx.Client(transport=TransportHeir()) as client, upstream("boxes", operation="list") as call:
            call.check(client.get(url.replace("answer/503", "answer/200")))
        outer.check(httpx.post(url))


def with_an_answer_from_before(url: str) -> None:
    response = httpx.post(url)
    with block() as call:
        call.check(response)


def with_every_logger_at_debug(url: str) -> None:
    logger = logging.getLogger("httpcore")
    logger.setLevel(logging.DEBUG)
    try:
        with block() as call:
            call.check(httpx.post(url))
    finally:
        logger.setLevel(logging.NOTSET)


async def _ended_elsewhere(url: str) -> AsyncIterator[None]:
    async with httpx.AsyncClient() as client, block() as call:
        yield
        await call.check(await client.post(url))


def in_a_generator_that_ends_in_another_context(url: str) -> None:
    async def run() -> None:
        generator = _ended_elsewhere(url)
        await asyncio.create_task(anext(generator))  # type: ignore[arg-type]  # a coroutine, in CPython
        await anext(generator)

    asyncio.run(run())


UNDONE: dict[str, Callable[[str], None]] = {
    name: call
    for name, call in list(globals().items())
    if name.startswith(("with_", "in_", "after_", "around_"))
}


@pytest.mark.parametrize("call", UNDONE)
def test_what_cannot_have_been_tried_before_is_still_said_to_be_undone(call: str) -> None:
    with counting() as server, pytest.raises(UpstreamError) as caught:
        UNDONE[call](f"{server.url}/answer/503")

    assert (caught.value.applied, caught.value.retryable) == (False, True)


def test_a_hidden_try_in_a_task_is_seen() -> None:
    async def run(url: str) -> None:
        async with httpx.AsyncClient(transport=TransportAwaited()) as client, block() as call:
            await call.check(await asyncio.create_task(client.post(url)))

    with counting() as server, pytest.raises(UpstreamError) as caught:
        asyncio.run(run(f"{server.url}/once/503"))

    assert (caught.value.applied, caught.value.retryable) == (None, False)


def test_a_hidden_try_of_what_is_idempotent_may_be_repeated() -> None:
    with (
        counting() as server,
        httpx.Client(transport=TransportHeir()) as client,
        pytest.raises(UpstreamError) as caught,
        block() as call,
    ):
        call.check(client.put(f"{server.url}/once/503"))

    assert (caught.value.applied, caught.value.retryable) == (None, True)


def test_what_others_had_sent_before_a_call_that_nobody_took_is_not_forgotten() -> None:
    retry = tenacity.retry(
        stop=tenacity.stop_after_attempt(1), retry_error_callback=lambda state: None, sleep=lambda _: None
    )

    def call(first: str, second: str) -> None:
        with block():
            retry(requests.post)(first, timeout=5)
            requests.post(second, timeout=5)

    with counting() as server, unreachable() as nowhere, pytest.raises(UpstreamError) as caught:
        call(f"{server.url}/after-the-body/close", nowhere)

    assert (caught.value.applied, caught.value.retryable) == (None, False)


class Traced(httpx.BaseTransport):
    """As OpenTelemetry's: it stands around another transport."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._inner.handle_request(request)


def as_of(package: str, function: Any) -> Any:
    """Give *function* as if the package had it."""
    module = ModuleType(package)
    code = function.__code__
    exec("from types import FunctionType", vars(module))
    return vars(module)["FunctionType"](code, {**function.__globals__, "__name__": package})


@pytest.mark.parametrize(
    ("package", "applied"), [("opentelemetry.instrumentation.httpx", False), ("boxes.tracing", None)]
)
def test_a_transport_that_is_known_to_watch_leaves_it_undone(
    monkeypatch: pytest.MonkeyPatch, package: str, applied: bool | None
) -> None:
    monkeypatch.setattr(Traced, "handle_request", as_of(package, Traced.handle_request))

    with (
        counting() as server,
        unreachable() as nowhere,
        httpx.Client(transport=Traced()) as client,
        pytest.raises(UpstreamError) as refused,
        block() as call,
    ):
        call.check(client.post(f"{server.url}/answer/503"))
    with pytest.raises(UpstreamError) as lost, block():
        httpx.Client(transport=Traced()).post(nowhere)

    assert (refused.value.applied, lost.value.applied) == (applied, applied)


def test_aiohttp_is_watched_once_however_many_blocks_there_are() -> None:
    for _ in range(3):
        upstream("boxes", operation="list")

    watched: Any = sys.modules["aiohttp.client"].build_client_middlewares  # type: ignore[attr-defined]

    assert not hasattr(watched.func, "func")
    assert watched.args[0].__module__ == "aiohttp.client_middlewares"


def test_middlewares_outside_of_a_block_are_put_together_as_ever() -> None:
    async def middleware(request: aiohttp.ClientRequest, handler: Any) -> Any:
        return await handler(request)

    async def run(url: str) -> int:
        async with aiohttp.ClientSession(middlewares=(middleware,)) as session, session.post(url) as response:
            return response.status

    with counting() as server:
        assert asyncio.run(run(f"{server.url}/answer/200")) == 200


def test_an_sdk_that_says_that_it_tries_for_the_first_time_is_believed_and_its_transport_is_not() -> None:
    openai = pytest.importorskip("openai", reason="openai is not installed")

    def ask(url: str, **options: Any) -> Any:
        with (
            pytest.raises(UpstreamError) as caught,
            upstream("models", operation="list", unchecked=True),
            openai.OpenAI(base_url=url, api_key="sk-1", max_retries=0, **options) as client,
        ):
            client.post("/", cast_to=object)
        return caught.value

    with counting() as server:
        first = ask(f"{server.url}/answer/503")
        hidden = ask(f"{server.url}/once/503", http_client=httpx.Client(transport=TransportHeir()))

    assert (first.applied, hidden.applied) == (False, None)
