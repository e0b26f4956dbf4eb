"""The extension beside the process that it is in."""

import subprocess
import sys

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
