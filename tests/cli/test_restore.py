"""`restore`, `alerts release` and `alerts drop` as their user meets them."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import CANCELLED, House, Run


def lost(house: House, run: Run, folder: Path) -> Path:
    """A backup, then a change that is told, then the disk is lost."""
    assert run("check").silent
    kept = Path(run("backup", "yesterday.bak", "--json").json["backup"])
    house.serve(CANCELLED)
    assert run("check").silent
    assert len(house.mailbox.mails) == 1
    for end in ("", "-wal", "-shm"):
        (folder / f"tmwatch.db{end}").unlink(missing_ok=True)
    return kept


def test_off_a_terminal_it_wants_to_be_told_that_it_is_meant(house: House, run: Run, folder: Path) -> None:
    run("check")
    run("backup", "yesterday.bak")
    before = (folder / "tmwatch.db").read_bytes()
    ran = run("restore", "yesterday.bak")
    assert (ran.code, "--yes" in ran.err) == (2, True)
    assert (folder / "tmwatch.db").read_bytes() == before


def test_it_says_what_it_did_and_where_the_replaced_database_lies(
    house: House, run: Run, folder: Path
) -> None:
    run("check")
    run("backup", "yesterday.bak")
    ran = run("restore", "yesterday.bak", "--yes", terminal=True)
    assert ran.code == 0
    aside = next(folder.glob("tmwatch.db.replaced-*"))
    assert aside.name in ran.out.replace("\n", "")
    assert "will not be sent again" in ran.out
    done = run("restore", "yesterday.bak", "--yes", "--json").json
    assert (done["known"], done["held"], done["sent_before"]) == (True, 0, 0)


def test_what_is_no_backup_is_refused_with_exit_code_1(house: House, run: Run, folder: Path) -> None:
    run("check")
    (folder / "letter.txt").write_text("Dear Sirs")
    ran = run("restore", "letter.txt", "--yes")
    assert (ran.code, "was touched" in ran.err) == (1, True)


def test_what_is_held_is_shown_by_list_doctor_and_check_and_goes_out_when_released(
    house: House, run: Run, folder: Path
) -> None:
    kept = lost(house, run, folder)
    assert "not known" in run("restore", str(kept), "--yes").err
    ran = run("check")
    assert (ran.code, len(house.mailbox.mails)) == (1, 1)
    assert "2 deliveries are held" in ran.err
    assert "tmwatch alerts release" in ran.err
    assert "HELD" in run("alerts", "list").out
    assert "tmwatch alerts release" in run("doctor").out
    assert run("doctor", "--json").json["outbox"]["held"] == 2
    number = run("alerts", "list", "--json").json[0]["id"]
    assert run("alerts", "release", str(number), "--json").json == {"released": 2, "sent": 2, "held": 0}
    ids = {str(mail["Message-ID"]) for mail in house.mailbox.mails}
    assert (len(house.mailbox.mails), len(ids)) == (2, 1), "under the id it had"
    assert run("check").silent


def test_what_is_dropped_is_never_sent_and_stays_in_the_list(house: House, run: Run, folder: Path) -> None:
    kept = lost(house, run, folder)
    run("restore", str(kept), "--yes")
    run("check")
    assert run("alerts", "drop").code == 2
    assert run("alerts", "drop", "--all", "--json").json == {"dropped": 2, "held": 0}
    assert run("alerts", "release", "--json").json["released"] == 0
    assert run("check").silent
    assert len(house.mailbox.mails) == 1
    assert "dropped" in run("alerts", "list").out
