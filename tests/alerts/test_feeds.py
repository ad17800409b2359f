"""Alerts as Atom feeds: the same bytes each time, whole files only, and inert whatever a page says."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import Any

import pytest
from lxml import etree, html

from tests.alerts import samples
from tests.cli.conftest import CANCELLED, PAGE, House, Run, folder, house, run
from tmwatch.feeds import ALL, atom, file_name, write_feeds
from tmwatch.store import Database
from tmwatch.store.writing import write_alert

__all__ = ["folder", "house", "run"]  # fixtures of the command line
A = "{http://www.w3.org/2005/Atom}"


def read(feed: bytes) -> Any:
    """As RFC 4287 wants it: every element that must be there, once; ids that are IRIs; times with a zone."""
    root = etree.fromstring(feed, etree.XMLParser(resolve_entities=False))
    assert root.tag == f"{A}feed"
    assert root.findtext(f"{A}author/{A}name")
    entries = root.findall(f"{A}entry")
    for one in (root, *entries):
        for name in ("id", "title", "updated"):
            (found,) = one.findall(f"{A}{name}")
            assert found.text
        assert uuid.UUID(one.findtext(f"{A}id").removeprefix("urn:uuid:")).version == 8
        assert dt.datetime.fromisoformat(one.findtext(f"{A}updated")).tzinfo
    ids = [one.findtext(f"{A}id") for one in entries]
    assert len(set(ids)) == len(ids)
    for one in entries:
        (content,) = one.findall(f"{A}content")
        assert content.get("type") == "html"
        if not one.findall(f"{A}link"):
            assert content.text  # without a page of its own an entry needs content
    return root


def titles(feed: bytes) -> list[str]:
    return [one.findtext(f"{A}title") for one in read(feed).findall(f"{A}entry")]


def with_feeds(house: House) -> Path:
    house.configure()
    house.path.write_text('[store]\nfeeds = "feeds"\n' + house.path.read_text())
    return house.folder / "feeds"


def test_a_check_writes_a_feed_of_all_and_one_of_each_watch(house: House, run: Run) -> None:
    feeds = with_feeds(house)
    run("check")
    assert {path.name for path in feeds.iterdir()} == {ALL, file_name("own")}
    assert titles((feeds / ALL).read_bytes()) == []
    house.serve(CANCELLED)
    run("check", "--all", "--dry-run")
    assert titles((feeds / ALL).read_bytes()) == []
    run("check", "--all")
    first = (feeds / ALL).read_bytes()
    (title,) = titles(first)
    assert "99990101" in title
    assert titles((feeds / file_name("own")).read_bytes()) == [title]
    ids = [one.text for one in read(first).iter(f"{A}id")]
    house.serve(PAGE.read_bytes())
    run("check", "--all")
    again = read((feeds / ALL).read_bytes())
    assert len(again.findall(f"{A}entry")) == 2
    assert [one.text for one in again.iter(f"{A}id")] == [ids[0], again.find(f"{A}entry/{A}id").text, ids[1]]


def test_a_feed_is_the_same_bytes_until_there_is_something_to_tell(house: House, run: Run) -> None:
    feeds = with_feeds(house)
    run("check")
    house.serve(CANCELLED)
    run("check", "--all")
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in feeds.iterdir()}
    run("check", "--all")
    assert before == {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in feeds.iterdir()}
    own = feeds / file_name("own")
    own.unlink()
    run("check")
    assert own.read_bytes() == before[own.name][0]
    exported = run("export", "--atom").out.encode()
    assert exported.strip() == before[ALL][0].strip()
    assert run("export", "--atom", "--watch", "own", "-o", "own.atom").code == 0
    assert Path("own.atom").read_bytes() == before[file_name("own")][0]
    house.path.write_text(house.path.read_text().replace('name = "legal"', 'name = "legal"\nlanguage = "zh"'))
    run("check")
    for name, (was, _) in before.items():
        now = (feeds / name).read_bytes()
        assert [one.text for one in read(now).iter(f"{A}id")] == [
            one.text for one in read(was).iter(f"{A}id")
        ]
        assert titles(now) != titles(was)


def test_what_cannot_be_written_stops_nothing_and_is_said(house: House, run: Run) -> None:
    feeds = with_feeds(house)
    feeds.write_text("in the way")
    ran = run("check")
    assert ran.code == 0
    assert "the feeds in" in ran.err
    assert feeds.read_text() == "in the way"
    assert run("export", "--atom", "--csv").code == 2
    assert run("export", "--watch", "own").code == 2
    assert "there is no watch" in run("export", "--atom", "--watch", "x").err


def test_a_page_puts_nothing_into_a_feed_but_its_words(tmp_path: Path) -> None:
    database = Database(tmp_path / "tmwatch.db", create=True)
    evil = "<script>x</script>]]><a href='http://evil.example'>&amp;\ufffe\x00"
    card = samples.python_card(mark=evil, owners=(evil,), status_text=evil)
    write_alert(database, samples.hostile_payload(), ("US1",), (), "run")
    write_alert(database, samples.python_payload(cards=(card,), watch=evil), ("US2",), (), "run")
    config = samples.config(language="zh")
    for watch in ("", evil):
        feed = atom(database, config, watch)
        for entry in read(feed).findall(f"{A}entry"):
            shown = html.fromstring(f"<div>{entry.findtext(f'{A}content')}</div>")
            assert {one.tag for one in shown.iter()} <= {"div", "p", "a"}
            links = [one.get("href") for one in shown.iter("a")]
            assert not [link for link in links if not (link or "").startswith("https://tsdr.uspto.gov/")]
    assert "lang" in str(read(feed).attrib)


def test_ids_hang_on_nothing_but_the_alert(tmp_path: Path) -> None:
    made = []
    for name in ("one.db", "two.db"):
        database = Database(tmp_path / name, create=True)
        write_alert(database, samples.python_payload(), ("US500000076044902",), (), name)
        made.append([one.text for one in read(atom(database, samples.config())).iter(f"{A}id")])
    assert made[0] == made[1]


def test_filings_that_join_an_alert_are_seen_in_the_feed(tmp_path: Path) -> None:
    database = Database(tmp_path / "tmwatch.db", create=True)
    number = write_alert(database, samples.python_payload(watch="own"), ("US1",), (), "run")
    config = samples.config()
    config = config.model_copy(update={"store": config.store.model_copy(update={"feeds": tmp_path / "f"})})
    assert write_feeds(database, config) == []
    before = read((tmp_path / "f" / ALL).read_bytes())
    with database.write():
        database.conn.execute("update alert set joined = joined + 1 where id = ?", (number,))
        database.conn.execute(
            "insert into alert_mark (alert, st13, joined_at) values (?, 'US2', '2999-01-01T00:00:00+00:00')",
            (number,),
        )
    write_feeds(database, config)
    after = read((tmp_path / "f" / ALL).read_bytes())
    assert after.findtext(f"{A}updated") == "2999-01-01T00:00:00Z"
    assert after.findtext(f"{A}entry/{A}id") == before.findtext(f"{A}entry/{A}id")


@pytest.mark.parametrize("place", ["inbox", "inbox/feeds"])
def test_feeds_do_not_lie_where_files_are_taken_away(house: House, run: Run, place: str) -> None:
    house.configure()
    house.path.write_text(f'[store]\ninbox = "inbox"\nfeeds = "{place}"\n' + house.path.read_text())
    ran = run("check")
    assert ran.code == 2
    assert "the folder of the feeds lies in it" in ran.err
