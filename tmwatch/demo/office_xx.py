"""`xx.sample`: the register of office XX, which does not exist. The smallest source there is.

It shows what a source needs: a declaration, how to ask, how to know its own page, how to read it.
A page is one JSON object, and nothing in it may stay unread:

    {"office": "XX", "number": "00000001", "mark": "Sample Lantern", "filed": "2001-02-03",
     "status": "registered", "owner": "Sample Company One Ltd.", "goods": {"11": "lanterns; torches"}}
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

from tmwatch.errors import LayoutChanged, NotThisSource, UsageError
from tmwatch.model import FIELDS, FactKind, GoodsServices, Live, Party, Phase, make_record
from tmwatch.numbers import st13
from tmwatch.sources.base import (
    Answer,
    Automation,
    Declaration,
    KnownQuery,
    Pace,
    Page,
    Query,
    Reading,
    RecordQuery,
    Request,
    Terms,
)

# The office's words for a status. A word that is not here is `unknown` and reported, never guessed.
STATUSES = {
    "pending": (Phase.EXAMINATION, Live.LIVE),
    "registered": (Phase.REGISTERED, Live.LIVE),
}
_READ = frozenset({"office", "number", "mark", "filed", "status", "owner", "goods"})
_COVERS = frozenset(
    {
        *("application_number", "application_date", "verbal_element", "owners", "classes"),
        *("status_text", "status_phase", "status_live"),
    }
)


class OfficeXX:
    """One record a page, asked by number."""

    def __init__(self, base_url: str = "https://register.xx.example") -> None:
        self.declaration = Declaration(
            id="xx.sample",
            title="Register of the fictional office XX",
            office="XX",
            channels=frozenset({"record", "import"}),
            base_url=base_url,
            terms=Terms(Automation.ALLOWED, "It does not exist.", "", dt.date(2026, 11, 22)),
            pace=Pace(min_interval=0.0),
            parser_version="1",
            covers=_COVERS & frozenset(FIELDS),
            authority=10,
            known_query=KnownQuery("record", "00000001"),
            facts=FactKind.SAMPLE,
            live_default="on",
            landmarks=('`"office": "XX"` and a number',),
            answers=frozenset({"numbers"}),
        )

    def requests(self, query: Query) -> Sequence[Request]:
        """One page for each number."""
        if not isinstance(query, RecordQuery):
            raise UsageError("office XX can only be asked for numbers")
        return [
            Request(f"/marks/{number}", accept="application/json", query=RecordQuery((number,)))
            for number in query.numbers
        ]

    def sniff(self, page: Page) -> int:
        """By the name of the office."""
        return 90 if b'"office": "XX"' in page.body else 0

    def read(self, page: Page) -> Answer:
        """The one record of the page."""
        found = _load(page)
        try:
            number, status = str(found["number"]), str(found["status"])
            phase, live = STATUSES.get(status, (Phase.UNKNOWN, Live.UNKNOWN))
            record = make_record(
                "XX",
                st13("XX", number),
                application_number=number,
                application_date=dt.date.fromisoformat(found["filed"]),
                verbal_element=found["mark"],
                owners=(Party(name=found["owner"]),),
                classes=tuple(
                    GoodsServices(class_number=name, text=text) for name, text in found["goods"].items()
                ),
                status_text=status,
                status_phase=phase,
                status_live=live,
            )
        except (KeyError, TypeError, ValueError, AttributeError, UsageError) as error:
            raise LayoutChanged(
                f"the page cannot be read: {type(error).__name__}", where=page.name or page.url
            ) from None
        unclaimed = tuple(f"{name} = {found[name]}" for name in sorted(found.keys() - _READ))
        return Answer((Reading(record, None, unclaimed, () if status in STATUSES else (status,)),), rows=1)


def _load(page: Page) -> dict[str, Any]:
    try:
        found = json.loads(page.body)
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get("office") != "XX":
        raise NotThisSource("this is no page of office XX", where=page.name or page.url)
    return found
