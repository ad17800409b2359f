"""Until when a published filing can be opposed, by whom the time can be extended, and what follows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tmwatch.deadlines.engine import Deadline, deadlines
from tmwatch.deadlines.rules import RuleBook
from tmwatch.model import TradeMark


@dataclass(frozen=True, slots=True)
class OppositionWindow:
    """`last_day` is the day to work to; `deadline` holds the rest, the rule and its basis among it."""

    opens: dt.date | None
    last_day: dt.date
    deadline: Deadline

    @property
    def sentence(self) -> str:
        """One line of plain words: until when, what kind of date that is, and extensions."""
        one = self.deadline
        match one.status:
            case "moot":
                return f"Opposition until {self.last_day}: moot, {one.status_words}."
            case "open" if self.opens and one.status_words.startswith("opens"):
                head = f"Can be opposed from {self.opens} to {self.last_day}"
            case "open":
                head = f"Can be opposed until {self.last_day}"
            case _:
                return f"Could be opposed until {self.last_day}; {one.status_words}."
        parts = [head]
        parts += [f"until {end.last_safe} under {end.words}" for _, end in one.others]
        if one.extendable or one.extension_words:
            parts.append(f"extendable: {extensions_in_words(one)}")
        return "; ".join(parts) + f" ({one.rule}: {one.basis}; {one.source})."


def extensions_in_words(one: Deadline) -> str:
    """ "to 2026-02-05 30 days of right, to 2026-04-06 …", and those of no fixed length."""
    return ", ".join([*(f"to {end.last_safe} {end.words}" for end in one.extendable), *one.extension_words])


def opposition_window(
    record: TradeMark, *, today: dt.date, as_of: dt.date | None = None, rules: RuleBook | None = None
) -> OppositionWindow | None:
    """The window in which anybody can oppose this filing; None where the record shows no publication that
    opens one, or no rule of its office is known.

    `today` is the day at the office (`day_at`), `as_of` the day the record speaks for. After several
    publications the latest counts.
    """
    found = [
        one
        for one in deadlines(record, today=today, as_of=as_of, rules=rules)
        if one.act == "opposition" and one.day is not None
    ]
    if not found:
        return None
    last = max(found, key=lambda one: one.trigger_day)
    assert last.day is not None
    return OppositionWindow(last.opens, last.day, last)
