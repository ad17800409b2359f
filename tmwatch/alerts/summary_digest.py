"""One line that says what a digest holds: what happened, what is due, and what was looked at.

tmwatch digest, week to 26 Nov: 3 changes in 2 filings, 1 date due by 17 Dec; 118 of 120 filings looked
at, 2 could not be (us.tsdr failing since 24 Nov)
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from tmwatch.alerts.payload import Digest
from tmwatch.alerts.wording import Wording
from tmwatch.text import clean_line

_USUAL = {"daily": dt.timedelta(hours=30), "weekly": dt.timedelta(days=8)}
_OFFICES = 3
NEWS = frozenset({"source.health", "delivery.health", "watch.baseline"})


def digest_line(digest: Digest, words: Wording, limit: int = 0) -> str:
    """The line; with a `limit` of characters the longest of its forms that keeps to it, what was looked at
    always in it."""
    forms = list(_forms(digest, words))
    return next((form for form in forms if not limit or len(form) <= limit), forms[-1])


def _forms(digest: Digest, words: Wording) -> Iterator[str]:
    said, span = said_of(digest, words), _span(digest, words)
    for proof in (
        proof_of(digest, words),
        proof_of(digest, words, gaps=False),
        proof_of(digest, words, gaps=False, why=False),
    ):
        yield words.digest("title", span=span, said=words.listed(said), proof=proof)
    proof = proof_of(digest, words, gaps=False, why=False)
    yield words.digest("title_short", said=words.listed(said), proof=proof)
    yield words.digest("title_short", said=words.listed(said[:2]), proof=proof)


def said_of(digest: Digest, words: Wording) -> list[str]:
    """What happened and what is due, a few words each; "nothing new" only of what was looked at."""
    said = []
    if digest.changed:
        changes = words.digest("changes", count=digest.changes)
        filings = words.digest("in_filings", count=digest.changed)
        said.append(words.digest("changes_in", changes=changes, filings=filings))
    if digest.new:
        said.append(words.digest("new_filings", count=digest.new))
    if not said:
        said.append(nothing(digest, words))
    if digest.dues:
        said.append(words.digest("dues", count=len(digest.dues), date=words.day(digest.dues[-1].line.day)))
    if digest.held:
        said.append(words.digest("held", count=digest.held))
    if digest.silenced:
        said.append(words.digest("silenced", count=digest.silenced))
    if digest.at_once:
        said.append(words.digest("at_once", count=digest.at_once))
    if news := sum(item.kind in NEWS for item in digest.items):
        said.append(words.digest("news", count=news))
    return said


def nothing(digest: Digest, words: Wording) -> str:
    """That nothing happened: said of what was looked at, and of nothing else. What went at once, is held or
    was muted did happen."""
    more = "_else" if is_beside(digest) else ""
    if not digest.questions or not digest.seen:
        return words.digest(f"nothing_asked{more}")
    return words.digest(f"nothing{more}" if digest.seen == digest.questions else f"nothing_seen{more}")


def is_beside(digest: Digest) -> bool:
    """Whether something came that the digest does not tell itself."""
    return bool(digest.at_once or digest.held or digest.silenced)


def proof_of(digest: Digest, words: Wording, *, gaps: bool = True, why: bool = True) -> str:
    """How much was looked at, and what could not be."""
    if digest.questions:
        key = "looked" if digest.by_number else "answered"
        proof = words.digest(key, seen=digest.seen, count=digest.questions)
    else:
        proof = words.digest("not_asked")
    if unseen := digest.questions - digest.seen:
        proof = words.digest("unseen", proof=proof, count=unseen)
        if why and (reason := _reason(digest, words)):
            proof = words.digest("unseen_why", proof=proof, why=reason)
    if gaps and digest.by_hand:
        offices = [clean_line(office, 10) for office in digest.by_hand[:_OFFICES]]
        more = [words.table["more"]] if digest.by_hand[_OFFICES:] else []
        proof = words.digest("by_hand", proof=proof, offices=words.listed([*offices, *more]))
    return proof


def _reason(digest: Digest, words: Wording) -> str:
    worst = next((one for one in digest.looks if one.state != "fresh"), None)
    if worst is None:
        return ""
    source = clean_line(worst.source, 40)
    if worst.state == "failing" and worst.since is not None:
        day = words.day(local_day(worst.since, digest.timezone))
        return words.digest("failing_since", source=source, date=day)
    return words.digest(worst.state, source=source)


def _span(digest: Digest, words: Wording) -> str:
    first, last = (local_day(at, digest.timezone) for at in (digest.since, digest.until))
    if digest.until - digest.since > _USUAL[digest.every]:
        return words.digest("since_to", first=words.day(first), date=words.day(last))
    return words.digest("week_to" if digest.every == "weekly" else "day_to", date=words.day(last))


def local_day(instant: dt.datetime, timezone: str) -> dt.date:
    """The day of an instant by the reader's clock."""
    return instant.astimezone(ZoneInfo(timezone)).date()
