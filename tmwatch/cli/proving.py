"""`source check`: can a source still be read? On saved pages, or live by its known query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from tmwatch.cli import render
from tmwatch.cli.options import json_option
from tmwatch.cli.output import Bar, facts_grid, plain, say, say_json
from tmwatch.cli.session import Session, pass_session
from tmwatch.cli.sources import source_group
from tmwatch.errors import Outcome, UsageError
from tmwatch.http import Door
from tmwatch.source_check import Checked, check_file, check_kept, check_live, pages_in
from tmwatch.sources.registry import all_sources, get_source
from tmwatch.store.queries import kept_pages

LISTED = 12
# What ends in one of these is a file that is not there, not the name of a source.
_PAGES = (".html", ".htm", ".mhtml", ".mht", ".json", ".xml", ".zip")
# What to do where nothing came that says anything about the reader.
_NOT_PROVED = {
    Outcome.UNREACHABLE: "nobody answered: is this machine connected? Ask again later",
    Outcome.THROTTLED: "the register wants a pause: ask again later",
    Outcome.BLOCKED: "a challenge came, which tmwatch never solves: save a page by hand and check that file",
    Outcome.DECLINED: "the site declines programs: save a page by hand and check that file",
    Outcome.LOGIN_REQUIRED: "a key or a login is wanted: see the error above",
    Outcome.SERVER_ERROR: "the register has a fault of its own: ask again later",
    Outcome.INCOMPLETE: "what came is not whole: ask again, or save the page again",
    Outcome.NOT_FOUND: "the register says that it has no such record",
    Outcome.OK: "not all that was asked for was answered: ask again later",
}


@source_group.command("check")
@click.argument("what", nargs=-1, metavar="[ID]... [FILES]...")
@json_option
@pass_session
def check(session: Session, what: tuple[str, ...], as_json: bool) -> int:
    """Prove that a source can be read: on saved pages, or live by its known query.

    With FILES (or folders of them) it says what no reader claims, which status words are unknown, and
    whether the page was read to its last row; the source is told from the bytes, or named by ID. Without
    FILES the sources that may be asked are asked (those named, or all), which needs a configuration; of
    those that may not, the pages kept last are read again. Nothing is stored.
    """
    ids, files = _meant(what)
    if files and len(ids) > 1:
        raise UsageError(
            f"saved pages cannot be read as those of {len(ids)} sources at once",
            do="Name one source, or none: it is told from the bytes.",
        )
    found = _files(files, ids[0] if ids else None) if files else _live(session, ids)
    if as_json:
        say_json([one.as_json() for one in found])
        return 0 if all(one.good for one in found) else 1
    for one in found:
        if not files and not ids and one.good:
            say(_in_a_line(one))
        elif not files or not one.good or len(found) <= LISTED:
            _print_checked(one)  # of a folder of thousands only what is not as it should be
    _verdict(found, saved=bool(files))
    return 0 if all(one.good for one in found) else 1


def _meant(words: tuple[str, ...]) -> tuple[list[str], list[Path]]:
    """(sources, files). Raises `UsageError` for a word that is neither."""
    ids: list[str] = []
    files: list[Path] = []
    for place, word in enumerate(words):
        there = Path(word).exists()
        if word in all_sources() and (place == 0 or not there):
            ids.append(word)
        elif there or "/" in word or any(sign in word for sign in "*?["):
            files.append(Path(word))
        elif word.lower().endswith(_PAGES):
            raise UsageError(f"{plain(word, 200)}: there is no such file", do="Check its name.")
        else:
            get_source(word)  # neither a file nor a source: says which sources there are
    return list(dict.fromkeys(ids)), files


def _files(paths: list[Path], source_id: str | None) -> list[Checked]:
    pages = list(pages_in(paths))
    if not pages:
        raise UsageError("no page is in what was named", do="Name saved pages, or the folder they are in.")
    found = []
    with Bar("reading", len(pages)) as bar:
        for file in pages:
            found.append(check_file(file, source_id))
            bar.step(file.name)
    return found


def _live(session: Session, ids: list[str]) -> list[Checked]:
    if not session.has_config:
        raise UsageError(
            "registers are asked with a configuration only",
            do="Give saved pages to check (tmwatch source check FILES), or write one with `tmwatch init`.",
        )
    config = session.config()
    door = Door(config.operator.contact)
    sources = [get_source(one) for one in ids] or list(all_sources().values())
    found = []
    database = session.database_if_any(config)
    with Bar("asking", len(sources)) as bar:
        for source in sources:
            checked = check_live(source, door, config, session.env)
            if checked.skipped and database is not None:
                kept = check_kept(source, kept_pages(database, source.declaration.id))
                checked = replace(kept, skipped=checked.skipped, terms=checked.terms) if kept else checked
            found.append(checked)
            bar.step(source.declaration.id)
    return found


def _in_a_line(one: Checked) -> str:
    """A source of many that is as it should be, or was not asked."""
    name = plain(one.source)
    if not one.skipped:
        return f"{name}: {one.verdict}, {_reach(one)}"
    kept = f"; {render.counted(one.kept, 'kept page')} read in full" if one.kept else ""
    return f"{name}: not asked: {plain(one.skipped)}{kept}"


def _reach(one: Checked) -> str:
    if one.answered is None:
        return ""
    return f"answered in {one.seconds:g} s" if one.answered else f"no answer after {one.seconds:g} s"


def _print_checked(one: Checked) -> None:
    say(f"{plain(one.what)}: {one.verdict}", style="bold")
    facts_grid(
        [
            ("Source", one.source or ""),
            ("Not asked", plain(one.skipped)),
            ("Terms", plain(one.terms)),
            ("Reach", _reach(one)),
            ("Landmarks", "seen" if one.seconds is not None and one.outcome is Outcome.OK else ""),
            ("Known query", plain(one.known)),
            ("Records", render.listed([plain(text) for text in one.records])),
            ("As of", ", ".join(one.as_of[:5])),
            (
                "Fields",
                f"{one.fields} of the {one.fields_possible} this source can give" if one.fields else "",
            ),
            ("Not answered", render.listed([plain(text) for text in one.missing])),
            ("Words", "all in the tables" if _read(one) and not one.unknown_words else ""),
            *(("Unknown word", plain(text)) for text in one.unknown_words[:LISTED]),
            ("Parts", "all claimed" if _read(one) and not one.unclaimed else ""),
            *(("Unclaimed", plain(text, 200)) for text in one.unclaimed[:LISTED]),
            ("", f"and {len(one.unclaimed) - LISTED} more" if len(one.unclaimed) > LISTED else ""),
            *(("Error", plain(text)) for text in one.error.splitlines()),
            *(("Must have", text) for text in (() if one.good or one.answered is False else one.landmarks)),
        ],
        indent=2,
    )


def _read(one: Checked) -> bool:
    return bool(one.records) and one.outcome is Outcome.OK


def _verdict(found: Sequence[Checked], *, saved: bool) -> None:
    what = "file" if saved else "source"
    bad = [one for one in found if not one.good]
    if bad:
        reasons: dict[str, int] = {}
        for one in bad:
            reasons[_what_follows(one, saved)] = reasons.get(_what_follows(one, saved), 0) + 1
        head = f"Verdict: {len(bad)} of {render.counted(len(found), what)} not as it should be"
        if len(reasons) == 1:
            say(f"{head}; {next(iter(reasons))}.")
            return
        say(f"{head}:")
        for reason, count in reasons.items():
            say(f"{count}: {reason}.", indent=2)
        return
    asked = [one for one in found if not one.skipped]
    kept = sum(one.kept for one in found)
    pages = f"{render.counted(kept, 'kept page')} read in full"
    left = len(found) - len(asked)
    if saved:
        say(f"Verdict: good; {render.counted(len(found), 'page')} read to the last row or rightly refused.")
    elif asked:
        more = f" ({pages})" if kept else ""
        say(f"Verdict: good; {render.counted(len(asked), 'source')} answered, {left} not asked{more}.")
    elif kept:
        who = "the register itself was" if left == 1 else "the registers themselves were"
        say(f"Verdict: {pages}; {who} not asked.")
    else:
        say("Verdict: nothing was asked, so nothing is proved. Why is said above.")


def _what_follows(one: Checked, saved: bool) -> str:
    """Whether there is something to report; where not, what to do."""
    if one.follows == "report":
        return "report it"
    if one.follows == "no page" and saved:
        return "no page of a register that tmwatch reads, so there is nothing to report: name saved pages"
    if one.follows == "no page":
        return (
            "what came is no answer of the register, so nothing is proved: is a portal or a proxy on the "
            "way? If a browser gets the same from the register itself, report it"
        )
    return f"nothing is proved, and nothing to report: {_NOT_PROVED.get(one.outcome, one.outcome.value)}"
