"""What the documents promise of filings and watches, told once more and without the program.

A `Book` is given what each day's files hold and says what every watch has to tell of it. It knows which watch
a filing is under, because whoever made the filing up said so; how near names come is not its business.

| the sentence | where it stands |
|---|---|
| what a hit is told of, unmarked, relevant and noise | README, "Names that come near" |
| how much a change matters | the table of `rank` below; the fields are those of `changes --json` |
| a first look is silent | README, "Commands", `import`; config/README, `first_look` |
| an older page fills the past and alerts nobody | README, "Commands", `import` |
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tests.oracle.filings import Filing

LOW, MEDIUM, HIGH, CRITICAL = 1, 2, 3, 4
# Phase and whether it lives, of the codes that are used here.
PHASES = {
    "630": ("filed", True),
    "638": ("examination", True),
    "641": ("action_pending", True),
    "602": ("abandoned", False),
    "616": ("examination", True),
    "686": ("published", True),
    "700": ("registered", True),
}
EVENT_RANKS = {
    "NWAP": MEDIUM,
    "DOCK": LOW,
    "GNRT": HIGH,
    "ABN2": CRITICAL,
    "PETG": CRITICAL,
    "PUBO": CRITICAL,
}
EVENT_RANKS["R.PR"] = HIGH


def rank(before: Filing, after: Filing) -> dict[str, int]:
    """The fields that differ, each with how much that matters."""
    found: dict[str, int] = {}

    def moved(name: str, old: object, new: object, weight: int) -> None:
        if old != new:
            found[name] = max(weight, found.get(name, 0))

    moved("verbal_element", before.mark, after.mark, HIGH)
    moved("owners", before.owner, after.owner, CRITICAL)
    anew = bool(before.registration) != bool(after.registration)  # the owner at registration is another entry
    moved("owner_history", (before.owner, False), (after.owner, anew), MEDIUM if anew else HIGH)
    if before.owner == after.owner:
        moved("owners.address", before.address, after.address, MEDIUM)
    for nice in before.goods.keys() | after.goods.keys():
        if nice not in before.goods or nice not in after.goods:
            found["classes"] = HIGH
        else:
            moved("classes.text", before.goods[nice], after.goods[nice], HIGH)
    old, new = PHASES[before.status], PHASES[after.status]
    if old[1] != new[1] or (old != new and new[0] == "published"):
        found["status"] = CRITICAL
    else:
        moved("status", before.status, after.status, HIGH if old != new else MEDIUM)
    if before.status == after.status:  # "status" is all that the status is told in
        moved("status_date", before.status_day, after.status_day, LOW)
    for code, _ in after.events[len(before.events) :]:
        moved("events", False, True, EVENT_RANKS[code])
    moved("representatives", before.attorney, after.attorney, MEDIUM)
    moved("correspondence", (before.attorney, before.firm), (after.attorney, after.firm), MEDIUM)
    moved("docket_number", before.docket, after.docket, LOW)
    moved("registration_number", before.registration, after.registration, HIGH)
    moved("registration_date", before.registered, after.registered, HIGH)
    moved("publications", before.published, after.published, CRITICAL)
    moved("pseudo_mark", before.pseudo, after.pseudo, LOW)
    moved("translation", before.translation, after.translation, MEDIUM)
    return found


# What the store of a register keeps of a filing that no watch has had, and by which its first change is told.
KEPT = frozenset(
    {"verbal_element", "owners", "classes", "status", "registration_number", "pseudo_mark", "translation"}
)


def as_kept(moved: Mapping[str, int]) -> dict[str, int]:
    """Of these changes those that the store of a register tells; it has a firm among the representatives."""
    kept = {name: weight for name, weight in moved.items() if name in KEPT}
    return kept | ({"representatives": MEDIUM} if "correspondence" in moved else {})


def of_grounds(name: str) -> bool:
    """Whether it is of owner, classes or goods, for which noise is told once more."""
    return name.split(".")[0] in ("owners", "classes")


@dataclass(frozen=True)
class Rule:
    """What of a watch decides what is told of its hits."""

    name: str
    least: int = MEDIUM
    by_number: bool = False
    loud: bool = False  # first_look = "alert"


@dataclass(frozen=True)
class Under:
    """A filing under a watch: by what names it itself (`sure`), or by likeness or filters alone."""

    watch: str
    sure: bool = True

    def called(self, name: str) -> Under:
        """The same, of a watch that is called so now."""
        return replace(self, watch=name)


@dataclass(frozen=True)
class Said:
    """What one watch tells of one filing: that it is new to it (and how), or the fields that changed."""

    watch: str
    st13: str
    kind: str  # "newly filed", "newly listed", "new to your watch", "changed"
    fields: frozenset[str] = frozenset()

    def __str__(self) -> str:
        more = f" in {', '.join(sorted(self.fields))}" if self.fields else ""
        return f"{self.watch}: {self.st13[-8:]} {self.kind}{more}"


@dataclass
class Hit:
    """How a filing stands under a watch."""

    sure: bool
    triage: str = ""


@dataclass
class Book:
    """All that has been imported, and what the watches know of it."""

    rules: dict[str, Rule]
    register: bool = False  # with a store of the register: then the database has what a watch has had
    whole: set[str] = field(default_factory=set)  # what the database has
    stands: dict[str, tuple[dt.date, Filing, tuple[Under, ...]]] = field(default_factory=dict)
    hits: dict[tuple[str, str], Hit] = field(default_factory=dict)
    looked: set[str] = field(default_factory=set)  # watches whose first look is over
    quiet: dict[str, int] = field(default_factory=dict)  # of the last file: what first looks kept quiet about

    def file(self, day: dt.date, cases: Iterable[tuple[Filing, tuple[Under, ...]]]) -> list[Said]:
        """One daily file has been imported."""
        self.quiet = {}
        told = [said for one, under in cases for said in self._case(day, one, under)]
        self.looked |= self.rules.keys()
        return told

    def mark(self, watch: str, st13: str, triage: str) -> None:
        """`hits mark`."""
        self.hits[watch, st13].triage = "" if triage == "open" else triage

    def rename(self, old: str, new: str) -> None:
        """`watch rename`: all goes on under the new name."""
        self.rules[new] = replace(self.rules.pop(old), name=new)
        self.looked = {new if one == old else one for one in self.looked}
        self.hits = {(new if watch == old else watch, st13): hit for (watch, st13), hit in self.hits.items()}
        for st13, (day, one, under) in self.stands.items():
            again = tuple(each.called(new) if each.watch == old else each for each in under)
            self.stands[st13] = (day, one, again)

    def _case(self, day: dt.date, one: Filing, under: tuple[Under, ...]) -> Iterator[Said]:
        known = self.stands.get(one.st13)
        if known is not None and day < known[0]:
            return
        was_under = {each.watch for each in known[2]} if known else set()
        self.stands[one.st13] = (day, one, under)
        now = {each.watch: each for each in under}
        moved = rank(known[1], one) if known else {}
        anew = known is None or bool(moved)
        if self.register and one.st13 not in self.whole:
            moved = as_kept(moved)
        if self.rules.keys() & (now.keys() | (was_under if moved else set())):
            self.whole.add(one.st13)
        others = any((name, one.st13) in self.hits for name in self.rules)
        for name, rule in self.rules.items():
            hit = self.hits.get((name, one.st13))
            if hit is not None:
                told = self._of_change(rule, hit, one, moved, name in now and now[name].sure)
                if told:
                    yield Said(name, one.st13, "changed", frozenset(told))
            elif (
                moved
                and (name in was_under or (others and name in now))
                and not (rule.loud and name in now and name in was_under)
            ):
                # It stood there before the watch did, or somebody watches it already: the change is the news,
                # also the one that brings it here, or takes it away.
                sure = name not in now or now[name].sure
                hit = self.hits[name, one.st13] = Hit(sure)
                told = self._of_change(rule, hit, one, moved, sure)
                if told:
                    yield Said(name, one.st13, "changed", frozenset(told))
                elif name not in was_under:
                    yield Said(name, one.st13, "new to your watch")
            elif name in now and (anew or others):
                yield from self._of_new(rule, now[name], day, one, known is not None, name in was_under)

    def _of_new(
        self,
        rule: Rule,
        under: Under,
        day: dt.date,
        one: Filing,
        known: bool,
        was: bool,
    ) -> Iterator[Said]:
        self.hits[rule.name, one.st13] = Hit(under.sure)
        if rule.by_number:  # numbers are their own baseline
            return
        if (was or rule.name not in self.looked) and not rule.loud:  # what is there already
            if not was:
                self.quiet[rule.name] = self.quiet.get(rule.name, 0) + 1
            return
        if known:
            yield Said(rule.name, one.st13, "new to your watch")
        else:
            yield Said(
                rule.name, one.st13, "newly filed" if (day - one.filed).days <= 120 else "newly listed"
            )

    def _of_change(self, rule: Rule, hit: Hit, one: Filing, moved: Mapping[str, int], sure: bool) -> set[str]:
        if hit.triage == "noise":
            if not moved.keys() & {"owners", "classes", "classes.text"}:
                return set()
            return {name for name in moved if of_grounds(name)}
        least = rule.least if hit.triage == "relevant" or hit.sure or sure else max(rule.least, HIGH)
        told = {name for name, weight in moved.items() if weight >= least}
        if hit.triage == "relevant" and moved.get("publications"):
            told |= {"status", "publications"} & moved.keys()
        return told
