"""The words of Madrid Monitor as tables: labels, transactions, standings, status, time limits."""

from __future__ import annotations

import csv
import functools
import re
from dataclasses import dataclass
from importlib.resources import files

from tmwatch.model import Live, Phase
from tmwatch.text import fold_space

# A title ends in the offices it names: "Subsequent designation, EG, IR, RU". It may hold commas itself.
_TITLE = re.compile(r"(.*?)((?:\s*,\s*[A-Z]{2})*)\s*")


@functools.cache
def _table(name: str) -> tuple[dict[str, str], ...]:
    text = (files(__package__) / f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def squeeze(text: str | None) -> str:
    """One line with single blanks (`str.split` takes the page's no-break spaces too)."""
    return fold_space(text or "")


# -- labels ----------------------------------------------------------------------------------------------


@functools.cache
def _labels() -> tuple[dict[tuple[str, str], str], dict[str, str], dict[str, str], dict[str, str]]:
    pairs: dict[tuple[str, str], str] = {}
    tags: dict[str, str] = {}
    codes: dict[str, list[str]] = {}
    words: dict[str, str] = {}
    for row in _table("labels"):
        pairs[row["tag"], row["inid"]] = row["kind"]
        tags.setdefault(row["tag"], row["kind"])
        codes.setdefault(row["inid"], []).append(row["kind"])
        if row["label"]:
            words.setdefault(row["label"].casefold(), row["kind"])
    sure = {code: kinds[0] for code, kinds in codes.items() if code and len(set(kinds)) == 1}
    return pairs, tags, sure, words


def kind_of(tag: str, inid: str, label: str) -> str:
    """Our word for a labelled value, "" for one that is in no table.

    By the page's own tag and the INID code together, for one tag has several codes (`REGEDAT`) and one
    code several tags (580); then by the code, by the words, by the tag: a label in other words, or in the
    French or Spanish of the page, is the same label.
    """
    pairs, tags, codes, words = _labels()
    known = pairs.get((tag, inid)) or (codes.get(inid) if inid else None) or words.get(label.casefold())
    return known or ("" if inid else tags.get(tag, ""))


# -- transactions ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Transaction:
    """What an entry of the history does.

    `standing` at the offices it names ("" leaves it as it is); `whole` to the registration where it names
    none; `designates`: the offices it names come with it; `takes`: offices may leave the list by it, named
    or not. `known`: its title stands in the table.
    """

    standing: str = "unknown"
    whole: str = ""
    designates: bool = False
    takes: bool = False
    known: bool = True


def title_and_offices(text: str) -> tuple[str, tuple[str, ...]]:
    """("Subsequent designation", ("EG", "IR", "RU"))."""
    found = _TITLE.fullmatch(text)
    if found is None:
        return text, ()
    return found[1].strip(), tuple(part.strip() for part in found[2].split(",") if part.strip())


@functools.cache
def _transactions() -> tuple[dict[str, Transaction], dict[str, Transaction], dict[str, set[str]]]:
    by_code: dict[str, Transaction] = {}
    by_title: dict[str, Transaction] = {}
    titles: dict[str, set[str]] = {}
    for row in _table("transactions"):
        one = Transaction(row["standing"], row["whole"], bool(row["designates"]), bool(row["takes"]))
        title = row["title"].casefold()
        if row["code"]:
            by_code.setdefault(row["code"], one)
            titles.setdefault(row["code"], set()).add(title)
        if title:
            by_title.setdefault(title, one)
    return by_code, by_title, titles


def transaction(code: str, title: str) -> Transaction:
    """What an entry of this code and title does.

    The code decides, for it is the same in all languages of the page; a title beside it that the table
    does not hold is not `known`, and neither is a title that belongs to another code: then nothing is
    concluded from either.
    """
    by_code, by_title, titles = _transactions()
    said, title = by_code.get(code), title.casefold()
    named = by_title.get(title)
    if said is None:
        return named or Transaction(takes=True, known=False)
    if title in titles[code] or named == said:
        return said
    if named is not None:
        return Transaction(takes=True, known=False)
    return Transaction(said.standing, said.whole, said.designates, said.takes, known=False)


@functools.cache
def standings() -> dict[str, tuple[Phase, Live]]:
    """Phase and life of each standing of `Designation.standing`."""
    return {row["standing"]: (Phase(row["phase"]), Live(row["live"])) for row in _table("standings")}


@functools.cache
def refusal_months(office: str, *, agreement: bool) -> int | None:
    """Months within which an office may notify a refusal; None for an office that is in no table.

    Under the Agreement, and between states bound by both treaties (Article 9sexies(1)(b)), twelve; else as
    the office has declared under Article 5(2)(b) of the Protocol.
    """
    if agreement:
        return 12
    row = next((row for row in _table("refusal_periods") if row["office"] == office), None)
    return int(row["months"]) if row else None


def status_of_word(code: str, text: str) -> tuple[Phase, Live] | None:
    """Phase and life by the page's own word ("ACT", "Active"); None where it is in no table."""
    for row in _table("status_words"):
        if (not row["code"] or row["code"] == code) and row["text"].casefold() == text.casefold():
            return Phase(row["phase"]), Live(row["live"])
    return None
