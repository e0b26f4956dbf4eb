"""The room *threads*: an agent that fails for real, through HTTP and on other channels."""

import logging
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from openai import (
    APIError,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    NotFoundError,
    OpenAI,
    RateLimitError,
)
from vectors_of import ask

from example_app.factory import build
from example_app.rooms import close_rooms
from example_app.threads import room
from example_app.threads.classification import tell
from example_app.threads.engine import Engine, ThreadFailedError
from example_app.threads.errors import LlmQuotaExceededError, UnknownFailureError
from example_app.threads.refusals import Refusal, sort_refusal
from example_app.threads.walk import KEY, PATH, chat
from example_app.tour import serving, walk
from flask_faultmap import FaultMap

FAULTS = FaultMap(rules=room.RULES)


@pytest.fixture
def app():
    app = build("threads_app", {room.PREFIX: room})
    yield app
    close_rooms(app)


def run(app, script, **more):
    return ask(app, "POST", PATH, headers=KEY, json=chat(script), **more)


def failure_of(engine, *messages):
    with pytest.raises(ThreadFailedError) as raised:
        engine.run(messages)
    return raised.value


def echo(prompt):
    return prompt


def test_script_is_done_line_by_line():
    assert Engine(echo).run(["divide 1 4\nask something\nplain words"]) == "0.25\nsomething\nplain words"


def test_failing_tool_leaves_its_real_traceback():
    failure = failure_of(Engine(echo), "divide 1 0")

    assert "Traceback (most recent call last)" in str(failure)
    assert "ZeroDivisionError" in str(failure)


@pytest.mark.parametrize("argument", ["a\0b", "a\ud800b"])
def test_argument_that_no_program_takes_is_the_tools_failure(argument):
    failure = failure_of(Engine(echo), f"divide {argument} 1")

    assert failure.stage == "tool"


@pytest.mark.parametrize("script", ["again", "a\nagain", "\n".join("abcde")])
def test_step_limit_ends_a_thread(script):
    failure = failure_of(Engine(echo, max_steps=4), script)

    assert str(failure) == "Reached maximum iterations (4)"


def test_as_many_steps_as_may_be_taken_are_fine():
    assert Engine(echo, max_steps=4).run(["a\nb\nc\nd"]) == "a\nb\nc\nd"


def test_the_whole_conversation_counts_against_the_limit():
    failure = failure_of(Engine(echo, max_tokens=3), "one two", "three four")

    assert str(failure) == "Context length exceeded: 4 tokens used, 3 allowed"


@pytest.mark.parametrize(
    ("script", "status", "code", "retry"),
    [
        ("ask status 429", 429, "llm_rate_limited", "true"),
        ("ask status 413", 400, "context_length_exceeded", "false"),
        ("ask status 401", 503, "provider_auth", "false"),
        ("ask status 502", 503, "llm_unavailable", "true"),
        ("ask hang up", 503, "llm_unavailable", "true"),
        ("ask status 400", 500, "unknown_failure", "false"),
        ("ask status 402", 503, "llm_quota_exceeded", "false"),
        ("ask status 403", 503, "provider_auth", "false"),
        ("ask status 408", 503, "llm_unavailable", "true"),
        ("ask status 500", 503, "llm_unavailable", "true"),
        ("ask status 507", 503, "llm_unavailable", "true"),
        ("ask status 409", 500, "unknown_failure", "false"),
        ("divide 1 0", 500, "unknown_failure", "false"),
        ("again", 400, "iteration_limit", "false"),
        ("word " * 1_001, 400, "context_length_exceeded", "false"),
    ],
)
def test_real_failure_has_its_status_and_says_whether_a_retry_helps(app, script, status, code, retry):
    outcome = run(app, script)

    assert outcome.response.status_code == status
    assert outcome.response.json["error"]["code"] == code
    assert outcome.response.headers["x-should-retry"] == retry
    assert len(outcome.records) == 1


