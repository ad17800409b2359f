"""What a person sees of receivers in trouble, in text and JSON, and how it is put right."""

from __future__ import annotations

import pytest

from tests.cli.conftest import CANCELLED, House, Run
from tests.faults.receivers import HostileHook


@pytest.fixture
def changed(house: House, run: Run) -> House:
    """A filing that has changed; the next check tells of it."""
    run("check")
    house.serve(CANCELLED)
    return house


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_a_webhook_that_is_gone_is_said_by_check_list_why_and_doctor_until_it_is_switched_on(
    changed: House, run: Run
) -> None:
    with HostileHook("410") as hook:
        changed.configure(hook=hook.base)
        ran = run("check")
        assert ran.code == 1
        assert 'the webhook of "legal" is switched off: it answered HTTP 410' in ran.err
        assert '`tmwatch alerts retry --recipient "legal"` switches it on' in ran.err
        assert len(changed.mailbox.mails) == 2  # the change, and that the webhook was switched off
        assert "was switched off" in changed.mailbox.texts()[1]

        again = run("check")
        assert (again.code, hook.connections) == (1, 1)  # still off, and not asked
        assert run("check", "--json").json["deliveries"]["switched_off"][0]["waiting"] == 1
        listed = one_line(run("alerts", "list", "--undelivered").out)
        assert "Switched off legal (webhook legal): it answered HTTP 410: it is gone for good" in listed
        assert "alerts retry --recipient" in listed
        told, alert = run("alerts", "list", "--json").json
        (waits,) = [one for one in alert["deliveries"] if one["channel"] == "webhook"]
        assert (waits["state"], waits["tries"]) == ("pending", 0)
        assert waits["switched_off"] == "it answered HTTP 410: it is gone for good"
        assert "--recipient" in waits["do"]
        assert told["kind"] == "delivery.health"
        doctor = run("doctor", "--json")
        (found,) = [one for one in doctor.json["findings"] if one["about"] == "receiver"]
        assert (doctor.code, found["level"]) == (1, "act")
        assert "is switched off since" in found["what"]

        hook.behave = "ok"
        assert run("alerts", "retry", "--recipient", "nobody").code == 2
        switched = run("alerts", "retry", "--recipient", "legal", terminal=True)
        assert "is switched on again" in switched.out
        assert run("check").code == 0
        assert hook.books == {waits["message_id"]: 2}


def test_a_dead_letter_is_listed_with_its_reason_and_what_to_do_and_comes_back_with_its_id(
    changed: House, run: Run
) -> None:
    changed.mailbox.refuse = "550 5.1.1 no such user"
    ran = run("check")
    assert ran.code == 1
    assert "550 5.1.1 no such user" in ran.err
    listed = one_line(run("alerts", "list").out)
    assert "Given up legal (email legal@firm.test): mail server" in listed
    assert "`tmwatch alerts retry 1` sends it again, with the same id." in listed
    assert "In all 1 delivery was given up" in listed
    # Told by the webhook of the same recipient, too.
    assert [event["type"] for event in changed.hook.events()] == ["filing.changed", "delivery.health"]
    (dead,) = [
        one
        for alert in run("alerts", "list", "--undelivered", "--json").json
        for one in alert["deliveries"]
        if one["state"] == "dead"
    ]
    assert dead["do"] == "`tmwatch alerts retry 1` sends it again, with the same id."
    changed.mailbox.refuse = ""
    assert run("alerts", "retry", "1").code == 0
    assert run("check").code == 0
    assert dead["message_id"] in changed.mailbox.mails[0]["Message-ID"]
    assert "alerts again" in changed.hook.events()[-1]["data"]["headline"]
    assert run("alerts", "list", "--undelivered", "--json").json == []


def test_a_passing_failure_is_no_failure_of_the_run_and_doctor_notes_it(changed: House, run: Run) -> None:
    with HostileHook("500") as hook:
        changed.configure(hook=hook.base)
        ran = run("check")
        assert (ran.code, ran.silent) == (0, True)
        listed = one_line(run("alerts", "list").out)
        assert "Failed legal (webhook legal): webhook of" in listed
        assert "next try" in listed
        findings = run("doctor", "--json").json["findings"]
        assert [one["level"] for one in findings if one["about"] == "receiver"] == ["note"]


def test_where_there_is_no_other_road_check_itself_says_it(changed: House, run: Run) -> None:
    with HostileHook("410") as hook:
        changed.configure(hook=hook.base)
        text = changed.path.read_text(encoding="utf-8")
        changed.path.write_text(text.replace('email = ["legal@firm.test"]\n', ""), encoding="utf-8")
        ran = run("check")
        assert ran.code == 1
        assert "was switched off" in ran.err
        assert changed.mailbox.mails == []
        assert "nobody is told" in run("alerts", "list").out
