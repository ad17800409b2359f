"""`source capture`: a page of the register as a case for the tests, without the persons on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tmwatch.capturing import Captured, ask_page, capture
from tmwatch.cli import render
from tmwatch.cli.options import json_option
from tmwatch.cli.output import Bar, facts_grid, plain, say, say_json
from tmwatch.cli.session import Session, pass_session
from tmwatch.cli.sources import source_group
from tmwatch.errors import UsageError
from tmwatch.http import Door
from tmwatch.model import TradeMark
from tmwatch.numbers import MarkNumber, parse_number
from tmwatch.sources.base import Page, Source
from tmwatch.sources.expectation import META, load_case
from tmwatch.sources.one_of_many import whole_or_one
from tmwatch.sources.registry import get_source
from tmwatch.sources.skeleton import Difference
from tmwatch.store import Database, queries

LISTED = 20


@source_group.command("capture")
@click.argument("source_id", metavar="ID")
@click.argument("what", metavar="NUMBER|FILE")
@click.option("--broken", is_flag=True, help="Keep a page that is NOT read, with an expectation that fails.")
@click.option(
    "--number",
    help="Of a FILE: the filing that was asked for. Of a file of many records: the one to cut out.",
)
@click.option(
    "--no-persons",
    is_flag=True,
    help="With --broken: I have read the page, it names no private person.",
)
@click.option("--case", default="", help="Name of the case. Default: number and day.")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the cases. Default: ./fixtures.",
)
@json_option
@pass_session
def capture_(
    session: Session,
    source_id: str,
    what: str,
    broken: bool,
    number: str | None,
    no_persons: bool,
    case: str,
    into: Path | None,
    as_json: bool,
) -> int:
    """Keep a page as a case: bytes, headers, instant and address, and a first expectation to be reviewed.

    NUMBER is asked live, if the source may be asked; FILE is a page saved before. Private persons are taken
    out by the rules of the source; where that cannot be done nothing is written. With --broken a page that
    is not read becomes a case that fails until the reader is mended, and the structural difference from the
    last page that was read is shown. Who is on such a page is known from the stored record of the filing
    only (--number); without one, say --no-persons after you have read the page. A packed file (zip) has to
    be unpacked first. Of a file of many records (a day of the Trial and Appeal Board) one is cut out, the
    one that --number names, out of the zip too.
    """
    source = get_source(source_id)
    folder = into or Path("fixtures")
    new = not folder.is_dir()
    database = session.database_if_any(session.config_if_any())
    file = Path(what)
    is_file = file.is_file()
    if not is_file and (
        "/" in what or file.suffix in (".html", ".htm", ".json", ".xml", ".mhtml", ".mht", ".zip")
    ):
        raise UsageError(f"{plain(what, 200)}: there is no such file", do="Check its name.")
    if is_file:
        page, wanted = _page_of(source, file, number)
    else:
        wanted = parse_number(number or what, source.declaration.office)
        if not session.has_config:
            raise UsageError(
                "registers are asked with a configuration only: it says who asks, and which may be asked",
                do="`tmwatch init` writes one; or give a page saved before instead of the number.",
            )
        config = session.config()
        with Bar(f"asking {source_id}"):
            page = ask_page(source, wanted, Door(config.operator.contact), config, session.env)
    known: TradeMark | None = None
    if database is not None and wanted is not None:
        known = next((queries.get(database, st13) for st13 in queries.find(database, wanted)), None)
    good = _good(source, database, known, folder) if broken else []
    done = capture(
        source, page, folder, case=case, broken=broken, known=known, good=good, no_persons=no_persons
    )
    if as_json:
        say_json(_json(done))
    else:
        _print(done, broken=broken)
        _say_next(folder, new=new, named=into is not None)
    return 0


def _page_of(source: Source, file: Path, number: str | None) -> tuple[Page, MarkNumber | None]:
    """What of the file becomes the case, and the filing that it is about, where that was said."""
    try:
        with file.open("rb") as stream:
            cut = whole_or_one(source, stream, file.name, number)
        page = cut or Page(file.read_bytes(), name=file.name)
    except OSError as error:
        raise UsageError(
            f"{plain(str(file), 200)} cannot be read: {error.strerror}", do="Check its name and rights."
        ) from None
    if number is None:
        return page, None
    try:
        return page, parse_number(number, source.declaration.office)
    except UsageError:
        if cut is None:
            raise
        return page, None  # a proceeding's own number, which is that of no filing


def _good(source: Source, database: Database | None, known: TradeMark | None, folder: Path) -> list[Page]:
    """Pages that were read before, to compare with: of this filing, of this source, else a case of ours."""
    found: list[Page] = []
    if database is not None and known is not None:
        found = queries.kept_pages(database, source.declaration.id, 1, known.st13)
    if database is not None and not found:
        found = queries.kept_pages(database, source.declaration.id, 1)
    for path in sorted(folder.glob(f"{source.declaration.id}/*/{META}")) if not found else ():
        kept = load_case(path.parent)
        if kept.outcome.value == "ok" and kept.reviewed:
            return [Page((path.parent / kept.page).read_bytes(), name=f"the case {path.parent.name}")]
    return found


def _json(done: Captured) -> dict[str, Any]:
    built = done.difference
    return {
        "folder": str(done.folder),
        "source": done.source,
        "outcome": done.outcome.value,
        "records": list(done.records),
        "replaced": done.replaced,
        "unclaimed": list(done.unclaimed),
        "unknown_words": list(done.unknown_words),
        "error": done.error or None,
        "difference": {
            "compared_with": done.compared_with,
            "form": built.form,
            "good_form": built.good_form,
            "new": list(built.new),
            "gone": list(built.gone),
        }
        if built
        else None,
    }


def _print(done: Captured, *, broken: bool) -> None:
    say(f"Written: {plain(str(done.folder))}", style="bold")
    facts_grid(
        [
            ("Source", done.source),
            ("Records", render.listed([plain(one) for one in done.records])),
            ("Persons", f"{render.counted(done.replaced, 'place')} replaced by samples"),
            *(("Unclaimed", plain(one, 200)) for one in done.unclaimed[:LISTED]),
            *(("Unknown word", plain(one)) for one in done.unknown_words[:LISTED]),
            *(("Not read", plain(line)) for line in done.error.splitlines()[:3]),
        ],
        indent=2,
    )
    if done.difference is not None:
        _print_difference(done.difference, done.compared_with)
    elif broken:
        say("No page of this source was read before: there is nothing to compare its structure with.")


def _say_next(folder: Path, *, new: bool, named: bool) -> None:
    if new:
        other = "" if named else "; --into names another"
        say(f"There was no folder {plain(str(folder))} here, so it was made{other}.")
    checkout = (folder.parent / "tmwatch" / "sources").is_dir()
    say(
        "Next: read the page for persons and the expectation beside the page, then set reviewed = true in "
        + (
            "meta.toml. Until then the tests fail."
            if checkout
            else "meta.toml. Nothing reads cases here: put it below `fixtures` in a checkout of tmwatch, "
            "whose tests do, or send it with your report."
        )
    )


def _print_difference(built: Difference, compared_with: str) -> None:
    say(f"Structure, beside {plain(compared_with, 60)}:")
    if built.none:
        say("built alike: the difference is in what it says", indent=2)
    if built.form != built.good_form:
        say(f"{built.form} instead of {built.good_form}", indent=2)
    for sign, parts in (("-", built.gone), ("+", built.new)):
        for part in parts[:LISTED]:
            say(f"{sign} {plain(part, 100)}", indent=2)
        if len(parts) > LISTED:
            say(f"{sign} and {len(parts) - LISTED} more (all with --json)", indent=2)
