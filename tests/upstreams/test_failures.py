"""Every exception class of every installed client library has its row."""

import http.client
import inspect
import pickle
import socket
import ssl
import subprocess
import sys
from types import ModuleType

import aiohttp
import aiohttp.client_exceptions
import aiohttp.http_exceptions
import httpx
import httpx2
import pytest
import requests
import urllib3.exceptions

from flask_faultmap import DomainError
from flask_faultmap.upstreams import (
    UpstreamAnswerLostError,
    UpstreamBodyError,
    UpstreamConnectionError,
    UpstreamError,
    UpstreamReadTimeoutError,
    UpstreamResponseError,
    UpstreamTimeoutError,
    UpstreamTLSError,
    UpstreamUsageError,
)
from flask_faultmap.upstreams import errors as upstreams
from flask_faultmap.upstreams.failures import FAILURES, failure_of

LIBRARIES = (requests.exceptions, urllib3.exceptions, httpx, httpx2, aiohttp.client_exceptions)
FAMILY = [cls for cls in vars(upstreams).values() if inspect.isclass(cls) and issubclass(cls, UpstreamError)]


def names_of(library: ModuleType) -> set[str]:
    return {
        f"{cls.__module__}.{cls.__qualname__}"
        for cls in vars(library).values()
        if inspect.isclass(cls)
        and cls.__module__ == library.__name__
        and issubclass(cls, Exception)
        and not issubclass(cls, Warning)
    }


def caused_by(exc: Exception, cause: BaseException) -> Exception:
    exc.__cause__ = cause
    return exc


def test_no_client_library_is_imported() -> None:
    libraries = {"requests", "urllib3", "httpx", "httpx2", "aiohttp"}
    program = f"import sys, flask_faultmap.upstreams; print(*{libraries} & {{*sys.modules}})"

    seen = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)

    assert (seen.returncode, seen.stdout.strip()) == (0, "")


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: library.__name__)
def test_no_exception_class_of_a_library_is_missing(library: ModuleType) -> None:
    assert names_of(library) - FAILURES.keys() == set()


def test_no_rule_is_about_a_class_that_is_nowhere() -> None:
    known = set[str]().union(*(names_of(library) for library in LIBRARIES))

    ours = {
        name
        for name in FAILURES
        if not name.startswith(("builtins.", "socket.", "ssl.", "http.", "urllib.error.", "niquests."))
    }

    assert ours - known == {"httpx.SSEError"}  # of httpx2 only: both share their rows


@pytest.mark.parametrize("cls", FAMILY, ids=lambda cls: cls.__name__)
def test_a_class_is_retryable_by_itself_only_where_nothing_was_applied(cls: type[UpstreamError]) -> None:
    assert cls.retryable is (cls.applied is False and not cls.permanent)


@pytest.mark.parametrize("cls", FAMILY, ids=lambda cls: cls.__name__)
def test_no_class_shows_its_own_text(cls: type[UpstreamError]) -> None:
    assert not cls.expose


@pytest.mark.parametrize("cls", FAMILY, ids=lambda cls: cls.__name__)
def test_what_was_found_out_survives_pickle(cls: type[UpstreamError]) -> None:
    error = cls("text")
    error.extra_data = {"status": 502}

    assert vars(pickle.loads(pickle.dumps(error))) == vars(error)


@pytest.mark.parametrize(
    ("exc", "failure"),
    [
        (requests.ConnectionError(), UpstreamAnswerLostError),
        (requests.ConnectionError("by hand"), UpstreamAnswerLostError),
        (requests.ConnectionError(ValueError("unknown")), UpstreamAnswerLostError),
        (
            requests.ConnectionError(urllib3.exceptions.ClosedPoolError(None, "closed")),  # type: ignore[arg-type]
            UpstreamUsageError,
        ),
        (
            requests.ConnectionError(urllib3.exceptions.ReadTimeoutError(None, "/", "slow")),  # type: ignore[arg-type]
            UpstreamReadTimeoutError,
        ),
        (
            requests.ConnectionError(urllib3.exceptions.ProtocolError("aborted", ConnectionRefusedError())),
            UpstreamConnectionError,
        ),
        (
            requests.ConnectionError(urllib3.exceptions.ProtocolError("aborted", FileNotFoundError())),
            UpstreamConnectionError,
        ),
        (
            requests.ConnectionError(
                urllib3.exceptions.ProtocolError("aborted", http.client.BadStatusLine("x"))
            ),
            UpstreamAnswerLostError,
        ),
        (
            requests.exceptions.RetryError(
                urllib3.exceptions.MaxRetryError(
                    None,  # type: ignore[arg-type]
                    "/",
                    urllib3.exceptions.ResponseError("too many 503 error responses"),
                )
            ),
            UpstreamResponseError,
        ),
        (requests.exceptions.InvalidHeader("a line break in the value"), UpstreamUsageError),
        (
            requests.exceptions.InvalidHeader(urllib3.exceptions.InvalidHeader("Content-Length: 1, 2")),
            UpstreamResponseError,
        ),
        (
            caused_by(httpx.ConnectError("x"), caused_by(ValueError(), ssl.SSLCertVerificationError())),
            UpstreamTLSError,
        ),
        (caused_by(httpx.ConnectError("x"), ConnectionResetError()), UpstreamConnectionError),
        (
            caused_by(aiohttp.ClientPayloadError("x"), aiohttp.http_exceptions.ContentEncodingError("gzip")),
            UpstreamBodyError,
        ),
        (caused_by(aiohttp.ClientPayloadError("x"), ValueError()), UpstreamAnswerLostError),
        (TimeoutError(), UpstreamTimeoutError),
        (ConnectionRefusedError(), UpstreamConnectionError),
        (ConnectionResetError(), UpstreamAnswerLostError),
        (BrokenPipeError(), UpstreamAnswerLostError),
        (socket.gaierror(), UpstreamConnectionError),
        (ssl.SSLError(), UpstreamTLSError),
        (http.client.InvalidURL(), UpstreamUsageError),
        (http.client.IncompleteRead(b""), UpstreamAnswerLostError),
    ],
    ids=lambda value: str(getattr(value, "__name__", None) or repr(value))[:60],
)
def test_what_an_exception_carries_decides(exc: Exception, failure: type[UpstreamError]) -> None:
    assert failure_of(exc) is failure


@pytest.mark.parametrize(
    "exc",
    [
        OSError(),
        FileNotFoundError(),
        ValueError(),
        RuntimeError(),
        KeyError("x"),
        DomainError("x"),
        AssertionError(),
    ],
    ids=repr,
)
def test_what_no_client_library_raised_is_no_failure_of_a_service(exc: Exception) -> None:
    assert failure_of(exc) is None


def test_exceptions_that_carry_each_other_end() -> None:
    first, second = requests.ConnectionError(), requests.ConnectionError()
    first.args, second.args = (second,), (first,)

    assert failure_of(first) is UpstreamAnswerLostError


def test_causes_that_go_round_end() -> None:
    exc = httpx.ConnectError("x")
    exc.__cause__ = ValueError()
    exc.__cause__.__cause__ = exc

    assert failure_of(exc) is UpstreamConnectionError
