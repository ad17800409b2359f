"""A batch of looks against all watches at once, and what each watch wants to hear of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from tmwatch.changes.compare import owner_key
from tmwatch.config import Watch
from tmwatch.deadlines import day_at
from tmwatch.model import Change, Significance, TradeMark
from tmwatch.store import Database, Observed
from tmwatch.store.database import now
from tmwatch.store.hits import HitState, states
from tmwatch.text import fold, fold_party
from tmwatch.watches import Match, Portfolio, match
from tmwatch.watches.filing import agent_names, goods_texts
from tmwatch.watches.filters import UNCHECKED
from tmwatch.watches.triage import (
    grounds_moved,
    is_publication,
    of_grounds,
    opposition_words,
    published,
)

_NONE = Match(hit=False)


class Batch:
    """Which filings of a batch concern which watch, and how they stood under it before.

    The records of filings that say nothing new, and that every watch knows, are not read.
    """

    def __init__(self, portfolio: Portfolio, observed: Sequence[Observed], database: Database) -> None:
        self._portfolio = portfolio
        self._observed = observed
        self._database = database
        self._states = states(database, [one.st13 for one in observed])
        names = {watch.name for watch in portfolio.watches}
        asked = [
            one.record
            for one in observed
            if one.what == "changed" or not names <= self._states.get(one.st13, {}).keys()
        ]
        self._today = portfolio.matches(asked)

    @cached_property
    def _before(self) -> dict[tuple[str, str], Match]:
        """What the watches would have said of the filings that changed, as they stood."""
        stood = [one.previous for one in self._observed if one.what == "changed"]
        return self._portfolio.matches([record for record in stood if record is not None])

    @cached_property
    def _by_watch(self) -> dict[str, list[Observed]]:
        asked: dict[str, set[str]] = {}
        for name, st13 in [*self._today, *self._before]:
            asked.setdefault(name, set()).add(st13)
        for st13, known in self._states.items():
            for name in known:
                asked.setdefault(name, set()).add(st13)
        return {
            name: [
                one
                for one in self._observed
                if one.st13 in st13s and (one.what == "changed" or name not in self._states.get(one.st13, {}))
            ]
            for name, st13s in asked.items()
        }

    def concerning(self, watch: Watch) -> Iterator[Observed]:
        """The filings of which there is something to say under that watch, in the order of the batch."""
        yield from self._by_watch.get(watch.name, ())

    def state(self, watch: Watch, one: Observed) -> HitState | None:
        """How the filing came under the watch before this batch; None where it did not."""
        return self._states.get(one.st13, {}).get(watch.name)

    def match(self, watch: Watch, one: Observed) -> Match:
        """What the watch says of the filing as it stands; of what is no hit, no more than that."""
        return self._today.get((watch.name, one.st13), _NONE)

    def held_before(self, watch: Watch, one: Observed, *, stored: bool = False) -> bool | None:
        """Whether the watch would have had the filing as it stood before this look, had it been there then.

        So a watch that was renamed, or is new beside another, misses no change of a filing that was being
        watched already. A number that the watch names is compared with what is stored of it, whoever stored
        it: import, `watch add`, import is how people begin. None for any other filing that nobody watched:
        what is known of it is no baseline. With `stored` it is one, where it tells of all that the watch
        asks for: a register that is kept day by day stood there before the watch did.
        """
        if one.what != "changed" or one.previous is None:
            return None
        before = self.stood(watch, one)
        if "numbers" not in before.triggers and not self._states.get(one.st13):
            return True if stored and before.hit and UNCHECKED not in before.why else None
        return before.hit

    def seen_now(self, watch: Watch, one: Observed) -> bool:
        """Whether goods alone, which the store of a register does not keep, left it in doubt that the watch
        would have had a filing as it stood, and something else has changed: told whatever its goods were."""
        found = self.match(watch, one)
        if one.what != "changed" or one.previous is None or not found.hit or UNCHECKED in found.why:
            return False
        before = self.stood(watch, one)
        doubts = [before.why] if before.hit else before.failed
        return all(UNCHECKED in text for text in doubts) and bool(to_tell(watch, one, None, found)[0])

    def stood(self, watch: Watch, one: Observed) -> Match:
        """What the watch says of a filing that has changed, as it stood."""
        assert one.previous is not None
        return self._before.get((watch.name, one.st13)) or match(watch, one.previous)

    def brought(self, watch: Watch, one: Observed) -> str | None:
        """By what change a filing that was known has come under the watch, in words; None where it would have
        been under it as it stood, or was not known.

        The words are empty where what was known of it does not tell: the store of a register keeps no goods.
        """
        if one.what != "changed" or one.previous is None:
            return None
        before = self._before.get((watch.name, one.st13))
        blind = bool(watch.goods) and goods_texts(one.previous) is None
        if before is None and one.changes and not blind and not by_change(one):
            return None
        # Only now it can be seen whether it has the goods that the watch asks for.
        seen = before is not None and UNCHECKED in before.why and UNCHECKED not in self.match(watch, one).why
        if before is not None and not seen:
            return None
        moved = _moved(one.previous, one.record)
        return f"new to this watch because {' and '.join(moved)} changed" if moved else ""


# What a watch goes by. A record that comes under it by a change of these has been brought under it.
_GROUNDS = frozenset(
    {
        *("owners", "representatives", "domestic_representative", "correspondence", "classes"),
        *("verbal_element", "pseudo_mark", "translation", "transliteration"),
    }
)


def by_change(one: Observed) -> bool:
    """Whether something that a watch goes by has changed, by news of the register."""
    return any(change.field.split(".")[0] in _GROUNDS for change in one.changes if change.significance.rank)


def _moved(before: TradeMark, after: TradeMark) -> list[str]:
    """Which of what a watch goes by is another than it was, as far as both tell."""
    found = []
    for field, words in (
        ("owners", "its owner"),
        ("representatives", "its representative"),
        ("verbal_element", "the words of its mark"),
        ("pseudo_mark", "its pseudo mark"),
        ("translation", "its translation"),
        ("transliteration", "its transliteration"),
        ("classes", "its classes"),
    ):
        if not before.gives(field) or not after.gives(field):
            continue
        if _told(before, field) == _told(after, field):
            continue
        # Of representatives an older reader knew fewer: that a lawyer's firm is seen is no change.
        if field != "representatives" or not _agents(before) <= _agents(after):
            found.append(words)
    if not found and None not in (told := (goods_texts(before), goods_texts(after))) and told[0] != told[1]:
        found.append("its goods")
    return found


def _agents(record: TradeMark) -> set[str]:
    """Representatives with their firms, which the store of a register has among them."""
    return set(map(fold_party, agent_names(record)))


def _told(record: TradeMark, field: str) -> object:
    if field == "classes":
        return record.class_numbers
    if field == "representatives":
        return _agents(record)
    value = getattr(record, field)
    return {owner_key(party) for party in value} if isinstance(value, tuple) else fold(value or "")


def to_tell(
    watch: Watch, one: Observed, state: HitState | None, found: Match
) -> tuple[tuple[Change, ...], str]:
    """What the watch wants to hear of what changed, the status first, and why; nothing of cosmetic changes.

    Of a hit by likeness that nobody has judged: what is critical or high. Of noise nothing, until its owner,
    classes or goods are others. Of what was marked relevant also its publication, whatever `least` says.
    """
    triage = state.triage if state is not None else None
    day = (state.triaged_at or "")[:10] if state is not None else ""
    if triage == "noise" and state is not None:
        moved = grounds_moved(state.basis or {}, one.record, one.changes)
        if not moved:
            return (), found.why
        told = [change for change in one.changes if of_grounds(change) and change.significance.rank]
        said = f"marked noise on {day}, and told once more: its {' and '.join(moved)} changed"
        return _status_first(told), _joined(said, found.why)
    least = max(1, watch.least.rank)
    likened = triage is None and not found.named and (found.hit if state is None else not state.sure)
    if likened:
        least = max(least, Significance.HIGH.rank)
    told = [change for change in one.changes if change.significance.rank >= least]
    if triage == "relevant":
        said = f"marked relevant on {day}"
        if one.what == "changed" and published(one.previous, one.record):
            said += f"; {opposition_words(one.record, day_at(one.record.office, now()))}"
            told += [
                change
                for change in one.changes
                if is_publication(change) and change.significance.rank and change not in told
            ]
        return _status_first(told), _joined(said, found.why)
    return _status_first(told), found.why


def _joined(said: str, why: str) -> str:
    return f"{said}; {why}" if why else said


def _status_first(changes: Sequence[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda change: change.field != "status"))
