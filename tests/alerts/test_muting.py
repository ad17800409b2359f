"""A mute keeps alerts from people for a while: never what is stored, and never what cannot wait."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.records import goods, owner, record, sight
from tmwatch.alerts.compose import reactor
from tmwatch.alerts.muting import standings
from tmwatch.alerts.payload import AlertPayload
from tmwatch.alerts.view import build
from tmwatch.alerts.wording import wording
from tmwatch.config import Config
from tmwatch.config.reading import parse_config
from tmwatch.store import Database, Outbox, muted, observe, queries
from tmwatch.store.hits import mark as mark_hit
from tmwatch.watches.triage import basis

HEAD = """
[operator]
contact = "ip-watch@example.com"
[schedule]
timezone = "Asia/Shanghai"
[[recipient]]
name = "legal"
email = ["legal@example.com"]
[[recipient]]
name = "press"
email = ["press@example.com"]
[[watch]]
name = "own"
numbers = ["US 99000001"]
role = "own"
notify = ["legal", "press"]
[[watch]]
name = "owner"
owners = ["Sample Widgets"]
first_look = "alert"
notify = ["legal"]
"""
DAY = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)
GOODS: dict[str, Any] = {"classes": (goods("9", "Downloadable software; robots"),)}
OTHER_GOODS: dict[str, Any] = {"classes": (goods("9", "Downloadable software; cars"),)}
ADDRESS: dict[str, Any] = {"owners": (owner("Sample Widgets, Inc.", city="Shelbyville"),)}
SOLD: dict[str, Any] = {"owners": (owner("Other Gadgets, Inc."),)}
RENEWED: dict[str, Any] = {"status_code": "702", "status_text": "Renewed."}


class Desk:
    """A database, and looks at one filing after another under a configuration that changes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = Database(folder / "tmwatch.db")
        self.looks = 0

    def config(self, mutes: str = "", watches: str = HEAD) -> Config:
        return parse_config(watches + mutes, self.folder / "tmwatch.toml", ())

    def look(self, mutes: str = "", *, at: dt.datetime = DAY, first: bool = False, **state: Any) -> list[str]:
        """The headlines of the alerts that a look at the filing as it is now has made."""
        before = len(Outbox(self.database).alerts())
        self.looks += 1
        react = reactor(self.config(mutes), {}, lambda watch, one, found, held: first)
        with time_machine.travel(at, tick=False):
            instant = at + dt.timedelta(seconds=self.looks)
            observe(
                self.database, [sight(record(**state), live=True, looked_at=instant)], react=react, run="r"
            )
        made = Outbox(self.database).alerts()
        return [one["headline"] for one in made[: len(made) - before]]

    @property
    def latest(self) -> dict[str, Any]:
        return Outbox(self.database).alerts()[0]

    def silenced(self) -> list[tuple[str, str]]:
        return [(one["muted"]["watch"], one["field"]) for one in muted.silenced(self.database)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.look(first=True)
    return made


def mute(**settings: Any) -> str:
    given = {"until": "2026-12-31", **settings}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in given.items()]
    return "\n[[mute]]\n" + "\n".join(lines) + "\n"


def told_by(desk: Desk, kind: str = "filing.changed") -> list[tuple[str, list[str]]]:
    """(watch, recipients) of every alert of that kind, the oldest first."""
    found = [one for one in reversed(Outbox(desk.database).alerts()) if one["kind"] == kind]
    return [(one["watch"], [row["recipient"] for row in one["deliveries"]]) for one in found]


def test_a_muted_change_is_stored_and_told_to_nobody(desk: Desk) -> None:
    assert desk.look(mute(field="goods", reason="headings are reworded"), **GOODS) == []
    (change,) = queries.changes_since(desk.database, DAY)
    assert change["field"] == "classes.text"
    assert desk.silenced() == [("own", "classes.text"), ("owner", "classes.text")]
    kept = muted.silenced(desk.database)[0]
    assert (kept["terms_added"], kept["terms_removed"]) == (["robots"], ["computer mice"])
    assert kept["muted"] == {
        "watch": "own",
        "recipients": ["legal", "press"],
        "mute": "goods of all watches",
        "until": "2026-12-31",
        "reason": "headings are reworded",
    }


