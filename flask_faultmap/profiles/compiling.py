"""Which schemas are compiled, why others are not, and what the body of one kind is made of.

A dump costs more than Flask needs for a whole request. Where a schema has plain members only, all but the
occurrence of a fault is known once its kind is: then the body is a text with gaps, and a fault fills them.
"""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from marshmallow import Schema, fields

from flask_faultmap.faults import Fault
from flask_faultmap.profiles.encoding import encode_text, jsonable, to_json
from flask_faultmap.profiles.schemas import Envelope, OfKind, ProblemSchema, Title, ViolationSchema, repeats
from flask_faultmap.profiles.writers import WRITERS, write_more

Segment = str | Callable[[Fault], str]

# What decides how marshmallow dumps; a class that changes one of these may say anything.
DUMPING = ("dump", "_serialize", "get_attribute", "dict_class", "_invoke_dump_processors")
SERIALIZING = (
    "serialize",
    "get_value",
    "_CHECK_ATTRIBUTE",
    "_serialize",
    "_format_num",
    "_to_string",
    "num_type",
)
OF_KIND = frozenset({"category", "code", "title", "status", "original_status", "type", "level", "retryable"})
OPTIONAL = {"detail": "text", "request_id": "id", "retry_after": "retry_after", "errors": "violations"}
MAX_LEVELS = 16  # of envelopes in envelopes


class Shape:
    """A schema class, its one instance and what keeps it from being compiled; looked at on first use."""

    def __init__(self, schema: type[Schema]) -> None:
        self.schema = schema

    @cached_property
    def instance(self) -> Schema:
        """The one instance, for all answers."""
        return self.schema()

    @cached_property
    def obstacle(self) -> str | None:
        """What keeps the schema from being compiled; None if nothing does."""
        try:
            return next(obstacles(self.instance), None)
        except Exception as exc:  # a border: an app's own schema may raise anything
            return f"{self.schema.__name__} raises {type(exc).__name__}"


def obstacles(schema: Schema, level: int = 0) -> Iterator[str]:
    """Say what keeps *schema* from being compiled."""
    name = type(schema).__name__
    for method in DUMPING:
        if getattr(type(schema), method) is not getattr(Schema, method) or method in vars(schema):
            yield f"{name} overrides {method}"
    if not _is_problem(schema):
        yield from (f"{name} has the hook {hook}" for hook in _list_hooks(schema))
    elif not _has_members_of_problem(schema):
        yield f"{name} changes members that the hook of ProblemSchema needs"
    if schema.many and level == 0:
        yield f"{name} has many=True, and a fault is one"
    if level > MAX_LEVELS:
        yield f"{name} stands in more than {MAX_LEVELS} envelopes"
    for member, field in schema.dump_fields.items() if level <= MAX_LEVELS else ():
        role = _find_role(field, field.attribute or member)
        if role == "envelope":
            yield from obstacles(field.schema, level + 1)  # type: ignore[attr-defined]  # an Envelope, then
        elif role is None:
            yield f"{name}.{member} is a {type(field).__name__} of {field.attribute or member!r}"
        if type(field.data_key or member) is not str:
            yield f"{name}.{member} has a name that is no text"


def segments(schema: Schema, fault: Fault, around: int = 0) -> Iterator[Segment]:
    """Give the body of the faults that share the kind of *fault*, in pieces: texts, and what fills a gap."""
    is_problem = _is_problem(schema)
    lead = "{"
    for member, field in schema.dump_fields.items():
        name = member if field.data_key is None else field.data_key
        role = _find_role(field, field.attribute or member)
        start = f"{lead}{encode_text(name)}:"
        if role == "constant":
            value = field.serialize(member, fault, accessor=schema.get_attribute)
            known = jsonable({name: value}, around)
            if not known:
                continue
            yield lead + to_json(known)[1:-1]
        elif role == "envelope":
            yield start
            yield from _write_enveloped(field, fault, around)
        elif is_problem:
            yield _write_optional(start, str(role), schema, fault)
        else:
            yield start
            yield WRITERS[str(role)]
        lead = ","
    if is_problem:
        yield write_more(frozenset({*_list_names(schema), *schema.fields, "instance"}))
    yield "}" if lead == "," else "{}"


