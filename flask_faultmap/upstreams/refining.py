"""Which failure is it more exactly, and is it certain that nothing was applied?"""

import re
import ssl

from flask_faultmap.upstreams.errors import (
    UpstreamAnswerLostError,
    UpstreamConnectionError,
    UpstreamConnectTimeoutError,
    UpstreamCredentialsError,
    UpstreamError,
    UpstreamReadTimeoutError,
    UpstreamRedirectError,
    UpstreamTimeoutError,
    UpstreamTLSError,
    UpstreamUnavailableError,
    UpstreamUsageError,
)
from flask_faultmap.upstreams.evidence import Evidence
from flask_faultmap.upstreams.history import parts_of

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


def refine(failure: type[UpstreamError], evidence: Evidence) -> type[UpstreamError]:
    """Say more exactly which *failure* it is, by what is behind it."""
    if evidence.is_misled or (failure is UpstreamUsageError and evidence.is_redirected):
        return UpstreamRedirectError
    if _is_refused_by_a_proxy(evidence):
        return UpstreamCredentialsError
    if _is_refused_stream(evidence):
        return UpstreamUnavailableError
    if evidence.is_connecting:
        if evidence.has_no_host:
            return UpstreamRedirectError if evidence.is_redirected else UpstreamUsageError
        failure = WHILE_CONNECTING.get(failure, failure)
        if failure is UpstreamConnectionError and evidence.is_securing and _is_a_file_missing(evidence):
            failure = UpstreamTLSError
        elif failure is UpstreamTLSError and {type(part) for part in _find_ssl_errors(evidence)} == {
            ssl.SSLEOFError
        }:
            failure = UpstreamConnectionError  # it went away in the handshake
    elif failure in (UpstreamTLSError, UpstreamAnswerLostError):
        failure = _refine_tls(failure, evidence)
    elif failure is UpstreamConnectionError and evidence.is_seen:
        failure = UpstreamAnswerLostError
    return AFTER_ANOTHER.get(failure, failure) if evidence.was_taken else failure


def _refine_tls(failure: type[UpstreamError], evidence: Evidence) -> type[UpstreamError]:
    """Tell a refused certificate, which TLS 1.3 says after the handshake, from a record that breaks."""
    secured = _find_ssl_errors(evidence)
    if any(CERTIFICATE.search(str(getattr(part, "reason", None) or "")) for part in secured):
        return UpstreamTLSError
    return UpstreamAnswerLostError if any(part.__traceback__ for part in secured) else failure


def _find_ssl_errors(evidence: Evidence) -> list[BaseException]:
    parts = (part for link in evidence.links for part in parts_of(link))
    return [part for part in parts if isinstance(part, ssl.SSLError)]


def find_applied(exc: BaseException, failure: type[UpstreamError], evidence: Evidence) -> bool | None:
    """Say False only where the frames show that no request was sent, and the class's own word otherwise."""
    if failure.applied is not False:
        return failure.applied
    if not evidence.is_called or evidence.others or evidence.was_taken:
        return None
    if issubclass(failure, UpstreamConnectionError | UpstreamConnectTimeoutError):
        return False if evidence.is_seen and evidence.is_connecting else None
    names = {f"{cls.__module__}.{cls.__qualname__}" for cls in type(exc).__mro__}
    is_late = names & AFTER_ALL or (
        failure is UpstreamUsageError and evidence.is_sent and not evidence.is_connecting
    )
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
