"""What a machine refuses before it is started: values that no body table can tell."""

import errno
import mmap
import platform
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from example_app.machine.errors import BodyError, CapError, VmmActionError

Object = dict[str, Any]
Config = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What the machine runs on: its architecture, and the most memory that it gives."""

    architecture: str = field(default_factory=platform.machine)
    ram_mib: int | None = None


MAC = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}")
MAX_DRIVES = 8
MAX_VCPUS = 32
BALLOON_KEEPS_MIB = 32
BACKEND_TEXT = "Running method expected different backend."


def check_machine(host: Host, config: Config, body: Object) -> None:
    """Check CPUs and memory."""
    cpus, smt = body["vcpu_count"], body.get("smt", False)
    if smt and host.architecture == "aarch64":
        text = "Enabling simultaneous multithreading is not supported on aarch64."
        raise VmmActionError("MachineConfig", text)
    if not 1 <= cpus <= MAX_VCPUS or (smt and cpus > 1 and cpus % 2):
        raise VmmActionError(
            "MachineConfig",
            f"The number of vCPUs must be greater than 0, less than {MAX_VCPUS} "
            "and must be 1 or an even number if SMT is enabled.",
        )
    if body["mem_size_mib"] == 0:
        raise VmmActionError("MachineConfig", "The memory size (MiB) is 0.")
    if host.ram_mib is not None and body["mem_size_mib"] > host.ram_mib:
        raise CapError(f"mem_size_mib={body['mem_size_mib']} exceeds host RAM cap of {host.ram_mib} MiB")


def check_balloon(host: Host, config: Config, body: Object) -> None:
    """Check that the balloon leaves the guest something."""
    memory = config["machine-config"]["mem_size_mib"]
    most = memory - BALLOON_KEEPS_MIB
    if body["amount_mib"] > most:
        raise CapError(
            f"balloon amount_mib={body['amount_mib']} exceeds max "
            f"({most} = mem_size_mib {memory} - {BALLOON_KEEPS_MIB})"
        )


def check_metadata_config(host: Host, config: Config, body: Object) -> None:
    """Check that the metadata can be reached."""
    if not body["network_interfaces"]:
        raise VmmActionError("MmdsConfig", "The list of network interface IDs provided is empty.")
    if not all(name in config["network-interfaces"] for name in map(str, body["network_interfaces"])):
        raise VmmActionError(
            "MmdsConfig",
            "The list of network interface IDs provided contains at least one ID that does not correspond "
            "to any existing network interface.",
        )


def check_network(host: Host, config: Config, body: Object) -> None:
    """Check that no other interface has the MAC address or the tap device."""
    others = [each for name, each in config["network-interfaces"].items() if name != body["iface_id"]]
    mac = body.get("guest_mac")
    if mac is not None and not MAC.fullmatch(mac):
        raise BodyError(f"invalid MAC address: {mac}")
    if mac is not None and any(each.get("guest_mac", "").lower() == mac.lower() for each in others):
        raise VmmActionError("NetworkConfig", f"The MAC address is already in use: {mac}")
    tap = body["host_dev_name"]
    if any(each["host_dev_name"] == tap for each in others):
        text = f"Open tap device failed: Error while creating ifreq structure: Resource busy: {tap}"
        raise VmmActionError("NetworkConfig", text)


def check_drive(host: Host, config: Config, body: Object) -> None:
    """Check that the drive's file can be opened, and that one drive at most is the root."""
    others = {name: drive for name, drive in config["drives"].items() if name != body["drive_id"]}
    if len(others) >= MAX_DRIVES:
        raise CapError(f"drives: per-class cap {MAX_DRIVES} exceeded")
    if body["is_root_device"] and any(drive["is_root_device"] for drive in others.values()):
        raise VmmActionError("DriveConfig", "A root block device already exists!")
    if "socket" not in body:
        open_file("DriveConfig", body.get("path_on_host"))


def check_pmem(host: Host, config: Config, body: Object) -> None:
    """Check that the device's file can be opened, and that one device at most is the root."""
    others = (device for name, device in config["pmem"].items() if name != body["id"])
    if body.get("root_device") and any(device.get("root_device") for device in others):
        raise VmmActionError("PmemConfig", "A root pmem device already exist")
    open_file("PmemConfig", body["path_on_host"])


def open_file(variant: str, path: str | None) -> None:
    """Try to open the file at *path*."""
    if path is None:
        raise VmmActionError(variant, BACKEND_TEXT)
    with telling_why(variant, path), open(path, "rb"):
        pass


@contextmanager
def telling_why(variant: str, path: str) -> Iterator[None]:
    """Turn what the system says about *path* into an error of the VMM."""
    try:
        yield
    except OSError as exc:
        raise VmmActionError(variant, f"{exc.strerror} (os error {exc.errno}) {path}") from exc
    except ValueError as exc:  # a NUL or a lone surrogate
        raise VmmActionError(variant, f"Invalid argument (os error {errno.EINVAL})") from exc


def reserve_memory(mib: int) -> None:
    """Try to get the guest's memory from the system."""
    try:
        mmap.mmap(-1, mib << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except (OSError, OverflowError) as exc:
        text = f"Cannot create mmap region: Out of memory (os error {errno.ENOMEM})"
        raise VmmActionError("StartMicrovm", f"Invalid Memory Configuration: {text}") from exc


CHECKS: Mapping[str, Callable[[Host, Config, Object], None]] = {
    "balloon": check_balloon,
    "drives": check_drive,
    "machine-config": check_machine,
    "mmds/config": check_metadata_config,
    "network-interfaces": check_network,
    "pmem": check_pmem,
}
