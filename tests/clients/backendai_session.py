"""Backend.AI's own clients drive coordinator and app; run by ``python3 dev.py clients``.

They need a Python of their own, which ``BACKENDAI_PYTHON`` names.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from example_app import create_app
from example_app.endpoints.process import CoordinatorProcess
from example_app.rooms import close_rooms
from example_app.tour import serving

CALLS = Path(__file__).with_name("backendai_calls.py")


@pytest.fixture(scope="module")
def seen():
    coordinator = CoordinatorProcess()
    app = create_app()
    with serving(app) as url:
        command = [os.environ["BACKENDAI_PYTHON"], str(CALLS), coordinator.url, url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    coordinator.close()
    close_rooms(app)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_managers_client_drives_the_coordinator(seen):
    assert seen["coordinator"] == {
        "status": "v2",
        "create": "https://chat.example.org/",
        "taken": 409,
        "bad name": 400,
        "token": 401,
        "bulk": ["https://music.example.org/"],
        "bulk delete": [True, False],
        "deleted again": [404, "endpoint_read_not-found"],
    }


def test_backendais_client_reads_every_answer_of_the_app(seen):
    assert seen["app"] == {
        "create": {"name": "vision", "url": "https://vision.example.org/"},
        "taken": [409, "endpoint_create_already-exists", None],
        "bad name": [
            400,
            "endpoint_create_invalid-parameters",
            "'no name' is no name; allowed are letters, digits and underscores",
        ],
        "missing": [404, "endpoint_read_not-found", None],
        "unknown path": [404, "api_read_not-found", None],
    }
