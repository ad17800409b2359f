"""A page kept as a case, and what reading it must give, as JSON that a person can review.

A case is a folder `fixtures/<source id>/<case>/` with

    meta.toml     source, page (file name), origin; if needed outcome, url, content_type, status,
                  asked (numbers) with asked_kind, unclaimed_ok (lines that may stay unread),
                  fetched_at, headers; reviewed = false until a captured expectation was read by a person
    the page      the bytes as received
    expect.json   the answer; none where the outcome is a failure

`tmwatch source capture` writes such a folder and the contract test reads it.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from tmwatch.errors import Outcome, UsageError
from tmwatch.model import TradeMark
from tmwatch.sources.base import Answer, AsOf, Page, Reading, RecordQuery

META, EXPECT = "meta.toml", "expect.json"
_KEYS = {
    "source": str,
    "page": str,
    "origin": str,
    "outcome": str,
    "url": str,
    "content_type": str,
    "status": int,
    "asked": list,
    "asked_kind": str,
    "unclaimed_ok": list,
    "fetched_at": str,
    "headers": dict,
    "reviewed": bool,
}


@dataclass(frozen=True)
class Case:
    """One kept page, as its meta.toml describes it."""

    folder: Path
    source: str
    page: str
    origin: str
    outcome: Outcome = Outcome.OK
    url: str = ""
    content_type: str = ""
    status: int = 200
    asked: tuple[str, ...] = ()
    asked_kind: str = "application"
    unclaimed_ok: tuple[str, ...] = ()
    fetched_at: str = ""  # UTC, ISO 8601
    headers: Mapping[str, str] = field(default_factory=dict)
    reviewed: bool = True  # captured: false until somebody has held the expectation against the page

    @property
    def expect_path(self) -> Path:
        """Where the expected answer stands."""
        return self.folder / EXPECT

    def as_page(self) -> Page:
        """The page as the source would get it. An imported page has no address and no query."""
        kind = cast(Literal["application", "registration", "international"], self.asked_kind)
        return Page(
            body=(self.folder / self.page).read_bytes(),
            url=self.url,
            content_type=self.content_type,
            status=self.status,
            name=self.page,
            headers=self.headers,
            query=RecordQuery(self.asked, kind) if self.asked else None,
        )


def load_case(folder: Path) -> Case:
    """Read a case's meta.toml. Raises `UsageError` naming the file and what is wrong with it."""
    path = folder / META
    try:
        given: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        do = "`tmwatch source capture` makes such a folder; check the file's rights and its TOML."
        raise UsageError(f"{path.name} cannot be read: {error}", where=str(folder), do=do) from error
    wrong = [key for key, value in given.items() if not isinstance(value, _KEYS.get(key, ()))]
    lacking = [key for key in ("source", "page", "origin") if not given.get(key)]
    if wrong or lacking:
        raise UsageError(
            f"{META}: unknown or of the wrong type: {wrong}; missing: {lacking}",
            where=str(folder),
            do=f"Correct {META}; another case shows what it holds.",
        )
    try:
        outcome = Outcome(given.pop("outcome", "ok"))
    except ValueError as error:
        do = f"Outcomes: {', '.join(one.value for one in Outcome)}."
        raise UsageError(f"{META}: {error}", where=str(folder), do=do) from error
    asked, unclaimed_ok = (tuple(map(str, given.pop(key, ()))) for key in ("asked", "unclaimed_ok"))
    return Case(folder=folder, outcome=outcome, asked=asked, unclaimed_ok=unclaimed_ok, **given)


def record_facts(record: TradeMark) -> dict[str, Any]:
    """The record as plain JSON: identity and the fields its source gives, the empty ones included."""
    dumped = record.model_dump(mode="json")
    identity = {"office": record.office, "st13": record.st13, "covers": sorted(record.covers)}
    if record.adds:
        identity["adds"] = sorted(record.adds)
    # A list that later versions of the record have, and that is empty, stands in no JSON (`model.LATER`).
    return identity | {name: dumped.get(name, []) for name in sorted(record.covers)}


def _as_of(as_of: AsOf | None) -> dict[str, str | None] | None:
    if as_of is None:
        return None
    time = as_of.time.isoformat() if as_of.time else None
    return {"day": as_of.day.isoformat(), "kind": as_of.kind, "time": time}


def _reading(reading: Reading) -> dict[str, Any]:
    return {
        "record": record_facts(reading.record),
        "as_of": _as_of(reading.as_of),
        "unclaimed": list(reading.unclaimed),
        "unknown_words": list(reading.unknown_words),
    }


def facts(answer: Answer) -> dict[str, Any]:
    """The whole answer as plain JSON, without provenance."""
    return {
        **({"unread": list(answer.unread)} if answer.unread else {}),
        "readings": [_reading(reading) for reading in answer.readings],
        "missing": list(answer.missing),
        "total": answer.total,
        "rows": answer.rows,
    }


def dump(answer: Answer) -> str:
    """The text of an expect.json."""
    return json.dumps(facts(answer), indent=2, ensure_ascii=False) + "\n"


def load_expectation(path: Path) -> dict[str, Any]:
    """The facts of an expect.json."""
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def record_from(facts_of_record: dict[str, Any]) -> TradeMark:
    """The record that `record_facts` was made of. Raises `pydantic.ValidationError` for a changed shape."""
    given = dict(facts_of_record)
    # `nice_class` is computed from the class number and not read back.
    classes = [{k: v for k, v in row.items() if k != "nice_class"} for row in given.get("classes") or ()]
    if "classes" in given:
        given["classes"] = classes
    defaults = {k: v for k, v in given.items() if v is not None}
    return TradeMark.model_validate(defaults)


def meta_text(values: Mapping[str, Any]) -> str:
    """A meta.toml of these keys, in this order; what is empty is left out."""
    lines = [
        f"{key} = {_toml(value)}" for key, value in values.items() if value not in ("", (), [], {}, None)
    ]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    # A JSON string is a TOML one, but for the sign that TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
