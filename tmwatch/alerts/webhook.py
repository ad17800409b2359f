"""The webhook body and its signature, after the Standard Webhooks specification.

    {"type": "filing.changed", "timestamp": "2025-10-16T01:12:05Z", "data": {…}}

    webhook-id          the same for every try: the receiver can drop a repetition
    webhook-timestamp   Unix seconds of this try
    webhook-signature   v1,<base64 of HMAC-SHA256 over "id.timestamp.body">

`data` is the alert (`alert.schema.json`) with two additions: `cut` counts what was left out to keep
the body below 20 kB, `addresses_left_out` counts the texts shortened because they may hold a private
person's address (`personal.py`). Receivers in Python can use `verify`.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import Field

from tmwatch.alerts import summary
from tmwatch.alerts.payload import (
    AlertKind,
    AlertPayload,
    Campaign,
    ClassMark,
    Digest,
    DigestDue,
    DigestItem,
    DigestLook,
    MarkCard,
)
from tmwatch.alerts.personal import without_addresses
from tmwatch.alerts.wording import wording
from tmwatch.model import Change, Frozen
from tmwatch.text import clean_line

MOST_BYTES = 20_000
TOLERANCE = 300  # seconds between the sender's clock and the receiver's
PREFIX = "whsec_"
_NICE = 45  # classes; a list beyond that is somebody's joke
_TEXTS: tuple[str, ...] = ("watch", "role", "headline", "why", "detail", "note")
# From generous to tight: (bytes of a text, goods terms, changes of a filing, filings, coverage lines).
_STEPS = (
    (2000, 100, 200, 200, 60),
    (600, 40, 60, 60, 60),
    (300, 20, 25, 40, 40),
    (200, 10, 12, 20, 30),
    (150, 5, 8, 12, 20),
    (120, 3, 4, 8, 12),
    (100, 2, 2, 4, 6),
    (60, 1, 1, 1, 2),
)


class Cut(Frozen):
    """What was left out to keep the body small; all zero when nothing was."""

    cards: int = 0
    changes: int = 0
    terms: int = 0
    texts: int = 0  # shortened, ending in "…"
    coverage: int = 0
    campaigns: int = 0
    numbers: int = 0  # of filings, left out of the campaigns that stayed; their count stands there
    items: int = 0  # of a digest: alerts, dates, and rows of what was and was not looked at
    dues: int = 0
    looks: int = 0


class WebhookData(AlertPayload):
    """The alert, and what was left out of it."""

    cut: Cut = Field(default_factory=Cut)
    addresses_left_out: int = 0


class WebhookBody(Frozen):
    """The body of the request."""

    type: AlertKind
    timestamp: dt.datetime  # when the alert was made, UTC
    data: WebhookData


class SecretError(ValueError):
    """The signing secret is not `whsec_<base64>`, nor plain base64. Never says what it is."""


class VerificationError(ValueError):
    """The request is not from who holds the secret, or too old."""


def build_body(payload: AlertPayload, *, created_at: dt.datetime, personal_addresses: bool = False) -> bytes:
    """The body as UTF-8 JSON, below 20 kB, the same bytes for every try of a delivery.

    `created_at` is an aware instant. Raises `ValueError` for a naive one.
    """
    if created_at.tzinfo is None:
        raise ValueError("created_at must be an aware instant (UTC)")
    left_out = 0
    if not personal_addresses:
        payload, left_out = without_addresses(payload)
        if left_out:
            # The headline may quote what was just taken out: it is said again from what is left.
            payload = payload.model_copy(update={"headline": summary.lead(payload, wording("en"))})
    body = b""
    for step in ((None,) * 5, *_STEPS):
        small, cut = _shrunk(payload, *step)
        data = WebhookData(**dict(small), cut=cut, addresses_left_out=left_out)
        body = _json(WebhookBody(type=payload.kind, timestamp=created_at.astimezone(dt.UTC), data=data))
        if len(body) < MOST_BYTES:
            break
    return body


def _json(body: WebhookBody) -> bytes:
    return json.dumps(body.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":")).encode()


# -- keeping it small ------------------------------------------------------------------------------


class _Knife:
    """Shortens texts and counts how many."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self.count = 0

    def text(self, value: str) -> str:
        if self.limit is None or len(value.encode()) <= self.limit:
            return value
        self.count += 1
        short = value.encode()[: self.limit].decode(errors="ignore")
        return f"{short}…"

    def every(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """All texts of a model's fields, tuples of texts included."""
        return {name: self._one(value) for name, value in values.items()}

    def _one(self, value: Any) -> Any:
        if type(value) is str:
            return self.text(value)
        if isinstance(value, tuple) and all(type(item) is str for item in value):
            return tuple(self.text(item) for item in value)
        return value


def _shrunk(
    payload: AlertPayload,
    text: int | None,
    terms: int | None,
    changes: int | None,
    cards: int | None,
    coverage: int | None,
) -> tuple[AlertPayload, Cut]:
    """The alert within these bounds, least significant changes first to go, and what went."""
    knife = _Knife(text)
    gone = {"cards": 0, "terms": 0, "changes": 0, "numbers": 0, "items": 0, "dues": 0, "looks": 0}
    kept_cards = _bare_cards(payload.cards, terms, changes, cards, knife, gone)
    lines = tuple(line.model_copy(update=knife.every(dict(line))) for line in payload.coverage[:coverage])
    digest, texts = payload.digest, _TEXTS
    if digest is not None:
        texts = tuple(name for name in _TEXTS if name != "headline")  # it says what was looked at; short
        digest = _bare_digest(digest, terms, changes, cards, coverage, knife, gone)
    small = payload.model_copy(
        update={
            "digest": digest,
            **knife.every({name: getattr(payload, name) for name in texts}),
            "cards": kept_cards,
            "campaigns": tuple(_bare_campaign(one, cards, knife, gone) for one in payload.campaigns[:cards]),
            "coverage": lines,
        }
    )
    return small, Cut(
        cards=gone["cards"],
        changes=gone["changes"],
        terms=gone["terms"],
        texts=knife.count,
        coverage=len(payload.coverage) - len(lines),
        campaigns=len(payload.campaigns) - len(small.campaigns),
        numbers=gone["numbers"],
        items=gone["items"],
        dues=gone["dues"],
        looks=gone["looks"],
    )


def _bare_cards(
    cards: Sequence[MarkCard],
    terms: int | None,
    changes: int | None,
    most: int | None,
    knife: _Knife,
    gone: dict[str, int],
) -> tuple[MarkCard, ...]:
    kept_cards = []
    for card in cards[:most]:
        weighty = sorted(card.changes, key=lambda change: -change.significance.rank)[:changes]
        kept = [change for change in card.changes if any(change is item for item in weighty)]
        gone["changes"] += len(card.changes) - len(kept)
        bare = [_bare_change(change, terms, knife, gone) for change in kept]
        kept_cards.append(_bare_card(card, tuple(bare), terms, knife))
    for card in cards[len(kept_cards) :]:
        gone["changes"] += len(card.changes)
        gone["cards"] += 1
    return tuple(kept_cards)


def _bare_digest(
    digest: Digest,
    terms: int | None,
    changes: int | None,
    most: int | None,
    rows: int | None,
    knife: _Knife,
    gone: dict[str, int],
) -> Digest:
    """A digest with so many filings in all, shared out among its alerts; of dates, of what was looked at and
    what not, the first rows. Its counts stay as they are: they count what happened."""
    items: list[DigestItem] = []
    room = most
    for item in digest.items[: None if most is None else most + 1]:
        cards = _bare_cards(item.cards, terms, changes, room, knife, gone)
        room = None if room is None else max(0, room - len(cards))
        texts = {"headline": knife.text(item.headline), "detail": knife.text(item.detail)}
        items.append(item.model_copy(update={**texts, "watch": knife.text(item.watch), "cards": cards}))
    for item in digest.items[len(items) :]:
        gone["items"] += 1
        gone["cards"] += len(item.cards)
        gone["changes"] += sum(len(card.changes) for card in item.cards)
    dues = tuple(_bare_due(due, knife) for due in digest.dues[:rows])
    looks = tuple(_bare_look(look, terms, knife) for look in digest.looks[:rows])
    gaps = []
    for gap in digest.gaps[:rows]:
        line = gap.line.model_copy(update=knife.every(dict(gap.line)))
        gaps.append(gap.model_copy(update={"watch": knife.text(gap.watch), "line": line}))
    muted = tuple(knife.text(text) for text in digest.muted[:rows])
    gone["dues"] += len(digest.dues) - len(dues)
    gone["looks"] += len(digest.looks) - len(looks) + len(digest.gaps) - len(gaps)
    gone["items"] += len(digest.muted) - len(muted)
    rest = {"dues": dues, "looks": looks, "gaps": tuple(gaps), "muted": muted}
    return digest.model_copy(
        update={**rest, "items": tuple(items), "recipient": knife.text(digest.recipient)}
    )


def _bare_due(due: DigestDue, knife: _Knife) -> DigestDue:
    line = due.line.model_copy(update=knife.every(dict(due.line)))
    given = {name: value for name, value in dict(due).items() if name not in ("line", "st13")}
    return due.model_copy(update={**knife.every(given), "line": line})


def _bare_look(look: DigestLook, most: int | None, knife: _Knife) -> DigestLook:
    unseen = look.unseen[:most]
    return look.model_copy(update=knife.every({**dict(look), "unseen": unseen}))


def _bare_campaign(one: Campaign, most: int | None, knife: _Knife, gone: dict[str, int]) -> Campaign:
    """Its classes stay; of the marks and numbers in each, and of the other lists, the first few."""
    if most is None:
        return one

    def first(values: tuple[str, ...]) -> tuple[str, ...]:
        knife.count += max(0, len(values) - most)
        return tuple(knife.text(value) for value in values[:most])

    lines = []
    for line in one.classes[:_NICE]:
        marks = tuple(
            ClassMark(mark=knife.text(mark.mark), numbers=mark.numbers[:most]) for mark in line.marks[:most]
        )
        every, kept = (sum(len(mark.numbers) for mark in group) for group in (line.marks, marks))
        gone["numbers"] += every - kept
        lines.append(line.model_copy(update={"marks": marks}))
    lists = {name: first(getattr(one.earlier, name)) for name in ("new_names", "new_words")}
    return one.model_copy(
        update={
            "owners": first(one.owners),
            "marks": first(one.marks),
            "st13": one.st13[:most],
            "classes": tuple(lines),
            "earlier": one.earlier.model_copy(update=lists),
        }
    )


def _bare_change(change: Change, terms: int | None, knife: _Knife, gone: dict[str, int]) -> Change:
    added, removed = change.terms_added[:terms], change.terms_removed[:terms]
    gone["terms"] += len(change.terms_added) - len(added) + len(change.terms_removed) - len(removed)
    values = {**dict(change), "terms_added": added, "terms_removed": removed}
    return change.model_copy(update=knife.every(values))


def _bare_card(card: MarkCard, changes: Sequence[Change], most: int | None, knife: _Knife) -> MarkCard:
    given = {name: value for name, value in dict(card).items() if name not in ("changes", "st13")}
    values = knife.every(given)
    if card.near is not None:
        values["near"] = card.near.model_copy(update=knife.every(dict(card.near)))
    for name in ("owners", "classes"):
        full = values[name]
        most_of = max(most or 0, _NICE if name == "classes" else 3)
        if most is not None and len(full) > most_of:
            knife.count += len(full) - most_of
            values[name] = full[:most_of]
    return card.model_copy(update={**values, "changes": tuple(changes)})


# -- signing ---------------------------------------------------------------------------------------


def new_secret() -> str:
    """A fresh signing secret, `whsec_…`, as both sides keep it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """The key bytes of `whsec_<base64>` or bare base64. Raises `SecretError`."""
    bare = secret.strip().removeprefix(PREFIX)
    try:
        key = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise SecretError("the signing secret is not whsec_ followed by base64")
    return key


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest()).decode()


def headers(
    secret: str, message_id: str, body: bytes, *, clock: Callable[[], float] = time.time
) -> dict[str, str]:
    """The three headers of one try. The clock counts Unix seconds, which know no zone."""
    stamp = int(clock())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": sign(secret, message_id, stamp, body),
    }


def verify(
    body: bytes,
    headers: Mapping[str, str],
    secret: str,
    *,
    clock: Callable[[], float] = time.time,
    tolerance: float = TOLERANCE,
) -> dict[str, Any]:
    """For receivers: the body as a dict, if it was signed with this secret, lately.

    `headers` in any case of letters. Raises `VerificationError`.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, stamp = given["webhook-id"], given["webhook-timestamp"]
        signatures = given["webhook-signature"]
        moment = int(stamp)
    except (KeyError, ValueError):
        raise VerificationError("a webhook header is missing or no number") from None
    if abs(clock() - moment) > tolerance:
        raise VerificationError(f"the request is from another time ({clean_line(stamp, 30)})")
    expected = sign(secret, message_id, moment, body).encode()
    if not any(hmac.compare_digest(expected, one.encode()) for one in signatures.split()):
        raise VerificationError("no signature fits")
    found = json.loads(body)
    if not isinstance(found, dict):
        raise VerificationError("the body is no JSON object")
    return found
