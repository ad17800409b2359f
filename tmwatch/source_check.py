"""Can a source still be read? Proved on saved pages, or live by its known query. Nothing is stored.

A page carries more than a reader claims, or words that are in none of our tables: here it is said, so
that nothing is lost unseen.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from tmwatch.config import Config
from tmwatch.errors import ConfigError, LookError, NotThisSource, Outcome, TmwatchError, UsageError
from tmwatch.http import Door
from tmwatch.importing import File, bulk_source, files_in, pieces_of, read_file, unpacked
from tmwatch.looking import prove, read_page
from tmwatch.numbers import show_number
from tmwatch.sources.base import Answer, Page, Source
from tmwatch.sources.expectation import EXPECT, META, Case, load_case, load_expectation
from tmwatch.sources.registry import all_sources, get_source
from tmwatch.watches import live_state

MOST_LINES = 1_000  # of what nobody claims in a file of many records: enough to see what is new
# What lies beside recorded pages and is no page itself.
_BESIDE = {META, EXPECT, "README.md"}


# What follows from a check: nothing; tell those who make tmwatch; it was no page of a register; or nothing,
# because what came (no connection, a challenge, a login …) says nothing about the reader.
Follows = Literal["good", "report", "no page", "not proved"]


@dataclass(frozen=True)
class Checked:
    """What came of one page, or of one live question."""

    what: str  # the file, or the known query
    source: str | None
    outcome: Outcome
    expected: Outcome = Outcome.OK
    records: tuple[str, ...] = ()
    as_of: tuple[str, ...] = ()
    fields: int = 0  # of the record that gives most
    fields_possible: int = 0
    unclaimed: tuple[str, ...] = ()
    unknown_words: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    landmarks: tuple[str, ...] = ()
    error: str = ""
    skipped: str = ""  # a live source that may not be asked, and why
    known: str = ""  # how the known query was answered: "12 filings, 1 is sure"
    seconds: float | None = None  # until the answer was there, or was given up, of a live question
    no_page: bool = False  # the bytes are no page of a register that can be read
    kept: int = 0  # pages kept of this source that were read again, where it was not asked
    terms: str = ""  # on which terms the source is asked

    @property
    def good(self) -> bool:
        """Read to the last row and understood; or refused, where the case says it must be."""
        if self.skipped and not self.records and self.outcome is Outcome.OK:
            return True
        if self.outcome is not self.expected:
            return False
        return not (self.unclaimed or self.unknown_words or (self.missing and self.expected is Outcome.OK))

    @property
    def answered(self) -> bool | None:
        """Whether the register answered at all; None where it was not asked, or that cannot be told."""
        if self.seconds is None or self.outcome is Outcome.LOGIN_REQUIRED:
            return None  # a key that cannot be had ends a look before anybody is asked
        return self.outcome is not Outcome.UNREACHABLE

    @property
    def follows(self) -> Follows:
        """Only what says something about our reader is worth a report."""
        if self.good:
            return "good"
        if self.outcome is Outcome.OK:
            odd = self.unclaimed or self.unknown_words or self.outcome is not self.expected
            return "report" if odd else "not proved"
        if self.no_page:
            return "no page"
        return "report" if self.outcome is Outcome.LAYOUT_CHANGED else "not proved"

    @property
    def verdict(self) -> str:
        """In a few words."""
        if self.skipped and not self.records and self.outcome is Outcome.OK:
            return "not asked"
        if self.outcome is not Outcome.OK:
            if self.good:
                return "refused, as it should be"
            return f"NOT READ: {'no page of a register' if self.no_page else self.outcome.value}"
        if self.outcome is not self.expected:
            return f"READ, but should have been refused as {self.expected.value}"
        if self.unknown_words:
            return "READ, WITH UNKNOWN STATUS WORDS"
        if self.missing:
            return "READ, BUT NOT ALL THAT WAS ASKED FOR"
        return "READ, WITH PARTS NOBODY CLAIMS" if self.unclaimed else "read in full"

    def as_json(self) -> dict[str, Any]:
        """For `source check --json`."""
        return {
            "what": self.what,
            "source": self.source,
            "outcome": None if self.verdict == "not asked" else self.outcome.value,
            "expected": self.expected.value,
            "good": self.good,
            "verdict": self.verdict,
            "follows": self.follows,
            "answered": self.answered,
            "records": list(self.records),
            "as_of": list(self.as_of),
            "fields": self.fields,
            "fields_possible": self.fields_possible,
            "unclaimed": list(self.unclaimed),
            "unknown_words": list(self.unknown_words),
            "missing": list(self.missing),
            "landmarks": list(self.landmarks),
            "error": self.error or None,
            "known_query": self.known or None,
            "seconds": self.seconds,
            "terms": self.terms or None,
            "skipped": self.skipped or None,
            "kept": self.kept,
        }


def pages_in(paths: Sequence[Path]) -> Iterator[File]:
    """The pages named, and those in folders, zips and patterns named."""
    for file in unpacked(files_in(paths)):
        if file.name not in _BESIDE:
            yield file


def check_file(file: File, source_id: str | None = None) -> Checked:
    """Read one saved page. A `meta.toml` beside it says what it was asked for and how it must end."""
    path = file.path
    case = _case_of(path)
    try:
        if case is None and (bulk := bulk_source(file, source_id)) is not None:
            return _check_many(file, bulk)
        if case is None:
            source, _, answer = read_file(file, source_id)
        else:
            source = get_source(source_id or case.source)
            answer = _read_case(source, case.as_page(), path)
    except LookError as error:
        wanted = case.outcome if case else Outcome.OK
        name = source_id or (case.source if case else None)
        return Checked(
            str(path),
            name,
            error.outcome,
            wanted,
            error=str(error),
            landmarks=_landmarks(name),
            no_page=isinstance(error, NotThisSource),
        )
    return _checked(str(path), source, answer, case)


def _check_many(file: File, source: Source) -> Checked:
    """A file of many records, with no more than one of them in memory. Raises `LookError` for a broken file;
    a record that cannot be read fails the check, and the others are looked at all the same."""
    declaration = source.declaration
    records: list[str] = []
    as_of: dict[str, None] = {}
    unclaimed: dict[str, None] = {}
    unknown: dict[str, None] = {}
    failed: list[LookError] = []
    fields = 0
    for piece in pieces_of(file, source):
        try:
            answer = read_page(source, Page(piece.body, name=f"{file.name}#{piece.number}"))
        except LookError as error:
            failed.append(error)
            continue
        for reading in answer.readings:
            records.append(show_number(reading.record))
            as_of[f"{reading.as_of.day} ({reading.as_of.kind})" if reading.as_of else "not said"] = None
            unclaimed |= dict.fromkeys(reading.unclaimed if len(unclaimed) < MOST_LINES else ())
            unknown |= dict.fromkeys(reading.unknown_words)
            fields = max(fields, len(reading.record.covers))
    more = f"\nand {len(failed) - 1} more records of it could not be read" if len(failed) > 1 else ""
    return Checked(
        str(file.path),
        declaration.id,
        failed[0].outcome if failed else Outcome.OK,
        records=tuple(records),
        as_of=tuple(as_of),
        fields=fields,
        fields_possible=len(declaration.covers),
        unclaimed=tuple(unclaimed),
        unknown_words=tuple(unknown),
        landmarks=declaration.landmarks,
        error=f"{failed[0]}{more}" if failed else "",
    )


def _case_of(path: Path) -> Case | None:
    """The case that the page belongs to; one that is described wrongly is read like any other file."""
    if not (path.parent / META).is_file():
        return None
    try:
        case = load_case(path.parent)
    except UsageError:
        return None
    return case if case.page == path.name else None


def _read_case(source: Source, page: Page, path: Path) -> Answer:
    try:
        return source.read(page)
    except LookError as error:
        error.where = str(path)
        raise


def _landmarks(source_id: str | None) -> tuple[str, ...]:
    source = all_sources().get(source_id or "")
    return source.declaration.landmarks if source is not None else ()


def _checked(what: str, source: Source, answer: Answer, case: Case | None = None) -> Checked:
    declaration = source.declaration
    fine = set(case.unclaimed_ok) if case else set()
    unclaimed = [one for reading in answer.readings for one in reading.unclaimed if one not in fine]
    return Checked(
        what,
        declaration.id,
        Outcome.OK,
        case.outcome if case else Outcome.OK,
        tuple(show_number(reading.record) for reading in answer.readings),
        tuple(
            f"{reading.as_of.day} ({reading.as_of.kind})" if reading.as_of else "not said"
            for reading in answer.readings
        ),
        max((len(reading.record.covers) for reading in answer.readings), default=0),
        len(declaration.covers),
        tuple(dict.fromkeys(unclaimed)),
        tuple(dict.fromkeys(word for reading in answer.readings for word in reading.unknown_words)),
        tuple(one for one in (*answer.missing, *answer.unread) if one not in _missing_on_purpose(case)),
        declaration.landmarks,
    )


def _missing_on_purpose(case: Case | None) -> set[str]:
    """Numbers that the page of a case leaves unanswered, as its reviewed expectation says."""
    if case is None or not case.expect_path.is_file():
        return set()
    try:
        expected = load_expectation(case.expect_path)
        return {*(expected.get("missing") or ()), *(expected.get("unread") or ())}
    except ValueError:
        return set()


def check_live(source: Source, door: Door, config: Config, env: Mapping[str, str]) -> Checked:
    """Ask the source its known query, if it may be asked."""
    declaration = source.declaration
    known = declaration.known_query
    what = f"known query: {known.kind} {known.text}"
    terms = (
        f"{declaration.terms.automation.value} ({declaration.terms.link}, read {declaration.terms.read_on})"
    )
    may, why = live_state(declaration, config, env)
    if not may:
        return Checked(what, declaration.id, Outcome.OK, skipped=why, terms=terms)
    begun = time.monotonic()
    try:
        looked = prove(source, door, config, env)
    except (ConfigError, UsageError) as error:
        return Checked(what, declaration.id, Outcome.LOGIN_REQUIRED, error=str(error), terms=terms)
    seconds = round(time.monotonic() - begun, 1)
    if looked.held_until is not None:
        until = looked.held_until.replace(microsecond=0, tzinfo=None).isoformat(sep=" ")
        why = f": {looked.error.message}" if looked.error is not None else ""
        return Checked(what, declaration.id, Outcome.OK, skipped=f"held until {until} UTC{why}", terms=terms)
    found = len(looked.readings)
    answered = f"{found} filing{'s' if found != 1 else ''}, at least {known.least} sure"
    if looked.outcome is not Outcome.OK:
        error_text = str(looked.error) if isinstance(looked.error, TmwatchError) else ""
        return Checked(
            what,
            declaration.id,
            looked.outcome,
            error=error_text,
            landmarks=declaration.landmarks,
            known=answered if found else "not answered",
            seconds=seconds,
            terms=terms,
            no_page=isinstance(looked.error, NotThisSource),
        )
    checked = _checked(what, source, Answer(looked.readings, looked.missing, unread=looked.unread))
    return replace(checked, known=answered, seconds=seconds, terms=terms)


def check_kept(source: Source, pages: Sequence[Page]) -> Checked | None:
    """Read again the pages that were kept of a source; None where there are none.

    Proves the reader, not that the register still sends such pages.
    """
    if not pages:
        return None
    declaration = source.declaration
    checked: list[Checked] = []
    for page in pages:
        try:
            checked.append(_checked(page.name, source, read_page(source, page)))
        except LookError as error:
            landmarks = declaration.landmarks
            checked.append(
                Checked(
                    page.name,
                    declaration.id,
                    error.outcome,
                    error=str(error),
                    landmarks=landmarks,
                    no_page=isinstance(error, NotThisSource),
                )
            )
    bad = next((one for one in checked if one.outcome is not Outcome.OK), None)
    count = len(checked)
    return replace(
        bad or checked[0],
        what=f"the last page{'s' if count > 1 else ''} kept ({count}), read again",
        kept=count,
        records=tuple(dict.fromkeys(name for one in checked for name in one.records)),
        as_of=tuple(dict.fromkeys(day for one in checked for day in one.as_of)),
        unclaimed=tuple(dict.fromkeys(part for one in checked for part in one.unclaimed)),
        unknown_words=tuple(dict.fromkeys(word for one in checked for word in one.unknown_words)),
    )
