"""Rows of the CNIPA's gazette: one announcement about one number each, of 55 kinds (`gazette_codes.csv`).

    {"total": 2, "rows": [{"page_no": 302, "tm_name": "…", "ann_type_code": "TMSDGG", "tmname": "…",
     "reg_name": "…", "ann_type": "送达公告", "ann_num": "1678", "reg_num": "G632057", "id": "…", "rn": 1,
     "ann_date": "2020-01-06", "regname": "…"}]}

Two rows, of 1999 and 2020, stand so in public client code; no whole answer was seen. A row says what was
announced, not what stands in the register: its event and its publication are added to what is known, nothing
is removed, and a status is given only by the kinds that decide one.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tmwatch.errors import Incomplete, LayoutChanged, NotThisSource, UnknownNumber
from tmwatch.model import EventDetails, EventFact, Live, MarkEvent, Party, Phase, Publication, make_record
from tmwatch.numbers import st13, st13_or_none
from tmwatch.sources.base import Answer, AsOf, Page, Reading
from tmwatch.sources.cn.status import REGISTERED, table
from tmwatch.sources.phases import tm5_for
from tmwatch.sources.renamed import Missed, Stranger, refuse
from tmwatch.text import clean_line, fold_space, mended

NUMBER = re.compile(r"G?\d{1,8}[A-Z]{0,2}")  # G: designation of an international registration
GAZETTE = "商标公告"
FIRST, SECOND = "初审公告", "注册公告"  # the two publications of a filing, as the detail page calls them
DEVICE = "图形"  # what the gazette prints for a mark without words

_NEEDED = ("reg_num", "ann_type_code", "ann_type", "ann_num", "ann_date", "tm_name", "reg_name")
# `id` and `rn` belong to the search; `tmname` and `regname` repeat what stands in the names with a bar.
_KNOWN = frozenset({*_NEEDED, "tmname", "regname", "page_no", "id", "rn"})
_DO = "tmwatch believes nothing of these rows until it knows the new layout. Please report it."


class Kind(NamedTuple):
    """What a kind of announcement means. `phase` is None where it decides none."""

    announcement: str
    phase: Phase | None
    live: Live
    publication: str  # FIRST, SECOND or ""
    category: str


@functools.cache
def kinds() -> Mapping[str, Kind]:
    """The 55 kinds by their code."""
    sections = {"first": FIRST, "second": SECOND, "": ""}
    return {
        row["code"]: Kind(
            row["announcement"],
            Phase(row["phase"]) if row["phase"] else None,
            Live(row["live"]) if row["live"] else Live.UNKNOWN,
            sections[row["publication"]],
            row["category"],
        )
        for row in table("gazette_codes")
    }


def read(page: Page) -> Answer:
    """One reading for each number, of all its rows. Raises `LookError`s only."""
    where = page.name or page.url or "gazette rows"
    data = _load(page, where)
    listed = data.get("rows") if isinstance(data, dict) else data
    total = data.get("total") if isinstance(data, dict) else None
    if not isinstance(listed, list):
        raise LayoutChanged("`rows` is no list", where=where, do=_DO)
    if not listed:
        if total not in (None, 0, "0"):
            raise Incomplete(
                f"the gazette counts {clean_line(str(total), 20)} rows and gave none", where=where
            )
        raise NotThisSource("there is no row in it", where=where, do="Search again and save the answer.")
    rows: dict[str, list[_Row]] = {}
    odd: list[tuple[int, UnknownNumber]] = []
    for place, item in enumerate(listed, 1):
        try:
            row = _Row(item, f"{where}, row {place}")
        except UnknownNumber as error:
            odd.append((place, error))
        else:
            rows.setdefault(row.number, []).append(row)
    if 2 * len(odd) > len(listed):
        raise odd[0][1]  # no odd row, but another layout
    beside = _beside(data) if isinstance(data, dict) else []
    readings = [_reading(number, of_one, beside) for number, of_one in rows.items()]
    unread = tuple(f"row {place}: {error.message}" for place, error in odd)
    return Answer(tuple(readings), rows=len(listed), unread=unread)


def _load(page: Page, where: str) -> Any:
    for charset in ("utf-8-sig", "gb18030"):
        try:
            data = mended(json.loads(page.body.decode(charset)))
        except (ValueError, RecursionError):
            continue
        rows = data.get("rows") if isinstance(data, dict) else data
        if isinstance(rows, list) and (
            not rows or any(isinstance(one, dict) and "reg_num" in one for one in rows)
        ):
            return data
        if isinstance(data, dict) and '"ann_type_code"' in page.body.decode(charset):
            raise LayoutChanged("the answer has no `rows` with a `reg_num`", where=where, do=_DO)
        break
    raise NotThisSource(
        "these are no rows of the CNIPA's gazette (`rows` with `reg_num` and `ann_type_code`)",
        where=where,
        do="Save the answer of the gazette's search (annSearchDG) as it came.",
    )


def _beside(data: Mapping[str, Any]) -> list[str]:
    return [
        f"{clean_line(name, 40)} = {clean_line(str(value), 60)}"
        for name, value in sorted(data.items())
        if name not in ("rows", "total") and value not in (None, "", [], {})
    ]


class _Row:
    def __init__(self, item: Any, where: str) -> None:
        self._where = where
        if not isinstance(item, dict):
            raise self._refuse("is no object")
        self._item: Mapping[str, Any] = item
        strangers = [
            Stranger(name, clean_line(str(value), 80), isinstance(value, dict | list))
            for name, value in item.items()
            if name not in _KNOWN and value not in (None, "", [], {})
        ]
        refuse([Missed((name,), "text") for name in _NEEDED if name not in item], strangers, where)
        refuse([Missed(("page_no",), "number")] if "page_no" not in item else [], strangers, where)
        self.strangers = strangers
        self.number = self.text("reg_num").upper()
        if not NUMBER.fullmatch(self.number) or st13_or_none("CN", self.number) is None:
            raise self._odd(f"`reg_num` is no Chinese number: {clean_line(self.number, 40) or '(empty)'}")
        self.code, self.words = self.text("ann_type_code"), self.text("ann_type")
        if not self.code or not self.words:
            raise self._refuse("has no kind (`ann_type_code`, `ann_type`)")
        self.issue = self.text("ann_num")
        self.date = self._day()
        self.mark = self._either("tm_name", "tmname")
        self.owner = self._either("reg_name", "regname")

    def _refuse(self, what: str) -> LayoutChanged:
        return LayoutChanged(what, where=self._where, do=_DO)

    def _odd(self, what: str) -> UnknownNumber:
        """Of a row that costs itself only: nobody can tell to which filing, or to which day, it belongs."""
        return UnknownNumber(what, where=self._where, do=_DO)

    def text(self, name: str) -> str:
        """A text or number as text, "" for null."""
        if name not in self._item:
            raise self._refuse(f"`{name}` is missing")
        value = self._item[name]
        if value is not None and (isinstance(value, bool) or not isinstance(value, str | int)):
            raise self._refuse(f"`{name}` is no text: {clean_line(str(value), 40)}")
        return fold_space(str(value)) if value is not None else ""

    def _either(self, name: str, twin: str) -> str:
        said = self.text(name)
        if twin in self._item and self.text(twin) != said:
            raise self._refuse(f"`{name}` and `{twin}` differ: {clean_line(said, 40)}")
        return said

    def _day(self) -> dt.date:
        said = self.text("ann_date")
        try:
            return dt.date.fromisoformat(re.sub(r"[ T]00:00:00(?:\.0+)?$", "", said))
        except ValueError:
            raise self._odd(f"`ann_date` is no date: {clean_line(said, 40) or '(empty)'}") from None

    @property
    def event(self) -> MarkEvent:
        page = self.text("page_no") if "page_no" in self._item else ""
        facts = (EventFact(kind="page", text=page),) if page else ()
        return MarkEvent(
            date=self.date,
            text=self.words,
            code=self.code,
            details=EventDetails(gazette=self.issue or None, facts=facts),
        )

    @property
    def kind(self) -> Kind | None:
        """None where the code is in no table, or the words beside it are those of another kind."""
        kind = kinds().get(self.code)
        return kind if kind is not None and _plain(kind.announcement) == _plain(self.words) else None

    def unclaimed(self) -> Iterator[str]:
        for one in self.strangers:
            yield f"{clean_line(one.name, 40)} = {one.text}"
        kind = kinds().get(self.code)
        if kind is None:
            said = f"{clean_line(self.code, 20)} {clean_line(self.words, 40)}"
            yield f"kind of announcement {said}: in no table"
        elif self.kind is None:
            yield f"{self.code} is known as {kind.announcement}, and says {clean_line(self.words, 40)}"


def _plain(words: str) -> str:
    return re.sub(r"\W", "", words)


def _reading(number: str, rows: list[_Row], beside: list[str]) -> Reading:
    ordered = sorted(rows, key=lambda row: (row.date, row.code))
    last = ordered[-1]
    given: dict[str, Any] = {"application_number": number, **international(number)}
    given["events"] = tuple(dict.fromkeys(row.event for row in ordered))
    adds = {"events"}
    published = [
        Publication(date=row.date, gazette=GAZETTE, issue=row.issue or None, section=row.kind.publication)
        for row in ordered
        if row.kind and row.kind.publication
    ]
    if published:
        given["publications"] = tuple(dict.fromkeys(published))
        adds.add("publications")
    if categories := [row.kind.category for row in ordered if row.kind and row.kind.category]:
        given["mark_category"] = (categories[-1],)
    if last.mark == DEVICE:
        given |= {"verbal_element": None, "mark_feature": "figurative", "mark_feature_code": DEVICE}
    elif last.mark:
        given["verbal_element"] = last.mark
    # A row names one person only. When a filing is first published that is its applicant; later, others may
    # own it with them, and what announces a transfer may name the old owner or the new.
    owners = [row.owner for row in ordered if row.owner and row.kind and row.kind.publication == FIRST]
    if len(set(owners)) > 1:
        owners = []  # of two that a first publication names, nobody can tell who it is
    if owners:
        given["owners"] = (Party(name=owners[0]),)
    unread = [line for row in ordered for line in row.unclaimed()]
    unread += [
        f"reg_name = {clean_line(row.owner, 80)}: not taken for the owner of that day"
        for row in ordered
        if row.owner and row.owner not in owners
    ]
    given |= _status(number, ordered)
    record = make_record("CN", st13("CN", number), adds=adds, **given)
    return Reading(record, AsOf(last.date, "printed"), tuple(dict.fromkeys((*unread, *beside))))


def _status(number: str, ordered: list[_Row]) -> dict[str, Any]:
    """The status that the last announcement which decides one leaves behind; nothing where none does.

    Announcements of one day that decide two things, and one that keeps alive what an earlier one had ended
    (a revocation may be of some goods only), leave it unknown: their order, or their reach, no row tells.
    """
    deciding = [(row, kind.phase, kind.live) for row in ordered if (kind := row.kind) and kind.phase]
    if not deciding:
        return {}
    row, phase, live = deciding[-1]
    today = [one for one in deciding if one[0].date == row.date]
    ended = any(was is Live.DEAD for _, _, was in deciding)
    if len({(one[1], one[2]) for one in today}) > 1 or (ended and live is Live.LIVE):
        return {
            "status_code": None,
            "status_text": "；".join(dict.fromkeys(one.words for one, *_ in today)),
            "status_phase": Phase.UNKNOWN,
            "status_live": Live.UNKNOWN,
            "tm5_csd": None,
            "tm5_source": None,
        }
    tm5 = tm5_for(phase)
    found: dict[str, Any] = {
        "status_code": row.code,
        "status_text": row.words,
        "status_phase": phase,
        "status_live": live,
        "tm5_csd": tm5,
        "tm5_source": "computed" if tm5 else None,
    }
    if phase in REGISTERED:
        found["registration_number"] = number
    return found


def international(number: str) -> dict[str, str]:
    """What the letter before a number says: G stands for the designation of an international registration."""
    if not number.startswith("G"):
        return {}
    return {"international_registration_number": number[1:], "filing_route": "madrid_designation"}
