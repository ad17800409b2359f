"""us.tsdr-api: TSDR's data interface, by number: JSON, and the XML it has given since 2013.

History. ST.66 XML until about 2021, ST.96 XML since 2014 in three dialects, JSON since 2020; a key is
needed for every call since October 2020 (user guide v2). Files saved from any of these years import.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from tmwatch.errors import Incomplete, LayoutChanged, UsageError
from tmwatch.model import FIELDS
from tmwatch.sources.base import (
    Answer,
    AsOf,
    Automation,
    Declaration,
    KnownQuery,
    Pace,
    Page,
    Query,
    Reading,
    RecordQuery,
    Request,
    Terms,
)
from tmwatch.sources.unlike import told
from tmwatch.sources.us import common, st66, st96, tsdr_json
from tmwatch.sources.us.answers import load_json, looks_like, refuse_failures
from tmwatch.sources.us.xml import Node, named, parse
from tmwatch.sources.us.xml_witness import witness_of

# What no TSDR channel gives; the rest of the record can come from one of its dialects.
_NEVER = {"opposition_period", "expiry_date", "latest_step", "latest_step_date"}
_TYPES = {"application": "sn", "registration": "rn", "international": "ir"}
_SHAPES = {"application": r"\d{8}", "registration": r"\d{1,7}", "international": r"\d{1,7}[A-Z]?"}

DECLARATION = Declaration(
    id="us.tsdr-api",
    title="USPTO TSDR data API",
    office="US",
    channels=frozenset({"record", "import"}),
    base_url="https://tsdrapi.uspto.gov",
    terms=Terms(
        automation=Automation.WITH_KEY,
        note="Offered for programs; a personal key is needed. 60 requests a minute, 120 from 22:00 to 05:00 "
        "Eastern; we stay at half of that.",
        link="https://developer.uspto.gov/api-catalog/tsdr-data-api",
        read_on=dt.date(2026, 11, 22),
    ),
    pace=Pace(min_interval=2.0, per_minute=30, night=("America/New_York", 22, 5, 60)),
    parser_version="2",
    covers=frozenset(FIELDS) - _NEVER,
    authority=90,
    by_hand=False,
    known_query=KnownQuery("record", "76044902"),
    credential_env="USPTO_API_KEY",
    live_default="with key",
    landmarks=(
        "JSON: `trademarks` or `transactionList`, each record with `status.serialNumber` and `status.status`",
        "XML: root `TrademarkTransaction` or `Transaction` of the USPTO, with serial number and status code",
    ),
    # One record a request although the office takes about 20: its answer for several numbers leaves out
    # owners, attorney and correspondence, and the owner is what most watches are about.
    max_per_request=1,
    answers=frozenset({"numbers"}),
    record_url="https://tsdr.uspto.gov/#caseNumber={number}&caseSearchType=US_APPLICATION"
    "&caseType=DEFAULT&searchType=statusSearch",
)


class TsdrApi:
    """The source object."""

    declaration = DECLARATION

    def requests(self, query: Query) -> Sequence[Request]:
        """One request a number (see `max_per_request`). Raises `UsageError` for a search."""
        if not isinstance(query, RecordQuery):
            raise UsageError(
                "the TSDR API answers by number only, not by owner or mark",
                where=DECLARATION.id,
                do="Use `us.daily` for watches on owners, agents and marks.",
            )
        return [self._request(number, query) for number in query.numbers]

    def _request(self, number: str, query: RecordQuery) -> Request:
        plain = re.sub(r"[\s,/.-]", "", number).upper()
        if not re.fullmatch(_SHAPES[query.kind], plain, re.ASCII):
            raise UsageError(
                f"`{number}` is no US {query.kind} number",
                where=DECLARATION.id,
                do="A serial number has 8 digits (76044902), a registration number up to 7 (2824281).",
            )
        base = f"/ts/cd/casestatus/{_TYPES[query.kind]}{plain}"
        json = Request(
            path=f"{base}/info.json",
            credential_header="USPTO-API-KEY",
            accept="application/json",
            query=RecordQuery((plain,), query.kind),
        )
        # The office has withdrawn single endpoints before (last-update, 2026-07): "not found" is
        # believed only when the ST.96 record of the same number is not found either.
        return replace(json, instead=replace(json, path=f"{base}/info.xml", accept="application/xml"))

    def sniff(self, page: Page) -> int:
        """0…100: whether these bytes are a TSDR record."""
        return 95 if looks_like(page.body) else 0

    def glance(self, page: Page) -> tuple[bytes, AsOf | None] | None:
        """The whole page: no part of these answers is known to change without meaning."""
        return page.body, None

    def read(self, page: Page) -> Answer:
        """Every record in the page, and what was asked for and is not there."""
        where = page.name or page.url or DECLARATION.id
        try:
            kind = refuse_failures(page, where)
            return _read_json(page, where) if kind == "json" else _read_xml(page, where)
        except Exception as error:  # noqa: BLE001 - `told` lets our own faults through as they are
            told(error, where, "the record", again="Fetch or save the record again")


def _read_xml(page: Page, where: str) -> Answer:
    readings: list[Reading] = []
    for node in named(parse(page.body, where), "TrademarkBag", "TransactionData", body=page.body):
        if node.name == "TrademarkBag":
            readings += [_read_node(st96.read, mark, where) for mark in node.kids("Trademark")]
        elif node.at("TradeMarkDetails") is not None:
            readings.append(_read_node(st66.read, node, where))
    if not readings:
        raise LayoutChanged("the file has no trade mark record", where=where)
    return _answer(page, where, readings, ())


def _read_node(read: Callable[[Node], Reading], node: Node, where: str) -> Reading:
    """One record. Where something in it was not understood it is read again, to see what was missing."""
    reading = read(node)
    common.refuse_unless_whole(reading.record)
    if reading.unclaimed:
        witness = witness_of(node)
        read(witness)
        witness.refuse_renamed(where)
    return reading


def _read_json(page: Page, where: str) -> Answer:
    data = load_json(page.body, where)
    if "transactionList" not in data:
        marks = _list(data, "trademarks")
        if not marks:
            raise Incomplete("the answer holds no record, and does not say that there is none", where=where)
        return _answer(page, where, [tsdr_json.read(mark) for mark in marks], ())
    entries = _list(data, "transactionList")
    size = data.get("size")
    if isinstance(size, int) and not isinstance(size, bool) and size != len(entries):
        raise Incomplete(f"the answer speaks of {size} cases and holds {len(entries)}", where=where)
    readings, unanswered = [], []
    for entry in entries:
        if not isinstance(entry, dict):
            raise LayoutChanged("`transactionList` holds something else than cases", where=where)
        marks = _list(entry, "trademarks")
        readings += [tsdr_json.read(mark, whole=False) for mark in marks]
        if not marks:
            unanswered.append(str(entry.get("searchId") or ""))
    unanswered += [str(one) for one in data.get("missedElements") or [] if isinstance(one, (str, int))]
    answer = _answer(page, where, readings, unanswered)
    if data.get("oversized") and not answer.missing:
        raise Incomplete("the office says it was asked for too much at once", where=where)
    if not readings:
        raise Incomplete("the answer holds no record", where=where)
    return answer


def _list(data: dict[str, object], key: str) -> list[object]:
    value = data.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise LayoutChanged(f"`{key}` is no list")
    return value


def _asked(page: Page) -> tuple[str, ...]:
    if isinstance(page.query, RecordQuery):
        return page.query.numbers
    ids = parse_qs(urlsplit(page.url).query).get("ids", [])
    if ids:
        return tuple(part.strip() for one in ids for part in one.split(",") if part.strip())
    # A saved answer is named after what was asked: caseMultiStatus-97123456,90001000.json
    return tuple(re.findall(r"(?<!\d)\d{8}(?!\d)", page.name, re.ASCII)) if "ulti" in page.name else ()


def _answer(page: Page, where: str, readings: list[Reading], unanswered: Sequence[str]) -> Answer:
    """Puts question and answer side by side: a record that was not asked for is nobody's record."""
    seen = [reading.record.st13 for reading in readings]
    if len(set(seen)) != len(seen):
        raise Incomplete("the answer holds one case twice", where=where)
    answered = {
        number.lstrip("0")
        for reading in readings
        for number in (
            reading.record.application_number,
            reading.record.registration_number,
            reading.record.international_registration_number,
        )
        if number
    }
    asked = _asked(page)
    missing = [number for number in asked if re.sub(r"\D", "", number).lstrip("0") not in answered]
    if readings and asked and len(missing) == len(set(asked)) and isinstance(page.query, RecordQuery):
        raise LayoutChanged(f"asked for {', '.join(asked)}, the answer is about other cases", where=where)
    missing += [number for number in unanswered if number and number not in missing]
    return Answer(readings=tuple(readings), missing=tuple(dict.fromkeys(missing)), rows=len(readings))


SOURCE = TsdrApi()
