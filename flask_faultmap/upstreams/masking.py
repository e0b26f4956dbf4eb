"""How do the secrets of a call stay out of a stack that is logged?

The exception of the client library stays the cause of ours, and its text often holds the URL or a header:
userinfo, query, token and all. What it says is masked in place, so that it is safe with every logger. Client
libraries log by themselves too; those lines lose what is secret.

Each text is read once, word by word: no text of a peer costs more than its length.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache, lru_cache

from flask_faultmap.redaction.redacting import redact, redact_url
from flask_faultmap.redaction.replacing import HIDDEN
from flask_faultmap.upstreams.owners import LIBRARIES

LONGEST = 8_192  # characters of one text
# Compiled at their first use, and kept by ``re``: an app that imports us may never call anybody.
WORD = r"\S+"
CLOSERS = "'\")]>},:;."  # what ends a sentence or a quotation, behind a URL
# With the end of a quotation, as in the arguments of an exception.
HEADER = r"(?i)(?:header (?:value|part|line|token|field)|HTTP header|unparsed data)\b['\"]?"
QUOTED = r"b?(?:'(?:[^'\\]|\\[\s\S])*+'?|\"(?:[^\"\\]|\\[\s\S])*+\"?)"
BRACKETED = r"\([^()]*+\)"
OF_A_TYPE = r"<class '[\w.]{1,64}'>"
LOOSE = r"(?i)\A(header \w+:? ++)(?![\[(]|must\b|contains\b|could\b|has\b)\S[\s\S]*+"
PAIR = r"\((b?'[^'\s]{1,64}'), (?:b?'(?:[^'\\]|\\[\s\S])*+'|b?\"(?:[^\"\\]|\\[\s\S])*+\")"
# What only a token looks like, in a path or a query: of letters in both cases and digits, or a bot's.
TOKEN = (
    r"(?<=[/?&=])(?:bot\d{6,12}:[\w-]{20,}+"
    r"|(?=[a-z\d_.~-]{0,64}[A-Z])(?=[A-Z\d_.~-]{0,64}[a-z])(?=[A-Za-z_.~-]{0,64}\d)[\w.~-]{20,}+)(?![^/?#;:%=&@\s'\")>,])"
)
PARAMETER = r"(/[^\s;?#'\"/]*+;)(?=[\w.~%-]{1,64}=)[^/?#\s'\"),]++"
# What stands where host and port should: half of a password with a "/" in it.
NO_PORT = (
    r"(?i)(\b(?:port: |base 10: |value as |failed to parse: |control characters\. ))"
    rf"(?!'\d{{1,9}}'){QUOTED}"
)
BARE_USERINFO = r"(?<![^\s'\"(<])[^\s:@/'\"(<]{1,64}:[^\s@/]{1,256}@"
SENT_OR_ANSWERED = r"(?s)(\b(?:post_data=|body=|Request options: )).*"
TEXT = "_masked_text"
LOGGERS = (
    "aiohttp.client",
    *(
        f"{library}.{part}"
        for library in ("httpcore", "httpcore2")
        for part in ("connection", "http11", "http2", "proxy", "socks")
    ),
    "httpx",
    "httpx2",
    *(
        f"{library}.{part}"
        for library in ("urllib3", "urllib3_future")
        for part in ("connection", "connectionpool", "poolmanager", "response", "util.retry")
    ),
)
# At DEBUG these log whole requests, what is signed, and whole answers, as arguments.
SDK_LOGGERS = tuple(f"botocore.{part}" for part in ("auth", "crt.auth", "endpoint", "httpsession", "parsers"))
HEADER_CODECS = ("hpack.hpack", "hpack.table", "jh2.hpack.hpack", "jh2.hpack.table")


def mask_secrets(text: str) -> str:
    """Take out of *text* what should stay between us and the service: userinfo, queries, header values."""
    if len(text) > LONGEST:
        text = text[:LONGEST] + "…"
    text = re.sub(NO_PORT, rf"\1{HIDDEN}", text)
    return _mask_headers(re.sub(WORD, _mask_word, text))


def mask_path(path: str) -> str:
    """Take out of the *path* of a URL its tokens and parameters (``;jsessionid=…``)."""
    return redact_url(re.sub(TOKEN, HIDDEN, re.sub(PARAMETER, rf"\1{HIDDEN}", path)))


def _mask_word(match: re.Match[str]) -> str:
    word = match[0]
    if "://" in word:
        scheme, _, rest = word.partition("://")
        address, mark, query = rest.partition("?")
        before, at, host = address.rpartition("@")
        word = f"{scheme}://{HIDDEN if before else ''}{at}{host}{mark}{query}"
    elif "@" in word:
        word = re.sub(BARE_USERINFO, f"{HIDDEN}@", word)
    if "?" in word[1:]:
        word = _cut(word, word.index("?", 1))
    if "/" in word and "=" in word.partition(";")[2]:
        word = _cut(word, word.index(";"))
    return mask_path(word) if "/" in word else word


def _cut(word: str, at: int) -> str:
    closers = word[len(word.rstrip(CLOSERS)) :]
    hidden = word[at + 1 : len(word) - len(closers)]
    return word[: at + 1] + HIDDEN + closers if hidden else word


def _mask_headers(text: str) -> str:
    first = re.search(HEADER, text)
    if first is None:
        return text
    head, said, tail = text[: first.start()], first[0], text[first.end() :]
    types = re.findall(OF_A_TYPE, tail)
    tail = re.sub(OF_A_TYPE, "<class>", tail)
    # Groups first: "header part (7777) from ('X-Token', 7777)".
    tail = re.sub(BRACKETED, HIDDEN, re.sub(QUOTED, HIDDEN, tail))
    tail = re.sub(LOOSE, rf"\1{HIDDEN}", said + tail)
    for name in types:
        tail = tail.replace("<class>", name, 1)
    return head + tail


def mask_chain(exc: BaseException) -> None:
    """Make *exc*, and what a traceback shows above it, say nothing secret."""
    for link in _walk_links(exc):
        link.args = tuple(mask_secrets(arg) if isinstance(arg, str) else arg for arg in link.args)
        if isinstance(link, UnicodeError) and len(link.args) > 1:  # the whole text, which may be a header's
            link.args = (link.args[0], HIDDEN, *link.args[2:])
        if isinstance(link, OSError) and isinstance(link.strerror, str):
            link.strerror = mask_secrets(link.strerror)  # which it says in place of its arguments
        notes = getattr(link, "__notes__", None)
        if isinstance(notes, list):
            notes[:] = [mask_secrets(note) if isinstance(note, str) else note for note in notes]
        _mask_words_of(link)


def _mask_words_of(link: BaseException) -> None:
    """Mask what an exception says that speaks from attributes, which callers may want as they are."""
    with suppress(Exception):  # a border: its words are foreign code, and some classes cannot be changed
        said = str(link)
        masked = mask_secrets(said)
        if masked != said or _shows_objects(link):
            vars(link)[TEXT] = masked
            link.__class__ = _make_masked(type(link))  # type: ignore[arg-type]  # a class is hashable


def _shows_objects(link: BaseException) -> bool:
    """Whether the ``repr`` of *link* shows requests and connections, with headers and passwords."""
    is_theirs = type(link).__module__.partition(".")[0] in LIBRARIES
    return is_theirs and not all(isinstance(arg, str | int | None | BaseException) for arg in link.args)


@cache
def mask_logs() -> None:
    """Let the loggers of the client libraries say nothing secret, from the first call on."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_mask_record)
    for name in (*HEADER_CODECS, *SDK_LOGGERS):
        logging.getLogger(name).addFilter(_hide_arguments)
    for name in ("stripe", "openai._base_client"):
        logging.getLogger(name).addFilter(_redact_record)


