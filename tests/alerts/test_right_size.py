"""A file of hundreds of filings is one mail per watch and address, whoever dies in between. Real parts."""

from __future__ import annotations

import datetime as dt
import json
import re
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.conftest import ROOT
from tests.faults.preloaded import run_script, script
from tests.loopback import Mailbox
from tmwatch.alerts.outbox import deliver_due
from tmwatch.cli import main
from tmwatch.config import load_config
from tmwatch.importing import run as importing
from tmwatch.store import Database, Outbox
from tmwatch.store.database import now

CARS = "Sample Cars, Inc."
BATCH = 60  # records a transaction, so that a small file is many

FILE = (ROOT / "fixtures/us.daily/three-cases/apc990420.xml").read_text(encoding="utf-8")
CASE = FILE[FILE.rindex("<case-file>", 0, FILE.index("99990512")) :].partition("</case-file>")[0]
HEAD, FOOT = FILE[: FILE.index("<action-keys>")], FILE[FILE.rindex("</action-keys>") + 14 :]


def case(day: str, *, serial: int, mark: str, nice: int, filed: str, owner: str = CARS) -> str:
    """A new application, as the office's file has one."""
    text = CASE.replace("99990512", str(serial)).replace(">20260420<", f">{day}<")
    text = (
        text.replace(">20260417<", f">{filed}<")
        .replace(">012<", f">{nice:03}<")
        .replace("GS0121", f"GS0{nice:02}1")
    )
    text = text.replace(
        "<mark-drawing-code>2<",
        f"<mark-identification>{mark}</mark-identification><mark-drawing-code>5<",
    )
    text = re.sub(r"<foreign-applications>.*</foreign-applications>", "", text, flags=re.DOTALL)
    text = re.sub(r"<dba-aka-text>[^<]*</dba-aka-text>", "", text).replace("Muster Boats Limited", owner)
    text = re.sub(
        r"</case-file-owner>\s*<case-file-owner>.*?</case-file-owner>",
        "</case-file-owner>",
        text,
        flags=re.DOTALL,
    )
    return f"<action-keys><action-key>TX</action-key>{text}</case-file></action-keys>"


def daily(path: Path, day: str, cases: list[dict[str, Any]]) -> Path:
    """A daily file of the USPTO with these cases."""
    head = HEAD.replace("202604200424", f"{day}0424")
    path.write_text(head + "\n".join(case(day, **one) for one in cases) + FOOT, encoding="utf-8")
    return path


def campaign(count: int) -> list[dict[str, Any]]:
    """So many filings of one company in some weeks, and beside each third one a stranger's."""
    cases: list[dict[str, Any]] = []
    for n in range(count):
        mark, nice = f"JOY {'ABCDEFGHIJ'[n % 10]}", (9, 12, 35, 37, 39)[n % 5]
        filed = f"202604{1 + n % 20:02}"
        cases.append({"serial": 99100000 + n, "mark": mark, "nice": nice, "filed": filed})
        if n % 3 == 0:
            stranger = {"mark": f"ALIEN {n}", "owner": f"Maker {n} GmbH", "filed": "20260401"}
            cases.append({"serial": 99500000 + n, "nice": 12, **stranger})
    return cases


