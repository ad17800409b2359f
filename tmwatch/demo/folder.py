"""The folder of the demonstration: made fresh each time, if it is ours; never touched, if it is not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tmwatch.errors import UsageError

DEFAULT = Path("tmwatch-demo")
MARKER = ".tmwatch-demo"
_MARKER_TEXT = "`tmwatch demo` made this folder and replaces its own files here at each run.\n"
_FOLDERS = ("mails", "webhooks", "state")
_FILES = (
    *("tmwatch.toml", "webhook-secret.txt", "tianyancha-token.txt", "filings.csv", "changes.csv"),
    *("tmwatch.db", "tmwatch.db-wal", "tmwatch.db-shm"),
)


def prepare(folder: Path) -> Path:
    """The folder, with nothing of an earlier demonstration in it. Files of other names stay.

    Raises `UsageError` for a folder that holds something and was not made by a demonstration.
    """
    try:
        if not _ours(folder):
            raise UsageError(
                "this is not a folder of the demonstration",
                where=str(folder),
                kept="Nothing in it was touched.",
                do="Name another: tmwatch demo --folder NEW_FOLDER",
            )
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARKER).write_text(_MARKER_TEXT, encoding="utf-8")
        for name in _FILES:
            (folder / name).unlink(missing_ok=True)
        for name in _FOLDERS:
            _remade(folder / name)
    except OSError as error:
        raise UsageError(
            f"the folder cannot be made: {os.strerror(error.errno or 0)}",
            where=str(error.filename or folder),
            do="Name another: tmwatch demo --folder NEW_FOLDER",
        ) from None
    return folder


def _ours(folder: Path) -> bool:
    """Made by a demonstration, or not there yet, or empty."""
    if not folder.exists() or (folder / MARKER).is_file():
        return True
    return folder.is_dir() and not any(folder.iterdir())


def _remade(path: Path) -> None:
    if path.is_symlink():
        path.unlink()  # what it points at is not ours
    elif path.exists():
        shutil.rmtree(path)
    path.mkdir()


def write_secret(path: Path, secret: str) -> None:
    """For the owner's eyes only, as a secret file should be."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{secret}\n")
