"""How does a fault read in a terminal? What came from outside is escaped, and stays in its line."""

import json
from collections.abc import Iterator
from dataclasses import fields

from flask_faultmap.sinks.trail.entries import Entry, Group
from flask_faultmap.texts import one_line


def write_line(entry: Entry) -> str:
    """Say one fault in one line; what came from outside is escaped."""
    asked = f"{entry.method or '-'} {entry.route or '-'}"
    parts = [f"{entry.time:%Y-%m-%d %H:%M:%S}Z", str(entry.status), entry.code, asked, entry.blame]
    return one_line("  ".join([*parts, entry.user_id or "-", entry.request_id, entry.text]))


def describe(entry: Entry) -> Iterator[str]:
    """Say all that is known of one fault, with its stack."""
    yield one_line(f"{entry.request_id}  {entry.status} {entry.code}")
    for field in fields(Entry):
        value = getattr(entry, field.name)
        if field.name != "stack" and value is not None:
            yield one_line(f"  {field.name:16} {say(value)}")
    for link in entry.stack:
        yield one_line(f"  {link.exception}: {link.text or entry.text}")
        yield from (one_line(f"    at {frame}") for frame in reversed(link.frames))


def write_group(group: Group) -> str:
    """Say one group in one line."""
    seen = f"{group.first:%Y-%m-%d %H:%M}Z .. {group.last:%Y-%m-%d %H:%M}Z"
    parts = [f"{group.count:8}", seen, group.code, group.blame, group.cause or "-", group.fingerprint]
    return one_line("  ".join(parts))


def say(value: object) -> str:
    """Write one value: JSON for what has parts, one decimal of a fraction."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return f"{value:.1f}" if isinstance(value, float) else str(value)
