"""One line that says what happened: the subject of the mail, and the first thing its reader sees.

    PYTHON (US 76044902) · registered and renewed · ref M-1234
    [SAMPLE] Joyrobotaxi (CN, 9 filings) · newly filed (Tianyancha reports) · 9 classes

The register's own words stand in the line where they are short and in the reader's script; else our
phase does. Everything passes `clean_line`: the line goes into a mail header.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tmwatch.alerts.campaigns import class_order, identity
from tmwatch.alerts.payload import AlertPayload, HeldNote, MarkCard, Mass
from tmwatch.alerts.summary_digest import digest_line
from tmwatch.alerts.wording import Wording
from tmwatch.model import Change, FactKind, Phase, Significance
from tmwatch.text import clean_line, fold

MARK_LIMIT = 40
STATUS_LIMIT = 48
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2} +")  # the text of an event begins with its date
FACT_LIMIT = 90
REF_LIMIT = 40
# In a subject that names a watch, an owner and a mark: a telephone shows 120 characters.
WATCH_LIMIT, OWNER_LIMIT, NEAREST_LIMIT = 28, 24, 28
# Fields that say the same thing as the status, in other words; the status speaks for them all.
STATUS_FIELDS = frozenset(
    {"status", "status_text", "status_code", "status_phase", "status_live", "tm5_csd", "status_date"}
)


def is_sample(payload: AlertPayload) -> bool:
    """Whether anything in the alert is made up for demonstration."""
    return payload.sample or any(card.facts is FactKind.SAMPLE for card in payload.cards)


def number(card: MarkCard) -> str:
    """ "US 76044902"; a filing whose number is not given shows its ST.13 identifier."""
    shown = clean_line(card.application_number or "", 30)
    if not shown:
        return clean_line(card.st13)
    return shown if shown.upper().startswith(card.office) else f"{card.office} {shown}"


def mark_name(card: MarkCard, words: Wording) -> str:
    """The mark as a reader names it."""
    return clean_line(card.mark, MARK_LIMIT) or words.say("no_words")


def subject(payload: AlertPayload, words: Wording) -> str:
    """Mark, number, change and docket reference on one line, `[SAMPLE]` first when anything is sample."""
    if payload.digest is not None:
        return lead(payload, words)
    parts = [who(payload, words), what(payload, words)]
    references = [clean_line(card.docket_ref, REF_LIMIT) for card in payload.cards if card.docket_ref]
    parts += [words.say("ref", ref=words.listed(_few(references, words)))] if references else []
    return marked(" · ".join(part for part in parts if part), payload, words)


def lead(payload: AlertPayload, words: Wording) -> str:
    """The first line of the mail: as the subject, without the docket reference."""
    if payload.digest is not None:
        return marked(digest_line(payload.digest, words), payload, words)
    return marked(
        " · ".join(part for part in (who(payload, words), what(payload, words)) if part), payload, words
    )


def marked(line: str, payload: AlertPayload, words: Wording) -> str:
    """What is no fact of a register says so first."""
    mark = "test_mark" if payload.kind == "test" else "sample_mark" if is_sample(payload) else ""
    return f"{words.say(mark)} {line}" if mark else line


def who(payload: AlertPayload, words: Wording) -> str:
    """ "PYTHON (US 76044902)", "Joyrobotaxi (CN, 9 filings)"; an alert without a filing names its watch."""
    cards = payload.cards
    if not cards:
        return clean_line(payload.watch, MARK_LIMIT)
    if len(cards) == 1:
        return f"{mark_name(cards[0], words)} ({number(cards[0])})"
    if payload.kind == "filing.new" and len({fold(card.mark) for card in cards}) > 1:
        return _watch_and_owner(payload, words)
    names = _few([mark_name(card, words) for card in cards], words)
    offices = _few([card.office for card in cards], words)
    return words.say(
        "who_many",
        marks=words.listed(names),
        offices=words.listed(offices),
        filings=words.say("filings", count=len(cards)),
    )


def _watch_and_owner(payload: AlertPayload, words: Wording) -> str:
    """Who watches, how many filings, and whose: "JD cars: 9 filings of 北京京东…"."""
    owners = list({identity(card.owners): "; ".join(card.owners) for card in payload.cards}.values())
    values = {
        "watch": clean_line(payload.watch, WATCH_LIMIT),
        "filings": words.say("filings", count=len(payload.cards)),
    }
    if len(owners) > 1:
        return words.say("who_owners", **values, count=len(owners))
    owner = clean_line(owners[0], OWNER_LIMIT)
    return words.say("who_owner", **values, owner=owner) if owner else words.say("who_watch", **values)


def what(payload: AlertPayload, words: Wording) -> str:
    """What happened, with how we know it where that is not the register itself."""
    states = {"watch.baseline": "baseline", "source.health": "health", "delivery.health": "receiver"}
    if payload.kind == "test":
        return words.say("test_lead")
    if payload.mass is not None:
        return mass_line(payload.mass, words)
    if payload.kind in states:
        if payload.kind != "watch.baseline" and payload.headline and words.language == "en":
            return clean_line(payload.headline, FACT_LIMIT)
        return words.say(states[payload.kind])
    if payload.kind == "filing.new":
        kinds = list(dict.fromkeys(card.newness for card in payload.cards if card.newness))
        text = words.listed([words.newness(kind) for kind in kinds]) or words.alert_kind("filing.new")
        parts = [with_facts(text, payload, words), _classes(payload, words), _nearest(payload, words)]
        if len({fold(card.mark) for card in payload.cards}) > 1:
            parts.reverse()
        return " · ".join(part for part in parts if part)
    return with_facts(change_line(payload, words), payload, words)


def mass_line(mass: Mass, words: Wording) -> str:
    """What is told of a mass, in a line."""
    if mass.state == "open":
        return words.say("mass_lead", what=mass_words(mass, words))
    source = clean_line(mass.source, 40)
    return words.say(f"mass_{mass.state}", source=source, count=mass.back, total=mass.changed + mass.gone)


def mass_words(mass: Mass | HeldNote, words: Wording) -> str:
    """ "400 of 900 filings of us.tsdr changed in one pass"."""
    key = "mass_both" if mass.changed and mass.gone else "mass_gone" if mass.gone else "mass_changed"
    source = clean_line(mass.source, 40)
    return words.say(key, changed=mass.changed, gone=mass.gone, looked=mass.looked, source=source)


def _nearest(payload: AlertPayload, words: Wording) -> str:
    """The filing that comes nearest to a watched name; of several found otherwise, the names."""
    cards = payload.cards
    near = next(((card, card.near) for card in cards if card.near is not None), None)
    if near is not None and len(cards) == 1:
        name = words.quoted(clean_line(near[1].to, MARK_LIMIT))
        return words.say("near", level=near[1].level, word=words.level(near[1].level), name=name)
    if near is not None:
        mark = clean_line(mark_name(near[0], words), NEAREST_LIMIT)
        return words.say("nearest", mark=mark, level=near[1].level)
    names = list({fold(card.mark): mark_name(card, words) for card in cards}.values())
    return words.listed(_few(names, words)) if len(names) > 1 else ""


def with_facts(text: str, payload: AlertPayload, words: Wording) -> str:
    """`text (Tianyancha reports)`; nothing is added to what the register itself says, or to a sample."""
    known = [
        words.facts(card.facts, card.source)
        for card in payload.cards
        if card.facts in (FactKind.AGGREGATOR, FactKind.REPORTED)
    ]
    unique = list(dict.fromkeys(known))
    return words.say("reported_by", text=text, facts=words.listed(unique)) if unique else text


def change_line(payload: AlertPayload, words: Wording) -> str:
    """The weightiest change in a few words, and how many more kinds there are."""
    said: list[str] = []
    pairs = [(card, change) for card in payload.cards for change in card.changes]
    pairs.sort(key=lambda pair: -_weight(pair[1]))
    for card, change in pairs:
        phrase = change_phrase(card, change, words)
        if phrase not in said:
            said.append(phrase)
    if not said:
        return words.say("changed_plain")
    line = clean_line(said[0], FACT_LIMIT)
    return line if len(said) == 1 else words.say("and_more", text=line, count=len(said) - 1)


def change_phrase(card: MarkCard, change: Change, words: Wording) -> str:
    """One change in a few words. All that belongs to the status reads as the new status."""
    base = change.field.partition(".")[0]
    if base in STATUS_FIELDS:
        return status_words(card, words)
    if change.field == "owners":
        return words.say("owner_changed")
    if base == "deadline":
        return clean_line(change.new or "", FACT_LIMIT)
    if change.field in ("classes", "classes.text"):
        return _goods_phrase(card, change, words)
    if base == "events" and change.kind == "added":
        news = [item for item in card.changes if item.field == change.field and item.kind == "added"]
        if len(news) > 1:
            return words.say("events", count=len(news))
        text = clean_line(_DAY.sub("", change.new or ""), STATUS_LIMIT)
        return words.say("event_one", text=text) if text else words.say("event")
    sentence = {"added": "field_added", "removed": "field_removed"}.get(change.kind, "field_changed")
    return words.say(sentence, field=_in_line(words.field(change.field), words))


def _goods_phrase(card: MarkCard, change: Change, words: Wording) -> str:
    """ "goods changed in class 9, 12": the classes to which the same kind of thing happened."""
    alike = [item for item in card.changes if (item.field, item.kind) == (change.field, change.kind)]
    classes = words.listed(list(dict.fromkeys(clean_line(item.key, 10) for item in alike if item.key)))
    if not classes:
        return words.say("goods_changed")
    sentence = {"added": "class_added", "removed": "class_removed"}.get(change.kind, "goods_changed_in")
    return words.say(sentence, classes=classes)


def status_words(card: MarkCard, words: Wording) -> str:
    """The office's words where they are short and in the reader's script, else our phase."""
    text = clean_line(card.status_text or "").rstrip(".。")
    if text and readable(text, words) and len(text) <= STATUS_LIMIT:
        return text.lower() if text.isupper() else text
    if card.phase is Phase.UNKNOWN and text:
        return clean_line(text, STATUS_LIMIT)
    return words.phase(card.phase)


def _weight(change: Change) -> float:
    """Significance; at the same one the status leads. Events only say how what else changed came about."""
    base = change.field.partition(".")[0]
    first = {"status": 0.6, "classes": 0.3, "events": -2.0}.get(base, 0.0)
    if base in STATUS_FIELDS - {"status", "status_date"}:
        first = 0.5
    reworded = -len(Significance) if change.kind == "reworded" else 0
    return change.significance.rank + first + reworded


def _classes(payload: AlertPayload, words: Wording) -> str:
    found = {clean_line(name) for card in payload.cards for name in card.classes}
    numbers = sorted(found, key=class_order)
    if not numbers:
        return ""
    if len(numbers) > 5:
        return words.say("classes_count", count=len(numbers))
    return words.say("classes_in", classes=words.listed(numbers))


def _few(items: Sequence[str], words: Wording, most: int = 2) -> list[str]:
    """The first few different items, with an ellipsis for the rest."""
    unique = list(dict.fromkeys(items))
    return unique if len(unique) <= most else [*unique[:most], words.table["more"]]


def _in_line(label: str, words: Wording) -> str:
    """A field's label inside a sentence: "Owner" is "owner", "TM5 …" stays."""
    return label[:1].lower() + label[1:] if words.language == "en" and label[1:2].islower() else label


def readable(text: str, words: Wording) -> bool:
    """Whether an office's words are in the reader's script."""
    return _has_han(text) == (words.language == "zh")


def _has_han(text: str) -> bool:
    return any("\u3400" <= char <= "\u9fff" for char in text)
