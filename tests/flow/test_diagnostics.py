"""What the extension has to say of itself is not lost, however late logging is configured."""

import logging
import logging.config
import subprocess
import sys
import textwrap

import pytest
from flow_app import app_raising, app_with, raising

from flask_faultmap import Rule, fault_translated
from flask_faultmap.errors import NotFoundError, UnavailableError
from flask_faultmap.loggers import logger_named

# The recipe of Flask's documentation, which disables the loggers that exist.
RECIPE = """
from logging.config import dictConfig

dictConfig({
    "version": 1,
    "formatters": {"default": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"wsgi": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout",
                          "formatter": "default"}},
    "root": {"level": "INFO", "handlers": ["wsgi"]},
})
"""
APP = """
from flask import Flask
from werkzeug.exceptions import HTTPException
from flask_faultmap import FaultMap, Rule, fault_translated
from flask_faultmap.errors import NotFoundError, UnavailableError

def hook(sender, **_):
    raise RuntimeError("no audit")

class OddError(Exception):
    @property
    def code(self):
        raise OSError("odd")

app = Flask("shop")
app.register_error_handler(HTTPException, lambda exc: exc)
FaultMap(app, rules=[Rule(on=OddError, where={"code": 1}, to=NotFoundError)])
fault_translated.connect(hook, sender=app)

@app.get("/down")
def down():
    raise UnavailableError("the till is down")

@app.get("/odd")
def odd():
    raise OddError()

def ask():
    for path in ("/down", "/odd"):
        app.test_client().get(path)
"""
ORDERS = {
    "before the import": [RECIPE, APP, "ask()"],
    "after the import": ["import flask_faultmap.border", RECIPE, APP, "ask()"],
    "after init_app": [APP, RECIPE, "ask()"],
    "after the first request": [APP, "ask()", "print('=')", RECIPE, "ask()"],
}


@pytest.mark.parametrize("parts", ORDERS.values(), ids=ORDERS)
def test_no_line_is_lost_by_a_configuration_of_logging(parts):
    code = "\n".join(map(textwrap.dedent, parts))

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    seen = done.stdout.rpartition("=\n")[2]
    assert "ERROR flask_faultmap: The receiver" in seen
    assert "WARNING flask_faultmap: The rule OddError" in seen
    assert "ERROR shop.faultmap: GET /down -> 503 unavailable" in seen


@pytest.fixture
def registered():
    """The registered logger of a name, as it was before."""
    logger = logging.getLogger("shop.faultmap")
    yield logger
    logger.setLevel(logging.NOTSET)
    logger.propagate = True
    logger.filters.clear()
    logger.handlers.clear()


def ask():
    app_raising(UnavailableError("x")).test_client().get("/fail")


def test_level_of_the_registered_logger_counts_when_it_changes(registered, caplog):
    ask()
    registered.setLevel(logging.CRITICAL)
    ask()

    assert len(caplog.records) == 1


def test_filter_of_the_registered_logger_counts(registered, caplog):
    registered.addFilter(lambda record: False)

    ask()

    assert caplog.records == []


def test_propagate_and_handlers_of_the_registered_logger_count(registered, caplog):
    seen = []
    handler = logging.Handler()
    handler.emit = seen.append
    registered.addHandler(handler)
    registered.propagate = False

    ask()

    assert (len(seen), caplog.records) == (1, [])


def test_logging_disabled_for_all_is_respected(caplog):
    logging.disable(logging.CRITICAL)
    try:
        is_on = logger_named("shop.faultmap").isEnabledFor(logging.ERROR)
    finally:
        logging.disable(logging.NOTSET)

    assert not is_on


def test_failed_hook_is_told_under_the_extensions_name(caplog):
    app = app_with(rules=[Rule(on=OSError, to=NotFoundError)])
    app.add_url_rule("/fail", view_func=raising(OSError("x")))

    def hook(_, **__):
        raise RuntimeError("no audit")

    with fault_translated.connected_to(hook, sender=app):
        app.test_client().get("/fail")

    assert [record.name for record in caplog.records] == ["flask_faultmap"]
