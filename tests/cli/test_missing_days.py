"""Daily files that are saved by hand: a day that is missing between two is seen, and goes when it comes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_feed import packed
from tests.cli.test_register import configured, watch


def given(folder: Path, day: str, name: str = "apc{}.zip") -> str:
    path = folder / name.format(day)
    path.write_bytes(packed(day))
    return path.name


def listed(run: Run) -> dict[str, str]:
    return {row["day"]: row["state"] for row in run("feed", "list", "--json").json}


def notes(run: Run) -> list[str]:
    return [one["what"] for one in run("doctor", "--json").json["findings"] if one["about"] == "us.daily"]


def test_a_day_between_two_files_of_which_there_is_none_is_named_until_it_is_imported(
    run: Run, folder: Path
) -> None:
    configured(folder, watch("mine", marks=["Lantern"]))
    run("import", given(folder, "261118"))
    assert notes(run) == []
    run("import", given(folder, "261121", "apc{} (1).zip"))
    assert listed(run) == {
        "2026-11-18": "imported",
        "2026-11-19": "absent",
        "2026-11-20": "absent",
        "2026-11-21": "imported",
    }
    assert "of 2026-11-19, 2026-11-20 no daily file was read" in notes(run)[0]
    shown = run("feed", "list").out
    assert "2026-11-19  MISSING: nobody has seen what is new in it" in shown
    assert "0 files of us.daily taken so far, 2 imported by hand." in shown
    run("import", given(folder, "261120"), given(folder, "261119"))
    assert set(listed(run).values()) == {"imported"}
    assert notes(run) == []


def test_a_file_that_could_not_be_read_is_missing_still(run: Run, folder: Path) -> None:
    configured(folder, watch("mine", marks=["Lantern"]))
    run("import", given(folder, "261118"), given(folder, "261120"))
    cut = packed("261119")
    (folder / "apc261119.zip").write_bytes(cut[: len(cut) // 2])
    assert run("import", "apc261119.zip").code == 1
    assert listed(run)["2026-11-19"] == "absent"


def test_a_file_in_the_inbox_counts_and_one_of_another_name_does_not(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tmwatch.inbox.SETTLED", 0.0)  # seconds for which a file must not have changed
    configured(folder, watch("mine", marks=["Lantern"]))
    text = (folder / "tmwatch.toml").read_text().replace("[store]", '[store]\ninbox = "inbox"')
    (folder / "tmwatch.toml").write_text(text)
    run("import", given(folder, "261118", "of {} from a colleague.zip"))
    assert listed(run) == {}
    (folder / "inbox").mkdir()
    given(folder / "inbox", "261119")
    ran = run("check", "--no-look", "--json")
    assert ran.code == 0, ran.out + ran.err
    assert listed(run) == {"2026-11-19": "imported"}
