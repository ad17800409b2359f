"""The rules as data: `data/deadline_rules.csv`, one row a rule, and the user's own rows over it.

A user's file has the same columns. A row of the same office and name replaces ours; with `off` as its
confidence it takes ours away. A bad row is refused with its file and line, and says what was expected.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from tmwatch.deadlines.arithmetic import Period, parse_period
from tmwatch.errors import ConfigError
from tmwatch.plain_file import size_of

# `with`: the period begins with the day of the trigger, so it ends a day earlier. `first_open_day`: day 1 is
# the first open day after it. `next_month`: it begins on the first day of the month after it.
COUNTS = ("after", "with", "first_open_day", "next_month")
ROLES = ("own", "adverse", "observed")
CONFIDENCE = ("high", "medium", "low")
ACTS = ("opposition", "response", "use", "renewal", "appeal", "revival", "attack", "term", "priority")
FIELDS = ("application_date", "registration_date", "allowance_date", "expiry_date", "termination_date")
WORDS = (*FIELDS, "publication", "registration_publication", "opposition_end")
ARGUED = ("publication", "registration_publication", "event", "docket", "designation", "given")
WHEN = ("madrid", "direct", "registered", "unregistered", "dead")
PRINTED = ("", "expiry_date", "opposition_end", "docket_due")
NEEDED = ("office", "rule", "what", "act", "roles", "trigger", "counts", "rolls", "lag_days", "legal_basis")
COLUMNS = (
    *("office", "rule", "what", "act", "roles", "trigger", "when", "opens", "closes", "counts", "rolls"),
    *("repeats", "grace", "extensions", "extended_by", "met_by", "moot_by", "printed", "lag_days", "follows"),
    *("legal_basis", "link", "valid_from", "valid_to", "confidence", "alternative"),
)
ANY = "*"  # the office of rows that serve where an office has none of its own
ALIASES = {"EU": "EM", "IB": "WO"}


@dataclass(frozen=True, slots=True)
class Extension:
    """How far a period can be extended, counted from the trigger; None where no length is fixed."""

    period: Period | None
    words: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. Periods count from the trigger; `before` says that `opens` counts back from the end."""

    office: str
    name: str
    what: str
    act: str
    roles: frozenset[str]
    trigger: str
    argument: str
    when: frozenset[str]
    opens: Period | None
    before: bool
    closes: Period | None
    counts: str
    rolls: bool
    repeats: Period | None
    grace: Period | None
    extensions: tuple[Extension, ...]
    extended_by: re.Pattern[str] | None
    met_by: re.Pattern[str] | None
    moot_by: re.Pattern[str] | None
    printed: str
    lag_days: int
    follows: str
    basis: str
    link: str
    valid_from: dt.date | None
    valid_to: dt.date | None
    confidence: str
    alternative: str
    alternative_from: dt.date | None
    where: str

    @property
    def key(self) -> str:
        return f"{self.office} {self.name}"

    def holds_on(self, trigger: dt.date) -> bool:
        """Whether the law of this row is the law for a trigger of this day."""
        return not (self.valid_from and trigger < self.valid_from) and not (
            self.valid_to and trigger > self.valid_to
        )


