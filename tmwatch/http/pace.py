"""How often a host is asked: one pace per host, shared by all processes of the machine.

Each host has a small JSON file and a file lock below `state_dir`. Whoever wants to ask takes the
lock, books the next free slot in wall time, writes it, lets go of the lock, and sleeps outside of it.
A process that is killed while it sleeps wastes its slot and harms nobody; one that is killed while
it holds the lock loses it, because the system lets go.

The law (scrapy's AutoThrottle): an error never speeds us up. A failed look doubles the distance for
that host, up to `LONGEST`; a good one halves it, and shows that the host is well: from then on it is no
more than `_EASED` times the normal one. (Where it came back by a fifth each time, a docket of hundreds
was asked one number a run for weeks after an outage of a day.) Where the distance has grown beyond
what is worth sleeping for (`patience`), the host is not asked at all until then: `wait_turn` answers
`Held`, and a sweep goes on with other hosts. `Retry-After` is kept in the same file, so the next
process waits too.

Rates a minute are turned into distances (60 a minute = one a second), so there is never a burst. A day
is a UTC day. Times in the file are seconds since the epoch.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import platformdirs

from tmwatch.errors import ConfigError, Outcome, TmwatchError
from tmwatch.files import is_full, locked, whole
from tmwatch.http.address import is_loopback
from tmwatch.sources.base import Pace

LONGEST = 900.0  # seconds: the longest that errors or a Retry-After can hold a host (urllib3 takes six hours)
_LOCK_PATIENCE = 30.0
_MOST_DOUBLING = 1024.0
_EASED = 8.0
_ROOM = 512  # bytes: the state of a host is half of that

_SLOWER = {
    Outcome.THROTTLED,
    Outcome.BLOCKED,
    Outcome.DECLINED,
    Outcome.UNREACHABLE,
    Outcome.SERVER_ERROR,
    Outcome.INCOMPLETE,
}
_SHUT = {Outcome.BLOCKED.value, Outcome.DECLINED.value}
_GOOD = {Outcome.OK, Outcome.NOT_MODIFIED}

Clock = Callable[[], dt.datetime]
Sleep = Callable[[float], None]


@dataclass(frozen=True)
class Rules:
    """The distance to keep, in seconds; by night another one where the office says so."""

    distance: float
    night_distance: float | None = None
    night: tuple[ZoneInfo, int, int] | None = None  # zone, from hour, to hour
    per_day: int | None = None

    def distance_at(self, instant: float) -> float:
        """Seconds to the next question for one asked at `instant`."""
        if self.night is None or self.night_distance is None:
            return self.distance
        zone, start, end = self.night
        hour = dt.datetime.fromtimestamp(instant, zone).hour
        by_night = start <= hour < end if start < end else hour >= start or hour < end
        return self.night_distance if by_night else self.distance


def rules(pace: Pace, *, loopback: bool, min_interval: float | None, max_per_day: int | None) -> Rules:
    """Declared pace and configured values together: the slowest wins.

    Only on loopback, where no register can be harmed, configuration may also go faster: there
    `min_interval=0` switches pace and daily cap off, unless a cap is configured.
    """
    if loopback and min_interval is not None:
        return Rules(distance=max(min_interval, 0.0), per_day=max_per_day)
    least = max(pace.min_interval, min_interval or 0.0, 0.0)
    day = max(least, 60 / pace.per_minute) if pace.per_minute else least
    caps = [cap for cap in (pace.per_day, max_per_day) if cap is not None]
    cap = min(caps) if caps else None
    if pace.night is None:
        return Rules(day, per_day=cap)
    zone, start, end, per_minute = pace.night
    return Rules(day, max(least, 60 / per_minute), (ZoneInfo(zone), start, end), cap)


@dataclass(frozen=True)
class Held:
    """The host is not asked before `until`. `outcome` is the trouble that is the cause of it."""

    until: dt.datetime
    outcome: Outcome
    why: str


@dataclass
class _State:
    last: float = 0.0  # the last slot that was booked
    next_free: float = 0.0
    not_before: float = 0.0  # Retry-After
    factor: float = 1.0  # doubled by errors
    trouble: str = ""  # the last bad outcome, until the distance is back to normal
    days: dict[str, int] = field(default_factory=dict)  # questions a UTC day
    written: float = 0.0


def utc_now() -> dt.datetime:
    """The present instant."""
    return dt.datetime.now(dt.UTC)


def state_folder() -> Path:
    """Where the machine's pace is kept: TMWATCH_STATE_DIR, else the user's state folder."""
    chosen = os.environ.get("TMWATCH_STATE_DIR")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_state_dir("tmwatch")) / "pace"


class Pacer:
    """Books slots for hosts. Several may live in several processes on one folder."""

    def __init__(self, folder: Path, *, clock: Clock, sleep: Sleep, patience: float = 60.0) -> None:
        self._folder = folder
        self._clock = clock
        self._sleep = sleep
        self._patience = patience
        self._files: dict[str, tuple[Path, Path]] = {}

    def wait_turn(self, host: str, law: Rules) -> Held | None:
        """Sleep until this process may ask `host`, and return None; or say why it may not for long."""
        for _ in range(5):
            try:
                with self._locked(host):
                    now = self._now()
                    state = self._load(host, now, law)
                    start = self._slot(state, now, law)
                    held = self._held(state, now, start, law)
                    if held is not None:
                        return held
                    state.last = start
                    state.next_free = start + law.distance_at(start)
                    today = _day(start)
                    state.days[today] = state.days.get(today, 0) + 1
                    self._save(host, state, now)
            except TimeoutError:
                until = self._now() + _LOCK_PATIENCE
                return self._hold(until, "", "another process keeps its pace file locked")
            if start > now:
                self._sleep(start - now)
                # While we slept, another process may have been told to wait: book a new slot then.
                now = self._now()
                if self._load(host, now, law).not_before > now:
                    continue
            return None
        return self._hold(self._now() + law.distance, "", "it keeps telling us to wait")

    def note(self, host: str, outcome: Outcome, retry_after: float | None = None) -> None:
        """What came of a question: errors make the next ones rarer, `retry_after` holds them all."""
        if not retry_after and outcome not in _SLOWER and not self._was_ill(host, outcome):
            return
        try:
            with self._locked(host):
                now = self._now()
                state = self._load(host, now, None)
                if outcome in _SLOWER:
                    state.factor = min(state.factor * 2, _MOST_DOUBLING)
                    state.trouble = outcome.value
                elif outcome in _GOOD and state.factor > 1:
                    state.factor = max(1.0, min(state.factor / 2, _EASED))
                    state.trouble = state.trouble if state.factor > 1 else ""
                if retry_after:
                    state.not_before = max(state.not_before, now + min(retry_after, LONGEST))
                self._save(host, state, now)
        except TimeoutError:
            return  # the one who holds the lock keeps the pace; this lesson is lost, the next is not

    def _was_ill(self, host: str, outcome: Outcome) -> bool:
        """Whether a good answer teaches something: a host that was well before needs no lock, no writing."""
        return outcome in _GOOD and self._load(host, self._now(), None).factor > 1

    def _slot(self, state: _State, now: float, law: Rules) -> float:
        spacing = law.distance_at(now)
        if spacing > 0 and state.factor > 1:
            spacing = max(spacing, min(max(spacing, 1.0) * state.factor, LONGEST))
        return max(now, state.next_free if spacing else now, state.last + spacing, state.not_before)

    def _held(self, state: _State, now: float, start: float, law: Rules) -> Held | None:
        if law.per_day is not None and state.days.get(_day(start), 0) >= law.per_day:
            tomorrow = dt.datetime.fromtimestamp(start, dt.UTC).date() + dt.timedelta(days=1)
            until = dt.datetime.combine(tomorrow, dt.time(), dt.UTC)
            return Held(until, Outcome.THROTTLED, f"the daily cap of {law.per_day} questions is reached")
        if start - now <= max(self._patience, law.distance_at(now) * 2):
            return None
        if state.not_before >= start and state.trouble in _SHUT:
            return self._hold(start, state.trouble, f"its last answer was a closed door ({state.trouble})")
        if state.not_before >= start:
            return self._hold(start, state.trouble, "it asked us to wait (Retry-After)")
        if state.factor > 1:
            return self._hold(start, state.trouble, f"its last answers were failures ({state.trouble})")
        return self._hold(start, "", "other questions are waiting for their turn")

    @staticmethod
    def _hold(until: float, trouble: str, why: str) -> Held:
        outcome = Outcome(trouble) if trouble in list(Outcome) else Outcome.THROTTLED
        return Held(dt.datetime.fromtimestamp(until, dt.UTC), outcome, why)

    def _now(self) -> float:
        return self._clock().timestamp()

    def _path(self, host: str) -> Path:
        return self._file(host)[0]

    def _file(self, host: str) -> tuple[Path, Path]:
        """The file of a host and that of its lock."""
        found = self._files.get(host)
        if found is None:
            plain = re.sub(r"[^a-z0-9.-]", "_", host.lower())[:100]
            if plain != host:
                plain += "-" + hashlib.sha256(host.encode()).hexdigest()[:8]
            path = self._folder / f"host-{plain}.json"
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = path, path.with_suffix(".lock")
            self._files[host] = found
        return found

    @contextmanager
    def _locked(self, host: str) -> Iterator[None]:
        try:
            with locked(self._file(host)[1], _LOCK_PATIENCE):
                yield
        except TimeoutError:
            raise
        except OSError as error:
            if is_full(error):
                raise TmwatchError(
                    f"the pace of the registers cannot be kept there ({error.strerror})",
                    where=str(self._folder),
                    kept="Without it no register is asked; what was stored before is whole.",
                    do="Free space, then run the command again.",
                ) from None
            raise ConfigError(
                f"the pace of the registers cannot be kept there ({error.strerror or type(error).__name__})",
                where=str(self._folder),
                kept="No register was asked.",
                do="Make the folder writable, or name another one in the variable TMWATCH_STATE_DIR.",
            ) from None

    def _load(self, host: str, now: float, law: Rules | None) -> _State:
        try:
            state = _State(**json.loads(self._path(host).read_bytes()))
            _check(state)
        except FileNotFoundError:
            return _State()
        except (ValueError, TypeError, RecursionError):
            # A torn or foreign file tells nothing. Then the host counts as just asked.
            return _State(last=now, next_free=now + law.distance_at(now) if law else now)
        if state.written > now + 1:
            # The clock was set back. What was left to wait then is left to wait now.
            back = state.written - now
            state.last -= back
            state.next_free -= back
            state.not_before -= back
        state.last = min(state.last, now + LONGEST)
        state.next_free = min(state.next_free, now + LONGEST)
        state.not_before = min(state.not_before, now + LONGEST)
        return state

    def _save(self, host: str, state: _State, now: float) -> None:
        state.written = now
        state.days = dict(sorted(state.days.items())[-4:])
        path = self._path(host)
        # On loopback no register can be harmed: only there is nothing synced. Elsewhere what we were told to
        # wait for, and how much was asked today, must outlast a power loss.
        durable = not is_loopback(f"http://{host.partition('_')[0]}")
        said = json.dumps(vars(state)).encode()
        if not durable:
            _overwrite(path, said)
            return
        with whole(path, mode=0o600) as part:
            part.write_bytes(said)


def _overwrite(path: Path, said: bytes) -> None:
    """In one write, over what is there: filled up with blanks, so that nothing has to be cut off first.

    What a kill or a full disk leaves is the old content, the new one, or something torn, which costs one
    distance (`_load`). Raises `OSError`.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.write(handle, said.ljust(_ROOM))
        if len(said) > _ROOM or os.fstat(handle).st_size > _ROOM:
            os.ftruncate(handle, max(len(said), _ROOM))
    finally:
        os.close(handle)


def _check(state: _State) -> None:
    """Raises ValueError or TypeError unless every value is of its kind and finite."""
    numbers = (state.last, state.next_free, state.not_before, state.factor, state.written)
    if not all(isinstance(number, int | float) and math.isfinite(number) for number in numbers):
        raise ValueError("not a finite number")
    if not isinstance(state.days, dict) or not all(type(count) is int for count in state.days.values()):
        raise ValueError("not a count a day")
    if not isinstance(state.trouble, str):
        raise TypeError("not an outcome")
    state.factor = min(max(state.factor, 1.0), _MOST_DOUBLING)


def _day(instant: float) -> str:
    return dt.datetime.fromtimestamp(instant, dt.UTC).date().isoformat()
