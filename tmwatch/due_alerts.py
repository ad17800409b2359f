"""Deadlines that come near are told: at set distances, once each, and again only when the day has moved.

Once a day all are gone through (a deadline comes near whether its register was asked or not). Alert,
deliveries and the books of what was told are one transaction: who is killed tells it in the next check, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tmwatch.alerts.compose import addresses, filing_card
from tmwatch.alerts.payload import AlertPayload, MarkCard
from tmwatch.alerts.summary import subject
from tmwatch.alerts.wording import wording
from tmwatch.due import Due, due_list
from tmwatch.model import Change, Significance
from tmwatch.store import Database, deadlines, queries
from tmwatch.store.database import now
from tmwatch.store.writing import write_alert

if TYPE_CHECKING:
    from tmwatch.config import Config, Watch

_CRITICAL, _HIGH = 7, 30  # days left
_IN_ONE = 100  # dates in one alert; a message of more helps nobody


def tell_due(config: Config, database: Database, run: str, *, again: bool = False) -> int:
    """Write the alerts that are due today, once a day (`again`: whatever was gone through today already).
    Returns how many. Raises what the store raises, and `ConfigError` for a bad file of rules."""
    at = now()
    today = at.date()
    watches = [
        watch for watch in config.watches if again or not deadlines.gone_through(database, watch.name, today)
    ]
    if not watches:
        return 0
    dues = due_list(config, database, instant=at) if config.deadlines.remind else []
    with database.write():
        written = sum(_tell(watch, dues, config, database, run) for watch in watches)
        for watch in watches:
            deadlines.note_gone_through(database, watch.name, today)
    return written


def _tell(watch: Watch, dues: Sequence[Due], config: Config, database: Database, run: str) -> int:
    known = deadlines.told(database, watch.name)
    near: list[tuple[Due, int]] = []
    for due in dues:
        listed = watch.name in due.watches and watch.name not in due.quiet
        if not listed or due.deadline.status != "open" or due.days_left < 0:
            continue
        distance = min((days for days in config.deadlines.remind if due.days_left <= days), default=None)
        if distance is None:
            continue
        day, days = known.get(due.key, (None, 0))
        if day != due.day or distance < days:
            near.append((due, distance))
    told = [(due, days) for due, days in near if _significance(due).rank >= watch.least.rank]
    deadlines.note_told(database, watch.name, ((due.key, due.day, days) for due, days in near))
    to, parts = addresses(config, watch.notify), range(0, len(told), _IN_ONE)
    for start in parts:
        payload = _payload(watch, told[start : start + _IN_ONE], database)
        write_alert(database, payload, [card.st13 for card in payload.cards], to, run)
    return len(parts)


def _significance(due: Due) -> Significance:
    if due.days_left <= _CRITICAL:
        return Significance.CRITICAL
    return Significance.HIGH if due.days_left <= _HIGH else Significance.MEDIUM


def _payload(watch: Watch, told: Sequence[tuple[Due, int]], database: Database) -> AlertPayload:
    by_mark: dict[str, list[tuple[Due, int]]] = {}
    for due, days in told:
        by_mark.setdefault(due.deadline.st13, []).append((due, days))
    cards = tuple(_card(watch, st13, mine, database) for st13, mine in by_mark.items())
    distances = ", ".join(f"{days}" for days in sorted({days for _, days in told}))
    payload = AlertPayload(
        kind="deadline.due",
        watch=watch.name,
        role=watch.role,
        significance=max((_significance(due) for due, _ in told), key=lambda one: one.rank),
        sample=any(due.sample for due, _ in told),
        why=f"{distances} days or less are left, and the record shows nothing that meets it",
        cards=cards,
    )
    return payload.model_copy(update={"headline": subject(payload, wording("en"))})


def _card(watch: Watch, st13: str, mine: Iterable[tuple[Due, int]], database: Database) -> MarkCard:
    record = queries.get(database, st13)
    assert record is not None
    origin = record.provenance
    assert origin is not None
    dues = list(mine)
    more = {
        "changes": tuple(_change(due, days) for due, days in dues),
        "dues": tuple(due.line() for due, _ in dues),
    }
    return filing_card(watch, record, origin).model_copy(update=more)


def _change(due: Due, days: int) -> Change:
    """As something that happened to the filing: the same day told from the same distance is the same fact."""
    by = "by" if due.deadline.last_safe else "from"
    said = f"{due.deadline.what} {by} {due.day}, {days} day{'s' if days != 1 else ''} or less"
    words = f"; {due.deadline.status_words}" if due.deadline.act == "priority" else ""
    return Change(
        field="deadline",
        kind="added",
        key=due.key,
        significance=_significance(due),
        new=said + words,
        date=due.day,
    )
