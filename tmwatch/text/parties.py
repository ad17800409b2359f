"""The name of a company without its form: Inc., GmbH, 有限公司, 株式会社. For finding, never shown. Pure."""

from __future__ import annotations

import csv
import functools
import re
import unicodedata
from collections.abc import Sequence
from importlib.resources import files

from tmwatch.text.folding import SIGNS, fold


@functools.cache
def _company_forms() -> tuple[dict[str, tuple[tuple[str, ...], ...]], dict[str, tuple[str, ...]]]:
    """Company forms by place ("start", "end"): as words, and as the signs written without spaces."""
    words: dict[str, list[tuple[str, ...]]] = {"start": [], "end": []}
    signs: dict[str, list[str]] = {"start": [], "end": []}
    table = files("tmwatch").joinpath("data/company_forms.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(table.splitlines()):
        form = fold(row["form"])
        for place in ("start", "end") if row["place"] == "both" else (row["place"],):
            if row["written"] == "joined":
                signs[place].append(form)
            else:
                words[place].append(tuple(form.split()))
    return (
        {place: tuple(sorted(set(forms), key=len, reverse=True)) for place, forms in words.items()},
        {place: tuple(sorted(set(forms), key=len, reverse=True)) for place, forms in signs.items()},
    )


# A page may hold a megabyte of "ltd ltd ltd"; no company is called so.
_LONGEST_NAME = 1000


def fold_party(name: str) -> str:
    """A company's name for matching: folded, without company forms at its ends.

    The forms stand in `data/company_forms.csv`. They go as whole words and only at the ends, a "the" in
    front goes too, and the last word left always stays: "Co" alone is a name. 集团 and "Group"
    stay, because they are part of a name: the group and its daughter are two owners.
    分公司 (branch) stays for the same reason.

    For *finding* an owner that a watch names. To ask whether an owner has changed use `fold`: a
    conversion from Inc. to LLC is a change of the owner.
    """
    text = fold(_spell_out(name))
    if len(text) > _LONGEST_NAME:
        return text
    while (shorter := _drop_form(text)) != text:
        text = shorter
    return text


def has_company_form(name: str) -> bool:
    """Whether the name carries a company form. False on doubt."""
    folded = fold(name)
    if name.isascii():
        return _has_form(folded)
    plain = folded.removeprefix("the ")
    return bool(plain) and fold_party(name) != plain


def _has_form(folded: str) -> bool:
    """The same of a name in ASCII that is folded: nothing of it has to be spelled out."""
    plain = folded.removeprefix("the ")
    return len(plain) <= _LONGEST_NAME and _drop_form(plain) != plain


# (株) and ㈱ stand for 株式会社, (주) and ㈜ for 주식회사; without the brackets they are ordinary letters.
_SHORT_FORMS = {
    "(株)": "株式会社",
    "(有)": "有限会社",
    "(同)": "合同会社",
    "(주)": "주식회사",
    "(유)": "유한회사",
}


def _spell_out(name: str) -> str:
    if name.isascii():
        return name
    text = unicodedata.normalize("NFKC", name.translate(SIGNS))
    for short, full in _SHORT_FORMS.items():
        text = text.replace(short, full)
    return text


_Forms = dict[str, list[tuple[str, ...]]]


@functools.cache
def _by_word() -> tuple[_Forms, _Forms]:
    """The forms in words, the longest first: those at the end by their last word, at the start by their
    first. A register has millions of names, and hundreds of forms."""
    words, _ = _company_forms()
    ends: _Forms = {}
    starts: _Forms = {}
    for form in words["end"]:
        ends.setdefault(form[-1], []).append(form)
    for form in words["start"]:
        starts.setdefault(form[0], []).append(form)
    return ends, starts


def _drop_form(text: str) -> str:
    """`text` without one company form, or as it was."""
    if not text.isascii() and (shorter := _drop_sign(text)) != text:
        return shorter
    ends, starts = _by_word()
    if text.rpartition(" ")[2] not in ends and text.partition(" ")[0] not in starts:  # most names
        return text.removeprefix("the ")  # "The Coca-Cola Company"
    tokens = tuple(text.split())
    for entry in ends.get(tokens[-1], ()):
        if len(tokens) > len(entry) and tokens[-len(entry) :] == entry:
            rest = tokens[: -len(entry)]
            # "… GmbH & Co. KG", "Tiffany & Co.": the "and" hung on what has gone.
            return " ".join(rest[:-1] if len(rest) > 1 and rest[-1] == "and" else rest)
    for entry in starts.get(tokens[0], ()):
        if len(tokens) > len(entry) and tokens[: len(entry)] == entry:
            return " ".join(tokens[len(entry) :])
    return text.removeprefix("the ")


def _drop_sign(text: str) -> str:
    """`text` without one form that is written without spaces (有限公司, 株式会社), or as it was."""
    _, signs = _company_forms()
    for form in signs["end"] if text.endswith(signs["end"]) else ():
        # "…分公司" is a branch, "…总公司" a head office: 公司 is part of a longer word there.
        whole_word = form != "公司" or text[: -len(form)].rstrip()[-1:] not in tuple("分子总總母支")
        if text.endswith(form) and whole_word and text != form:
            return text[: -len(form)].rstrip()
    for form in signs["start"] if text.startswith(signs["start"]) else ():
        if text.startswith(form) and text != form:
            return text[len(form) :].lstrip()
    return text


@functools.lru_cache(8192)
def party_keys(name: str) -> frozenset[str]:
    """What a name has in common with every way of writing the same; empty for a name of nothing.

    The same is a name but for company form, case, width, accents and spaces, also in letters that only look
    Latin and in the other form of Chinese characters.
    """
    plain = fold_party(name).replace(" ", "")
    if name.isascii():
        return frozenset((plain,)) if plain else frozenset()
    from tmwatch.text.lookalike import normal_owner  # late: its tables are large

    return frozenset(filter(None, (plain, normal_owner(name).replace(" ", ""))))


def firm_in(lawyer: str, lines: Sequence[str]) -> str | None:
    """The lawyer's firm as it stands in the address for letters; None where that cannot be told.

    The USPTO names a person as attorney, and the firm in the envelope alone: behind the person in its first
    line ("Pat Specimen Sample Law LLP"), alone in it, or, in older cases, in the line under it.
    """
    first = " ".join(lines[0].split()) if lines else ""
    who, all_ = fold(lawyer), fold(first)
    if not who or not all_.startswith(who):
        alone = _has_form(all_) if first.isascii() else has_company_form(first)
        return first if who and alone else None
    if all_ == who:
        second = lines[1].strip() if len(lines) > 1 else ""
        return second if second and not any(char.isdigit() for char in second) else None
    # As many letters as the person has, whatever stands between them.
    left = len(who.replace(" ", ""))
    at = 0
    while left and at < len(first):
        left -= first[at].isalnum()
        at += 1
    if first[at : at + 1].isalnum():
        return None  # a longer name that begins so
    return _ESQUIRE.sub("", first[at:].lstrip(" .,;:-&")) or None


_ESQUIRE = re.compile(r"^esq(?:uire)?\b[ .,;:-]*", re.IGNORECASE)


def same_party(one: str, other: str) -> bool:
    """Whether two names mean the same company but for its form, case, width, accents and spacing.

    Whole names only: "Beijing Jingdong 360" is not "Beijing Jingdong 360 Du E-Commerce". An empty
    name is nobody's.
    """
    left, right = (fold_party(name).replace(" ", "") for name in (one, other))
    return bool(left) and left == right
