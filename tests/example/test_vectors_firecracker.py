"""Every recorded fact of Firecracker and of squib, against the machine room."""

import pytest
from flask import request
from vector_expectations import check
from vectors_of import ask, by_id, server_side

from example_app import create_machine_app
from example_app.machine.checks import Host
from example_app.machine.control import check_ids
from example_app.machine.errors import MetadataTooLargeError, VmmActionError
from example_app.rooms import close_rooms
from flask_faultmap import errors

VECTORS = {**server_side("firecracker"), **server_side("squib")}

LEFT_OUT = {
    "fc.http.bad_version": "The version is read by the WSGI server, before there is a request.",
    "fc.http.bad_uri": "The request line is read by the WSGI server, before there is a request.",
}


def put(path, **body):
    return "PUT", path, body


def patch(path, **body):
    return "PATCH", path, body


def drive(name, *, root=False, path="/dev/null"):
    return put(f"/drives/{name}", drive_id=name, is_root_device=root, path_on_host=path)


def pmem(name):
    return put(f"/pmem/{name}", id=name, path_on_host="/dev/null", root_device=True)


def load(**body):
    return put("/snapshot/load", **body)


MACHINE = put("/machine-config", vcpu_count=1, mem_size_mib=256)
STARTED = (put("/boot-source", kernel_image_path="/dev/null"), put("/actions", action_type="InstanceStart"))
BALLOON = put("/balloon", amount_mib=16, deflate_on_oom=True)
BACKEND = {"backend_type": "File", "backend_path": "/m"}

