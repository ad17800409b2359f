"""One `<processo>` of the Brazilian gazette (RPI, section of marks) → a reading.

An issue tells what moved in the week, not what the record is: despachos, and beside them such parts of the
record as the despacho concerns (`marca` is missing in some 44 of 100). So the despachos add to the history
(`TradeMark.adds`), a part that is not there is not given, and the status is given only where a despacho
decides one: a petition granted after the registration leaves the mark registered. The last despacho stands
in `latest_step` in any case; of several in one issue, the one by which it has come furthest.

Facts: the INPI's XSD of 2014, one process of RPI 2909 (2026-10-06), and public readers for what is younger
than the XSD: `lista-classe-nice` with `status` and `traducao-especificacao` (the Portuguese of a Madrid
designation), `dados-de-madri`, priorities without a day, four digits in a code.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
from collections.abc import Iterable
from importlib.resources import files
from typing import Any, NamedTuple

from lxml import etree

from tmwatch.errors import LayoutChanged
from tmwatch.model import (
    DesignCode,
    EventDetails,
    EventFact,
    GoodsServices,
    GoodsText,
    Live,
    MarkEvent,
    Party,
    Phase,
    Priority,
    Publication,
    RelatedMark,
    make_record,
)
from tmwatch.numbers import st13
from tmwatch.sources.base import AsOf, Reading
from tmwatch.sources.br.part import Part
from tmwatch.sources.phases import tm5_for

OFFICE = "BR"
GAZETTE = "Revista da Propriedade Industrial"
MOST_UNCLAIMED = 40


class Issue(NamedTuple):
    """The issue of the gazette: its number and its day."""

    number: str
    day: dt.date


def _table(name: str) -> list[dict[str, str]]:
    text = (files(__package__) / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@functools.cache
def despachos() -> dict[str, dict[str, str]]:
    """Code → name, phase and live (empty where it decides none), whether it publishes for opposition."""
    return {row["code"]: row for row in _table("despachos")}


@functools.cache
def _words() -> dict[tuple[str, str], str]:
    return {(row["attribute"], row["word"]): row["means"] for row in _table("words")}


def read(element: etree._Element, issue: Issue) -> Reading:
    """Raises `LayoutChanged` where a part that every processo has is missing, or one was renamed."""
    part = Part(element, "processo")
    number = part.must("numero")
    if not (number.isascii() and number.isdigit() and len(number) == 9):
        raise LayoutChanged(f"`numero` is no number of a process: {number[:20]!r}")
    unknown: list[str] = []
    given: dict[str, Any] = {"application_number": number}
    for field, name in (
        ("application_date", "data-deposito"),
        ("registration_date", "data-concessao"),
        ("expiry_date", "data-vigencia"),
    ):
        if (day := part.day(name)) is not None:
            given[field] = day
    given |= _mark(part, unknown) | _people(part) | _goods(part) | _links(part)
    given |= _history(part, issue, unknown, (*_madrid(part, given), *_holding(part, given)))
    part.refuse_renamed(f"BR {number}")
    adds = {"events", "publications"} & given.keys()
    return Reading(
        make_record(OFFICE, st13(OFFICE, number), adds=adds, **given),
        AsOf(issue.day, "printed"),
        tuple(dict.fromkeys(f"BR {number}: {one}" for one in part.leftovers()))[:MOST_UNCLAIMED],
        tuple(dict.fromkeys(unknown)),
    )


# -- the mark and its people -----------------------------------------------------------------------------


def _mark(part: Part, unknown: list[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    mark = part.kid("marca")
    if mark is not None:
        form, nature = mark.attribute("apresentacao"), mark.attribute("natureza")
        given["verbal_element"] = mark.text("nome") or None
        if form is not None:
            given["mark_feature"] = _word("apresentacao", form, unknown)
            given["mark_feature_code"] = form
        if nature is not None:
            means = _word("natureza", nature, unknown)
            given["mark_category"] = tuple(means.split("|")) if means else (nature,)
    codes = part.kid("classes-vienna")
    if codes is not None:
        codes.attribute("edicao")  # of the classification: the codes say which figures they are
        found = []
        for one in codes.kids("classe-vienna"):
            one.attribute("edicao")
            text = one.own()
            found.append(DesignCode(code=one.must("codigo"), descriptions=(text,) if text else None))
        given["design_codes"] = tuple(found)
    if (apostille := part.text("apostila")) is not None:
        given["disclaimer"] = apostille or None
    return given


def _word(attribute: str, word: str, unknown: list[str]) -> str | None:
    means = _words().get((attribute, word))
    if means is None:
        unknown.append(f"{attribute} {word[:60]}")
    return means


def _person(part: Part, role: str) -> Party:
    given: dict[str, Any] = {}
    for field, name in (("country", "pais"), ("state", "uf")):
        if (text := part.attribute(name)) is not None:
            given[field] = text
    return Party(name=part.must("nome-razao-social"), role=role, **given)


def _people(part: Part) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if (owners := part.kid("titulares")) is not None:
        given["owners"] = tuple([_person(one, "titular") for one in owners.kids("titular")])
        if not given["owners"]:
            raise LayoutChanged("`titulares` holds no `titular`")
    if (agent := part.text("procurador")) is not None:
        given["representatives"] = (Party(name=agent, role="procurador"),) if agent else ()
    return given


# -- goods and links ---------------------------------------------------------------------------------------


def _goods(part: Part) -> dict[str, Any]:
    listed = part.kid("lista-classe-nice")
    nice = listed.kids("classe-nice") if listed is not None else part.kids("classe-nice")
    found = list(dict.fromkeys([_nice(one) for one in nice]))  # what stands twice says nothing twice
    national = part.kid("classe-nacional")
    if national is not None:
        found.append(_national(national))
    if listed is not None and not nice:
        raise LayoutChanged("`lista-classe-nice` holds no `classe-nice`")
    return {"classes": tuple(found)} if found else {}


def _class_of(part: Part, most: int) -> str:
    code = part.must("codigo")
    if not (code.isascii() and code.isdigit() and 1 <= int(code) <= most):
        raise LayoutChanged(f"`codigo` is no class: {code[:20]!r}")
    return str(int(code))


def _nice(part: Part) -> GoodsServices:
    number = _class_of(part, 45)
    text, translated, status = (
        part.text(name) for name in ("especificacao", "traducao-especificacao", "status")
    )
    other = (GoodsText(language="pt", text=translated),) if translated else None
    return GoodsServices(class_number=number, text=text, status_text=status, other_texts=other)


def _national(part: Part) -> GoodsServices:
    """A class of the national classification of before 2000: never to be taken for a Nice class."""
    number = _class_of(part, 99)
    inner = part.kid("sub-classes-nacional")
    subs = []
    for one in inner.kids("sub-classe-nacional") if inner is not None else ():
        text = one.own()
        subs.append(" ".join(filter(None, (one.must("codigo"), text))))
    return GoodsServices(
        class_number=f"{OFFICE} {number}", text=part.text("especificacao"), national_classes=tuple(subs)
    )


def _links(part: Part) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if (inner := part.kid("prioridade-unionista")) is not None:
        given["priorities"] = tuple(
            [
                Priority(number=one.must("numero"), date=one.day("data"), country=one.attribute("pais"))
                for one in inner.kids("prioridade")
            ]
        )
    return given


def _holding(part: Part, given: dict[str, Any]) -> list[EventFact]:
    """The older processes that this one waits for; their marks, where named, belong to the despacho."""
    inner = part.kid("sobrestadores")
    if inner is None:
        return []
    facts, found = [], []
    for one in inner.kids("sobrestador"):
        number, mark = one.must("processo"), one.attribute("marca")
        found.append(RelatedMark(kind="sobrestador", number=number, office=OFFICE))
        if mark:
            facts.append(EventFact(kind="sobrestador", text=f"{number} {mark}"))
    given["related_marks"] = tuple(dict.fromkeys(found))
    return list(dict.fromkeys(facts))


def _madrid(part: Part, given: dict[str, Any]) -> tuple[EventFact, ...]:
    inner = part.kid("dados-de-madri")
    if inner is None:
        return ()
    number = inner.attribute("numero-inscricao-internacional")
    given["filing_route"] = "madrid_designation"
    if number is not None:
        given["international_registration_number"] = number
    received = inner.day("data-recebimento-inpi")
    return (EventFact(kind="received", date=received),) if received else ()


# -- history -----------------------------------------------------------------------------------------------


def _history(part: Part, issue: Issue, unknown: list[str], facts: tuple[EventFact, ...]) -> dict[str, Any]:
    inner = part.kid("despachos")
    rows = inner.kids("despacho") if inner is not None else []
    if not rows:
        raise LayoutChanged("the process has no `despacho`")
    # Of several in one issue none is the later: their order in the file means nothing.
    said = dict.fromkeys([_event(one, issue, facts) for one in rows])
    events = sorted(said, key=lambda one: (one.code or "", one.text.casefold(), one.proceeding or ""))
    deciding: MarkEvent | None = None
    given: dict[str, Any] = {}
    for event in events:
        row = despachos().get(event.code or "")
        if row is None:
            unknown.append(f"despacho {event.code} {event.text[:80]}")
            continue
        if row["phase"] and (deciding is None or _further(event) > _further(deciding)):
            deciding = event
        if row["published"]:
            given["publications"] = (Publication(date=issue.day, gazette=GAZETTE, issue=issue.number),)
    given |= {
        "events": tuple(events),
        "latest_step": (deciding or events[-1]).text,
        "latest_step_date": issue.day,
    }
    if deciding is not None:
        row = despachos()[deciding.code or ""]
        phase = Phase(row["phase"])
        tm5 = tm5_for(phase)
        given |= {
            "status_code": deciding.code,
            "status_text": deciding.text,
            "status_date": issue.day,
            "status_phase": phase,
            "status_live": Live(row["live"]),
            "tm5_csd": tm5,
            "tm5_source": "computed" if tm5 else None,
        }
    return given


def _further(event: MarkEvent) -> int:
    """How far the process has come by it: of several in one issue the furthest is where it stands."""
    return list(Phase).index(Phase(despachos()[event.code or ""]["phase"]))


def _event(part: Part, issue: Issue, facts: tuple[EventFact, ...]) -> MarkEvent:
    code, name = part.must("codigo"), part.must("nome")
    said = list(facts)
    if more := part.text("texto-complementar"):
        said.append(EventFact(kind="texto-complementar", text=more))
    petition = part.kid("protocolo")
    parties: list[Party] = []
    number = ""
    if petition is not None:
        number = petition.must("numero")
        if (filed := petition.day("data")) is not None:
            said.append(EventFact(kind="protocolo", date=filed))
        if service := petition.attribute("codigoServico"):
            said.append(EventFact(kind="codigoServico", text=service))
        parties = list(_parties(petition))
    return MarkEvent(
        date=issue.day,
        text=name,
        code=code,
        proceeding=number,
        details=EventDetails(gazette=f"RPI {issue.number}", facts=tuple(said), parties=tuple(parties)),
    )


def _parties(petition: Part) -> Iterable[Party]:
    for role in ("requerente", "cessionario", "cedente"):
        one = petition.kid(role)
        if one is not None:
            yield _person(one, role)
    if agent := petition.text("procurador"):
        yield Party(name=agent, role="procurador")
