"""Small Flask apps behind a boundary, and ears for what it tells."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, NoReturn

from flask import Flask
from werkzeug.test import TestResponse

from flask_faultmap import FaultMap, Profile, Rule, fault_translated


def app_with(
    *,
    rules: Iterable[Rule] = (),
    profiles: Iterable[Profile] = (),
    app: Flask | None = None,
    **config: Any,
) -> Flask:
    """Make an app with a boundary; *app* is one that has been made already, *config* its settings."""
    app = app or Flask("shop")
    app.config.update(config)
    FaultMap(app, rules=rules, profiles=profiles)
    return app


def raising(failure: BaseException | type[BaseException]) -> Callable[..., NoReturn]:
    """Make a function that takes anything, and raises *failure*."""

    def fail(*_: Any, **__: Any) -> NoReturn:
        raise failure

    return fail


def app_raising(failure: BaseException | type[BaseException], **given: Any) -> Flask:
    """Make an app whose ``/fail`` raises *failure*."""
    app = app_with(**given)
    app.add_url_rule("/fail", view_func=raising(failure), methods=["GET", "POST"])
    return app


def answer_to(failure: BaseException | type[BaseException], **given: Any) -> TestResponse:
    """Give the answer of an app whose view raises *failure*."""
    return app_raising(failure, **given).test_client().get("/fail")


@contextmanager
def heard(signal: Any = fault_translated, sender: Any = None) -> Iterator[list[SimpleNamespace]]:
    """Collect what *signal* tells: the sender, and each keyword as an attribute."""
    told: list[SimpleNamespace] = []

    def receive(sender: Any, **payload: Any) -> None:
        told.append(SimpleNamespace(sender=sender, **payload))

    with signal.connected_to(receive) if sender is None else signal.connected_to(receive, sender=sender):
        yield told
