"""One `<processo>` of the Brazilian gazette (RPI, section of marks) → a reading.

An issue tells what moved in the week, not what the record is: despachos, and beside them such parts of the
record as the despacho concerns (`marca` is missing in some 44 of 100). So the despachos add to the history
(`TradeMark.adds`), a part that is not there is not given, and the status is given only where a despacho
decides one: a petition granted after the registration leaves the mark registered. The last despacho stands
in `latest_step` in any case; of several in one issue, the one by which it has come furthest, in however
many `<processo>` of that number they stand. A part may stand several times (XSD: nine in any order and
number), and says all that its boxes say; where two contradict each other none is believed.

Facts: the INPI's XSD of 2014, one process of RPI 2909 (2026-10-06), and public readers for what is younger
than the XSD: `lista-classe-nice` with `status` and `traducao-especificacao` (the Portuguese of a Madrid
designation), `dados-de-madri`, priorities without a day, four digits in a code.
"""

from __future__ import annotations

import copy
import csv
import datetime as dt
import functools
from collections.abc import Iterable, Sequence
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
from tmwatch.sources.br.part import Part, squeeze
from tmwatch.sources.phases import tm5_for

OFFICE = "BR"
GAZETTE = "Revista da Propriedade Industrial"
MOST_UNCLAIMED = 40
_SHORT = 80


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


def number_of(element: etree._Element) -> str:
    """The number of a process. Raises `LayoutChanged` where it is none."""
    number = Part(element, "processo").must("numero")
    if not (number.isascii() and number.isdigit() and len(number) == 9):
        raise LayoutChanged(f"`numero` is no number of a process: {number[:20]!r}")
    return number


def read(elements: Sequence[etree._Element], issue: Issue) -> Reading:
    """All elements of one process in an issue.

    Raises `LayoutChanged` where a part that every processo has is missing, or one was renamed.
    """
    odd: list[str] = []
    part = Part(_joined(elements, odd), "processo")
    number = part.must("numero")
    unknown: list[str] = []
    given: dict[str, Any] = {"application_number": number}
    for field, name in (
        ("application_date", "data-deposito"),
        ("registration_date", "data-concessao"),
        ("expiry_date", "data-vigencia"),
    ):
        if (day := part.day(name)) is not None:
            given[field] = day
    given |= _mark(part, unknown, odd) | _people(part, odd) | _goods(part) | _links(part)
    given |= _history(part, issue, unknown, (*_madrid(part, given, odd), *_holding(part, given)))
    part.refuse_renamed(f"BR {number}")
    adds = {"events", "publications"} & given.keys()
    return Reading(
        make_record(OFFICE, st13(OFFICE, number), adds=adds, **given),
        AsOf(issue.day, "printed"),
        tuple(dict.fromkeys(f"BR {number}: {one}" for one in (*part.leftovers(), *odd)))[:MOST_UNCLAIMED],
        tuple(dict.fromkeys(unknown)),
    )


def _joined(elements: Sequence[etree._Element], odd: list[str]) -> etree._Element:
    """One element with what all of one number hold: none of an issue is later than another."""
    for element in elements:
        if element.find("despachos") is None:
            raise LayoutChanged("the process has no `despacho`")
    if len(elements) == 1:
        return elements[0]
    made = etree.Element(elements[0].tag)
    made.text = " ".join(element.text or "" for element in elements)
    said: dict[str, list[str]] = {}
    for element in elements:
        for key, text in element.items():
            said.setdefault(str(key), []).append(squeeze(str(text)))
        made.extend(copy.deepcopy(list(element)))
    for key, values in said.items():
        if (value := _agreed(values, f"processo@{key}", odd)) is not None:
            made.set(key, value)
        elif not any(values):
            made.set(key, "")
    return made


def _agreed(said: Iterable[str | None], where: str, odd: list[str]) -> str | None:
    """What all that say something say; None, and reported, where two contradict each other."""
    found = list(dict.fromkeys(one for one in said if one))
    if len(found) > 1:
        odd.append(f"{where} = {' and '.join(found)[:_SHORT]}, which cannot both be")
    return found[0] if len(found) == 1 else None


# -- the mark and its people -----------------------------------------------------------------------------


