"""Code of an app that tries twice where no caller sees it: inside the call of each client library.

Each takes a URL, and makes one POST by its own eyes. ``PATHS`` are what the counting server does to it.
"""

import asyncio
import functools
import urllib.error
import urllib.request
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any

import aiohttp
import httpx
import httpx2
import requests
import tenacity
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter

from flask_faultmap.upstreams import UpstreamBlock, upstream

PATHS = (
    *(f"once/{then}" for then in ("nowhere", "404", "429", "503")),
    *(f"first/500/{then}" for then in ("nowhere", "404", "429", "503")),
)
NO_PROXY = urllib.request.ProxyHandler({})


def block() -> UpstreamBlock:
    return upstream("boxes", operation="create")


def twice(send: Callable[[], Any], failed: tuple[type[Exception], ...], status: str = "status_code") -> Any:
    """Send again what got no answer, or a 500."""
    with suppress(*failed):
        response = send()
        if getattr(response, status) != 500:
            return response
    return send()


async def twice_awaited(send: Callable[[], Any], failed: type[Exception], status: str = "status_code") -> Any:
    with suppress(failed):
        response = await send()
        if getattr(response, status) != 500:
            return response
    return await send()


class Heir(HTTPAdapter):
    def send(self, *args: Any, **kwargs: Any) -> Any:
        return twice(lambda: HTTPAdapter.send(self, *args, **kwargs), (requests.ConnectionError,))


class Wrapping(BaseAdapter):
    def __init__(self) -> None:
        super().__init__()
        self._inner = HTTPAdapter()

    def send(self, *args: Any, **kwargs: Any) -> Any:
        return twice(lambda: self._inner.send(*args, **kwargs), (requests.ConnectionError,))

    def close(self) -> None:
        self._inner.close()


class SendingSession(requests.Session):
    def send(self, *args: Any, **kwargs: Any) -> Any:
        return twice(lambda: requests.Session.send(self, *args, **kwargs), (requests.ConnectionError,))


class RequestingSession(requests.Session):
    def request(self, *args: Any, **kwargs: Any) -> Any:
        return twice(lambda: requests.Session.request(self, *args, **kwargs), (requests.ConnectionError,))


def _by_requests(url: str, session: requests.Session | None = None, **options: Any) -> None:
    with session or requests.Session() as used, block() as call:
        used.trust_env = False
        call.check(used.request("POST", url, data=b"x", timeout=5, **options))


def _mounted(adapter: BaseAdapter) -> requests.Session:
    session = requests.Session()
    session.mount("http://", adapter)
    return session


def by_an_adapter_of_requests(url: str) -> None:
    _by_requests(url, _mounted(Heir()))


def by_an_adapter_around_an_adapter(url: str) -> None:
    _by_requests(url, _mounted(Wrapping()))


def by_a_session_that_sends_twice(url: str) -> None:
    _by_requests(url, SendingSession())


def by_a_session_that_requests_twice(url: str) -> None:
    _by_requests(url, RequestingSession())


def _send_again(response: requests.Response, /, session: requests.Session, **options: Any) -> Any:
    return response if response.status_code != 500 else session.send(response.request, **options)


def by_a_hook_of_requests(url: str) -> None:
    with requests.Session() as session:
        _by_requests(url, session, hooks={"response": functools.partial(_send_again, session=session)})


def by_a_hook_that_calls_anew(url: str) -> None:
    def again(response: requests.Response, **options: Any) -> Any:
        return response if response.status_code != 500 else requests.post(url, b"x", timeout=5)

    _by_requests(url, hooks={"response": again})


class Tries(requests.auth.AuthBase):
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.register_hook("response", self.again)
        return request

    def again(self, response: requests.Response, **options: Any) -> Any:
        if response.status_code != 500:
            return response
        return response.connection.send(response.request, **options)


def by_the_auth_of_requests(url: str) -> None:
    _by_requests(url, auth=Tries())


