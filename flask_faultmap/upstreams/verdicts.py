"""What left the block: which failure is it, and what is certain of it?"""

import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from flask_faultmap.errors import DomainError
from flask_faultmap.upstreams.answers import Answer, answer_of
from flask_faultmap.upstreams.errors import (
    UpstreamAnswerLostError,
    UpstreamBodyError,
    UpstreamConnectionError,
    UpstreamConnectTimeoutError,
    UpstreamCredentialsError,
    UpstreamError,
    UpstreamReadTimeoutError,
    UpstreamRedirectError,
    UpstreamResponseError,
    UpstreamTimeoutError,
    UpstreamTLSError,
    UpstreamUnavailableError,
    UpstreamUsageError,
)
from flask_faultmap.upstreams.evidence import Evidence, evidence_of
from flask_faultmap.upstreams.failures import failure_of
from flask_faultmap.upstreams.frames import (
    LIBRARIES,
    OPEN,
    SUPPORT,
    frames_of,
    is_standard,
    name_of,
    package_of,
    parts_of,
)

CERTIFICATE = re.compile(r"CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED")
PROXY_AUTH = re.compile(r"(?:\ATunnel connection failed: |\A)407\b")
REFUSED_STREAM = 7  # RFC 9113, section 7
# What it is if it happens while the connection is made, and when a redirect led there.
WHILE_CONNECTING: dict[type[UpstreamError], type[UpstreamError]] = {
    UpstreamAnswerLostError: UpstreamConnectionError,
    UpstreamReadTimeoutError: UpstreamConnectTimeoutError,
    UpstreamTimeoutError: UpstreamConnectTimeoutError,
}
AFTER_ANOTHER: dict[type[UpstreamError], type[UpstreamError]] = {
    UpstreamConnectionError: UpstreamAnswerLostError,
    UpstreamConnectTimeoutError: UpstreamReadTimeoutError,
}
# Our usage, found out when an answer was there, or maybe was.
AFTER_ALL = frozenset(
    {
        "requests.exceptions.StreamConsumedError",
        "requests.exceptions.UnrewindableBodyError",
        "urllib3.exceptions.UnrewindableBodyError",
        "urllib3.exceptions.ResponseNotChunked",
        "urllib3.exceptions.BodyNotHttplibCompatible",
        "urllib3.exceptions.TimeoutStateError",
        *(
            f"{library}.{name}"
            for library in ("httpx", "httpx2")
            for name in ("StreamConsumed", "StreamClosed", "StreamError", "ResponseNotRead", "CookieConflict")
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is known of one failed call.

    Attributes:
        exc: what tells.
        failure: which failure it is.
        applied: as of :class:`UpstreamError`, if no answer says more.
        evidence: what the frames show.
        answer: the service's answer that *exc* holds or hides.
    """

    exc: BaseException
    failure: type[UpstreamError]
    applied: bool | None
    evidence: Evidence
    answer: Answer | None = None


def verdict_on(exc: BaseException | None) -> Verdict | None:
    """Judge what left the block: *exc*, or the first leaf of a group that a client library raised.

    A group may hold domain errors besides, and nothing else. One of them alone is the border's.
    """
    verdicts = [_judge(leaf) for leaf in _leaves(exc) if not isinstance(leaf, DomainError)]
    return verdicts[0] if verdicts and None not in verdicts else None


def _judge(exc: BaseException) -> Verdict | None:
    failure, evidence = failure_of(exc), evidence_of(exc)
    answer = evidence.hidden
    if failure is None:
        failure = _failure_of_builtin(exc, evidence)
    if failure is None:
        return None
    if failure is UpstreamResponseError:
        answer = answer_of(getattr(exc, "response", None)) or answer_of(exc) or answer
    elif failure is UpstreamBodyError and answer is not None:
        if answer.is_success:
            return Verdict(exc=exc, failure=failure, applied=True, evidence=evidence, answer=answer)
        failure = UpstreamResponseError  # nobody had looked at its status
    else:
        answer, failure = None, _refined(failure, evidence)
    applied = _applied(exc, failure, evidence)
    return Verdict(exc=exc, failure=failure, applied=applied, evidence=evidence, answer=answer)


def _failure_of_builtin(exc: BaseException, evidence: Evidence) -> type[UpstreamError] | None:
    """Judge a built-in exception: it is a client library's if the last frame that is not Python's is."""
    if not isinstance(exc, ValueError | OverflowError | OSError | RecursionError):
        return None
    frames = [*frames_of(exc.__traceback__)]
    last = next((frame for frame in reversed(frames) if not is_standard(frame)), None)
    inner = frames[frames.index(last) :] if last else frames
    is_theirs = last is not None and package_of(last) in LIBRARIES | SUPPORT
    if not is_theirs and all(name_of(frame) != OPEN for frame in inner):
        return None
    if evidence.hidden is not None:
        return UpstreamBodyError
    if isinstance(exc, OSError):
        return UpstreamTLSError if evidence.is_securing else UpstreamAnswerLostError
    return UpstreamUsageError if evidence.is_seen and not isinstance(exc, RecursionError) else None


def _refined(failure: type[UpstreamError], evidence: Evidence) -> type[UpstreamError]:
    """Say more exactly which failure it is, by what is behind it."""
    if evidence.is_misled or (failure is UpstreamUsageError and evidence.is_redirected):
        return UpstreamRedirectError
    if _is_refused_by_a_proxy(evidence):
        return UpstreamCredentialsError
    if _is_refused_stream(evidence):
        return UpstreamUnavailableError
    if evidence.is_connecting:
        failure = WHILE_CONNECTING.get(failure, failure)
        if failure is UpstreamConnectionError and evidence.is_securing and _is_a_file_missing(evidence):
            failure = UpstreamTLSError
        elif failure is UpstreamTLSError and {type(part) for part in _of_ssl(evidence)} == {ssl.SSLEOFError}:
            failure = UpstreamConnectionError  # it went away in the handshake
    elif failure in (UpstreamTLSError, UpstreamAnswerLostError):
        failure = _by_tls(failure, evidence)
    elif failure is UpstreamConnectionError and evidence.is_seen:
        failure = UpstreamAnswerLostError
    return AFTER_ANOTHER.get(failure, failure) if evidence.was_taken else failure


def _by_tls(failure: type[UpstreamError], evidence: Evidence) -> type[UpstreamError]:
    """Tell a refused certificate, which TLS 1.3 says after the handshake, from a record that breaks."""
    secured = _of_ssl(evidence)
    if any(CERTIFICATE.search(str(getattr(part, "reason", None) or "")) for part in secured):
        return UpstreamTLSError
    return UpstreamAnswerLostError if any(part.__traceback__ for part in secured) else failure


def _of_ssl(evidence: Evidence) -> list[BaseException]:
    parts = (part for link in evidence.links for part in parts_of(link))
    return [part for part in parts if isinstance(part, ssl.SSLError)]


def _applied(exc: BaseException, failure: type[UpstreamError], evidence: Evidence) -> bool | None:
    """Say False only where the frames show that no request was sent, and the class's own word otherwise."""
    if failure.applied is not False:
        return failure.applied
    if not evidence.is_known or evidence.was_taken:
        return None
    if issubclass(failure, UpstreamConnectionError | UpstreamConnectTimeoutError):
        return False if evidence.is_seen and evidence.is_connecting else None
    names = {f"{cls.__module__}.{cls.__qualname__}" for cls in type(exc).__mro__}
    is_late = names & AFTER_ALL or (failure is UpstreamUsageError and evidence.is_sent)
    return None if is_late else False


def _is_refused_stream(evidence: Evidence) -> bool:
    """Whether the server says that it did not work on this stream of HTTP/2 (RFC 9113, sections 6.8, 8.7)."""
    for event in (link.args[0] for link in evidence.links if link.args):
        if getattr(event, "error_code", None) == REFUSED_STREAM and getattr(event, "remote_reset", False):
            return True
        last = getattr(event, "last_stream_id", None)
        if isinstance(last, int) and evidence.stream_id is not None and evidence.stream_id > last:
            return True
    return False


def _is_refused_by_a_proxy(evidence: Evidence) -> bool:
    """Whether a proxy that was asked for a tunnel wants credentials: the service was not asked at all."""
    if not evidence.is_connecting:
        return False
    parts = [part for link in evidence.links for part in parts_of(link)]
    return any(getattr(part, "status", None) == 407 for part in parts) or any(
        PROXY_AUTH.search(arg) for part in parts for arg in part.args if isinstance(arg, str)
    )


def _is_a_file_missing(evidence: Evidence) -> bool:
    parts = (part for link in evidence.links for part in parts_of(link))
    return any(isinstance(part, FileNotFoundError | PermissionError | IsADirectoryError) for part in parts)


def _leaves(exc: BaseException | None) -> Iterator[BaseException]:
    waiting = [] if exc is None else [exc]
    while waiting:
        leaf = waiting.pop()
        if isinstance(leaf, ExceptionGroup):
            waiting += reversed(leaf.exceptions)
        else:
            yield leaf
