"""The closed set of failure kinds, without HTTP."""

from enum import StrEnum


class Category(StrEnum):
    """What kind of failure happened; what it means on the wire is the second map's business.

    The words are those of Google's AIP-193 where it has one.
    """

    UNCATEGORIZED = "uncategorized"
    INVALID_ARGUMENT = "invalid_argument"
    FAILED_PRECONDITION = "failed_precondition"
    UNAUTHENTICATED = "unauthenticated"
    PERMISSION_DENIED = "permission_denied"
    NOT_FOUND = "not_found"
    ALREADY_EXISTS = "already_exists"
    ABORTED = "aborted"
    GONE = "gone"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    UNPROCESSABLE = "unprocessable"
    RESOURCE_EXHAUSTED = "resource_exhausted"
    INTERNAL = "internal"
    UNIMPLEMENTED = "unimplemented"
    BAD_GATEWAY = "bad_gateway"
    UNAVAILABLE = "unavailable"
    DEADLINE_EXCEEDED = "deadline_exceeded"
