"""`source capture` writes no page that names a private person, in whatever form the page writes the name."""

from __future__ import annotations

import datetime as dt
import io
import unicodedata
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.cli.conftest import PAGE, SERIAL, House, Run
from tmwatch.model import EventDetails, MarkEvent, Party, Proceeding, ProceedingParty, TradeMark, make_record
from tmwatch.sources.base import Declaration
from tmwatch.sources.expectation import load_case
from tmwatch.sources.registry import get_source
from tmwatch.sources.scrubbing import is_company, left_over, scrubbed

JOHN, JOSE, THREE, WANG = "Jonn Exampleman", "José Éxamplez", "Anne-Mari Q. O'Exampler", "王样"
ST13 = "US500000076000001"
CYRILLIC, VIETNAMESE = "Иван Образцов", "Nguyễn Mẫu Thị"


def declaration() -> Declaration:
    return get_source("us.ttab").declaration


def record(*names: str) -> TradeMark:
    return make_record("US", ST13, owners=tuple(Party(name=name) for name in names))


@pytest.mark.parametrize(
    ("name", "written"),
    [
        (JOHN, b"Jonn Exampleman"),
        (JOHN, b"JONN   EXAMPLEMAN"),
        (JOHN, b"<b>Jonn</b> Exampleman"),
        (JOHN, b"<b>Jonn</b><i>Exampleman</i>"),
        (JOHN, b"Jo<b>nn</b> Example<wbr>man"),
        (JOHN, b'Jonn<br class="x">Exampleman'),
        (JOHN, b"Jonn <!-- the > owner --> Exampleman"),
        (JOHN, b'<!-- Jonn Exampleman --><a title="x">y</a>'),
        (JOHN, b'<a title="Exampleman, Jonn">y</a>'),
        (JOHN, b'<a href="/find?q=Jonn%20Exampleman">y</a>'),
        (JOHN, b'<a href="/find?q=Jonn+Exampleman">y</a>'),
        (JOHN, b'<a href="/find?q=%254Aonn%2520Exampleman">y</a>'),
        (JOHN, b"Jonn&ensp;Exampleman"),
        (JOHN, b"Jonn&#x2003;Exampleman"),
        (JOHN, b"&#x4a;onn &#69;xampleman"),
        (JOHN, b"Jonn-Exampleman"),
        (JOHN, b"jonn.exampleman"),
        (JOHN, b"Example&shy;man Jonn"),
        (JOHN, rb'{"name": "Jonn\/Exampleman"}'),
        (JOHN, rb'{"name": "\u004aonn\u0020Exampleman"}'),
        (JOHN, b'{"first": "Jonn", "last": "Exampleman"}'),
        (JOHN, "<p>Jonn Exampleman</p>".encode("utf-16")),
        (JOHN, "<p>Jonn Exampleman</p>".encode("utf-16-be")),
        (JOSE, "JOSÉ ÉXAMPLEZ".encode()),
        (JOSE, "José Éxamplez".encode("latin-1")),
        (JOSE, "JOSÉ ÉXAMPLEZ".encode("latin-1")),
        (JOSE, b"Jos&eacute; &Eacute;xamplez"),
        (JOSE, b"Jos&#xE9; &#xC9;xamplez"),
        (JOSE, b"JOSE EXAMPLEZ"),
        (JOSE, unicodedata.normalize("NFD", JOSE).encode()),
        (JOSE, quote(JOSE).encode()),
        (JOSE, quote(JOSE, encoding="latin-1").encode()),
        (JOSE, rb"Jos\u00e9 \u00C9xamplez"),
        (CYRILLIC, "ИВАН ОБРАЗЦОВ".encode()),
        (CYRILLIC, "Образцов Иван".encode("windows-1251")),
        (VIETNAMESE, "NGUYỄN MẪU THỊ".encode()),
        (VIETNAMESE, unicodedata.normalize("NFD", "Thị Mẫu Nguyễn").encode()),
        (THREE, b"O'Exampler, Anne-Mari Q."),
        (THREE, "O’Exampler Anne Mari".encode()),
        (THREE, b"Anne Mari Q OExampler"),
        (WANG, "王样".encode()),
        (WANG, "申请人王 样先生".encode()),
        (WANG, "<b>王</b>样".encode()),
        (WANG, "王样".encode("gb18030")),
        (WANG, rb"\u738b\u6837"),
        (WANG, quote(WANG).encode()),
    ],
)
def test_a_name_in_any_form_is_replaced_or_found(name: str, written: bytes) -> None:
    page = written if b"\0" in written else b"<p>Owner: " + written + b"</p>"
    body, count = scrubbed(page, declaration(), [record(name)])
    left = left_over(body, declaration(), [record(name)])
    assert left or count
    assert left_over(page, declaration(), [record(name)])  # what has not been replaced is seen
    if count and not left:
        assert written not in body


def test_what_names_nobody_is_not_found() -> None:
    page = "<p>Owner: Sample Person 1, 大样品. Exampleman Inc. Jonny Q. The Jose Street</p>".encode()
    assert not left_over(page, declaration(), [record(JOHN, JOSE, WANG, "Sample Person 1")])


def test_phones_mails_and_addresses_are_found_too() -> None:
    known = make_record(
        "US",
        ST13,
        owners=(
            Party(
                name=JOHN,
                address_lines=("12 Sample-Side Road",),
                phones=("+1 (555) 010-0199",),
                emails=("jonn@example.net",),
            ),
        ),
    )
    for written in (b"12 SAMPLE SIDE&nbsp;ROAD", b"555.010.0199", b"jonn&#64;example.net"):
        assert left_over(b"<p>" + written + b"</p>", declaration(), [known]), written


