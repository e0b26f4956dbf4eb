"""The room *machine*: the domain alone first, then what only the wire shows."""

import http.client
import re
import subprocess
import sys
import time

import pytest

from example_app import create_app, create_machine_app
from example_app.machine.bodies import read
from example_app.machine.checks import Host
from example_app.machine.control import Machine
from example_app.machine.errors import (
    VMM_TEXTS,
    BodyError,
    MetadataTooLargeError,
    RequestError,
    VmmActionError,
)
from example_app.machine.guest import Guest, GuestSilentError
from example_app.machine.metadata import MetadataStore, merge
from example_app.rooms import close_rooms
from example_app.tour import serving


@pytest.fixture
def machine():
    machine = Machine(Host(), seconds=3)
    yield machine
    machine.close()


@pytest.fixture
def running(machine):
    machine.put("boot-source", {"kernel_image_path": "/dev/null"})
    machine.put("balloon", {"amount_mib": 16, "deflate_on_oom": True})
    machine.act("InstanceStart")
    return machine


def test_domain_of_machine_brings_in_no_flask():
    program = (
        "import sys, example_app.machine.control; print(*sorted({'flask', 'werkzeug'} & {*sys.modules}))"
    )

    seen = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)

    assert (seen.returncode, seen.stdout.strip()) == (0, "")


def test_paused_guest_is_silent_and_answers_when_it_goes_on(running):
    running.set_state("Paused")

    with pytest.raises(GuestSilentError):
        running.patch_running("balloon", {"amount_mib": 32})
    running.set_state("Resumed")
    running.patch_running("balloon", {"amount_mib": 64})

    assert running.get("balloon")["amount_mib"] == 64


def test_guest_that_was_switched_off_is_gone(running):
    running.act("SendCtrlAltDel")

    with pytest.raises(BrokenPipeError):
        running.patch_running("balloon", {"amount_mib": 32})


def test_late_answer_is_not_taken_for_the_next_one():
    guest = Guest()
    guest.pause()
    with pytest.raises(GuestSilentError):
        guest.tell("first", 0.05)

    with pytest.raises(GuestSilentError):
        guest.tell("second", 0.05)
    guest.resume()
    guest.tell("third", 5)

    guest.close()


def test_missing_kernel_is_found_at_the_start(machine):
    machine.put("boot-source", {"kernel_image_path": "/nonexistent"})

    with pytest.raises(VmmActionError, match=r"No such file or directory \(os error 2\) /nonexistent"):
        machine.act("InstanceStart")

    assert machine.state == "Not started"


@pytest.mark.parametrize(
    "call",
    [
        lambda machine: machine.put("entropy", {}),
        lambda machine: machine.put_item("pmem", "p", {"id": "p", "path_on_host": "/dev/null"}),
        lambda machine: machine.patch_machine({"vcpu_count": 2}),
        lambda machine: machine.act("InstanceStart"),
        lambda machine: machine.load_snapshot({"snapshot_path": "/s"}),
    ],
    ids=["put", "put a device", "patch the machine", "start", "load a snapshot"],
)
def test_running_machine_is_not_configured(running, call):
    with pytest.raises(VmmActionError, match="not supported after starting"):
        call(running)


@pytest.mark.parametrize(
    "call",
    [
        lambda machine: machine.set_state("Paused"),
        lambda machine: machine.patch_running("balloon", {"amount_mib": 1}),
        lambda machine: machine.patch_item("drives", "d", {"drive_id": "d"}),
        lambda machine: machine.act("FlushMetrics"),
        lambda machine: machine.create_snapshot({"snapshot_path": "/s"}),
    ],
    ids=["pause", "resize the balloon", "patch a drive", "flush", "create a snapshot"],
)
def test_machine_that_is_not_started_does_nothing_for_a_guest(machine, call):
    with pytest.raises(VmmActionError, match="not supported before starting"):
        call(machine)


def test_snapshot_is_of_a_paused_machine_only(running):
    with pytest.raises(VmmActionError, match="Create snapshot error"):
        running.create_snapshot({"snapshot_path": "/s"})


