"""`lookup`: what is stored, and what registers that may be asked say now."""

from __future__ import annotations

import csv
import datetime as dt
import sys

import click
from rich.table import Table
from rich.text import Text

from tmwatch.cli import render
from tmwatch.cli.app import cli
from tmwatch.cli.columns import widths
from tmwatch.cli.found import document, filings
from tmwatch.cli.nearby import look_nearby
from tmwatch.cli.options import a_day, json_option, nice_classes, office_codes
from tmwatch.cli.output import Bar, complain, console, on_terminal, plain, say, say_json, show_table
from tmwatch.cli.session import Session, pass_session, say_of_register
from tmwatch.errors import UsageError
from tmwatch.exporting import cell
from tmwatch.http import Door
from tmwatch.lookup import (
    MOST_PAGES,
    Asked,
    KeptIn,
    LiveAnswer,
    NotAsked,
    Question,
    Stored,
    bare_number,
    live,
    stored,
)
from tmwatch.model import FactKind, Phase, TradeMark

LISTED = 50
_PARTS = {"filed_since": "filing date"}  # how a part is called on the screen, where not by its name
# The table of answers: each column, and whether its words are never broken.
_COLUMNS = (
    *(("Mark", False), ("Office", True), ("Number", True), ("Class", True), ("Owner", False)),
    *(("Status", True), ("Filed", True), ("Source", True)),
)
_NO_CONFIGURATION = (
    "No register was asked: there is no configuration, which says who asks and which may be asked. "
    "`tmwatch init` writes one; --stored looks at what is stored only."
)
_OWN_DAY = (
    "The day of change is the office's own: what it rewrites without moving that day is not listed here. "
    "A watch reads the whole list."
)
_CSV = (
    *(
        "note",
        "found",
        "mark",
        "office",
        "application_number",
        "registration_number",
        "st13",
        "classes",
    ),
    *("owners", "status_text", "phase", "application_date", "source", "facts", "as_of", "link", "kept_in"),
)


@cli.command()
@click.argument("text", nargs=-1)
@click.option("--mark", default="", metavar="NAME", help="A mark of this name.")
@click.option("--owner", default="", metavar="NAME", help="Filings of this owner.")
@click.option("--agent", default="", metavar="NAME", help="Filings of this representative.")
@click.option(
    "--office",
    "offices",
    multiple=True,
    callback=office_codes,
    metavar="XX,…",
    help="Only these offices, such as CN,US,EM.",
)
@click.option(
    "--class", "classes", multiple=True, callback=nice_classes, metavar="N,…", help="Only these Nice classes."
)
@click.option(
    "--since",
    callback=a_day,
    metavar="YYYY-MM-DD",
    help="Only what was filed on or after this day.",
)
@click.option(
    "--changed-since",
    callback=a_day,
    metavar="YYYY-MM-DD",
    help="Only what the office itself says it changed on or after this day; asks registers that can tell.",
)
@click.option(
    "--pages",
    type=click.IntRange(1, 500),
    default=MOST_PAGES,
    show_default=True,
    metavar="N",
    help="The most pages that one register is asked for.",
)
@click.option(
    "--live/--stored",
    "ask_live",
    default=None,
    help="Ask the registers too, or look at what is stored only. Default: ask if there is a configuration.",
)
@click.option(
    "--like",
    "level",
    type=click.IntRange(1, 4),
    default=None,
    is_flag=False,
    flag_value=2,
    metavar="[LEVEL]",
    help="Names near TEXT in the store of the whole register, to this level (2); no register is asked.",
)
@click.option("--csv", "as_csv", is_flag=True, help="A table for spreadsheets and programs.")
@json_option
@pass_session
def lookup(
    session: Session,
    text: tuple[str, ...],
    mark: str,
    owner: str,
    agent: str,
    offices: tuple[str, ...],
    classes: tuple[int, ...],
    since: dt.date | None,
    changed_since: dt.date | None,
    pages: int,
    ask_live: bool | None,
    level: int | None,
    as_csv: bool,
    as_json: bool,
) -> int:
    """Find filings by mark, owner, agent or number. Nothing is stored or alerted.

    TEXT is a number, or a name that may be a mark or an owner. All sources that can answer are asked side by
    side, each at its own pace; those that cannot be asked are named, with the reason. In the store of the
    whole register a number is looked up, and a mark or an owner by its whole name, however that is written;
    what is near a name is found there with --like. The exit code is 1 where registers were asked and none
    answered, or all that could be asked rest after failures.
    """
    if level is not None:
        others = (mark, owner, agent, offices, since, changed_since, ask_live, as_csv)
        return look_nearby(session, " ".join(text).strip(), level, classes, any(others), as_json)
    question = Question(
        " ".join(text).strip(),
        mark.strip(),
        owner.strip(),
        agent.strip(),
        offices,
        classes,
        since,
        pages,
        changed_since,
    )
    _check(question, as_csv, as_json)
    _check_changed(question, ask_live, can_ask=session.has_config)
    if ask_live and not session.has_config:
        raise UsageError(
            "registers are asked with a configuration only: it says who asks, and which may be asked",
            do="`tmwatch init` writes one; --stored looks at what is stored.",
        )
    config = session.config() if session.has_config and ask_live is not False else None
    database = session.database_if_any(config)
    settings = session.config_if_any()
    if settings is not None:
        say_of_register(settings)
    known = stored(database, question, settings)
    answer = LiveAnswer()
    if config is not None:
        with Bar("asking") as bar:
            answer = live(config, Door(config.operator.contact), session.env, question, progress=bar.to)
    shown = on_terminal() and not as_json and not as_csv
    if as_json:
        say_json(document(filings(known, answer), answer))
    elif as_csv:
        _write_csv(known, answer)
    else:
        _print(known, answer, question, asked=config is not None, shown=shown)
        if not offices and bare_number(question.text):
            say("If this is a number, add --office US.")
    if config is None and ask_live is None:
        (say if shown else complain)(_NO_CONFIGURATION)
    if not shown:
        for one in answer.asked:
            if one.incomplete:
                complain(f"Not complete: {one.source}: {one.incomplete}")
        for left in answer.not_asked:
            complain(f"{'Failed' if left.failed else 'Not asked'}: {left.source}: {left.why}")
    return 1 if answer.nobody_answered else 0


