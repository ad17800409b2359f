"""What all readers of USPTO records share: codes, dates, names of places, owner groups; and, passed on
from `status.py`, the meaning of a status."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from tmwatch.errors import LayoutChanged
from tmwatch.model import MarkEvent, Party, Phase, TradeMark, trusted
from tmwatch.sources.base import AsOf
from tmwatch.sources.us.status import SentenceMeaning as SentenceMeaning
from tmwatch.sources.us.status import StatusMeaning as StatusMeaning
from tmwatch.sources.us.status import Tm5Meaning as Tm5Meaning
from tmwatch.sources.us.status import sentence_key as sentence_key
from tmwatch.sources.us.status import squeeze as squeeze
from tmwatch.sources.us.status import status_from_code as status_from_code
from tmwatch.sources.us.status import status_from_sentence as status_from_sentence
from tmwatch.sources.us.status import status_from_tm5 as status_from_tm5
from tmwatch.sources.us.status import table as table
from tmwatch.sources.us.status import tm5_label as tm5_label

T = TypeVar("T")

OFFICE = "US"
MOST_UNCLAIMED = 40  # enough to see what is new; a hostile file shall not fill the log
OFFICE_ZONE = ZoneInfo("America/New_York")

_DATE = re.compile(r"^([A-Za-z]{3})[a-z]*\.?\s+(\d{1,2}),?\s+(\d{4})$")
_MONTH_YEAR = re.compile(r"^([A-Za-z]{3})[a-z]*\.?\s+(?:00,?\s+)?(\d{4})$")
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}


def short(work: Callable[[str], T]) -> Callable[[str | None], T]:
    """A function of one text, with what it gave for short texts kept: codes, days, an office's set phrases.

    None is an empty text. A stranger's long text is not kept, and no mistake is.
    """
    kept = functools.lru_cache(maxsize=4096)(work)

    def known(text: str | None) -> T:
        if not text:
            return work("")
        return kept(text) if len(text) < 80 else work(text)

    return known


# -- the mark ----------------------------------------------------------------------------------------


@functools.cache
def _drawings() -> dict[str, str | None]:
    return {row["code"]: row["feature"] or None for row in table("drawing_codes")}


def mark_feature(code: str | int | None) -> str | None:
    """The mark's kind of a drawing code. Some channels give four positions ("4000"): the first counts."""
    return _drawings().get(str(code if code is not None else "").strip()[:1])


def odd_codes(record: TradeMark) -> tuple[str, ...]:
    """Codes of the record that our tables do not hold, in words."""
    code = record.mark_feature_code or ""
    known = not code or code[:1] in _drawings()
    return () if known else (f"mark drawing code {code[:20]} is not in the table",)


def drawing_code(words: str | None) -> str | None:
    """The drawing code of the office's words for it ("TYPESET WORD(S) /LETTER(S) /NUMBER(S)")."""
    return _drawing(words)


def _drawing_of(words: str) -> str | None:
    plain = re.sub(r"[^A-Z]", "", words.upper())
    for row in table("drawing_codes"):
        if any(part and part in plain for part in row["tsdr_words_hold"].split("|")):
            return row["code"]
    return None


_drawing = short(_drawing_of)


_CATEGORIES = (
    "Trademark",
    "Service mark",
    "Collective trademark",
    "Collective service mark",
    "Collective membership mark",
    "Certification mark",
)


def mark_categories(words: Iterable[str]) -> tuple[str, ...]:
    """ "Trademark, Service Mark" or one word each, in one spelling and one order."""
    found = {part.strip().capitalize() for text in words for part in text.split(",") if part.strip()}
    return (*(word for word in _CATEGORIES if word in found), *sorted(found - set(_CATEGORIES)))


def class_number(text: str | None) -> str:
    """ "009" → "9"; "A", "B" and "200" (certification and collective marks) stay."""
    plain = squeeze(text).upper()
    return plain.lstrip("0") or plain if plain.isdigit() else plain


