"""An alert as a chat or a telephone shows it: one weighty line first, then as much as there is room for.

Made from the same view as the mail (`alerts.view`), so that both say the same; private persons' addresses
are left out, since what stands in a chat room is read by many (`alerts.personal`). Every text here is one
clean line (design law 12); what a service would take for markup is its channel's to make harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Generic, TypeVar

from tmwatch.alerts import view
from tmwatch.alerts.payload import AlertPayload, Digest
from tmwatch.alerts.personal import without_addresses
from tmwatch.alerts.summary_digest import digest_line, local_day
from tmwatch.alerts.view import Block, MailView
from tmwatch.alerts.view_digest import DigestCard, DigestView, build_digest
from tmwatch.alerts.wording import Wording, wording
from tmwatch.model import Significance
from tmwatch.text import clean_line

TITLE_LIMIT = 120  # characters: what a notification on a telephone shows of a message
LINE_LIMIT = 600
# Of a digest: characters of a line, changes of a filing, lines of what could not be looked at.
_SHORT, _CHANGES, _UNSEEN = 200, 6, 5
Body = TypeVar("Body")


@dataclass(frozen=True)
class Line:
    """One line; with a link, where it is about one filing."""

    text: str
    href: str = ""


@dataclass(frozen=True)
class Message:
    """What is said, top to bottom. Only `body` is ever cut, from its end."""

    title: str
    head: tuple[Line, ...]
    body: tuple[Line, ...]
    foot: tuple[Line, ...]
    alert: int  # its number, by which the rest is found; 0 where there is none
    weight: Significance
    words: Wording
    items: tuple[int, ...] = ()  # where the items of the body end, if it is cut by whole ones only
    since: str = ""  # from which day on the items that were cut are found

    def lines(self, shown: int) -> tuple[Line, ...]:
        """Everything below the title with so many lines of the body, and how much was left out."""
        if self.items:
            shown = max((end for end in self.items if end <= shown), default=0)
        left = self.left_out(shown)
        cut = (Line(self._cut(left)),) if left else ()
        return (*self.head, *self.body[:shown], *cut, *self.foot)

    def left_out(self, shown: int) -> int:
        """How many lines, or items, are not among so many lines of the body."""
        return sum(end > shown for end in self.items) if self.items else len(self.body) - shown

    def _cut(self, left: int) -> str:
        if self.items:
            return self.words.digest("items_cut", count=left, date=self.since)
        key = "lines_cut" if self.alert else "lines_cut_plain"
        return self.words.say(key, count=left, alert=self.alert)


@dataclass(frozen=True)
class Fitted(Generic[Body]):
    """A message in the form of its service. `size` and the limit are in the channel's unit."""

    body: Body
    size: int
    cut: int  # lines, or items, left out
    shown: int  # lines of the body


def fit(
    message: Message,
    write: Callable[[str, tuple[Line, ...]], Body],
    size: Callable[[Body], int],
    limit: int,
) -> Fitted[Body]:
    """The message with as many lines as the limit takes, at least those of head and foot."""
    low, high = 0, len(message.body)
    while low < high:
        middle = (low + high + 1) // 2
        if size(write(message.title, message.lines(middle))) <= limit:
            low = middle
        else:
            high = middle - 1
    body = write(message.title, message.lines(low))
    return Fitted(body, size(body), message.left_out(low), low)


def build(payload: AlertPayload, *, alert: int, language: str, timezone: str) -> Message:
    """The alert as a message in "en" or "zh"; `alert` is its number."""
    words = wording(language)
    bare, _ = without_addresses(payload)
    if bare.digest is not None:
        return _digest(bare, bare.digest, alert, words, timezone)
    seen = view.build(bare, words, timezone)
    title = seen.subject if len(seen.subject) <= TITLE_LIMIT else clean_line(seen.lead, TITLE_LIMIT)
    whole = [seen.lead] if title.endswith("…") and seen.lead != title else []
    link = next((fact.href for fact in seen.facts if fact.href), "")
    number = next((fact.value for fact in seen.facts if fact.label == words.label("number")), "")
    return Message(
        title=without_links(title),
        head=_lines(seen.sample_note, seen.watch_line),
        body=(
            *_lines(*whole, *seen.detail),
            *_dates(seen, words),
            *_changes(seen),
            *_campaigns(seen, words),
            *_filings(seen, words),
            *_lines(seen.why),
        ),
        foot=(
            *((Line(number or words.label("link"), link),) if link else ()),
            *_lines(" ".join(one for one in (seen.verify, seen.legal) if one)),
        ),
        alert=alert,
        weight=payload.significance,
        words=words,
    )


