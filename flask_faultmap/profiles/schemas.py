"""What the bodies of faults are made of: our schemas, and fields for an app's own."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from marshmallow import EXCLUDE, Schema, fields, post_dump

from flask_faultmap.categories import TRAITS
from flask_faultmap.faults import Fault, Kind
from flask_faultmap.http.statuses import phrase
from flask_faultmap.profiles.encoding import logger, plain_details

ABOUT_BLANK = "about:blank"
RESERVED = "The detail %r of %s was dropped: the profile has a member of that name"  # for the log


class Envelope(fields.Nested):
    """A member that holds other members: the nested schema is given the whole fault.

    ``Envelope(Inner, many=True)`` is a list with one such object. Reading goes into it, too.
    """

    _CHECK_ATTRIBUTE = False

    def _serialize(self, nested_obj: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:  # type: ignore[override]  # as Nested
        many = self.many or self.schema.many
        return super()._serialize([obj] if many else obj, attr, obj, **kwargs)  # type: ignore[no-untyped-call]  # of marshmallow


# A generic class from marshmallow 4 on only.
if TYPE_CHECKING:
    _Field = fields.Field[Any]
else:
    _Field = fields.Field


class OfKind(_Field):
    """A member that only depends on the error's class: made once for each, by *function*.

    Args:
        function: gets the fault's :class:`Kind` (``code``, ``category``, ``title``, ``status``, …) and
            gives the member's value, any JSON.
        deserialize: reads a peer's member back; without one the member is only sent.
    """

    _CHECK_ATTRIBUTE = False

    def __init__(
        self,
        function: Callable[[Kind], Any],
        deserialize: Callable[[Any], Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"dump_only": deserialize is None, **kwargs})
        self.function = function
        self.read = deserialize

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return self.function(obj.kind)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return value if self.read is None else self.read(value)


class Title(fields.String):
    """The class's title; with ``about:blank`` the phrase of the status as sent (RFC 9457, section 4.2.1).

    A type has one title (section 3.1.3): an HTTP error with the code of a category has that of its class.
    """

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if obj.type == ABOUT_BLANK:
            return phrase(obj.status)
        if obj.code == obj.category and obj.title == phrase(obj.original_status):
            return TRAITS[obj.category].title
        return super()._serialize(value, attr, obj, **kwargs)


class _Flag(fields.Boolean):
    """True or False; no other value is one, not even the 1 that equals it (RFC 9457, section 3.1)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class ViolationSchema(Schema):
    """One field error, as a member of ``errors`` (RFC 9457, section 3)."""

    class Meta:
        """A peer may send more members than we know (RFC 9457, section 3.2)."""

        unknown = EXCLUDE

    source: fields.String = fields.String(
        metadata={"description": "body, query, form, path, header or cookie"}
    )
    pointer: fields.String = fields.String(
        metadata={"description": "JSON Pointer as a URI fragment, for bodies"}
    )
    name: fields.String = fields.String(metadata={"description": "the field's name, for every other source"})
    detail: fields.String = fields.String(
        attribute="message", required=True, metadata={"description": "what is wrong, for a person"}
    )
    code: fields.String = fields.String(metadata={"description": "which check failed"})

    @post_dump
    def _leave_out_none(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value for name, value in data.items() if value is not None}


class ProblemSchema(Schema):
    """Problem details for HTTP APIs (RFC 9457)."""

    type: fields.String = fields.String(
        metadata={"format": "uri-reference", "description": "names the kind of error"}, required=True
    )
    title: fields.String = Title(required=True, metadata={"description": "a short name of the kind"})
    status: fields.Integer = fields.Integer(
        required=True, strict=True, metadata={"description": "the status of the answer, again"}
    )
    detail: fields.String = fields.String(
        attribute="text", metadata={"description": "what happened this time, for a person"}
    )
    code: fields.String = fields.String(required=True, metadata={"description": "what a program compares"})
    request_id: fields.String = fields.String(
        attribute="id", metadata={"description": "quote it when you report the error"}
    )
    retryable: fields.Boolean = _Flag(
        required=True, metadata={"description": "the same request may succeed later"}
    )
    retry_after: fields.Integer = fields.Integer(strict=True, metadata={"description": "seconds to wait"})
    errors: "fields.List[Any]" = fields.List(
        fields.Nested(ViolationSchema),
        attribute="violations",
        metadata={"description": "what is wrong with each field"},
    )

    @post_dump(pass_original=True)
    def _fit(self, data: dict[str, Any], fault: Fault, **_: Any) -> dict[str, Any]:
        if repeats(data["detail"], data["title"]):
            del data["detail"]
        if data["retry_after"] is None:
            del data["retry_after"]
        if not data["errors"]:
            del data["errors"]
        if not data["request_id"]:  # the last resort knows none
            del data["request_id"]
        return add_details(data, fault, reserved={*self.fields, "instance"})


class FaultMessageSchema(Schema):
    """Firecracker's error body: exactly one member."""

    fault_message: fields.String = fields.String(
        attribute="text", required=True, metadata={"description": "what happened, for a person"}
    )


def repeats(text: str, title: str) -> bool:
    """Say whether *text* tells no more than *title* does."""
    close = abs(len(text) - len(title)) <= 1  # what is nearly always false
    return close and text.rstrip(".").casefold() == title.rstrip(".").casefold()


def add_details(data: dict[str, Any], fault: Fault, *, reserved: Iterable[str]) -> dict[str, Any]:
    """Add the fault's details to a dumped body as extension members, never over a *reserved* one."""
    details = plain_details(fault.details)
    if not details:
        return data
    taken = {*data, *reserved}
    for name, value in details.items():
        if name in taken:
            logger.warning(RESERVED, name, fault.code)
        else:
            data[name] = value
    return data
