"""The client side: a failed call to another service leaves as a domain error.

::

    with upstream("appproxy", operation="delete_endpoint") as call:
        call.check(session.delete(url, timeout=5))

    async with upstream("appproxy", operation="fetch_endpoint") as call:
        async with session.get(url) as response:
            data = await call.json(response)

Works with requests, httpx, urllib3, aiohttp and ``urllib.request``, and imports none of them.
"""

import sys
from collections.abc import AsyncIterator, Collection, Coroutine, Iterator, Mapping
from types import TracebackType
from typing import Any, TypeVar

from flask_faultmap.errors import DomainError
from flask_faultmap.profiles.profile import Profile
from flask_faultmap.streams.framing import UNCHANGED
from flask_faultmap.streams.parsing import MOST_BYTES
from flask_faultmap.upstreams.answers import Answer
from flask_faultmap.upstreams.bodies import aread_some, exchange_of, read_some
from flask_faultmap.upstreams.errors import UpstreamError
from flask_faultmap.upstreams.events import EventReader
from flask_faultmap.upstreams.masking import mask_logs
from flask_faultmap.upstreams.state import BlockState
from flask_faultmap.upstreams.terms import Terms
from flask_faultmap.upstreams.verdicts import verdict_on
from flask_faultmap.upstreams.watching import watch_calls

Response = TypeVar("Response")


def upstream(
    service: str,
    *,
    operation: str,
    errors: Mapping[type[UpstreamError], type[DomainError]] | None = None,
    passing: Mapping[int | str, type[DomainError]] | None = None,
    profile: Profile | None = None,
    method: str | None = None,
    path: str | None = None,
    idempotent: bool | None = None,
    unchecked: bool = False,
) -> "UpstreamBlock":
    """Guard a call to a service, in a ``with`` or an ``async with`` block; one block for each call.

    What goes wrong in the block leaves it as a :class:`UpstreamError`, with the exception of the
    client library as its cause. What an SDK raises counts if it tells of an answer, or has an
    exception of a client library as its cause. Domain errors, exceptions that a rule of the current
    app knows, and all others pass as they are. Our answer to our own client never tells what the
    service said.

    Args:
        service: what the service is called in logs.
        operation: what is done there, in logs.
        errors: the service's own classes, by family; the nearest family in the MRO decides. They
            need not be below :class:`UpstreamError`, and get its attributes all the same.
        passing: what the client is told after all: by the status of the service's answer, or by
            the code in it, which wins. Code, violations, details and retry hint of the answer go
            with it. 401, 403 and 407 are our credentials' trouble and never pass.
        profile: the shape of the service's errors; without it, the shape ``problem`` as
            flask_faultmap sends it is understood.
        method: of the request, for extra_data, where the client library does not tell.
        path: of the request, likewise; without a query.
        idempotent: whether a request may be sent twice, say because it has an
            ``Idempotency-Key``; None goes by its method (RFC 9110, section 9.2.2).
        unchecked: the client library raises for every bad answer by itself, and hides the
            responses: the block may end without one that was checked.

    Raises:
        ConfigError: *errors* or *passing* cannot be used.
    """
    terms = Terms(
        service=service,
        operation=operation,
        errors=errors or {},
        passing=passing or {},
        profile=profile,
        method=method,
        path=path,
        idempotent=idempotent,
    )
    mask_logs()
    watch_calls()
    return UpstreamBlock(terms, unchecked=unchecked)


