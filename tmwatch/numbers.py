"""Numbers as people write them, and WIPO ST.13 identifiers. Pure; knows only the other floors.

Understood (white space, full-width digits and dashes of any kind do not matter):

    US 76044902 · US76044902 · US 76/044,902 · 76/044,902 · U.S. Serial No. 76044902 · SN 76044902
    US reg 2824281 · reg 2824281 · Reg. No. 2,824,281 · RN 2824281
    WO 1266721 · IR 1266721 · EM 018228224 · CN 12345678 · CN 12345678A
    US500000076044902 (ST.13) · VN 4-2026-00774 · VN4202600774 · VN-4-2026-00774
    76044902 with the office named beside it (`--office US`, the `office` column of a docket)

Three readings of our own, because people write so:

* `reg N`, `RN N`, `SN N`, `serial no. N` and `76/044,902` without an office mean the USPTO, whose words
  and whose form they are;
* `IR N` is an international registration, never Iran (Iranian filings: by their ST.13 number);
* 7 digits after `US` are refused, not read as a registration: it may be a serial short of one digit,
  and would then quietly watch somebody else's mark.

Which numbers an office has stands in `data/number_forms.csv`, the offices (WIPO ST.3) in
`offices`. ST.13 is office + `50` + year (`0000`: not part of the number) + nine characters. Where the year
is part of an office's numbers (Swedish 2025-05038) it stands in its own four places; letters in front of it
(Finnish T196503880) go to the nine, so that T and W of one year and number stay apart.
"""

from __future__ import annotations

import csv
import functools
import re
import unicodedata
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from tmwatch.errors import UsageError
from tmwatch.model import TradeMark
from tmwatch.offices import office_label, offices
from tmwatch.text import clean_line, fold_space

Kind = Literal["application", "registration", "international"]

_ST13 = re.compile(r"([A-Z]{2})50(\d{4})([0-9A-Z]{9})")
_US_SLASH = re.compile(r"\d{2}/ ?\d{3}[., ]?\d{3}")
_DOTTED = re.compile(r"^(?:[A-Z]\.){2,3}")
_LETTERS = re.compile(r"^([A-Z]{2,6})(?![A-Z])[\s:.\-]*")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－﹣", "-"))
_NUMBER_SIGN = r"(?:NUMBERS?\b|NUM\b|NOS?\b|NR\b|#)?[\s.:#]*"
_LONGEST = 60  # characters; longer than any number with all its words

# Words in front of a number: what kind it is, and whose word it is when no office is named.
_WORDS: tuple[tuple[re.Pattern[str], Kind, str], ...] = (
    (re.compile(rf"^INT(?:ERNATIONAL|'?L)?\.? REG[A-Z]*\.? ?{_NUMBER_SIGN}"), "international", "WO"),
    (re.compile(rf"^IR(?![A-Z])[\s.:-]*{_NUMBER_SIGN}"), "international", "WO"),
    (re.compile(rf"^(?:SERIAL|SER)(?![A-Z])\.? ?{_NUMBER_SIGN}"), "application", "US"),
    (re.compile(r"^S[/.]?N(?![A-Z])[\s.:-]*"), "application", "US"),
    (re.compile(rf"^REG(?:ISTRATION|ISTERED|N)?(?![A-Z])\.? ?{_NUMBER_SIGN}"), "registration", "US"),
    (re.compile(r"^R[/.]?N(?![A-Z])[\s.:-]*"), "registration", "US"),
    (re.compile(rf"^APP(?:LICATION|LN|L)?(?![A-Z])\.? ?{_NUMBER_SIGN}"), "application", ""),
    (re.compile(r"^申请/?注册号[\s.:]*"), "application", "CN"),
    (re.compile(r"^(?:申请号|注册号)[\s.:]*"), "application", "CN"),
)
# "No. 76044902", "# 76044902": says nothing. Without its dot NO is Norway.
_PLAIN_NUMBER_WORD = re.compile(r"^(?:NO\.|NUMBER(?![A-Z])|#)[\s.:#]*")

_HELP = (
    "Understood: US 76044902 · 76/044,902 · US reg 2824281 · WO 1266721 · EM 018228224 · CN 12345678 · "
    "US500000076044902; or the bare number with its office named beside it (such as --office US)."
)


