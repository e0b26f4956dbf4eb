"""Who keeps the record of a fault: the audit trail, and each other sink whose extra is installed."""

import os
from importlib import import_module

from flask import Flask

from flask_faultmap.sinks.trail import AuditTrail

OTHERS = {"metrics": "FaultMetrics", "tracing": "FaultTracing", "sentry": "FaultSentry"}


def add_sinks(app: Flask) -> None:
    """Let every sink that can be had hear of the faults of *app*.

    Prometheus reads ``/metrics``, spans come from ``opentelemetry-instrument flask run``, and Sentry is sent
    something where ``SENTRY_DSN`` says where to.
    """
    trail = AuditTrail()
    trail.init_app(app)
    app.extensions["example_app_trail"] = trail
    for module, name in OTHERS.items():
        try:
            sink = getattr(import_module(f"flask_faultmap.sinks.{module}"), name)
        except ModuleNotFoundError:  # its extra is not installed
            continue
        sink().init_app(app)
        if module == "sentry" and os.environ.get("SENTRY_DSN"):
            import_module("sentry_sdk").init()


def trail_of(app: Flask) -> AuditTrail:
    """Give the audit trail of *app*."""
    trail: AuditTrail = app.extensions["example_app_trail"]
    return trail
