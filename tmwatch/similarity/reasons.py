"""Why two names are near, in words for people. Pure. The words are of likeness, never of infringement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rapidfuzz.distance import Levenshtein

from tmwatch.similarity.features import LITTLE, PART, SENSE, SIGHT, SOUND, WRITTEN_WORTH, Match
from tmwatch.similarity.han import look, meant
from tmwatch.similarity.keys import is_han, pinyin
from tmwatch.similarity.meaning import NAME
from tmwatch.similarity.name import Name, Word

# A word that one name in 2,000 holds is weak beside a mark; so is a legal form or a single letter.
WEAK_BITS = 11.0
RARE_BITS = 13.0
_NEAR = 0.74
_FEW = 4


def _upper(words: Sequence[Word]) -> str:
    return " ".join(word.text.upper() for word in words)


def reasons(
    one: Name,
    other: Name,
    matches: list[Match],
    value: Mapping[str, float],
    weak_in: Callable[[str], int | None] = lambda _word: None,
) -> list[str]:
    """The reasons, strongest first; one at least where anything is shared.

    `weak_in`: in which of the watched classes a word says little.
    """
    shown = f"{one.raw.strip()} / {other.raw.strip()}"
    if one.compact and one.compact == other.compact:
        spaced = one.texts != other.texts
        return [f"same letters, written apart otherwise: {shown}" if spaced else f"same name: {shown}"]
    out = _whole(one, other, weak_in)
    if one.key and one.key == other.key:
        out.append(f"same sound: {shown}")
    elif value["key_letters"] >= _NEAR:
        out.append(f"near in sound: {shown}")
    if value["letters"] >= _NEAR and not (one.han and other.han and look(one.compact) == look(other.compact)):
        out.append(f"near in letters: {shown}")
    if one.han or other.han:
        out += _read(one, other)
    if matches:
        out += _words(matches, whole=bool(out and out[0].startswith(("contains", "is a part"))))
    if not out:
        out.append(_letters(one, other, shown))
    return out if len(out) == 1 else list(dict.fromkeys(out))[:_FEW]


def _letters(one: Name, other: Name, shown: str) -> str:
    """The least that can be said of two names that were found near."""
    if Levenshtein.distance(one.compact, other.compact, score_cutoff=1) == 1:
        return f"one {'character' if one.han else 'letter'} differs: {shown}"
    return f"letters or sounds in common: {shown}"


def _weak(words: Sequence[Word], weak_in: Callable[[str], int | None]) -> str:
    """That words are weak, and in which class, where a class says so: "weak in class 12: AUTO"."""
    found = {weak_in(word.text) for word in words}
    classes = sorted(one for one in found if one is not None)
    where = "" if None in found or not classes else f" in class {', '.join(map(str, classes))}"
    return f"the rest is weak{where}: {_upper(words)}"


def _whole(one: Name, other: Name, weak_in: Callable[[str], int | None]) -> list[str]:
    """One name wholly inside the other, at borders of words."""
    if one.texts and one.texts < other.texts:
        rest = [word for word in other.words if word.text not in one.texts]
        if all(word.bits <= WEAK_BITS for word in rest):
            return [f"contains your whole mark, {_weak(rest, weak_in)}"]
        return [f"contains your whole mark, beside {_upper(rest)}"]
    if other.texts and other.texts < one.texts:
        rest = [word for word in one.words if word.text not in other.texts]
        weak = all(word.bits <= WEAK_BITS for word in rest)
        return [
            f"is a part of your mark: {_upper(list(other.words))}"
            + (f", {_weak(rest, weak_in)}" if weak else "")
        ]
    if one.han and other.han and one.han != other.han and one.han in other.han:
        if meant(one.han, other.han):
            return [f"contains your whole mark: {one.han} in {other.han}"]
        if other.han.startswith(one.han):  # who reads it from the start reads the longer name
            return [f"holds the characters {one.han}, but as a part of another word: {other.han}"]
        return [f"holds the characters {one.han}, but across the border of two words: {other.han}"]
    return []


def _read(one: Name, other: Name) -> list[str]:
    out: list[str] = []
    for name, against in ((one, other), (other, one)):
        for word in name.words:
            if is_han(word.text) and len(word.text) > 1:
                read = "".join(pinyin(word.text))
                if word.text not in against.compact and read in against.reading:
                    out.append(f"{word.text} is read {read.capitalize()}")
    return out


def _words(matches: list[Match], whole: bool) -> list[str]:
    out = []
    for match in sorted(matches, key=lambda found: -found.bits) if len(matches) > 1 else matches:
        one, other = match.one.text.upper(), match.other.text.upper()
        if match.how == SENSE:
            known = any(sense.startswith(NAME) for sense in match.one.senses & match.other.senses)
            out.append(f"{'known by both names' if known else 'same meaning'}: {one} / {other}")
        elif match.how == PART:
            short, long = sorted((one, other), key=len)
            if len(short) < 2:
                continue  # one letter or character says nothing
            out.append(f"{short} stands in {long}" if short in long else f"a part in common: {one} / {other}")
        elif match.how == SOUND and match.one.han != match.other.han and match.alike <= WRITTEN_WORTH:
            if match.alike > LITTLE:
                out.append(f"may be written for the sound: {one} / {other}")
        elif match.how == SOUND and match.alike > 0.5:
            word = "same" if match.one.key == match.other.key else "near"
            out.append(f"a word of {word} sound: {one} / {other}")
        elif match.how == SIGHT and match.alike == 1.0:
            if not whole:
                often = (
                    "which few names hold"
                    if match.one.bits >= RARE_BITS
                    else "which many names hold"
                    if match.one.bits <= WEAK_BITS
                    else ""
                )
                out.append(f"the same word {one}" + (f", {often}" if often else ""))
        elif match.how == SIGHT and match.one.han:
            out.append(f"characters that look alike: {one} / {other}")
        elif match.how == SIGHT and match.alike > 0.5:
            out.append(f"a word near in letters: {one} / {other}")
    return out
