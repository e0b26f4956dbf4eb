"""What failed validation means to the domain: one error, with a violation for each field.

The refused value is never added. A text that its author wrote for a client is kept as it is, even if they
put the value into it: a message of marshmallow, a template with ``{input}``, a ``PydanticCustomError``.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import quote

from marshmallow import ValidationError

from flask_faultmap.errors import UnprocessableError
from flask_faultmap.faults import Violation

MAX_VIOLATIONS = 100
MAX_MESSAGE = 500  # characters
MAX_NAME = 100  # characters of one step of a path: an unknown field's name is the client's choice
MAX_DEPTH = 16
MAX_STEPS = 10_000  # of the walk through nested messages, which may be shared or go round
MAX_LOGGED = 2_000  # characters
INVALID = "Invalid value."

# What webargs and its kin call the places of a request, and where our violations say that they are.
SOURCES = {
    "json": "body",
    "json_or_form": "body",
    "body": "body",
    "query": "query",
    "querystring": "query",
    "form": "form",
    "form_and_files": "form",
    "files": "form",
    "path": "path",
    "view_args": "path",
    "headers": "header",
    "cookies": "cookie",
}

# marshmallow has messages and no codes; by these words of its own a client may want to tell fields apart.
CODES = {
    "Missing data for required field.": "required",
    "Field may not be null.": "null",
    "Unknown field.": "unknown",
    "Invalid input type.": "type",
}

# pydantic's types whose message may quote the value, or another exception's text that may.
QUOTING = frozenset(
    {
        "assertion_error",
        "bytes_invalid_encoding",
        "datetime_object_invalid",
        "get_attribute_error",
        "import_error",
        "iteration_error",
        "mapping_type",
        "timezone_offset",
        "union_tag_invalid",
        "uuid_parsing",
        "value_error",
    }
)


class ValidationFailedError(UnprocessableError):
    """What was sent does not fit the schema; the violations say where."""

    code = "validation_failed"
    title = "Validation failed"
    public: str | None = "The request does not fit the schema."


def from_marshmallow(exc: ValidationError) -> ValidationFailedError:
    """Translate marshmallow's error; its ``data`` is the user's input, and never read."""
    return _failed(_violations("body", exc.normalized_messages()))  # type: ignore[no-untyped-call]  # of marshmallow


def from_pydantic(exc: Any) -> ValidationFailedError:
    """Translate pydantic's error, without the input that it holds."""
    found = exc.errors(include_url=False, include_context=False, include_input=False)
    return _failed(
        Violation(
            pointer=pointer(error["loc"][:MAX_DEPTH]),
            message=INVALID if error["type"] in QUOTING else _message(error["msg"]),
            code=_name(error["type"]),
        )
        for error in found
    )


def from_request_parser(messages: object) -> ValidationFailedError | None:
    """Translate what webargs, flask-smorest and APIFlask tell: messages by place, then by field.

    None if *messages* are something else.
    """
    if not isinstance(messages, Mapping) or not messages or not all(place in SOURCES for place in messages):
        return None
    return _failed(
        violation for place, told in messages.items() for violation in _violations(SOURCES[place], told)
    )


def pointer(path: Iterable[object]) -> str:
    """Write *path* as a JSON Pointer in a URI fragment (RFC 6901, section 6)."""
    steps = (_name(step).replace("~", "~0").replace("/", "~1") for step in path)
    return "#" + "".join("/" + quote(step, safe="~!$&'()*+,;=:@", errors="replace") for step in steps)


def _failed(found: Iterable[Violation]) -> ValidationFailedError:
    violations = tuple(islice(found, MAX_VIOLATIONS))
    fields = ", ".join(f"{item.source} {item.pointer or item.name} ({item.code})" for item in violations)
    error = ValidationFailedError(f"validation failed: {fields}"[:MAX_LOGGED], violations=violations)
    if violations:  # a shape with one text only has room for the first
        first = violations[0]
        where = first.name or (first.pointer or "").removeprefix("#").removeprefix("/") or first.source
        error.public = f"{error.public} {where}: {first.message}"
    return error


def _violations(source: str, told: object) -> Iterator[Violation]:
    for path, leaf in _leaves(told):
        message = _message(leaf)
        code = CODES.get(message, "invalid")
        if source == "body":
            yield Violation(pointer=pointer(path), message=message, code=code)
        else:
            yield Violation(source=source, name=".".join(path) or None, message=message, code=code)


def _leaves(told: object) -> Iterator[tuple[tuple[str, ...], object]]:
    """Walk nested messages, depth first; a list under a field is several messages about it."""
    whole: tuple[str, ...] = ()
    levels = [iter([(whole, told)])]
    for _ in range(MAX_STEPS):
        entry = next(levels[-1], None)
        if entry is None:
            levels.pop()
            if not levels:
                return
            continue
        inner = _inner(*entry)
        if inner is None:
            yield entry
        else:
            levels.append(inner)


def _inner(path: tuple[str, ...], told: object) -> Iterator[tuple[tuple[str, ...], object]] | None:
    """Give what stands below *told*, each with its path; None for a message.

    The built-in methods are asked, since a subclass may have any others.
    """
    if isinstance(told, dict):
        return ((_below(path, _name(step)), inner) for step, inner in dict.items(told))
    if isinstance(told, list):
        return ((path, inner) for inner in list.__iter__(told))
    if isinstance(told, tuple):
        return ((path, inner) for inner in tuple.__iter__(told))
    return None


def _below(path: tuple[str, ...], step: str) -> tuple[str, ...]:
    """Add a step; ``_schema`` speaks of the object that it stands in, and so does what is too deep."""
    return path if step == "_schema" or len(path) >= MAX_DEPTH else (*path, step)


def _name(thing: object) -> str:
    return _spoken(thing)[:MAX_NAME]


def _message(thing: object) -> str:
    return (_spoken(thing)[:MAX_MESSAGE] if thing is not None else "") or INVALID


def _spoken(thing: object) -> str:
    """Say *thing*, which need not be a ``str``: a translation may be lazy; empty if it cannot be said."""
    if type(thing) is bytes:
        return thing.decode("utf-8", "replace")
    try:
        return str.__str__(str(thing))
    except Exception:  # a border: `__str__` may raise anything, and a message is not worth a 500
        return ""
