"""Filings of one owner within some weeks are one card: who, when, in which classes, and what is new of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import json
from collections.abc import Sequence

import pytest

from tests.alerts.samples import EVIL, JD, joyrobotaxi_payload
from tmwatch.alerts import summary
from tmwatch.alerts.campaigns import Filing, Known, campaign, class_titles, together
from tmwatch.alerts.gathering import new_filings
from tmwatch.alerts.mail import render_mail
from tmwatch.alerts.payload import Campaign, Earlier, LookedInto, MarkCard, Near
from tmwatch.alerts.webhook import build_body
from tmwatch.alerts.wording import wording

_NUMBERS = itertools.count(1)


def nothing(names: Sequence[str], before: dt.date | None, without: frozenset[str]) -> Known:
    return Known()


def filing(mark: str, *classes: str, filed: str | None = "2025-06-05", **more: object) -> MarkCard:
    number = next(_NUMBERS)
    values: dict[str, object] = {
        "st13": f"CN5{number:014}",
        "office": "CN",
        "application_number": f"{number:08}",
        "mark": mark,
        "owners": (JD,),
        "classes": classes,
        "application_date": dt.date.fromisoformat(filed) if filed else None,
    }
    return MarkCard.model_validate(values | more)


def earlier(*filings: tuple[str, str, str, str]) -> Known:
    return Known(
        tuple(
            Filing(office, mark, tuple(classes.split()), dt.date.fromisoformat(filed))
            for office, mark, classes, filed in filings
        )
    )


def looked(known: Known, *stores: LookedInto) -> Known:
    return dataclasses.replace(known, looked=stores)


SINCE = dt.date(2026, 4, 20)
OURS = LookedInto(store="database", filings=7, offices=("CN",), since=dt.date(2025, 11, 2), found=1)
WHOLE = LookedInto(store="register", filings=812345, offices=("CN", "US"), since=SINCE, found=0)


def of(cards: Sequence[MarkCard], known: Known) -> Campaign:
    (group,) = together(cards)
    return campaign(group, lambda names, before, without: known)


def test_variants_of_a_name_over_three_weeks_are_one_campaign_with_a_map_of_its_classes() -> None:
    one, two = filing("JD Auto", "12"), filing("JD Auto", "009", "35")
    three = filing("JD Auto CAR.JD.COM", "12", filed="2025-06-26")
    found = of([one, two, three], Known())
    assert (found.owners, found.filings, found.marks) == ((JD,), 3, ("JD Auto", "JD Auto CAR.JD.COM"))
    assert (str(found.first_filed), str(found.last_filed)) == ("2025-06-05", "2025-06-26")
    drawn = {line.number: [(one.mark, len(one.numbers)) for one in line.marks] for line in found.classes}
    assert drawn == {
        "9": [("JD Auto", 1)],
        "12": [("JD Auto", 1), ("JD Auto CAR.JD.COM", 1)],
        "35": [("JD Auto", 1)],
    }
    (vehicles,) = [line for line in found.classes if line.number == "12"]
    assert (vehicles.name, vehicles.name_zh) == ("Vehicles and their parts", "运输工具")
    assert vehicles.marks[0].numbers == (f"CN {one.application_number}",)


def test_a_filing_two_months_later_and_one_of_somebody_else_belong_to_no_campaign() -> None:
    late, other = filing("JD Auto", "12", filed="2025-08-05"), filing("JD Auto", "12", owners=("Other Co",))
    pair = [filing("JD Auto", "12"), filing("JD Auto", "9", filed="2025-07-05")]
    assert together([late, other, *pair]) == [pair]
    assert together([late, other]) == []


def test_an_owner_is_the_same_with_another_company_form_and_width_of_its_letters() -> None:
    cards = [filing("A", "9", owners=("Sample Cars, Inc.",)), filing("B", "9", owners=("ＳＡＭＰＬＥ Cars",))]
    assert together(cards) == [cards]
    assert of(cards, Known()).owners == ("Sample Cars, Inc.",)


def test_filings_whose_source_gives_no_date_are_a_campaign_that_says_so() -> None:
    cards = [filing("A", "9", filed=None), filing("B", filed=None)]
    found = of(cards, Known())
    assert found.first_filed is None
    assert [line.number for line in found.classes] == ["9", ""]


def test_what_the_owner_never_filed_before_is_named() -> None:
    cards = [filing("JD Auto", "12", "9"), filing("JD", "39"), filing("JD", "9", office="US")]
    known = earlier(("CN", "JD", "35 9", "2019-03-01"), ("CN", "京东", "9", "2024-03-01"))
    news = of(cards, known).earlier
    assert (news.stored, str(news.first), str(news.last)) == (2, "2019-03-01", "2024-03-01")
    assert news.new_classes == ("12", "39")
    assert news.new_names == ("JD Auto",)
    assert news.new_words == ("auto",)
    assert news.new_offices == ("US",)
    assert news.quiet_months == 15
    assert {line.number for line in of(cards, known).classes if line.new} == {"12", "39"}


def test_nothing_is_called_new_of_an_owner_of_whom_nothing_is_stored() -> None:
    found = of([filing("JD Auto", "12"), filing("JD Auto", "9")], Known())
    assert found.earlier.stored == 0
    assert not any(line.new for line in found.classes)
    assert found.earlier == Earlier()


def test_of_an_office_of_which_nothing_else_is_stored_nothing_is_called_new() -> None:
    known = earlier(("CN", "JD", "35 9", "2019-03-01"))
    cards = [filing("JD Auto", "12"), filing("JD", "9", office="EM")]
    news = of(cards, looked(known, OURS, WHOLE)).earlier
    assert (news.new_classes, news.new_offices, news.unknown_offices) == (("12",), (), ("EM",))
    only = [filing("JD Auto", "12", office="EM"), filing("JD", "9", office="EM")]
    found = of(only, looked(known, OURS, WHOLE))
    assert found.earlier.stored == 1
    assert (found.earlier.new_classes, found.earlier.new_names) == ((), ())
    assert found.earlier.unknown_offices == ("EM",)
    assert not any(line.new for line in found.classes)
    seen = of([filing("JD", "9", office="US"), filing("JD", "9")], looked(known, OURS, WHOLE)).earlier
    assert (seen.new_offices, seen.unknown_offices) == (("US",), ())


def test_every_class_has_its_titles() -> None:
    titles = class_titles()
    assert list(titles) == [str(number) for number in range(1, 46)]
    assert all(english and chinese for english, chinese in titles.values())


# -- the mail ------------------------------------------------------------------------------------------


def mail(cards: Sequence[MarkCard], known: Known, language: str = "en") -> tuple[str, str]:
    payload = new_filings("JD cars", "observed", cards, (), lambda names, before, without: known)
    message = render_mail(
        payload,
        recipient_name="Legal",
        address="legal@example.com",
        sender="tmwatch@example.com",
        message_id="a" * 32,
        created_at=dt.datetime(2025, 6, 30, tzinfo=dt.UTC),
        language=language,
    )
    body = message.get_body(("plain",))
    assert body is not None
    return str(message["Subject"]), " ".join(body.get_content().split())


CAMPAIGN = [filing("JD Auto", "12"), filing("Joyrobotaxi", "39", filed="2025-06-20"), filing("JD", "9")]
KNOWN = earlier(("CN", "JD", "35 9", "2019-03-01"))


def test_the_mail_shows_the_campaign_with_what_is_new_before_the_filings() -> None:
    subject, text = mail(CAMPAIGN, KNOWN)
    assert subject.startswith("JD cars: 3 filings of 北京京东")
    assert "class 9, 12, 39" in subject
    assert len(subject) < 120
    assert f"{JD}: 3 filings (CN), filed 2025-06-05 to 2025-06-20" in text
    assert "New against 1 earlier filing(s) of this owner in the database (filed 2019-03-01):" in text
    assert "classes it had not filed in: 12, 39" in text
    assert "names it had not used: Joyrobotaxi, JD Auto" in text
    assert "first filing for 75 months (the one before: 2019-03-01)" in text
    assert "class 12 · Vehicles and their parts [new]: JD Auto: CN" in text
    assert text.index("WHAT ONE OWNER FILED TOGETHER") < text.index("THE FILINGS")


def test_the_mail_says_that_nothing_is_stored_and_what_does_not_follow_from_it() -> None:
    _, text = mail(CAMPAIGN, Known())
    assert "No earlier filing of this owner is in the database; that says nothing about the register." in text
    assert "New against" not in text


def test_the_same_in_chinese() -> None:
    subject, text = mail(CAMPAIGN, KNOWN, "zh")
    assert "JD cars：北京京东" in subject
    assert "同一权利人的一批申请" in text
    assert "此前未申请过的类别：12、39" in text
    assert "第 12 类 · 运输工具 [新]：JD Auto：CN" in text


def test_the_nearest_comes_first_with_its_level_in_words_and_its_reasons() -> None:
    near = Near(to="JD Auto", level=1, score=0.97, reasons=("same sound: JAYDEE / JD",))
    far = Near(to="JD Auto", level=3, score=0.5, reasons=("shares AUTO",))
    cards = [
        filing("AUTOHOF", "12", owners=("A",), near=far),
        filing("JAYDEE AUTO", "12", owners=("B",), near=near, filed="2020-01-01"),
        filing("JD NAU", "12", owners=("C",), near=far.model_copy(update={"score": 0.6})),
    ]
    subject, text = mail(cards, Known())
    assert "JD cars: 3 filings of 3 owners" in subject
    assert "nearest: JAYDEE AUTO (level 1)" in subject
    assert text.index("JAYDEE AUTO Likeness") < text.index("JD NAU Likeness") < text.index("AUTOHOF Likeness")
    assert "level 1, near identical, beside “JD Auto”: same sound: JAYDEE / JD" in text
    assert "infring" not in text.lower()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_first_120_characters_of_the_subject_hold_who_how_many_whose_and_what_came_nearest(
    language: str,
) -> None:
    near = Near(to="JD Auto", level=1, score=0.97, reasons=("same sound",))
    cards = [
        filing(
            f"A RATHER LONG NAME OF A MARK {n}",
            *("9", "12", "35", "39", "42"),
            owners=("北京京东叁佰陆拾度电子商务有限公司及其关联公司与所有子公司集团",),
            near=near,
            facts="aggregator",
            source="cn.tianyancha",
            newness=("newly filed", "newly listed", "new to your watch")[n % 3],
        )
        for n in range(30)
    ]
    payload = new_filings("a watch with a name of forty letters xx", "observed", cards, (), nothing)
    subject = summary.subject(payload, wording(language))[:120]
    assert "a watch with a name of fort" in subject
    assert "30" in subject
    assert "北京京东叁佰陆拾度" in subject
    assert "A RATHER LONG NAME OF A MAR" in subject
    assert {"en": "level 1", "zh": "第 1 级"}[language] in subject


def test_one_filing_says_to_which_name_it_comes_near() -> None:
    near = Near(to="JD Auto", level=2, score=0.9, reasons=("same sound",))
    subject, _ = mail([filing("JAYDEE", "12", near=near, newness="newly filed")], Known())
    assert subject.startswith("JAYDEE (CN 000000")
    assert subject.endswith("· newly filed · class 12 · level 2, near, beside “JD Auto”")


def test_of_hundreds_twenty_stand_in_full_and_the_others_are_a_line_each_with_their_count() -> None:
    single = [filing(f"NAME {n}", "9", owners=(f"Owner {n}",)) for n in range(60)]
    many = [filing("PENTAD", "35", owners=("Five Times",), filed="2020-01-01") for _ in range(5)]
    subject, text = mail([*single, *many], Known())
    assert "JD cars: 65 filings of 61 owners" in subject
    assert text.count("Owner: Owner ") == 20
    assert text.count("filed 2025-06-05") == 40
    assert "· 5 filings · Five Times · class 35" in text
    assert "more filings;" not in text
    _, text = mail([filing(f"NAME {n}", "9", owners=(f"Owner {n}",)) for n in range(200)], Known())
    assert "and 80 more filings; `tmwatch hits list --watch 'JD cars' --csv` has them all" in text


def test_a_mark_in_nine_classes_keeps_its_name_in_the_subject() -> None:
    cards = joyrobotaxi_payload().cards
    subject, text = mail(cards, Known())
    assert subject.startswith("[SAMPLE] Joyrobotaxi (CN, 9 filings) · newly filed · 9 classes")
    assert "class 12 · Vehicles and their parts: CN 000000" in text


# -- what a page may hold, and how much ------------------------------------------------------------------


def test_what_a_page_gives_is_inert_in_a_campaign_too() -> None:
    cards = [
        filing(EVIL, EVIL, owners=(EVIL,), application_number=f"{EVIL}{n}", near=Near(to=EVIL, level=1))
        for n in range(5)
    ]
    payload = new_filings(EVIL, "observed", cards, (), lambda *_: earlier(("CN", "X", "9", "2019-03-01")))
    assert payload.campaigns[0].earlier.new_names
    message = render_mail(
        payload,
        recipient_name="Legal",
        address="legal@example.com",
        sender="tmwatch@example.com",
        message_id="a" * 32,
        created_at=dt.datetime(2025, 6, 30, tzinfo=dt.UTC),
    )
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "<img" not in html.get_content()
    for text in (plain.get_content(), html.get_content(), str(message["Subject"])):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert not any(line.startswith("Bcc:") for line in plain.get_content().splitlines())


def test_a_webhook_of_hundreds_of_filings_stays_small_and_says_what_it_left_out() -> None:
    cards = [
        filing(f"JOY {n % 40}", str(1 + n % 45), filed=f"2025-06-{1 + n % 28:02}", why="owner is watched")
        for n in range(600)
    ]
    payload = new_filings("JD cars", "observed", cards, (), nothing)
    body = build_body(payload, created_at=dt.datetime(2025, 6, 30, tzinfo=dt.UTC))
    assert len(body) < 20_000
    data = json.loads(body)["data"]
    (campaign,) = data["campaigns"]
    assert campaign["filings"] == 600
    assert len(campaign["classes"]) == 45
    shown = sum(len(mark["numbers"]) for line in campaign["classes"] for mark in line["marks"])
    assert data["cut"]["numbers"] == 600 - shown
    assert data["cut"]["cards"] == 600 - len(data["cards"])


def test_reasons_of_many_filings_are_cut_where_several_are_left_over() -> None:
    """ "and 1 more reasons" was said of a single one."""
    for count, end in ((7, "reason 7"), (8, "and 2 more reasons, each beside its filing")):
        cards = [filing(f"JOY {n}", why=f"reason {n}") for n in range(1, count + 1)]
        assert new_filings("JD cars", "observed", cards, (), nothing).why.split("; ")[-1] == end


# -- where was looked ----------------------------------------------------------------------------------


def test_the_mail_says_which_stores_were_asked_with_how_many_filings_since_when() -> None:
    _, text = mail(CAMPAIGN, looked(KNOWN, OURS, WHOLE.model_copy(update={"found": 0})))
    assert (
        "New against 1 earlier filing(s) of this owner (filed 2019-03-01), "
        "1 of the 7 other filings in the database since 2025-11-02 and "
        "0 of the 812345 other filings in the store of the register (CN, US) since 2026-04-20:" in text
    )
    _, text = mail(CAMPAIGN, looked(Known(), OURS, WHOLE))
    assert (
        "No earlier filing of this owner is among the 7 other filings in the database since 2025-11-02 and "
        "the 812345 other filings in the store of the register (CN, US) since 2026-04-20; that says nothing "
        "about what is not stored." in text
    )
    assert "(new)" not in text
    assert "could not be read" not in text
    _, text = mail(CAMPAIGN, looked(KNOWN, OURS, WHOLE), "zh")
    assert "自 2026-04-20 起存于登记簿库（CN, US）的其他 812345 件中的 0 件" in text.replace("、US", ", US")


def test_a_store_in_which_nothing_else_is_or_that_could_not_be_read_is_not_said_to_know_anything() -> None:
    empty = LookedInto(store="database", since=SINCE)
    broken = LookedInto(store="register", readable=False)
    _, text = mail(CAMPAIGN, looked(Known(), empty, broken))
    assert "No earlier filing of this owner is in the database; that says nothing about the register." in text
    assert "The store of the register could not be read; it was not asked." in text
    _, text = mail(CAMPAIGN, looked(KNOWN, OURS, broken))
    assert "The store of the register could not be read; it was not asked." in text
    assert "812345" not in text
