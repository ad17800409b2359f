"""Pure: the ids of alerts and deliveries, drawn from what is told and not from a die.

The same alert, made again from the same facts after a lost commit, a restore or on another machine, gets
the same id, so that a receiver that goes by id takes it once. Two different alerts never share one.

An id comes from:

* the *mark* or marks (ST.13), the watch and the kind of alert;
* the *change*: field, key, old, new, terms, and the day the register itself gives to it (its *as-of*:
  the status date, the day of the event). The day of the *look* is no part of it: where a change was found
  on Tuesday, and Monday's backup is restored, Thursday's look finds the very same change;
* of an alert without filings (a source fails, a receiver was switched off) the day it is told: the same
  source fails again next year, perhaps in a database begun anew, and that is another alert;
* the *occurrence*: A → B → A → B tells A → B twice; the second is occurrence 2, be it on the same day;
* the *restores* that lie between (`salt`): what a mark does after it has been looked at since a restore
  is news, and must not meet an id of the time that was lost (`store.held`);
* for a delivery, the recipient, channel and address.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

LENGTH = 32  # hex digits: 128 bits
_OF_A_CHANGE = ("field", "kind", "key", "old", "new", "date", "terms_added", "terms_removed")


def alert_facts(
    payload: Mapping[str, Any], st13s: Iterable[str], about: str = "", told_on: dt.date | None = None
) -> str:
    """What an alert tells, as one hash. `payload` is an `AlertPayload` as JSON gives it.

    `about` names what a health alert is about ("us.tsdr: failing"), whose wording may differ between two
    tellings; without it, and without filings, the headline is what is told. No register dates such an
    alert, so the day it is `told_on` (UTC) is part of it.
    """
    cards = [
        [
            card.get("st13", ""),
            sorted(
                _digest([change.get(name) for name in _OF_A_CHANGE]) for change in card.get("changes", ())
            ),
        ]
        for card in payload.get("cards", ())
    ]
    told = about or ("" if cards else payload.get("headline", ""))
    facts = [payload.get("kind"), payload.get("watch"), sorted(set(st13s)), sorted(cards), told]
    if not cards and told_on is not None:
        facts.append(told_on.isoformat())
    return _digest(facts)


def alert_uid(facts: str, salt: str, occurrence: int) -> str:
    """The id of the `occurrence`-th alert (1 is the first) that tells these facts."""
    return _digest([facts, salt, occurrence])


def delivery_id(uid: str, recipient: str, channel: str, address: str) -> str:
    """The id of one delivery of it: local part of the Message-ID, webhook-id."""
    return _digest([uid, recipient, channel, address])


def _digest(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:LENGTH]
