"""Files that are whole or not there: a new content takes the place of the old one in one step.

What is written lies beside its target until it is on the disk, then it is renamed over it, then the
folder is synced. Killed, out of space or without power at any moment, the old file is there, or the new
one; a rename without these syncs can leave an empty file under a good name (ext4, XFS). What a killed
process left lying is swept away by the next one that writes the same file.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import filelock

try:
    import fcntl
except ImportError:  # no Unix: what was left lying is not swept there
    fcntl = None  # type: ignore[assignment]

_A_MOMENT = 60  # seconds
_POLL = 0.02  # seconds between two tries for a lock
# No space, no quota left, a file that may grow no further (RLIMIT_FSIZE): nobody's setting is wrong.
_FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})


def is_full(error: OSError) -> bool:
    """Whether it is space that is missing, and neither a right nor a folder."""
    return error.errno in _FULL


@contextlib.contextmanager
def whole(
    target: Path,
    *,
    mode: int = 0o666,
    durable: bool = True,
    replace: bool = True,
    family: str | None = None,
) -> Iterator[Path]:
    """An empty file beside `target` to write into; at the end of the block it becomes `target`.

    `mode` counts for a new file (less the umask); one that is replaced keeps its rights. `durable=False`
    leaves the syncs out: after a power loss it may be the old file, the new one, or an empty one.
    `replace=False` raises `FileExistsError` where there is a target already. `family` names the file by
    whose next writing a killed one's remains are swept away, where each target has a new name. Raises
    `OSError` when it cannot be written; the old file is untouched then, as it is when the block raises.
    """
    family = family or target.name
    _sweep(target.parent, family)
    if target.exists() and replace:
        mode = target.stat().st_mode & 0o777
    part = target.with_name(f".{family}.{secrets.token_hex(4)}.part")
    handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX)  # says: somebody is at work on this one
        if target.exists() and replace:
            part.chmod(mode)
        yield part
        if durable:
            os.fsync(handle)
        if replace:
            part.replace(target)
        else:
            _name(part, target)
        if durable:
            sync_folder(target.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            _remove(part)
        raise
    finally:
        os.close(handle)


@contextlib.contextmanager
def locked(path: Path, patience: float) -> Iterator[None]:
    """Hold the lock of the system on the file `path`, which whoever ends in whatever way lets go of.

    The same lock as `filelock.FileLock(path)`, for where it is taken many times a second: that one costs
    twenty times as much. Each call is a holder of its own, in threads too; it is not taken twice in one.
    Raises `TimeoutError` after `patience` seconds, and `OSError` where the file cannot be opened.
    """
    if fcntl is None:
        with filelock.FileLock(path, timeout=patience):  # whose Timeout is a TimeoutError
            yield
        return
    until = time.monotonic() + patience
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            while not _taken(handle):
                if time.monotonic() > until:
                    raise TimeoutError(f"{path} is locked")
                time.sleep(_POLL)
            if os.fstat(handle).st_nlink == 0:
                continue  # somebody removed the file meanwhile: what we hold keeps nobody out
            yield
            return
        finally:
            os.close(handle)  # which lets go of it


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _name(part: Path, target: Path) -> None:
    """Give the file its name unless the name is taken."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: the moment between is the price
        if target.exists():
            raise FileExistsError(target) from None
        part.replace(target)
    else:
        part.unlink()


def sync_folder(folder: Path) -> None:
    """Make what was renamed or made in the folder last through a power loss, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sweep(folder: Path, family: str) -> None:
    """Remove what killed processes left: whoever is alive holds the lock of what it writes."""
    if fcntl is None:
        return
    for part in list(folder.glob(f".{glob.escape(family)}.*.part")):
        with contextlib.suppress(OSError):
            handle = os.open(part, os.O_RDWR)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                there = os.fstat(handle)
                # Empty and new: somebody has just made it and is about to lock it.
                if there.st_size or time.time() - there.st_mtime > _A_MOMENT:
                    _remove(part)
            finally:
                os.close(handle)


def _remove(part: Path) -> None:
    for end in ("-journal", "-wal", "-shm", ""):  # the first three: where SQLite was writing
        part.with_name(f"{part.name}{end}").unlink(missing_ok=True)
