"""Every frame that evidence is read from is there, in each installed client library."""

import importlib
import inspect
from types import FunctionType
from typing import Any

import pytest

from flask_faultmap.upstreams.frames import (
    CONNECTING,
    HISTORIES,
    INCREMENT,
    METHODS,
    REDIRECTING,
    REQUEST,
    REQUESTED,
    RETRYING,
    SECURING,
    SENT,
    TUNNELS,
)
from flask_faultmap.upstreams.watching import CALLED, MIDDLEWARES

LOCALS = {
    **HISTORIES,
    **{name: (local,) for name, local in METHODS.items()},
    **{name: ("retries",) for name in RETRYING if "connectionpool" in name},
    **{name: ("kw",) for name in RETRYING if "poolmanager" in name},
    INCREMENT: ("response",),
}
SENDING = {name for name in SENT if ":" in name}
NAMES = sorted({REQUESTED, *SENDING, *CONNECTING, *REDIRECTING, *RETRYING, *SECURING, *TUNNELS})


def function_at(name: str) -> FunctionType:
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for step in path.split("."):
        found = getattr(found, step)
    function = inspect.unwrap(found)
    assert isinstance(function, FunctionType)
    # Where Sentry's SDK was set up before, in the same process, its functions stand before some.
    held = [cell.cell_contents for cell in function.__closure__ or ()]
    return next((each for each in held if getattr(each, "__qualname__", None) == path), function)


@pytest.mark.parametrize("name", [name for name in LOCALS if not name.startswith("niquests")])
def test_a_frame_has_the_locals_that_tell_what_came_before(name: str) -> None:
    code = function_at(name).__code__

    assert set(LOCALS[name]) <= {*code.co_varnames, *code.co_cellvars}


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_is_there_under_its_name(name: str) -> None:
    assert function_at(name).__code__.co_qualname == name.partition(":")[2]


@pytest.mark.parametrize("library", ["httpcore", "httpcore2"])
def test_the_functions_that_send_and_receive_are_there(library: str) -> None:
    names = {
        name
        for protocol in ("http11", "http2")
        for function in vars(importlib.import_module(f"{library}._sync.{protocol}")).values()
        if inspect.isclass(function)
        for name in vars(function)
    }

    assert names >= SENT - SENDING


@pytest.mark.parametrize("name", TUNNELS)
def test_a_tunnel_keeps_whether_it_stands(name: str) -> None:
    attribute, _ = TUNNELS[name]

    assert attribute in inspect.getsource(function_at(name))


def test_aiohttp_keeps_whether_it_may_repeat() -> None:
    source = inspect.getsource(function_at("aiohttp.client:ClientSession._request"))

    assert "retry_persistent_connection = False" in source
    assert "self._retry_connection" in source


def test_aiohttp_calls_the_functions_that_are_watched() -> None:
    assert f"{CALLED}(" in inspect.getsource(function_at(REQUEST))
    assert f"{MIDDLEWARES}(" in inspect.getsource(function_at(REQUEST))


@pytest.mark.parametrize(
    "module", ["urllib3.connectionpool", *(f"{library}._trace" for library in ("httpcore", "httpcore2"))]
)
def test_a_library_asks_its_logger(module: str) -> None:
    source = inspect.getsource(importlib.import_module(module))

    assert "log.debug(" in source or "self.logger.isEnabledFor(logging.DEBUG)" in source