class UpstreamBlock:
    """What :func:`upstream` gives: one block, to be entered once."""

    def __init__(self, terms: Terms, *, unchecked: bool) -> None:
        self._state = BlockState(terms, unchecked=unchecked)

    def __enter__(self) -> "UpstreamCall":
        self._state.begin(sys._getframe(1))
        return UpstreamCall(self._state)

    def __exit__(
        self, cls: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._state.end(exc)
        verdict = verdict_on(exc, self._state.outer)
        answer = None if verdict is None else verdict.answer
        exchange = None if answer is None else exchange_of(answer, read_some(answer))
        self._state.raise_failure(exc, verdict, exchange)

    async def __aenter__(self) -> "AsyncUpstreamCall":
        self._state.begin(sys._getframe(1))
        return AsyncUpstreamCall(self._state)

    async def __aexit__(
        self, cls: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._state.end(exc)
        verdict = verdict_on(exc, self._state.outer)
        answer = None if verdict is None else verdict.answer
        exchange = None if answer is None else exchange_of(answer, await aread_some(answer))
        self._state.raise_failure(exc, verdict, exchange)


class UpstreamCall:
    """What a ``with upstream(...)`` block asks about each response."""

    def __init__(self, state: BlockState) -> None:
        self._state = state

    def check(self, response: Response, *, also: Collection[int] = ()) -> Response:
        """Return *response* if its status says success (2xx), or is one of *also*, such as 304.

        Raises:
            UpstreamResponseError: it does not, redirects included; or what ``errors`` and
                ``passing`` say.
            UpstreamUsageError: this is no response, it must be awaited, or the block is over.
        """
        self._check_success(response, also)
        return response

    def json(self, response: object) -> Any:
        """Check *response*, and return its body parsed as JSON, whatever its media type.

        Raises:
            UpstreamBodyError: the body is no JSON; an empty one is none (a 204 is for :meth:`check`).
            UpstreamResponseError: as :meth:`check` does.
            UpstreamUsageError: as :meth:`check` does.
        """
        answer = self._check_success(response)
        return self._state.parse(answer, answer.whole())

    def events(
        self, response: object, framing: str, *, end: str | None = UNCHANGED, limit: int = MOST_BYTES
    ) -> Iterator[Any]:
        """Check *response*, and give the items of its stream as they come; use them inside the block.

        Args:
            response: of a request whose body is not read yet (``stream=True``).
            framing: ``"ndjson"``, which gives parsed JSON, or ``"sse"``, which gives
                :class:`~flask_faultmap.streams.Event` records.
            end: another end mark than that of our own framings, such as ``"[DONE]"``; None if the service
                sends none.
            limit: bytes that one item may have; 1 MiB unless given.

        Raises:
            UpstreamAnswerLostError: the stream ended without its end mark.
            UpstreamBodyError: an item cannot be read, or is longer than *limit*.
            DomainError: the stream told of an error: as :meth:`check` raises it for an answer with its code
                and status.
            ConfigError: there is no such framing.
        """
        answer = self._check_success(response)
        return _read_items(answer, EventReader(self._state.terms, answer, framing, end, limit))

    def _check_success(self, response: object, also: Collection[int] = ()) -> Answer:
        answer = self._state.answer_of(response)
        if answer.must_be_awaited:
            self._state.refuse("the body of this response must be awaited; use 'async with upstream(…)'")
        if not answer.is_success and answer.status not in also:
            raise self._state.error_of(exchange_of(answer, read_some(answer)))
        self._state.take(answer)
        return answer


class AsyncUpstreamCall:
    """What an ``async with upstream(...)`` block asks about each response.

    The body of an aiohttp response is still on its way when the status is known, and an error's
    body is read too: so both must be awaited. If one is not, the block fails when it ends.
    """

    def __init__(self, state: BlockState) -> None:
        self._state = state

    def check(self, response: Response, *, also: Collection[int] = ()) -> Coroutine[Any, Any, Response]:
        """Do what :meth:`UpstreamCall.check` does, awaiting."""
        return self._state.to_be_awaited(self._check(response, also))

    def json(self, response: object) -> Coroutine[Any, Any, Any]:
        """Do what :meth:`UpstreamCall.json` does, awaiting."""
        return self._state.to_be_awaited(self._read_json(response))

    def events(
        self, response: object, framing: str, *, end: str | None = UNCHANGED, limit: int = MOST_BYTES
    ) -> AsyncIterator[Any]:
        """Do what :meth:`UpstreamCall.events` does, for ``async for``."""
        return self._read_items(response, framing, end, limit)

    async def _read_items(
        self, response: object, framing: str, end: str | None, limit: int
    ) -> AsyncIterator[Any]:
        answer = await self._check_success(response)
        reader = EventReader(self._state.terms, answer, framing, end, limit)
        try:
            async for chunk in answer.adecoded():
                for item in reader.feed(chunk):
                    yield item
                if reader.has_ended:
                    return
            for item in reader.finish():
                yield item
        finally:
            await answer.aclose()

    async def _check(self, response: Response, also: Collection[int]) -> Response:
        await self._check_success(response, also)
        return response

    async def _read_json(self, response: object) -> Any:
        answer = await self._check_success(response)
        return self._state.parse(answer, await answer.awhole())

    async def _check_success(self, response: object, also: Collection[int] = ()) -> Answer:
        answer = self._state.answer_of(response)
        if not answer.is_success and answer.status not in also:
            raise self._state.error_of(exchange_of(answer, await aread_some(answer)))
        self._state.take(answer)
        return answer


def _read_items(answer: Answer, reader: EventReader) -> Iterator[Any]:
    try:
        for chunk in answer.decoded():
            yield from reader.feed(chunk)
            if reader.has_ended:
                return
        yield from reader.finish()
    finally:
        answer.close()
