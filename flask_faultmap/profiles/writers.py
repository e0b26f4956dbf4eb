"""What fills a gap in a body: the occurrence of one fault, as JSON text."""

from collections.abc import Callable
from typing import Any

from marshmallow import fields

from flask_faultmap.faults import Fault, Violation
from flask_faultmap.profiles.encoding import encode_text, jsonable, logger, to_json
from flask_faultmap.profiles.schemas import RESERVED

_STRING: Any = fields.String()


def write_text(value: Any) -> str:
    """Write *value* as a ``String`` field does."""
    if type(value) is str:
        return encode_text(value)
    return to_json(jsonable(_STRING._serialize(value, None, None)))


def write_violations(fault: Fault) -> str:
    """Write what a list of ``ViolationSchema`` says."""
    return f"[{','.join(map(write_violation, fault.violations))}]"


def write_violation(violation: Violation) -> str:
    """Write one violation; members that are None are left out."""
    source, message, pointer = violation.source, violation.message, violation.pointer
    name, code = violation.name, violation.code
    if name is None and type(source) is type(message) is type(pointer) is type(code) is str:  # of a body
        told_source = '"body"' if source == "body" else encode_text(source)
        return (
            f'{{"source":{told_source},"pointer":{encode_text(pointer)},'
            f'"detail":{encode_text(message)},"code":{encode_text(code)}}}'
        )
    members = (("source", source), ("pointer", pointer), ("name", name), ("detail", message), ("code", code))
    told = [f'"{member}":{write_text(value)}' for member, value in members if value is not None]
    return "{" + ",".join(told) + "}"


def write_details(fault: Fault) -> str:
    """Write the details as one member; they are plain once a fault is made."""
    return to_json(fault.details)


def write_more(reserved: frozenset[str]) -> Callable[[Fault], str]:
    """Write the details as members of their own, never over one that is *reserved*."""

    def write(fault: Fault) -> str:
        details = fault.details
        if not details:
            return ""
        if not reserved.isdisjoint(details):
            for name in reserved.intersection(details):
                logger.warning(RESERVED, name, fault.code)
            details = {name: value for name, value in details.items() if name not in reserved}
        return "," + to_json(details)[1:-1] if details else ""

    return write


WRITERS: dict[str, Callable[[Fault], str]] = {
    "text": lambda fault: encode_text(fault.text),
    "id": lambda fault: encode_text(fault.id),
    "retry_after": lambda fault: "null" if fault.retry_after is None else str(fault.retry_after),
    "retry_after_text": lambda fault: "null" if fault.retry_after is None else f'"{fault.retry_after}"',
    "violations": write_violations,
    "details": write_details,
}
