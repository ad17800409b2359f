"""`tmwatch check` in cron is silent until something happened, and its exit code says what."""

from __future__ import annotations

import json

import jsonschema
import pytest

from tests.cli.conftest import CANCELLED, PAGE, SERIAL, House, Run
from tests.conftest import registers_off
from tmwatch.data.schemas import build


def test_a_good_run_off_a_terminal_prints_nothing_at_all(house: House, run: Run) -> None:
    for _ in range(2):
        ran = run("check")
        assert ran.code == 0
        assert ran.silent
    assert house.mailbox.mails == []


def test_a_change_is_told_by_mail_and_webhook_and_still_prints_nothing(house: House, run: Run) -> None:
    run("check")
    house.serve(CANCELLED)
    ran = run("check")
    assert (ran.code, ran.silent) == (0, True)
    (mail,) = house.mailbox.mails
    assert SERIAL in mail["Subject"]
    assert len(house.hook.posts) == 1


def test_with_exit_code_changes_are_10_and_a_first_look_is_no_change(house: House, run: Run) -> None:
    assert run("check", "--exit-code").code == 0
    house.serve(CANCELLED)
    assert run("check", "--exit-code").code == 10
    assert run("check", "--exit-code").code == 0


def test_the_json_of_a_check_is_one_document(house: House, run: Run) -> None:
    first = run("check", "--json").json
    assert [one["st13"] for one in first["baseline"]] == [f"US5000000{SERIAL}"]
    house.serve(CANCELLED)
    ran = run("check", "--json")
    (changed,) = ran.json["changed"]
    assert "status" in {change["field"] for change in changed["changes"]}
    assert ran.json["deliveries"]["sent"] == 2
    assert ran.json["coverage"]["own"][0]["state"] == "live"
    assert ran.err == ""


def test_a_person_sees_baseline_coverage_and_old_to_new(house: House, run: Run) -> None:
    first = run("check", terminal=True)
    assert "baseline: 1 filing" in first.out
    assert "US by number: live (us.tsdr)" in first.out
    house.serve(CANCELLED)
    second = run("check", terminal=True)
    assert "→" in second.out
    assert "2 deliveries sent" in second.out
    third = run("check", terminal=True)
    assert "nothing new" in third.out
    for line in (first.out + second.out + third.out).splitlines():
        assert len(line) <= 80


def test_a_dry_run_asks_but_keeps_nothing_and_tells_nobody(house: House, run: Run) -> None:
    run("check")
    house.serve(CANCELLED)
    asked = len(house.register.asked)
    dry = run("check", "--dry-run", "--json")
    assert len(house.register.asked) == asked + 1
    assert dry.json["dry_run"]
    assert len(dry.json["alerts"]) == 1
    assert house.mailbox.mails == []
    assert run("changes", "--json").json == []
    run("check")
    assert len(house.mailbox.mails) == 1


def test_what_was_not_delivered_lies_in_the_outbox_for_the_next_check(house: House, run: Run) -> None:
    run("check")
    house.serve(CANCELLED)
    run("check", "--no-deliver")
    assert house.mailbox.mails == []
    run("check")
    assert len(house.mailbox.mails) == 1


def test_a_receiver_that_is_down_is_passing_and_stops_nobody_else(house: House, run: Run) -> None:
    house.configure(hook="http://127.0.0.1:9")
    run("check")
    house.serve(CANCELLED)
    ran = run("check")
    assert (ran.code, ran.silent) == (0, True)
    assert len(house.mailbox.mails) == 1
    (alert,) = run("alerts", "list", "--json").json
    states = {one["channel"]: one["state"] for one in alert["deliveries"]}
    assert states == {"email": "sent", "webhook": "pending"}


def test_a_record_that_the_office_does_not_have_is_for_the_operator(house: House, run: Run) -> None:
    house.configure('[[watch]]\nname = "gone"\nnumbers = ["US 99990109"]\nnotify = []\n')
    ran = run("check")
    assert ran.code == 1
    assert "99990109" in ran.err
    assert "Traceback" not in ran.err
    assert run("show", f"US {SERIAL}").code == 0  # the other filing was looked at all the same
    ran = run("doctor")
    assert ran.code == 1
    assert "99990109" in ran.out


def test_a_server_error_is_passing_at_first_and_keeps_the_record(house: House, run: Run) -> None:
    run("check")
    house.serve((500, b"<html>out of order</html>"))
    ran = run("check")
    assert (ran.code, ran.silent) == (0, True)
    assert run("show", f"US {SERIAL}").code == 0


