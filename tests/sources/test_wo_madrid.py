"""What a user is promised about a page of Madrid Monitor: asked, read, reported and never guessed."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from tests.conftest import ROOT
from tmwatch.errors import Incomplete, LayoutChanged, LookError, NotFound, UsageError
from tmwatch.model import Designation, Live, Phase
from tmwatch.sources.base import AsOf, Automation, Page, Reading, RecordQuery, SearchQuery
from tmwatch.sources.wo.madrid import SOURCE, st13_of
from tmwatch.sources.wo.tables import refusal_months, title_and_offices, transaction

FOLDER = ROOT / "fixtures/wo.madrid"


def page(case: str) -> str:
    return (FOLDER / case / "page.html").read_text(encoding="utf-8")


WORD, LIFE = page("word-mark-with-refusal-and-grant"), page("whole-life-with-transfer")
PENDING, ENDED = page("new-figurative-mark-pending-everywhere"), page("ended-with-its-basic-mark")
SAVED, EMPTY = page("part-split-off-saved-as-one-file"), page("number-that-does-not-exist")


def read(text: str, *numbers: str) -> Reading:
    query = RecordQuery(numbers, "international") if numbers else None
    return SOURCE.read(Page(text.encode(), query=query)).readings[0]


def stands(text: str, office: str) -> Designation:
    return next(one for one in read(text).record.designations if one.office == office)


def changed(text: str, *swaps: tuple[str, str]) -> str:
    for old, new in swaps:
        assert old in text, old
        text = text.replace(old, new)
    return text


def boxes(*found: tuple[str, str, str, str]) -> str:
    """Labelled values as the page has them: (tag, INID code, words, value); without a value none is there."""
    made = ""
    for tag, inid, words, value in found:
        text = f'<div class="text">{value}</div>' if value else ""
        made += (
            f'<div class="p" tag="{tag}"><div class="inid"><div class="inidCode">{inid}</div>'
            f'<div class="inidText">{words}</div></div>{text}</div>'
        )
    return made


def today(text: str, more: str) -> str:
    """The page with these boxes behind those of its holder."""
    return changed(text, ('<div class="p" tag="REPGR">', more + '<div class="p" tag="REPGR">'))


# -- asking ------------------------------------------------------------------------------------------


def test_a_number_is_asked_for_as_the_register_writes_it() -> None:
    asked = [r.params["ID"] for r in SOURCE.requests(RecordQuery(("295028", "1266721A"), "international"))]
    assert asked == ["ROM.0295028", "ROM.1266721A"]


@pytest.mark.parametrize("number", ["", "12345678", "1266721AB", "../etc", "0", "A123"])
def test_a_number_that_cannot_be_is_refused_before_anything_is_sent(number: str) -> None:
    with pytest.raises(UsageError):
        SOURCE.requests(RecordQuery((number,), "international"))


def test_an_owner_cannot_be_asked_for() -> None:
    with pytest.raises(UsageError):
        SOURCE.requests(SearchQuery(owner="Sample"))


def test_it_is_off_because_its_terms_forbid_programs() -> None:
    declared = SOURCE.declaration
    assert (declared.live_default, declared.terms.automation) == ("off", Automation.FORBIDDEN)
    assert "import" in declared.channels


@pytest.mark.parametrize(
    ("number", "st13"),
    [
        ("1266721", "WO500000001266721"),
        ("295028", "WO500000000295028"),
        ("0295028", "WO500000000295028"),
        ("295028a", "WO50000000295028A"),
    ],
)
def test_a_number_has_its_st13_and_a_part_keeps_its_letter(number: str, st13: str) -> None:
    assert st13_of(number) == st13


# -- reading -----------------------------------------------------------------------------------------


def test_a_title_may_hold_commas_and_ends_in_its_offices() -> None:
    long = "Ex Officio examination completed but opposition or observations by third parties still possible, "
    assert title_and_offices(f"{long}under Rule 18bis(1), SG") == (f"{long}under Rule 18bis(1)", ("SG",))
    assert title_and_offices("Renewal, EG, IN, VN") == ("Renewal", ("EG", "IN", "VN"))
    assert title_and_offices("Change of ownership") == ("Change of ownership", ())


def test_the_stamp_of_the_page_is_the_day_of_the_record() -> None:
    assert read(WORD).as_of == AsOf(dt.date(2024, 2, 20), "printed")
    unstamped = changed(
        WORD, ('<div id="dataStatusAndVersion">2024-02-20', '<div id="dataStatusAndVersion">')
    )
    assert read(unstamped).as_of == AsOf(dt.date(2024, 2, 1), "not_earlier_than")


def test_goods_are_in_english_with_the_other_languages_beside_them_and_the_original_marked() -> None:
    first = read(LIFE).record.classes[0]
    assert (first.class_number, first.language, first.edition) == ("9", "en", "6")
    assert first.other_texts is not None
    assert [(one.language, one.original) for one in first.other_texts] == [("fr", True)]


def test_entries_of_the_second_system_stand_where_their_day_belongs() -> None:
    codes = [event.code for event in read(LIFE).record.events]
    assert codes.index("CEN") < codes.index("MTN") < codes.index("EXN")
    assert codes.index("INNP") < codes.index("TRN") < codes.index("RTN")


def test_an_entry_without_a_day_has_that_of_the_entry_before_it_and_says_so() -> None:
    event = next(event for event in read(LIFE).record.events if event.code == "REN3")
    assert event.date == dt.date(2005, 6, 30)
    assert event.details is not None
    assert event.details.undated


# -- standing ----------------------------------------------------------------------------------------


def test_a_refusal_that_was_overcome_is_a_grant() -> None:
    one = stands(WORD, "IN")
    assert (one.standing, one.phase, one.live) == ("protected", Phase.REGISTERED, Live.LIVE)
    assert one.standing_event is not None
    assert one.standing_event.startswith("Statement of grant of protection following")


def test_a_designation_is_pending_until_its_time_limit_has_passed() -> None:
    one = stands(WORD, "US")
    assert (one.standing, one.refusal_deadline) == ("pending", dt.date(2025, 8, 1))
    later = changed(WORD, ('Version">2024-02-20', 'Version">2025-08-02'))
    assert stands(later, "US").standing == "no_refusal_in_time"
    assert stands(later, "US").phase is Phase.REGISTERED


def test_the_months_are_those_the_office_declared_and_twelve_under_the_agreement() -> None:
    assert [refusal_months(office, agreement=False) for office in ("VN", "US", "DD")] == [12, 18, None]
    assert refusal_months("US", agreement=True) == 12


def test_an_interim_statement_is_no_grant() -> None:
    cut = LIFE[: LIFE.index('tag="GP18N"')].rpartition("<div id=")[0]
    rest = LIFE[LIFE.index('tag="LIN"') :]
    text = cut + '<div id="d10e0" ' + rest
    # Without the grant, and without the cancellation of a part: it stands open to opposition.
    assert stands(text, "SG").standing == "opposable"
    assert stands(text, "SG").phase is Phase.PUBLISHED


def test_what_takes_a_part_away_leaves_a_refusal_as_it_is() -> None:
    refused = (
        "Statement of grant of protection made under Rule 18ter(1), SG",
        "Total provisional refusal of protection, SG",
    )
    text = changed(LIFE, refused, ('tag="GP18N"', 'tag="RFNT"'))
    assert stands(text, "SG").standing == "refused_provisionally"


def test_an_office_that_is_gone_keeps_its_history() -> None:
    assert (stands(LIFE, "TN").listed, stands(LIFE, "TN").standing) == (False, "not_renewed")
    moved = stands(LIFE, "GE")
    assert (moved.listed, moved.standing, moved.live) == (False, "moved", Live.DEAD)
    (part,) = read(LIFE).record.related_marks
    assert part.number == "9990002A"


def test_the_end_of_the_registration_ends_every_designation() -> None:
    record = read(ENDED).record
    assert (record.status_phase, record.status_live) == (Phase.CANCELLED, Live.DEAD)
    assert {one.standing for one in record.designations} == {"ceased"}


def test_a_term_that_has_passed_is_due_and_then_expired() -> None:
    for day, phase in (("2028-03-15", Phase.RENEWAL_DUE), ("2028-09-15", Phase.EXPIRED)):
        record = read(changed(WORD, ('Version">2024-02-20', f'Version">{day}'))).record
        assert record.status_phase is phase
    assert {one.live for one in record.designations} == {Live.DEAD}


# -- words that nobody knows -------------------------------------------------------------------------


def test_a_title_that_is_in_no_table_is_reported_and_concludes_nothing() -> None:
    text = changed(WORD, ("Statement of grant of protection made under Rule 18ter(1), SG", "Sample news, SG"))
    text = changed(text, ('tag="GP18N"', 'tag="ZZQ"'))
    found = read(text)
    assert found.unknown_words == ("transaction `Sample news` (ZZQ) is not in the table",)
    assert stands(text, "SG").standing == "unknown"
    assert stands(text, "SG").live is Live.UNKNOWN


def test_a_known_code_under_another_title_is_read_and_reported() -> None:
    text = changed(WORD, ("Statement of grant of protection made under Rule 18ter(1), SG", "Protection, SG"))
    assert len(read(text).unknown_words) == 1
    assert stands(text, "SG").standing == "protected"


def test_a_code_and_a_title_that_say_two_things_say_nothing() -> None:
    assert transaction("GP18N", "Total provisional refusal of protection").standing == "unknown"


def test_a_status_word_that_is_in_no_table_is_unknown_and_reported() -> None:
    found = read(changed(WORD, ('status_of_registration="Active"', 'status_of_registration="Sampled"')))
    assert found.record.status_phase is Phase.UNKNOWN
    assert found.unknown_words == ("status `ACT Sampled` is not in the table",)


def test_a_label_that_nobody_knows_is_reported() -> None:
    label = '<div class="inidCode">999</div><div class="inidText">Sample label</div>'
    row = f'<div class="p" tag="XQ"><div class="inid">{label}</div><div class="text">sample value</div></div>'
    place = '<div class="p" tag="BASICGS">'
    assert read(changed(WORD, (place, row + place))).unclaimed == ("label `999 Sample label` = sample value",)


def test_loose_text_is_reported() -> None:
    text = changed(
        WORD,
        (
            '<div id="fragment-status" class="fragment designation-status"> </div>',
            '<div id="fragment-status" class="fragment">India: sample words</div>',
        ),
    )
    assert read(text).unclaimed == ("text = India: sample words",)


# -- pages that hold no record -----------------------------------------------------------------------


def test_the_empty_form_of_a_missing_number_is_not_found_and_never_an_empty_record() -> None:
    with pytest.raises(NotFound) as caught:
        read(EMPTY, "9999999")
    assert "9999999" in caught.value.message


def test_a_page_that_lost_its_box_but_has_labels_is_no_missing_number() -> None:
    with pytest.raises(LayoutChanged):
        read(changed(WORD, ('id="romarinDetails"', 'id="other"')))


def test_a_page_of_another_registration_is_refused() -> None:
    assert read(WORD, "9990001").record.st13 == "WO500000009990001"
    with pytest.raises(LayoutChanged):
        read(WORD, "9990002")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_page_that_is_cut_is_incomplete(share: float) -> None:
    with pytest.raises(Incomplete):
        read(WORD[: int(len(WORD) * share)])


@pytest.mark.parametrize(
    "swap",
    [
        ("<div>14.03.2028</div>", "<div>14.03.2038</div>"),  # the table on top and 180
        (
            'clid="990001">Sample Harbour Works Co., Ltd. </div></div></div>',
            'clid="1">Other AG</div></div></div>',
        ),
        ("<div> 09, 39</div>", "<div> 09</div>"),
        ('irn="9990001"', 'irn="9990009"'),
    ],
)
def test_a_page_that_contradicts_itself_is_refused(swap: tuple[str, str]) -> None:
    with pytest.raises(LayoutChanged):
        read(changed(WORD, swap))


def test_a_list_of_designations_that_lacks_some_is_refused() -> None:
    whole = re.search(
        r'<div class="p" tag="DESPG">.*?</div>\s*</div>', PENDING[PENDING.index('BASAPPGR"') :], re.S
    )
    assert whole is not None
    with pytest.raises(LookError):
        read(changed(PENDING, (whole[0], "")))


# -- saved from a browser ----------------------------------------------------------------------------


def test_a_page_saved_in_one_file_reads_as_the_register_sent_it() -> None:
    record = read(SAVED).record
    assert record.st13 == "WO50000009990002A"
    assert stands(SAVED, "GE").standing == "protected"


def test_two_saves_of_one_page_differ_in_nothing_that_is_told() -> None:
    token = "c2FtcGxlIHRva2VuIG5vdCByZWFs"
    again = changed(
        WORD, (token, "b3RoZXI="), ("Printed : 10/03/2011", "Printed : 25/11/2026"), ("d10e", "d11e")
    )
    assert read(again) == read(WORD)
    first, second = (
        SOURCE.glance(Page(text.encode())) for text in (WORD, changed(WORD, (token, "b3RoZXI=")))
    )
    assert first is not None
    assert first == second
    assert first[1] == read(WORD).as_of


# -- what is said of whom and of what ------------------------------------------------------------------


SECOND = (
    (
        "HOLGR",
        "732",
        "Name and address of the holder",
        '<div class="client">Example Quay AG</div><div>Bern (CH)</div>',
    ),
    ("ENTEST", "812", "Contracting State …", "<span>CH</span>"),
)


def two_holders() -> str:
    shown = (
        "Sample Harbour Works Co., Ltd. </div></div></div></td>",
        "Sample Harbour Works Co., Ltd. </div><div>Example Quay AG</div></div></div></td>",
    )
    return today(changed(WORD, shown), boxes(*SECOND))


def test_what_is_said_of_one_of_two_holders_is_not_said_of_the_other() -> None:
    reading = read(two_holders())
    assert [(one.name, one.note, one.legal_form) for one in reading.record.owners] == [
        ("Sample Harbour Works Co., Ltd.", "national of KR", "Corporation, Republic of Korea"),
        ("Example Quay AG", "established in CH", None),
    ]
    assert not reading.unclaimed


def test_a_holder_in_the_table_on_top_that_732_lacks_is_reported() -> None:
    shown = (
        "Co., Ltd. </div></div></div></td>",
        "Co., Ltd. </div><div>Example Quay AG</div></div></div></td>",
    )
    assert read(changed(WORD, shown)).unclaimed == ("holder in the table on top = example quay ag",)


def test_two_lines_of_a_value_are_two_words_and_markup_within_a_word_parts_nothing() -> None:
    made = boxes(("DISCLAIMGR", "526", "Disclaimer", "FIRST<br>SECOND<div>THIRD</div>FOUR<span>TH</span>"))
    assert read(today(WORD, made)).record.disclaimer == "FIRST SECOND THIRD FOURTH"


def test_a_kind_of_mark_that_stands_without_a_word_is_still_that_kind() -> None:
    kinds = "a collective mark, a certification mark or a guarantee mark"
    words = f"Indication to the effect that the mark is {kinds}"
    reading = read(today(WORD, boxes(("TYPMARI", "551", words, ""))))
    assert reading.record.mark_category == (kinds,)
    assert read(today(WORD, boxes(("STDMIND", "541", "Standard characters", "")))).record.standard_characters
    assert not reading.unclaimed


@pytest.mark.parametrize(
    ("said", "feature"),
    [
        ("Three-dimensional mark", "3d"),
        ("Sound mark", "sound"),
        ("Combined", "combined"),
        ("Colour", "colour"),
    ],
)
def test_the_nature_of_a_mark_is_its_feature(said: str, feature: str) -> None:
    record = read(today(WORD, boxes(("TYPMARI", "550", "Indication relating to the nature", said)))).record
    assert (record.mark_feature, record.mark_category) == (feature, ())


def test_a_nature_that_is_in_no_list_stands_in_the_words_of_the_page() -> None:
    record = read(today(WORD, boxes(("TYPMARI", "550", "Indication", "Tracer mark")))).record
    assert (record.mark_feature, record.mark_category) == (None, ("Tracer mark",))


@pytest.mark.parametrize(("code", "language"), [("fr", "French"), ("es", "Spanish")])
def test_a_page_in_another_language_says_which_page_to_save(code: str, language: str) -> None:
    text = changed(WORD, ('lang="en"', f'lang="{code}"'), (">Trademark</th>", ">Marque</th>"))
    with pytest.raises(LayoutChanged) as caught:
        read(text)
    assert f"this is the {language} page" in caught.value.message
    assert "English" in caught.value.do
