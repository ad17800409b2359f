"""`lookup`: what is stored, and what the registers that may be asked say now. Nothing is written.

A text that is a number is asked for as one, every other as a mark and as an owner; marks, owners and agents
can be named apart. Each source gets as much of the question as its register can take; the rest is filtered
here, and the answer says so (`Asked.filtered`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations
from typing import Literal

from tmwatch.config import Config
from tmwatch.errors import ConfigError, LookError, Outcome, UsageError
from tmwatch.http import Door
from tmwatch.lanes import Lane, side_by_side
from tmwatch.looking import Looked, ask, describe, facts_of
from tmwatch.model import Provenance, TradeMark
from tmwatch.numbers import MarkNumber, parse_number
from tmwatch.offices import office_label, offices
from tmwatch.sources.asking import record_query
from tmwatch.sources.base import Part, Query, SearchQuery, Source
from tmwatch.sources.narrowing import FIELD, WHOSE, filtered, keeps
from tmwatch.sources.registry import all_sources
from tmwatch.store import Database, queries
from tmwatch.store.marks import stored_among
from tmwatch.stored import in_register, named, numbered, owned, record_of
from tmwatch.text import fold
from tmwatch.watches import live_state

KeptIn = Literal["database", "register"]
LEAST_DIGITS = 4  # of a bare number; no register's numbers that anybody looks for are shorter
MOST_PAGES = 10  # of one answer, unless asked for more: "apple" has thousands of filings
NO_CHANGED_SINCE = "it cannot be asked for what changed since a day"


@dataclass(frozen=True)
class Question:
    """What somebody looks for. `text` is a number or a name; the other parts must all hold.

    `offices` are ST.3 codes, none for all; `pages` bounds what one register is asked for. `changed_since`
    is a day of the office's own books, so registers alone are asked for it, of those that narrow by it.
    """

    text: str = ""
    mark: str = ""
    owner: str = ""
    agent: str = ""
    offices: tuple[str, ...] = ()
    classes: tuple[int, ...] = ()
    filed_since: dt.date | None = None
    pages: int = MOST_PAGES
    changed_since: dt.date | None = None

    @property
    def number(self) -> MarkNumber | None:
        """The number that the text is, or None for a name."""
        return (
            as_number(self.text, self.offices[0] if len(self.offices) == 1 else None) if self.text else None
        )

    @property
    def searches(self) -> tuple[SearchQuery, ...]:
        """The question as searches, each of which answers it."""
        base = SearchQuery(
            owner=self.owner or None,
            mark=self.mark or None,
            agent=self.agent or None,
            classes=self.classes,
            filed_since=self.filed_since,
            changed_since=self.changed_since,
            offices=self.offices,
        )
        if not self.text:
            return (base,)
        return tuple(
            replace(base, **{part: self.text})  # type: ignore[arg-type]
            for part in ("mark", "owner")
            if getattr(base, part) is None
        )


@dataclass(frozen=True)
class NotAsked:
    """A source (or an office without one) that could not be asked, or whose answer failed."""

    source: str
    why: str
    failed: bool = False
    ill: bool = False  # it rests because its last answers were failures


@dataclass(frozen=True)
class Asked:
    """A question that a source answered: how many of the filings it gave are an answer.

    `total` is the register's own count, `filtered` the parts it was not asked for and that were narrowed
    here. `incomplete` says why this is not all there is.
    """

    source: str
    question: str
    found: int
    total: int | None = None
    filtered: tuple[Part, ...] = ()
    incomplete: str = ""


@dataclass
class LiveAnswer:
    """What the registers said, and which said nothing."""

    records: list[TradeMark] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    not_asked: list[NotAsked] = field(default_factory=list)

    @property
    def nobody_answered(self) -> bool:
        """Whether each register that could be asked failed, now or when it was asked last."""
        return not self.asked and any(one.failed or one.ill for one in self.not_asked)


@dataclass(frozen=True)
class _Put:
    """One question as one source gets it, and all that it stands for."""

    source: Source
    query: Query
    means: tuple[SearchQuery, ...] = ()

    @property
    def filtered(self) -> tuple[Part, ...]:
        """What the register is not asked for. Text that it searches as a whole may be a mark or an owner."""
        if not isinstance(self.query, SearchQuery):
            return ()
        left = {part for one in self.means for part in self._left(one)}
        return tuple(part for part in (*WHOSE, "classes", "filed_since", "offices") if part in left)

    def _left(self, wanted: SearchQuery) -> tuple[Part, ...]:
        assert isinstance(self.query, SearchQuery)
        by_us = filtered(self.source.declaration, wanted)
        dropped = [part for part in wanted.parts if part in WHOSE and not getattr(self.query, part)]
        # A register is asked for its own filings only: that its answer is of its office needs no filter.
        return tuple(part for part in dict.fromkeys((*by_us, *dropped)) if part != "offices" or self._many)

    @property
    def _many(self) -> bool:
        return bool(self.source.declaration.offices)

    def keeps(self, record: TradeMark) -> bool:
        """Whether the record answers the question."""
        return not self.means or any(keeps(record, one, self._left(one)) for one in self.means)


def as_number(text: str, office: str | None = None) -> MarkNumber | None:
    """The number that the text is, or None for a name."""
    try:
        return parse_number(text, office)
    except UsageError:
        return None


def bare_number(text: str) -> bool:
    """Whether the text is digits only, as numbers are written (76/044,902), and names no office."""
    return sum(char.isdigit() for char in text) >= LEAST_DIGITS and not re.search(r"[^\d\s/.,-]", text)


@dataclass(frozen=True)
class Stored:
    """What is stored, by where it is kept: the database, or only the store of the whole register."""

    database: tuple[TradeMark, ...] = ()
    register: tuple[TradeMark, ...] = ()

    @property
    def records(self) -> list[tuple[TradeMark, KeptIn]]:
        """All of it, each with where it is kept."""
        mine: list[tuple[TradeMark, KeptIn]] = [(one, "database") for one in self.database]
        return [*mine, *((one, "register") for one in self.register)]


def stored(database: Database | None, question: Question, config: Config | None = None) -> Stored:
    """Stored filings by number, else by mark or owner, as they stand; what the database has not is looked for
    by number, and by the whole name of the mark or of its owner, in the store of the whole register, if the
    configuration has one. What the database knows otherwise, it knows better.

    A bare number is tried as one of every office, and may be the name of a mark as well. Nothing is an answer
    to what a register changed since a day: we know when we saw a change, not when the register made it.
    """
    if question.changed_since is not None:
        return Stored()
    narrow = question.searches[0]
    given = [part for part in WHOSE if getattr(question, part)]
    parts = ["classes", "filed_since", "offices", *given]
    records = _in_database(database, question) if database is not None else []
    theirs: list[TradeMark] = []
    if config is not None:
        theirs = _in_register(config, question)
        known = {one.st13 for one in records}
        if database is not None:
            known |= stored_among(database, [one.st13 for one in theirs])
        theirs = [one for one in theirs if one.st13 not in known]

    def answers(one: TradeMark, parts: Sequence[str]) -> bool:
        # A list that names no agents is no answer to a question for one.
        return all(one.gives(FIELD[part]) for part in given) and keeps(
            one, narrow, [part for part in narrow.parts if part in parts]
        )

    left: Sequence[str] = parts
    if _owner(question):
        # Found by the owner's name, which may be written in other characters there (京東, 京东).
        left = [*(set(parts) - {"owner"}), *(["mark"] if question.owner and question.text else [])]
    return Stored(
        tuple(one for one in records if answers(one, parts)),
        tuple(one for one in theirs if answers(one, left)),
    )


def _owner(question: Question) -> str:
    """The owner's name by which the store of the register is asked; "" where it is asked by number."""
    if question.text and (question.number is not None or bare_number(question.text)):
        return ""
    return question.owner or question.text