def by_a_library_around_the_call(url: str) -> None:
    retry = tenacity.retry(
        stop=tenacity.stop_after_attempt(2),
        retry=tenacity.retry_if_exception_type() | tenacity.retry_if_result(lambda it: it.status_code == 500),
        retry_error_callback=lambda state: state.outcome.result(),
    )
    with block() as call:
        call.check(retry(requests.post)(url, b"x", timeout=5))


def by_a_library_around_an_answer_that_is_raised(url: str) -> None:
    @tenacity.retry(stop=tenacity.stop_after_attempt(2), reraise=True)
    def post() -> None:
        requests.post(url, b"x", timeout=5).raise_for_status()

    with block():
        post()


class Transport(httpx.BaseTransport):
    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> Any:
        return twice(lambda: self._inner.handle_request(request), (httpx.TransportError,))

    def close(self) -> None:
        self._inner.close()


class TransportHeir(httpx.HTTPTransport):
    def handle_request(self, request: httpx.Request) -> Any:
        return twice(lambda: httpx.HTTPTransport.handle_request(self, request), (httpx.TransportError,))


class Transport2(httpx2.HTTPTransport):
    def handle_request(self, request: httpx2.Request) -> Any:
        return twice(lambda: httpx2.HTTPTransport.handle_request(self, request), (httpx2.TransportError,))


class TransportAwaited(httpx.AsyncHTTPTransport):
    async def handle_async_request(self, request: httpx.Request) -> Any:
        inner = super()
        return await twice_awaited(lambda: inner.handle_async_request(request), httpx.TransportError)


class InTasks(httpx.AsyncBaseTransport):
    """Sends in tasks of its own, on whose stack it is not."""

    def __init__(self) -> None:
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> Any:
        def send() -> Any:
            return asyncio.create_task(self._inner.handle_async_request(request))

        return await twice_awaited(send, httpx.TransportError)


class SendingClient(httpx.Client):
    def send(self, *args: Any, **kwargs: Any) -> Any:
        return twice(lambda: httpx.Client.send(self, *args, **kwargs), (httpx.TransportError,))


class Raising(Transport):
    """Raises what is bad inside the transport."""

    def handle_request(self, request: httpx.Request) -> Any:
        try:
            response = super().handle_request(request)
        except httpx.TransportError as exc:
            raise httpx.ConnectError("gave up") from exc
        response.request = request
        return response.raise_for_status()


def _by_httpx(url: str, client: Any) -> None:
    with client as used, block() as call:
        call.check(used.post(url, content=b"x"))


def by_a_transport_of_httpx(url: str) -> None:
    _by_httpx(url, httpx.Client(transport=Transport()))


def by_a_transport_that_is_mounted(url: str) -> None:
    _by_httpx(url, httpx.Client(mounts={"http://": TransportHeir()}, trust_env=False))


def by_a_transport_that_raises(url: str) -> None:
    _by_httpx(url, httpx.Client(transport=Raising()))


def by_a_transport_of_httpx2(url: str) -> None:
    _by_httpx(url, httpx2.Client(transport=Transport2()))


def by_a_client_of_httpx(url: str) -> None:
    _by_httpx(url, SendingClient())


def _by_httpx_awaited(url: str, transport: httpx.AsyncBaseTransport) -> None:
    async def run() -> None:
        async with httpx.AsyncClient(transport=transport) as client, block() as call:
            await call.check(await client.post(url, content=b"x"))

    asyncio.run(run())


def by_a_transport_that_is_awaited(url: str) -> None:
    _by_httpx_awaited(url, TransportAwaited())


def by_a_transport_that_sends_in_tasks(url: str) -> None:
    _by_httpx_awaited(url, InTasks())


@contextmanager
def wrapped_block() -> Generator[Any]:
    """A block inside a context manager of the app: the frame of the block is not above the call."""
    with block() as call:
        yield call


def by_a_transport_in_a_block_of_the_app_s(url: str) -> None:
    with httpx.Client(transport=Transport()) as client, wrapped_block() as call:
        call.check(client.post(url, content=b"x"))


