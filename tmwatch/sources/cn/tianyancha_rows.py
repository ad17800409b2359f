"""One row of a Tianyancha answer: its fields, how strictly they are read, what stays unread."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from tmwatch.errors import LayoutChanged, NotThisSource
from tmwatch.model import GoodsServices, Party, make_record
from tmwatch.numbers import st13, st13_or_none
from tmwatch.sources.base import AsOf, Page, Reading
from tmwatch.sources.cn.status import REGISTERED
from tmwatch.sources.cn.status import meaning as meaning
from tmwatch.sources.phases import tm5_for
from tmwatch.sources.renamed import Kind, Missed, Stranger, refuse
from tmwatch.text import clean_line, fold, fold_space, mended

_BEIJING = ZoneInfo("Asia/Shanghai")
_NUMBER = re.compile(r"G?\d{1,8}[A-Z]{0,2}")  # G: designation of an international registration
_CLASS = re.compile(r"第?\s*(\d{1,2})\s*(?:类|$|-.*)", re.DOTALL)  # "38", "第38类", "38-通讯服务"
_COUNT = re.compile(r"[0-9]{1,12}")
_TAG = re.compile(r"<[^<>]*>")
_STEP = re.compile(r"""["']time["']\s*:""")

_NEW_LAYOUT = (
    "tmwatch believes nothing of this page until it knows the new layout. Please report it, without the "
    "token, to whoever keeps this source."
)

# Every name seen in public client code. `id` and `uni` are Tianyancha's own, `searchType` and `_type`
# the plumbing of its search; `tmFlow` and `connList` are read only as far as `_unclaimed` says.
_KNOWN = frozenset(
    {
        *("id", "regNo", "tmName", "tmClass", "longCls", "intCls", "appDate", "applicantCn", "status"),
        *("category", "eventTime", "tmFlow", "tmPic", "uni", "connList", "searchType", "_type"),
    }
)
_OPTIONAL: tuple[tuple[str, Kind], ...] = (("category", "text"), ("eventTime", "date"), ("tmPic", "text"))


def load(page: Page) -> Mapping[str, Any]:
    """The JSON object of a page. Raises `NotThisSource` when it is none, or has no `error_code`."""
    where = page.name or page.url
    text = _decode(page)
    try:
        answer = mended(json.loads(text)) if text is not None else None
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("error_code"), int | str):
        raise NotThisSource(
            "this is not an answer of the Tianyancha Open API: no JSON object with an `error_code`",
            where=where,
            do="Save the answer of /services/open/ipr/tm/2.0 or …/tm/search as it came.",
        )
    return answer


def _decode(page: Page) -> str | None:
    """UTF-8 if it can be, else the declared charset, else GB18030: a wrong header must not garble text."""
    declared = re.search(r"charset=\"?([\w.-]+)", page.content_type, re.IGNORECASE)
    for charset in ("utf-8-sig", declared.group(1) if declared else "gb18030", "gb18030"):
        try:
            return page.body.decode(charset)
        except (UnicodeDecodeError, LookupError):
            continue
    return None


def result(answer: Mapping[str, Any], page: Page) -> tuple[int, list[Any]]:
    """(the site's own count of rows, the rows of this page)."""
    where = page.name or page.url
    found = answer.get("result")
    if not isinstance(found, dict):
        raise LayoutChanged("`result` is no object", where=where, do=_NEW_LAYOUT)
    said, items = found.get("total"), found.get("items")
    total = int(said) if isinstance(said, str) and _COUNT.fullmatch(said) else said
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise LayoutChanged(
            f"`result.total` is no count: {clean_line(str(said), 40)}", where=where, do=_NEW_LAYOUT
        )
    if items is None and total == 0:
        items = []
    if not isinstance(items, list):
        raise LayoutChanged("`result.items` is no list", where=where, do=_NEW_LAYOUT)
    return total, items


def reading(item: Any, place: int, where: str) -> Reading:
    """One row as a record of one class. Raises `LayoutChanged` naming row and field."""
    row = _Row(item, place, where)
    row.refuse_renamed()
    number = row.number()
    word, code = row.status()
    status = meaning(code or word)
    applied, stepped = row.day("appDate"), row.day("eventTime")
    given: dict[str, Any] = {
        "application_number": number,
        "application_date": applied,
        "verbal_element": _without_highlight(row.text("tmName")),
        # "" says "no status of its own": `combine` fills it in where classes differ.
        "classes": (GoodsServices(class_number=row.nice_class(), status_text=""),),
        "owners": tuple(Party(name=name) for name in [_without_highlight(row.text("applicantCn"))] if name),
        "status_text": status.word,
        "status_phase": status.phase,
        "status_live": status.live,
        "tm5_csd": tm5_for(status.phase),
        "tm5_source": "computed" if tm5_for(status.phase) else None,
    }
    # What a row may lack is not given by it; null or "" is given, and empty.
    if row.has("category"):
        given["latest_step"] = row.text("category")
    if row.has("eventTime"):
        given["latest_step_date"] = stepped
    if row.has("tmPic"):
        given["image"] = row.text("tmPic")
    if code:
        given["status_code"] = code
    if status.phase in REGISTERED:
        given["registration_number"] = number
    known = [day for day in (applied, stepped) if day is not None]
    return Reading(
        make_record("CN", st13("CN", number), **given),
        AsOf(max(known), "not_earlier_than") if known else None,
        tuple(row.unclaimed()),
        # An empty status is unknown, but it is not a word that a table could learn.
        (code or word,) if (code or word) and not status.known else (),
    )


