"""`tmwatch demo`: the story of JD Auto, with real parts on loopback and every sample marked as one."""

from __future__ import annotations

import base64
import csv
import email
import email.policy
import hashlib
import hmac
import io
import json
import shutil
import socket
import sqlite3
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.demo.conftest import Shown, show
from tmwatch.config import load_config
from tmwatch.demo import run
from tmwatch.errors import UsageError
from tmwatch.sources.registry import all_sources

OWNER = "北京京东叁佰陆拾度电子商务有限公司"
US_OWNER = "Beijing Jingdong 360 Du E-Commerce Ltd."


def ask(shown: Shown, question: str) -> list[tuple[Any, ...]]:
    base = sqlite3.connect(shown.folder / "tmwatch.db")
    try:
        return [tuple(row) for row in base.execute(question)]
    finally:
        base.close()


def mails(shown: Shown) -> list[EmailMessage]:
    found = []
    for path in sorted((shown.folder / "mails").glob("*.eml")):
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        found.append(mail)
    return found


def events(shown: Shown) -> list[dict[str, Any]]:
    paths = sorted((shown.folder / "webhooks").glob("*.json"))
    return [json.loads(path.read_bytes()) for path in paths]


def test_it_ends_well_and_complains_of_nothing(shown: Shown) -> None:
    assert (shown.code, shown.errors) == (0, "")


def test_day_one_is_a_baseline_that_alerts_nobody(shown: Shown) -> None:
    seen = ask(shown, "select watch, count(*) from hit where baseline = 1 group by watch order by watch")
    assert seen == [("JD cars", 10), ("by number", 2)]  # the US registration belongs to both
    assert all(kind != "watch.baseline" for (kind,) in ask(shown, "select kind from alert"))


def test_the_changes_are_these_and_no_others(shown: Shown) -> None:
    found = ask(
        shown,
        "select m.office || m.application_number, c.field, c.old, c.new"
        " from change c join mark m using (st13)"
        " where c.superseded_at is null and c.field <> 'latest_step_date' order by 1, c.id",
    )
    waiting, published, registered = "等待实质审查", "初审公告", "已注册"
    steps = [f"商标注册申请---{step}" for step in ("申请收文", "初步审定公告", "注册公告")]
    goods = "sample lanterns; sample lamp shades; sample {}"
    both = [
        ("status", waiting, published), ("latest_step", steps[0], steps[1]),
        ("status", published, registered), ("latest_step", steps[1], steps[2]),
    ]  # fmt: skip
    assert found == [
        *(("CN00000001", *change) for change in both),
        *(("CN00000002", *change) for change in both[:2]),
        *(("CN00000003", *change) for change in both),
        ("XX00000001", "owners", "Sample Company One Ltd.", "Sample Company Two Ltd."),
        ("XX00000001", "classes.text", goods.format("torches"), goods.format("solar lanterns")),
    ]


def test_the_term_that_came_and_the_one_that_went_are_named(shown: Shown) -> None:
    (event,) = [one for one in events(shown) if one["data"]["cards"][0]["office"] == "XX"]
    (goods,) = [one for one in event["data"]["cards"][0]["changes"] if one["field"] == "classes.text"]
    assert (goods["terms_added"], goods["terms_removed"]) == (["sample solar lanterns"], ["sample torches"])


def test_joyrobotaxi_in_nine_classes_is_one_alert(shown: Shown) -> None:
    assert ask(shown, "select count(*) from alert where kind = 'filing.new'") == [(1,)]
    (event,) = [one for one in events(shown) if one["type"] == "filing.new"]
    cards = event["data"]["cards"]
    assert {card["mark"] for card in cards} == {"Joyrobotaxi"}
    classes = {number for card in cards for number in card["classes"]}
    assert len(cards) == len(classes) == 9
    assert {"12", "9", "35", "39"} <= classes
    assert {card["status_text"] for card in cards} == {"等待实质审查"}
    assert len([mail for mail in mails(shown) if "Joyrobotaxi" in mail["Subject"]]) == 2


def test_the_campaign_of_joyrobotaxi_is_a_card_with_its_classes_and_what_is_new(shown: Shown) -> None:
    (event,) = [one for one in events(shown) if one["type"] == "filing.new"]
    (campaign,) = event["data"]["campaigns"]
    assert (campaign["owners"], campaign["filings"]) == ([OWNER], 9)
    assert campaign["earlier"]["new_names"] == ["Joyrobotaxi"]
    lines = {line["number"]: line for line in campaign["classes"]}
    assert len(lines) == 9
    assert (lines["12"]["name_zh"], lines["12"]["new"]) == ("运输工具", False)
    assert lines["39"]["new"], "JD Auto was filed in 9, 12 and 35"
    flat = " ".join(shown.screen.split())
    assert f"[SAMPLE] {OWNER}: 9 filings (CN), filed" in flat
    assert "class 39 · Transport, storage, travel, vehicle rental [new]" in flat
    assert "names it had not used: Joyrobotaxi" in flat


def test_four_alerts_go_to_both_readers_each_in_their_language(shown: Shown) -> None:
    received = mails(shown)
    assert sorted(mail["To"].addresses[0].addr_spec for mail in received) == (
        ["legal@example.com"] * 4 + ["news@example.com"] * 4
    )
    chinese = [mail for mail in received if mail["Content-Language"] == "zh-Hans"]
    assert [mail["To"].addresses[0].addr_spec for mail in chinese] == ["news@example.com"] * 4
    assert [one["type"] for one in events(shown)].count("filing.changed") == 3
    assert ask(shown, "select distinct state from delivery") == [("sent",)]


