"""From what changed to what is said, to whom: the watches' reaction inside `observe()`'s transaction.

Pure but for one read (which filings a watch already has): the same batch gives the same alerts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from tmwatch.alerts.gathering import cause, changed, new_filings
from tmwatch.alerts.matching import Batch, to_tell
from tmwatch.alerts.payload import AlertPayload, Campaign, CoverageLine, DueLine, MarkCard, Near, Newness
from tmwatch.config import Config, Watch
from tmwatch.deadlines.rules import RuleBook
from tmwatch.due import next_lines, rules_of
from tmwatch.model import Change, Provenance, TradeMark
from tmwatch.sources.registry import register_link
from tmwatch.store import AlertDraft, Database, HitDraft, Observed, React, Reaction
from tmwatch.store.database import now
from tmwatch.store.owners import earlier_filings
from tmwatch.watches import Match, Portfolio
from tmwatch.watches.triage import basis
from tmwatch.worklist import with_hand_work

# A filing seen this soon after its filing date is news of the filing itself; later it is only news
# of the listing. Offices take days to weeks to list (USPTO about 4 days, CNIPA 1–3 months).
NEWLY_FILED = dt.timedelta(days=120)

IsBaseline = Callable[[Watch, Observed, Match], bool]


@dataclass(frozen=True)
class _Item:
    """One filing under one watch, with what is to be told of it."""

    observed: Observed
    match: Match
    changes: tuple[Change, ...]
    newness: Newness | None


def reactor(
    config: Config,
    coverage: dict[str, tuple[CoverageLine, ...]],
    is_baseline: IsBaseline,
    portfolio: Portfolio | None = None,
) -> React:
    """The reaction of all watches of a configuration.

    `is_baseline` says whether a filing new to a watch belongs to its first look, which is summed up
    and not alerted (unless the watch asks for it with `first_look = "alert"`). `portfolio`: its watches made
    ready, where somebody has them; to make them takes long where there are many.
    """
    ready = portfolio or Portfolio(config.watches)
    rules = rules_of(config)

    def react(observed: Sequence[Observed], database: Database) -> Reaction:
        alerts: list[AlertDraft] = []
        hits: list[HitDraft] = []
        judged: list[tuple[int, Mapping[str, str]]] = []
        batch = Batch(ready, observed, database)
        for watch in config.watches:
            fresh: list[_Item] = []
            moved: list[_Item] = []
            for one in batch.concerning(watch):
                state = batch.state(watch, one)
                found = batch.match(watch, one)
                if state is None:
                    held = batch.held_before(watch, one)
                    if not found.hit and not held:
                        continue
                    # Bought by a watched owner while somebody watched the filing: the change is the news.
                    entered = found.hit and held is False and _by_change(one)
                    first = not found.hit or is_baseline(watch, one, found) or _only_wider(one, found)
                    hits.append(_hit(watch, one, found, first and not entered))
                    if found.hit and not entered and (not first or watch.first_look == "alert"):
                        fresh.append(_Item(one, found, (), _newness(one)))
                        continue
                    if not held and not entered:
                        continue
                told, why = to_tell(watch, one, state, found)
                if state is not None and state.triage == "noise" and told:
                    judged.append((state.id, basis(one.record)))
                if one.what == "changed" and told:
                    moved.append(_Item(one, replace(found, why=why), told, None))
            lines = coverage.get(watch.name, ())
            if fresh or moved:  # read only where somebody is told: a docket is long
                lines = with_hand_work(watch, lines, database)
            to = addresses(config, watch.notify)
            if fresh:
                alerts.append(_new_filings(watch, fresh, lines, to, database, rules))
            alerts += [_changed(watch, group, lines, to, rules) for group in _by_cause(watch, moved)]
        return Reaction(tuple(alerts), tuple(hits), tuple(judged))

    return react


def _hit(watch: Watch, one: Observed, found: Match, baseline: bool) -> HitDraft:
    why = found.why or "it was under the watch before it changed"
    near = (found.level, found.score, found.reasons)
    return HitDraft(watch.name, one.st13, why, baseline, *near, sure=found.sure)


def _only_wider(one: Observed, found: Match) -> bool:
    """Whether a filing that was stored before comes under the watch only because it looks wider now: its
    likeness has not come up today."""
    return not found.sure and one.what != "new"


# What a watch goes by. A record that comes under it by a change of these has been brought under it.
_GROUNDS = frozenset({"owners", "representatives", "domestic_representative", "verbal_element", "classes"})


def _by_change(one: Observed) -> bool:
    return any(change.field.split(".")[0] in _GROUNDS for change in one.changes if change.significance.rank)


def addresses(config: Config, names: Iterable[str]) -> tuple[tuple[str, str, str], ...]:
    """(recipient, channel, address) for each recipient of those names.

    The URL of a webhook or bot may hold a token, and no secret goes into the database (law 13): its address
    is the recipient's name, and the URL is looked up at delivery.
    """
    found: list[tuple[str, str, str]] = []
    for name in names:
        recipient = config.recipient(name)
        if recipient is not None:
            found += [(recipient.name, channel, address) for channel, address in recipient.ways]
    return tuple(found)


def _new_filings(
    watch: Watch,
    items: Sequence[_Item],
    lines: tuple[CoverageLine, ...],
    to: Sequence[tuple[str, str, str]],
    database: Database,
    rules: RuleBook,
) -> AlertDraft:
    cards = tuple(
        card(watch, one.observed, newness=one.newness, found=one.match, dues=_dues(watch, one, rules))
        for one in items
    )

    def make(them: Sequence[MarkCard], before: Sequence[Campaign] = (), /) -> AlertPayload:
        ask = partial(earlier_filings, database)
        return new_filings(watch.name, watch.role, them, lines, ask, before)

    return AlertDraft("filing.new", watch.name, cards, make, tuple(to), "new filings")


def _changed(
    watch: Watch,
    items: Sequence[_Item],
    lines: tuple[CoverageLine, ...],
    to: Sequence[tuple[str, str, str]],
    rules: RuleBook,
) -> AlertDraft:
    cards = [
        card(watch, item.observed, item.changes, found=item.match, dues=_dues(watch, item, rules))
        for item in items
    ]
    before = f'it has been under the watch "{watch.name}" before'
    told = tuple(one if one.why else one.model_copy(update={"why": before}) for one in cards)

    def make(them: Sequence[MarkCard], _: Sequence[Campaign] = (), /) -> AlertPayload:
        return changed(watch.name, watch.role, them, lines)

    return AlertDraft("filing.changed", watch.name, told, make, tuple(to), cause(told[0]))


def _by_cause(watch: Watch, items: Sequence[_Item]) -> list[list[_Item]]:
    groups: dict[str, list[_Item]] = {}
    for item in items:
        groups.setdefault(cause(card(watch, item.observed, item.changes)), []).append(item)
    return list(groups.values())


def _newness(one: Observed) -> Newness:
    if one.what != "new":
        return "new to your watch"
    filed = one.record.application_date
    if filed is not None and one.first_seen.date() - filed <= NEWLY_FILED:
        return "newly filed"
    return "newly listed" if filed is not None else "new to your watch"


def _near(watch: Watch | None, found: Match | None) -> Near | None:
    """The watched name that brought the filing, if one did."""
    if watch is None or found is None or found.near is None or "marks" not in found.triggers:
        return None
    said = found.near.likeness
    return Near(
        to=watch.marks[found.near.mark], level=said.level, score=round(said.score, 4), reasons=said.reasons
    )


# What starts or moves a deadline: a publication, an action, a registration, and what the office prints of it.
_DATED = frozenset(
    {
        *("status", "publications", "opposition_period", "allowance_date", "registration_date"),
        *("expiry_date", "renewal_dates", "events", "proceedings", "designations"),
    }
)


def _dues(watch: Watch, item: _Item, rules: RuleBook) -> tuple[DueLine, ...]:
    """The next deadlines of a new filing, or of one to which something happened that sets dates."""
    if item.changes and not any(one.field.partition(".")[0] in _DATED for one in item.changes):
        return ()
    record, as_of = item.observed.record, item.observed.provenance.as_of
    return next_lines(record, watch.role, as_of=as_of, rules=rules, instant=now())


def card(
    watch: Watch | None,
    one: Observed,
    changes: tuple[Change, ...] = (),
    newness: Newness | None = None,
    found: Match | None = None,
    dues: tuple[DueLine, ...] = (),
) -> MarkCard:
    """One filing as an alert shows it; the docket row of the watch beside it."""
    bare = filing_card(watch, one.record, one.provenance)
    why = found.why if found is not None else ""
    more = {
        "first_seen": one.first_seen,
        "newness": newness,
        "why": why,
        "near": _near(watch, found),
        "changes": changes,
        "dues": dues,
    }
    return bare.model_copy(update=more)


def filing_card(watch: Watch | None, record: TradeMark, provenance: Provenance) -> MarkCard:
    """What stands in the record, and in the docket row of the watch; nothing of what happened."""
    row = watch.docket_row(record) if watch is not None else None
    return MarkCard(
        st13=record.st13,
        office=record.office,
        application_number=record.application_number,
        registration_number=record.registration_number,
        mark=record.verbal_element or "",
        owners=tuple(party.name for party in record.owners),
        classes=record.class_numbers,
        status_code=record.status_code,
        status_text=record.status_text,
        status_date=record.status_date,
        phase=record.status_phase,
        live=record.status_live,
        tm5_csd=record.tm5_csd,
        application_date=record.application_date,
        registration_date=record.registration_date,
        docket_ref=row.docket_ref if row else None,
        client=row.client if row else None,
        responsible=row.responsible if row else None,
        link=register_link(provenance.source, record.application_number),
        source=provenance.source,
        facts=provenance.kind,
        as_of=provenance.as_of,
        as_of_kind=provenance.as_of_kind,
    )


__all__ = ["addresses", "card", "filing_card", "reactor", "register_link"]
