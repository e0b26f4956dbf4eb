"""What does a stream of a service say? Items out as they come; its last error and its cut end as errors.

No I/O: :class:`EventReader` takes chunks of bytes, and gives items.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask_faultmap.errors import ConfigError, DomainError
from flask_faultmap.near_miss import near_miss
from flask_faultmap.profiles.encoding import to_bytes
from flask_faultmap.streams.framing import UNCHANGED, Event
from flask_faultmap.streams.parsing import EventParser, ItemError, LineParser
from flask_faultmap.upstreams.answers import Answer
from flask_faultmap.upstreams.bodies import exchange_of
from flask_faultmap.upstreams.errors import UpstreamAnswerLostError, UpstreamBodyError
from flask_faultmap.upstreams.exchanges import Exchange
from flask_faultmap.upstreams.terms import Terms

PARSERS: dict[str, type[LineParser] | type[EventParser]] = {"ndjson": LineParser, "sse": EventParser}
UNKNOWN_STATUS = 500  # of an error frame that tells none


class EventReader:
    """Reads the stream of one answer.

    Args:
        terms: what the app says of the service.
        answer: the checked answer whose body is the stream.
        framing: ``"ndjson"`` or ``"sse"``.
        end: the end mark: of our framings, unless it is another text, such as ``"[DONE]"``; None if the
            service sends none, so that a stream that is cut off looks whole.
        limit: bytes of one item.

    Raises:
        ConfigError: there is no such framing.
    """

    def __init__(self, terms: Terms, answer: Answer, framing: str, end: str | None, limit: int) -> None:
        if framing not in PARSERS:
            allowed = ", ".join(map(repr, PARSERS))
            raise ConfigError(
                f"The framing is {framing!r}; allowed: {allowed}{near_miss(str(framing), PARSERS)}"
            )
        self._terms, self._answer, self._framing = terms, answer, framing
        self._parser = PARSERS[framing](limit)
        self._end = end
        self.has_ended: bool = False

    def feed(self, chunk: bytes) -> Iterator[Any]:
        """Give the items that *chunk* completes, up to the end mark.

        Raises:
            UpstreamBodyError: an item cannot be read, or is too long.
            DomainError: the stream told of an error: the one of its code or status.
        """
        yield from self._sift(self._parser.feed(chunk))

    def finish(self) -> Iterator[Any]:
        """Give what is left when the body has ended.

        Raises:
            UpstreamAnswerLostError: the end mark is missing.
        """
        yield from self._sift(self._parser.finish())
        if not self.has_ended and self._end is not None:
            exchange = exchange_of(self._answer, b"")
            what = "ended its stream without the end mark: it was cut off"
            raise self._terms.make(UpstreamAnswerLostError, what, exchange, applied=True, permanent=False)

    def _sift(self, items: Iterator[Any]) -> Iterator[Any]:
        while True:
            try:
                item = next(items, UNCHANGED)
            except ItemError as exc:
                raise self._terms.make(
                    UpstreamBodyError,
                    f"sent a stream that cannot be read: {exc}",
                    exchange_of(self._answer, b""),
                    applied=True,
                    permanent=True,
                ) from exc
            if item is UNCHANGED:
                return
            failure = self._find_failure(item)
            if failure is not None:
                self.has_ended = True
                raise failure
            if self._is_end(item):
                self.has_ended = True
                return
            yield item

    def _is_end(self, item: Any) -> bool:
        if self._end is UNCHANGED:
            if self._framing == "sse":
                return bool(item.event == "done")
            return isinstance(item, dict) and len(item) == 1 and item.get("done") is True  # 1 is no True
        if self._end is None:
            return False
        told = item.data if isinstance(item, Event) else to_bytes(json.dumps(item, separators=(",", ":")))
        return bool(told in (self._end, to_bytes(self._end)))

    def _find_failure(self, item: Any) -> DomainError | None:
        """Give the error that an error frame stands for, or None if *item* is none."""
        if isinstance(item, Event):
            body, status = _parse(item.data), None
            is_bare = item.event is None and isinstance(body, dict) and body.keys() == {"error"}
            if item.event != "error" and not is_bare:  # bare: as OpenAI's API has it
                return None
        elif isinstance(item, dict) and item.keys() == {"error", "status"} and _read_status(item["status"]):
            body, status = item["error"], item["status"]
        else:
            return None
        status = _read_status(status) or _read_status(body.get("status") if isinstance(body, dict) else None)
        exchange: Exchange = replace(
            exchange_of(self._answer, b""),
            status=status or UNKNOWN_STATUS,
            body=body,
            media_type="application/problem+json",
        )
        # The service had taken the request, and answered 200.
        return self._terms.error_of(exchange, applied=True)


def _read_status(value: object) -> int | None:
    return value if isinstance(value, int) and 400 <= value <= 599 else None


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