async def middleware(request: aiohttp.ClientRequest, handler: Any) -> Any:
    return await twice_awaited(lambda: handler(request), aiohttp.ClientError, "status")


def _by_aiohttp(url: str, *, raises: bool = False) -> None:
    async def run() -> None:
        async with (
            aiohttp.ClientSession(middlewares=(middleware,), raise_for_status=raises) as session,
            block() as call,
            session.post(url, data=b"x") as response,
        ):
            await call.check(response)

    asyncio.run(run())


def by_a_middleware_of_aiohttp(url: str) -> None:
    _by_aiohttp(url)


def by_a_library_around_aiohttp(url: str) -> None:
    async def run() -> None:
        async with aiohttp.ClientSession() as session, block() as call:

            @tenacity.retry(
                stop=tenacity.stop_after_attempt(2),
                retry=tenacity.retry_if_exception_type()
                | tenacity.retry_if_result(lambda it: it.status == 500),
            )
            async def post() -> aiohttp.ClientResponse:
                return await session.post(url, data=b"x")

            await call.check(await post())

    asyncio.run(run())


def by_a_middleware_and_a_status_that_is_raised(url: str) -> None:
    _by_aiohttp(url, raises=True)


def by_a_middleware_of_one_request_that_is_raised(url: str) -> None:
    async def run() -> None:
        async with aiohttp.ClientSession() as session, block() as call:
            await call.check(
                await session.post(url, data=b"x", middlewares=(middleware,), raise_for_status=True)
            )

    asyncio.run(run())


class Handler(urllib.request.HTTPHandler):
    def http_open(self, request: urllib.request.Request) -> Any:
        return twice(
            lambda: urllib.request.HTTPHandler.http_open(self, request),
            (urllib.error.URLError, OSError),
            "status",
        )


class Processor(urllib.request.HTTPErrorProcessor):
    def http_response(self, request: Any, response: Any) -> Any:
        if response.status == 500:
            with suppress(KeyError):
                return self.parent.open(request, timeout=5)
        return super().http_response(request, response)


class Opener(urllib.request.OpenerDirector):
    def open(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().open(*args, **kwargs)
        except OSError:
            pass
        return super().open(*args, **kwargs)


def _by_opener(url: str, *handlers: Any) -> None:
    with block() as call:
        call.check(urllib.request.build_opener(NO_PROXY, *handlers).open(url, b"x", timeout=5))


def by_a_handler_of_urllib(url: str) -> None:
    _by_opener(url, Handler())


def by_a_processor_of_urllib(url: str) -> None:
    _by_opener(url, Processor())


def by_an_opener_of_the_app_s(url: str) -> None:
    opener = Opener()
    for handler in (urllib.request.HTTPHandler(), Processor(), urllib.request.HTTPDefaultErrorHandler()):
        opener.add_handler(handler)
    with block() as call:
        call.check(opener.open(url, b"x", timeout=5))


class Pool(urllib3.PoolManager):
    def urlopen(self, *args: Any, **kwargs: Any) -> Any:
        return twice(
            lambda: urllib3.PoolManager.urlopen(self, *args, **kwargs),
            (urllib3.exceptions.HTTPError,),
            "status",
        )


def by_a_pool_manager_of_urllib3(url: str) -> None:
    with Pool() as pool, block() as call:
        call.check(pool.request("POST", url, body=b"x", retries=False))


def by_a_loop_that_raises_what_it_kept(url: str) -> None:
    kept: Exception | None = None
    with block() as call:
        for _ in range(2):
            try:
                response = requests.post(url, b"x", timeout=5)
                response.raise_for_status()
            except requests.RequestException as exc:
                kept = exc
        if kept is not None:
            raise kept
        call.check(response)


HIDDEN: dict[str, Callable[[str], None]] = {
    name.removeprefix("by_"): call for name, call in list(globals().items()) if name.startswith("by_")
}
