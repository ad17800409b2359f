"""Fields that came after records had been stored: an upgrade alone makes no version of any filing."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from tmwatch.model import (
    LATER,
    Designation,
    EventDetails,
    GoodsServices,
    GoodsText,
    MarkEvent,
    TradeMark,
    make_record,
)
from tmwatch.store import timeline

PLAIN = make_record(
    "US",
    "US500000099990101",
    classes=(GoodsServices(class_number="9", text="Sample software"),),
    events=(MarkEvent(date=dt.date(2020, 1, 2), text="REGISTERED"),),
)
FULL = make_record(
    "WO",
    "WO500000009990001",
    classes=(
        GoodsServices(class_number="9", language="en", other_texts=(GoodsText(language="fr", text="x"),)),
    ),
    events=(MarkEvent(date=dt.date(2020, 1, 2), text="Renewal, SG", details=EventDetails(offices=("SG",))),),
    designations=(Designation(office="SG"),),
    basic_marks=(),
)


def test_a_record_of_before_has_the_json_and_the_hash_it_had() -> None:
    text, _ = timeline.canonical(PLAIN)
    later = {name for kind in (TradeMark, GoodsServices, MarkEvent) for name in LATER[kind]}
    assert later == {
        "seniorities",
        "designations",
        "basic_marks",
        "details",
        "language",
        "other_texts",
        "adds",
    }
    for said in (json.loads(text), PLAIN.model_dump(mode="json")):
        held = {*said, *said["classes"][0], *said["events"][0]}
        assert not held & later
    # What the version before these fields gave for this record.
    assert timeline.content_hash(PLAIN) == "e9b07f3ba9bf02892136f9a44eff6f036912a30e88130fa3242d01cfa06baafb"


@pytest.mark.parametrize("record", [PLAIN, FULL], ids=["without", "with"])
def test_both_writers_of_json_write_the_same_and_it_reads_back(
    record: TradeMark, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, said = timeline.canonical(record)
    monkeypatch.setattr(timeline, "orjson", None)
    assert timeline.canonical(record) == (text, said)
    assert TradeMark.model_validate_json(text).model_copy(update={"provenance": None}) == record
