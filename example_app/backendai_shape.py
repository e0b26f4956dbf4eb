"""Backend.AI's wire shape: problem+json by its media type, with members of its own."""

from typing import Any

from marshmallow import Schema, fields, post_dump

from flask_faultmap import Fault, Profile

PROBS = "https://api.backend.ai/probs/"

# Backend.AI's clients parse a code as DOMAIN_OPERATION_DETAIL; the last two are closed sets.
OPERATIONS = frozenset(
    [
        "generic",
        "create",
        "upsert",
        "access",
        "read",
        "search",
        "update",
        "start",
        "soft-delete",
        "restore",
        "purge",
        "auth",
        "hook",
        "request",
        "parsing",
        "execute",
        "schedule",
        "setup",
        "grant",
        "check-limit",
        "delete",
        "list-query",
    ]
)
DETAILS = frozenset(
    [
        "bad-request",
        "not-found",
        "gone",
        "conflict",
        "already-exists",
        "invalid-parameters",
        "data-expired",
        "forbidden",
        "unauthorized",
        "incomplete-user-profile",
        "not-ready",
        "invalid-data-format",
        "unavailable",
        "unreachable",
        "task-timeout",
        "canceled",
        "not-implemented",
        "deprecated",
        "mismatch",
        "timeout",
        "content-type-mismatch",
        "internal-error",
    ]
)

# What has no such code gets the detail that fits its status.
DETAIL_OF = {
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "forbidden",
    408: "timeout",
    409: "conflict",
    410: "gone",
    415: "content-type-mismatch",
    422: "invalid-parameters",
    429: "unavailable",
    501: "not-implemented",
    502: "unreachable",
    503: "unavailable",
    504: "timeout",
}

# The slug of the problem type, by error code: another axis, several codes share one. Else it is the detail.
SLUGS = {
    "backendai_generic_internal-error": "general-error",
    "api_generic_invalid-parameters": "invalid-api-params",
    "vfolder_read_not-found": "object-not-found",
    "appproxy_request_unavailable": "appproxy-connection-error",
    "appproxy_request_invalid-data-format": "appproxy-response-error",
    "appproxy_request_not-ready": "service-unavailable",
    "appproxy_request_timeout": "appproxy-timeout-error",
    "appproxy_generic_forbidden": "generic-forbidden",
    "endpoint_create_invalid-parameters": "invalid-api-params",
    "endpoint_create_already-exists": "endpoint-already-exists",
    "endpoint_read_not-found": "object-not-found",
    "endpoint_purge_not-found": "object-not-found",
    "api_auth_unauthorized": "auth-failed",
    "api_generic_unavailable": "service-unavailable",
    "storage-proxy_request_internal-error": "forwarded-error",
}

# Slug, title and error code of what no class of Backend.AI's said, by our code.
FRAMEWORK = {
    "unknown_path": ("url-not-found", "Unknown URL path.", "api_read_not-found"),
    "not_found": ("url-not-found", "Unknown URL path.", "api_read_not-found"),
    "method_not_allowed": ("method-not-allowed", "HTTP Method Not Allowed.", "api_access_forbidden"),
    "invalid_argument": ("generic-bad-request", "Bad request.", "backendai_generic_bad-request"),
    "internal": ("internal-server-error", "Internal server error.", "backendai_generic_internal-error"),
}


class BackendAISchema(Schema):
    """Backend.AI's body; ``msg`` is the text of one raise, ``data`` any JSON."""

    type = fields.Function(lambda fault: PROBS + naming(fault)[0], str, metadata={"type": "string"})
    title = fields.Function(lambda fault: naming(fault)[1], str, metadata={"type": "string"})
    code = fields.Function(
        lambda fault: naming(fault)[2], str, data_key="error_code", metadata={"type": "string"}
    )
    text = fields.String(data_key="msg")
    data = fields.Function(lambda fault: data_of(fault))

    @post_dump(pass_original=True)
    def _leave_out(self, body: dict[str, Any], fault: Fault, **_: Any) -> dict[str, Any]:
        if body["msg"].rstrip(".") == body["title"].rstrip(".") or body["msg"] == body["data"]:
            del body["msg"]
        if body["data"] is None:
            del body["data"]
        return body


def naming(fault: Fault) -> tuple[str, str, str]:
    """Give slug, title and error code; the code in three parts, as Backend.AI's clients split it."""
    if fault.code in FRAMEWORK:
        return FRAMEWORK[fault.code]
    parts = fault.code.split("_")
    if len(parts) == 3 and parts[1] in OPERATIONS and parts[2] in DETAILS:
        return SLUGS.get(fault.code, parts[2]), fault.title, fault.code
    detail = DETAIL_OF.get(fault.status, "internal-error" if fault.status >= 500 else "bad-request")
    if fault.violations:
        detail = "invalid-parameters"
    return fault.code.replace("_", "-"), fault.title, f"api_generic_{detail}"


def data_of(fault: Fault) -> Any:
    """Give what a client may work with: field errors, the path that is unknown, the raise's own data."""
    if fault.violations:
        return [
            {"path": violation.pointer or violation.name, "msg": violation.message}
            for violation in fault.violations
        ]
    if fault.code in ("unknown_path", "not_found"):
        return fault.text
    return fault.details.get("data")


PROFILE = Profile(
    name="backendai",
    schema=BackendAISchema,
    media_type="application/problem+json; charset=utf-8",
    wording={
        "unknown_path": "{path}",
        "not_found": "{path}",
        "method_not_allowed": "HTTP Method Not Allowed.",
        "invalid_argument": "Bad request.",
    },
)
