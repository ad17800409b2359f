"""A page that is known by its glance leaves the same database behind as the same page read whole."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT, recorded_folder
from tests.loopback import Loopback
from tests.records import record, sight
from tmwatch import archive, importing
from tmwatch.config import Config
from tmwatch.config.reading import parse_config
from tmwatch.errors import LookError
from tmwatch.http import Door
from tmwatch.importing import import_files, reread
from tmwatch.looking import ask, describe, sights
from tmwatch.model import TradeMark
from tmwatch.sources.base import Page, RecordQuery
from tmwatch.sources.glance import _OURS, _SHARED, glance
from tmwatch.sources.registry import get_source
from tmwatch.sources.us.tsdr import Tsdr
from tmwatch.sources.us.tsdr_api import DECLARATION as API
from tmwatch.store import Database, observe, queries
from tmwatch.store.repeats import answered

STAMP = rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d( E[SD]T)?(?=\s*</div>)"


def pages() -> list[Path]:
    found = [path for path in ROOT.glob("fixtures/us.tsdr*/*/*") if path.suffix in (".html", ".xml", ".json")]
    found = [path for path in found if path.name != "expect.json"]
    folder = recorded_folder()
    if folder is not None:
        found += [*folder.glob("us/tsdr_html/*.html"), *folder.glob("us/tsdr_xml/*.xml")]
        found += folder.glob("us/tsdr_json/*.json")
    return sorted(found)


def single_pages() -> dict[Path, TradeMark]:
    """Those that hold one record and read well, with the record."""
    good = {}
    for path in pages():
        try:
            _, _, answer = importing.read_file(path)
        except LookError:
            continue  # the refused ones are other tests' business
        if len(answer.readings) == 1 and not answer.missing:
            good[path] = answer.readings[0].record
    return good


RECORDS = single_pages()
SINGLE = list(RECORDS)
# The smallest of each source: enough for stories, and quick.
SMALL = [
    min((path for path in SINGLE if path.parts[-3] == source), key=lambda path: path.stat().st_size)
    for source in ("us.tsdr", "us.tsdr-api")
]


# -- what a look can be --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Look:
    """One step of a story: which state the page shows, its stamp, and how it came to us."""

    state: str = "A"  # A, B, or "?": with a status word that nobody knows
    day: int = 1  # of the stamp, in March 2026
    live: bool = True
    by: str = "self"  # or "other": another source has a word in between
    given: int | None = None  # import --as-of
    parser: str = "1"


LOOKS = st.builds(
    Look,
    state=st.sampled_from("AAAAB?"),
    day=st.integers(1, 9),
    live=st.booleans(),
    by=st.sampled_from(["self"] * 7 + ["other"]),
    given=st.sampled_from([None, None, None, 3, 12]),
    parser=st.sampled_from(["1"] * 5 + ["2"]),
)


def shown(body: bytes, look: Look) -> bytes:
    """The page with that stamp in that state."""
    body = re.sub(STAMP, b"2026-03-%02d 0%d:30:00 EST" % (look.day, look.day), body)
    if look.state == "B":  # a later event in other words, in whichever format
        return body.replace(b"NEW APPLICATION ENTERED", b"NEW APPLICATION ENTERED AGAIN")
    if look.state == "?":
        return re.sub(rb"(>Status:</div>\s*<div[^>]*>)", rb"\1Zorbed by the office. ", body, count=1)
    return body


class Story:
    """The same looks, one after another, into a database; reading each page or glancing at it first."""

    def __init__(self, folder: Path, register: Loopback, config: Config, *, glancing: bool) -> None:
        folder.mkdir()
        self.base = Database(folder / "tmwatch.db")
        self.folder, self.register, self.config, self.glancing = folder, register, config, glancing
        self.door = Door("ip-watch@example.com", state_dir=folder)
        self.told: list[Any] = []

    def look(self, path: Path, look: Look, place: int, patch: pytest.MonkeyPatch) -> None:
        body = shown(path.read_bytes(), look)
        at = dt.datetime(2026, 3, 10, 6, tzinfo=dt.UTC) + dt.timedelta(days=place)
        if look.by == "other":
            self._another_source(path, look, at)
            return
        patch.setattr(Tsdr, "declaration", replace(Tsdr.declaration, parser_version=look.parser))
        patch.setattr(
            type(get_source("us.tsdr-api")), "declaration", replace(API, parser_version=look.parser)
        )
        if look.live:
            self._live(body, path, at)
        else:
            self._import(body, path, look, patch)

    def _live(self, body: bytes, path: Path, at: dt.datetime) -> None:
        source = get_source("us.tsdr" if path.suffix == ".html" else "us.tsdr-api")
        query = RecordQuery((RECORDS[path].application_number or "",))
        for request in source.requests(query):
            self.register.pages[request.path] = body

        def seen(source_id: str, what: Any, asked: str) -> bool:
            return answered(self.base.conn, source_id, what, asked) is not None

        env = {"USPTO_API_KEY": "k"}
        looked = ask(source, query, self.door, self.config, env, {}, seen if self.glancing else None)
        looks = [replace(one, looked_at=at) for one in sights(looked, None)]
        stored = observe(self.base, looks, run="r", reread=reread)
        words = [word for reading in looked.readings for word in reading.unknown_words]
        self.told.append((describe(query), looked.outcome, words, [heard(one) for one in stored]))

    def _import(self, body: bytes, path: Path, look: Look, patch: pytest.MonkeyPatch) -> None:
        file = self.folder / path.name
        file.write_bytes(body)
        with patch.context() as inner:
            if not self.glancing:
                inner.setattr("tmwatch.importing.pages.glance", lambda source, page: None)
            day = dt.date(2026, 3, look.given) if look.given else None
            results, stored = import_files(self.base, [file], run="r", as_of=day)
        plain = [{**one.as_json(), "file": file.name, "error": bool(one.error)} for one in results]
        self.told.append((plain, [heard(one) for one in stored]))

    def _another_source(self, path: Path, look: Look, at: dt.datetime) -> None:
        word = record(RECORDS[path].st13, disclaimer=f"WIDGETS {look.state}")
        observe(self.base, [sight(word, f"2026-03-{look.day:02}", source="us.daily", looked_at=at)], run="r")


def heard(one: Any) -> tuple[Any, ...]:
    """What the watches are told of a filing, instants aside."""
    provenance = one.provenance.model_copy(update={"fetched_at": None})
    known = one.record.model_copy(update={"provenance": None})
    before = one.previous.model_copy(update={"provenance": None}) if one.previous else None
    return one.st13, one.what, one.changes, one.live, provenance, known, before


INSTANTS = {"stored_at", "created_at", "changed_at", "last_ok_at", "seen_at", "superseded_at", "looked_at"}
INSTANTS |= {"first_seen_at", "previous_hash", "hash"}  # the chain takes the instants in
GLANCES = {"glance", "glance_as_of"}


def everything(base: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, without instants and without the glances themselves."""
    tables = [
        row["name"]
        for row in base.conn.execute("select name from sqlite_master where type = 'table' order by name")
    ]
    found = {}
    for table in tables:
        names = [row["name"] for row in base.conn.execute(f"pragma table_info({table})")]
        kept = [name for name in names if name not in GLANCES and (name not in INSTANTS or table == "record")]
        if table == "snapshot":
            kept.remove("body")  # packed more or less tightly; what it unpacks to is in its hash
            for row in base.conn.execute("select * from snapshot"):
                archive.unpack(row["body"], row["sha256"])
        columns = ", ".join(f'"{name}"' for name in kept)
        found[table] = [
            tuple(row) for row in base.conn.execute(f"select {columns} from {table} order by 1, 2")
        ]
    return found