def test_metadata_patch_that_does_not_fit_changes_nothing():
    store = MetadataStore(limit=30)
    store.put({"a": "short"})

    with pytest.raises(MetadataTooLargeError):
        store.patch({"b": "x" * 30})

    assert store.get() == {"a": "short"}


def test_metadata_is_merged_as_rfc_7396_says():
    merged = merge({"a": "b", "c": {"d": "e", "f": "g"}}, {"a": "z", "c": {"f": None}, "n": {"m": None}})

    assert merged == {"a": "z", "c": {"d": "e"}, "n": {}}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ([], "invalid type: sequence, expected a map"),
        ({"vcpu_count": 1}, "missing field `mem_size_mib`"),
        ({"vcpu_count": "1", "mem_size_mib": 1}, 'invalid type: string "1", expected u64'),
        ({"vcpu_count": True, "mem_size_mib": 1}, "invalid type: boolean `true`, expected u64"),
        ({"vcpu_count": 1.5, "mem_size_mib": 1}, "invalid type: floating point `1.5`, expected u64"),
        ({"vcpu_count": -1, "mem_size_mib": 1}, "invalid value: integer `-1`, expected u64"),
        ({"vcpu_count": None, "mem_size_mib": 1}, "invalid type: null, expected u64"),
        (
            {"vcpu_count": 1, "mem_size_mib": 2**64},
            "invalid type: floating point `18446744073709552000.0`, expected u64",
        ),
        (
            {"cpu_template": "T3"},
            "unknown variant `T3`, expected one of `C3`, `T2`, `T2S`, `T2CL`, `T2A`, `V1N1`, `None`",
        ),
        ({"vcpu_count": 1, "mem_size_mib": 1, "smt": 1}, "invalid type: integer `1`, expected a boolean"),
    ],
)
def test_body_that_does_not_fit_is_told_as_serde_does(body, reason):
    with pytest.raises(BodyError) as raised:
        read("PUT", "machine-config", body)

    assert str(raised.value) == (
        f"An error occurred when deserializing the json body of a request: {reason}."
    )


def test_null_is_no_value():
    body = read("PUT", "boot-source", {"kernel_image_path": "/k", "boot_args": None})

    assert body == {"kernel_image_path": "/k"}


def test_interface_id_of_path_and_body_are_both_named(machine):
    with pytest.raises(RequestError, match=r"path \[a\] does not match the id from the body \[b\]!"):
        machine.put_item("network-interfaces", "a", {"iface_id": "b", "host_dev_name": "tap0"})


@pytest.fixture
def app():
    app = create_app({"MACHINE_SECONDS": 5})
    yield app
    close_rooms(app)


def test_success_has_neither_body_nor_type_nor_length_on_the_wire(app):
    with serving(app) as url:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
        connection.request("PUT", "/machine/boot-source", '{"kernel_image_path": "/k"}')
        answer = connection.getresponse()
        headers, body = {name.lower() for name, _ in answer.getheaders()}, answer.read()
        connection.close()

    assert (answer.status, body) == (204, b"")
    assert answer.getheader("Server") == "Firecracker API"
    assert not headers & {"content-type", "content-length"}


@pytest.mark.parametrize("path", ["/machine/", "/machine/nope", "/machine"])
def test_every_answer_below_the_prefix_names_the_server(app, path):
    response = app.test_client().get(path)

    assert response.headers["Server"] == "Firecracker API"


@pytest.mark.parametrize("path", ["/", "/machinery", "/boxes/b1"])
def test_other_answers_are_left_alone(app, path):
    response = app.test_client().put(path)

    assert "Server" not in response.headers
    assert b"Empty PUT request" not in response.data


def test_deprecated_field_is_told_on_success_too(app):
    body = {"vcpu_count": 1, "mem_size_mib": 128, "cpu_template": "C3"}

    response = app.test_client().put("/machine/machine-config", json=body)

    assert (response.status_code, response.headers["Deprecation"]) == (204, "true")


