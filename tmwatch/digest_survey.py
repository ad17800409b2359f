"""What a digest says besides what happened: what is due, what was looked at and when last, what was not.

From the books of each question, as `health` and `status` read them. A question counts as seen where it was
answered in the time in which its watch is to be looked at, and is not known to fail.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tmwatch.alerts.muting import standings
from tmwatch.alerts.payload import CoverageLine, DigestDue, DigestGap, DigestItem, DigestLook
from tmwatch.alerts.summary import number
from tmwatch.config import Config, Watch
from tmwatch.due import Due, due_list
from tmwatch.following import with_relevant
from tmwatch.freshness import lasts
from tmwatch.lateness import overdue
from tmwatch.looking import describe
from tmwatch.sources.registry import register_link
from tmwatch.store import Database, books, muted, queries
from tmwatch.text import clean_line
from tmwatch.watches import asks, coverage
from tmwatch.watches.feeds import feed_key, feeds_of
from tmwatch.worklist import with_hand_work

_UNSEEN = 5  # questions named for each watch and register
_NEXT = ("failing", "late", "never looked", "fresh")


@dataclass(frozen=True)
class _Question:
    """One question of a watch and how it went; `state` as of a `DigestLook`."""

    key: str
    source: str
    asked: str
    state: str
    at: dt.datetime | None
    why: str
    by_number: bool


@dataclass(frozen=True)
class Looked:
    """What was looked at for some watches; a question that several ask counts once."""

    questions: int
    seen: int
    by_number: bool
    looks: tuple[DigestLook, ...]
    gaps: tuple[DigestGap, ...]
    by_hand: tuple[str, ...]  # offices that nothing is asked of and of which pages can be imported


class Survey:
    """Of one moment; what several digests of that moment need is read once."""

    def __init__(
        self, config: Config, database: Database, env: Mapping[str, str], instant: dt.datetime
    ) -> None:
        self.config = with_relevant(config, database)
        self._database, self._env, self._instant = database, env, instant
        self._known: dict[str, list[_Question]] = {}
        self._looked: dict[str, Looked] = {}

    def read(self, recipient: str) -> None:
        """Read what takes long now."""
        self.looked(recipient)
        _ = self._dues

    # -- looked at ---------------------------------------------------------------------------------------

    def looked(self, recipient: str) -> Looked:
        """What was looked at for the watches that tell this recipient."""
        if recipient not in self._looked:
            self._looked[recipient] = self._look_at(recipient)
        return self._looked[recipient]

    def _look_at(self, recipient: str) -> Looked:
        watches = [watch for watch in self.config.watches if recipient in watch.notify]
        seen: dict[str, bool] = {}
        looks: list[DigestLook] = []
        by_number = True
        for watch in watches:
            mine = self._questions(watch)
            for one in mine:
                seen[one.key] = seen.get(one.key, True) and one.state == "fresh"
                by_number = by_number and one.by_number
            for source in dict.fromkeys(one.source for one in mine):
                looks.append(self._look(watch, source, [one for one in mine if one.source == source]))
        looks.sort(key=lambda one: _NEXT.index(one.state))
        lines = [DigestGap(watch=watch.name, line=line) for watch in watches for line in self._lines(watch)]
        live = {one.line.office for one in lines if one.line.state == "live"}
        gaps = tuple(one for one in lines if one.line.state != "live")
        by_hand = [one.line.office for one in gaps if one.line.state == "import only"]
        offices = tuple(office for office in dict.fromkeys(by_hand) if office not in live)
        return Looked(len(seen), sum(seen.values()), by_number, tuple(looks), gaps, offices)

    @cached_property
    def _failing(self) -> dict[str, dt.datetime]:
        rows = books.source_states(self._database)
        return {
            row["source"]: dt.datetime.fromisoformat(row["since"])
            for row in rows
            if row["state"] == "failing" and row["since"]
        }

    def _questions(self, watch: Watch) -> list[_Question]:
        if watch.name not in self._known:
            self._known[watch.name] = list(self._ask(watch))
        return self._known[watch.name]

    def _ask(self, watch: Watch) -> Iterator[_Question]:
        states = books.ask_states(self._database, watch.name)
        questions = [
            (one.key, one.source_id, describe(one.query), one.number is not None, one.every)
            for one in asks(watch, self.config, self._env)
        ]
        for source in feeds_of(watch, self.config, self._env):
            name = source.declaration.id
            questions.append((feed_key(name), name, "the latest files", False, None))
        for key, source_id, asked, by_number, every in questions:
            booked = states.get(key, books.AskState())
            state, why = _stands(watch, booked, every)
            yield _Question(key, source_id, asked, state, booked.last_ok_at, why, by_number)

    def _look(self, watch: Watch, source: str, of: Sequence[_Question]) -> DigestLook:
        looks = [one.at for one in of if one.at is not None]
        unseen = [one for one in of if one.state != "fresh"]
        unseen.sort(key=lambda one: _NEXT.index(one.state))
        return DigestLook.model_validate(
            {
                "watch": watch.name,
                "source": source,
                "state": unseen[0].state if unseen else "fresh",
                "asked": len(of),
                "seen": len(of) - len(unseen),
                "oldest": min(looks, default=None),
                "latest": max(looks, default=None),
                "since": self._failing.get(source),
                "unseen": tuple(f"{one.asked}: {one.why}" for one in unseen[:_UNSEEN]),
            }
        )

    def _lines(self, watch: Watch) -> tuple[CoverageLine, ...]:
        lines = coverage(watch, self.config, self._env)
        return with_hand_work(watch, lines, self._database, self._instant)

    # -- muted -------------------------------------------------------------------------------------------

    def muted(self, recipient: str, since: dt.datetime) -> tuple[tuple[str, ...], int]:
        """The mutes that keep something from a recipient now, with how much each did since then, a sentence
        each; and how much that was in all, mutes that are over included."""
        mine = {watch.name for watch in self.config.watches if recipient in watch.notify}
        counts = Counter(
            one["muted"]["mute"]
            for one in muted.silenced(self._database, since)
            if one["muted"]["watch"] in mine and recipient in one["muted"]["recipients"]
        )
        said = []
        for one in standings(self.config, self._instant):
            mute = one.mute
            here = mute.watch is None or mute.watch in mine
            if one.holds and here and (not mute.recipients or recipient in mute.recipients):
                said.append(f"{one.words}: {counts[mute.scope]} kept back since the last digest")
        return tuple(said), counts.total()

    # -- due ---------------------------------------------------------------------------------------------

    @cached_property
    def _dues(self) -> list[Due]:
        return due_list(self.config, self._database, instant=self._instant)

    def dues(self, recipient: str, until: dt.date, items: Iterable[DigestItem]) -> tuple[DigestDue, ...]:
        """What is open until that day under a recipient's watches, and what `items` tell of later days."""
        mine = {watch.name for watch in self.config.watches if recipient in watch.notify}
        found: dict[tuple[str, dt.date, str], DigestDue] = {}
        for due in self._dues:
            watches = tuple(name for name in due.watches if name in mine and name not in due.quiet)
            if watches and due.deadline.status == "open" and due.days_left >= 0 and due.day <= until:
                found[due.deadline.st13, due.day, due.deadline.what] = self._due(due, watches)
        for item in items:
            if item.kind != "deadline.due":
                continue
            for card in item.cards:
                for line in card.dues:
                    told = DigestDue(
                        st13=card.st13,
                        number=number(card),
                        mark=card.mark,
                        sample=item.sample,
                        docket_ref=card.docket_ref,
                        watches=(item.watch,),
                        line=line,
                        days_left=(line.day - self._instant.date()).days,
                        link=card.link,
                    )
                    found.setdefault((card.st13, line.day, line.what), told)
        return tuple(sorted(found.values(), key=lambda one: (one.line.day, one.number, one.line.what)))

    def _due(self, due: Due, watches: tuple[str, ...]) -> DigestDue:
        record = queries.get(self._database, due.deadline.st13)
        origin = record.provenance if record is not None else None
        return DigestDue(
            st13=due.deadline.st13,
            number=due.number,
            mark=due.mark,
            sample=due.sample,
            docket_ref=due.docket_ref,
            watches=watches,
            line=due.line(),
            days_left=due.days_left,
            link=register_link(origin.source, record.application_number) if record and origin else None,
        )


def _stands(watch: Watch, one: books.AskState, every: dt.timedelta | None) -> tuple[str, str]:
    """The state of a question, and why it is not as it should be."""
    if one.failures and lasts(one):
        times = "once" if one.failures == 1 else f"{one.failures} times in a row"
        said = clean_line((one.last_error or "").partition("\n")[0], 160)
        return "failing", f"{one.last_outcome}, {times}{': ' + said if said else ''}"
    if one.last_ok_at is None:
        return "never looked", "never answered yet"
    if overdue(watch, one.last_ok_at, every):
        return "late", f"last answered {one.last_ok_at:%Y-%m-%d %H:%M} UTC"
    return "fresh", ""