def _in_database(database: Database, question: Question) -> list[TradeMark]:
    text = question.text
    if text and len(question.offices) != 1 and bare_number(text):
        found = [st13 for one in _meant(text) for st13 in queries.find(database, one)]
        found = list(dict.fromkeys([*found, *queries.search(database, text)]))
    elif text:
        number = question.number
        found = queries.find(database, number) if number is not None else []
        found = found or queries.search(database, text)
    else:
        found = queries.search(database, question.mark or question.owner)
    return [record for st13 in found if (record := queries.get(database, st13)) is not None]


def _in_register(config: Config, question: Question) -> list[TradeMark]:
    """By number, and by the whole name of the mark or of its owner: what is near a name is for `nearby`."""
    text, number = question.text, question.number
    mark = question.mark or text
    if name := _owner(question):
        rows = owned(config, name)
        if not question.owner and not question.mark:  # it may be either
            rows += named(config, mark)
        return list({row["st13"]: record_of(row) for row in rows}.values())
    meant = [number] if number is not None else _meant(text) if text and bare_number(text) else []
    found = dict.fromkeys(st13 for one in meant for st13 in numbered(config, one))
    rows = [row for st13 in found if (row := in_register(config, st13)) is not None]
    if mark and (not rows or (len(question.offices) != 1 and bare_number(text))):
        rows += named(config, mark)
    return list({row["st13"]: record_of(row) for row in rows}.values())


