"""The room *threads*: an agent behind ``/v1/chat/completions``, as OpenAI's clients expect it."""

import hmac
import itertools
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import Blueprint, Response, jsonify, request
from marshmallow import EXCLUDE, Schema, fields, validate

from example_app.rooms import state_of
from example_app.threads import classification, shape, walk
from example_app.threads.engine import Engine, count_tokens
from example_app.threads.errors import AuthenticationRequiredError, ModelNotFoundError, ThreadBusyError
from example_app.threads.provider import ProviderClient
from flask_faultmap import Violation

NAME = "threads"
PREFIX = "/threads"
MODEL = "loopback"
PROFILE = shape.PROFILE
RULES = classification.RULES
STATUSES: Mapping[str, int] = {}
WALK = walk.WALK

blueprint = Blueprint(NAME, __name__)


class MessageSchema(Schema):
    """One message of a conversation."""

    class Meta:
        """Clients send more than we read."""

        unknown = EXCLUDE

    role = fields.String(required=True, validate=validate.OneOf(["system", "user", "assistant"]))
    content = fields.String(required=True)


class ChatSchema(Schema):
    """What starts a thread."""

    class Meta:
        """Clients send more than we read."""

        unknown = EXCLUDE

    model = fields.String(required=True)
    messages = fields.List(
        fields.Nested(MessageSchema), required=True, validate=validate.Length(min=1, max=64)
    )
    stream = fields.Boolean(load_default=False, validate=validate.Equal(False))


class State:
    """The engine of one app, its provider, and how many threads may run at once."""

    def __init__(self, provider: ProviderClient, *, api_key: str | None, most: int) -> None:
        self.engine = Engine(provider.ask)
        self.numbers = itertools.count(1)
        self.api_key = api_key
        self._provider = provider
        self._places = threading.BoundedSemaphore(most)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Keep a place for one thread.

        Raises:
            ThreadBusyError: none is free.
        """
        if not self._places.acquire(blocking=False):
            raise ThreadBusyError("every place for a thread is taken")
        try:
            yield
        finally:
            self._places.release()

    def close(self) -> None:
        """End the provider."""
        self._provider.close()


def open_state(config: Mapping[str, Any]) -> State:
    """Make the engine by ``THREADS_PROVIDER`` (URL), ``THREADS_API_KEY`` and ``THREADS_MOST``."""
    return State(
        ProviderClient(config.get("THREADS_PROVIDER")),
        api_key=config.get("THREADS_API_KEY"),
        most=config.get("THREADS_MOST", 4),
    )


@blueprint.post("/v1/chat/completions")
def complete_chat() -> Response:
    """Run a thread to its end and answer as a chat completion."""
    state = state_of(NAME, State)
    _check_key(state.api_key)
    chat = ChatSchema().load(request.get_json())
    if chat["model"] != MODEL:
        wrong = Violation(pointer="#/model", message="There is no such model.")
        raise ModelNotFoundError(f"model {chat['model']!r} is not served", violations=[wrong])
    messages = [message["content"] for message in chat["messages"]]
    with state.place():
        answer = state.engine.run(messages)
    return jsonify(_completion(next(state.numbers), count_tokens(messages), answer))


def _check_key(api_key: str | None) -> None:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given:
        raise AuthenticationRequiredError("no API key was sent")
    if api_key is not None and not hmac.compare_digest(given.encode(), api_key.encode()):
        raise AuthenticationRequiredError("a wrong API key was sent")


def _completion(number: int, asked: int, answer: str) -> dict[str, Any]:
    said = count_tokens([answer])
    return {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": MODEL,
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said},
    }
