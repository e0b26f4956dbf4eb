"""What the raw text of a failed thread means: the table, and the sentence for any channel."""

import logging
import re

from example_app.threads.engine import ThreadFailedError
from example_app.threads.errors import (
    ContextTooLargeError,
    IterationLimitError,
    LlmModelUnavailableError,
    LlmQuotaExceededError,
    LlmRateLimitedError,
    LlmUnavailableError,
    ProviderAuthError,
    UnknownFailureError,
)
from example_app.threads.refusals import Refusal
from flask_faultmap import DomainError, FaultMap, Rule

ONE_WORD = re.compile(r"\bratelimited\b", re.IGNORECASE)

log = logging.getLogger(__name__)

# In the order in which they win: a "429" beats the "bad gateway" that reports it.
MARKERS: tuple[tuple[type[DomainError], tuple[str | tuple[str, ...], ...]], ...] = (
    (
        LlmRateLimitedError,
        ("http 429", "rate limited", "rate-limited", "too many requests"),
    ),
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
            "no healthy upstream",
            "upstream request timeout",
            "upstream timed out",
            "upstream prematurely closed",
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
    "llm_quota_exceeded": "LLM quota used up",
    "llm_model_unavailable": "LLM model not available",
    "context_length_exceeded": "LLM context too large",
    "iteration_limit": "step limit reached",
}


REFUSALS: dict[Refusal, type[DomainError]] = {
    Refusal.CONTEXT: ContextTooLargeError,
    Refusal.QUOTA: LlmQuotaExceededError,
    Refusal.AUTH: ProviderAuthError,
    Refusal.RATE: LlmRateLimitedError,
    Refusal.MODEL: LlmModelUnavailableError,
    Refusal.DOWN: LlmUnavailableError,
    Refusal.OTHER: UnknownFailureError,
}


def refused(failure: ThreadFailedError) -> DomainError | None:
    """Keep the provider's own hint when to come back."""
    if failure.refusal is None:
        return None
    return REFUSALS[failure.refusal](str(failure), retry_after=failure.retry_after)


def find_one_word(failure: ThreadFailedError) -> DomainError | None:
    """Find the one marker that is a single word, and so none for ``text=``: it must stand by itself."""
    return LlmRateLimitedError(str(failure)) if ONE_WORD.search(str(failure)) else None


RULES = (
    # A tool's text quotes its user, who could forge every marker below.
    Rule(on=ThreadFailedError, where={"stage": "tool"}, to=UnknownFailureError),
    *(Rule(on=ThreadFailedError, where={"refusal": each}, translate=refused) for each in Refusal),
    Rule(on=ThreadFailedError, where={"refusal": None}, translate=find_one_word),
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
