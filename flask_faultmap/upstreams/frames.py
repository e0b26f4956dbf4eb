"""Which functions of a client library show what came before a failure, and how?

Tables of names, so that no client library is imported by us; a test looks every name up in its source.
"""

from types import FrameType

from flask_faultmap.upstreams.owners import name_of

DEEPEST = 16  # links of a chain

REQUEST = "aiohttp.client:ClientSession._request"
OPEN = "urllib.request:OpenerDirector.open"
REQUESTED = "urllib.request:Request.__init__"
FAILING = "urllib.request:OpenerDirector.error"

# A call of a client, and the local names under which its frame keeps the answers that came before.
HISTORIES: dict[str, tuple[str, ...]] = {
    "requests.sessions:Session.send": ("r",),
    "requests.sessions:SessionRedirectMixin.resolve_redirects": ("hist",),
    "niquests.sessions:Session.send": ("r", "history"),
    "niquests.sessions:Session.resolve_redirects": ("hist",),
    **{
        f"{library}._client:{client}.{function}": ("history", "response")
        for library in ("httpx", "httpx2")
        for client in ("Client", "AsyncClient")
        for function in ("_send_handling_auth", "_send_handling_redirects")
    },
    REQUEST: ("history", "resp"),
    "aiohttp.client_middleware_digest_auth:DigestAuthMiddleware.__call__": ("response",),
    "urllib3.connectionpool:HTTPConnectionPool.urlopen": ("response",),
    "urllib3.poolmanager:PoolManager.urlopen": ("response",),
    OPEN: (),
    FAILING: ("args",),
    "http.client:HTTPConnection.request": (),
}
# Calls of urllib3, whose retries are an object that keeps its history, here or among "kw".
RETRYING = frozenset(
    {"urllib3.connectionpool:HTTPConnectionPool.urlopen", "urllib3.poolmanager:PoolManager.urlopen"}
)
INCREMENT = "urllib3.util.retry:Retry.increment"  # gives up, and hides the answer that it has
# A service's Location is read.
REDIRECTING = frozenset(f"{library}._client:BaseClient._redirect_url" for library in ("httpx", "httpx2"))
# Where a connection is made: nothing is sent on it yet.
CONNECTING = frozenset(
    {
        *(
            f"{library}.{name}._connect"
            for library in ("httpcore", "httpcore2")
            for name in ("_sync.connection:HTTPConnection", "_async.connection:AsyncHTTPConnection")
        ),
        "aiohttp.connector:BaseConnector.connect",
        "urllib3.connectionpool:HTTPSConnectionPool._prepare_proxy",
        "urllib3.connection:HTTPConnection.connect",
        "urllib3.connection:HTTPSConnection.connect",
        "urllib3.connection:HTTPConnection._new_conn",
        "http.client:HTTPConnection.connect",
        "http.client:HTTPSConnection.connect",
        "httpx._config:create_ssl_context",
        "httpx2._config:create_ssl_context",
        "requests.adapters:HTTPAdapter.cert_verify",
    }
)
# Certificates of ours are read there, which may be missing.
SECURING = frozenset(
    {
        "httpx._config:create_ssl_context",
        "httpx2._config:create_ssl_context",
        "requests.adapters:HTTPAdapter.cert_verify",
        "urllib3.util.ssl_:ssl_wrap_socket",
    }
)
# Of httpcore: asks the proxy first, while this attribute says so.
TUNNELS: dict[str, tuple[str, bool | None]] = {
    **{
        f"{library}.{name}": ("_connected", False)
        for library in ("httpcore", "httpcore2")
        for name in (
            "_sync.http_proxy:TunnelHTTPConnection.handle_request",
            "_async.http_proxy:AsyncTunnelHTTPConnection.handle_async_request",
        )
    },
    **{
        f"{library}.{name}": ("_connection", None)
        for library in ("httpcore", "httpcore2")
        for name in (
            "_sync.socks_proxy:Socks5Connection.handle_request",
            "_async.socks_proxy:AsyncSocks5Connection.handle_async_request",
        )
    },
}
METHODS = {  # where a frame keeps the method that the app asked for, whatever a redirect made of it
    "requests.sessions:Session.send": "request",
    "niquests.sessions:Session.send": "request",
    "httpx._client:Client.send": "request",
    "httpx._client:AsyncClient.send": "request",
    "httpx2._client:Client.send": "request",
    "httpx2._client:AsyncClient.send": "request",
    "urllib3._request_methods:RequestMethods.request": "method",
    "urllib3.poolmanager:PoolManager.urlopen": "method",
    OPEN: "req",
}
# Functions that run once something of the request was sent; of httpcore by their bare names.
SENT = frozenset(
    {
        *("http.client:HTTPConnection._send_output", "http.client:HTTPConnection.getresponse"),
        *("http.client:HTTPResponse.begin", "http.client:HTTPResponse.read"),
        *("aiohttp.client_reqrep:ClientRequest.send", "aiohttp.client_reqrep:ClientResponse.start"),
        *("_send_request_body", "_receive_response", "_receive_response_headers", "_receive_response_body"),
        *("_send_stream_data", "_send_end_stream"),
    }
)


def is_connecting_frame(frame: FrameType) -> bool:
    """Whether a connection is made there, or below: nothing was sent on it yet."""
    name = name_of(frame)
    if name in CONNECTING:
        return True
    if name in TUNNELS:
        attribute, value = TUNNELS[name]
        return getattr(frame.f_locals.get("self"), attribute, ...) is value
    # A connection of others, say on a unix socket.
    return frame.f_code.co_name == "connect" and any(
        f"{cls.__module__}.{cls.__qualname__}" == "http.client.HTTPConnection"
        for cls in type(frame.f_locals.get("self")).__mro__
    )
