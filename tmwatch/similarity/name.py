"""A name made ready for comparing: converted once, compared thousands of times. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from tmwatch.similarity.freq import MOST_BITS, PART_WORTH, Frequencies, class_words
from tmwatch.similarity.han import known_words, segment
from tmwatch.similarity.keys import (
    in_latin,
    is_han,
    pieces,
    pinyin,
    skeleton,
    sound,
)
from tmwatch.similarity.meaning import Meanings
from tmwatch.similarity.transliteration import echoes_of_han, echoes_of_key


@dataclass(slots=True, frozen=True)
class Word:
    """One word of a name: how it is written, sounds and weighs, and what it may mean."""

    text: str
    key: str
    bits: float
    senses: frozenset[str]
    # (part, senses of the part, the rest) where a known word stands at the start or end: HYDRO|PIK.
    split: tuple[tuple[str, frozenset[str], str], ...]
    han: bool
    # Its bits inside another word; of each known part, what it is worth in common.
    inside: float = 0.0
    split_bits: tuple[float, ...] = ()
    # What transliterations of it are found by; a word that names goods or a place is translated.
    echoes: frozenset[str] = frozenset()


@dataclass(slots=True, frozen=True, eq=False)
class Name:
    """A name ready for comparing."""

    raw: str
    words: tuple[Word, ...]
    texts: frozenset[str]
    keys: frozenset[str]
    senses: frozenset[str]
    compact: str
    key: str
    bones: str
    trigrams: frozenset[str]
    bits: float
    most: float
    # The bits of its letters inside a longer name.
    inside: float
    # Chinese as one text (spaces and other scripts gone), and how the whole is read in Latin letters.
    han: str
    reading: str
    reading_key: str
    han_key: str
    # What transliterations of its words and of the whole are found by: of its Chinese, of the rest.
    han_echoes: frozenset[str]
    echoes: frozenset[str]
    # Neighbours written as one word, by their sound: VAPOUR RUB beside VAPORUB.
    joined: dict[str, Word]
    # The words of two to 24 signs that are looked for inside other names.
    parts: tuple[str, ...]
    # What is known of several words together, with these words: LAND ROVER is 路虎.
    phrases: tuple[tuple[Word, tuple[Word, ...]], ...]


def make(raw: str, counts: Frequencies, meanings: Meanings, known: dict[str, Word] | None = None) -> Name:
    """A `Name` from a raw name; never raises, an empty name gives one without words.

    `known`: words made before with the same counts and meanings, which is added to.
    """
    known = {} if known is None else known
    found = tuple(word for piece in pieces(raw) for word in (segment(piece) if is_han(piece) else (piece,)))
    for text in found:
        if text not in known:
            known[text] = make_word(text, counts, meanings)
    words = tuple(known[text] for text in found)
    compact = "".join(found)
    key = sound(compact)
    padded = f"  {compact} "
    phrases = _phrases(words, meanings)
    han = "".join(text for text in found if is_han(text))
    reading = _reading(found) if not compact.isascii() else compact
    reading_key = key if reading == compact else sound(reading)
    return Name(
        raw=raw,
        words=words,
        texts=frozenset(word.text for word in words),
        keys=frozenset(word.key for word in words),
        senses=frozenset().union(
            *(word.senses for word in words),
            *(phrase.senses for phrase, _words in phrases),
            *(senses for word in words for _part, senses, _rest in word.split),
        ),
        compact=compact,
        key=key,
        bones=skeleton(key),
        trigrams=frozenset(padded[at : at + 3] for at in range(len(padded) - 2)),
        bits=sum(word.bits for word in words),
        most=max((word.bits for word in words), default=0.0),
        inside=_inside(words, compact, counts),
        han=han,
        reading=reading,
        reading_key=reading_key,
        han_key=sound("".join(pinyin(han))) if han else "",
        han_echoes=_echoes(words, True, echoes_of_han(han)) if han else frozenset(),
        echoes=_echoes(words, False, _echoes_together(words, reading_key)),
        joined=_joined(words, counts),
        parts=tuple({text for text in found if 2 <= len(text) <= 24}),
        phrases=phrases,
    )


def _inside(words: tuple[Word, ...], compact: str, counts: Frequencies) -> float:
    if len(words) == 1 and not words[0].han:
        return words[0].inside
    return counts.inside_bits_of(compact) if words else 0.0


# A slogan has many neighbours, and none of them is written as one word.
_MOST_JOINED = 6


def _joined(words: tuple[Word, ...], counts: Frequencies) -> dict[str, Word]:
    if not 2 <= len(words) <= _MOST_JOINED:
        return {}
    found = {}
    for one, other in pairwise(words):
        if one.han or other.han or len(one.text) + len(other.text) < 5:
            continue
        text = one.text + other.text
        key = sound(text)
        found[key] = Word(text, key, max(one.bits, other.bits), frozenset(), (), han=False)
    return found


def _phrases(words: tuple[Word, ...], meanings: Meanings) -> tuple[tuple[Word, tuple[Word, ...]], ...]:
    found = []
    for start, end, senses in meanings.phrases(tuple(word.text for word in words)):
        held = words[start:end]
        text = " ".join(word.text for word in held)
        bits = min(MOST_BITS, sum(word.bits for word in held))
        found.append((Word(text, "".join(word.key for word in held), bits, senses, (), han=False), held))
    return tuple(found)


def make_word(text: str, counts: Frequencies, meanings: Meanings) -> Word:
    """A `Word` from one word of a name, as `make` finds them."""
    han = is_han(text)
    key = "".join(pinyin(text)) if han else sound(in_latin(text))
    split = meanings.split(text, counts.words)
    split_bits = tuple(PART_WORTH * counts.bits(part) for part, _senses, _rest in split)
    return Word(
        text,
        key,
        counts.bits(text),
        meanings.senses(text),
        split,
        han,
        0.0 if han else counts.inside_bits(text),
        split_bits,
        _echoes_of_word(text, key, han),
    )


# So many words are written together in Chinese: 路易威登 Louis Vuitton.
_MOST_TOGETHER = 3
_LEAST_ECHO = 3


def _echoes(words: tuple[Word, ...], han: bool, together: frozenset[str]) -> frozenset[str]:
    """Of the words in Chinese, or of the others, and of the whole."""
    if len(words) == 1:
        return words[0].echoes if words[0].han == han else frozenset()
    return together.union(*[word.echoes for word in words if word.han == han])


def _echoes_together(words: tuple[Word, ...], reading_key: str) -> frozenset[str]:
    if not 2 <= len(words) <= _MOST_TOGETHER or any(word.han for word in words):
        return frozenset()
    return echoes_of_key(reading_key)


def _echoes_of_word(text: str, key: str, han: bool) -> frozenset[str]:
    if text in class_words() or len(text) < (_LEAST_ECHO - han):
        return frozenset()
    if not han:
        return echoes_of_key(key)
    return frozenset() if text in known_words() and text not in known_words("name") else echoes_of_han(text)


def _reading(found: tuple[str, ...]) -> str:
    parts = []
    for text in found:
        if is_han(text):
            parts.append("".join(pinyin(text)))
        else:
            parts.append(in_latin(text))
    return "".join(parts)
