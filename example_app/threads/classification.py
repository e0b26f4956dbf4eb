"""What the raw text of a failed thread means: the table, and the sentence for any channel."""

import logging

from example_app.threads.engine import ThreadFailedError
from example_app.threads.errors import (
    ContextTooLargeError,
    IterationLimitError,
    LlmRateLimitedError,
    LlmUnavailableError,
    ProviderAuthError,
    UnknownFailureError,
)
from flask_faultmap import DomainError, FaultMap, Rule

log = logging.getLogger(__name__)

RATE_LIMITED = ("http 429", "rate limited", "rate-limited", "too many requests")

# In the order in which they win: a "429" beats the "bad gateway" that reports it.
MARKERS: tuple[tuple[type[DomainError], tuple[str | tuple[str, ...], ...]], ...] = (
    (
        ContextTooLargeError,
        ("http 413", "payload too large", "context length exceeded", "context_length_exceeded"),
    ),
    (
        ProviderAuthError,
        (
            "http 401",
            "http 403",
            "401 unauthorized",
            "invalid api key",
            "invalid_api_key",
            "authentication failed",
            "session expired",
            "session renewal failed",
        ),
    ),
    (
        LlmUnavailableError,
        (
            "http 502",
            "http 503",
            "http 504",
            "bad gateway",
            "service unavailable",
            "gateway timeout",
            "upstream connect error",
            ("upstream", "502"),  # "upstream" alone is in "no upstream branch" as well
            ("upstream", "503"),
            ("upstream", "504"),
            "provider temporarily unavailable",
            "llm call failed",
        ),
    ),
    (IterationLimitError, ("max iterations", "maximum iterations")),
)

# What an operator reads about a run that was rolled back, by code.
ROLLBACK_REASONS = {
    "llm_unavailable": "LLM provider unavailable",
    "llm_rate_limited": "LLM provider rate-limited",
    "provider_auth": "LLM provider authentication failed",
    "context_length_exceeded": "LLM context too large",
    "iteration_limit": "step limit reached",
}


def rate_limited(failure: ThreadFailedError) -> DomainError:
    """Keep the provider's own hint when to come back."""
    return LlmRateLimitedError(str(failure), retry_after=failure.retry_after)


RULES = (
    # A tool's text quotes its user, who could forge every marker below.
    Rule(on=ThreadFailedError, where={"stage": "tool"}, to=UnknownFailureError),
    *(Rule(on=ThreadFailedError, text=marker, translate=rate_limited) for marker in RATE_LIMITED),
    *(Rule(on=ThreadFailedError, text=marker, to=to) for to, markers in MARKERS for marker in markers),
    Rule(on=ThreadFailedError, to=UnknownFailureError),
)


def tell(faults: FaultMap, exc: Exception, *, user_id: str, channel: str) -> str:
    """Give the sentence for the person in a channel that knows no HTTP; the raw text goes to the log."""
    fault = faults.describe(exc)
    log.warning(
        "A thread failed; its user sees a summary: %s",
        fault.code,
        extra={"user_id": user_id, "channel": channel, "error": str(exc)},
    )
    return fault.text


def rollback_reason(faults: FaultMap, exc: Exception) -> str:
    """Give the short reason for the record of a run that was rolled back."""
    return ROLLBACK_REASONS.get(faults.describe(exc).code, "execution failed")
