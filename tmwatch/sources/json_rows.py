"""Answers in JSON that hold rows: loading them, and taking a row apart key by key.

For registers that are neither the USPTO nor Tianyancha. The rule for keys:

* `text`, `day`, `items` … of a key that every row has: missing means another layout, so `LayoutChanged`;
* the same with `optional=True` for what a row may lack: missing is "not given by this row", unless an
  unknown key stands beside it that could be the missing one (see `sources.renamed`);
* `leave` names what is understood and has no place in the record, `unclaimed` shows everything else.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tmwatch.errors import LayoutChanged, LookError, NotThisSource, ServerFault, UnknownNumber
from tmwatch.sources.base import Page, Reading
from tmwatch.sources.renamed import Kind, Missed, Stranger, refuse
from tmwatch.text import clean_line, mended

NEW_LAYOUT = "tmwatch believes nothing of this page until it knows the new layout. Please report it."
_MOST_UNCLAIMED = 200
_EMPTY: tuple[object, ...] = (None, "", [], {}, False)
_COUNT = re.compile(r"[0-9]{1,12}")
# The names under which services of this kind state an error instead of an answer.
_ERROR_KEYS = ("error", "errors", "message", "detail", "errorMessage")
# Keys of documents that describe answers (JSON Schema, OpenAPI 2 and 3): they hold every name that an answer
# has, and no filing. In an answer's texts the quotes would be escaped.
_DESCRIBES = ("$schema", "openapi", "swagger")
_A_DESCRIPTION = re.compile(rb'"(?:\$schema|openapi|swagger)"\s*:\s*"')


def looks_like_object(page: Page) -> bool:
    """Whether the bytes begin as a JSON object does, and do not merely describe one (a schema)."""
    begins = page.body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    named = begins and any(f'"{key}"'.encode() in page.body for key in _DESCRIBES)
    return begins and not (named and _A_DESCRIPTION.search(page.body))


def load_object(page: Page, service: str) -> dict[str, Any]:
    """The JSON object of a page. JSON is UTF-8 (RFC 8259), whatever a header says.

    Raises `NotThisSource` for anything else: a web page, another character set, a list.
    """
    try:
        answer = mended(json.loads(page.body.decode("utf-8-sig")))
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise NotThisSource(
            f"this is not an answer of {service}: no JSON object in UTF-8",
            where=where_of(page),
            do="Save the answer of the service as it came, not the web page that shows it.",
        )
    return answer


def no_answer(page: Page, service: str, why: str) -> NotThisSource:
    """The error for an object that is no answer of a service: `why` names what it lacks.

    What the service itself sent may be a new layout, for us to learn; a file is somebody's other file.
    """
    return NotThisSource(
        f"this is not an answer of {service}: {why}",
        where=where_of(page),
        do=NEW_LAYOUT if page.url else "Save the answer of the service as it came.",
    )


def stated_error(answer: Mapping[str, Any], page: Page, service: str) -> LookError | None:
    """What a service says instead of an answer ({"error": …}, {"message": …}), as a typed outcome.

    A `title` is an error beside its HTTP status only, as RFC 9457 has them; many an object has a title.
    """
    if any(key in answer for key in _DESCRIBES):
        return None
    status = answer.get("status")
    problem = isinstance(status, int) and not isinstance(status, bool) and 400 <= status <= 599
    for key in (*_ERROR_KEYS, "title") if problem else _ERROR_KEYS:
        said = answer.get(key)
        if said not in _EMPTY:
            return ServerFault(
                f"{service} states an error instead of an answer: {clean_line(str(said), 100)}",
                where=where_of(page),
                do="The next run asks again; if it goes on, look at the service in a browser.",
            )
    return None


def where_of(page: Page) -> str:
    """The file or the address; what was asked stands in a body or is left out of it."""
    return page.name or page.url.partition("?")[0]


def count(answer: Mapping[str, Any], key: str, page: Page) -> int:
    """A count that an answer must state. Raises `LayoutChanged` where it does not."""
    said = answer.get(key)
    number = int(said) if isinstance(said, str) and _COUNT.fullmatch(said) else said
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise LayoutChanged(
            f"`{key}` is no count: {clean_line(str(said), 40)}", where=where_of(page), do=NEW_LAYOUT
        )
    return number


def rows(answer: Mapping[str, Any], key: str, page: Page) -> list[Any]:
    """The list of rows that an answer must have."""
    found = answer.get(key)
    if not isinstance(found, list):
        raise LayoutChanged(f"`{key}` is no list", where=where_of(page), do=NEW_LAYOUT)
    return found


def readable(
    items: Sequence[object], read: Callable[[object, str], Reading], page: Page, total: int | None = None
) -> tuple[tuple[Reading, ...], tuple[str, ...]]:
    """(what can be read, the rows that were left out and why) of rows that are a whole filing each.

    Left out are rows whose number has a form that the office is not known to use, and rows of one filing
    that contradict each other. Raises `UnknownNumber` where most rows are of the first kind: that is no odd
    row but another layout; and whatever else `read` raises. Of a page that holds fewer rows than the `total`
    nobody can say so yet: the last page of an answer may hold the odd row alone (`looking` judges them all).
    """
    found: dict[str, dict[int, Reading]] = {}
    odd: list[tuple[int, UnknownNumber]] = []
    for place, item in enumerate(items, 1):
        try:
            one = read(item, f"{where_of(page)}, row {place}")
        except UnknownNumber as error:
            odd.append((place, error))
        else:
            found.setdefault(one.record.st13, {})[place] = one
    if 2 * len(odd) > len(items) and len(items) >= (total or 0):
        raise odd[0][1]
    left = [(place, f"row {place}: {error.message}") for place, error in odd]
    readings: dict[int, Reading] = {}
    for st13, rows_of_it in found.items():
        first, *others = rows_of_it
        if all(rows_of_it[other] == rows_of_it[first] for other in others):
            readings |= rows_of_it
        else:
            places = " and ".join(map(str, rows_of_it))
            left.append((first, f"rows {places}: all are {st13}, and they contradict each other"))
    return tuple(readings[place] for place in sorted(readings)), tuple(text for _, text in sorted(left))


# What every filing has. Where a row has the key and nothing in it, it says nothing of the filing.
_ALWAYS = ("owners", "classes", "application_date")
_STATUS = ("status_phase", "status_live", "tm5_csd", "tm5_source", "status_text", "status_code")


def said_only(given: dict[str, Any], *, may_lack: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Take out of a record's fields what every filing has and the row left empty; says which those were.

    `null` and `[]` there are an office's gap, no news: a filing does not lose its owner, its classes, its
    filing date, its status or the words of a word mark by them. Not given, what is known stays. `may_lack`
    names fields that this filing may honestly have nothing in yet.
    """
    gaps = [name for name in _ALWAYS if name in given and not given[name]]
    if "verbal_element" in given and not given["verbal_element"] and given.get("mark_feature") == "word":
        gaps.append("verbal_element")
    status = [name for name in ("status_text", "status_code") if name in given]
    if status and not any(given[name] for name in status):
        for name in _STATUS:
            given.pop(name, None)
        gaps.append("status")
    for name in gaps:
        given.pop(name, None)
    return tuple(f"{name} = (empty)" for name in gaps if name not in may_lack)


