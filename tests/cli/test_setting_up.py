"""`init`, `watch add`, `watch test`, `backup`: the first steps, and the day when a copy is needed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import PAGE, SERIAL, Run
from tmwatch.config import load_config
from tmwatch.sources.registry import all_sources, asked_unasked


def test_init_writes_a_configuration_that_works_and_never_overwrites_one(run: Run, folder: Path) -> None:
    ran = run("init", terminal=True)
    assert ran.code == 0
    assert "Next:" in ran.out
    assert (folder / "tmwatch.db").exists()
    path = folder / "tmwatch.toml"
    load_config(path)
    path.write_text(path.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    ran = run("init")
    assert ran.code == 2
    assert "tmwatch.toml" in ran.err
    assert path.read_text(encoding="utf-8").endswith("# mine\n")
    assert run("check").code == 0


def test_a_watch_can_be_added_tried_and_grown_from_the_command_line(run: Run, folder: Path) -> None:
    run("init")
    assert run("watch", "add", "my marks", "--number", f"US {SERIAL}", "--role", "own").code == 0
    assert run("watch", "add", "--to-watch", "my marks", "--number", "76/044,902").code == 0
    watch = load_config(folder / "tmwatch.toml").watch("my marks")
    assert watch is not None
    assert [number.number for number in watch.numbers] == [SERIAL, "76044902"]
    assert run("watch", "add", "my marks", "--number", "US 76044902").code == 2
    run("import", str(PAGE))
    tried = run("watch", "test", "my marks", "--json").json
    assert tried["rule"].startswith("A filing that")
    assert [one["st13"] for one in tried["hits"]] == [f"US5000000{SERIAL}"]
    assert "is watched" in run("watch", "test", "my marks").out


def test_a_near_miss_says_what_did_not_hold(run: Run, folder: Path) -> None:
    run("init")
    run("watch", "add", "narrow", "--number", f"US {SERIAL}", "--class", "1")
    run("import", str(PAGE))
    tried = run("watch", "test", "narrow", "--json").json
    assert tried["hits"] == []
    (miss,) = tried["near_misses"]
    assert "class" in miss["failed"][0]


def test_a_wrong_addition_leaves_the_file_as_it_was(run: Run, folder: Path) -> None:
    run("init")
    before = (folder / "tmwatch.toml").read_bytes()
    assert run("watch", "add", "w", "--number", "US 76044902", "--notify", "nobody").code == 2
    assert run("watch", "add", "w").code == 2
    assert run("watch", "add", "w", "--number", "US 1").code == 2
    assert (folder / "tmwatch.toml").read_bytes() == before


def test_a_backup_is_a_whole_database_of_its_own(run: Run, folder: Path) -> None:
    run("import", str(PAGE))
    made = Path(run("backup", "--json").json["backup"])
    assert made.parent.resolve() == folder.resolve() or made.parent == Path()
    with sqlite3.connect(made) as copy:
        assert copy.execute("select count(*) from mark").fetchone() == (1,)
    assert run("--db", str(made), "show", f"US {SERIAL}").code == 0
    assert run("backup", "copy.db").silent
    assert run("backup", "tmwatch.db").code == 1


def test_the_configuration_says_where_the_database_is_unless_db_does(run: Run, folder: Path) -> None:
    (folder / "there").mkdir()
    (folder / "there" / "my.toml").write_text(
        '[operator]\ncontact = "x@firm.test"\n[store]\npath = "mine.db"\n', encoding="utf-8"
    )
    run("--config", "there/my.toml", "import", str(PAGE))
    assert (folder / "there" / "mine.db").exists()
    run("--config", "there/my.toml", "--db", "other.db", "import", str(PAGE))
    assert (folder / "other.db").exists()
    assert run("show", f"US {SERIAL}", "--db", "other.db").code == 0


def test_export_to_a_file_and_for_excel(run: Run, folder: Path) -> None:
    run("import", str(PAGE))
    assert run("export", "-o", "marks.csv").silent
    assert (folder / "marks.csv").read_text(encoding="utf-8").startswith("note,st13")
    run("export", "--excel", "-o", "excel.csv")
    assert (folder / "excel.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    lines = run("export", "--format", "jsonl").out.splitlines()
    assert len(lines) == 1
    assert run("export", "--csv").out == run("export", "--format", "csv").out == run("export").out
    assert run("export", "--json").out.splitlines() == lines
    for both in (["--csv", "--json"], ["--csv", "--format", "jsonl"], ["--json", "--format", "csv"]):
        assert run("export", *both).code == 2
    assert run("export", "-o", "no/such/folder.csv").code == 1


def test_source_list_tells_terms_pace_and_what_is_missing(run: Run) -> None:
    found = {one["id"]: one for one in run("source", "list", "--json").json}
    assert found["us.tsdr"]["live"] is None  # without a configuration nobody is asked
    run("init")
    found = {one["id"]: one for one in run("source", "list", "--json").json}
    assert found["us.tsdr"]["live"] is False
    assert "USPTO_API_KEY" in found["us.tsdr-api"]["why"]
    assert found["cn.tianyancha"]["facts"] == "aggregator"
    table = run("source", "list").out
    assert table.split()[:6] == ["Source", "Office", "Terms", "Asked", "Read", "Live"]
    assert all(name in table for name in found)
    assert all(len(line) <= 80 for line in table.splitlines())
    for name, source in all_sources().items():
        wanted = bool(source.declaration.answers) and source.declaration.live_default == "with key"
        assert all((one in table.split()) is wanted for one in found[name]["variables"])
    assert found["em.euipo"]["variables"] == ["EUIPO_CLIENT_ID", "EUIPO_CLIENT_SECRET"]
    assert "Tianyancha reports" in run("source", "list", "cn.tianyancha").out


def test_a_key_of_another_name_is_the_one_that_is_asked_for(run: Run, folder: Path) -> None:
    run("init")
    with (folder / "tmwatch.toml").open("a", encoding="utf-8") as file:
        file.write('[source."em.euipo"]\nkey_env = "MY_KEY"\nclient_id_env = "n0tAName"\n')
    shown = run("source", "list", "em.euipo")
    assert "MY_KEY in the environment" in shown.out
    assert "MY_KEY" in run("source", "list").out
    for words in (["doctor"], ["source", "list"], ["source", "list", "em.euipo"], ["watch", "list"]):
        ran = run(*words)
        assert "n0tAName" not in ran.out + ran.err
        assert "EUIPO_CLIENT" not in ran.out + ran.err


def test_init_and_the_file_it_writes_name_who_is_asked_without_being_asked_for(
    run: Run, folder: Path
) -> None:
    said = run("init", terminal=True).out
    written = (folder / "tmwatch.toml").read_text(encoding="utf-8")
    for one in asked_unasked():
        assert one in said
        assert f"({one})" in written
    assert "enabled = false" in said
    for name in ("fi.prh", "se.prv", "ua.nipo", "vn.ipvn"):
        with (folder / "tmwatch.toml").open("a", encoding="utf-8") as file:
            file.write(f'[source."{name}"]\nenabled = false\n')
        assert {one["id"]: one["live"] for one in run("source", "list", "--json").json}[name] is False


def test_watch_add_says_which_registers_hear_of_the_watch(run: Run) -> None:
    run("init")

    def asked(name: str, *words: str) -> str:
        lines = run("watch", "add", name, *words).out.splitlines()
        (line,) = (one for one in lines if "ask" in one and "live" in one)
        return line

    wide = " (`offices` would narrow it)"
    assert asked("a", "--owner", "Sample") == f"`tmwatch check` asks live: fi.prh, se.prv, ua.nipo{wide}."
    assert asked("b", "--mark", "Sample") == f"`tmwatch check` asks live: fi.prh, se.prv, ua.nipo{wide}."
    assert asked("c", "--agent", "Sample") == f"`tmwatch check` asks live: fi.prh, se.prv, ua.nipo{wide}."
    assert asked("d", "--owner", "Sample", "--office", "UA,US") == "`tmwatch check` asks live: ua.nipo."
    assert asked("e", "--number", "VN 4-2026-00774") == "`tmwatch check` asks live: vn.ipvn."
    assert asked("f", "--number", "US 76044902").startswith("No register is asked live for it")
    more = run("watch", "add", "--to-watch", "f", "--number", "FI T196503880").out
    assert "`tmwatch check` asks live: fi.prh." in more


def test_offices_and_classes_of_a_watch_are_given_with_commas_or_one_by_one(run: Run, folder: Path) -> None:
    run("init")
    run("watch", "add", "commas", "--mark", "A", "--office", "cn,US, EM", "--class", "12,39,12")
    single = ("--office", "CN", "--office", "US,EM", "--class", "12", "--class", "39")
    run("watch", "add", "single", "--mark", "A", *single)
    config = load_config(folder / "tmwatch.toml")
    for name in ("commas", "single"):
        watch = config.watch(name)
        assert watch is not None
        assert watch.offices == ("CN", "US", "EM")
        assert tuple(watch.classes) == (12, 39)
    before = (folder / "tmwatch.toml").read_bytes()
    for words in (["--class", "12,46"], ["--class", "12,,39"], ["--office", "CN,"], ["--office", "CN,XQ"]):
        assert run("watch", "add", "w", "--mark", "A", *words).code == 2
    assert (folder / "tmwatch.toml").read_bytes() == before
    assert run("watch", "add", "w", "--number", "76044902", "--office", "US").code == 0
    assert run("watch", "add", "v", "--number", "76044902", "--office", "US,CN").code == 2


def test_doctor_names_secrets_and_never_their_values(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("init")
    monkeypatch.setenv("USPTO_API_KEY", "k3y-that-nobody-may-see")
    for words in (["doctor"], ["doctor", "--json"]):
        ran = run(*words)
        for name in ("USPTO_API_KEY", "EUIPO_CLIENT_ID", "EUIPO_CLIENT_SECRET"):
            assert name in ran.out
        assert "k3y-that" not in ran.out + ran.err


def test_an_export_says_that_it_replaced_a_file(run: Run, folder: Path) -> None:
    run("import", str(PAGE))
    assert "replaced" not in run("export", "-o", "marks.csv", terminal=True).out
    again = run("export", "-o", "marks.csv", terminal=True)
    assert again.code == 0
    assert "marks.csv, which replaced the file of that name" in " ".join(again.out.split())