@pytest.mark.parametrize(
    ("script", "private"),
    [("ask status 502", "nginx/1.25.3"), ("divide 1 0", "ZeroDivisionError"), ("divide 1 0", "<string>")],
)
def test_raw_text_is_in_the_log_and_not_in_the_answer(app, script, private):
    outcome = run(app, script)

    assert private in outcome.records[0].getMessage()
    assert private not in outcome.response.text


def test_two_unrelated_leaks_give_the_identical_answer(app):
    first, second = run(app, "divide 1 0"), run(app, "divide /etc/shadow sk-live-token")

    assert first.response.data == second.response.data


@pytest.mark.parametrize("word", ["rate-limited", "invalid_api_key", "context_length_exceeded"])
def test_user_cannot_forge_a_category_through_a_tool(app, word):
    outcome = run(app, f"divide {word} 1")

    assert word in outcome.records[0].getMessage()
    assert outcome.response.json["error"]["code"] == "unknown_failure"


def test_rate_limit_keeps_the_hint_of_the_provider(app):
    outcome = run(app, "ask status 429")

    assert outcome.response.headers["Retry-After"] == "1"


def test_provider_that_nobody_runs_is_unavailable():
    app = build("threads_app", {room.PREFIX: room}, {"THREADS_PROVIDER": "http://127.0.0.1:9/complete"})

    outcome = run(app, "ask anything")

    assert outcome.response.status_code == 503
    assert "127.0.0.1" not in outcome.response.text


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": "loopback"}, "messages"),
        ({"model": "loopback", "messages": []}, "messages"),
        ({"model": "loopback", "messages": [{"role": "user", "content": 3}]}, "messages[0].content"),
        ({"model": "loopback", "messages": [{"role": "root", "content": "x"}]}, "messages[0].role"),
        ({"model": "loopback", "messages": [{"role": "user", "content": []}]}, "messages[0].content"),
        ({"model": "loopback", "messages": [{"role": "user", "content": None}]}, "messages[0].content"),
        ({"model": "loopback", "messages": [{"role": "tool"}]}, "messages[0].content"),
        (
            {"model": "loopback", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "messages[0].content",
        ),
        (
            {"model": "loopback", "messages": [{"role": "user", "content": [{"type": "text", "text": 1}]}]},
            "messages[0].content",
        ),
        (chat("x") | {"stream": "true"}, "stream"),
        (chat("x") | {"stream": 1}, "stream"),
    ],
)
def test_wrong_field_is_named(app, body, param):
    outcome = ask(app, "POST", PATH, headers=KEY, json=body)

    assert outcome.response.status_code == 400
    assert outcome.response.json["error"]["type"] == "invalid_request_error"
    assert outcome.response.json["error"]["param"] == param


def test_thread_that_finds_no_place_is_told_when_to_come_back():
    app = build("threads_app", {room.PREFIX: room}, {"THREADS_MOST": 0})

    outcome = run(app, "hello")

    assert outcome.response.status_code == 429
    assert outcome.response.headers["Retry-After"] == "1"


def test_place_is_free_again_after_a_failure():
    app = build("threads_app", {room.PREFIX: room}, {"THREADS_MOST": 1})
    run(app, "again")

    outcome = run(app, "hello")

    assert outcome.response.status_code == 200


@pytest.fixture(scope="module")
def client():
    app = build("threads_app", {room.PREFIX: room}, {"THREADS_API_KEY": "right"})
    with serving(app) as url, OpenAI(base_url=f"{url}/threads/v1", api_key="right", max_retries=0) as client:
        yield client
    close_rooms(app)


def complete(client, script, model="loopback"):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": script}])


