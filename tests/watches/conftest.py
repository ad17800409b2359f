"""Stand-ins for sources: declarations of every kind there is, without any page or network."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tmwatch.config import Config
from tmwatch.config.reading import parse_config
from tmwatch.errors import UsageError
from tmwatch.sources.base import (
    Answer,
    Automation,
    Declaration,
    KnownQuery,
    Pace,
    Page,
    Query,
    RecordQuery,
    Request,
    SearchQuery,
    Source,
    Terms,
)

_DAY = dt.date(2026, 11, 22)
_BASE = Declaration(
    id="xx.base",
    title="a source",
    office="XX",
    channels=frozenset({"record", "import"}),
    base_url="https://register.example",
    terms=Terms(Automation.ALLOWED, "", "https://register.example/terms", _DAY),
    pace=Pace(1.0),
    parser_version="1",
    covers=frozenset(),
    authority=10,
    known_query=KnownQuery("record", "1"),
)


@dataclass(frozen=True)
class FakeSource:
    """Answers what its declaration says; cannot be asked for numbers of the kinds in `refuses`."""

    declaration: Declaration
    refuses: tuple[str, ...] = ()

    def requests(self, query: Query) -> Sequence[Request]:
        if isinstance(query, RecordQuery) and query.kind in self.refuses:
            raise UsageError("this source cannot be asked that")
        if isinstance(query, SearchQuery) and "search" not in self.declaration.channels:
            raise UsageError("this source has no search")
        return [Request("/")]

    def sniff(self, page: Page) -> int:
        return 0

    def read(self, page: Page) -> Answer:
        return Answer(())


@pytest.fixture
def sources() -> dict[str, Source]:
    """The sources of this version and one whose terms forbid programs."""
    every = [
        FakeSource(
            replace(
                _BASE,
                id="us.tsdr",
                office="US",
                authority=50,
                live_default="opt-in",
                answers=frozenset({"numbers"}),
                terms=replace(_BASE.terms, automation=Automation.NOT_STATED),
            )
        ),
        FakeSource(
            replace(
                _BASE,
                id="us.tsdr-api",
                office="US",
                authority=60,
                live_default="with key",
                credential_env="USPTO_API_KEY",
                answers=frozenset({"numbers"}),
                terms=replace(_BASE.terms, automation=Automation.WITH_KEY),
            )
        ),
        FakeSource(
            replace(
                _BASE,
                id="cn.tianyancha",
                office="CN",
                channels=frozenset({"search", "import"}),
                live_default="with key",
                credential_env="TIANYANCHA_TOKEN",
                answers=frozenset({"owners", "marks"}),
                terms=replace(_BASE.terms, automation=Automation.WITH_KEY),
            )
        ),
        FakeSource(
            replace(
                _BASE,
                id="wo.madrid",
                office="WO",
                live_default="off",
                answers=frozenset({"numbers"}),
                terms=replace(_BASE.terms, automation=Automation.FORBIDDEN),
            )
        ),
    ]
    return {source.declaration.id: source for source in every}


@pytest.fixture
def configured(sources: dict[str, Source], tmp_path: Path) -> Callable[[str], Config]:
    """A configuration from the text of its tables, the operator's put in front."""

    def read(tables: str) -> Config:
        text = '[operator]\ncontact = "watch@firm.example"\n' + tables
        return parse_config(text, tmp_path / "tmwatch.toml", sources)

    return read
