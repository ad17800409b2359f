"""Every non-alert can say why not."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.test_hits import CONFIG, THEIRS, Shelf, near
from tests.cli.test_import_daily import THREE, zipped
from tests.test_whole_way import row
from tmwatch.store import Database

QUIET = CONFIG.replace('first_look = "alert"\n', "")

RECIPIENT = """
[[recipient]]
name = "us"
email = ["us@firm.test"]
[smtp]
host = "localhost"
security = "none"
sender = "tmwatch@firm.test"
"""


@pytest.fixture
def shelf(run: Run, folder: Path) -> Shelf:
    return Shelf(run, folder)


def configure(shelf: Shelf, text: str) -> None:
    (shelf.folder / "tmwatch.toml").write_text(text, encoding="utf-8")


def asked(shelf: Shelf, number: str = "CN 00000001") -> dict[str, Any]:
    (one,) = shelf.run("alerts", "why-not", number, "--watch", "names", "--json").json
    return dict(one)


def test_what_was_never_seen_says_so_and_who_does_not_look(shelf: Shelf) -> None:
    shelf.imports(near())
    told = asked(shelf, "CN 00000009")
    assert told["kept_in"] is None
    assert told["reasons"][0] == "it was never seen: nothing that is stored has this number"
    assert any("CN is import only for this watch" in reason for reason in told["reasons"])
    assert "the watch is not about office US" in asked(shelf, "US 76044902")["reasons"]


def test_a_name_that_is_too_far_off_shows_its_score_beside_each_mark(shelf: Shelf) -> None:
    configure(shelf, CONFIG.replace('marks = ["Joyrobotaxi"]', 'marks = ["Joyrobotaxi", "Zebra"]\nlevel = 1'))
    shelf.imports(row(1, "Joy Roboter", 12, applicantCn=THEIRS))
    told = asked(shelf)
    assert told["hit"] is None
    (reason,) = told["reasons"]
    assert "and the watch asks for level 1 or nearer" in reason
    joy, zebra = told["beside"]
    assert joy["level"] > 1
    assert joy["score"] is not None
    assert (zebra["mark"], zebra["level"]) == ("Zebra", None)
    (look,) = told["looks"]
    assert (look["source"], look["looks"], look["failed"]) == ("cn.tianyancha", 1, 0)
    shown = " ".join(shelf.run("alerts", "why-not", "CN 00000001", "--watch", "names").out.split())
    assert "Zebra: nothing in common" in shown


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("classes = [30]", "class 12 is not watched"),
        ('offices = ["US"]', "office CN is not watched"),
        ("since = 2026-11-20", "filed 2026-11-02, before 2026-11-20"),
        (f'except_owners = ["{THEIRS}"]', f'owner "{THEIRS}" is excepted (except_owners)'),
        ('except_numbers = ["CN 00000001"]', "CN 00000001 is excepted (except_numbers)"),
    ],
)
def test_what_a_filter_or_an_exception_kept_away_names_it(shelf: Shelf, setting: str, reason: str) -> None:
    configure(shelf, CONFIG.replace('offices = ["CN"]\n', "") + setting + "\n")
    assert shelf.imports(near()) == []
    assert any(reason in said for said in asked(shelf)["reasons"])


def test_the_first_look_a_light_change_and_noise_are_reasons_of_their_own(shelf: Shelf) -> None:
    configure(shelf, QUIET)
    shelf.imports(near())
    assert any("with its first look, which is summed up" in said for said in asked(shelf)["reasons"])
    shelf.imports(near(category="商标注册申请---等待受理通知书发文"))
    said = " ".join(asked(shelf)["reasons"])
    assert "weighed less than high, which is told of a hit by likeness that nobody has marked" in said
    shelf.run("hits", "mark", "1", "noise")
    assert any("silent until its owner, classes or goods change" in one for one in asked(shelf)["reasons"])
    assert asked(shelf)["hit"]["triage"] == "noise"


def test_what_was_told_names_the_alert(shelf: Shelf) -> None:
    shelf.imports(near())
    told = asked(shelf)
    assert told["reasons"][0].startswith("listed in alert 1 of ")
    assert [alert["id"] for alert in told["alerts"]] == [1]
    assert any("the watch tells nobody" in reason for reason in told["reasons"])


def test_an_alert_that_has_not_gone_out_is_not_said_to_have_been_told(shelf: Shelf) -> None:
    configure(shelf, CONFIG.replace("notify = []", 'notify = ["us"]') + RECIPIENT)
    shelf.imports(near())
    told = asked(shelf)
    assert "has not been sent (1 waiting; `tmwatch alerts why 1` says why)" in told["reasons"][0]
    assert told["alerts"][0]["deliveries"] == {"pending": 1}
    with closing(Database(shelf.folder / "tmwatch.db")) as base:
        base.conn.execute("update delivery set state = 'dead'")
    assert "has not been sent (1 given up" in asked(shelf)["reasons"][0]
    with closing(Database(shelf.folder / "tmwatch.db")) as base:
        base.conn.execute("update delivery set state = 'sent'")
    assert asked(shelf)["reasons"][0].startswith("told in alert 1 of ")


def test_what_only_the_store_of_the_register_has_is_explained_too(shelf: Shelf) -> None:
    own = CONFIG.replace('offices = ["CN"]\n', "classes = [45]\n").replace("Joyrobotaxi", "SAMPLE LANTERNS")
    configure(shelf, own + '[store]\nregister = "register.db"\n')
    path = zipped(shelf.folder / "apc990420.zip", THREE)
    assert shelf.run("import", str(path)).code == 0
    told = asked(shelf, "US 99990512")
    assert told["kept_in"] == "register"
    assert told["reasons"]
    assert told["looks"][0]["source"] == "us.daily"


def test_a_number_or_a_watch_that_nobody_understands_is_said(shelf: Shelf) -> None:
    assert shelf.run("alerts", "why-not", "7604490", "--watch", "names").code == 2
    ran = shelf.run("alerts", "why-not", "CN 00000001", "--watch", "nmes")
    assert ran.code == 2
    assert "Watches: names." in ran.err


def test_a_first_look_that_was_told_is_not_said_to_have_been_summed_up(shelf: Shelf) -> None:
    shelf.imports(near())
    reasons = asked(shelf)["reasons"]
    assert any(reason.startswith("listed in alert 1") for reason in reasons)
    assert not any("summed up" in reason for reason in reasons)


def test_the_meanings_of_the_users_own_file_count_here_as_they_do_for_the_watch(shelf: Shelf) -> None:
    configure(shelf, 'meanings_file = "m.csv"\n' + CONFIG.replace('["Joyrobotaxi"]', '["Zorbel"]\nlevel = 1'))
    (shelf.folder / "m.csv").write_text("zorbel,plinta\n", encoding="utf-8")
    shelf.imports(row(1, "PLINTA", 12, applicantCn=THEIRS))
    (mark,) = asked(shelf)["beside"]
    assert mark["reasons"] == ["same meaning: ZORBEL / PLINTA"]
