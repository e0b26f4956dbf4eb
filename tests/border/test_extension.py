"""The extension used too late or wrongly, and beside the process that it is in."""

import subprocess
import sys

import pytest
from flow_app import app_with

from flask_faultmap import ConfigError, FaultMap

PROGRAM = """
import logging.config

from flask import Flask

from flask_faultmap import FaultMap

app = Flask("shop")
FaultMap(app)
app.add_url_rule("/<int:by>", view_func=lambda by: 1 / by)
out = {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}
logging.config.dictConfig({"version": 1, "handlers": {"out": out}, "root": {"handlers": ["out"]}})
for _ in "ab":
    app.test_client().get("/0", headers={"X-Request-ID": "demo-0001"})
"""


def test_logging_that_is_configured_later_does_not_silence_flasks_line():
    seen = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=30, check=True
    )

    assert seen.stdout.count("Exception on /0 [GET] (demo-0001)\n") == 2


@pytest.mark.parametrize(
    ("late", "told"),
    [
        ({"FAULTMAP_PROFILE": "firecracker", "FAULTMAP_STATUSES": {}}, "FAULTMAP_PROFILE"),
        ({"FAULTMAP_SCOPE": {}}, "FAULTMAP_SCOPE is no setting. Did you mean 'FAULTMAP_SCOPES'?"),
    ],
    ids=["another", "wrong"],
)
def test_setting_that_comes_too_late_is_reported_once_at_the_first_request(late, told, caplog):
    app = app_with()
    app.config.update(late)

    statuses = [app.test_client().get("/nope").status_code for _ in "ab"]

    assert statuses == [404, 404]
    assert caplog.messages == [f"Settings that came after FaultMap had read them do not count: {told}"]


def test_setting_that_is_set_once_more_to_the_same_is_not_reported(caplog):
    app = app_with(FAULTMAP_SCOPES={"/fc": "firecracker"})
    app.config["FAULTMAP_SCOPES"] = {"/fc/": "firecracker"}

    app.test_client().get("/nope")

    assert caplog.messages == []


def test_decorator_without_a_class_is_refused():
    faults = FaultMap()

    with pytest.raises(ConfigError, match=r"write @faults\.translate\(ErrorClass\)"):
        faults.translate(lambda exc: None)


async def id_that_is_awaited():
    return "id-of-today"


@pytest.mark.parametrize(
    "function", ["abc", 5, lambda request: "id", lambda *, request: "id", id_that_is_awaited, len]
)
def test_function_of_the_request_id_that_cannot_be_called_is_refused(function):
    with pytest.raises(ConfigError, match=r"request_id is .*; it must be a function without arguments"):
        FaultMap(request_id=function)


@pytest.mark.parametrize("function", [lambda: "id", lambda request=None: "id", dict, str])
def test_function_of_the_request_id_may_have_defaults(function):
    assert FaultMap(request_id=function)