def test_sides_of_a_proceeding_and_parties_of_an_entry_are_persons_too() -> None:
    known = make_record(
        "US",
        ST13,
        proceedings=(
            Proceeding(
                kind="opposition",
                number="1",
                attorney="Clara Sampledale",
                parties=(
                    ProceedingParty(
                        role="plaintiff", name=JOHN, correspondents=(Party(name="Dora Sampleford"),)
                    ),
                ),
            ),
        ),
        events=(
            MarkEvent(
                date=dt.date(2024, 1, 2),
                text="x",
                details=EventDetails(parties=(Party(name="Emil Samplewood"),)),
            ),
        ),
    )
    page = f"<p>{JOHN}</p><p>Clara Sampledale</p><p>Dora Sampleford</p><p>Emil Samplewood</p>".encode()
    assert len(set(left_over(page, declaration(), [known]))) >= 4
    body, count = scrubbed(page, declaration(), [known])
    assert count == 4
    assert not left_over(body, declaration(), [known])


@pytest.mark.parametrize(
    "name",
    ["Nguyen Van Co", "Li Co", "Maria Sa", "Anders As", "John A.B. Smith", "Kumar S. A.", "Per Ab", "Anna"],
)
def test_who_may_be_a_person_is_no_company(name: str) -> None:
    assert not is_company(name)


@pytest.mark.parametrize(
    "name",
    ["Sample Inc.", "Sample Co., Ltd.", "Muster GmbH", "Muster & Söhne AG", "Échantillon S.A.", "X S.p.A."]
    + ["Voorbeeld B.V.", "SAMPLE LLC", "Sample Company", "样品有限公司", "Sample Limited", "Sample & Co."],
)
def test_what_can_only_be_a_company_stays(name: str) -> None:
    assert is_company(name)


@pytest.fixture
def cases(folder: Path) -> Path:
    (folder / "fixtures").mkdir()
    return folder / "fixtures" / "us.tsdr"


def with_attorney(written: bytes) -> bytes:
    """The page with an attorney, and the same one a second time in another form."""
    found = get_source("us.tsdr").read(load_case(PAGE.parent).as_page()).readings[0].record
    page = PAGE.read_bytes().replace(found.representatives[0].name.encode(), JOHN.encode())
    return page.replace(b"</body>", b"<!-- " + written + b" --></body>")


@pytest.mark.parametrize("written", [b"Jonn%20Exampleman", b"<b>Jonn</b> Exampleman"])
def test_a_form_that_is_not_replaced_is_refused_and_nothing_is_written(
    run: Run, folder: Path, cases: Path, written: bytes
) -> None:
    (folder / "page.html").write_bytes(with_attorney(written))
    ran = run("source", "capture", "us.tsdr", "page.html", "--case", "one")
    assert ran.code == 2
    assert "could not be taken out" in ran.err
    assert "Nothing was written" in ran.err
    assert "Exampleman" not in ran.err
    assert not cases.exists()


def test_a_broken_page_without_a_record_is_kept_only_on_the_word_of_its_reader(
    run: Run, folder: Path, cases: Path
) -> None:
    (folder / "odd.html").write_bytes(PAGE.read_bytes().replace(b"Status:", b"Standing:"))
    words = ("source", "capture", "us.tsdr", "odd.html", "--broken", "--case", "one")
    ran = run(*words)
    assert ran.code == 2
    assert "--no-persons" in ran.err
    assert not cases.exists()
    assert run(*words, "--no-persons").code == 0
    assert (cases / "one/page.html").exists()


def test_the_expectation_of_a_broken_page_names_nobody_either(house: House, run: Run, cases: Path) -> None:
    house.serve(with_attorney(b""))
    run("check")
    house.serve(with_attorney(b"").replace(b"Status:", b"Standing:"))
    ran = run("source", "capture", "us.tsdr", SERIAL, "--broken", "--case", "one")
    assert ran.code == 0, ran.err
    for path in (cases / "one").iterdir():
        assert b"exampleman" not in path.read_bytes().lower()


def test_a_zip_has_to_be_unpacked_first(run: Run, folder: Path, cases: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("page.html", PAGE.read_bytes())
    (folder / "page.zip").write_bytes(packed.getvalue())
    ran = run("source", "capture", "us.tsdr", "page.zip", "--broken", "--no-persons")
    assert ran.code == 2
    assert "Unpack it first" in ran.err
    assert not cases.exists()


@pytest.mark.parametrize("form", ["utf-16", "mhtml"])
def test_a_saved_form_becomes_the_page_inside(run: Run, folder: Path, cases: Path, form: str) -> None:
    page = PAGE.read_bytes()
    if form == "mhtml":
        head = (
            b"From: <Saved by Blink>\r\nSnapshot-Content-Location: https://tsdr.uspto.gov/\r\n"
            b"MIME-Version: 1.0\r\n"
            b'Content-Type: multipart/related; type="text/html"; boundary="----x"\r\n\r\n------x\r\n'
            b"Content-Type: text/html\r\nContent-Transfer-Encoding: binary\r\n"
            b"Content-Location: https://tsdr.uspto.gov/\r\n\r\n"
        )
        saved = head + page + b"\r\n------x--\r\n"
    else:
        saved = page.decode("utf-8").encode("utf-16")
    (folder / "saved.mhtml").write_bytes(saved)
    ran = run("source", "capture", "us.tsdr", "saved.mhtml", "--case", "one")
    assert ran.code == 0, ran.err
    assert b"<html" in (cases / "one/page.html").read_bytes()[:500].lower()
