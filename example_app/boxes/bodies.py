"""What the bodies of the boxes' requests must look like."""

import re
import uuid
from collections.abc import Mapping
from typing import Any

from example_app.boxes.commands import Command
from example_app.boxes.control import Wish
from example_app.boxes.sdk import BoxliteError, Code

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
CPUS, MEMORY_MIB, DISK_GB, SECONDS = (1, 8), (128, 16384), (1, 1024), (0.001, 300)


def read_wish(body: Any) -> Wish:
    """Read what box is to be made."""
    members = _object(body)
    name = _take(members, "name", str, uuid.uuid4().hex[:12])
    if not NAME.fullmatch(name):
        raise _refuse("name must be up to 63 letters, digits, '_', '.' or '-', a letter or digit first")
    _number(members, "disk_size_gb", int, 1, DISK_GB)
    return Wish(
        name=name,
        image=_take(members, "image", str, "alpine:3.20"),
        cpus=_number(members, "cpus", int, 1, CPUS),
        memory_mib=_number(members, "memory_mib", int, 512, MEMORY_MIB),
        user=_take(members, "user", str, None),
    )


def read_command(body: Any, user: str | None) -> Command:
    """Read what is to run; *user* is whom it runs as if the body names none."""
    members = _object(body)
    for name in ("tty", "working_dir"):
        if members.get(name):
            raise BoxliteError(Code.UNSUPPORTED, f"this service has no {name}")
    args, env = _take(members, "args", list, []), _take(members, "env", dict, {})
    if not all(isinstance(word, str) for word in [*args, *env.values()]):
        raise _refuse("args and env hold texts only")
    if "command" not in members:
        raise _refuse("command is missing")
    return Command(
        words=[_take(members, "command", str, ""), *args],
        env=env,
        user=_take(members, "user", str, user),
        seconds=_number(members, "timeout_seconds", (int, float), 60.0, SECONDS),
    )


def read_signal(body: Any) -> int:
    """Read which signal is to be sent."""
    number: int | None = _number(_object(body), "signal", int, None, (-(2**31), 2**31))
    if number is None:
        raise _refuse("signal is missing")
    return number


def _object(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise _refuse("the body must be a JSON object")
    return body


def _take(body: Mapping[str, Any], name: str, kind: type, default: Any) -> Any:
    """Take a member; null is as good as none, and an empty text is no text."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, kind) or value == "":
        words: dict[type, str] = {str: "a text", list: "a list", dict: "an object"}
        raise _refuse(f"{name} must be {words[kind]}")
    return value


def _number(body: Mapping[str, Any], name: str, kind: Any, default: Any, span: tuple[float, float]) -> Any:
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, kind) or isinstance(value, bool) or value != value:
        raise _refuse(f"{name} must be a {'whole ' if kind is int else ''}number")
    if not span[0] <= value <= span[1]:
        raise _refuse(f"{name} is {value}; allowed: {span[0]} to {span[1]}")
    return value


def _refuse(text: str) -> BoxliteError:
    return BoxliteError(Code.INVALID_ARGUMENT, text)