@dataclass(frozen=True)
class MarkNumber:
    """One number of one office. `number` is in the office's bare form: US "76044902", EM "018228224".

    `st13` is None where the number alone does not tell it: a US registration, an office whose numbers
    are not digits.
    """

    office: str
    kind: Kind
    number: str
    st13: str | None = None


@dataclass(frozen=True)
class _Form:
    kind: Kind
    pattern: re.Pattern[str]
    bare: str
    padded: bool
    understood: str
    # The parts of a number that holds a year: (letter), year, serial. `bare` is then how they are written.
    dated: re.Pattern[str] | None = None


@functools.cache
def _spellings() -> dict[str, str]:
    """What people write → ST.3 code: the codes themselves, EU, UK, EUIPO, USPTO …"""
    found = {
        text.upper(): office.code
        for office in offices().values()
        for text in (*office.often_written, office.office)
        if text.isalpha()
    }
    return found | {code: code for code in offices()}


@functools.cache
def _forms() -> dict[str, tuple[_Form, ...]]:
    forms: dict[str, list[_Form]] = {}
    table = files("tmwatch").joinpath("data/number_forms.csv").read_text(encoding="utf-8")
    kinds: dict[str, Kind] = {
        "application": "application",
        "registration": "registration",
        "international": "international",
    }
    for row in csv.DictReader(table.splitlines()):
        form = _Form(
            kinds[row["kind"]],
            re.compile(row["pattern"]),
            row["bare"],
            row["st13"] == "pad",
            row["understood"],
            re.compile(row["st13"].removeprefix("year:")) if row["st13"].startswith("year:") else None,
        )
        forms.setdefault(row["office"], []).append(form)
    return {office: tuple(rows) for office, rows in forms.items()}


def forms_of(office: str) -> tuple[str, ...]:
    """The numbers of an office as they are understood, each form in words; none for one that is not known."""
    return tuple(form.understood for form in _forms().get(office, ()))


def parse_office(text: str) -> str:
    """The WIPO ST.3 code of an office as people write it: US, us, EU, EUIPO, U.S., UK.

    Raises `UsageError` for anything else, and for `IR`, which is Iran and international registration.
    """
    given = _plain(text).replace(".", "")
    if given == "IR":
        raise UsageError(
            "office `IR` may mean Iran or an international registration",
            do="Write WO for an international registration; name an Iranian filing by its ST.13 number.",
        )
    code = _spellings().get(given)
    if code is None:
        raise UsageError(
            f"there is no office `{clean_line(text, 20)}`",
            do="Offices are WIPO ST.3 codes: US, EM (European Union), WO (international), CN, GB, DE, JP …",
        )
    return code


def parse_number(text: str, office: str | None = None) -> MarkNumber:
    """The number that `text` means. `office` (a ST.3 code, or as people write it) may stand beside it.

    Raises `UsageError` saying what was given, why no number of that office, and what is understood.
    """
    shown = clean_line(text, 40)
    if len(text) > _LONGEST:
        raise UsageError(f"`{shown}` is too long for a number", do=_HELP)
    beside = parse_office(office) if office and office.strip() else None
    plain = _plain(text)
    if not plain:
        raise UsageError("no number was given", do=_HELP)

    whole = _ST13.fullmatch(plain.replace(" ", ""))
    if whole:
        return _from_st13(whole, shown, beside)

    inside, kind, word_office, rest = _take_words(plain, beside)
    named = inside or beside or word_office or ("US" if _US_SLASH.fullmatch(rest) else None)
    if inside and beside and inside != beside:
        raise _two_offices(shown, inside, beside)
    if named is None:
        raise UsageError(f"`{shown}`: {_why_no_office(rest)}", do=_HELP)
    return _of_office(named, kind, rest, shown)


def _two_offices(shown: str, inside: str, beside: str) -> UsageError:
    return UsageError(
        f"`{shown}` is a number of {office_label(inside)}, but {beside} is named beside it",
        do="Give one office only.",
    )


def _plain(text: str) -> str:
    """Upper case, half width, one space, ASCII dashes, nothing invisible."""
    # NFKC makes "№" the letters "No", which would read as Norway.
    half_width = unicodedata.normalize("NFKC", text.replace("№", "No. ")).translate(_DASHES)
    visible = "".join(char for char in half_width if unicodedata.category(char) != "Cf")
    digits = "".join(str(unicodedata.decimal(c)) if unicodedata.category(c) == "Nd" else c for c in visible)
    return fold_space(digits.upper())


