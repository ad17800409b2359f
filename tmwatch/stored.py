"""All that is stored, in the database and in the store of the whole register, for trying watches on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from tmwatch.changes.compare import bare
from tmwatch.changes.diff import diff
from tmwatch.config import Config
from tmwatch.model import Change, GoodsServices, Live, Party, Phase, Provenance, TradeMark, make_record
from tmwatch.numbers import MarkNumber
from tmwatch.sources.registry import all_sources
from tmwatch.sources.slim import Slims, TellsStatus
from tmwatch.store import Database, queries
from tmwatch.store.register import Register
from tmwatch.watches.concern import filing_of_row
from tmwatch.watches.trial import Candidate, candidate

if TYPE_CHECKING:
    from tmwatch.similarity import WatchedMark
    from tmwatch.similarity.index import Index

_One = TypeVar("_One")
_ALL = -1  # SQLite's word for no limit
AT_ONCE = 5000  # filings compared together: what bounds the memory
_OTHER_NAMES = {"pseudo": "pseudo_mark", "translation": "translation", "transliteration": "transliteration"}


def has_register(config: Config) -> bool:
    """Whether a store of a whole register is configured and there."""
    return config.store.register is not None and config.store.register.exists()


def count(config: Config, database: Database | None) -> int:
    """How many filings are stored; one that stands in both stores counts twice."""
    total = queries.counts(database)["mark"] if database is not None else 0
    if has_register(config):
        with _register(config) as register:
            total += register.count()
    return total


def batches(
    config: Config,
    database: Database | None,
    marks: Sequence[WatchedMark] = (),
    index: Index | None = None,
) -> Iterator[list[Candidate]]:
    """Every stored filing once, as the database has it, else as the register's store has it.

    With the index of the register's names those are told to be far that it shows to be near no mark.
    """
    known: set[str] = set()
    if database is not None:
        for some in _some(map(candidate, queries.all_marks(database))):
            known.update(one.filing.st13 for one in some)
            yield some
    if has_register(config):
        with _register(config) as register, register.still():
            far = _far_from(register, index, marks)
            for rows in _some(register.filings()):
                yield [_of_row(row, far(row)) for row in rows if row["st13"] not in known]


def _far_from(
    register: Register, index: Index | None, marks: Sequence[WatchedMark]
) -> Callable[[Mapping[str, Any]], tuple[str, ...]]:
    if index is None:
        return lambda _row: ()
    from tmwatch.nearby import far_from  # late: its tables are large

    return far_from(register, index, marks)


def in_register(config: Config, st13: str) -> dict[str, Any] | None:
    """What the store of the register has of a filing; None where there is none."""
    if not has_register(config):
        return None
    with _register(config) as register:
        return register.rows([st13]).get(st13)


def numbered(config: Config, number: MarkNumber) -> list[str]:
    """ST.13 of the filings in the store of the register that bear the number."""
    if not has_register(config):
        return []
    with _register(config) as register:
        found = {number.st13} if number.st13 is not None else set()
        if number.kind != "application":
            found |= register.by_number(number.kind, [number.number])
        return sorted(register.rows(sorted(found)))


def owned(config: Config, owner: str) -> list[dict[str, Any]]:
    """What the store of the register has of the filings of an owner of this very name, however it is written
    and whatever its company form; the latest filed first."""
    if not has_register(config):
        return []
    with _register(config) as register:
        return register.of_owner([owner], None, _ALL)


def named(config: Config, name: str) -> list[dict[str, Any]]:
    """What the store of the register has of the filings of this very name, as names are compared
    (`text.fold`); the latest filed first."""
    if not has_register(config):
        return []
    with _register(config) as register:
        return register.of_name(name)


def record_of(row: Mapping[str, Any]) -> TradeMark:
    """A row of the register's store as a record of the few fields it has; goods are not among them."""
    # Of a name that is not there the office has told none: the first translation is a change.
    told = {_OTHER_NAMES[kind]: text for kind, text in row["other_names"] if kind in _OTHER_NAMES}
    names: dict[str, Any] = dict.fromkeys(_OTHER_NAMES.values()) | told
    filed = dt.date.fromisoformat(row["filing_date"]) if row["filing_date"] else None
    record = make_record(
        row["office"],
        row["st13"],
        application_number=row["application_number"],
        registration_number=row["registration_number"],
        international_registration_number=row["international_number"],
        verbal_element=row["name"],
        owners=tuple(Party(name=name) for name in row["owners"]),
        representatives=tuple(Party(name=name) for name in row["agents"]),
        classes=tuple(GoodsServices(class_number=one) for one in row["classes"]),
        application_date=filed,
        status_code=row["status_code"],
        status_live=Live(row["status_live"]),
        **names,
        **_phase(row),
    )
    day = dt.date.fromisoformat(row["as_of"])
    said = Provenance(source=row["source"], as_of=day, as_of_kind="printed", fetched_at=row["last_moved"])
    return record.model_copy(update={"provenance": said})


def _phase(row: Mapping[str, Any]) -> dict[str, Phase]:
    """Where it stands, of an office whose codes say it by themselves."""
    source = all_sources().get(row["source"])
    if not row["status_code"] or not isinstance(source, TellsStatus):
        return {}
    return {"status_phase": source.phase_of(row["status_code"])}


def changes_of(
    before: Mapping[str, Any], after: Mapping[str, Any], status_date: dt.date | None
) -> tuple[Change, ...]:
    """What differs between two rows of one filing, as far as the store of the register tells.

    `status_date`: of the status that it has now, where somebody knows it.
    """
    old, new = record_of(before), record_of(after)
    if _same_agents(before, after):
        old = old.model_copy(update={"representatives": new.representatives})
    dated = new.model_copy(update={"status_date": status_date})
    return tuple(diff(old, new, dated))


def _same_agents(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether both name the same representatives. Firms are among them, and stand in a line of an address:
    what is compared there is letters and digits. An older reader saw fewer: more of them are no change."""
    was, now = ({bare([name]) for name in row["agents"]} for row in (before, after))
    source = all_sources().get(before["source"])
    anew = isinstance(source, Slims) and source.slim_version != before["slim_version"]
    return was == now or (anew and was < now)


def _register(config: Config) -> Register:
    assert config.store.register is not None
    return Register(config.store.register, create=False)


def _of_row(row: dict[str, Any], far: tuple[str, ...]) -> Candidate:
    return Candidate(filing_of_row(row), partial(record_of, row), "register", far)


def _some(many: Iterable[_One]) -> Iterator[list[_One]]:
    left = iter(many)
    while some := list(islice(left, AT_ONCE)):
        yield some
