"""What a newcomer stumbled over: slips of the hand that cost a file, and screens that left a question."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import CANCELLED, PAGE, SERIAL, House, Run
from tests.conftest import registers_off
from tmwatch.config import load_config

HEAD = '[operator]\ncontact = "ip-watch@firm.test"\n'
DOCKET = "number,office,docket_ref\n"
LATER = CANCELLED.replace(b"2021-01-05", b"2021-02-05")


def configure(folder: Path, docket: str) -> None:
    (folder / "docket.csv").write_text(DOCKET + docket, encoding="utf-8")
    (folder / "tmwatch.toml").write_text(
        f'{HEAD}[[watch]]\nname = "docket"\nnumbers_file = "docket.csv"\nnotify = []\n', encoding="utf-8"
    )


def no_double_blanks(text: str) -> str:
    return " ".join(text.split())


# -- doctor ------------------------------------------------------------------------------------------------


def test_docket_rows_that_are_not_watched_are_for_the_operator_and_counted(run: Run, folder: Path) -> None:
    configure(folder, f"{SERIAL},US,a\n7.6E+07,US,b\n{SERIAL},US,a\nnothing,US,c\n76044902,US,d\n")
    ran = run("doctor")
    assert ran.code == 1
    assert '✗ watch "docket": docket.csv: 2 of 5 rows are not watched' in ran.out
    assert "    line 3: " in ran.out
    assert "    line 5: " in ran.out
    assert "• watch" in ran.out
    assert "stands in line 2 already" in no_double_blanks(ran.out)
    assert ran.out.count("line 3: ") == 1  # not told once more among the notes


def test_a_row_that_stands_twice_is_only_a_note(run: Run, folder: Path) -> None:
    configure(folder, f"{SERIAL},US,a\n{SERIAL},US,b\n")
    ran = run("doctor")
    assert ran.code == 0
    assert "✗" not in ran.out
    assert "docket.csv, line 3" in no_double_blanks(ran.out)


def test_a_database_folder_that_is_missing_or_closed_is_for_the_operator(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "tmwatch.toml").write_text(f'{HEAD}[store]\npath = "there/mine.db"\n', encoding="utf-8")
    ran = run("doctor")
    assert ran.code == 1
    assert "✗ database: its folder" in ran.out
    assert "does not exist" in no_double_blanks(ran.out)
    (folder / "there").mkdir()
    assert run("doctor").code == 0
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda *_: False)
        ran = run("doctor")
    assert ran.code == 1
    assert "cannot be written to" in no_double_blanks(ran.out)


def test_a_verdict_over_notes_only_says_how_many_there_are(run: Run, folder: Path) -> None:
    run("init")
    ran = run("doctor")
    notes = sum(line.startswith("• ") for line in ran.out.splitlines())
    assert notes
    assert f"Verdict: nothing to mend; {notes} note" in ran.out


def test_a_signing_secret_of_a_wrong_form_is_told_and_never_shown(
    house: House, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("check")
    assert run("doctor").code == 0
    monkeypatch.setenv("HOOK_SECRET", "whsec_not base64 at all!")
    for words in (["doctor"], ["doctor", "--json"]):
        ran = run(*words)
        assert ran.code == 1
        assert "whsec_ followed by base64" in no_double_blanks(ran.out)
        assert "legal" in ran.out
        assert "not base64 at all" not in ran.out + ran.err


def test_counts_agree_with_what_they_count(house: House, run: Run) -> None:
    run("check")
    ran = run("doctor")
    assert "holds 1 watch, no mistakes" in no_double_blanks(ran.out)
    assert "1, in 1 version, 0 changes" in ran.out


# -- lookup ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [SERIAL, "99/990,101", "99,990,101"])
def test_a_bare_number_finds_the_stored_filing_whatever_its_office(run: Run, text: str) -> None:
    run("import", str(PAGE))
    ran = run("lookup", text)
    assert "Stored: 1 filing" in ran.out
    assert SERIAL in ran.out
    assert "If this is a number, add --office US." in ran.out
    assert [one["application_number"] for one in run("lookup", text, "--json").json["filings"]] == [SERIAL]
    assert "--office US" not in run("lookup", text, "--office", "US").out


def test_a_bare_registration_number_is_found_as_well(run: Run) -> None:
    run("import", str(PAGE))
    number = run("show", f"US {SERIAL}", "--json").json["registration_number"]
    assert [one["application_number"] for one in run("lookup", number, "--json").json["filings"]] == [SERIAL]


def test_where_nobody_was_asked_nothing_is_counted(run: Run, folder: Path) -> None:
    run("init")
    with (folder / "tmwatch.toml").open("a", encoding="utf-8") as config:
        config.write(registers_off())
    ran = run("lookup", "SAMPLE HARBOUR")
    assert "At the registers: nobody was asked" in ran.out
    assert "At the registers now" not in ran.out
    assert "--office" not in ran.out


# -- watch -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("terminal", [True, False])
def test_watch_add_says_what_it_wrote(run: Run, folder: Path, terminal: bool) -> None:
    run("init")
    ran = run("watch", "add", "first watch", "--number", "US 76044902", terminal=terminal)
    assert 'Added to tmwatch.toml: watch "first watch".' in ran.out
    assert "twice" not in ran.out
    grow = ("watch", "add", "--to-watch", "first watch", "--number")
    ran = run(*grow, "76/044,902", "--number", "US 78002299", terminal=terminal)
    assert 'Watch "first watch": US 76044902 is already in it; nothing changed.' in ran.out
    assert 'Added to tmwatch.toml: US 78002299 in watch "first watch".' in ran.out
    ran = run("watch", "add", "my marks", "--number", "US 76044902", terminal=terminal)
    assert 'Added to tmwatch.toml: watch "my marks".' in ran.out
    twice = 'US 76044902 is in watch "first watch" already: its alerts will come twice.'
    assert twice in no_double_blanks(ran.out)
    watch = load_config(folder / "tmwatch.toml").watch("first watch")
    assert watch is not None
    assert [one.number for one in watch.numbers] == ["76044902", "78002299"]


def test_a_number_added_to_a_second_watch_is_told_too(run: Run, folder: Path) -> None:
    run("init")
    run("watch", "add", "one", "--number", "US 76044902")
    run("watch", "add", "two", "--number", "US 78002299")
    ran = run("watch", "add", "--to-watch", "two", "--number", "US 76044902")
    assert 'US 76044902 is in watch "one" already' in ran.out


def test_a_watch_counts_its_hits_in_good_english(run: Run, folder: Path) -> None:
    run("init")
    run("watch", "add", "own", "--number", f"US {SERIAL}")
    run("import", str(PAGE))
    assert "1 of 1 stored filing comes under it." in run("watch", "test", "own").out
    assert "Hits so far" in run("watch", "list").out
    run("watch", "add", "other", "--number", "US 76044902")
    assert "0 of 1 stored filing come under it." in run("watch", "test", "other").out


# -- check -------------------------------------------------------------------------------------------------


def test_a_person_is_told_when_what_waits_is_tried_again(house: House, run: Run) -> None:
    house.configure(hook="http://127.0.0.1:9")
    first = run("check", terminal=True)
    assert "Nothing waits." in first.out
    house.serve(CANCELLED)
    second = no_double_blanks(run("check", terminal=True).out)
    assert "1 alert made. 1 delivery sent, 1 waiting (next try " in second
    assert " UTC; `tmwatch alerts retry --all` sends it at the next check)." in second
    run("alerts", "retry", "--all")
    held = run("check", "--no-deliver", terminal=True).out
    assert "0 deliveries sent, 1 waiting (the next `tmwatch check` sends it)" in no_double_blanks(held)


def test_one_error_for_several_addresses_is_told_once_with_all_of_them(house: House, run: Run) -> None:
    text = house.path.read_text(encoding="utf-8").replace(
        'email = ["legal@firm.test"]', 'email = ["legal@firm.test", "second@firm.test"]'
    )
    house.path.write_text(text, encoding="utf-8")
    run("check")
    house.serve(CANCELLED)
    house.path.write_text(
        text.replace(f"port = {house.mailbox.port}", "port = 9"), encoding="utf-8"
    )  # nobody listens
    said = no_double_blanks(run("check", terminal=True).out)
    assert said.count("legal by email (legal@firm.test, second@firm.test): ") == 1
    assert said.count("no connection") == 1
    assert ".." not in said


def test_what_needs_the_operator_is_told_once_for_several_addresses(
    house: House, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("check")
    house.serve(CANCELLED)
    text = house.path.read_text(encoding="utf-8")
    house.path.write_text(
        text.replace('["legal@firm.test"]', '["legal@firm.test", "second@firm.test"]').replace(
            'security = "none"', 'security = "none"\nusername = "x"\npassword_env = "MAIL_WORD"'
        ),
        encoding="utf-8",
    )
    monkeypatch.setenv("MAIL_WORD", "pass")
    ran = run("check", "--no-deliver")
    monkeypatch.delenv("MAIL_WORD")
    ran = run("check")
    assert ran.code == 1
    (line,) = [one for one in ran.err.splitlines() if "deliveries to" in one]
    assert "2 deliveries to legal by email (legal@firm.test, second@firm.test) failed: " in line


def test_ctrl_c_is_no_bug_and_says_what_is_kept(
    house: House, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tmwatch.cli.checking.check", stopped)
    monkeypatch.setattr("tmwatch.cli.replaying.coverage", stopped)
    ran = run("check")
    assert ran.code == 130
    assert ran.err.strip() == "Interrupted. What was read so far is stored; the next check goes on."
    assert run("check", "--dry-run").err.strip() == "Interrupted. Dry run: nothing was kept."
    ran = run("watch", "test", "own")
    assert (ran.code, ran.err.strip()) == (130, "Interrupted.")


# -- changes -----------------------------------------------------------------------------------------------


def test_changes_list_filings_that_came_later_and_not_the_first_contents(run: Run, folder: Path) -> None:
    run("init")
    run("watch", "add", "theirs", "--owner", "EXAMPLE HARBOUR WORKS")
    run("import", str(PAGE))
    assert run("changes", "--json").json == []
    later = folder / "later.html"
    later.write_bytes(PAGE.read_bytes().replace(SERIAL.encode(), b"99990131"))
    run("import", "later.html")
    (row,) = run("changes", "--json").json
    assert (row["field"], row["kind"], row["significance"]) == ("filing", "added", "high")
    assert (row["st13"], row["source"]) == ("US500000099990131", "us.tsdr")
    assert "New: filed 2009-02-03" in run("changes").out
    assert run("changes", "--json", "--least", "critical").json == []
    assert run("changes", "--json", "--since", "2999-01-01").json == []
    assert '"filing"' in run("changes", "--help").out


# -- the screen --------------------------------------------------------------------------------------------


@pytest.fixture
def stderr_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    return lambda: monkeypatch.setattr(sys.stderr, "isatty", lambda: True)


def test_errors_wrap_at_words_on_a_terminal_and_nowhere_else(
    run: Run, folder: Path, stderr_terminal: Callable[[], None]
) -> None:
    words = ("--config", f"a/{'long' * 30}/tmwatch.toml", "show", "US 76044902")
    plain = run(*words).err
    assert max(len(line) for line in plain.splitlines()) > 120
    stderr_terminal()
    wrapped = run(*words).err
    assert no_double_blanks(wrapped) == no_double_blanks(plain)
    path = words[1]
    assert path in wrapped.replace(":", "")  # what is to be copied stays whole
    assert all(len(line) <= 80 for line in wrapped.splitlines() if path not in line)
    assert len(wrapped.splitlines()) > len(plain.splitlines())


def test_show_labels_the_link_and_joins_the_status_without_a_full_stop(run: Run) -> None:
    run("import", str(PAGE))
    out = run("show", f"US {SERIAL}").out
    (place,) = [place for place, line in enumerate(out.splitlines()) if "https://tsdr" in line]
    assert out.splitlines()[place - 1] == "Register"
    assert " " not in out.splitlines()[place]
    status = next(line for line in out.splitlines() if line.startswith("Status"))
    assert "renewed, code 800" in status


@pytest.mark.parametrize("given", ["x", "0", "²", "9" * 40])
def test_what_is_no_number_of_an_alert_is_named(run: Run, given: str) -> None:
    run("import", str(PAGE))
    for command in ("why", "retry"):
        ran = run("alerts", command, given)
        assert ran.code == 2
        assert f'"{given[:39]}' in ran.err
        assert "is not the number of an alert" in ran.err
        assert "alerts list" in ran.err


# -- the first page, the long list, and what is not there --------------------------------------------------


def test_the_first_watch_of_the_readme_alerts_at_the_second_page(run: Run, folder: Path) -> None:
    run("init")
    assert run("watch", "add", "my marks", "--number", f"US {SERIAL}", "--role", "own").code == 0
    assert run("import", str(PAGE)).code == 0
    assert run("alerts", "list", "--json").json == []
    (folder / "later.html").write_bytes(LATER)
    assert "1 alert made" in run("import", "later.html", terminal=True).out
    assert len(run("alerts", "list", "--json").json) == 1


def test_what_changed_stands_first_where_the_list_of_an_import_is_cut(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tmwatch.cli.importing.LISTED", 1)
    run("import", str(PAGE))
    (folder / "z.html").write_bytes(LATER)
    other = PAGE.parents[1] / "pending-design-mark" / "page.html"
    out = run("import", str(other), "z.html", terminal=True).out
    assert out.startswith("CHANGED: ")
    assert "and 1 more" in out


def test_a_saved_page_is_not_asked_for_again(run: Run) -> None:
    ran = run("import", str(PAGE.parents[1] / "server-error" / "page.html"))
    assert "Fetch or save it again, and import that." in ran.err
    assert "asks again" not in ran.err


def test_where_nothing_waits_or_is_held_that_is_said(run: Run, folder: Path) -> None:
    run("init")
    config = folder / "tmwatch.toml"
    config.write_text(config.read_text(encoding="utf-8") + registers_off(), encoding="utf-8")
    assert (
        run("alerts", "retry", "--all", terminal=True).out.strip()
        == "Nothing waits, and nothing was given up."
    )
    assert run("alerts", "drop", "--all", terminal=True).out.strip() == "Nothing is held."
    assert "would go" in run("prune", "--dry-run").out
    assert "Not asked: us.daily: it is for import only" in run("lookup", "SAMPLE").err
    assert "nofile.html: there is no such file" in run("source", "check", "nofile.html").err


@pytest.mark.parametrize("words", [("changes", "--since", "yesterday"), ("import", "--as-of", "May", "x")])
def test_a_day_that_is_none_is_told_in_the_width_of_a_terminal(run: Run, words: tuple[str, ...]) -> None:
    run("import", str(PAGE))
    ran = run(*words)
    assert ran.code == 2
    assert "rite " in ran.err
    assert max(len(line) for line in ran.err.splitlines()) <= 80


@pytest.mark.parametrize("words", [["my marks", "--number"], ["--to-watch", "my marks", "--number"]])
def test_a_filing_stored_before_it_was_watched_alerts_with_its_next_change(
    words: list[str], run: Run, folder: Path
) -> None:
    run("init")
    run("import", str(PAGE))
    if words[0] == "--to-watch":
        run("watch", "add", "my marks", "--number", "US 99990102")
    added = run("watch", "add", *words, f"US {SERIAL}")
    assert f"US {SERIAL} is stored already, as of 2021-01-05" in no_double_blanks(added.out)
    (folder / "later.html").write_bytes(CANCELLED.replace(b"2021-01-05", b"2022-01-05"))
    assert run("import", "later.html").code == 0
    (alert,) = run("alerts", "list", "--json").json
    assert alert["st13"] == [f"US5000000{SERIAL}"]
    assert alert["payload"]["kind"] == "filing.changed"
