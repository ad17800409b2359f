"""Why a watch has told nothing of a filing: what was seen when, and what it fell short of (design law 16)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tmwatch.alerts.muting import standings
from tmwatch.alerts.payload import CoverageLine
from tmwatch.changes.fields import FILING
from tmwatch.config import Config, Watch
from tmwatch.following import followed
from tmwatch.freshness import watch_health
from tmwatch.model import Significance, TradeMark
from tmwatch.numbers import MarkNumber, show_number
from tmwatch.store import Database, hits, muted, queries, seen
from tmwatch.store.database import now
from tmwatch.store.writing import DEAD, DROPPED, HELD, PENDING, SENT
from tmwatch.stored import in_register, numbered, record_of
from tmwatch.watches import Match, Portfolio, coverage, match
from tmwatch.watches.commonness import watched
from tmwatch.watches.filing import mark_names
from tmwatch.watches.trial import goods_touch

_FARTHEST = 4


@dataclass(frozen=True)
class Beside:
    """One mark of the watch beside the filing; `level` is None where the names have nothing in common."""

    mark: str
    level: int | None = None
    score: float | None = None
    name: str | None = None  # the name of the filing that came near
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class WhyNot:
    """The answer. `reasons` are sentences, the weightiest first; empty only where everything was told."""

    watch: str
    number: str
    st13: str | None = None
    kept_in: str | None = None  # "database", "register", or None: never seen
    record: TradeMark | None = None
    looks: tuple[Mapping[str, Any], ...] = ()
    beside: tuple[Beside, ...] = ()
    answer: Match | None = None
    goods: str = ""
    hit: Mapping[str, Any] | None = None
    alerts: tuple[Mapping[str, Any], ...] = ()
    reasons: tuple[str, ...] = ()
    coverage: tuple[CoverageLine, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        record, answer = self.record, self.answer
        provenance = record.provenance if record is not None else None
        return {
            "watch": self.watch,
            "number": self.number,
            "st13": self.st13,
            "kept_in": self.kept_in,
            "filing": None
            if record is None
            else {
                "mark": record.verbal_element,
                "owners": [party.name for party in record.owners],
                "classes": list(record.class_numbers),
                "filed": record.application_date.isoformat() if record.application_date else None,
                "status": record.status_text or record.status_code,
                "as_of": provenance.as_of.isoformat() if provenance and provenance.as_of else None,
                "source": provenance.source if provenance else None,
                "facts": provenance.kind.value if provenance else None,
            },
            "looks": [dict(one) for one in self.looks],
            "beside": [{**vars(one), "reasons": list(one.reasons)} for one in self.beside],
            "would_be_hit": answer.hit if answer is not None else None,
            "why": answer.why if answer is not None else "",
            "failed": list(answer.failed) if answer is not None else [],
            "goods": self.goods or None,
            "hit": dict(self.hit) if self.hit is not None else None,
            "alerts": [dict(one) for one in self.alerts],
            "reasons": list(self.reasons),
            "coverage": [line.model_dump(mode="json") for line in self.coverage],
        }


def why_not(
    config: Config, database: Database | None, env: Mapping[str, str], watch: Watch, number: MarkNumber
) -> list[WhyNot]:
    """One answer for each stored filing of that number; one where there is none."""
    shown = show_number(number)
    lines = tuple(line for line in coverage(watch, config, env) if line.office == number.office)
    base = WhyNot(watch.name, shown, coverage=lines)
    found = [
        _of_database(config, database, watch, st13, base)
        for st13 in (queries.find(database, number) if database is not None else ())
        if database is not None
    ]
    if not found:
        found = [_of_register(config, watch, st13, base) for st13 in numbered(config, number)]
    return found or [replace(base, reasons=tuple(_never_seen(config, database, env, watch, base)))]


def _of_database(config: Config, database: Database, watch: Watch, st13: str, base: WhyNot) -> WhyNot:
    record = queries.get(database, st13)
    assert record is not None
    state = hits.states(database, [st13]).get(st13, {}).get(watch.name)
    if state is not None and state.triage == "relevant":
        watch = followed(watch, [st13])
    base = _compared(base, watch, record, "database")
    row = hits.by_id(database, [state.id])[state.id] if state is not None else None
    base = replace(
        base,
        looks=tuple(seen.looks_at(database, st13)),
        hit=row,
        alerts=tuple(seen.alerts_of(database, st13, watch.name)),
    )
    return replace(base, reasons=tuple(_reasons(config, database, watch, base, state)))


def _of_register(config: Config, watch: Watch, st13: str, base: WhyNot) -> WhyNot:
    row = in_register(config, st13)
    assert row is not None
    base = _compared(base, watch, record_of(row), "register")
    look = {
        "source": row["source"],
        "looks": None,
        "failed": 0,
        "first_at": row["first_seen"],
        "last_at": row["last_moved"],
        "last_error": None,
    }
    assert base.answer is not None
    reasons = list(base.answer.failed)
    if base.answer.hit:
        reasons = [
            f"it has been in the register's store since {row['first_seen'][:10]}, and has not been told anew "
            "since the watch asks for this; what changes in it is told"
        ]
    return replace(base, looks=(look,), reasons=tuple(reasons))


def _compared(base: WhyNot, watch: Watch, record: TradeMark, kept_in: str) -> WhyNot:
    """With the filing beside the rule as it stands, and beside each mark of the watch."""
    near = Portfolio([watch], _FARTHEST if watch.marks else None, filtering=False).near([record])
    return replace(
        base,
        st13=record.st13,
        kept_in=kept_in,
        record=record,
        beside=tuple(_beside(watch, record)),
        answer=match(watch, record, near.get((watch.name, record.st13))),
        goods=goods_touch(watch, record),
    )


def _beside(watch: Watch, record: TradeMark) -> list[Beside]:
    if not watch.marks:
        return []
    from tmwatch.similarity import nearest

    marks = [watched(watch, text) for text in watch.marks]
    found = {one.mark: one for one in nearest(marks, [mark_names(record)], _FARTHEST)}
    return [
        Beside(mark, one.likeness.level, one.likeness.score, one.name, one.likeness.reasons)
        if (one := found.get(place)) is not None
        else Beside(mark)
        for place, mark in enumerate(watch.marks)
    ]


# -- in words ----------------------------------------------------------------------------------------------


def _reasons(
    config: Config, database: Database, watch: Watch, base: WhyNot, state: hits.HitState | None
) -> list[str]:
    assert base.answer is not None
    told = [_told(one) for one in base.alerts]
    if state is None or base.hit is None:
        if base.answer.hit:
            said = (
                "the rule holds, but no look has come since the watch asks for this: with the next one it "
                "comes under the watch, as one that was there before: what has changed by then is told"
            )
            return [*told, said]
        return [*told, *(base.answer.failed or ("the rule does not hold",))]
    kept = muted.silenced(database, st13=base.st13, watch=watch.name)
    reasons = [*told, *_muted(kept), *_of_hit(watch, base.hit, state, told=bool(told))]
    least, why = _least(watch, base.answer, state)
    light = seen.changes_below(database, str(base.st13), base.hit["first_at"], least)
    if light and state.triage != "noise":
        some = ", ".join(f"{one['field']} ({one['significance']})" for one in light[-3:])
        many = f"{len(light)} changes" if len(light) > 1 else "a change"
        reasons.append(f"{many} since then weighed less than {least}, {why}: {some}")
    if not base.answer.hit:
        reasons += [f"as it stands now: {text}" for text in base.answer.failed]
    reasons += [
        f"what changes from now on is muted: {one.words}"
        for one in standings(config, now(), watch.name)
        if one.holds
    ]
    if not watch.notify:
        reasons.append("the watch tells nobody (notify is empty): its alerts are only listed")
    return reasons


# How a delivery stands that has not gone out.
_NOT_SENT = {PENDING: "waiting", HELD: "held", DEAD: "given up", DROPPED: "dropped"}


def _told(alert: Mapping[str, Any]) -> str:
    """That an alert was made, and whether it has gone out: what is made may wait, be held or be given up."""
    which = f"alert {alert['id']} of {alert['created_at'][:10]}"
    states = alert["deliveries"]
    if not states:
        return f"listed in {which}, which was for nobody to be sent to"
    sent, all_ = states.get(SENT, 0), sum(states.values())
    if sent == all_:
        return f"told in {which}"
    others = [f"{number} {_NOT_SENT.get(state, state)}" for state, number in states.items() if state != SENT]
    left = f"{', '.join(others)}; `tmwatch alerts why {alert['id']}` says why"
    return (
        f"told in {which} ({sent} of {all_} sent; {left})" if sent else f"{which} has not been sent ({left})"
    )


def _muted(kept: Sequence[Mapping[str, Any]]) -> list[str]:
    """What mutes silenced, all that one mute silenced together."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in kept:
        mute = one["muted"]
        to = f" for {', '.join(mute['recipients'])}" if mute["recipients"] else ""
        reason = f" ({mute['reason']})" if mute["reason"] else ""
        by = f"muted until {mute['until']} by the mute of {mute['mute']}{reason}{to}"
        what = "that it is new" if one["field"] == FILING else one["field"]
        found.setdefault((by, one["seen_at"][:10]), []).append(what)
    return [f"{by}: {', '.join(dict.fromkeys(what))}, of {day}" for (by, day), what in found.items()]


