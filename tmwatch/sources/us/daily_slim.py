"""The few fields of a case of the daily file for a store of the whole register (`sources.slim`).

What is read here says what `daily_case` says of the same bytes: a test holds the two together.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import re
from collections.abc import Callable, Iterable

from tmwatch.errors import LayoutChanged
from tmwatch.sources.base import Piece
from tmwatch.sources.slim import Essence, Slim
from tmwatch.sources.us import common, daily_few
from tmwatch.sources.us.daily_few import Case, Leaves
from tmwatch.text import firm_in

VERSION = 2
_HEAD = 400  # bytes within which number and day stand
_DAY = re.compile(rb"<transaction-date>\s*((?:19|20)\d\d(?:0[1-9]|1[0-2])[0-3]\d)\s*</transaction-date>")
_DAY_TAG, _DAY_LONG = b"<transaction-date>", len("<transaction-date>20260420</transaction-date>")
_NOT_AN_OWNER = 70  # party types from here on are correspondents of old records
_KINDS = {"PM": "pseudo", "TR": "translation", "TL": "transliteration"}


def essence(piece: Piece) -> Essence | None:
    """Number, day and hash of a case, without a parse. The transaction date is left out of the hash."""
    number, body = piece
    start = body.find(_DAY_TAG, 0, _HEAD)
    end = start + _DAY_LONG
    day = _usual_day(body[start:end])
    if day is None:
        found = _DAY.search(body, 0, _HEAD)
        if found is None:
            return None
        start, end = found.span()
        day = _iso(found[1])
    if not number:
        return None
    made = hashlib.sha256(body[:start])
    made.update(memoryview(body)[end:])
    return _essence((common.st13_of(number), day, made.digest()[:16]))


_essence: Callable[[Iterable[object]], Essence] = functools.partial(tuple.__new__, Essence)


@functools.lru_cache(maxsize=64)
def _usual_day(element: bytes) -> str | None:
    """The day of the element as it nearly always stands, without blanks in it: a file tells of few days."""
    found = _DAY.fullmatch(element)
    return _iso(found[1]) if found else None


def slim(body: bytes, where: str) -> Slim:
    """The fields of one case. Raises `LayoutChanged` or `Incomplete` for what is no whole record."""
    return _made(daily_few.case_of(body, where))


def _made(case: Case) -> Slim:
    header = case.header
    serial = case.head.get("serial-number", "")
    code = header.get("status-code", "").zfill(3)
    told = _day(case.head.get("transaction-date", ""), "transaction-date")
    if not (serial.isascii() and serial.isdigit() and 7 <= len(serial) <= 8):
        raise LayoutChanged(f"no serial number: {serial[:40]!r}")
    if not (code.isascii() and code.isdigit()) or "status-code" not in header:
        raise LayoutChanged(f"no status code: {code[:40]!r}")
    if told is None:
        raise LayoutChanged("the case has no `transaction-date`")
    serial = serial.zfill(8)
    said = _Said(case.statements)
    meaning = common.status_from_code(code)
    madrid = serial.startswith("79") or header.get("filing-basis-filed-as-66a-in") == "T"
    international = case.international.get("international-registration-number") if madrid else None
    return Slim(
        st13=common.st13_of(serial),
        application_number=serial,
        registration_number=common.registration(case.head.get("registration-number")),
        international_number=common.international(international),
        name=said.name(header.get("mark-identification", "")),
        other_names=said.other_names(),
        classes=_classes(case.classes),
        owners=_owners(case.owners),
        agents=_agents(header, case.letters),
        status_code=code,
        status_live=meaning.live.value,
        filing_date=_day(header.get("filing-date", ""), "filing-date"),
        as_of=told,
        goods=tuple(said.goods),
        unknown_words=() if meaning.known else (f"status code {code}",),
    )


@functools.lru_cache(maxsize=512)
def _iso(day: bytes) -> str:
    return b"-".join((day[:4], day[4:6], day[6:])).decode("ascii")


def _day(text: str, name: str) -> dt.date | None:
    if not text.strip("0"):
        return None
    try:
        return _date(text)
    except ValueError:
        if len(text) == 8 and text.isdigit() and "00" in (text[4:6], text[6:]):
            return None  # 19870000 in cases of the paper age
        raise LayoutChanged(f"`{name}` is no date: {text[:40]!r}") from None


@functools.lru_cache(maxsize=4096)
def _date(text: str) -> dt.date:
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))


class _Said:
    """What the statements say that is read here, by the first letters of their codes."""

    __slots__ = ("_more", "_others", "goods")

    def __init__(self, statements: list[Leaves]) -> None:
        self.goods: list[str] = []
        self._others: list[tuple[str, str]] = []
        self._more: dict[str, str] = {}
        for one in statements:
            code, text = one.get("type-code", ""), one.get("text", "")
            kind = code[:2].upper()
            if not text:
                continue
            if kind == "GS":
                self.goods.append(text)
            elif kind in _KINDS:
                self._others.append((code.upper(), text))
            elif kind == "MK":
                self._more[code] = text

    def name(self, words: str) -> str | None:
        """The mark's words, and those too long for their place, which go on in statements `MK`."""
        more = self._more
        if not more:
            return words or None
        return common.squeeze(" ".join([words, *dict.fromkeys(more[code] for code in sorted(more))])) or None

    def other_names(self) -> tuple[tuple[str, str], ...]:
        """By their code: the file's order means nothing."""
        return tuple([(_KINDS[code[:2]], text) for code, text in sorted(self._others)])


