"""Snapshots of a machine: its configuration in one file, and an empty one for its memory."""

import json
from typing import Any

from example_app.machine.checks import open_file, telling_why
from example_app.machine.errors import VmmActionError

Object = dict[str, Any]


def write_snapshot(body: Object, config: Object) -> None:
    """Write *config* to the paths that *body* names; no file that is there is overwritten."""
    for member, text in (("mem_file_path", ""), ("snapshot_path", json.dumps(config))):
        with telling_why("CreateSnapshot", body[member]), open(body[member], "x", encoding="utf-8") as file:
            file.write(text)


def read_snapshot(body: Object) -> Object:
    """Read the configuration from the paths that *body* names."""
    with telling_why("LoadSnapshot", body["snapshot_path"]), open(body["snapshot_path"], "rb") as file:
        config = _parse(file.read())
    backend = body.get("mem_backend", {})
    open_file("LoadSnapshot", backend.get("backend_path", body.get("mem_file_path")))
    return config


def _parse(text: bytes) -> Object:
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise VmmActionError("LoadSnapshot", "The file is no snapshot") from exc
    if not (isinstance(config, dict) and "machine-config" in config):
        raise VmmActionError("LoadSnapshot", "The file is no snapshot")
    return config
