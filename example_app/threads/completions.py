"""A thread's answer as OpenAI's API gives it: whole, or in chunks."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

from example_app.threads.engine import count_tokens

MODEL = "loopback"


def list_models() -> list[dict[str, Any]]:
    """List what can be asked for."""
    return [{"id": MODEL, "object": "model", "created": 0, "owned_by": "example"}]


def whole(number: int, asked: int, answer: str) -> dict[str, Any]:
    """Give the completion *number* of a conversation of *asked* tokens."""
    message = {"role": "assistant", "content": answer}
    return {
        **_head(number, "chat.completion"),
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": _usage(asked, count_tokens([answer])),
    }


def chunks(number: int, asked: int, steps: Iterable[str], *, with_usage: bool) -> Iterator[dict[str, Any]]:
    """Give the completion chunk by chunk, as the thread's *steps* come; what they raise passes."""
    head = _head(number, "chat.completion.chunk")
    said = 0
    for place, step in enumerate(steps):
        said += count_tokens([step])
        delta = {"content": f"\n{step}"} if place else {"role": "assistant", "content": step}
        yield {**head, "choices": [_choice(delta)]}
    yield {**head, "choices": [_choice({}, "stop")]}
    if with_usage:
        yield {**head, "choices": [], "usage": _usage(asked, said)}


def _choice(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason}


def _head(number: int, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{number}", "object": kind, "created": int(time.time()), "model": MODEL}


def _usage(asked: int, said: int) -> dict[str, int]:
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