class House:
    """A folder with a configuration, two watches, a mail server, and a first look that lies behind."""

    def __init__(self, folder: Path, mailbox: Mailbox) -> None:
        self.folder, self.mailbox = folder, mailbox
        makers = ", ".join(f'"Maker {n}"' for n in range(0, 400, 3))
        (folder / "tmwatch.toml").write_text(
            f"""
[operator]
contact = "ip-watch@example.com"
[smtp]
host = "127.0.0.1"
port = {mailbox.port}
security = "none"
sender = "tmwatch@example.com"
[[recipient]]
name = "legal"
email = ["legal@example.com", "paralegal@example.com"]
[[recipient]]
name = "news"
email = ["news@example.com"]
language = "zh"
[[watch]]
name = "all cars"
owners = ["Sample Cars", {makers}]
offices = ["US"]
notify = ["legal"]
[[watch]]
name = "one maker"
owners = ["Sample Cars"]
offices = ["US"]
notify = ["news"]
""",
            encoding="utf-8",
        )
        before = {"mark": "JOY", "nice": 9, "filed": "20240105"}
        self.run("import", str(daily(folder / "apc260301.xml", "20260301", [{"serial": 99000001, **before}])))
        assert self.alerts() == []

    def run(self, *arguments: str) -> None:
        assert main(["--config", str(self.folder / "tmwatch.toml"), *arguments]) == 0

    def alerts(self) -> list[dict[str, Any]]:
        with closing(Database(self.folder / "tmwatch.db")) as base:
            return Outbox(base).alerts()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("TMWATCH_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr(importing, "BULK_BATCH", BATCH)
    monkeypatch.chdir(tmp_path)
    with Mailbox() as mailbox:
        yield House(tmp_path, mailbox)


def test_hundreds_of_filings_in_many_transactions_are_one_mail_for_each_watch_and_address(
    house: House,
) -> None:
    file = daily(house.folder / "apc260420.xml", "20260420", campaign(240))
    house.run("import", str(file))
    house.run("check", "--no-look")
    assert sorted(house.mailbox.to) == ["legal@example.com", "news@example.com", "paralegal@example.com"]
    subjects = {
        to: str(mail["Subject"]) for to, mail in zip(house.mailbox.to, house.mailbox.mails, strict=True)
    }
    assert subjects["legal@example.com"].startswith("all cars: 320 filings of 81 owners")
    assert subjects["news@example.com"].startswith("one maker：Sample Cars, Inc. 240 件")
    english, chinese = (
        next(text for to, text in zip(house.mailbox.to, house.mailbox.texts(), strict=True) if to == one)
        for one in ("legal@example.com", "news@example.com")
    )
    flat = " ".join(english.split())
    assert "Sample Cars, Inc.: 240 filings (US), filed 2026-04-01 to 2026-04-20" in flat
    assert "New against 1 earlier filing(s) of this owner (filed 2024-01-05), 1 of the " in flat
    assert "classes it had not filed in: 12, 35, 37, 39" in flat
    assert "words it had not used: j, i, h" in flat
    assert "first filing for 26 months (the one before: 2024-01-05)" in flat
    assert "第 12 类 · 运输工具 [新]" in chinese
    told = [{card["st13"] for card in one["payload"]["cards"]} for one in house.alerts()]
    assert sorted(map(len, told)) == [240, 320]
    house.run("import", str(file))
    house.run("check", "--no-look")
    assert len(house.mailbox.mails) == 3


LIKE = """
[[watch]]
name = "names"
marks = ["JOYROBOTAXI"]
classes = [12]
level = 3
first_look = "alert"
notify = ["legal"]
"""


def test_of_names_that_come_near_the_nearest_comes_first_with_level_and_reasons(house: House) -> None:
    with (house.folder / "tmwatch.toml").open("a", encoding="utf-8") as file:
        file.write(LIKE)
    near = ("JOY ROBOTAX", "ROBOTAXI", "JOYROBOTAXY", "JOY ROBOTAXI", "ZEBRA", "LANTERN")
    cases = [
        {"serial": 99700000 + n, "mark": mark, "nice": 12, "filed": "20260401", "owner": f"{mark} GmbH"}
        for n, mark in enumerate(near)
    ]
    house.run("import", str(daily(house.folder / "apc260420.xml", "20260420", cases)))
    house.run("check", "--no-look")
    assert sorted(house.mailbox.to) == ["legal@example.com", "paralegal@example.com"]
    (alert,) = house.alerts()
    cards = alert["payload"]["cards"]
    assert [card["near"]["level"] for card in cards] == sorted(card["near"]["level"] for card in cards)
    assert {card["near"]["to"] for card in cards} == {"JOYROBOTAXI"}
    assert all(card["near"]["reasons"] for card in cards)
    assert not {"ZEBRA", "LANTERN"} & {card["mark"] for card in cards}
    assert len(cards) > 1
    subject, text = str(house.mailbox.mails[0]["Subject"]), " ".join(house.mailbox.texts()[0].split())
    assert f"nearest: {cards[0]['mark']} (level 1)" in subject
    assert (
        f"Likeness: level 1, near identical, beside “JOYROBOTAXI”: {cards[0]['near']['reasons'][0]}" in text
    )
    assert "infring" not in text.lower()


# The commands as they are; each kills itself before the Nth write of records. One process forks for all.
NURSERY = """
import json, os, signal, sys
from tmwatch.alerts.outbox import deliver_due
from tmwatch.cli import main
from tmwatch.config import load_config
import tmwatch.cli.importing
from tmwatch.importing import run
from tmwatch.sources.registry import all_sources
from tmwatch.store import joining
all_sources()
run.BULK_BATCH = int(sys.argv[2])
for kill, after, *arguments in json.loads(sys.argv[1]):
    child = os.fork()
    if not child:
        write, left = joining.write_draft, kill
        def deadly(*given):
            global left
            left -= 1
            if left == 0 and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            write(*given)
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        joining.write_draft = deadly
        os._exit(main(arguments))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def commands(house: House, *wanted: tuple[int, int, str, str]) -> list[int]:
    """Runs each: (alert to die at, 0 to live; 1: once it is written; command; its argument)."""
    done = run_script(NURSERY, json.dumps(wanted), "20", cwd=house.folder)
    done.check_returncode()
    return [int(line) for line in done.stdout.splitlines()]


def told(house: House) -> dict[str, list[str]]:
    """Under which ids each filing of the company reached the first address."""
    found: dict[str, list[str]] = {}
    for alert in house.alerts():
        for one in alert["deliveries"]:
            if one["address"] == "legal@example.com" and one["state"] == "sent":
                for card in alert["payload"]["cards"]:
                    found.setdefault(card["st13"], []).append(one["message_id"])
    return found


def test_an_import_killed_between_and_within_its_transactions_loses_nothing_and_tells_nothing_twice(
    house: House,
) -> None:
    cases = campaign(60)
    file = str(daily(house.folder / "apc260420.xml", "20260420", cases))
    killed = -signal.SIGKILL
    # Before the second alert of the first transaction, when the third has joined, and then to the end.
    codes = commands(house, (2, 0, "import", file), (3, 1, "import", file), (0, 0, "import", file))
    assert codes == [killed, killed, 0]
    house.run("check", "--no-look")
    assert sorted(house.mailbox.to) == ["legal@example.com", "news@example.com", "paralegal@example.com"]
    assert {serial: len(ids) for serial, ids in told(house).items()} == {
        f"US5000000{one['serial']}": 1 for one in cases
    }


def test_where_the_first_half_was_sent_before_the_rest_came_the_rest_is_a_message_of_its_own(
    house: House,
) -> None:
    cases = campaign(60)
    file = str(daily(house.folder / "apc260420.xml", "20260420", cases))
    codes = commands(house, (5, 0, "import", file), (0, 0, "check", "--no-look"), (0, 0, "import", file))
    assert codes == [-signal.SIGKILL, 0, 0]
    assert len(house.mailbox.mails) == 3
    house.run("check", "--no-look")
    assert len(house.mailbox.mails) == 3, "the rest waits for the end of the day"
    with time_machine.travel(now() + dt.timedelta(days=1)):
        house.run("check", "--no-look")
    assert len(house.mailbox.mails) == 6
    assert len({str(mail["Message-ID"]) for mail in house.mailbox.mails}) == 6
    assert {len(ids) for ids in told(house).values()} == {1}
    assert len(told(house)) == len(cases)
    (_, whole), (_, rest) = [
        (one["id"], [card["st13"] for card in one["payload"]["cards"]])
        for one in house.alerts()
        if one["watch"] == "all cars"
    ]
    assert not set(whole) & set(rest)


def test_while_one_process_imports_and_another_delivers_each_filing_reaches_each_address_once(
    house: House,
) -> None:
    cases = [
        {"serial": 99500000 + n, "nice": 12, "mark": f"ALIEN {n}", "owner": f"Maker {n}", "filed": "20260401"}
        for n in range(0, 150, 3)
    ]
    file = str(daily(house.folder / "apc260420.xml", "20260420", cases))
    imports = json.dumps([(0, 0, "import", file)])
    config = load_config(house.folder / "tmwatch.toml")
    with (
        closing(Database(house.folder / "tmwatch.db")) as base,
        script(NURSERY, imports, "5", cwd=house.folder) as process,
    ):
        while process.poll() is None:
            deliver_due(Outbox(base), config, now())
            time.sleep(0.01)
        deliver_due(Outbox(base), config, now())
        before = len(house.mailbox.mails)
        deliver_due(Outbox(base), config, now() + dt.timedelta(days=1))  # the rest, when the day is over
    assert 2 <= before < len(house.mailbox.mails) == 4
    for address in ("legal@example.com", "paralegal@example.com"):
        texts = [
            text for to, text in zip(house.mailbox.to, house.mailbox.texts(), strict=True) if to == address
        ]
        told = [set(re.findall(r"US (995\d{5})", text)) for text in texts]
        assert sum(map(len, told)) == len(set().union(*told)) == len(cases)
    ids = [str(mail["Message-ID"]) for mail in house.mailbox.mails]
    assert len(set(ids)) == len(ids)
