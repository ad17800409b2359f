"""Normal forms for finding names that come near: what a name looks like, and how it may be read. Pure.

    normal("JD-ÀUTO")      "jd auto"             one form of Unicode, width and case, look-alike letters, no
                                                 accents, no punctuation, simplified characters
    compact("J.D. AUTO")   "jdauto"              the same without spaces
    readings("京东")        ("jing dong", "jingdong", …)   in Latin letters, all readings of each character
    variants("L8R")        ("lbr", "later", …)   letters for digits, and other spellings of the same letters
    twin_forms("JD", [["JD", "京东"]])  ("京东",)  only where the user declared them
    shape("JD0 AUT1")      "jdoautl"             what cannot be told apart at a glance as one
    steps("京东")           each step in words, and what it made

`normal` of a normal form is itself. All are bounded: at most `MOST` forms, and none of a name longer than
`LONGEST` characters, which is no name. The tables of Chinese are loaded with the first Chinese name.

What is done to a name for *the same name* stands in `folding.py`; here goes what may also join two names that
differ, so that whoever compares can weigh how a form came about.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from tmwatch.text import alphabets, confusables, folding, han, hangul, kana, substitutes
from tmwatch.text import twins as declared
from tmwatch.text.han import nearest_first
from tmwatch.text.parties import fold_party

MOST = 32  # readings or variants of one name
LONGEST = 1000  # characters of a name that is read; registers hold whole slogans, but nothing longer
_SHAPES = str.maketrans("0i1528", "ollszb")
# Where there is none of these, no letter stands in for another and nothing is spelled in two ways.
_CAN_VARY = re.compile("[0-9@!|$€£¥äöüåøÄÖÜÅØ\u0308\u030a\u0660-\u0669\u3007\u4e00-\u9fff\uff00-\uff5e]")
_NAMED = 8  # characters named in a note
_REPEATS = 4  # a form that is not at rest after so many rounds is taken as it stands


class Step(NamedTuple):
    """One step of how a name becomes its forms, for showing."""

    name: str  # in words
    made: tuple[str, ...]  # what came out; one form, or several readings or variants
    note: str = ""  # what the eye does not see: which letters they were


def normal(name: str) -> str:
    """The name as it looks, for comparing: folded, what looks Latin as Latin, characters simplified."""
    if name.isascii():
        return folding.fold(name)
    return _normal(name) if len(name) <= LONGEST else _settled(name)


def compact(name: str) -> str:
    """The normal form without spaces: JD-AUTO, J.D. AUTO and JDAUTO are one."""
    return normal(name).replace(" ", "")


def normal_owner(name: str) -> str:
    """The normal form of a company's name without its company form, also one in letters that look Latin."""
    return normal(fold_party(normal(fold_party(name))))


def shape(name: str) -> str:
    """The compact form with letters and digits that pass for each other at a glance as one.

    O and 0, I, L and 1, S and 5, Z and 2, B and 8, RN and M, VV and W. It joins names that differ (JDI, JDL):
    a reason to look, no proof.
    """
    return compact(name).translate(_SHAPES).replace("rn", "m").replace("vv", "w")


@functools.lru_cache(maxsize=8192)
def _normal(name: str) -> str:
    return _settled(name)


def _settled(name: str) -> str:
    """One round after the other until nothing changes: a letter taken for Latin may lose an accent."""
    if han.COMMON.fullmatch(name):
        return han.simplified(name)
    for _ in range(_REPEATS):
        made = _rounds(name)[-1][1]
        if made == name:
            break
        name = made
    return name


def _rounds(name: str) -> list[tuple[str, str]]:
    """The steps of one round, each with what it made of the one before."""
    signless = folding.without_signs(name)
    one_form = unicodedata.normalize("NFKC", signless)
    latin = confusables.as_latin(one_form)
    cased = folding.one_case(latin)
    bare = confusables.plain_latin(folding.without_accents(cased))
    words = folding.words_of(bare) or folding.fold_space(bare)
    return [
        ("no ™, nothing hidden", signless),
        ("one width, one form", one_form),
        ("letters that look Latin", latin),
        ("lower case", cased),
        ("no accents", bare),
        ("no punctuation", words),
        ("simplified characters", han.simplified(words)),
    ]


def readings(name: str) -> tuple[str, ...]:
    """The name in Latin letters as it may be read, the likeliest first; () where it is in them already.

    Chinese in pinyin without tones, with all readings of each character, by syllable ("jing dong") and joined
    ("jingdong"), numerals also as digits (叁佰陆拾 is 360); kana after Hepburn, hangul after the Revised
    Romanisation, Cyrillic and Greek letter by letter. Beside kana, Chinese characters are Japanese and are
    not guessed: such a name has no reading.
    """
    return () if name.isascii() or len(name) > LONGEST else _readings(name)


