"""The executor: takes a run, works off its next step, keeps the result."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPException
from typing import Any
from urllib.parse import quote

from example_app.runs.credentials import Vault
from example_app.runs.errors import (
    InvalidPendingDataError,
    McpServerNotFoundError,
    McpServerUnreachableError,
    NotRunningError,
    ReauthRequiredError,
    RunCompletedError,
    UserMismatchError,
    WorkflowPortError,
)
from example_app.runs.store import RunStore, Step

TIMEOUT = 1.0  # seconds
REFUSED = 401


class Executor:
    """Works off runs, one step for each trigger.

    Args:
        store: where the runs are.
        port: URL of the workflow server, which steps of the kind ``fetch`` ask.
        mcp_servers: base URLs of tool servers, by id.
        oauth: ids of those that want credentials.
        encryption_key: protects stored credentials.
        access: URL of the server that knows who may read a run; without one, its owner may.
    """

    def __init__(
        self,
        store: RunStore,
        *,
        port: str,
        mcp_servers: Mapping[str, str],
        oauth: Collection[str] = (),
        encryption_key: str | None = None,
        access: str | None = None,
    ) -> None:
        self.state = "idle"
        self.store = store
        self._port = port
        self._mcp_servers = dict(mcp_servers)
        self._oauth = frozenset(oauth)
        self._access = access
        self._vault = Vault(encryption_key)
        self._lock = threading.Lock()
        self._busy = 0

    def start(self) -> None:
        """Take work."""
        self.state = "running"

    def stop(self) -> None:
        """Take no more work."""
        self.state = "stopped"

    def drain(self) -> None:
        """Take no more work, and stop when what is being done is done."""
        with self._lock:
            self.state = "draining" if self._busy else "stopped"

    def close(self) -> None:
        """Stop, and let go of the store."""
        self.stop()
        self.store.unlock()

    def may_read(self, run_id: str, user_id: int) -> bool:
        """Say whether this user may read the run.

        Raises:
            WorkflowPortError: the server that knows does not answer as it should.
        """
        if self._access is None:
            return self.store.owner_of(run_id) == user_id
        url = f"{self._access}/run/{quote(run_id, safe='')}/access-check?userId={user_id}"
        try:
            answer = _get_json(url)
        except (OSError, ValueError, HTTPException) as exc:
            raise WorkflowPortError("hasRunAccess", exc) from exc
        return isinstance(answer, dict) and answer.get("hasAccess") is True

    def trigger(self, run_id: str, user_id: int, pending: Mapping[str, Any]) -> Step:
        """Do the next step of a run, with the *pending* data that its user sent for it.

        Raises:
            UserMismatchError: the run is another user's.
            RunAlreadyInFlightError: a worker is busy with it.
            RunCompletedError: nothing is left to do.
            ReauthRequiredError: a tool server asks for a new login.
            NotRunningError: no work is taken.
        """
        with self._working():
            owner_id = self.store.owner_of(run_id)
            if owner_id != user_id:
                raise UserMismatchError(run_id, user_id, owner_id)
            self.store.claim(run_id)
            try:
                return self._advance(run_id, user_id, pending)
            finally:
                self.store.release(run_id)

    def tools_of(self, server_id: str, user_id: int) -> object:
        """Return the tools that a tool server offers to a user.

        Raises:
            McpServerNotFoundError: no such server is configured.
            ReauthRequiredError: it asks for a new login.
            McpServerUnreachableError: it does not answer as it should.
        """
        return self._ask_server(server_id, user_id, "/tools")

    def keep_credentials(self, user_id: int, body: object) -> None:
        """Take a user's credentials for a tool server."""
        sealed = self._vault.seal(body)
        self.store.keep_credentials(user_id, sealed["mcpServerId"], sealed)

    def _ask_server(self, server_id: str, user_id: int, path: str) -> object:
        if server_id not in self._mcp_servers:
            raise McpServerNotFoundError(server_id)
        headers = {}
        if server_id in self._oauth:
            sealed = self.store.credentials(user_id, server_id)
            if sealed is None:
                raise ReauthRequiredError(server_id)
            headers["Authorization"] = f"Bearer {self._vault.open_token(sealed)}"
        try:
            return _get_json(f"{self._mcp_servers[server_id]}{path}", headers)
        except _NoSuccessError as exc:
            if exc.status == REFUSED and server_id in self._oauth:
                raise ReauthRequiredError(server_id) from exc
            raise McpServerUnreachableError(f'MCP server "{server_id}": {exc}') from exc
        except (OSError, ValueError, HTTPException) as exc:
            raise McpServerUnreachableError(f'MCP server "{server_id}": {exc}') from exc

    @contextmanager
    def _working(self) -> Iterator[None]:
        with self._lock:
            if self.state != "running":
                raise NotRunningError(self.state)
            self._busy += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1
                if self.state == "draining" and not self._busy:
                    self.state = "stopped"

    def _advance(self, run_id: str, user_id: int, pending: Mapping[str, Any]) -> Step:
        step = next((step for step in self.store.steps(run_id) if not step.done), None)
        if step is None:
            raise RunCompletedError(f'Run "{run_id}" has no step left')
        result = self._do(step.definition, user_id, pending)
        self.store.finish(run_id, step.position, result)
        return replace(step, result=result, done=True)

    def _do(self, definition: Mapping[str, Any], user_id: int, pending: Mapping[str, Any]) -> object:
        if definition["kind"] == "form":
            return _filled(definition["field"], pending)
        if definition["kind"] == "fetch":
            return self._fetch(definition["path"])
        if definition["kind"] == "tool":
            return self._ask_server(definition["server"], user_id, definition["path"])
        # A bug that is here for good: nobody checks for zero, and the client must not see that.
        return definition["total"] / definition["parts"]

    def _fetch(self, path: str) -> object:
        try:
            return _get_json(f"{self._port}{path}")
        except (OSError, ValueError, HTTPException) as exc:
            raise WorkflowPortError("getAvailableRun", exc) from exc


def _filled(field: str, pending: Mapping[str, Any]) -> object:
    if field not in pending:
        raise InvalidPendingDataError("Invalid pending data")
    return pending[field]


class _NoSuccessError(OSError):
    """A server answered, with a status that is no success."""

    def __init__(self, status: int) -> None:
        super().__init__(f"http {status}")
        self.status = status


def _get_json(url: str, headers: Mapping[str, str] | None = None) -> object:
    wanted = urllib.request.Request(url, headers=dict(headers or {}))  # the operator's own URLs
    try:
        with urllib.request.urlopen(wanted, timeout=TIMEOUT) as response:
            return json.load(response)
    except urllib.error.HTTPError as exc:
        with exc:  # it holds the connection
            raise _NoSuccessError(exc.code) from exc
