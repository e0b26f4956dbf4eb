"""Where does a fault go before its answer leaves? Into this process's own file, by one write.

A segment is locked as long as its process lives: the lock, which dies with it, tells the shipper whether
more may come. A process that was forked, by whatever means, begins segments of its own.
"""

import errno
import os
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path

from flask_faultmap.sinks.trail.locks import hold

SEGMENT_SIZE = 1024 * 1024  # bytes
SUFFIX, NEW = ".log", ".new"
REFUSED = "refused"  # a file with one byte for each fault that was refused
LOOK_AGAIN = 1.0  # seconds until a journal that was full is measured again, and a deleted file missed


class JournalFullError(Exception):
    """The app's journal on this host has reached its limit; the fault is refused and counted."""


class Journal:
    """The journal of one app, for any number of processes that are forked from this one."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder: Path = folder
        self.limit: int = limit
        self._writers: dict[int, _Writer] = {}

    def check_folder(self) -> None:
        """See whether the folder can be written, or made; the first fault makes it.

        It is not made before: what root runs while an app is installed would own it.

        Raises:
            OSError: it cannot be made or written.
        """
        with suppress(FileNotFoundError):
            os.stat(self.folder)  # what cannot be a folder's path is told here
        nearest = next(each for each in (self.folder, *self.folder.parents) if os.path.exists(each))
        if not nearest.is_dir():
            raise NotADirectoryError(f"{nearest} is no folder")
        if not os.access(nearest, os.W_OK | os.X_OK):
            raise PermissionError(f"{nearest} cannot be written")

    def make_folder(self) -> None:
        """Make the folder, for this user alone; those above it as the umask says, but never closed to it.

        Raises:
            OSError: it cannot be made or written.
        """
        self.check_folder()
        for each in reversed([each for each in (self.folder, *self.folder.parents) if not each.exists()]):
            with suppress(FileExistsError):  # another process was quicker
                each.mkdir(0o700 if each == self.folder else 0o777)
                each.chmod(each.stat().st_mode | 0o700)

    def write(self, line: bytes, pid: int) -> None:
        """Append *line* to the segment of this process, whose id is *pid*.

        Raises:
            JournalFullError: the limit is reached.
            OSError: it cannot be written; nothing of it is left in the file.
        """
        writer = self._writers.get(pid)
        if writer is None:
            # No lock here: one that another thread held while we were forked would never be free again.
            writer = self._writers.setdefault(pid, _Writer(self))
            self._close_others(pid)
        writer.write(line)

    def close(self) -> None:
        """End this process's segment, so that it can be shipped to its end and deleted."""
        self._close_others(None)

    def _close_others(self, kept: int | None) -> None:
        for pid in [each for each in [*self._writers] if each != kept]:
            with suppress(KeyError):  # another thread was quicker
                self._writers.pop(pid).close()

    def size(self) -> int:
        """Measure what the app's processes on this host have written, and nobody has deleted."""
        size = 0
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.endswith(SUFFIX):
                    with suppress(FileNotFoundError):  # shipped to its end and deleted, meanwhile
                        size += entry.stat().st_size
        return size


class _Writer:
    """The segments of one process, one after the other."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._file = -1
        self._size = 0  # of the segment
        self._room = 0  # bytes until the segment has to end, or the journal to be measured again
        self._full_until = 0.0
        self._look_at = 0.0  # when to see whether somebody has deleted the segment

    def write(self, line: bytes) -> None:
        size = len(line)
        with self._lock:
            now = time.monotonic()
            if size > self._room or now >= self._look_at:
                self._make_room(size, now)
            written = os.write(self._file, line)
            if written < size:  # the disk is full: what follows must not stand behind half a line
                with suppress(OSError):
                    os.ftruncate(self._file, os.fstat(self._file).st_size - written)
                self.close()
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._size += size
            self._room -= size

    def close(self) -> None:
        file, self._file, self._room = self._file, -1, 0
        if file >= 0:
            os.close(file)

    def _make_room(self, size: int, now: float) -> None:
        self._look_at = now + LOOK_AGAIN
        if self._file < 0 or self._size + size > SEGMENT_SIZE or not os.fstat(self._file).st_nlink:
            self.close()
            self._file, self._size = open_segment(self._journal), 0
            self._full_until = now
        if now >= self._full_until:
            self._room = min(self._journal.limit - self._journal.size(), SEGMENT_SIZE - self._size)
            self._full_until = now + LOOK_AGAIN if self._room < size else 0.0
        if self._room < size:
            count_refused(self._journal.folder)
            raise JournalFullError


def open_segment(journal: Journal) -> int:
    """Make a segment, locked before anybody can see it; give its file."""
    journal.make_folder()
    while True:
        # Names sort by age, as far as the clock is right; nothing rests on it.
        name = f"{time.time_ns() // 1_000_000:013d}-{secrets.token_hex(8)}"
        new = journal.folder / (name + NEW)
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
        file = os.open(new, flags, 0o600)
        try:
            os.fchmod(file, 0o600)  # whatever the umask
            hold(file)
            new.rename(new.with_suffix(SUFFIX))
        except (BlockingIOError, FileNotFoundError):  # the shipper took it for what a dead process left
            os.close(file)
        except BaseException:
            os.close(file)
            new.unlink(missing_ok=True)
            raise
        else:
            return file


def count_refused(folder: Path) -> None:
    """Count one more: a byte, which no crash and no other process can take back."""
    file = os.open(folder / REFUSED, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, b".")
    finally:
        os.close(file)
