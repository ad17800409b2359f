"""What a mail says of a mass, and of a message that was held for one. Plain clean lines, as in `view`."""

from __future__ import annotations

from tmwatch.alerts.payload import HeldNote, Mass, MassExample
from tmwatch.alerts.summary import mass_words
from tmwatch.alerts.wording import Wording
from tmwatch.alerts.zones import instant
from tmwatch.text import clean_line

_VALUE = 80  # characters of an old or new value


def held_lines(held: HeldNote | None, words: Wording, timezone: str) -> tuple[str, ...]:
    """Why it comes late, if it was held."""
    if held is None:
        return ()
    return (words.say("held_note", what=mass_words(held, words), since=instant(held.since, timezone)),)


def mass_lines(mass: Mass, words: Wording, timezone: str) -> tuple[str, ...]:
    """What happened, what is held and until when, and what to do."""
    values = {
        "source": clean_line(mass.source, 40),
        "held": mass.held,
        "until": instant(mass.until, timezone),
    }
    if mass.state != "open":
        still = mass.state == "back" and mass.held
        return (words.say("mass_back_held", **values),) if still else ()
    fields = [
        words.say("mass_field", field=words.field(one.field), filings=one.filings, changed=mass.changed)
        for one in mass.fields
    ]
    share = 100 * (mass.changed + mass.gone) // max(1, mass.looked)
    return (
        words.say("mass_likely", share=share),
        *((words.say("mass_fields", fields=words.listed(fields)),) if fields else ()),
        *(_example(one, words) for one in mass.examples),
        *((words.say("mass_held", **values), words.say("mass_do", **values)) if mass.held else ()),
        *(() if mass.held else (words.say("mass_none_held"),)),
    )


def _example(one: MassExample, words: Wording) -> str:
    named = {"mark": clean_line(one.mark, 40) or words.say("no_words"), "number": clean_line(one.number, 30)}
    if not one.field:
        return words.say("mass_example_gone", **named)
    return words.say(
        "mass_example",
        **named,
        field=words.field(clean_line(one.field, 60)),
        old=clean_line(one.old, _VALUE) or words.label("was_empty"),
        new=clean_line(one.new, _VALUE) or words.label("now_empty"),
    )
