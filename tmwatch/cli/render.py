"""Records, changes and coverage as words on a screen. Everything that comes out is clean."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tmwatch.alerts.payload import CoverageLine
from tmwatch.alerts.wording import wording
from tmwatch.cli.output import plain
from tmwatch.model import FactKind, Party, Provenance, TradeMark
from tmwatch.numbers import show_number
from tmwatch.worklist import said

if TYPE_CHECKING:
    from tmwatch.store.muted import Ended

SAMPLE = "[SAMPLE]"
WORDS = wording("en")
VALUE_LIMIT = 300  # characters of an old or new value; `--json` has all of it
TERMS_LIMIT = 12


def mark_name(text: str | None, facts: str | None) -> str:
    """ "PYTHON", or "[SAMPLE] JOYROBOTAXI" where the fact is made up for demonstration."""
    name = plain(text, 60) or WORDS.say("no_words")
    return f"{SAMPLE} {name}" if facts == FactKind.SAMPLE.value else name


def record_name(record: TradeMark) -> str:
    """ "PYTHON (US 76044902)", marked where it is sample."""
    facts = record.provenance.kind.value if record.provenance else None
    return f"{mark_name(record.verbal_element, facts)} ({show_number(record)})"


def short_number(office: str | None, number: str | None, st13: str) -> str:
    """ "US 76044902"; the ST.13 number where the source gives no other."""
    return f"{office} {plain(number)}" if office and number else show_number(st13)


def change_lines(change: Mapping[str, Any]) -> list[str]:
    """One change as the lines a reader needs: what, old → new, terms that came or went."""
    field, kind = plain(change["field"], 60), change["kind"]
    label = WORDS.field(field)
    if field.partition(".")[0] == "classes" and change["key"]:
        label = WORDS.say("in_class", label=label, name=plain(change["key"], 10))
    added, removed = change["terms_added"], change["terms_removed"]
    old, new = plain(change["old"], VALUE_LIMIT), plain(change["new"], VALUE_LIMIT)
    if field == "filing" and kind == "added":
        return [f"New: filed {change['date']}" if change["date"] else "New: first seen"]
    if field == "events" and kind == "added":
        day = str(change["date"] or "")
        return [f"Event: {day} {new.removeprefix(day).strip()}".replace("  ", " ")]
    if added or removed:
        lines = [f"{label}:"]
        lines += [f"  + {plain(term, VALUE_LIMIT)}" for term in added[:TERMS_LIMIT]]
        lines += [f"  − {plain(term, VALUE_LIMIT)}" for term in removed[:TERMS_LIMIT]]
        left = len(added) + len(removed) - min(len(added), TERMS_LIMIT) - min(len(removed), TERMS_LIMIT)
        return [*lines, f"  and {left} more terms (all with --json)"] if left else lines
    if kind == "added":
        return [f"{label} added: {new}"]
    if kind == "removed":
        return [f"{label} removed: {old}"]
    nothing = WORDS.label("was_empty")
    return [f"{label}{' reworded' if kind == 'reworded' else ''}: {old or nothing} → {new or nothing}"]


def where_from(source: str, facts: str, as_of: str | None, as_of_kind: str | None) -> str:
    """ "register (us.tsdr), as of 2013-11-17 (printed)", "Tianyancha reports (cn.tianyancha), …"."""
    day = dt.date.fromisoformat(as_of) if as_of else None
    said = WORDS.as_of(day, as_of_kind)
    if as_of_kind == "printed":
        said += " (printed on the page)"
    return WORDS.say("source_line", facts=WORDS.facts(FactKind(facts), source), source=source, as_of=said)


def provenance_line(provenance: Provenance) -> str:
    """The same for a record's provenance."""
    day = provenance.as_of.isoformat() if provenance.as_of else None
    return where_from(provenance.source, provenance.kind.value, day, provenance.as_of_kind)


def status_line(record: TradeMark) -> str:
    """The office's own words, code and date."""
    more = [f"code {plain(record.status_code)}" if record.status_code else ""]
    more.append(record.status_date.isoformat() if record.status_date else "")
    said = plain(record.status_text)
    return ", ".join(part for part in (said.removesuffix(".") if any(more) else said, *more) if part)


