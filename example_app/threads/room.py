"""The room *threads*: an agent behind ``/v1/chat/completions``, as OpenAI's clients expect it."""

import hmac
import itertools
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from example_app.rooms import faults_of, state_of
from example_app.threads import classification, completions, shape, walk
from example_app.threads.engine import Engine, count_tokens
from example_app.threads.errors import AuthenticationRequiredError, ModelNotFoundError, ThreadBusyError
from example_app.threads.messages import ChatSchema
from example_app.threads.provider import ProviderClient
from flask_faultmap import Violation

NAME = "threads"
PREFIX = "/threads"
PROFILE = shape.PROFILE
RULES = classification.RULES
STATUSES: Mapping[str, int] = {}
WALK = walk.WALK

blueprint = Blueprint(NAME, __name__)


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


@blueprint.before_request
def require_key() -> None:
    """Ask for a bearer token: the API key, if one is set, else any."""
    api_key = state_of(NAME, State).api_key
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given:
        raise AuthenticationRequiredError("no API key was sent")
    if api_key is not None and not hmac.compare_digest(given.encode(), api_key.encode()):
        raise AuthenticationRequiredError("a wrong API key was sent")


@blueprint.get("/v1/models")
def show_models() -> ResponseReturnValue:
    """List the models."""
    return {"object": "list", "data": completions.list_models()}


@blueprint.get("/v1/models/<path:name>")
def show_model(name: str) -> ResponseReturnValue:
    """Show a model."""
    for model in completions.list_models():
        if model["id"] == name:
            return model
    raise _no_model(name)


@blueprint.post("/v1/chat/completions")
def complete_chat() -> Response:
    """Run a thread to its end and answer as a chat completion, or as a stream of its chunks."""
    state = state_of(NAME, State)
    chat = ChatSchema().load(request.get_json())
    if chat["model"] != completions.MODEL:
        raise _no_model(chat["model"])
    messages = [message.get("content") or "" for message in chat["messages"]]
    number, asked = next(state.numbers), count_tokens(messages)
    if not chat["stream"]:
        with state.place():
            return jsonify(completions.whole(number, asked, state.engine.run(messages)))
    steps = _take_place(state, messages)
    with_usage = (chat["stream_options"] or {}).get("include_usage", False)
    events = completions.chunks(number, asked, steps, with_usage=with_usage)
    return faults_of().streamed(events, "sse", end="data: [DONE]\n\n")


def _take_place(state: State, messages: list[str]) -> Iterator[str]:
    """Run a thread step by step; its place is taken until the stream ends, however it ends."""
    with state.place():
        yield from state.engine.steps(messages)


def _no_model(name: str) -> ModelNotFoundError:
    wrong = Violation(pointer="#/model", message="There is no such model.")
    return ModelNotFoundError(f"model {name!r} is not served", violations=[wrong])