def _digest(payload: AlertPayload, digest: Digest, alert: int, words: Wording, timezone: str) -> Message:
    """A digest: a line or a few for each filing, date and register, and below, never cut, what could not be
    looked at."""
    seen = build_digest(payload, digest, words, timezone)
    sample = f"{words.say('sample_mark')} " if payload.sample else ""
    title = sample + digest_line(digest, words, TITLE_LIMIT - len(sample))
    groups = list(_digest_groups(seen, words))
    body = [line for group in groups for line in group]
    ends = tuple(accumulate(len(group) for group in groups))
    unseen = [
        clean_line(line, _SHORT)
        for group in seen.unseen[:_UNSEEN]
        for place, line in enumerate(group)
        if place == 0 or "://" not in line  # where a page or a search begins stands in the mail
    ]
    if left := len(seen.unseen[_UNSEEN:]):
        unseen.append(words.digest("more_unseen", count=left))
    head = words.head("digest_unseen") if unseen else ""
    return Message(
        title=without_links(clean_line(title, TITLE_LIMIT)),
        head=_lines(seen.sample_note, seen.line, seen.proof, *seen.beside),
        body=tuple(body),
        foot=_lines(head, *unseen, seen.disclaimer, f"{seen.verify} {seen.legal}"),
        alert=alert,
        weight=payload.significance,
        words=words,
        items=ends,
        since=local_day(digest.since, digest.timezone).isoformat(),
    )


def _digest_groups(seen: DigestView, words: Wording) -> Iterator[tuple[Line, ...]]:
    """The lines of each item; a heading stands with the first of its items, and is cut with it."""

    def under(head: str, items: Iterable[tuple[Line, ...]]) -> Iterator[tuple[Line, ...]]:
        for place, lines in enumerate(items):
            yield (*_lines(head), *lines) if place == 0 else lines

    for part in seen.parts:
        cards = [(_linked(card.title, card.href), *_lines(*_card_lines(card))) for card in part.cards]
        yield from under(f"{words.label('watch')} {part.watch}", [*cards, *map(_lines, part.more)])
    yield from _each(seen.parts_cut)
    dues = [
        (
            _linked(f"{due.day} ({due.left}) {due.title}", due.href),
            *_lines(*(clean_line(note, _SHORT) for note in due.notes)),
        )
        for due in seen.dues
    ]
    yield from under(words.head("digest_due"), [*dues, *_each(seen.dues_cut, seen.dues_none)])
    colon = words.table["colon"]
    looks = [f"{one.title}{colon}{one.state} {one.count} · {one.at}" for one in seen.looks]
    yield from under(words.head("digest_checked"), _each(*looks, seen.looks_cut, seen.not_asked))
    yield from under(words.head("digest_told"), _each(*seen.news))
    yield from under(words.head("digest_muted"), _each(*seen.muted))


def _each(*texts: str) -> list[tuple[Line, ...]]:
    """Each text an item of its own."""
    return [_lines(text) for text in texts if text]


def _linked(text: str, href: str) -> Line:
    return Line(without_links(clean_line(text, LINE_LIMIT)), href)


def _card_lines(card: DigestCard) -> Iterator[str]:
    """What befell a filing, short, and what it is."""
    lines = [line for block in card.blocks for line in _block(block)]
    yield from (clean_line(line, _SHORT) for line in lines[:_CHANGES])
    if card.more or lines[_CHANGES:]:
        yield card.more or "…"
    yield from (clean_line(note, _SHORT) for note in card.notes)


