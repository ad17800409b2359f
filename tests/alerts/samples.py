"""Alerts as the rest of tmwatch makes them, and an outbox in memory, for the tests of this folder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from tmwatch.alerts.delivery import Delivery
from tmwatch.alerts.endpoint import Endpoint, Key, key_of
from tmwatch.alerts.payload import AlertPayload, CoverageLine, MarkCard
from tmwatch.alerts.urgency import urgency
from tmwatch.alerts.waiting import Waiting
from tmwatch.config import Config, Operator, Recipient, Smtp, Webhook
from tmwatch.model import Change, FactKind, Live, Phase, Significance

CREATED = dt.datetime(2025, 10, 16, 1, 12, 5, tzinfo=dt.UTC)
HIGH, LOW, MEDIUM, CRITICAL = Significance.HIGH, Significance.LOW, Significance.MEDIUM, Significance.CRITICAL

EVENTS = (
    ("2013-12-20", "TEAS SECTION 8 & 9 RECEIVED"),
    ("2014-02-10", "CASE ASSIGNED TO POST REGISTRATION PARALEGAL"),
    ("2014-02-10", "REGISTERED AND RENEWED (FIRST RENEWAL - 10 YRS)"),
)


def python_card(**other: object) -> MarkCard:
    values: dict[str, object] = {
        "st13": "US500000076044902",
        "office": "US",
        "application_number": "76044902",
        "registration_number": "2824281",
        "mark": "PYTHON",
        "owners": ("Python Software Foundation",),
        "classes": ("9",),
        "status_code": "800",
        "status_text": "REGISTERED AND RENEWED",
        "status_date": dt.date(2014, 2, 10),
        "phase": Phase.REGISTERED,
        "live": Live.LIVE,
        "tm5_csd": "LIVE/REGISTRATION/Issued and Active",
        "application_date": dt.date(2000, 5, 9),
        "registration_date": dt.date(2004, 3, 23),
        "first_seen": dt.datetime(2025, 10, 15, 23, 30, tzinfo=dt.UTC),
        "docket_ref": "M-1234",
        "client": "PSF",
        "responsible": "JB",
        "link": "https://tsdr.uspto.gov/#caseNumber=76044902&caseType=SERIAL_NO&searchType=statusSearch",
        "source": "us.tsdr",
        "facts": FactKind.REGISTER,
        "as_of": dt.date(2014, 3, 1),
        "as_of_kind": "printed",
        "changes": (
            Change(
                field="status_text",
                kind="changed",
                significance=HIGH,
                old="SECTION 8 & 15-ACCEPTED AND ACKNOWLEDGED",
                new="REGISTERED AND RENEWED",
                date=dt.date(2014, 2, 10),
            ),
            Change(
                field="classes",
                kind="changed",
                key="9",
                significance=HIGH,
                old="Computer software, namely interpreters; printed manuals",
                new="Computer software, namely interpreters; downloadable manuals",
                terms_added=("downloadable manuals",),
                terms_removed=("printed manuals",),
            ),
            *(
                Change(
                    field="events",
                    kind="added",
                    key=f"#{number}",
                    significance=LOW,
                    new=text,
                    date=dt.date.fromisoformat(day),
                )
                for number, (day, text) in enumerate(EVENTS, 32)
            ),
        ),
    }
    return MarkCard.model_validate(values | other)


def python_payload(**other: object) -> AlertPayload:
    values: dict[str, object] = {
        "kind": "filing.changed",
        "watch": "own registrations",
        "role": "own",
        "significance": HIGH,
        "headline": "PYTHON (US 76044902): status changed",
        "why": "The number US 76044902 is on the list of this watch.",
        "cards": (python_card(),),
        "coverage": (
            CoverageLine(office="US", trigger="numbers", state="live", source="us.tsdr"),
            CoverageLine(
                office="CN",
                trigger="owners",
                state="not watched",
                source="cn.tianyancha",
                why="no token: set TIANYANCHA_TOKEN",
            ),
        ),
    }
    return AlertPayload.model_validate(values | other)


JD = "北京京东叁佰陆拾度电子商务有限公司"
JOY_CLASSES = ("7", "9", "11", "12", "35", "37", "38", "39", "42")


def joyrobotaxi_payload(**other: object) -> AlertPayload:
    """Nine one-class filings of one mark on one day: one alert, sample numbers."""
    cards = tuple(
        MarkCard(
            st13=f"CN500000000000{place:03d}",
            office="CN",
            application_number=f"{place:08d}",
            mark="Joyrobotaxi",
            owners=(JD,),
            classes=(name,),
            status_text="等待实质审查",
            phase=Phase.EXAMINATION,
            live=Live.LIVE,
            application_date=dt.date(2025, 6, 5),
            first_seen=dt.datetime(2025, 6, 20, 3, 0, tzinfo=dt.UTC),
            newness="newly filed",
            source="cn.tianyancha",
            facts=FactKind.SAMPLE,
            as_of=dt.date(2025, 6, 20),
            as_of_kind="looked",
        )
        for place, name in enumerate(JOY_CLASSES, 21)
    )
    values: dict[str, object] = {
        "kind": "filing.new",
        "watch": "JD cars",
        "significance": HIGH,
        "sample": True,
        "headline": "Joyrobotaxi: 9 filings",
        "why": f"The owner matches the alias {JD}; class and office are among those watched.",
        "cards": cards,
        "coverage": (
            CoverageLine(office="CN", trigger="owners", state="live", source="cn.tianyancha"),
            CoverageLine(
                office="WO",
                trigger="owners",
                state="import only",
                source="wo.madrid",
                why="its terms forbid programs",
            ),
        ),
    }
    return AlertPayload.model_validate(values | other)


EVIL = "<img src=x onerror=alert(1)>\r\nBcc: everyone@example.com\x1b[31m\u202egnp.exe"


def hostile_payload() -> AlertPayload:
    """Every text a page can give, as bad as it comes."""
    change = Change(
        field="owners",
        kind="changed",
        significance=CRITICAL,
        key=EVIL,
        old=EVIL,
        new="{{ 7*7 }}" + EVIL,
        terms_added=(EVIL,),
    )
    goods = Change(
        field="classes",
        kind="changed",
        significance=HIGH,
        key=EVIL,
        terms_added=(EVIL,),
        terms_removed=(EVIL,),
    )
    event = Change(field="events", kind="added", significance=LOW, key=EVIL, new=EVIL)
    odd = Change(field="<b>x", kind="changed", significance=LOW, old=EVIL, new=EVIL)
    card = python_card(
        mark=EVIL,
        owners=(EVIL,),
        classes=(EVIL,),
        status_text=EVIL,
        status_code=EVIL,
        tm5_csd=EVIL,
        docket_ref=EVIL,
        client=EVIL,
        responsible=EVIL,
        application_number=EVIL,
        registration_number=EVIL,
        link="javascript:alert(1)",
        source=EVIL,
        changes=(change, goods, event, odd),
    )
    return python_payload(
        watch=EVIL,
        role=EVIL,
        why=EVIL,
        headline=EVIL,
        detail=EVIL,
        note=EVIL,
        cards=(card,),
        coverage=(CoverageLine(office="US", trigger="numbers", state="not watched", source=EVIL, why=EVIL),),
    )


# -- configuration and outbox ------------------------------------------------------------------------

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the specification's own example
ENV = {"HOOK_SECRET": SECRET, "MAIL_PASSWORD": "correct horse"}


def config(
    *, smtp: Smtp | None = None, url: str | None = None, email: tuple[str, ...] = (), **more: object
) -> Config:
    """One recipient "legal", with the addresses given."""
    webhook = Webhook(url=url, secret_env="HOOK_SECRET", allow_private=True) if url else None
    recipient = Recipient.model_validate({"name": "legal", "email": email, "webhook": webhook, **more})
    return Config(
        path=Path("tmwatch.toml"),
        operator=Operator(contact="ops@example.com"),
        smtp=smtp,
        recipients=(recipient,),
    )


def delivery(
    number: int = 1, channel: str = "email", address: str = "a@example.com", **more: Any
) -> Delivery:
    values: dict[str, Any] = {
        "id": number,
        "alert_id": 7,
        "recipient": "legal",
        "channel": channel,
        "address": address,
        "tries": 0,
        "message_id": f"msg-{number}",
        "payload": python_payload(),
        "created_at": CREATED,
    }
    return Delivery(**(values | more))


def waiting(one: Delivery) -> Waiting:
    """What the outbox knows of a delivery without its message."""
    begun = bool(one.tries) or one.asked_at is not None
    where = (one.id, one.recipient, one.channel, one.address)
    return Waiting(*where, urgency(one.payload), one.created_at, begun)


class MemoryOutbox:
    """An outbox as the store keeps one, without a file: leases, tries, answers."""

    def __init__(self, *deliveries: Delivery) -> None:
        self.rows = {one.id: one for one in deliveries}
        self.due: dict[int, dt.datetime] = {one.id: one.created_at for one in deliveries}
        self.leases: dict[int, dt.datetime] = {}
        self.answers: dict[int, str] = {}
        self.errors: dict[int, str] = {}
        self.unreadable: list[tuple[int, str, str, str]] = []
        self.known: dict[Key, Endpoint] = {}
        self.told: list[tuple[str, tuple[Key, ...]]] = []

    def due_deliveries(
        self, now: dt.datetime, leave: Callable[[Waiting], bool] = lambda one: False
    ) -> list[Delivery]:
        return [one for one in self.rows.values() if self._free(one, now) and not leave(waiting(one))]

    def digests_told(self) -> dict[str, dt.datetime]:
        return {}

    def claim(self, delivery_id: int, now: dt.datetime, lease_seconds: float) -> bool:
        if not self._free(self.rows[delivery_id], now):
            return False
        self.leases[delivery_id] = now + dt.timedelta(seconds=lease_seconds)
        return True

    def fresh(self, delivery: Delivery) -> Delivery:
        return delivery

    def mark_sent(self, delivery_id: int, now: dt.datetime, answer: str) -> None:
        self.rows[delivery_id] = replace(self.rows[delivery_id], state="sent")
        self.answers[delivery_id] = answer

    def mark_failed(
        self,
        delivery_id: int,
        now: dt.datetime,
        error: str,
        next_try: dt.datetime | None,
        *,
        asked: bool = True,
        counted: bool = True,
    ) -> None:
        row = self.rows[delivery_id]
        self.rows[delivery_id] = replace(
            row,
            tries=row.tries + counted,
            state="pending" if next_try else "dead",
            asked_at=now if asked else row.asked_at,
        )
        self.errors[delivery_id] = error
        self.leases.pop(delivery_id, None)
        if next_try:
            self.due[delivery_id] = next_try

    # What is known of receivers: `tests/faults/test_receivers.py` has it in a real database.

    def together(self) -> AbstractContextManager[object]:
        return nullcontext()

    def endpoints(self) -> dict[Key, Endpoint]:
        return dict(self.known)

    def put_endpoint(self, endpoint: Endpoint) -> None:
        self.known[endpoint.key] = endpoint

    def drop_endpoint(self, key: Key) -> None:
        del self.known[key]

    def waiting_for(self, key: Key) -> int:
        return sum(key_of(one) == key and one.state == "pending" for one in self.rows.values())

    def tell(self, payload: AlertPayload, to: tuple[Key, ...], about: tuple[str, str]) -> None:
        self.told.append((payload.headline, to))

    def _free(self, row: Delivery, now: dt.datetime) -> bool:
        leased = self.leases.get(row.id)
        return row.state == "pending" and self.due[row.id] <= now and (leased is None or leased <= now)
