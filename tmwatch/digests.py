"""The digests that are due: made of what waits, and sent like any other alert.

    alerts/digest_times.py   when, and which alerts wait for it
    digest_survey.py         what is due, and what was looked at
    here                     one transaction: the digest, its deliveries, and what it takes in
    alerts/view_digest.py    what a reader sees

A digest is made and sent whether something happened or not: where nothing did, it says what was checked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tmwatch.alerts.digest_times import is_due, last_day, next_digest
from tmwatch.alerts.payload import AlertPayload, Digest, DigestItem, MarkCard
from tmwatch.alerts.summary import lead
from tmwatch.alerts.waiting import Patience, Waiting
from tmwatch.alerts.wording import wording
from tmwatch.config import Config, Recipient
from tmwatch.digest_survey import Survey
from tmwatch.errors import StoreError, TmwatchError
from tmwatch.model import Significance
from tmwatch.store import Database, books, digests
from tmwatch.store.database import now
from tmwatch.store.passes import LONGEST
from tmwatch.store.writing import write_alert
from tmwatch.text import clean_line

_CARDS, _IN_ALL = 100, 500  # filings of one alert, and of all, that a digest holds; the others are counted
_CHANGED, _NEW = "filing.changed", "filing.new"


def make_digests(config: Config, database: Database, env: Mapping[str, str], run: str = "") -> list[str]:
    """Make the digests whose time has come; they are sent by the next delivery. Without a `run` one of its
    own is booked. Raises what the store raises.

    Returns what went wrong, in sentences: a digest that cannot be made keeps nobody from what else there is.
    """
    at = now()
    wanted = {one.name: one for one in config.recipients if one.digest != "off"}
    told = digests.settle(database, wanted, at)
    due = [one for name, one in wanted.items() if _is_time(one, told[name], database, at)]
    if not due:
        return []
    own = "" if run else books.start_run(database, "digest")
    survey, made = Survey(config, database, env, at), 0
    wrong: list[str] = []
    for one in due:
        try:
            made += _make(one, survey, database, at, run or own)
        except StoreError:
            raise
        except TmwatchError as error:
            wrong.append(f'the digest of "{one.name}" could not be made: {error.message}')
        except Exception as fault:  # noqa: BLE001 - what cannot be said of one must not silence all else
            what = clean_line(f"{type(fault).__name__}: {fault}", 200)
            wrong.append(f'the digest of "{one.name}" could not be made: {what}. Please report this.')
    if own:
        books.end_run(database, own, {"alerts": made})
    return wrong


def next_of(recipient: Recipient, config: Config, database: Database, env: Mapping[str, str]) -> AlertPayload:
    """What the next digest of a recipient would say if it were made now. Writes nothing."""
    at, since = now(), digests.told_at(database).get(recipient.name)
    survey = Survey(config, database, env, at)
    alerts = waiting_alerts(recipient, survey.config, database, since, at)
    return compose(recipient, survey, database, alerts, since or at, at)


def _is_time(recipient: Recipient, told: dt.datetime, database: Database, at: dt.datetime) -> bool:
    """Whether a digest is to be made now. What a pass has found that is not over waits for its end, and the
    digest for that: it would say that nothing is new. Not for longer than such a thing may wait."""
    if not is_due(recipient, told, at):
        return False
    return is_due(recipient, told, at - LONGEST) or not digests.wait_for_pass(database, recipient.name)


def _make(recipient: Recipient, survey: Survey, database: Database, at: dt.datetime, run: str) -> int:
    survey.read(recipient.name)  # what takes long is read before the transaction
    with database.write():
        since = digests.told_at(database).get(recipient.name)
        if since is None or not _is_time(recipient, since, database, at):
            return 0  # another process has made it, or has found something meanwhile
        groups = list(_groups(recipient, survey.config, database, since, at))
        for addresses, alerts, taken in groups:
            payload = compose(recipient, survey, database, alerts, since, at)
            about = (f"digest {recipient.name}", at.isoformat())
            to = [(recipient.name, *address) for address in addresses]
            number = write_alert(database, payload, (), to, run, about=about)
            digests.take_in(database, number, taken)
        digests.note_told(database, recipient.name, at)
    return len(groups)


def _groups(
    recipient: Recipient, config: Config, database: Database, since: dt.datetime, at: dt.datetime
) -> Iterator[tuple[list[digests.Address], tuple[int, ...], list[Waiting]]]:
    """Addresses that are told the same, the alerts that they are told of, and the deliveries that are.

    Nearly always that is one group. Whoever was added since gets all that waits; an alert that is on its way
    to an address already is not told there again.
    """
    waits = waiting_alerts(recipient, config, database, since, at)
    readable = digests.payloads(database, recipient.name, waits)
    for alert in waits.keys() - readable.keys():
        digests.not_to_wait(database, waits.pop(alert))
    there = digests.addressed(database, recipient.name, waits)
    groups: dict[tuple[int, ...], list[digests.Address]] = {}
    for address in dict.fromkeys(recipient.ways):
        mine = tuple(
            alert
            for alert, deliveries in waits.items()
            if address not in there[alert] or any((d.channel, d.address) == address for d in deliveries)
        )
        groups.setdefault(mine, []).append(address)
    for alerts, addresses in groups.items():
        taken = [one for alert in alerts for one in waits[alert] if (one.channel, one.address) in addresses]
        yield addresses, alerts, taken


def waiting_alerts(
    recipient: Recipient, config: Config, database: Database, since: dt.datetime | None, at: dt.datetime
) -> dict[int, list[Waiting]]:
    """The alerts that wait for a recipient's digest, by their number, with the deliveries that do."""
    told = {recipient.name: since} if since is not None else {}
    patience = Patience(config, told, at, making=True)
    found: dict[int, list[Waiting]] = {}
    for one in digests.candidates(database, recipient.name):
        wait = patience.with_(one.delivery)
        if wait is not None and wait.reason == "digest":
            found.setdefault(one.alert, []).append(one.delivery)
    return found


