"""The record of a page of `wo.madrid`, or the error that says what the page is instead."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any

from bs4 import BeautifulSoup, Tag
from bs4.builder import ParserRejectedMarkup

from tmwatch.errors import Blocked, Incomplete, LayoutChanged, LookError, NotFound, NotThisSource, Throttled
from tmwatch.model import DesignCode, Live, Party, Publication, TradeMark, make_record
from tmwatch.sources.base import Answer, AsOf, Page, Reading, RecordQuery
from tmwatch.sources.markup import parse
from tmwatch.sources.phases import tm5_for
from tmwatch.sources.wo import madrid_goods as goods
from tmwatch.sources.wo.madrid import MONITOR, OFFICE, bare_number, st13_of
from tmwatch.sources.wo.madrid_events import History, read_history
from tmwatch.sources.wo.madrid_page import (
    Claims,
    Value,
    attr,
    classes_of,
    places,
    tags_in,
    text_of,
    values_in,
)
from tmwatch.sources.wo.madrid_standing import Whole, of_offices, of_whole
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
_SUMMARY = ("Trademark", "Holder", "Registration Date", "Expiration Date", "Nice classes")
_TREATIES = {
    "designated under the Agreement": "agreement",
    "designated under the Protocol": "protocol",
    "designated under the Protocol by Article 9sexies": "protocol_9sexies",
}
_HOLDER_NOTES = ("national of", "established in", "domiciled in")
_FEATURES = {"three-dimensional": "3d", "sound": "sound", "colour mark": "colour"}
# Words of 550 (Madrid application form MM2, item 9; ST.96 MarkFeatureCategory) → our feature.
_NATURES = {
    "word": "word",
    "verbal": "word",
    "figurative": "figurative",
    "combined": "combined",
    "three-dimensional": "3d",
    "sound": "sound",
    "colour": "colour",
    "color": "colour",
    "hologram": "hologram",
    "motion": "motion",
    "position": "position",
    "pattern": "pattern",
    "multimedia": "multimedia",
    "olfactory": "olfactory",
}
_LANGUAGES = {"fr": "French", "es": "Spanish"}


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


@dataclass
class _Parts:
    """What the page says today, label by label."""

    claims: Claims
    given: dict[str, Any] = field(default_factory=dict)
    dates: dict[str, set[dt.date]] = field(default_factory=dict)
    today: dict[str, str] = field(default_factory=dict)  # office → treaty
    use_declared: frozenset[str] = frozenset()
    # Of each holder by its place: 811 to 813 and 842 stand behind the holder whose they are.
    notes: dict[int, list[str]] = field(default_factory=dict)
    legal_forms: dict[int, str] = field(default_factory=dict)

    @property
    def holder(self) -> int:
        """The place of the holder named last. Raises `LayoutChanged` before the first."""
        if not self.given.get("owners"):
            raise LayoutChanged(
                "what is said of a holder stands before the first holder", where="811-813, 842"
            )
        return len(self.given["owners"]) - 1


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
    parts = _Parts(claims)
    summary = _summary(ids["markInformationHeader"], parts, _language(page))
    _today(ids["fragment-detail"], parts)
    history = read_history(ids["fragment-history"], claims)
    _repeats(ids["fragment-history"], parts)
    _settle(parts, summary)
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


# -- today -----------------------------------------------------------------------------------------------


def _language(page: Page) -> str:
    """ "French" or "Spanish" by the address of the page or its own word; else ""."""
    found = re.search(r"/madrid/monitor/(fr|es)/", page.url) or re.search(
        rb"""<html[^>]*\blang\s*=\s*["']?(fr|es)\b""", page.body[:4096], re.IGNORECASE
    )
    code = found[1] if found is not None else ""
    return _LANGUAGES.get((code.decode() if isinstance(code, bytes) else code).lower(), "")