def test_what_was_muted_is_not_told_when_the_mute_is_over(desk: Desk) -> None:
    desk.look(mute(field="goods"), **GOODS)
    after = dt.datetime(2027, 1, 2, tzinfo=dt.UTC)
    assert desk.look(mute(field="goods"), at=after, **GOODS) == []
    told = desk.look(mute(field="goods"), at=after, **OTHER_GOODS)
    assert len(told) == 2
    assert "goods changed" in told[0]


def test_other_fields_and_other_watches_are_told_as_ever(desk: Desk) -> None:
    desk.look(mute(watch="own", field="goods"), **GOODS)
    assert [watch for watch, _ in told_by(desk)] == ["owner"]
    desk.look(mute(watch="own", field="goods"), **GOODS, **ADDRESS)
    assert [watch for watch, _ in told_by(desk)] == ["owner", "own", "owner"]


@pytest.mark.parametrize("critical", [False, True])
def test_what_is_critical_passes_unless_the_mute_says_otherwise(desk: Desk, critical: bool) -> None:
    desk.look(mute(watch="own", critical=critical), **SOLD)
    assert [watch for watch, _ in told_by(desk)] == (["owner"] if critical else ["own", "owner"])
    assert desk.silenced() == ([("own", "owners")] if critical else [])


def test_an_alert_leaves_the_muted_part_out_and_says_that_there_was_one(desk: Desk) -> None:
    (told, _) = desk.look(mute(field=["goods", "status"], reason="reworded"), **GOODS, **RENEWED, **ADDRESS)
    assert told == "SAMPLEMARK (US 99000001) · owner (address) changed"
    payload = desk.latest["payload"]
    (card,) = payload["cards"]
    assert [one["field"] for one in card["changes"]] == ["owners.address"]
    assert {one["field"] for one in card["muted"]} == {"classes.text", "status"}
    seen = build(AlertPayload.model_validate(payload), wording("en"))
    (line,) = [fact.value for fact in seen.facts if fact.label == "Changed too, muted"]
    assert line == "Status, Goods and services, until 2026-12-31 (reworded)"
    assert payload["significance"] == "medium"


