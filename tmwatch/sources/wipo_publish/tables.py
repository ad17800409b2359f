"""The words of one instance, from the CSV files beside its declaration.

    labels.csv   label, means, reference          what stands before a value or over a column
    status.csv   word, means, phase, live, reference
    words.csv    label, word, value, reference    other set phrases: kinds of application, kinds of mark
    steps.csv    step, means, reference           steps of the procedure, by code where they have one

A label is known by its whole text or, where it begins with an INID code (WIPO ST.60: "(541) …"), by that
code: it is the same in every language, the words beside it are the office's own.
"""

from __future__ import annotations

import csv
import functools
import re
from importlib.resources import files
from typing import NamedTuple

from tmwatch.model import Live, Phase
from tmwatch.text import fold_space

_INID = re.compile(r"\((\d{3})\)")


class Meaning(NamedTuple):
    """What a status word means; `known` is False for a word that is not in the table."""

    phase: Phase
    live: Live
    known: bool


def fold_label(text: str) -> str:
    """A label as labels are compared."""
    return fold_space(text).casefold().rstrip(" :")


@functools.cache
def _rows(package: str, name: str) -> tuple[dict[str, str], ...]:
    text = (files(package) / f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@functools.cache
def _labels(package: str) -> tuple[dict[str, str], dict[str, str]]:
    whole, by_code = {}, {}
    for row in _rows(package, "labels"):
        whole[fold_label(row["label"])] = row["means"]
        if code := _INID.match(row["label"]):
            by_code[code[1]] = row["means"]
    return whole, by_code


def label_means(package: str, label: str) -> str:
    """What a label stands for, "" for an unknown one."""
    whole, by_code = _labels(package)
    plain = fold_label(label)
    code = _INID.match(plain)
    return whole.get(plain) or (by_code.get(code[1], "") if code else "")


@functools.cache
def all_labels(package: str) -> dict[str, tuple[str, ...]]:
    """What can stand on a page → the labels that it stands under."""
    found: dict[str, tuple[str, ...]] = {}
    for row in _rows(package, "labels"):
        found[row["means"]] = (*found.get(row["means"], ()), row["label"])
    return found


@functools.cache
def words_of_labels(package: str) -> tuple[bytes, ...]:
    """The labels as bytes, to tell a page by."""
    return tuple(row["label"].encode() for row in _rows(package, "labels") if "(" in row["label"])


def status_means(package: str, word: str) -> Meaning:
    """Phase and liveness of a status word or bare code; unknown for any other, never a default."""
    plain = fold_space(word).casefold()
    for row in _rows(package, "status"):
        if fold_space(row["word"]).casefold() == plain:
            return Meaning(Phase(row["phase"]), Live(row["live"]), True)
    return Meaning(Phase.UNKNOWN, Live.UNKNOWN, False)


def word_means(package: str, label: str, word: str) -> str | None:
    """The value of a set phrase under a label; None where it is in no table."""
    plain = fold_space(word).casefold()
    for row in _rows(package, "words"):
        if row["label"] == label and fold_space(row["word"]).casefold() == plain:
            return row["value"]
    return None


def knows_step(package: str, text: str, code: str | None) -> bool:
    """Whether a step of the procedure is in the table, by its code where it has one."""
    plain = fold_space(text).casefold()
    for row in _rows(package, "steps"):
        known = fold_space(row["step"]).casefold()
        if known == plain or (code is not None and known.split(" ", 1)[0] == code):
            return True
    return False
