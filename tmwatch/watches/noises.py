"""How noisy each watched name is, kept between runs in a file beside the database.

A mark is compared with thousands of names before it is known how near a name must be to it
(`similarity.Scorer.noises`); that is the same at each run until the tables or the program change. The file
can be deleted: it is written again. Nothing of it ever stands in for a comparison of a mark with a filing.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ValidationError

from tmwatch.files import whole
from tmwatch.logs import Log

log = Log()

_MOST = 8  # sets of tables whose noises are kept: one for each set of classes that tells anything


def file_of(database: Path) -> Path:
    """Where it lies."""
    return database.with_name(f"{database.name}.noise.json")


class _Kept(BaseModel):
    """The file: by what made them, the noise of each mark in its compared form."""

    noise: dict[str, dict[str, float]] = {}


class NoiseFile:
    """`similarity.NoiseMemory` in a file. Threads share it; of two processes that write the later wins."""

    def __init__(self, database: Path) -> None:
        """Lies beside the database, and is written only where there is one."""
        self._database = database
        self._path = file_of(database)
        self._lock = threading.Lock()
        self._kept: _Kept | None = None

    def known(self, made_by: str) -> Mapping[str, float]:
        """What was learned before from these tables."""
        with self._lock:
            if self._kept is None:
                self._kept = _read(self._path)
            return dict(self._kept.noise.get(made_by, {}))

    def learn(self, made_by: str, found: Mapping[str, float]) -> None:
        """Keep what was found. A file that cannot be written is no trouble: the next run finds it again."""
        with self._lock:
            kept = _read(self._path)
            before = kept.noise.pop(made_by, {})
            latest = list(kept.noise.items())[-(_MOST - 1) :]
            self._kept = _Kept(noise={**dict(latest), made_by: {**before, **found}})
            if _READ_ONLY.is_set() or not self._database.exists():
                return
            try:
                with whole(self._path, mode=0o600, durable=False) as part:
                    part.write_text(self._kept.model_dump_json(), encoding="utf-8")
            except OSError:
                log.info("the noise of the marks is not kept", file=self._path.name, exc_info=True)


_READ_ONLY = threading.Event()


@contextlib.contextmanager
def unkept() -> Iterator[None]:
    """For a dry run: what is known is used, and nothing written."""
    _READ_ONLY.set()
    try:
        yield
    finally:
        _READ_ONLY.clear()


@functools.lru_cache(4)
def noises_beside(database: Path) -> NoiseFile:
    """Those of the marks that are watched with this database."""
    return NoiseFile(database)


def _read(path: Path) -> _Kept:
    try:
        return _Kept.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return _Kept()
    except (OSError, ValidationError):
        log.info("the noise of the marks cannot be used", file=path.name, exc_info=True)
        return _Kept()