def test_a_missing_secret_is_named_and_the_rest_goes_on(
    house: House, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOOK_SECRET")
    ran = run("check")
    assert ran.code == 1
    assert "HOOK_SECRET" in ran.err
    assert run("show", f"US {SERIAL}").code == 0


def test_a_missing_key_of_one_source_does_not_keep_the_others_from_being_asked(
    house: House, run: Run
) -> None:
    text = house.path.read_text(encoding="utf-8")
    house.path.write_text(
        text.replace("enabled = true", 'enabled = true\nkey_env = "NOT_SET_ANYWHERE"'), encoding="utf-8"
    )
    ran = run("check")
    assert ran.code == 1
    assert "NOT_SET_ANYWHERE" in ran.err


def test_a_watch_that_does_not_exist_is_a_usage_error(house: House, run: Run) -> None:
    ran = run("check", "--watch", "nobody")
    assert ran.code == 2
    assert "own" in ran.err


def test_logs_are_json_lines_with_the_run_id(house: House, run: Run) -> None:
    ran = run("-v", "check")
    lines = [json.loads(line) for line in ran.err.splitlines()]
    assert lines
    assert all(line["run"] == lines[0]["run"] for line in lines)


def test_show_json_is_what_the_schema_says(house: House, run: Run) -> None:
    run("check")
    record = run("show", f"US {SERIAL}", "--json").json
    jsonschema.validate(record, build()["trademark.schema.json"])
    assert record["provenance"]["source"] == "us.tsdr"
    assert record["covers"] == sorted(record["covers"])
    assert PAGE.exists()


def test_why_an_alert_was_sent_names_the_watch_the_look_and_each_delivery(house: House, run: Run) -> None:
    run("check")
    house.serve(CANCELLED)
    run("check")
    ran = run("alerts", "why", "1")
    assert f"number US {SERIAL} is watched" in ran.out.replace("\n", " ").replace("  ", " ")
    assert "legal (email legal@firm.test): sent" in ran.out
    told = run("alerts", "why", "1", "--json").json
    (look,) = told["looks"]
    assert look["sha256"]
    assert look["live"]
    assert run("alerts", "why", "99").code == 2


def test_sample_facts_say_so_on_screen_and_in_csv(house: House, run: Run) -> None:
    text = house.path.read_text(encoding="utf-8")
    house.path.write_text(
        text.replace("enabled = true", 'enabled = true\nfacts = "sample"'), encoding="utf-8"
    )
    run("check")
    house.serve(CANCELLED)
    run("check")
    for words in (["show", f"US {SERIAL}"], ["history", f"US {SERIAL}"], ["changes"], ["alerts", "list"]):
        assert "[SAMPLE]" in run(*words).out, words
    for what in ("marks", "changes", "events"):
        header, *rows = run("export", "--what", what).out.splitlines()
        assert header.startswith("note,")
        assert rows
        assert sum(row.startswith("[SAMPLE],") for row in rows) >= 1


def test_doctor_and_watch_list_know_how_fresh_each_watch_is(house: House, run: Run) -> None:
    (before,) = run("watch", "list", "--json").json
    assert before["state"] == "never looked"
    run("check")
    (after,) = run("watch", "list", "--json").json
    assert (after["state"], after["hits"]) == ("fresh", 1)
    ran = run("doctor", "--json")
    assert ran.code == 0
    assert ran.json["outbox"]["waiting"] == 0


def test_retry_brings_back_what_was_given_up_under_the_same_id(house: House, run: Run) -> None:
    run("check")
    house.hook.post_status = 410
    house.serve(CANCELLED)
    ran = run("check")
    assert ran.code == 1
    assert "alerts retry" in ran.err
    told, alert = run("alerts", "list", "--json").json
    assert told["headline"] == 'the webhook of "legal" was switched off'
    ids = {one["message_id"] for one in alert["deliveries"]}
    house.hook.post_status = 204
    assert run("alerts", "retry").code == 2
    assert run("alerts", "retry", "--all").code == 0
    assert run("check").code == 0
    told, alert = run("alerts", "list", "--json").json
    assert {one["state"] for one in alert["deliveries"]} == {"sent"}
    assert {one["message_id"] for one in alert["deliveries"]} == ids
    assert len(house.mailbox.mails) == 2


def test_lookup_shows_what_is_stored_and_what_could_not_be_asked(house: House, run: Run) -> None:
    run("check")
    ran = run("lookup", f"US {SERIAL}", "--json")
    assert {one["found"] for one in ran.json["filings"]} == {"stored", "live"}
    assert "us.tsdr-api" in ran.err
    assert [one["found"] for one in run("lookup", "sample", "--stored", "--json").json["filings"]] in (
        [],
        ["stored"],
    )
    assert run("lookup", SERIAL, "--office", "US", "--stored", "--json").json["filings"]


def test_source_check_proves_a_source_live_by_its_known_query(house: House, run: Run) -> None:
    house.configure(registers_off())
    ran = run("source", "check", "us.tsdr")
    assert ran.code == 1  # this loopback register does not have the known filing
    house.register.pages["/statusview/sn76044902"] = PAGE.read_bytes()
    ran = run("source", "check", "--json")
    states = {one["source"]: one["verdict"] for one in ran.json}
    assert states["us.tsdr-api"] == "not asked"


def test_doctor_says_of_a_watch_that_was_asked_in_vain_what_came_of_it(house: House, run: Run) -> None:
    house.serve((503, b"busy"))
    run("check")
    said = " ".join(run("doctor").out.split())
    assert "1 of 1 question was never answered; asked in vain" in said
    assert "server_error, once" in said


@pytest.mark.parametrize(
    ("answered", "what", "advice"),
    [
        (
            json.dumps({"error_code": 300004, "reason": "slow"}).encode(),
            "Tianyancha was asked too fast (error 300004: slow)",
            'min_interval = 5 in [source."cn.tianyancha"]',
        ),
        ((429, b""), "the site asks for fewer questions (HTTP 429)", "the next run asks again"),
    ],
)
def test_a_throttled_question_says_what_to_do_wherever_it_is_told(
    house: House,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    answered: bytes | tuple[int, bytes],
    what: str,
    advice: str,
) -> None:
    monkeypatch.setenv("TIANYANCHA_TOKEN", "sample-token")
    house.configure(
        '[[watch]]\nname = "JD cars"\nowners = ["京东"]\noffices = ["CN"]\nnotify = []\n' + registers_off()
    )
    house.register.pages["/services/open/ipr/tm/2.0"] = answered
    shown = " ".join(run("check", terminal=True).out.split())
    assert "throttled, tried again next time" in shown
    assert what in shown
    assert advice in shown
    assert "http://" not in shown
    for _ in range(2):
        run("check")
    shown = " ".join(run("doctor").out.split())
    assert what in shown
    assert advice in shown
    assert what in run("lookup", "--owner", "京东").err
