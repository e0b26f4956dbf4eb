"""Which promises to clients does an app break? The findings of ``flask faults check --against``."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask_faultmap.tools.checks import Finding


def check_contract(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Finding]:
    """Look for promises of the contract *old* that *new* breaks; whatever was added is fine."""
    return [
        *_find_broken_profiles(old["profiles"], new["profiles"]),
        *_find_broken_codes(old["codes"], new["codes"]),
    ]


def _find_broken_profiles(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Finding]:
    for name, before in sorted(old.items()):
        now, where = new.get(name), f"the profile {name!r}"
        if now is None:
            yield _make_finding(where, "it is no longer in use")
            continue
        if now["media_type"] != before["media_type"]:
            yield _make_finding(
                where, f"its media type was {before['media_type']}, and is {now['media_type']}"
            )
        for member in sorted({*before["members"]} - {*now["members"]}):
            yield _make_finding(where, f"it has lost the member {member!r}")


def _find_broken_codes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Finding]:
    for code, before in sorted(old.items()):
        where = f"the code {code!r}"
        if code not in new:
            yield _make_finding(where, "it has disappeared")
            continue
        now = new[code]["statuses"]
        for name, status in sorted(before["statuses"].items()):
            if now.get(name, status) != status:
                yield _make_finding(
                    where, f"its status was {status} in the profile {name!r}, and is {now[name]}"
                )


def _make_finding(where: str, what: str) -> Finding:
    remedy = "bring it back, or export the contract anew and tell the clients"
    return Finding(check="broken-contract", where=where, what=what, remedy=remedy)
