"""Calls by Backend.AI's own clients, under their own Python; prints what each of them saw as JSON.

``python backendai_calls.py <URL of the coordinator> <URL of the app>``
"""

import asyncio
import json
import sys
from uuid import uuid4

import aiohttp
from ai.backend.client.config import APIConfig
from ai.backend.client.exceptions import BackendAPIError
from ai.backend.client.request import Request
from ai.backend.client.session import Session, api_session
from ai.backend.common.dto.appproxy_coordinator.v2.endpoint.request import (
    BulkCreateEndpointRequest,
    BulkDeleteEndpointRequest,
)
from ai.backend.common.exception import ErrorCode
from ai.backend.manager.clients.appproxy.client import AppProxyClient
from ai.backend.manager.clients.appproxy.types import CreateEndpointRequestBody


def wish(name):
    ids = {"user_uuid": str(uuid4()), "project_id": str(uuid4()), "domain_name": "default"}
    return {
        "service_name": name,
        "tags": {"session": ids, "endpoint": {"id": "e", "runtime_variant": "vllm"}},
    }


async def drive_coordinator(url):
    seen = {}
    async with aiohttp.ClientSession(url) as session:
        client, stranger = AppProxyClient(session, url, "tour"), AppProxyClient(session, url, "wrong")
        first, second = uuid4(), uuid4()
        seen["status"] = (await client.fetch_status()).api_version
        body = CreateEndpointRequestBody.model_validate(wish("chat"))
        seen["create"] = (await client.create_endpoint(first, body))["endpoint"]
        for case, who, name in (
            ("taken", client, "chat"),
            ("bad name", client, "no name"),
            ("token", stranger, "x"),
        ):
            try:
                await who.create_endpoint(uuid4(), CreateEndpointRequestBody.model_validate(wish(name)))
            except aiohttp.ClientResponseError as exc:
                seen[case] = exc.status
        bulk = BulkCreateEndpointRequest.model_validate(
            {"endpoints": [{**wish("music"), "deployment_id": second}]}
        )
        made = await client.create_endpoints_bulk(bulk)
        seen["bulk"] = [str(item.url) for item in made.endpoints]
        gone = BulkDeleteEndpointRequest.model_validate(
            {"endpoints": [{"deployment_id": second}, {"deployment_id": uuid4()}]}
        )
        seen["bulk delete"] = [item.success for item in (await client.delete_endpoints_bulk(gone)).endpoints]
        await client.delete_endpoint(first)
        token = {"X-BackendAI-Token": "tour"}
        async with session.delete(f"/v2/endpoints/{first}", headers=token) as again:
            code = ErrorCode.from_str((await again.json())["error_code"])
            seen["deleted again"] = (again.status, str(code))
    return seen


async def ask(method, path, body):
    request = Request(method, path)
    request.set_json(body)
    async with request.fetch() as response:
        return await response.json()


def drive_app(url):
    config = APIConfig(endpoint=url, endpoint_type="api", access_key="A" * 20, secret_key="S" * 40)
    seen = {}
    with Session(config=config) as session:
        for case, method, path, body in (
            ("create", "POST", "/endpoints", {"name": "vision"}),
            ("taken", "POST", "/endpoints", {"name": "vision"}),
            ("bad name", "POST", "/endpoints", {"name": "no name"}),
            ("missing", "DELETE", "/endpoints/nobody", {}),
            ("unknown path", "GET", "/endpoints/a/b/c", {}),
        ):
            token = api_session.set(session)
            try:
                seen[case] = session.worker_thread.execute(ask(method, path, body))
            except BackendAPIError as exc:
                seen[case] = [
                    exc.status,
                    str(ErrorCode.from_str(exc.data["error_code"])),
                    exc.data.get("msg"),
                ]
            finally:
                api_session.reset(token)
    return seen


def main():
    coordinator, app = sys.argv[1:]
    print(json.dumps({"coordinator": asyncio.run(drive_coordinator(coordinator)), "app": drive_app(app)}))


if __name__ == "__main__":
    main()
