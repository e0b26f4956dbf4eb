"""What lies in a journal's folder? Segments, alive or left behind, and how far they were shipped."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from flask_faultmap.sinks.trail.entries import Entry
from flask_faultmap.sinks.trail.journal import NEW, REFUSED, SUFFIX
from flask_faultmap.sinks.trail.lines import MAX_LINE, decode_line, split_lines
from flask_faultmap.sinks.trail.locks import hold
from flask_faultmap.sinks.trail.waiting import Waiting, read_line

STATE = "shipped.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some lines of a segment: their entries, how many were damaged, and where the next one begins."""

    entries: tuple[Entry, ...]
    damaged: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipperState:
    """What the shipper of a folder tells the other processes of its host; times are seconds since 1970."""

    time: float = 0.0
    offsets: Mapping[str, int] = field(default_factory=dict)
    problem: str | None = None
    damaged: int = 0


def segments_of(folder: Path) -> list[Path]:
    """List the segments of *folder*, oldest first."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == SUFFIX)
    except OSError:  # not made yet, or not readable: as the start of the app has told
        return []


def is_listable(folder: Path) -> bool:
    """Tell whether this user may look into *folder*; one that is not made yet hides nothing."""
    try:
        next(folder.iterdir(), None)
    except OSError as exc:
        return isinstance(exc, FileNotFoundError | NotADirectoryError)
    return True


def is_readable(path: Path) -> bool:
    """Tell whether this user can read a segment: a command that was run as root may have left one."""
    return path.is_file() and os.access(path, os.R_OK)


def read_chunk(path: Path, start: int, most: int, *, ended: bool) -> Chunk:
    """Read up to *most* lines of a segment from *start* on.

    Args:
        ended: nobody writes any more, so that a tail without a line feed is damaged and does not wait.

    Raises:
        OSError: the file is gone, or cannot be read.
    """
    entries: list[Entry] = []
    damaged, end, lines = 0, start, 0
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(min(most, 4096) * 4096)
        while b"\n" not in data and len(data) < MAX_LINE * 4 and (more := file.read(MAX_LINE)):
            data += more
    for begin, line in split_lines(data):
        if lines == most:
            break
        found = _read_line(path, start + begin, line)
        if found is None:
            damaged += 1
        else:
            entries.append(found.entry())
        lines, end = lines + 1, start + begin + len(line) + 1
        time.sleep(0)  # gives the GIL to a request, which waits 5 ms for it else, each time that it needs it
    if ended and lines < most and end == start and data:
        damaged, end = damaged + 1, start + len(data)
    return Chunk(entries=tuple(entries), damaged=damaged, end=end)


def lock_left_behind(path: Path) -> int | None:
    """Give a locked file of a segment whose process is gone or done with it; None while it lives.

    Close it: the lock ends with it.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        hold(file)
    except OSError:
        os.close(file)
        return None
    return file


def remove_unborn(folder: Path) -> None:
    """Delete what processes left that died while they made a segment: nothing was written there."""
    with suppress(OSError):  # not made yet, or not readable
        for path in folder.glob(f"*{NEW}"):
            file = lock_left_behind(path)
            if file is not None:
                path.unlink(missing_ok=True)
                os.close(file)


def read_tail(folder: Path, most_bytes: int, shipped: Mapping[str, int]) -> Iterator[Waiting]:
    """Give the lines in the last *most_bytes* of each segment, from its *shipped* offset on."""
    for path in segments_of(folder):
        with suppress(OSError):  # shipped to its end and deleted, meanwhile; or not readable
            yield from _read_end(path, most_bytes, shipped.get(path.stem, 0))


def _read_end(path: Path, most_bytes: int, shipped: int) -> Iterator[Waiting]:
    with path.open("rb") as file:
        start = max(os.fstat(file.fileno()).st_size - most_bytes, shipped)
        file.seek(start)
        data = file.read()
    yield from read_lines(path, start, data)


def read_lines(path: Path, start: int, data: bytes) -> Iterator[Waiting]:
    """Give the good lines of *data*, which stands in a segment from *start* on."""
    for begin, line in split_lines(data):
        found = _read_line(path, start + begin, line)
        if found is not None:
            yield found


def read_at(folder: Path, segment: str, offset: int) -> Waiting | None:
    """Give the line that begins at *offset* of a segment, shipped or not."""
    for path in segments_of(folder):
        if path.stem == segment:
            with suppress(OSError), path.open("rb") as file:
                file.seek(offset)
                line, end, _ = file.read(MAX_LINE).partition(b"\n")
                return _read_line(path, offset, line) if end else None
    return None


def _read_line(path: Path, offset: int, line: bytes) -> Waiting | None:
    record = decode_line(line)
    return None if record is None else read_line(path.stem, offset, record)


def erase_lines(path: Path, end: int, is_wanted: Callable[[dict[str, Any]], bool]) -> None:
    """Overwrite the lines before *end* whose record is wanted; their bytes stay, so that no offset changes.

    Only what was shipped may be erased; the owner of a live segment goes on behind it.
    """
    with path.open("r+b", buffering=0) as file:
        for begin, line in split_lines(file.read(end)):
            record = decode_line(line)
            if record is not None and is_wanted(record):
                file.seek(begin)
                file.write(b"-" * len(line))


def count_refusals(folder: Path) -> int:
    """Tell how many faults were refused since the journal was made, because it was full."""
    try:
        return (folder / REFUSED).stat().st_size
    except OSError:
        return 0


def write_state(folder: Path, state: ShipperState) -> None:
    """Write what the shipper tells, in one step."""
    part = folder / f"{STATE}.{os.getpid()}"
    part.write_text(json.dumps(asdict(state)))
    part.replace(folder / STATE)


def read_state(folder: Path) -> ShipperState:
    """Read what the shipper told last; nothing is known where none has run."""
    try:
        told: dict[str, Any] = json.loads((folder / STATE).read_text())
        state = ShipperState(**told)
        return replace(
            state,
            time=float(state.time),
            offsets={name: int(offset) for name, offset in state.offsets.items()},
            damaged=int(state.damaged),
        )
    except (OSError, ValueError, TypeError, AttributeError):  # no state of ours
        return ShipperState()
