"""One random failure as a program: the text that is run is the text that is shown."""

from random import Random
from typing import Any

from parts import KINDS, SECRET, TEXTS

Case = dict[str, str]

HEAD = """\
import asyncio, logging
from urllib.parse import quote
import marshmallow
from flask import Flask, Response, abort
from flask.sessions import SecureCookieSessionInterface
from marshmallow import fields
from werkzeug.exceptions import BadRequestKeyError, HTTPException, default_exceptions
from werkzeug.routing import BaseConverter
from flask_faultmap import FaultMap, Profile, Rule, Violation, fault_translated
from flask_faultmap.errors import *
from flask_faultmap.profiles import ProblemSchema


class Hostile:
    def __bool__(self): raise RuntimeError({secret})
    __str__ = __repr__ = __len__ = __iter__ = __eq__ = __hash__ = __bool__

class Unspeakable(Exception):
    def __str__(self): raise RuntimeError({secret})
    __repr__ = __str__

class SDKError(Exception):
    def __init__(self, text, code):
        super().__init__(text)
        self.code = code

class BadlyMadeError(NotFoundError):
    def __init__(self, *_, **__): raise RuntimeError({secret})

class BrokenSchema(ProblemSchema):
    def dump(self, *_, **__): raise RuntimeError({secret})

class OwnResponse(Response):
    def __init__(self, response=None, **more): super().__init__(response, **more)

class BrokenResponse(Response):
    def __init__(self, *_, **__): raise RuntimeError({secret})

class FailingHandler(logging.Handler):
    def emit(self, record): raise RuntimeError({secret})

def marked(exc, **attributes):
    for name, value in attributes.items(): setattr(exc, name, value)
    return exc

def http(code, **more):
    from werkzeug.exceptions import default_exceptions
    return default_exceptions[code](**more)

def noted(exc, note):
    exc.add_note(note)
    return exc

def chained(exc, cause):
    exc.__cause__ = cause
    return exc

def looped(exc):
    exc.__cause__ = exc
    return exc

def cycle():
    members = {{}}
    members["self"] = members
    return members

def raising(sender, **_): raise RuntimeError({secret})
def cancelled(sender, **_): raise asyncio.CancelledError
async def asynchronous(sender, **_): await asyncio.sleep(0)
def changing(sender, fault, **_):
    try: fault.details["x"] = object()
    except TypeError: pass

"""
BODY = """
def failure():
    return {failure}

def fail(*_, **__):
    raise failure()

faults = FaultMap(rules={rules}, profiles=[Profile(name="broken", schema=BrokenSchema)])
app = Flask("fuzzed")
app.config.update({settings})
PLACE = {place!r}
if {response} is not None:
    app.response_class = {response}

class Broken(BaseConverter):
    to_python = fail

class Sessions(SecureCookieSessionInterface):
    def open_session(self, app, request):
        return fail() if request.path == "/v1/x" else super().open_session(app, request)

if PLACE == "converter":
    app.url_map.converters["broken"] = Broken
    app.add_url_rule("/v1/<broken:a>", "x", lambda a: "x", methods=["GET", "POST"])
elif PLACE == "async view":
    async def view(): fail()
    app.add_url_rule("/v1/x", "x", view, methods=["GET", "POST"])
elif PLACE in ("first item", "late item"):
    def items():
        if PLACE == "late item": yield 1
        fail()
    app.add_url_rule("/v1/x", "x", faults.stream("ndjson")(items), methods=["GET", "POST"])
else:
    app.add_url_rule("/v1/x", "x", fail if PLACE == "view" else lambda: "x", methods=["GET", "POST"])
if PLACE in ("before_request", "after_request"):
    getattr(app, PLACE)(fail)
elif PLACE == "error_handler":
    app.view_functions["x"] = lambda: abort(410)
    app.register_error_handler(410, fail)
elif PLACE == "session":
    app.session_interface = Sessions()
app.add_url_rule("/fine", "fine", lambda: {{"fine": True}})
faults.init_app(app)
if {receiver} is not None:
    fault_translated.connect({receiver}, sender=app)
if {handler} is not None:
    logging.getLogger("fuzzed.faultmap").addHandler({handler})
REQUEST = {request}
"""


def random_case(random: Random) -> Case:
    """Choose one piece of each kind; most of them are the simplest, so that few things meet at once."""
    case = {}
    for kind, pieces in KINDS.items():
        is_simple = kind not in ("failure", "place") and random.random() < 0.6
        case[kind] = pieces[0] if is_simple else random.choice(pieces)
        case[kind] = with_text(case[kind], random)
    return case


def with_text(piece: str, random: Random) -> str:
    """Put random texts and the canary into *piece*."""
    while "TEXT" in piece:
        piece = piece.replace("TEXT", repr(random.choice(TEXTS)), 1)
    return piece.replace("CANARY", repr(SECRET))


def source_of(case: Case) -> str:
    """Write the program of *case*."""
    return HEAD.format(secret=repr(SECRET)) + BODY.format(**case)


def run(case: Case) -> dict[str, Any]:
    """Run the program, and give its names."""
    namespace: dict[str, Any] = {"__name__": "fuzzed_program"}
    exec(compile(source_of(case), "<program>", "exec"), namespace)
    return namespace


def simpler(case: Case) -> list[Case]:
    """Give the cases that have one piece simpler, or a shorter text."""
    found = []
    for kind, pieces in KINDS.items():
        if kind != "failure" and case[kind] != pieces[0]:
            found.append({**case, kind: pieces[0]})
        for text in TEXTS[1:]:
            if repr(text) in case[kind]:
                found.append({**case, kind: case[kind].replace(repr(text), repr(TEXTS[0]))})
    return found
