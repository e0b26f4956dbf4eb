"""What does a failed call to another service mean to the domain?"""

from flask_faultmap.upstreams.blocks import AsyncUpstreamCall, UpstreamBlock, UpstreamCall, upstream
from flask_faultmap.upstreams.errors import (
    UpstreamAnswerLostError,
    UpstreamBodyError,
    UpstreamConnectionError,
    UpstreamConnectTimeoutError,
    UpstreamCredentialsError,
    UpstreamError,
    UpstreamPoolError,
    UpstreamReadTimeoutError,
    UpstreamRedirectError,
    UpstreamResponseError,
    UpstreamTimeoutError,
    UpstreamTLSError,
    UpstreamUnavailableError,
    UpstreamUsageError,
)

__all__ = [
    "AsyncUpstreamCall",
    "UpstreamAnswerLostError",
    "UpstreamBlock",
    "UpstreamBodyError",
    "UpstreamCall",
    "UpstreamConnectTimeoutError",
    "UpstreamConnectionError",
    "UpstreamCredentialsError",
    "UpstreamError",
    "UpstreamPoolError",
    "UpstreamReadTimeoutError",
    "UpstreamRedirectError",
    "UpstreamResponseError",
    "UpstreamTLSError",
    "UpstreamTimeoutError",
    "UpstreamUnavailableError",
    "UpstreamUsageError",
    "upstream",
]
