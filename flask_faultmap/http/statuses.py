"""HTTP errors as the domain would have put them: one class for each status."""

from http import HTTPStatus
from typing import cast

from flask_faultmap import errors
from flask_faultmap.errors import DomainError, ValidationFailedError

Headers = tuple[tuple[str, str], ...]

# RFC 9110 renamed these; Python 3.11 and 3.12 still have the old words.
RENAMED = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}


def phrase(status: int) -> str:
    """Return the reason phrase of *status* as RFC 9110 has it, or the name of its class."""
    if status in RENAMED:
        return RENAMED[status]
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Client Error" if status < 500 else "Server Error"


# Written out: giving werkzeug the number alone costs a microsecond.
STATUS_LINES = {status: f"{status} {phrase(status).upper()}" for status in range(400, 600)}


class FrameworkError(DomainError):
    """An HTTP error as the domain would have put it; its status is exactly the exception's."""

    title = "HTTP error"
    log_level: int | str | None = None
    status: int = 500
    headers: Headers = ()


def _define(
    status: int, base: type[DomainError], code: str, public: str | None = None
) -> type[FrameworkError]:
    """Make the class of one line of the table below: its base says category, log level and retry."""
    members = {
        "__doc__": f"HTTP {status}.",
        "__module__": __name__,
        "category": base.category,
        "code": code,
        "title": phrase(status),
        "public": public,
        "expose": False,
        "log_level": base.log_level,
        "retryable": False if status == 409 else base.retryable,
        "status": status,
    }
    name = "".join(word.capitalize() for word in code.split("_"))
    return cast("type[FrameworkError]", type(f"Http{name}Error", (FrameworkError, base), members))


# Where a status has no class of its own in the domain, the code is the phrase of RFC 9110 in snake case.
STATUS_ERRORS = (
    _define(400, errors.InvalidArgumentError, "invalid_argument", "The request could not be understood."),
    _define(401, errors.UnauthenticatedError, "unauthenticated"),
    _define(402, errors.FailedPreconditionError, "payment_required"),
    _define(403, errors.PermissionDeniedError, "permission_denied"),
    _define(404, errors.NotFoundError, "not_found"),
    _define(
        405, errors.InvalidArgumentError, "method_not_allowed", "The resource does not take this method."
    ),
    _define(
        406, errors.InvalidArgumentError, "not_acceptable", "The resource has no form that the client takes."
    ),
    _define(407, errors.UnauthenticatedError, "proxy_authentication_required"),
    _define(408, errors.InvalidArgumentError, "request_timeout", "The request took too long to arrive."),
    _define(409, errors.AbortedError, "conflict", "The request conflicts with the state of the resource."),
    _define(410, errors.GoneError, "gone"),
    _define(411, errors.InvalidArgumentError, "length_required", "The request needs a Content-Length."),
    _define(
        412,
        errors.FailedPreconditionError,
        "precondition_failed",
        "A condition of the request does not hold.",
    ),
    _define(
        413, errors.PayloadTooLargeError, "payload_too_large", "The request is larger than what is taken."
    ),
    _define(414, errors.InvalidArgumentError, "uri_too_long"),
    _define(
        415, errors.InvalidArgumentError, "unsupported_media_type", "The body's media type is not taken here."
    ),
    _define(416, errors.InvalidArgumentError, "range_not_satisfiable"),
    _define(417, errors.InvalidArgumentError, "expectation_failed"),
    _define(418, errors.InvalidArgumentError, "im_a_teapot"),
    _define(421, errors.InvalidArgumentError, "misdirected_request"),
    _define(422, errors.UnprocessableError, "unprocessable"),
    _define(423, errors.FailedPreconditionError, "locked", "The resource is locked."),
    _define(424, errors.FailedPreconditionError, "failed_dependency"),
    _define(425, errors.AbortedError, "too_early"),
    _define(426, errors.FailedPreconditionError, "upgrade_required"),
    _define(
        428,
        errors.FailedPreconditionError,
        "precondition_required",
        "The request must be conditional (If-Match).",
    ),
    _define(
        429,
        errors.ResourceExhaustedError,
        "too_many_requests",
        "Too many requests were sent in a short time.",
    ),
    _define(431, errors.InvalidArgumentError, "request_header_fields_too_large"),
    _define(451, errors.PermissionDeniedError, "unavailable_for_legal_reasons"),
    _define(500, errors.InternalError, "internal"),
    _define(501, errors.UnimplementedError, "unimplemented"),
    _define(502, errors.BadGatewayError, "bad_gateway"),
    _define(503, errors.UnavailableError, "unavailable"),
    _define(504, errors.DeadlineExceededError, "deadline_exceeded", errors.DeadlineExceededError.public),
    _define(505, errors.UnimplementedError, "http_version_not_supported"),
    _define(507, errors.UnavailableError, "insufficient_storage"),
    _define(508, errors.InternalError, "loop_detected"),
    _define(511, errors.UnauthenticatedError, "network_authentication_required"),
)
BY_STATUS = {cls.status: cls for cls in STATUS_ERRORS}
OTHER_CLIENT_ERROR = BY_STATUS[400]
OTHER_SERVER_ERROR = BY_STATUS[500]

UnknownPathError: type[FrameworkError] = _define(
    404, errors.NotFoundError, "unknown_path", "No resource is known at this path."
)
UntrustedHostError: type[FrameworkError] = _define(
    400, errors.InvalidArgumentError, "untrusted_host", "The host of the request is not served."
)
WebSocketExpectedError: type[FrameworkError] = _define(
    400, errors.InvalidArgumentError, "websocket_expected", "This address is for WebSocket connections."
)
MalformedJsonError: type[FrameworkError] = _define(
    400, errors.InvalidArgumentError, "malformed_json", "The body is not JSON."
)
RequestInvalidError: type[FrameworkError] = _define(
    422, ValidationFailedError, ValidationFailedError.code, ValidationFailedError.public
)
MissingFieldError: type[FrameworkError] = _define(
    400, errors.InvalidArgumentError, "missing_field", "A required field is missing."
)
SPECIAL = (
    UnknownPathError,
    UntrustedHostError,
    WebSocketExpectedError,
    MalformedJsonError,
    RequestInvalidError,
    MissingFieldError,
)
CODES = frozenset(cls.code for cls in (*STATUS_ERRORS, *SPECIAL))


def class_of_status(status: int) -> type[FrameworkError]:
    """Give the class of *status*, or the one of its class of statuses."""
    return BY_STATUS.get(status) or (OTHER_CLIENT_ERROR if status < 500 else OTHER_SERVER_ERROR)
