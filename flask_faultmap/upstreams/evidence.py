"""Was a request sent before this failure? The client library's own frames on the traceback tell.

No library keeps its history on its exceptions: a redirect that was followed, a round of authentication, a
retry that hid the first try. Their frames do. What is unknown counts as sent.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Any
from urllib.parse import urlsplit

from flask_faultmap.upstreams.answers import Answer, StandardAnswer, answer_of
from flask_faultmap.upstreams.frames import (
    DEEPEST,
    HISTORIES,
    INCREMENT,
    METHODS,
    REDIRECTING,
    REQUEST,
    RETRYING,
    SECURING,
    SENT,
    is_connecting_frame,
)
from flask_faultmap.upstreams.history import earlier, is_refusal, was_taken
from flask_faultmap.upstreams.hosts import can_be_asked_for, has_a_host
from flask_faultmap.upstreams.owners import (
    CALLING,
    LIBRARIES,
    frames_of,
    is_of_library,
    name_of,
    others_among,
    package_of,
)

IDEMPOTENT_BY_AIOHTTP = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})


@dataclass(slots=True, kw_only=True)
class Evidence:
    """What the frames show of one failed call.

    Attributes:
        is_seen: there is a client library's call.
        is_called: a client library's code is on the traceback at all.
        others: the packages that stand above or inside of it, and may have tried before.
        is_connecting: it failed while the connection was made.
        is_securing: it failed where our own certificates are read, or in the handshake.
        has_no_host: nobody can be asked for the host that it was to be made to.
        is_sent: it failed when something of the request was sent.
        was_taken: a request was sent before, and not refused.
        is_redirected: a redirect was being followed.
        is_misled: its ``Location`` cannot be followed.
        first_method: of the request that the app made, if the frames keep it.
        hidden: the answer that what was raised does not show.
        stream_id: of HTTP/2.
        own: the package whose code holds the block.
        links: the exception and those behind it that are of the same call.
    """

    is_seen: bool = False
    is_called: bool = False
    others: set[str] = field(default_factory=set)
    is_connecting: bool = False
    is_securing: bool = False
    has_no_host: bool = False
    is_sent: bool = False
    was_taken: bool = False
    is_redirected: bool = False
    is_misled: bool = False
    first_method: str | None = None
    hidden: Answer | None = None
    stream_id: int | None = None
    own: str = ""
    links: list[BaseException] = field(default_factory=list)


def evidence_of(exc: BaseException, above: tuple[BaseException, ...] = ()) -> Evidence:
    """Read the frames of *exc*, of the groups *above* it, and of what is behind it."""
    outermost = (*above, exc)[0].__traceback__
    evidence = Evidence(own=package_of(outermost.tb_frame) if outermost else "")
    evidence.links.extend(_find_links(exc))
    callers: list[FrameType] = []
    for link in (*above, *evidence.links):
        for frame in frames_of(link.__traceback__):
            evidence.is_called = evidence.is_called or package_of(frame) in CALLING
            _read(evidence, frame)
            if not evidence.is_connecting:  # what makes the connection may be anybody's, say gevent's
                callers.append(frame)
    evidence.others |= others_among(callers[1:], evidence.own)
    if is_shared(above) or _is_raised_again(outermost):
        evidence.others.add(evidence.own)
    return evidence


def _is_raised_again(traceback: TracebackType | None) -> bool:
    """Whether code of the app had caught what it raised: there may have been another try in between."""
    frames = [frame for frame in frames_of(traceback) if not is_of_library(frame)]
    return len(set(frames)) < len(frames)


def _find_links(exc: BaseException) -> Iterator[BaseException]:
    """Give the links that one call has left: each was caught in a frame of a library on the traceback.

    Another call, in whose ``except`` the block stands, is a context too.
    """
    known: set[FrameType] = set()
    waiting, seen = [exc], set[int]()
    while waiting and len(seen) < DEEPEST:
        link = waiting.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        frames = [*frames_of(link.__traceback__)]
        if link is not exc and frames and not (frames[0] in known and is_of_library(frames[0])):
            continue
        known.update(frames)
        yield link
        carried = (*link.args, getattr(link, "reason", None), link.__cause__, link.__context__)
        waiting += [part for part in carried if isinstance(part, BaseException)]


def is_shared(above: tuple[BaseException, ...]) -> bool:
    """Whether a group of the app holds one of several calls: what became of the others, nobody can tell."""
    frames = frames_of(above[0].__traceback__) if above else ()
    return bool(above) and all(package_of(frame) not in LIBRARIES for frame in frames)


def is_of_app(exc: BaseException) -> bool:
    """Whether *exc* was caught in code that is no library's."""
    return exc.__traceback__ is not None and not is_of_library(exc.__traceback__.tb_frame)