def compose(
    recipient: Recipient,
    survey: Survey,
    database: Database,
    alerts: Iterable[int],
    since: dt.datetime,
    at: dt.datetime,
) -> AlertPayload:
    """The digest of these alerts. Reads only."""
    payloads = digests.payloads(database, recipient.name, alerts)
    items = _in_order([_item(number, *one) for number, one in payloads.items()], survey.config)
    coming = next_digest(recipient, at, at)
    until = last_day(recipient, coming)
    dues, looked = survey.dues(recipient.name, until, items), survey.looked(recipient.name)
    mutes, silenced = survey.muted(recipient.name, since)
    befell = [card for _, (one, _) in payloads.items() if one.kind == _CHANGED for card in one.cards]
    new = {card.st13 for one, _ in payloads.values() if one.kind == _NEW for card in one.cards}
    digest = Digest(
        recipient=recipient.name,
        every="weekly" if recipient.digest == "weekly" else "daily",
        since=since,
        until=at,
        next=coming,
        timezone=recipient.timezone,
        items=tuple(_bounded(items)),
        changes=sum(bool(change.significance.rank) for card in befell for change in card.changes),
        changed=len({card.st13 for card in befell}),
        new=len(new),
        dues=dues,
        dues_until=until,
        questions=looked.questions,
        seen=looked.seen,
        by_number=looked.by_number,
        looks=looked.looks,
        gaps=looked.gaps,
        by_hand=looked.by_hand,
        at_once=digests.sent_at_once(database, recipient.name, since),
        held=digests.held_for(database, recipient.name),
        silenced=silenced,
        muted=mutes,
    )
    payload = AlertPayload(
        kind="digest",
        watch="",
        significance=_weight(digest),
        sample=any(item.sample for item in items) or any(due.sample for due in dues),
        why=f'digest = "{digest.every}" is set for recipient "{recipient.name}"',
        digest=digest,
    )
    return payload.model_copy(update={"headline": lead(payload, wording("en"))})


def _item(number: int, payload: AlertPayload, made_at: dt.datetime) -> DigestItem:
    return DigestItem(
        alert=number,
        kind=payload.kind,
        watch=payload.watch,
        role=payload.role,
        significance=payload.significance,
        sample=payload.sample,
        headline=payload.headline,
        # What an end of a mass says of what is held was so when it was made; `Digest.held` says what is now.
        detail="" if payload.mass is not None else payload.detail,
        made_at=made_at,
        filings=len(payload.cards),
        cards=payload.cards,
        held=payload.held,
    )


def _in_order(items: Sequence[DigestItem], config: Config) -> list[DigestItem]:
    """By watch as the configuration has them; within a watch the weightiest first, then the oldest."""
    places = {watch.name: place for place, watch in enumerate(config.watches)}
    return sorted(
        items, key=lambda one: (places.get(one.watch, len(places)), -one.significance.rank, one.alert)
    )


def _bounded(items: Iterable[DigestItem]) -> Iterator[DigestItem]:
    """The items with as many of their filings as a message has use for: those with dates before others."""
    left = _IN_ALL
    for item in items:
        most = max(1, min(_CARDS, left))
        cards = _first(item.cards, most)
        left -= len(cards)
        yield item.model_copy(update={"cards": cards})


def _first(cards: Sequence[MarkCard], most: int) -> tuple[MarkCard, ...]:
    order = sorted(range(len(cards)), key=lambda place: (not cards[place].dues, place))[:most]
    return tuple(cards[place] for place in sorted(order))


def _weight(digest: Digest) -> Significance:
    """That of the weightiest thing it tells; what could not be looked at is not nothing."""
    ranks = [one.significance for one in digest.items]
    if digest.seen < digest.questions or digest.held:
        ranks.append(Significance.MEDIUM)
    return max(ranks, key=lambda one: one.rank, default=Significance.LOW)
