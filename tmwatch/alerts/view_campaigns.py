"""What a mail shows of a campaign (the filings of one owner within some weeks), and of the filings for which
there is only a line: plain clean values, as in `view.py`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from tmwatch.alerts import summary
from tmwatch.alerts.payload import AlertPayload, Campaign, ClassLine, ClassMark, Earlier, MarkCard, Near
from tmwatch.alerts.wording import Wording
from tmwatch.model import FactKind
from tmwatch.text import clean_line, fold

CAMPAIGNS_IN_FULL = 10
SMALL = 3  # filings: one mark in some classes needs no map
LINES = 100  # of filings that are not shown in full
_NAMES, _MARKS, _NUMBERS = 8, 6, 4
_NAME = 60  # characters of a mark or an owner


@dataclass(frozen=True)
class ClassRow:
    """A class of the map: number and short title, and what was filed in it."""

    number: str
    title: str
    new: str  # the word, "" where the class is not new to the owner
    marks: tuple[str, ...]


@dataclass(frozen=True)
class CampaignView:
    """One campaign, top to bottom; a small one, or one far down, is a title and some lines."""

    title: str
    marks: str = ""
    near: str = ""  # of its nearest filing
    news_head: str = ""
    news: tuple[str, ...] = ()
    classes: tuple[ClassRow, ...] = ()


def campaigns(payload: AlertPayload, words: Wording) -> tuple[CampaignView, ...]:
    """The campaigns of an alert, the nearest first; behind the first few a title each."""
    cards = {card.st13: card for card in payload.cards}
    return tuple(
        _campaign(one, [cards[st13] for st13 in one.st13 if st13 in cards], words, place < CAMPAIGNS_IN_FULL)
        for place, one in enumerate(payload.campaigns)
    )


def _campaign(one: Campaign, cards: Sequence[MarkCard], words: Wording, in_full: bool) -> CampaignView:
    sample = any(card.facts is FactKind.SAMPLE for card in cards)
    marked, title = f"{words.say('sample_mark')} " * sample, _title(one, words)
    marks = [clean_line(name, _NAME) or words.say("no_words") for name in one.marks]
    if len(marks) == 1 and (one.filings <= SMALL or not in_full):
        title = f"{marks[0]} · {title}"
    if not in_full:
        return CampaignView(marked + title)
    nearest = next((card for card in cards if card.near is not None), None)
    near = ""
    if nearest is not None and nearest.near is not None:
        near = near_line(nearest.near, words)
        if len(one.marks) > 1:
            near = f"{summary.mark_name(nearest, words)}{words.table['colon']}{near}"
    head, news = _news(one.earlier, words)
    if len(marks) == 1 and one.filings <= SMALL:
        classes = [clean_line(line.number, 10) for line in one.classes if line.number]
        brief = [words.say("classes_in", classes=words.listed(classes))] if classes else []
        told = [" ".join((head, "; ".join(news)))] if head else list(news)
        return CampaignView(marked + title, near=near, news=(*brief, *told))
    return CampaignView(
        title=marked + title,
        marks=_cut(marks, _NAMES, words),
        near=near,
        news_head=head,
        news=news,
        classes=tuple(_class_row(line, words, alone=len(one.marks) == 1) for line in one.classes),
    )


def _title(one: Campaign, words: Wording) -> str:
    return words.say(
        "campaign",
        owner="; ".join(clean_line(name, _NAME) for name in one.owners),
        filings=words.say("filings", count=one.filings),
        offices=words.listed([clean_line(name, 10) for name in one.offices]),
        span=_span(one.first_filed, one.last_filed, words),
    )


def _span(first: dt.date | None, last: dt.date | None, words: Wording) -> str:
    if first is None or last is None:
        return words.say("filed_undated")
    if first == last:
        return words.say("filed_on", date=first.isoformat())
    return words.say("filed_between", first=first.isoformat(), last=last.isoformat())


def _news(earlier: Earlier, words: Wording) -> tuple[str, tuple[str, ...]]:
    """What is new against the owner's earlier filings, and against how many of which."""
    unread = [words.say("store_unread")] * any(not one.readable for one in earlier.looked)
    if not earlier.stored:
        return "", (_none_known(earlier, words), *unread)
    told = "news_head" if earlier.complete else "news_head_newest"
    stores = _stores(earlier, words, "found_in")
    if stores:
        told += "_in"
    head = words.say(told, count=earlier.stored, span=_years(earlier, words), stores=stores)
    news = []
    if earlier.new_classes:
        news.append(words.say("new_classes", classes=_listed(earlier.new_classes, words)))
    if earlier.new_names:
        news.append(words.say("new_names", names=_listed(earlier.new_names, words)))
    if earlier.new_words:
        news.append(words.say("new_words", words=_listed(earlier.new_words, words)))
    if earlier.new_offices:
        news.append(words.say("new_offices", offices=_listed(earlier.new_offices, words)))
    if earlier.quiet_months and earlier.last:
        last = earlier.last.isoformat()
        news.append(words.say("quiet", count=earlier.quiet_months, date=last))
    if earlier.unknown_offices:
        news.append(words.say("office_unknown", offices=_listed(earlier.unknown_offices, words)))
    return head, (*(news or [words.say("news_nothing")]), *unread)


