"""Which headers may an answer be given, and by whom?"""

# How a message is framed, and what its body is: the server's, or the profile's.
FRAMING = frozenset({"content-type", "content-length", "content-encoding", "content-range", "date", "status"})
# Of one connection, and so of the server (RFC 9110, section 7.6.1); WSGI forbids them to an app (PEP 3333).
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "trailers",
        "transfer-encoding",
        "upgrade",
    }
)
# What a client shows to be let in; an answer that repeats it tells it to every log on the way.
CREDENTIALS = frozenset(
    {"authorization", "cookie", "x-api-key", "x-auth-token", "x-csrf-token", "x-amz-security-token"}
)
# What has a meaning of its own in a request or an answer, so that an id in it would be misread.
WELL_KNOWN = frozenset(
    [
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "accept-ranges",
        "age",
        "allow",
        "alt-svc",
        "authentication-info",
        "cache-control",
        "clear-site-data",
        "content-disposition",
        "content-language",
        "content-location",
        "content-security-policy",
        "content-security-policy-report-only",
        "cross-origin-embedder-policy",
        "cross-origin-opener-policy",
        "cross-origin-resource-policy",
        "deprecation",
        "etag",
        "expect",
        "expires",
        "forwarded",
        "from",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "last-modified",
        "link",
        "location",
        "max-forwards",
        "nel",
        "origin",
        "permissions-policy",
        "pragma",
        "prefer",
        "preference-applied",
        "proxy-authentication-info",
        "range",
        "referer",
        "referrer-policy",
        "refresh",
        "report-to",
        "reporting-endpoints",
        "retry-after",
        "server",
        "server-timing",
        "set-cookie",
        "sec-websocket-accept",
        "sec-websocket-key",
        "strict-transport-security",
        "sunset",
        "timing-allow-origin",
        "user-agent",
        "vary",
        "via",
        "warning",
        "www-authenticate",
        "x-content-type-options",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-frame-options",
        "x-real-ip",
        "x-xss-protection",
    ]
)
FAMILIES = ("access-control-", "sec-", "proxy-", "if-", "content-")

# Of an error itself or of a profile: never sent. The range of a 416 is of the thing, not of the body.
NEVER_GIVEN = (FRAMING - {"content-range"}) | HOP_BY_HOP | {"authorization", "cookie"}


def why_no_id(name: str) -> str | None:
    """Say why the header *name* cannot carry the id of a request, or return None."""
    name = name.lower()
    if name in FRAMING or name in HOP_BY_HOP:
        return "is the server's own"
    if name in CREDENTIALS:
        return "carries credentials, which an answer would repeat"
    if name in WELL_KNOWN or name.startswith(FAMILIES):
        return "has a meaning of its own"
    return None
