"""The designated offices of an international registration: what is news and what is not."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tmwatch.changes import diff, merge
from tmwatch.model import (
    BasicMark,
    Change,
    Designation,
    GoodsServices,
    GoodsText,
    Live,
    Phase,
    Significance,
    TradeMark,
    make_record,
)

GRANT = "Statement of grant of protection made under Rule 18ter(1), SG"


def one(office: str = "SG", **more: Any) -> Designation:
    given = {"standing": "pending", "phase": Phase.EXAMINATION, "live": Live.LIVE}
    return Designation(office=office, **{**given, **more})


def record(*designations: Designation, **more: Any) -> TradeMark:
    return make_record("WO", "WO500000009990001", designations=designations, **more)


def changes(old: TradeMark, new: TradeMark) -> list[Change]:
    return diff(old, new, merge(old, new))


def protected(office: str = "SG", **more: Any) -> Designation:
    day = dt.date(2021, 4, 22)
    given = {"standing": "protected", "phase": Phase.REGISTERED, "standing_date": day}
    return one(office, **{**given, "standing_event": GRANT, **more})


def test_a_grant_is_told_with_the_office_and_the_entry_it_follows_from() -> None:
    (told,) = changes(record(one()), record(protected()))
    assert (told.field, told.kind, told.key) == ("designations.standing", "changed", "SG")
    assert told.significance is Significance.HIGH
    assert told.date == dt.date(2021, 4, 22)
    assert told.new == f"SG: protected, 2021-04-22 ({GRANT})"


def test_a_right_that_ends_at_one_office_is_critical() -> None:
    refused = one(standing="refused", phase=Phase.REFUSED, live=Live.DEAD)
    (told,) = changes(record(protected()), record(refused))
    assert told.significance is Significance.CRITICAL


def test_less_protection_of_the_same_phase_is_no_housekeeping() -> None:
    (told,) = changes(record(protected()), record(protected(standing="protected_in_part")))
    assert told.significance is Significance.HIGH


def test_an_office_that_comes_is_added_and_one_that_goes_is_removed() -> None:
    (told,) = changes(record(one()), record(one(), one("IN")))
    assert (told.kind, told.key, told.significance) == ("added", "IN", Significance.HIGH)
    gone = protected("IN", listed=False, standing="not_renewed", phase=Phase.EXPIRED, live=Live.DEAD)
    (told,) = changes(record(one(), protected("IN")), record(one(), gone))
    assert (told.kind, told.key, told.significance) == ("removed", "IN", Significance.CRITICAL)
    (told,) = changes(record(one(), one("IN")), record(one()))
    assert (told.kind, told.key) == ("removed", "IN")


def test_another_order_or_other_words_are_no_news() -> None:
    old, new = record(protected(), one("IN")), record(one("IN"), protected())
    assert changes(old, new) == []
    reworded = protected(standing_event="Grant of protection, SG")
    assert [told.significance for told in changes(record(protected()), record(reworded))] == [
        Significance.COSMETIC
    ]


def test_a_source_that_says_nothing_of_designations_removes_none() -> None:
    silent = make_record("WO", "WO500000009990001", verbal_element="SAMPLE")
    assert changes(record(protected()), silent) == []
    assert merge(record(protected()), silent).designations == (protected(),)


def test_a_basic_mark_that_comes_is_told() -> None:
    mark = BasicMark(kind="registration", office="KR", number="40", date=dt.date(2015, 3, 23))
    (told,) = changes(record(basic_marks=()), record(basic_marks=(mark,)))
    assert (told.field, told.kind, told.significance) == ("basic_marks", "added", Significance.MEDIUM)


def test_a_corrected_translation_of_the_goods_moves_no_right() -> None:
    def goods(french: str) -> TradeMark:
        texts = (GoodsText(language="fr", text=french),)
        return record(classes=(GoodsServices(class_number="9", text="Lenses.", other_texts=texts),))

    (told,) = changes(goods("Lentilles."), goods("Verres."))
    assert (told.field, told.key, told.significance) == ("classes.other_texts", "9 fr", Significance.LOW)
    assert [t.significance for t in changes(goods("Lentilles."), goods("LENTILLES."))] == [
        Significance.COSMETIC
    ]