def _classes(boxes: list[tuple[str, list[str], list[str]]]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for primary, international, national in boxes:
        found.update(dict.fromkeys(_class(primary, tuple(international), tuple(national))))
    if not found:
        raise LayoutChanged("the case shows no class")
    # Numbers first, by size; certification and US classes after them, by name.
    return tuple(sorted(found, key=_size)) if len(found) > 1 else tuple(found)


def _size(number: str) -> tuple[bool, int, str]:
    return not number.isdigit(), int(number) if number.isdigit() else 0, number


@functools.lru_cache(maxsize=2048)
def _class(primary: str, international: tuple[str, ...], national: tuple[str, ...]) -> tuple[str, ...]:
    nice = [common.class_number(code) for code in international]
    return tuple(dict.fromkeys([common.own_class(primary, nice, national), *nice]))


def _agents(header: Leaves, letters: Leaves) -> tuple[str, ...]:
    """Attorney and domestic representative, and the attorney's firm, which stands in the envelope alone."""
    found = tuple([header[name] for name in daily_few.AGENTS if name in header])
    attorney = header.get("attorney-name")
    if not attorney or not letters:
        return tuple(dict.fromkeys(found))
    lines = tuple([letters[name] for name in daily_few.LETTERS if name in letters])
    firm = _firm(attorney, lines)
    return tuple(dict.fromkeys([*found, firm] if firm else found))


@functools.lru_cache(maxsize=4096)  # one lawyer files many
def _firm(attorney: str, lines: tuple[str, ...]) -> str | None:
    firm = firm_in(attorney, lines)
    # In the second line may stand the land, as the whole reader takes it.
    second = lines[1].strip() if len(lines) > 1 else ""
    return None if firm and firm == second and common.country_code(second) else firm


@functools.lru_cache(maxsize=512)
def _short_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _owners(boxes: list[Leaves]) -> tuple[str, ...]:
    """The names of the highest party type, in the order of their entries."""
    found: list[tuple[int, int, str]] = []
    for one in boxes:
        kind, name = _short_number(one.get("party-type", "")), one.get("party-name", "")
        if kind is None or not name:
            raise LayoutChanged("an owner without party type or name")
        found.append((kind, _short_number(one.get("entry-number", "")) or 0, name))
    if not found:
        raise LayoutChanged("the case shows no owner")
    highest = max((kind for kind, _, _ in found if kind < _NOT_AN_OWNER), default=0)
    found.sort(key=lambda one: one[:2])
    return tuple(dict.fromkeys(name for kind, _, name in found if kind == highest))
