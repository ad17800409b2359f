"""Whether what a path names can be read to an end."""

from __future__ import annotations

import stat
from pathlib import Path

from tmwatch.errors import ConfigError


def size_of(path: Path, what: str, do: str) -> int:
    """The bytes of a file that the user names (`what`: "the docket file"); of a folder whatever the system
    says: who opens it is told.

    Raises `ConfigError` for a device or a pipe, of which no reading need ever end, and `OSError`.
    """
    info = path.stat()
    if not (stat.S_ISREG(info.st_mode) or stat.S_ISDIR(info.st_mode)):
        raise ConfigError(f"{what} {path} is a device or a pipe, not a file", do=do)
    return info.st_size
