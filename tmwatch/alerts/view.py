"""What a mail shows, in the reader's language and zone: plain values that both templates print.

Everything that came from a page is cleaned here, once (design law 12): one line each, without control
characters, terminal sequences or bidi tricks; links only with http or https. The templates add the
layout and, in HTML, the escaping.
"""

from __future__ import annotations

import datetime as dt
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from tmwatch.alerts import summary
from tmwatch.alerts.payload import VERIFY, AlertPayload, MarkCard
from tmwatch.alerts.view_campaigns import CampaignView, campaigns, near_line, rest
from tmwatch.alerts.view_coverage import coverage, safe_link
from tmwatch.alerts.view_mass import held_lines, mass_lines
from tmwatch.alerts.wording import Wording
from tmwatch.alerts.zones import instant
from tmwatch.deadlines.engine import DISCLAIMER
from tmwatch.model import Change, Live, Phase
from tmwatch.text import clean_line, clean_text

TEXT_LIMIT = 1500  # characters of one value; a goods text of 20 pages does not help in a mail
TERMS_LIMIT = 40
EVENTS_LIMIT = 40
IN_FULL = 20  # filings, the nearest; the rest are a line each
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Fact:
    """A labelled value, with a link where it has one."""

    label: str
    value: str
    href: str = ""

    @property
    def short(self) -> str:
        """The host of a link: a whole address in a narrow column helps nobody."""
        return urlsplit(self.href).hostname or self.value