def _read(evidence: Evidence, frame: FrameType) -> None:
    name, package = name_of(frame), package_of(frame)
    said: Mapping[str, Any] = frame.f_locals if package in CALLING else {}
    if name in METHODS and evidence.first_method is None:
        evidence.first_method = _read_method(said.get(METHODS[name]))
    if name in HISTORIES:
        evidence.is_seen = True
        _read_answers(evidence, [said.get(local) for local in HISTORIES[name]])
    if name == REQUEST:
        _read_aiohttp(evidence, said)
    if name in RETRYING:
        evidence.is_seen = True
        _read_retries(evidence, said)
    if name == INCREMENT:
        evidence.hidden = evidence.hidden or answer_of(said.get("response"))
    if frame.f_code.co_name == "json" and package in LIBRARIES:
        evidence.hidden = evidence.hidden or answer_of(said.get("self"))
    if package.startswith("httpcore"):
        evidence.is_sent = evidence.is_sent or frame.f_code.co_name in SENT
        evidence.stream_id = said.get("stream_id", evidence.stream_id)
    evidence.is_sent = evidence.is_sent or name in SENT
    evidence.is_misled = evidence.is_misled or name in REDIRECTING
    if name in SECURING:
        evidence.is_seen = evidence.is_securing = True
    if is_connecting_frame(frame):
        evidence.is_connecting = True
        evidence.has_no_host = evidence.has_no_host or not _has_a_host(said)


def _has_a_host(said: Mapping[str, Any]) -> bool:
    """Whether the host can be asked for that a connection is to be made to, as its frame *said*."""
    asked = (
        getattr(said.get("req"), "url", None)
        or getattr(said.get("self"), "_origin", None)
        or said.get("self")
    )
    host = getattr(asked, "raw_host", None) or getattr(asked, "host", None)  # of aiohttp, of the others
    port = getattr(asked, "port", None)
    name = host.decode("latin-1") if isinstance(host, bytes) else host
    return not isinstance(name, str) or can_be_asked_for(name, port if isinstance(port, int) else None)


def _read_answers(evidence: Evidence, kept: Sequence[Any]) -> None:
    """Look at the answers that came before, each alone or in a sequence."""
    for response in (
        item for value in kept for item in (value if isinstance(value, list | tuple) else [value])
    ):
        answer = answer_of(response)
        if answer is None:
            continue
        is_told = not isinstance(answer, StandardAnswer)  # what urllib hides, other frames tell
        evidence.was_taken = evidence.was_taken or not is_refusal(answer.status)
        evidence.was_taken = evidence.was_taken or (is_told and earlier(answer)[1])
        if 300 <= answer.status < 400:
            evidence.is_redirected = True
            evidence.is_misled = evidence.is_misled or not _is_followable(answer.header("Location") or "")


def _is_followable(location: str) -> bool:
    return has_a_host(location) and urlsplit(location).scheme in ("", "http", "https")


def _read_aiohttp(evidence: Evidence, said: Mapping[str, Any]) -> None:
    history, session = said.get("history") or (), said.get("self")
    evidence.first_method = _read_method(history[0]) if history else _read_method(said.get("method"))
    is_repeated = (
        getattr(session, "_retry_connection", None)
        and evidence.first_method in IDEMPOTENT_BY_AIOHTTP
        and said.get("retry_persistent_connection") is False
    )
    evidence.was_taken = evidence.was_taken or bool(is_repeated)


def _read_retries(evidence: Evidence, said: Mapping[str, Any]) -> None:
    retries = said.get("retries") or (said.get("kw") or {}).get("retries")
    for attempt in getattr(retries, "history", None) or ():
        evidence.is_redirected = evidence.is_redirected or bool(attempt.redirect_location)
        evidence.was_taken = evidence.was_taken or was_taken(attempt)


def _read_method(request: Any) -> str | None:
    if isinstance(request, str):
        return None if "://" in request else request.upper()
    method = getattr(request, "method", None)
    if method is None and callable(getattr(request, "get_method", None)):
        method = request.get_method()
    return method if isinstance(method, str) else None