def test_machine_of_its_own_is_found_at_the_root():
    app = create_machine_app({"MACHINE_SECONDS": 5})
    client = app.test_client()
    client.put("/machine-config", json={"vcpu_count": 2, "mem_size_mib": 64})

    configuration = client.get("/vm/config").get_json()

    assert configuration["machine-config"]["vcpu_count"] == 2
    assert client.get("/version").get_json() == {"firecracker_version": "1.17.0"}


@pytest.fixture
def snapshot(running, tmp_path):
    paths = {"snapshot_path": str(tmp_path / "s"), "mem_file_path": str(tmp_path / "m")}
    running.set_state("Paused")
    running.create_snapshot(paths)
    return paths


@pytest.mark.parametrize(("resume", "state"), [(True, "Running"), (False, "Paused")])
def test_snapshot_starts_another_machine(machine, snapshot, resume, state):
    other = Machine(Host())

    other.load_snapshot({**snapshot, "resume_vm": resume})

    assert (other.state, other.get("balloon")) == (state, machine.get("balloon"))
    other.close()


def test_snapshot_overwrites_no_file(running, snapshot):
    with pytest.raises(VmmActionError, match=r"Create snapshot error: File exists \(os error 17\)"):
        running.create_snapshot(snapshot)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"["], ids=["empty", "list", "binary", "half"])
def test_file_that_is_no_snapshot_is_refused(machine, tmp_path, content):
    (tmp_path / "s").write_bytes(content)

    with pytest.raises(VmmActionError, match="Load snapshot error: The file is no snapshot"):
        machine.load_snapshot({"snapshot_path": str(tmp_path / "s"), "mem_file_path": "/dev/null"})


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/machine/mmds", "MMDS limit exceeded error: The MMDS patch request doesn't fit."),
        (
            "/machine/boot-source",
            "Request payload with size 51201 is larger than the limit of 51200 allowed by server.",
        ),
    ],
)
def test_too_large_a_body_is_told_in_the_words_of_what_it_is_for(app, path, message):
    response = app.test_client().put(path, data=b"x" * 51201)

    assert (response.status_code, response.get_json()) == (413, {"fault_message": message})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/machine/version/more"),
        ("GET", "/machine/machine-config/a/b"),
        ("GET", "/machine/vm/config/more"),
        ("GET", "/machine/mmds/"),
        ("PUT", "/machine/boot-source/more"),
        ("PUT", "/machine/drives/root/more/and/more"),
        ("PUT", "/machine/mmds/config/more"),
    ],
)
def test_token_that_firecracker_does_not_look_at_changes_nothing(app, method, path):
    bodies = {
        "boot-source": {"kernel_image_path": "/k"},
        "drives": {"drive_id": "root", "is_root_device": True, "path_on_host": "/dev/null"},
        "mmds": {"network_interfaces": ["eth0"]},
    }
    client = app.test_client()
    client.put("/machine/network-interfaces/eth0", json={"iface_id": "eth0", "host_dev_name": "tap0"})

    body = bodies.get(path.split("/")[2]) if method == "PUT" else None
    response = client.open(path, method=method, json=body)

    assert response.status_code == (204 if method == "PUT" else 200)


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("PUT", "/mmds/foo", "Unrecognized PUT request path `foo`."),
        ("PUT", "/snapshot/foo/bar", "Invalid request method and/or path: PUT /snapshot/foo."),
        ("PUT", "/snapshot", "Missing snapshot operation type."),
        ("PUT", "/drives", "The ID cannot be empty."),
        ("PATCH", "/network-interfaces/", "The ID cannot be empty."),
        ("PUT", "/pmem/", "The ID cannot be empty."),
        ("PATCH", "/balloon/foo", "Unrecognized PATCH request path `foo`."),
        ("PATCH", "/balloon/hinting/foo/bar", "Unrecognized PATCH request path `/hinting/foo`."),
        ("PUT", "/hotplug/cpu", "Invalid request method and/or path: PUT hotplug."),
        ("PUT", "/vm", "Invalid request method and/or path: PUT vm."),
        ("PATCH", "/vm/config/x/y", None),
        ("PUT", "/vm//config", "Invalid request method and/or path: PUT vm."),
        ("PUT", "//version", None),
    ],
)
def test_token_that_firecracker_looks_at_is_told(app, method, path, message):
    response = app.test_client().open(f"/machine{path}", method=method, json={})

    assert response.status_code == 400
    if message is not None:
        assert response.get_json() == {"fault_message": message}