class RuleBook:
    """The rules of all offices, by office and by name."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._by_office: dict[str, list[Rule]] = {}
        for rule in self.rules:
            self._by_office.setdefault(rule.office, []).append(rule)

    def of(self, office: str) -> Sequence[Rule]:
        """The rules of an office itself; those that serve where it has none stand under `ANY`."""
        return self._by_office.get(ALIASES.get(office, office), [])

    def get(self, office: str, name: str) -> Rule | None:
        office = ALIASES.get(office.upper(), office.upper())
        return next((rule for rule in self._by_office.get(office, []) if rule.name == name), None)

    def at(self, office: str, name: str, trigger: dt.date) -> Rule | None:
        """The row that is law for this trigger: `name` itself, else its dated sister (`name_old` …)."""
        office = ALIASES.get(office.upper(), office.upper())
        named = self.get(office, name)
        if named is None or named.holds_on(trigger):
            return named
        sisters = (one for one in self._by_office.get(office, []) if one.name.startswith(f"{name}_"))
        held = (one for one in sisters if one.holds_on(trigger) and (one.valid_from or one.valid_to))
        return next((one for one in held if one.trigger == named.trigger), None)


@functools.cache
def shipped() -> RuleBook:
    """The rules that come with tmwatch."""
    text = files("tmwatch").joinpath("data/deadline_rules.csv").read_text(encoding="utf-8")
    return RuleBook(read_rules(text, "deadline_rules.csv").values())


_DO = "Name a CSV file in UTF-8 under `rules` in `[deadlines]`, or leave the setting out."


def with_own(path: Path) -> RuleBook:
    """The shipped rules with the user's file over them. Raises `ConfigError` for a bad file or row."""
    try:
        size_of(path, "the file of deadline rules", _DO)
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the deadline rules cannot be read: {error}",
            where=str(path),
            kept="No date was computed.",
            do=_DO,
        ) from error
    merged = {(rule.office, rule.name): rule for rule in shipped().rules}
    for key, rule in read_rules(text, str(path)).items():
        if rule.confidence == "off":
            merged.pop(key, None)
        else:
            merged[key] = rule
    return RuleBook(merged.values())


def read_rules(text: str, where: str) -> dict[tuple[str, str], Rule]:
    """The rows of a file, by office and name. Raises `ConfigError` with the line of the first bad one."""
    reader = csv.DictReader(text.splitlines())
    heads = [str(name).strip() for name in reader.fieldnames or ()]
    if missing := [name for name in NEEDED if name not in heads]:
        raise _bad(where, 1, f"the columns {', '.join(missing)} are missing")
    if unknown := [name for name in heads if name not in COLUMNS]:
        raise _bad(where, 1, f"`{unknown[0]}` is no column of deadline rules")
    found: dict[tuple[str, str], Rule] = {}
    for raw in reader:
        line = reader.line_num
        if None in raw or any(value is None for value in raw.values()):
            raise _bad(where, line, "the row has more or fewer cells than the heading")
        row = dict.fromkeys(COLUMNS, "") | {str(name).strip(): value.strip() for name, value in raw.items()}
        try:
            rule = _rule(row, f"{where}, line {line}")
        except ValueError as error:
            raise _bad(where, line, str(error)) from error
        if (rule.office, rule.name) in found:
            raise _bad(where, line, f"`{rule.name}` of {rule.office} stands in the file twice")
        found[rule.office, rule.name] = rule
    for rule in found.values():
        _check_alternative(rule, found)
    return found


def _check_alternative(rule: Rule, found: dict[tuple[str, str], Rule]) -> None:
    if rule.alternative and (rule.office, rule.alternative) not in found:
        ours = "deadline_rules.csv" not in rule.where and shipped().get(rule.office, rule.alternative)
        if not ours:
            raise ConfigError(
                f"`alternative` names `{rule.alternative}`, which is no rule of {rule.office}",
                where=rule.where,
                kept="No date was computed.",
                do="Name a rule of the same office, or leave the cell empty.",
            )


def _bad(where: str, line: int, what: str) -> ConfigError:
    return ConfigError(
        what,
        where=f"{where}, line {line}",
        kept="No date was computed.",
        do="Put the row right, or take it out; config/README.md describes each column.",
    )


