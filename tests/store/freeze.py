"""`python -m tests.store.freeze 0.2.0`: a database of today's code as SQL text, for `released/`.

Two weeks of checks against registers and receivers on loopback: first looks, a status that goes there and
back and there again, new filings, a receiver that is gone, one that is down, a source that fails and
recovers, a word in no table. Sample data only.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

import time_machine

from tests.loopback import Loopback, Mailbox
from tests.test_whole_way import CANCELLED, ENV, PAGE, SERIAL, answer, row
from tmwatch.cli import main

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(__file__).parent / "released"
COMPANY = "/services/open/ipr/tm/2.0"
ODD = PAGE.replace(b"The registration has been renewed.", b"Sleeping beauty of a status.")
CONFIG = """
[operator]
contact = "ip-watch@example.com"
[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "tmwatch@example.com"
[source."us.tsdr"]
enabled = true
base_url = "{register}"
min_interval = 0
[source."cn.tianyancha"]
base_url = "{register}"
min_interval = 0
[[recipient]]
name = "legal"
email = ["legal@example.com", "paralegal@example.com"]
webhook = {{ url = "{hook}/tm", secret_env = "HOOK_SECRET", allow_private = true }}
[[recipient]]
name = "press"
email = ["press@example.com"]
[[watch]]
name = "own"
numbers = ["US 99990101", "US 99990199"]
role = "own"
notify = ["legal"]
[[watch]]
name = "JD cars"
owners = ["北京京东叁佰陆拾度电子商务有限公司"]
classes = [9, 12, 35, 39]
offices = ["CN"]
notify = ["legal", "press"]
"""


def stamped(page: bytes, month: int, day: int) -> bytes:
    """The status page as the register generates it on that day of 2026."""
    return page.replace(b"2021-01-05 09:30:00 EST", b"2026-%02d-%02d 01:00:00 EST" % (month, day))


def fortnight(register: Loopback, hook: Loopback, mailbox: Mailbox) -> None:
    """What happens to the database in the working folder."""
    saved = Path("saved")
    saved.mkdir()
    fixtures = ROOT / "fixtures"
    shutil.copy(fixtures / "us.tsdr-api/st66-renewed-with-assignment/rn9990401-ST66.xml", saved)
    shutil.copy(fixtures / "us.tsdr/madrid-registration/page.html", saved / "madrid.html")
    (saved / "shell.html").write_text("<html><body>Please wait</body></html>")
    with time_machine.travel(dt.datetime(2026, 5, 30, 6, 15, tzinfo=dt.UTC)):
        main(["import", "saved"])

    def check(day: int, page: bytes) -> None:
        register.pages[f"/statusview/sn{SERIAL}"] = stamped(page, 6, day)
        with time_machine.travel(dt.datetime(2026, 6, day, 6, 15, tzinfo=dt.UTC)):
            main(["check", "--all"])

    rows = [row(1, "JD Auto", 12), row(2, "JD Auto", 9)]
    register.pages[COMPANY] = answer(rows)
    for day, page in ((1, PAGE), (2, PAGE), (3, CANCELLED), (4, PAGE)):
        check(day, page)
    rows.append(row(3, "Joyrobotaxi", 39))
    check(5, CANCELLED)
    rows.append(row(4, "Joyrobotaxi", 12))
    hook.post_status = 410
    check(8, CANCELLED)
    hook.post_status = 204
    register.pages[COMPANY] = (500, b"down")
    for day in (9, 10, 11):
        check(day, CANCELLED)
    register.pages[COMPANY] = answer(rows)
    check(12, CANCELLED)
    mailbox.stop()
    check(15, ODD)


def freeze(version: str) -> Path:
    """Write `released/VERSION.sql`. Raises `FileExistsError` where it is there: none is ever edited."""
    target = TARGET / f"{version}.sql"
    with (
        tempfile.TemporaryDirectory() as folder,
        Loopback() as register,
        Loopback() as hook,
        Mailbox() as mailbox,
    ):
        os.chdir(folder)
        os.environ.update(ENV, TMWATCH_STATE_DIR=f"{folder}/state")
        Path("tmwatch.toml").write_text(
            CONFIG.format(port=mailbox.port, register=register.url, hook=hook.url), encoding="utf-8"
        )
        fortnight(register, hook, mailbox)
        base = sqlite3.connect("tmwatch.db")
        lines = [
            f"-- A database as tmwatch {version} leaves it (tests/store/freeze.py). Frozen: never edited."
        ]
        for pragma in ("application_id", "user_version"):
            lines.append(f"PRAGMA {pragma} = {base.execute(f'pragma {pragma}').fetchone()[0]};")
        with target.open("x", encoding="utf-8") as file:
            file.write("\n".join([*lines, *base.iterdump()]) + "\n")
        base.close()
        os.chdir(ROOT)
    return target


if __name__ == "__main__":
    print(freeze(sys.argv[1]))
