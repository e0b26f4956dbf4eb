"""Which faults need a person? Handled ones of 500 and above go to Sentry (extra ``sentry``: sentry-sdk).

::

    sentry_sdk.init(dsn=…)
    FaultSentry().init_app(app)

An unhandled error is sent by Sentry's own Flask integration; a client's fault never is.
"""

from collections.abc import Mapping
from typing import Any

import sentry_sdk
from flask import Flask
from sentry_sdk.integrations.logging import ignore_logger
from sentry_sdk.utils import event_from_exception

from flask_faultmap.faults import Fault
from flask_faultmap.sinks.connecting import connect
from flask_faultmap.sinks.trail.origins import chain_of, fingerprint_of, origin_of

__all__ = ["FaultSentry"]

MECHANISM: dict[str, Any] = {"type": "faultmap", "handled": True}


class FaultSentry:
    """Sends the handled faults of 500 and above, logged or not, of any number of apps.

    Each event has the tags ``faultmap.code``, ``….category``, ``….id`` and ``….rule``, and a fingerprint that
    groups the same trouble at the same place of the app.
    """

    def init_app(self, app: Flask) -> None:
        """Begin to send the faults of *app*.

        Raises:
            ConfigError: *app* is no Flask app.
        """
        if connect(app, "fault events for Sentry", _send):
            ignore_logger(f"{app.name}.faultmap")  # else a logged fault would be a second event


def _send(app: Flask, told: Mapping[str, Any]) -> None:
    fault: Fault = told["fault"]
    exception: BaseException = told["exception"]
    rule: str | None = told["rule"]
    client = sentry_sdk.get_client()
    if not told["handled"] or fault.original_status < 500 or not client.is_active():
        return
    event, hint = event_from_exception(exception, client_options=client.options, mechanism=MECHANISM)
    origins = [origin_of(each) for each in chain_of(exception)]
    event["fingerprint"] = [fingerprint_of(app.name, fault.code, rule, origins)]
    event["tags"] = {
        "faultmap.code": fault.code,
        "faultmap.category": str(fault.category),
        "faultmap.id": fault.id,
        "faultmap.rule": rule or "none",
    }
    sentry_sdk.capture_event(event, hint=hint)
