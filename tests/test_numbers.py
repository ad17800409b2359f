"""Numbers as people write them become one office and one number, or an error that says what to write."""

from __future__ import annotations

import csv
import re
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmwatch.errors import UsageError
from tmwatch.model import make_record
from tmwatch.numbers import MarkNumber, parse_number, parse_office, show_number, st13, st13_office

PYTHON = MarkNumber("US", "application", "76044902", "US500000076044902")
REG = MarkNumber("US", "registration", "2824281", None)
IR = MarkNumber("WO", "international", "1266721", "WO500000001266721")
EUTM = MarkNumber("EM", "application", "018228224", "EM500000018228224")

VIET_NAM = MarkNumber("VN", "application", "4-2026-00774", "VN502026000000774")
UNDERSTOOD: list[tuple[str, str | None, MarkNumber]] = [
    ("US 76044902", None, PYTHON),
    ("us76044902", None, PYTHON),
    ("US-76044902", None, PYTHON),
    ("USA 76044902", None, PYTHON),
    ("U.S. 76/044,902", None, PYTHON),
    ("76/044,902", None, PYTHON),
    ("76/044,902", "US", PYTHON),
    ("76044902", "US", PYTHON),
    ("76044902", "us", PYTHON),
    ("76044902", "USPTO", PYTHON),
    ("76/044902", "US", PYTHON),
    (" 76 044 902 ", "US", PYTHON),
    ("US500000076044902", None, PYTHON),
    ("US500000076044902", "US", PYTHON),
    ("us500000076044902", None, PYTHON),
    ("SN 76044902", None, PYTHON),
    ("serial no. 76044902", None, PYTHON),
    ("U.S. Serial Number: 76/044,902", None, PYTHON),
    ("No. 76044902", "US", PYTHON),
    ("№ 76044902", "US", PYTHON),
    ("ＵＳ　７６０４４９０２", None, PYTHON),
    ("US\u00a076044902\u200b", None, PYTHON),
    ("reg 2824281", None, REG),
    ("US reg 2824281", None, REG),
    ("reg US 2824281", None, REG),
    ("Reg. No. 2,824,281", None, REG),
    ("U.S. Registration Number 2824281", None, REG),
    ("RN 2824281", None, REG),
    ("reg 2824281", "US", REG),
    ("WO 1266721", None, IR),
    ("IR 1266721", None, IR),
    ("1266721", "WO", IR),
    ("International Registration No. 1266721", None, IR),
    ("WO500000001266721", None, IR),
    ("WO 0295028", None, MarkNumber("WO", "international", "295028", "WO500000000295028")),
    ("EM 018228224", None, EUTM),
    ("EU 18228224", None, EUTM),
    ("EUTM 018 228 224", None, EUTM),
    ("CN 12345678", None, MarkNumber("CN", "application", "12345678", "CN500000012345678")),
    ("CN reg 12345678", None, MarkNumber("CN", "application", "12345678", "CN500000012345678")),
    ("CN 12345678A", None, MarkNumber("CN", "application", "12345678A", "CN50000012345678A")),
    ("注册号：12345678", None, MarkNumber("CN", "application", "12345678", "CN500000012345678")),
    ("CN 00000001", None, MarkNumber("CN", "application", "00000001", "CN500000000000001")),
    ("XX 00000007", None, MarkNumber("XX", "application", "00000007", "XX500000000000007")),
    ("NO 202401234", None, MarkNumber("NO", "application", "202401234", "NO500000202401234")),
    ("UK00003123456", None, MarkNumber("GB", "application", "00003123456", "GB500000003123456")),
    ("GB UK00003123456", None, MarkNumber("GB", "application", "00003123456", "GB500000003123456")),
    ("m 2021 00001", "UA", MarkNumber("UA", "application", "m202100001", "UA502021000M00001")),
    ("UA m202300001", None, MarkNumber("UA", "application", "m202300001", "UA502023000M00001")),
    ("UA 2001010123", None, MarkNumber("UA", "application", "2001010123", "UA502001000010123")),
    ("UA 98072345", None, MarkNumber("UA", "application", "98072345", "UA500000098072345")),
    ("SE 2025-05038", None, MarkNumber("SE", "application", "2025-05038", "SE502025000005038")),
    ("SE 2016/749", None, MarkNumber("SE", "application", "2016-00749", "SE502016000000749")),
    ("SE502016000000749", None, MarkNumber("SE", "application", "2016-00749", "SE502016000000749")),
    ("SE reg 639377", None, MarkNumber("SE", "registration", "639377", None)),
    ("FI T196503880", None, MarkNumber("FI", "application", "T196503880", "FI501965000T03880")),
    ("FI W200200793", None, MarkNumber("FI", "application", "W200200793", "FI502002000W00793")),
    ("FI501965000T03880", None, MarkNumber("FI", "application", "T196503880", "FI501965000T03880")),
    ("FI reg 49497", None, MarkNumber("FI", "registration", "49497", None)),
    ("VN 4-2026-00774", None, VIET_NAM),
    ("VN4202600774", None, VIET_NAM),
    ("VN-4-2026-00774", None, VIET_NAM),
    ("VN -4-2026-00774", None, VIET_NAM),
    ("VN502026000000774", None, VIET_NAM),
    ("VN reg 4-0456789-000", None, MarkNumber("VN", "registration", "4-0456789-000", None)),
    ("IT502013902128590", None, MarkNumber("IT", "application", "2013902128590", "IT502013902128590")),
]

