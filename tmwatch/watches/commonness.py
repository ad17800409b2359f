"""What is common in each class of the user's own register: a file beside its store, learned from it.

`register.db.words.json` is written after filings were stored, when there are a tenth more of them than when
it was written last, and read by whoever compares names. It can be deleted.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ValidationError

from tmwatch.files import whole
from tmwatch.logs import Log
from tmwatch.watches.noises import noises_beside

if TYPE_CHECKING:
    from tmwatch.config.models import Watch
    from tmwatch.similarity import ClassCounts, WatchedMark
    from tmwatch.store.register import Register

log = Log()

_FORM: Literal[1] = 1
LEAST = 50_000  # filings; of fewer a class has hardly a thousand
_MOST = 100_000  # filings that are counted: spread evenly, they say what all would
_GROWN = 1.1


class _Words(BaseModel):
    """The file: how many filings there were, and `ClassCounts.by_class`."""

    form: Literal[1]
    filings: int
    classes: dict[int, tuple[int, dict[str, int]]]


def file_of(register: Path) -> Path:
    """Where it lies."""
    return register.with_name(f"{register.name}.words.json")


def watched(watch: Watch, text: str) -> WatchedMark:
    """A mark of the watch, with everything that it is compared by."""
    from tmwatch.similarity import WatchedMark

    counts = counts_of(watch.register_file) if watch.classes and watch.register_file is not None else None
    memory = noises_beside(watch.store_file) if watch.store_file is not None else None
    return WatchedMark(text, watch.twins, frozenset(watch.classes), watch.meanings, counts, memory)


def counts_of(register: Path) -> ClassCounts | None:
    """What was learned from that store of a register; None where nothing was yet."""
    file = file_of(register)
    try:
        about = file.stat()
    except OSError:
        return None
    return _read(file, about.st_mtime_ns, about.st_size)


def learn(register: Register) -> bool:
    """Count anew if it is time. Whether it was. Raises `OSError` where the file cannot be written."""
    file, filings = file_of(register.path), register.rows_so_far()
    if filings < LEAST or filings < _GROWN * _counted(file):
        return False
    from tmwatch.similarity import count_classes

    counts = count_classes(register.by_owner(_MOST))
    said = _Words(form=_FORM, filings=filings, classes=dict(counts.by_class))
    with whole(file) as part:
        part.write_text(said.model_dump_json(), encoding="utf-8")
    return True


def _counted(file: Path) -> int:
    said = _load(file)
    return said.filings if said is not None else 0


@functools.lru_cache(4)
def _read(file: Path, changed: int, size: int) -> ClassCounts | None:
    """By the instant of its last change, so that one that was written anew is read anew."""
    from tmwatch.similarity import ClassCounts

    said = _load(file)
    return ClassCounts(said.classes) if said is not None else None


def _load(file: Path) -> _Words | None:
    """None for one that is not there or cannot be used: it is written anew with what comes next."""
    try:
        return _Words.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError):
        log.info("counts of words cannot be used", file=file.name, exc_info=True)
        return None
