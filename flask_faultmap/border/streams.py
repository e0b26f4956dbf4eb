"""Answers that have begun: a failure after the first byte is told in the stream's own framing."""

import inspect
import logging
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import wraps
from typing import Any

from flask import Flask, Request, Response, current_app, got_request_exception, request, stream_with_context
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException

from flask_faultmap.border.answers import answer, answer_last, is_none_of_ours
from flask_faultmap.border.boundaries import Boundary, boundary_of
from flask_faultmap.border.contexts import owns_app_context
from flask_faultmap.border.records import keep_on_g
from flask_faultmap.errors import InternalError
from flask_faultmap.loggers import logger_named
from flask_faultmap.rules.rulebook import Decision
from flask_faultmap.streams.framing import Framing
from flask_faultmap.texts import text_of

LAST_RESORT = b'{"error":{"code":"internal"},"status":500}\n'
ENDED: Any = object()

logger: logging.Logger = logger_named("flask_faultmap")


def guard_view(view: Callable[..., Any], framing: Framing) -> Callable[..., Response]:
    """Make of *view*, which returns an iterator, one that streams its items.

    Raises:
        TypeError: *view* is an async generator.
    """
    name = getattr(view, "__qualname__", repr(view))
    if inspect.isasyncgenfunction(view):
        raise TypeError(f"{name} is an async generator, which Flask cannot send; write a plain generator")

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        returned = current_app.ensure_sync(view)(*args, **kwargs)
        items, *rest = returned if isinstance(returned, tuple) else (returned,)
        if not _is_stream(items):
            return returned  # a finished response
        response = begin(items, framing)
        return (response, *rest) if rest else response

    return guarded


def begin(items: Iterable[Any], framing: Framing) -> Response:
    """Begin the answer that streams *items*; an error before the first one is an ordinary fault.

    Raises:
        TypeError: *items* cannot be iterated, or only by ``async for``.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # of LocalProxy
    req: Request = request._get_current_object()  # type: ignore[attr-defined]  # likewise
    boundary = boundary_of(app)
    if not isinstance(items, Iterable):
        raise TypeError(f"a stream was given {type(items).__name__}; it takes an iterator of items")
    iterator = iter(items)
    try:
        first = next(iterator, ENDED)
        chunk = b"" if first is ENDED else _frame(framing, first)
    except BaseException:
        _close(iterator)
        raise
    headers = Headers([("Content-Type", framing.media_type)])
    headers["Cache-Control"] = "no-store"
    headers["X-Accel-Buffering"] = "no"  # nginx and others would wait for a full buffer
    headers[boundary.mapper.settings.request_id_header] = boundary.identify(req)
    if req.method == "HEAD":
        _close(iterator)
        return app.response_class((), 200, headers)
    chunks = _Chunks(_Stream(app, boundary, req, framing).send(chunk, iterator))
    try:
        return app.response_class(chunks, 200, headers)
    except BaseException:  # of an app's own class; whoever collects the chunks later is in another context
        chunks.close()
        raise


class _Chunks:
    """What a response sends, and closes even if it sends nothing: with 204 and 304, say.

    Flask does not close what it has not begun, and a generator that has not begun closes nothing itself.
    """

    def __init__(self, chunks: Generator[bytes]) -> None:
        self._chunks = chunks
        self._in_context = stream_with_context(chunks)

    def __iter__(self) -> Iterator[bytes]:
        return self._in_context

    def close(self) -> None:
        """End the stream, with the request's context, and so close the source."""
        if inspect.getgeneratorstate(self._chunks) == inspect.GEN_CREATED:
            next(self._in_context, None)
        _close(self._in_context)


class _Stream:
    """One answer on its way, and what becomes of a failure in it."""

    def __init__(self, app: Flask, boundary: Boundary, req: Request, framing: Framing) -> None:
        self._app = app
        self._boundary = boundary
        self._req = req
        self._framing = framing
        self._owns_g = owns_app_context()  # else g outlives the request

    def send(self, chunk: bytes, items: Iterator[Any]) -> Generator[bytes]:
        """Give the chunks of the answer: *chunk*, then *items*, then the end mark or the error."""
        frame = self._framing.frame
        try:
            if chunk:
                yield chunk
            for item in items:
                yield item if isinstance(item, bytes) else frame(item)
            _close(items)
        except Exception as exc:  # the border: whatever failed, the client is told in the stream's framing
            self._close_after_all(items)
            is_raised, last = self._tell(exc)
            yield last
            if is_raised:
                raise
        except BaseException as exc:  # GeneratorExit above all; the others are for the server
            if isinstance(exc, GeneratorExit):
                logger.debug("The client of %s went away in the middle of a stream", self._req.path)
            self._close_after_all(items)
            raise
        else:
            if self._framing.end is not None:
                yield self._framing.end

    def _tell(self, exc: Exception) -> tuple[bool, bytes]:
        """Log and signal *exc*; say whether Flask would raise it, and give the last frame."""
        app, boundary, req = self._app, self._boundary, self._req
        decision, is_raised = None, False
        try:
            decision = self._translate(exc)
            if decision is None:
                is_raised = self._report_bug(exc)
            meant = decision or Decision(InternalError(text_of(exc)))
            response = answer(app, boundary, req, exc, meant, logged=decision is None, committed=True)
        except Exception as failure:  # the border: the last frame is made in any case
            response = answer_last(app, boundary, req, exc, failure, committed=True)
        if self._owns_g:
            keep_on_g(req)
        try:
            return is_raised, self._framing.error(response.get_data(), response.status_code)
        except Exception:  # the border: a framing of the app's own may raise anything
            logger.exception("The framing %r cannot write an error", self._framing.name)
            return is_raised, LAST_RESORT

    def _translate(self, exc: Exception) -> Decision | None:
        """Give what *exc* means; None for a bug, and for what would replace an answer that has begun."""
        mapper = self._boundary.mapper
        if not isinstance(exc, HTTPException):
            return mapper.translate(exc, self._req)
        if is_none_of_ours(exc) or self._app.trap_http_exception(exc):
            return None
        return mapper.translate_http(exc, self._req, is_routing=False)

    def _report_bug(self, exc: Exception) -> bool:
        """Do what Flask does with an unhandled error; say whether it would raise it now."""
        app = self._app
        got_request_exception.send(app, _async_wrapper=app.ensure_sync, exception=exc)
        propagates = app.config["PROPAGATE_EXCEPTIONS"]
        if propagates or (propagates is None and (app.testing or app.debug)):
            return True
        app.log_exception(sys.exc_info())
        return False

    def _close_after_all(self, items: Iterator[Any]) -> None:
        """Close *items* when the answer is over anyway; what goes wrong then can be logged only."""
        try:
            _close(items)
        except Exception:  # the border: nobody is left who could be told
            self._app.log_exception(sys.exc_info())


def _frame(framing: Framing, item: Any) -> bytes:
    return item if isinstance(item, bytes) else framing.frame(item)


def _close(items: Iterator[Any]) -> None:
    close = getattr(items, "close", None)
    if close is not None:
        close()


def _is_stream(value: object) -> bool:
    """Whether *value* is what a view streams: an iterator, and nothing that Flask answers by itself."""
    if hasattr(value, "__aiter__"):
        raise TypeError("the view returned an async iterator, which Flask cannot send; return a plain one")
    return hasattr(value, "__next__")
