"""A real Firecracker client drives the room *machine*, over a unix socket, as it would drive Firecracker."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from firecracker.api import Api
from firecracker.exceptions import APIError
from werkzeug.serving import make_server

from example_app import create_machine_app
from example_app.rooms import close_rooms
from example_app.tour import QuietHandler
from flask_faultmap.upstreams import UpstreamConnectionError, upstream


@pytest.fixture
def socket(tmp_path: Path) -> Iterator[str]:
    with machine_at(str(tmp_path / "firecracker.sock")) as path:
        yield path


@contextmanager
def machine_at(path: str) -> Iterator[str]:
    app = create_machine_app({"MACHINE_SECONDS": 0.2})
    server = make_server(f"unix://{path}", 0, app, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield path
    server.shutdown()
    thread.join()
    server.server_close()
    close_rooms(app)


class Silent(QuietHandler):
    """Prints nothing; the address of a unix socket's peer is no pair."""

    def log(self, *args: object) -> None:
        pass


@pytest.fixture
def api(socket: str) -> Iterator[Api]:
    client = Api(socket)
    yield client
    client.close()


@pytest.fixture
def image(tmp_path: Path) -> str:
    path = tmp_path / "rootfs.ext4"
    path.write_bytes(b"\0" * 512)
    return str(path)


def set_up(api: Api, image: str) -> None:
    api.machine_config.put(vcpu_count=2, mem_size_mib=256)
    api.boot.put(kernel_image_path=image, boot_args="console=ttyS0")
    api.drive.put(drive_id="root", path_on_host=image, is_root_device=True, is_read_only=True)
    api.mmds_config.put(version="V2", network_interfaces=["eth0"])


def state(api: Api) -> str:
    return api.describe.get().json()["state"]


def test_a_whole_session_from_set_up_to_start(api: Api, image: str) -> None:
    api.network.put(iface_id="eth0", host_dev_name="tap0")
    set_up(api, image)
    api.mmds.put(latest={"meta-data": {"name": "vm"}})
    before = state(api)

    api.actions.put(action_type="InstanceStart")

    assert (before, state(api)) == ("Not started", "Running")
    assert api.vm_config.get().json()["machine-config"]["vcpu_count"] == 2
    assert api.mmds.get().json() == {"latest": {"meta-data": {"name": "vm"}}}


def test_a_refused_step_leaves_the_session_going(api: Api, image: str) -> None:
    api.network.put(iface_id="eth0", host_dev_name="tap0")
    with pytest.raises(APIError):
        api.drive.put(drive_id="root", path_on_host="/nonexistent.img", is_root_device=True)
    set_up(api, image)

    api.actions.put(action_type="InstanceStart")

    assert state(api) == "Running"


