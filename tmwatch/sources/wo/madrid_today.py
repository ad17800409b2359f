"""What a page of `wo.madrid` says today, label by label: the table on top, and `#fragment-detail`."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any

from bs4 import Tag

from tmwatch.errors import LayoutChanged
from tmwatch.model import DesignCode
from tmwatch.sources.base import Page
from tmwatch.sources.wo import madrid_goods as goods
from tmwatch.sources.wo.madrid_page import (
    Claims,
    Value,
    attr,
    classes_of,
    places,
    tags_in,
    text_of,
    values_in,
)
from tmwatch.sources.wo.tables import squeeze

_SUMMARY = ("Trademark", "Holder", "Registration Date", "Expiration Date", "Nice classes")
_TREATIES = {
    "designated under the Agreement": "agreement",
    "designated under the Protocol": "protocol",
    "designated under the Protocol by Article 9sexies": "protocol_9sexies",
}
_HOLDER_NOTES = ("national of", "established in", "domiciled in")
_FEATURES = {"three-dimensional": "3d", "sound": "sound", "colour mark": "colour"}
# Words of 550 (Madrid application form MM2, item 9; ST.96 MarkFeatureCategory) → our feature.
_NATURES = {
    "word": "word",
    "verbal": "word",
    "figurative": "figurative",
    "combined": "combined",
    "three-dimensional": "3d",
    "sound": "sound",
    "colour": "colour",
    "color": "colour",
    "hologram": "hologram",
    "motion": "motion",
    "position": "position",
    "pattern": "pattern",
    "multimedia": "multimedia",
    "olfactory": "olfactory",
}
_LANGUAGES = {"fr": "French", "es": "Spanish"}


@dataclass
class Parts:
    """What the page says today, label by label."""

    claims: Claims
    given: dict[str, Any] = field(default_factory=dict)
    dates: dict[str, set[dt.date]] = field(default_factory=dict)
    today: dict[str, str] = field(default_factory=dict)  # office → treaty
    use_declared: frozenset[str] = frozenset()
    # Of each holder by its place: 811 to 813 and 842 stand behind the holder whose they are.
    notes: dict[int, list[str]] = field(default_factory=dict)
    legal_forms: dict[int, str] = field(default_factory=dict)

    @property
    def holder(self) -> int:
        """The place of the holder named last. Raises `LayoutChanged` before the first."""
        if not self.given.get("owners"):
            raise LayoutChanged(
                "what is said of a holder stands before the first holder", where="811-813, 842"
            )
        return len(self.given["owners"]) - 1


def language_of(page: Page) -> str:
    """ "French" or "Spanish" by the address of the page or its own word; else ""."""
    found = re.search(r"/madrid/monitor/(fr|es)/", page.url) or re.search(
        rb"""<html[^>]*\blang\s*=\s*["']?(fr|es)\b""", page.body[:4096], re.IGNORECASE
    )
    code = found[1] if found is not None else ""
    return _LANGUAGES.get((code.decode() if isinstance(code, bytes) else code).lower(), "")


def summary_of(box: Tag, parts: Parts, language: str) -> dict[str, str]:
    """The table on top by its heads. Raises `LayoutChanged` where they are not the five that it has."""
    heads = [text_of(tag) for tag in tags_in(box) if tag.name == "th"]
    rows = [tag for tag in tags_in(box) if tag.name == "tr" and any(t.name == "td" for t in tags_in(tag))]
    cells = [tag for tag in tags_in(rows[0]) if tag.name == "td"] if len(rows) == 1 else []
    if sorted(heads) != sorted(_SUMMARY) and language:
        raise LayoutChanged(
            f"this is the {language} page of Madrid Monitor, and its English one is read",
            do="Choose English on the page (or write /madrid/monitor/en/ in its address), and save that.",
        )
    if sorted(heads) != sorted(_SUMMARY) or len(cells) != len(heads):
        raise LayoutChanged("the table on top is not the one that the reader knows", where="markInformation")
    parts.claims.take(box)
    found = {head: text_of(cell) for head, cell in zip(heads, cells, strict=True)}
    found["words"] = _alt(cells[heads.index("Trademark")]) or found["Trademark"]
    return found


def _alt(box: Tag) -> str:
    return next((attr(tag, "alt") for tag in tags_in(box) if tag.name == "img" and attr(tag, "alt")), "")


def read_today(box: Tag, parts: Parts) -> None:
    """Today's record: the boxes of `#fragment-detail` that do not belong to the history."""
    for tag in tags_in(box):
        classes = classes_of(tag)
        if "description" in classes and not _in_history(tag):
            for value in values_in(tag, parts.claims):
                _take(value, parts)
            for hidden in tag.contents:
                if isinstance(hidden, Tag) and "skip" in classes_of(hidden):
                    for value in values_in(hidden, parts.claims):
                        _take(value, parts)


def _in_history(tag: Tag) -> bool:
    parent = tag.parent
    while parent is not None:
        if attr(parent, "id") == "fragment-history":
            return True
        parent = parent.parent
    return False


def read_repeats(box: Tag, parts: Parts) -> None:
    """151 and 180, which the page repeats in every entry."""
    for tag in tags_in(box):
        if "skip" in classes_of(tag):
            for value in values_in(tag, parts.claims):
                _date(value, parts)


