"""An app whose streams end in each way that there is; run by real servers."""

import logging

from flask import Flask

from flask_faultmap import FaultMap, fault_translated
from flask_faultmap.errors import ResourceExhaustedError
from flask_faultmap.streams import SSE, Framing

logging.basicConfig(level=logging.DEBUG, format="%(levelname)s %(name)s %(message)s")
logging.getLogger("asyncio").setLevel(logging.WARNING)

OPENAI = Framing(
    name="openai",
    media_type="text/event-stream",
    frame=SSE.frame,
    error=lambda body, status: b"data: " + body + b"\n\n",
    end=b"data: [DONE]\n\n",
)
app = Flask(__name__)
faults = FaultMap()
faults.init_app(app)


@fault_translated.connect_via(app)
def tell(sender, fault, committed, **_):
    logging.getLogger("audit").info("%s committed=%s", fault.code, committed)


class UnspeakableError(Exception):
    """It cannot be spoken."""

    def __str__(self):
        raise RuntimeError("password=hunter2")

    __repr__ = __str__


def busy():
    return ResourceExhaustedError("Too fast", retry_after=3, details={"limit": [1, 2]})


FAILURES = {"fault": busy, "bug": lambda: RuntimeError("password=hunter2"), "unspeakable": UnspeakableError}


class Items:
    """Numbers, then a failure, and perhaps another one in ``close()``."""

    def __init__(self, count, failure, close):
        self.numbers = iter(range(count))
        self.failure = failure
        self.failure_in_close = close

    def __iter__(self):
        return self

    def __next__(self):
        for number in self.numbers:
            return {"n": number}
        if self.failure in FAILURES:
            raise FAILURES[self.failure]()
        raise StopIteration

    def close(self):
        logging.getLogger("audit").info("closed")
        failure, self.failure_in_close = self.failure_in_close, None
        if failure in FAILURES:
            raise FAILURES[failure]()


@app.get("/<any(ndjson, sse):framing>/<int:count>/<failure>/<close>")
def stream(framing, count, failure, close):
    return faults.streamed(Items(count, failure, close), framing)


@app.get("/endless")
@faults.stream("ndjson")
def endless():
    try:
        while True:
            yield "x" * 10_000
    finally:
        logging.getLogger("audit").info("generator closed")


@app.post("/v1/chat/completions")
@faults.stream(OPENAI)
def complete():
    for word in ("Hello", " world"):
        yield {
            "id": "c1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}],
        }
