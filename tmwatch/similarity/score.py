"""How near two names are: a score, a level from 1 (near identical) to 4 (distant), reasons in words. Pure.

The score joins sight, sound and sense (`features.py`) with weights learned from real pairs
(`data/name_weights.csv`, made by tests/quality/fit.py), less a part of the noise of the watched mark:
a mark that very many names come near to needs more nearness than one that stands alone.

A level says how many names a mark would raise on average among 10,000: level 1 one, level 2 five,
level 3 twenty; everything else is level 4. Level 1 also asks that the names be near identical to eye or ear,
or that the mark stand whole in the other. The words are of likeness, never of infringement.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib.resources import files
from operator import mul
from typing import NamedTuple, Protocol

import numpy as np

from tmwatch.similarity import compiled, freq, meaning, name
from tmwatch.similarity.arrays import Columns
from tmwatch.similarity.background import made_han_names, made_names
from tmwatch.similarity.batch import may_be_near
from tmwatch.similarity.engine import Engine
from tmwatch.similarity.features import NAMES, Match, expand, measure
from tmwatch.similarity.floor import Floor
from tmwatch.similarity.formula import Formula, Scores
from tmwatch.similarity.levels import nearest
from tmwatch.similarity.name import Name
from tmwatch.similarity.reasons import reasons
from tmwatch.similarity.strings import Floats, Ints, hashes
from tmwatch.similarity.weights import Weights, shipped_weights

# The score of a pair that shares nothing; below every score of a pair that was compared.
NOTHING = -30.0
# The noise of a mark is the score that this many of 10,000 names reach (fitted in tests/quality/fit.py).
NOISE_AT = 12
# Words that are remembered, since most come again.
_MOST_WORDS = 200_000
# So few pairs of marks and names are compared once more before the noise of a mark is asked for.
_FEW_PAIRS = 200_000
# Marks whose noise is found in one go: what memory it takes.
_MARKS_AT_ONCE = 2000
# The numbers that a likeness and its reasons are made from.
_TOLD = ("letters", "key_letters", "trigrams", "reading", "sense")
# No mark counts as quieter than this, or a mark of odd letters would alarm at anything.
QUIET = -9.0
# The scores from which on noise is looked for in turn: about half of the marks are above each.
_NOISE_FROM = (-5.0, -6.5, QUIET)


class Likeness(NamedTuple):  # made by the hundred thousand
    """How near two names are. `sight`, `sound` and `sense` run from 0 to 1; the reasons are for people."""

    score: float
    level: int
    sight: float
    sound: float
    sense: float
    reasons: tuple[str, ...]


class NoiseMemory(Protocol):
    """Keeps the noise of marks between runs; `made_by` tells apart what it was found with."""

    def known(self, made_by: str, /) -> Mapping[str, float]:
        """The noise of each mark, by its compact form."""
        ...

    def learn(self, made_by: str, found: Mapping[str, float], /) -> None:
        """Keep these."""
        ...


class Scorer:
    """Compares names with one set of counts, meanings and weights.

    `background`: names of the user's own store against which a mark's noise is measured; without it, names
    made up from the shipped counts. Instances hold what they prepared: use one for a run.
    """

    def __init__(
        self,
        counts: freq.Frequencies | None = None,
        meanings: meaning.Meanings | None = None,
        weights: Weights | None = None,
        background: Sequence[str] | None = None,
    ) -> None:
        self.counts = counts or freq.shipped()
        self.meanings = meanings or meaning.shipped()
        self.weights = weights or shipped_weights()
        self.formula = Formula(self.weights.by_name, self.weights.constant)
        self._background = background
        self._beside: dict[bool, Columns] = {}
        self._noise: dict[str, float] = {}
        self._memory: NoiseMemory | None = None
        self._words: dict[str, name.Word] = {}
        self.name = functools.lru_cache(200_000)(self.make)
        self._in: dict[frozenset[int], Scorer] = {}
        self._with: dict[tuple[tuple[str, ...], ...], Scorer] = {}
        self._counting: dict[freq.ClassCounts, Scorer] = {}
        # The same scorer without classes: most names are the same there.
        self._without: Scorer | None = None

    def with_meanings(self, groups: tuple[tuple[str, ...], ...]) -> Scorer:
        """The same scorer with groups of words that mean the same, beside those that it knows."""
        if not groups:
            return self
        if groups not in self._with:
            own = [(f"own {number}", words) for number, words in enumerate(groups)]
            more = self.meanings.extended(own)
            self._with[groups] = Scorer(self.counts, more, self.weights, self._background)
        return self._with[groups]

    def with_class_counts(self, counts: freq.ClassCounts | None) -> Scorer:
        """The same scorer, which knows what is common in each class of a register."""
        if counts is None:
            return self
        if counts not in self._counting:
            known = self.counts.with_classes(counts)
            self._counting[counts] = Scorer(known, self.meanings, self.weights, self._background)
            self._counting[counts]._without = self._plain()
        return self._counting[counts]

    def in_classes(self, classes: Collection[int]) -> Scorer:
        """The same scorer for marks of these Nice classes: what is common in one of them weighs little."""
        chosen = frozenset(classes)
        if chosen == self.counts.classes:
            return self
        if chosen not in self._in:
            counts = self.counts.in_classes(chosen)
            self._in[chosen] = Scorer(counts, self.meanings, self.weights, self._background)
            self._in[chosen]._without = self._plain()
        return self._in[chosen]

    def _plain(self) -> Scorer | None:
        """The scorer without classes that this one comes from; None where it was made with classes."""
        return self._without or (None if self.counts.classes else self)

    def telling(self, mark: str, classes: Collection[int]) -> frozenset[int]:
        """Those of `classes` that change what a word of the mark weighs; for the others this scorer does."""
        if not classes:
            return frozenset()
        return self.counts.telling([word.text for word in self.name(mark).words], classes)

    @functools.cache  # noqa: B019 - one for a scorer, and scorers live as long as the process
    def fingerprint(self) -> str:
        """Tells apart what makes names ready in another way: the counts and the meanings."""
        counts = self.counts
        told = hashlib.sha256(repr((counts.latin_names, counts.han_names, sorted(counts.classes))).encode())
        common = [(one, counts.by_class[one]) for one in sorted(counts.classes) if one in counts.by_class]
        told.update(repr([(one, owners, sorted(words.items())) for one, (owners, words) in common]).encode())
        for table_file in ("class_words.csv", "han_words.csv", "han_alike.csv"):
            told.update(files("tmwatch").joinpath("data", table_file).read_bytes())
        for table in (counts.words, counts.letters, counts.han, counts.hanwords, self.meanings.table()):
            told.update(repr(sorted(table.items())).encode())
        return told.hexdigest()

    def make(self, raw: str) -> Name:
        """A name made ready; `name` does the same and remembers it."""
        if len(self._words) > _MOST_WORDS:
            self._words.clear()
        return name.make(raw, self.counts, self.meanings, self._words)

    def word(self, text: str) -> name.Word:
        """A word made ready, as `make` finds it in a name."""
        if len(self._words) > _MOST_WORDS:
            self._words.clear()
        found = self._words.get(text)
        if found is None:
            found = self._words[text] = name.make_word(text, self.counts, self.meanings)
        return found

    def batch(self, candidates: Sequence[str]) -> Columns:
        """Candidates made ready, for `many`."""
        return Columns([self.make(raw) for raw in candidates])

    def batch_of(self, candidates: Sequence[str], made: dict[Scorer, Columns]) -> Columns:
        """The same candidates for several scorers: `made` keeps what others need too, and is added to.

        What classes make weigh less stands in few names: the others are made ready once for all classes.
        """
        plain = self._plain() or self
        if plain not in made:
            made[plain] = plain.batch(candidates)
        return made[plain] if plain is self else self._weigh(made[plain])

    def raw(self, one: Name, other: Name) -> float:
        """The joined score before the noise of the mark is taken off."""
        if not may_be_near(one, other):
            return NOTHING
        return self._joined(measure(one, other, self.counts)[0])

    def _joined(self, numbers: list[float]) -> float:
        total = self.weights.constant
        for part in map(mul, self.weights.by_name, expand(numbers)):  # `sum` rounds otherwise from 3.12 on
            total += part
        return total

    def noise(self, one: Name) -> float:
        """The score that `NOISE_AT` of 10,000 background names reach with this mark."""
        return float(self.noises([one])[0])

    def noises(self, marks: Sequence[Name], cores: int = 1) -> Floats:
        """The noise of each mark; those not known yet are found together."""
        missing = {one.compact: one for one in marks if one.compact not in self._noise}
        if missing and self._memory is not None:
            known = self._memory.known(self._made_by())
            self._noise.update((text, known[text]) for text in missing if text in known)
            missing = {text: one for text, one in missing.items() if text not in known}
        for han in (False, True):
            some = [one for one in missing.values() if (bool(one.han) and self._background is None) == han]
            for start in range(0, len(some), _MARKS_AT_ONCE):
                self._find_noise(some[start : start + _MARKS_AT_ONCE], self._beside_of(han), cores)
        if missing and self._memory is not None:
            self._memory.learn(self._made_by(), {text: self._noise[text] for text in missing})
        return np.array([self._noise[one.compact] for one in marks], np.float64)

    def remember(self, memory: NoiseMemory | None) -> None:
        """Where the noise of marks is kept between runs; without one it is found anew by each process."""
        self._memory = memory

    @functools.cache  # noqa: B019 - one for a scorer, and scorers live as long as the process
    def _made_by(self) -> str:
        """What the noise depends on beside the mark: tables, weights, background, and the program itself."""
        told = hashlib.sha256(
            repr((self.fingerprint(), self.weights, self._background and tuple(self._background))).encode(
                "utf-8", "surrogatepass"
            )
        )
        told.update(_program())
        return told.hexdigest()

    def _find_noise(self, marks: Sequence[Name], beside: Columns, cores: int) -> None:
        """Most marks are loud, which few names are enough to show: the quieter ones are asked again."""
        left = list(marks)
        place = NOISE_AT * len(beside) // 10_000
        theirs = hashes([beside.compact[at] for at in range(len(beside))])
        for least in _NOISE_FROM:
            found = self.near(left, beside, np.full(len(left), least), cores)
            own = hashes([one.compact for one in left])
            other = (own[found.mark] != theirs[found.name]) & (found.raw >= least)
            mark, raw = found.mark[other], found.raw[other]
            order = np.lexsort((-raw, mark))
            raw = raw[order]
            start = np.searchsorted(mark[order], np.arange(len(left) + 1))
            quiet = []
            for at, one in enumerate(left):
                if start[at] + place < start[at + 1]:
                    self._noise[one.compact] = float(raw[start[at] + place])
                else:
                    quiet.append(one)
            left = quiet
        self._noise.update((one.compact, QUIET) for one in left)

    def _beside_of(self, han: bool) -> Columns:
        """The background of a mark: the user's own names, else made-up ones of its script."""
        if han not in self._beside and self._without is not None:
            self._beside[han] = self._weigh(self._without._beside_of(han))
        if han not in self._beside:
            names = self._background
            if names is None:
                names = made_han_names(self.counts) if han else made_names(self.counts)
            self._beside[han] = self.batch(names)
        return self._beside[han]

    def _weigh(self, plain: Columns) -> Columns:
        """Names as they weigh in the classes of this scorer, made ready without any."""
        return plain.weighed([self._weighed(plain.name(at)) for at in range(len(plain))])

    def _weighed(self, plain: Name) -> Name:
        """A name as it weighs in the classes of this scorer, made ready without any."""
        texts = [part for word in plain.words for part in (word.text, *(part for part, *_ in word.split))]
        return self.make(plain.raw) if self.counts.may_tell([plain.compact, *texts]) else plain

    def near(
        self,
        marks: Sequence[Name] | Columns,
        names: Columns,
        least: Floats,
        cores: int = 1,
        level: int = 4,
    ) -> Scores:
        """The pairs whose score before the noise is at least `least` of their mark, and equal names; of those
        the ones that may be of `level` or nearer by what they share."""
        columns = marks if isinstance(marks, Columns) else Columns(marks)
        engine = Engine(self.counts, self.formula, columns, names, cores)
        return Scores.together(list(engine.scores(least, level)))

    def found(
        self,
        marks: Sequence[Name],
        names: Columns,
        level: int,
        cores: int = 1,
        columns: Columns | None = None,
    ) -> tuple[Ints, Ints, Ints, Floats]:
        """(mark, name, level, score) of the pairs of `level` or nearer, by mark and name.

        `columns`: the marks in columns, where somebody has them.
        """
        every = marks
        marks, places = self._worth_a_look(marks, names, level, cores)
        less, least = self._asked_of(marks, level, cores)
        near = self.near(columns if columns and marks is every else marks, names, least, cores, level)
        mark, name, levels, score = self._of_level(near, less, level)
        return places[mark], name, levels, score

    def found_above(self, mark: Columns, names: Columns, floor: Floor) -> tuple[Ints, Ints, Ints, Floats]:
        """The same of one mark, whose pairs have to reach a floor; and some below it."""
        less, least = self._asked_of([mark.name(0)], floor.level, 1)
        least = np.maximum(least, floor.score(self.weights.levels) + less - 1e-9)
        return self._of_level(self.near(mark, names, least, 1, floor.level), less, floor.level)

    def _asked_of(self, marks: Sequence[Name], level: int, cores: int) -> tuple[Floats, Floats]:
        """(what the noise of each mark takes off, what a pair of `level` has to have before that)."""
        less = self.weights.noise * self.noises(marks, cores)
        # A little generous: the score itself decides.
        return less, (self.weights.levels[level - 1] if level < 4 else -np.inf) + less - 1e-9

    def _of_level(self, near: Scores, less: Floats, level: int) -> tuple[Ints, Ints, Ints, Floats]:
        score = near.raw - less[near.mark]
        levels = np.full(len(score), 4)
        for at in (3, 2, 1):
            levels[score >= self.weights.levels[at - 1]] = at
        levels = np.where(near.same, 1, np.maximum(levels, near.nearest))
        kept = levels <= level
        return near.mark[kept], near.name[kept], levels[kept], score[kept]

    def _worth_a_look(
        self, marks: Sequence[Name], names: Columns, level: int, cores: int
    ) -> tuple[Sequence[Name], Ints]:
        """Of few pairs those marks, and their places, that would have a hit if they were the quietest there
        are: to make the background ready, by which the noise is known, costs seconds once in a process."""
        every = np.arange(len(marks))
        known = all(one.compact in self._noise for one in marks)
        if known or level > 3 or len(marks) * len(names) > _FEW_PAIRS:
            return marks, every
        least = self.weights.levels[level - 1] + self.weights.noise * QUIET - 1e-9
        near = self.near(marks, names, np.full(len(marks), least), cores, level)
        places = np.unique(near.mark)
        return [marks[place] for place in places], places

    def score(self, watched: str, candidate: str) -> float:
        """How near `candidate` is to the watched mark, comparable over marks, or `NOTHING`."""
        one = self.name(watched)
        found = self.raw(one, self.name(candidate))
        return found if found == NOTHING else found - self.weights.noise * self.noise(one)

    def many(self, watched: str, batch: Columns) -> dict[int, float]:
        """The scores by place in the batch, of the names that share anything; the same as `score` gives."""
        one = self.name(watched)
        found = self.near([one], batch, np.array([-np.inf]))
        less = self.weights.noise * self.noise(one) if len(found.name) else 0.0
        return dict(zip(found.name.tolist(), (found.raw - less).tolist(), strict=True))

    def level(self, score: float) -> int:
        first, second, third = self.weights.levels
        return 1 if score >= first else 2 if score >= second else 3 if score >= third else 4

    def compare(self, watched: str, candidate: str) -> Likeness:
        """The score with its level and reasons."""
        return self.likeness(self.name(watched), self.name(candidate), self.score(watched, candidate))

    def likeness(self, one: Name, other: Name, score: float) -> Likeness:
        """What the score of two names amounts to."""
        numbers, matches = measure(one, other, self.counts)
        value = dict(zip(NAMES, numbers, strict=True))
        same = bool(one.compact) and one.compact == other.compact
        level = 1 if same else max(self.level(score), nearest(one, other, value, matches))
        return self._likeness(one, other, level, score, value, matches)

    def likenesses(
        self, marks: Columns, names: Columns, mark: Ints, name: Ints, level: Ints, score: Floats
    ) -> Iterator[Likeness]:
        """The same of what was `found`, by the places in columns, in their order."""
        plain = marks.plain[mark] & names.plain[name] & compiled.READY
        plain &= ~(marks.phrased[mark] | names.phrased[name])
        known: Iterator[tuple[dict[str, float], list[compiled.Told]]] = iter(())
        if plain.any():
            rule = self.formula.compiled(self.counts)
            known = compiled.measured(rule, marks, names, mark[plain], name[plain], _TOLD)
        columns = (mark, name, level, score, plain)
        for at, beside, nearer, found, quick in zip(*(column.tolist() for column in columns), strict=True):
            one, other = marks.name(at), names.name(beside)
            if quick:
                value, told = next(known)
                matches = [compiled.match(one, other, match) for match in told]
            else:
                numbers, matches = measure(one, other, self.counts)
                value = dict(zip(NAMES, numbers, strict=True))
            yield self._likeness(one, other, nearer, found, value, matches)

    def _likeness(
        self,
        one: Name,
        other: Name,
        level: int,
        score: float,
        value: Mapping[str, float],
        matches: list[Match],
    ) -> Likeness:
        same = bool(one.compact) and one.compact == other.compact
        why = reasons(one, other, matches, value, self.counts.weak_in) if score != NOTHING else ()
        sight, sound = value["letters"], value["key_letters"]
        if value["trigrams"] > sight:
            sight = value["trigrams"]
        if value["reading"] > sound:
            sound = value["reading"]
        sense = 1.0 if same else value["sense"]
        return Likeness(round(score, 3), level, round(sight, 3), round(sound, 3), round(sense, 3), tuple(why))


@functools.cache
def _program() -> bytes:
    """A hash of the modules and tables that make a score."""
    told = hashlib.sha256()
    for package, end in (("similarity", ".py"), ("text", ".py"), ("data", ".csv")):
        for file in sorted(files("tmwatch").joinpath(package).iterdir(), key=lambda one: one.name):
            if file.name.endswith(end):
                told.update(file.read_bytes())
    return told.digest()


@functools.cache
def scorer() -> Scorer:
    """The scorer with everything that comes with tmwatch."""
    return Scorer()


@functools.lru_cache(2)
def _batch_of(candidates: tuple[str, ...]) -> Columns:
    return scorer().batch(candidates)


def score(watched: str, candidate: str) -> float:
    """How near two names are, by the shipped scorer."""
    return scorer().score(watched, candidate)


def score_many(watched: str, candidates: Sequence[str]) -> list[float]:
    """The scores of many candidates, in their order; the same as `score` gives one by one."""
    found = scorer().many(watched, _batch_of(tuple(candidates)))
    return [found.get(at, NOTHING) for at in range(len(candidates))]
