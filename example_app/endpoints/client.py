"""The client of the coordinator: nothing that fails passes for a success, and nothing it says leaks."""

import json
from typing import Any
from urllib.parse import quote

import requests

from example_app.backendai_shape import PROFILE
from example_app.endpoints.errors import (
    AppProxyBusyError,
    AppProxyConnectionError,
    AppProxyResponseError,
    AppProxyTimeoutError,
    EndpointNameTakenError,
    EndpointNotFoundError,
    EndpointsNotDeletedError,
    InvalidEndpointError,
)
from example_app.endpoints.process import CoordinatorProcess
from flask_faultmap.upstreams import (
    UpstreamBlock,
    UpstreamConnectionError,
    UpstreamConnectTimeoutError,
    UpstreamResponseError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
    upstream,
)

PATIENCE = 1.0  # seconds

ERRORS = {
    UpstreamConnectionError: AppProxyConnectionError,
    UpstreamConnectTimeoutError: AppProxyConnectionError,
    UpstreamTimeoutError: AppProxyTimeoutError,
    UpstreamUnavailableError: AppProxyBusyError,
    UpstreamResponseError: AppProxyResponseError,
}
CREATING = {400: InvalidEndpointError, "endpoint_create_already-exists": EndpointNameTakenError}


class AppProxyClient:
    """Makes and deletes endpoints, one or many at a time."""

    def __init__(self, coordinator: CoordinatorProcess) -> None:
        self._coordinator = coordinator
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy stands between two ends of the loopback

    def list(self) -> Any:
        """Give all endpoints."""
        with self._guard("list_endpoints") as call:
            return _member("endpoints", call.json(self._send("GET", "/endpoints")))

    def create(self, endpoint: Any, key: str | None = None) -> Any:
        """Make one endpoint; with an idempotency *key*, a repeat does no harm."""
        with self._guard("create_endpoint", passing=CREATING, idempotent=key is not None) as call:
            return call.json(self._send("POST", "/endpoints", endpoint, key))

    def create_many(self, endpoints: Any, key: str | None = None) -> Any:
        """Make all endpoints, or none."""
        with self._guard("create_endpoints", passing=CREATING, idempotent=key is not None) as call:
            return _member("endpoints", call.json(self._send("POST", "/endpoints/bulk", endpoints, key)))

    def delete(self, name: str) -> None:
        """Delete one endpoint; returns only if it is gone."""
        with self._guard("delete_endpoint", passing={404: EndpointNotFoundError}) as call:
            call.check(self._send("DELETE", f"/endpoints/{quote(name, safe='')}"))

    def delete_many(self, names: Any) -> None:
        """Delete all endpoints; returns only if all are gone.

        Raises:
            EndpointsNotDeletedError: some were not there; the others are gone.
        """
        with self._guard("delete_endpoints", passing={400: InvalidEndpointError}) as call:
            outcome = call.json(self._send("POST", "/endpoints/bulk-delete", names))
        if _member("missing", outcome):
            raise EndpointsNotDeletedError("some were not there", details={"data": outcome})

    def set_mood(self, mood: Any) -> None:
        """Tell the coordinator how to behave."""
        with self._guard("set_mood", passing={400: InvalidEndpointError}) as call:
            call.check(self._send("PUT", "/mood", mood))

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def _guard(self, operation: str, **terms: Any) -> UpstreamBlock:
        return upstream("appproxy", operation=operation, errors=ERRORS, profile=PROFILE, **terms)

    def _send(self, method: str, path: str, body: Any = None, key: str | None = None) -> requests.Response:
        data, media_type = (None, None) if body is None else (_as_json(body), "application/json")
        headers = {"Content-Type": media_type, "Idempotency-Key": key}  # None is not sent
        url = self._coordinator.url + path
        return self._session.request(method, url, data=data, headers=headers, timeout=PATIENCE)


def _as_json(body: Any) -> bytes:
    """Write what a client sent; Python reads NaN and infinities, which are no JSON."""
    try:
        return json.dumps(body, allow_nan=False).encode()
    except ValueError as exc:
        raise InvalidEndpointError(f"the body is no JSON: {exc}") from None


def _member(name: str, answer: Any) -> Any:
    """Give a member of what should be an object; JSON of another shape is no success either."""
    if not isinstance(answer, dict) or name not in answer:
        raise AppProxyResponseError(f"an answer of the coordinator has no member {name!r}")
    return answer[name]
