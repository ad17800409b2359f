"""What a register cannot narrow its answer by is filtered here, and said to be.

Two kinds of narrowing. *Whose and which* (mark, owner, agent): where a register searches all its text at
once, a filing that merely mentions the name elsewhere is no answer, for a watch neither. *Which part of
them* (classes, dates, offices): only for people who look something up; a watch keeps the whole answer,
since a filing that leaves a class must not look as if it had left the register.

What a source does not give cannot fail a filter: such a record stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from tmwatch.model import Party, TradeMark
from tmwatch.sources.base import Declaration, Part, SearchQuery
from tmwatch.text import fold, fold_party

# The field of a record in which such a part is looked for.
FIELD: Mapping[Part, str] = {"mark": "verbal_element", "owner": "owners", "agent": "representatives"}
WHOSE: tuple[Part, ...] = ("mark", "owner", "agent")


def filtered(declaration: Declaration, query: SearchQuery) -> tuple[Part, ...]:
    """The parts of the question that the register was not asked for and the answer is narrowed by.

    A source that declares nothing of its search is believed to answer what it accepts. A name with `*` in it
    is narrowed in any case: searches take it for any text, and some (RSQL) have no way to say that it is not.
    """
    if not declaration.search:
        return ()
    return tuple(part for part in query.parts if part not in declaration.asks_itself or _is_wide(query, part))


def _is_wide(query: SearchQuery, part: Part) -> bool:
    return part in WHOSE and "*" in (getattr(query, part) or "")


def keeps(record: TradeMark, query: SearchQuery, parts: Iterable[Part]) -> bool:
    """Whether the record is an answer to these parts of the question, as far as it can tell."""
    return all(_KEEPS[part](record, query) for part in parts if getattr(query, part))


def _named(text: str, name: str | None) -> bool:
    """Registers find a name within a longer one; blanks and signs do not count."""
    wanted, there = (fold(one or "").replace(" ", "") for one in (text, name))
    return bool(wanted) and wanted in there


def _people(parties: Iterable[Party | None], wanted: str) -> bool:
    bare = fold_party(wanted) or wanted
    return any(
        _named(bare, name)
        for party in parties
        if party is not None
        for name in (party.name, party.name_local, party.organisation, *(party.aliases or ()))
    )


def _mark(record: TradeMark, query: SearchQuery) -> bool:
    words = (record.verbal_element, record.transliteration, record.translation, record.pseudo_mark)
    return not record.gives("verbal_element") or any(_named(query.mark or "", one) for one in words)


def _owner(record: TradeMark, query: SearchQuery) -> bool:
    return not record.gives("owners") or _people((*record.owners, *record.owner_history), query.owner or "")


def _agent(record: TradeMark, query: SearchQuery) -> bool:
    people = (*record.representatives, record.domestic_representative, record.correspondence)
    return not record.gives("representatives") or _people(people, query.agent or "")


def _classes(record: TradeMark, query: SearchQuery) -> bool:
    """A filing whose classes nobody can tell (national ones only) is not thrown out."""
    known = [item.nice_class for item in record.classes if item.nice_class is not None]
    return not record.gives("classes") or not known or any(one in query.classes for one in known)


def _filed(record: TradeMark, query: SearchQuery) -> bool:
    filed, since = record.application_date, query.filed_since
    return filed is None or since is None or filed >= since


def _office(record: TradeMark, query: SearchQuery) -> bool:
    return record.office in query.offices


_KEEPS: Mapping[Part, Callable[[TradeMark, SearchQuery], bool]] = {
    "mark": _mark,
    "owner": _owner,
    "agent": _agent,
    "classes": _classes,
    "filed_since": _filed,
    "changed_since": lambda record, query: True,  # no record says when it was last touched
    "offices": _office,
}