# What was given, the office beside it, and a piece of what the error must say.
REFUSED: list[tuple[str, str | None, str]] = [
    ("", None, "no number was given"),
    ("   ", "US", "no number was given"),
    ("US", None, "no number"),
    ("hello", None, "no number"),
    ("76044902", None, "--office US"),  # China has eight digits too
    ("US 123", None, "US 76044902"),
    ("US 2824281", None, "`reg`"),  # may be a serial short of a digit
    ("reg 76044902", None, "serial"),
    ("reg 0000000", None, "`reg 0000000`"),  # how the daily file writes "not registered"
    ("US 00000000", None, "`US 00000000`"),
    ("US 12345678", None, "series"),
    ("US 760449021", None, "`US 760449021`"),
    ("7604/4902", "US", "`7604/4902`"),
    ("CN 123456789", None, "CN 12345678"),
    ("WO 12345678", None, "WO 1266721"),
    ("ZZ 12345678", None, "no office `ZZ`"),
    ("ZZ500000012345678", None, "no office ZZ"),
    ("12345678", "Atlantis", "no office `Atlantis`"),
    ("US500000000000123", None, "no number that the USPTO has"),
    ("US500000000000000", None, "no number that the USPTO has"),
    ("EM 018228224", "US", "US is named beside it"),
    ("US500000076044902", "CN", "CN is named beside it"),
    ("IR 1266721", "US", "US is named beside it"),
    ("1266721", "IR", "Iran"),
    ("SN reg 76044902", "NO", "two kinds"),
    ("US 76044902; DROP TABLE mark", None, "DROP"),
    ("VN 1-2026-00774", None, "VN 4-2026-00774"),  # a patent
    ("7" * 500, "US", "too long"),
]


@pytest.mark.parametrize(("text", "office", "meant"), UNDERSTOOD)
def test_a_number_is_understood_as_people_write_it(text: str, office: str | None, meant: MarkNumber) -> None:
    assert parse_number(text, office) == meant


