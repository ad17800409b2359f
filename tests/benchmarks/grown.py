"""Pages and records of any number and size, grown from our own fixtures; the same each time."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Iterator

from tests.conftest import ROOT
from tests.records import event, goods, owner
from tmwatch.model import TradeMark, make_record

_PAGE = ROOT / "fixtures/us.tsdr/registered-word-mark/page.html"
_SERIAL = re.compile(rb"(?:US Serial Number:</div>\s*<div[^>]*>\s*)(\d{8})")
_ROW = re.compile(rb"<tr class=\"(?:even)?\">\s*<td[^>]*>\s*[A-Z][a-z]{2}\.? \d\d, \d{4}.*?</tr>", re.DOTALL)
_DAY = re.compile(rb"[A-Z][a-z]{2}\.? \d\d, \d{4}")
STAMP = rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d E[SD]T"
_WORDS = (
    *(
        "HARBOUR",
        "LANTERN",
        "CEDAR",
        "ORBIT",
        "MEADOW",
        "COPPER",
        "RIVER",
        "SUMMIT",
        "FALCON",
        "PRISM",
        "AMBER",
    ),
    *("WILLOW", "QUARRY", "THISTLE"),
)
_STEPS = (
    ("NEW APPLICATION ENTERED", "NWAP", "I"),
    ("ASSIGNED TO EXAMINER", "DOCK", "D"),
    ("NON-FINAL ACTION E-MAILED", "GNRT", "F"),
    ("TEAS RESPONSE TO OFFICE ACTION RECEIVED", "TROA", "I"),
    ("APPROVED FOR PUB - PRINCIPAL REGISTER", "CNSA", "P"),
    ("NOTIFICATION OF NOTICE OF PUBLICATION E-MAILED", "NPUB", "E"),
    ("PUBLISHED FOR OPPOSITION", "PUBO", "A"),
    ("REGISTERED-PRINCIPAL REGISTER", "R.PR", "A"),
)


def page(number: int, size: int = 80_000) -> bytes:
    """A status page of about `size` bytes about serial 90000000 + number: the history goes on and on."""
    rng = random.Random(number)
    body = _PAGE.read_bytes()
    found = _SERIAL.search(body)
    assert found is not None
    body = body.replace(found[1], b"%d" % (90_000_000 + number))
    rows = list(_ROW.finditer(body))
    shape, at = rows[-1][0], rows[-1].end()
    more = b""
    while len(body) + len(more) < size * rng.uniform(0.8, 1.2):
        day = f"{rng.choice(('Jan.', 'Mar.', 'Jul.'))} {rng.randint(1, 28):02}, {rng.randint(1990, 2009)}"
        more += _DAY.sub(day.encode(), shape, count=1)
    return body[:at] + more + body[at:]


def record(number: int, generation: int = 0) -> TradeMark:
    """A record as the daily file gives them: about 15 events, one to three classes, owner and attorney."""
    rng = random.Random(number)
    start = dt.date(2015, 1, 1) + dt.timedelta(days=rng.randint(0, 3000))
    count = max(3, round(rng.gauss(15, 4)))
    events = [
        event(place, (start + dt.timedelta(days=30 * place)).isoformat(), text, code=code, type=kind)
        for place, (text, code, kind) in enumerate((rng.choice(_STEPS) for _ in range(count)), 1)
    ]
    if generation:
        text, code, kind = "TEAS CHANGE OF CORRESPONDENCE RECEIVED", "TCCA", "I"
        events.append(event(count + 1, "2026-01-05", f"{text} {generation}", code=code, type=kind))
    classes = sorted(rng.sample(range(1, 46), rng.choice((1, 1, 2, 3))))
    text = "; ".join(f"{rng.choice(_WORDS).lower()} goods of kind {rng.randint(1, 99)}" for _ in range(12))
    serial = f"{97_000_000 + number}"
    return make_record(
        "US",
        f"US5000000{serial}",
        application_number=serial,
        registration_number=None,
        verbal_element=f"{rng.choice(_WORDS)} {rng.choice(_WORDS)} {number}",
        application_date=start,
        status_code="700",
        status_text="Registered.",
        status_date=start + dt.timedelta(days=400),
        owners=(owner(f"Sample {rng.choice(_WORDS).title()} {number % 5000}, Inc."),),
        representatives=(owner(f"Sample Attorneys {number % 300}"),),
        classes=tuple(goods(str(one), text) for one in classes),
        events=tuple(events),
        docket_number=f"S-{number}",
    )


def records(count: int, changed: frozenset[int] = frozenset()) -> Iterator[TradeMark]:
    """`count` of them, those of `changed` with one event more."""
    return (record(number, int(number in changed)) for number in range(count))
