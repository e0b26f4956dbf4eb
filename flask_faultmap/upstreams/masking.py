"""How do the secrets of a URL stay out of a stack that is logged?

The exception of the client library stays the cause of ours, and its text often holds the URL:
userinfo, query and all. What it says is masked in place, so that it is safe with every logger. Client
libraries log URLs by themselves too; those lines lose what is secret by its name.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache, lru_cache

from flask_faultmap.redaction.redacting import redact_url

MASKS = (
    (re.compile(r"(?<=\S)\?[^\s'\"<>)]+"), "?[redacted]"),  # a query, its names and values
    (re.compile(r"(?<=://)[^\s/@'\"]+@"), "[redacted]@"),  # userinfo
    (re.compile(r"(?i)(header (?:value|part)[^'\"]*?)b?(?:'[^']*'|\"[^\"]*\")"), r"\1[redacted]"),
)
PACKAGES = frozenset({"requests", "urllib3", "httpx", "httpx2", "aiohttp"})
TEXT = "_masked_text"
LOGGERS = (
    "httpcore.http11",
    "httpcore.http2",
    "httpcore2.http11",
    "httpcore2.http2",
    "httpx",
    "httpx2",
    "urllib3.connectionpool",
    "urllib3.poolmanager",
    "urllib3.util.retry",
)


def mask_secrets(text: str) -> str:
    """Take out of *text* what should stay between us and the service: userinfo, queries, header values."""
    for pattern, instead in MASKS:
        text = pattern.sub(instead, text)
    return text


def mask_chain(exc: BaseException) -> None:
    """Make *exc*, and what a traceback shows above it, say nothing secret."""
    for link in _links(exc):
        link.args = tuple(mask_secrets(arg) if isinstance(arg, str) else arg for arg in link.args)
        if type(link).__module__.partition(".")[0] in PACKAGES and mask_secrets(str(link)) != str(link):
            # aiohttp speaks from attributes, which callers may want as they are.
            vars(link)[TEXT] = mask_secrets(str(link))
            link.__class__ = _masked(type(link))  # type: ignore[arg-type]  # a class is hashable


@cache
def mask_logs() -> None:
    """Let the loggers of the client libraries say nothing secret, from the first call on."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_mask_record)


def _mask_record(record: logging.LogRecord) -> bool:
    with suppress(Exception):  # a border: what cannot be said is logging's to report
        text = record.getMessage()
        masked = redact_url(text)
        if masked != text:
            record.msg, record.args = masked, ()
    return True


def _links(exc: BaseException) -> Iterator[BaseException]:
    """Give the last link of the chain first: what holds another exception often quotes it."""
    seen: dict[int, BaseException] = {}
    waiting: list[BaseException | None] = [exc]
    while waiting:
        link = waiting.pop()
        if link is not None and id(link) not in seen:
            seen[id(link)] = link
            waiting += [*getattr(link, "exceptions", ()), link.__cause__, link.__context__]
    return reversed(seen.values())


@lru_cache(maxsize=64)
def _masked(cls: type[BaseException]) -> type[BaseException]:
    """Make a class that is *cls* in all but its words."""

    def say(self: BaseException) -> str:
        text: str = vars(self)[TEXT]
        return text

    names = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
    return type(cls.__name__, (cls,), {"__str__": say, "__repr__": say, **names})
