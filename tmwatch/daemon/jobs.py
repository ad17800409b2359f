"""What is done when: the jobs that follow from a configuration."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from tmwatch.config import Config
from tmwatch.schedules import Every, Schedule, missed, parse_schedule
from tmwatch.sources.feeds import Feeds
from tmwatch.sources.registry import all_sources
from tmwatch.watches import asks
from tmwatch.watches.live import live_state
from tmwatch.watches.sentence import interval

DELIVER, INBOX, DATES = "deliver", "inbox", "dates"
FEED = "feed "  # and the id of a source
# A clock that was set back by more than this was wrong before: what it planned is forgotten.
_WRONG = dt.timedelta(days=1)


@dataclass
class Job:
    """Something that is done again and again. `done` is the last planned time that was handed to its lane."""

    id: str
    lane: str  # the register's id, or the job's own: jobs of a lane wait for each other
    schedule: Schedule
    watches: tuple[str, ...] = ()  # those that are looked at; empty for what is no look
    jitter: dt.timedelta = dt.timedelta(0)
    done: dt.datetime | None = None
    _late: dt.timedelta = field(default=dt.timedelta(0), repr=False)

    def due(self, now: dt.datetime) -> list[dt.datetime]:
        """The planned times that have come since, oldest first; they count as handed over from now on."""
        if self.done is None:
            found = [now]  # never done yet: the first look is now
        else:
            if self.done > now + _WRONG:
                self.done = now
            found = missed(self.schedule, self.done, now)
        if found:
            self.done = found[-1]
        return found

    def next(self, now: dt.datetime) -> dt.datetime | None:
        """When it is to be handed over next: at once where it is overdue."""
        if self.done is None:
            return now
        following = self.schedule.after(self.done)
        if following is None:
            return None
        if self.done > now + _WRONG:
            return now
        return max(now, following + self._late) if following > now else now

    def following(self, instant: dt.datetime) -> dt.datetime | None:
        """The first planned time after `instant`, later by a new chance."""
        most = min(self.jitter, self.schedule.span / 10) if isinstance(self.schedule, Every) else self.jitter
        self._late = most * random.random()  # noqa: S311 - nothing secret
        planned = self.schedule.after(instant)
        return planned + self._late if planned is not None else None


def feeds_on(config: Config, env: Mapping[str, str]) -> list[str]:
    """The sources whose files are taken."""
    return [
        name
        for name, source in all_sources().items()
        if isinstance(source, Feeds) and live_state(source.declaration, config, env)[0]
    ]


def jobs_of(config: Config, env: Mapping[str, str]) -> dict[str, Job]:
    """All jobs by their id.

    A look has an id for its register and how often: `look us.tsdr-api` for the watches that leave it to the
    schedule, `look us.tsdr-api every 6 hours` for those that say it themselves (`every`).
    """
    zone, jitter = config.schedule.zone, config.schedule.jitter or dt.timedelta(0)
    looks: dict[tuple[str, dt.timedelta | None], list[str]] = {}
    for watch in config.watches:
        for source in dict.fromkeys(one.source_id for one in asks(watch, config, env)):
            looks.setdefault((source, watch.every), []).append(watch.name)
    found = {DELIVER: Job(DELIVER, DELIVER, parse_schedule(config.schedule.deliver, zone))}
    if config.store.inbox is not None:
        found[INBOX] = Job(INBOX, INBOX, parse_schedule(config.schedule.inbox, zone))
    # What comes near by itself: deadlines, and that a watch is late. Also where no register is asked live.
    found[DATES] = Job(DATES, DATES, parse_schedule("every hour", zone))
    for source in feeds_on(config, env):
        text = config.source(source).look or config.schedule.look
        found[f"{FEED}{source}"] = Job(f"{FEED}{source}", source, parse_schedule(text, zone), jitter=jitter)
    for (source, every), names in looks.items():
        if every is None:
            text = config.source(source).look or config.schedule.look
            job = Job(f"look {source}", source, parse_schedule(text, zone), tuple(names), jitter)
        else:
            text = f"every {interval(every)}"
            job = Job(f"look {source} {text}", source, Every(text, every), tuple(names), jitter)
        found[job.id] = job
    return found
