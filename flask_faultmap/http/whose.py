"""Whose a value is by the code: what the code reads of a request, and which functions only make values."""

import base64
import copy
import csv
import io
import json
import re
import urllib.parse
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, auto
from typing import NamedTuple
from uuid import UUID

from flask_faultmap.http.documents import Path

# What code reads of a request, and where our violations say that it is.
READ = {
    "args": "query",
    "values": "query",
    "form": "form",
    "files": "form",
    "json": "body",
    "data": "body",
    "stream": "body",
    "get_json": "body",
    "get_data": "body",
    "view_args": "path",
    "cookies": "cookie",
    "headers": "header",
}
# Functions whose result is made of their arguments alone; of the first, what is in them keeps its place.
KEEPING = (dict, list, tuple, json.load, json.loads, copy.copy, copy.deepcopy, io.BytesIO, io.StringIO)
MAKING = (
    *(int, float, str, bool, bytes, set, frozenset, Decimal, UUID, date, datetime, time, timedelta),
    *(abs, len, max, min, round, sum, sorted, reversed, zip, enumerate, divmod, re.sub, re.split, re.findall),
    *(urllib.parse.parse_qs, urllib.parse.parse_qsl, urllib.parse.unquote, csv.reader, csv.DictReader),
    *(base64.b64decode, base64.urlsafe_b64decode),
)
PURE = frozenset(map(id, (*KEEPING, *MAKING)))
HARMLESS = PURE | frozenset(map(id, (json.dumps, isinstance, print, repr, type)))  # change no argument
PLAIN = frozenset({type(None), bool, int, float, str, bytes, Decimal, UUID, date, datetime, time, timedelta})


class Whose(Enum):
    """Whose a value is."""

    CLIENT = auto()
    CONSTANT = auto()  # written in the code
    NOTHING = auto()  # stands for what is not there: None, {}, ""
    APP = auto()  # data of a module or of the environment
    SAME = auto()  # as the name's that is being read
    UNSURE = auto()


class Made(NamedTuple):
    """Whose a value is and, if the client's, in which part of the request it is, at which steps."""

    whose: Whose
    source: str = ""
    steps: Path = ()


CONSTANT, NOTHING, APP, SAME, UNSURE = map(
    Made, [Whose.CONSTANT, Whose.NOTHING, Whose.APP, Whose.SAME, Whose.UNSURE]
)


def combine(mades: Iterable[Made]) -> Made:
    """Say whose that is which is made of all of *mades*."""
    by = {made.whose: made for made in reversed([*mades])}
    if Whose.UNSURE in by or (
        Whose.APP in by and not by.keys() <= {Whose.APP, Whose.CONSTANT, Whose.NOTHING}
    ):
        return UNSURE
    return by.get(Whose.CLIENT) or by.get(Whose.SAME) or by.get(Whose.APP) or CONSTANT


def choose(mades: Iterable[Made]) -> Made:
    """Say whose that is which is one of *mades*."""
    by = {made.whose: made for made in reversed([*mades]) if made is not SAME}
    if Whose.UNSURE in by or (Whose.CLIENT in by and not by.keys() <= {Whose.CLIENT, Whose.NOTHING}):
        return UNSURE
    return by.get(Whose.CLIENT) or by.get(Whose.APP) or by.get(Whose.CONSTANT) or NOTHING