def phase_line(record: TradeMark) -> str:
    """Our phase, whether it lives, and the TM5 descriptor."""
    parts = [WORDS.phase(record.status_phase), WORDS.live(record.status_live)]
    if record.tm5_csd:
        said = " (computed)" if record.tm5_source == "computed" else ""
        parts.append(f"TM5 {plain(record.tm5_csd)}{said}")
    return " · ".join(parts)


def party_line(party: Party) -> str:
    """A name with what tells it apart and where it sits."""
    name = plain(party.name)
    for more in (party.name_local, party.organisation, *(party.aliases or ())):
        if more and plain(more) != name:
            name += f", {plain(more)}"
    place = ", ".join(
        plain(part)
        for part in (*(party.address_lines or ()), party.city, party.state, party.postcode)
        if part
    )
    country = plain(party.country)
    return "; ".join(part for part in (name, ", ".join(one for one in (place, country) if one)) if part)


def coverage_texts(lines: Iterable[CoverageLine]) -> list[str]:
    """ "US by number: live (us.tsdr-api), key present"."""
    found = []
    for line in lines:
        source = f" ({line.source})" if line.source else ""
        why = f": {plain(line.why)}" if line.why else ""
        work = said(line.by_hand) if line.by_hand is not None else ""
        work = f"; {work}: `tmwatch worklist`" if work else ""
        day = f"; new filings read up to {line.read_to}" if line.read_to else ""
        found.append(f"{line.office} {WORDS.trigger(line.trigger)}: {line.state}{source}{why}{work}{day}")
    return found


def ago(instant: dt.datetime | None, now: dt.datetime) -> str:
    """ "3 hours ago", "never"."""
    if instant is None:
        return "never"
    seconds = (now - instant).total_seconds()
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size * (1 if unit != "day" else 2):
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count != 1 else ''} ago"
    return "just now" if seconds >= 0 else "in the future (is the clock right?)"


def local(text: str | None) -> str:
    """A stored instant in the zone of this machine, to the minute."""
    if not text:
        return ""
    return dt.datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")


def counted(number: int, one: str, many: str = "") -> str:
    """ "1 filing", "12 filings"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def listed(items: Sequence[str], most: int = 5) -> str:
    """The first few, and how many more there are."""
    rest = len(items) - most
    return ", ".join(items[:most]) + (f" and {rest} more" if rest > 0 else "")


def first_looks(kept_quiet: Mapping[str, int]) -> list[str]:
    """What first looks were quiet about: who has just set up a watch, and imports the very filing, would else
    wait for an alert of it."""
    found = []
    for name, count in sorted(kept_quiet.items()):
        filings, them = counted(count, "filing"), "it" if count == 1 else "them"
        found.append(
            f"The first look of watch “{plain(name, 60)}”: {filings}, told to nobody; "
            f"`tmwatch hits list` shows {them}. What comes later is told; "
            'first_look = "alert" tells these too.'
        )
    return found


def silenced(mute: str, count: int) -> str:
    """What a mute kept back just now."""
    return f"Muted ({plain(mute)}): {counted(count, 'change')}; `tmwatch changes --muted` lists what."


def mute_ended(one: Ended) -> str:
    """ "a mute ended (goods of watch "JD cars", until …): 4 changes were silenced, …"."""
    silenced = counted(one.count, "change was", "changes were")
    day = dt.datetime.fromisoformat(one.first_at).astimezone().date()
    return (
        f"a mute ended ({one.mute}, until {one.until}): {silenced} silenced and not told: "
        f"`tmwatch changes --muted --since {day}`"
    )


def times(count: int) -> str:
    """ " (3 times)"; "" for once."""
    return f" ({count} times)" if count > 1 else ""


def unknown_word(file: str, word: str, count: int) -> str:
    """That a file says a status word which is in none of our tables."""
    return (
        f"Warning: {file} says “{plain(word, 200)}”{times(count)}, which tmwatch does not know: recorded as "
        "unknown. Look at the register for what it means, and report it."
    )