def test_sample_stands_in_every_subject_webhook_row_and_on_the_screen(shown: Shown) -> None:
    assert all(mail["Subject"].startswith("[SAMPLE]") for mail in mails(shown))
    assert all(one["data"]["sample"] and "[SAMPLE]" in one["data"]["headline"] for one in events(shown))
    assert ask(shown, "select distinct facts from mark") == [("sample",)]
    assert ask(shown, "select distinct sample from alert") == [(1,)]
    for name in ("filings.csv", "changes.csv"):
        rows = list(csv.DictReader(io.StringIO((shown.folder / name).read_text(encoding="utf-8"))))
        assert {row["note"] for row in rows} == {"[SAMPLE]"}, name
    for name in ("JD Auto", "Joyrobotaxi", "JD ", "Sample Lantern"):
        assert f"[SAMPLE] {name}" in shown.screen


def test_numbers_that_no_source_gives_cannot_be_taken_for_real_ones(shown: Shown) -> None:
    numbers = ask(shown, "select office, application_number, registration_number from mark")
    assert ("US", "87499213", "5760247") in numbers
    assert all(number.startswith("000000") for office, number, _ in numbers if office != "US")


def test_each_fact_is_told_as_it_is_known_with_its_source(shown: Shown) -> None:
    flat = " ".join(shown.screen.split())
    for told in (
        "reported", "register", "36Kr quoting Tianyancha, October 2025", "mid 2025",
        "91291978, filed 2024-06-10, sustained and terminated 2025-10-15", "daily TTAB file of 2025-10-15",
        f"serial 87499213, registration 5760247, the mark JD, and its owner {US_OWNER}",
    ):  # fmt: skip
        assert told in flat
    assert OWNER in flat


def test_the_signatures_hold_for_an_independent_reckoning(shown: Shown) -> None:
    secret = (shown.folder / "webhook-secret.txt").read_text().strip()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    bodies = sorted((shown.folder / "webhooks").glob("*.json"))
    assert len(bodies) == 4
    for path in bodies:
        headers = dict(
            line.split(": ", 1) for line in path.with_suffix(".headers.txt").read_text().splitlines()
        )
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + path.read_bytes()
        mac = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{mac}"
    assert "signature: verified" in shown.screen


def test_no_secret_is_shown_or_stored_outside_its_file(shown: Shown) -> None:
    base = sqlite3.connect(shown.folder / "tmwatch.db")
    dump = "\n".join(base.iterdump())
    base.close()
    for name in ("webhook-secret.txt", "tianyancha-token.txt"):
        path = shown.folder / name
        assert path.stat().st_mode & 0o077 == 0
        secret = path.read_text().strip()
        assert secret not in dump + shown.screen + (shown.folder / "tmwatch.toml").read_text(encoding="utf-8")


def test_what_it_leaves_behind_goes_on_without_it(shown: Shown) -> None:
    config = load_config(shown.folder / "tmwatch.toml")
    assert config.secret_problems({}) == []
    assert config.store.path == shown.folder / "tmwatch.db"
    assert "xx.sample" not in all_sources()
    for file in (shown.folder / "mails").glob("*.html"):
        assert "<script" not in file.read_text(encoding="utf-8")
    assert "tmwatch-demo/tmwatch.toml show" in shown.screen


def test_it_is_plain_and_fits_eighty_columns_off_a_terminal(shown: Shown) -> None:
    story = shown.screen.split("== The webhook")[0].splitlines()
    assert all(len(line) <= 80 and line == line.rstrip() for line in story)
    assert "\x1b" not in shown.screen


def test_nothing_but_loopback_is_spoken_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USPTO_API_KEY", "TIANYANCHA_TOKEN"):
        monkeypatch.setenv(name, "real")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded(self: socket.socket, address: Any) -> None:
        assert not isinstance(address, tuple) or address[0] in ("127.0.0.1", "::1"), address
        connect(self, address)

    def local(host: Any, *more: Any, **named: Any) -> Any:
        assert host in ("127.0.0.1", "localhost", None), host
        return look_up(host, *more, **named)

    def refused(name: str = "") -> Any:
        raise AssertionError(f"the name service was asked for {name!r}")

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket, "getaddrinfo", local)
    monkeypatch.setattr(socket, "gethostbyaddr", refused)
    monkeypatch.setattr(socket, "getfqdn", refused)
    assert run(tmp_path / "demo", Console(file=io.StringIO(), width=80)) == 0


def test_on_a_terminal_it_has_frames_and_colours(tmp_path: Path) -> None:
    out = io.StringIO()
    screen = Console(file=out, force_terminal=True, width=80, color_system="256", legacy_windows=False)
    assert run(tmp_path / "demo", screen) == 0
    assert "╭" in out.getvalue()
    assert "\x1b[" in out.getvalue()


def test_a_second_run_in_its_folder_starts_afresh_and_leaves_other_files_alone(
    shown: Shown, tmp_path: Path
) -> None:
    first = shutil.copytree(shown.folder, tmp_path / "here")
    (first / "my notes.txt").write_text("mine")
    second = show(Path("here"), tmp_path)
    assert (second.code, second.errors) == (0, "")
    assert len(mails(second)) == 8
    assert ask(second, "select count(*) from alert") == [(4,)]
    assert (second.folder / "my notes.txt").read_text() == "mine"


def test_a_folder_that_is_not_its_own_is_refused_and_untouched(tmp_path: Path) -> None:
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "tmwatch.db").write_text("mine")
    refused = show(folder, tmp_path)
    assert refused.code == 2
    assert "not a folder of the demonstration" in refused.errors
    assert "Traceback" not in refused.errors
    assert [path.name for path in folder.iterdir()] == ["tmwatch.db"]
    assert (folder / "tmwatch.db").read_text() == "mine"
    with pytest.raises(UsageError):
        run(folder / "tmwatch.db")
