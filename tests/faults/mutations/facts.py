"""Any page: landmarks, status and events, found by what the source declares and what the record says."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace

from tests.faults.mutations.judge import (
    BROKEN,
    EMPTY,
    End,
    Judge,
    Mutation,
    Verdict,
    _by_number,
    difference,
    refused,
)
from tmwatch.errors import LookError, Outcome
from tmwatch.model import Live, MarkEvent, Phase, TradeMark
from tmwatch.sources.base import Answer, Page, Source

UNKNOWN_WORD, UNKNOWN_CODE, UNKNOWN_EVENT = "Sample status nobody knows", "987", "ZZQ9"
_STATUS = ("status_code", "status_text", "status_phase", "status_live", "tm5_csd", "tm5_source")


def mutations(page: Page, source: Source, before: Answer) -> Iterator[Mutation]:
    """See the top of this module."""
    yield from _landmarks(page, source)
    record = before.readings[0].record if before.readings else None
    if record is None:
        return
    yield from _status(page, record)
    yield from _events(page, record)


# -- landmarks -------------------------------------------------------------------------------------------


def _landmarks(page: Page, source: Source) -> Iterator[Mutation]:
    """Each word in backticks of `Declaration.landmarks` that stands on this page, taken off it."""
    words = dict.fromkeys(re.findall(r"`([^`]+)`", " ".join(source.declaration.landmarks)))
    for word in words:
        if word.startswith("#"):
            pattern = rb"""(\bid\s*=\s*["']?)(%s)\b""" % re.escape(word[1:].encode())
        else:
            name = re.escape(word.rpartition(".")[2].encode())
            json, markup = (
                rb"""(")(%s)(?="\s*:)""" % name,
                rb"""(</?(?:[\w.-]+:)?|>\s*)(%s)(?![\w.-])""" % name,
            )
            pattern = json if page.body.lstrip()[:1] == b"{" else markup
        body, done = re.subn(pattern, rb"\1xq\2", page.body)
        if done:
            mutated = replace(page, body=body)
            yield Mutation("landmark removed", f"`{word}`", mutated, refused(*BROKEN, Outcome.SERVER_ERROR))


# -- the status ------------------------------------------------------------------------------------------


def _status(page: Page, record: TradeMark) -> Iterator[Mutation]:
    words = [(record.status_code, UNKNOWN_CODE), (record.status_text, UNKNOWN_WORD)]
    words += [(text, UNKNOWN_WORD) for text in re.findall(r"(?:^|; )(.+?) \(", record.status_text or "")]
    for word, unknown in words:
        body = _replaced(page.body, word or "", unknown, "status")
        # The sentence beside a code is wording: the code is the status.
        if body is None or (
            word == record.status_text and _replaced(page.body, record.status_code or "", "", "status")
        ):
            continue
        yield Mutation("unknown status", f"for {word!r}", replace(page, body=body), _unknown_status)
        empty = _replaced(page.body, word or "", "", "status")
        if empty is not None:
            yield Mutation("empty status", f"for {word!r}", replace(page, body=empty), _no_status)


def _unknown_status(before: End, after: End) -> Verdict:
    """Kept verbatim, unknown, and reported; only a descriptor of the office's own may say more."""
    if isinstance(after, LookError) or isinstance(before, LookError):
        return Verdict("wrong", f"ended in {after}"[:160])
    one = after.readings[0]
    if not one.unknown_words:
        return Verdict("wrong", "the unknown word is not reported")
    by_office = one.record.tm5_source == "office"
    # Where classes have their own, the filing goes by those that are known; the class keeps the new word.
    in_class = any(item.status_text == UNKNOWN_WORD for item in one.record.classes)
    unknown = (one.record.status_phase, one.record.status_live) == (Phase.UNKNOWN, Live.UNKNOWN)
    if not (by_office or in_class or unknown):
        return Verdict("wrong", f"became {one.record.status_phase}/{one.record.status_live}")
    why = difference(_without_status(before), _without_status(after))
    return Verdict("wrong", why) if why else Verdict("reported")


def _no_status(before: End, after: End) -> Verdict:
    """An empty status cell is unknown or refused, never dead."""
    if isinstance(after, LookError):
        return refused(*EMPTY)(before, after)
    if isinstance(before, LookError):
        return Verdict("wrong", "became a record")
    record = after.readings[0].record
    several = any(item.status_text for item in record.classes) and len(record.classes) > 1
    if several and record.status_live is not Live.DEAD:
        return Verdict("empty")
    if (record.status_phase, record.status_live) != (Phase.UNKNOWN, Live.UNKNOWN):
        return Verdict("wrong", f"became {record.status_phase}/{record.status_live}")
    why = difference(_without_status(before), _without_status(after))
    return Verdict("wrong", why) if why else Verdict("empty")


def _without_status(answer: Answer) -> Answer:
    """The answer but for what the status says, in the filing and in its classes."""
    readings = []
    for one in answer.readings:
        record = one.record
        blank = {name: TradeMark.model_fields[name].default for name in (*_STATUS, "registration_number")}
        blank["classes"] = tuple(item.model_copy(update={"status_text": None}) for item in record.classes)
        covers = record.covers - {*_STATUS, "registration_number"}
        readings.append(replace(one, record=record.model_copy(update={**blank, "covers": covers})))
    return replace(answer, readings=tuple(readings))


# -- events ------------------------------------------------------------------------------------------------


def _events(page: Page, record: TradeMark) -> Iterator[Mutation]:
    coded = [event for event in record.events if event.code]
    for event in coded[len(coded) // 2 :][:1] or record.events[:1]:
        if event.code:
            written, unknown = event.code + (event.type or ""), UNKNOWN_EVENT + (event.type or "")
            body = _replaced(page.body, written, unknown, "event") or _replaced(
                page.body, event.code, UNKNOWN_EVENT, "code"
            )
        else:
            body = _replaced(page.body, event.text, UNKNOWN_EVENT, "event")
        if body is not None:
            what = f"for {event.code or event.text!r}"
            yield Mutation("unknown event", what, replace(page, body=body), _kept_verbatim(event))


def _kept_verbatim(event: MarkEvent) -> Judge:
    def judge(before: End, after: End) -> Verdict:
        if isinstance(after, LookError) or isinstance(before, LookError):
            return Verdict("wrong", f"ended in {after}"[:160])
        old, new = _by_number(before)[0].events, _by_number(after)[0].events
        if len(old) != len(new):
            return Verdict("wrong", f"{len(old)} events became {len(new)}")
        field = "code" if event.code else "text"
        for was, now in zip(old, new, strict=True):
            kept = was.model_copy(update={field: UNKNOWN_EVENT})
            if now not in (was, kept) or (was == event and now != kept):
                return Verdict("wrong", f"{was} became {now}")
        return Verdict("reported")

    return judge


# -- finding a value in the bytes ------------------------------------------------------------------------


def _replaced(body: bytes, value: str, by: str, name: str) -> bytes | None:
    """The page with another value where just this value stands; None where it stands nowhere.

    Between two tags; in XML and JSON only in an element or key whose name has `name` in it.
    """
    if not value.strip():
        return None
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    words = r"\s+".join(
        re.escape(html.escape(word, quote=False)).replace("'", "(?:'|&#39;|&apos;)") for word in value.split()
    )
    words = words.replace(re.escape("&amp;"), "(?:&amp;|&)")
    if text.lstrip()[:1] == "{":
        pattern = rf'("\w*(?i:{name})\w*"\s*:\s*)(?:"{words}"|{words}(?=\s*[,}}\]]))'
        found, done = re.subn(pattern, lambda one: f"{one[1]}{_json(by)}", text)
    elif "<html" in text[:3000].lower():
        found, done = re.subn(rf"(>\s*){words}(\s*<)", rf"\g<1>{by}\g<2>", text)
    else:
        found, done = re.subn(
            rf"(<[\w:.-]*(?i:{name})[\w.-]*[^<>]*>\s*){words}(\s*</)", rf"\g<1>{by}\g<2>", text
        )
    return found.encode() if done else None


def _json(value: str) -> str:
    return value if value.isdigit() else f'"{value}"'
