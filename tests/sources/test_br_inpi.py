"""The Brazilian gazette: what moved in a week, read to the last attribute, merged over the weeks."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import re
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from lxml import etree

from tests.conftest import ROOT
from tmwatch.errors import Incomplete, LayoutChanged, LookError, NotThisSource
from tmwatch.importing import import_files
from tmwatch.model import Live, Phase
from tmwatch.numbers import parse_number
from tmwatch.sources.base import Bulk, Page, Reading
from tmwatch.sources.br.inpi import SOURCE
from tmwatch.store import Database, queries

FIXTURES = ROOT / "fixtures" / "br.inpi"
FIRST = FIXTURES / "published-for-opposition" / "RM9901.xml"
WEEK = FIXTURES / "a-week" / "RM9902.xml"
LATER = FIXTURES / "windows-1252" / "RM9903.xml"


def read(body: bytes) -> dict[str, Reading]:
    readings = SOURCE.read(Page(body, name="RM9902.xml")).readings
    return {one.record.application_number or "": one for one in readings}


@pytest.mark.recorded
def test_the_real_process_is_read_whole(recorded: Path) -> None:
    (path,) = (recorded / "br").glob("RM*.xml")
    (one,) = SOURCE.read(Page(path.read_bytes(), name=path.name)).readings
    record = one.record
    assert (one.unclaimed, one.unknown_words) == ((), ())
    assert one.as_of is not None
    assert (one.as_of.day, one.as_of.kind) == (dt.date(2026, 10, 6), "printed")
    assert record.st13 == "BR500000945455720"
    assert (record.status_code, record.status_phase, record.status_live) == (
        *("IPAS009", Phase.PUBLISHED),
        Live.LIVE,
    )
    assert [item.nice_class for item in record.classes] == [42]
    assert record.owners[0].state == "SP"
    assert record.publications[0].issue == "2909"


@pytest.mark.recorded
def test_every_element_and_attribute_of_the_offices_schema_is_understood(recorded: Path) -> None:
    """A process is made of the XSD, with all that it allows; nothing of it is left over."""
    schema = etree.parse(str(recorded / "br/rpi_marca_magazine.xsd")).getroot()
    names = {one.get("name") for one in schema.iter("{*}element")} - {None}
    attributes = {one.get("name") for one in schema.iter("{*}attribute")} - {None}
    assert len(names) > 20
    assert len(attributes) > 15
    text = "".join(path.read_text(encoding="utf-8") for path in (FIRST, WEEK))
    assert {name for name in names if f"<{name}" not in text} == set()
    assert {name for name in attributes if f"{name}=" not in text} == set()
    for body in (FIRST.read_bytes(), WEEK.read_bytes()):
        assert [one.unclaimed for one in read(body).values() if one.unclaimed] == []


def test_a_petition_granted_after_the_registration_is_no_status_and_stands_as_the_latest_step() -> None:
    body = (
        WEEK.read_bytes().replace(b'"IPAS158"', b'"IPAS270"').replace("Concessão de registro".encode(), b"X")
    )
    record = read(body)["999000102"].record
    assert not record.gives("status_code")
    assert (record.latest_step, record.latest_step_date) == ("X", dt.date(2026, 2, 17))


def test_a_despacho_that_is_in_no_table_is_kept_and_reported() -> None:
    one = read(WEEK.read_bytes().replace(b"IPAS158", b"IPAS999"))["999000102"]
    assert one.unknown_words == ("despacho IPAS999 Concessão de registro",)
    assert one.record.events[0].code == "IPAS999"
    assert not one.record.gives("status_phase")


def test_an_old_national_class_is_never_a_nice_class() -> None:
    (old,) = read(WEEK.read_bytes())["819000104"].record.classes
    assert (old.class_number, old.nice_class) == ("BR 25", None)


def test_a_petition_has_its_number_its_day_and_its_people() -> None:
    petition = next(
        one for one in read(WEEK.read_bytes())["999000103"].record.events if one.code == "IPAS270"
    )
    assert petition.proceeding == "850990000001"
    assert petition.details is not None
    assert [(one.role, one.name) for one in petition.details.parties] == [
        ("requerente", "EXEMPLO NAVEGAÇÃO LTDA"),
        ("cessionario", "AMOSTRA PORTOS S.A."),
        ("procurador", "Amostra Propriedade Industrial Ltda."),
    ]


def test_windows_1252_and_a_reference_that_no_xml_may_hold_are_read_right() -> None:
    (event,) = read(LATER.read_bytes())["999000101"].record.events
    assert event.details is not None
    assert event.details.facts[0].text == "Com ressalva quanto à especificação"


def test_the_weeks_in_any_order_are_one_record(tmp_path: Path) -> None:
    found = set()
    for number, order in enumerate(itertools.permutations([FIRST, WEEK, LATER])):
        with closing(Database(tmp_path / f"{number}.db")) as base:
            for path in order:
                results, _ = import_files(base, [path])
                assert {one.error for one in results} == {""}
            record = queries.get(base, "BR500000999000101")
            assert record is not None
            found.add(record.model_copy(update={"provenance": None}).model_dump_json())
            assert record.status_phase is Phase.ALLOWED
            assert [one.code for one in record.events] == ["IPAS009", "IPAS029"]
            assert record.verbal_element == "CAIS EXEMPLO"  # the later issue shows no mark at all
            assert len(record.classes) == 2
    assert len(found) == 1


def test_each_piece_is_an_issue_of_one_process() -> None:
    assert isinstance(SOURCE, Bulk)
    pieces = list(SOURCE.pieces(io.BytesIO(WEEK.read_bytes()), "RM9902.xml"))
    assert [one.number for one in pieces] == [
        *("999000102", "999000103", "819000104", "999000105"),
    ]
    assert all(re.match(rb'<revista numero="9902" data="17/02/2026">', one.body) for one in pieces)
    assert [SOURCE.read(Page(one.body)).readings[0] for one in pieces] == [*read(WEEK.read_bytes()).values()]


# -- one process in several elements --------------------------------------------------------------------


def issue(*processes: str, number: str = "9904", day: str = "03/03/2026") -> bytes:
    return f'<revista numero="{number}" data="{day}">{"".join(processes)}</revista>'.encode()


def process(number: str, inner: str, more: str = "") -> str:
    return f'<processo numero="{number}"{more}>{inner}</processo>'


def despacho(code: str, name: str = "Nome") -> str:
    return f'<despachos><despacho codigo="{code}" nome="{name}"/></despachos>'


OTHER = process("999000200", despacho("IPAS009"))
GRANTED = process("999000101", despacho("IPAS158", "Concessão"), ' data-concessao="03/03/2026"')
ALLOWED = process("999000101", despacho("IPAS029", "Deferimento"))


@pytest.mark.parametrize("order", [[GRANTED, OTHER, ALLOWED], [ALLOWED, OTHER, GRANTED]])
def test_the_furthest_despacho_of_an_issue_decides_in_however_many_elements_it_stands(
    order: list[str],
) -> None:
    answer = SOURCE.read(Page(issue(*order), name="RM9904.xml"))
    record = {one.record.application_number: one.record for one in answer.readings}["999000101"]
    assert (answer.rows, len(answer.readings)) == (3, 2)
    assert (record.status_code, record.status_phase) == ("IPAS158", Phase.REGISTERED)
    assert (record.latest_step, record.registration_date) == ("Concessão", dt.date(2026, 3, 3))
    assert [one.code for one in record.events] == ["IPAS029", "IPAS158"]


@pytest.mark.parametrize("order", [[GRANTED, OTHER, ALLOWED], [ALLOWED, OTHER, GRANTED]])
def test_an_import_writes_no_status_that_never_stood(tmp_path: Path, order: list[str]) -> None:
    path = tmp_path / "RM9904.xml"
    path.write_bytes(issue(*order))
    pieces = list(SOURCE.pieces(io.BytesIO(path.read_bytes()), path.name))
    assert sorted(one.number for one in pieces) == ["999000101", "999000200"]
    with closing(Database(tmp_path / "tmwatch.db")) as base:
        for one in (FIRST, path):
            results, _ = import_files(base, [one])
            assert {row.error for row in results} == {""}
        rows = base.conn.execute("select old, new from change where field = 'status'").fetchall()
        record = queries.get(base, "BR500000999000101")
        versions = base.conn.execute("select count(*) from mark_version where st13 like '%999000101'")
        assert versions.fetchone()[0] == 2  # published, registered
    assert record is not None
    assert record.status_phase is Phase.REGISTERED
    assert len(rows) == 1


def test_two_elements_that_contradict_each_other_are_both_reported_and_neither_is_believed() -> None:
    twice = [
        process("999000101", despacho("IPAS029"), f' data-deposito="{day}"')
        for day in ("05/01/2026", "06/01/2026")
    ]
    one = read(issue(*twice))["999000101"]
    assert not one.record.gives("application_date")
    assert one.unclaimed == (
        "BR 999000101: processo@data-deposito = 05/01/2026 and 06/01/2026, which cannot both be",
    )


# -- what the schema allows -----------------------------------------------------------------------------


def test_parts_that_the_schema_lets_stand_several_times_are_all_used() -> None:
    national = (
        '<classe-nacional codigo="{0}"><especificacao>Texto {0}</especificacao><sub-classes-nacional>'
        '<sub-classe-nacional codigo="10"/></sub-classes-nacional></classe-nacional>'
    )
    inner = (
        despacho("IPAS158")
        + "<procurador>Amostra PI Ltda.</procurador><procurador>Exemplo Marcas Ltda.</procurador>"
        + "<apostila>Sem direito a A.</apostila><apostila>Sem direito a B.</apostila>"
        + national.format("25")
        + national.format("31")
        + '<titulares><titular nome-razao-social="AMOSTRA S.A." pais="BR"/></titulares>'
        + '<titulares><titular nome-razao-social="Beispiel GmbH" pais="DE"/></titulares>'
    )
    one = read(issue(process("999000101", inner)))["999000101"]
    record = one.record
    assert (one.unclaimed, one.unknown_words) == ((), ())
    assert [party.name for party in record.representatives] == ["Amostra PI Ltda.", "Exemplo Marcas Ltda."]
    assert record.disclaimer == "Sem direito a A.\nSem direito a B."
    assert [item.class_number for item in record.classes] == ["BR 25", "BR 31"]
    assert [party.name for party in record.owners] == ["AMOSTRA S.A.", "Beispiel GmbH"]


def test_values_that_the_schema_lets_be_empty_are_not_given_and_cost_nothing_else() -> None:
    inner = (
        '<despachos><despacho codigo="IPAS142" nome=""><protocolo numero="850990000001" data="03/11/2025" '
        'codigoServico="349"><requerente nome-razao-social="" pais="BR"/></protocolo></despacho></despachos>'
        '<titulares><titular nome-razao-social="" pais="BR"/></titulares>'
        '<prioridade-unionista><prioridade numero="" data="01/10/2025" pais="EM"/></prioridade-unionista>'
        '<sobrestadores><sobrestador processo="" marca="CAIS EXEMPLO"/></sobrestadores>'
        '<classes-vienna edicao="4"><classe-vienna codigo=""/><classe-vienna codigo="27.5.1"/>'
        "</classes-vienna>"
    )
    one = read(issue(process("999000101", inner)))["999000101"]
    record = one.record
    (event,) = record.events
    assert (record.status_code, record.status_phase) == ("IPAS142", Phase.SUSPENDED)
    assert (event.text, record.latest_step) == ("IPAS142", "IPAS142")  # the code alone
    assert [
        name for name in ("owners", "related_marks", "design_codes", "status_text") if record.gives(name)
    ] == []
    (claim,) = record.priorities
    assert (claim.number, claim.date, claim.country) == (None, dt.date(2025, 10, 1), "EM")
    assert event.details is not None
    assert "CAIS EXEMPLO" in [fact.text for fact in event.details.facts]
    assert event.details.parties == ()
    assert one.unclaimed == (
        "BR 999000101: processo/classes-vienna/classe-vienna without code = ",
        "BR 999000101: processo/titulares/titular@nome-razao-social = (empty)",
    )


def zipped(name: str, body: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, body)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("what", "error", "says"),
    [
        (b"<!DOCTYPE html><html><body>404</body></html>", NotThisSource, "web page, not a zip"),
        (zipped("RM9902.xml", b"<html></html>"), NotThisSource, "its root is `html`"),
        (zipped("photo.svg", b"<svg/>"), NotThisSource, "no gazette"),
        (zipped("RM9902.xml", WEEK.read_bytes())[:-300], Incomplete, "cannot be read to its end"),
        (WEEK.read_bytes().replace(b'codigo="IPAS158" ', b""), LayoutChanged, "codigo"),
        (WEEK.read_bytes().replace(b"data-deposito", b"depositado-em"), LayoutChanged, "renamed"),
        (WEEK.read_bytes().replace(b'data="17/02/2026"', b'data="2026-02-17"'), LayoutChanged, "no date"),
        (WEEK.read_bytes().replace(b"999000102", b"99900010"), LayoutChanged, "no number"),
    ],
)
def test_what_is_no_whole_issue_is_refused_by_name(what: bytes, error: type[LookError], says: str) -> None:
    with pytest.raises(error, match=says):
        SOURCE.read(Page(what, name="RM9902.zip"))


@pytest.mark.parametrize("text", ["BR 945455720", "br 945.455.720", "BR500000945455720"])
def test_numbers_as_people_write_them(text: str) -> None:
    assert parse_number(text).st13 == "BR500000945455720"


@pytest.mark.parametrize(
    ("before", "code", "phase"),
    [
        ("IPAS029", "IPAS369", Phase.REFUSED),  # the appeal turned it into a refusal
        ("IPAS029", "IPAS658", Phase.ACTION_PENDING),  # refused in rectification
        ("IPAS024", "IPAS235", Phase.UNKNOWN),  # upheld: which decision, the row does not say
        ("IPAS161", "IPAS402", Phase.UNKNOWN),  # that despacho annulled
    ],
)
def test_a_decision_that_ends_or_undoes_one_leaves_no_word_that_no_longer_holds(
    tmp_path: Path, before: str, code: str, phase: Phase
) -> None:
    with closing(Database(tmp_path / "tmwatch.db")) as base:
        for number, day, one in (("9903", "24/02/2026", before), ("9904", "03/03/2026", code)):
            path = tmp_path / f"RM{number}.xml"
            path.write_bytes(issue(process("999000101", despacho(one)), number=number, day=day))
            import_files(base, [path])
        record = queries.get(base, "BR500000999000101")
    assert record is not None
    assert (record.status_code, record.status_phase) == (code, phase)