def own_class(primary: str | None, nice: Sequence[str], national: Sequence[str]) -> str:
    """The class number of goods, of the primary class and the further ones.

    Registered before 1973 and never reclassified, they have a US class only: `US 021`, because a bare 21
    would be the international class of household goods.
    """
    number = class_number(primary) or next(iter(nice), "")
    us_only = not any(nice) and number.isdigit() and number in {class_number(one) for one in national}
    # 200, A and B are kept as they are: collective membership and certification marks.
    return f"US {number.zfill(3)}" if us_only and number != "200" else number


def drawing(code: str | None) -> str | None:
    """The mark drawing code: the first of the four positions ("4000") that some channels give."""
    plain = squeeze(code)
    return (plain[:1] if re.fullmatch(r"\d000", plain) else plain) or None


def acquired_distinctiveness(scope: str | None) -> str | None:
    """TSDR's "In-Total" and "In-Part" as the model writes them; other words stay; None for no claim."""
    plain = squeeze(scope)
    return {"in-total": "in whole", "in-part": "in part"}.get(plain.lower(), plain) or None


def register_kind(word: str | None) -> str | None:
    """ "Primary" (ST.96) and "Principal" (ST.66, the page) are one register."""
    plain = squeeze(word)
    return "Principal" if plain.lower() in {"primary", "principal"} else plain or None


# -- places ------------------------------------------------------------------------------------------


@functools.cache
def _states() -> dict[str, str]:
    found: dict[str, str] = {}
    for row in table("states"):
        found[row["code"]] = found[row["name"]] = row["name"]
    return found


def _state_of(text: str) -> str | None:
    plain = squeeze(text).upper()
    return _states().get(plain, plain) or None


_state = short(_state_of)


def state_name(code_or_name: str | None) -> str | None:
    """A US state's full name in upper case; another region's name stays as it is, in upper case."""
    return _state(code_or_name)


def is_us_state(code_or_name: str | None) -> bool:
    """Whether this is the code or the name of a US state or territory."""
    return squeeze(code_or_name).upper() in _states()


@functools.cache
def _countries() -> dict[str, str]:
    found: dict[str, str] = {}
    for row in table("countries"):
        for name in (row["code"], row["name"], *row["other_names"].split("|")):
            if name:
                found.setdefault(name, row["code"])
    return found


def country_code(name_or_code: str | None) -> str | None:
    """The ST.3 code of a country or office, from its code, the USPTO's own code ("DEX") or its name."""
    return _country(name_or_code)


def _country_of(text: str) -> str | None:
    plain, known = squeeze(text).upper(), _countries()
    if plain in known:
        return known[plain]
    if len(plain) == 3 and plain.endswith("X"):  # the USPTO writes foreign countries as DEX, GBX
        return known.get(plain[:2])
    return None


_country = short(_country_of)


# -- numbers, dates, events ----------------------------------------------------------------------------