@pytest.mark.parametrize(("text", "office", "said"), REFUSED)
def test_what_cannot_be_meant_is_refused_with_what_to_write(text: str, office: str | None, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_number(text, office)
    assert said in str(caught.value)
    assert caught.value.do


def test_a_hostile_number_cannot_play_with_the_terminal() -> None:
    with pytest.raises(UsageError) as caught:
        parse_number("US \x1b[2J12\r\n34")
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", str(caught.value))


def test_offices_are_taken_as_people_write_them() -> None:
    written = ["us", "U.S.", "EU", "EUIPO", "UK", "Em", "wipo", "cnipa"]
    assert [parse_office(text) for text in written] == ["US", "US", "EM", "EM", "GB", "EM", "WO", "CN"]


@given(st.integers(60_000_000, 99_999_999))
def test_every_serial_comes_back_from_what_is_shown(serial: int) -> None:
    number = parse_number(str(serial), "US")
    assert parse_number(show_number(number)) == number
    assert number.st13 is not None
    assert parse_number(number.st13) == number
    assert parse_number(show_number(number.st13)) == number
    assert parse_number(f"{serial // 10**6}/{serial // 1000 % 1000:03},{serial % 1000:03}") == number


@given(st.integers(1, 9_999_999))
def test_every_registration_comes_back_from_what_is_shown(registration: int) -> None:
    number = parse_number(f"reg {registration:,}")
    assert parse_number(show_number(number)) == number


@given(st.sampled_from(["WO", "EM", "CN", "XX", "DE", "FR", "NO"]), st.integers(1, 9_999_999))
def test_st13_and_what_is_shown_mean_the_same_filing(office: str, digits: int) -> None:
    number = parse_number(f"{office} {digits}")
    assert number.st13 is not None
    assert len(number.st13) == 17
    assert st13_office(number.st13) == office
    assert st13(office, number.number) == number.st13
    assert parse_number(show_number(number.st13)).st13 == number.st13
    assert parse_number(number.st13).st13 == number.st13


@given(st.sampled_from(["FI T", "FI W", "SE ", "UA m"]), st.integers(1901, 2099), st.integers(1, 99_999))
def test_a_number_with_a_year_comes_back_from_its_st13(start: str, year: int, serial: int) -> None:
    number = parse_number(f"{start}{year}{'-' if start == 'SE ' else ''}{serial:05}")
    assert number.st13 is not None
    assert number.st13[4:8] == str(year)
    assert parse_number(number.st13) == number
    assert parse_number(show_number(number)) == number
    assert parse_number(show_number(number.st13)) == number


OFFICES = st.sampled_from([None, "US", "CN", "EM", "WO", "VN", "FI", "SE", "UA", "XX", "nowhere"])
NUMBERISH = st.text(st.sampled_from("USCNEMWOIRGREGTSN 0123456789/,.-#号"), max_size=24)


@given(st.text(max_size=70) | NUMBERISH, OFFICES)
def test_any_text_is_a_clear_error_or_a_number_that_can_be_typed_again(text: str, office: str | None) -> None:
    try:
        number = parse_number(text, office)
    except UsageError:
        return
    again = parse_number(show_number(number))
    assert (again.office, again.kind, again.st13) == (number.office, number.kind, number.st13)


def test_a_record_is_shown_by_the_number_its_office_prints() -> None:
    sample = make_record("CN", "CN500000000000001", application_number="00000001")
    assert show_number(sample) == "CN 00000001"
    assert show_number(make_record("US", "US500000076044902")) == "US 76044902"


def test_no_identifier_is_made_of_what_is_no_number() -> None:
    for office, number in [("US", ""), ("US", "000"), ("ZZ", "1"), ("CN", "1234567890"), ("DE", "30-2020")]:
        with pytest.raises(UsageError):
            st13(office, number)


@pytest.mark.parametrize("name", ["number_forms", "offices", "company_forms"])
def test_every_row_of_the_tables_is_whole(name: str) -> None:
    text = files("tmwatch").joinpath(f"data/{name}.csv").read_text(encoding="utf-8")
    rows = list(csv.reader(text.splitlines()))
    assert {len(row) for row in rows} == {len(rows[0])}
