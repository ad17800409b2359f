"""What a digest shows, in the reader's language and zone: plain clean values, as in `view.py`.

In this order: what changed, by watch; what is due; what was checked and when last; what could not be looked
at, and why. Long values are shortened, with the command that shows all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from tmwatch.alerts import summary
from tmwatch.alerts.campaigns import class_order
from tmwatch.alerts.payload import AlertPayload, Digest, DigestDue, DigestItem, DigestLook, MarkCard
from tmwatch.alerts.summary_digest import NEWS, is_beside, local_day, nothing, proof_of
from tmwatch.alerts.view import (
    Block,
    blocks,
    capital,
    due_lines,
    glossed_status,
    muted_line,
    source_line,
)
from tmwatch.alerts.view_campaigns import near_line
from tmwatch.alerts.view_coverage import coverage_lines, safe_link
from tmwatch.alerts.view_mass import held_lines
from tmwatch.alerts.wording import Wording
from tmwatch.alerts.zones import instant
from tmwatch.deadlines.engine import DISCLAIMER
from tmwatch.model import FactKind, Significance
from tmwatch.text import clean_line, fold

VALUE, TERM = 200, 100  # characters of a value, of a term
_NUMBERS = 20  # of filings that are alike
_BLOCKS, _LINES, _TERMS = 8, 6, 6  # changes of a filing; entries and terms of one change
# Filings of an alert, in full in all, and in all: a large mail program cuts off what is behind 102 kB.
_CARDS, _IN_FULL, _IN_ALL, _LABELS = 20, 12, 40, 4
_DUES, _LOOKS, _GAPS = 25, 20, 15
_NAME = 60
_NEAR = 7  # days


@dataclass(frozen=True)
class DigestCard:
    """One filing: what befell it, or what it is."""

    title: str
    href: str
    level: str
    blocks: tuple[Block, ...]
    notes: tuple[str, ...]
    more: str = ""  # what was left out, and where it stands


@dataclass(frozen=True)
class Part:
    """What happened under one watch."""

    watch: str
    cards: tuple[DigestCard, ...]
    more: tuple[str, ...] = ()


@dataclass(frozen=True)
class DueView:
    """One date."""

    day: str
    left: str
    title: str
    href: str
    notes: tuple[str, ...]
    near: bool


@dataclass(frozen=True)
class LookView:
    """What one register was asked for one watch."""

    title: str
    state: str
    good: bool
    count: str
    at: str


@dataclass(frozen=True)
class DigestView:
    """Everything a digest shows, top to bottom."""

    lang: str
    subject: str
    lead: str
    line: str
    level: str
    sample_note: str
    proof: str
    beside: tuple[str, ...]  # what was sent at once, what is held
    parts: tuple[Part, ...]
    parts_cut: str
    news: tuple[str, ...]
    dues: tuple[DueView, ...]
    dues_none: str
    dues_cut: str
    disclaimer: str
    looks: tuple[LookView, ...]
    looks_cut: str
    not_asked: str
    unseen: tuple[tuple[str, ...], ...]  # of each the line itself, and what a person can do
    muted: tuple[str, ...]
    verify: str
    legal: str


def build_digest(payload: AlertPayload, digest: Digest, words: Wording, timezone: str) -> DigestView:
    """The digest as its reader sees it; `timezone` is an IANA name."""
    parts, left = _parts(digest, words, timezone)
    since = local_day(digest.since, digest.timezone).isoformat()
    dues = tuple(_due(one, words) for one in digest.dues[:_DUES])
    return DigestView(
        lang=words.tag,
        subject=summary.subject(payload, words),
        lead=summary.lead(payload, words),
        line=words.digest(
            "line",
            recipient=words.quoted(clean_line(digest.recipient, 100)),
            since=instant(digest.since, timezone),
            until=instant(digest.until, timezone),
            next=instant(digest.next, timezone),
        ),
        level=payload.significance.value,
        sample_note=words.say("sample_note") if summary.is_sample(payload) else "",
        proof=_proof(digest, words),
        beside=tuple(_beside(digest, words)),
        parts=parts,
        parts_cut=words.digest("cards_cut", count=left, date=since) if left else "",
        news=tuple(line for item in digest.items if item.kind in NEWS for line in _news(item)),
        dues=dues,
        dues_none="" if dues else words.digest("dues_none", date=digest.dues_until.isoformat()),
        dues_cut=words.digest("dues_cut", count=len(digest.dues) - _DUES) if digest.dues[_DUES:] else "",
        disclaimer=DISCLAIMER if dues else "",
        looks=tuple(_look(one, words, timezone) for one in digest.looks[:_LOOKS]),
        looks_cut=_looks_cut(digest.looks[_LOOKS:], words),
        not_asked="" if digest.looks else capital(words.digest("not_asked")),
        unseen=tuple(_unseen(digest, words)),
        muted=tuple(clean_line(one, VALUE) for one in digest.muted),
        verify=words.say("verify"),
        legal=words.say("legal"),
    )


def _proof(digest: Digest, words: Wording) -> str:
    """ "Checked, nothing new: 120 of 120 filings looked at." Stands in each digest."""
    plainly = digest.items and not is_beside(digest)
    what = words.digest("no_changes") if plainly else capital(nothing(digest, words))
    looked = proof_of(digest, words)
    if digest.changed or digest.new:
        return words.digest("looked_line", looked=capital(looked))
    return words.digest("proof_line", nothing=what.rstrip(".。"), looked=looked)


def _beside(digest: Digest, words: Wording) -> Iterator[str]:
    if digest.at_once:
        yield words.digest("told_at_once", alerts=words.digest("at_once", count=digest.at_once))
    if digest.held:
        yield words.digest("told_held", alerts=words.digest("held", count=digest.held))


# -- what changed ------------------------------------------------------------------------------------------


def _parts(digest: Digest, words: Wording, timezone: str) -> tuple[tuple[Part, ...], int]:
    """The watches, and how many filings are not among them since there are too many."""
    items = [one for one in digest.items if one.kind not in NEWS and one.kind != "deadline.due"]
    places = [(item.alert, place) for item in items for place in range(min(_CARDS, len(item.cards)))]
    weights = {item.alert: item.significance.rank for item in items}
    places.sort(key=lambda one: -weights[one[0]])  # stable: of equal weight the first
    full, shown = set(places[:_IN_FULL]), set(places[:_IN_ALL])
    parts, left = [], 0
    for watch, of in groupby(items, key=lambda item: item.watch):
        cards: list[DigestCard] = []
        more: list[str] = []
        for item in of:
            role = words.role(clean_line(item.role, 30))
            mine = [(place, card) for place, card in enumerate(item.cards) if (item.alert, place) in shown]
            here = [card for place, card in mine if (item.alert, place) in full]
            cards += [_cards(group, item, words, timezone) for group in _alike(here, item)]
            cards += [_brief(card, item, words) for place, card in mine if (item.alert, place) not in full]
            if not mine:
                left += item.filings
            elif item.filings > len(mine):
                more.append(words.digest("more_filings", count=item.filings - len(mine), alert=item.alert))
        if cards:
            name = words.quoted(clean_line(watch, 100))
            parts.append(Part(f"{name} ({role})", tuple(cards), tuple(more)))
    return tuple(parts), left


def _brief(card: MarkCard, item: DigestItem, words: Wording) -> DigestCard:
    """One filing of many: which, what kind of thing, and where all of it stands."""
    labels = list(dict.fromkeys(block.label for block in blocks(card, words)))
    said = words.listed(labels[:_LABELS]) + (words.table["more"] if labels[_LABELS:] else "")
    told = said or (words.newness(card.newness) if card.newness else "")
    return DigestCard(
        title=_title(card, words),
        href=safe_link(card.link),
        level=item.significance.value,
        blocks=(),
        notes=(told,) if told else (),
        more=words.digest("in_full", alert=item.alert),
    )


def _card(card: MarkCard, item: DigestItem, words: Wording, timezone: str) -> DigestCard:
    whole = blocks(card, words)
    whole.sort(key=lambda block: -Significance(block.level).rank)
    shown = [_short(block, words) for block in whole[:_BLOCKS]]
    if len(whole) > len(shown):
        more = words.digest("more_changes", count=len(whole) - len(shown), alert=item.alert)
    else:
        more = words.digest("in_full", alert=item.alert) if shown != whole else ""
    ranks = [change.significance for change in card.changes] or [item.significance]
    return DigestCard(
        title=_title(card, words),
        href=safe_link(card.link),
        level=max(ranks, key=lambda one: one.rank).value,
        blocks=tuple(shown),
        notes=tuple(note for note in _notes(card, item, words, timezone) if note),
        more=more,
    )


def _alike(cards: Sequence[MarkCard], item: DigestItem) -> list[list[MarkCard]]:
    """New filings of one mark and owner on one day together: nine classes, nine filings, are one thing."""
    groups: dict[object, list[MarkCard]] = {}
    for card in cards:
        what = (fold(card.mark), card.owners, card.near, card.status_text, card.status_code, card.status_date)
        alike = (*what, card.office, card.newness, card.application_date, card.dues, card.source, card.as_of)
        own = item.kind != "filing.new" or not card.mark or card.docket_ref
        groups.setdefault(card.st13 if own else alike, []).append(card)
    return list(groups.values())


def _cards(cards: Sequence[MarkCard], item: DigestItem, words: Wording, timezone: str) -> DigestCard:
    """A card of one filing, or of several alike."""
    first = cards[0]
    if len(cards) == 1:
        return _card(first, item, words, timezone)
    classes = list(dict.fromkeys(name for card in cards for name in card.classes))
    gathered = first.model_copy(update={"classes": tuple(sorted(classes, key=class_order))})
    named = [f"{summary.number(card)}{_of_class(card, words)}" for card in cards[:_NUMBERS]]
    numbers = f"{words.label('number')}{words.table['colon']}{words.listed(named)}"
    if left := len(cards) - len(named):
        numbers = words.digest("more_numbers", numbers=numbers, count=left)
    who = words.say(
        "who_many",
        marks=summary.mark_name(first, words),
        offices=first.office,
        filings=words.say("filings", count=len(cards)),
    )
    return DigestCard(
        title=f"{words.say('sample_mark')} {who}" if first.facts is FactKind.SAMPLE else who,
        href="",
        level=item.significance.value,
        blocks=(),
        notes=tuple(note for note in (*_notes(gathered, item, words, timezone), numbers) if note),
    )


def _of_class(card: MarkCard, words: Wording) -> str:
    named = words.listed([clean_line(name, 10) for name in card.classes])
    return words.say("more_in", text=words.say("classes_in", classes=named)) if named else ""


def _title(card: MarkCard, words: Wording) -> str:
    sample = f"{words.say('sample_mark')} " if card.facts is FactKind.SAMPLE else ""
    ref = words.say("ref", ref=clean_line(card.docket_ref, 40)) if card.docket_ref else ""
    name = f"{sample}{summary.mark_name(card, words)} ({summary.number(card)})"
    return f"{name} · {ref}" if ref else name


def _notes(card: MarkCard, item: DigestItem, words: Wording, timezone: str) -> Iterator[str]:
    colon = words.table["colon"]
    yield from held_lines(item.held, words, timezone)
    if card.newness:
        filed = words.say("filed_on", date=card.application_date.isoformat()) if card.application_date else ""
        yield words.listed([part for part in (words.newness(card.newness), filed) if part])
    if card.near:
        yield f"{words.label('near')}{colon}{near_line(card.near, words)}"
    status = glossed_status(card, words)
    owners = "; ".join(clean_line(name, _NAME) for name in card.owners)
    classes = words.listed([clean_line(name, 10) for name in card.classes])
    yield " · ".join(
        part
        for part in (
            owners,
            words.say("classes_in", classes=classes) if classes else "",
            clean_line(status, VALUE),
        )
        if part
    )
    if card.dues:
        yield f"{words.label('deadline')}{colon}{due_lines(card).removesuffix(f' · {DISCLAIMER}')}"
    if kept_back := muted_line(card, words):
        yield f"{words.label('muted')}{colon}{kept_back}"
    seen = instant(card.first_seen, timezone) if card.newness else ""
    first = f"{words.label('first_seen')} {seen}" if seen else ""
    yield " · ".join(part for part in (source_line(card, words), first) if part)


def _short(block: Block, words: Wording) -> Block:
    """The change with what a reader can take in; what is left out is counted."""

    def few(items: Sequence[str], most: int, key: str) -> tuple[str, ...]:
        left = len(items) - most
        kept = tuple(one if len(one) <= TERM else clean_line(one, TERM) for one in items[:most])
        return (*kept, words.say(key, count=left)) if left > 0 else kept

    return replace(
        block,
        old=clean_line(block.old, VALUE),
        new=clean_line(block.new, VALUE),
        added=few(block.added, _TERMS, "terms_cut"),
        removed=few(block.removed, _TERMS, "terms_cut"),
        lines=few(block.lines, _LINES, "events_cut"),
    )


def _news(item: DigestItem) -> Iterator[str]:
    headline = clean_line(item.headline, VALUE)
    first = clean_line(next((line for line in item.detail.splitlines() if line.strip()), ""), VALUE)
    yield headline
    if first and first.rstrip(".") != headline.rstrip("."):
        yield first


# -- what is due -------------------------------------------------------------------------------------------


def _due(one: DigestDue, words: Wording) -> DueView:
    line = one.line
    sample = f"{words.say('sample_mark')} " if one.sample else ""
    name = f" {clean_line(one.mark, _NAME)}" if one.mark else ""
    ref = words.say("ref", ref=clean_line(one.docket_ref, 40)) if one.docket_ref else ""
    how = "as printed by the office; verify with the office" if line.source == "office" else "computed"
    law = "; ".join(clean_line(part, VALUE) for part in (f"{line.rule}: {line.basis}", *line.notes, how))
    watches = words.listed([words.quoted(clean_line(watch, _NAME)) for watch in one.watches])
    return DueView(
        day=line.day.isoformat(),
        left=words.digest("due_in", count=one.days_left),
        title=f"{sample}{clean_line(one.number)}{name}{words.table['colon']}{clean_line(line.what, 100)}",
        href=safe_link(one.link),
        notes=(" · ".join(part for part in (ref, watches) if part), law),
        near=one.days_left <= _NEAR,
    )


# -- what was looked at ------------------------------------------------------------------------------------


def _look(one: DigestLook, words: Wording, timezone: str) -> LookView:
    return LookView(
        title=words.listed([words.quoted(clean_line(one.watch, _NAME)), clean_line(one.source, 40)]),
        state=_state(one, words),
        good=one.state == "fresh",
        count=f"{one.seen}/{one.asked}",
        at=_looked_at(one, words, timezone),
    )


def _state(one: DigestLook, words: Wording) -> str:
    return words.digest("states_never" if one.state == "never looked" else f"states_{one.state}")


def _looked_at(one: DigestLook, words: Wording, timezone: str) -> str:
    if one.oldest is None or one.latest is None:
        return words.digest("look_none")
    oldest, latest = instant(one.oldest, timezone), instant(one.latest, timezone)
    if oldest == latest:
        return words.digest("look_once", latest=latest)
    zone = f" ({timezone})"
    return words.digest("look_span", oldest=oldest.removesuffix(zone), latest=latest)


def _looks_cut(rest: Sequence[DigestLook], words: Wording) -> str:
    if not rest:
        return ""
    bad = sum(one.state != "fresh" for one in rest)
    return words.digest("looks_cut_bad" if bad else "looks_cut", count=len(rest), bad=bad)


def _unseen(digest: Digest, words: Wording) -> Iterator[tuple[str, ...]]:
    """What was not answered in time, question by question as far as they go, then what no program asks."""
    for one in digest.looks:
        count = one.asked - one.seen
        if not count:
            continue
        watch, source = words.quoted(clean_line(one.watch, _NAME)), clean_line(one.source, 40)
        head = words.digest("unseen_line", watch=watch, source=source, count=count)
        if one.since is not None:
            since = local_day(one.since, digest.timezone).isoformat()
            head = words.digest("unseen_since", text=head, since=since)
        why = [clean_line(text, VALUE) for text in one.unseen]
        if count > len(why):
            why.append(words.digest("more_unseen", count=count - len(why)))
        yield (f"{head}{words.table['colon']}{'; '.join(why)}",)
    yield from _gaps(digest, words)


def _gaps(digest: Digest, words: Wording) -> Iterator[tuple[str, ...]]:
    for gap in digest.gaps[:_GAPS]:
        watch = words.quoted(clean_line(gap.watch, _NAME))
        first, *more = coverage_lines((gap.line,), words)
        yield (words.digest("gap", watch=watch, line=first), *more)
    if digest.gaps[_GAPS:]:
        yield (words.digest("gaps_cut", count=len(digest.gaps) - _GAPS),)
