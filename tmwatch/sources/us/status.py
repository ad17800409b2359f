"""What a US status code, a status sentence and a TM5 descriptor mean, by the tables beside this module.

The tables are CSV files; each row names its reference. A word that is not in a table is never given a
default: callers get `known=False` and report it.
"""

from __future__ import annotations

import csv
import functools
import re
from importlib.resources import files
from typing import NamedTuple

from tmwatch.model import Live, Phase
from tmwatch.text import fold_space

# TSDR ends many sentences with this pointer; it says nothing about the status and comes and goes.
_POINTER = re.compile(r"to view all documents in this file,.*$", re.IGNORECASE)
_WAIT = re.compile(r"approximately \d+ months?")


class StatusMeaning(NamedTuple):
    """What a status code means; `known` is False for a code that is not in the office's table."""

    phase: Phase
    live: Live
    tm5: str | None
    known: bool


class SentenceMeaning(NamedTuple):
    """What a status sentence means. `code` is None where several codes share the sentence."""

    code: str | None
    phase: Phase
    live: Live
    tm5: str | None
    known: bool


class Tm5Meaning(NamedTuple):
    """What a TM5 common status descriptor means."""

    phase: Phase
    live: Live
    known: bool


_UNKNOWN = StatusMeaning(Phase.UNKNOWN, Live.UNKNOWN, None, False)


@functools.cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a CSV file beside this module."""
    text = (files(__package__) / f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def squeeze(text: str | None) -> str:
    """One line with single blanks: TSDR writes "Registered.  The" and wraps at random."""
    return fold_space(text or "")


@functools.cache
def _codes() -> dict[str, StatusMeaning]:
    return {
        row["code"]: StatusMeaning(Phase(row["phase"]), Live(row["live"]), row["tm5"] or None, True)
        for row in table("status_codes")
    }


def status_from_code(code: str | int | None) -> StatusMeaning:
    """Phase, liveness and TM5 descriptor of a three-digit status code."""
    text = str(code if code is not None else "").strip()
    return _codes().get(text.zfill(3) if text.isdigit() else text, _UNKNOWN)


def sentence_key(text: str) -> str:
    """A status sentence without what comes and goes: the pointer to documents, the waiting time, case."""
    plain = _WAIT.sub("approximately # months", squeeze(text).casefold())
    return _POINTER.sub("", plain).strip(" .")


@functools.cache
def _sentences() -> dict[str, SentenceMeaning]:
    # The short title of a code is a sentence too: TSDR prints "Terminated After Sanctions" as it stands.
    found = {
        sentence_key(row["meaning"]): SentenceMeaning(row["code"], *status_from_code(row["code"]))
        for row in table("status_codes")
        if row["code"] != "000"
    }
    for row in table("status_sentences"):
        if row["code"]:
            meaning = SentenceMeaning(row["code"], *status_from_code(row["code"]))
        else:
            meaning = SentenceMeaning(None, Phase(row["phase"]), Live(row["live"]), row["tm5"] or None, True)
        found[sentence_key(row["sentence"])] = meaning
    return found


def status_from_sentence(text: str | None) -> SentenceMeaning:
    """What the sentence in TSDR's `Status:` row means, by the table of sentences met so far."""
    return _sentences().get(sentence_key(text or ""), SentenceMeaning(None, *_UNKNOWN))


@functools.cache
def _descriptors() -> dict[str, tuple[str, Tm5Meaning]]:
    return {
        row["descriptor"].casefold(): (
            row["descriptor"],
            Tm5Meaning(Phase(row["phase"]), Live(row["live"]), True),
        )
        for row in table("tm5")
    }


def _find_tm5(text: str | None) -> tuple[str, Tm5Meaning] | None:
    plain = squeeze(text).casefold()
    fits = [key for key in _descriptors() if plain == key or plain.startswith(f"{key} ")]
    return _descriptors()[max(fits, key=len)] if fits else None


def tm5_label(text: str | None) -> str | None:
    """The descriptor alone, of a text that may go on with the office's explanation of it."""
    found = _find_tm5(text)
    return found[0] if found else None


def status_from_tm5(text: str | None) -> Tm5Meaning:
    """What a TM5 descriptor means; the office's explanation may follow it in the same text."""
    found = _find_tm5(text)
    return found[1] if found else Tm5Meaning(Phase.UNKNOWN, Live.UNKNOWN, False)
