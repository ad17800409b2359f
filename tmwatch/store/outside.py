"""Errors of SQLite that come from outside the file, which may be in order: rights, space, another process."""

from __future__ import annotations

import sqlite3

_RIGHTS = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN})
_OUTSIDE = _RIGHTS | {
    *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR),
    *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM),
}


def is_outside(error: sqlite3.Error) -> bool:
    """Whether the file itself may be in order."""
    return _code(error) in _OUTSIDE


def what_to_do(error: sqlite3.Error) -> str:
    """What helps where a file could not be written."""
    if _code(error) in _RIGHTS:
        return (
            "tmwatch needs to read and write the file and its folder: check their rights, and whether the "
            "disk is there for reading only."
        )
    return "Free space or wait for the other tmwatch to finish, then run the command again."


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