def _date(value: Value, parts: Parts) -> bool:
    if value.kind not in ("registered", "expires"):
        return False
    if (day := goods.day_of(value.text)) is None:
        raise LayoutChanged(f"`{value.text[:40]}` is no date", where=value.label)
    parts.dates.setdefault(value.kind, set()).add(day)
    return True


TEXTS = {
    "colours": "colour_claim",
    "disclaimer": "disclaimer",
    "description": "description",
    "transliteration": "transliteration",
    "translation": "translation",
    "acquired distinctiveness": "acquired_distinctiveness",
}


def _take(value: Value, parts: Parts) -> None:
    """One value of today's record into its field; what has none is reported."""
    kind, given = value.kind, parts.given
    if kind == "mark":
        given.setdefault("words", _alt(value.value) or value.text)
    elif _date(value, parts):
        return
    elif kind == "holder":
        given["owners"] = (*given.get("owners", ()), *goods.parties_in(value))
    elif kind == "representative":
        given["representatives"] = (*given.get("representatives", ()), *goods.parties_in(value))
    elif kind == "correspondence":
        people = goods.parties_in(value)
        given["correspondence"] = people[0] if people else None
    elif kind == "previous holder":
        given["owner_history"] = (*given.get("owner_history", ()), *goods.parties_in(value, kind))
    elif kind in _HOLDER_NOTES:
        note = f"{kind} {', '.join(places(value.value)) or value.text}"
        parts.notes.setdefault(parts.holder, []).append(note)
    elif kind == "legal form":
        parts.legal_forms[parts.holder] = value.text
    elif kind == "goods":
        given["classes"] = (*given.get("classes", ()), *goods.classes_in(value))
    elif kind in ("basic registration", "basic application"):
        given["basic_marks"] = (*given.get("basic_marks", ()), *goods.basic_marks(value))
    elif kind == "priority":
        given["priorities"] = (*given.get("priorities", ()), *goods.priorities(value))
    elif kind in _TREATIES:
        parts.today |= dict.fromkeys(places(value.value), _TREATIES[kind])
    elif kind == "intention to use declared":
        parts.use_declared = frozenset(places(value.value))
    elif kind == "figurative elements":
        given["design_codes"] = _vienna(value)
    elif kind == "standard characters":
        given["standard_characters"] = True
    elif kind == "nature of the mark" and (feature := _feature_of(value.text)):
        given["mark_feature"] = feature
    elif kind in ("kind of mark", "nature of the mark"):
        # 551 may stand alone: then its own words are all that is known.
        said = value.text or value.label.removeprefix("Indication to the effect that the mark is ")
        given["mark_category"] = (*given.get("mark_category", ()), said)
    elif kind in _FEATURES:
        given["mark_feature"] = _FEATURES[kind]
    elif kind in TEXTS and not given.get(TEXTS[kind]):
        given[TEXTS[kind]] = value.text
    elif value.text:
        parts.claims.odd(
            f"label `{' '.join(x for x in (value.inid, value.label or value.tag) if x)}` = {value.text[:200]}"
        )


def _feature_of(text: str) -> str | None:
    """ "Three-dimensional mark" → "3d"; None for words that name no feature, or several."""
    words = set(re.findall(r"[a-z]+(?:-[a-z]+)?", text.casefold()))
    found = {feature for word, feature in _NATURES.items() if word in words}
    return found.pop() if len(found) == 1 else None


def _vienna(value: Value) -> tuple[DesignCode, ...]:
    titles = {text_of(tag): attr(tag, "title") for tag in tags_in(value.value) if tag.name == "span"}
    codes = re.findall(r"\d{1,2}\.\d{1,2}(?:\.\d{1,2})?", value.text)
    return tuple(
        DesignCode(code=code, descriptions=(titles[code],) if titles.get(code) else None)
        for code in dict.fromkeys(codes)
    )


def settle(parts: Parts, summary: dict[str, str]) -> None:
    """What stands twice on the page must say the same. Raises `LayoutChanged` where it does not."""
    for kind, head in (("registered", "Registration Date"), ("expires", "Expiration Date")):
        day = goods.day_of(summary[head])
        days = {*parts.dates.get(kind, ()), *([day] if day else [])}
        if len(days) > 1 or (summary[head] and day is None):
            raise LayoutChanged(f"the page gives several days as {head}", where="151, 180")
        if not days and kind == "registered":
            raise LayoutChanged("the page gives no day of registration", where="151")
        parts.dates[kind] = days
    for name, label in (("owners", "732"), ("classes", "511")):
        if not parts.given.get(name):
            raise LayoutChanged(f"the page lacks {label}, which every registration has")
    held = [squeeze(re.sub(r"\W+", " ", party.name)).casefold() for party in parts.given["owners"]]
    shown = squeeze(re.sub(r"\W+", " ", summary["Holder"])).casefold()
    if not all(name in shown for name in held):
        raise LayoutChanged("the table on top names another holder than 732")
    for name in sorted(held, key=len, reverse=True):
        shown = shown.replace(name, " ", 1)
    if rest := squeeze(shown):
        parts.claims.odd(f"holder in the table on top = {rest[:100]}")
    nice = [goods.class_number(one) for one in re.findall(r"\d{1,2}", summary["Nice classes"])]
    if nice and sorted(nice) != sorted(one.class_number for one in parts.given["classes"]):
        raise LayoutChanged("the table on top names other classes than 511")
    words = {" ".join(one.split()) for one in (summary["words"], parts.given.pop("words", "")) if one}
    parts.given["alts"] = words
