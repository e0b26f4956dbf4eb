"""What a machine refuses before it is started: values that no body table can tell."""

import errno
import mmap
import platform
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address
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
MIN_BLOCK_MIB, MIN_SLOT_MIB = 2, 128
BACKING = "Error manipulating the backing file: "
BACKEND_TEXT = "Running method expected different backend."
MEMORY_TEXT = "The memory size (MiB) is either 0, or not a multiple of the configured page size."
TAP_TEXT = (
    "Could not create the network device: Open tap device failed: Error while creating ifreq structure: "
    f"Resource busy (os error {errno.EBUSY}). Invalid TUN/TAP Backend provided by {{}}. "
    "Check our documentation on setting up the network devices."
)


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
    page_mib = 2 if body.get("huge_pages") == "2M" else 1
    if body["mem_size_mib"] == 0 or body["mem_size_mib"] % page_mib:
        raise VmmActionError("MachineConfig", MEMORY_TEXT)
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
        text = "The list of network interface IDs that allow forwarding MMDS requests is empty."
        raise VmmActionError("MmdsConfig", text)
    if not all(name in config["network-interfaces"] for name in map(str, body["network_interfaces"])):
        raise VmmActionError(
            "MmdsConfig",
            "The list of network interface IDs provided contains at least one ID that does not correspond "
            "to any existing network interface.",
        )
    try:
        address = IPv4Address(body.get("ipv4_address", "169.254.169.254"))
    except ValueError as exc:
        raise BodyError("invalid IPv4 address syntax") from exc
    if not address.is_link_local or address.packed[2] in (0, 255):  # both are reserved (RFC 3927, 2.1)
        raise VmmActionError("MmdsConfig", "The MMDS IPv4 address is not link local.")


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
        raise VmmActionError("NetworkConfig", TAP_TEXT.format(tap))


def check_hotplug(host: Host, config: Config, body: Object) -> None:
    """Check that total, slots and blocks of memory fit into each other."""
    block, slot = body.get("block_size_mib", MIN_BLOCK_MIB), body.get("slot_size_mib", MIN_SLOT_MIB)
    total = body["total_size_mib"]
    wrong = {
        f"Block size must not be lower than {MIN_BLOCK_MIB} MiB": block < MIN_BLOCK_MIB,
        "Block size must be a power of 2": block & (block - 1),
        f"Slot size must not be lower than {MIN_SLOT_MIB} MiB": slot < MIN_SLOT_MIB,
        f"Slot size must be a multiple of block size ({block} MiB)": slot % max(block, 1),
        f"Total size must not be lower than slot size ({slot} MiB)": total < slot,
        f"Total size must be a multiple of slot size ({slot} MiB)": total % max(slot, 1),
    }
    text = next((text for text, is_wrong in wrong.items() if is_wrong), None)
    if text is not None:
        raise VmmActionError("MemoryHotplugConfig", text)


def check_drive(host: Host, config: Config, body: Object) -> None:
    """Check that the drive's file can be opened, and that one drive at most is the root."""
    others = {name: drive for name, drive in config["drives"].items() if name != body["drive_id"]}
    if len(others) >= MAX_DRIVES:
        raise CapError(f"drives: per-class cap {MAX_DRIVES} exceeded")
    roots = [*(drive["is_root_device"] for drive in others.values()), has_root(config["pmem"])]
    if body["is_root_device"] and any(roots):
        raise VmmActionError("DriveConfig", "A root block device already exists!")
    if "socket" not in body:
        open_file("DriveConfig", body.get("path_on_host"), BACKING)


def check_pmem(host: Host, config: Config, body: Object) -> None:
    """Check that the device's file can be opened, and that one device at most is the root."""
    others = {name: device for name, device in config["pmem"].items() if name != body["id"]}
    if body.get("root_device") and any(drive["is_root_device"] for drive in config["drives"].values()):
        text = "Attempt to add pmem as a root device while the root device defined as a block device"
        raise VmmActionError("PmemConfig", text)
    if body.get("root_device") and has_root(others):
        raise VmmActionError("PmemConfig", "A root pmem device already exist")
    open_file("PmemConfig", body["path_on_host"], BACKING)


def has_root(pmem: Config) -> bool:
    """Say whether one of the *pmem* devices is the root."""
    return any(device.get("root_device") for device in pmem.values())


def open_file(variant: str, path: str | None, doing: str = "") -> None:
    """Try to open the file at *path*; the error begins with what was being done."""
    if path is None:
        raise VmmActionError(variant, BACKEND_TEXT)
    with telling_why(variant, path, doing), open(path, "rb"):
        pass


@contextmanager
def telling_why(variant: str, path: str, doing: str = "") -> Iterator[None]:
    """Turn what the system says about *path* into an error of the VMM."""
    try:
        yield
    except OSError as exc:
        raise VmmActionError(variant, f"{doing}{exc.strerror} (os error {exc.errno}) {path}") from exc
    except ValueError as exc:  # a NUL or a lone surrogate
        raise VmmActionError(variant, f"{doing}Invalid argument (os error {errno.EINVAL})") from exc


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
    "hotplug/memory": check_hotplug,
    "machine-config": check_machine,
    "mmds/config": check_metadata_config,
    "network-interfaces": check_network,
    "pmem": check_pmem,
}
