"""The tour through the room *threads*."""

from typing import Any

from example_app.rooms import Step

PATH = "/threads/v1/chat/completions"
KEY = {"Authorization": "Bearer tour"}


def chat(script: str, *, model: str = "loopback") -> dict[str, Any]:
    """Give the body that starts a thread with *script*."""
    return {"model": model, "messages": [{"role": "user", "content": script}]}


def _failing(title: str, script: str, status: int, code: str, start: str) -> Step:
    return Step(
        title=title,
        method="POST",
        path=PATH,
        headers=KEY,
        json=chat(script),
        status=status,
        code=code,
        body={"error.message": start, "error.code": code},
    )


WALK = (
    Step(
        title="A thread that works answers as OpenAI would.",
        method="POST",
        path=PATH,
        headers=KEY,
        json=chat("ask the world hello"),
        status=200,
        body={"object": "chat.completion", "usage.completion_tokens": 3},
    ),
    Step(
        title="Without an API key there is no thread.",
        method="POST",
        path=PATH,
        json=chat("hello"),
        status=401,
        code="authentication_required",
        body={"error.type": "authentication_error"},
    ),
    Step(
        title="A wrong message is named by its place.",
        method="POST",
        path=PATH,
        headers=KEY,
        json={"model": "loopback", "messages": [{"role": "user"}]},
        status=400,
        code="validation_failed",
        body={"error.param": "messages[0].content"},
    ),
    _failing(
        "The provider's 502 page from nginx becomes a sentence.",
        "ask status 502",
        503,
        "llm_unavailable",
        "The AI model is temporarily unavailable. Please try again in a few moments.",
    ),
    _failing(
        "Its rate limit stays a 429, with its own hint when to come back.",
        "ask status 429",
        429,
        "llm_rate_limited",
        "The AI model is currently rate-limited. Please try again shortly.",
    ),
    _failing(
        "Our key at the provider is our trouble, and no 401 of the client.",
        "ask status 401",
        503,
        "provider_auth",
        "The AI model could not authenticate. Please re-authenticate the provider and try again.",
    ),
    _failing(
        "What we pay for is used up: no retry helps.",
        "ask status 402",
        503,
        "llm_quota_exceeded",
        "The AI model's quota is used up. Please check the provider's plan and try again.",
    ),
    Step(
        title="There is one model.",
        method="GET",
        path="/threads/v1/models",
        headers=KEY,
        status=200,
        body={"object": "list"},
    ),
    _failing(
        "A provider that hangs up is unavailable as well.",
        "ask hang up",
        503,
        "llm_unavailable",
        "The AI model is temporarily unavailable. Please try again in a few moments.",
    ),
    _failing(
        "A tool's traceback stays in the log, even where it says rate-limited.",
        "divide rate-limited 0",
        500,
        "unknown_failure",
        "Something went wrong while processing your message. Please try again.",
    ),
    _failing(
        "A thread that never ends is ended.",
        "again",
        400,
        "iteration_limit",
        "The agent reached its step limit before finishing. Please try again.",
    ),
    _failing(
        "A conversation can be too long.",
        "word " * 1_001,
        400,
        "context_length_exceeded",
        "The request was too large for the AI model. Please shorten the conversation or attachments "
        "and try again.",
    ),
)