def test_a_new_filing_under_a_muted_watch_is_a_hit_and_no_alert(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert desk.look(mute(watch="owner"), first=True) == []
    assert desk.silenced() == [("owner", "filing")]
    hits = desk.database.conn.execute("select watch from hit order by watch").fetchall()
    assert "owner" in [row["watch"] for row in hits]
    assert desk.look(at=dt.datetime(2027, 3, 1, tzinfo=dt.UTC)) == []
    told = desk.look(mute(watch="owner"), at=dt.datetime(2027, 3, 1, tzinfo=dt.UTC), **GOODS)
    assert told


def test_a_mute_of_the_field_filing_silences_new_filings_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert desk.look(mute(watch="owner", field="filing"), first=True) == []
    assert len(desk.look(mute(watch="owner", field="filing"), **GOODS)) == 2


def test_who_is_not_muted_is_told_and_who_is_muted_is_not(desk: Desk) -> None:
    desk.look(mute(watch="own", field="goods", recipients=["legal"]), **GOODS)
    assert told_by(desk) == [("own", ["press"]), ("owner", ["legal"])]
    (kept,) = muted.silenced(desk.database)
    assert kept["muted"]["recipients"] == ["legal"]


def test_recipients_who_are_told_the_same_share_one_alert(desk: Desk) -> None:
    desk.look(mute(watch="own", field="goods", recipients=["legal"]), **ADDRESS)
    assert told_by(desk) == [("own", ["legal", "press"]), ("owner", ["legal"])]
    desk.look(mute(watch="own", field="goods", recipients=["legal"]), **GOODS)
    parts = [one for one in told_by(desk) if one[0] == "own"][1:]
    assert sorted(parts) == [("own", ["legal"]), ("own", ["press"])]


def test_a_watch_that_tells_nobody_is_muted_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    silent = HEAD.replace('notify = ["legal", "press"]', "notify = []")
    for name, who, made in (("a", [], 0), ("b", ["legal"], 1)):
        folder = tmp_path / name
        folder.mkdir()
        desk = Desk(folder)
        for step, state in enumerate(({}, GOODS)):
            config = desk.config(mute(watch="own", **({"recipients": who} if who else {})), silent)
            react = reactor(config, {}, lambda watch, one, found, held: True)
            instant = DAY + dt.timedelta(seconds=step)
            with time_machine.travel(instant, tick=False):
                observe(desk.database, [sight(record(**state), live=True, looked_at=instant)], react=react)
        assert len([one for one in told_by(desk) if one[0] == "own"]) == made


def test_noise_that_is_muted_when_it_moves_is_judged_as_if_it_had_not_been_seen(desk: Desk) -> None:
    (number,) = desk.database.conn.execute("select id from hit where watch = 'own'").fetchone()
    mark_hit(desk.database, "noise", {number: basis(record())})
    desk.look(mute(watch="own"), **GOODS)
    assert [watch for watch, _ in told_by(desk)] == ["owner"]
    desk.look()  # back to what noise was marked on: nothing to tell
    assert [watch for watch, _ in told_by(desk)] == ["owner", "owner"]
    desk.look(**OTHER_GOODS)
    assert [watch for watch, _ in told_by(desk)].count("own") == 1


def test_what_is_silenced_stands_or_falls_with_the_change(desk: Desk) -> None:
    def breaks(_: Database) -> None:
        raise RuntimeError("killed")

    react = reactor(desk.config(mute(field="goods")), {}, lambda watch, one, found, held: False)
    with time_machine.travel(DAY, tick=False), pytest.raises(RuntimeError):
        observe(desk.database, [sight(record(**GOODS), live=True)], react=react, also=breaks)
    assert desk.silenced() == []
    assert desk.look(mute(field="goods"), **GOODS) == []
    assert len(desk.silenced()) == 2


def test_a_day_lasts_to_its_end_in_the_operators_zone(desk: Desk) -> None:
    last = dt.datetime(2026, 12, 31, 15, 59, 59, tzinfo=dt.UTC)  # 23:59:59 in Shanghai
    assert desk.look(mute(field="goods"), at=last, **GOODS) == []
    assert len(desk.look(mute(field="goods"), at=last + dt.timedelta(seconds=1), **OTHER_GOODS)) == 2


@pytest.mark.parametrize(
    ("until", "over"),
    [
        ("2026-12-31", "2026-12-31T16:00:00+00:00"),
        ("2026-12-31T18:00:00", "2026-12-31T10:00:00+00:00"),
        ("2026-12-31T18:00:00+01:00", "2026-12-31T17:00:00+00:00"),
        ("2026-12-31T18:00:00Z", "2026-12-31T18:00:00+00:00"),
    ],
)
def test_an_instant_without_a_zone_is_the_operators(desk: Desk, until: str, over: str) -> None:
    for text in (until, f'"{until}"'):
        config = desk.config(f'\n[[mute]]\nfield = "goods"\nuntil = {text}\n')
        (one,) = standings(config, DAY)
        assert one.over.isoformat() == over


@pytest.mark.parametrize(
    ("at", "state"),
    [
        ("2026-12-24T15:59", "active"),
        ("2026-12-24T16:00", "ends soon"),
        ("2026-12-31T15:59", "ends soon"),
        ("2026-12-31T16:00", "expired"),
    ],
)
def test_a_mute_ends_soon_within_a_week(desk: Desk, at: str, state: str) -> None:
    (one,) = standings(desk.config(mute(field="goods")), dt.datetime.fromisoformat(f"{at}+00:00"))
    assert one.state == state


def test_a_mute_that_ends_is_told_once_with_what_it_silenced(desk: Desk) -> None:
    desk.look(mute(field="goods"), **GOODS)
    assert muted.ended(desk.database, {"goods of all watches"}) == []  # prolonged or not: it holds
    (one,) = muted.ended(desk.database, ())
    assert (one.mute, one.until, one.count) == ("goods of all watches", "2026-12-31", 2)
    assert muted.ended(desk.database, ()) == []
