"""Real pages of Madrid Monitor, read whole: nothing is unclaimed, no word unknown, every entry there."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Comment

from tmwatch.model import TradeMark
from tmwatch.sources.base import Page, Reading
from tmwatch.sources.wo.madrid import SOURCE
from tmwatch.sources.wo.tables import refusal_months

pytestmark = pytest.mark.recorded

CLALEN, OLD = "madrid-1266721-2026-06.html", "madrid-0295028-2026-06.html"
# What the page shows and the record leaves out on purpose: names of countries beside their codes, the words
# of labels, what its tabs and its foot are called. See `tmwatch/sources/wo/README.md`.
LEFT_OUT = re.compile(
    r"Summary|Designation Status|Transaction History|LOADING|Printed : .*|INITIAL_LINKS|: ?\.\."
    r"|After correction of ?\.\.|Trademark|Holder|(Registration|Expiration) Date|Nice classes|\W*"
    r"|\d{4}-\d\d-\d\d|\d+[A-Z]\d{16}"  # the stamp; a part split off, whose number and days are held apart
)


def reading(recorded: Path, name: str) -> Reading:
    return SOURCE.read(Page((recorded / "wo" / name).read_bytes(), name=name)).readings[0]


@pytest.mark.parametrize(("name", "entries"), [(CLALEN, 16), (OLD, 49)])
def test_a_real_page_is_read_whole(recorded: Path, name: str, entries: int) -> None:
    found = reading(recorded, name)
    assert found.unclaimed == ()
    assert found.unknown_words == ()
    body = (recorded / "wo" / name).read_text(encoding="utf-8")
    assert len(found.record.events) == entries == len(re.findall(r'class="transaction ', body)) - 1


@pytest.mark.parametrize("name", [CLALEN, OLD])
def test_every_text_of_a_real_page_stands_in_the_record(recorded: Path, name: str) -> None:
    record = reading(recorded, name).record
    held = _folded(" ".join(_texts(record.model_dump(mode="json"))))
    soup = BeautifulSoup((recorded / "wo" / name).read_bytes(), "lxml")
    root = soup.find(id="romarinDetails")
    assert root is not None
    lost = []
    for text in root.find_all(string=True):
        parents = " ".join(" ".join(p.get("class") or ()) + " " + str(p.get("id")) for p in text.parents)
        said = " ".join(text.split())
        if isinstance(text, Comment):
            continue
        if re.search(r"inid|transactionListTransaction", parents) or LEFT_OUT.fullmatch(said):
            continue
        for part in re.split(r"[,:]\s|\s?-\s", said):
            day = re.fullmatch(r"(\d\d)\.(\d\d)\.(\d{4})", part.strip(" ,"))
            wanted = f"{day[3]}-{day[2]}-{day[1]}" if day else part
            if _folded(wanted) and _folded(wanted).lstrip("0") not in held:
                lost.append(part)
    assert lost == []


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return [str(value)] if value is not None else []


def _folded(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


@pytest.mark.parametrize("name", [CLALEN, OLD])
def test_the_entries_are_in_the_order_of_the_pages_own_scripts(recorded: Path, name: str) -> None:
    body = (recorded / "wo" / name).read_text(encoding="utf-8")
    script = body[body.index("var transactionHistory") : body.index("var sources")]
    ranked = re.findall(r'"(d10e\d+)":\s*\{\s*"code":\s*"(\w+)".*?"pos":(\d+)', script, re.DOTALL)
    theirs = [code for _, code, place in sorted(ranked, key=lambda one: int(one[2]))]
    ours = [event.code for event in reading(recorded, name).record.events]
    assert Counter(ours) == Counter(theirs)
    # The page lists "not renewed" behind the renewal of the same day, its script before it.
    together = {"REN", "REN3"}
    assert [c for c in ours if c not in together] == [c for c in theirs if c not in together]


@pytest.mark.parametrize("name", [CLALEN, OLD])
def test_the_months_to_refuse_are_those_of_the_page(recorded: Path, name: str) -> None:
    body = (recorded / "wo" / name).read_text(encoding="utf-8")
    script = body[body.index("var refusalPeriods") :][:3000].partition("}")[0]
    theirs = {office: int(months) for office, months in re.findall(r'"([A-Z]{2})":"(\d+)"', script)}
    assert len(theirs) > 100
    assert {office: refusal_months(office, agreement=False) for office in theirs} == theirs


def standing(record: TradeMark, office: str) -> tuple[str, dt.date | None, bool]:
    one = next(one for one in record.designations if one.office == office)
    return one.standing, one.standing_date, one.listed


def test_the_standing_at_each_office_follows_from_the_entries(recorded: Path) -> None:
    record = reading(recorded, CLALEN).record
    assert standing(record, "SG") == ("protected_in_part", dt.date(2016, 10, 20), True)
    assert standing(record, "IN") == ("protected", dt.date(2017, 3, 16), True)
    assert standing(record, "EG") == ("no_refusal_in_time", dt.date(2021, 12, 17), True)
    assert all(one.listed for one in record.designations)
    old = reading(recorded, OLD).record
    assert standing(old, "TN") == ("not_renewed", dt.date(2005, 3, 31), False)
    assert standing(old, "GE") == ("moved", dt.date(2024, 6, 27), False)
    assert standing(old, "VN") == ("invalidated_in_part", dt.date(2019, 2, 28), True)
    assert standing(old, "DD") == ("no_longer_listed", None, False)
    assert [one.number for one in old.related_marks] == ["295028A"]
    assert sum(one.listed for one in old.designations) == 35
