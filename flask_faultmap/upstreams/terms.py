"""What does a failed call mean to the domain?"""

import inspect
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_faultmap import errors as general
from flask_faultmap.errors import ConfigError, DomainError
from flask_faultmap.loggers import logger_named
from flask_faultmap.profiles.profile import Profile
from flask_faultmap.retry_after import whole_seconds
from flask_faultmap.upstreams.bodies import redacted
from flask_faultmap.upstreams.errors import (
    NOT_STARTED,
    UpstreamCredentialsError,
    UpstreamError,
    UpstreamRedirectError,
    UpstreamResponseError,
    UpstreamUnavailableError,
)
from flask_faultmap.upstreams.exchanges import Exchange
from flask_faultmap.upstreams.readback import SAID_NOTHING, Said, read_back

logger: logging.Logger = logger_named("flask_faultmap.upstreams")

CREDENTIALS = frozenset({401, 403, 407})
OVERLOAD = frozenset({429, 503})
FOR_NOW = frozenset({408, 421, 425})  # refused, and maybe not the next time
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})  # RFC 9110, section 9.2.2
LONGEST_WAIT = 3_600  # seconds
PREVIEW = 512  # characters
WAITS = re.compile(r"[A-Z][a-z]{2,8}, [^,]+|[^,]+")  # one date, or what a comma parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the app says of a service and a call; :func:`~flask_faultmap.upstreams.upstream` explains each."""

    service: str
    operation: str
    errors: Mapping[type[UpstreamError], type[DomainError]] = field(default_factory=dict)
    passing: Mapping[int | str, type[DomainError]] = field(default_factory=dict)
    profile: Profile | None = None
    method: str | None = None
    path: str | None = None
    idempotent: bool | None = None

    def __post_init__(self) -> None:
        mistakes = [*self._find_shape_mistakes()] or [*self._find_mistakes()]
        if mistakes:
            raise ConfigError(f"upstream({self.service!r}): " + "; ".join(mistakes))

    def _find_shape_mistakes(self) -> Iterator[str]:
        for name, value in (("errors", self.errors), ("passing", self.passing)):
            if not isinstance(value, Mapping):
                yield f"{name} is {value!r}; it must be a mapping to subclasses of DomainError"
        if not isinstance(self.profile, Profile | None):
            yield f"profile is {self.profile!r}; it must be a Profile, such as profiles.PROBLEM"

    def _find_mistakes(self) -> Iterator[str]:
        for family in self.errors:
            if not (isinstance(family, type) and issubclass(family, UpstreamError)):
                yield f"errors has the key {family!r}; it must be UpstreamError or a class below it"
        for key in self.passing:
            is_code = isinstance(key, str) and not key.isdecimal()
            if not is_code and (key not in range(300, 600) or key in CREDENTIALS):
                yield f"passing has the key {key!r}; allowed: codes, statuses from 300 but 401, 403, 407"
        for cls in (*self.errors.values(), *self.passing.values()):
            if not (isinstance(cls, type) and issubclass(cls, DomainError)):
                yield f"{cls!r} is no subclass of DomainError"
            elif not _takes_a_message_alone(cls):
                yield f"{cls.__name__} cannot be made of a message alone; give its other arguments defaults"

    def error_of(self, exchange: Exchange, *, applied: bool | None = None) -> DomainError:
        """Make the error of an answer that is no success; *applied* is what is known besides its status."""
        status = exchange.status or 0
        kind = kind_of(status)
        said = read_back(exchange.body, self.profile, exchange.media_type)
        if applied is None and not exchange.was_taken:
            applied = False if 400 <= status < 500 else kind.applied
        cls = self.passing.get(said.code or "", self.passing.get(status))
        if cls is not None and kind is not UpstreamCredentialsError:
            return self._pass_on(cls, exchange, said, applied=applied)
        is_refused = kind is UpstreamResponseError and status < 500 and status not in FOR_NOW
        permanent = kind.permanent or (is_refused and not said.retryable and _read_wait(exchange) is None)
        return self.make(kind, f"answered {status}", exchange, said, applied=applied, permanent=permanent)

    def make(
        self,
        kind: type[UpstreamError],
        what: str,
        exchange: Exchange,
        said: Said = SAID_NOTHING,
        *,
        applied: bool | None,
        permanent: bool,
    ) -> DomainError:
        """Make the error that these terms have for *kind*, by the nearest family in its MRO."""
        cls = next((self.errors[family] for family in kind.__mro__ if family in self.errors), kind)
        error = self._build(cls, what, exchange, said, applied=applied, permanent=permanent)
        error.retryable = not permanent and self._is_repeatable(exchange, said, applied)
        if error.retryable or _read_wait(exchange) is not None:
            error.retry_after = _choose_wait(exchange, said, error)
        return error

    def _is_repeatable(self, exchange: Exchange, said: Said, applied: bool | None) -> bool:
        """Say whether the same request may be sent once more (RFC 9110, section 9.2.2)."""
        if said.retryable is not None and not exchange.was_taken:
            return said.retryable
        if applied is False:
            return True
        if self.idempotent is not None:
            return self.idempotent
        last = None if exchange.was_taken else exchange.method  # which a redirect may have changed
        return (self.method or exchange.first_method or last or "").upper() in IDEMPOTENT

    def _pass_on(
        self, cls: type[DomainError], exchange: Exchange, said: Said, *, applied: bool | None
    ) -> DomainError:
        """Make the client's own error, with what the peer's answer had for clients."""
        error = self._build(
            cls, f"answered {exchange.status}", exchange, said, applied=applied, permanent=False
        )
        if said.code is not None and not said.is_foreign and cls.__module__ == general.__name__:
            error.code = said.code  # the app's own classes have codes that the app has promised
        if said.retryable is not None and not exchange.was_taken:
            error.retryable = said.retryable
        elif error.retryable:
            error.retryable = self._is_repeatable(exchange, said, applied)
        error.violations = said.violations or error.violations
        error.details = {**error.details, **said.details}
        error.retry_after = _choose_wait(exchange, said, error)
        return error

    def _build(
        self,
        cls: type[DomainError],
        what: str,
        exchange: Exchange,
        said: Said,
        *,
        applied: bool | None,
        permanent: bool,
    ) -> DomainError:
        method, path = exchange.method or self.method, exchange.path or self.path
        asked = " ".join(word for word in (method, path) if word)
        error = cls(f"{self.service} {self.operation}: {what}" + (f" ({asked})" if asked else ""))
        metadata = {
            "service": self.service,
            "operation": self.operation,
            "method": method,
            "path": path,
            "status": exchange.status,
        }
        error.context = {**error.context, "upstream": {**metadata, "applied": applied, "code": said.code}}
        extra_data = {**metadata, "body": redacted(exchange.body)}
        vars(error).update(
            extra_data=extra_data,
            upstream_code=said.code,
            upstream_violations=said.violations,
            applied=applied,
            permanent=permanent,
            expose=False,  # the message is for the log
        )
        if applied is not False and error.public and error.public.endswith(NOT_STARTED):
            error.public = error.public.removesuffix(NOT_STARTED[0]).removesuffix(NOT_STARTED[1]).rstrip()
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s; body: %s", error, str(extra_data["body"])[:PREVIEW])
        return error


