"""How the cost of a request is measured: in process, interleaved, medians."""

import gc
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time_ns
from typing import Any

from flask import Flask
from werkzeug.test import EnvironBuilder

from benchmarks.contenders import BoxNotFoundError, Contender, ours
from flask_faultmap import Rule

Call = Callable[[], bytes]


def caller(app: Flask, path: str) -> Call:
    """Make a function that does one request as a WSGI server would: the app, its body, its close."""
    environ = EnvironBuilder(path=path).get_environ()

    def start_response(*_: Any) -> Callable[[bytes], object]:
        return discard

    def call() -> bytes:
        chunks = app(dict(environ), start_response)
        try:
            return b"".join(chunks)
        finally:
            chunks.close()  # type: ignore[attr-defined]  # werkzeug's iterators have it

    return call


def discard(chunk: bytes) -> None:
    """Take what an app writes by itself, which none here does."""


def medians(
    contenders: dict[str, Contender], *, rounds: int, calls: int, callers: dict[str, Call] | None = None
) -> dict[str, float]:
    """Give the median cost of one request to each contender, in microseconds of this process's time.

    *callers* are functions that send another request than a GET of the contender's path.

    In each round every contender has its turn of *calls* requests, in another order each time, so that
    a slow moment of the machine hits them alike. The garbage collector runs between the rounds only.
    """
    names = list(contenders)
    work = callers or {name: caller(each.app, each.path) for name, each in contenders.items()}
    samples: dict[str, list[float]] = {name: [] for name in names}
    gc.collect()
    gc.freeze()  # else each collection walks through ten thousand rules
    gc.disable()
    order = Random(0)
    for _ in range(rounds):
        order.shuffle(names)  # whoever comes after a twin finds its code in the processor's cache
        for name in names:
            samples[name].append(sample(work[name], calls))
        gc.collect()
    gc.enable()
    gc.unfreeze()
    return {name: median(taken) for name, taken in samples.items()}


def sample(call: Call, calls: int) -> float:
    """Give the mean cost of one of *calls* requests, in microseconds."""
    call()  # not counted: it warms what the contender before cooled
    started = process_time_ns()
    for _ in range(calls):
        call()
    return (process_time_ns() - started) / calls / 1000


def memory(classes: int) -> float:
    """Give the bytes kept for each of *classes* exception classes that are made, raised once and dropped.

    The first tenth is not counted: there Python's own table of subclasses grows to what it needs.
    """
    parent = type("DriverError", (Exception,), {})
    made = [parent]
    app = ours(lambda: made[0]("gone"), (Rule(on=parent, to=BoxNotFoundError),))
    call = caller(app, "/boxes/b1")
    held = []
    tracemalloc.start()
    try:
        for number in range(1, classes + 1):
            made[0] = type("DriverErrorOfNow", (parent,), {})
            call()
            if number % (classes // 10) == 0:
                gc.collect()
                held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    return (held[-1] - held[0]) / (classes * 0.9)


IMPORTS = """
from time import process_time
import flask, marshmallow
started = process_time()
from flask_faultmap import FaultMap
print((process_time() - started) * 1000)
"""


def import_time(processes: int) -> float:
    """Give the milliseconds that the import of the package adds to Flask's: the best of fresh *processes*.

    They find the bytecode of all modules, as after ``pip install``; a first one, not counted, writes it.
    """
    command = [sys.executable, "-c", IMPORTS]
    with TemporaryDirectory() as folder:
        environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": folder}
        subprocess.check_output(command, env=environ)
        return min(float(subprocess.check_output(command, env=environ)) for _ in range(processes))
