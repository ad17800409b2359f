"""The part of a mail that says what its watch looks at, and what a person has to save or search by hand."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from tmwatch.alerts.payload import AlertPayload, CoverageLine, HandSearch, HandWork
from tmwatch.alerts.wording import Wording
from tmwatch.text import clean_line

_FEW_NAMES = 5


def coverage(payload: AlertPayload, words: Wording) -> tuple[str, ...]:
    """For each office of the watch: live, import only or not watched, and why (design law 17)."""
    if payload.kind in ("delivery.health", "test") or payload.mass is not None:
        return ()  # it is about a receiver, or a whole source, not about what a watch looks at
    return tuple(coverage_lines(payload.coverage, words)) or (words.say("coverage_none"),)


def coverage_lines(of: Iterable[CoverageLine], words: Wording) -> list[str]:
    """Each line of coverage, followed by what a person has to do there."""
    lines: list[str] = []
    for item in of:
        line = words.say(
            "coverage_line",
            office=clean_line(item.office),
            trigger=words.trigger(item.trigger),
            state=words.coverage_state(item.state),
        )
        day = words.say("read_to", day=item.read_to.isoformat()) if item.read_to else ""
        more = [clean_line(part) for part in (item.source or "", item.why, day) if part]
        lines.append(line + words.say("more_in", text=" · ".join(more)) if more else line)
        if item.by_hand is not None and item.by_hand.pages:
            lines += _by_hand(item.by_hand, words)
        if item.search is not None:
            lines.append(_search_by_hand(item.search, words))
    return lines


def _by_hand(work: HandWork, words: Wording) -> list[str]:
    """Which pages only a person can save: how many and how old, and each with its link where they are few."""
    parts = []
    if work.never:
        parts.append(words.say("never_read", count=work.never))
    if work.oldest_days is not None:
        parts.append(words.say("oldest", count=work.oldest_days))
    lines = [words.say("by_hand", count=work.pages, age=words.listed(parts))]
    for page in work.first:
        shown = [
            clean_line(page.number),
            clean_line(page.mark),
            page.read_on.isoformat() if page.read_on else "",
        ]
        lines.append(" · ".join(one for one in (*shown, safe_link(page.link)) if one))
    return lines


def _search_by_hand(search: HandSearch, words: Wording) -> str:
    names = words.listed([f"“{clean_line(name, 60)}”" for name in search.names[:_FEW_NAMES]])
    left = len(search.names) - _FEW_NAMES
    if left > 0:
        names = words.say("and_more", text=names, count=left)
    said = words.say("search_by_hand", names=names)
    return " · ".join(one for one in (said, safe_link(search.link)) if one)


def safe_link(link: str | None) -> str:
    """The link if it is a plain web address, else nothing: a page may carry `javascript:` or worse."""
    text = clean_line(link or "")
    if not text or any(char.isspace() or char in "<>\"'`\\" for char in text):
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme in ("http", "https") and parts.hostname and not parts.username else ""
