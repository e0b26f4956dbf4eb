"""Which failure is an exception of a client library?

Tables of class names, so that no client library is imported by us. They are asked along the MRO,
most specific class first; a test fails when an installed library has a class that is not here.
"""

from collections.abc import Iterator

from flask_faultmap.upstreams.errors import (
    UpstreamAnswerLostError,
    UpstreamBodyError,
    UpstreamConnectionError,
    UpstreamConnectTimeoutError,
    UpstreamError,
    UpstreamPoolError,
    UpstreamReadTimeoutError,
    UpstreamRedirectError,
    UpstreamResponseError,
    UpstreamTimeoutError,
    UpstreamTLSError,
    UpstreamUsageError,
)

REQUESTS: dict[str, type[UpstreamError]] = {
    "RequestException": UpstreamError,
    "HTTPError": UpstreamResponseError,
    "ConnectionError": UpstreamAnswerLostError,  # unless its reason says better
    "ProxyError": UpstreamConnectionError,
    "SSLError": UpstreamTLSError,
    "Timeout": UpstreamTimeoutError,
    "ConnectTimeout": UpstreamConnectTimeoutError,
    "ReadTimeout": UpstreamReadTimeoutError,
    "RetryError": UpstreamResponseError,
    "TooManyRedirects": UpstreamRedirectError,
    "ChunkedEncodingError": UpstreamAnswerLostError,
    "ContentDecodingError": UpstreamBodyError,
    "InvalidJSONError": UpstreamUsageError,  # what we wanted to send
    "JSONDecodeError": UpstreamBodyError,
    "URLRequired": UpstreamUsageError,
    "MissingSchema": UpstreamUsageError,
    "InvalidSchema": UpstreamUsageError,
    "InvalidURL": UpstreamUsageError,
    "InvalidProxyURL": UpstreamUsageError,
    "InvalidHeader": UpstreamUsageError,  # unless its reason says better
    "StreamConsumedError": UpstreamUsageError,
    "UnrewindableBodyError": UpstreamUsageError,
}

URLLIB3: dict[str, type[UpstreamError]] = {
    "HTTPError": UpstreamError,
    "PoolError": UpstreamUsageError,
    "EmptyPoolError": UpstreamPoolError,
    "FullPoolError": UpstreamPoolError,
    "ClosedPoolError": UpstreamUsageError,
    "RequestError": UpstreamError,
    "HostChangedError": UpstreamUsageError,
    "MaxRetryError": UpstreamError,  # unless its reason says better
    "SSLError": UpstreamTLSError,
    "ProxyError": UpstreamConnectionError,
    "DecodeError": UpstreamBodyError,
    "ProtocolError": UpstreamAnswerLostError,  # unless its reason says better
    "ResponseError": UpstreamResponseError,
    "ResponseNotChunked": UpstreamUsageError,
    "BodyNotHttplibCompatible": UpstreamUsageError,
    "IncompleteRead": UpstreamAnswerLostError,
    "InvalidChunkLength": UpstreamAnswerLostError,
    "InvalidHeader": UpstreamResponseError,  # of the answer
    "HeaderParsingError": UpstreamResponseError,
    "TimeoutError": UpstreamTimeoutError,
    "TimeoutStateError": UpstreamUsageError,
    "ReadTimeoutError": UpstreamReadTimeoutError,
    "ConnectTimeoutError": UpstreamConnectTimeoutError,
    "NewConnectionError": UpstreamConnectionError,  # a ConnectTimeoutError by descent, not by meaning
    "NameResolutionError": UpstreamConnectionError,
    "LocationValueError": UpstreamUsageError,
    "LocationParseError": UpstreamUsageError,
    "URLSchemeUnknown": UpstreamUsageError,
    "ProxySchemeUnknown": UpstreamUsageError,
    "ProxySchemeUnsupported": UpstreamUsageError,
    "UnrewindableBodyError": UpstreamUsageError,
}