def _meant(text: str) -> list[MarkNumber]:
    """What a bare number may be at each office."""
    digits = re.sub(r"\D", "", text)
    written = [f"{kind}{one}" for kind in ("", "reg ") for one in dict.fromkeys((text, digits))]
    meant = [as_number(one, code) for code in sorted(offices()) for one in written]
    return [one for one in dict.fromkeys(meant) if one is not None]


def live(
    config: Config,
    door: Door,
    env: Mapping[str, str],
    question: Question,
    *,
    progress: Callable[[int, int, str], None] = lambda done, total, text: None,
) -> LiveAnswer:
    """Ask all sources that may and can be asked side by side, each at its pace; say of the others why not."""
    answer = LiveAnswer()
    lanes: list[list[_Put]] = []  # a source each
    for source in _here(question, answer):
        possible, why = _possible(source, question)
        may, reason = live_state(source.declaration, config, env)
        if not possible or not may:
            answer.not_asked.append(NotAsked(source.declaration.id, reason if possible else why))
            continue
        lanes.append(possible)
    found: dict[tuple[str, str], TradeMark] = {}
    total, done = sum(map(len, lanes)), [0]

    def lane(puts: Sequence[_Put]) -> Lane[Looked]:
        for put in puts:
            progress(done[0], total, f"{put.source.declaration.id} {describe(put.query)}")
            try:
                looked = yield partial(
                    ask, put.source, put.query, door, config, env, narrow=False, most_pages=question.pages
                )
            except (ConfigError, UsageError) as error:
                answer.not_asked.append(NotAsked(put.source.declaration.id, str(error), failed=True))
            else:
                _take(answer, found, put, looked, config)
            done[0] += 1

    if lanes:
        with door.keeping():
            side_by_side(lane(puts) for puts in lanes)
    progress(total, total, "")
    answer.records = sorted(found.values(), key=partial(_nearness, question))
    answer.asked.sort(key=lambda one: one.source)
    # A source that fails the same way as mark and as owner has failed once.
    # One that failed and then rests has failed: the rest is only what came of it.
    failed = {one.source for one in answer.not_asked if one.failed}
    said = (one for one in answer.not_asked if one.failed or one.source not in failed)
    answer.not_asked = list(dict.fromkeys(said))
    answer.not_asked.sort(key=lambda one: (not one.failed, one.source))
    return answer


def _nearness(question: Question, record: TradeMark) -> tuple[bool, bool, str, int, str]:
    """The very name first, then names that hold it; by office, the newest first."""
    wanted, name = fold(question.text or question.mark), fold(record.verbal_element or "")
    filed = record.application_date.toordinal() if record.application_date else 0
    return (name != wanted, not wanted or wanted not in name, record.office, -filed, record.st13)


def _here(question: Question, answer: LiveAnswer) -> Iterator[Source]:
    """The sources that speak for an office in question; offices for which nobody speaks are said."""
    number = question.number
    wanted = (number.office,) if number is not None else question.offices
    known = all_sources().values()
    for office in wanted:
        if not any(source.declaration.speaks_for(office) for source in known):
            answer.not_asked.append(NotAsked(office, f"there is no source for {office_label(office)} yet"))
    for source in known:
        if not wanted or any(map(source.declaration.speaks_for, wanted)):
            yield source


