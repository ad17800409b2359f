"""A daily file with a store of the whole register: all of it is there, the database has what is watched."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.cli.conftest import Run
from tests.cli.test_import_daily import DAILY, THREE, lines, zipped
from tests.conftest import registers_off
from tests.faults.preloaded import run_script
from tmwatch.sources import streamed
from tmwatch.sources.base import Page, Piece
from tmwatch.sources.us.daily import SOURCE
from tmwatch.sources.us.daily_file import FORM
from tmwatch.store import Database
from tmwatch.store.register import Register
from tmwatch.watches.filing import agent_names

WATCHED, NAMED, OTHER = "US500000079990511", "US500000099990512", "US500000072990513"


def configured(folder: Path, *watches: str, register: str = "register.db") -> None:
    text = '[operator]\ncontact = "ip-watch@example.com"\n'
    text += f'[store]\nregister = "{register}"\n' if register else ""
    (folder / "tmwatch.toml").write_text(text + "".join(watches), encoding="utf-8")


def watch(name: str, **rule: object) -> str:
    said = "".join(f"{key} = {json.dumps(value)}\n" for key, value in rule.items())
    return f'[[watch]]\nname = "{name}"\nnotify = []\n{said}'


def in_database(folder: Path) -> set[str]:
    with closing(Database(folder / "tmwatch.db")) as base:
        return {row[0] for row in base.conn.execute("select st13 from mark")}


def in_register(folder: Path, st13: str) -> dict[str, Any]:
    with closing(Register(folder / "register.db", create=False)) as register:
        return register.rows([st13])[st13]


def changes(folder: Path, st13: str) -> dict[str, tuple[Any, Any]]:
    with closing(Register(folder / "register.db", create=False)) as register:
        return {one["field"]: (one["old"], one["new"]) for one in register.changes(st13)}


def test_the_database_has_what_is_watched_and_the_register_has_all(run: Run, folder: Path) -> None:
    configured(folder, watch("mine", numbers=["US 79990511"]))
    found = lines(run("import", "--json", str(zipped(folder / "apc990420.zip", THREE))).out)
    assert {one["st13"]: one["kept_in"] for one in found} == {
        WATCHED: "database",
        NAMED: "register",
        OTHER: "register",
    }
    assert in_database(folder) == {WATCHED}
    assert in_register(folder, OTHER)["as_of"] == "2026-04-20"
    again = lines(run("import", "--json", "apc990420.zip").out)
    assert [one["what"] for one in again] == ["unchanged"] * 3


def test_without_the_setting_every_case_goes_into_the_database(run: Run, folder: Path) -> None:
    (folder / "tmwatch.toml").write_text('[operator]\ncontact = "ip-watch@example.com"\n', encoding="utf-8")
    run("import", str(zipped(folder / "apc990420.zip", THREE)))
    assert in_database(folder) == {WATCHED, NAMED, OTHER}
    assert not (folder / "register.db").exists()


def test_a_new_case_that_a_watch_is_about_raises_an_alert(run: Run, folder: Path) -> None:
    (record,) = (one.record for one in SOURCE.read(Page(THREE)).readings if one.record.st13 == NAMED)
    configured(folder, watch("theirs", owners=[record.owners[0].name], role="observed"))
    cases = [one.body for one in streamed.records(FORM, (DAILY / "three-cases/apc990420.xml").open("rb"), "")]
    first = THREE.replace(cases[1], b"")
    # The first file of an office is the watch's baseline; it finds another filing of that owner there.
    other = cases[1].replace(b"99990512", b"99990599")
    (folder / "apc990419.xml").write_bytes(first.replace(cases[0], cases[0] + other))
    (folder / "apc990420.xml").write_bytes(THREE)
    run("import", "apc990419.xml")
    assert json.loads(run("alerts", "list", "--json").out) == []
    run("import", "apc990420.xml")
    (alert,) = json.loads(run("alerts", "list", "--json").out)
    assert NAMED in json.dumps(alert)
    assert in_database(folder) == {NAMED, "US500000099990599"}


def test_a_file_that_held_nothing_for_a_watch_was_its_first_look(run: Run, folder: Path) -> None:
    (record,) = (one.record for one in SOURCE.read(Page(THREE)).readings if one.record.st13 == NAMED)
    configured(folder, watch("theirs", owners=[record.owners[0].name]))
    cases = [one.body for one in streamed.records(FORM, io.BytesIO(THREE), "")]
    (folder / "apc990419.xml").write_bytes(THREE.replace(cases[1], b""))
    (folder / "apc990420.xml").write_bytes(THREE)
    run("import", "apc990419.xml")
    run("import", "apc990420.xml")
    assert len(json.loads(run("alerts", "list", "--json").out)) == 1


def test_what_was_in_the_register_before_the_watch_comes_under_it_quietly(run: Run, folder: Path) -> None:
    (record,) = (one.record for one in SOURCE.read(Page(THREE)).readings if one.record.st13 == NAMED)
    configured(folder, watch("other", owners=["Nobody is called so"]))
    (folder / "apc990420.xml").write_bytes(THREE)
    run("import", "apc990420.xml")
    configured(folder, watch("other", owners=["Nobody is called so", record.owners[0].name]))
    moved = THREE.replace(b"20260420", b"20260421").replace(b"<status-date>2026", b"<status-date>2025")
    (folder / "apc990421.xml").write_bytes(moved)
    run("import", "apc990421.xml")
    assert in_database(folder) == {NAMED}
    assert json.loads(run("alerts", "list", "--json").out) == []


@pytest.mark.parametrize("case", ["cut-off", "cut-off-between-cases", "portal-page"])
def test_of_a_file_that_is_cut_off_the_register_keeps_nothing(run: Run, folder: Path, case: str) -> None:
    configured(folder)
    page = next(path for path in (DAILY / case).iterdir() if path.name != "meta.toml")
    ran = run("import", "--json", str(page))
    assert ran.code == 1
    assert "Nothing of it was stored" in ran.err
    with closing(Register(folder / "register.db")) as register:
        assert register.count() == 0


def test_a_bad_case_stops_itself_only(run: Run, folder: Path) -> None:
    configured(folder)
    bad = THREE.replace(b"<status-code>630</status-code>", b"<status-code>new</status-code>")
    (folder / "apc990420.xml").write_bytes(bad)
    ran = run("import", "--json", "apc990420.xml")
    assert (ran.code, {one["st13"] for one in lines(ran.out)}) == (1, {WATCHED, OTHER, None})
    assert "99990512" in ran.err


def test_a_bad_case_is_named_with_its_file(run: Run, folder: Path) -> None:
    configured(folder, watch("mine", numbers=["US 99990512"]))
    bad = THREE.replace(b"<primary-code>012", b"<primary-code>025")  # a class without goods
    (folder / "apc990420.xml").write_bytes(bad)
    assert "Error: apc990420.xml, US 99990512: " in run("import", "apc990420.xml").err


def test_of_a_filing_that_stands_twice_in_a_file_the_last_word_counts_be_it_what_is_stored(
    run: Run, folder: Path
) -> None:
    configured(folder)
    cases = [one.body for one in streamed.records(FORM, io.BytesIO(THREE), "")]
    (folder / "apc990420.xml").write_bytes(THREE)
    run("import", "apc990420.xml")
    was = in_register(folder, NAMED)["status_code"]
    later = [one.replace(b"20260420", b"20260421") for one in cases]
    moved = later[1].replace(b"<status-code>630</status-code>", b"<status-code>616</status-code>")
    assert moved != later[1]
    # There and back again within one day's file; the others stand in it once, as they were.
    body = THREE.replace(cases[0], later[0]).replace(cases[1], moved + later[1]).replace(cases[2], later[2])
    (folder / "apc990421.xml").write_bytes(body)
    found = lines(run("import", "--json", "apc990421.xml").out)
    assert sorted(one["what"] for one in found) == ["changed", "changed", "unchanged", "unchanged"]
    assert in_register(folder, NAMED)["status_code"] == was
    assert changes(folder, NAMED)["status_code"] == ("616", was)


def test_a_number_that_is_watched_later_has_its_first_record_from_a_case_that_did_not_change(
    run: Run, folder: Path
) -> None:
    configured(folder)
    path = str(zipped(folder / "apc990420.zip", THREE))
    run("import", path)
    assert in_database(folder) == set()
    configured(folder, watch("mine", numbers=["US 79990511"]))
    run("import", path)
    assert in_database(folder) == {WATCHED}


def test_a_register_that_cannot_be_used_is_named_and_nothing_is_imported(run: Run, folder: Path) -> None:
    configured(folder)
    (folder / "register.db").write_text("no database")
    ran = run("import", str(zipped(folder / "apc990420.zip", THREE)))
    assert (ran.code, "register.db" in ran.err, in_database(folder)) == (1, True, set())


def test_a_dry_run_leaves_the_register_as_it_is(run: Run, folder: Path) -> None:
    configured(folder)
    text = (folder / "tmwatch.toml").read_text().replace("[store]", '[store]\ninbox = "inbox"')
    (folder / "tmwatch.toml").write_text(text + registers_off())
    (folder / "inbox").mkdir()
    page = zipped(folder / "inbox" / "apc990420.zip", THREE)
    settled = page.stat().st_mtime - 60
    os.utime(page, (settled, settled))
    with time_machine.travel(page.stat().st_ctime + 60, tick=True):
        assert json.loads(run("check", "--dry-run", "--json").out)["inbox"]["imported"]
        assert not (folder / "register.db").exists()
        run("check")
    assert in_register(folder, OTHER)["as_of"] == "2026-04-20"


def test_nothing_is_written_over_the_register(run: Run, folder: Path) -> None:
    configured(folder)
    run("import", str(zipped(folder / "apc990420.zip", THREE)))
    ran = run("export", "-o", "register.db")
    assert (ran.code, "the store of the register itself" in ran.err) == (2, True)


def test_the_register_may_not_be_the_database(run: Run, folder: Path) -> None:
    configured(folder)
    text = (folder / "tmwatch.toml").read_text().replace("register.db", "tmwatch.db")
    (folder / "tmwatch.toml").write_text(text)
    ran = run("watch", "list")
    assert ran.code == 2
    assert "apart from both" in ran.err


# -- the few fields say what the whole record says -------------------------------------------------------


def held_together(body: bytes) -> int:
    """Each case of the file by both readers."""
    count = 0

    for piece in streamed.records(FORM, io.BytesIO(body), "file"):
        slim = SOURCE.slim(piece, "file")
        (reading,) = SOURCE.read(Page(piece.body)).readings
        record = reading.record
        numbers = {one for item in record.classes for one in (item.class_number, *(item.other_classes or ()))}
        assert (slim.st13, slim.name, slim.status_code) == (
            record.st13,
            record.verbal_element,
            record.status_code,
        )
        assert (set(slim.classes), slim.owners) == (numbers, tuple(one.name for one in record.owners))
        assert slim.agents == agent_names(record)
        assert (slim.filing_date, slim.status_live) == (record.application_date, record.status_live)
        assert slim.registration_number == record.registration_number
        assert slim.international_number == record.international_registration_number
        assert reading.as_of is not None
        assert slim.as_of == reading.as_of.day
        for kind, field in (("pseudo", "pseudo_mark"), ("translation",) * 2, ("transliteration",) * 2):
            texts = [text for name, text in slim.other_names if name == kind]
            assert ("; " if kind == "pseudo" else " ").join(texts) == (getattr(record, field) or "")
        told = SOURCE.essence(piece)
        assert told is not None
        assert (told.st13, told.day) == (slim.st13, slim.as_of.isoformat())
        count += 1
    return count


def test_the_few_fields_say_what_the_whole_record_says() -> None:
    files = ("three-cases/apc990420.xml", "before-revival/99990501-before.xml", "same-as-json")
    paths = [DAILY / one if one.endswith("xml") else next((DAILY / one).glob("*.xml")) for one in files]
    assert sum(held_together(path.read_bytes()) for path in paths) >= 5


@pytest.mark.recorded
def test_the_few_fields_of_real_cases_say_what_the_whole_record_says(recorded: Path) -> None:
    folder = recorded / "us/daily_xml"
    assert (
        sum(held_together(one.read_bytes()) for one in [*folder.glob("*-9*.xml"), *folder.glob("*.zip")]) >= 4
    )


def test_the_day_of_the_file_is_no_part_of_the_state_and_every_other_byte_is() -> None:
    body = next(streamed.records(FORM, (DAILY / "three-cases/apc990420.xml").open("rb"), "")).body
    state, later, other = (
        SOURCE.essence(one)
        for one in (
            piece_of(body),
            piece_of(body.replace(b"<transaction-date>20260420", b"<transaction-date>20260421")),
            piece_of(body.replace(b"</case-file-owners>", b"</case-file-owners >")),
        )
    )
    assert state is not None
    assert later is not None
    assert other is not None
    assert (state.digest, state.day, later.day) == (later.digest, "2026-04-20", "2026-04-21")
    assert other.digest != state.digest


def piece_of(body: bytes) -> Piece:
    return Piece("79990511", body)


# -- before and after of one case ------------------------------------------------------------------------

REVIVED = {
    *("status", "termination_date", "termination_kind", "current_basis", "disclaimer", "location"),
    *("location_date", "classes", "events"),
}


def revived(run: Run, folder: Path, before: Path, after: Path, number: str, gone: str) -> None:
    configured(folder, watch("mine", numbers=[f"US {number}"], role="own"))
    st13 = f"US5000000{number}"
    for page in (before, after):
        run("import", str(page))
    (alert,) = json.loads(run("alerts", "list", "--json").out)
    assert st13 in json.dumps(alert)
    found = json.loads(run("changes", "--since", "2000-01-01", "--json").out)
    fields = {(one["field"], one["kind"]) for one in found if one.get("field")}
    assert {field for field, _ in fields} == REVIVED
    assert ("classes", "removed") in fields
    assert ("disclaimer", "added") in fields
    assert ("events", "removed") not in fields
    slim = changes(folder, st13)
    assert set(slim) == {"status_code", "classes"}
    assert slim["status_code"] == ("602", "616")
    assert (gone in slim["classes"][0], gone in slim["classes"][1]) == (True, False)
    # Seen from the other end: the older file brings nothing back.
    run("import", str(before))
    assert in_register(folder, st13)["status_code"] == "616"
    assert len(json.loads(run("alerts", "list", "--json").out)) == 1


def test_a_revived_case_that_is_watched_tells_exactly_what_changed(run: Run, folder: Path) -> None:
    before, after = (DAILY / f"{when}-revival/99990501-{when}.xml" for when in ("before", "after"))
    revived(run, folder, before, after, "99990501", "9")


@pytest.mark.recorded
def test_a_real_revived_case_that_is_watched_tells_exactly_what_changed(
    run: Run, folder: Path, recorded: Path
) -> None:
    before, after = (recorded / f"us/daily_xml/revival-{when}-98186103.xml" for when in ("before", "after"))
    revived(run, folder, before, after, "98186103", "25")


# -- killed ----------------------------------------------------------------------------------------------

DEADLY = """
import os, signal, sys
from tmwatch.importing import registered
from tmwatch.store.register import Register
registered.AT_ONCE = 1
take, left = Register.take, int(sys.argv.pop(1))
def deadly(self, *given, **named):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return take(self, *given, **named)
Register.take = deadly
from tmwatch.__main__ import main
main()
"""


def test_a_killed_import_goes_on_where_it_was_and_tells_nothing_twice(run: Run, folder: Path) -> None:
    (record,) = (one.record for one in SOURCE.read(Page(THREE)).readings if one.record.st13 == WATCHED)
    configured(folder, watch("theirs", owners=[record.owners[0].name]))
    (folder / "apc990420.xml").write_bytes(THREE)
    killed = run_script(DEADLY, "2", "import", "apc990420.xml", cwd=folder)
    assert killed.returncode == -signal.SIGKILL
    with closing(Register(folder / "register.db")) as register:
        assert register.count() == 1
    with closing(Database(folder / "tmwatch.db")) as base:
        (half,) = base.conn.execute("select file from half_stored")
        assert half["file"] == hashlib.sha256(THREE).hexdigest()
    found = lines(run("import", "--json", "apc990420.xml").out)
    assert sorted(one["what"] for one in found) == ["new", "new", "unchanged"]
    # The first half found what the watch is about: what comes now is its second look, and news.
    later = THREE.replace(b"79990511", b"79990519").replace(b"20260420", b"20260421")
    (folder / "apc990421.xml").write_bytes(later)
    run("import", "apc990421.xml")
    (alert,) = json.loads(run("alerts", "list", "--json").out)
    assert "US500000079990519" in json.dumps(alert)
    with closing(Database(folder / "tmwatch.db")) as base:
        assert base.conn.execute("select count(*) from half_stored").fetchone()[0] == 0


def test_a_register_that_cannot_be_used_keeps_nothing_from_being_delivered(run: Run, folder: Path) -> None:
    """A check ended there: what waited in the outbox did not go out until somebody moved the file away."""
    configured(folder, watch("mine", numbers=["US 79990511"]))
    text = (folder / "tmwatch.toml").read_text().replace("[store]", '[store]\ninbox = "inbox"')
    (folder / "tmwatch.toml").write_text(text)
    (folder / "register.db").write_bytes(b"no database at all")
    (folder / "inbox").mkdir()
    page = zipped(folder / "inbox" / "apc990420.zip", THREE)
    with time_machine.travel("2036-01-01T00:00:00Z", tick=True):  # the file is no longer just being saved
        ran = run("check", "--no-look", "--json")
    assert ran.code == 1
    said = json.loads(ran.out)
    assert said["deliveries"]["failed"] == 0
    assert [("register.db" in one, "import the files again" in one) for one in said["problems"]] == [
        (True, True)
    ]
    assert page.exists()
    (folder / "register.db").unlink()
    with time_machine.travel("2036-01-02T00:00:00Z", tick=True):
        assert json.loads(run("check", "--no-look", "--json").out)["problems"] == []
    assert not page.exists()
    assert in_database(folder) == {WATCHED}


# -- names near a name ---------------------------------------------------------------------------------
