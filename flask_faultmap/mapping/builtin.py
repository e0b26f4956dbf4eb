"""The rules that each map has of its own: for what Flask, parsers, validators and extensions raise."""

import sys
from collections.abc import Iterator
from json import JSONDecodeError
from typing import Any

from werkzeug.exceptions import HTTPException

from flask_faultmap.errors import DomainError
from flask_faultmap.http.errors import from_apiflask, from_http
from flask_faultmap.http.ownership import from_clients_marshmallow, from_clients_pydantic
from flask_faultmap.http.unreadable import from_deep_json, from_json_parser
from flask_faultmap.http.validation import from_marshmallow, from_pydantic
from flask_faultmap.mapping.settings import Settings
from flask_faultmap.rules.rule import Rule


def unwrap_statement(exc: Any) -> DomainError | None:
    """Give the domain error that a type or an event of SQLAlchemy raised while a statement was made."""
    return exc.orig if isinstance(exc.orig, DomainError) else None


HTTP = Rule(on=HTTPException, translate=from_http)
DEEP_JSON = Rule(on=RecursionError, translate=from_deep_json)
JSON_PARSER = tuple(Rule(on=cls, translate=from_json_parser) for cls in (JSONDecodeError, UnicodeDecodeError))

# By VALIDATION_ERRORS: whose errors of validation are answered as the client's.
VALIDATION = {
    "request": (
        Rule(on="marshmallow.ValidationError", translate=from_clients_marshmallow),
        Rule(on="pydantic_core.ValidationError", translate=from_clients_pydantic),
    ),
    "all": (
        Rule(on="marshmallow.ValidationError", translate=from_marshmallow),
        Rule(on="pydantic_core.ValidationError", translate=from_pydantic),
    ),
}

# These rules are for a few errors of their class, and say nothing of the rest.
NARROW = (from_deep_json, from_json_parser, unwrap_statement)


def rules_of_our_own(settings: Settings) -> Iterator[Rule]:
    """Give the rules that an app has without a word, as its settings ask for."""
    yield from (HTTP, DEEP_JSON, *JSON_PARSER, *_find_apiflask(), *_find_sqlalchemy())
    if settings.validation_status is not None:
        yield from VALIDATION[settings.validation_errors]


def _find_apiflask() -> Iterator[Rule]:
    """A rule for APIFlask's errors, if its module is loaded: it is never imported for that."""
    if "apiflask.exceptions" in sys.modules:
        yield Rule(on=sys.modules["apiflask.exceptions"].HTTPError, translate=from_apiflask)


def _find_sqlalchemy() -> Iterator[Rule]:
    """A rule for the domain errors that SQLAlchemy wraps, if its module is loaded."""
    if "sqlalchemy.exc" in sys.modules:
        yield Rule(on=sys.modules["sqlalchemy.exc"].StatementError, translate=unwrap_statement)
