"""The docket file of a watch: number, office, docket_ref, client, responsible.

It is pasted from a spreadsheet as often as written by hand, so its reader takes what spreadsheets
produce: UTF-8 with or without a byte order mark, UTF-16, Windows-1252; commas, semicolons or tabs;
header names in any case, with blanks or underscores; an Excel `sep=;` line; numbers that became
"76044902.0". A row that cannot be understood stops itself only: it becomes a `DocketProblem` with its
line, and the others are watched.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tmwatch.errors import ConfigError, UsageError
from tmwatch.model import TradeMark
from tmwatch.numbers import MarkNumber, parse_number, show_number
from tmwatch.plain_file import size_of
from tmwatch.text import clean_line

_LARGEST = 50_000_000  # bytes; a docket of a million rows is smaller

# What the columns are called in the exports of docketing systems; compared without case, blanks and signs.
_HEADERS: dict[str, tuple[str, ...]] = {
    "number": (
        *("number", "no", "applicationno", "applicationnumber", "applno", "appno", "appnumber"),
        *("serial", "serialno", "serialnumber", "marknumber", "trademarknumber", "st13", "申请号", "注册号"),
        "申请注册号",
    ),
    "registration": ("registration", "registrationno", "registrationnumber", "regno", "regnumber"),
    "office": ("office", "country", "countrycode", "register", "jurisdiction", "st3"),
    "docket_ref": (
        *("docketref", "docket", "docketno", "docketnumber", "ref", "reference", "ourref", "ourreference"),
        *("file", "fileno", "caseref", "matter", "matterno", "案号"),
    ),
    "client": ("client", "clientname", "owner", "customer", "客户"),
    "responsible": ("responsible", "responsibleperson", "attorney", "handler", "paralegal", "负责人"),
}
_COLUMN_OF = {name: column for column, names in _HEADERS.items() for name in names}
_WITHOUT_HEADER = ("number", "office", "docket_ref", "client", "responsible")


@dataclass(frozen=True)
class DocketRow:
    """One filing of the docket, with what the firm calls it."""

    number: MarkNumber
    docket_ref: str | None = None
    client: str | None = None
    responsible: str | None = None
    line: int = 0


@dataclass(frozen=True)
class DocketProblem:
    """A row that is not watched as it stands, or that says something twice."""

    file: Path
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.what}"


@dataclass(frozen=True)
class Docket:
    """What a docket file says."""

    rows: tuple[DocketRow, ...]
    problems: tuple[DocketProblem, ...] = ()


def number_key(number: MarkNumber) -> str:
    """A stable key: the ST.13 identifier, else office, kind and number ("US:registration:2824281")."""
    return number.st13 or f"{number.office}:{number.kind}:{number.number}"


def record_keys(record: TradeMark) -> tuple[str, ...]:
    """Every key under which a docket may hold this record."""
    keys = [record.st13]
    if record.registration_number:
        keys.append(f"{record.office}:registration:{bare(record.registration_number)}")
    if record.application_number:
        keys.append(f"{record.office}:application:{bare(record.application_number)}")
    if record.international_registration_number:
        number = bare(record.international_registration_number)
        keys += [f"WO:international:{number}", f"WO500000{number:0>9}"]
    return tuple(keys)


def bare(number: str) -> str:
    """A number for comparing: letters and digits only, upper case, without leading zeros."""
    return re.sub(r"[^0-9A-Z]", "", number.upper()).lstrip("0")


def read_docket(path: Path, default_office: str | None = None) -> Docket:
    """Read the file. Raises `ConfigError` when there is no file or it has no column of numbers."""
    try:
        if size_of(path, "the docket file", "Name the CSV that you saved from the sheet.") > _LARGEST:
            raise ConfigError(
                f"the docket file {path} is larger than {_LARGEST // 1_000_000} MB",
                do="Leave the column of numbers and what you need beside it, or make two watches of it.",
            )
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(
            f"there is no docket file {path}",
            do="Correct `numbers_file`; a relative path starts at the folder of the configuration file.",
        ) from None
    except OSError as error:
        raise ConfigError(
            f"the docket file {path} cannot be read: {error.strerror}", do="Check its name and rights."
        ) from None
    return parse_docket(raw, path, default_office)


def parse_docket(raw: bytes, path: Path, default_office: str | None = None) -> Docket:
    """The rows of the bytes of a docket file; `path` is for the messages only."""
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise ConfigError(
            f"the docket file {path} is a workbook, not a CSV",
            do="In the spreadsheet choose “Save as” and CSV, and name that file in `numbers_file`.",
        )
    lines = [(number, cells) for number, cells in _cells(_text(raw), path) if any(cells)]
    if not lines:
        return Docket((), (DocketProblem(path, 1, "the file is empty: no number of it is watched"),))
    columns = [_COLUMN_OF.get(re.sub(r"[\W_]", "", cell.lower()), "") for cell in lines[0][1]]
    if "number" in columns or "registration" in columns:
        lines = lines[1:]
    elif _is_number(lines[0][1], default_office):
        columns = list(_WITHOUT_HEADER)  # a bare column of numbers, pasted without its head
    else:
        heads = ", ".join(clean_line(cell) for cell in lines[0][1][:8])
        raise ConfigError(
            f"the docket file {path} has no column of numbers; its first line reads: {clean_line(heads, 99)}",
            do="Its first line must name the columns: number, office, docket_ref, client, responsible.",
        )
    rows: dict[str, DocketRow] = {}
    problems: list[DocketProblem] = []
    for line, cells in lines:
        values = _by_column(columns, cells)
        try:
            row = _row(values, line, default_office)
        except UsageError as error:
            problems.append(DocketProblem(path, line, _not_watched(error, values)))
            continue
        known = rows.setdefault(number_key(row.number), row)
        if known is not row:
            same = replace(known, line=line) == row
            rest = "the same row" if same else "with other entries; the first row holds"
            what = f"{show_number(row.number)} stands in line {known.line} already, {rest}"
            problems.append(DocketProblem(path, line, what))
    return Docket(tuple(rows.values()), tuple(problems))


def _by_column(columns: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for column, cell in zip(columns, cells, strict=False):
        if column and not values.get(column):
            values[column] = cell
    return values


def _row(values: dict[str, str], line: int, default_office: str | None) -> DocketRow:
    number = _from_spreadsheet(values.get("number", ""))
    if not number and values.get("registration"):
        number = f"reg {_from_spreadsheet(values['registration'])}"
    parsed = parse_with_default(number, values.get("office") or None, default_office)
    texts = {
        name: clean_line(values.get(name, "")) or None for name in ("docket_ref", "client", "responsible")
    }
    return DocketRow(parsed, **texts, line=line)


def parse_with_default(text: str, office: str | None, default: str | None) -> MarkNumber:
    """A number with the office beside it; where neither says which office, the default one.

    Raises `UsageError` when it cannot be understood.
    """
    try:
        return parse_number(text, office)
    except UsageError:
        if office or default is None or not text:
            raise
    return parse_number(text, default)


def _from_spreadsheet(text: str) -> str:
    """ "76044902.0" → "76044902"; the apostrophe that forces a cell to be text goes."""
    return re.sub(r"^(\d+)\.0+$", r"\1", text.lstrip("'"))


def _not_watched(error: UsageError, values: dict[str, str]) -> str:
    given = values.get("number") or values.get("registration") or ""
    hint = ""
    if re.fullmatch(r"\d[.,]\d+E\+?\d+", given, re.IGNORECASE):
        hint = " The spreadsheet rounded the number: format that column as text and paste it again."
    return f"{error.message}; this row is not watched.{hint} {error.do}".strip()


def _is_number(cells: Sequence[str], default_office: str | None) -> bool:
    try:
        _row(_by_column(_WITHOUT_HEADER, cells), 1, default_office)
    except UsageError:
        return False
    return True


def _text(raw: bytes) -> str:
    """The text of a file that does not say how it is encoded."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    sample = raw[:200]
    if sample[1::2].count(0) > len(sample) // 3:  # UTF-16 without its mark, as some exports write it
        return raw.decode("utf-16-le", errors="replace")
    for encoding in ("utf-8-sig", "gb18030" if _looks_chinese(raw) else "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("cp1252", errors="replace")


def _looks_chinese(raw: bytes) -> bool:
    """Bytes of Western text above 0x80 stand alone between ASCII letters; those of GB18030 in pairs."""
    runs = re.findall(rb"[\x80-\xff]+", raw)
    return bool(runs) and all(len(run) >= 4 and len(run) % 2 == 0 for run in runs)


def _cells(text: str, path: Path) -> list[tuple[int, list[str]]]:
    """(line, tidied cells) of each row, with the separator that the first line shows."""
    text = text.replace("\x00", "")
    first, _, rest = text.partition("\n")
    skipped = 0
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        separator, text, skipped = first.strip()[4], rest, 1
    else:
        counts = {char: first.count(char) for char in ("\t", ";", ",", "|")}
        # A tab or semicolon beats commas: `76/044,902;US` is two cells.
        separator = next((char for char in ("\t", ";") if counts[char]), "")
        separator = separator or ("|" if counts["|"] > counts[","] else ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows: list[tuple[int, list[str]]] = []
    try:
        line = 1
        for cells in reader:
            rows.append((line + skipped, [" ".join(cell.split()) for cell in cells]))
            line = reader.line_num + 1
    except csv.Error as error:
        raise ConfigError(
            f"the docket file {path} cannot be read as CSV near line {reader.line_num}: {error}",
            do="Look for a quotation mark that is not closed.",
        ) from None
    return rows