def _rule(row: dict[str, str], where: str) -> Rule:
    """Raises `ValueError` with what is wrong and what was expected."""
    for name in NEEDED:
        if not row[name]:
            raise ValueError(f"`{name}` is empty")
    office = row["office"].upper()
    if not re.fullmatch(r"[A-Z]{2}|PARIS|\*", office):
        raise ValueError(f"`{row['office']}` is no office; write its WIPO ST.3 code, or PARIS")
    trigger, _, argument = row["trigger"].partition(":")
    if trigger not in (*WORDS, *ARGUED) or (argument and trigger not in ARGUED):
        raise ValueError(f"`{row['trigger']}` is no trigger; known are {', '.join((*WORDS, *ARGUED[2:]))}")
    if trigger in ("event", "docket", "given", "designation") and not argument:
        raise ValueError(f"`{trigger}` needs something behind a colon")
    alternative, _, since = row["alternative"].partition(" from ")
    before = row["opens"].startswith("-")
    return Rule(
        office=ALIASES.get(office, office),
        name=row["rule"],
        what=row["what"],
        act=_one_of(row["act"], ACTS, "act"),
        roles=frozenset(_one_of(one, ROLES, "roles") for one in row["roles"].split()),
        trigger=trigger,
        argument=_pattern_text(argument) if trigger not in ("given", "designation") else argument,
        when=frozenset(_one_of(one, WHEN, "when") for one in row["when"].split()),
        opens=_period(row["opens"].removeprefix("-"), "opens"),
        before=before,
        closes=_period(row["closes"], "closes"),
        counts=_one_of(row["counts"], COUNTS, "counts"),
        rolls=_one_of(row["rolls"], ("yes", "no"), "rolls") == "yes",
        repeats=_period(row["repeats"], "repeats"),
        grace=_period(row["grace"], "grace"),
        extensions=tuple(_extensions(row["extensions"])),
        extended_by=_pattern(row["extended_by"]),
        met_by=_pattern(row["met_by"]),
        moot_by=_pattern(row["moot_by"]),
        printed=_one_of(row["printed"], PRINTED, "printed"),
        lag_days=_days(row["lag_days"]),
        follows=row["follows"],
        basis=row["legal_basis"],
        link=_link(row["link"]),
        valid_from=_date(row["valid_from"], "valid_from"),
        valid_to=_date(row["valid_to"], "valid_to"),
        confidence=_one_of(row["confidence"] or "medium", (*CONFIDENCE, "off"), "confidence"),
        alternative=alternative,
        alternative_from=_date(since, "alternative"),
        where=where,
    )


def _one_of(value: str, known: Sequence[str], column: str) -> str:
    if value not in known:
        raise ValueError(f"`{column}` holds `{value}`; known are {', '.join(filter(None, known))}")
    return value


def _period(text: str, column: str) -> Period | None:
    try:
        period = parse_period(text) if text else None
    except ValueError as error:
        raise ValueError(f"`{column}`: {error}") from error
    if period and (period.months < 0 or period.months > 1200 or abs(period.days) > 36500):
        raise ValueError(f"`{column}`: `{text}` is longer than a hundred years, or less than nothing")
    return period


def _extensions(text: str) -> Iterable[Extension]:
    for part in filter(None, (one.strip() for one in text.split(";"))):
        period, colon, words = part.partition(":")
        if not colon or not words.strip():
            raise ValueError(
                f"`extensions`: `{part}` lacks its words; write `60 days: of right`, or `-: on request`"
            )
        yield Extension(
            None if period.strip() == "-" else _period(period.strip(), "extensions"), words.strip()
        )


def _pattern_text(text: str) -> str:
    _pattern(text)
    return text


def _pattern(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text, re.IGNORECASE) if text else None
    except re.error as error:
        raise ValueError(f"`{text}` is no pattern: {error}") from error


def _days(text: str) -> int:
    if not text.isdecimal() or int(text) > 3650:
        raise ValueError(f"`lag_days` holds `{text}`; write a number of days, 0 to 3650")
    return int(text)


def _link(text: str) -> str:
    if text and not re.fullmatch(r"https?://[^\s\"'<>]+", text):
        raise ValueError(f"`link` holds `{text}`; write an address that begins with https://")
    return text


def _date(text: str, column: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise ValueError(f"`{column}`: `{text}` is no date; write it like 2026-04-01") from error