def _from_st13(found: re.Match[str], shown: str, beside: str | None) -> MarkNumber:
    office, year, tail = found.groups()
    if office not in offices():
        raise UsageError(f"`{shown}` looks like a ST.13 number, but there is no office {office}", do=_HELP)
    if beside and beside != office:
        raise _two_offices(shown, office, beside)
    if dated := _dated_number(office, year, tail):
        return MarkNumber(office, "application", dated, found.group())
    known = next((form for form in _forms().get(office, ()) if form.padded), None)
    number = tail.lstrip("0") if year == "0000" else f"{year}{tail}"
    if not number or (year == "0000" and known and not known.pattern.fullmatch(number)):
        understood = f"{office} has: {known.understood}." if known else _HELP
        raise UsageError(f"`{shown}` holds no number that {office_label(office)} has", do=understood)
    kind = known.kind if known else "application"
    bare = _bare(number, known) if known and year == "0000" else number
    return MarkNumber(office, kind, bare, found.group())


def _dated_number(office: str, year: str, tail: str) -> str | None:
    """The number of an office that writes the year into its numbers; None for any other."""
    parts = re.fullmatch(r"0*([A-Z]*)(\d+)", tail)
    if parts is None:
        return None
    for form in _forms().get(office, ()):
        if form.dated is not None:
            serial = parts[2] if parts[1] else parts[2].lstrip("0")
            number = form.bare.format(letter=parts[1], year=year, serial=serial)
            again = form.dated.fullmatch(number.upper())  # the Ukrainian m is written small
            if again and _dated_st13(office, again) == f"{office}50{year}{tail}":
                return number
    return None


def _dated_st13(office: str, parts: re.Match[str]) -> str | None:
    found = parts.groupdict()
    tail = f"{found.get('letter') or ''}{found['serial']}"
    return f"{office}50{found['year']}{tail:0>9}" if len(tail) <= 9 else None


def _take_words(plain: str, beside: str | None) -> tuple[str | None, Kind | None, str, str]:
    """(office named in the text, kind named, office whose word the kind is, what is left)."""
    inside: str | None = None
    kind: Kind | None = None
    word_office = ""
    rest = _DOTTED.sub(lambda found: found.group().replace(".", "") + " ", plain).strip()
    while True:
        word = next((entry for entry in _WORDS if entry[0].match(rest)), None)
        if word:
            if kind not in (None, word[1]):
                raise UsageError(f"`{clean_line(plain, 40)}` names two kinds of number", do=_HELP)
            pattern, kind, word_office = word
            inside = "WO" if kind == "international" and inside is None else inside
            rest = pattern.sub("", rest).strip()
            continue
        if _PLAIN_NUMBER_WORD.match(rest):
            rest = _PLAIN_NUMBER_WORD.sub("", rest).strip()
            continue
        letters = _LETTERS.match(rest)
        code = _spellings().get(letters.group(1)) if letters else None
        # A bare code ("US") leaves nothing to read; letters that are no office belong to the number.
        # "GB UK00003123456" names its office twice.
        if letters and code and inside in (None, code) and rest[letters.end() :]:
            inside, rest = code, rest[letters.end() :].strip()
            continue
        return inside, kind, word_office, rest


def _why_no_office(rest: str) -> str:
    letters = _LETTERS.match(rest)
    if letters and len(letters.group(1)) == 2 and letters.group(1) not in offices():
        return f"there is no office `{letters.group(1)}`"
    if any(char.isdigit() for char in rest):
        return "whose number this is cannot be told from its form"
    return "this is no number"


def _of_office(office: str, kind: Kind | None, rest: str, shown: str) -> MarkNumber:
    own = _forms().get(office)
    forms = own or _forms()["*"]
    # At most offices one number serves as application and registration number: then the word does not matter.
    split = any(form.kind == "registration" for form in forms)
    wanted = kind if split and kind else forms[0].kind
    # Some offices have numbers of more than one form: the first that fits, else the first for the message.
    fitting = (form for form in forms if form.kind == wanted and form.pattern.fullmatch(rest))
    form = next(fitting, next((form for form in forms if form.kind == wanted), forms[0]))
    if not form.pattern.fullmatch(rest) or not any(char in "123456789" for char in rest):
        hint = _why_not(forms, form, rest)
        raise UsageError(
            f"`{shown}` is no number that {office_label(office)} has{hint}",
            do=f"{office} has: {'; '.join(form.understood for form in forms)}.",
        )
    number = _bare(rest, form)
    known = st13_or_none(office, number) if form.padded or form.dated else None
    return MarkNumber(office, form.kind, number, known)


