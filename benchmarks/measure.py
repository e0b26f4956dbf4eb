"""How the cost of a request is measured: in process, interleaved, medians."""

import gc
import tracemalloc
from collections.abc import Callable
from statistics import median
from time import perf_counter_ns
from typing import Any

from flask import Flask
from werkzeug.test import EnvironBuilder

from benchmarks.contenders import BoxNotFoundError, Contender, SDKError, ours
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


def medians(contenders: dict[str, Contender], *, rounds: int, calls: int) -> dict[str, float]:
    """Give the median cost of one request to each contender, in microseconds.

    In each round every contender has its turn of *calls* requests, in another order each time, so that
    a slow moment of the machine hits them alike. The garbage collector runs between the turns only.
    """
    names = list(contenders)
    work = {name: caller(each.app, each.path) for name, each in contenders.items()}
    samples: dict[str, list[float]] = {name: [] for name in names}
    for call in work.values():
        sample(call, calls)
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            samples[name].append(sample(work[name], calls))
    return {name: median(taken) for name, taken in samples.items()}


def sample(call: Call, calls: int) -> float:
    """Give the mean cost of one of *calls* requests, in microseconds."""
    gc.collect()
    gc.disable()
    try:
        started = perf_counter_ns()
        for _ in range(calls):
            call()
        return (perf_counter_ns() - started) / calls / 1000
    finally:
        gc.enable()


def memory(classes: int) -> float:
    """Give the memory after *classes* classes made at run time, against that after a tenth of them."""
    made: list[type[SDKError]] = [SDKError]
    app = ours(lambda: made[0]("gone"), (Rule(on=SDKError, to=BoxNotFoundError),))
    call = caller(app, "/boxes/b1")
    tracemalloc.start()
    try:
        held = []
        for step in range(10):
            for number in range(classes // 10):
                made[0] = type(f"SDKError{step}x{number}", (SDKError,), {})
                call()
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    return held[-1] / held[0]
