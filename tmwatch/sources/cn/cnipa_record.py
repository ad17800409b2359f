"""The record of a saved page of the CNIPA's register, or the error that says what the page is instead."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from typing import Any

from lxml.html import HtmlElement as Element

from tmwatch.errors import (
    Blocked,
    Declined,
    Incomplete,
    LayoutChanged,
    LoginRequired,
    LookError,
    NotThisSource,
    ServerFault,
)
from tmwatch.model import (
    EventDetails,
    EventFact,
    MarkEvent,
    Party,
    Priority,
    Publication,
    TradeMark,
    make_record,
)
from tmwatch.numbers import st13, st13_or_none
from tmwatch.sources.base import Answer, AsOf, Page, Reading, RecordQuery
from tmwatch.sources.cn import cnipa_page
from tmwatch.sources.cn.cnipa_gazette import FIRST, GAZETTE, NUMBER, SECOND, international
from tmwatch.sources.cn.cnipa_goods import classes_of
from tmwatch.sources.cn.cnipa_page import (
    REPORT,
    Field,
    Fields,
    days_in,
    label_means,
    names_of,
    rows_of,
    text_of,
)
from tmwatch.sources.cn.status import REGISTERED, meaning, table
from tmwatch.sources.phases import tm5_for
from tmwatch.sources.renamed import Kind, Missed, Stranger, refuse
from tmwatch.text import clean_line

_ALWAYS = ("number", "filed", "classes", "owner", "status")
_DATES = frozenset(
    {"filed", "first_date", "second_date", "international_date", "later_designation", "priority"}
)
_NUMBERS = frozenset({"first_issue", "second_issue"})
# Understood, without a place in the record; the goods stand in their own box.
_SILENT = frozenset({"flow_link", "goods", "group"})
# Headings of tables only, or labels that older pages lack.
_NOT_EXPECTED = frozenset(
    {"group", "item", "business", "step", "conclusion", "date", "goods", "flow_link"}
    # Client code knows these two, the documented list of labels does not.
    | {"verbal_element", "co_owners"}
)
_FLOW = ("number", "business", "step", "conclusion", "date")
_END = re.compile(rb"</(?:html|body)\s*>", re.IGNORECASE)
_SHELL = re.compile(rb"\$_ts\b|<(?:script|meta)\b[^<>]{0,100000}\br\s*=\s*[\"']?m\b", re.IGNORECASE)
_BY_HAND = (
    "Open the filing in a browser, wait until its record stands there, save the page (complete) and "
    "`tmwatch import` the file."
)


def read(page: Page) -> Answer:
    """The one record of the page. Raises `LookError`s only."""
    try:
        return _answer(page)
    except LookError as error:
        error.where = ", ".join(part for part in (page.name or page.url, error.where) if part)
        raise
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise LayoutChanged(
            f"the page cannot be read ({type(error).__name__})", where=page.name or page.url, do=REPORT
        ) from error


def _answer(page: Page) -> Answer:
    if b"<" not in page.body:
        raise NotThisSource(
            "this is no page of the CNIPA", do="`tmwatch source list` shows what can be read."
        )
    tree = cnipa_page.parse(page)
    box = next(iter(tree.xpath("//*[@id='tmContent']")), None)
    flow = tree.xpath("//*[contains(concat(' ', normalize-space(@class), ' '), ' lcbg ')]//table")
    if (box is None or not text_of(box)) and not flow:
        raise _no_record(page, tree)
    if not _END.search(page.body[-4000:]):
        raise Incomplete("the page is cut off before its end", do="Load it whole and save it again.")
    given: dict[str, Any] = {}
    unread: list[str] = []
    unknown: list[str] = []
    numbers: set[str] = set()
    if box is not None:
        goods = next(iter(tree.xpath("//*[@id='list_box']")), None)
        number = _detail(box, goods, given, unread, unknown)
        numbers.add(number)
    for steps in flow:
        numbers |= _flow(steps, given, unread)
    if len(numbers) != 1:
        raise LayoutChanged(
            f"the page is about several numbers: {', '.join(sorted(numbers))}",
            do="Save the page of one filing at a time.",
        )
    (number,) = numbers
    given |= {"application_number": number, **international(number)}
    record = make_record("CN", st13("CN", number), **given)
    reading = Reading(
        record, _as_of(tree, record), tuple(dict.fromkeys(unread)), tuple(dict.fromkeys(unknown))
    )
    return Answer((reading,), missing=_missing(page, number), rows=1)


def _missing(page: Page, number: str) -> tuple[str, ...]:
    asked = page.query.numbers if isinstance(page.query, RecordQuery) else ()
    return tuple(one for one in asked if one.lstrip("0") != number.lstrip("0"))


def _no_record(page: Page, tree: Element) -> LookError:
    """What a page without `#tmContent` and without steps is."""
    text = text_of(tree)
    if page.status >= 500:
        return ServerFault(f"the register answered with status {page.status}", do=_BY_HAND)
    if _SHELL.search(page.body):
        return Declined(
            "the page holds the script shell that shuts programs out (Rui-Shu), and no record: the CNIPA's "
            "register declines programs",
            do=f"tmwatch never asks it and never gets round the shell. {_BY_HAND}",
        )
    if page.status in (403, 406, 412):
        return Declined(f"the register declines programs (status {page.status})", do=_BY_HAND)
    if tree.xpath("//input[translate(@type, 'PASWORD', 'pasword')='password']"):
        return LoginRequired("the page is a login page", do=f"tmwatch has no login there. {_BY_HAND}")
    if len(text) < 800 and re.search("验证码|滑动验证|拖动滑块|安全验证", text):
        return Blocked("the page is a captcha", do=f"tmwatch never solves one. {_BY_HAND}")
    return NotThisSource(
        "this is no detail page, no flow page and no gazette row of the CNIPA (`#tmContent`, `.lcbg`)",
        do=_BY_HAND,
    )


# -- the detail page -----------------------------------------------------------------------------------


def _detail(
    box: Element, goods: Element | None, given: dict[str, Any], unread: list[str], unknown: list[str]
) -> str:
    fields = Fields(box, goods)
    _refuse_renamed(fields)
    number = _number(_text(fields, "number"))
    filed = _day(fields, "filed")
    if filed is None:
        raise LayoutChanged("the application has no date of filing; every application has")
    given["application_date"] = filed
    given["classes"] = classes_of(fields, goods, unread)
    given |= _status(fields, unknown)
    given |= _dates(fields)
    given |= _mark(fields)
    given |= _people(fields)
    published = any(item.section == SECOND for item in given.get("publications", ()))
    if published or given["status_phase"] in REGISTERED:
        given["registration_number"] = number
    _unplaced(fields)
    unread += fields.leftovers()
    return number


def _refuse_renamed(fields: Fields) -> None:
    here = {one.means for one in fields.fields}
    for means in _ALWAYS:
        if means not in here:
            raise LayoutChanged(f"the page has no label `{' / '.join(names_of(means))}`", do=REPORT)
    every = {means for means in map(label_means, _all_labels()) if means not in _NOT_EXPECTED}
    missed = [Missed(names_of(means), _kind(means)) for means in sorted(every - here)]
    strangers = [Stranger(one.label, one.text) for one in fields.fields if not one.means and one.text]
    # `_kind` goes by digits and dashes; the office writes 年月日.
    plain = [one._replace(text=str(cnipa_page.day(one.text) or one.text)) for one in strangers]
    refuse(missed, plain, "detail page")


def _all_labels() -> list[str]:
    return [row["label"] for row in table("cnipa_labels")]


def _kind(means: str) -> Kind:
    return "date" if means in _DATES else "number" if means in _NUMBERS else "text"


def _text(fields: Fields, means: str) -> str:
    one = fields.one(means)
    return one.text if one is not None else ""


def _number(written: str) -> str:
    number = written.replace(" ", "").upper()
    if not NUMBER.fullmatch(number) or st13_or_none("CN", number) is None:
        raise LayoutChanged(f"`{names_of('number')[0]}` is no Chinese number: {clean_line(written, 40)}")
    return number


def _day(fields: Fields, means: str) -> dt.date | None:
    one = fields.one(means)
    if one is None or not one.text:
        return None
    found = cnipa_page.day(one.text)
    if found is None:
        raise LayoutChanged(f"`{one.label}` is no date: {clean_line(one.text, 40)}")
    return found


def _status(fields: Fields, unknown: list[str]) -> dict[str, Any]:
    one = fields.one("status")
    word = one.text if one is not None else ""
    if one is not None and not word and one.picture:
        one.left.append(f"a picture that says nothing in words: {one.picture}")
    said = meaning(word)
    if word and not said.known:
        unknown.append(word)
    tm5 = tm5_for(said.phase)
    return {
        "status_text": said.word or None,
        "status_phase": said.phase,
        "status_live": said.live,
        "tm5_csd": tm5,
        "tm5_source": "computed" if tm5 else None,
    }


def _dates(fields: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {}
    publications = []
    for section, issue, date in (
        (FIRST, "first_issue", "first_date"),
        (SECOND, "second_issue", "second_date"),
    ):
        when, which = _day(fields, date), _text(fields, issue)
        if when or which:
            publications.append(Publication(date=when, gazette=GAZETTE, issue=which or None, section=section))
    if fields.one("first_date") is not None and fields.one("second_date") is not None:
        found["publications"] = tuple(publications)
    term = fields.one("term")
    ends = days_in(term.text) if term is not None else []
    if term is not None:
        # `2018年01月21日 至 2028年01月20日`; an application has no term, and the words for "to" at most.
        if len(ends) not in (0, 2) or (not ends and any(char.isdigit() for char in term.text)):
            raise LayoutChanged(f"`{term.label}` is no term of two days: {clean_line(term.text, 60)}")
        found["expiry_date"] = ends[1] if ends else None
    published = _day(fields, "second_date")
    if fields.one("second_date") is not None or ends:
        found["registration_date"] = published or (ends[0] if ends else None)
    if term is not None and ends and ends[0] != found.get("registration_date"):
        # After an opposition the right runs from another day than that of the registration.
        term.left.append(f"the right runs from {ends[0]}")
    if (priority := fields.one("priority")) is not None:
        claimed = days_in(priority.text)
        if priority.text and not claimed:
            raise LayoutChanged(f"`{priority.label}` is no date: {clean_line(priority.text, 40)}")
        found["priorities"] = tuple(Priority(date=date) for date in dict.fromkeys(claimed))
    return found


def _mark(fields: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if (words := fields.one("verbal_element")) is not None:
        found["verbal_element"] = words.text or None
    if (category := fields.one("category")) is not None:
        value = cnipa_page.word_means("category", category.text) if category.text else None
        if category.text and value is None:
            category.left.append(category.text)
        else:
            found["mark_category"] = (value,) if value else ()
    if (feature := fields.one("feature")) is not None:
        value = cnipa_page.word_means("feature", feature.text) if feature.text else None
        if feature.text and value is None:
            feature.left.append(feature.text)
        found |= {"mark_feature": value, "mark_feature_code": feature.text or None}
    return found


def _people(fields: Fields) -> dict[str, Any]:
    chinese, english = _text(fields, "owner"), _text(fields, "owner_en")
    lines = tuple(filter(None, (_text(fields, "address"), _text(fields, "address_en"))))
    if not chinese and not english:
        raise LayoutChanged("the record has no applicant; every record has")
    first = Party(
        name=chinese or english,
        aliases=(english,) if chinese and english and english != chinese else None,
        address_lines=lines or None,
    )
    others = fields.one("co_owners")
    names = (
        [name for text in cnipa_page.pieces(others.value) for name in re.split("[;；、,，]", text)]
        if others
        else []
    )
    owners = [first, *(Party(name=name.strip()) for name in names if name.strip() not in ("", first.name))]
    shared = fields.one("shared")
    if shared is not None and shared.text:
        value = cnipa_page.word_means("shared", shared.text)
        if value is None or (value == "yes") != (len(owners) > 1):
            shared.left.append(shared.text)  # shared with whom the page does not say
    found: dict[str, Any] = {
        "owners": tuple(one.model_copy(update={"sequence": place}) for place, one in enumerate(owners, 1))
    }
    if (agent := fields.one("agent")) is not None:
        found["representatives"] = (Party(name=agent.text),) if agent.text else ()
    return found


def _unplaced(fields: Fields) -> None:
    """Days of the international registration: Madrid Monitor is the register for those."""
    for means in ("international_date", "later_designation"):
        one = fields.one(means)
        if one is not None and one.text:
            _day(fields, means)
            one.left.append(one.text)


# -- the flow page -------------------------------------------------------------------------------------


def _flow(steps: Element, given: dict[str, Any], unread: list[str]) -> set[str]:
    """The steps, oldest first, and the number that each of them names."""
    rows = [row for row in rows_of(steps) if any(row)]
    means = [label_means(cell) for cell in rows[0]] if rows else []
    if not set(_FLOW) <= set(means):
        wanted = "、".join(names_of(name)[0] for name in _FLOW)
        raise LayoutChanged(
            f"the steps are not headed {wanted}: {clean_line(' '.join(rows[0] if rows else []), 80)}"
        )
    if len(rows) < 2:
        raise Incomplete("the flow page has no step; every filing has one", do=_BY_HAND)
    unread += [
        f".lcbg: column `{clean_line(cell, 40)}`"
        for cell, name in zip(rows[0], means, strict=True)
        if not name
    ]
    numbers: set[str] = set()
    events = []
    for row in rows[1:]:
        if len(row) != len(means):
            raise LayoutChanged(f"a step that cannot be read: {clean_line(' '.join(row), 80)}")
        cells = dict(zip(means, row, strict=True))
        numbers.add(_number(cells["number"]))
        events.append(_event(cells))
    times = Counter(events)
    if len(times) > 1 and all(count % 2 == 0 for count in times.values()):
        raise LayoutChanged("each step stands twice")
    if events[0].date > events[-1].date:
        events.reverse()  # the newest first: the order within a day is the other way round, too
    given["events"] = tuple(sorted((*given.get("events", ()), *events), key=lambda event: event.date))
    return numbers


def _event(cells: dict[str, str]) -> MarkEvent:
    date = cnipa_page.day(cells["date"])
    if date is None or not cells["step"]:
        raise LayoutChanged(
            f"a step without a readable day or name: {clean_line(' '.join(cells.values()), 80)}"
        )
    # As the open interface of Tianyancha writes the same step: 商标注册申请---申请收文.
    text = "---".join(filter(None, (cells["business"], cells["step"])))
    facts = (EventFact(kind="conclusion", text=cells["conclusion"]),) if cells["conclusion"] else ()
    return MarkEvent(date=date, text=text, details=EventDetails(facts=facts) if facts else None)


def _as_of(tree: Element, record: TradeMark) -> AsOf | None:
    if printed := cnipa_page.stamp(tree):
        return AsOf(printed, "printed")
    days: list[dt.date | None] = [record.application_date, record.registration_date]
    days += [event.date for event in record.events]
    days += [publication.date for publication in record.publications]
    known = [day for day in days if day is not None]
    return AsOf(max(known), "not_earlier_than") if known else None


__all__ = ["Field", "read"]
