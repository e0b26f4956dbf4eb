"""What failed validation means to the domain: one error, with a violation for each field.

The refused value is compared with what was sent, and never added. A text that its author wrote for a
client is kept as it is, even if they put the value into it: a message of marshmallow, a template with
``{input}``, a ``PydanticCustomError``.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import quote

from marshmallow import ValidationError
from werkzeug.wrappers import Request

from flask_faultmap.errors import ValidationFailedError
from flask_faultmap.faults import Violation, new_violation
from flask_faultmap.http.documents import Refused, deepest
from flask_faultmap.http.messages import MAX_DEPTH, MAX_VIOLATIONS, messages_of
from flask_faultmap.http.origins import frames_of, read_by
from flask_faultmap.http.parts import UNKNOWN, Parts, parts_of
from flask_faultmap.http.places import Place, find_place, guess_place
from flask_faultmap.http.wording import MAX_NAME, code_of, say_name, word_pydantic

MAX_LOGGED = 2_000  # characters
MAX_CAUSES = 20  # of the walk to the validator's error that was meant

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


class Finding(NamedTuple):
    """What a validator says of one thing that it refused."""

    refused: Refused
    message: str
    code: str


def from_marshmallow(exc: ValidationError, request: Request | None = None) -> ValidationFailedError:
    """Translate marshmallow's error; its ``data`` is only compared with what *request* brought."""
    return describe(findings_of_marshmallow(exc, is_compared=request is not None), parts_of(request))


def from_pydantic(exc: Any, request: Request | None = None) -> ValidationFailedError:
    """Translate pydantic's error; the input that it holds is only compared with what *request* brought."""
    return describe(findings_of_pydantic(exc, is_compared=request is not None), parts_of(request))


def from_request_parser(messages: object) -> ValidationFailedError | None:
    """Translate what webargs, flask-smorest and APIFlask tell: messages by place, then by field.

    None if *messages* are something else.
    """
    if not isinstance(messages, Mapping) or not messages or not all(place in SOURCES for place in messages):
        return None
    return _failed(
        _violation(SOURCES[place], path, message, code_of(message))
        for place, told in messages.items()
        for path, message in messages_of(told)
    )


def from_messages(exc: ValidationError, parts: Parts) -> ValidationFailedError:
    """Translate an error of marshmallow's that holds no values: each message is where its path says."""
    found = []
    is_unread = parts.sent is UNKNOWN and parts.open is None  # then all but the path's names is the body's
    for path, message in islice(messages_of(_normalize(exc)), MAX_VIOLATIONS):
        code = code_of(message)
        source, steps = "body", path
        if not is_unread or (path and path[0] in parts.sources):
            source, steps = guess_place(parts, path, is_missing=code == "required")
        found.append(_violation(source, steps, message, code))
    return _failed(found)


def with_violations(
    error: ValidationFailedError, exc: BaseException, request: Request | None
) -> ValidationFailedError:
    """Give *error*, which was raised from a validator's error or stands for one, with its violations."""
    pydantic = getattr(sys.modules.get("pydantic_core"), "ValidationError", ())
    link: BaseException | None = exc
    for _ in range(MAX_CAUSES):
        if isinstance(link, ValidationError):
            told = from_marshmallow(link, request)
            break
        if isinstance(link, pydantic):
            told = from_pydantic(link, request)
            break
        link = None if link is None else link.__cause__
    else:
        return error
    full = copy(error)  # the app may raise one instance many times
    full.violations = told.violations
    if error is not exc or not str(error):
        full.args = told.args  # a rule took the validator's text, which repeats the value
    if full.public == type(error).public == ValidationFailedError.public:
        full.public = told.public
    return full


def describe(findings: Iterable[Finding], parts: Parts) -> ValidationFailedError:
    """Make the error of *findings*: each points at its place in the request, as far as that is known."""
    return describe_found((find_place(parts, item.refused) or _guess(parts, item), item) for item in findings)


def describe_found(found: Iterable[tuple[Place, Finding]]) -> ValidationFailedError:
    """Make the error of findings whose places are known."""
    return _failed(_violation(source, path, item.message, item.code) for (source, path), item in found)


