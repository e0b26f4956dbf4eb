"""The metadata store of a machine, with its size limit."""

import json
from typing import Any

from example_app.machine.errors import MetadataTooLargeError, VmmActionError

Object = dict[str, Any]


class MetadataStore:
    """One JSON object of at most *limit* bytes; a write that does not fit changes nothing."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._content: Object | None = None

    def get(self) -> Object:
        """Give all that is stored."""
        return self._content or {}

    def put(self, content: Object) -> None:
        """Store *content* in place of what was there."""
        text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
        if len(text.encode(errors="replace")) > self._limit:
            raise MetadataTooLargeError
        self._content = content

    def patch(self, changes: Object) -> None:
        """Merge *changes* into what is stored (RFC 7396)."""
        if self._content is None:
            raise VmmActionError("Mmds", "The MMDS data store is not initialized.")
        self.put(merge(self._content, changes))


def merge(target: Any, changes: Any) -> Any:
    """Give *target* with *changes*; a null takes a member away."""
    if not isinstance(changes, dict):
        return changes
    kept = dict(target) if isinstance(target, dict) else {}
    for name, change in changes.items():
        if change is None:
            kept.pop(name, None)
        else:
            kept[name] = merge(kept.get(name), change)
    return kept