def _mask_record(record: logging.LogRecord) -> bool:
    with suppress(Exception):  # a border: what cannot be said is logging's to report
        text = record.getMessage()
        masked = re.sub(PAIR, rf"(\1, {HIDDEN}", _mask_headers(mask_path(text)))
        if record.exc_info:  # urllib3 tells headers that it cannot parse, twice
            masked = redact(masked, 2_048)
            record.exc_info = record.exc_text = None
        if masked != text:
            record.msg, record.args = masked, ()
    return True


def _redact_record(record: logging.LogRecord) -> bool:
    """Leave out what an SDK sent, and what it was answered with; redact the rest."""
    with suppress(Exception):  # a border: what cannot be said is logging's to report
        text = re.sub(SENT_OR_ANSWERED, rf"\1{HIDDEN}", record.getMessage())
        record.msg, record.args = redact(text, LONGEST), ()
    return True


def _hide_arguments(record: logging.LogRecord) -> bool:
    """Leave numbers: all else is a header, or a request."""
    args = record.args if isinstance(record.args, tuple) else (record.args,) if record.args else ()
    record.args = tuple(arg if isinstance(arg, int) else HIDDEN for arg in args)
    return True


def _walk_links(exc: BaseException) -> Iterator[BaseException]:
    """Give the last link of the chain first: what holds another exception often quotes it."""
    seen: dict[int, BaseException] = {}
    waiting: list[object] = [exc]
    while waiting:
        link = waiting.pop()
        if isinstance(link, BaseException) and id(link) not in seen:
            seen[id(link)] = link
            inner = getattr(link, "exceptions", None)
            leaves = inner if isinstance(inner, tuple | list) else ()
            waiting += [*leaves, *link.args, getattr(link, "reason", None), link.__cause__, link.__context__]
    return reversed(seen.values())


@lru_cache(maxsize=64)
def _make_masked(cls: type[BaseException]) -> type[BaseException]:
    """Make a class that is *cls* in all but its words."""

    def say(self: BaseException) -> str:
        text: str = vars(self)[TEXT]
        return text

    names = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
    return type(cls.__name__, (cls,), {"__str__": say, "__repr__": say, **names})