def examiner(staff: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    """The examining attorney of (title, name) pairs, as a field of the record.

    Not given where none is shown: after registration TSDR shows nobody, while the daily file goes on naming
    the last one. Who examined a case is never taken back.
    """
    shown = [name for title, name in staff if name and "exam" in title.lower()]
    return {"examiner": shown[0]} if shown else {}


def st13_of(serial: str) -> str:
    """The 17 characters of WIPO ST.13 for a US serial number; the year is not part of its numbering."""
    return f"{OFFICE}500000{serial.strip().zfill(9)}"


def registration(text: str | None) -> str | None:
    """A registration number; the office writes none as nothing, or as zeros only.

    Some channels fill it up to seven digits with zeros: without them it is one number everywhere.
    """
    return squeeze(text).lstrip("0") or None


def related(number: str) -> str:
    """The number of another US filing: a registration number without leading zeros, a serial as it is."""
    return squeeze(number).lstrip("0") or number


def international(text: str | None) -> str | None:
    """An international registration number, without the zeros that some channels put before it."""
    return squeeze(text).lstrip("0") or None


def basis_words(text: str | None) -> tuple[str, ...]:
    """The filing bases named in a text ("1A", "Section 44(e)"), as "1(a)", "44(e)"."""
    found = re.findall(r"\b(1|44|66)\s*\(?([abde])\)?", text or "", re.IGNORECASE)
    return tuple(dict.fromkeys(f"{section}({letter.lower()})" for section, letter in found))


def cut_date(text: str | None) -> dt.date | None:
    """The day of an xs:date such as `1995-02-07-05:00`: its first ten characters, never converted.

    Raises `ValueError` when the text is neither empty nor a date.
    """
    plain = (text or "").strip()
    return dt.date.fromisoformat(plain[:10]) if plain else None


def office_day(text: str | None) -> dt.date | None:
    """The day of an instant that the JSON API writes in UTC, on the office's clock.

    `2023-03-22T04:00:00.000+0000` is midnight in Washington: 2023-03-22. A bare date stays as it is.
    """
    plain = (text or "").strip()
    if len(plain) <= 10 or "T" not in plain:
        return cut_date(plain)
    moment = dt.datetime.fromisoformat(plain)
    return (moment if moment.tzinfo is None else moment.astimezone(OFFICE_ZONE)).date()


def parse_tsdr_date(text: str | None) -> dt.date | None:
    """A date as the status page prints it: `Sep. 08, 2010`, `May 09, 2000`. None for an empty cell.

    Raises `ValueError` for anything else.
    """
    plain = squeeze(text)
    if not plain:
        return None
    # The days of forty years are kept; no stranger's long text is.
    return _known_date(plain) if len(plain) < 30 else _printed_date(plain)


def _printed_date(plain: str) -> dt.date:
    found = _DATE.match(plain)
    if not found or found[1].lower() not in _MONTHS:
        raise ValueError(f"not a TSDR date: {plain!r}")
    return dt.date(int(found[3]), _MONTHS[found[1].lower()], int(found[2]))


_known_date = functools.lru_cache(maxsize=16_384)(_printed_date)


def partial_date(text: str | None) -> str | None:
    """A first-use date of which day or month may be missing: `19960100` → "1996-01", `Jan. 1996` too.

    Empty gives None. Raises `ValueError` for what is no date.
    """
    plain = squeeze(text)
    if not plain or plain.strip("0") == "":
        return None
    if re.fullmatch(r"\d{4}(-\d{2}){0,2}(-\d{2}:\d{2})?", plain) and not plain.isdigit():
        plain = plain[:10].replace("-", "")
    if plain.isdigit() and len(plain) in (4, 6, 8):
        year, month, day = (part if part != "00" else "" for part in (plain[:4], plain[4:6], plain[6:8]))
        if month and not 1 <= int(month) <= 12:
            raise ValueError(f"not a partial date: {plain!r}")
        return "-".join(part for part in (year, month, month and day) if part)
    found = _MONTH_YEAR.match(plain)
    if found and found[1].lower() in _MONTHS:
        return f"{found[2]}-{_MONTHS[found[1].lower()]:02d}"
    day_found = parse_tsdr_date(plain)
    return day_found.isoformat() if day_found else None


def split_event_code(code: str) -> tuple[str, str | None]:
    """ST.96 writes the one-letter event type behind the four characters of the code: NA85E → NA85, E."""
    return (code[:4].rstrip(), code[4:].strip() or None) if len(code) > 4 else (code, None)


def proceeding_number(text: str | int | None) -> str:
    """The proceeding (or employee) number of an event; the office writes "0" for none."""
    plain = squeeze(str(text if text is not None else ""))
    return "" if plain == "0" else plain


def in_order(events: Iterable[MarkEvent]) -> tuple[MarkEvent, ...]:
    """Oldest first by entry number; the office's own order of the file means nothing, nor that a numbered
    entry stands twice."""
    found = dict.fromkeys(events)
    return tuple(sorted(found, key=lambda e: (e.number if e.number is not None else 0, e.date)))


# -- what every case has ---------------------------------------------------------------------------------


def refuse_unless_whole(record: TradeMark, *, people: bool = True) -> None:
    """Raise `LayoutChanged` for a record that lacks what every case at the USPTO has.

    A leaf that is missing usually says "nothing" (not renewed, no disclaimer). These never do: where one
    of them is missing in the whole record, the file calls it by another name, or has lost it. `people`:
    whether this answer shows owners (the JSON answer for several numbers never does).
    """
    serial = record.application_number or ""
    lacks = [
        ("words for its status", record.status_text),
        # The office's oldest series was numbered afterwards, from registrations.
        ("filing date", record.application_date or serial.startswith("70")),
        ("goods or services", any(item.text for item in record.classes)),
        ("history", bool(record.events)),
        ("event with a description", any(event.text for event in record.events)),
        ("event with a number", any(event.number is not None for event in record.events)),
        ("event with a code", any(event.code for event in record.events)),
    ]
    if people:
        history = record.owner_history
        lacks.append(("owner", bool(history)))
        ranks = [_rank(one) for one in history]
        lacks.append(("party type for its owners", len(history) < 2 or any(ranks)))
        # Party types from 30 on say who registered it and who came later.
        registrant = not record.registration_number or not any(ranks) or max(ranks) >= 30
        lacks.append(("owner since its registration", registrant))
    for what, given in lacks:
        if not given:
            raise LayoutChanged(f"the record has no {what}; every case has", where=f"US {serial}")


def events_in_order(events: Iterable[dict[str, Any]]) -> tuple[MarkEvent, ...]:
    """As `in_order`, of the fields of events, each of its own type already; nothing stands twice in them."""
    found = sorted(events, key=lambda e: (e["number"] or 0, e["date"]))
    return trusted(MarkEvent, found)


# -- parties -----------------------------------------------------------------------------------------


def numbered(parties: Iterable[Party]) -> tuple[Party, ...]:
    """Owner entries in the office's order, each with its place among those of the same party type."""
    places: Counter[str | None] = Counter()
    found = []
    # An entry that stands twice, to the letter, is one entry.
    entries = {tuple(pair for pair in party if pair[0] != "sequence"): party for party in parties}
    for party in entries.values():
        places[party.role_code] += 1
        place = places[party.role_code]
        found.append(party if party.sequence == place else party.model_copy(update={"sequence": place}))
    return tuple(found)


def current_owners(history: Sequence[Party]) -> tuple[Party, ...]:
    """The entries of the highest party type: 10 applied, 20 owned it at publication, 30 registered it,
    31 and up came later. Several owners of one group own it together."""
    # 70 is a correspondent of old records, never an owner.
    highest = max((rank for party in history if (rank := _rank(party)) < 70), default=0)
    return tuple(party for party in history if _rank(party) == highest)


def oldest_first(parties: Iterable[Party]) -> tuple[Party, ...]:
    """Owner entries by party type, then by their place within it."""
    return tuple(sorted(parties, key=lambda party: (_rank(party), party.sequence or 0, party.name)))


def _rank(party: Party) -> int:
    code = party.role_code or ""
    return int(code) if code.isdigit() else 0


def owner_fields(found: Sequence[Party]) -> dict[str, tuple[Party, ...]]:
    """The record's two owner fields, of the entries in the office's order. A case without any owner does
    not exist: where none is shown, none is given."""
    if not found:
        return {}
    history = oldest_first(numbered(found))
    return {"owner_history": history, "owners": current_owners(history)}


def not_earlier_than(days: Iterable[dt.date | None]) -> AsOf | None:
    """The as-of statement of a page that prints none: the latest past fact that stands in it."""
    known = [day for day in days if day is not None]
    return AsOf(max(known), "not_earlier_than") if known else None


def latest_fact(record: TradeMark) -> AsOf | None:
    """The latest past fact of a record: never a term (renewal, expiry of a priority), which may lie ahead."""
    days: list[dt.date | None] = [
        record.application_date,
        record.registration_date,
        record.status_date,
        record.location_date,
        record.allowance_date,
        record.termination_date,
        record.register_amended_date,
        *(event.date for event in record.events),
        # Between approval and the gazette the date printed here is a plan.
        *(one.date for one in record.publications if record.status_phase is not Phase.ACCEPTED),
        *(item.status_date for item in record.classes),
        *(proceeding.status_date or proceeding.filed for proceeding in record.proceedings),
    ]
    for item in record.assignments:
        days += [item.recorded, item.received]
    return not_earlier_than(days)
