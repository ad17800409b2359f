"""Real recordings of one filing in three forms tell one history, in whichever order they are imported."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from tmwatch.errors import Outcome
from tmwatch.importing import import_files
from tmwatch.store import Database, queries

pytestmark = pytest.mark.recorded

XML = "us/tsdr_xml"
CASES = {
    "76044902": [
        f"{XML}/sn76044902-ST66.xml",
        "us/tsdr_html/sn76044902-2013-11-17.html",
        f"{XML}/sn76044902-ST96.xml",
    ],
    "2178784": [f"{XML}/rn2178784-ST66.xml", f"{XML}/rn2178784-ST96.xml"],
    "2713476": [f"{XML}/rn2713476-ST66.xml", f"{XML}/rn2713476-ST96.xml"],
    "77478018": [f"{XML}/sn77478018-ST66.xml", f"{XML}/sn77478018-ST96.xml"],
}
# What truly changed between the dates of the recordings; everything else would be a false alert.
TRUE = {
    "76044902": {
        ("status", ""),
        ("renewal_dates", ""),
        ("representatives", ""),
        ("correspondence", ""),
        ("location", ""),
        ("location_date", ""),
        *(("events", f"#{number}") for number in range(32, 38)),
    },
    "2178784": set(),
    "2713476": {("owners.address", ""), ("events", "#29"), ("events", "#30")},
    "77478018": set(),
}


def imported(folder: Path, recorded: Path, names: tuple[str, ...]) -> dict[str, Any]:
    base = Database(folder / "tmwatch.db")
    st13 = ""
    for name in names:
        results, _ = import_files(base, [recorded / name])
        assert [one.outcome for one in results] == [Outcome.OK]
        st13 = results[0].st13 or ""
    found = queries.history(base, st13)
    base.close()
    return found


@pytest.mark.parametrize("case", CASES)
def test_history_shows_the_true_changes_and_no_other_in_any_order(
    tmp_path: Path, recorded: Path, case: str
) -> None:
    stories = set()
    for place, names in enumerate(itertools.permutations(CASES[case])):
        folder = tmp_path / str(place)
        folder.mkdir()
        found = imported(folder, recorded, names)
        alerted = {(c["field"], c["key"]) for c in found["changes"] if c["significance"] != "cosmetic"}
        assert alerted == TRUE[case]
        assert found["disagreements"] == []
        kept = [
            [
                (v["as_of"], v["as_of_kind"], v["source"], v["status_code"], v["events"])
                for v in found["versions"]
            ],
            [(c["version"], c["field"], c["key"], c["old"], c["new"]) for c in found["changes"]],
        ]
        stories.add(json.dumps(kept, ensure_ascii=False))
    assert len(stories) == 1


def test_python_goes_from_702_with_31_events_to_800_with_37(tmp_path: Path, recorded: Path) -> None:
    newest_first = tuple(reversed(CASES["76044902"]))
    versions = imported(tmp_path, recorded, newest_first)["versions"]
    assert [(v["as_of"], v["status_code"], v["events"]) for v in versions] == [
        ("2010-09-08", "702", 31),
        ("2013-11-17", "702", 31),
        ("2014-02-10", "800", 37),
    ]


def test_every_status_recording_is_a_full_record_and_the_unanswered_number_is_incomplete(
    tmp_path: Path, recorded: Path
) -> None:
    base = Database(tmp_path / "tmwatch.db")
    wanted = [
        *sorted((recorded / "us/tsdr_html").glob("*.html")),
        *sorted((recorded / XML).glob("*.xml")),
        *sorted((recorded / "us/tsdr_json").glob("casestatus-*")),
    ]
    results, _ = import_files(base, wanted)
    assert {one.outcome for one in results} == {Outcome.OK}
    results, _ = import_files(base, sorted((recorded / "us/tsdr_json").glob("caseMultiStatus-*")))
    assert sorted(one.outcome.value for one in results) == ["incomplete", "ok"]