def _check(question: Question, as_csv: bool, as_json: bool) -> None:
    if not (question.text or question.mark or question.owner or question.agent or question.changed_since):
        raise UsageError(
            "there is nothing to look for",
            do="Give a mark, an owner or a number; or --mark, --owner, --agent.",
        )
    if question.text and question.number is not None and (question.mark or question.owner or question.agent):
        raise UsageError(
            "a number names one filing: it goes with no --mark, --owner or --agent",
            do="Leave out the number, or the rest.",
        )
    if question.text and question.mark and question.owner:
        raise UsageError(
            "a name beside --mark and --owner can be neither of them",
            do="Leave out the name, or one of the options.",
        )
    if as_csv and as_json:
        raise UsageError("--csv and --json are two forms of one answer", do="Choose one of them.")


def _check_changed(question: Question, ask_live: bool | None, *, can_ask: bool) -> None:
    """What `--changed-since` cannot go with: whatever no register would be asked for."""
    day = question.changed_since
    if day is None:
        return
    if question.number is not None:
        raise UsageError(
            "a number names one filing: --changed-since goes with names, or alone",
            do="Leave out --changed-since: the register then says how the filing stands now.",
        )
    if ask_live is False or not can_ask:
        why = "--stored asks none" if ask_live is False else "there is no configuration to ask one with"
        raise UsageError(
            f"only a register knows what it changed since a day, and {why}",
            do=f"`tmwatch changes --since {day}` shows the changes that tmwatch saw.",
        )
    if day > dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1):  # it may be tomorrow already elsewhere
        raise UsageError(
            f"{day} lies ahead: nothing has changed since", do="Give --changed-since a day that is past."
        )


def _write_csv(known: Stored, answer: LiveAnswer) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_CSV)
    for row in filings(known, answer):
        writer.writerow([cell(row.get(column)) for column in _CSV])


