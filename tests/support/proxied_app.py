"""An app to put behind a proxy: it fails, is slow, takes bodies, and streams."""

import threading
from collections.abc import Iterator
from typing import Any, NoReturn

from flask import Flask, request

from flask_faultmap import FaultMap
from flask_faultmap.errors import NotFoundError

app = Flask(__name__)
faults = FaultMap(app)
asked_for_more = threading.Event()


@app.get("/boxes")
def boxes() -> NoReturn:
    raise NotFoundError("There is no box")


@app.get("/crash")
def crash() -> NoReturn:
    raise RuntimeError("dsn=postgres://u:pw@h")


@app.get("/slow")
def slow() -> dict[str, Any]:
    threading.Event().wait(60)
    return {}


@app.post("/bodies")
def take() -> dict[str, Any]:
    return {"length": len(request.get_data())}


@app.get("/events")
@faults.stream("sse")
def events() -> Iterator[dict[str, Any]]:
    yield {"number": 1}
    asked_for_more.wait(60)
    yield {"number": 2}


@app.post("/more")
def more() -> dict[str, Any]:
    asked_for_more.set()
    return {}