def _none_known(earlier: Earlier, words: Wording) -> str:
    stores = _stores(earlier, words, "none_in")
    return words.say("news_unknown_in", stores=stores) if stores else words.say("news_unknown")


def _stores(earlier: Earlier, words: Wording, said: str) -> str:
    """Where the earlier filings were looked for: how many filings there, and since when. "" where nothing
    else was stored anywhere."""
    parts = []
    for one in earlier.looked:
        if one.filings and one.since is not None:
            offices = [clean_line(office, 10) for office in one.offices]
            place = words.say(f"in_{one.store}", offices=_cut(offices, _NAMES, words))
            values = {"count": one.filings, "place": place, "date": one.since.isoformat()}
            parts.append(words.say(said, found=one.found, **values))
    return words.say("stores_and").join(parts)


def _years(earlier: Earlier, words: Wording) -> str:
    return f" ({_span(earlier.first, earlier.last, words)})" if earlier.first else ""


def _listed(texts: Sequence[str], words: Wording) -> str:
    return _cut([clean_line(text, _NAME) for text in texts], _NAMES * 2, words)


def _class_row(line: ClassLine, words: Wording, *, alone: bool) -> ClassRow:
    """`alone`: the campaign is for one mark, whose name need not stand in each class."""
    known = line.name_zh if words.language == "zh" else line.name
    shown = line.marks[:_MARKS]
    marks = [_class_mark(one, words, alone=alone) for one in shown]
    if left := sum(len(one.numbers) for one in line.marks[_MARKS:]):
        marks.append(words.say("more_filings", count=left))
    return ClassRow(
        number=clean_line(line.number, 10),
        title=known if line.number else words.say("no_class"),
        new=words.say("class_new") if line.new else "",
        marks=tuple(marks),
    )


def _class_mark(one: ClassMark, words: Wording, *, alone: bool) -> str:
    name = clean_line(one.mark, _NAME) or words.say("no_words")
    numbers = _cut([clean_line(number, 30) for number in one.numbers], _NUMBERS, words)
    return numbers if alone else f"{name}{words.table['colon']}{numbers}"


def _cut(items: Sequence[str], most: int, words: Wording) -> str:
    """The first items on one line, and how many more there are."""
    line = words.listed(list(items[:most]))
    return line if len(items) <= most else words.say("and_more", text=line, count=len(items) - most)


# -- filings that are a line each ----------------------------------------------------------------------


def near_line(near: Near, words: Wording) -> str:
    """ "level 1, near identical, beside “JD Auto”: same sound …"."""
    said = words.say(
        "near",
        level=near.level,
        word=words.level(near.level),
        name=words.quoted(clean_line(near.to, _NAME)),
    )
    reasons = "; ".join(clean_line(reason, 200) for reason in near.reasons)
    return f"{said}{words.table['colon']}{reasons}" if reasons else said


def rest(cards: Sequence[MarkCard], words: Wording) -> tuple[tuple[str, ...], int]:
    """A line for each mark and owner with how many filings it stands for, and of how many filings nothing is
    said. The order stays."""
    groups: dict[tuple[str, ...], list[MarkCard]] = {}
    for card in cards:
        alike = (fold(card.mark) or card.st13, *card.owners)
        groups.setdefault(alike, []).append(card)
    shown = list(groups.values())[:LINES]
    return tuple(_line(group, words) for group in shown), len(cards) - sum(map(len, shown))


def _line(group: Sequence[MarkCard], words: Wording) -> str:
    first = group[0]
    classes = list(dict.fromkeys(clean_line(name, 10) for card in group for name in card.classes))
    filed = max((card.application_date for card in group if card.application_date), default=None)
    parts = [
        clean_line(first.mark, _NAME) or words.say("no_words"),
        summary.number(first),
        words.say("filings", count=len(group)) if len(group) > 1 else "",
        words.say("level", level=first.near.level, word=words.level(first.near.level)) if first.near else "",
        "; ".join(clean_line(name, _NAME) for name in first.owners),
        words.say("classes_in", classes=_cut(classes, _NAMES, words)) if classes else "",
        words.say("filed_on", date=filed.isoformat()) if filed else "",
        *(clean_line(ref, 40) for ref in dict.fromkeys(card.docket_ref for card in group) if ref),
    ]
    return " · ".join(part for part in parts if part)