def _lines(*texts: str) -> tuple[Line, ...]:
    return tuple(Line(without_links(clean_line(text, LINE_LIMIT))) for text in texts if text)


def _changes(seen: MailView) -> tuple[Line, ...]:
    found: list[str] = []
    for group in seen.groups:
        found += [group.where] if group.where else []
        for block in group.blocks:
            found += _block(block)
    return _lines(*found)


def _block(block: Block) -> list[str]:
    values = " → ".join(value for value in (block.old, block.new) if value)
    date = f" ({block.date})" if block.date else ""
    lines = [f"{block.label} [{block.significance}]{date}: {values}".removesuffix(": ")]
    lines += block.lines
    lines += [f"+ {term}" for term in block.added]
    lines += [f"− {term}" for term in block.removed]
    return lines


def _campaigns(seen: MailView, words: Wording) -> tuple[Line, ...]:
    """What an owner filed within some weeks: what is new of it before the map of its classes."""
    colon, found = words.table["colon"], []
    for one in seen.campaigns:
        found += [one.title, f"{words.label('marks')}{colon}{one.marks}" if one.marks else "", one.near]
        found.append(one.news_head)
        found += [f"· {line}" if one.news_head else line for line in one.news]
        for row in one.classes:
            named = words.say("class_one", name=row.number) if row.number else ""
            new = f"[{row.new}]" if row.new else ""
            text = " · ".join(part for part in (named, row.title, new) if part)
            found.append(f"{text}{colon}{words.listed(row.marks)}" if row.marks else text)
    return _lines(*found)


def _dates(seen: MailView, words: Wording) -> tuple[Line, ...]:
    """The deadlines of the filing, a line each, before all that may be cut."""
    label = words.label("deadline")
    found = [part for fact in seen.facts if fact.label == label for part in fact.value.split(" · ")]
    return _lines(*(f"{label}{words.table['colon']}{part}" if part[:1].isdigit() else part for part in found))


def _filings(seen: MailView, words: Wording) -> tuple[Line, ...]:
    colon, told = words.table["colon"], words.label("deadline")
    facts = [fact for fact in seen.facts if not fact.href and fact.label != told]
    lines = list(_lines(*(f"{fact.label}{colon}{fact.value}" for fact in facts)))
    for row in seen.rows:
        named = words.say("class_one", name=row.classes) if row.classes else ""
        text = " · ".join(part for part in (row.number, named, row.status, *row.notes) if part)
        lines += [Line(line.text, row.href) for line in _lines(text)]
    return (*lines, *_lines(*seen.lines, seen.rows_cut))


# -- texts that a service must not take for anything else ------------------------------------------------

# Where a service's markup knows no escape, the signs are replaced by those that East Asian type has for them:
# they read the same and mean nothing.
_LOOKALIKES = str.maketrans("<>[]()*_`#~|\\", "＜＞［］（）＊＿｀＃～｜＼")


def without_markup(text: str) -> str:
    """No sign of it is markup any more."""
    return text.translate(_LOOKALIKES)


def without_links(text: str) -> str:
    """No address in it is made a link of by whoever shows it: "http: //…". Done to every text here: the only
    links of a message are those of the registers' pages."""
    return text.replace("://", ": //")


def safe_target(href: str) -> str:
    """A link's target that cannot end the markup around it."""
    return href.replace("(", "%28").replace(")", "%29").replace("|", "%7C")


def plain_text(lines: tuple[Line, ...]) -> str:
    """Lines as plain text, with the registers' links written out."""
    return "\n".join(f"{line.text} {line.href}".rstrip() for line in lines)


def markdown(lines: tuple[Line, ...]) -> list[str]:
    """Lines as the Markdown that knows no escape, as DingTalk and WeCom have it."""
    return [
        f"[{without_markup(line.text)}]({safe_target(line.href)})" if line.href else without_markup(line.text)
        for line in lines
    ]
