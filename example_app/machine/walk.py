"""The tour's walk through *machine*."""

from typing import Any

from example_app.rooms import Step

ROOT = "/machine"
NOT_YET = "The requested operation is not supported before starting the microVM."
TOO_LATE = "The requested operation is not supported after starting the microVM."


def done(method: str, path: str, sent: Any, title: str) -> Step:
    """Make a step that is answered 204."""
    return Step(title=title, method=method, path=ROOT + path, json=sent, status=204)


def refused(
    method: str,
    path: str,
    title: str,
    code: str,
    message: str | None = None,
    *,
    status: int = 400,
    json: Any = None,
    data: bytes | None = None,
) -> Step:
    """Make a step that is answered with a fault message."""
    return Step(
        title=title,
        method=method,
        path=ROOT + path,
        json=json,
        data=data,
        status=status,
        code=code,
        body={} if message is None else {"fault_message": message},
    )


WALK = (
    Step(title="What is here", method="GET", path=f"{ROOT}/", status=200, body={"state": "Not started"}),
    refused(
        "GET",
        "/nope",
        "An unknown path is 400, as in Firecracker; the signal keeps the 404",
        "unknown_path",
        "Invalid request method and/or path: GET nope.",
    ),
    refused(
        "POST",
        "/vm",
        "So is a wrong method, and without Allow",
        "method_not_allowed",
        "Invalid request method and/or path: POST vm.",
    ),
    refused(
        "PUT",
        "/nope",
        "No body: refused before the path is looked at",
        "invalid_request",
        "Empty PUT request.",
    ),
    refused(
        "PUT",
        "/machine-config",
        "Half a JSON body",
        "malformed_json",
        "An error occurred when deserializing the json body of a request: "
        "EOF while parsing a value at line 1 column 15.",
        data=b'{"vcpu_count": ',
    ),
    refused(
        "PUT",
        "/mmds/config",
        "A value that is not on the list",
        "invalid_body",
        "An error occurred when deserializing the json body of a request: "
        "unknown variant `foo`, expected `V1` or `V2`.",
        json={"network_interfaces": [], "version": "foo"},
    ),
    done(
        "PUT",
        "/machine-config",
        {"vcpu_count": 2, "mem_size_mib": 256},
        "Two CPUs and 256 MiB; 204, and no body",
    ),
    refused(
        "PUT",
        "/drives/root",
        "The drive's file is really missing",
        "vmm_action",
        "Drive config error: Error manipulating the backing file: "
        "No such file or directory (os error 2) /nonexistent.img",
        json={"drive_id": "root", "is_root_device": True, "path_on_host": "/nonexistent.img"},
    ),
    done("PUT", "/balloon", {"amount_mib": 16, "deflate_on_oom": True}, "A balloon"),
    refused("PATCH", "/vm", "Too early to pause it", "vmm_action", NOT_YET, json={"state": "Paused"}),
    done("PUT", "/mmds", {"latest": {"name": "tour"}}, "Metadata that fits"),
    refused(
        "PATCH",
        "/mmds",
        "Metadata that does not: 413, and nothing is changed",
        "mmds_limit",
        "MMDS limit exceeded error: The MMDS patch request doesn't fit.",
        status=413,
        json={"padding": "x" * 51_180},
    ),
    refused(
        "PUT",
        "/snapshot/load",
        "A field on its way out: Deprecation is on the error's headers too",
        "vmm_action",
        json={"snapshot_path": "/nonexistent.snap", "mem_file_path": "/nonexistent.mem"},
    ),
    done("PUT", "/boot-source", {"kernel_image_path": "/dev/null"}, "A kernel"),
    done(
        "PUT", "/actions", {"action_type": "InstanceStart"}, "It starts: a real process answers from now on"
    ),
    refused(
        "PATCH",
        "/machine-config",
        "Too late for more CPUs",
        "vmm_action",
        TOO_LATE,
        json={"vcpu_count": 4},
    ),
    done("PATCH", "/balloon", {"amount_mib": 32}, "The guest hears of a larger balloon"),
    done("PATCH", "/vm", {"state": "Paused"}, "It is paused"),
    refused(
        "PATCH",
        "/balloon",
        "Paused, it cannot hear: 504, with the name of the action",
        "action_timed_out",
        status=504,
        json={"amount_mib": 64},
    ),
    done("PATCH", "/vm", {"state": "Resumed"}, "It goes on"),
    done("PUT", "/actions", {"action_type": "SendCtrlAltDel"}, "It is switched off"),
    refused(
        "PATCH",
        "/balloon",
        "Nobody thought of that: an unhandled BrokenPipeError, logged by Flask, told to no client",
        "internal",
        "Internal server error",
        status=500,
        json={"amount_mib": 64},
    ),
)
