"""How far is one block of calls to a service, and what became of it?"""

from collections.abc import Coroutine, Iterator
from dataclasses import replace
from inspect import CORO_CREATED, getcoroutinestate
from typing import Any, NoReturn, TypeVar

from flask_faultmap.errors import DomainError
from flask_faultmap.upstreams.answers import Answer, Exchange, answer_of, sent
from flask_faultmap.upstreams.bodies import MOST_BYTES, exchange_of, load
from flask_faultmap.upstreams.errors import (
    UpstreamAnswerLostError,
    UpstreamBodyError,
    UpstreamError,
    UpstreamReadTimeoutError,
    UpstreamResponseError,
    UpstreamTimeoutError,
    UpstreamUsageError,
)
from flask_faultmap.upstreams.failures import failure_of
from flask_faultmap.upstreams.masking import mask_chain
from flask_faultmap.upstreams.redirects import follows_another
from flask_faultmap.upstreams.terms import Terms

Result = TypeVar("Result")


class BlockState:
    """What the two sorts of blocks share: what was checked, what was forgotten, what went wrong."""

    def __init__(self, terms: Terms, *, unchecked: bool) -> None:
        self.terms = terms
        self._may_end = unchecked
        self._has_begun = self._is_over = False
        self._coroutines: list[Coroutine[Any, Any, Any]] = []
        self._last = Exchange()

    def begin(self) -> None:
        """Enter the block.

        Raises:
            UpstreamUsageError: it was entered before.
        """
        if self._has_begun:
            self.refuse("the block was entered twice; call upstream(…) anew for each call")
        self._has_begun = True

    def answer_of(self, response: object) -> Answer:
        """Take the answer that *response* is.

        Raises:
            UpstreamUsageError: it is none, or the block is over.
        """
        if self._is_over:
            self.refuse("a response was used after its block; check it inside")
        answer = answer_of(response)
        if answer is None:
            self.refuse(
                f"{type(response).__name__} is no response of requests, httpx, urllib3 or aiohttp; "
                "give what the client library returned"
            )
        self._may_end = True
        self._last = exchange_of(answer, b"")
        return answer

    def parse(self, answer: Answer, body: bytes) -> Any:
        """Parse the body of a success.

        Raises:
            UpstreamBodyError: it is no JSON.
        """
        try:
            return load(body, answer.header("Content-Type"))
        except (ValueError, RecursionError) as exc:
            what = f"answered {answer.status} with a body that is no JSON"
            # A success says that the work was done.
            raise self.terms.make(
                UpstreamBodyError, what, exchange_of(answer, body[:MOST_BYTES]), applied=True, permanent=True
            ) from exc

    def to_be_awaited(self, coroutine: Coroutine[Any, Any, Result]) -> Coroutine[Any, Any, Result]:
        """Keep *coroutine* in mind until the block ends."""
        self._coroutines.append(coroutine)
        return coroutine

    def end(self, exc: BaseException | None) -> None:
        """End the block, which *exc* left.

        Raises:
            UpstreamUsageError: it went well, and a bad answer could have passed for a success.
        """
        self._is_over = True
        forgotten = [waiting for waiting in self._coroutines if getcoroutinestate(waiting) == CORO_CREATED]
        for coroutine in forgotten:
            coroutine.close()
        if exc is not None:
            return
        if forgotten:
            self.refuse("the block ended, and a check(…) or json(…) in it was not awaited")
        if not self._may_end:
            self.refuse(
                "the block ended, and no response was checked; call check(response) or json(response), "
                "or give unchecked=True if the client library hides its responses"
            )

    def raise_failure(self, exc: BaseException | None, exchange: Exchange | None) -> None:
        """Mask *exc*, and raise what it means if a client library raised it.

        *exchange* is told by its response.
        """
        if exc is None:
            return
        culprit = culprit_in(exc)
        failure = None if culprit is None else failure_of(culprit)
        mask_chain(exc)
        if culprit is None or failure is None:
            return
        told = exchange or self._told_by(culprit, failure)
        if failure.applied is False and follows_another(culprit):
            # The service took the first request, whose method is not that of the last.
            is_late = issubclass(failure, UpstreamTimeoutError)
            failure = UpstreamReadTimeoutError if is_late else UpstreamAnswerLostError
            told = replace(told, method=None)
        raise self._error_of(culprit, failure, told) from exc

    def refuse(self, why: str) -> NoReturn:
        """Raise our own bug."""
        raise self.terms.make(UpstreamUsageError, why, self._last, applied=None, permanent=True)

    def _error_of(self, exc: BaseException, failure: type[UpstreamError], exchange: Exchange) -> DomainError:
        if failure is UpstreamResponseError and exchange.status:
            return self.terms.error_of(exchange)
        what = type(exc).__name__
        return self.terms.make(failure, what, exchange, applied=failure.applied, permanent=failure.permanent)

    def _told_by(self, exc: BaseException, failure: type[UpstreamError]) -> Exchange:
        """Give what the attributes of *exc* tell; of an answer that broke off, also what had come of it."""
        told = vars(exc)
        request = next(
            (told[name] for name in ("request", "_request", "request_info") if told.get(name)), None
        )
        method, path = sent(request, told.get("url"))
        if failure is UpstreamResponseError:
            wait = (told.get("headers") or {}).get("Retry-After")
            return Exchange(method=method, path=path, status=told.get("status"), retry_after=wait)
        last = self._last if failure.applied is None and path in (None, self._last.path) else Exchange()
        return Exchange(method=method or last.method, path=path or last.path, status=last.status)


def answer_in(exc: BaseException | None) -> Answer | None:
    """Give the answer that a ``raise_for_status()`` of a client library left in *exc*."""
    culprit = culprit_in(exc)
    if culprit is None or failure_of(culprit) is not UpstreamResponseError:
        return None
    return answer_of(getattr(culprit, "response", None))


def culprit_in(exc: BaseException | None) -> BaseException | None:
    """Give what a client library raised: *exc*, or the first such leaf of a group.

    A group may hold domain errors besides, and nothing else. One of them alone is the border's.
    """
    foreign = [leaf for leaf in _leaves(exc) if not isinstance(leaf, DomainError)]
    if not foreign or any(failure_of(leaf) is None for leaf in foreign):
        return None
    return foreign[0]


def _leaves(exc: BaseException | None) -> Iterator[BaseException]:
    waiting = [] if exc is None else [exc]
    while waiting:
        leaf = waiting.pop()
        if isinstance(leaf, ExceptionGroup):
            waiting += reversed(leaf.exceptions)
        else:
            yield leaf
