"""Which trace does a fault belong to? Attributes on the current span (extra ``otel``: opentelemetry-api).

::

    FlaskInstrumentor().instrument_app(app, response_hook=response_hook)
    FaultTracing().init_app(app)
"""

import logging
import os
import traceback
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from flask import Flask
from opentelemetry import trace
from opentelemetry._logs import LogRecord, SeverityNumber, get_logger
from opentelemetry.trace import Span, Status, StatusCode

from flask_faultmap.border import current_fault
from flask_faultmap.faults import Fault
from flask_faultmap.sinks.connecting import connect
from flask_faultmap.sinks.trail.origins import class_name
from flask_faultmap.texts import text_of

__all__ = ["FaultTracing", "response_hook"]

OPT_IN = "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN"  # of OpenTelemetry: "logs", or "logs/dup" for both forms


class FaultTracing:
    """Tells the current span of the faults of any number of apps.

    Every fault: ``faultmap.code``, ``faultmap.category`` and ``faultmap.id``. A handled one of 500 and above:
    the exception and the status ERROR too; an unhandled one is recorded by Flask's instrumentation. The log
    record of a fault gets ``trace_id`` in its ``fault``.
    """

    def init_app(self, app: Flask) -> None:
        """Begin to tell of the faults of *app*.

        Raises:
            ConfigError: *app* is no Flask app.
        """
        if connect(app, "fault tracing", _tell):
            logging.getLogger(f"{app.name}.faultmap").addFilter(_add_trace_id)


def response_hook(span: Span | None, status: str, headers: Any) -> None:
    """Set ``error.type`` to the code of the fault; for ``FlaskInstrumentor(…, response_hook=…)``."""
    fault = current_fault()
    with suppress(Exception):  # a border, as below: nobody stands between this and the answer
        if fault is not None and span is not None and span.is_recording():
            span.set_attribute("error.type", fault.code)


def _tell(app: Flask, told: Mapping[str, Any]) -> None:
    fault: Fault = told["fault"]
    span = trace.get_current_span()
    if not span.is_recording():
        return
    span.set_attribute("faultmap.code", fault.code)
    span.set_attribute("faultmap.category", str(fault.category))
    span.set_attribute("faultmap.id", fault.id)
    if not told["handled"] or fault.original_status < 500:
        return
    wanted = os.environ.get(OPT_IN, "").split(",")
    if "logs" in wanted or "logs/dup" in wanted:
        _log(told["exception"])
    if "logs" not in wanted:
        span.record_exception(told["exception"])
    span.set_status(Status(StatusCode.ERROR, fault.code))


def _log(exc: BaseException) -> None:
    """Write the exception as a log record, as the semantic conventions for exceptions in logs have it."""
    attributes = {
        "exception.type": class_name(exc),
        "exception.message": text_of(exc),
        "exception.stacktrace": "".join(traceback.format_exception(exc)),
    }
    record = LogRecord(
        severity_number=SeverityNumber.ERROR, severity_text="ERROR", body=text_of(exc), attributes=attributes
    )
    get_logger(__name__).emit(record)


def _add_trace_id(record: logging.LogRecord) -> bool:
    with suppress(
        Exception
    ):  # a border: a span of somebody's own; what a filter raises would change the answer
        context = trace.get_current_span().get_span_context()
        facts = getattr(record, "fault", None)
        if context.is_valid and isinstance(facts, dict):
            facts["trace_id"] = trace.format_trace_id(context.trace_id)
    return True
