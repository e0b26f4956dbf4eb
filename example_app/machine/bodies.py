"""What each resource takes: its fields, as a table, and the sentences for what does not fit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Any

from example_app.machine.errors import BodyError, RequestError

WANTED: Mapping[type, str] = {
    bool: "a boolean",
    int: "u64",
    str: "a string",
    list: "a sequence",
    dict: "a map",
}
SEEN: Mapping[type, str] = {
    bool: "boolean `{}`",
    int: "integer `{}`",
    float: "floating point `{}`",
    str: 'string "{}"',
}

Object = dict[str, Any]

SHORT = Context(prec=17)  # the digits of a double
TEMPLATES = ("C3", "T2", "T2S", "T2CL", "T2A", "V1N1", "None")


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The fields of one body. A kind is a type, the texts that are allowed, or a body inside the body."""

    required: Mapping[str, "Kind"] = field(default_factory=dict)
    optional: Mapping[str, "Kind"] = field(default_factory=dict)
    deprecated: tuple[str, ...] = ()


Kind = type | tuple[str, ...] | Body
Fields = Mapping[str, Kind]

BACKEND = Body(required={"backend_path": str, "backend_type": ("File", "Uffd")})
LIMITER: Fields = {"rate_limiter": dict}
MACHINE: Fields = {
    "smt": bool,
    "track_dirty_pages": bool,
    "huge_pages": ("None", "2M"),
    "cpu_template": TEMPLATES,
}
NETWORK: Fields = {"rx_rate_limiter": dict, "tx_rate_limiter": dict}

PUT = {
    "actions": Body(required={"action_type": ("FlushMetrics", "InstanceStart", "SendCtrlAltDel")}),
    "balloon": Body(
        required={"amount_mib": int, "deflate_on_oom": bool},
        optional={"stats_polling_interval_s": int, "free_page_hinting": bool, "free_page_reporting": bool},
    ),
    "boot-source": Body(required={"kernel_image_path": str}, optional={"boot_args": str, "initrd_path": str}),
    "cpu-config": Body(
        optional=dict.fromkeys(
            ("cpuid_modifiers", "kvm_capabilities", "msr_modifiers", "reg_modifiers", "vcpu_features"), list
        )
    ),
    "drives": Body(
        required={"drive_id": str, "is_root_device": bool},
        optional={
            "path_on_host": str,
            "is_read_only": bool,
            "partuuid": str,
            "cache_type": ("Unsafe", "Writeback"),
            "io_engine": ("Sync", "Async"),
            "socket": str,
            **LIMITER,
        },
    ),
    "entropy": Body(optional=LIMITER),
    "hotplug/memory": Body(
        required={"total_size_mib": int}, optional={"slot_size_mib": int, "block_size_mib": int}
    ),
    "logger": Body(
        optional={"log_path": str, "level": str, "show_level": bool, "show_log_origin": bool, "module": str}
    ),
    "machine-config": Body(
        required={"vcpu_count": int, "mem_size_mib": int}, optional=MACHINE, deprecated=("cpu_template",)
    ),
    "metrics": Body(required={"metrics_path": str}),
    "mmds/config": Body(
        required={"network_interfaces": list},
        optional={"version": ("V1", "V2"), "ipv4_address": str, "imds_compat": bool},
    ),
    "network-interfaces": Body(
        required={"iface_id": str, "host_dev_name": str}, optional={"guest_mac": str, "mtu": int, **NETWORK}
    ),
    "pmem": Body(
        required={"id": str, "path_on_host": str},
        optional={"root_device": bool, "read_only": bool, **LIMITER},
    ),
    "serial": Body(optional={"serial_out_path": str, **LIMITER}),
    "snapshot/create": Body(
        required={"snapshot_path": str, "mem_file_path": str}, optional={"snapshot_type": ("Diff", "Full")}
    ),
    "snapshot/load": Body(
        required={"snapshot_path": str},
        optional={
            "mem_backend": BACKEND,
            "mem_file_path": str,
            "enable_diff_snapshots": bool,
            "track_dirty_pages": bool,
            "resume_vm": bool,
            "network_overrides": list,
        },
        deprecated=("mem_file_path", "enable_diff_snapshots"),
    ),
    "vsock": Body(
        required={"guest_cid": int, "uds_path": str}, optional={"vsock_id": str}, deprecated=("vsock_id",)
    ),
}

