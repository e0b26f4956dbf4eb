"""Is the trail well? What waits on this host, what was refused; without asking the database."""

import time
from dataclasses import dataclass

from flask_faultmap.sinks.trail.entries import to_micros
from flask_faultmap.sinks.trail.journal import REFUSED
from flask_faultmap.sinks.trail.segments import (
    count_refusals,
    is_listable,
    read_lines,
    read_state,
    segments_of,
)
from flask_faultmap.sinks.trail.settings import TrailSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The state of one app's trail on this host.

    Args:
        waiting: faults in the journal that are not in the database yet.
        waiting_bytes: their size.
        oldest_wait: seconds that the oldest of them has waited; 0 where none waits.
        refused: faults that were refused because the journal was full, since it was made.
        damaged: lines that could not be read, since the database was made.
        last_shipped: seconds since a shipper of this host was heard of; None where none ever was.
        problem: why the shipper fails now, or None.
        findings: what is wrong, in words; empty where all is well.
    """

    waiting: int
    waiting_bytes: int
    oldest_wait: float
    refused: int
    damaged: int
    last_shipped: float | None
    problem: str | None
    findings: tuple[str, ...]

    @property
    def is_well(self) -> bool:
        """Whether nothing waits too long and nothing was refused."""
        return not self.findings


def measure(settings: TrailSettings) -> Health:
    """Measure the health of a trail; it never raises."""
    folder = settings.folder
    state = read_state(folder)
    now = time.time()
    waiting = waiting_bytes = 0
    oldest_wait = 0.0
    findings = []
    if not is_listable(folder):
        findings.append(f"{folder} cannot be read by this user; what waits there is not known")
    for path in segments_of(folder):
        start = state.offsets.get(path.stem, 0)
        try:
            with path.open("rb") as file:
                file.seek(start)
                tail = file.read()
        except FileNotFoundError:  # shipped to its end and deleted, meanwhile
            continue
        except OSError:
            findings.append(f"{path} cannot be read by this user; its faults are not shipped")
            continue
        waiting += tail.count(b"\n")
        waiting_bytes += len(tail)
        first = next(read_lines(path, start, tail), None)
        if first is not None:
            oldest_wait = max(oldest_wait, now - to_micros(first.time) / 1e6)
    refused = count_refusals(folder)
    if oldest_wait > settings.max_wait:
        why = f" ({state.problem})" if state.problem else ""
        findings.append(f"a fault waits for {oldest_wait:.0f} s, longer than {settings.max_wait} s{why}")
    if refused:
        findings.append(f"{refused} faults were refused; to begin anew, delete {folder / REFUSED}")
    return Health(
        waiting=waiting,
        waiting_bytes=waiting_bytes,
        oldest_wait=oldest_wait,
        refused=refused,
        damaged=state.damaged,
        last_shipped=max(now - state.time, 0.0) if state.time else None,
        problem=state.problem,
        findings=tuple(findings),
    )
