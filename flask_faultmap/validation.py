"""What failed validation means to the domain: one error, with a violation for each field."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from marshmallow import ValidationError

from flask_faultmap.errors import UnprocessableError
from flask_faultmap.faults import Violation

MAX_VIOLATIONS = 100
MAX_MESSAGE = 500  # characters
MAX_DEPTH = 32
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

# A validator's own error may quote the value that it refused.
QUOTING = frozenset({"value_error", "assertion_error"})


class ValidationFailedError(UnprocessableError):
    """What was sent does not fit the schema; the violations say where."""

    code = "validation_failed"
    title = "Validation failed"
    public = "The request does not fit the schema."


def from_marshmallow(exc: ValidationError) -> ValidationFailedError:
    """Translate marshmallow's error; its ``data`` is the user's input, and never read."""
    return _failed(_body_violations(exc.normalized_messages()))  # type: ignore[no-untyped-call]  # of marshmallow


def from_pydantic(exc: Any) -> ValidationFailedError:
    """Translate pydantic's error, without the input that it holds."""
    found = exc.errors(include_url=False, include_context=False, include_input=False)
    return _failed(
        Violation(
            pointer=pointer(error["loc"]),
            message=INVALID if error["type"] in QUOTING else _text(error["msg"]),
            code=str(error["type"]),
        )
        for error in found
    )


def from_request_parser(messages: Mapping[str, Any]) -> ValidationFailedError:
    """Translate what webargs, flask-smorest and APIFlask tell: messages by place, then by field."""
    return _failed(_violations_by_source(messages))


def request_parser_messages(exc: BaseException) -> Mapping[str, Any] | None:
    """Give the messages that webargs hangs on the HTTP error it raises; None if *exc* is not such a one."""
    data = getattr(exc, "data", None)
    messages = data.get("messages") if isinstance(data, Mapping) else None
    if isinstance(messages, Mapping) and messages and all(place in SOURCES for place in messages):
        return messages
    return None


def pointer(path: Iterator[Any] | tuple[Any, ...]) -> str:
    """Write *path* as a JSON Pointer in a URI fragment (RFC 6901, section 6)."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return "#" + "".join("/" + quote(step, safe="~!$&'()*+,;=:@", errors="replace") for step in steps)


def _failed(violations: Iterator[Violation]) -> ValidationFailedError:
    kept = [violation for violation, _ in zip(violations, range(MAX_VIOLATIONS), strict=False)]
    fields = ", ".join(f"{violation.pointer or violation.name} ({violation.code})" for violation in kept)
    return ValidationFailedError(f"validation failed: {fields}", violations=kept)


def _violations_by_source(messages: Mapping[str, Any]) -> Iterator[Violation]:
    for place, told in messages.items():
        source = SOURCES[place]
        for path, message in _leaves(told, ()):
            if source == "body":
                yield Violation(pointer=pointer(path), message=message)
            else:
                yield Violation(source=source, name=".".join(map(str, path)) or None, message=message)


def _body_violations(messages: Any) -> Iterator[Violation]:
    for path, message in _leaves(messages, ()):
        yield Violation(pointer=pointer(path), message=message)


def _leaves(told: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Walk nested messages; ``_schema`` speaks of the whole object that it stands in."""
    if isinstance(told, Mapping) and len(path) < MAX_DEPTH:
        for step, inner in told.items():
            yield from _leaves(inner, path if step == "_schema" else (*path, step))
    elif isinstance(told, list | tuple) and len(path) < MAX_DEPTH:
        for inner in told:
            yield from _leaves(inner, path)
    else:
        yield path, _text(told)


def _text(message: Any) -> str:
    return message[:MAX_MESSAGE] if isinstance(message, str) and message else INVALID
