"""The marks of a watch against filings of several names: which come near, by which form of the mark. Pure.

A mark is looked for as it is written and in its other forms: the twins that its owner declared (JD and 京东),
letters for the digits that stand in their place (L8R, 4EVER), the other readings of its Chinese characters.
A filing is all its names: the mark's text, its transliteration, translation, pseudo marks. Of all pairs the
nearest is given, and its reasons say by which form it was found. Initials are no form: only whoever declares
that JD is 京东 is shown the one for the other.

Of two names in Chinese characters another reading counts only where it makes one sound of them, or the start
or end of the other's: characters say more than rare readings do. 京东汽车 and 北京东方 are near neither to
eye nor to ear, but read Jingdongyiche and Beijingdongfeng, as nobody does, they would share many letters.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import islice

from tmwatch.similarity.arrays import Columns
from tmwatch.similarity.freq import ClassCounts
from tmwatch.similarity.han import meant
from tmwatch.similarity.hits import compared
from tmwatch.similarity.name import Name
from tmwatch.similarity.score import Likeness, NoiseMemory, Scorer, scorer
from tmwatch.text.han import HAN
from tmwatch.text.lookalike import normal, readings, twin_forms, variants, written_one_way

_BATCH = 5_000  # names that are made ready together: what bounds the memory
_VARIANTS = 6
_READINGS = 4
# A form that is read out of fewer letters says too little: 3M is not EM. Only what looks alike goes below.
_LEAST_LETTERS = 4
_LOOKS_ALIKE = str.maketrans("015", "ols")
# Chinese read otherwise, like any transliteration, is near and never near identical.
_BEST_READ = 2


@dataclass(frozen=True)
class WatchedMark:
    """One mark of a watch.

    `twins` are groups of names that the user declared to be one, `(("JD", "京东"),)`; `classes` the Nice
    classes of the watch: a word that is common in one of them weighs little.
    `meanings` are groups of words that mean the same, beside those of the shipped table; `counts` say what is
    common in each class of a register of the user's own. `memory` keeps the noise of the marks between runs.
    """

    text: str
    twins: tuple[tuple[str, ...], ...] = ()
    classes: frozenset[int] = frozenset()
    meanings: Meant = ()
    counts: ClassCounts | None = None
    memory: NoiseMemory | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Near:
    """A filing near a mark; both by their place in the sequences given.

    `name` is which of the filing's names came near, `form` which form of the mark (its own text, mostly).
    The reasons of `likeness` begin with how the form came about, where it is not the text itself.
    """

    mark: int
    candidate: int
    name: str
    form: str
    likeness: Likeness


Meant = tuple[tuple[str, ...], ...]
# (mark, filing) → how near, and what is told of it
_Best = dict[tuple[int, int], tuple[tuple[int, float, int, int], Near]]


@dataclass(frozen=True)
class _Form:
    """One way to write a name: of whom it is, and what has to be said of it."""

    of: int
    written: str  # the name as it was given
    order: int = 0  # among all forms of all names of that mark or filing
    why: str = ""
    read: bool = False


def nearest(
    marks: Sequence[WatchedMark],
    candidates: Sequence[Sequence[str]],
    level: int = 3,
    using: Scorer | None = None,
    far: Sequence[Collection[str]] = (),
) -> list[Near]:
    """The filings near a mark at `level` or nearer, each once for each mark, by mark and candidate.

    `far`: of each candidate the names that are known, as they are written, to be near no form of any mark;
    what else they may be read as is looked at.

    Raises `ValueError` for a level outside 1 to 4. An empty name comes near to nothing.
    """
    if not 1 <= level <= 4:
        raise ValueError(f"level {level}: a level is 1 to 4")
    one = using or scorer()
    names: dict[str, list[_Form]] = {}
    for place, given in enumerate(candidates):
        known = far[place] if far else ()
        order = 0
        for name in given:
            written = name not in known
            if not written and name.isascii() and written_one_way(name):
                continue  # nearly all of a register's
            for text, form in _forms(place, name, order=order):
                if written or form.why:
                    names.setdefault(text, []).append(form)
                order += 1
    best: _Best = {}
    by_scorer: dict[Scorer, dict[str, list[_Form]]] = {}
    for place, mark in enumerate(marks):
        own = one.with_meanings(mark.meanings).with_class_counts(mark.counts)
        for text, form in _forms(place, mark.text, mark.twins):
            forms = by_scorer.setdefault(own.in_classes(own.telling(text, mark.classes)), {})
            forms.setdefault(text, []).append(form)
    memory = next((mark.memory for mark in marks if mark.memory is not None), None)
    ready = {chosen: Columns([chosen.name(text) for text in forms]) for chosen, forms in by_scorer.items()}
    texts = iter(names)
    while some := list(islice(texts, _BATCH)):
        made: dict[Scorer, Columns] = {}
        for chosen, forms in by_scorer.items():
            chosen.remember(memory)
            found = compared(chosen, ready[chosen], chosen.batch_of(some, made), level)
            _keep_nearest(found, forms, names, some, level, best)
    return [best[pair][1] for pair in sorted(best)]


def relations(marks: Iterable[WatchedMark]) -> list[Name] | None:
    """Names such that a filing is near none of the marks, at any level, where none of its names, in any of
    their forms, has a score beside one of these (`Index.related`); None where that cannot be said.

    They are the marks in all forms, and the words of own meanings: a name means something else by these only
    where it holds one of them.
    """
    found: dict[tuple[str, Meant], Name] = {}
    for mark in marks:
        own = scorer().with_meanings(mark.meanings)
        for text, _form in _forms(0, mark.text, mark.twins):
            found[text, mark.meanings] = own.name(text)
        for text in (word for group in mark.meanings for word in group):
            name = found[text, ()] = scorer().name(text)
            if len(name.parts) < len(name.texts):  # inside names words of two signs and more are looked for
                return None
    return list(found.values())


def _keep_nearest(
    found: Iterable[tuple[int, int, Likeness]],
    forms: dict[str, list[_Form]],
    names: dict[str, list[_Form]],
    given: Sequence[str],
    level: int,
    best: _Best,
) -> None:
    """Puts into `best` what is nearer than what it holds: of what was found the places among the forms and
    the given names."""
    written = list(forms)
    for mark, candidate, likeness in found:
        text, name = written[mark], given[candidate]
        for mine in forms[text]:
            for theirs in names[name]:
                told = _said(likeness, mine, theirs)
                if told.level > level or not _read_alike(text, mine, name, theirs):
                    continue
                near = Near(mine.of, theirs.of, theirs.written, text if mine.why else mine.written, told)
                # Of equals the first form of the mark, and the first of the filing: whatever is beside it.
                rank = (told.level, -told.score, mine.order, theirs.order)
                known = best.get((mine.of, theirs.of))
                if known is None or rank < known[0]:
                    best[mine.of, theirs.of] = rank, near


def _read_alike(text: str, mine: _Form, name: str, theirs: _Form) -> bool:
    """Whether another reading may count: beside Chinese only where it sounds the same."""
    if not mine.read and not theirs.read:
        return True
    written, given = mine.written if mine.read else text, theirs.written if theirs.read else name
    one, other = _characters(written), _characters(given)
    if not one or not other:
        # Where the likeliest reading is the very name, another says less, and what it says is not so.
        heard, latin = (_likeliest(written), given) if one else (_likeliest(given), written)
        return heard != normal(latin).replace(" ", "")
    short, long = sorted((one, other), key=len)
    if short in long and not meant(short, long):
        return False
    both = (text if mine.read else _likeliest(text), name if theirs.read else _likeliest(name))
    short, long = sorted(both, key=len)
    return long.startswith(short) or long.endswith(short)


def _characters(name: str) -> str:
    return "" if name.isascii() else "".join(HAN.findall(normal(name)))


def _likeliest(name: str) -> str:
    return next(iter(readings(name)), name).replace(" ", "")


def _said(found: Likeness, mine: _Form, theirs: _Form) -> Likeness:
    """The likeness with what was done to either name in front of the reasons."""
    why = tuple(form.why for form in (mine, theirs) if form.why)
    if not why:
        return found
    least = _BEST_READ if mine.read or theirs.read else 1
    return found._replace(level=max(found.level, least), reasons=(*why, *found.reasons))


def _forms(
    place: int, name: str, twins: Sequence[Sequence[str]] = (), order: int = 0
) -> Iterator[tuple[str, _Form]]:
    """The name itself and its other forms, each with what has to be said of it; no form twice. `order`: how
    many of the same mark or filing stand before."""
    seen = {normal(name)}
    if not any(seen):
        return
    yield name, _Form(place, name, order)
    for make in _MAKERS:
        for text, why, read in make(name, twins):
            if (plain := normal(text)) not in seen:
                seen.add(plain)
                order += 1
                yield text, _Form(place, name, order, why, read)


_Made = Iterator[tuple[str, str, bool]]


def _twins(name: str, twins: Sequence[Sequence[str]]) -> _Made:
    for text in twin_forms(name, twins):
        yield text, f"by the declared twin {text.upper()}", False


def _spelled(name: str, _twins: Sequence[Sequence[str]]) -> _Made:
    plain = normal(name)
    letters = plain.replace(" ", "")
    taken = 0
    for text in variants(name):
        short = len(text.replace(" ", "")) < _LEAST_LETTERS
        if short and letters.translate(_LOOKS_ALIKE) != text.replace(" ", ""):
            continue
        yield text, _how(plain, text), False
        taken += 1
        if taken == _VARIANTS:
            return


def _how(plain: str, text: str) -> str:
    """What was read as what: "8 read as ATE"."""
    parts = [
        f"{plain[start:end].upper()} read as {text[start2:end2].upper()}"
        for kind, start, end, start2, end2 in SequenceMatcher(None, plain, text, autojunk=False).get_opcodes()
        if kind == "replace"
    ]
    return ", ".join(parts) or f"{plain.upper()} written {text.upper()}"


def _read(name: str, _twins: Sequence[Sequence[str]]) -> _Made:
    """Chinese as it may also be read; the likeliest reading is compared with the characters themselves."""
    if name.isascii() or not HAN.search(name):
        return
    joined = list(dict.fromkeys(text.replace(" ", "") for text in readings(name) if text.isascii()))
    for text in joined[1 : 1 + _READINGS]:
        yield text, f"{name.strip()} is also read {text.capitalize()}", True


_MAKERS: tuple[Callable[[str, Sequence[Sequence[str]]], _Made], ...] = (_twins, _spelled, _read)
