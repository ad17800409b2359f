"""What tests share: the root of the repository and the real recordings, where somebody has them."""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import os
import shutil
import socket
import sqlite3
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import settings

from tmwatch.sources.base import Answer, Page
from tmwatch.sources.registry import all_sources
from tmwatch.sources.us import tsdr_record
from tmwatch.store import database

ROOT = Path(__file__).resolve().parents[1]
MEMORY = Path("/dev/shm")
# `make soak` tries each property on all its examples, `make test` on a third: others each time.
ALL_EXAMPLES = "TMWATCH_ALL_EXAMPLES" in os.environ
ROOM = 2 << 30  # bytes; a run needs a fifth of that


# While modules are loaded and tests collected nothing becomes garbage that is worth looking for.
gc.disable()


def pytest_configure(config: pytest.Config) -> None:
    """Temporary folders lie in memory where that has room: each commit is synced, tens of thousands of times
    in all, and a disk that others use as well would be waited for most of all. What a sync is worth is for
    `faults/power.py`, which needs no disk for it."""
    named = config.option.basetemp or "PYTEST_DEBUG_TEMPROOT" in os.environ
    if not named and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)


def recorded_folder() -> Path | None:
    """Real answers of the registers, kept beside the project and never in it; None where there are none."""
    given = os.environ.get("TMWATCH_RECORDED")
    folder = Path(given) if given else ROOT.parent / "shared" / "recorded"
    return folder if folder.is_dir() else None


def examples(number: int) -> int:
    """On how many of `number` examples a property is tried in this run."""
    return number if ALL_EXAMPLES else -(-number // 3)


settings.register_profile("tmwatch", max_examples=examples(100))
settings.load_profile("tmwatch")


def registers_off() -> str:
    """Configuration that switches off every register which is asked live without being asked for.

    No test may reach one; where a test is about what happens when nobody is asked, it says so with this.
    """
    live = [one.declaration for one in all_sources().values() if one.declaration.live_default == "on"]
    return "".join(f'[source."{one.id}"]\nenabled = false\n' for one in live)


@functools.cache
def _registers() -> frozenset[str]:
    """The hosts of the registers, and of the places that give tokens for them."""
    found = [one.declaration for one in all_sources().values()]
    urls = [one.base_url for one in found] + [one.grant.token_url for one in found if one.grant]
    return frozenset(urlsplit(url).hostname or "" for url in urls)


@pytest.fixture(autouse=True)
def _no_register_is_asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Registers are other people's machines: a test that looks one up fails, whatever it was about."""
    asked: list[str] = []
    resolve, registers = socket.getaddrinfo, _registers()

    def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name in registers:
            asked.append(name)
            raise socket.gaierror(socket.EAI_NONAME, "no test asks a register")
        return resolve(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", guarded)
    yield
    assert not asked, f"a test asked {', '.join(asked)}: give it a base_url on loopback, or registers_off()"


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """In a new clone each worker would make the assertions of all test files ready for itself, which takes a
    quarter of a minute: the second begins with the last file, and each finds what the other has made."""
    worker = getattr(session.config, "workerinput", {}).get("workerid", "")
    if worker == "gw1" and all(str(given).rstrip("/") in (".", "tests") for given in session.config.args):
        for file in sorted((ROOT / "tests").rglob("test_*.py"), reverse=True):
            # What is wrong with a file is said where it is collected.
            with contextlib.suppress(Exception, pytest.skip.Exception):
                importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))


def pytest_collection_finish() -> None:
    """What was collected stays to the end: no sweep of garbage in a test need look through it again. And
    sweeps are rarer than usual, which are a twentieth of all the work otherwise."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    gc.enable()


_migrate = database.migrate


def _steps() -> tuple[object, object]:
    """The steps of the schema and its version as `database` takes them now: some tests put others there."""
    names = vars(database)
    return names["MIGRATIONS"], names["SCHEMA_VERSION"]


_STEPS = _steps()


@functools.cache
def _new_database() -> sqlite3.Connection:
    """Today's schema as the migrations, run one after the other, leave it in an empty file."""
    conn = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    _migrate(conn, 0)
    rows = [name for (name,) in conn.execute("select name from sqlite_master where type = 'table'")]
    assert not any(conn.execute(f'select 1 from "{name}"').fetchone() for name in rows), "a schema, no rows"
    return conn


@pytest.fixture(autouse=True, scope="session")
def _new_databases_are_made_at_once() -> Iterator[None]:
    """Hundreds of tests begin with an empty database: the steps of the schema are run once, their outcome
    is copied each time. An upgrade takes the steps themselves, and so do other steps than today's, a file
    that is in use already, and every process of its own."""

    def at_once(conn: sqlite3.Connection, version: int) -> None:
        in_use = conn.execute("pragma journal_mode").fetchone()[0] != "delete"
        if version or in_use or _steps() != _STEPS:
            _migrate(conn, version)
            return
        conn.execute("rollback")  # nothing was written; a copy begins outside of a transaction
        _new_database().backup(conn)
        conn.execute("begin immediate")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "migrate", at_once)
        yield


# What is read there is what those tests are about, or what they measure.
_READ_ANEW = tuple(
    f"{ROOT / 'tests' / name}{os.sep}" for name in ("benchmarks", "faults", "quality", "sources")
)
_read = tsdr_record.read


@functools.lru_cache(maxsize=200)
def _read_once(body: bytes, content_type: str, status: int, query: Any) -> Answer:
    return _read(Page(body, content_type=content_type, status=status, query=query))


def _read_tsdr(page: Page) -> Answer:
    """Where a page comes from stands in refusals only, and those are made anew."""
    try:
        return _read_once(page.body, page.content_type, page.status, page.query)
    except Exception:  # noqa: BLE001 - whatever it is, the reader itself shall raise it
        return _read(page)


@pytest.fixture(autouse=True)
def _a_page_of_tsdr_is_read_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most tests look at one of a few pages, and reading is a pure function that takes longer than all the
    rest of a check: the same bytes of the same question have the answer that they had. Answers are frozen."""
    if not str(request.path).startswith(_READ_ANEW):
        monkeypatch.setattr(tsdr_record, "read", _read_tsdr)


@pytest.fixture
def recorded() -> Path:
    """The folder of real recordings; skips, loudly, where it is missing."""
    folder = recorded_folder()
    if folder is None:
        reason = "no real recordings here (TMWATCH_RECORDED): the readers were NOT tried on real pages"
        warnings.warn(reason, stacklevel=1)
        pytest.skip(reason)
    return folder
