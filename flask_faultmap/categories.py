"""The closed set of failure kinds, without HTTP."""

import logging
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


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


class Traits(NamedTuple):
    """What follows from a category, where neither a class nor a raise says otherwise."""

    title: str
    expose: bool
    log_level: int | None
    retryable: bool


TRAITS: Mapping[Category, Traits] = {
    Category.UNCATEGORIZED: Traits("Bad request", True, logging.WARNING, False),
    Category.INVALID_ARGUMENT: Traits("Invalid argument", True, None, False),
    Category.FAILED_PRECONDITION: Traits("Failed precondition", True, None, False),
    Category.UNAUTHENTICATED: Traits("Authentication required", False, None, False),
    Category.PERMISSION_DENIED: Traits("Permission denied", False, logging.WARNING, False),
    Category.NOT_FOUND: Traits("Not found", True, None, False),
    Category.ALREADY_EXISTS: Traits("Already exists", True, None, False),
    Category.ABORTED: Traits("Aborted", True, None, True),
    Category.GONE: Traits("Gone", True, None, False),
    Category.PAYLOAD_TOO_LARGE: Traits("Payload too large", True, None, False),
    Category.UNPROCESSABLE: Traits("Unprocessable content", True, None, False),
    Category.RESOURCE_EXHAUSTED: Traits("Resource exhausted", True, None, True),
    Category.INTERNAL: Traits("Internal server error", False, logging.ERROR, False),
    Category.UNIMPLEMENTED: Traits("Not implemented", True, None, False),
    Category.BAD_GATEWAY: Traits("Bad gateway", False, logging.ERROR, True),
    Category.UNAVAILABLE: Traits("Service unavailable", False, logging.ERROR, True),
    Category.DEADLINE_EXCEEDED: Traits("Deadline exceeded", False, logging.ERROR, True),
}
