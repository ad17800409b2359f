"""Oppositions, cancellations and appeals on the screen: who against whom over which marks, and the docket."""

from __future__ import annotations

from tmwatch.changes.proceedings import show_kind, show_side, show_words
from tmwatch.cli.output import facts_grid, plain, say
from tmwatch.model import Proceeding, ProceedingMark, TradeMark

LATEST_ENTRIES = 10
MARKS = 5  # of a side; some rely on dozens


def line(one: Proceeding) -> str:
    """A proceeding on one line."""
    sides = ", ".join(show_side(party) for party in one.parties)
    status = f"{one.status} {one.status_date}" if one.status and one.status_date else one.status
    said = (f"{show_kind(one)} {one.number}", status, f"filed {one.filed}" if one.filed else "", sides)
    return plain("; ".join(part for part in said if part))


def details(record: TradeMark, *, whole: bool) -> None:
    """Of each proceeding whose file was read: the marks of both sides, and its docket, newest first."""
    for one in record.proceedings:
        if one.docket is None:
            continue
        shown = one.docket if whole else one.docket[-LATEST_ENTRIES:]
        left = len(one.docket) - len(shown)
        say()
        cut = f" (docket: the latest {len(shown)} of {len(one.docket)})" if left else ""
        say(f"{plain(show_kind(one))} {plain(one.number)}, newest first{cut}", style="bold")
        facts_grid(
            [
                *(
                    (plain(side.role or "Party"), plain(_side(side.name or "no name", side.marks or ()), 400))
                    for side in one.parties
                ),
                *((str(entry.date or "no date"), plain(show_words(entry))) for entry in reversed(shown)),
            ]
        )
        if left:
            say("All of it: --events")


def _side(name: str, marks: tuple[ProceedingMark, ...]) -> str:
    said = [_mark(one) for one in marks[:MARKS]]
    if len(marks) > MARKS:
        said.append(f"{len(marks) - MARKS} more")
    return f"{name}: {'; '.join(said)}" if said else name


def _mark(one: ProceedingMark) -> str:
    number = one.application_number
    registration = f"reg. {one.registration_number}" if one.registration_number else ""
    numbers = ", ".join(part for part in (number, registration) if part)
    return f"{one.mark or 'no words'} ({numbers or 'no number'})"