_SAID = {
    "application": "an application (serial) number",
    "registration": "a registration number",
    "international": "an international registration number",
}


def _why_not(forms: tuple[_Form, ...], wanted: _Form, rest: str) -> str:
    if any(form is not wanted and form.pattern.fullmatch(rest) for form in forms):
        said = "reg" if wanted.kind == "application" else "serial no."
        return f" as {_SAID[wanted.kind]}; if it is the other number, write `{said}` before it"
    digits = sum(char.isdigit() for char in rest)
    return f" ({digits} digits)" if digits else " (no digits)"


def _bare(rest: str, form: _Form) -> str:
    if form.dated is not None and (parts := form.dated.fullmatch(rest)):
        found = parts.groupdict()
        return form.bare.format(letter=found.get("letter") or "", year=found["year"], serial=found["serial"])
    if form.bare == "asis":
        return rest
    if form.bare == "nospace":
        return rest.replace(" ", "").strip(",./-") or rest
    joined = re.sub(r"[^0-9A-Z]", "", rest)
    if form.bare == "trim":
        return joined.lstrip("0")
    return joined.zfill(9) if form.bare == "fill9" else joined


def st13_or_none(office: str, number: str) -> str | None:
    """The ST.13 identifier of an application number in bare form, or None where it cannot be told."""
    own_forms = _forms().get(office, ())
    for form in own_forms:
        if form.dated is not None and (parts := form.dated.fullmatch(number.upper())):
            return _dated_st13(office, parts)
    own = next((form for form in own_forms if form.padded), None)
    if own is None and own_forms:
        return None
    bare, short = number.upper(), number.upper().lstrip("0")
    if len(short) == 10 and re.fullmatch(r"W0\d{7}[A-Z]", short):
        short = f"W{short[2:]}"  # ST.13 has room for nine: an EU designation of a part of a registration
    # Letters only where we know the office's numbers: elsewhere two spellings would be two identities.
    known = bool(own.pattern.fullmatch(bare) or own.pattern.fullmatch(short)) if own else short.isdigit()
    fits = known and short.isascii() and short.isalnum() and len(short) <= 9
    return f"{office}500000{short:0>9}" if fits else None


def st13(office: str, number: str) -> str:
    """The ST.13 identifier of an application number in bare form. Raises `UsageError` if there is none."""
    known = st13_or_none(office, number) if office in offices() else None
    if known is None:
        given = f"{clean_line(office, 10)} {clean_line(number, 40)}"
        raise UsageError(f"no ST.13 identifier can be made of `{given}`", do=_HELP)
    return known


def st13_office(identifier: str) -> str:
    """The WIPO ST.3 code in a ST.13 identifier."""
    return identifier[:2]


def _st13_parts(identifier: str) -> tuple[str, str, str]:
    return identifier[:2], identifier[4:8], identifier[8:]


def show_number(what: str | MarkNumber | TradeMark) -> str:
    """How a number is shown to people: "US 76044902", "US reg 2824281", "WO 1266721".

    `what` is a record, a parsed number, or a ST.13 identifier. What is shown can be typed in again.
    """
    if isinstance(what, TradeMark):
        own = what.international_registration_number if what.office == "WO" else what.application_number
        return f"{what.office} {clean_line(own)}" if own else show_number(what.st13)
    if isinstance(what, MarkNumber):
        if what.st13 and what.st13[4:8] != "0000" and not _dated_number(*_st13_parts(what.st13)):
            return what.st13  # a year stands between office and number: only ST.13 says both
        word = "reg " if what.kind == "registration" else ""
        return f"{what.office} {word}{what.number}"
    found = _ST13.fullmatch(what)
    if not found:
        return clean_line(what)
    office, year, tail = found.groups()
    if year != "0000":
        dated = _dated_number(office, year, tail)
        return f"{office} {dated}" if dated else what
    known = next((form for form in _forms().get(office, ()) if form.padded), None)
    number = tail.lstrip("0")
    return f"{office} {_bare(number, known) if known else number}"