@pytest.fixture(scope="module")
def register() -> Iterator[Loopback]:
    with Loopback() as one:
        yield one


def configured(register: Loopback, folder: Path) -> Config:
    text = '[operator]\ncontact = "ip-watch@example.com"\n'
    for name in ("us.tsdr", "us.tsdr-api"):
        text += f'[source."{name}"]\nbase_url = "{register.url}"\nmin_interval = 0\n'
    return parse_config(text, folder / "tmwatch.toml", sources=["us.tsdr", "us.tsdr-api"])


def both_ways(path: Path, looks: list[Look], register: Loopback) -> tuple[int, int]:
    """Tell the story both ways, compare everything; returns how many pages each way has read."""
    read: list[int] = []
    told = []
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        config = configured(register, Path(name))
        for glancing in (False, True):
            story = Story(Path(name) / str(glancing), register, config, glancing=glancing)
            with patch.context() as counting:
                count = counted(counting)
                for place, look in enumerate(looks):
                    story.look(path, look, place, counting)
                read.append(count[0])
            told.append((story.told, everything(story.base)))
            story.base.close()
    assert told[0][0] == told[1][0]
    for table, rows in told[0][1].items():
        assert rows == told[1][1][table], table
    return read[0], read[1]


def counted(patch: pytest.MonkeyPatch) -> list[int]:
    """Counts how often a page is read whole."""
    count = [0]
    for kind in (Tsdr, type(get_source("us.tsdr-api"))):
        true = kind.read

        def read(self: Any, page: Page, true: Any = true) -> Any:
            count[0] += 1
            return true(self, page)

        patch.setattr(kind, "read", read)
    return count


