"""``python3 dev.py servers``: what each WSGI server answers to a broken request, with flask-faultmap behind it.

python3 dev.py servers           print the table
python3 dev.py servers --write   put it into the docs
"""

import re
import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from servers import COMMANDS, UWSGI, Server, serving

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "servers.md"
HOST = b"Host: localhost\r\n"
CLOSE = HOST + b"Connection: close\r\n"

# name: the bytes that are sent on one connection
CASES = {
    "unknown path": b"GET /nope HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "HEAD of a failure": b"HEAD /missing HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "HTTP/1.0": b"GET /missing HTTP/1.0\r\n\r\n",
    "a bug": b"GET /crash HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "unknown method": b"FOO /missing HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "two requests at once": b"GET /missing HTTP/1.1\r\n"
    + HOST
    + b"\r\nGET /missing HTTP/1.1\r\n"
    + CLOSE
    + b"\r\n",
    "body over the limit": b"POST /echo HTTP/1.1\r\n" + CLOSE + b"Content-Length: 5000\r\n\r\n" + b"a" * 5000,
    "Expect: 100-continue": b"POST /echo HTTP/1.1\r\n"
    + CLOSE
    + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\nab",
    "good chunks": b"POST /echo HTTP/1.1\r\n"
    + CLOSE
    + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    "bad chunks": b"POST /echo HTTP/1.1\r\n"
    + CLOSE
    + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n",
    "both lengths": b"POST /echo HTTP/1.1\r\n"
    + CLOSE
    + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "length that is no number": b"POST /echo HTTP/1.1\r\n" + CLOSE + b"Content-Length: two\r\n\r\nab",
    "header of 100,000 bytes": b"GET /missing HTTP/1.1\r\n" + CLOSE + b"X-A: " + b"a" * 100_000 + b"\r\n\r\n",
    "header without a name": b"GET /missing HTTP/1.1\r\n" + CLOSE + b": a\r\n\r\n",
    "NUL in the path": b"GET /mis%00sing HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "no HTTP at all": b"\x16\x03\x01\x02\x00\r\n\r\n",
}


def main(arguments: list[str]) -> int:
    """Ask every server, print the table, and write it where that is asked for."""
    kinds = [kind for kind in COMMANDS if kind != "uWSGI" or UWSGI.exists()]
    answers = {}
    for kind in kinds:
        print(f"asking {kind} ...", file=sys.stderr, flush=True)
        with TemporaryDirectory() as folder, serving(kind, "plain_app:app", Path(folder)) as server:
            answers.update({(name, kind): answer_to(server, sent) for name, sent in CASES.items()})
    lines = ["| request | " + " | ".join(kinds) + " |", "| --- " * (len(kinds) + 1) + "|"]
    lines += [f"| {name} | " + " | ".join(answers[name, kind] for kind in kinds) + " |" for name in CASES]
    table = "\n".join(lines)
    print(table)
    if "--write" in arguments:
        PAGE.write_text(page(table))
    return 0


def answer_to(server: Server, sent: bytes) -> str:
    """Say in a few words what comes back: each status, and whose body it is."""
    try:
        with server.connect() as peer:
            peer.settimeout(20)
            peer.sendall(sent)
            got = b"".join(iter(lambda: peer.recv(65_536), b""))
    except TimeoutError:
        return "waits for more"
    except OSError:
        return "closes"
    statuses = ", ".join(found.decode() for found in re.findall(rb"HTTP/1\.[01] (\d{3})", got))
    if not statuses:
        return "closes"
    return f"{statuses} {whose(got)}".strip()


def whose(got: bytes) -> str:
    """Tell our JSON and the app's from a page of the server's own."""
    if b"application/problem+json" in got:
        return "ours"
    return "app" if b'"size"' in got else "server"


def page(table: str) -> str:
    """Make the page of the documentation."""
    return f"""# What each server answers

Made by `python3 dev.py servers --write` on {date.today():%Y-%m-%d}: raw bytes on a socket, an app with flask-faultmap behind each
WSGI server. *ours* is JSON of the app's profile, *app* a success, *server* an answer that the server gives before any app is
asked: no extension can change that one. No answer holds a secret of the app.

{table}

Configure the server's own limits (body size, header size, timeouts) and its error pages in front of it, in the proxy.
"""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
