"""What is known of one request and its answer?"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from flask_faultmap.upstreams.masking import mask_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What is known of one request and its answer.

    Attributes:
        first_method: of the request that the app made, before a redirect made another of it.
        was_taken: another request was sent before, by a redirect or a retry, and not refused.
    """

    method: str | None = None
    path: str | None = None
    status: int | None = None
    body: Any = None
    media_type: str | None = None
    retry_after: str | None = None
    first_method: str | None = None
    was_taken: bool = False


def sent(request: Any, url: object) -> tuple[str | None, str | None]:
    """Give method and path of a *request* of any library, which may be missing; never the query."""
    method = getattr(request, "method", None)
    url = getattr(request, "url", None) or url
    return method if isinstance(method, str) else None, None if url is None else path_of(str(url))


def path_of(url: str) -> str | None:
    """Give the path of *url*, fit for a log line; None if it is no URL of HTTP."""
    try:
        parts = urlsplit(url)
        if parts.scheme and not parts.netloc:  # "ann:password@host/x"
            return None
        return mask_path(quote(parts.path, safe="/%:@!$&'()*+,;=~") or "/")
    except ValueError:
        return None