def _print(known: Stored, answer: LiveAnswer, question: Question, *, asked: bool, shown: bool) -> None:
    classes, changed = bool(question.classes), question.changed_since
    said = {(one.st13, one.provenance.source) for one in answer.records if one.provenance}
    found: list[tuple[TradeMark, KeptIn | None]] = [
        (one, kept_in)
        for one, kept_in in known.records
        if not one.provenance or (one.st13, one.provenance.source) not in said
    ]
    found += [(one, None) for one in answer.records]
    _table(found, classes=classes)
    unknown = sum(not _classes_known(one) for one, _ in found) if classes else 0
    if unknown:
        say(f"{render.counted(unknown, 'filing')} whose classes the source does not give", style="dim")
    if changed is None:
        of_register = (
            f", {len(known.register)} of them in the store of the register" if known.register else ""
        )
        say(f"Stored: {render.counted(len(known.records), 'filing')}{of_register}")
    if not asked:
        return
    if answer.asked:
        say(f"At the registers now: {render.counted(len(answer.records), 'filing')}")
    elif any(one.failed for one in answer.not_asked):
        say("At the registers: nobody answered")
    elif answer.nobody_answered:
        say("At the registers: nobody was asked; who could be rests, because its last answers were failures")
    else:
        say("At the registers: nobody was asked")
    for line in answer.asked:
        say(_asked_line(line), indent=2, style="dim")
    if shown:
        for left in answer.not_asked:
            say(_not_asked_line(left), indent=2)
    if answer.records:
        say("What the registers said now was not stored: watch it, or import its page.", style="dim")
    if changed is not None and answer.asked:
        say(_OWN_DAY, style="dim")


def _asked_line(one: Asked) -> str:
    total = f" of {one.total}" if one.total is not None and one.total != one.found else ""
    line = f"asked {one.source} for {plain(one.question)}: {one.found}{total} found"
    if one.filtered:
        line += (
            f"; it cannot ask by {', '.join(_PARTS.get(part, part) for part in one.filtered)}: filtered here"
        )
    return line + (f"; not complete: {plain(one.incomplete)}" if one.incomplete else "")


def _not_asked_line(one: NotAsked) -> str:
    return f"{'failed' if one.failed else 'not asked'}: {one.source}: {plain(one.why)}"


def _classes_known(record: TradeMark) -> bool:
    return record.gives("classes") and bool(record.class_numbers)


def _table(records: list[tuple[TradeMark, KeptIn | None]], *, classes: bool) -> None:
    if not records:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    rows = [_cells(record, kept_in, classes=classes) for record, kept_in in records[:LISTED]]
    heads, whole = zip(*_COLUMNS, strict=True)
    room = console().width - (len(heads) - 1)
    for name, width in zip(heads, widths(heads, rows, whole, room), strict=True):
        table.add_column(name, width=width, overflow="fold")
    for row in rows:
        table.add_row(*(Text(text) for text in row))
    show_table(table)
    if any(_is_told(record) for record, _ in records[:LISTED]):
        say("* says so of the register; the register itself was not asked", style="dim")
    if len(records) > LISTED:
        say(f"and {len(records) - LISTED} more (all with --json or --csv)", indent=2)


def _is_told(record: TradeMark) -> bool:
    """Whether somebody else than the register says it."""
    known = (FactKind.REGISTER, FactKind.SAMPLE)
    return record.provenance is not None and record.provenance.kind not in known


def _status(record: TradeMark) -> str:
    """Where it stands in our words, which are short; in the office's own where we have none."""
    if record.gives("status_phase") and record.status_phase is not Phase.UNKNOWN:
        return render.WORDS.phase(record.status_phase)
    own = plain(record.status_text or record.status_code, 40)
    return own or (render.WORDS.phase(record.status_phase) if record.gives("status_phase") else "")


def _cells(record: TradeMark, kept_in: KeptIn | None, *, classes: bool) -> tuple[str, ...]:
    origin = record.provenance
    number = record.application_number or record.registration_number
    day = f" {origin.as_of}" if origin and origin.as_of else ""
    source = (origin.source if origin else "") + ("*" if _is_told(record) else "")
    source += {None: "", "database": f" stored{day}", "register": f" register{day}"}[kept_in]
    return (
        render.mark_name(record.verbal_element, origin.kind.value if origin else None),
        record.office,
        plain(number) or record.st13,
        ", ".join(plain(one) for one in record.class_numbers)
        or ("not known" if classes and not _classes_known(record) else ""),
        "; ".join(plain(party.name) for party in record.owners),
        _status(record),
        str(record.application_date or ""),
        source,
    )