def _write_enveloped(field: Any, fault: Fault, around: int) -> Iterator[Segment]:
    if field.many or field.schema.many:
        yield "["
        yield from segments(field.schema, fault, around + 2)
        yield "]"
    else:
        yield from segments(field.schema, fault, around + 1)


def _write_optional(start: str, role: str, schema: Schema, fault: Fault) -> Segment:
    """Write a member that ProblemSchema leaves out where it says nothing."""
    write = WRITERS[role]
    if role == "text":
        title = schema.dump_fields["title"].serialize("title", fault, accessor=schema.get_attribute)
        return lambda fault: "" if repeats(fault.text, title) else start + encode_text(fault.text)
    if role == "id":
        return lambda fault: start + encode_text(fault.id) if fault.id else ""
    if role == "retry_after":
        return lambda fault: "" if fault.retry_after is None else f"{start}{fault.retry_after}"
    return lambda fault: start + write(fault) if fault.violations else ""


def _find_role(field: Any, source: str) -> str | None:
    """Say what a member is made of; None if it may be anything."""
    of_kind = source.removeprefix("kind.")
    source = of_kind if of_kind in OF_KIND else source
    if type(field) is Envelope:
        return "envelope"
    if type(field) in (OfKind, Title) or _is_like(field, fields.Constant):
        return "constant"
    if _is_like(field, fields.String, fields.Integer, fields.Boolean) and source in OF_KIND:
        return "constant"
    if _is_like(field, fields.String) and source in ("text", "id"):
        return source
    if _is_like(field, fields.String, fields.Integer) and source == "retry_after":
        as_text = isinstance(field, fields.String) or field.as_string
        return "retry_after_text" if as_text else source
    if type(field) in (fields.Dict, fields.Raw) and source == "details":
        return None if getattr(field, "value_field", None) or getattr(field, "key_field", None) else source
    return source if source == "violations" and _has_violations(field) else None


def _is_like(field: Any, *classes: type) -> bool:
    """Whether *field* says what a field of one of the *classes* would say."""
    return any(
        isinstance(field, cls)
        and all(getattr(type(field), name, None) is getattr(cls, name, None) for name in SERIALIZING)
        for cls in classes
    )


def _has_violations(field: Any) -> bool:
    inner = field.inner if type(field) is fields.List else field
    if type(inner) is not fields.Nested or type(inner.schema) is not ViolationSchema:
        return False
    is_whole = inner.schema.dump_fields.keys() == ViolationSchema().dump_fields.keys()
    return is_whole and bool(inner.many or inner.schema.many) is (inner is field)


def _list_hooks(schema: Schema) -> list[str]:
    """Name the hooks of *schema* that run where it dumps.

    Below marshmallow 3.22 their lists are by event and pass_many, and hold names alone.
    """
    known: Any = schema._hooks
    return [
        hook if isinstance(hook, str) else hook[0]
        for event in ("pre_dump", "post_dump")
        for key in (event, (event, False), (event, True))
        for hook in known.get(key, ())
    ]


def _is_problem(schema: Schema) -> bool:
    if not isinstance(schema, ProblemSchema):
        return False
    return type(schema)._fit is ProblemSchema._fit and _list_hooks(schema) == ["_fit"]


def _has_members_of_problem(schema: Schema) -> bool:
    """Whether the members that may be left out are as ProblemSchema has them, and behind the first."""
    roles = {name: _find_role(field, field.attribute or name) for name, field in schema.dump_fields.items()}
    variable = {name: role for name, role in roles.items() if role != "constant"}
    is_named = all(
        schema.dump_fields[name].data_key is None for name in (*variable, "title") if name in roles
    )
    return variable == OPTIONAL and is_named and "title" in roles and next(iter(roles)) not in OPTIONAL


def _list_names(schema: Schema) -> Iterator[str]:
    return (member if field.data_key is None else field.data_key for member, field in schema.fields.items())
