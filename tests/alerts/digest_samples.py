"""Digests as `tmwatch.digests` makes them: a plain one, one of a bad week, one as bad as pages are."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Any

from tests.alerts import samples
from tests.alerts.samples import EVIL
from tmwatch.alerts.payload import (
    AlertPayload,
    CoverageLine,
    Digest,
    DigestDue,
    DigestGap,
    DigestItem,
    DigestLook,
    DueLine,
    HandWork,
)
from tmwatch.alerts.summary import lead
from tmwatch.alerts.wording import wording
from tmwatch.model import Significance

SINCE = dt.datetime(2026, 11, 19, 6, 30, tzinfo=dt.UTC)
UNTIL = dt.datetime(2026, 11, 26, 6, 30, tzinfo=dt.UTC)
LOOKED = dt.datetime(2026, 11, 26, 5, 15, tzinfo=dt.UTC)


def item(alert: int, payload: AlertPayload, **more: Any) -> DigestItem:
    told = {
        name: getattr(payload, name)
        for name in ("kind", "watch", "role", "significance", "headline", "cards")
    }
    made = {"alert": alert, "sample": payload.sample, "detail": payload.detail, "made_at": LOOKED}
    return DigestItem.model_validate({**told, **made, "filings": len(payload.cards), **more})


def due(day: str = "2026-12-10", number: str = "US 99000002", **more: Any) -> DigestDue:
    line = DueLine(
        day=dt.date.fromisoformat(day), what="opposition", rule="US opposition", basis="15 USC 1063(a)"
    )
    given = {
        "st13": "US500000099000002",
        "number": number,
        "mark": "RIVAL",
        "watches": ("rivals",),
        "line": line,
    }
    left = (dt.date.fromisoformat(day) - UNTIL.date()).days
    return DigestDue.model_validate(given | {"line": line, "days_left": left} | more)


def look(watch: str = "rivals", state: str = "fresh", **more: Any) -> DigestLook:
    given = {"watch": watch, "source": "us.tsdr", "state": state, "asked": 60, "seen": 60, "oldest": LOOKED}
    return DigestLook.model_validate(given | {"latest": LOOKED} | more)


BROKEN: dict[str, Any] = {
    "state": "failing",
    "seen": 58,
    "since": dt.datetime(2026, 11, 24, 5, tzinfo=dt.UTC),
    "unseen": ("76044902: throttled, 4 times in a row: too many requests", "99000002: throttled, once"),
}
MADRID = DigestGap(
    watch="madrid",
    line=CoverageLine(
        office="WO",
        trigger="numbers",
        state="import only",
        source="wo.madrid",
        why="its terms forbid programs",
        by_hand=HandWork(pages=7, never=2, oldest_days=41),
    ),
)


def payload_of(digest: Digest, **more: Any) -> AlertPayload:
    made = AlertPayload(kind="digest", watch="", significance=Significance.HIGH, digest=digest, **more)
    return made.model_copy(update={"headline": lead(made, wording("en"))})


def digest_payload(**more: Any) -> AlertPayload:
    """The digest of the README: three changes in two filings, a date, a register that fails."""
    given: dict[str, Any] = {
        "recipient": "legal",
        "every": "weekly",
        "since": SINCE,
        "until": UNTIL,
        "next": UNTIL + dt.timedelta(days=7),
        "timezone": "Europe/Berlin",
        "items": (item(7, samples.python_payload(watch="rivals", role="adverse")),),
        "changes": 3,
        "changed": 2,
        "dues": (due(),),
        "dues_until": dt.date(2026, 12, 17),
        "questions": 120,
        "seen": 118,
        "looks": (look(**BROKEN), look("ours")),
        "gaps": (MADRID,),
        "by_hand": ("WO",),
    }
    return payload_of(Digest.model_validate(given | more))


@functools.cache
def long_digest() -> AlertPayload:
    """A bad week: hundreds of filings, with goods of twenty pages."""
    goods = (
        samples.python_card().changes[1].model_copy(update={"old": "kettles; " * 900, "new": "pans; " * 900})
    )
    cards = tuple(
        samples.python_card(
            st13=f"US5000000760{place:05}",
            application_number=f"760{place:05}",
            mark=f"蟒蛇 {place} " + "很长的名字" * 10,
            changes=(*samples.python_card().changes, *((goods,) if place % 10 == 0 else ())),
        )
        for place in range(300)
    )
    items = tuple(
        item(
            number,
            samples.python_payload(watch=f"watch {number}", cards=cards[number * 10 : number * 10 + 10]),
        )
        for number in range(30)
    )
    return digest_payload(
        items=items,
        changes=1800,
        changed=300,
        dues=tuple(due(f"2026-12-{1 + n % 28:02}", f"US 7600{n:04}") for n in range(200)),
        looks=(look(**BROKEN), *(look(f"watch {n}") for n in range(200))),
        gaps=(MADRID,) * 50,
    )


def hostile_digest() -> AlertPayload:
    """Every text that a page, a register or a configuration can give."""
    bad = samples.hostile_payload()
    health = item(9, bad, kind="source.health", cards=())
    line = DueLine(
        day=dt.date(2026, 12, 10), what=EVIL, rule=EVIL, basis=EVIL, notes=(EVIL,), link="javascript:x"
    )
    gap = DigestGap(watch=EVIL, line=bad.coverage[0].model_copy(update={"office": EVIL}))
    new = item(10, bad.model_copy(update={"kind": "filing.new", "cards": bad.cards * 3}))
    return digest_payload(
        recipient=EVIL,
        items=(item(8, bad), health, new),
        dues=(due(number=EVIL, mark=EVIL, docket_ref=EVIL, watches=(EVIL,), line=line, link="javascript:x"),),
        looks=(look(EVIL, source=EVIL, **(BROKEN | {"unseen": (EVIL,)})),),
        gaps=(gap,),
        by_hand=(EVIL,),
        muted=(EVIL,),
    )
