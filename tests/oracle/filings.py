"""Filings as the USPTO's daily file tells them, made from a few words each, and files of a day of them.

Filing(99100001, "VELOPIA", "Velo Works LLC", {12: "Bicycles"})    one filing as it stands
replace(filing, owner="Else Inc.")                                 and as it stands another day
zipped("261103", [filing, …])                                      apc261103.zip of that day
"""

from __future__ import annotations

import datetime as dt
import io
import random
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from tests.benchmarks.cases import CODA, FLAGS, NUCLEUS, ON, PATTERN

HEAD, _, REST = PATTERN.read_bytes().partition(b"<case-file>")
FOOT = REST[REST.rindex(b"</case-file>") + len(b"</case-file>") :]
# Event by code: its kind and its words.
EVENTS = {
    "NWAP": ("I", "NEW APPLICATION ENTERED"),
    "DOCK": ("D", "ASSIGNED TO EXAMINER"),
    "GNRT": ("F", "NON-FINAL ACTION E-MAILED"),
    "ABN2": ("O", "ABANDONMENT - FAILURE TO RESPOND OR LATE RESPONSE"),
    "PETG": ("O", "PETITION TO REVIVE-GRANTED"),
    "PUBO": ("A", "PUBLISHED FOR OPPOSITION"),
    "R.PR": ("A", "REGISTERED-PRINCIPAL REGISTER"),
}


@dataclass(frozen=True)
class Filing:
    """One filing as it stands on some day."""

    serial: int
    mark: str
    owner: str
    goods: Mapping[int, str]  # by class
    filed: dt.date = dt.date(2026, 10, 28)
    status: str = "630"
    status_day: dt.date = dt.date(2026, 10, 30)
    attorney: str = "Pat Specimen"
    firm: str = "SPECIMEN & SAMPLE LLP"
    docket: str = ""
    registration: int = 0
    registered: dt.date | None = None
    published: dt.date | None = None
    pseudo: str = ""
    translation: str = ""
    address: str = "1 EXAMPLE QUAY"
    events: tuple[tuple[str, dt.date], ...] = field(default=(("NWAP", dt.date(2026, 10, 29)),))

    @property
    def st13(self) -> str:
        """Its number as tmwatch keeps it."""
        return f"US50000{self.serial:010}"

    @property
    def number(self) -> str:
        """Its number as people write it."""
        return f"US {self.serial}"

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(str(one) for one in sorted(self.goods))


def _day(day: dt.date | None) -> str:
    return f"{day:%Y%m%d}" if day else ""


def _leaves(**given: object) -> str:
    return "".join(
        f"<{name.replace('_', '-')}>{escape(str(value))}</{name.replace('_', '-')}>"
        for name, value in given.items()
        if value != ""
    )


def _boxes(name: str, inner: Iterable[str]) -> str:
    return "".join(f"<{name}>{one}</{name}>" for one in inner)


def case(one: Filing, day: dt.date, shuffled: random.Random | None = None) -> bytes:
    """The case of that day's file; `shuffled`: events and statements in another order, as each day has."""
    header = _leaves(
        filing_date=_day(one.filed),
        registration_date=_day(one.registered),
        status_code=one.status,
        status_date=_day(one.status_day),
        mark_identification=one.mark,
        mark_drawing_code="4000",
        published_for_opposition_date=_day(one.published),
        attorney_docket_number=one.docket,
        attorney_name=one.attorney,
        **dict.fromkeys(FLAGS.split(), "F"),
    )
    texts = [(f"GS{nice:03}1", text) for nice, text in one.goods.items()]
    texts += [("PM0001", one.pseudo)] if one.pseudo else []
    texts += [("TR0000", one.translation)] if one.translation else []
    statements = [_leaves(type_code=code, text=text) for code, text in texts]
    events = [
        _leaves(
            code=code, type=EVENTS[code][0], description_text=EVENTS[code][1], date=_day(on), number=place
        )
        for place, (code, on) in enumerate(one.events, 1)
    ]
    if shuffled is not None:
        shuffled.shuffle(statements)
        shuffled.shuffle(events)
    classes = [
        _leaves(
            international_code_total_no=1,
            us_code_total_no=1,
            international_code=f"{nice:03}",
            us_code="021",
            status_code=6,
            status_date=_day(one.filed),
            primary_code=f"{nice:03}",
        )
        for nice in one.goods
    ]
    owner = _leaves(
        entry_number=1,
        party_type=30 if one.registration else 10,
        legal_entity_type_code="03",
        party_name=one.owner,
        address_1=one.address,
        city="PORTLAND",
        state="OR",
        postcode="97201",
    )
    body = (
        _leaves(serial_number=one.serial, registration_number=f"{one.registration:07}")
        + _leaves(transaction_date=_day(day))
        + f"<case-file-header>{header}</case-file-header>"
        + f"<case-file-statements>{_boxes('case-file-statement', statements)}</case-file-statements>"
        + f"<case-file-event-statements>{_boxes('case-file-event-statement', events)}"
        + "</case-file-event-statements>"
        + f"<classifications>{_boxes('classification', classes)}</classifications>"
        + f"<correspondent>{_leaves(address_1=f'{one.attorney} {one.firm}', address_2='9 EXAMPLE ROAD')}"
        + "</correspondent>"
        + f"<case-file-owners>{_boxes('case-file-owner', [owner])}</case-file-owners>"
    )
    return f"<case-file>{body}</case-file>\n".encode()


def zipped(day: str, cases: Sequence[bytes]) -> bytes:
    """`apcYYMMDD.zip` with these cases."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"apc{day}.xml", HEAD + b"".join(cases) + FOOT)
    return made.getvalue()


def coined(by: random.Random) -> str:
    """A word that nobody has."""
    return "".join(
        by.choice(ON) + by.choice(NUCLEUS) + by.choice(CODA).strip() for _ in range(by.randint(3, 4))
    )


def strangers(serial: int, by: random.Random) -> Iterator[Filing]:
    """Filings of nobody's interest: coined names, owners and goods, numbers from `serial` on."""
    while True:
        nice = [one for one in by.sample(range(1, 46), by.choice((1, 1, 2))) if one != 15] or [30]
        yield Filing(
            serial,
            " ".join(coined(by) for _ in range(by.choice((1, 2)))).upper(),
            f"{coined(by).title()} {coined(by).title()} {by.choice(('LLC', 'Inc.', 'Co., Ltd.'))}",
            {one: f"{coined(by)} {coined(by)}; {coined(by)}" for one in sorted(nice)},
            attorney=f"{coined(by).title()} {coined(by).title()}",
            firm=f"{coined(by).upper()} LAW",
        )
        serial += 1
