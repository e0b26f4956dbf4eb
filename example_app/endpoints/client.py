"""The client of the coordinator: nothing that fails passes for a success, and nothing it says leaks."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

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
    UpstreamCall,
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
    """Makes and deletes endpoints, one or many at a time.

    An endpoint's id follows from its name, so that a repeat means the same endpoint.
    """

    def __init__(self, coordinator: CoordinatorProcess, token: str) -> None:
        self._coordinator = coordinator
        self._token = token
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy stands between two ends of the loopback

    def status(self) -> Any:
        """Ask whether the coordinator is there."""
        with self._guard("fetch_status") as call:
            return call.json(self._send("GET", "/status"))

    def list(self) -> Any:
        """Give all endpoints."""
        with self._guard("list_endpoints") as call:
            return _endpoints(call.json(self._send("GET", "/v2/endpoints")))

    def create(self, endpoint: Any, key: str | None = None) -> Any:
        """Make one endpoint; with an idempotency *key*, a repeat does no harm."""
        name = endpoint.get("name") if isinstance(endpoint, dict) else None
        with self._guard("create_endpoint", passing=CREATING, idempotent=key is not None) as call:
            answer = call.json(self._send("POST", f"/v2/endpoints/{_id_of(str(name))}", _wish(name), key))
        return {"name": name, "url": _member("endpoint", answer, str)}

    def create_many(self, endpoints: Any, key: str | None = None) -> Any:
        """Make all endpoints, or none."""
        with self._guard("create_endpoints", passing=CREATING, idempotent=key is not None) as call:
            wishes = _each(endpoints, lambda name: {**_wish(name), "deployment_id": _id_of(name)})
            return _endpoints(call.json(self._send("POST", "/v2/endpoints/bulk", wishes, key)))

    def delete(self, name: str) -> None:
        """Delete one endpoint; returns only if it is gone."""
        with self._guard("delete_endpoint", passing={404: EndpointNotFoundError}) as call:
            call.check(self._send("DELETE", f"/v2/endpoints/{_id_of(name)}"))

    def delete_many(self, names: Any) -> None:
        """Delete all endpoints; returns only if all are gone.

        Raises:
            EndpointsNotDeletedError: some were not there; the others are gone.
        """
        with self._guard("delete_endpoints", passing={400: InvalidEndpointError}) as call:
            wishes = _each(names, lambda name: {"deployment_id": _id_of(name)})
            told = _member("endpoints", call.json(self._send("DELETE", "/v2/endpoints/bulk", wishes)), list)
        if len(told) != len(wishes["endpoints"]):
            raise AppProxyResponseError(
                f"the coordinator told of {len(told)} endpoints; it was asked for others"
            )
        outcomes = dict(zip(names["names"], (_member("success", item, bool) for item in told), strict=True))
        if not all(outcomes.values()):
            data = {
                "deleted": [name for name, is_gone in outcomes.items() if is_gone],
                "missing": [name for name, is_gone in outcomes.items() if not is_gone],
            }
            raise EndpointsNotDeletedError("some were not there", details={"data": data})

    def set_mood(self, mood: Any) -> None:
        """Tell the coordinator how to behave."""
        with self._guard("set_mood", passing={400: InvalidEndpointError}) as call:
            call.check(self._send("PUT", "/mood", mood))

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    @contextmanager
    def _guard(self, operation: str, **terms: Any) -> Iterator[UpstreamCall]:
        """Call the coordinator; what it told its client of a bad request is for ours as well."""
        try:
            with upstream("appproxy", operation=operation, errors=ERRORS, profile=PROFILE, **terms) as call:
                yield call
        except InvalidEndpointError as exc:
            said = getattr(exc, "extra_data", {}).get("body")
            if getattr(exc, "upstream_code", None) and isinstance(said, dict):
                exc.public = str(said["msg"]) if "msg" in said else exc.public
            raise

    def _send(self, method: str, path: str, body: Any = None, key: str | None = None) -> requests.Response:
        data, media_type = (None, None) if body is None else (_as_json(body), "application/json")
        headers = {
            "Accept": "application/json",
            "Content-Type": media_type,  # None is not sent
            "Idempotency-Key": key,
            "X-BackendAI-Token": self._token,
        }
        url = self._coordinator.url + path
        return self._session.request(method, url, data=data, headers=headers, timeout=PATIENCE)


def _id_of(name: Any) -> Any:
    """Give the id of the endpoint *name*; what is no name the coordinator refuses."""
    if not isinstance(name, str):
        return name
    return str(uuid5(NAMESPACE_URL, name.encode(errors="replace").decode()))  # of a lone surrogate, too


def _wish(name: Any) -> dict[str, Any]:
    owner = str(UUID(int=0))
    tags = {
        "session": {"user_uuid": owner, "project_id": owner, "domain_name": "default"},
        "endpoint": {"id": _id_of(name), "runtime_variant": "custom", "existing_url": None},
    }
    return {
        "version": "v2",
        "service_name": name,
        "tags": tags,
        "open_to_public": False,
        "health_check": None,
    }


def _each(body: Any, wish: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """Write one wish for each of the names in *body*."""
    names = body.get("names") if isinstance(body, dict) else None
    return {"endpoints": [wish(name) for name in names] if isinstance(names, list) else names}


def _endpoints(answer: Any) -> list[dict[str, Any]]:
    return [
        {"name": _member("service_name", item, str), "url": _member("url", item, str)}
        for item in _member("endpoints", answer, list)
    ]


def _as_json(body: Any) -> bytes:
    """Write what a client sent; Python reads NaN and infinities, which are no JSON."""
    try:
        return json.dumps(body, allow_nan=False).encode()
    except ValueError as exc:
        raise InvalidEndpointError(f"the body is no JSON: {exc}") from None


def _member(name: str, answer: Any, kind: type) -> Any:
    """Give a member of what should be an object; JSON of another shape is no success either."""
    value = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(value, kind):
        raise AppProxyResponseError(f"an answer of the coordinator has no {kind.__name__} {name!r}")
    return value
