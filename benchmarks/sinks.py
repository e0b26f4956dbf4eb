"""The apps with sinks and streams that are measured, and what each is compared with."""

import json
from collections.abc import Callable, Iterator
from tempfile import mkdtemp

from flask import Flask, Response
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from prometheus_client import CollectorRegistry

from flask_faultmap import FaultMap
from flask_faultmap.sinks.metrics import FaultMetrics
from flask_faultmap.sinks.tracing import FaultTracing, response_hook
from flask_faultmap.sinks.trail import AuditTrail

ITEMS = 2_000


def with_trail(app: Flask) -> Flask:
    """Put an audit trail on *app*, in a folder of its own; the shipper is a process of its own elsewhere."""
    app.instance_path = mkdtemp(prefix="faultmap-bench-")
    app.config["FAULTMAP_TRAIL_SHIP"] = False
    AuditTrail().init_app(app)
    return app


def with_metrics(app: Flask) -> Flask:
    """Count the faults of *app*."""
    FaultMetrics(registry=CollectorRegistry()).init_app(app)
    return app


def traced(app: Flask) -> Flask:
    """Let OpenTelemetry's Flask instrumentation make a span for each request of *app*."""
    provider = TracerProvider()
    instrument: Callable[..., None] = FlaskInstrumentor().instrument_app
    instrument(app, tracer_provider=provider, response_hook=response_hook)
    return app


def with_tracing(app: Flask) -> Flask:
    """Tell the spans of *app* of its faults."""
    FaultTracing().init_app(traced(app))
    return app


def items() -> Iterator[dict[str, int]]:
    """Give what is streamed."""
    for number in range(ITEMS):
        yield {"n": number}


def streamed() -> Flask:
    """An app that streams NDJSON by ``faults.stream``."""
    app = Flask("bench")
    faults = FaultMap(app)
    app.add_url_rule("/boxes/b1", view_func=faults.stream("ndjson")(items), endpoint="stream")
    return app


def streamed_by_hand() -> Flask:
    """An app whose generator makes the same bytes by hand."""
    app = Flask("bench")
    encode: Callable[[object], str] = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

    def lines() -> Iterator[bytes]:
        for item in items():
            yield (encode(item) + "\n").encode()
        yield b'{"done":true}\n'

    app.add_url_rule("/boxes/b1", "stream", lambda: Response(lines(), content_type="application/x-ndjson"))
    return app
