"""``python3 dev.py applied``: what each client library's failure means, against a server that counts.

python3 dev.py applied           print the table
python3 dev.py applied --write   put it into the docs
"""

import ssl
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import trustme
from counted_calls import CLIENTS, WITH_RETRIES, Client
from counting import counting
from forward_proxy import forward_proxy
from misbehaving import unreachable

from flask_faultmap import DomainError

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "upstream.md"
BEGIN, END = "<!-- made by python3 dev.py applied --write -->\n", "<!-- end -->"
HEAD = (
    "| the connection ends | clients | error | applied | retry of a POST |\n| --- | --- | --- | --- | --- |"
)
WORDS = {False: "no", True: "yes", None: "unknown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One place where a connection ends: a path of the counting server, or a place before there is one."""

    name: str
    path: str = "answer/201"
    place: str = ""
    proxy: str = ""  # how it behaves
    has_tls: bool = False
    repeats: bool = False


ROWS = (
    Row(name="before it is made: nobody listens", place="nowhere"),
    Row(name="before the handshake of TLS", place="before-the-handshake", has_tls=True),
    Row(name="in the handshake", place="in-the-handshake", has_tls=True),
    Row(name="after the request line", path="after-the-request-line/close"),
    Row(name="after the headers", path="after-the-headers/close"),
    Row(name="after the body", path="after-the-body/close"),
    Row(name="after the body, by silence", path="after-the-body/silence"),
    Row(name="after the body, by a broken record of TLS", path="after-the-body/record", has_tls=True),
    Row(name="in the head of the answer", path="in-the-head-of-the-answer/close"),
    Row(name="in the body of a 201 that was checked", path="in-its-body/close"),
    Row(name="with a 404", path="answer/404"),
    Row(name="with a 503", path="answer/503"),
    Row(name="with a 500", path="answer/500"),
    Row(name="with a 303 to where nobody listens", path="on/303/nowhere"),
    Row(name="with a 303 to a 503", path="on/303/answer/503"),
    Row(name="at a proxy that gives no tunnel (502 to `CONNECT`)", proxy="says/502", has_tls=True),
    Row(name="at a proxy that wants credentials", proxy="says/407"),
    Row(name="at a proxy that has passed the request on", proxy="loses/close"),
    Row(name="at a proxy, with a 504 when it has passed the request on", proxy="gives/504"),
    Row(name="after the body; then a retry that nobody listens to", path="once/nowhere", repeats=True),
    Row(name="after the body; then a retry with a 503", path="once/503", repeats=True),
)


def table() -> str:
    """Ask the server in every way, and make the table."""
    return "\n".join([HEAD, *(line for row in ROWS for line in _lines(row))]) + "\n"


def table_in_docs() -> str:
    """Give the table as the page has it."""
    return PAGE.read_text().partition(BEGIN)[2].partition(END)[0]


def _lines(row: Row) -> Iterator[str]:
    clients = {name: WITH_RETRIES[name] for name in ("requests", "urllib3")} if row.repeats else CLIENTS
    told: dict[str, list[str]] = {}
    for name, client in clients.items():
        told.setdefault(_told(row, client), []).append(name)
    for cell, names in told.items():
        is_all = len(names) == len(CLIENTS)
        yield f"| {row.name} | {'all' if is_all else ', '.join(names)} | {cell} |"


def _told(row: Row, client: Client) -> str:
    there = here = None
    if row.has_tls:
        authority = trustme.CA()
        there, here = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
        authority.issue_cert("127.0.0.1").configure_cert(there)
        authority.configure_trust(here)
    try:
        if row.place == "nowhere":
            with unreachable() as url:
                client(f"{url}/x", "POST")
        else:
            with (
                counting(there, row.place) as server,
                forward_proxy(row.proxy, server.has_done_something) as proxy,
            ):
                client(f"{server.url}/{row.path}", "POST", context=here, proxy=row.proxy and proxy)
    except DomainError as exc:
        applied = getattr(exc, "applied", None)
        retry = "safe" if exc.retryable else "never" if getattr(exc, "permanent", False) else "not safe"
        return f"`{type(exc).__name__}` | {WORDS[applied]} | {retry}"
    raise AssertionError(f"{row.name} did not fail")


def main(arguments: list[str]) -> int:
    """Print the table, and write it where that is asked for."""
    made = table()
    print(made)
    if "--write" in arguments:
        before, begin, rest = PAGE.read_text().partition(BEGIN)
        PAGE.write_text(before + begin + made + END + rest.partition(END)[2])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
