"""One machine: its configuration, its life, and what is allowed when."""

import threading
from typing import Any

from example_app.machine.checks import (
    BACKEND_TEXT,
    BACKING,
    CHECKS,
    Host,
    check_balloon,
    check_machine,
    open_file,
    reserve_memory,
)
from example_app.machine.errors import RequestError, VmmActionError
from example_app.machine.guest import Guest
from example_app.machine.metadata import MetadataStore
from example_app.machine.snapshots import read_snapshot, write_snapshot

Object = dict[str, Any]

VERSION = "1.17.0"
LIMIT = 51200
DEFAULTS: dict[str, Object] = {
    "machine-config": {"smt": False, "track_dirty_pages": False, "huge_pages": "None"}
}
ID_OF = {"drives": "drive_id", "network-interfaces": "iface_id", "pmem": "id"}
HINTS = ("start", "status", "stop")


class Machine:
    """One microVM.

    Args:
        host: what it runs on.
        limit: bytes of one request, and of the metadata store.
        seconds: that the guest has for answering.
        boot_seconds: that the guest takes to come up.
    """

    def __init__(
        self, host: Host, *, limit: int = LIMIT, seconds: float = 0.5, boot_seconds: float = 0
    ) -> None:
        self.limit = limit
        self.metadata = MetadataStore(limit)
        self.state = "Not started"
        self._host = host
        self._seconds = seconds
        self._boot_seconds = boot_seconds
        self._guest: Guest | None = None
        self._lock = threading.RLock()
        self._config: Object = {
            "machine-config": {"vcpu_count": 1, "mem_size_mib": 128, **DEFAULTS["machine-config"]},
            **{collection: {} for collection in ID_OF},
        }

    def info(self) -> Object:
        """Say what this is and how it is."""
        return {
            "id": "anonymous-instance",
            "state": self._tell_state(),
            "vmm_version": VERSION,
            "app_name": "Firecracker",
        }

    def config(self) -> Object:
        """Give the whole configuration."""
        return {
            name.replace("/", "-"): list(value.values()) if name in ID_OF else value
            for name, value in self._config.items()
        }

    def hotplug(self) -> Object:
        """Say how much memory can be plugged into the running guest, and how much is asked for."""
        self._require_alive()
        return {"requested_size_mib": 0, **self.get("hotplug/memory")}

    def get(self, resource: str) -> Object:
        """Give the configuration of *resource*."""
        if resource not in self._config:
            raise VmmActionError("DeviceNotFound")
        return dict(self._config[resource])

    def put(self, resource: str, body: Object) -> None:
        """Configure *resource*, before the start."""
        with self._lock:
            self._require_not_started()
            check = CHECKS.get(resource)
            if check is not None:
                check(self._host, self._config, body)
            self._config[resource] = {**DEFAULTS.get(resource, {}), **body}

    def put_item(self, collection: str, name: str, body: Object) -> None:
        """Configure one device of *collection*, before the start."""
        check_ids(collection, name, body)
        with self._lock:
            self._require_not_started()
            check = CHECKS.get(collection)
            if check is not None:
                check(self._host, self._config, body)
            self._config[collection][name] = body

    def patch_item(self, collection: str, name: str, body: Object) -> None:
        """Change one device, while the machine runs."""
        check_ids(collection, name, body)
        with self._lock:
            self._require_alive()
            if name not in self._config[collection]:
                raise VmmActionError("DeviceNotFound")
            if collection == "drives":
                self._check_drive_patch(body)
            self._config[collection][name].update(body)

    def patch_machine(self, changes: Object) -> None:
        """Change CPUs or memory, before the start."""
        with self._lock:
            self._require_not_started()
            changed = {**self._config["machine-config"], **changes}
            check_machine(self._host, self._config, changed)
            self._config["machine-config"] = changed

    def patch_running(self, resource: str, changes: Object) -> None:
        """Change *resource* in the running guest, which must hear of it."""
        with self._lock:
            guest = self._require_started()
            if resource not in self._config:
                raise VmmActionError("DeviceNotFound")
            if resource == "balloon":
                check_balloon(self._host, self._config, changes)
            guest.tell(f"Update {resource}", self._seconds, changes)
            self._config[resource].update(changes)

    def statistics(self) -> Object:
        """Say how the balloon of the running guest is."""
        self._require_alive()
        balloon = self.get("balloon")
        if not balloon.get("stats_polling_interval_s"):
            raise VmmActionError("BalloonUpdate", "Statistics for the balloon device are not enabled")
        return {"target_mib": balloon["amount_mib"], "actual_mib": balloon["amount_mib"]}

    def set_polling(self, changes: Object) -> None:
        """Change how often the balloon tells its statistics; on and off is for before the start."""
        with self._lock:
            self._require_alive()
            balloon = self.get("balloon")
            is_on = bool(balloon.get("stats_polling_interval_s"))
            if bool(changes["stats_polling_interval_s"]) != is_on:
                text = "Statistics cannot be enabled/disabled after activation"
                raise VmmActionError("BalloonUpdate", text)
            self._config["balloon"].update(changes)

    def hinting(self) -> Object:
        """Say which run of hinting the host wants, and which the guest is at; the guest here takes none."""
        self._require_alive()
        return {"host_cmd": 0, "guest_cmd": None}

    def hint(self, operation: str) -> None:
        """Start, stop or ask for free page hinting."""
        if operation not in HINTS:
            raise RequestError(f"Unrecognized PATCH request path `/hinting/{operation}`.")
        self._require_alive()

    def act(self, action: str) -> None:
        """Start the machine, flush its metrics or switch it off."""
        with self._lock:
            if action == "InstanceStart":
                self._start()
            elif action == "SendCtrlAltDel" and self._host.architecture == "aarch64":
                raise RequestError("SendCtrlAltDel does not supported on aarch64.")
            elif action == "SendCtrlAltDel":
                self._require_started().end()
            else:
                self._require_started().tell(action, self._seconds)

    def set_state(self, state: str) -> None:
        """Pause or resume the guest: *state* is ``Paused`` or ``Resumed``."""
        with self._lock:
            guest = self._require_alive()
            if state == "Paused":
                guest.pause()
                self.state = "Paused"
            else:
                guest.resume()
                self.state = "Running"

    def create_snapshot(self, body: Object) -> None:
        """Write the configuration of the paused machine to a file."""
        with self._lock:
            self._require_alive()
            if self.state != "Paused":
                raise VmmActionError("CreateSnapshot", "save/restore unavailable while running")
            write_snapshot(body, self._config)

    def load_snapshot(self, body: Object) -> None:
        """Start from a snapshot, paused unless it says otherwise."""
        with self._lock:
            self._require_not_started()
            self._config = read_snapshot(body)
            self._guest = Guest()
            self.set_state("Resumed" if body.get("resume_vm") else "Paused")

    def close(self) -> None:
        """Switch the guest off, if there is one."""
        if self._guest is not None:
            self._guest.close()

    def _tell_state(self) -> str:
        guest = self._guest  # no lock: it is asked while an action waits for the guest
        if guest is not None and not guest.is_alive:
            return "Shutdown"
        if self.state == "Starting" and guest is not None and guest.is_up:
            return "Running"
        return self.state

    def _start(self) -> None:
        self._require_not_started()
        if "boot-source" not in self._config:
            raise VmmActionError("StartMicrovm", "Cannot start microvm without kernel configuration.")
        reserve_memory(self._config["machine-config"]["mem_size_mib"])
        kernel = self._config["boot-source"]["kernel_image_path"]
        open_file("BootSource", kernel, "The kernel file cannot be opened: ")
        self.state = "Starting"
        self._guest = Guest(self._boot_seconds)
        self._guest.tell("InstanceStart", self._seconds)
        self.state = "Running"

    def _check_drive_patch(self, body: Object) -> None:
        drive = self._config["drives"][body["drive_id"]]
        changes_file = "path_on_host" in body or "rate_limiter" in body
        if changes_file == ("socket" in drive):
            raise VmmActionError("DriveConfig", BACKEND_TEXT)
        if "path_on_host" in body:
            open_file("DriveConfig", body["path_on_host"], BACKING)

    def _require_not_started(self) -> None:
        if self._guest is not None:
            raise VmmActionError("OperationNotSupportedPostBoot")

    def _require_started(self) -> Guest:
        if self._guest is None:
            raise VmmActionError("OperationNotSupportedPreBoot")
        return self._guest

    def _require_alive(self) -> Guest:
        guest = self._require_started()
        if not guest.is_alive:
            raise VmmActionError("NotSupported", "the microVM is shut down.")
        return guest


def check_ids(collection: str, name: str, body: Object) -> None:
    """Check that the path names what the body does."""
    if not name:
        raise RequestError("The ID cannot be empty.")
    if not (name.isascii() and name.replace("_", "a").isalnum()):
        raise RequestError("API Resource IDs can only contain alphanumeric characters and underscores.")
    told = body[ID_OF[collection]]
    if told != name and collection == "network-interfaces":
        raise RequestError(f"The id from the path [{name}] does not match the id from the body [{told}]!")
    if told != name:
        raise RequestError("The id from the path does not match the id from the body!")
