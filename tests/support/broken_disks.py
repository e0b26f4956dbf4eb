"""Disks that are full or cannot be written: real ones where this user may mount, else the nearest thing."""

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Callable[[], None]]:
    """Mount a disk of *size* bytes on *folder*, else let no file grow beyond that; give what makes room."""
    folder.mkdir(parents=True)
    if not _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)):
        with small_files(size) as grow:
            yield grow
        return
    try:
        yield lambda: _need("mount", "-o", "remount,size=64m", str(folder))
    finally:
        _need("umount", "-l", str(folder))


@contextmanager
def small_files(size: int) -> Iterator[Callable[[], None]]:
    """Let no file of this process grow beyond *size* bytes: a write that goes beyond is done in part."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nobody write to *folder*, as in a container whose disk is read-only."""
    if _run("mount", "--bind", str(folder), str(folder)):
        _need("mount", "-o", "remount,bind,ro", str(folder))
        undo = lambda: _need("umount", "-l", str(folder))  # noqa: E731
    elif os.geteuid() == 0:
        pytest.skip("root may not mount here, and the rights of a folder do not bind root")
    else:
        folder.chmod(0o500)
        undo = lambda: folder.chmod(0o700)  # noqa: E731
    try:
        yield
    finally:
        undo()


def _run(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _need(*command: str) -> None:
    subprocess.run(command, check=True)


@contextmanager
def closed(folder: Path) -> Iterator[None]:
    """Let this process not look into *folder*."""
    mode = folder.stat().st_mode
    user = os.geteuid()
    folder.chmod(0)
    if user == 0:
        os.seteuid(65534)  # rights do not bind root
    try:
        yield
    finally:
        os.seteuid(user)
        folder.chmod(mode)
