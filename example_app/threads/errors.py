"""What a failed thread means to the person who waits for it, and what an API request may do wrong.

The sentences name no channel and no internals, so that they fit a chat, a terminal and an API alike.
"""

import logging

from flask_faultmap.errors import (
    BadGatewayError,
    InternalError,
    NotFoundError,
    PayloadTooLargeError,
    ResourceExhaustedError,
    UnauthenticatedError,
    UnavailableError,
    UnprocessableError,
)


class LlmRateLimitedError(ResourceExhaustedError):
    """The provider of the model takes no more requests for now."""

    public = "The AI model is currently rate-limited. Please try again shortly."
    log_level = logging.WARNING


class ContextTooLargeError(PayloadTooLargeError):
    """The conversation does not fit into the model's context."""

    code = "context_length_exceeded"
    public = (
        "The request was too large for the AI model. Please shorten the conversation or attachments "
        "and try again."
    )
    log_level = logging.WARNING


class ProviderAuthError(BadGatewayError):
    """The provider refused our credentials: an operator's trouble, never the client's 401."""

    public = "The AI model could not authenticate. Please re-authenticate the provider and try again."
    log_level = logging.WARNING
    retryable = False


class LlmUnavailableError(UnavailableError):
    """The provider is down, or cannot be reached."""

    public = "The AI model is temporarily unavailable. Please try again in a few moments."
    log_level = logging.WARNING


class LlmQuotaExceededError(UnavailableError):
    """What we pay the provider for is used up: waiting does not help, an operator does."""

    public = "The AI model's quota is used up. Please check the provider's plan and try again."
    log_level = logging.WARNING
    retryable = False


class LlmModelUnavailableError(UnavailableError):
    """The provider does not have the model that we ask for."""

    public = "The AI model is not offered by its provider. Please choose another model and try again."
    log_level = logging.WARNING
    retryable = False


class IterationLimitError(UnprocessableError):
    """The agent took as many steps as it may, and was not done."""

    public = "The agent reached its step limit before finishing. Please try again."
    log_level = logging.WARNING


class UnknownFailureError(InternalError):
    """A thread failed, and its text says nothing that we know."""

    public = "Something went wrong while processing your message. Please try again."


class AuthenticationRequiredError(UnauthenticatedError):
    """There is no API key, or a wrong one."""

    public = "Authentication is required."


class ModelNotFoundError(NotFoundError):
    """No model has this name."""

    public = "The requested model was not found."


class ThreadBusyError(ResourceExhaustedError):
    """As many threads run as may run at once."""

    code = "rate_limited"
    public = "Too many requests. Please try again shortly."
    retry_after = 1
