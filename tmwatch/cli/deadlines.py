"""`deadlines`: what must be done by when, with the rule and its basis beside each date."""

from __future__ import annotations

import csv
import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from tmwatch.cli import render
from tmwatch.cli.app import cli
from tmwatch.cli.options import a_day, json_option
from tmwatch.cli.output import on_terminal, plain, say, say_json, tell
from tmwatch.cli.session import Session, pass_session
from tmwatch.deadlines import DISCLAIMER, RuleBook, span_of
from tmwatch.deadlines.arithmetic import parse_period
from tmwatch.due import Due, due_list, rules_of
from tmwatch.errors import TmwatchError, UsageError
from tmwatch.exporting import cell, writing
from tmwatch.files import is_full
from tmwatch.store import deadlines as books
from tmwatch.store.database import now

_CSV = (
    *("day", "days_left", "office", "number", "mark", "docket_ref", "what", "status", "status_words"),
    *("opens", "statutory_date", "last_safe_day", "extendable_to", "grace", "other_dates", "source"),
    *("mismatch", "trigger", "trigger_day", "rule", "legal_basis", "link", "confidence", "notes", "watches"),
    *("as_of", "st13", "disclaimer"),
)
_KEPT = dt.timedelta(days=365)  # how long what has passed stays in the calendar
_SHORT = {"d": "days", "w": "weeks", "m": "months", "y": "years"}


def span(_ctx: click.Context, param: click.Parameter, value: str) -> dt.timedelta:
    """Callback of `--within 90d`: days, weeks, months (of 31 days) or years. Raises `UsageError`."""
    text = value.strip().lower()
    try:
        period = parse_period(
            text[:-1] + " " + _SHORT[text[-1:]] if text[-1:] in _SHORT and text[:-1].isdecimal() else text
        )
        return dt.timedelta(days=31 * period.months + period.days)
    except (ValueError, OverflowError):
        raise UsageError(
            f"`{plain(value, 30)}` is no span of time",
            where=f"--{param.name}",
            do="Write 90d, 12w, 6m, 2y, or 90 days.",
        ) from None


@cli.command("deadlines")
@click.option(
    "--within",
    default="90d",
    show_default=True,
    callback=span,
    metavar="SPAN",
    help="How far ahead: 90d, 6m, 2y.",
)
@click.option("--watch", "only", multiple=True, metavar="NAME", help="Only this watch; may be repeated.")
@click.option("--all", "everything", is_flag=True, help="Whatever its day and status: met and moot ones too.")
@click.option("--csv", "as_csv", is_flag=True, help="A table for spreadsheets and programs.")
@click.option(
    "--ics",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Write a calendar (RFC 5545); - for stdout. All that lies ahead, whatever --within says.",
)
@click.option("--rule", metavar="'OFFICE NAME'", help="Only count: this rule, from --on, without any record.")
@click.option("--on", callback=a_day, metavar="DAY", help="The day that starts --rule.")
@json_option
@pass_session
def deadlines_(
    session: Session,
    within: dt.timedelta,
    only: tuple[str, ...],
    everything: bool,
    as_csv: bool,
    ics: Path | None,
    rule: str | None,
    on: dt.date | None,
    as_json: bool,
) -> int:
    """List what must be done by when, with the rule and its legal basis beside each date.

    From the stored records of what is watched (of all, where nothing is); a watch's role decides whose dates
    matter. What has passed in the last 180 days stays on the list until the record shows that it was met.
    Every date is computed, or printed by the office and then says so: verify it with the office; it is no
    legal advice.
    """
    if sum((as_csv, as_json, ics is not None)) > 1:
        raise UsageError("--csv, --json and --ics are forms of one answer", do="Choose one of them.")
    config = session.config_if_any()
    if rule is not None or on is not None:
        return _count(rules_of(config), rule, on, as_json)
    for name in only:
        if config is None or config.watch(name) is None:
            known = ", ".join(watch.name for watch in config.watches) if config else ""
            raise UsageError(f'there is no watch "{plain(name, 60)}"', do=f"Watches: {known or 'none'}.")
    if ics is not None:
        return _calendar(session, ics, only)
    found = due_list(config, session.database(config), only=only)
    shown = found if everything else [one for one in found if one.within(within)]
    if as_json:
        say_json({"disclaimer": DISCLAIMER, "deadlines": [one.as_json() for one in shown]})
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(_CSV)
        writer.writerows([_cell(one.as_json()[column]) for column in _CSV] for one in shown)
    else:
        _print(shown, len(found) - len(shown), whole=everything)
    return 0


# What is to be done comes first; what is over stands below, under a heading of its own.
_HEADINGS = {
    "open": "",
    "passed": "The day is over, and the record shows no filing",
    "unverified": "The day is over, and the record is too old to tell (look again, or import a newer page)",
    "met": "Met",
    "moot": "Moot",
}
_UNVERIFIED = 10  # in short


