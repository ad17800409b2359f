"""The record of a WIPO Publish page, or the error that says what the page is instead."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tmwatch.errors import Incomplete, LayoutChanged, LookError, NotThisSource, ServerFault
from tmwatch.model import EventDetails, EventFact, MarkEvent, TradeMark, make_record
from tmwatch.numbers import st13
from tmwatch.sources.base import Answer, AsOf, Page, Reading, RecordQuery
from tmwatch.sources.phases import tm5_for
from tmwatch.sources.renamed import Kind, Missed, Stranger, refuse
from tmwatch.sources.wipo_publish import values
from tmwatch.sources.wipo_publish.page import LABEL, Field, Form, Table, is_closed, parse
from tmwatch.sources.wipo_publish.site import LOGO, Site
from tmwatch.sources.wipo_publish.tables import all_labels, knows_step, status_means, word_means
from tmwatch.text import clean_line

MOST_UNCLAIMED = 40  # enough to see what is new; a hostile page shall not fill the log
# What each page has: the program prints every label of its template, with an empty value where it has none.
_ALWAYS = ("filing", "status", "goods", "owners")
_KINDS: dict[str, Kind] = {"expiry": "date", "priority": "text"}
# Columns of tables; the column of a step's outcome is headed like the status of the filing.
_STEP_COLUMNS, _COLUMNS = ("step", "date", "status"), {"step", "date", "document", "document_link"}
_STEP_CODE = re.compile(r"(\d{3,5})\s+\S")
_NO_TEXT = re.compile(r"^[\s.,;:()/-]*$")


def read(site: Site, page: Page) -> Answer:
    """The one record of the page. Raises `LookError`s only."""
    try:
        return _answer(site, page)
    except LookError as error:
        error.where = ", ".join(part for part in (page.name or page.url, error.where) if part)
        raise
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise LayoutChanged(
            f"the page cannot be read ({type(error).__name__})",
            where=page.name or page.url,
            do="Save it again. If a browser shows it whole, its layout has changed: please report it.",
        ) from error


def _answer(site: Site, page: Page) -> Answer:
    title = f"The register at {site.host}"
    if LABEL.encode() not in page.body:
        raise _no_record(site, page, title)
    form = Form(parse(page), site.tables)
    if not form.fields:
        raise LayoutChanged(f"the page has no labels (`{LABEL}`)", do=_REPORT)
    if page.status >= 500:
        raise ServerFault(f"{title} answered with status {page.status}", do="The next look asks again.")
    form.refuse_unfilled(title)
    if not is_closed(page.body):
        raise Incomplete("the page is cut off before its end", do="Load or save the page again.")
    reading = _reading(site, form, page.body)
    return Answer((reading,), missing=_missing(site, page, reading.record), rows=1)


_REPORT = "If a browser shows the record there, the layout of the page has changed: please report it."


def _no_record(site: Site, page: Page, title: str) -> LookError:
    if page.status >= 500:
        return ServerFault(
            f"{title} answered with status {page.status}",
            do="The next look asks again: this register is known to fail often for a while.",
        )
    if site.host.encode() in page.body or site.host in page.url:
        return LayoutChanged(f"the page has no labels (`{LABEL}`)", do=_REPORT)
    return NotThisSource(
        "this is no record page of WIPO Publish", do="`tmwatch source list` shows what can be read."
    )


def _missing(site: Site, page: Page, record: TradeMark) -> tuple[str, ...]:
    """The number that was asked for, when the page is about another filing."""
    if not isinstance(page.query, RecordQuery):
        return ()
    return tuple(one for one in page.query.numbers if site.number_of(one) != record.application_number)


# -- the page with a record --------------------------------------------------------------------------


def _reading(site: Site, form: Form, body: bytes) -> Reading:
    _refuse_renamed(site, form)
    if not any(one.text for one in form.fields):
        raise Incomplete(
            "the page has every label and no value at all",
            do="Check the number in a browser; the next look asks again.",
        )
    number = _number(site, form, body)
    unknown: list[str] = []
    given: dict[str, Any] = {"application_number": number, **_filed(form)}
    given |= _status(site, form, unknown)
    given |= _registration(site, form)
    given |= _mark(site, form, number)
    given |= _rest(form)
    events, unread = _events(site, form)
    given["events"] = events
    record = make_record(site.office, st13(site.office, number), **given)
    return Reading(
        record,
        _as_of(record),
        tuple(dict.fromkeys((*_leftovers(form), *unread)))[:MOST_UNCLAIMED],
        tuple(dict.fromkeys(unknown)),
    )


def _refuse_renamed(site: Site, form: Form) -> None:
    """Raise `LayoutChanged` for a label that every page has and this one lacks, and for one that may be
    a known one under a new name."""
    labels, here = all_labels(site.tables), {one.means for one in form.fields}
    for means in _ALWAYS:
        if means not in here:
            raise LayoutChanged(f"the page has no label `{' / '.join(labels[means])}`", do=_REPORT)
    missed = [
        Missed(names, _KINDS.get(means, "text"))
        for means, names in labels.items()
        if means not in here and means not in _COLUMNS
    ]
    strangers = [Stranger(one.label, one.text or _picture(one)) for one in form.fields if not one.means]
    refuse(missed, [one for one in strangers if one.text], "record page")
    for means in here - {"", "kind"}:
        fields = form.all_of(means)
        # Number and date may have a label each; anything else has one, and none stands twice.
        one_only = means not in ("filing", "registration")
        if len({one.label for one in fields}) < len(fields) or (one_only and len(fields) > 1):
            raise LayoutChanged(f"label `{fields[0].label}` stands twice, with differing values")


def _picture(one: Field) -> str:
    return next((str(image.get("src") or "") for image in one.value.iter("img")), "")


def _one(form: Form, means: str) -> Field | None:
    return next(iter(form.all_of(means)), None)


def _number(site: Site, form: Form, body: bytes) -> str:
    written, _ = values.number_and_date(form.all_of("filing"))
    number = site.number_of(written or "")
    if number is None:
        raise LayoutChanged(
            f"no application number of this office: {clean_line(written or 'none', 40)}",
            do=f"Its application numbers look so: {site.understood}.",
        )
    page_id = site.id_of(number) or ""
    # The address of the picture and of the page's services name the filing: a mixed page must not pass.
    pattern = rb"/(?:trademarks/application|patentFamily/json|timeline/application)/(\w{4,40})"
    others = {found.decode("ascii", "replace") for found in re.findall(pattern, body)} - {page_id}
    if others:
        raise LayoutChanged(f"the page is about {number} and about {', '.join(sorted(others))}")
    return number


def _filed(form: Form) -> dict[str, Any]:
    _, filed = values.number_and_date(form.all_of("filing"))
    if filed is None:
        raise LayoutChanged("the application has no date of filing; every application has")
    return {"application_date": filed}


def _status(site: Site, form: Form, unknown: list[str]) -> dict[str, Any]:
    field = _one(form, "status")
    word = field.text if field is not None else ""
    meaning = status_means(site.tables, word)
    if word and not meaning.known:
        unknown.append(word)
    tm5 = tm5_for(meaning.phase)
    return {
        # Some pages print a bare code in place of a word.
        "status_code": word if word.isdigit() else None,
        "status_text": word or None,
        "status_phase": meaning.phase,
        "status_live": meaning.live,
        "tm5_csd": tm5,
        "tm5_source": "computed" if tm5 else None,
    }


def _registration(site: Site, form: Form) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if fields := form.all_of("registration"):
        number, date = values.number_and_date(fields)
        # The office's code may stand before it, as it does before the application number.
        bare = re.sub(rf"^(?:{site.office})?[\s-]*(?=\d)", "", number or "")
        found = {"registration_number": bare or None, "registration_date": date}
    if field := _one(form, "expiry"):
        number, date = values.number_and_date([field])
        if number:
            raise LayoutChanged(f"`{field.label}` is no date: {clean_line(number, 40)}")
        found["expiry_date"] = date
    return found


def _mark(site: Site, form: Form, number: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for picture in form.all_of("image"):
        found["image"] = _image(site, picture, number)
    if fields := form.all_of("kind"):
        said = [(one, word_means(site.tables, "kind", one.text)) for one in fields if one.text]
        for one, value in said:
            one.left += [one.text] if value is None else []
        if all(value is not None for _, value in said):
            found["mark_category"] = tuple(dict.fromkeys(value for _, value in said if value))
    if field := _one(form, "feature"):
        feature = word_means(site.tables, "feature", field.text) if field.text else None
        if field.text and feature is None:
            field.left.append(field.text)
        # Kept as the page writes it, beside the word of ST.96.
        found |= {"mark_feature": feature, "mark_feature_code": field.text or None}
    texts = ("verbal_element", "colour_claim", "description", "translation", "disclaimer")
    for name in texts:
        if field := _one(form, name):
            found[name] = values.words(field)
    return found


def _image(site: Site, field: Field, number: str) -> str | None:
    """The address of the picture at the register; a page saved with its pictures says where it saved them."""
    said = _picture(field)
    if not said or said.startswith(("https://", "http://")):
        return said or None
    return f"https://{site.host}{LOGO.format(id=site.id_of(number))}"


def _rest(form: Form) -> dict[str, Any]:
    readers = {
        "publications": ("publication", values.publications),
        "classes": ("goods", values.goods),
        "design_codes": ("figures", values.figures),
        "owners": ("owners", values.people),
        "representatives": ("representatives", values.people),
        "priorities": ("priority", values.priorities),
    }
    found: dict[str, Any] = {}
    for name, (means, reader) in readers.items():
        field = _one(form, means)
        value = reader(field) if field is not None else None
        if value is not None:
            found[name] = value
    for name, what in (("classes", "class of goods or services"), ("owners", "owner")):
        if not found[name]:
            raise LayoutChanged(f"the record has no {what}; every record has")
    return found


# -- steps -------------------------------------------------------------------------------------------


def _events(site: Site, form: Form) -> tuple[tuple[MarkEvent, ...], list[str]]:
    """The steps, oldest first, and what tables of the page are not read."""
    steps = [table for table in form.tables if "step" in table.means]
    if len(steps) != 1 or not set(_STEP_COLUMNS) <= set(steps[0].means):
        raise LayoutChanged(
            "the page has no table of steps with "
            + ", ".join(f"`{all_labels(site.tables)[name][0]}`" for name in _STEP_COLUMNS),
            do=_REPORT,
        )
    table = steps[0]
    unread = [
        f"column `{head}` of the steps"
        for head, means in zip(table.heads, table.means, strict=True)
        if not means
    ]
    events = [_event(site, table, row, unread) for row in table.rows if any(row)]
    times = Counter(events)
    if len(times) > 1 and all(count % 2 == 0 for count in times.values()):
        raise LayoutChanged("each step stands twice")
    for other in form.tables:
        if other is not table:
            unread += _other_table(other)
    return tuple(sorted(events, key=lambda event: event.date)), unread


def _event(site: Site, table: Table, row: list[str], unread: list[str]) -> MarkEvent:
    if len(row) != len(table.means):
        raise LayoutChanged(
            f"a step with {len(row)} cells under {len(table.means)} headings: {clean_line(str(row), 80)}"
        )
    cells = dict(zip(table.means, row, strict=True))
    text, date, status = cells["step"], values.day(cells["date"]), cells["status"]
    if date is None or not (text or status):
        raise LayoutChanged(f"a step that cannot be read: {clean_line(str(row), 80)}")
    code = _STEP_CODE.match(text)
    for word in (text, status):
        if word and not knows_step(site.tables, word, code[1] if code and word is text else None):
            unread.append(f"step `{clean_line(word, 80)}`, kept as it stands: no table says what it means")
    outcome = (EventFact(kind="outcome", text=status),) if text and status else ()
    return MarkEvent(
        date=date,
        text=text or status,
        code=code[1] if code else None,
        details=EventDetails(facts=outcome) if outcome else None,
    )


def _other_table(table: Table) -> Iterator[str]:
    """Documents are no part of the record: they are named. So is every other table."""
    name = "document" if "document" in table.means else "table"
    for row in table.rows:
        if any(row):
            yield f"{name} = {clean_line(' | '.join(cell for cell in row if cell), 200)}"


# -- what is left ------------------------------------------------------------------------------------


def _leftovers(form: Form) -> Iterator[str]:
    for one in form.fields:
        if not one.means and (one.text or _picture(one)):
            yield f"label `{clean_line(one.label, 80)}` = {clean_line(one.text or _picture(one), 200)}"
        for text in one.left:
            if not _NO_TEXT.match(text):
                yield f"label `{clean_line(one.label, 80)}` = {clean_line(text, 200)}"
    for text in form.outside:
        yield f"outside of all labels: {clean_line(text, 200)}"


def _as_of(record: TradeMark) -> AsOf | None:
    """The page prints no stamp: the latest past fact on it. A term may lie ahead, so it is none."""
    days: list[dt.date | None] = [record.application_date, record.registration_date]
    days += [event.date for event in record.events]
    days += [publication.date for publication in record.publications]
    known = [day for day in days if day is not None]
    return AsOf(max(known), "not_earlier_than") if known else None
