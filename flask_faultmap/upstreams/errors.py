"""What can go wrong with a service that the app calls.

::

    UpstreamError                        502  nobody knows more
     +-- UpstreamConnectionError         502  not applied: a retry is safe
     |    +-- UpstreamTLSError           502  not applied; never retry
     +-- UpstreamTimeoutError            504
     |    +-- UpstreamConnectTimeoutError     not applied: a retry is safe
     |    +-- UpstreamReadTimeoutError        unknown: retry what is idempotent
     +-- UpstreamResponseError           502  an answer that is no success
     |    +-- UpstreamAnswerLostError    502  unknown: retry what is idempotent
     |    +-- UpstreamBodyError          502  an answer that nobody can read; never retry
     |    +-- UpstreamRedirectError      502  never retry
     |    +-- UpstreamCredentialsError   502  401, 403: our credentials; never retry
     |    +-- UpstreamUnavailableError   503  429, 503: not applied, retry later
     +-- UpstreamPoolError               503  our own pool is used up: not applied, retry later
     +-- UpstreamUsageError              500  our own bug
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from flask_faultmap.defining import Following
from flask_faultmap.errors import (
    NOTHING,
    BadGatewayError,
    DeadlineExceededError,
    InternalError,
    UnavailableError,
)
from flask_faultmap.faults import Violation

# Said only where it is certain.
NOT_STARTED = ("The work was not started there.", "This one was not started.")


class UpstreamError(BadGatewayError):
    """A service that the app calls failed, in a way that its client library does not tell.

    Attributes:
        applied: whether the service did what was asked: False, True, or None if nobody knows.
        permanent: whether the same request would fail in the same way again.
        extra_data: ``service``, ``operation``, ``method``, ``path``, ``status`` and ``body``
            (parsed JSON, else text; redacted): for the code, the log and the signal, never for
            the body of an answer.
        upstream_code: the code in the service's answer, if it has one that could be read.
        upstream_violations: the field errors in it, likewise.

    Errors of other classes that ``upstream(errors=..., passing=...)`` names get the same attributes.
    """

    applied: bool | None = None
    permanent: bool = False
    extra_data: Mapping[str, Any] = NOTHING
    upstream_code: str | None = None
    upstream_violations: tuple[Violation, ...] = ()

    _below: ClassVar[Mapping[str, Following]] = {
        "retryable": Following(lambda error: error.applied is False and not error.permanent)
    }


class UpstreamConnectionError(UpstreamError):
    """No connection: no such host, refused, unreachable. The request was never sent."""

    public: str | None = "A service behind this one cannot be reached. The work was not started there."
    applied: bool | None = False


class UpstreamTLSError(UpstreamConnectionError):
    """No secure connection: the certificate or the protocol does not fit."""

    public: str | None = None
    permanent = True


class UpstreamTimeoutError(DeadlineExceededError, UpstreamError):
    """The service took too long."""


class UpstreamConnectTimeoutError(UpstreamTimeoutError):
    """No connection in time. The request was never sent."""

    public: str | None = (
        "A service behind this one did not take the call in time. The work was not started there."
    )
    applied: bool | None = False


class UpstreamReadTimeoutError(UpstreamTimeoutError):
    """The request was sent, and no answer came in time; the work may go on all the same."""


class UpstreamResponseError(UpstreamError):
    """The service gave an answer that is no success."""


class UpstreamAnswerLostError(UpstreamResponseError):
    """No whole answer came back: the connection broke off, or what came is not HTTP."""

    public: str | None = (
        "The answer of a service behind this one was lost. The work there may have been done all the same."
    )


class UpstreamBodyError(UpstreamResponseError):
    """The body of the answer is not what it says, or not the JSON that was expected."""

    permanent = True


class UpstreamRedirectError(UpstreamResponseError):
    """The service sent the call elsewhere, too often or to where nobody followed."""

    permanent = True


class UpstreamCredentialsError(UpstreamResponseError):
    """The service refuses our credentials (401, 403); the client can do nothing about it."""

    applied: bool | None = False
    permanent = True


class UpstreamUnavailableError(UnavailableError, UpstreamResponseError):
    """The service takes no work at the moment (429, 503)."""

    public: str | None = (
        "A service behind this one takes no work at the moment. The work was not started there."
    )
    applied: bool | None = False


class UpstreamPoolError(UnavailableError, UpstreamError):
    """All our own connections to the service are in use."""

    public: str | None = "Too many requests are being worked on at the moment. This one was not started."
    applied: bool | None = False


class UpstreamUsageError(InternalError, UpstreamError):
    """Our own bug: a request that cannot be sent, or a call that is not used as it must be."""

    applied: bool | None = False
    permanent = True
