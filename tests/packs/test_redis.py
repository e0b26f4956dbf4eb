"""The pack for redis-py, against a real server and the library's own parser of answers."""

import shutil
import subprocess
import time

import pytest
import redis
from redis.exceptions import AskError, DataError, NoScriptError, ResponseError

from flask_faultmap import FaultMap
from flask_faultmap.packs import REDIS

pytestmark = pytest.mark.long

FAULTS = FaultMap(rules=REDIS)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    folder = tmp_path_factory.mktemp("redis")
    path = folder / "redis.sock"
    line = [program, "--port", "0", "--unixsocket", str(path), "--dir", str(folder), "--save", ""]
    process = subprocess.Popen([*line, "--requirepass", "right"], stdout=subprocess.DEVNULL)
    while not path.exists() and process.poll() is None:
        time.sleep(0.05)
    yield str(path)
    process.terminate()
    process.wait()


@pytest.fixture
def client(server):
    with redis.Redis(unix_socket_path=server, password="right") as client:
        yield client
        client.config_set("maxmemory", 0)
        client.replicaof("NO", "ONE")


def fault_of(ask):
    with pytest.raises(redis.RedisError) as raised:
        ask()
    return FAULTS.describe(raised.value)


def test_server_that_is_away_may_be_asked_again(tmp_path):
    fault = fault_of(redis.Redis(unix_socket_path=str(tmp_path / "none"), retry=None).ping)

    assert (fault.status, fault.retryable) == (503, True)


@pytest.mark.parametrize("password", ["wrong", None])
def test_wrong_password_is_ours_and_not_retried(server, password):
    fault = fault_of(redis.Redis(unix_socket_path=server, password=password).ping)

    assert (fault.status, fault.retryable) == (500, False)


def test_forbidden_command_is_ours(client, server):
    client.acl_setuser("reader", enabled=True, passwords=["+p"], commands=["+get"], keys=["*"])

    fault = fault_of(
        lambda: redis.Redis(unix_socket_path=server, username="reader", password="p").set("a", 1)
    )

    assert (fault.status, fault.retryable) == (500, False)


def test_replica_is_read_only_for_a_while(client):
    client.replicaof("127.0.0.1", 1)

    fault = fault_of(lambda: client.set("a", 1))

    assert (fault.status, fault.retryable) == (503, True)


def test_master_that_is_down_may_be_asked_again(client):
    client.config_set("replica-serve-stale-data", "no")
    client.replicaof("127.0.0.1", 1)

    fault = fault_of(lambda: client.get("a"))
    client.config_set("replica-serve-stale-data", "yes")

    assert (fault.status, fault.retryable) == (503, True)


def test_full_memory_may_be_asked_again(client):
    client.config_set("maxmemory", 1)

    assert fault_of(lambda: client.set("a", "b" * 1000)).status == 503


def test_slow_answer_is_a_deadline(server):
    client = redis.Redis(unix_socket_path=server, password="right", socket_timeout=0.5, retry=None)

    assert fault_of(lambda: client.blpop("nothing", 0)).status == 504


def test_lock_of_another_may_be_tried_again(client):
    lock = client.lock("l", timeout=10)
    lock.acquire()
    client.set("l", "stolen")

    fault = fault_of(lock.release)

    assert (fault.status, fault.code) == (409, "aborted")


def test_watched_key_that_changed_may_be_tried_again(client):
    def change():
        with client.pipeline() as pipe:
            pipe.watch("w")
            client.set("w", 1)
            pipe.multi()
            pipe.set("w", 2)
            pipe.execute()

    assert fault_of(change).code == "aborted"


@pytest.mark.parametrize(
    "text", ["MISCONF Redis is configured to save RDB snapshots", "NOREPLICAS Not enough good replicas"]
)
def test_answer_without_a_class_is_told_by_its_text(text):
    assert FAULTS.describe(ResponseError(text)).status == 503


def test_wrong_use_stays_a_bug(client):
    client.set("text", "a")

    assert fault_of(lambda: client.lpush("text", 1)).code == "internal"


@pytest.mark.parametrize("failure", [DataError("x"), NoScriptError("x"), AskError("1 h:1")], ids=repr)
def test_other_errors_stay_bugs(failure):
    assert FAULTS.describe(failure).code == "internal"
