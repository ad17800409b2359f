"""The walk over pages, and the table of it that the sources' README keeps.

python -m tests.faults.mutations.table           prints the table of the fixtures
python -m tests.faults.mutations.table --write   … and writes it into tmwatch/sources/README.md
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import ROOT
from tests.faults.mutations import mutations, production
from tests.faults.mutations.judge import End, Mutation, Verdict
from tmwatch.sources.base import Page, Source
from tmwatch.sources.expectation import load_case
from tmwatch.sources.registry import get_source

README = ROOT / "tmwatch" / "sources" / "README.md"
START, END = "<!-- mutations: kept by tests/faults/test_hostile_pages.py -->", "<!-- end of mutations -->"
HEAD = (
    "| source | pages | mutations tried | the very same record | refused | reported as unknown "
    "| emptier, as the page is | wrong |\n|---|---|---|---|---|---|---|---|"
)


@dataclass
class Tally:
    """What came of the mutations of one source's pages."""

    pages: int = 0
    hows: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def tried(self) -> int:
        return sum(self.hows.values())

    def row(self, source: str) -> str:
        hows = self.hows
        parts = (hows["same"], hows["refused"], hows["reported"], hows["empty"], hows["wrong"])
        return f"| `{source}` | {self.pages} | {self.tried} | {' | '.join(map(str, parts))} |"


def fixture_pages() -> Iterator[tuple[Source, str, Page]]:
    """(source, name, page) of every page in fixtures/, the failing ones included."""
    for path in sorted((ROOT / "fixtures").glob("*/*/meta.toml")):
        case = load_case(path.parent)
        yield get_source(case.source), f"{case.source}/{case.folder.name}", case.as_page()


def run(pages: Iterable[tuple[Source, str, Page]]) -> dict[str, Tally]:
    """Every mutation of every page, judged."""
    found: dict[str, Tally] = {}
    for source, name, page in pages:
        tally = found.setdefault(source.declaration.id, Tally())
        tally.pages += 1
        before = production(source, page)
        for mutation in mutations(page, source):
            verdict = judged(source, before, mutation)
            tally.hows[verdict.how] += 1
            if not verdict.right:
                tally.wrong.append(f"{name}: {mutation}: {verdict.why}")
    return found


def judged(source: Source, before: End, mutation: Mutation) -> Verdict:
    """One mutation read on the production road. An exception outside the tree of errors is wrong, too."""
    try:
        after = production(source, mutation.page)
    except Exception as error:  # noqa: BLE001 - which one it is, is what is looked for
        return Verdict("wrong", f"{type(error).__name__} outside the tree of errors: {error}")
    return mutation.judge(before, after)


def table(found: dict[str, Tally]) -> str:
    """The table as Markdown."""
    return "\n".join([HEAD, *(tally.row(source) for source, tally in sorted(found.items()))])


def kept(readme: Path = README) -> str:
    """The table that the README keeps, "" where it keeps none."""
    text = readme.read_text(encoding="utf-8")
    found = re.search(re.escape(START) + r"\n(.*?)\n" + re.escape(END), text, re.DOTALL)
    return found[1].strip() if found else ""


def write(text: str, readme: Path = README) -> None:
    """Put the table into the README, between its two marks."""
    old = readme.read_text(encoding="utf-8")
    block = f"{START}\n{text}\n{END}"
    if START in old:
        new = re.sub(re.escape(START) + r".*?" + re.escape(END), lambda _: block, old, flags=re.DOTALL)
    else:
        new = f"{old.rstrip()}\n\n{block}\n"
    readme.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    tallies = run(fixture_pages())
    for one in tallies.values():
        print("\n".join(one.wrong))
    print(table(tallies))
    if "--write" in sys.argv:
        write(table(tallies))