# The requests of each vector; the last one is looked at. A body that is bytes is sent as it is.
REQUESTS = {
    "fc.req.get_body": [("GET", "/mmds", b"{}")],
    "fc.req.put_nobody": [("PUT", "/mmds", b"")],
    "fc.req.delete_body": [("DELETE", "/x", b"{}")],
    "fc.req.unknown_path_put_nobody": [("PUT", "/nope", b"")],
    "fc.req.drive_id": [put("/drives/a", drive_id="b", is_root_device=False)],
    "fc.req.balloon_sub": [("GET", "/balloon/foo", b"")],
    "fc.req.balloon_hint": [("GET", "/balloon/hinting/foo", b"")],
    "fc.req.machine_patch_empty": [patch("/machine-config")],
    "fc.req.ctrlaltdel_arm": [put("/actions", action_type="SendCtrlAltDel")],
    "fc.req.invalid_action": [put("/actions", action_type="Invalid")],
    "fc.ok.204": [put("/boot-source", kernel_image_path="/k")],
    "fc.err.deprecated": [load(snapshot_path="/nonexistent", mem_file_path="/m")],
    "fc.http.too_large": [("PUT", "/home", b"x" * 50000)],
    "fc.http.limit_4": [("PUT", "/home", b"x" * 5)],
    "fc.http.limit_250": [("PUT", "/home", b"x" * 260)],
    "fc.http.bad_method": [("OPTIONS", "/", b"")],
    "fc.func.drive_path": [drive("rootfs", root=True, path="/nonexistent")],
    "fc.func.two_roots": [drive("a", root=True), drive("b", root=True)],
    "fc.func.mmds_unknown_iface": [put("/mmds/config", network_interfaces=["foo"])],
    "fc.func.mmds_version": [put("/mmds/config", network_interfaces=[], version="foo")],
    "fc.func.smt_arm": [put("/machine-config", vcpu_count=2, mem_size_mib=256, smt=True)],
    "fc.func.mem_huge_start": [put("/machine-config", vcpu_count=1, mem_size_mib=2**64 - 1), *STARTED],
    "fc.func.post_boot_machine_patch": [*STARTED, patch("/machine-config", vcpu_count=2)],
    "fc.func.post_boot_mmds": [*STARTED, put("/mmds/config", network_interfaces=[])],
    "fc.func.patch_logger": [patch("/logger", level="Info")],
    "fc.func.pre_boot_pmem": [pmem("p"), patch("/pmem/p", id="p")],
    "fc.func.drive_patch_backend": [
        drive("scratch"),
        *STARTED,
        patch("/drives/scratch", drive_id="scratch"),
    ],
    "fc.func.drive_patch_ro": [patch("/drives/scratch", drive_id="scratch", is_read_only=True)],
    "fc.func.drive_patch_io": [patch("/drives/scratch", drive_id="scratch", io_engine="Sync")],
    "fc.func.drive_patch_root": [patch("/drives/scratch", drive_id="scratch", is_root_device=True)],
    "fc.func.hotplug_pre": [patch("/hotplug/memory", requested_size_mib=64)],
    "fc.func.pmem_path": [put("/pmem/p", id="p")],
    "fc.func.pmem_two_roots": [pmem("p"), pmem("q")],
    "fc.func.pmem_unknown_field": [patch("/pmem/p", id="p", size=1)],
    "fc.func.pmem_unknown": [*STARTED, patch("/pmem/nonexistent", id="nonexistent")],
    "fc.func.snap_both": [load(snapshot_path="/s", mem_backend=BACKEND, mem_file_path="/m")],
    "fc.func.snap_no_type": [load(snapshot_path="/s", mem_backend={"backend_path": "/m"})],
    "fc.func.snap_no_path": [load(snapshot_path="/s", mem_backend={"backend_type": "File"})],
    "fc.func.snap_bad_type": [
        load(snapshot_path="/s", mem_backend={"backend_type": "foo", "backend_path": "/m"})
    ],
    "fc.func.snap_no_snapshot": [load(mem_backend=BACKEND)],
    "fc.func.snap_neither": [load(snapshot_path="/s")],
    "fc.func.mmds_limit_put": [put("/mmds", padding="x" * 60_000)],
    "fc.func.mmds_limit_patch": [put("/mmds", padding="x" * 51_000), patch("/mmds", more="x" * 1000)],
    "squib.uds.root": [("GET", "/", b"")],
    "squib.uds.boot_source": [put("/boot-source", kernel_image_path="/boot/vmlinux.bin")],
    "squib.uds.hinting_bad_op": [*STARTED, patch("/balloon/hinting/frobnicate")],
    "squib.uds.hinting_ok": [
        *STARTED,
        patch("/balloon/hinting/start"),
        patch("/balloon/hinting/status"),
        patch("/balloon/hinting/stop"),
    ],
    "squib.r.unknown": [("GET", "/no-such-thing", b"")],
    "squib.r.preboot_patch_vm": [patch("/vm", state="Paused")],
    "squib.r.413": [put("/boot-source", kernel_image_path="x" * 60_000)],
    "squib.ctl.post_boot_action_pre_boot": [patch("/vm", state="Paused")],
    "squib.ctl.pre_boot_action_running": [*STARTED, put("/entropy")],
    "squib.ctl.ram_cap": [put("/machine-config", vcpu_count=1, mem_size_mib=1024)],
    "squib.ctl.balloon_cap": [MACHINE, put("/balloon", amount_mib=256, deflate_on_oom=True)],
    "squib.ctl.drives_cap": [drive(f"d{number}") for number in range(9)],
}

ARM = {"MACHINE_HOST": Host(architecture="aarch64")}
AS_SQUIB = {"FAULTMAP_SCOPES": {"/": "fault_message"}}
CONFIG = {
    "fc.req.ctrlaltdel_arm": ARM,
    "fc.func.smt_arm": ARM,
    "fc.http.too_large": {"MACHINE_LIMIT": 50},
    "fc.http.limit_4": {"MACHINE_LIMIT": 4},
    "fc.http.limit_250": {"MACHINE_LIMIT": 250},
    "squib.ctl.ram_cap": {"MACHINE_HOST": Host(ram_mib=256)},
    **{name: AS_SQUIB for name in VECTORS if name.startswith(("squib.map", "squib.r.", "squib.notfound"))},
}


def raising(make, *args):
    def fail():
        raise make(*args)

    return fail