PATCH = {
    "balloon": Body(required={"amount_mib": int}),
    "balloon/statistics": Body(required={"stats_polling_interval_s": int}),
    "drives": Body(required={"drive_id": str}, optional={"path_on_host": str, **LIMITER}),
    "hotplug/memory": Body(required={"requested_size_mib": int}),
    "machine-config": Body(
        optional={"vcpu_count": int, "mem_size_mib": int, **MACHINE}, deprecated=("cpu_template",)
    ),
    "network-interfaces": Body(required={"iface_id": str}, optional=NETWORK),
    "pmem": Body(required={"id": str}, optional=LIMITER),
    "vm": Body(required={"state": ("Paused", "Resumed")}),
}


def read(method: str, resource: str, value: Any, end: str = "") -> Object:
    """Check the body *value* of *method* on *resource*, and return it without nulls.

    *end* tells where the body ends, since that is where a field is missed.

    Raises:
        BodyError: a field is missing, unknown, or of the wrong kind.
    """
    given = _fit({"PUT": PUT, "PATCH": PATCH}[method][resource], value, end)
    if resource == "snapshot/load":
        _check_backend(given)
    if method == "PATCH" and not given:
        raise RequestError("Empty PATCH request.")
    return given


def is_deprecated(method: str, resource: str, value: Any) -> bool:
    """Say whether the body has a field that is on its way out."""
    body = {"PUT": PUT, "PATCH": PATCH}.get(method, {}).get(resource, Body())
    return isinstance(value, dict) and any(name in value for name in body.deprecated)


def _fit(body: Body, value: Any, end: str = "") -> Object:
    if not isinstance(value, dict):
        raise BodyError(f"invalid type: {_seen(value)}, expected a map")
    kinds = {**body.required, **body.optional}
    for name, member in value.items():
        if name not in kinds:
            raise BodyError(f"unknown field `{name}`, expected {_one_of(sorted(kinds))}")
        if member is not None or name in body.required:
            _check_kind(kinds[name], member)
    for name in body.required:
        if name not in value:
            raise BodyError(f"missing field `{name}`{end}")
    return {name: member for name, member in value.items() if member is not None}


def _check_kind(kind: Kind, value: Any) -> None:
    if isinstance(kind, Body):
        _fit(kind, value)
    elif isinstance(kind, tuple):
        _check_kind(str, value)
        if value not in kind:
            raise BodyError(f"unknown variant `{value}`, expected {_one_of(kind)}")
    elif type(value) is not kind or _is_float(value):  # True is no number here
        raise BodyError(f"invalid type: {_seen(value)}, expected {WANTED[kind]}")
    elif isinstance(value, int) and value < 0:
        raise BodyError(f"invalid value: integer `{value}`, expected u64")


def _check_backend(given: Object) -> None:
    named = given.keys() & {"mem_backend", "mem_file_path"}
    if not named:
        raise BodyError("missing field: either `mem_backend` or `mem_file_path` is required")
    if len(named) == 2:
        raise BodyError("too many fields: either `mem_backend` or `mem_file_path` exclusively is required")


def _is_float(value: Any) -> bool:
    """Say whether serde reads *value*, an integer too large for it, as a floating point number."""
    return isinstance(value, int) and not -(2**63) <= value < 2**64


def _seen(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"boolean `{str(value).lower()}`"
    if _is_float(value):
        return f"floating point `{Decimal(value).normalize(SHORT):f}.0`"
    return SEEN.get(type(value), "sequence" if isinstance(value, list) else "map").format(value)


def _one_of(names: list[str] | tuple[str, ...]) -> str:
    quoted = [f"`{name}`" for name in names]
    if len(quoted) > 2:
        return "one of " + ", ".join(quoted)
    return " or ".join(quoted)