HTTPX: dict[str, type[UpstreamError]] = {
    "HTTPError": UpstreamError,
    "HTTPStatusError": UpstreamResponseError,
    "RequestError": UpstreamError,
    "TransportError": UpstreamError,
    "TimeoutException": UpstreamTimeoutError,
    "ConnectTimeout": UpstreamConnectTimeoutError,
    "ReadTimeout": UpstreamReadTimeoutError,
    "WriteTimeout": UpstreamReadTimeoutError,
    "PoolTimeout": UpstreamPoolError,
    "NetworkError": UpstreamAnswerLostError,
    "ConnectError": UpstreamConnectionError,  # unless TLS is behind it
    "ReadError": UpstreamAnswerLostError,
    "WriteError": UpstreamAnswerLostError,
    "CloseError": UpstreamAnswerLostError,
    "ProtocolError": UpstreamAnswerLostError,
    "RemoteProtocolError": UpstreamAnswerLostError,
    "LocalProtocolError": UpstreamUsageError,
    "ProxyError": UpstreamConnectionError,
    "UnsupportedProtocol": UpstreamUsageError,
    "DecodingError": UpstreamBodyError,
    "TooManyRedirects": UpstreamRedirectError,
    "InvalidURL": UpstreamUsageError,
    "CookieConflict": UpstreamUsageError,
    "StreamError": UpstreamUsageError,
    "StreamConsumed": UpstreamUsageError,
    "StreamClosed": UpstreamUsageError,
    "RequestNotRead": UpstreamUsageError,
    "ResponseNotRead": UpstreamUsageError,
    "SSEError": UpstreamBodyError,  # httpx2 only
}

AIOHTTP: dict[str, type[UpstreamError]] = {
    "ClientError": UpstreamError,
    "ClientResponseError": UpstreamResponseError,  # unless its reason says better
    "ContentTypeError": UpstreamBodyError,
    "WSServerHandshakeError": UpstreamResponseError,
    "ClientHttpProxyError": UpstreamConnectionError,
    "TooManyRedirects": UpstreamRedirectError,
    "ClientConnectionError": UpstreamAnswerLostError,
    "ClientConnectionResetError": UpstreamAnswerLostError,
    "ClientOSError": UpstreamAnswerLostError,
    "ClientConnectorError": UpstreamConnectionError,
    "ClientConnectorDNSError": UpstreamConnectionError,
    "ClientProxyConnectionError": UpstreamConnectionError,
    "UnixClientConnectorError": UpstreamConnectionError,
    "ClientSSLError": UpstreamTLSError,
    "ClientConnectorSSLError": UpstreamTLSError,
    "ClientConnectorCertificateError": UpstreamTLSError,
    "ServerFingerprintMismatch": UpstreamTLSError,
    "ServerConnectionError": UpstreamAnswerLostError,
    "ServerDisconnectedError": UpstreamAnswerLostError,
    "ServerTimeoutError": UpstreamTimeoutError,
    "ConnectionTimeoutError": UpstreamConnectTimeoutError,
    "SocketTimeoutError": UpstreamReadTimeoutError,
    "ClientPayloadError": UpstreamAnswerLostError,  # unless its reason says better
    "UploadAbortedError": UpstreamAnswerLostError,
    "InvalidURL": UpstreamUsageError,
    "InvalidUrlClientError": UpstreamUsageError,
    "NonHttpUrlClientError": UpstreamUsageError,
    "RedirectClientError": UpstreamRedirectError,
    "InvalidUrlRedirectClientError": UpstreamRedirectError,
    "NonHttpUrlRedirectClientError": UpstreamRedirectError,
    "WSMessageTypeError": UpstreamBodyError,
}

# Only what can come from nothing but the network: asyncio.TimeoutError is the built-in one.
STANDARD: dict[str, type[UpstreamError]] = {
    "builtins.TimeoutError": UpstreamTimeoutError,
    "builtins.ConnectionError": UpstreamAnswerLostError,
    "builtins.ConnectionRefusedError": UpstreamConnectionError,
    "socket.gaierror": UpstreamConnectionError,
    "ssl.SSLError": UpstreamTLSError,
    "http.client.HTTPException": UpstreamAnswerLostError,
    "http.client.InvalidURL": UpstreamUsageError,
    "urllib.error.URLError": UpstreamUsageError,  # unless its reason says better
    "urllib.error.HTTPError": UpstreamResponseError,
    "urllib.error.ContentTooShortError": UpstreamAnswerLostError,
}