def _print(shown: Sequence[Due], more: int, *, whole: bool) -> None:
    first = min(shown, key=lambda one: list(_HEADINGS).index(one.deadline.status), default=None)
    for status, heading in _HEADINGS.items():
        them = [one for one in shown if one.deadline.status == status]
        if heading and them:
            if them[0] is not first:
                say()
            say(f"{heading}: {len(them)}", style="bold")
        short = status == "unverified" and not whole
        for one in them[: _UNVERIFIED if short else len(them)]:
            say(f"{one.day} {one.day:%a}, {_left(one)}: {plain(one.title)}{_ref(one)}")
            stale = f"{one.deadline.status}: {one.deadline.status_words}"
            for line in [stale] if short else one.details():
                say(line, indent=4)
        if short and len(them) > _UNVERIFIED:
            say(f"and {len(them) - _UNVERIFIED} more (--all lists them with their rules)")
    if any(one.deadline.status != "open" for one in shown):
        say()
    others = f" {more} other{'s' if more > 1 else ''} (--all lists them)." if more else ""
    if shown:
        say(f"{render.counted(len(shown), 'date')}; {DISCLAIMER}.{others}")
    elif on_terminal() or more:
        say(f"No deadline in this span.{others} Dates are {DISCLAIMER}.")


def _left(one: Due) -> str:
    if one.deadline.status in ("met", "moot"):
        return one.deadline.status
    if one.days_left < 0:
        return f"{render.counted(-one.days_left, 'day')} ago"
    return "today" if one.days_left == 0 else f"in {render.counted(one.days_left, 'day')}"


def _ref(one: Due) -> str:
    return f" (ref {plain(one.docket_ref, 40)})" if one.docket_ref else ""


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return cell(f"{value['last_safe_day']} {value['words']}")
    if isinstance(value, list):
        return cell([_cell(one) if isinstance(one, dict) else one for one in value])
    return str(value) if isinstance(value, int) else cell(value)


def _calendar(session: Session, target: Path, only: tuple[str, ...]) -> int:
    from tmwatch.due_calendar import calendar_of_due

    config = session.config_if_any()
    if str(target) != "-":
        session.refuse_own_file(target, "calendar")
    database = session.database(config)
    known = books.shown(database)
    # The books are kept of all of them: what a narrower view leaves out has not been cancelled.
    every = [
        one
        for one in due_list(config, database)
        if one.key in known or (one.state == "live" and one.days_left >= 0)
    ]
    at = now()
    entries = books.book(database, [one.shown() for one in every], at)
    entries = {key: one for key, one in entries.items() if one.day >= at.date() - _KEPT}
    chosen = {one.key for one in every if not only or set(only) & set(one.watches)}
    if only:
        entries = {key: one for key, one in entries.items() if key in chosen}
    text = calendar_of_due([one for one in every if one.key in chosen], entries).decode("utf-8")
    if str(target) == "-":
        sys.stdout.write(text)
        return 0
    try:
        with writing(target) as file:
            file.write(text)
    except OSError as error:
        raise TmwatchError(
            f"the calendar cannot be written: {error.strerror}",
            where=str(target),
            kept="What was there before is untouched.",
            do="Free space, or name another file." if is_full(error) else "Name another file.",
        ) from None
    tell(f"{render.counted(len(entries), 'entry', 'entries')} in {target}; {DISCLAIMER}")
    return 0


def _count(rules: RuleBook, name: str | None, on: dt.date | None, as_json: bool) -> int:
    """One rule and one day, for what no record holds: the day on which a notice was received."""
    if name is None or on is None:
        raise UsageError(
            "--rule and --on belong together", do="For example: --rule 'US opposition' --on 2026-11-17"
        )
    office, _, short = name.strip().partition(" ")
    day = on
    rule = rules.at(office, short.strip(), day)
    if rule is None:
        known = ", ".join(one.name for one in rules.of(office.upper()))
        raise UsageError(
            f"no rule `{plain(name, 60)}` is known that holds for {day}",
            where="--rule",
            do=f"Rules of {plain(office.upper(), 5)}: {known}."
            if known
            else "Write it like 'US opposition'.",
        )
    try:
        found = span_of(rule, day)
    except OverflowError:
        raise UsageError(f"{day} leads out of the calendar", where="--on", do="Give another day.") from None
    ends = [("last safe day", found.end), *((one.words, one) for one in found.extensions)]
    ends += [("grace", found.grace)]
    if as_json:
        say_json(
            {
                "rule": rule.key,
                "trigger_day": day.isoformat(),
                "opens": found.opens.isoformat() if found.opens else None,
                "ends": [
                    {
                        "words": words,
                        "statutory_date": end.statutory.isoformat(),
                        "last_safe_day": end.last_safe.isoformat(),
                        "note": end.note or None,
                    }
                    for words, end in ends
                    if end
                ],
                "legal_basis": rule.basis,
                "link": rule.link or None,
                "confidence": rule.confidence,
                "disclaimer": DISCLAIMER,
            }
        )
        return 0
    say(f"{rule.key}, {rule.what}: from {day}")
    if found.opens and found.opens != day:
        say(f"opens {found.opens}", indent=4)
    for words, end in ends:
        if end:
            closed = (
                f" (statutory date {end.statutory}, a closed day)" if end.statutory != end.last_safe else ""
            )
            say(
                f"{end.last_safe} {end.last_safe:%a}  {words}{closed}{f'; {end.note}' if end.note else ''}",
                indent=4,
            )
    say(f"{rule.basis}; confidence {rule.confidence}; {DISCLAIMER}", indent=4)
    return 0
