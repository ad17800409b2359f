"""The first change of a filing that stood in the store of the register before its watch is told as the same
change would be of a filing that is known whole."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.test_import_daily import THREE, lines
from tests.cli.test_register import NAMED, configured, watch
from tests.oracle.filings import Filing, case, zipped
from tmwatch.sources.base import Page
from tmwatch.sources.us.daily import SOURCE
from tmwatch.store.register import Register

STOOD = Filing(99100001, "VELOPIA", "Velo Works LLC", {12: "Bicycles"}, firm="SPECIMEN & SAMPLE LLP")
PUBLISHED = replace(STOOD, status="686", status_day=dt.date(2026, 11, 2))
THEIRS = watch("theirs", owners=["Velo Works"])
STORES = pytest.mark.parametrize("store", ["register.db", ""], ids=["register", "no-register"])


class Days:
    """`STOOD` is imported, and the watch comes after it."""

    def __init__(self, run: Run, folder: Path, store: str = "register.db", rule: str = THEIRS) -> None:
        self.run, self.folder = run, folder
        configured(folder, register=store)
        self.imports(STOOD, 2)
        configured(folder, rule, register=store)

    def imports(self, one: Filing, day: int) -> None:
        file = self.folder / f"apc2611{day:02}.zip"
        file.write_bytes(zipped(f"2611{day:02}", [case(one, dt.date(2026, 11, day))]))
        ran = self.run("import", file.name)
        assert ran.code == 0, ran.err

    def told_of(self, one: Filing) -> list[dict[str, Any]]:
        """The cards of what is told once the filing stands so."""
        self.imports(one, 3)
        alerts = json.loads(self.run("alerts", "list", "--json").out)
        assert all(alert["kind"] == "filing.changed" for alert in alerts)
        return [card for alert in alerts for card in alert["payload"]["cards"]]

    def fields(self, one: Filing) -> list[str]:
        return [change["field"] for card in self.told_of(one) for change in card["changes"]]


def of_kind(run: Run, kind: str) -> list[dict[str, Any]]:
    listed = json.loads(run("alerts", "list", "--json").out)
    return [one for alert in listed if alert["kind"] == kind for one in alert["payload"]["cards"]]


@STORES
def test_the_first_change_of_what_stood_there_before_the_watch_is_told_as_a_change(
    run: Run, folder: Path, store: str
) -> None:
    (record,) = (one.record for one in SOURCE.read(Page(THREE)).readings if one.record.st13 == NAMED)
    configured(folder, register=store)
    (folder / "apc990420.xml").write_bytes(THREE)
    run("import", "apc990420.xml")
    configured(folder, watch("theirs", owners=[record.owners[0].name]), register=store)
    moved = THREE.replace(b"20260420", b"20260421").replace(b"<status-code>630", b"<status-code>686")
    (folder / "apc990421.xml").write_bytes(moved)
    told = lines(run("import", "--json", "apc990421.xml").out)
    assert not any(one.get("first_look") for one in told), "nothing is kept quiet"
    assert of_kind(run, "filing.new") == []
    (card,) = of_kind(run, "filing.changed")
    (change,) = [one for one in card["changes"] if one["field"] == "status"]
    assert (card["st13"], change["old"], change["new"]) == (NAMED, "filed (630)", "published (686)")
    assert change["date"] == card["status_date"] == "2026-04-17"


def test_a_mark_that_a_watched_owner_sells_is_told_though_it_stood_there_before_the_watch(
    run: Run, folder: Path
) -> None:
    (record,) = (one.record for one in SOURCE.read(Page(THREE)).readings if one.record.st13 == NAMED)
    configured(folder)
    (folder / "apc990420.xml").write_bytes(THREE)
    run("import", "apc990420.xml")
    configured(folder, watch("theirs", owners=[record.owners[0].name]))
    sold = record.owners[0].name.encode()
    moved = THREE.replace(b"20260420", b"20260421").replace(sold, b"Else Sample GmbH")
    (folder / "apc990421.xml").write_bytes(moved)
    run("import", "apc990421.xml")
    (card,) = of_kind(run, "filing.changed")
    assert [one["new"] for one in card["changes"] if one["field"] == "owners"] == [
        "Else Sample GmbH; Sample Rowing Corp."
    ]


@STORES
@pytest.mark.parametrize("firm", ["SPECIMEN & SAMPLE, LLP", "Specimen & Sample L.L.P."])
def test_a_firm_that_is_only_written_otherwise_is_no_change(
    run: Run, folder: Path, store: str, firm: str
) -> None:
    assert Days(run, folder, store).fields(replace(STOOD, firm=firm)) == []


@pytest.mark.parametrize("now", [replace(STOOD, firm="OTHER FIRM LLP"), replace(STOOD, attorney="Jo New")])
def test_another_firm_or_lawyer_is_one(run: Run, folder: Path, now: Filing) -> None:
    assert Days(run, folder).fields(now) == ["representatives"]


@pytest.mark.parametrize(
    ("now", "told"),
    [(replace(STOOD, docket="M-1"), []), (PUBLISHED, ["status"])],
    ids=["nothing else", "a publication"],
)
def test_a_firm_that_only_a_better_reader_sees_is_no_change_beside_one(
    run: Run, folder: Path, now: Filing, told: list[str]
) -> None:
    days = Days(run, folder)
    with closing(Register(folder / "register.db")) as register, register.write():
        register.conn.execute("update filing set agents = '[\"Pat Specimen\"]', slim_version = 1")
    assert days.fields(now) == told


@pytest.mark.parametrize("firm", ["SPECIMEN & SAMPLE LLP", "SPECIMEN & SAMPLE, LLP"], ids=["seen", "written"])
def test_nor_does_the_history_show_one(run: Run, folder: Path, firm: str) -> None:
    days = Days(run, folder)
    if firm == STOOD.firm:
        with closing(Register(folder / "register.db")) as register, register.write():
            register.conn.execute("update filing set agents = '[\"Pat Specimen\"]', slim_version = 1")
    days.told_of(replace(STOOD, firm=firm, docket="M-1"))
    shown = run("history", STOOD.number).out
    assert "Representative" not in shown
    assert "apc261103.zip" not in shown


def test_a_second_lawyer_whom_the_same_reader_sees_is_one(run: Run, folder: Path) -> None:
    days = Days(run, folder)
    with closing(Register(folder / "register.db")) as register, register.write():
        register.conn.execute("update filing set agents = '[\"Pat Specimen\"]'")
    assert days.fields(PUBLISHED) == ["status", "representatives"]


@STORES
@pytest.mark.parametrize("rule", [{"goods": ["bicycle"]}, {"goods": ["bicycle"], "classes": [12]}])
def test_a_publication_is_told_to_a_new_watch_by_goods_though_the_store_keeps_none(
    run: Run, folder: Path, store: str, rule: dict[str, Any]
) -> None:
    days = Days(run, folder, store, watch("theirs", **rule))
    assert days.fields(PUBLISHED) == ["status"]
    assert "there before the watch" in run("hits", "list").out


def test_to_a_new_watch_by_goods_nothing_is_told_of_what_the_store_does_not_see_change(
    run: Run, folder: Path
) -> None:
    days = Days(run, folder, rule=watch("theirs", goods=["bicycle"]))
    assert days.told_of(replace(STOOD, docket="M-1")) == []


def test_a_class_that_a_new_watch_asks_for_beside_goods_is_no_first_change(run: Run, folder: Path) -> None:
    """It is the watch's first look at the class: what brought the filing is not told, as without goods."""
    days = Days(run, folder, rule=watch("theirs", goods=["lamp"], classes=[9]))
    assert days.told_of(replace(STOOD, goods={9: "Lamps"})) == []