def _summary(box: Tag, parts: _Parts, language: str) -> dict[str, str]:
    """The table on top by its heads. Raises `LayoutChanged` where they are not the five that it has."""
    heads = [text_of(tag) for tag in tags_in(box) if tag.name == "th"]
    rows = [tag for tag in tags_in(box) if tag.name == "tr" and any(t.name == "td" for t in tags_in(tag))]
    cells = [tag for tag in tags_in(rows[0]) if tag.name == "td"] if len(rows) == 1 else []
    if sorted(heads) != sorted(_SUMMARY) and language:
        raise LayoutChanged(
            f"this is the {language} page of Madrid Monitor, and its English one is read",
            do="Choose English on the page (or write /madrid/monitor/en/ in its address), and save that.",
        )
    if sorted(heads) != sorted(_SUMMARY) or len(cells) != len(heads):
        raise LayoutChanged("the table on top is not the one that the reader knows", where="markInformation")
    parts.claims.take(box)
    found = {head: text_of(cell) for head, cell in zip(heads, cells, strict=True)}
    found["words"] = _alt(cells[heads.index("Trademark")]) or found["Trademark"]
    return found


def _alt(box: Tag) -> str:
    return next((attr(tag, "alt") for tag in tags_in(box) if tag.name == "img" and attr(tag, "alt")), "")


def _today(box: Tag, parts: _Parts) -> None:
    """Today's record: the boxes of `#fragment-detail` that do not belong to the history."""
    for tag in tags_in(box):
        classes = classes_of(tag)
        if "description" in classes and not _in_history(tag):
            for value in values_in(tag, parts.claims):
                _take(value, parts)
            for hidden in tag.contents:
                if isinstance(hidden, Tag) and "skip" in classes_of(hidden):
                    for value in values_in(hidden, parts.claims):
                        _take(value, parts)


def _in_history(tag: Tag) -> bool:
    parent = tag.parent
    while parent is not None:
        if attr(parent, "id") == "fragment-history":
            return True
        parent = parent.parent
    return False


def _repeats(box: Tag, parts: _Parts) -> None:
    """151 and 180, which the page repeats in every entry."""
    for tag in tags_in(box):
        if "skip" in classes_of(tag):
            for value in values_in(tag, parts.claims):
                _date(value, parts)


def _date(value: Value, parts: _Parts) -> bool:
    if value.kind not in ("registered", "expires"):
        return False
    if (day := goods.day_of(value.text)) is None:
        raise LayoutChanged(f"`{value.text[:40]}` is no date", where=value.label)
    parts.dates.setdefault(value.kind, set()).add(day)
    return True


_TEXTS = {
    "colours": "colour_claim",
    "disclaimer": "disclaimer",
    "description": "description",
    "transliteration": "transliteration",
    "translation": "translation",
    "acquired distinctiveness": "acquired_distinctiveness",
}


def _take(value: Value, parts: _Parts) -> None:
    """One value of today's record into its field; what has none is reported."""
    kind, given = value.kind, parts.given
    if kind == "mark":
        given.setdefault("words", _alt(value.value) or value.text)
    elif _date(value, parts):
        return
    elif kind == "holder":
        given["owners"] = (*given.get("owners", ()), *goods.parties_in(value))
    elif kind == "representative":
        given["representatives"] = (*given.get("representatives", ()), *goods.parties_in(value))
    elif kind == "correspondence":
        people = goods.parties_in(value)
        given["correspondence"] = people[0] if people else None
    elif kind == "previous holder":
        given["owner_history"] = (*given.get("owner_history", ()), *goods.parties_in(value, kind))
    elif kind in _HOLDER_NOTES:
        note = f"{kind} {', '.join(places(value.value)) or value.text}"
        parts.notes.setdefault(parts.holder, []).append(note)
    elif kind == "legal form":
        parts.legal_forms[parts.holder] = value.text
    elif kind == "goods":
        given["classes"] = (*given.get("classes", ()), *goods.classes_in(value))
    elif kind in ("basic registration", "basic application"):
        given["basic_marks"] = (*given.get("basic_marks", ()), *goods.basic_marks(value))
    elif kind == "priority":
        given["priorities"] = (*given.get("priorities", ()), *goods.priorities(value))
    elif kind in _TREATIES:
        parts.today |= dict.fromkeys(places(value.value), _TREATIES[kind])
    elif kind == "intention to use declared":
        parts.use_declared = frozenset(places(value.value))
    elif kind == "figurative elements":
        given["design_codes"] = _vienna(value)
    elif kind == "standard characters":
        given["standard_characters"] = True
    elif kind == "nature of the mark" and (feature := _feature_of(value.text)):
        given["mark_feature"] = feature
    elif kind in ("kind of mark", "nature of the mark"):
        # 551 may stand alone: then its own words are all that is known.
        said = value.text or value.label.removeprefix("Indication to the effect that the mark is ")
        given["mark_category"] = (*given.get("mark_category", ()), said)
    elif kind in _FEATURES:
        given["mark_feature"] = _FEATURES[kind]
    elif kind in _TEXTS and not given.get(_TEXTS[kind]):
        given[_TEXTS[kind]] = value.text
    elif value.text:
        parts.claims.odd(
            f"label `{' '.join(x for x in (value.inid, value.label or value.tag) if x)}` = {value.text[:200]}"
        )