@dataclass(frozen=True)
class Block:
    """One change: the field, how much it matters, old and new, terms and events that came or went."""

    label: str
    significance: str  # the word
    level: str  # the key, for the colour
    date: str = ""
    old: str = ""
    new: str = ""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Changes that befell the same filings; `where` is empty when they befell all of the alert."""

    where: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Row:
    """One filing of many, in the table."""

    classes: str
    number: str
    href: str
    status: str
    filed: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class MailView:
    """Everything a mail shows, top to bottom."""

    lang: str
    subject: str
    lead: str
    sample_note: str
    watch_line: str
    level: str
    detail: tuple[str, ...]
    groups: tuple[Group, ...]
    facts: tuple[Fact, ...]
    campaigns: tuple[CampaignView, ...]
    rows: tuple[Row, ...]
    lines: tuple[str, ...]  # filings behind the rows
    rows_cut: str
    why: str
    coverage: tuple[str, ...]
    verify: str
    legal: str


def build(payload: AlertPayload, words: Wording, timezone: str = "UTC") -> MailView:
    """The alert as its reader sees it. `timezone` is an IANA name; an unknown one reads as UTC."""
    cards = payload.cards
    one = len(cards) == 1
    shown = () if one else cards[:IN_FULL]
    shared = _shared(cards, words, timezone) if cards else ()
    lines, cut = rest(cards[len(shown) :], words) if shown else ((), 0)
    return MailView(
        lang=words.tag,
        subject=summary.subject(payload, words),
        lead=summary.lead(payload, words),
        sample_note=words.say("sample_note") if summary.is_sample(payload) else "",
        watch_line=_watch_line(payload, words),
        level=payload.significance.value,
        detail=(*held_lines(payload.held, words, timezone), *_detail(payload, words, timezone)),
        groups=_groups(cards, words),
        facts=_facts(cards[0], words, timezone) if one else shared,
        campaigns=campaigns(payload, words),
        rows=tuple(
            _row(card, words, {fact.label for fact in shared}, timezone, payload.why) for card in shown
        ),
        lines=lines,
        rows_cut=_cut_line(payload, cut, words) if cut else "",
        why=clean_line(payload.why),
        coverage=coverage(payload, words),
        verify=words.say("verify") if payload.note == VERIFY else clean_line(payload.note),
        legal=words.say("legal"),
    )


def _watch_line(payload: AlertPayload, words: Wording) -> str:
    if payload.kind == "test":
        return words.say("test_line")
    significance = capital(words.significance(payload.significance))
    watch = words.quoted(clean_line(payload.watch, 100))
    if payload.kind in ("source.health", "delivery.health"):  # whose filings they are is no matter
        return words.say("watch_line_plain", significance=significance, watch=watch)
    role = words.role(clean_line(payload.role, 30))
    return words.say("watch_line", significance=significance, watch=watch, role=role)


def _cut_line(payload: AlertPayload, count: int, words: Wording) -> str:
    """Where the filings are of which a mail says nothing."""
    if payload.kind != "filing.new":
        return words.say("cards_cut", count=count)
    return words.say("hits_cut", count=count, watch=shlex.quote(clean_line(payload.watch, 100)))


def _detail(payload: AlertPayload, words: Wording, timezone: str) -> tuple[str, ...]:
    if payload.mass is not None:
        return mass_lines(payload.mass, words, timezone)
    return _lines(payload.detail)


def _lines(text: str) -> tuple[str, ...]:
    lines = (clean_line(line) for line in clean_text(text).splitlines())
    return tuple(line for line in lines if line)


# -- changes ---------------------------------------------------------------------------------------


def _groups(cards: Sequence[MarkCard], words: Wording) -> tuple[Group, ...]:
    """Each change once, with the filings it befell: nine equal steps of nine filings are one line."""
    befell: dict[Block, list[str]] = {}
    for card in cards:
        for block in blocks(card, words):
            befell.setdefault(block, []).append(summary.number(card))
    gathered: dict[tuple[str, ...], list[Block]] = {}
    for block, numbers in befell.items():
        gathered.setdefault(tuple(numbers), []).append(block)
    return tuple(
        Group(
            where="" if len(numbers) == len(cards) else words.say("same_in", numbers=words.listed(numbers)),
            blocks=tuple(blocks),
        )
        for numbers, blocks in gathered.items()
    )


def blocks(card: MarkCard, words: Wording) -> list[Block]:
    """The changes of a filing, new entries of its history as one."""
    found: list[Block] = []
    new_events = [item for item in card.changes if item.field == "events" and item.kind == "added"]
    for change in card.changes:
        if change in new_events:
            if change is new_events[0]:
                found.append(_events(new_events, words))
        else:
            found.append(_block(change, words))
    return found


def _events(changes: Sequence[Change], words: Wording) -> Block:
    """New entries of the history as one list, as the register lists them."""
    top = max(changes, key=lambda change: change.significance.rank)
    lines = [
        _event_line(_event_day(change), clean_line(change.new or "", TEXT_LIMIT), words) for change in changes
    ]
    if len(lines) > EVENTS_LIMIT:
        lines = [*lines[:EVENTS_LIMIT], words.say("events_cut", count=len(lines) - EVENTS_LIMIT)]
    return Block(
        label=capital(words.say("events", count=len(changes)) if len(changes) > 1 else words.say("event")),
        significance=words.significance(top.significance),
        level=top.significance.value,
        lines=tuple(lines),
    )


def _event_line(day: str, text: str, words: Wording) -> str:
    """Date first, once: the text of an event may begin with its date already."""
    return words.say("event_line", date=day or "—", text=text.removeprefix(day).strip())


def _event_day(change: Change) -> str:
    if change.date:
        return change.date.isoformat()
    found = _DAY.match(change.key)
    return found.group() if found else ""


def _block(change: Change, words: Wording) -> Block:
    label = words.field(clean_line(change.field, 60))
    if change.field.partition(".")[0] == "classes" and change.key:
        label = words.say("in_class", label=label, name=clean_line(change.key, 10))
    if change.kind != "changed" and change.field != "deadline":
        label = f"{label} · {words.change_kind(change.kind)}"
    old, new = _value(change, change.old, words), _value(change, change.new, words)
    return Block(
        label=label,
        significance=words.significance(change.significance),
        level=change.significance.value,
        date=change.date.isoformat() if change.date else "",
        old=old or (words.label("was_empty") if change.kind != "added" and new else ""),
        new=new or (words.label("now_empty") if change.kind != "added" and not change.terms_added else ""),
        added=_terms(change.terms_added, words),
        removed=_terms(change.terms_removed, words),
    )


def _value(change: Change, text: str | None, words: Wording) -> str:
    """The value as the register words it; our own vocabulary in the reader's language."""
    if not text:
        return ""
    if change.field == "status_phase" and text in set(Phase):
        return words.phase(Phase(text))
    if change.field == "status_live" and text in set(Live):
        return words.live(Live(text))
    return clean_line(text, TEXT_LIMIT)


def _terms(terms: Sequence[str], words: Wording) -> tuple[str, ...]:
    shown = [clean_line(term, 300) for term in terms[:TERMS_LIMIT]]
    rest = len(terms) - len(shown)
    return (*shown, words.say("terms_cut", count=rest)) if rest else tuple(shown)


# -- filings ---------------------------------------------------------------------------------------


def _facts(card: MarkCard, words: Wording, timezone: str) -> tuple[Fact, ...]:
    """One filing: enough to act without opening tmwatch. Lines without a value are left out."""
    status = status_line(card, words)
    href = safe_link(card.link)
    phase = words.phase(card.phase)
    if card.live is not Live.UNKNOWN:
        phase = words.listed([phase, words.live(card.live)])
    facts = [
        Fact(words.label("mark"), clean_line(card.mark) or words.say("no_words")),
        Fact(words.label("number"), summary.number(card)),
        Fact(words.label("registration"), clean_line(card.registration_number or "")),
        Fact(words.label("docket"), clean_line(card.docket_ref or "")),
        Fact(words.label("client"), clean_line(card.client or "")),
        Fact(words.label("responsible"), clean_line(card.responsible or "")),
        Fact(words.label("owner"), owners_line(card)),
        Fact(words.label("classes"), words.listed([clean_line(name) for name in card.classes])),
        Fact(words.label("status"), status),
        Fact(words.label("phase"), phase if status or card.phase is not Phase.UNKNOWN else ""),
        Fact(words.label("tm5"), clean_line(card.tm5_csd or "")),
        Fact(words.label("newness"), words.newness(card.newness) if card.newness else ""),
        Fact(words.label("near"), near_line(card.near, words) if card.near else ""),
        Fact(words.label("muted"), muted_line(card, words)),
        Fact(words.label("deadline"), due_lines(card)),
        Fact(words.label("filed"), _day(card.application_date)),
        Fact(words.label("registered"), _day(card.registration_date)),
        Fact(words.label("first_seen"), instant(card.first_seen, timezone)),
        Fact(words.label("source"), source_line(card, words)),
        Fact(words.label("link"), href, href),
    ]
    return tuple(fact for fact in facts if fact.value)