@STORES
def test_the_first_translation_of_a_mark_is_a_change(run: Run, folder: Path, store: str) -> None:
    assert Days(run, folder, store).fields(replace(STOOD, translation="bicycle")) == ["translation"]


def test_why_not_and_the_hits_say_that_it_was_there_and_not_that_a_first_look_summed_it_up(
    run: Run, folder: Path
) -> None:
    days = Days(run, folder)
    days.told_of(PUBLISHED)
    said = " ".join(reasons(run))
    assert "as one that was there before: it is told how it changes, and not that it is there" in said
    assert "summed up" not in said
    shown = run("hits", "list").out
    assert "there before the watch" in shown
    assert "first look" not in shown


def test_before_its_next_look_why_not_promises_what_will_change(run: Run, folder: Path) -> None:
    Days(run, folder, store="")
    assert any("what has changed by then is told" in one for one in reasons(run))


@STORES
def test_of_what_is_sold_the_alert_says_by_what_the_watch_would_have_had_it(
    run: Run, folder: Path, store: str
) -> None:
    """The watch is new: nothing has been under it before."""
    (card,) = Days(run, folder, store).told_of(replace(STOOD, owner="Else GmbH"))
    why = 'as it stood before: owner "Velo Works LLC" is the watched "Velo Works" (company form folded)'
    assert card["why"] == why
    assert [hit["why"] for hit in run("hits", "list", "--json").json["hits"]] == [why]


def reasons(run: Run) -> list[str]:
    (said,) = json.loads(run("alerts", "why-not", STOOD.number, "--watch", "theirs", "--json").out)
    return list(said["reasons"])
