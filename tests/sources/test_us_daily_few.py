"""The few fields of a case cut from its text: what lxml's tree says, or nothing. Never something else."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tmwatch.errors import LookError
from tmwatch.sources import streamed
from tmwatch.sources.us.daily_few import Case, case_of, of_text, of_tree, without_events
from tmwatch.sources.us.daily_file import FORM
from tmwatch.sources.us.daily_slim import slim

FIXTURES = ROOT / "fixtures" / "us.daily"


def cases_in(path: Path) -> list[bytes]:
    """The cases of a file, of a broken one those before the break."""
    found: list[bytes] = []
    try:
        with path.open("rb") as file:
            found.extend(piece.body for piece in streamed.records(FORM, file, path.name))
    except LookError:
        pass
    return found


OURS = [
    body
    for path in sorted(FIXTURES.glob("*/*"))
    if path.suffix in (".xml", ".zip")
    for body in cases_in(path)
]
PLAIN = next(body for body in OURS if b"79990511" in body)


def tree(body: bytes) -> Case | None:
    """What lxml says; None where it refuses the bytes."""
    try:
        return of_tree(body, "case")
    except LookError:
        return None


def held_together(body: bytes) -> bool:
    """Whether the text was read, which then says what the tree says."""
    short = without_events(body)
    found = of_text(short)
    assert found is None or found == tree(short), short
    return found is not None


def test_every_case_of_the_fixtures_is_read_from_its_text_as_from_its_tree() -> None:
    assert len(OURS) > 8
    assert all(held_together(body) for body in OURS if tree(without_events(body)) is not None)


@pytest.mark.recorded
def test_every_real_case_is_read_from_its_text_as_from_its_tree(recorded: Path) -> None:
    folder = recorded / "us/daily_xml"
    bodies = [body for path in (*folder.glob("*-9*.xml"), *folder.glob("*.zip")) for body in cases_in(path)]
    assert len(bodies) > 5
    assert all(map(held_together, bodies))


# What may stand somewhere in the bytes of a stranger, each by itself.
ODD = (
    *(
        b"&amp;",
        b"&lt;b&gt;",
        b"&quot;",
        b"&apos;",
        b"&#65;",
        b"&#x0a;",
        b"&nbsp;",
        b"&",
        b"&amp",
        b"&amp;lt;",
    ),
    *(b"<", b">", b"]]>", b"<![CDATA[x]]>", b"<!-- x -->", b"<?x y?>", b"<!DOCTYPE a>", b"<b>x</b>", b"<b/>"),
    *(
        b"<b><text>y</text>z</b>",
        b"<b >x</b >",
        b'<b c="d">x</b>',
        b"<B>x</B>",
        b"<b><c><d><e>x</e></d></c></b>",
    ),
    *(
        b"\0",
        b"\x0b",
        b"\x1f",
        b"\x7f",
        b"\r\n",
        b"\r",
        b"\t",
        b"\xc2\x85",
        b"\xc2\xa0",
        b"\xe2\x80\xa8",
        b"\xff",
    ),
    *(b"\xef\xbf\xbe", b"\xef\xbf\xbf", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xc3\xa9", b"\xf0\x9f\x98\x80"),
    *(b"<text>more</text>", b"<text/>", b"<us-code>021</us-code>", b"<status-code>630</status-code>"),
    *(
        b"<case-file-statement/>",
        b"<classification>",
        b"</classification>",
        b"<case-file-owner></case-file-owner>",
    ),
    *(
        b"<case-file-header><filing-date>20200101</filing-date></case-file-header>",
        b"<serial-number>1</serial-number>",
    ),
    *(
        b"<attorney-name>A</attorney-name>",
        b"<box><attorney-name>A</attorney-name></box>",
        b"<party-name>A<b/>B",
    ),
    *(b"<box><international-registration-number>1</international-registration-number></box>",),
    *(b"</international-registration>", b"<case-file>", b"</case-file>", b"x", b" "),
)


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.soak)])
@pytest.mark.parametrize("odd", ODD)
def test_whatever_stands_between_two_tags_or_words_the_text_says_what_the_tree_says(
    odd: bytes, step: int
) -> None:
    """Put in before and behind every seventh `<` and `>`; `make soak` takes each."""
    body = without_events(PLAIN)
    for place in [at for at in range(len(body)) if body[at : at + 1] in b"<>"][::step]:
        for at in (place, place + 1):
            held_together(body[:at] + odd + body[at:])


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 8))]
)
def test_of_bytes_that_were_damaged_the_text_says_what_the_tree_says(seed: int) -> None:
    by = random.Random(seed)
    read = 0
    for _ in range(1500):
        body = bytearray(without_events(by.choice(OURS)))
        for _ in range(by.choice((1, 1, 2, 5))):
            start = by.randrange(len(body))
            end = min(len(body), start + by.choice((0, 1, 1, 8, 60, 400)))
            other = by.randrange(len(body))
            part = bytes(body[other : other + by.choice((1, 8, 60))])
            body[start:end] = by.choice((b"", by.choice(ODD), part, by.randbytes(1)))
        read += held_together(bytes(body))
    assert read > 100  # else it was not tried


def test_a_case_without_a_part_that_it_needs_is_left_to_the_tree() -> None:
    for name in (b"case-file-header", b"case-file-statements", b"classifications", b"case-file-owners"):
        body = (
            without_events(PLAIN)
            .replace(b"<" + name + b">", b"<odd>")
            .replace(b"</" + name + b">", b"</odd>")
        )
        assert of_text(body) is None
        assert tree(body) is None


@pytest.mark.parametrize("odd", [b"<!-- %b -->", b"<?note %b?>"])
def test_a_tag_of_the_events_that_is_only_talked_of_takes_nothing_out_of_the_case(odd: bytes) -> None:
    """Between the two stands a statement, which lxml reads."""
    text = (
        b"<case-file-statement><type-code>GS0121</type-code><text>SAMPLE PLUMS</text></case-file-statement>"
    )
    opened, ended = (odd % tag for tag in (b"<case-file-event-statements>", b"</case-file-event-statements>"))
    at = PLAIN.index(b"</case-file-statements>")
    body = PLAIN[:at] + opened + text + ended + PLAIN[at:]
    assert "SAMPLE PLUMS" in str(case_of(body, "case"))


def test_a_name_longer_than_any_is_left_to_the_tree() -> None:
    at = PLAIN.index(b"</case-file>")
    for size, read in ((100, True), (60_000, False)):
        tag = b"a" * size
        body = PLAIN[:at] + b"<" + tag + b"/>" + PLAIN[at:]
        assert (of_text(without_events(body)) is not None) is read
        assert held_together(body) is read


@pytest.mark.parametrize(
    ("first", "second", "firm"),
    [
        (b"Robin Specimen Sample Law LLP", b"12 Placeholder Street", ("Sample Law LLP",)),
        (b"Robin Specimen", b"Specimen &amp; Sample", ("Specimen & Sample",)),
        (b"Sample Law LLP", b"12 Placeholder Street", ("Sample Law LLP",)),
        (b"Robin Specimen", b"12 Placeholder Street", ()),
        (b"Robin Specimen", b"United States", ()),  # the land
        (b"Robin Specimen", b"Germany", ()),
    ],
)
def test_the_firm_of_an_attorney_is_told_from_the_envelope(
    first: bytes, second: bytes, firm: tuple[str, ...]
) -> None:
    lines = (b"Robin Specimen Specimen &amp; Sample LLP", b"12 Placeholder Street")
    body = PLAIN.replace(lines[0], first).replace(lines[1], second)
    representative = "Specimen & Sample LLP"  # the domestic one
    assert slim(body, "case").agents == ("Robin Specimen", representative, *firm)