def findings_of_marshmallow(exc: ValidationError, *, is_compared: bool) -> Iterator[Finding]:
    """Say what marshmallow refused; with the values only if they are *is_compared* with a request."""
    data = exc.data if is_compared and exc.data is not None else UNKNOWN
    if is_compared and exc.data is None and is_of_marshmallow(frames_of(exc)):
        data = None
    for path, message in messages_of(_normalize(exc)):
        code = code_of(message)
        if data is UNKNOWN:
            yield Finding(Refused(path, UNKNOWN), message, code)
        else:
            yield Finding(_refused_of(data, path, code), message, code)


def findings_of_pydantic(exc: Any, *, is_compared: bool) -> Iterator[Finding]:
    """Say what pydantic refused; with the values only if they are *is_compared* with a request."""
    root = read_by(exc) if is_compared else UNKNOWN
    for error in exc.errors(include_url=False, include_context=False, include_input=is_compared):
        kind, path = error["type"], error["loc"][:MAX_DEPTH]
        value = error.get("input", UNKNOWN)
        message = word_pydantic(kind, error["msg"])
        if type(value).__name__ == "ArgsKwargs" and not value.args:
            value = value.kwargs or {}  # of a dataclass
        if kind in ("missing", "missing_argument", "missing_keyword_only_argument") and path:
            refused = Refused(path[:-1], value, path[-1], root)
        else:
            refused = Refused(path, value, root=root)
        yield Finding(refused, message, say_name(kind) or "invalid")


def _normalize(exc: ValidationError) -> object:
    return exc.normalized_messages()  # type: ignore[no-untyped-call]  # of marshmallow


def is_of_marshmallow(frames: Iterable[tuple[str, str]]) -> bool:
    """Whether marshmallow raised an error that went through *frames*, and not the app's own code by hand."""
    return any(name.startswith("marshmallow.") for name, _ in frames)


def pointer(path: tuple[Any, ...]) -> str:
    """Write *path* as a JSON Pointer in a URI fragment (RFC 6901, section 6).

    It ends before a step that cannot be said.
    """
    try:
        if len(path) == 1 and path[0].isidentifier() and path[0].isascii() and len(path[0]) <= MAX_NAME:
            return f"#/{path[0]}"  # nearly always
        steps = "_" + "_".join(path)
        if len(steps) <= MAX_NAME and steps.isascii() and steps.isidentifier():  # needs no escapes
            return "/".join(("#", *path))
    except (AttributeError, TypeError):  # an index is no text
        pass
    written = "#"
    for step in path:
        name = say_name(step)
        if name is None:
            break
        written += "/" + quote(name.replace("~", "~0").replace("/", "~1"), safe="~!$&'()*+,;=:@")
    return written


def _refused_of(data: Any, path: tuple[Any, ...], code: str) -> Refused:
    """Find in *data* what the messages below *path* are about."""
    taken, node, rest = deepest(data, path)
    if rest and rest[0] in ("key", "value") and (len(rest) > 1 or code != "required"):
        rest = rest[1:]  # marshmallow's words for the sides of a member of a Dict
    if rest and isinstance(node, dict):
        return Refused(taken, node, rest[0], data)
    return Refused(taken, node, UNKNOWN, data)


def _guess(parts: Parts, item: Finding) -> Place:
    refused = item.refused
    if refused.missing is UNKNOWN:
        return guess_place(parts, refused.path, is_missing=item.code == "required")
    return guess_place(parts, (*refused.path, refused.missing), is_missing=True)


def _failed(found: Iterable[Violation]) -> ValidationFailedError:
    violations = tuple(islice(found, MAX_VIOLATIONS))
    fields = ", ".join([f"{item.source} {item.pointer or item.name} ({item.code})" for item in violations])
    public = None
    if violations:  # a shape with one text only has room for the first
        first = violations[0]
        where = first.name or (first.pointer or "").removeprefix("#").removeprefix("/") or first.source
        public = f"{ValidationFailedError.public} {where}: {first.message}"
    return ValidationFailedError(
        f"validation failed: {fields}"[:MAX_LOGGED], public=public, violations=violations
    )


def _violation(source: str, path: tuple[Any, ...], message: str, code: str) -> Violation:
    if source == "body":
        return new_violation(source, message, pointer(path), None, code)
    name = say_name(path[0]) if path else None  # of a list, too, it is the parameter's
    return new_violation(source, message, None, name, code)