# What happens while the request is handled, for the vectors that speak of an error and not of a request.
HAPPENINGS = {
    "fc.map.empty_id": lambda: check_ids("drives", "", {}),
    "fc.map.invalid_id": lambda: check_ids("drives", "a-b", {}),
    "fc.map.serde": lambda: request.get_json(force=True),
    "fc.vmm.other": raising(VmmActionError, "DeviceNotFound"),
    "fc.vmm.mmds_limit": raising(MetadataTooLargeError),
    "fc.vmm.preboot": raising(VmmActionError, "OperationNotSupportedPreBoot"),
    **{
        name: raising(VmmActionError, vector["input"]["variant"], "{0}")
        for name, vector in VECTORS.items()
        if name.startswith("fc.vmm.v.")
    },
    "squib.map.PayloadTooLarge": raising(errors.PayloadTooLargeError, "too big"),
    "squib.map.NotFound": raising(errors.NotFoundError, "No such resource: /missing"),
    "squib.notfound.path": raising(errors.NotFoundError, "No such resource: /no-such"),
    "squib.map.Internal": raising(errors.InternalError, "event loop gone"),
    "squib.ctl.fault_passthrough": raising(errors.InvalidArgumentError, "stub VMM rejected this"),
}


def too_large(size, limit):
    text = f"Request payload with size {size} is larger than the limit of {limit} allowed by server."
    return {"status": 413, "body": {"fault_message": text}}


PRE_BOOT = "The requested operation is not supported before starting the microVM."
POST_BOOT = "The requested operation is not supported after starting the microVM."
ERROR = {"level": "error"}

# Where we differ on purpose: what is sent instead, below the reason.
DIFFERENT = {
    # Firecracker's HTTP layer answers 400, another key and a raw newline, which no JSON parser takes; we send
    # the same sentence, as JSON, with the status that says so.
    "fc.http.too_large": too_large(50000, 50),
    "fc.http.limit_4": too_large(5, 4),
    "fc.http.limit_250": too_large(260, 250),
    # The app, not the server, refuses the method; so it is told as every other unknown method.
    "fc.http.bad_method": {
        "status": 400,
        "body": {"fault_message": "Invalid request method and/or path: OPTIONS ."},
    },
    # The vector has a placeholder for the text.
    "fc.vmm.other": {"status": 400, "body": {"fault_message": "Device not found"}, "log": ERROR},
    # The bytes are the server's; test_example_machine looks at them. A success is not the boundary's to log.
    "fc.ok.204": {
        "status": 204,
        "body": None,
        "headers": {"Content-Type": None, "Server": "Firecracker API"},
    },
    # The store is looked at in test_example_machine.
    "fc.func.mmds_limit_patch": {"status": 413},
    # An internal text is the operator's, never the client's.
    "squib.map.Internal": {
        "status": 500,
        "body": {"fault_message": "Internal server error"},
        "log": ERROR,
    },
    # Firecracker's sentences, which a real client greps, and its level.
    "squib.r.preboot_patch_vm": {"status": 400, "fault_message": PRE_BOOT},
    "squib.ctl.post_boot_action_pre_boot": {"status": 400, "fault_message": PRE_BOOT, "log": ERROR},
    "squib.ctl.pre_boot_action_running": {"status": 400, "fault_message": POST_BOOT, "log": ERROR},
}


@pytest.fixture
def machine(name):
    app = create_machine_app({"MACHINE_SECONDS": 5, **CONFIG.get(name, {})})
    yield app
    close_rooms(app)


def send(app, method, path, body):
    sent = {"data": body} if isinstance(body, bytes) else {"json": body}
    return ask(app, method, path, **sent)


@by_id(REQUESTS)
def test_request_is_answered_as_recorded(name, machine):
    *earlier, last = REQUESTS[name]
    prepared = [send(machine, *each).response.status_code for each in earlier]

    outcome = send(machine, *last)

    assert prepared == [204] * len(earlier)
    check(DIFFERENT.get(name, VECTORS[name]["expect"]), outcome)
    assert outcome.response.headers["Server"] == "Firecracker API"


@by_id(HAPPENINGS)
def test_error_is_told_as_recorded(name, machine):
    machine.add_url_rule("/happen", view_func=HAPPENINGS[name])

    outcome = ask(machine, "GET", "/happen")

    check(DIFFERENT.get(name, VECTORS[name]["expect"]), outcome)


def test_every_vector_is_run_or_left_out_with_a_reason():
    run = [*REQUESTS, *HAPPENINGS, *LEFT_OUT]

    assert sorted(run) == sorted(VECTORS)
    assert DIFFERENT.keys() | CONFIG.keys() <= VECTORS.keys()
