"""The whole way once: a filing changes at the register, and the right person knows. All parts real."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.loopback import Loopback, Mailbox
from tmwatch.alerts.outbox import deliver_due
from tmwatch.alerts.webhook import verify
from tmwatch.config import Config, load_config
from tmwatch.errors import NotThisSource
from tmwatch.http import Door
from tmwatch.sources.base import Page
from tmwatch.sources.registry import tell_source
from tmwatch.store import Database, Outbox, queries
from tmwatch.sweep import SweepReport, sweep

SECRET = "whsec_c2FtcGxlLXNlY3JldC1mb3ItdGVzdHMtb25seQ=="
ENV = {"TIANYANCHA_TOKEN": "sample-token", "HOOK_SECRET": SECRET}
PAGE = (ROOT / "fixtures/us.tsdr/registered-word-mark/page.html").read_bytes()
SERIAL = "99990101"
CANCELLED = PAGE.replace(
    b"The registration has been renewed.",
    b"Registration cancelled because registrant did not file an acceptable declaration under Section 8.",
)
OWNER = "北京京东叁佰陆拾度电子商务有限公司"


class House:
    """A configuration in a temporary folder, with its register, mailbox and webhook receiver."""

    def __init__(self, folder: Path, register: Loopback, hook: Loopback, mailbox: Mailbox) -> None:
        self.folder, self.register, self.hook, self.mailbox = folder, register, hook, mailbox
        register.pages[f"/statusview/sn{SERIAL}"] = PAGE

    def configure(self, watches: str, more: str = "") -> Config:
        path = self.folder / "tmwatch.toml"
        path.write_text(
            f"""