def _mark(part: Part, unknown: list[str], odd: list[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    marks = [
        (one.attribute("apresentacao"), one.attribute("natureza"), one.texts("nome"))
        for one in part.kids("marca")
    ]
    if marks:
        names = list(dict.fromkeys(name for one in marks for name in one[2] if name))
        name = _agreed(names, "processo/marca/nome", odd)
        if len(names) < 2:
            given["verbal_element"] = name
        form = _agreed([one[0] for one in marks], "processo/marca@apresentacao", odd)
        nature = _agreed([one[1] for one in marks], "processo/marca@natureza", odd)
        if form is not None:
            given["mark_feature"] = _word("apresentacao", form, unknown)
            given["mark_feature_code"] = form
        if nature is not None:
            means = _word("natureza", nature, unknown)
            given["mark_category"] = tuple(means.split("|")) if means else (nature,)
    given |= _figures(part, odd)
    if apostilles := part.texts("apostila"):
        given["disclaimer"] = "\n".join(filter(None, apostilles)) or None
    return given


def _figures(part: Part, odd: list[str]) -> dict[str, Any]:
    boxes = part.kids("classes-vienna")
    found: list[DesignCode] = []
    gaps = False
    for box in boxes:
        box.attribute("edicao")  # of the classification: the codes say which figures they are
        for one in box.kids("classe-vienna"):
            one.attribute("edicao")
            code, text = one.may_be_empty("codigo"), one.own()
            if code is None:
                gaps = True
                odd.append(f"processo/classes-vienna/classe-vienna without code = {text[:_SHORT]}")
                continue
            found.append(DesignCode(code=code, descriptions=(text,) if text else None))
    # A list with a gap is not the whole: it would take figures from the mark.
    return {"design_codes": tuple(dict.fromkeys(found))} if boxes and not gaps else {}


def _word(attribute: str, word: str, unknown: list[str]) -> str | None:
    means = _words().get((attribute, word))
    if means is None:
        unknown.append(f"{attribute} {word[:60]}")
    return means


def _person(part: Part, role: str) -> Party | None:
    """None for one whose name is empty: the XSD allows it, and a country is nobody."""
    given: dict[str, Any] = {}
    for field, name in (("country", "pais"), ("state", "uf")):
        if (text := part.attribute(name)) is not None:
            given[field] = text
    called = part.may_be_empty("nome-razao-social")
    return Party(name=called, role=role, **given) if called is not None else None


def _people(part: Part, odd: list[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if (owners := part.grandkids("titulares", "titular")) is not None:
        if not owners:
            raise LayoutChanged("`titulares` holds no `titular`")
        found = [_person(one, "titular") for one in owners]
        if None in found:  # a list with a gap is not the whole: it would take an owner from the mark
            odd.append("processo/titulares/titular@nome-razao-social = (empty)")
        else:
            given["owners"] = tuple(dict.fromkeys(filter(None, found)))
    if agents := part.texts("procurador"):
        given["representatives"] = tuple([Party(name=one, role="procurador") for one in agents if one])
    return given


# -- goods and links ---------------------------------------------------------------------------------------


def _goods(part: Part) -> dict[str, Any]:
    listed = part.grandkids("lista-classe-nice", "classe-nice")
    if listed is not None and not listed:
        raise LayoutChanged("`lista-classe-nice` holds no `classe-nice`")
    nice = (
        listed
        if listed is not None and not part.has("classe-nice")
        else [*(listed or ()), *part.kids("classe-nice")]
    )
    said = [*map(_nice, nice), *map(_national, part.kids("classe-nacional"))]
    found = tuple(dict.fromkeys(said))  # what stands twice says nothing twice
    return {"classes": found} if found else {}


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
    claims = part.grandkids("prioridade-unionista", "prioridade")
    if claims is None:
        return {}
    found = []
    for one in claims:
        number, day, country = one.may_be_empty("numero"), one.day("data"), one.attribute("pais")
        if number or day or country:
            found.append(Priority(number=number, date=day, country=country))
    return {"priorities": tuple(dict.fromkeys(found))} if found or not claims else {}


def _holding(part: Part, given: dict[str, Any]) -> list[EventFact]:
    """The older processes that this one waits for; their marks, where named, belong to the despacho."""
    facts, found = [], []
    for one in part.grandkids("sobrestadores", "sobrestador") or ():
        number, mark = one.may_be_empty("processo"), one.attribute("marca")
        if number is not None:
            found.append(RelatedMark(kind="sobrestador", number=number, office=OFFICE))
        if mark:
            facts.append(EventFact(kind="sobrestador", text=" ".join(filter(None, (number, mark)))))
    if found:
        given["related_marks"] = tuple(dict.fromkeys(found))
    return list(dict.fromkeys(facts))


def _madrid(part: Part, given: dict[str, Any], odd: list[str]) -> tuple[EventFact, ...]:
    boxes = part.kids("dados-de-madri")
    if not boxes:
        return ()
    name = "numero-inscricao-internacional"
    number = _agreed([one.attribute(name) for one in boxes], f"processo/dados-de-madri@{name}", odd)
    given["filing_route"] = "madrid_designation"
    if number is not None:
        given["international_registration_number"] = number
    received = dict.fromkeys(one.day("data-recebimento-inpi") for one in boxes)
    return tuple([EventFact(kind="received", date=day) for day in received if day])


# -- history -----------------------------------------------------------------------------------------------


def _history(part: Part, issue: Issue, unknown: list[str], facts: tuple[EventFact, ...]) -> dict[str, Any]:
    rows = part.grandkids("despachos", "despacho")
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
            named = "" if event.text == event.code else f" {event.text[:80]}"
            unknown.append(f"despacho {event.code}{named}")
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
            **({"status_text": deciding.text} if deciding.text != deciding.code else {}),
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
    code = part.must("codigo")
    name = part.may_be_empty("nome") or code  # the XSD allows an empty name; the code says it all
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
        if one is not None and (person := _person(one, role)) is not None:
            yield person
    if agent := petition.text("procurador"):
        yield Party(name=agent, role="procurador")
