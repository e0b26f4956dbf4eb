"""The wire shape of *boxes*: what boxlite's typed clients read."""

from typing import Any

from marshmallow import Schema, fields

from flask_faultmap import Fault, Profile

# The client picks its class by the code; the type is for people, and older than the codes.
TYPES = {
    "unauthenticated": "AuthError",
    "permission_denied": "AuthError",
    "image_pull_failed": "ImageError",
    "execution_failed": "ExecutionError",
    "network_unavailable": "NetworkError",
    "engine_unavailable": "EngineError",
}


def type_of(fault: Fault) -> str:
    """Name the error type that boxlite's table has beside the fault's code."""
    words = fault.code.removesuffix("_error").split("_")
    return TYPES.get(fault.code) or "".join(word.capitalize() for word in words) + "Error"


class ErrorSchema(Schema):
    """The members of ``error``."""

    message = fields.String(attribute="text", required=True)
    type = fields.Function(type_of, required=True)
    code = fields.String(required=True)


class EnvelopeSchema(Schema):
    """Everything is inside one member, ``error``."""

    error = fields.Nested(ErrorSchema, required=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Hand the whole fault to the one member."""
        return obj


PROFILE = Profile(name="boxlite", schema=EnvelopeSchema)
