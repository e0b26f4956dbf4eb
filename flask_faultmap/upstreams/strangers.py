"""What does an exception mean that no client library raised? An SDK or a retry library may have, for it.

Whatever tried in between may have tried before, so that what these say of a failed connection is never sure.
"""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from flask_faultmap.errors import DomainError
from flask_faultmap.mapping.known import is_known_to_app
from flask_faultmap.upstreams.answers import Answer, answer_of
from flask_faultmap.upstreams.errors import UpstreamError
from flask_faultmap.upstreams.exchanges import Exchange
from flask_faultmap.upstreams.failures import failure_of
from flask_faultmap.upstreams.owners import is_installed

RETRY_COUNT = "x-stainless-retry-count"  # a header of the request, by openai and its relatives
HTTP_EXCEPTION = "werkzeug.exceptions.HTTPException"
BARE = frozenset({"builtins", "socket", "ssl"})  # a driver of a database has such causes, too
DEEPEST = 8


def is_stranger(exc: BaseException, own: str) -> bool:
    """Whether *exc* may be an SDK's: neither built in, nor of Flask's family, nor the app's.

    Args:
        exc: of no client library.
        own: the package of the app, as the frame of the block tells.
    """
    if not isinstance(exc, Exception) or isinstance(exc, DomainError):
        return False
    if any(f"{cls.__module__}.{cls.__name__}" == HTTP_EXCEPTION for cls in type(exc).__mro__):
        return False
    module = type(exc).__module__
    package = module.partition(".")[0]
    if package in sys.stdlib_module_names or package == own:
        return False
    filename = getattr(sys.modules.get(module), "__file__", None) or ""
    return is_installed(filename) and not is_known_to_app(exc)


def find_answer(exc: BaseException) -> Answer | None:
    """Give the answer of a client library that *exc* keeps."""
    attempt = getattr(exc, "last_attempt", None)  # of tenacity, which may wait for a better answer
    if attempt is not None and not getattr(attempt, "failed", True):
        return answer_of(attempt.result())
    return answer_of(getattr(exc, "response", None))


def find_exchange(exc: BaseException) -> Exchange | None:
    """Give what an SDK tells of an answer in a way of its own."""
    response = getattr(exc, "response", None)
    if isinstance(response, Mapping):
        return _read_botocore(response)
    status, meta = getattr(exc, "http_status", None), getattr(exc, "meta", None)
    if isinstance(status, int):  # stripe
        body = getattr(exc, "json_body", None) or getattr(exc, "http_body", None)
        return _make_exchange(status, getattr(exc, "headers", None), body, was_taken=True)
    if isinstance(status := getattr(meta, "status", None), int):  # elasticsearch
        return _make_exchange(
            status, getattr(meta, "headers", None), getattr(exc, "body", None), was_taken=True
        )
    return None


def find_cause(exc: BaseException) -> tuple[BaseException, type[UpstreamError]] | None:
    """Give the first exception of a client library that *exc* stands for, and which failure it is."""
    waiting, seen = [exc], 0
    while waiting and seen < DEEPEST:
        link, seen = waiting.pop(0), seen + 1
        failure = None if link is exc or type(link).__module__ in BARE else failure_of(link)
        if failure is not None:
            return link, failure
        waiting += _list_behind(link)
    return None


def _list_behind(exc: BaseException) -> Iterator[BaseException]:
    kwargs, errors = getattr(exc, "kwargs", None), getattr(exc, "errors", None)
    candidates = [exc.__cause__, kwargs.get("error") if isinstance(kwargs, Mapping) else None]
    candidates += errors if isinstance(errors, tuple | list) else ()
    return (link for link in candidates if isinstance(link, BaseException))


def is_first_try(answer: Answer | None) -> bool:
    """Whether an SDK says that it had not tried before *answer* came."""
    request = getattr(answer and answer.response, "request", None)
    headers = getattr(request, "headers", None)
    return isinstance(headers, Mapping) and headers.get(RETRY_COUNT) == "0"


def packages_of(exc: BaseException) -> frozenset[str]:
    """Give the packages of the SDK that raised *exc*."""
    package = type(exc).__module__.partition(".")[0]
    return frozenset({package, "boto3"} if package == "botocore" else {package})


def _read_botocore(response: Mapping[str, Any]) -> Exchange | None:
    metadata = response.get("ResponseMetadata")
    if not isinstance(metadata, Mapping) or not isinstance(status := metadata.get("HTTPStatusCode"), int):
        return None
    body = {name: value for name, value in response.items() if name != "ResponseMetadata"}
    was_taken = metadata.get("RetryAttempts") != 0
    return _make_exchange(status, metadata.get("HTTPHeaders"), body, was_taken=was_taken)


def _make_exchange(status: int, headers: Any, body: Any, *, was_taken: bool) -> Exchange:
    named = headers if isinstance(headers, Mapping) else {}
    told = {str(name).lower(): str(value) for name, value in named.items()}
    return Exchange(
        status=status,
        body=body if isinstance(body, dict | list | str) else None,
        media_type=told.get("content-type"),
        retry_after=told.get("retry-after"),
        was_taken=was_taken,
    )