def _without_highlight(text: str | None) -> str | None:
    """A search may mark its hits with <em>; a mark does not change because it was searched for."""
    return text.replace("<em>", "").replace("</em>", "") if text and "</em>" in text else text


class _Row:
    """Typed access to one row, so that every refusal names row and field."""

    def __init__(self, item: Any, place: int, where: str) -> None:
        self._place, self._where = place, where
        if not isinstance(item, dict):
            raise self._refuse("it is no object")
        self._item: dict[str, Any] = item

    def _refuse(self, why: str) -> LayoutChanged:
        return LayoutChanged(
            f"row {self._place} cannot be read: {why}",
            where=self._where,
            do=_NEW_LAYOUT,
        )

    def has(self, name: str) -> bool:
        """Whether the row gives this at all, be it empty."""
        return name in self._item

    def refuse_renamed(self) -> None:
        """What a row may lack, and a name that nobody knows beside it: see `sources.renamed`."""
        strangers = [
            Stranger(name, clean_line(str(value), 80), isinstance(value, dict | list))
            for name, value in self._item.items()
            if name not in _KNOWN and value not in (None, "", [], {}, False)
        ]
        missed = [Missed((name,), kind) for name, kind in _OPTIONAL if name not in self._item]
        refuse(missed, strangers, f"{self._where}, row {self._place}")

    def text(self, name: str) -> str | None:
        """A text as it stands; None where the row says null."""
        if name not in self._item:
            raise self._refuse(f"`{name}` is missing")
        value = self._item.get(name)
        if value is not None and not isinstance(value, str):
            raise self._refuse(f"`{name}` is no text: {clean_line(str(value), 40)}")
        return value

    def number(self) -> str:
        value = self._item.get("regNo")
        plain = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if not _NUMBER.fullmatch(plain) or st13_or_none("CN", plain) is None:
            raise self._refuse(f"`regNo` is no Chinese number: {clean_line(str(value), 40)}")
        return plain

    def status(self) -> tuple[str, str]:
        """(word, number): one of them is ""."""
        value = self._item.get("status")
        if isinstance(value, int) and not isinstance(value, bool):
            return "", str(value)
        word = fold_space(self.text("status") or "")
        return ("", word) if word.isascii() and word.isdigit() else (word, "")

    def nice_class(self) -> str:
        """All names that carry the class must agree."""
        said = {name: self._item[name] for name in ("tmClass", "longCls", "intCls") if self._item.get(name)}
        found = {name: _CLASS.fullmatch(str(value).strip()) for name, value in said.items()}
        numbers = {int(match.group(1)) for match in found.values() if match}
        if len(numbers) != 1 or not all(found.values()) or not 1 <= min(numbers) <= 45:
            raise self._refuse(f"no Nice class to be had from {clean_line(str(said), 80)}")
        return str(numbers.pop())

    def day(self, name: str) -> dt.date | None:
        """The day in Beijing of an instant in milliseconds (number or text), or of a written date."""
        value = self._item.get(name)
        if name not in self._item and name == "appDate":
            raise self._refuse("`appDate` is missing")
        if value is None or value == "":
            return None
        try:
            if isinstance(value, str) and re.match(r"\d{4}-\d{2}-\d{2}", value):
                return dt.datetime.fromisoformat(value).date()
            if isinstance(value, bool | float):
                raise ValueError
            instant = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=int(value))
            return instant.astimezone(_BEIJING).date()
        except (ValueError, TypeError, OverflowError):
            raise self._refuse(f"`{name}` is no date: {clean_line(str(value), 40)}") from None

    def unclaimed(self) -> Iterator[str]:
        """What the row carries beyond what we read."""
        for name in sorted(self._item.keys() - _KNOWN):
            yield f"{clean_line(name, 40)} = {clean_line(str(self._item[name]), 60)}"
        # The steps have codes without published meaning; the last one is `category` at `eventTime`.
        steps = len(_STEP.findall(str(self._item.get("tmFlow") or "")))
        if steps > 1:
            yield "tmFlow = earlier steps, by codes of unpublished meaning"
        applicant = fold(_without_highlight(self.text("applicantCn")) or "")
        for name in self._linked():
            if fold(name) != applicant:
                yield f"connList = {clean_line(name, 60)}"

    def _linked(self) -> Iterator[str]:
        """Company names in `connList`: texts, each perhaps a link in HTML."""
        listed = self._item.get("connList")
        for entry in listed if isinstance(listed, list) else [listed]:
            if name := fold_space(_TAG.sub("", str(entry or ""))):
                yield name