def test_openai_client_reads_an_answer(client):
    completion = complete(client, "ask the world hello")

    assert completion.choices[0].message.content == "hello world the"
    assert completion.usage.total_tokens == 7


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("ask status 429", RateLimitError),
        ("ask status 401", InternalServerError),
        ("ask status 502", InternalServerError),
        ("again", BadRequestError),
        ("word " * 1_001, BadRequestError),
        ("divide 1 0", InternalServerError),
    ],
)
def test_openai_client_raises_the_class_that_fits(client, script, error):
    with pytest.raises(error) as raised:
        complete(client, script)

    assert raised.value.body["message"].endswith(".")


def test_openai_client_knows_a_wrong_key(client):
    with pytest.raises(AuthenticationError):
        complete(client.with_options(api_key="wrong"), "hello")


def test_openai_client_knows_a_missing_model(client):
    with pytest.raises(NotFoundError) as raised:
        complete(client, "hello", model="gpt-0")

    assert raised.value.param == "model"


@pytest.mark.parametrize(
    ("script", "requests"), [("ask status 502", 2), ("ask status 401", 1), ("divide 1 0", 1)]
)
def test_openai_client_retries_only_where_it_is_told_that_it_helps(client, script, requests):
    sent = []
    retrying = client.with_options(max_retries=1)
    retrying._client.event_hooks["request"] = [sent.append]

    with pytest.raises(APIError):
        complete(retrying, script)

    assert len(sent) == requests


def messages(*contents, role="user"):
    return [{"role": role, "content": content} for content in contents]


ACCEPTED = {
    "developer": messages("be brief", role="developer") + messages("hi"),
    "system": messages("be brief", role="system") + messages("hi"),
    "parts": messages([{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]),
    "a tool's answer": [
        {"role": "assistant", "tool_calls": [{"id": "1"}], "content": None},
        {"role": "tool", "tool_call_id": "1", "content": "4"},
    ],
}


@pytest.mark.parametrize("conversation", ACCEPTED.values(), ids=ACCEPTED)
def test_conversation_as_the_api_has_it_is_taken(client, conversation):
    completion = client.chat.completions.create(model="loopback", messages=conversation)

    assert completion.choices[0].finish_reason == "stop"


def test_openai_client_lists_the_models(client):
    assert [model.id for model in client.models.list()] == ["loopback"]
    assert client.models.retrieve("loopback").object == "model"
    with pytest.raises(NotFoundError):
        client.models.retrieve("org/gpt-0")


def stream(client, script, **options):
    return client.chat.completions.create(model="loopback", messages=messages(script), stream=True, **options)


def read(chunks, into):
    for chunk in chunks:
        into += [choice.delta.content for choice in chunk.choices if choice.delta.content]
    return chunk


def test_openai_client_reads_a_stream_to_its_end(client):
    said = []

    last = read(stream(client, "one\nask a b\nthree", stream_options={"include_usage": True}), said)

    assert "".join(said) == "one\nb a\nthree"
    assert last.usage.total_tokens == 9


@pytest.mark.parametrize(
    ("script", "code", "kind"),
    [
        ("one\nask status 502", "llm_unavailable", "server_error"),
        ("one\nask status 429", "llm_rate_limited", "rate_limit_error"),
        ("one\ndivide 1 0", "unknown_failure", "server_error"),
        ("one\nagain", "iteration_limit", "invalid_request_error"),
    ],
)
def test_openai_client_is_told_of_a_failure_in_the_middle(client, script, code, kind):
    said = []

    with pytest.raises(APIError) as raised:
        read(stream(client, script), said)

    assert said[0] == "one"
    assert (raised.value.code, raised.value.type) == (code, kind)
    assert raised.value.message.endswith(".")


@pytest.mark.parametrize(
    ("script", "error"), [("ask status 429", RateLimitError), ("word " * 1_001, BadRequestError)]
)
def test_failure_before_the_first_chunk_has_its_status(client, script, error):
    with pytest.raises(error):
        stream(client, script)


def test_stream_keeps_its_place_until_it_ends(app):
    app = build("threads_app", {room.PREFIX: room}, {"THREADS_MOST": 1})
    streaming = app.test_client().post(PATH, headers=KEY, json=chat("a\nb") | {"stream": True})

    refused = run(app, "hello").response.status_code
    chunks = streaming.get_data(as_text=True)
    accepted = run(app, "hello").response.status_code

    assert (refused, accepted) == (429, 200)
    assert chunks.endswith("data: [DONE]\n\n")


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [("2", {2}), ("1.5", {2}), ("0", {0}), (None, {3, 4, 5}), ("-1", {None}), ("soon", {None})],
)
@pytest.mark.parametrize("status", [429, 503])
def test_wait_of_the_provider_reaches_the_client_in_each_form(app, status, wait, seconds):
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=5), usegmt=True)

    outcome = run(app, f"ask status {status} {date if wait is None else wait}")

    told = outcome.response.headers.get("Retry-After")
    assert outcome.response.status_code == status
    assert (None if told is None else int(told)) in seconds