REFUSALS: dict[str, tuple[Callable[[Api], object], str]] = {
    "no kernel": (
        lambda api: api.actions.put(action_type="InstanceStart"),
        "Cannot start microvm without kernel configuration.",
    ),
    "no CPUs": (
        lambda api: api.machine_config.put(vcpu_count=0, mem_size_mib=256),
        "The number of vCPUs must be greater than 0",
    ),
    "no such file": (
        lambda api: api.drive.put(drive_id="root", path_on_host="/nonexistent.img", is_root_device=True),
        "No such file or directory (os error 2)",
    ),
    "another name in the path": (
        lambda api: api.drive.request("PUT", "/drives/root", drive_id="other", is_root_device=True),
        "The id from the path does not match the id from the body!",
    ),
    "no such action": (lambda api: api.actions.put(action_type="Fly"), "unknown variant `Fly`"),
    "no such field": (
        lambda api: api.machine_config.put(vcpu_count=1, mem_size_mib=128, colour="red"),
        "unknown field `colour`",
    ),
    "too early": (
        lambda api: api.vm.patch(state="Paused"),
        "The requested operation is not supported before starting the microVM.",
    ),
    "no such path": (
        lambda api: api.vm.request("PUT", "/nope", x=1),
        "Invalid request method and/or path: PUT nope.",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_comes_as_the_fault_message_that_the_client_reads(api: Api, name: str) -> None:
    call, words = REFUSALS[name]

    with pytest.raises(APIError, match=r"^API fault: ") as caught:
        call(api)

    assert words in str(caught.value)


def test_what_comes_too_late_is_refused(api: Api, image: str) -> None:
    api.network.put(iface_id="eth0", host_dev_name="tap0")
    set_up(api, image)
    api.actions.put(action_type="InstanceStart")

    with pytest.raises(APIError, match="not supported after starting the microVM"):
        api.machine_config.patch(vcpu_count=4)


def test_machine_that_is_shut_down_says_so_and_does_nothing_more(
    api: Api, image: str, tmp_path: Path
) -> None:
    api.boot.put(kernel_image_path=image)
    api.actions.put(action_type="InstanceStart")
    api.vm.patch(state="Paused")

    api.actions.put(action_type="SendCtrlAltDel")

    assert state(api) == "Shutdown"
    for wanted in ("Paused", "Resumed"):
        with pytest.raises(APIError, match="the microVM is shut down"):
            api.vm.patch(state=wanted)
    with pytest.raises(APIError, match="the microVM is shut down"):
        api.create_snapshot.put(snapshot_path=str(tmp_path / "s"), mem_file_path=str(tmp_path / "m"))


def test_snapshot_of_one_machine_starts_another(api: Api, image: str, tmp_path: Path) -> None:
    api.network.put(iface_id="eth0", host_dev_name="tap0")
    set_up(api, image)
    api.actions.put(action_type="InstanceStart")
    paths = {"snapshot_path": str(tmp_path / "state"), "mem_file_path": str(tmp_path / "memory")}
    with pytest.raises(APIError, match="Create snapshot error"):
        api.create_snapshot.put(**paths)
    api.vm.patch(state="Paused")
    api.create_snapshot.put(**paths)
    memory = {"backend_type": "File", "backend_path": paths["mem_file_path"]}

    with machine_at(str(tmp_path / "other.sock")) as path:
        other = Api(path)
        with pytest.raises(APIError, match="Load snapshot error: No such file or directory"):
            other.load_snapshot.put(snapshot_path="/nonexistent", mem_backend=memory)
        other.load_snapshot.put(snapshot_path=paths["snapshot_path"], mem_backend=memory)
        loaded = state(other)
        other.vm.patch(state="Resumed")

        assert (loaded, state(other)) == ("Paused", "Running")
        assert other.machine_config.get().json() == api.machine_config.get().json()
        with pytest.raises(APIError, match="not supported after starting"):
            other.load_snapshot.put(snapshot_path=paths["snapshot_path"], mem_backend=memory)
        other.close()


def test_interface_that_takes_what_another_has_is_refused(api: Api) -> None:
    api.network.put(iface_id="eth0", host_dev_name="tap0", guest_mac="06:00:00:00:00:01")

    with pytest.raises(APIError, match="The MAC address is already in use: 06:00:00:00:00:01"):
        api.network.put(iface_id="eth1", host_dev_name="tap1", guest_mac="06:00:00:00:00:01")
    with pytest.raises(APIError, match="Could not create the network device: Open tap device failed"):
        api.network.put(iface_id="eth1", host_dev_name="tap0")
    with pytest.raises(APIError, match="invalid MAC address"):
        api.network.put(iface_id="eth1", host_dev_name="tap1", guest_mac="nonsense")
    api.network.put(iface_id="eth0", host_dev_name="tap0", guest_mac="06:00:00:00:00:01")


def test_statistics_of_a_balloon_are_told_where_they_are_polled(api: Api, image: str) -> None:
    def ask(method: str, path: str, **body: Any) -> Any:
        return api.vm.request(method, path, **body)

    ask("PUT", "/cpu-config", kvm_capabilities=[])
    ask("PUT", "/serial", serial_out_path="/dev/null")
    ask("PUT", "/balloon", amount_mib=16, deflate_on_oom=True, stats_polling_interval_s=1)
    api.boot.put(kernel_image_path=image)
    api.actions.put(action_type="InstanceStart")

    told = api.session.get(f"{api.endpoint}/balloon/statistics").json()

    assert told["target_mib"] == 16
    ask("PATCH", "/balloon/statistics", stats_polling_interval_s=5)
    with pytest.raises(APIError, match="Statistics cannot be enabled/disabled after activation"):
        ask("PATCH", "/balloon/statistics", stats_polling_interval_s=0)


def test_metadata_for_no_interface_are_refused(api: Api) -> None:
    with pytest.raises(
        APIError, match="The list of network interface IDs that allow forwarding MMDS requests is empty"
    ):
        api.mmds_config.put(version="V2", network_interfaces=[])


def test_metadata_that_do_not_fit_are_refused_with_words(api: Api) -> None:
    with pytest.raises(APIError, match="API fault: MMDS limit exceeded"):
        api.mmds.put(padding="x" * 60_000)


async def version_of(socket: str) -> Any:
    session = aiohttp.ClientSession(connector=aiohttp.UnixConnector(socket))
    async with upstream("firecracker", operation="version") as call, session:
        return await call.json(await session.get("http://machine/version"))


def test_an_answer_over_a_socket_is_checked_like_any_other(socket: str) -> None:
    assert asyncio.run(version_of(socket)) == {"firecracker_version": "1.17.0"}


def test_a_socket_that_is_not_there_was_never_asked(tmp_path: Path) -> None:
    with pytest.raises(UpstreamConnectionError) as caught:
        asyncio.run(version_of(str(tmp_path / "none.sock")))

    assert (caught.value.applied, caught.value.retryable) == (False, True)
