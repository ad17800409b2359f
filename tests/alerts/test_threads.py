"""Mails that a mailbox can sort: one thread a filing, one list a watch, and a way to be rid of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.alerts import samples
from tests.alerts.test_mail import html_of, received, rendered, text_of
from tests.cli.conftest import CANCELLED, PAGE, House, Run, folder, house, run
from tmwatch.alerts.mail import list_id
from tmwatch.store import Database, Outbox
from tmwatch.store.database import now
from tmwatch.store.writing import write_alert

__all__ = ["folder", "house", "run"]  # fixtures of the command line


def test_all_mails_about_a_filing_are_one_thread_for_each_reader(house: House, run: Run) -> None:
    house.configure()
    text = house.path.read_text().replace('["legal@firm.test"]', '["legal@firm.test", "b@firm.test"]')
    house.path.write_text(text)
    run("check")
    for page in (CANCELLED, PAGE.read_bytes(), CANCELLED):
        house.serve(page)
        assert run("check", "--all").code == 0
    for address in ("legal@firm.test", "b@firm.test"):
        first, *later = [one for one in house.mailbox.mails if address in str(one["To"])]
        assert len(later) == 2
        assert first["In-Reply-To"] is None
        assert first["References"] is None
        for one in later:
            assert one["In-Reply-To"] == one["References"] == first["Message-ID"]
    assert len({str(one["Message-ID"]) for one in house.mailbox.mails}) == 6
    assert {str(one["List-Id"]) for one in house.mailbox.mails} == {list_id("own")}


def test_a_mail_about_several_filings_joins_their_threads_and_answers_one_only_where_there_is_one(
    tmp_path: Path,
) -> None:
    database = Database(tmp_path / "tmwatch.db", create=True)
    to = (("legal", "email", "a@firm.test"), ("legal", "webhook", "legal"))
    other = (("ops", "email", "a@firm.test"),)
    for st13s, who in (
        (("US1",), to),
        (("US2",), to),
        (("US1", "US2", "US3"), to),
        (("US3",), to),
        (("US1",), other),
        (("US2",), to),
    ):
        payload = samples.python_payload(headline=f"{st13s} {who}")
        write_alert(database, payload, st13s, who, "run")
    outbox = Outbox(database)
    mails = [one for one in outbox.due_deliveries(now()) if one.channel == "email"]
    ids = [one.message_id for one in mails]
    assert [one.threads for one in mails] == [
        (),
        (),
        (ids[0], ids[1]),
        (ids[2],),
        (),  # another recipient of the same address has threads of its own
        (ids[1],),
    ]
    with database.write():  # another filing joins the last alert, after it was read
        database.conn.execute("update alert set joined = joined + 1 where id = ?", (mails[5].alert_id,))
        mark = "insert into alert_mark (alert, st13) values (?, 'US3')"
        database.conn.execute(mark, (mails[5].alert_id,))
    assert outbox.fresh(mails[5]).threads == (ids[1], ids[2])
    with database.write():
        database.conn.execute("delete from alert_mark where alert = ? and st13 = 'US3'", (mails[5].alert_id,))
    outbox.mark_sent(mails[1].id, now(), "250")  # the root is the root, sent or not
    assert [one.threads for one in outbox.due_deliveries(now()) if one.id == mails[5].id] == [(ids[1],)]
    message = received(rendered(samples.python_payload(), threads=mails[2].threads))
    assert message["In-Reply-To"] is None
    assert str(message["References"]).split() == [f"<{one}@tmwatch.invalid>" for one in ids[:2]]


def test_a_list_is_a_watch_and_stays_so() -> None:
    assert list_id("JD cars") == list_id("JD cars") != list_id("JD  cars")
    assert list_id("京东汽车") != list_id("京东")
    for watch in ("JD cars", "京东汽车", 'evil"> <x@y>\r\nBcc: z', "x" * 300):
        message = received(rendered(samples.python_payload(watch=watch)))
        assert message["Bcc"] is None
        given = str(message["List-Id"])
        assert given == list_id(watch)
        assert given.isascii()
        assert given[1:-1].replace("-", "").replace(".", "").isalnum()


@pytest.mark.parametrize(
    ("contact", "header"),
    [
        ("ops@firm.test", "<mailto:ops@firm.test?subject=unsubscribe%20tmwatch>"),
        ("https://firm.test/watch", "<https://firm.test/watch>"),
        ("the front desk", None),
        ("ops@firm.test>, <http://evil.test", None),
    ],
)
def test_who_can_stop_the_mails_stands_in_each(contact: str, header: str | None) -> None:
    message = rendered(samples.python_payload(), contact=contact)
    given = received(message)["List-Unsubscribe"]
    assert (str(given) if given is not None else None) == header
    assert f"write to {contact} (recipient “legal”)" in text_of(message)
    assert "recipient “legal”" in html_of(message)
    chinese = text_of(rendered(samples.python_payload(), contact=contact, language="zh"))
    assert f"请联系 {contact}" in chinese


def test_threads_and_lists_change_nothing_between_two_tries() -> None:
    options = {"contact": "ops@firm.test", "threads": ("a1", "b2")}
    once = rendered(samples.python_payload(), **options).as_bytes()
    assert once == rendered(samples.python_payload(), **options).as_bytes()
