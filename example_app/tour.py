"""The tour: a real server, real requests, and what the boundary did with each."""

import logging
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from example_app.rooms import Room, Step
from flask_faultmap import fault_translated

SECONDS = 15  # for one answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One step, the answer that came, what was logged and signalled meanwhile, and what is wrong with it."""

    room: str
    step: Step
    status: int | None
    headers: Mapping[str, str]
    body: str
    logged: tuple[Mapping[str, Any], ...]
    signalled: tuple[Mapping[str, Any], ...]
    mistakes: tuple[str, ...]


def walk(app: Flask, rooms: Iterable[Room]) -> Generator[Outcome]:
    """Serve *app* on a free port of the loopback, take every step of *rooms*, and tell how each went."""
    with serving(app) as url, listening(app) as heard, requests.Session() as session:
        session.trust_env = False  # no proxy stands between two ends of the loopback
        for room in rooms:
            for step in room.WALK:
                yield take(session, url, room.NAME, step, heard)


def take(session: requests.Session, url: str, room: str, step: Step, heard: "Heard") -> Outcome:
    """Send one request and collect all that it caused."""
    heard.forget()
    try:
        answer = session.request(
            step.method,
            url + step.path,
            json=step.json,
            data=step.data,
            headers=dict(step.headers),
            timeout=SECONDS,
            allow_redirects=False,
        )
    except requests.RequestException as exc:
        status, headers, body, mistakes = None, {}, "", [f"no answer: {exc}"]
    else:
        status, headers, body = answer.status_code, dict(answer.headers), answer.text
        mistakes = [*find_mistakes(step, answer, heard)]
    return Outcome(
        room=room,
        step=step,
        status=status,
        headers=headers,
        body=body,
        logged=tuple(heard.logged),
        signalled=tuple(heard.signalled),
        mistakes=tuple(mistakes),
    )


def find_mistakes(step: Step, answer: requests.Response, heard: "Heard") -> Iterator[str]:
    """Compare the answer with what the step wants."""
    if answer.status_code != step.status:
        yield f"the status is {answer.status_code}, not {step.status}"
    codes = [signal["code"] for signal in heard.signalled]
    wanted = [] if step.code is None else [step.code]
    if codes != wanted:
        yield f"signalled were {codes}, not {wanted}"
    try:
        body = answer.json() if answer.content else {}
    except ValueError:
        yield "the body is not JSON"
        return
    for path, value in step.body.items():
        seen = follow(body, path)
        if seen != value:
            yield f"{path} is {seen!r}, not {value!r}"


def follow(body: Any, path: str) -> Any:
    """Give the member of *body* at a dotted *path*, where numbers count in lists; None if there is none."""
    for name in path.split("."):
        if isinstance(body, list) and name.isdecimal():
            body = dict(enumerate(body)).get(int(name))
        else:
            body = body.get(name) if isinstance(body, dict) else None
    return body


class Heard(logging.Handler):
    """What was logged and signalled since the last request was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.logged: list[Mapping[str, Any]] = []
        self.signalled: list[Mapping[str, Any]] = []

    def forget(self) -> None:
        """Begin anew."""
        self.logged.clear()
        self.signalled.clear()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a log record; of a stack, the exception at its end."""
        raised = record.exc_info[1] if record.exc_info else None
        self.logged.append(
            {
                "level": record.levelname,
                "logger": record.name,
                "message": record.getMessage(),
                "stack": None if raised is None else f"{type(raised).__name__}: {raised}",
            }
        )

    def receive(self, sender: Flask, **sent: Any) -> None:
        """Keep a signal."""
        fault, exception = sent["fault"], sent["exception"]
        self.signalled.append(
            {
                "code": fault.code,
                "category": str(fault.category),
                "status": sent["status"],
                "original_status": sent["original_status"],
                "exception": type(exception).__name__,
                "rule": sent["rule"],
                "id": fault.id,
            }
        )


@contextmanager
def listening(app: Flask) -> Iterator[Heard]:
    """Hear the log and the signals of *app* and its rooms; nothing is printed meanwhile."""
    heard = Heard()
    loggers = [logging.getLogger(name) for name in {app.name, __name__.partition(".")[0]}]
    were_propagating = [logger.propagate for logger in loggers]
    for logger in loggers:
        logger.propagate = False
        logger.addHandler(heard)
    try:
        with fault_translated.connected_to(heard.receive, app):
            yield heard
    finally:
        for logger, was_propagating in zip(loggers, were_propagating, strict=True):
            logger.removeHandler(heard)
            logger.propagate = was_propagating


class QuietHandler(WSGIRequestHandler):
    """Prints no access log into the tour, and leaves the ``Server`` header to the app."""

    def send_response(self, code: int, message: str | None = None) -> None:
        """Send the status line and the date."""
        self.send_response_only(code, message)
        self.send_header("Date", self.date_time_string())


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve *app* in a thread and give its URL."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
