"""The health of receivers: who fails since when, who is switched off, and who else is told of it.

A receiver that fails is told of by another road, and of each thing once:

    fails for four hours or longer  one "has taken nothing since …", however many alerts wait for it
    the first dead letter           one "alerts were given up", until it has taken something again
    HTTP 410                        it is switched off: nothing more is sent there, everything waits
    it takes something again        one "takes alerts again", if anything was told

The other road is another way to the same recipient, else the recipients of the same watches, else the
operator's terminal or log: what goes to nobody is handed back for that. What is told is written in the
transaction of the delivery's own fate (design law 5).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from tmwatch.alerts.channels.base import EndpointGone
from tmwatch.alerts.compose import addresses
from tmwatch.alerts.delivery import Delivery
from tmwatch.alerts.endpoint import Endpoint, Key, key_of
from tmwatch.alerts.payload import AlertPayload
from tmwatch.config import Config
from tmwatch.errors import ConfigError, DeliveryError
from tmwatch.model import Significance
from tmwatch.text import clean_line

TELL_AFTER = dt.timedelta(hours=4)
HEALTH = "delivery.health"


class EndpointStore(Protocol):
    """What is needed of the store."""

    def together(self) -> AbstractContextManager[object]:
        """All that is written inside is kept, or nothing of it."""
        ...

    def endpoints(self) -> dict[Key, Endpoint]:
        """Every receiver that fails or is switched off."""
        ...

    def put_endpoint(self, endpoint: Endpoint, /) -> None:
        """Write it down, in place of what was known."""
        ...

    def drop_endpoint(self, key: Key, /) -> None:
        """It is as it should be."""
        ...

    def waiting_for(self, key: Key, /) -> int:
        """How many deliveries wait for a receiver."""
        ...

    def tell(self, payload: AlertPayload, to: tuple[Key, ...], about: tuple[str, str], /) -> None:
        """Write an alert about a receiver, to be delivered like any other."""
        ...


@dataclass(frozen=True)
class Notice:
    """Something told of a receiver. `to` is empty where there is no other road."""

    about: str
    headline: str
    detail: str
    to: tuple[Key, ...]


class Receivers:
    """What is known of all receivers during one pass of the outbox."""

    def __init__(self, store: EndpointStore, config: Config) -> None:
        self._store = store
        self._config = config
        self.notices: list[Notice] = []
        self._known = store.endpoints()
        self._forget_changed()

    def _forget_changed(self) -> None:
        """Who has another URL now is no longer the one that was switched off; who is not in the
        configuration any more is in no trouble."""
        everybody = [one.name for one in self._config.recipients]
        here = {*addresses(self._config, everybody), self._server()}
        for one in list(self._known.values()):
            if one.key not in here or (one.state == "disabled" and not still_off(one, self._config)):
                self._drop(one)

    def _look_again(self) -> None:
        """Another process may have met a receiver meanwhile: what it wrote holds, and is told once."""
        self._known = self._store.endpoints()

    def off(self) -> list[Endpoint]:
        """Every receiver that is switched off."""
        return [one for one in self._known.values() if one.state == "disabled"]

    def is_off(self, delivery: Delivery) -> bool:
        """Whether nothing may be sent there."""
        self._look_again()
        found = self._known.get(key_of(delivery))
        return found is not None and found.state == "disabled"

    def is_failing(self, delivery: Delivery) -> bool:
        """Whether it failed when it was last asked: the others go first."""
        return key_of(delivery) in self._known or (
            delivery.channel == "email" and self._server() in self._known
        )

    def took(self, delivery: Delivery, now: dt.datetime) -> None:
        """The receiver has taken something."""
        self._look_again()
        keys = [key_of(delivery)]
        if delivery.channel == "email":
            keys.append(self._server())
        for key in keys:
            one = self._known.get(key)
            if one is None:
                continue
            self._drop(one)
            if one.told_at or one.gave_up_at:
                rest = "What waited for it is being sent."
                if one.gave_up_at:
                    rest = "What was given up meanwhile is sent with `tmwatch alerts retry --all`."
                said = f"It had taken nothing since {_shown(one.since)} UTC. {rest}"
                headline = f"{one.name} takes alerts again"
                self._tell(one, "recovered", headline, said, Significance.MEDIUM)

    def failed(
        self, delivery: Delivery, error: DeliveryError, now: dt.datetime, *, asked: bool, dead: bool
    ) -> None:
        """The receiver was asked in vain, or not asked because of an earlier failure (`asked`)."""
        self._look_again()
        if isinstance(error, EndpointGone):
            self._switch_off(delivery, error, now)
            return
        whole = delivery.channel == "email" and getattr(error, "endpoint_down", False)
        key = self._server() if whole else key_of(delivery)
        was = self._known.get(key)
        if was is not None and was.state == "disabled":
            return
        one = was or Endpoint(*key, state="failing", since=now)
        one = replace(one, failures=one.failures + asked, error=str(error))
        if one.told_at is None and not dead and now - one.since >= TELL_AFTER:
            one = replace(one, told_at=now)
            self._put(one)
            waits = _counted(self._store.waiting_for(key), "delivery waits", "deliveries wait")
            self._tell(
                one,
                f"failing since {one.since.isoformat()}",
                f"{one.name} has taken nothing since {_shown(one.since)} UTC",
                f"{error.message}\n{waits}. Each is tried for about two days and then given up; "
                "nothing is deleted.",
                Significance.HIGH,
            )
        elif dead and one.gave_up_at is None and delivery.payload.kind != HEALTH:
            one = replace(one, gave_up_at=now)
            self._put(one)
            self._tell(
                one,
                f"given up since {one.since.isoformat()}",
                f"alerts to {one.name} were given up",
                f"{error.message}\n`tmwatch alerts list --undelivered` shows them; when the receiver is in "
                "order, `tmwatch alerts retry --all` sends them, under their old ids.",
                Significance.HIGH,
            )
        elif one != was:
            self._put(one)

    def _switch_off(self, delivery: Delivery, error: DeliveryError, now: dt.datetime) -> None:
        was = self._known.get(key_of(delivery))
        one = replace(
            was or Endpoint(*key_of(delivery), state="disabled", since=now),
            state="disabled",
            error=str(error),
            disabled_at=now,
            why=error.message,
            fingerprint=fingerprint(_url(self._config, key_of(delivery)) or ""),
            told_at=now,
        )
        self._put(one)
        self._tell(
            one,
            f"switched off {now.isoformat()}",
            f"{one.name} was switched off",
            f"{error.message}.\nNothing more is sent there; what comes is kept and waits. "
            + switch_on(one.recipient),
            Significance.HIGH,
        )

    def _server(self) -> Key:
        smtp = self._config.smtp
        return "", "email", f"{smtp.host}:{smtp.port}" if smtp else "none"

    def _put(self, one: Endpoint) -> None:
        self._known[one.key] = one
        self._store.put_endpoint(one)

    def _drop(self, one: Endpoint) -> None:
        self._known.pop(one.key, None)
        self._store.drop_endpoint(one.key)

    # -- who is told ---------------------------------------------------------------------------------

    def _tell(self, one: Endpoint, state: str, headline: str, detail: str, weight: Significance) -> None:
        headline, to = clean_line(headline, 200), self._road_around(one)
        watches = self._watches(one)
        first = self._config.watch(watches[0]) if watches else None
        payload = AlertPayload(
            kind="delivery.health",
            watch=", ".join(watches),
            role=first.role if first else "observed",
            significance=weight,
            headline=headline,
            why=f"{one.name} cannot be told itself, and alerts for it wait or were given up"
            if weight is Significance.HIGH
            else "you were told that it was in trouble",
            detail=detail,
            note="",
        )
        self._store.tell(payload, to, (f"receiver {one.channel} {one.recipient} {one.address}", state))
        self.notices.append(Notice(one.name, headline, detail, to))

    def _watches(self, one: Endpoint) -> list[str]:
        """The watches whose alerts go there."""
        names = {one.recipient} if one.recipient else {r.name for r in self._config.recipients if r.email}
        return [watch.name for watch in self._config.watches if names & set(watch.notify)]

    def _road_around(self, one: Endpoint) -> tuple[Key, ...]:
        """Where it can be told: of the nearest circle of recipients all ways that are not in trouble."""
        for names in self._circles(one):
            ways = [way for way in addresses(self._config, names) if way != one.key and self._open(way)]
            if one.recipient == "":
                ways = [way for way in ways if way[1] != "email"]
            if ways:
                return tuple(ways)
        return ()

    def _circles(self, one: Endpoint) -> Iterator[list[str]]:
        if one.recipient:
            yield [one.recipient]
        watches = self._watches(one)
        yield list(
            dict.fromkeys(
                name for watch in self._config.watches if watch.name in watches for name in watch.notify
            )
        )

    def _open(self, way: Key) -> bool:
        if way in self._known:
            return False
        return way[1] != "email" or (self._config.smtp is not None and self._server() not in self._known)


def what_to_do(alert: int, delivery: Mapping[str, Any]) -> str:
    """What a person can do about a delivery as `Outbox.alerts` gives it; "" where nothing is to be done."""
    digest = delivery["digest"]
    if digest is not None and digest["state"] == "dead":
        return f"`tmwatch alerts retry {digest['alert']}` sends the digest again, with the same id."
    if delivery["state"] == "dead":
        return f"`tmwatch alerts retry {alert}` sends it again, with the same id."
    if delivery["switched_off"]:
        return switch_on(delivery["recipient"])
    return ""


def switch_on(recipient: str) -> str:
    """How a receiver that was switched off is switched on again."""
    return (
        "Correct its url, or take it out of the configuration; if the receiver is in order "
        f'again, `tmwatch alerts retry --recipient "{recipient}"` switches it on.'
    )


def still_off(one: Endpoint, config: Config) -> bool:
    """Whether the configuration still names the URL that was switched off; so it is taken to be while the
    URL, which stands in the environment or a file, cannot be read."""
    url = _url(config, one.key)
    return url is None or (bool(url) and same_url(one.fingerprint, url))


def _url(config: Config, key: Key) -> str | None:
    """The URL of a webhook or bot now; "" where there is none, None where it cannot be had."""
    found = config.recipient(key[0])
    if found is None or key[1] == "webhook":
        return found.webhook.url if found is not None and found.webhook is not None else ""
    try:
        return config.bot_url(found, key[1], os.environ) or ""
    except ConfigError:
        return None


# -- a URL that may hold a token, remembered without it (design law 13) -----------------------------------


def fingerprint(url: str) -> str:
    """Salted and slow (scrypt), so that whoever reads the database cannot try out tokens."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}:{_hash(url, salt)}"


def same_url(known: str, url: str) -> bool:
    """Whether this is the URL of the fingerprint."""
    salt, _, digest = known.partition(":")
    try:
        return hmac.compare_digest(_hash(url, bytes.fromhex(salt)), digest)
    except ValueError:
        return False


def _hash(url: str, salt: bytes) -> str:
    return hashlib.scrypt(url.encode(), salt=salt, n=2**13, r=8, p=1, dklen=32).hex()


def _shown(instant: dt.datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M}"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
