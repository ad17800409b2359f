"""Every page in fixtures/ is mutated by machine; each mutation ends as its meaning says.

Never a poorer record, never a change. The table in tmwatch/sources/README.md is the result, and is held
against the run here. `python -m tests.faults.mutations.table --write` writes it anew.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import recorded_folder
from tests.faults.mutations import facts, family, mutations, production
from tests.faults.mutations.judge import Verdict, unordered
from tests.faults.mutations.table import Tally, fixture_pages, judged, kept, run, table
from tmwatch.errors import LookError, Outcome
from tmwatch.importing import import_files
from tmwatch.sources.base import Answer, Page, Source
from tmwatch.sources.expectation import record_facts
from tmwatch.sources.registry import get_source, tell_source
from tmwatch.store import Database, queries

# What is wrong and known, with the reason: (source, what the mutation says, why it cannot be told yet).
KNOWN_WRONG: tuple[tuple[str, str, str], ...] = (
    (
        "us.tsdr-api",
        "label renamed: `DocumentIdentifier`",
        "the box of an assignment's document is passed over as a whole: only the name of the file is lost",
    ),
    (
        "us.tsdr-api",
        r"column dropped: `[\w.]*ownerGroups\.\d+`",
        "a group of owners that is not there is what a case looks like before its owner changed",
    ),
    (
        "us.tsdr-api",
        "column dropped: `PriorityCountryCode`",
        "the name of the country stands beside its code, and some names are in no table of ours",
    ),
)


def unexplained(tallies: dict[str, Tally]) -> list[str]:
    """The wrong ones without a reason."""
    wrong = [(name, line) for name, tally in tallies.items() for line in tally.wrong]
    return [
        line
        for name, line in wrong
        if not any(name == source and re.search(what, line) for source, what, _ in KNOWN_WRONG)
    ]


@pytest.mark.soak
def test_every_mutation_of_every_fixture_ends_as_its_meaning_says_and_the_table_is_kept() -> None:
    found = run(fixture_pages())
    print("\n" + table(found))
    assert unexplained(found) == []
    assert table(found) == kept(), "run `python -m tests.faults.mutations.table --write` and review the table"


LONG = 50_000  # bytes; of a longer page even making its thousands of mutations takes long


def _every(
    pages: Iterator[tuple[Source, str, Page]], step: int, *, shortest: bool = False
) -> dict[str, Tally]:
    """Every mutation of the shortest good page of each kind, and of each page that gives no record, but of
    `_MANY` one in `step`, of `_OFTEN` one in three; of the other pages what mutates facts. With `shortest`
    nothing of the others, nor of a page above `LONG`."""
    found: dict[str, Tally] = {}
    listed = list(pages)
    kinds: dict[tuple[str, str], str] = {}
    for source, name, page in sorted(listed, key=lambda one: len(one[2].body)):
        if isinstance(production(source, page), Answer):
            kinds.setdefault((source.declaration.id, family(page.body)), name)
    for source, name, page in listed:
        tally = found.setdefault(source.declaration.id, Tally())
        tally.pages += 1
        before = production(source, page)
        whole = name in kinds.values() or not isinstance(before, Answer)
        if shortest and (not whole or len(page.body) > LONG):
            continue
        if name in kinds.values() or not isinstance(before, Answer):
            tried = mutations(page, source)
        else:
            tried = facts.mutations(page, source, before)
        for place, mutation in enumerate(tried):
            if place % step and mutation.kind in _MANY:
                continue
            if (place + tally.pages) % 3 and mutation.kind in _OFTEN:
                continue
            verdict = judged(source, before, mutation)
            tally.hows[verdict.how] += 1
            if not verdict.right:
                tally.wrong.append(f"{name}: {mutation}: {verdict.why}")
    return found


# One for each label, element or key of a page: `make test` takes one in 61 of the shortest page of each
# kind, `make soak` all of all pages.
_MANY = frozenset(
    {"label renamed", "row dropped", "row doubled", "unrendered template", "column dropped", "rows doubled"}
)
# The same cuts and strangers for each page: of every third page each is tried.
_OFTEN = frozenset({"truncated", "another office's page"})


def test_mutations_of_every_fixture_end_as_their_meaning_says() -> None:
    """The sample: one in 61 of what is done to each label, element or key, one in three of the cuts and the
    pages of other offices; `make soak` does all."""
    found = _every(fixture_pages(), 61)
    print("\n" + table(found))
    assert unexplained(found) == []


def test_the_kept_table_has_a_row_for_each_source_with_fixtures_and_counts_its_pages() -> None:
    rows = {}
    for line in kept().splitlines()[2:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        rows[cells[0].strip("`")] = [int(cell) for cell in cells[1:]]
    pages: dict[str, int] = {}
    for source, _, _ in fixture_pages():
        pages[source.declaration.id] = pages.get(source.declaration.id, 0) + 1
    assert {name: row[0] for name, row in rows.items()} == pages, "write the table anew"
    for name, (_, tried, *hows) in rows.items():
        assert tried == sum(hows), name
        assert hows[-1] == 0 or any(name == source for source, _, _ in KNOWN_WRONG), name


# -- recordings ------------------------------------------------------------------------------------------


def recordings() -> list[Path]:
    folder = recorded_folder()
    if folder is None:
        warnings.warn("no real recordings here: no real page was mutated", stacklevel=1)
        return []
    patterns = (
        *("us/tsdr_html/*", "us/tsdr_xml/*", "us/tsdr_json/case*", "us/daily_xml/*.xml"),
        *("vn/VN42026*", "wo/*.html"),
    )
    return sorted(path for pattern in patterns for path in folder.glob(pattern) if path.suffix != ".dtd")


def _recorded_pages(paths: list[Path]) -> Iterator[tuple[Source, str, Page]]:
    for path in paths:
        page = Page(path.read_bytes(), name=path.name)
        try:
            yield tell_source(page), path.name, page
        except LookError:
            continue  # no page of a source that we read


@pytest.mark.recorded
def test_some_mutations_of_real_pages_end_as_their_meaning_says(recorded: Path) -> None:
    """The sample: the shortest page of each kind, if below 50 kB, and one in 601 of what is done to each
    label, element or key; `make soak` does all to all pages."""
    found = _every(_recorded_pages(recordings()), 601, shortest=True)
    print("\n" + table(found))
    assert unexplained(found) == []


@pytest.mark.recorded
@pytest.mark.soak
def test_every_mutation_of_every_real_page_ends_as_its_meaning_says(recorded: Path) -> None:
    found = run(_recorded_pages(recordings()))
    print("\n" + table(found))
    assert unexplained(found) == []


# -- never a change --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source_id", "case"),
    [
        ("us.tsdr", "madrid-registration"),
        ("us.tsdr-api", "st96-madrid-with-opposition"),
        ("cn.tianyancha", "by-number"),
        ("cn.cnipa", "detail-registered"),
        ("vn.ipvn", "granted-two-classes"),
    ],
)
def test_the_stored_record_and_its_changes_stay_as_they_were(
    tmp_path: Path, source_id: str, case: str
) -> None:
    source = get_source(source_id)
    page = next(page for one, name, page in fixture_pages() if name == f"{source_id}/{case}")
    good = tmp_path / (page.name or "page")
    good.write_bytes(page.body)
    base = Database(tmp_path / "tmwatch.db")
    first, _ = import_files(base, [good])
    assert {one.outcome for one in first} == {Outcome.OK}
    before = _books(base)
    answer = production(source, page)
    pages = tmp_path / "pages"
    pages.mkdir()
    tried = 0
    for place, mutation in enumerate(mutations(page, source)):
        # A row that is not there, an unknown status or an unknown event is a statement of its own.
        if (mutation.kind in _MANY and place % 61) or mutation.kind == "charset":
            continue
        if judged(source, answer, mutation) not in (Verdict("same"), Verdict("refused")):
            continue
        (pages / f"{place:05}-{page.name}").write_bytes(mutation.page.body)
        tried += 1
    results, _ = import_files(base, [pages], source_id=source_id)
    assert len(results) >= tried
    assert {one.what for one in results if one.outcome is Outcome.OK} <= {"unchanged", "past", "technical"}
    assert _books(base) == before
    assert tried > 15


def _books(base: Database) -> dict[str, Any]:
    """The record and its changes. That rows came in another order may be kept, as no change at all."""
    counts = {name: queries.counts(base)[name] for name in ("mark", "change")}
    records = [unordered(record_facts(record)) for record in queries.all_marks(base)]
    changes = [queries.history(base, record["st13"])["changes"] for record in records]
    return {"counts": counts, "changes": changes, "records": records}