def kind_of(status: int) -> type[UpstreamError]:
    """Say which failure an answer with *status* is."""
    if status in CREDENTIALS:
        return UpstreamCredentialsError
    if status in OVERLOAD:
        return UpstreamUnavailableError
    return UpstreamRedirectError if 300 <= status < 400 else UpstreamResponseError


def _choose_wait(exchange: Exchange, said: Said, error: DomainError) -> Any:
    """Give the peer's wish in seconds, up to an hour; the header wins over the body, both over the class."""
    asked = _read_wait(exchange)
    wait = said.retry_after if asked is None else asked
    return error.retry_after if wait is None else min(wait, LONGEST_WAIT)


def _read_wait(exchange: Exchange) -> int | None:
    """Give what Retry-After asks for; the longest wait, if it was sent more than once."""
    waits = [_read_seconds(wait.strip()) for wait in WAITS.findall(exchange.retry_after or "")]
    return max((wait for wait in waits if wait is not None), default=None)


def _read_seconds(header: str) -> int | None:
    if header.isdecimal():
        return int(header.lstrip("0")[:10] or 0)  # of any length, without the cost of thousands of digits
    return None if header.startswith("-") else whole_seconds(header)


def _takes_a_message_alone(cls: type[DomainError]) -> bool:
    try:
        inspect.signature(cls).bind("")
    except TypeError:
        return False
    return True
