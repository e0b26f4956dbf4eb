"""OpenAI's wire shape for errors."""

import re
from typing import Any

from marshmallow import Schema, fields

from flask_faultmap import Category, Fault, Profile

TYPES = {
    Category.UNAUTHENTICATED: "authentication_error",
    Category.PERMISSION_DENIED: "permission_error",
    Category.NOT_FOUND: "not_found_error",
    Category.RESOURCE_EXHAUSTED: "rate_limit_error",
}
PUBLIC_PARAM = re.compile(r"model|stream|response_id|(messages|input)(\[\d{1,4}\](\.(role|content))?)?")


class OpenAIErrorSchema(Schema):
    """The object inside ``error``."""

    message = fields.String(attribute="text", required=True)
    type = fields.Function(lambda fault: type_of(fault), str, required=True, metadata={"type": "string"})
    param = fields.Function(lambda fault: param_of(fault), str, metadata={"type": ["string", "null"]})
    code = fields.String(required=True)


class OpenAISchema(Schema):
    """OpenAI's body: one object, one member."""

    error = fields.Nested(OpenAIErrorSchema, required=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Hand the whole fault to the one member."""
        return obj


def type_of(fault: Fault) -> str:
    """Name the family that OpenAI's clients know."""
    return TYPES.get(fault.category, "server_error" if fault.status >= 500 else "invalid_request_error")


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


PROFILE = Profile(
    name="openai",
    schema=OpenAISchema,
    collapse={413: 400, 422: 400, 502: 503, 504: 503},
    headers=retry_header,
)