@functools.lru_cache(maxsize=8192)
def _readings(name: str) -> tuple[str, ...]:
    # The characters as they were written, one for one beside the simplified ones, where that can be told.
    words = name if han.COMMON.fullmatch(name) else _rounds(name)[-2][1]
    written = words if han.simplified(words) == normal(name) else normal(name)
    as_digits = han.with_digits(han.simplified(written), least=2)
    made = [form for text in dict.fromkeys((written, as_digits)) for form in _read(text)]
    if as_digits.isascii() and as_digits != han.simplified(written):
        made.append(as_digits)  # nothing is left to be read
    if alphabets.LETTERS.search(name):
        # From the letters themselves: СОСА looks like Coca and is read Sosa.
        letters = confusables.plain_latin(folding.fold(name))
        for text in alphabets.transliterated(letters):
            made += _read(text) if _is_foreign(text) else [text]
    return tuple(form for form in dict.fromkeys(made) if form != normal(name))[:MOST]


def _is_foreign(text: str) -> bool:
    return any(script.pattern.search(text) for script in _SCRIPTS)


def _read(text: str) -> list[str]:
    """A folded text as it is read; [] where nothing in it needs reading."""
    scripts = [script for script in _SCRIPTS if script.pattern.search(text)]
    if not scripts or {"han", "kana"} <= {script.name for script in scripts}:
        return []
    runs = [_sounds(run.group()) for run in _RUN.finditer(text)]
    made: list[str] = []
    for chosen in itertools.islice(nearest_first(runs), MOST // 4):
        made += (" ".join(" ".join(one) for one in chosen), " ".join("".join(one) for one in chosen))
    return made


class _Script(NamedTuple):
    name: str
    pattern: re.Pattern[str]
    read: Callable[[str], Iterable[tuple[str, ...]]]  # the readings of a run, each as its syllables


_SCRIPTS = (
    _Script("han", han.HAN, lambda run: han.syllables(han.simplified(run), run, MOST // 4)),
    _Script("kana", kana.KANA, lambda run: [(form,) for form in kana.hepburn(run)]),
    _Script("hangul", hangul.HANGUL, lambda run: [(form,) for form in hangul.revised(run)]),
)
_OTHER = "[^ {}]+".format("".join(one.pattern.pattern[1:-2] for one in _SCRIPTS))
_RUN = re.compile("|".join((*(one.pattern.pattern for one in _SCRIPTS), _OTHER)))


def _sounds(run: str) -> list[tuple[str, ...]]:
    for script in _SCRIPTS:
        if script.pattern.match(run):
            return list(script.read(run))
    return [(run,)]


def variants(name: str) -> tuple[str, ...]:
    """The name otherwise spelled with the same meaning or look, the likeliest first, without the normal form.

    Letters for digits and signs that stand in their place (L8R, 4EVER, P!NK; 0 for O, 1 for I or L, 5 for S),
    ae, oe, ue for umlauts, digits for Chinese numerals. At most `MOST`; () for nearly all names.
    """
    return () if len(name) > LONGEST or written_one_way(name) else _variants(name)


def written_one_way(name: str) -> bool:
    """Whether it is seen at once that the name has no variants."""
    return _CAN_VARY.search(name) is None


@functools.lru_cache(maxsize=8192)
def _variants(name: str) -> tuple[str, ...]:
    plain = normal(name)
    wide = folding.one_case(folding.without_signs(name))
    others = (
        normal(substitutes.with_signs_read(wide)),
        normal(substitutes.spelled_out(wide)),
        han.with_digits(plain),
    )
    made: list[str] = []
    for form in dict.fromkeys((plain, *others)):
        made += [form, *substitutes.replaced(form, MOST // 2)]
    return tuple(one for one in dict.fromkeys(made) if one != plain)[:MOST]


def twin_forms(name: str, twins: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """The normal forms of the name with declared twins exchanged; () where none is declared that is in it.

    `twins` are groups of names that count as one: `[["JD", "京东"]]`. Nothing else makes initials of a name.
    """
    return declared.exchanged(name, twins, normal) if len(name) <= LONGEST else ()


def steps(name: str, twins: Iterable[Sequence[str]] = (), *, owner: bool = False) -> tuple[Step, ...]:
    """How the name becomes its forms, step by step, for showing: those that changed or found something.

    With `owner` it is the name of a company, and the forms are those of what is left without its company
    form.
    """
    made: list[Step] = []
    text = name
    for _ in range(_REPEATS):
        before = text
        for words, after in _rounds(text):
            if after != text:
                made.append(Step(words, (after,), _unseen(text, after)))
            text = after
        if text == before:
            break
    if owner and (bare := normal_owner(name)) != text:
        made.append(Step("without company form", (bare,)))
        name = text = bare
    more = (
        ("without spaces", (compact(name),) if " " in text else ()),
        ("read in Latin letters", readings(name)),
        ("other spellings", variants(name)),
        ("declared twins", twin_forms(name, twins)),
    )
    made += (Step(words, forms) for words, forms in more if forms)
    return tuple(made)


def _unseen(before: str, after: str) -> str:
    """Which characters went or were taken for Latin ones, where that cannot be seen; "" where it can."""
    gone = dict.fromkeys(char for char in before if char not in after and char.casefold() not in after)
    named = [
        f"{unicodedata.name(char, f'U+{ord(char):04X}').capitalize()} (U+{ord(char):04X})"
        for char in gone
        if confusables.looks_latin(char) or unicodedata.category(char) in ("Cf", "Cc")
    ]
    return "; ".join(named[:_NAMED])