[operator]
contact = "ip-watch@example.com"
[smtp]
host = "127.0.0.1"
port = {self.mailbox.port}
security = "none"
sender = "tmwatch@example.com"
[source."us.tsdr"]
enabled = true
base_url = "{self.register.url}"
min_interval = 0
[source."cn.tianyancha"]
base_url = "{self.register.url}"
min_interval = 0
[[recipient]]
name = "legal"
email = ["legal@example.com", "paralegal@example.com"]
webhook = {{ url = "{self.hook.url}/tm", secret_env = "HOOK_SECRET", allow_private = true }}
{more}
{watches}
""",
            encoding="utf-8",
        )
        return load_config(path)

    def check(self, config: Config) -> SweepReport:
        """What `tmwatch check` does: one pass, then what lies in the outbox goes out."""
        base = Database(config.store.path)
        report = sweep(config, base, Door(config.operator.contact), ENV)
        deliver_due(Outbox(base), config, dt.datetime.now(dt.UTC))
        base.close()
        return report


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("TMWATCH_STATE_DIR", str(tmp_path / "state"))
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    with Loopback() as register, Loopback() as hook, Mailbox() as mailbox:
        yield House(tmp_path, register, hook, mailbox)


OWN = f"""
[[watch]]
name = "own"
numbers = ["US {SERIAL}"]
role = "own"
notify = ["legal"]
"""
JD = f"""
[[watch]]
name = "JD cars"
owners = ["{OWNER}", "Beijing Jingdong 360 Du E-Commerce"]
offices = ["CN", "US"]
notify = ["legal"]
"""


def row(number: int, name: str, nice: int, status: str = "等待实质审查", **more: Any) -> dict[str, Any]:
    """A row as the Tianyancha Open API documents it; the number cannot be taken for a real one."""
    filed = int(dt.datetime(2026, 11, 2, tzinfo=dt.timezone(dt.timedelta(hours=8))).timestamp() * 1000)
    return {
        "id": number,
        "regNo": f"{number:08}",
        "tmName": name,
        "tmClass": str(nice),
        "appDate": filed,
        "applicantCn": OWNER,
        "status": status,
        "category": "商标注册申请---申请收文",
        "eventTime": filed,
        **more,
    }


def answer(rows: list[dict[str, Any]]) -> Any:
    """Pages of at most twenty rows, as the API hands them out."""

    def page(params: dict[str, str]) -> bytes:
        number, size = int(params.get("pageNum", "1")), int(params.get("pageSize", "20"))
        items = rows[(number - 1) * size : number * size]
        result = {"total": len(rows), "items": items}
        return json.dumps({"error_code": 0, "reason": "ok", "result": result}, ensure_ascii=False).encode()

    return page


def test_first_run_is_a_baseline_second_run_is_silent_third_run_tells_the_change(house: House) -> None:
    config = house.configure(OWN)
    first = house.check(config)
    assert [one.st13 for one in first.baseline] == [f"US5000000{SERIAL}"]
    second = house.check(config)
    assert (second.changed, second.appeared, house.mailbox.mails) == ([], [], [])
    house.register.pages[f"/statusview/sn{SERIAL}"] = CANCELLED
    third = house.check(config)
    assert [[c.field for c in one.changes] for one in third.changed] == [["status"]]
    assert house.mailbox.to == ["legal@example.com", "paralegal@example.com"]
    assert "cancelled" in house.mailbox.mails[0]["Subject"].lower()
    ((headers, body),) = house.hook.posts
    verify(body, headers, SECRET)
    assert json.loads(body)["type"] == "filing.changed"
    house.check(config)
    assert len(house.mailbox.mails) == 2


def test_the_register_is_asked_by_name_and_with_a_way_to_reach_the_operator(house: House) -> None:
    house.check(house.configure(OWN))
    assert house.register.asked == [f"/statusview/sn{SERIAL}"]
    (agent,) = house.register.agents
    assert agent.startswith("tmwatch/")
    assert "ip-watch@example.com" in agent


def test_the_report_of_a_pass_holds_no_histories_and_the_store_does(house: House) -> None:
    config = house.configure(OWN)
    (first,) = house.check(config).baseline
    house.register.pages[f"/statusview/sn{SERIAL}"] = CANCELLED
    (changed,) = house.check(config).changed
    base = Database(config.store.path)
    whole = queries.get(base, f"US5000000{SERIAL}")
    base.close()
    assert whole is not None
    assert whole.events
    assert changed.previous is not None
    assert [one.events for one in (first.record, changed.record, changed.previous)] == [(), (), ()]
    said = changed.record
    assert (said.verbal_element, said.status_text, said.application_number, said.class_numbers) == (
        *(whole.verbal_element, whole.status_text, whole.application_number, whole.class_numbers),
    )
    assert [party.name for party in said.owners] == [party.name for party in whole.owners]
    assert [one.text for one in said.classes] == [None] * len(said.classes)


def test_a_new_stamp_on_the_page_is_no_change(house: House) -> None:
    config = house.configure(OWN)
    house.check(config)
    stamp = PAGE.split(b"generated by TSDR on ")[1][:19]
    house.register.pages[f"/statusview/sn{SERIAL}"] = PAGE.replace(stamp, b"2026-11-20 09:00:00")
    assert house.check(config).changed == []
    assert house.mailbox.mails == []


@pytest.mark.parametrize(
    ("page", "outcome"),
    [
        (b"<html><body>&nbsp;</body></html>", "throttled"),
        (b"", "incomplete"),
        ((503, b"down"), "server_error"),
        ((404, b"none"), "not_found"),
        (b"<html><head><title>Just a moment...</title></head><body>cf-challenge</body></html>", "blocked"),
    ],
    ids=["shell", "empty", "503", "404", "challenge"],
)
def test_a_failed_look_leaves_the_record_and_tells_nobody_of_a_change(
    house: House, page: Any, outcome: str
) -> None:
    config = house.configure(OWN)
    house.check(config)
    house.register.pages[f"/statusview/sn{SERIAL}"] = page
    report = house.check(config)
    assert [item.outcome.value for item in report.asked] == [outcome]
    base = Database(config.store.path)
    record = queries.get(base, f"US5000000{SERIAL}")
    assert record is not None
    assert record.status_code == "800"
    assert not [mail for mail in house.mailbox.mails if SERIAL in mail["Subject"]]


def test_a_source_that_stays_broken_alerts_once_and_once_when_it_recovers(house: House) -> None:
    config = house.configure(OWN)
    house.check(config)
    house.register.pages[f"/statusview/sn{SERIAL}"] = b"<html><body>%s</body></html>" % (b"redesigned " * 900)
    for _ in range(3):
        report = house.check(config)
        assert report.operator_must_act
    house.register.pages[f"/statusview/sn{SERIAL}"] = PAGE
    house.check(config)
    house.check(config)
    kinds = [event["data"]["headline"] for event in house.hook.events()]
    assert kinds == ["us.tsdr can no longer be read in full", "us.tsdr can be read again"]


def test_nine_one_class_filings_of_one_mark_on_one_day_are_one_alert(house: House) -> None:
    rows = [row(1, "JD Auto", 12), row(2, "JD Auto", 9)]
    house.register.pages["/services/open/ipr/tm/2.0"] = answer(rows)
    config = house.configure(JD)
    first = house.check(config)
    assert (len(first.baseline), house.mailbox.mails) == (2, [])
    rows += [row(10 + nice, "Joyrobotaxi", nice) for nice in (7, 9, 12, 35, 36, 37, 38, 39, 42)]
    second = house.check(config)
    assert len(second.appeared) == 9
    (event,) = house.hook.events()
    assert event["type"] == "filing.new"
    assert len(event["data"]["cards"]) == 9
    subject = house.mailbox.mails[0]["Subject"]
    assert "Joyrobotaxi" in subject
    assert "Tianyancha reports" in subject
    assert len(house.mailbox.mails) == 2  # one to each address


def test_the_site_says_more_than_it_gives_incomplete_and_nothing_is_stored(house: House) -> None:
    rows = [row(n, "JD Auto", 12) for n in range(1, 13)]
    full = answer(rows)
    house.register.pages["/services/open/ipr/tm/2.0"] = full
    config = house.configure(JD)
    house.check(config)

    def short(params: dict[str, str]) -> bytes:
        data = json.loads(full(params))
        data["result"]["total"] = "52"
        if params.get("pageNum", "1") != "1":
            data["result"]["items"] = []
        return json.dumps(data).encode()

    house.register.pages["/services/open/ipr/tm/2.0"] = short
    report = house.check(config)
    assert [item.outcome.value for item in report.asked] == ["incomplete"]
    assert house.mailbox.mails == []


def test_a_search_that_turns_empty_is_suspicious_not_news(house: House) -> None:
    rows = [row(1, "JD Auto", 12)]
    house.register.pages["/services/open/ipr/tm/2.0"] = answer(rows)
    config = house.configure(JD)
    house.check(config)
    rows.clear()
    report = house.check(config)
    assert [item.outcome.value for item in report.asked] == ["incomplete"]


def test_one_recipients_dead_endpoint_holds_up_nobody_else(house: House) -> None:
    config = house.configure(OWN)
    house.check(config)
    house.hook.post_status = 500
    house.register.pages[f"/statusview/sn{SERIAL}"] = CANCELLED
    house.check(config)
    assert len(house.mailbox.mails) == 2
    base = Database(config.store.path)
    states = {d["channel"]: d["state"] for a in Outbox(base).alerts() for d in a["deliveries"]}
    assert states == {"email": "sent", "webhook": "pending"}


def test_every_mail_says_what_the_watch_does_not_look_at(house: House) -> None:
    rows = [row(1, "JD Auto", 12)]
    house.register.pages["/services/open/ipr/tm/2.0"] = answer(rows)
    config = house.configure(JD)
    house.check(config)
    rows.append(row(2, "JD Auto CAR", 12))
    house.check(config)
    text = house.mailbox.texts()[0]
    assert "CN" in text
    assert "US" in text
    assert "import" in text or "not watched" in text
    assert "Verify with the office" in text


def test_no_secret_is_in_the_database(house: House) -> None:
    config = house.configure(OWN)
    house.check(config)
    house.register.pages[f"/statusview/sn{SERIAL}"] = CANCELLED
    house.check(config)
    base = Database(config.store.path)
    dump = "\n".join(base.conn.iterdump())
    assert "sample-token" not in dump
    assert SECRET not in dump
    assert f"{house.hook.url}/tm" not in dump


def test_with_a_key_the_api_is_asked_and_another_form_of_the_record_is_taken_where_one_is_missing(
    house: House,
) -> None:
    house.register.pages.clear()
    record = (ROOT / "fixtures/us.tsdr-api/st96-madrid-with-opposition/sn79990301-ST96.xml").read_bytes()
    serial = record.split(b"ApplicationNumberText>")[1].split(b"<")[0].decode()
    house.register.pages[f"/ts/cd/casestatus/sn{serial}/info.xml"] = record
    config = house.configure(
        OWN.replace(SERIAL, serial),
        f'[source."us.tsdr-api"]\nbase_url = "{house.register.url}"\nmin_interval = 0\n',
    )
    base = Database(config.store.path)
    report = sweep(config, base, Door(config.operator.contact), {**ENV, "USPTO_API_KEY": "sample-key"})
    assert [item.outcome.value for item in report.asked] == ["ok"]
    assert [path.rsplit("/", 1)[1] for path in house.register.asked] == ["info.json", "info.xml"]


def test_a_page_of_another_office_is_named_for_what_it_is() -> None:
    page = Page(body=b'<html><img src="https://tmcms-docs.uspto.gov/cases/a.png"><body>1266721</body></html>')
    with pytest.raises(NotThisSource, match="a result page of the USPTO's trade mark search"):
        tell_source(page)


NEW_WORD = PAGE.replace(b"The registration has been renewed.", b"The registration has been frobnicated.")


def test_a_status_word_nobody_knows_is_unknown_and_somebody_is_told_once(house: House) -> None:
    config = house.configure(OWN)
    house.check(config)
    house.register.pages[f"/statusview/sn{SERIAL}"] = NEW_WORD
    for _ in range(2):
        house.check(config)
    base = Database(config.store.path)
    record = queries.get(base, f"US5000000{SERIAL}")
    assert record is not None
    assert (record.status_phase.value, record.status_live.value) == ("unknown", "unknown")
    told = [event["data"]["headline"] for event in house.hook.events() if event["type"] == "source.health"]
    assert len(told) == 1
    assert "The registration has been frobnicated." in told[0]
