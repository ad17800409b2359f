"""`prune`, and what `doctor` says of growth and rights."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import PAGE, Run


@pytest.fixture
def filled(run: Run, folder: Path) -> Path:
    (folder / "page.html").write_bytes(PAGE.read_bytes())
    assert run("import", "page.html").code == 0
    return folder / "tmwatch.db"


def test_prune_says_what_it_did_and_what_it_would_do(filled: Path, run: Run) -> None:
    said = run("prune", "--dry-run", terminal=True)
    assert (said.code, "0 looks would go" in said.out) == (0, True)
    done = run("prune", "--older-than", "400 days", "--json").json
    assert (done["looks"], done["dry"]) == (0, False)
    for wrong in ("a year", "3d"):
        refused = run("prune", "--older-than", wrong)
        assert (refused.code, "Traceback" in refused.err) == (2, False)


def test_doctor_says_how_the_file_grows_and_what_room_there_is(filled: Path, run: Run) -> None:
    assert "the disk has room for" in run("doctor").out
    grown = run("doctor", "--json").json["store"]["growth"]
    assert grown["used"] > 0
    assert grown["free_on_disk"] > 0


def test_doctor_says_where_names_are_compared_without_a_compiled_rule(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = '[[recipient]]\nname = "legal"\nemail = ["legal@example.com"]\n'
    watch = who + '[[watch]]\nname = "near"\nmarks = ["SEIKO"]\nnotify = ["legal"]\n'
    (folder / "tmwatch.toml").write_text(f'[operator]\ncontact = "ip@example.com"\n{watch}', encoding="utf-8")
    monkeypatch.setattr("tmwatch.health.find_spec", lambda _module: None)
    said = run("doctor").out
    assert "without a C compiler" in " ".join(said.split())
    assert "python3-dev" in said
    monkeypatch.setattr("tmwatch.health.find_spec", lambda _module: object())
    assert "compiler" not in run("doctor").out


def test_doctor_names_a_backup_that_others_can_read(filled: Path, run: Run) -> None:
    run("backup")
    copy = next(filled.parent.glob("tmwatch.db.*.bak"))
    assert "can be read by others" not in run("doctor").out
    copy.chmod(0o644)
    said = run("doctor", "--json").json
    assert any("can be read by others" in one["what"] for one in said["findings"])
    assert run("doctor").code == 1
