"""How faults look to one sort of client: schema, media type, collapsing, wording."""

import re
import string
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, NamedTuple

from marshmallow import Schema

from flask_faultmap.defining import code_text
from flask_faultmap.errors import ConfigError
from flask_faultmap.faults import Fault, Kind
from flask_faultmap.http.headers import NEVER_GIVEN
from flask_faultmap.profiles.compiling import Shape, segments
from flask_faultmap.profiles.encoding import encode, jsonable
from flask_faultmap.profiles.reading import read_members
from flask_faultmap.profiles.schemas import FaultMessageSchema, ProblemSchema
from flask_faultmap.profiles.templates import Template

WORDING_PLACEHOLDERS = frozenset({"method", "path", "token", "reason"})
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
MEDIA_TYPE = re.compile(rf"{TOKEN.pattern}/{TOKEN.pattern}([ \t]*;[ -~]*)?")


class Reply(NamedTuple):  # made for each fault, and in half the time of a frozen dataclass
    """What goes to the client, without a framework: status, headers (media type first) and body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


HeadersOf = Callable[[Fault], Mapping[str, str]]


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """How faults look to one sort of client.

    Args:
        name: what ``FAULTMAP_PROFILE`` and ``FAULTMAP_SCOPES`` call it.
        schema: a marshmallow schema class over the attributes of :class:`Fault`; its order is the body's.
        media_type: sent as ``Content-Type``.
        collapse: statuses that this sort of client does not know, and what they see instead.
        wording: texts in place of a title, by code, ``internal`` too; templates over ``{method}``,
            ``{path}`` (counted from the scope's prefix), ``{token}`` (the path's first segment) and
            ``{reason}`` (why a JSON body cannot be read).
        drop_headers: headers that are never sent; ``Allow`` stays where a 405 is not collapsed.
        headers: gives more headers for a fault; asked in ``init_app`` too, for the last resort, whose fault
            has no id.

    Raises:
        ConfigError: when one of these is wrong.
    """

    name: str
    schema: type[Schema]
    media_type: str = "application/json"
    _: KW_ONLY
    collapse: Mapping[int, int] = field(default_factory=dict)
    wording: Mapping[str, str] = field(default_factory=dict)
    drop_headers: tuple[str, ...] = ()
    headers: HeadersOf | None = None
    _shape: Shape = field(init=False, repr=False)

    def __post_init__(self) -> None:
        mistakes = [*self._find_mistakes()]
        if mistakes:
            raise ConfigError(f"Profile {self.name!r}: " + "; ".join(mistakes))
        object.__setattr__(self, "_shape", Shape(self.schema))
        collapse = {int.__int__(status): int.__int__(sent) for status, sent in self.collapse.items()}
        object.__setattr__(self, "collapse", collapse)
        wording = {code_text(code) or "": template for code, template in self.wording.items()}
        object.__setattr__(self, "wording", wording)
        object.__setattr__(self, "drop_headers", tuple(self.drop_headers))

    def _find_mistakes(self) -> Iterable[str]:
        if not isinstance(self.name, str) or not self.name:
            yield "name must be a text"
        if not (isinstance(self.schema, type) and issubclass(self.schema, Schema)):
            yield f"schema is {self.schema!r}; it must be a marshmallow Schema class, not an instance"
        if not (isinstance(self.media_type, str) and MEDIA_TYPE.fullmatch(self.media_type)):
            yield f"media_type is {self.media_type!r}; it must look like 'application/json'"
        if not _are_names(self.drop_headers):
            yield f"drop_headers is {self.drop_headers!r}; it must be a tuple of names"
        else:
            yield from _check_dropped(self.drop_headers)
        if self.headers is not None and not callable(self.headers):
            yield f"headers is {self.headers!r}; it must be a function of a fault"
        yield from _check_collapse(self.collapse)
        yield from _check_wording(self.wording)

    def render(self, fault: Fault) -> bytes:
        """Render *fault* by the schema, whatever the schema does."""
        return encode(jsonable(self._shape.instance.dump(fault)))

    @property
    def obstacle(self) -> str | None:
        """What keeps the schema from being compiled; None if nothing does."""
        return self._shape.obstacle

    def template(self, kind: Kind) -> Template | None:
        """Make the body of the faults of *kind*, with placeholders; None if the schema is not compiled."""
        if self.obstacle is not None:
            return None
        return Template(segments(self._shape.instance, Fault(kind, "", "")))

    def read(self, body: bytes | str | Mapping[str, Any]) -> dict[str, Any]:
        """Read back the members of an answer in this shape, by the names that :class:`Fault` gives them.

        What cannot be read, or has the wrong JSON type, is left out (RFC 9457, section 3.1); never raises.
        The members of an envelope, which is a nested schema, are read like the others.
        """
        return read_members(self._shape, body)


def is_error_status(status: object) -> bool:
    """Say whether *status* may be sent for an error."""
    return isinstance(status, int) and not isinstance(status, bool) and 400 <= status <= 599


def _are_names(names: object) -> bool:
    return isinstance(names, tuple | list | set | frozenset) and all(isinstance(name, str) for name in names)


def _check_dropped(names: Iterable[str]) -> Iterable[str]:
    for name in names:
        if not TOKEN.fullmatch(name):
            yield f"drop_headers has {name!r}, which is no name of a header"
        elif name.lower() in NEVER_GIVEN:
            yield f"drop_headers has {name!r}, which is the server's own, or never sent"


def _check_collapse(collapse: object) -> Iterable[str]:
    if not isinstance(collapse, Mapping):
        yield f"collapse is {collapse!r}; it must be a mapping of statuses to statuses"
        return
    for status, collapsed in collapse.items():
        if not (is_error_status(status) and is_error_status(collapsed)):
            yield f"collapse has {status!r}: {collapsed!r}; both must be statuses from 400 to 599"


def _check_wording(wording: object) -> Iterable[str]:
    if not isinstance(wording, Mapping):
        yield f"wording is {wording!r}; it must be a mapping of codes to texts"
        return
    for code, template in wording.items():
        if code_text(code) is None:
            yield f"wording has the key {code!r}; it must be a code, such as 'unknown_path'"
        else:
            yield from _check_template(code, template)


def _check_template(code: str, template: Any) -> Iterable[str]:
    try:
        parsed = [*string.Formatter().parse(template)]
        placeholders = {name for _, name, _, _ in parsed if name is not None}
        placeholders |= {spec for _, _, spec, _ in parsed if spec and "{" in spec}
        if placeholders <= WORDING_PLACEHOLDERS:
            template.format(**dict.fromkeys(WORDING_PLACEHOLDERS, ""))
    except (ValueError, TypeError, LookupError, AttributeError) as exc:
        yield f"wording of {code!r} is {template!r}: {type(exc).__name__}: {exc}"
        return
    if not placeholders <= WORDING_PLACEHOLDERS:
        allowed = ", ".join(sorted(WORDING_PLACEHOLDERS))
        unknown = sorted(placeholders - WORDING_PLACEHOLDERS)
        yield f"wording of {code!r} has the placeholders {unknown}; allowed: {allowed}"


PROBLEM = Profile(name="problem", schema=ProblemSchema, media_type="application/problem+json")

FAULT_MESSAGE = Profile(
    name="fault_message",
    schema=FaultMessageSchema,
    collapse={404: 400, 415: 400, 422: 400},
    wording={"unknown_path": "No such resource: {path}"},
)

FIRECRACKER = Profile(
    name="firecracker",
    schema=FaultMessageSchema,
    collapse={status: 400 for status in range(401, 500) if status != 413},
    wording={
        "unknown_path": "Invalid request method and/or path: {method} {token}.",
        "method_not_allowed": "Invalid request method and/or path: {method} {token}.",
        "malformed_json": "An error occurred when deserializing the json body of a request: {reason}.",
    },
    drop_headers=("Allow",),
)

BUILT_IN = (PROBLEM, FAULT_MESSAGE, FIRECRACKER)