def whole_only(given: dict[str, Any], held: Mapping[str, bool]) -> tuple[str, ...]:
    """Take out of a record's fields the lists of which a part could not be read; says which those were.

    `held` says of each whether all its entries were there. An owner without a name or a class without a
    number is the office's gap; the others alone would read as if that one were gone.
    """
    broken = [name for name, whole in held.items() if name in given and not whole]
    for name in broken:
        given.pop(name)
    return tuple(f"{name} = (an entry is empty)" for name in broken)


def filled(row: Row, key: str, name: str = "name") -> bool:
    """Whether each entry of a list is there, an object with its `name`; else it is a part of the list."""
    found = row.peek(key)
    said = (
        [one.get(name) if isinstance(one, dict) else one for one in found] if isinstance(found, list) else []
    )
    return all(one not in (None, "") for one in said) or all(one in (None, "") for one in said)


class Row:
    """One JSON object whose keys are taken out one by one; see the top of this module."""

    def __init__(self, data: object, where: str, path: str = "") -> None:
        self.where, self.path = where, path
        if not isinstance(data, dict):
            raise self.refuse("it is no JSON object")
        self._data: dict[str, Any] = dict(data)
        self._missed: list[Missed] = []
        self._inner: list[Row] = []

    def refuse(self, why: str) -> LayoutChanged:
        """The error that names this row and what is wrong with it."""
        return LayoutChanged(f"{self.path or 'the answer'}: {why}", where=self.where, do=NEW_LAYOUT)

    def no_number(self, key: str, office: str, said: str | None) -> UnknownNumber:
        """The error for a row whose number cannot be read: it costs this row only (`readable`)."""
        shown = clean_line(said, 40) if said else "(empty)"
        return UnknownNumber(f"`{key}` is no {office} number: {shown}", where=self.where, do=NEW_LAYOUT)

    def has(self, key: str) -> bool:
        """Whether the row still has this key, be it empty."""
        return key in self._data

    def peek(self, key: str) -> Any:
        """The value at a key, which stays where it is; None where there is none."""
        return self._data.get(key)

    def take(self, key: str, kind: Kind = "text", *, optional: bool = False) -> Any:
        """The value at a key, whatever it is."""
        if key in self._data:
            return self._data.pop(key)
        if not optional:
            raise self.refuse(f"`{key}` is missing")
        self._missed.append(Missed((key,), kind))
        return None

    def give(
        self, given: dict[str, Any], field: str, key: str, read: Callable[[str], Any], kind: Kind = "text"
    ) -> None:
        """Give a field what `read` makes of a key that rows may lack; without the key it is not given."""
        if key in self._data:
            given[field] = read(key)
        else:
            self.take(key, kind, optional=True)

    def leave(self, *keys: str) -> None:
        """Understood, and without a place in the record."""
        for key in keys:
            self._data.pop(key, None)

    def text(self, key: str, *, optional: bool = False, kind: Kind = "text") -> str | None:
        """A text or number in one line; None where there is none."""
        value = self.take(key, kind, optional=optional)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.refuse(f"`{key}` is no text: {clean_line(str(value), 40)}")
        if isinstance(value, float):
            if not math.isfinite(value):
                raise self.refuse(f"`{key}` is no text: {value}")
            value = int(value) if value.is_integer() else value  # 49497.0 is the number 49497
        return " ".join(str(value).split()) or None

    def day(self, key: str, *, optional: bool = False) -> dt.date | None:
        """An ISO date; of an instant without zone its day."""
        said = self.text(key, optional=optional, kind="date")
        if said is None:
            return None
        try:
            return dt.date.fromisoformat(said) if len(said) == 10 else dt.datetime.fromisoformat(said).date()
        except ValueError:
            raise self.refuse(f"`{key}` is no date: {clean_line(said, 40)}") from None

    def number(self, key: str, *, optional: bool = False) -> int | None:
        """A whole number, also written as text."""
        said = self.text(key, optional=optional, kind="number")
        if said is None:
            return None
        if not _COUNT.fullmatch(said):
            raise self.refuse(f"`{key}` is no number: {clean_line(said, 40)}")
        return int(said)

    def inner(self, key: str, *, optional: bool = False) -> Row | None:
        """The object at a key; None where there is none."""
        value = self.take(key, "box", optional=optional)
        return None if value in (None, "") else self.child(value, key)

    def items(self, key: str, *, optional: bool = False, one: bool = False) -> list[Row]:
        """The objects of a list. With `one`, a single object stands for a list of one (XML made JSON)."""
        value = self.take(key, "box", optional=optional)
        if one and isinstance(value, dict):
            value = [value]
        if value in (None, ""):
            return []
        if not isinstance(value, list):
            raise self.refuse(f"`{key}` is no list")
        return [self.child(item, f"{key} {place}") for place, item in enumerate(value, 1)]

    def words(self, key: str, *, optional: bool = False, one: bool = False) -> tuple[str, ...]:
        """The texts and numbers of a list."""
        value = self.take(key, "box", optional=optional)
        if one and isinstance(value, str | int):
            value = [value]
        if value in (None, ""):
            return ()
        if not isinstance(value, list) or not all(
            isinstance(item, str | int | None) and not isinstance(item, bool) for item in value
        ):
            raise self.refuse(f"`{key}` is no list of texts")
        return tuple(text for item in value if item is not None and (text := " ".join(str(item).split())))

    def child(self, value: object, name: str) -> Row:
        """An object within this one, whose unclaimed keys are this one's too."""
        child = Row(value, self.where, f"{self.path}.{name}".lstrip("."))
        self._inner.append(child)
        return child

    def refuse_renamed(self) -> None:
        """Raise `LayoutChanged` where an unknown key could be one that was missing, here or further in."""
        strangers = [
            Stranger(key, clean_line(str(value), 80), isinstance(value, dict | list))
            for key, value in self._data.items()
            if any(_walk(value, key))
        ]
        refuse(self._missed, strangers, f"{self.where}, {self.path or 'the answer'}")
        for child in self._inner:
            child.refuse_renamed()

    def unclaimed(self) -> tuple[str, ...]:
        """What nobody took, here and further in, as "path = value"."""
        return tuple(dict.fromkeys(self._rest()))[:_MOST_UNCLAIMED]

    def _rest(self) -> Iterator[str]:
        for key, value in self._data.items():
            yield from _walk(value, f"{self.path}.{key}".lstrip("."))
        for child in self._inner:
            yield from child._rest()


def _walk(value: object, path: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _walk(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, path)
    elif value not in _EMPTY:
        yield f"{clean_line(path, 80)} = {clean_line(str(value), 80)}"
