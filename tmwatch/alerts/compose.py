"""From what changed to what is said, to whom: the watches' reaction inside `observe()`'s transaction.

Pure but for two reads (which filings a watch already has, and what an owner filed before): the same batch
gives the same alerts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from tmwatch.alerts.campaigns import Ask
from tmwatch.alerts.digest_times import cannot_wait
from tmwatch.alerts.gathering import cause, changed, new_filings
from tmwatch.alerts.matching import Batch, by_change, to_tell
from tmwatch.alerts.muting import Audience, Silenced, audiences
from tmwatch.alerts.payload import (
    AlertPayload,
    Campaign,
    CoverageLine,
    DueLine,
    MarkCard,
    MutedPart,
    Near,
    Newness,
)
from tmwatch.alerts.urgency import Urgency
from tmwatch.config import Config, Mute, Watch
from tmwatch.deadlines.rules import RuleBook
from tmwatch.due import next_lines, rules_of
from tmwatch.model import Change, Provenance, Significance, TradeMark
from tmwatch.sources.registry import register_link
from tmwatch.store import AlertDraft, Database, HitDraft, MutedDraft, Observed, React, Reaction
from tmwatch.store.database import now
from tmwatch.store.owners import earlier_filings, make_ready
from tmwatch.watches import Match, Portfolio
from tmwatch.watches.triage import basis
from tmwatch.worklist import with_hand_work

# A filing seen this soon after its filing date is news of the filing itself; later it is only news
# of the listing. Offices take days to weeks to list (USPTO about 4 days, CNIPA 1–3 months).
NEWLY_FILED = dt.timedelta(days=120)

# (watch, filing, what the watch says of it, whether it would have had it as it stood: `Batch.held_before`).
IsBaseline = Callable[[Watch, Observed, Match, bool | None], bool]


@dataclass(frozen=True)
class _Item:
    """One filing under one watch, with what is to be told of it."""

    observed: Observed
    match: Match
    changes: tuple[Change, ...]
    newness: Newness | None
    muted: tuple[Silenced, ...] = ()  # what changed too


def reactor(
    config: Config,
    coverage: dict[str, tuple[CoverageLine, ...]],
    is_baseline: IsBaseline,
    portfolio: Portfolio | None = None,
    *,
    stored: bool = False,
) -> React:
    """The reaction of all watches of a configuration.

    `is_baseline` says whether a filing new to a watch belongs to its first look, which is summed up
    and not alerted (unless the watch asks for it with `first_look = "alert"`). `portfolio`: its watches made
    ready, where somebody has them; to make them takes long where there are many. `stored`: what is stored
    of a filing that no watch has had is the baseline of those that would have had it; see
    `Batch.held_before`.
    """
    ready = portfolio or Portfolio(config.watches)
    make_ready(config.store.register)
    rules = rules_of(config)

    def react(observed: Sequence[Observed], database: Database) -> Reaction:
        alerts: list[AlertDraft] = []
        hits: list[HitDraft] = []
        judged: list[tuple[int, Mapping[str, str]]] = []
        muted: list[MutedDraft] = []
        batch = Batch(ready, observed, database)
        ask = partial(earlier_filings, database, register=config.store.register)
        for watch in config.watches:
            fresh: list[_Item] = []
            moved: list[_Item] = []
            noise: dict[str, int] = {}
            for one in batch.concerning(watch):
                state = batch.state(watch, one)
                found = batch.match(watch, one)
                if state is None:
                    held = batch.held_before(watch, one, stored=stored)
                    if not found.hit and not held:
                        continue
                    # Bought by a watched owner while somebody watched the filing: the change is the news.
                    entered = found.hit and held is False and by_change(one)
                    brought = batch.brought(watch, one) if found.hit else None
                    wider = brought is None and _only_wider(one, found)
                    first = not found.hit or is_baseline(watch, one, found, held) or wider
                    if first and stored and batch.seen_now(watch, one):
                        held = True
                    if not found.hit:
                        found = replace(found, why=f"as it stood before: {batch.stood(watch, one).why}")
                    there = bool(held) or one.what == "unchanged"
                    hits.append(_hit(watch, one, found, first and not entered, there))
                    # What brought it may weigh too little for a change: that it is here is the news then.
                    unsaid = entered and not to_tell(watch, one, state, found)[0]
                    loud = not entered and (not first or watch.first_look == "alert")
                    if found.hit and (unsaid or loud):
                        if brought:
                            found = replace(found, why=f"{brought}; {found.why}")
                        fresh.append(_Item(one, found, (), _newness(one)))
                        continue
                    if not held and not entered:
                        continue
                told, why = to_tell(watch, one, state, found)
                if state is not None and state.triage == "noise" and told:
                    noise[one.st13] = state.id
                if one.what == "changed" and told:
                    moved.append(_Item(one, replace(found, why=why), told, None))
            lines = coverage.get(watch.name, ())
            parts = [_parted(one, fresh, moved) for one in audiences(watch, config, now())]
            muted += _silenced(watch, parts, config)
            if any(
                part.fresh or part.moved for part in parts
            ):  # read only where it is told: a docket is long
                lines = with_hand_work(watch, lines, database)
            drafts: list[AlertDraft] = []
            for part in parts:
                to = addresses(config, part.audience.names)
                if part.fresh:
                    drafts.append(_new_filings(config, watch, part.fresh, lines, to, ask, rules))
                drafts += [_changed(watch, group, lines, to, rules) for group in _by_cause(watch, part.moved)]
                # By what noise is judged moves on only where somebody was told.
                judged += [
                    (noise[item.observed.st13], basis(item.observed.record))
                    for item in part.moved
                    if item.observed.st13 in noise
                ]
            alerts += _each_once(drafts)
        return Reaction(tuple(alerts), tuple(hits), tuple(dict(judged).items()), tuple(muted))

    return react


@dataclass(frozen=True)
class _Part:
    """What is told to some recipients of a watch, and what a mute keeps from them."""

    audience: Audience
    fresh: tuple[_Item, ...]
    moved: tuple[_Item, ...]
    silenced: tuple[tuple[_Item, Change | None, Mute], ...]  # no change: the filing is new


def _parted(audience: Audience, fresh: Sequence[_Item], moved: Sequence[_Item]) -> _Part:
    if not audience.mutes:
        return _Part(audience, tuple(fresh), tuple(moved), ())
    silenced: list[tuple[_Item, Change | None, Mute]] = []
    mute = audience.of_new()
    if mute is not None:
        silenced += [(item, None, mute) for item in fresh]
    still: list[_Item] = []
    for item in moved:
        told, quiet = audience.part(item.changes)
        silenced += [(item, change, by) for change, by in quiet]
        if told:
            still.append(replace(item, changes=told, muted=quiet))
    return _Part(audience, () if mute is not None else tuple(fresh), tuple(still), tuple(silenced))


def _silenced(watch: Watch, parts: Iterable[_Part], config: Config) -> list[MutedDraft]:
    """For the books: each thing that a mute kept from somebody, with all from whom it kept it."""
    found: dict[tuple[str, Change | None, Mute], list[str]] = {}
    for part in parts:
        for item, change, mute in part.silenced:
            found.setdefault((item.observed.st13, change, mute), []).extend(part.audience.names)
    return [
        MutedDraft(
            watch=watch.name,
            st13=st13,
            change=change,
            recipients=tuple(names),
            mute=mute.scope,
            until=mute.last,
            over=mute.over(config.schedule.zone),
            reason=mute.reason or "",
        )
        for (st13, change, mute), names in found.items()
    ]


def _each_once(drafts: Sequence[AlertDraft]) -> list[AlertDraft]:
    """What mutes part and is the same all the same is one alert."""
    found: list[AlertDraft] = []
    for draft in drafts:
        for place, other in enumerate(found):
            if (other.kind, other.joins, other.cards) == (draft.kind, draft.joins, draft.cards):
                found[place] = replace(
                    other, to=(*other.to, *draft.to), gathers=other.gathers | draft.gathers
                )
                break
        else:
            found.append(draft)
    return found


def _hit(watch: Watch, one: Observed, found: Match, baseline: bool, there: bool) -> HitDraft:
    near = (found.level, found.score, found.reasons)
    return HitDraft(watch.name, one.st13, found.why, baseline, *near, sure=found.sure, stood=there)


def _only_wider(one: Observed, found: Match) -> bool:
    """Whether a filing that was stored before comes under the watch only because it looks wider now: its
    likeness has not come up today."""
    return not found.sure and one.what != "new"


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
    config: Config,
    watch: Watch,
    items: Sequence[_Item],
    lines: tuple[CoverageLine, ...],
    to: Sequence[tuple[str, str, str]],
    ask: Ask,
    rules: RuleBook,
) -> AlertDraft:
    cards = tuple(
        card(watch, one.observed, newness=one.newness, found=one.match, dues=_dues(watch, one, rules))
        for one in items
    )

    def make(them: Sequence[MarkCard], before: Sequence[Campaign] = (), /) -> AlertPayload:
        return new_filings(watch.name, watch.role, them, lines, ask, before)

    return AlertDraft(
        "filing.new", watch.name, cards, make, tuple(to), "new filings", gathers=_gathering(config, watch, to)
    )


def _gathering(
    config: Config, watch: Watch, to: Iterable[tuple[str, str, str]]
) -> frozenset[tuple[str, str, str]]:
    """Who is to get one message a day of what is found after the day's first. A digest that takes these in
    gathers them already."""
    if watch.gather == "off":
        return frozenset()
    waits = not cannot_wait(config, Urgency("filing.new", watch.name, Significance.HIGH))
    digests = {one.name for one in config.recipients if waits and one.digest != "off"}
    return frozenset(one for one in to if one[0] not in digests)


def _changed(
    watch: Watch,
    items: Sequence[_Item],
    lines: tuple[CoverageLine, ...],
    to: Sequence[tuple[str, str, str]],
    rules: RuleBook,
) -> AlertDraft:
    cards = [
        card(
            watch,
            item.observed,
            item.changes,
            found=item.match,
            dues=_dues(watch, item, rules),
            muted=item.muted,
        )
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
    muted: Sequence[Silenced] = (),
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
        "muted": _muted(muted),
    }
    return bare.model_copy(update=more)


def _muted(silenced: Iterable[Silenced]) -> tuple[MutedPart, ...]:
    """Each field once: what it came to stands in `history`."""
    parts = (MutedPart(field=change.field, until=by.last, reason=by.reason or "") for change, by in silenced)
    return tuple(dict.fromkeys(parts))


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
