"""Plainly made-up records for tests that need no page."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tmwatch.errors import Outcome
from tmwatch.model import FactKind, GoodsServices, Live, MarkEvent, Party, Phase, TradeMark, make_record
from tmwatch.sources.base import AsOf, Page, Reading
from tmwatch.store import Sight

ST13 = "US500000099000001"


def record(st13: str = ST13, **more: Any) -> TradeMark:
    """A registered mark of a sample company; `more` replaces or adds fields."""
    given: dict[str, Any] = {
        "application_number": st13[-8:],
        "verbal_element": "SAMPLEMARK",
        "status_code": "700",
        "status_text": "Registered.",
        "status_date": dt.date(2020, 1, 7),
        "status_phase": Phase.REGISTERED,
        "status_live": Live.LIVE,
        "application_date": dt.date(2019, 1, 2),
        "owners": (owner("Sample Widgets, Inc."),),
        "classes": (goods("9", "Downloadable software; computer mice"),),
        "events": (event(1, "2019-01-05", "NEW APPLICATION ENTERED"),),
    }
    given.update(more)
    return make_record(st13[:2], st13, **given)


def owner(name: str, *, city: str = "Springfield", **more: Any) -> Party:
    return Party(name=name, address_lines=("1 Sample Road",), city=city, country="US", **more)


def goods(number: str, text: str, **more: Any) -> GoodsServices:
    return GoodsServices(class_number=number, text=text, **more)


def event(number: int | None, day: str, text: str, **more: Any) -> MarkEvent:
    return MarkEvent(number=number, date=dt.date.fromisoformat(day), text=text, **more)


def sight(
    what: TradeMark,
    day: str | None = None,
    *,
    source: str = "us.tsdr-api",
    authority: int = 90,
    live: bool = False,
    looked_at: dt.datetime | None = None,
    parser: str = "1",
    body: bytes = b"",
    facts: FactKind = FactKind.REGISTER,
) -> Sight:
    """An `ok` look that speaks for `day`, or for the instant of the look if None."""
    as_of = AsOf(dt.date.fromisoformat(day), "printed") if day else None
    page = Page(body=body or what.model_dump_json(exclude={"covers"}).encode(), name="page.json")
    return Sight(
        source,
        authority,
        facts,
        parser,
        Outcome.OK,
        page=page,
        reading=Reading(what, as_of=as_of),
        live=live,
        looked_at=looked_at or dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )
