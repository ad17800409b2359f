"""The docket file, as it comes out of spreadsheets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tmwatch.config.reading import parse_config
from tmwatch.errors import ConfigError
from tmwatch.model import make_record
from tmwatch.watches.docket import Docket, parse_docket, read_docket

FILE = Path("docket.csv")
PLAIN = "number,office,docket_ref,client,responsible\n76044902,US,T-1,Müller,Roe\nreg 2824281,US,T-2,,\n"


def read(text: str | bytes, office: str | None = None) -> Docket:
    return parse_docket(text if isinstance(text, bytes) else text.encode(), FILE, office)


@pytest.mark.parametrize(
    "raw",
    [
        PLAIN.encode(),
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("cp1252"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode(),
        b"sep=;\r\n" + PLAIN.replace(",", ";").encode(),
        PLAIN.replace("docket_ref", "Docket Ref").replace("number", "Application No.").encode(),
        PLAIN.replace("number", "NUMBER").replace("office", " Country ").encode(),
        PLAIN.replace("76044902", '"76/044,902"').encode(),
        PLAIN.replace("76044902", "76044902.0").encode(),
        ("\n\n" + PLAIN + ",,,,\n").encode(),
    ],
)
def test_it_is_read_however_the_spreadsheet_wrote_it(raw: bytes) -> None:
    docket = read(raw)
    assert docket.problems == ()
    assert [row.number.number for row in docket.rows] == ["76044902", "2824281"]
    first = docket.rows[0]
    assert (first.docket_ref, first.client, first.responsible) == ("T-1", "Müller", "Roe")
    assert docket.rows[1].client is None


def test_chinese_names_are_read_from_a_chinese_spreadsheet() -> None:
    docket = read("申请号,office,客户\n12345678,CN,京东集团\n".encode("gb18030"))
    assert docket.rows[0].client == "京东集团"


def test_a_bare_column_of_numbers_is_enough() -> None:
    assert [row.number.st13 for row in read("US 76044902\nUS 87499213\n").rows] == [
        "US500000076044902",
        "US500000087499213",
    ]


def test_a_column_of_registration_numbers_stands_in_where_there_is_no_other() -> None:
    docket = read("Serial No.;Reg. No.;Country\n76044902;2824281;US\n;2713476;US\n")
    assert [(row.number.kind, row.number.number) for row in docket.rows] == [
        ("application", "76044902"),
        ("registration", "2713476"),
    ]


def test_a_bad_row_stops_itself_only_and_is_named_by_its_line() -> None:
    docket = read("number,office\n76044902,US\nnonsense,US\n12,US\n76044902,Mars\n7.6E+07,US\n87499213,US\n")
    assert [row.number.number for row in docket.rows] == ["76044902", "87499213"]
    said = [str(problem) for problem in docket.problems]
    assert [text.split(":")[0] for text in said] == [f"docket.csv, line {line}" for line in (3, 4, 5, 6)]
    assert all("not watched" in text for text in said)
    assert "nonsense" in said[0]
    assert "spreadsheet rounded the number" in said[3]


def test_a_line_number_is_the_one_of_the_file_even_after_a_cell_with_a_line_break() -> None:
    docket = read('number,client\nUS 76044902,"two\nlines"\nbad,\n')
    assert docket.problems[0].line == 4


def test_a_number_that_stands_twice_is_named_and_the_first_row_holds() -> None:
    docket = read("number,docket_ref\nUS 76044902,A\nUS 76/044\N{FULLWIDTH COMMA}902,B\n")
    assert [row.docket_ref for row in docket.rows] == ["A"]
    assert "stands in line 2 already, with other entries; the first row holds" in str(docket.problems[0])


@pytest.mark.parametrize("raw", ["", "\n\n", ",,\n"])
def test_an_empty_file_watches_nothing_and_says_so(raw: str) -> None:
    assert "the file is empty" in str(read(raw).problems[0])


def test_a_file_without_a_column_of_numbers_is_refused_with_what_it_needs() -> None:
    with pytest.raises(ConfigError, match="no column of numbers") as caught:
        read("client,city\nA,B\n")
    assert "number, office, docket_ref, client, responsible" in caught.value.do


def test_what_a_cell_carries_cannot_break_a_subject_line() -> None:
    docket = read('number,docket_ref\nUS 76044902,"T-1\r\nBcc: x\x1b[31m"\n')
    assert docket.rows[0].docket_ref is not None
    assert docket.rows[0].docket_ref.isprintable()


def test_a_picture_in_place_of_a_docket_is_refused_without_a_traceback() -> None:
    with pytest.raises(ConfigError, match="docket"):
        read(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)))


def test_a_watch_knows_the_reference_of_each_filing(tmp_path: Path) -> None:
    (tmp_path / "docket.csv").write_text(PLAIN)
    text = (
        '[operator]\ncontact="a@b.example"\n'
        '[[watch]]\nname="W"\nnumbers=["US 76044902"]\nnumbers_file="docket.csv"\nnotify=[]'
    )
    watch = parse_config(text, tmp_path / "tmwatch.toml", ()).watches[0]
    assert len(watch.numbers) == 2, "the number that stands in both is watched once"
    row = watch.docket_row(make_record("US", "US500000012345678", registration_number="2824281"))
    assert row is not None
    assert row.docket_ref == "T-2"
    assert watch.docket_row(make_record("US", "US500000012345678")) is None


def test_a_row_of_an_office_outside_the_filter_is_named(tmp_path: Path) -> None:
    (tmp_path / "docket.csv").write_text("number\nUS 76044902\nCN 12345678\n")
    text = (
        '[operator]\ncontact="a@b.example"\n'
        '[[watch]]\nname="W"\noffices=["US"]\nnumbers_file="docket.csv"\nnotify=[]'
    )
    config = parse_config(text, tmp_path / "tmwatch.toml", ())
    assert [number.office for number in config.watches[0].numbers] == ["US"]
    assert "CN 12345678 is not watched: `offices` of the watch does not name CN" in "\n".join(config.notes())


def test_a_workbook_is_called_a_workbook_and_not_shown_as_signs(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a workbook, not a CSV") as caught:
        parse_docket(b"PK\x03\x04 sheet", tmp_path / "docket.xlsx")
    assert "Save as" in str(caught.value)


def test_a_pipe_or_a_device_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """Either may never come to an end: reading it would hold up each command."""
    pipe = tmp_path / "docket.csv"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/null")):
        with pytest.raises(ConfigError, match="a device or a pipe, not a file"):
            read_docket(path)
