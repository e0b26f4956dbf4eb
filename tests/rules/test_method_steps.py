"""Steps of a path that are methods: asked with ``()``, told of once without."""

import grpc
import pytest
from flow_app import answer_to

from flask_faultmap import ConfigError, Rule
from flask_faultmap.errors import GoneError, NotFoundError, UnavailableError
from flask_faultmap.rules.rulebook import RuleBook


class Status:
    value = (5, "not found")

    def name(self):
        return "NOT_FOUND"


class CallError(Exception):
    """A foreign error that tells its code by a method, as gRPC's do."""

    kind = "call"

    def code(self):
        return 5

    def status(self):
        return Status()

    def details(self, language):
        return language

    def failing(self):
        raise OSError("gone")

    async def later(self):
        return 5


def book(path, value):
    return RuleBook([Rule(on=CallError, where={path: value}, to=NotFoundError)])


def reason_of(path, value=5):
    [verdict] = book(path, value).verdicts(CallError())
    return verdict.reason


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("code()", 5),
        ("status().name()", "NOT_FOUND"),
        ("status().value.0", 5),
        ("args.count()", None),
        ("__class__.__name__", "CallError"),
    ],
)
def test_step_with_parentheses_is_what_the_method_returns(path, value):
    decided = book(path, value).decide(CallError()) is not None

    assert decided is (value is not None)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("code", "code is a method; write code() for what it returns"),
        ("status.name", "status is a method; write status() for what it returns"),
        ("status().name", "name is a method; write name() for what it returns"),
        ("kind()", "CallError has no kind()"),
        ("nothing()", "CallError has no nothing()"),
        ("later()", "CallError has no later()"),
        ("code().value", "code() has no value"),
        ("__cause__.code", "None has no code"),
        ("code()", "code() is not 6"),
        ("details()", "raised TypeError"),
        ("failing()", "raised OSError"),
    ],
)
def test_reason_says_in_words_why_a_step_leads_nowhere(path, reason):
    assert reason_of(path, 6) == reason


@pytest.mark.parametrize("path", ["code", "status.name", "status().name"])
def test_method_that_is_not_called_is_logged_once(path, caplog):
    rules = book(path, 5)

    for _ in range(3):
        assert rules.decide(CallError()) is None

    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert "is a method; write" in record.message


def test_table_by_a_method_that_is_not_called_is_logged_once(caplog):
    rules = RuleBook([Rule(on=CallError, table="code", to={5: NotFoundError})])

    decisions = [rules.decide(CallError()) for _ in range(3)]

    assert decisions == [None] * 3
    assert [record.message.rpartition(": ")[2] for record in caplog.records] == [
        "code is a method; write code() for what it returns"
    ]


@pytest.mark.parametrize("path", ["()", "a.()", "a..b()", ""])
def test_path_of_parentheses_alone_is_refused(path):
    with pytest.raises(ConfigError, match="a path is names with dots between"):
        Rule(on=CallError, where={path: 1}, to=GoneError)


@pytest.fixture
def channel():
    """A channel to a gRPC server that knows no method."""
    from concurrent.futures import ThreadPoolExecutor

    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel
    server.stop(None).wait()


def test_status_of_a_grpc_call_chooses_the_error(channel):
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/shop.Boxes/Get")(b"", timeout=30)
    codes = {grpc.StatusCode.UNIMPLEMENTED: GoneError, grpc.StatusCode.UNAVAILABLE: UnavailableError}

    response = answer_to(caught.value, rules=[Rule(on=grpc.RpcError, table="code()", to=codes)])

    assert (response.status_code, response.json["code"]) == (410, "gone")