def _prefix_names(module: str, table: dict[str, type[UpstreamError]]) -> dict[str, type[UpstreamError]]:
    return {f"{module}.{name}": failure for name, failure in table.items()}


FAILURES: dict[str, type[UpstreamError]] = {
    **_prefix_names("requests.exceptions", REQUESTS),
    **_prefix_names("niquests.exceptions", REQUESTS),
    "niquests.exceptions.MultiplexingError": UpstreamUsageError,
    **_prefix_names("urllib3.exceptions", URLLIB3),
    **_prefix_names("httpx", HTTPX),
    **_prefix_names("httpx2", HTTPX),
    **_prefix_names("aiohttp.client_exceptions", AIOHTTP),
    **STANDARD,
}

# These only carry another exception, which knows better: in ``reason``, the arguments or as the cause.
CARRIERS = frozenset(
    {
        *(
            f"{library}.exceptions.{name}"
            for library in ("requests", "niquests")
            for name in ("ConnectionError", "InvalidHeader", "RetryError")
        ),
        "urllib3.exceptions.MaxRetryError",
        "urllib3.exceptions.ProtocolError",
        "urllib.error.URLError",
        "aiohttp.client_exceptions.ClientPayloadError",
        "aiohttp.client_exceptions.ClientResponseError",
    }
)

# What it means inside a carrier only: a socket file that is not there; an answer that is not HTTP,
# which aiohttp reports as a 400 that nobody sent; a body of another encoding than it says.
CARRIED: dict[str, type[UpstreamError]] = {
    **FAILURES,
    "builtins.OSError": UpstreamConnectionError,
    "aiohttp.http_exceptions.HttpProcessingError": UpstreamAnswerLostError,
    "aiohttp.http_exceptions.ContentEncodingError": UpstreamBodyError,
}

DEEPEST = 8  # carriers inside of carriers


def failure_of(exc: BaseException) -> type[UpstreamError] | None:
    """Say which failure of an upstream *exc* is, or None if it is not one of a client library."""
    name = _find_known_name(exc, FAILURES)
    if name is None:
        return None
    failure = FAILURES[name]
    if failure is UpstreamConnectionError and _has_tls_behind(exc):
        return UpstreamTLSError
    return _find_carried(exc, name) or failure


def _find_known_name(exc: BaseException, table: dict[str, type[UpstreamError]]) -> str | None:
    names = (f"{cls.__module__}.{cls.__qualname__}" for cls in type(exc).__mro__)
    return next((name for name in names if name in table), None)


def _find_carried(exc: BaseException, name: str | None) -> type[UpstreamError] | None:
    """Follow carriers to the exception that knows; None if they carry nothing that we know."""
    failure = None
    for _ in range(DEEPEST):
        if name not in CARRIERS:
            break
        inner = next(
            ((part, known) for part in _list_parts(exc) if (known := _find_known_name(part, CARRIED))), None
        )
        if inner is None:
            break
        exc, name = inner
        failure = CARRIED[name]
    return failure


def _list_parts(exc: BaseException) -> Iterator[BaseException]:
    candidates = (getattr(exc, "reason", None), *exc.args, exc.__cause__)
    return (part for part in candidates if isinstance(part, BaseException))


def _has_tls_behind(exc: BaseException) -> bool:
    # httpx says ConnectError for both; httpcore, its cause, has the ssl.SSLError as its argument.
    link: BaseException | None = exc
    for _ in range(DEEPEST):
        if link is None:
            return False
        if any(_find_known_name(part, STANDARD) == "ssl.SSLError" for part in _list_parts(link)):
            return True
        link = link.__cause__
    return False
