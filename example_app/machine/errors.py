"""What can go wrong with a machine, in Firecracker's own sentences."""

import logging

from flask_faultmap.errors import (
    DeadlineExceededError,
    FailedPreconditionError,
    InvalidArgumentError,
    PayloadTooLargeError,
)

VMM_TEXTS = {
    "BalloonConfig": "Balloon config error: {}",
    "BalloonUpdate": "Balloon update error: {}",
    "BootSource": "Boot source error: {}",
    "CannotUnplugRootDevice": "Cannot unplug root device",
    "ConfigureCpu": "Configure CPU error: {}",
    "CreateSnapshot": "Create snapshot error: {}",
    "DeviceIdInUse": "Device ID in use",
    "DeviceNotFound": "Device not found",
    "DriveConfig": "Drive config error: {}",
    "EntropyConfig": "Entropy config error: {}",
    "InternalVmm": "Internal VMM error: {}",
    "LoadSnapshot": "Load snapshot error: {}",
    "Logger": "Logger error: {}",
    "MachineConfig": "Machine config error: {}",
    "MemoryHotplugConfig": "Memory hotplug config error: {}",
    "MemoryHotplugUpdate": "Memory hotplug update error: {}",
    "Metrics": "Metrics error: {}",
    "Mmds": "MMDS error: {}",
    "MmdsConfig": "MMMDS config error: {}",
    "NetworkConfig": "Network config error: {}",
    "NotSupported": "The requested operation is not supported: {}",
    "OperationNotSupportedPostBoot": "The requested operation is not supported after starting the microVM.",
    "OperationNotSupportedPreBoot": "The requested operation is not supported before starting the microVM.",
    "PciManager": "PCI manager error: {}",
    "PciNotEnabled": "PCI is not enabled",
    "PmemConfig": "Pmem config error: {}",
    "StartMicrovm": "Start microvm error: {}",
    "VsockConfig": "Vsock config error: {}",
}


class RequestError(InvalidArgumentError):
    """The request is not one that the API knows."""

    code = "invalid_request"


class BodyError(InvalidArgumentError):
    """The body is JSON, and not what the resource takes."""

    code = "invalid_body"

    def __init__(self, reason: str) -> None:
        super().__init__(f"An error occurred when deserializing the json body of a request: {reason}.")


class CapError(InvalidArgumentError):
    """More was asked for than the host gives."""

    code = "cap_exceeded"


class VmmActionError(FailedPreconditionError):
    """The VMM refused an action; Firecracker logs each of these at error, and so do we."""

    code = "vmm_action"
    log_level = logging.ERROR

    def __init__(self, variant: str, detail: str = "") -> None:
        super().__init__(VMM_TEXTS[variant].format(detail))
        self.variant = variant


class MetadataTooLargeError(PayloadTooLargeError):
    """The metadata store cannot take this much."""

    code = "mmds_limit"
    log_level = logging.ERROR

    def __init__(self) -> None:
        super().__init__("MMDS limit exceeded error: The MMDS patch request doesn't fit.")


class ActionTimedOutError(DeadlineExceededError):
    """The guest did not answer in its time."""

    code = "action_timed_out"
