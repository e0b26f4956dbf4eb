"""How far is one block of calls to a service, and what became of it?"""

import sys
from collections.abc import Coroutine
from dataclasses import replace
from inspect import CORO_CREATED, getcoroutinestate
from types import FrameType
from typing import Any, NoReturn, TypeVar

from flask_faultmap.errors import DomainError
from flask_faultmap.upstreams.answers import Answer, answer_of
from flask_faultmap.upstreams.bodies import MOST_BYTES, exchange_of, load
from flask_faultmap.upstreams.errors import (
    UpstreamBodyError,
    UpstreamResponseError,
    UpstreamUsageError,
)
from flask_faultmap.upstreams.exchanges import Exchange, sent
from flask_faultmap.upstreams.history import earlier, earlier_of_aiohttp
from flask_faultmap.upstreams.masking import mask_chain
from flask_faultmap.upstreams.terms import IDEMPOTENT, Terms
from flask_faultmap.upstreams.verdicts import Verdict
from flask_faultmap.upstreams.watching import Watch

Result = TypeVar("Result")


class BlockState:
    """What the two sorts of blocks share: what was checked, what was forgotten, what went wrong."""

    def __init__(self, terms: Terms, *, unchecked: bool) -> None:
        self.terms = terms
        self._may_end = unchecked
        self._has_begun = self._is_over = False
        self._coroutines: list[Coroutine[Any, Any, Any]] = []
        self._last = Exchange()
        self.outer: BaseException | None = None  # in whose handler the block stands
        self._is_done = False
        self._done_method: str | None = None
        self._watch = Watch()

    def begin(self, frame: FrameType) -> None:
        """Enter the block, which stands in *frame*.

        Raises:
            UpstreamUsageError: it was entered before.
        """
        if self._has_begun:
            self.refuse("the block was entered twice; call upstream(…) anew for each call")
        self._has_begun = True
        self.outer = sys.exception()
        self._watch.begin(frame)

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
                f"{type(response).__name__} is no response of requests, httpx, urllib3, aiohttp or "
                "urllib.request; give what the client library returned"
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
        self._watch.end()
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

    def raise_failure(
        self, exc: BaseException | None, verdict: Verdict | None, exchange: Exchange | None
    ) -> None:
        """Mask *exc*, and raise what it means if a client library raised it.

        *exchange* is told by its answer.
        """
        if exc is None:
            return
        mask_chain(exc)
        if verdict is not None:
            told = exchange or verdict.exchange or self._read_what_is_told(verdict)
            raise self._make_error(verdict, told) from exc

    def error_of(self, exchange: Exchange, trusted: frozenset[str] = frozenset()) -> DomainError:
        """Make the error of an answer that is no success; who is *trusted* had not tried before it."""
        exchange = replace(exchange, was_taken=exchange.was_taken or not self._watch.others <= trusted)
        return self.terms.error_of(self._add_what_was_done(exchange), applied=True if self._is_done else None)

    def take(self, answer: Answer) -> None:
        """Keep in mind that the service did what was asked: what fails now does not undo it."""
        if answer.is_success:
            method = earlier(answer)[0] or answer.request()[0]
            if not self._is_done or self._done_method in IDEMPOTENT:
                self._done_method = method
            self._is_done = True

    def refuse(self, why: str) -> NoReturn:
        """Raise our own bug."""
        raise self.terms.make(UpstreamUsageError, why, self._last, applied=None, permanent=True)

    def _make_error(self, verdict: Verdict, exchange: Exchange) -> DomainError:
        failure, seen = verdict.failure, verdict.evidence
        exchange = replace(
            exchange,
            first_method=exchange.first_method or seen.first_method,
            was_taken=exchange.was_taken or seen.was_taken,
        )
        if failure is UpstreamResponseError and exchange.status:
            was_taken = exchange.was_taken or not seen.others <= verdict.trusted
            return self.error_of(replace(exchange, was_taken=was_taken), verdict.trusted)
        what = type(verdict.exc).__name__
        applied = True if self._is_done else verdict.applied
        if applied is False and self._watch.others:
            applied = None
        exchange = self._add_what_was_done(exchange)
        return self.terms.make(failure, what, exchange, applied=applied, permanent=failure.permanent)

    def _add_what_was_done(self, exchange: Exchange) -> Exchange:
        """Add what was done in this block before."""
        if not self._is_done:
            return exchange
        return replace(exchange, was_taken=True, first_method=self._done_method)

    def _read_what_is_told(self, verdict: Verdict) -> Exchange:
        """Give what the exception's attributes tell; of an answer that broke off, what came of it, too."""
        exc, failure = verdict.exc, verdict.failure
        told = vars(exc)
        request = next(
            (told[name] for name in ("request", "_request", "request_info") if told.get(name)), None
        )
        method, path = sent(request, told.get("url"))
        if failure is UpstreamResponseError:  # of aiohttp
            wait = (told.get("headers") or {}).get("Retry-After")
            first_method, was_taken = earlier_of_aiohttp(told.get("history") or (), method)
            return Exchange(
                method=method,
                path=path,
                status=told.get("status"),
                retry_after=wait,
                first_method=first_method,
                was_taken=was_taken,
            )
        last = self._last if failure.applied is None and path in (None, self._last.path) else Exchange()
        return Exchange(
            method=method or last.method,
            path=path or last.path,
            status=last.status,
            was_taken=not verdict.evidence.is_called,  # a redirect may have changed the method
        )
