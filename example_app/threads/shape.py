"""OpenAI's wire shape for errors."""

import re

from marshmallow import Schema, fields

from flask_faultmap import Fault, Profile
from flask_faultmap.profiles import Envelope, Kind, OfKind

TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    429: "rate_limit_error",
}
PUBLIC_PARAM = re.compile(r"model|stream|response_id|(messages|input)(\[\d{1,4}\](\.(role|content))?)?")


def type_of(kind: Kind) -> str:
    """Name the family that OpenAI's clients know."""
    return TYPES.get(kind.status, "server_error" if kind.status >= 500 else "invalid_request_error")


class OpenAIErrorSchema(Schema):
    """The object inside ``error``."""

    message = fields.String(attribute="text", required=True)
    type = OfKind(type_of, str, required=True, metadata={"type": "string"})
    param = fields.Function(lambda fault: param_of(fault), str, metadata={"type": ["string", "null"]})
    code = fields.String(required=True)


class OpenAISchema(Schema):
    """OpenAI's body: one object, one member."""

    error = Envelope(OpenAIErrorSchema, required=True)


def param_of(fault: Fault) -> str | None:
    """Name the first field that is wrong, as ``messages[0].content``; what is not on the list is dropped."""
    if not fault.violations:
        return None
    violation = fault.violations[0]
    pointer = (violation.pointer or "").removeprefix("#/")
    param = re.sub(r"/(\d+)(?=/|$)", r"[\1]", pointer).replace("/", ".") or violation.name or ""
    return param if PUBLIC_PARAM.fullmatch(param) else None


def retry_header(fault: Fault) -> dict[str, str]:
    """Say whether a retry can help: OpenAI's clients repeat every 409, 429 and 5xx otherwise."""
    return {"x-should-retry": "true" if fault.retryable else "false"}


# OpenAI's clients know no other failures of a server than these three.
OTHERS = {status: 503 for status in range(502, 600) if status != 503}

PROFILE = Profile(
    name="openai",
    schema=OpenAISchema,
    collapse={413: 400, 422: 400, **OTHERS},
    headers=retry_header,
)