def _feature_of(text: str) -> str | None:
    """ "Three-dimensional mark" → "3d"; None for words that name no feature, or several."""
    words = set(re.findall(r"[a-z]+(?:-[a-z]+)?", text.casefold()))
    found = {feature for word, feature in _NATURES.items() if word in words}
    return found.pop() if len(found) == 1 else None


def _vienna(value: Value) -> tuple[DesignCode, ...]:
    titles = {text_of(tag): attr(tag, "title") for tag in tags_in(value.value) if tag.name == "span"}
    codes = re.findall(r"\d{1,2}\.\d{1,2}(?:\.\d{1,2})?", value.text)
    return tuple(
        DesignCode(code=code, descriptions=(titles[code],) if titles.get(code) else None)
        for code in dict.fromkeys(codes)
    )


def _settle(parts: _Parts, summary: dict[str, str]) -> None:
    """What stands twice on the page must say the same. Raises `LayoutChanged` where it does not."""
    for kind, head in (("registered", "Registration Date"), ("expires", "Expiration Date")):
        day = goods.day_of(summary[head])
        days = {*parts.dates.get(kind, ()), *([day] if day else [])}
        if len(days) > 1 or (summary[head] and day is None):
            raise LayoutChanged(f"the page gives several days as {head}", where="151, 180")
        if not days and kind == "registered":
            raise LayoutChanged("the page gives no day of registration", where="151")
        parts.dates[kind] = days
    for name, label in (("owners", "732"), ("classes", "511")):
        if not parts.given.get(name):
            raise LayoutChanged(f"the page lacks {label}, which every registration has")
    held = [squeeze(re.sub(r"\W+", " ", party.name)).casefold() for party in parts.given["owners"]]
    shown = squeeze(re.sub(r"\W+", " ", summary["Holder"])).casefold()
    if not all(name in shown for name in held):
        raise LayoutChanged("the table on top names another holder than 732")
    for name in sorted(held, key=len, reverse=True):
        shown = shown.replace(name, " ", 1)
    if rest := squeeze(shown):
        parts.claims.odd(f"holder in the table on top = {rest[:100]}")
    nice = [goods.class_number(one) for one in re.findall(r"\d{1,2}", summary["Nice classes"])]
    if nice and sorted(nice) != sorted(one.class_number for one in parts.given["classes"]):
        raise LayoutChanged("the table on top names other classes than 511")
    words = {" ".join(one.split()) for one in (summary["words"], parts.given.pop("words", "")) if one}
    parts.given["alts"] = words


# -- put together ----------------------------------------------------------------------------------------


def _whole(
    number: str, words: str, parts: _Parts, history: History, ids: dict[str, Tag], root: Tag
) -> Answer:
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
    *("mark_category", "mark_feature", "standard_characters", *_TEXTS.values()),
)


def _holder(place: int, party: Party, parts: _Parts) -> Party:
    note = "; ".join(parts.notes.get(place, ())) or None
    return party.model_copy(update={"note": note, "legal_form": parts.legal_forms.get(place)})


def _as_of(ids: dict[str, Tag], history: History) -> AsOf:
    """The page's own stamp: the day on which the record last moved. Else the latest day of an entry."""
    stamp = ids.get("dataStatusAndVersion")
    if stamp is not None and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text_of(stamp)):
        return AsOf(dt.date.fromisoformat(text_of(stamp)), "printed")
    return AsOf(max(one.event.date for one in history.entries), "not_earlier_than")