@pytest.mark.parametrize("path", SINGLE, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_each_page_with_a_new_stamp_leaves_the_same_database_read_or_not(
    path: Path, register: Loopback
) -> None:
    story = [Look(), Look(day=2), Look(day=3, live=False), Look(day=4, live=False)]
    whole, glanced = both_ways(path, story, register)
    assert glanced < whole  # else this shows nothing


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SMALL), st.lists(LOOKS, min_size=2, max_size=7))
@example(SMALL[0], [Look(), Look("B", 2), Look("B", 3), Look(day=4), Look(day=5)])
@example(SMALL[0], [Look(), Look(day=2), Look(by="other", day=3), Look(day=4), Look(day=5)])
@example(SMALL[0], [Look(day=5), Look(day=5), Look(day=2), Look(day=5, live=False), Look(day=6)])
@example(SMALL[0], [Look(live=False, day=9), Look(by="other", day=5), Look(), Look(live=False, day=4)])
@example(SMALL[0], [Look(), Look(day=2, parser="2"), Look(day=3, parser="2"), Look(day=4)])
@example(SMALL[0], [Look(live=False, day=4, given=3), Look(live=False, day=4, given=12)])
def test_any_story_leaves_the_same_database_read_or_not(
    register: Loopback, path: Path, looks: list[Look]
) -> None:
    both_ways(path, looks, register)


@pytest.mark.soak
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SINGLE), st.lists(LOOKS, min_size=2, max_size=9))
def test_hundreds_of_stories_leave_the_same_database_read_or_not(
    register: Loopback, path: Path, looks: list[Look]
) -> None:
    both_ways(path, looks, register)


# -- what is glanced at, and what is not -----------------------------------------------------------------


PAGE = (ROOT / "fixtures/us.tsdr/registered-word-mark/page.html").read_bytes()


def taken(body: bytes, content_type: str = "") -> Any:
    return glance(get_source("us.tsdr"), Page(body=body, content_type=content_type))


def test_the_stamp_is_taken_out_and_nothing_else() -> None:
    other = re.sub(STAMP, b"2026-07-01 10:00:00 EDT", PAGE)
    assert taken(PAGE).digest == taken(other).digest
    assert taken(other).as_of.day == dt.date(2026, 7, 1)
    assert taken(PAGE).digest != taken(PAGE.replace(b"REGISTERED", b"REGISTERED.", 1)).digest
    assert taken(PAGE).digest != taken(PAGE, "text/html; charset=gb18030").digest


@pytest.mark.parametrize(
    "odd",
    [
        re.sub(STAMP, b"sometime", PAGE),
        re.sub(STAMP, b"2026-13-01 10:00:00 EST", PAGE),
        re.sub(STAMP, b"2026-12-01 25:00:00 EST", PAGE),
        PAGE + b"<!-- This page was generated by TSDR on 2026-01-01 10:00:00 EST -->",
        PAGE.replace(b'<div class="key">Generated on:</div>', b"<p>Generated on:</p>"),
        b"",
        b"<html></html>",
    ],
    ids=["no stamp", "no such day", "no such hour", "two stamps", "no label", "empty", "another page"],
)
def test_a_page_with_anything_odd_about_its_stamp_is_read(odd: bytes) -> None:
    assert taken(odd) is None


def test_a_stamp_that_the_reader_does_not_go_by_is_not_believed(tmp_path: Path) -> None:
    """Commented out, the stamp says nothing to the reader, and must say nothing to the glance."""
    hidden = re.sub(
        rb'(<div class="key">Generated on:.*?</div>\s*<div.*?</div>)',
        rb"<!--\1-->",
        PAGE,
        count=1,
        flags=re.S,
    )
    assert taken(hidden) is not None
    base = Database(tmp_path / "tmwatch.db")
    file = tmp_path / "page.html"
    file.write_bytes(hidden)
    import_files(base, [file])
    assert base.conn.execute("select glance from sighting").fetchone()["glance"] is None


def test_a_new_table_or_reader_is_never_hidden_behind_an_old_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    from tmwatch.sources import glance as module

    before = taken(PAGE).digest
    module._start.cache_clear()
    monkeypatch.setattr(module, "_reader", lambda name: b"another table of statuses")
    after = taken(PAGE).digest
    module._start.cache_clear()
    assert before != after


def test_a_glance_that_fails_ends_no_run_and_the_page_is_read() -> None:
    class Careless(Tsdr):
        def glance(self, page: Page) -> Any:
            raise ValueError("an odd page")

    assert glance(Careless(), Page(PAGE)) is None


def test_a_page_with_an_unknown_word_is_read_each_time(tmp_path: Path) -> None:
    base = Database(tmp_path / "tmwatch.db")
    for day in (1, 2):
        file = tmp_path / f"{day}.html"
        file.write_bytes(shown(PAGE, Look(state="?", day=day)))
        (result,), _ = import_files(base, [file])
        assert result.unknown_words
    assert queries.counts(base)["observation"] == 2


def test_whatever_decides_what_a_record_says_is_part_of_the_digest() -> None:
    assert [name for name in _SHARED if not (_OURS / name).exists()] == []
    assert {"folding.py", "parties.py", "showing.py"} <= {Path(name).name for name in _SHARED}
