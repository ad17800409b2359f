"""A recipient's quiet hours and days: what is not urgent waits for their end, and nothing urgent does."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.alerts import samples
from tests.cli.conftest import CANCELLED, PAGE, House, Run, folder, house, run
from tmwatch.alerts.outbox import deliver_due
from tmwatch.alerts.payload import AlertPayload, DueLine
from tmwatch.alerts.quiet import quiet_until, waits_until
from tmwatch.alerts.urgency import Urgency
from tmwatch.alerts.waiting import Waiting, waiting_since
from tmwatch.config import Recipient
from tmwatch.model import Significance

__all__ = ["folder", "house", "run"]  # fixtures of the command line
QUIET: dict[str, Any] = {
    "quiet": ["22:00-07:00", "Sat-Sun 00:00-00:00"],
    "quiet_days": ["2026-12-25", "2026-12-28"],
    "timezone": "Europe/Berlin",
}


def recipient(**more: Any) -> Recipient:
    return Recipient.model_validate({"name": "legal", "email": ["a@example.com"], **QUIET, **more})


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-12-01 12:00", None),
        ("2026-12-01 21:30", "2026-12-02 06:00"),  # 22:30 in Berlin
        ("2026-12-02 05:59", "2026-12-02 06:00"),
        ("2026-12-02 06:00", None),
        ("2026-12-04 22:00", "2026-12-07 06:00"),  # Friday night, the weekend, Sunday night
        # Thursday night, Christmas, the weekend, a Monday off and its night
        ("2026-12-24 21:00", "2026-12-29 06:00"),
        ("2026-07-01 20:30", "2026-07-02 05:00"),  # in summer an hour earlier by UTC
        ("2026-10-24 21:00", "2026-10-26 06:00"),  # over the night of 25 hours
    ],
)
def test_the_quiet_ends_by_the_recipients_clock(now: str, until: str | None) -> None:
    assert quiet_until(recipient(), at(now)) == (at(until) if until else None)


def test_nothing_urgent_waits() -> None:
    night = at("2026-12-01 23:00")
    plain = samples.python_payload()
    assert waits_until(recipient(), plain, night) == at("2026-12-02 06:00")
    assert waits_until(recipient(quiet=[], quiet_days=[]), plain, night) is None

    def due(day: str) -> AlertPayload:
        line = DueLine(day=dt.date.fromisoformat(day), what="opposition", rule="r", basis="b")
        return samples.python_payload(cards=(samples.python_card(dues=(line,)),))

    for urgent in (
        samples.python_payload(significance=samples.CRITICAL),
        samples.python_payload(kind="deadline.due"),
        due("2026-12-16"),
    ):
        assert waits_until(recipient(), urgent, night) is None
    assert waits_until(recipient(), due("2026-12-17"), night) is not None


class Sink:
    """Takes everything."""

    def __init__(self) -> None:
        self.took: list[int] = []

    def endpoint(self, delivery: Any, recipient: Any) -> str:
        return "sink"

    def send(self, delivery: Any, recipient: Any) -> str:
        self.took.append(delivery.id)
        return "taken"


def test_what_waits_uses_up_no_try_and_goes_when_the_quiet_is_over() -> None:
    config = samples.config(email=("a@example.com",), **QUIET)
    urgent = samples.python_payload(significance=samples.CRITICAL)
    box = samples.MemoryOutbox(
        samples.delivery(1), samples.delivery(2, payload=urgent), samples.delivery(3, recipient="legal")
    )
    sink = Sink()
    report = deliver_due(box, config, at("2026-12-01 23:00"), {"email": sink})
    assert sink.took == [2]
    assert (report.sent, report.remaining, report.failures) == (1, 2, [])
    assert report.quiet == {"legal": at("2026-12-02 06:00")}
    assert not report.operator_needed
    assert [row.tries for row in box.rows.values()] == [0, 0, 0]
    again = deliver_due(box, config, at("2026-12-02 06:00"), {"email": sink})
    assert sorted(sink.took) == [1, 2, 3]
    assert again.quiet == {}


def test_the_quiet_is_no_trouble_and_counts_from_its_end() -> None:
    config = samples.config(email=("a@example.com",), **QUIET)
    friday, monday = at("2026-12-04 22:00"), at("2026-12-07 06:00")

    def waits(to: str, significance: Significance) -> Waiting:
        alert = Urgency("filing.changed", "own", significance)
        return Waiting(1, to, "email", "a@example.com", alert, friday)

    assert waiting_since([waits("legal", samples.HIGH)], config) == monday
    assert waiting_since([waits("legal", samples.CRITICAL)], config) == friday
    assert waiting_since([waits("gone", samples.HIGH), waits("legal", samples.LOW)], config) == friday
    assert waiting_since([], config) is None


def test_a_check_in_quiet_hours_sends_what_is_critical_alone(house: House, run: Run) -> None:
    house.configure()
    text = house.path.read_text().replace('name = "legal"\n', 'name = "legal"\nquiet = ["00:00-00:00"]\n', 1)
    house.path.write_text(text)
    run("check")
    house.serve(CANCELLED)  # a registration that dies is critical
    ran = run("check", "--all", "--json")
    assert ran.json["deliveries"]["sent"] == len(house.mailbox.mails) + len(house.hook.posts) > 0
    house.path.write_text(text.replace('quiet = ["00:00-00:00"]', 'quiet = ["25:00-26:00"]'))
    wrong = run("check")
    assert wrong.code == 2
    assert "key quiet[0]" in wrong.err


def test_a_check_says_whose_quiet_is_waited_for(house: House, run: Run) -> None:
    text = house.path.read_text().replace('name = "legal"\n', 'name = "legal"\nquiet = ["00:00-00:00"]\n', 1)
    house.path.write_text(text)
    run("check")
    house.serve(PAGE.read_bytes().replace(b"Sample Attorney", b"Another Attorney"))
    said = " ".join(run("check", "--all", terminal=True).out.split())
    assert "0 deliveries sent, 2 waiting (quiet of legal until " in said
    assert "the next `tmwatch check` sends" not in said
