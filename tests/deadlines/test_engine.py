"""From a record to its deadlines: what is open, met, moot, passed or not verified, and whose it is."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.records import event, record
from tmwatch.deadlines import Deadline, deadlines, opposition_window, priority_deadline
from tmwatch.model import (
    Designation,
    Live,
    MaintenanceFiling,
    Period,
    Phase,
    Priority,
    Proceeding,
    ProceedingEntry,
    ProceedingMark,
    ProceedingParty,
    Publication,
    TradeMark,
    make_record,
)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def rules_of(found: list[Deadline]) -> dict[str, Deadline]:
    return {one.key.split("/", 1)[1]: one for one in found}


def us(*, today: str, as_of: str | None = None, role: str | None = None, **more: Any) -> dict[str, Deadline]:
    looked = day(as_of) if as_of else None
    return rules_of(deadlines(record(**more), today=day(today), as_of=looked, role=role))


def foreign(office: str, **more: Any) -> TradeMark:
    given: dict[str, Any] = {
        "application_number": "99000001",
        "status_phase": Phase.PUBLISHED,
        "status_live": Live.LIVE,
        "events": (),
    }
    return make_record(office, f"{office}500000099000001", **(given | more))


REGISTERED: dict[str, Any] = {"registration_date": day("2004-03-23")}
ALLOWED: dict[str, Any] = {"status_phase": Phase.ALLOWED, "allowance_date": day("2025-01-14")}


def test_each_deadline_carries_its_law_and_says_that_it_is_computed() -> None:
    renewal = us(today="2026-11-26", **REGISTERED)["sec8_9_renewal/2"]
    assert (renewal.opens, renewal.statutory) == (day("2033-03-23"), day("2034-03-23"))
    assert renewal.basis == "15 USC 1058, 1059; 37 CFR 2.182"
    assert renewal.link.startswith("https://")
    assert (renewal.source, renewal.status) == ("computed", "open")


def test_a_renewal_in_the_record_meets_its_term_and_opens_the_next() -> None:
    accepted = event(2, "2013-10-01", "REGISTERED - SEC. 8 (10-YR) ACCEPTED/SEC. 9 GRANTED")
    found = us(today="2014-01-10", events=(accepted,), **REGISTERED)
    assert found["sec8_9_renewal/0"].status == "met"
    assert "2013-10-01" in found["sec8_9_renewal/0"].status_words
    assert found["sec8_9_renewal/1"].statutory == day("2024-03-23")


def test_what_was_filed_for_one_term_meets_no_other() -> None:
    first = event(2, "2009-10-01", "REGISTERED - SEC. 8 (6-YR) ACCEPTED & SEC. 15 ACK.")
    found = us(today="2014-01-10", events=(first,), **REGISTERED)
    assert found["sec8_first"].status == "met"
    assert found["sec8_9_renewal/0"].status == "open"
    second = event(2, "2013-10-01", "REGISTERED - SEC. 8 (10-YR) ACCEPTED/SEC. 9 GRANTED")
    found = us(today="2024-01-10", events=(second,), **REGISTERED)
    assert found["sec8_first"].status == "unverified"
    assert found["sec8_9_renewal/1"].status == "open"


@pytest.mark.parametrize(
    ("office", "opens"), [("EM", "2026-08-28"), ("CN", "2026-02-28"), ("WO", "2026-08-28")]
)
def test_a_printed_end_of_the_term_is_enough_where_the_day_it_began_is_not_given(
    office: str, opens: str
) -> None:
    mark = foreign(office, status_phase=Phase.REGISTERED, expiry_date=day("2027-02-28"))
    one = rules_of(deadlines(mark, today=day("2026-11-26"), role="own"))["renewal/0"]
    assert (one.opens, one.statutory, one.source, one.mismatch) == (
        day(opens),
        day("2027-02-28"),
        "office",
        "",
    )


def test_a_printed_window_is_enough_where_no_publication_is_given() -> None:
    period = Period(start=day("2026-10-05"), end=day("2027-01-05"))
    window = opposition_window(foreign("EM", opposition_period=period), today=day("2026-11-26"))
    assert window is not None
    assert (window.opens, window.last_day, window.deadline.source) == (
        day("2026-10-05"),
        day("2027-01-05"),
        "office",
    )


def test_an_accepted_declaration_without_a_day_meets_the_first_term() -> None:
    filing = MaintenanceFiling(section="8", decision="Accepted")
    found = us(today="2026-11-26", maintenance_filings=(filing,), **REGISTERED)
    assert found["sec8_first"].status == "met"


def test_a_day_that_passed_is_unverified_until_the_record_was_looked_at_late_enough() -> None:
    """2014-03-24 and 60 days of recording lag: a look of 2014-05-20 says nothing yet."""
    early = us(today="2014-05-21", as_of="2014-05-20", **REGISTERED)["sec8_9_renewal/0"]
    assert early.status == "unverified"
    assert "2014-05-20 is too old" in early.status_words
    late = us(today="2014-06-02", as_of="2014-06-01", **REGISTERED)["sec8_9_renewal/0"]
    assert late.status == "passed"
    assert late.status_words == "date passed; no filing seen in the record of 2014-06-01"
    assert us(today="2014-06-02", **REGISTERED)["sec8_9_renewal/0"].status == "unverified"


def test_a_record_of_long_ago_does_not_show_that_the_mark_outlived_the_terms_since() -> None:
    """A page saved in 2013 says nothing of the renewals of 2014 and 2024: they are there."""
    found = us(today="2026-11-26", as_of="2013-11-17", **REGISTERED)
    renewals = {key: one.status for key, one in found.items() if key.startswith("sec8_9_renewal/")}
    assert renewals == {
        "sec8_9_renewal/0": "unverified",
        "sec8_9_renewal/0/grace": "unverified",
        "sec8_9_renewal/1": "unverified",
        "sec8_9_renewal/1/grace": "unverified",
        "sec8_9_renewal/2": "open",
    }
    fresh = us(today="2026-11-26", as_of="2026-11-25", **REGISTERED)
    assert [key for key in fresh if key.startswith("sec8_9_renewal/")] == ["sec8_9_renewal/2"]


def test_nothing_is_ever_called_missed() -> None:
    for as_of in ("2014-04-01", "2014-09-01", "2015-06-01"):
        for one in us(today="2015-06-01", as_of=as_of, **REGISTERED).values():
            assert "missed" not in f"{one.status} {one.status_words}"


def test_after_the_day_the_period_of_grace_is_a_deadline_of_its_own() -> None:
    found = us(today="2014-04-01", as_of="2014-04-01", **REGISTERED)
    grace = found["sec8_9_renewal/0/grace"]
    assert (grace.opens, grace.last_safe, grace.status) == (day("2014-03-24"), day("2014-09-23"), "open")


def test_a_filing_that_has_ended_leaves_nothing_to_do() -> None:
    found = us(today="2026-11-26", status_live=Live.DEAD, status_phase=Phase.CANCELLED, **REGISTERED)
    assert {one.status for one in found.values()} == {"moot"}


def test_an_answer_in_the_record_meets_the_office_action() -> None:
    acted = event(2, "2024-05-14", "NON-FINAL ACTION E-MAILED")
    pending: dict[str, Any] = {"status_phase": Phase.ACTION_PENDING, "filing_route": "direct"}
    open_one = us(today="2024-06-01", events=(acted,), **pending)["oa_response/2"]
    assert (open_one.statutory, open_one.status) == (day("2024-08-14"), "open")
    assert [str(one.last_safe) for one in open_one.extendable] == ["2024-11-14"]
    answer = event(3, "2024-07-01", "TEAS RESPONSE TO OFFICE ACTION RECEIVED")
    assert us(today="2024-07-02", events=(acted, answer), **pending)["oa_response/2"].status == "met"


def test_an_extension_in_the_record_moves_the_office_action() -> None:
    events = (
        event(2, "2024-05-14", "FINAL REFUSAL E-MAILED"),
        event(3, "2024-08-01", "APPLICATION EXTENSION TO RESPONSE PERIOD - RECEIVED"),
        event(4, "2024-08-01", "APPLICATION EXTENSION GRANTED/RECEIPT PROVIDED"),
    )
    one = us(today="2024-08-10", events=events, status_phase=Phase.ACTION_PENDING)["oa_response/2"]
    assert one.statutory == day("2024-11-14")
    assert not one.extendable
    assert "after 1 extension" in one.notes[0]


def test_madrid_applicants_have_six_months_and_file_under_section_71() -> None:
    acted = event(2, "2024-05-14", "NON-FINAL ACTION MAILED - REFUSAL SENT TO IB")
    madrid: dict[str, Any] = {"filing_route": "madrid_designation"}
    found = us(today="2024-06-01", events=(acted,), status_phase=Phase.ACTION_PENDING, **madrid)
    assert found["oa_response_66a/2"].statutory == day("2024-11-14")
    registered = us(today="2026-11-26", **madrid, **REGISTERED)
    assert "sec71/2" in registered
    assert "sec8_9_renewal/2" not in registered


def test_statements_of_use_step_from_the_notice_of_allowance() -> None:
    first = us(today="2025-02-01", **ALLOWED)["statement_of_use"]
    assert first.statutory == day("2025-07-14")
    assert [str(one.statutory) for one in first.extendable][-1] == "2028-01-14"
    two = tuple(event(n, f"2025-07-0{n}", f"SOU EXTENSION {n} GRANTED") for n in (1, 2))
    assert us(today="2025-08-01", events=two, **ALLOWED)["statement_of_use"].statutory == day(
        "2026-01-14"
    ).replace(month=7)
    filed = (*two, event(5, "2026-01-05", "USE STATEMENT FILED"))
    assert us(today="2026-01-10", events=filed, **ALLOWED)["statement_of_use"].status == "met"


def test_an_extension_that_was_filed_and_granted_is_one() -> None:
    both = (
        event(1, "2025-07-01", "SOU EXTENSION 1 FILED"),
        event(2, "2025-07-09", "SOU EXTENSION 1 GRANTED"),
    )
    assert us(today="2025-08-01", events=both, **ALLOWED)["statement_of_use"].statutory == day("2026-01-14")


def test_an_abandonment_for_want_of_a_statement_is_no_statement() -> None:
    gone = event(9, "2025-08-20", "ABANDONMENT - NO USE STATEMENT FILED")
    notice = event(10, "2025-08-20", "ABANDONMENT NOTICE E-MAILED - NO USE STATEMENT FILED")
    dead = {**ALLOWED, "status_live": Live.DEAD, "status_phase": Phase.ABANDONED}
    found = us(today="2025-09-01", as_of="2025-09-01", events=(gone, notice), **dead)
    assert found["statement_of_use"].status == "moot"
    assert (found["petition_to_revive/10"].statutory, found["petition_to_revive/10"].status) == (
        day("2025-10-20"),
        "open",
    )


def test_the_answer_date_of_the_board_is_the_offices_and_moves_to_monday() -> None:
    docket = (
        ProceedingEntry(
            date=day("2025-09-10"), text="NOTICE AND TRIAL DATES SENT; ANSWER DUE:", due=day("2025-11-09")
        ),
    )
    opposed = Proceeding(kind="Opposition", number="91999999", docket=docket)
    one = us(today="2025-09-20", proceedings=(opposed,))["ttab_answer/91999999"]
    assert (one.statutory, one.last_safe, one.source) == (day("2025-11-09"), day("2025-11-10"), "office")
    assert not one.mismatch
    answered = opposed.model_copy(
        update={"docket": (*docket, ProceedingEntry(date=day("2025-11-03"), text="ANSWER"))}
    )
    assert us(today="2025-12-01", proceedings=(answered,))["ttab_answer/91999999"].status == "met"


def test_a_docket_that_moves_the_answer_date_is_said_and_a_suspension_makes_it_moot() -> None:
    begun = ProceedingEntry(date=day("2025-07-16"), text="NOTICE AND TRIAL DATES SENT; ANSWER DUE:")
    later = {
        "TRIAL DATES RESET": ("open", ("the date may have been moved: TRIAL DATES RESET, 2025-08-01",)),
        "SUSP PEND DISP OF CIVIL ACTION": ("moot", ()),
    }
    for text, expected in later.items():
        docket = (begun, ProceedingEntry(date=day("2025-08-01"), text=text))
        opposed = Proceeding(kind="Opposition", number="91999999", docket=docket)
        one = us(today="2025-08-10", proceedings=(opposed,))["ttab_answer_old/91999999"]
        assert (one.status, one.notes) == expected
        late = us(today="2026-03-01", as_of="2026-02-28", proceedings=(opposed,))
        assert late["ttab_answer_old/91999999"].status == ("moot" if expected[0] == "moot" else "unverified")


def test_who_relies_on_a_mark_in_a_proceeding_has_nothing_to_answer() -> None:
    docket = (ProceedingEntry(date=day("2025-09-10"), text="INSTITUTED"),)
    mark = ProceedingMark(application_number="99000001")
    for code, owes in (("P", False), ("D", True)):
        side = ProceedingParty(role="", role_code=code, name="Sample Widgets, Inc.", marks=(mark,))
        opposed = Proceeding(kind="Opposition", number="91999999", docket=docket, parties=(side,))
        assert ("ttab_answer/91999999" in us(today="2025-09-20", proceedings=(opposed,))) is owes


def test_where_the_office_prints_a_date_it_wins_and_a_mismatch_is_said() -> None:
    published = {"publications": (Publication(date=day("2026-10-05"), section="A.1"),)}
    ours = deadlines(foreign("EM", **published), today=day("2026-11-26"))[0]
    assert (ours.last_safe, ours.source) == (day("2027-01-05"), "computed")
    same = foreign("EM", **published, opposition_period=Period(end=day("2027-01-05")))
    assert deadlines(same, today=day("2026-11-26"))[0].source == "office"
    other = foreign("EM", **published, opposition_period=Period(end=day("2027-01-08")))
    theirs = deadlines(other, today=day("2026-11-26"))[0]
    assert theirs.last_safe == day("2027-01-08")
    assert theirs.mismatch == "the office prints 2027-01-08, our rule gives 2027-01-05"


def test_a_printed_expiry_of_any_office_is_a_renewal_and_a_madrid_one_is_renewed_at_wipo() -> None:
    registered = {"status_phase": Phase.REGISTERED, "expiry_date": day("2027-03-01")}
    (one,) = deadlines(foreign("FI", **registered), today=day("2026-11-26"))
    assert (one.rule, one.statutory, one.source) == ("* renewal_printed", day("2027-03-01"), "office")
    madrid = foreign("CN", **registered, filing_route="madrid_designation")
    found = rules_of(deadlines(madrid, today=day("2026-11-26"), role="own"))
    assert found["renewal_madrid"].what.startswith("renewal at WIPO")


def test_a_chinese_term_ends_the_day_before_and_the_printed_one_agrees() -> None:
    mark = foreign(
        "CN",
        status_phase=Phase.REGISTERED,
        registration_date=day("2016-04-28"),
        expiry_date=day("2026-04-27"),
    )
    one = rules_of(deadlines(mark, today=day("2026-01-05")))["renewal/0"]
    assert (one.opens, one.statutory, one.source, one.mismatch) == (
        day("2025-04-27"),
        day("2026-04-27"),
        "office",
        "",
    )
    assert one.grace is not None
    assert one.grace.statutory == day("2026-10-27")


@pytest.mark.parametrize(
    ("published", "last", "other"),
    [
        ("2026-09-27", "2026-12-28", None),
        ("2026-10-20", "2027-01-20", "2026-12-21"),
        ("2027-01-06", "2027-03-08", "2027-04-06"),
    ],
)
def test_around_the_new_chinese_law_both_dates_are_shown_and_the_earlier_is_worked_to(
    published: str, last: str, other: str | None
) -> None:
    mark = foreign("CN", publications=(Publication(date=day(published), section="初审公告"),))
    one = next(one for one in deadlines(mark, today=day("2026-11-26")) if one.act == "opposition")
    assert one.last_safe == day(last)
    assert [str(end.last_safe) for _, end in one.others] == ([other] if other else [])
    assert one.day == min(day(last), day(other or last))
    assert not other or any("not verified" in note for note in one.notes)


def test_the_role_of_the_watch_decides_whose_dates_matter() -> None:
    mark = record(**REGISTERED, publications=(Publication(date=day("2003-12-30")),))
    acts = {
        role: {one.act for one in deadlines(mark, today=day("2026-11-26"), role=role)}
        for role in ("own", "adverse", "observed")
    }
    assert "renewal" in acts["own"]
    assert "opposition" not in acts["own"]
    assert "renewal" not in acts["adverse"]
    assert "opposition" in acts["adverse"]
    assert acts["observed"] == {"opposition"}


def test_priority_ends_after_six_months_and_says_where_no_filing_was_seen() -> None:
    first = foreign("CN", application_number="12345678", application_date=day("2026-06-26"))
    one = priority_deadline(first, today=day("2026-11-26"), offices=["US", "EM"])
    assert one is not None
    assert one.what == "priority of CN 12345678"
    assert (one.last_safe, one.status) == (day("2026-12-28"), "open")
    assert one.status_words == "no US or EM filing seen"
    assert any("older priority itself is not given" in note for note in one.notes)
    given = foreign("CN", application_date=day("2026-06-26"), priorities=())
    known = priority_deadline(given, today=day("2026-11-26"))
    assert known is not None
    assert not any("older priority" in note for note in known.notes)
    claim = Priority(country="CN", number="12345678", date=day("2026-06-26"))
    later = foreign("US", application_date=day("2026-11-20"), priorities=(claim,))
    half = priority_deadline(first, today=day("2026-11-26"), elsewhere=[later], offices=["US", "EM"])
    assert half is not None
    assert half.status_words == "claimed in US; no EM filing seen"
    older = claim.model_copy(update={"date": day("2025-06-26")})
    other = foreign("US", priorities=(older,))
    none = priority_deadline(first, today=day("2026-11-26"), elsewhere=[other], offices=["US"])
    assert none is not None
    assert none.status_words == "no US filing seen"
    whole = priority_deadline(first, today=day("2026-11-26"), elsewhere=[later], offices=["US"])
    assert whole is not None
    assert whole.status == "met"
    assert priority_deadline(later, today=day("2026-11-26")) is None


def test_an_international_registration_shows_its_dependency_and_each_offices_time_to_refuse() -> None:
    mark = foreign(
        "WO",
        registration_date=day("2024-03-01"),
        status_phase=Phase.REGISTERED,
        expiry_date=day("2034-03-01"),
        designations=(
            Designation(office="JP", notified=day("2025-09-04"), refusal_months=18),
            Designation(office="DE", notified=day("2025-09-04"), refusal_months=12, standing="protected"),
        ),
    )
    found = rules_of(deadlines(mark, today=day("2026-11-26"), role="own"))
    assert found["dependency"].statutory == day("2029-03-01")
    assert found["refusal_limit_18/JP"].statutory == day("2027-03-04")
    assert found["refusal_limit/DE"].status == "met"
    assert found["renewal/0"].grace is not None


def test_the_same_record_and_day_give_the_same_deadlines_with_the_same_keys() -> None:
    mark = record(**REGISTERED)
    first = deadlines(mark, today=day("2026-11-26"), as_of=day("2026-11-25"))
    assert first == deadlines(mark, today=day("2026-11-26"), as_of=day("2026-11-25"))
    assert len({one.key for one in first}) == len(first)
    moved = record(registration_date=day("2004-03-24"))
    assert {one.key for one in deadlines(moved, today=day("2026-11-26"))} == {one.key for one in first}


def test_a_record_with_impossible_years_has_no_deadline_and_no_error() -> None:
    for year in ("0001-01-01", "9999-12-31"):
        mark = record(registration_date=day(year), expiry_date=day(year), application_date=day(year))
        assert isinstance(deadlines(mark, today=day("2026-11-26"), as_of=day("2026-11-25")), list)