def _shared(cards: Sequence[MarkCard], words: Wording, timezone: str) -> tuple[Fact, ...]:
    """What is the same for all filings of the alert, said once; number, class and link stay in the rows."""
    in_rows = ("number", "classes", "link", "filed", "registration", "status", "phase")
    own = {words.label(name) for name in in_rows}
    alike = set(_facts(cards[0], words, timezone))
    for card in cards[1:]:
        alike &= set(_facts(card, words, timezone))
    return tuple(
        fact for fact in _facts(cards[0], words, timezone) if fact in alike and fact.label not in own
    )


def _row(card: MarkCard, words: Wording, said: set[str], timezone: str, why: str) -> Row:
    """A filing in the table; what differs between filings and has no column stands below its number."""
    facts = {fact.label: fact for fact in _facts(card, words, timezone)}
    extra = (
        "mark",
        "near",
        "muted",
        "deadline",
        "docket",
        "client",
        "responsible",
        "owner",
        "newness",
        "registration",
        "source",
    )
    labels = [words.label(name) for name in (*extra, "first_seen")]
    notes = [facts[label] for label in labels if label in facts and label not in said]
    if card.why and not card.near and not set(card.why.split("; ")) <= set(why.split("; ")):
        notes.append(Fact(words.label("why"), clean_line(card.why, TEXT_LIMIT)))
    return Row(
        classes=words.listed([clean_line(name, 10) for name in card.classes]),
        number=summary.number(card),
        href=safe_link(card.link),
        status=glossed_status(card, words),
        filed=_day(card.application_date),
        notes=tuple(f"{note.label}{words.table['colon']}{note.value}" for note in notes),
    )


def status_line(card: MarkCard, words: Wording) -> str:
    """The office's words, code and date."""
    text = clean_line(card.status_text or "", TEXT_LIMIT)
    code = clean_line(card.status_code or "", 40)
    parts = [text, words.say("code", code=code) if code else "", _day(card.status_date)]
    return ", ".join(part for part in parts if part) if text or code else ""


def glossed_status(card: MarkCard, words: Wording) -> str:
    """The office's words, with our phase beside them where they are not in the reader's script."""
    status = status_line(card, words)
    if status and (card.phase is Phase.UNKNOWN or summary.readable(status, words)):
        return status
    phase = words.phase(card.phase)
    return words.say("glossed", text=status, phase=phase) if status else phase


def due_lines(card: MarkCard) -> str:
    """The filing's next deadlines, each with its rule and law, and what they are not."""
    lines = []
    for one in card.dues:
        how = "as printed by the office; verify with the office" if one.source == "office" else "computed"
        said = "; ".join(clean_line(part, 300) for part in (f"{one.rule}: {one.basis}", *one.notes, how))
        lines.append(f"{one.day} {clean_line(one.what, 100)} ({said})")
    return f"{' · '.join(lines)} · {DISCLAIMER}" if lines else ""


def muted_line(card: MarkCard, words: Wording) -> str:
    """What changed too, and why nothing more is said of it."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in card.muted:
        label = words.field(clean_line(one.field, 60))
        found.setdefault((clean_line(one.until, 40), clean_line(one.reason, 300)), []).append(label)
    lines = []
    for (until, reason), labels in found.items():
        line = words.say("muted_line", fields=words.listed(list(dict.fromkeys(labels))), until=until)
        lines.append(words.say("muted_why", line=line, reason=reason) if reason else line)
    return "; ".join(lines)


def source_line(card: MarkCard, words: Wording) -> str:
    """How we know it, from where, and for which day (design law 19)."""
    source = clean_line(card.source, 60)
    kind = words.facts(card.facts, source)
    as_of = words.as_of(card.as_of, card.as_of_kind)
    return words.say("source_line" if source else "source_unnamed", facts=kind, source=source, as_of=as_of)


def owners_line(card: MarkCard) -> str:
    """Its owners on one line."""
    return "; ".join(clean_line(owner) for owner in card.owners)


# -- values ----------------------------------------------------------------------------------------


def capital(text: str) -> str:
    """The text as the beginning of a line."""
    return text[:1].upper() + text[1:]


def _day(day: dt.date | None) -> str:
    return day.isoformat() if day else ""
