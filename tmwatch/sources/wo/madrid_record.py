"""The record of a page of `wo.madrid`, or the error that says what the page is instead."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from bs4 import BeautifulSoup, Tag
from bs4.builder import ParserRejectedMarkup

from tmwatch.errors import Blocked, Incomplete, LayoutChanged, LookError, NotFound, NotThisSource, Throttled
from tmwatch.model import Live, Party, Publication, TradeMark, make_record
from tmwatch.sources.base import Answer, AsOf, Page, Reading, RecordQuery
from tmwatch.sources.markup import parse
from tmwatch.sources.phases import tm5_for
from tmwatch.sources.wo.madrid import MONITOR, OFFICE, bare_number, st13_of
from tmwatch.sources.wo.madrid_events import History, read_history
from tmwatch.sources.wo.madrid_page import (
    Claims,
    attr,
    classes_of,
    tags_in,
    text_of,
)
from tmwatch.sources.wo.madrid_standing import Whole, of_offices, of_whole
from tmwatch.sources.wo.madrid_today import (
    TEXTS,
    Parts,
    language_of,
    read_repeats,
    read_today,
    settle,
    summary_of,
)
from tmwatch.sources.wo.tables import squeeze, status_of_word

_MOST_TAGS = 400_000  # a page of 108 entries has some ten thousand
_MANY_TAGS, _LEAST_A_TAG = 20_000, 33
_IDS = ("romarinDetails", "headerStatusTable", "markInformationHeader", "fragment-detail", "fragment-history")
_LIMIT = re.compile(
    rb"too many requests|rate limit exceeded|maximum number of (?:search|requests)", re.IGNORECASE
)
_CHALLENGE = re.compile(
    rb"captcha|altcha|cf-chl|challenge-platform|awswaf|_incapsula_|just a moment|checking your browser",
    re.IGNORECASE,
)
# "1266721- Clalen", "295028A- SAMPLE", "1266721-" for a mark without words.
_TITLE = re.compile(r"(\d{1,7}[A-Z]?)\s*-\s*(.*)", re.DOTALL)


def read(page: Page) -> Answer:
    """The one record of the page. Raises `LookError`s only."""
    try:
        tags = page.body.count(b"<") - page.body.count(b"</")
        if tags > _MOST_TAGS or (tags > _MANY_TAGS and len(page.body) < _LEAST_A_TAG * tags):
            raise LayoutChanged(f"{tags} tags are no page of one registration")
        soup = parse(page.body, page.content_type)
        ids = {attr(tag, "id"): tag for tag in reversed(list(tags_in(soup))) if "id" in tag.attrs}
        if "romarinDetails" not in ids:
            raise _no_record(page, soup, ids)
        return _answer(page, soup, ids)
    except LookError as error:
        error.where = ", ".join(part for part in (page.name or page.url, error.where) if part)
        if isinstance(error, LayoutChanged) and not error.do:
            error.do = "Save the page again. If a browser shows it whole, please report it."
        raise
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, ParserRejectedMarkup) as error:
        raise LayoutChanged(
            f"the page cannot be read ({type(error).__name__})",
            where=page.name or page.url,
            do="Save it again. If a browser shows it whole, its layout has changed: please report it.",
        ) from error


# -- pages that hold no record ---------------------------------------------------------------------------


def _no_record(page: Page, soup: BeautifulSoup, ids: dict[str, Tag]) -> LookError:
    """What a page without `#romarinDetails` is."""
    if _LIMIT.search(page.body[:200_000]):
        return Throttled(
            "Madrid Monitor says that it was asked too often", do="Wait, and save the page again."
        )
    ours = MONITOR.search(page.body) is not None
    if not ours and _CHALLENGE.search(page.body[:200_000]):
        return Blocked(
            "the answer is a challenge for a browser, not a record",
            do="tmwatch solves no captchas. Save the page in a browser and `tmwatch import` the file.",
        )
    if not ours and page.query is None:
        return NotThisSource("this is no page of Madrid Monitor")
    if not _is_closed(page.body):
        return _cut()
    if {"documentContent", "topHeader"} <= ids.keys() and _is_empty(soup):
        return _missing(page)
    return LayoutChanged("the page lacks `#romarinDetails`, in which every registration stands")


def _missing(page: Page) -> NotFound:
    asked = ", ".join(page.query.numbers) if isinstance(page.query, RecordQuery) else ""
    return NotFound(
        f"Madrid Monitor has no registration {asked}".strip() + ": the page is its empty form",
        do="Check the number; a registration split off has a letter behind it (WO 1266721A).",
    )


def _is_empty(soup: BeautifulSoup | Tag) -> bool:
    """Not one label, entry, class or day of a filing."""
    for tag in tags_in(soup):
        classes = classes_of(tag)
        if "transaction" in classes and attr(tag, "tag") not in ("", "INITIAL_LINKS"):
            return False
        if {"inidCode", "client", "gsterm"} & set(classes) and text_of(tag):
            return False
    return True


def _cut() -> Incomplete:
    return Incomplete("the page ends before its end", do="Save the whole page again.")


def _is_closed(body: bytes) -> bool:
    return re.sub(rb"<!--.*?-->\s*", b"", body[-4000:], flags=re.DOTALL).rstrip().lower().endswith(b"</html>")


# -- the record ------------------------------------------------------------------------------------------


def _answer(page: Page, soup: BeautifulSoup, ids: dict[str, Tag]) -> Answer:
    root = ids["romarinDetails"]
    if not _is_closed(page.body):
        raise _cut()
    title = next((tag for tag in tags_in(root) if tag.name == "h3"), None)
    if (title is None or not re.search(r"\d", text_of(title))) and _is_empty(root):
        raise _missing(page)
    if lacking := [name for name in _IDS if name not in ids]:
        raise LayoutChanged(f"the page lacks {', '.join(f'`#{name}`' for name in lacking)}")
    found = _TITLE.fullmatch(text_of(title)) if title is not None else None
    if title is None or found is None:
        raise LayoutChanged("the title of the page is no number with a mark", where="headerStatusTable")
    claims = Claims()
    claims.take(title)
    if any("inid" in classes_of(tag) for tag in _outside(soup, root)):
        raise LayoutChanged("labels stand outside of `#romarinDetails`")
    parts = Parts(claims)
    summary = summary_of(ids["markInformationHeader"], parts, language_of(page))
    read_today(ids["fragment-detail"], parts)
    history = read_history(ids["fragment-history"], claims)
    read_repeats(ids["fragment-history"], parts)
    settle(parts, summary)
    number = bare_number(found[1])
    _same_number(page, number, root, ids)
    return _whole(number, found[2], parts, history, ids, root)


def _outside(soup: BeautifulSoup, root: Tag) -> list[Tag]:
    inside = {id(tag) for tag in tags_in(root)}
    return [tag for tag in tags_in(soup) if id(tag) not in inside and "class" in tag.attrs]


def _same_number(page: Page, number: str, root: Tag, ids: dict[str, Tag]) -> None:
    """The page is of one registration throughout, and of the one that was asked for."""
    said = attr(ids.get("currentStatus"), "irn")
    if said and bare_number(said) != number:
        raise LayoutChanged(f"the page says {said} and {number} for its registration")
    if isinstance(page.query, RecordQuery) and [bare_number(one) for one in page.query.numbers] != [number]:
        raise LayoutChanged(
            f"registration {', '.join(page.query.numbers)} was asked for, and {number} was answered",
            do="Nothing of the answer is stored. tmwatch asks again.",
        )


# -- put together ----------------------------------------------------------------------------------------


def _whole(number: str, words: str, parts: Parts, history: History, ids: dict[str, Tag], root: Tag) -> Answer:
    given, claims = parts.given, parts.claims
    words = squeeze(words)
    for alt in given.pop("alts") - {words}:
        # A picture's words that are not the title's: the page says two things for its mark.
        if words:
            claims.odd(f"words of the picture = {alt[:100]}")
        else:
            words = alt
    as_of = _as_of(ids, history)
    status = ids.get("currentStatus")
    code, text = attr(status, "status"), attr(status, "status_of_registration")
    word = status_of_word(code, text) if code or text else None
    unknown = list(history.unknown)
    if (code or text) and word is None:
        unknown.append(f"status `{' '.join(one for one in (code, text) if one)}` is not in the table")
    if status is not None and text_of(status) == text:
        claims.take(status)
    expires = next(iter(parts.dates["expires"]), None)
    registered = next(iter(parts.dates["registered"]))
    whole = of_whole([*history.entries], expires, as_of.day, word)
    if (code or text) and word is None and whole.live is not Live.DEAD:
        whole = Whole(*_UNKNOWN)
    tm5 = tm5_for(whole.phase)
    first = history.entries[0]
    issue, _, gazette = ((first.event.details.gazette if first.event.details else None) or "").partition(" ")
    designations = of_offices(history.entries, parts.today, parts.use_declared, as_of.day, whole)
    said: dict[str, Any] = (
        dict.fromkeys(_OPTIONAL)
        | given
        | {
            "application_number": number,
            "registration_number": number,
            "international_registration_number": number,
            "application_date": registered,
            "registration_date": registered,
            "expiry_date": expires,
            "publications": (
                (Publication(date=first.listed_day, gazette=gazette or None, issue=issue or None),)
                if first.does.whole == "registered" and first.listed_day
                else ()
            ),
            "termination_date": whole.entry.event.date if whole.entry and whole.live is Live.DEAD else None,
            "termination_kind": whole.phase.value if whole.live is Live.DEAD else None,
            "status_code": code or None,
            "status_text": text or None,
            "status_date": whole.entry.event.date if whole.entry else None,
            "status_phase": whole.phase,
            "status_live": whole.live,
            "tm5_csd": tm5,
            "tm5_source": "computed" if tm5 else None,
            "verbal_element": words or None,
            "owners": tuple(_holder(place, party, parts) for place, party in enumerate(given["owners"])),
            "related_marks": history.related,
            "designations": designations,
            "events": tuple(one.event for one in history.entries),
        }
    )
    record = make_record(OFFICE, st13_of(number), **said)
    return Answer((Reading(record, as_of, claims.left(root), tuple(unknown)),), rows=1)


_UNKNOWN = (TradeMark.model_fields["status_phase"].default, Live.UNKNOWN)
# Places that the page has only where there is something to say: where one is missing, it is empty.
_OPTIONAL = (
    *("owner_history", "representatives", "correspondence", "priorities", "basic_marks", "design_codes"),
    *("mark_category", "mark_feature", "standard_characters", *TEXTS.values()),
)


def _holder(place: int, party: Party, parts: Parts) -> Party:
    note = "; ".join(parts.notes.get(place, ())) or None
    return party.model_copy(update={"note": note, "legal_form": parts.legal_forms.get(place)})


def _as_of(ids: dict[str, Tag], history: History) -> AsOf:
    """The page's own stamp: the day on which the record last moved. Else the latest day of an entry."""
    stamp = ids.get("dataStatusAndVersion")
    if stamp is not None and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text_of(stamp)):
        return AsOf(dt.date.fromisoformat(text_of(stamp)), "printed")
    return AsOf(max(one.event.date for one in history.entries), "not_earlier_than")
