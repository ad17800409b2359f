"""A sweep's pass over one source, as `store.mass` judges it: what its known filings did, what waits for it.

    under = SourcePass.begin(...)
    observe(..., react=under.waiting(react), also=...)  # in the transaction of the look, what the filing did;
    under.seen(database, ...)                           # … the same of one of which no record was read
    under.end()

Where so few filings are asked for that they can never be a mass, there is nothing to it: nobody waits.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from tmwatch.alerts.compose import addresses
from tmwatch.alerts.summary import STATUS_FIELDS
from tmwatch.config import Config
from tmwatch.looking import facts_of
from tmwatch.model import FactKind, Significance
from tmwatch.sources.registry import get_source
from tmwatch.store import AlertDraft, Database, Observed, React, Reaction, mass, passes
from tmwatch.store.passes import Outcome, PassLook
from tmwatch.store.timeline import canonical

_VALUE = 80  # characters of a value in an example


class SourcePass:
    """One pass. Its number is None where nothing waits for it."""

    def __init__(self, database: Database, number: int | None) -> None:
        self._database, self._number = database, number

    @classmethod
    def begin(
        cls,
        config: Config,
        database: Database,
        source_id: str,
        run: str,
        watches: Sequence[str],
        *,
        numbers: int,
        searching: bool,
    ) -> SourcePass:
        """`numbers`: how many filings are asked for by number; `searching`: and names besides."""
        rule = passes.Rule(config.health.mass_share, config.health.mass_least, config.health.mass_hold)
        many = rule.share < 100 and (searching or numbers >= rule.least)
        many = many and passes.known(database, source_id, rule.least) >= rule.least
        # While one is held, what befalls its filings is held with it, whoever looks at them.
        if not many and not mass.is_open(database, source_id):
            return cls(database, None)
        to = {watch.name: addresses(config, watch.notify) for watch in config.watches}
        sample = facts_of(get_source(source_id), config) is FactKind.SAMPLE
        number = passes.begin(database, source_id, run, watches, to, rule, sample=sample)
        return cls(database, number)

    @property
    def waits(self) -> int | None:
        """The number of the pass, where alerts wait for it."""
        return self._number

    def waiting(self, react: React) -> React:
        """The reaction, whose alerts of changes wait for the end of the pass; what the known filings did is
        written down with them."""
        if self._number is None:
            return react

        def reacted(observed: Sequence[Observed], database: Database) -> Reaction:
            reaction = react(observed, database)
            number = self._write(database, [_look(one) for one in observed if one.what != "new"])
            if number is None:
                return reaction
            alerts = (replace(one, waits=number) if _may_wait(one) else one for one in reaction.alerts)
            return replace(reaction, alerts=tuple(alerts))

        return reacted

    def seen(self, database: Database, what: str, outcome: Outcome) -> None:
        """A filing of which no record was read: as it was, or not found. In the transaction of the look."""
        self._write(database, [PassLook(what, outcome)])

    def searched(self, database: Database, ask: str, found: Collection[str]) -> None:
        """A question by name was answered in full: what it gave before and does not give now is not found. In
        the transaction of the look."""
        if self._number is not None:
            lost = passes.vanished(database, ask, found)
            self._write(database, [PassLook(st13, "gone") for st13 in lost])

    def end(self) -> None:
        """It has come to its end, or was broken off. Raises what the store raises."""
        if self._number is not None:
            passes.end(self._database, self._number)
            self._number = None

    def _write(self, database: Database, looks: Sequence[PassLook]) -> int | None:
        if self._number is not None and not passes.note(database, self._number, looks):
            self._number = None  # judged meanwhile: it gave no sign of life for so long
        return self._number


def _may_wait(draft: AlertDraft) -> bool:
    """New filings are no change, and nothing critical waits."""
    changes = (change for card in draft.cards for change in card.changes)
    critical = any(change.significance is Significance.CRITICAL for change in changes)
    return draft.kind == "filing.changed" and not critical


def _look(one: Observed) -> PassLook:
    if one.what != "changed" or one.previous is None:
        return PassLook(one.st13, "same")
    told: dict[str, tuple[str, str, str]] = {}
    for change in one.changes:
        if change.significance.rank:
            base = change.field.partition(".")[0]
            name = "status" if base in STATUS_FIELDS else base
            told.setdefault(name, (name, (change.old or "")[:_VALUE], (change.new or "")[:_VALUE]))
    return PassLook(one.st13, "changed", tuple(told.values()), canonical(one.previous)[1])
