"""What a block makes of a group, as several calls at the same time leave one."""

import asyncio
import traceback
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from misbehaving import Misbehaving, misbehaving

from flask_faultmap.errors import GoneError, NotFoundError
from flask_faultmap.upstreams import UpstreamResponseError, UpstreamUnavailableError, upstream

SECRET = "token=tweety"


@pytest.fixture(scope="module")
def server() -> Iterator[Misbehaving]:
    with misbehaving() as running:
        yield running


def what_leaves(failure: BaseException) -> BaseException:
    """Give what leaves a block in which *failure* was raised."""
    with (
        pytest.raises((Exception, BaseExceptionGroup)) as caught,
        upstream("appproxy", operation="list_endpoints"),
    ):
        raise failure
    return caught.value


def test_calls_at_the_same_time_leave_as_the_failure_of_the_first(server: Misbehaving) -> None:
    async def ask(client: httpx.AsyncClient, status: int) -> None:
        (await client.get(f"{server.url}/say?status={status}&body=%5B{status}%5D")).raise_for_status()

    async def ask_in_a_group() -> None:
        async with (
            upstream("appproxy", operation="list_endpoints"),
            httpx.AsyncClient() as client,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(ask(client, 503))

    with pytest.raises(UpstreamUnavailableError) as caught:
        asyncio.run(ask_in_a_group())

    assert caught.value.extra_data["body"] == [503]
    assert isinstance(caught.value.__cause__, ExceptionGroup)


def nested(failure: Exception, depth: int) -> Exception:
    for _ in range(depth):
        failure = ExceptionGroup("all", [failure])
    return failure


@pytest.mark.parametrize(
    ("failures", "code"),
    [
        ([httpx.ConnectError("a"), httpx.PoolTimeout("b")], "upstream_connection"),
        ([httpx.PoolTimeout("b"), httpx.ConnectError("a")], "upstream_pool"),
        ([NotFoundError("a"), httpx.ReadTimeout("b")], "upstream_read_timeout"),
        ([nested(httpx.ReadTimeout("a"), 5_000), httpx.ConnectError("b")], "upstream_read_timeout"),
    ],
    ids=["both", "turned", "beside a domain error", "deep"],
)
def test_first_failure_of_a_client_library_speaks_for_its_group(failures: Any, code: str) -> None:
    group = ExceptionGroup("all", failures)

    error: Any = what_leaves(group)

    assert (error.code, error.__cause__) == (code, group)


@pytest.mark.parametrize(
    "group",
    [
        ExceptionGroup("all", [httpx.ConnectError("a"), ZeroDivisionError("b")]),
        ExceptionGroup("all", [GoneError("a"), UpstreamResponseError("b")]),
        BaseExceptionGroup("all", [httpx.ConnectError("a"), asyncio.CancelledError()]),
    ],
    ids=["with a bug", "of domain errors", "with what is no failure"],
)
def test_group_that_holds_anything_else_passes_as_it_is(group: BaseException) -> None:
    assert what_leaves(group) is group


def test_no_member_of_a_group_tells_the_secrets_of_its_url() -> None:
    group = ExceptionGroup("all", [httpx.ConnectError(f"cannot reach http://h/?{SECRET}")])

    text = "".join(traceback.format_exception(what_leaves(group)))

    assert "cannot reach http://h/?[redacted]" in text
    assert SECRET not in text.replace(f'SECRET = "{SECRET}"', "")