def test_hint_needs_no_body(app):
    client = app.test_client()
    client.put("/machine/boot-source", json={"kernel_image_path": "/dev/null"})
    client.put("/machine/actions", json={"action_type": "InstanceStart"})

    assert client.patch("/machine/balloon/hinting/start").status_code == 204


def test_slow_start_is_a_504_with_its_name_and_goes_on():
    app = create_machine_app({"MACHINE_SECONDS": 0.1, "MACHINE_BOOT_SECONDS": 2})
    client = app.test_client()
    client.put("/boot-source", json={"kernel_image_path": "/dev/null"})

    slow = client.put("/actions", json={"action_type": "InstanceStart"})
    meanwhile = client.get("/").get_json()["state"]
    again = client.put("/actions", json={"action_type": "InstanceStart"})
    ends = time.monotonic() + 60
    while client.get("/").get_json()["state"] == "Starting" and time.monotonic() < ends:
        time.sleep(0.02)

    assert (slow.status_code, slow.get_json()) == (
        504,
        {"fault_message": "VMM action timed out: InstanceStart"},
    )
    assert meanwhile == "Starting"
    assert (again.status_code, client.get("/").get_json()["state"]) == (400, "Running")
    client.put("/actions", json={"action_type": "SendCtrlAltDel"})
    assert client.get("/").get_json()["state"] == "Shutdown"
    close_rooms(app)


def test_metadata_that_is_not_there_cannot_be_changed(app):
    response = app.test_client().patch("/machine/mmds", json={"a": 1})

    assert response.get_json() == {"fault_message": "MMDS error: The MMDS data store is not initialized."}


@pytest.mark.parametrize("variant", VMM_TEXTS)
def test_every_variant_has_its_text(variant):
    error = VmmActionError(variant, "why")

    assert str(error) == VMM_TEXTS[variant].format("why")
    assert "{" not in str(error)


MISSING = "missing field `mem_size_mib` at line {} column {}."


@pytest.mark.parametrize(
    ("sent", "line", "column"),
    [
        (b'{"vcpu_count": 2}', 1, 17),
        (b'{"vcpu_count":2}\n', 1, 16),
        (b'{\n "vcpu_count": 2\n}', 3, 1),
        (b'{"vcpu_count": 2}  ', 1, 17),
    ],
)
def test_missing_field_is_missed_where_the_body_ends(app, sent, line, column):
    response = app.test_client().put("/machine/machine-config", data=sent)

    assert response.json["fault_message"].endswith(MISSING.format(line, column))


HOTPLUG = "hotplug/memory"


def blocks(mib):
    return {"total_size_mib": 1024, "block_size_mib": mib}