def _of_hit(watch: Watch, row: Mapping[str, Any], state: hits.HitState, *, told: bool) -> list[str]:
    found = []
    day = row["first_at"][:10]
    if row["baseline"] and not (told and watch.first_look == "alert"):
        kind = "with its first look, which is summed up"
        if row["stood"]:
            kind = "as one that was there before: it is told how it changes, and not that it is there"
        how = "" if watch.first_look == "quiet" else ', before first_look = "alert" was set'
        found.append(f"it came under the watch on {day} {kind}{how}")
    if state.triage == "noise":
        on = (state.triaged_at or "")[:10]
        found.append(f"marked noise on {on}: silent until its owner, classes or goods change")
    return found


def _least(watch: Watch, answer: Match, state: hits.HitState) -> tuple[Significance, str]:
    likened = not state.sure and not answer.named and state.triage is None
    if likened and watch.least.rank < Significance.HIGH.rank:
        return Significance.HIGH, "which is told of a hit by likeness that nobody has marked"
    return watch.least, "which is the least that this watch tells"


def _never_seen(
    config: Config, database: Database | None, env: Mapping[str, str], watch: Watch, base: WhyNot
) -> list[str]:
    found = ["it was never seen: nothing that is stored has this number"]
    office = base.number.split()[0]
    if not base.coverage:
        found.append(f"the watch is not about office {office}" if watch.offices else "no source tells of it")
    for line in base.coverage:
        if line.state != "live":
            found.append(f"{line.office} is {line.state} for this watch: {line.why}")
    health = watch_health(watch, config, database, env)
    days = {line.source: line.read_to for line in health.coverage if line.office == office and line.read_to}
    for source, day in days.items():
        found.append(
            f"{source} was read for all that is new up to {day}: had a filing that was entered by then, of "
            "the days that are looked back, come under the watch, it would be stored"
        )
    found += [f"a look failed: {text}" for text in health.failing]
    if health.never:
        found.append(f"{health.never} of {health.questions} questions of the watch were never answered")
    return found
