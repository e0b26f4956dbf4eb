"""How are faults counted by group? With the names of the columns, for the shipper and for readers."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_faultmap.sinks.trail.entries import Group, Names, from_micros, to_micros


def count_groups(groups: dict[str, dict[str, Any]], entries: Iterable[Names]) -> None:
    """Count *entries* in *groups*, by fingerprint and with the names of the columns."""
    for entry in entries:
        moment = to_micros(entry.time)
        group = groups.setdefault(entry.fingerprint, _make_group(entry, moment))
        group["count"] += 1
        group["first"], group["last"] = min(group["first"], moment), max(group["last"], moment)


def _make_group(entry: Names, moment: int) -> dict[str, Any]:
    names = ("fingerprint", "app", "code", "category", "blame", "rule", "cause")
    return {**{name: getattr(entry, name) for name in names}, "first": moment, "last": moment, "count": 0}


def read_group(row: Mapping[str, Any]) -> Group:
    """Read one group as :func:`count_groups` and the database give it."""
    return Group(**{**row, "first": from_micros(row["first"]), "last": from_micros(row["last"])})
