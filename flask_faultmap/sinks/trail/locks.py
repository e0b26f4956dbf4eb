"""Who holds a file? Locks of the kernel, which end with their process; Windows has none of these."""

from contextlib import suppress

# Not on Windows, which the settings of the trail refuse in words; the other sinks run there.
with suppress(ImportError):
    import fcntl


def hold(file: int) -> None:
    """Lock an open file for this process and its children.

    Raises:
        OSError: another process holds it (``BlockingIOError``), or the disk knows no locks.
    """
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def hold_without_children(file: int) -> None:
    """Lock an open file for this process alone; what is forked from it holds nothing.

    Raises:
        OSError: another process holds it, or the disk knows no locks.
    """
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
