"""What may go wrong with endpoints, in Backend.AI's codes.

A service that cannot be reached, answers nonsense or refuses *our* token is no fault of the client's.
"""

import logging

from flask_faultmap.errors import (
    AlreadyExistsError,
    BadGatewayError,
    DeadlineExceededError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    UnavailableError,
)


class AppProxyConnectionError(BadGatewayError):
    """The coordinator cannot be reached."""

    code = "appproxy_request_unavailable"
    title = "Failed to connect to AppProxy."


class AppProxyTimeoutError(DeadlineExceededError):
    """The coordinator took too long; what it was asked for may be done all the same."""

    code = "appproxy_request_timeout"
    title = "AppProxy took too long."


class AppProxyBusyError(UnavailableError):
    """The coordinator takes no work at the moment."""

    code = "appproxy_request_not-ready"
    title = "AppProxy is busy."
    log_level = logging.WARNING


class AppProxyResponseError(BadGatewayError):
    """The coordinator gave an answer that is no success, or that nobody can read."""

    code = "appproxy_request_invalid-data-format"
    title = "Invalid response from AppProxy."


class InvalidEndpointError(InvalidArgumentError):
    """No endpoint can be made of what was sent."""

    code = "endpoint_create_invalid-parameters"
    title = "Invalid endpoint."


class EndpointNameTakenError(AlreadyExistsError):
    """Another endpoint has the name."""

    code = "endpoint_create_already-exists"
    title = "Endpoint already exists."


class EndpointNotFoundError(NotFoundError):
    """The endpoint is not there."""

    code = "endpoint_read_not-found"
    title = "No such endpoint."


class EndpointsNotDeletedError(NotFoundError):
    """Some of many endpoints could not be deleted, since they are not there; the others are gone."""

    code = "endpoint_purge_not-found"
    title = "Not all endpoints could be deleted."


class ForeignCoordinatorError(FailedPreconditionError):
    """The coordinator was started by somebody else, and is not ours to stop."""

    code = "appproxy_generic_forbidden"
    title = "The coordinator is not ours."
