"""Real recordings: one case in two spellings tells one story, and what truly changed is told apart."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from tests.sources.tsdr_api_pages import one, read
from tmwatch.model import TradeMark

# What truly changed between the older (ST.66) and the newer (ST.96) file of a case, or what one of them
# does not say inside a list; everything else that both give must be equal.
NOTE = "note"  # ST.66 says how an owner came by the mark; ST.96 does not
TRUE_DIFFERENCES: dict[str, set[str]] = {
    "rn2178784": set(),
    "rn2713476": {"owner_history", "owners", "events"},  # new address of the owner and its two events
    "sn77478018": set(),
    "sn76044902": {  # renewed in 2014, another attorney of the same firm
        "status_code", "status_text", "status_date", "renewal_dates", "events", "location", "location_date",
        "representatives", "correspondence",
    },
}  # fmt: skip


def comparable(record: TradeMark, name: str) -> Any:
    """A field as far as both spellings give it."""
    value = getattr(record, name)
    if name in {"owners", "owner_history"}:
        return [party.model_dump(exclude={NOTE}) for party in value]
    if name == "classes":
        return [item.model_dump(exclude={"basis"}) for item in value]
    if name == "events":
        return [event.model_dump(exclude={"type"}) for event in value]
    return value


def recording(folder: Path, name: str) -> TradeMark:
    path = folder / "us" / "tsdr_xml" / f"{name}.xml"
    return one(path.read_bytes(), name=path.name).record


@pytest.mark.recorded
@pytest.mark.parametrize("case", sorted(TRUE_DIFFERENCES))
def test_one_case_tells_the_same_in_st66_and_st96(recorded: Path, case: str) -> None:
    older, newer = recording(recorded, f"{case}-ST66"), recording(recorded, f"{case}-ST96")
    both = older.covers & newer.covers
    differing = {name for name in both if comparable(older, name) != comparable(newer, name)}
    assert differing == TRUE_DIFFERENCES[case]
    assert both >= {
        "owners",
        "representatives",
        "correspondence",
        "domestic_representative",
        "classes",
        "events",
    }


@pytest.mark.recorded
def test_between_two_looks_events_were_added_and_two_were_only_reworded(recorded: Path) -> None:
    older, newer = recording(recorded, "sn76044902-ST66"), recording(recorded, "sn76044902-ST96")
    now = {event.number: event for event in newer.events}
    pairs = [(event, now[event.number]) for event in older.events]
    assert all(
        (old.date, old.code, old.proceeding) == (new.date, new.code, new.proceeding) for old, new in pairs
    )
    assert [old.number for old, new in pairs if old.text != new.text] == [27, 28]
    assert set(now) - {event.number for event in older.events} == {32, 33, 34, 35, 36, 37}


@pytest.mark.recorded
def test_a_real_assignment_is_not_taken_away_by_a_file_that_did_not_load_it(recorded: Path) -> None:
    older, newer = recording(recorded, "sn76044902-ST66"), recording(recorded, "sn76044902-ST96")
    assert [item.reel_frame for item in older.assignments] == ["2849/0875"]
    assert not newer.gives("assignments")


@pytest.mark.recorded
def test_a_real_owner_change_is_seen_by_party_type(recorded: Path) -> None:
    record = recording(recorded, "rn2178784-ST96")
    (owner,) = record.owners
    assert owner.name == "Oracle America, Inc."
    assert int(owner.role_code or 0) > 30
    assert [item.reel_frame for item in record.assignments] == ["4191/0383"]


@pytest.mark.recorded
def test_the_real_answer_for_two_numbers_has_one_case_and_names_the_other(recorded: Path) -> None:
    path = recorded / "us" / "tsdr_json" / "caseMultiStatus-97123456,90001000.json"
    answer = read(path.read_bytes(), name=path.name)
    assert answer.missing == ("90001000",)
    single = recorded / "us" / "tsdr_json" / "casestatus-sn97123456.json"
    several, alone = answer.readings[0].record, one(single.read_bytes(), name=single.name).record
    assert several.covers == alone.covers - {"owners", "owner_history", "representatives", "correspondence"}
    assert [name for name in several.covers if getattr(several, name) != getattr(alone, name)] == []
    assert several.events[-1].date == dt.date(2023, 3, 22)