def _possible(source: Source, question: Question) -> tuple[list[_Put], str]:
    """What this source can be asked about the question, or why nothing."""
    declaration, number = source.declaration, question.number
    if not declaration.answers:
        return [], "it is for import only"
    if question.changed_since is not None and "changed_since" not in declaration.asks_itself:
        return [], NO_CHANGED_SINCE
    if number is not None:
        why = f"it cannot be asked for this kind of number ({number.kind})"
        try:
            query = record_query(declaration, number)
            return ([_Put(source, query)], "") if source.requests(query) else ([], why)
        except UsageError as error:
            return [], error.message
    found: dict[str, _Put] = {}
    why = "it answers by number only, not by mark, owner or agent"
    for wanted in question.searches:
        asked, reason = _askable(source, _for(source, wanted))
        why = reason or why
        if asked is not None:
            # A register that searches all its text at once is asked once for both.
            same = repr([replace(one, query=None) for one in source.requests(asked)])
            before = found.get(same)
            found[same] = _Put(
                source, before.query if before else asked, (*(before.means if before else ()), wanted)
            )
    if not found and not question.offices and bare_number(question.text) and "numbers" in declaration.answers:
        why = f"a number is asked for with its office: give --office {declaration.office}"
    return list(found.values()), why


def _for(source: Source, wanted: SearchQuery) -> SearchQuery:
    """The offices are for a source of many; a register knows its own filings only."""
    return replace(wanted, offices=tuple(one for one in wanted.offices if one in source.declaration.offices))


def _askable(source: Source, wanted: SearchQuery) -> tuple[SearchQuery | None, str]:
    """As much of the question as the register takes at once: what it does not take is filtered afterwards."""
    # An owner has fewer filings than a name has namesakes: where it is one or the other, the owner is asked.
    whose = [part for part in ("owner", "agent", "mark") if getattr(wanted, part)]
    why = ""
    # A day of change may stand alone: all that changed. Nothing else is asked for without a name.
    least = 0 if wanted.changed_since else 1
    for count in range(len(whose), least - 1, -1):
        for parts in combinations(whose, count):
            fewer = replace(wanted, **{part: None for part in whose if part not in parts})  # type: ignore[arg-type]
            try:
                if source.requests(fewer):
                    return fewer, ""
            except UsageError as error:
                why = why or error.message
    return None, why


def _take(
    answer: LiveAnswer, found: dict[tuple[str, str], TradeMark], put: _Put, looked: Looked, config: Config
) -> None:
    source_id = put.source.declaration.id
    said = describe(put.query) if len(put.means) < 2 else " or ".join(describe(one) for one in put.means)
    if looked.outcome is Outcome.NOT_FOUND:
        answer.asked.append(Asked(source_id, said, 0))
        return
    if looked.held_until is not None:
        until = looked.held_until.replace(microsecond=0, tzinfo=None).isoformat(sep=" ")
        reason = f": {looked.error.message}" if looked.error is not None else ""
        # The pace names the trouble that is the cause; a cap or a queue is none.
        ill = looked.error is not None and looked.outcome is not Outcome.THROTTLED
        answer.not_asked.append(NotAsked(source_id, f"held until {until} UTC{reason}", ill=ill))
        return
    if looked.outcome is not Outcome.OK and not looked.readings:
        answer.not_asked.append(NotAsked(source_id, _failure(looked.error, looked.outcome), failed=True))
        return
    kept = [reading for reading in looked.readings if put.keeps(reading.record)]
    cut = _failure(looked.error, looked.outcome) if looked.outcome is not Outcome.OK else ""
    answer.asked.append(Asked(source_id, said, len(kept), looked.total, put.filtered, cut))
    for reading in kept:
        provenance = Provenance(
            source=source_id,
            kind=facts_of(put.source, config),
            as_of=reading.as_of.day if reading.as_of else looked.looked_at.date(),
            as_of_kind=reading.as_of.kind if reading.as_of else "looked",
            fetched_at=looked.looked_at.isoformat(),
            parser_version=put.source.declaration.parser_version,
        )
        record = reading.record.model_copy(update={"provenance": provenance})
        found.setdefault((source_id, record.st13), record)


def _failure(error: LookError | None, outcome: Outcome) -> str:
    if error is None:
        return outcome.value
    said = f"{outcome.value}: {error.message}"
    return f"{said}. {error.do}" if error.do else said
