"""What is looked up in the store of the whole register: names that are near a name, and numbers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tests.cli.conftest import Run
from tests.cli.test_import_daily import THREE, zipped
from tests.cli.test_register import OTHER, WATCHED, configured, in_register, watch
from tmwatch.sources.us.status import status_from_code


def near(run: Run, *words: str) -> list[tuple[str, int]]:
    ran = run("lookup", *words, "--json")
    assert ran.code == 0, ran.err
    return [(one["mark"], one["level"]) for one in json.loads(ran.out)["filings"]]


def test_names_near_a_name_are_found_in_the_register_with_level_and_reasons(run: Run, folder: Path) -> None:
    configured(folder)
    (folder / "apc990420.xml").write_bytes(THREE)
    run("import", "apc990420.xml")
    assert near(run, "SAMPEL LANTERN", "--like", "1") == [("SAMPLE LANTERN", 1)]
    assert near(run, "SAMPEL LANTERN", "--like", "1", "--class", "3") == []
    assert "US 79990511" in run("lookup", "SAMPEL LANTERN", "--like", "1").out
    # What comes or is named anew later is found too, by its new name only.
    later = THREE.replace(b"20260420", b"20260421")
    for name in (b"SAMPLE LANTERN", b"SAMPLE LAN TURN", b"SAM PULL LANTERN"):
        later = later.replace(name, b"OTHER TURNIP")
    (folder / "apc990421.xml").write_bytes(later)
    run("import", "apc990421.xml")
    assert near(run, "SAMPEL LANTERN", "--like", "1") == []
    assert [name for name, _ in near(run, "OTHER TURNIPS", "--like")] == ["OTHER TURNIP"]
    # The index can be deleted, and what broke it (a power cut leaves an empty file) breaks no search.
    shutil.rmtree(folder / "register.db.index")
    assert near(run, "SAMPEL LANTERN", "--like", "1") == []
    (part,) = (folder / "register.db.index").iterdir()
    for body in (b"", part.read_bytes()[:-9], part.read_bytes().replace(b"other turnip", b"other parsnip")):
        part.write_bytes(body)
        assert [name for name, _ in near(run, "OTHER TURNIPS", "--like")] == ["OTHER TURNIP"]


def test_without_a_store_of_the_register_like_says_what_to_do(run: Run, folder: Path) -> None:
    (folder / "tmwatch.toml").write_text('[operator]\ncontact = "ip-watch@example.com"\n', encoding="utf-8")
    ran = run("lookup", "ANYTHING", "--like")
    assert (ran.code, "register.db" in ran.err) == (2, True)
    configured(folder)
    assert "import" in run("lookup", "ANYTHING", "--like").err
    assert run("lookup", "ANYTHING", "--like", "--owner", "X").code == 2


def test_like_takes_stored_and_never_asks_a_register_instead(run: Run, folder: Path) -> None:
    """`--like 0` was taken for no `--like`, and the name was sent to the registers that may be asked."""
    configured(folder)
    (folder / "apc990420.xml").write_bytes(THREE)
    run("import", "apc990420.xml")
    assert near(run, "SAMPEL LANTERN", "--stored", "--like", "1") == [("SAMPLE LANTERN", 1)]
    for words in (("--like", "0"), ("--like", "--live")):
        assert run("lookup", "SAMPEL LANTERN", *words).code == 2


def test_show_says_where_the_store_of_the_register_is_looked_into(run: Run, folder: Path) -> None:
    configured(folder)
    (folder / "apc990420.xml").write_bytes(THREE)
    run("import", "apc990420.xml")
    ran = run("show", "US 79990511")
    assert (ran.code, "`tmwatch lookup`" in " ".join(ran.err.split())) == (2, True)
    assert "79990511" in run("lookup", "US 79990511", "--stored").out


def test_a_number_is_found_in_the_register_where_the_database_has_it_not(run: Run, folder: Path) -> None:
    configured(folder, watch("mine", numbers=["US 79990511"]))
    run("import", str(zipped(folder / "apc990420.zip", THREE)))
    for text in ("US 72990513", "72990513", "US500000072990513"):
        (one,) = json.loads(run("lookup", text, "--stored", "--json").out)["filings"]
        assert (one["st13"], one["found"], one["source"]) == (OTHER, "stored", "us.daily"), text
    (one,) = json.loads(run("lookup", "US 79990511", "--stored", "--json").out)["filings"]
    assert one["st13"] == WATCHED


def test_a_filing_has_the_same_keys_be_it_asked_for_by_its_name_or_by_what_is_near(
    run: Run, folder: Path
) -> None:
    configured(folder)
    (folder / "apc990420.xml").write_bytes(THREE)
    run("import", "apc990420.xml")
    stored = run("lookup", "SAMPLE LANTERN", "--stored", "--json").json
    like: dict[str, Any] = run("lookup", "SAMPEL LANTERN", "--like", "1", "--json").json
    assert (set(like), like["asked"], like["not_asked"]) == (set(stored), [], [])
    (near_it,), (named,) = like["filings"], stored["filings"]
    level, score, reasons = (near_it.pop(key) for key in ("level", "score", "reasons"))
    assert (level, score > 9) == (1, True)
    assert "near in sound: SAMPEL LANTERN / SAMPLE LANTERN" in reasons
    assert near_it == named
    row = in_register(folder, named["st13"])
    assert (named["kept_in"], named["mark"], named["live"]) == ("register", row["name"], row["status_live"])
    assert named["application_date"] == row["filing_date"]
    # Where it stands is told from the code, as for a filing that the database has; it was "unknown".
    phase = status_from_code(row["status_code"]).phase.value
    assert (named["phase"], named["status_code"]) == (phase, row["status_code"])
    assert phase != "unknown"
    assert f" {phase} " in run("lookup", "SAMPLE LANTERN", "--stored").out
