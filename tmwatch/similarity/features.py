"""What two names share, as numbers: sight, sound and sense measured apart. Pure.

`measure` looks at two names word by word first (which word of one is which word of the other, and how much
those words say), then at the names run together. Every number is between 0 and 1, so that a weight can be
read as "how much this counts at most".
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from rapidfuzz.distance import OSA, Indel, JaroWinkler

from tmwatch.similarity.freq import (
    COMPOUND_NAMES,
    COMPOUND_WORTH,
    MOST_BITS,
    PART_WORTH,
    TRADE_BITS,
    Frequencies,
)
from tmwatch.similarity.han import look, meant
from tmwatch.similarity.keys import foreign_sound, mandarin
from tmwatch.similarity.name import Name, Word
from tmwatch.similarity.transliteration import LONGEST_KEY, LONGEST_RUN, likeness

_indel = Indel.normalized_similarity
_jaro = JaroWinkler.normalized_similarity

SIGHT, SOUND, SENSE, PART = "sight", "sound", "sense", "part"
# What a shared meaning is worth beside the same word, and what a shared part of a compound.
SENSE_WORTH = 0.75
PART_SENSE_WORTH = 0.5
# Two parts that mean the same where the rest differs: FORSLEAN / FORSTHIN.
PARTS_WORTH = PART_SENSE_WORTH * 0.6
# What the same sound is worth beside the same letters.
HEARD = 0.93
# A match that is less alike gives way to two words written as one.
JOINED_BELOW = 0.9
# What letters inside a longer word are worth: somewhere in it, at an end.
INSIDE_WORTH = 0.5
EDGE_WORTH = 0.8
# What a transliteration is worth beside the same word; of the whole name.
WRITTEN_WORTH = 0.75
_READ_WORTH = 0.85
# Chinese words of characters that look alike (`han.look`), and of syllables that many say alike
# (`keys.mandarin`).
_LOOKS_ALIKE = 0.93
_SOUNDS_NEAR = 0.85
# Below this two words are not called alike; from there on, so much of what they are worth is a straight line.
ALIKE_FROM = 0.6
SHAPE_LINE = 0.35
# Words that are less alike than this share no more than some letters.
LITTLE = 0.3
# The bits of all words together, and the letters, that count as much as there can be.
MANY_BITS = 32.0
LONGEST = 32.0


@dataclass(slots=True)
class Match:
    """One word of the watched mark and the word of the other that it meets, with the bits they share."""

    one: Word
    other: Word
    alike: float
    bits: float
    how: str


def _shape(likeness: float) -> float:
    """0 below `ALIKE_FROM`, then steeper than the likeness itself: three letters of five is little."""
    if likeness <= ALIKE_FROM:
        return 0.0
    part = (likeness - ALIKE_FROM) / (1.0 - ALIKE_FROM)
    return part * (SHAPE_LINE + (1.0 - SHAPE_LINE) * part)


def match_words(one: Word, other: Word, counts: Frequencies) -> Match | None:
    """How two words are alike, by what says most; None if nothing."""
    if one.text == other.text:
        return Match(one, other, 1.0, one.bits, SIGHT)
    low = min(one.bits, other.bits)
    if one.key == other.key and one.key:
        return Match(one, other, HEARD, low * HEARD, SOUND)
    best, how = 0.0, ""
    a, b = one.text, other.text
    if not one.han and not other.han:
        best, how = _shape(_indel(a, b, score_cutoff=ALIKE_FROM)), SIGHT
    elif one.han and other.han:
        best, how = _LOOKS_ALIKE * _shape(_indel(look(a), look(b), score_cutoff=ALIKE_FROM)), SIGHT
        if best < _SOUNDS_NEAR and len(a) > 1 and mandarin(a) == mandarin(b):
            best, how = _SOUNDS_NEAR, SOUND
    heard = _indel(one.key, other.key, score_cutoff=ALIKE_FROM)
    if heard > ALIKE_FROM and (heard := HEARD * _shape(heard)) > best:
        best, how = heard, SOUND
    split = one.split or other.split
    if split or (one.senses and other.senses):
        sense = _sense(one, other)
        if sense > best:
            best, how = sense, SENSE
    if one.han != other.han and not one.echoes.isdisjoint(other.echoes):
        heard = likeness(other.key, a) if one.han else likeness(one.key, b)
        if (heard := WRITTEN_WORTH * heard) > best:
            best, how = heard, SOUND
    bits = _sense_bits(one, other) if how == SENSE and best == SENSE_WORTH else best * low
    if a in b or b in a or (one.split and other.split):
        part = part_bits(one, other, counts)
        if part > bits:
            return Match(one, other, min(1.0, part / max(low, 1.0)), part, PART)
    return Match(one, other, best, bits, how) if best > 0.0 else None


def _sense_bits(one: Word, other: Word) -> float:
    """The bits of a meaning in common; they may be more than those of the commoner word.

    CENTURY is common and SECOLO is rare, and it is one meaning from either side.
    """
    return SENSE_WORTH * (one.bits + other.bits) / 2


def _sense(one: Word, other: Word) -> float:
    if one.senses and other.senses and one.senses & other.senses:
        return SENSE_WORTH
    if not one.split and not other.split:
        return 0.0
    best = 0.0
    shared: set[str] = set()
    for part, senses, rest in one.split:
        if senses & other.senses:
            best = max(best, PART_SENSE_WORTH)
        for part2, senses2, rest2 in other.split:
            both = senses & senses2
            if both and part != part2:
                shared.update(sorted(both)[:1])
                # WATERPIK / HYDROPIK: the rest is the same; FORSLEAN / FORSTHIN.
                best = max(best, SENSE_WORTH if rest == rest2 else PARTS_WORTH)
    for _text, senses, _rest in other.split:
        if senses & one.senses:
            best = max(best, PART_SENSE_WORTH)
    # Both halves of a compound translated, each by a word of its own.
    return max(best, SENSE_WORTH) if len(shared) > 1 else best


def part_bits(one: Word, other: Word, counts: Frequencies) -> float:
    """Bits of a word that stands inside the other: whole at a border with a known word, less otherwise."""
    short, long = (one, other) if len(one.text) < len(other.text) else (other, one)
    at = long.text.find(short.text)
    if at < 0:
        best = 0.0
        for part, _senses, _rest in short.split:
            for part2, _senses2, _rest2 in long.split:
                if part == part2:
                    best = max(best, PART_WORTH * counts.bits(part))
        return best
    if short.han:
        return short.bits * (1.0 if meant(short.text, long.text) else 0.25)
    bits = counts.inside_bits(short.text)
    rest = long.text[len(short.text) :] if at == 0 else long.text[:at]
    edge = at == 0 or at + len(short.text) == len(long.text)
    if not edge or len(short.text) < 2:
        return INSIDE_WORTH * bits
    compound = counts.words.get(rest, 0) >= COMPOUND_NAMES and len(short.text) > 2 and len(rest) > 1
    return max(bits, COMPOUND_WORTH * short.bits) if compound else EDGE_WORTH * bits


NAMES = (
    "cover_one", "cover_other", "cover_both", "bits", "top_bits", "trigrams", "letters", "opening",
    "key_letters", "key_opening", "bones", "same_letters", "same_key", "sense", "whole_start", "whole_end",
    "whole_inside", "whole_bits", "first_letter", "first_word", "shortness", "length", "own_bits", "reading",
    "own_word", "their_word", "short_near", "left_bits", "left_most", "left_trade",
)  # fmt: skip
# Numbers that only together say much; the learned weights hold for these too.
TOGETHER = (
    ("top_bits", "cover_one"), ("bits", "cover_one"), ("bits", "cover_other"), ("bits", "bits"),
    ("cover_other", "cover_other"), ("cover_one", "own_bits"), ("their_word", "own_bits"),
    ("trigrams", "trigrams"), ("trigrams", "own_bits"), ("letters", "letters"), ("letters", "shortness"),
    ("letters", "length"), ("letters", "key_letters"), ("key_letters", "shortness"), ("opening", "opening"),
    ("whole_start", "whole_bits"), ("whole_end", "whole_bits"), ("sense", "cover_other"),
    ("strongest", "strongest"), ("strongest", "own_bits"),
)  # fmt: skip
_AT = {name: at for at, name in enumerate((*NAMES, "strongest"))}
_PAIRS = tuple((_AT[one], _AT[other]) for one, other in TOGETHER)
ALL_NAMES = (*NAMES, "strongest", *(f"{one}*{other}" for one, other in TOGETHER))


def expand(numbers: list[float]) -> list[float]:
    """The numbers of `measure`, the strongest of sight, sound and sense, and the products in `TOGETHER`."""
    strongest = max(
        numbers[_AT["cover_both"]],
        numbers[_AT["letters"]],
        numbers[_AT["key_letters"]],
        numbers[_AT["reading"]],
    )
    base = [*numbers, strongest]
    return base + [base[one] * base[other] for one, other in _PAIRS]


def match_all(one: Name, other: Name, counts: Frequencies) -> list[Match]:
    """For each word of `one` its best match in `other`, where there is one."""
    found = []
    for word in one.words:
        best = None
        for against in other.words:
            match = match_words(word, against, counts)
            if match is not None and (best is None or match.bits > best.bits):
                best = match
        joined = other.joined.get(word.key)
        if joined is not None and (best is None or best.alike < JOINED_BELOW):
            best = Match(
                word, joined, HEARD, HEARD * min(word.bits, joined.bits), SOUND
            )  # VAPORUB, VAPOUR RUB
        if best is not None:
            found.append(best)
    if one.joined and not one.joined.keys().isdisjoint(other.keys):
        _match_joined(one, other, found)
    if (one.phrases or other.phrases) and not one.senses.isdisjoint(other.senses):
        _match_phrases(one, other, found)
    return found


def _match_phrases(one: Name, other: Name, found: list[Match]) -> None:
    """Several words that together mean what a word or several of the other name mean: LAND ROVER, 路虎."""
    for phrase, held in (*one.phrases, *((word, (word,)) for word in one.words)):
        for against, theirs in (*other.phrases, *((word, (word,)) for word in other.words)):
            if (len(held) == len(theirs) == 1) or phrase.senses.isdisjoint(against.senses):
                continue
            match = Match(phrase, against, SENSE_WORTH, _sense_bits(phrase, against), SENSE)
            if match.bits > sum(known.bits for known in found if known.one in held):
                found[:] = [known for known in found if known.one not in held]
                found.append(match)


def _match_joined(one: Name, other: Name, found: list[Match]) -> None:
    """Two words of the mark that the other name writes as one: VAPOUR RUB in VAPORUB BALM."""
    for word in other.words:
        joined = one.joined.get(word.key)
        if joined is not None and all(
            match.other is not word or match.alike < JOINED_BELOW for match in found
        ):
            found[:] = [match for match in found if match.other is not word]
            found.append(Match(joined, word, HEARD, HEARD * min(word.bits, joined.bits), SOUND))


def _written(one: Name, other: Name) -> float:
    """How likely the Chinese of one writes the sound of the other, which has none."""
    han, key = (one.han, other.reading_key) if one.han else (other.han, one.reading_key)
    return likeness(key, han) if 1 < len(han) <= LONGEST_RUN and len(key) <= LONGEST_KEY else 0.0


def _left(other: Name, matches: list[Match]) -> tuple[float, float, float]:
    """Of the words of `other` that no word of the mark meets: their bits, those of the one that says most,
    and the share of words that say little, beside one that is met.

    JOYROBOTAXI SERVICES has little beside the mark, JOYROBOTAXI NIMBUS another mark. Nothing is left where
    two words are written as one.
    """
    met = set()
    for match in matches:
        if match.alike > LITTLE:
            if not any(match.other is word for word in other.words):
                return 0.0, 0.0, 1.0
            met.add(match.other.text)
    bits = most = trade = 0.0
    for word in other.words:
        if word.text not in met:
            bits += word.bits
            most = max(most, word.bits)
            if word.bits <= TRADE_BITS:
                trade += word.bits
    little = trade / bits if bits else 1.0
    return min(1.0, bits / MANY_BITS), min(1.0, most / MOST_BITS), little if met else 0.0


def by_accident(one: Name, other: Name) -> bool:
    """Whether the characters of one stand in the other only across the border of two Chinese words."""
    a, b = one.han, other.han
    if not a or not b or a == b:
        return False
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    return short in long and not meant(short, long)


SHORT = 3


def short_near(a: str, b: str) -> bool:
    """Whether a mark of up to three letters is another but for one letter: BMW and BMN, VW and VYW.

    Also the same letters in another order, with one more at most: BMW and MBWL. Such marks have neither sound
    nor groups of letters that would tell.
    """
    if not 1 < len(a) <= SHORT or not 1 < len(b) <= len(a) + 1 or a == b:
        return False
    if not a.isascii():
        return sorted(look(a)) == sorted(look(b))  # 明珠 and 珠明, 未来 and 末来
    return OSA.distance(a, b, score_cutoff=1) <= 1 or not Counter(a) - Counter(b)


# Of the numbers, those of the names run together; a mark of one or two letters inside a word is weak in them.
RUN_TOGETHER = tuple(
    NAMES.index(name)
    for name in (
        "trigrams", "letters", "opening", "key_letters", "key_opening", "bones",
        "whole_start", "whole_end", "whole_inside", "whole_bits",
    )
)  # fmt: skip
WEAK_INSIDE = 0.6


def measure(one: Name, other: Name, counts: Frequencies) -> tuple[list[float], list[Match]]:
    """The numbers named in `NAMES` for the watched mark `one` and the candidate `other`, and the matches."""
    if by_accident(one, other):
        return [0.0] * len(NAMES), []
    matches = match_all(one, other, counts)
    bits = top = sense = own = theirs = told = 0.0
    by_other: dict[str, float] = {}
    for match in matches:
        bits += match.bits
        if match.bits > top:
            top = match.bits
        if match.how == SENSE:
            sense += match.bits
        if match.one.bits >= one.most and match.bits > own:
            own = match.bits
        if match.other.bits >= other.most and match.bits > theirs:
            theirs = match.bits
        if match.bits > by_other.get(match.other.text, 0.0):
            by_other[match.other.text] = match.bits
    cover_one = min(1.0, bits / one.bits) if one.bits else 0.0
    for (
        covered
    ) in by_other.values():  # one by one, as the compiled rule does: `sum` rounds otherwise from 3.12 on
        told += covered
    cover_other = min(1.0, told / other.bits) if other.bits else 0.0
    a, b = one.compact, other.compact
    shared = len(one.trigrams & other.trigrams)
    start = end = inside = whole = 0.0
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    if len(short) > 1 and short in long and short != long:
        share = len(short) / len(long)
        if long.startswith(short):
            start = share
        elif long.endswith(short):
            end = share
        else:
            inside = share
        whole = (one if short is a else other).inside / MOST_BITS
    reading = 0.0
    if not (a.isascii() and b.isascii()) and one.reading and other.reading:
        reading = _shape(_indel(one.reading_key, other.reading_key))
        if bool(one.han) != bool(other.han):
            reading = max(reading, _READ_WORTH * _written(one, other))
            freely = _indel(foreign_sound(one.reading_key), foreign_sound(other.reading_key))
            reading = max(reading, 0.9 * _shape(freely))
        elif one.han and len(one.han) > 1:
            reading = max(reading, 0.9 * _shape(_indel(mandarin(one.han), mandarin(other.han))))
        for run, against in ((one.han_key, other), (other.han_key, one)):
            if len(run) > 3 and run in against.reading_key:
                reading = max(reading, 0.9 * len(run) / max(len(run), len(against.reading_key)))
    first = 0.0
    if one.words and other.words:
        if one.words[0].text == other.words[0].text:
            first = min(1.0, one.words[0].bits / MOST_BITS)
        elif one.words[0].key == other.words[0].key:
            first = 0.9 * min(1.0, one.words[0].bits / MOST_BITS)
    total = len(one.trigrams) + len(other.trigrams) - shared
    letters, opening = _indel(a, b), _jaro(a, b)
    if one.han and other.han:
        seen, beside = look(a), look(b)
        letters = max(letters, _LOOKS_ALIKE * _indel(seen, beside))
        opening = max(opening, _LOOKS_ALIKE * _jaro(seen, beside))
    numbers = [
        cover_one,
        cover_other,
        cover_one * cover_other,
        min(1.0, bits / MANY_BITS),
        min(1.0, top / MOST_BITS),
        shared / total if total else 0.0,
        letters,
        opening,
        _indel(one.key, other.key),
        _jaro(one.key, other.key),
        _indel(one.bones, other.bones),
        1.0 if a == b else 0.0,
        1.0 if one.key == other.key else 0.0,
        min(1.0, sense / one.bits) if one.bits else 0.0,
        start,
        end,
        inside,
        whole,
        1.0 if a[:1] == b[:1] else 0.0,
        first,
        1.0 / max(1, min(len(a), len(b))),
        min(1.0, len(a) / LONGEST),
        min(1.0, one.most / MOST_BITS),
        reading,
        min(1.0, own / one.most) if one.most else 0.0,
        min(1.0, theirs / other.most) if other.most else 0.0,
        1.0 if len(a) <= SHORT and short_near(a, b) else 0.0,
        *_left(other, matches),
    ]
    if whole and len(short) <= 2 and short.isascii() and not (one.texts & other.texts):
        for at in RUN_TOGETHER:  # JD in JDEX
            numbers[at] *= WEAK_INSIDE
    return numbers, matches
