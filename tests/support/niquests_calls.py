"""What becomes of niquests' failures; run by an interpreter that has it, and so no urllib3 but its own."""

import niquests
from counting import PLACES, counting
from niquests.adapters import HTTPAdapter
from urllib3 import Retry

from flask_faultmap import DomainError
from flask_faultmap.upstreams import upstream

PATHS = (
    *(f"{place}/{way}" for place in PLACES for way in ("close", "reset", "silence")),
    *("answer/404", "answer/503", "answer/500", "on/303/nowhere", "on/307/answer/503"),
    *("once/nowhere", "once/503", "once/404"),
)


def call(url: str, path: str) -> None:
    with niquests.Session() as session:
        session.trust_env = False
        if path.startswith("once"):
            session.mount("http://", HTTPAdapter(max_retries=Retry(total=1, allowed_methods=None)))
        with upstream("boxes", operation="create") as block:
            response = session.post(
                f"{url}/{path}", data=b"{}", timeout=0.3 if "silence" in path else 5, stream=True
            )
            block.check(response)
            block.json(response)


def main() -> None:
    """Print a line for each path: whether the server did something, what is said of it, and a retry."""
    for path in PATHS:
        with counting() as server:
            try:
                call(server.url, path)
            except DomainError as exc:
                print(path, server.has_done_something(), getattr(exc, "applied", None), exc.retryable)
    try:
        call("http://127.0.0.1:9", "x")
    except DomainError as exc:
        print("nobody", False, getattr(exc, "applied", None), exc.retryable)


if __name__ == "__main__":
    main()