@pytest.mark.parametrize(
    ("status", "body", "refusal"),
    [
        (413, "", Refusal.CONTEXT),
        (400, "This model's maximum context length is 128000 tokens", Refusal.CONTEXT),
        (402, "", Refusal.QUOTA),
        (429, '{"error":{"code":"insufficient_quota"}}', Refusal.QUOTA),
        (401, "", Refusal.AUTH),
        (403, "context length", Refusal.AUTH),
        (429, "", Refusal.RATE),
        (404, '{"error":"model does not exist"}', Refusal.MODEL),
        (404, '{"error":"resource does not exist"}', Refusal.OTHER),
        (400, "prompt is too long for this schema", Refusal.OTHER),
        (408, "", Refusal.DOWN),
        (500, "", Refusal.DOWN),
        (599, "rate limited", Refusal.DOWN),
        (409, "", Refusal.OTHER),
    ],
)
def test_refusal_is_told_by_its_status_first(status, body, refusal):
    assert sort_refusal(status, body) is refusal


def test_terminal_chat_tells_the_sentence_of_http_and_logs_the_raw_text(app, caplog):
    with caplog.at_level(logging.WARNING):
        result = app.test_cli_runner().invoke(
            args=["chat"], input="hello\ndivide 1 0\nask status 402\nask a b\n"
        )

    assert result.exit_code == 0
    said = [line.partition("agent> ")[2] for line in result.output.splitlines() if "agent> " in line]
    assert said == [
        "hello",
        UnknownFailureError.public,
        LlmQuotaExceededError.public,
        "b a",
    ]
    assert "ZeroDivisionError" in caplog.records[0].error
    assert [record.channel for record in caplog.records] == ["terminal", "terminal"]


def test_chat_gets_the_sentence_without_any_request(caplog):
    failure = ThreadFailedError("Traceback …\nRuntimeError: HTTP 502 Bad Gateway")

    with caplog.at_level(logging.WARNING):
        sentence = tell(FAULTS, failure, user_id="alice", channel="telegram")

    assert sentence == "The AI model is temporarily unavailable. Please try again in a few moments."
    assert [(record.user_id, record.channel, record.error) for record in caplog.records] == [
        ("alice", "telegram", str(failure))
    ]


def test_fault_of_a_chat_is_the_one_of_http(app):
    described = FAULTS.describe(ThreadFailedError("Reached maximum iterations (16)"))

    outcome = run(app, "again")

    assert outcome.signals[0]["fault"].text == described.text
    assert outcome.signals[0]["fault"].category is described.category


def test_walk_goes_as_its_steps_say(app):
    outcomes = [*walk(app, [room])]

    assert [outcome.mistakes for outcome in outcomes] == [()] * len(room.WALK)


def test_domain_of_threads_brings_in_no_flask():
    program = (
        "import sys, example_app.threads.provider, example_app.threads.errors; print('flask' in sys.modules)"
    )

    seen = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)

    assert (seen.stderr, seen.stdout.strip()) == ("", "False")
