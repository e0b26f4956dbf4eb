"""The pack for gRPC, against a real server, sync and async."""

import asyncio
from concurrent import futures

import grpc
import pytest

from flask_faultmap import FaultMap
from flask_faultmap.packs import GRPC
from flask_faultmap.packs.grpc import BY_CODE

FAULTS = FaultMap(rules=GRPC)
SECRET = "password=hunter2"
STATUSES = {
    "INVALID_ARGUMENT": 400,
    "OUT_OF_RANGE": 400,
    "FAILED_PRECONDITION": 400,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "ABORTED": 409,
    "UNAUTHENTICATED": 500,
    "PERMISSION_DENIED": 500,
    "RESOURCE_EXHAUSTED": 503,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
    "UNIMPLEMENTED": 502,
    "INTERNAL": 502,
    "DATA_LOSS": 502,
    "UNKNOWN": 502,
    "CANCELLED": 500,
}


class Failing(grpc.GenericRpcHandler):
    def service(self, details):
        code = grpc.StatusCode[details.method.removeprefix("/")]
        return grpc.unary_unary_rpc_method_handler(lambda _, context: context.abort(code, SECRET))


@pytest.fixture(scope="module")
def target():
    server = grpc.server(futures.ThreadPoolExecutor(2), handlers=[Failing()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code.name != "OK"], ids=str)
def test_every_status_code_has_its_status(target, code):
    with grpc.insecure_channel(target) as channel, pytest.raises(grpc.RpcError) as raised:
        channel.unary_unary(f"/{code.name}")(b"")

    fault = FAULTS.describe(raised.value)
    assert fault.status == STATUSES[code.name]
    assert SECRET not in repr(fault)


def test_async_call_is_known_too(target):
    async def ask():
        async with grpc.aio.insecure_channel(target) as channel:
            await channel.unary_unary("/NOT_FOUND")(b"")

    with pytest.raises(grpc.RpcError) as raised:
        asyncio.run(ask())

    assert FAULTS.describe(raised.value).status == 404


def test_table_has_every_code_but_ok_and_cancelled():
    assert {*BY_CODE, "OK", "CANCELLED"} == {code.name for code in grpc.StatusCode}