REFUSED = {
    "memory of no page": (
        "machine-config",
        {"vcpu_count": 1, "mem_size_mib": 127, "huge_pages": "2M"},
        "The memory size (MiB) is either 0, or not a multiple of the configured page size.",
    ),
    "no memory": (
        "machine-config",
        {"vcpu_count": 1, "mem_size_mib": 0},
        "The memory size",
    ),
    "no interface": (
        "mmds/config",
        {"network_interfaces": []},
        "The list of network interface IDs that allow forwarding MMDS requests is empty.",
    ),
    "a public address": (
        "mmds/config",
        {"network_interfaces": ["e0"], "ipv4_address": "1.1.1.1"},
        "The MMDS IPv4 address is not link local.",
    ),
    "a reserved address": (
        "mmds/config",
        {"network_interfaces": ["e0"], "ipv4_address": "169.254.255.1"},
        "The MMDS IPv4 address is not link local.",
    ),
    "no address": (
        "mmds/config",
        {"network_interfaces": ["e0"], "ipv4_address": "1.1"},
        "invalid IPv4 address syntax",
    ),
    "a small block": (
        HOTPLUG,
        blocks(1),
        "not be lower than 2 MiB",
    ),
    "a crooked block": (HOTPLUG, blocks(3), "be a power of 2"),
    "no block": (HOTPLUG, blocks(0), "not be lower than 2 MiB"),
    "a small slot": (
        HOTPLUG,
        {"total_size_mib": 1024, "slot_size_mib": 0},
        "lower than 128 MiB",
    ),
    "a crooked slot": (
        HOTPLUG,
        {"total_size_mib": 1024, "block_size_mib": 4, "slot_size_mib": 130},
        "Slot size must be a multiple of block size (4 MiB)",
    ),
    "less than a slot": (
        HOTPLUG,
        {"total_size_mib": 64},
        "lower than slot size (128 MiB)",
    ),
    "half a slot": (HOTPLUG, {"total_size_mib": 1000}, "a multiple of slot size (128 MiB)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_configuration_that_cannot_be_is_refused(machine, name):
    resource, body, told = REFUSED[name]
    machine.put_item("network-interfaces", "e0", {"iface_id": "e0", "host_dev_name": "tap0"})

    with pytest.raises((VmmActionError, BodyError), match=re.escape(told)):
        machine.put(resource, body)


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("drives", "pmem", "Attempt to add pmem as a root device while the root device defined as a block"),
        ("pmem", "drives", "A root block device already exists!"),
        ("pmem", "pmem", "A root pmem device already exist"),
        ("drives", "drives", "A root block device already exists!"),
    ],
)
def test_there_is_one_root(machine, first, second, told):
    def add(collection, name):
        root = {"drives": ("drive_id", "is_root_device"), "pmem": ("id", "root_device")}[collection]
        body = {root[0]: name, root[1]: True, "path_on_host": "/dev/null"}
        machine.put_item(collection, name, body)

    add(first, "a")

    with pytest.raises(VmmActionError, match=told):
        add(second, "b")


DEAD = {
    "patch a drive": lambda machine: machine.patch_item("drives", "d", {"drive_id": "d"}),
    "statistics": Machine.statistics,
    "poll": lambda machine: machine.set_polling({"stats_polling_interval_s": 1}),
    "hint": lambda machine: machine.hint("start"),
    "status of hinting": Machine.hinting,
    "hotplug": Machine.hotplug,
}


@pytest.mark.parametrize("call", DEAD)
def test_machine_that_is_shut_down_changes_nothing_and_tells_nothing_of_its_guest(running, call):
    running.act("SendCtrlAltDel")

    with pytest.raises(VmmActionError, match="the microVM is shut down"):
        DEAD[call](running)


@pytest.mark.parametrize("call", DEAD)
def test_guest_that_is_not_there_yet_is_not_asked(machine, call):
    with pytest.raises(VmmActionError, match="not supported before starting"):
        DEAD[call](machine)


@pytest.mark.parametrize("path", ["status", "status/", "status/more"])
def test_status_of_hinting_is_read_where_firecracker_has_it(app, path):
    client = app.test_client()
    early = client.get(f"/machine/balloon/hinting/{path}")
    client.put("/machine/boot-source", json={"kernel_image_path": "/dev/null"})
    client.put("/machine/actions", json={"action_type": "InstanceStart"})

    late = client.get(f"/machine/balloon/hinting/{path}")

    assert "not supported before starting" in early.json["fault_message"]
    assert (late.status_code, late.json) == (200, {"host_cmd": 0, "guest_cmd": None})


def test_memory_that_is_asked_for_is_told(machine):
    machine.put("hotplug/memory", {"total_size_mib": 1024})
    machine.put("boot-source", {"kernel_image_path": "/dev/null"})
    machine.act("InstanceStart")
    before = machine.hotplug()

    machine.patch_running("hotplug/memory", {"requested_size_mib": 512})

    assert (before["requested_size_mib"], machine.hotplug()["requested_size_mib"]) == (0, 512)
