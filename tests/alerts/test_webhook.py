"""The webhook body: signed as the specification says, below 20 kB, without private addresses."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.alerts import samples
from tmwatch.alerts.personal import LEFT_OUT
from tmwatch.alerts.webhook import (
    MOST_BYTES,
    SecretError,
    VerificationError,
    build_body,
    headers,
    new_secret,
    sign,
    verify,
)
from tmwatch.model import Change, Significance
from tmwatch.text import has_company_form


def body_of(payload: Any, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(build_body(payload, created_at=samples.CREATED, **options))
    return found


# -- signature -----------------------------------------------------------------------------------------


def test_a_receiver_that_knows_only_the_specification_accepts_the_signature() -> None:
    body = build_body(samples.python_payload(), created_at=samples.CREATED)
    sent = headers(samples.SECRET, "msg_1", body, clock=lambda: 1760577125.9)
    key = base64.b64decode(samples.SECRET.split("_")[1])
    signed = b"msg_1.1760577125." + body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert sent == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1760577125",
        "webhook-signature": expected,
    }


def test_the_specifications_own_example_comes_out() -> None:
    signed = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_may_come_without_its_prefix_and_is_never_shown() -> None:
    bare = samples.SECRET.removeprefix("whsec_")
    assert sign(bare, "a", 1, b"x") == sign(samples.SECRET, "a", 1, b"x")
    for bad in ("", "whsec_", "not base64!", "whsec_***"):
        with pytest.raises(SecretError) as caught:
            sign(bad, "a", 1, b"x")
        assert "not base64!" not in str(caught.value)
    assert verify(b"{}", headers(new := new_secret(), "a", b"{}"), new) == {}


def test_it_is_signed_right_on_a_machine_at_utc_plus_8() -> None:
    """A library that turns local times into seconds is eight hours off here."""
    code = (
        "import time; from tests.alerts import samples; from tmwatch.alerts.webhook import *;"
        "b = build_body(samples.python_payload(), created_at=samples.CREATED);"
        "h = headers(samples.SECRET, 'm', b); verify(b, h, samples.SECRET);"
        "print(h['webhook-timestamp'], int(time.time()), time.strftime('%z'), b.decode()[:70])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TZ": "Asia/Shanghai"},
        capture_output=True,
        text=True,
        check=True,
    )
    stamp, now, zone, start = done.stdout.split(" ", 3)
    assert zone == "+0800"
    assert abs(int(stamp) - dt.datetime.now(dt.UTC).timestamp()) < 30
    assert abs(int(stamp) - int(now)) <= 1
    assert '"timestamp":"2025-10-16T01:12:05Z"' in start


def test_the_instant_is_told_in_utc_whatever_zone_it_came_in() -> None:
    shanghai = samples.CREATED.astimezone(dt.timezone(dt.timedelta(hours=8)))
    assert build_body(samples.python_payload(), created_at=shanghai) == build_body(
        samples.python_payload(), created_at=samples.CREATED
    )
    with pytest.raises(ValueError, match="aware"):
        build_body(samples.python_payload(), created_at=dt.datetime(2025, 10, 16))


def test_verify_refuses_what_was_altered_is_old_or_comes_from_another() -> None:
    body = b'{"a":1}'
    sent = headers(samples.SECRET, "m", body)
    capitals = {name.title(): value for name, value in sent.items()}
    assert verify(body, capitals, samples.SECRET) == {"a": 1}
    two = {**sent, "webhook-signature": "v1,AAAA " + sent["webhook-signature"]}
    assert verify(body, two, samples.SECRET) == {"a": 1}
    for bad_body, bad_headers, secret in (
        (b'{"a":2}', sent, samples.SECRET),
        (body, {**sent, "webhook-id": "n"}, samples.SECRET),
        (body, sent, new_secret()),
        (body, {**sent, "webhook-signature": "v1,ÿ"}, samples.SECRET),
        (body, {**sent, "webhook-timestamp": "soon"}, samples.SECRET),
        (body, {"webhook-id": "m"}, samples.SECRET),
        (body, headers(samples.SECRET, "m", body, clock=lambda: 1.0), samples.SECRET),
    ):
        with pytest.raises(VerificationError):
            verify(bad_body, bad_headers, secret)


# -- body ------------------------------------------------------------------------------------------------


def test_the_body_is_type_timestamp_and_the_alert() -> None:
    body = body_of(samples.python_payload())
    assert list(body) == ["type", "timestamp", "data"]
    assert body["type"] == "filing.changed"
    assert body["data"]["cards"][0]["changes"][1]["terms_added"] == ["downloadable manuals"]
    assert body["data"]["cards"][0]["docket_ref"] == "M-1234"
    assert set(body["data"]["cut"].values()) == {0}
    assert body_of(samples.joyrobotaxi_payload())["data"]["sample"] is True


def test_a_huge_alert_is_cut_below_20_kb_and_says_what_went() -> None:
    goods = Change(
        field="classes.text",
        kind="changed",
        significance=Significance.HIGH,
        key="9",
        old="软件；" * 5000,
        terms_added=tuple(f"term {n}" for n in range(500)),
    )
    events = tuple(
        Change(field="events", kind="added", significance=Significance.LOW, key=f"#{n}", new="X" * 200)
        for n in range(150)
    )
    cards = tuple(samples.python_card(changes=(*events, goods)) for _ in range(30))
    raw = build_body(samples.python_payload(cards=cards), created_at=samples.CREATED)
    data = json.loads(raw)["data"]
    assert len(raw) < MOST_BYTES
    cut = data["cut"]
    assert cut["cards"] + len(data["cards"]) == 30
    shown = sum(len(card["changes"]) for card in data["cards"])
    assert cut["changes"] + shown == 30 * 151
    assert cut["terms"] > 0
    assert cut["texts"] > 0
    # What matters most is what is left.
    assert all("classes.text" in [change["field"] for change in card["changes"]] for card in data["cards"])


def test_no_single_text_can_make_it_too_large() -> None:
    big = '\\"\x01龍' * 5000
    card = samples.python_card(
        mark=big,
        owners=(big,) * 20,
        classes=(big,) * 60,
        client=big,
        link=big,
        status_text=big,
        changes=(
            Change(
                field=big,
                kind="changed",
                key=big,
                significance=Significance.LOW,
                old=big,
                terms_added=(big,) * 9,
            ),
        ),
    )
    payload = samples.python_payload(watch=big, why=big, detail=big, headline=big, cards=(card,) * 5)
    assert len(build_body(payload, created_at=samples.CREATED)) < MOST_BYTES


# -- private persons ----------------------------------------------------------------------------------------

HOME = "12 Rose Lane, Springfield, ILLINOIS 62701, US"


def told(change: Change, *owners: str, **options: Any) -> str:
    payload = samples.python_payload(cards=(samples.python_card(owners=owners, changes=(change,)),))
    return json.dumps(body_of(payload, **options), ensure_ascii=False)


def owner_change(field: str, old: str, new: str) -> Change:
    return Change(field=field, kind="changed", significance=Significance.MEDIUM, old=old, new=new)


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [
        ("owners.address", f"Jo Public, {HOME}", "JO PUBLIC, 9 Oak Street, Springfield, ILLINOIS 62702, US"),
        ("owners.address", HOME, "Rose Cottage, Springfield"),
        ("owner_history", f"APPLICANT — Jo Public, {HOME}", "x"),
        ("correspondence", f"Ann Attorney, Law Firm LLP, {HOME}", "Bo Attorney, 9 Oak Street, Springfield"),
        ("representatives", f"Ann Attorney, Law Firm LLP, {HOME}", "Ann Attorney"),
        ("assignments", f"2849/0875, ASSIGNS THE ENTIRE INTEREST, 2004-01-02, 3, Jo Public, {HOME}", ""),
    ],
)
def test_where_a_private_person_lives_stays_at_home_unless_asked_for(field: str, old: str, new: str) -> None:
    change = owner_change(field, old, new)
    plain = told(change, "Jo Public")
    for detail in ("Rose", "Oak", "62701", "62702", "Springfield"):
        assert detail not in plain, detail
    assert LEFT_OUT in plain
    assert json.loads(plain)["data"]["addresses_left_out"] >= 1
    asked = told(change, "Jo Public", personal_addresses=True)
    assert "Springfield" in asked
    assert json.loads(asked)["data"]["addresses_left_out"] == 0


def test_telephones_and_mail_addresses_stay_at_home_too() -> None:
    phones = Change(
        field="correspondence",
        kind="changed",
        significance=Significance.LOW,
        key="phones",
        old="312 555 0100",
        new="312 555 0101",
    )
    assert "555" not in told(phones, "Acme, Inc.")
    mail = owner_change("owners.name", "Jo jo@example.com", "Jo Public")
    assert "jo@example.com" not in told(mail, "Acme, Inc.")


def test_a_company_may_be_seen_to_move() -> None:
    change = owner_change("owners.address", f"Acme, Inc., {HOME}", "Acme, Inc., 9 Oak Street, Springfield")
    assert "Oak Street" in told(change, "Acme, Inc.")
    # … but not when one of several owners is a person.
    assert "Oak Street" not in told(change, "Acme, Inc.", "Jo Public")


def test_names_of_parties_stay_because_the_register_is_about_them() -> None:
    change = owner_change("owners", "Jo Public", "Acme, Inc.")
    assert '"old": "Jo Public"' in told(change, "Acme, Inc.")


def test_who_is_a_company_is_decided_on_the_safe_side() -> None:
    for name in ("Acme, Inc.", "The Acme Company", samples.JD, "Muster GmbH", "株式会社例"):
        assert has_company_form(name), name
    for name in ("Jo Public", "Inc", "", "王小明", "The Public"):
        assert not has_company_form(name), name
