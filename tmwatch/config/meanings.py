"""The user's own table of equivalents (`meanings_file`): a CSV, each row the words of one meaning."""

from __future__ import annotations

import csv
from pathlib import Path

from tmwatch.errors import ConfigError
from tmwatch.plain_file import size_of

_LARGEST = 5_000_000  # bytes; a table for people, not a dictionary
_DO = "Write a row for each meaning, its words divided by commas: seal,Robbe,phoque,海豹. Save it as UTF-8."


def read_meanings(path: Path) -> tuple[tuple[str, ...], ...]:
    """The groups of words that mean the same, in the order of the file; a row that begins with # is none.

    Raises `ConfigError` for a file that cannot be read, is a device, larger than 5 MB or no UTF-8, and for a
    row with one word only.
    """
    try:
        if size_of(path, "the file of meanings", _DO) > _LARGEST:
            raise ConfigError(
                f"the file of meanings {path} is larger than {_LARGEST // 1_000_000} MB", do=_DO
            )
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            f"there is no file of meanings {path}",
            do="Correct `meanings_file`; a relative path starts at the folder of the configuration file.",
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"the file of meanings {path} is not in UTF-8", do=_DO) from None
    except OSError as error:
        raise ConfigError(f"the file of meanings {path} cannot be read: {error.strerror}", do=_DO) from None
    first = text.partition("\n")[0]
    divider = max(",;\t", key=first.count)
    groups = []
    for line, row in enumerate(csv.reader(text.splitlines(), delimiter=divider), 1):
        words = tuple(dict.fromkeys(cell.strip() for cell in row if cell.strip()))
        if not words or words[0].startswith("#"):
            continue
        if len(words) < 2:
            raise ConfigError(f"{path}, line {line}: one word alone means the same as nothing", do=_DO)
        groups.append(words)
    return tuple(groups)
