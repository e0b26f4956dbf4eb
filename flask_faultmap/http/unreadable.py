"""Why can the JSON body of a request not be read? By what parsers raise, werkzeug's and the app's own."""

import sys
from json import JSONDecodeError, detect_encoding
from traceback import walk_tb
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from flask_faultmap.faults import Violation
from flask_faultmap.http.parts import body_of
from flask_faultmap.http.statuses import FrameworkError, MalformedJsonError

JSON_UNREADABLE = "Failed to decode JSON object"  # werkzeug's text, given at the raise

# Where the body of a request, and no other JSON, is read: module and function.
BODY_READERS = frozenset({("werkzeug.wrappers.request", "get_json"), ("webargs.core", "parse_json")})

PARSER_ERRORS = (JSONDecodeError, UnicodeDecodeError)
NOT_JSON = Violation(pointer="#", message="This is not JSON.", code="malformed_json")


def from_deep_json(exc: RecursionError, request: Request | None = None) -> FrameworkError | None:
    """Translate what Python's parser raises for a body that is nested too deep; None for other recursions."""
    frames = [frame for frame, _ in walk_tb(exc.__traceback__)]
    read = {(frame.f_globals.get("__name__"), frame.f_code.co_name) for frame in frames}
    if not frames or frames[-1].f_globals.get("__name__") != "json.decoder":
        return None
    if read.isdisjoint(BODY_READERS) and not is_body(frames[-1].f_locals.get("s"), request):
        return None
    return malformed_json("the JSON body is nested too deep")


def from_json_parser(
    exc: JSONDecodeError | UnicodeDecodeError, request: Request | None = None
) -> FrameworkError | None:
    """Translate what a JSON parser of the app's raises about the body; None if it read something else."""
    is_json = isinstance(exc, JSONDecodeError)
    if not is_body(exc.doc if is_json else exc.object, request):  # type: ignore[union-attr]  # told by is_json
        return None
    return malformed_json("the body is no JSON")


def malformed_json(message: str) -> FrameworkError:
    """Make the error of a body that is no JSON."""
    error = MalformedJsonError(message)
    error.violations = (NOT_JSON,)
    return error


def unreadable_json(exc: BaseException) -> str | None:
    """Say why and where the JSON body of the request is unreadable; None if *exc* does not tell."""
    if isinstance(exc, RecursionError):
        return "recursion limit exceeded"
    if isinstance(exc, getattr(sys.modules.get("pydantic_core"), "ValidationError", ())):
        return _reason_of_pydantic(exc)
    parser: BaseException | None = exc if isinstance(exc, PARSER_ERRORS) else None
    if isinstance(exc, HTTPException):
        parser = find_parser_error(exc)
    if parser is None:
        return None
    if isinstance(parser, UnicodeDecodeError):
        return "the body is not UTF-8"
    if not isinstance(parser, JSONDecodeError):
        return "number out of range"  # Python reads no integer of more than 4,300 digits
    if parser.pos >= len(parser.doc.rstrip()):
        return f"EOF while parsing a value at line {parser.lineno} column {parser.colno - 1}"
    return f"expected value at line {parser.lineno} column {parser.colno}"


def _reason_of_pydantic(exc: Any) -> str | None:
    """Give what its parser says, which is one like Firecracker's."""
    refused = exc.errors(include_url=False, include_input=False)
    return next((str(each["ctx"]["error"]) for each in refused if each["type"] == "json_invalid"), None)


def find_parser_error(exc: HTTPException) -> BaseException | None:
    """Find what the JSON parser raised that *exc* tells of; None if it tells of something else.

    webargs keeps it as an attribute. Outside of debug mode Flask raises an empty ``BadRequest`` from
    werkzeug's, whose context it is.
    """
    kept = exc.__dict__.get("exc")
    if isinstance(kept, PARSER_ERRORS):
        return kept
    is_told = isinstance(exc.description, str) and exc.description.startswith(JSON_UNREADABLE)
    told = exc if is_told else exc.__cause__
    if isinstance(told, HTTPException) and str(told.description).startswith(JSON_UNREADABLE):
        return told.__context__
    return None


def is_body(document: object, request: Request | None) -> bool:
    """Say whether *document* is the body of *request*, as its code has read it; an empty one, too."""
    body = body_of(request)
    if body is None or not isinstance(document, str | bytes | bytearray):
        return False
    if isinstance(document, str):
        return document in (body.decode(detect_encoding(body), "replace"), body.decode("utf-8", "replace"))
    return document == body
