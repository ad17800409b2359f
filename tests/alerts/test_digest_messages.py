"""What a digest says by each channel: the substance first, cut by whole items, inert, with its proof."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.alerts import samples
from tests.alerts.digest_samples import (
    SINCE,
    UNTIL,
    digest_payload,
    due,
    hostile_digest,
    item,
    long_digest,
    look,
)
from tests.alerts.services import Service
from tests.alerts.test_messages import channel, texts
from tests.alerts.test_schemas import fits
from tests.alerts.test_services import TABLE, deliver, env, told_by
from tests.loopback import Mailbox
from tmwatch.alerts.channels.bot import BotChannel
from tmwatch.alerts.channels.message import TITLE_LIMIT, Message
from tmwatch.alerts.mail import render_mail
from tmwatch.alerts.payload import AlertPayload
from tmwatch.alerts.summary import lead, subject
from tmwatch.alerts.webhook import MOST_BYTES, build_body
from tmwatch.alerts.wording import wording
from tmwatch.config import SERVICES, Smtp
from tmwatch.model import Change

__all__ = ["env"]  # the fixture
EVERYTHING = "118 of 120 filings looked at, 2 could not be"


def mail(payload: AlertPayload, language: str = "en") -> dict[str, str]:
    message = render_mail(
        payload,
        recipient_name="legal",
        address="a@example.com",
        sender="tm@example.com",
        message_id="x",
        created_at=UNTIL,
        language=language,
        timezone="Europe/Berlin",
        contact="ops@example.com",
    )
    parts = {
        part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()
    }
    return {"subject": str(message["Subject"]), **parts}


# -- the first line ----------------------------------------------------------------------------------------


def test_the_subject_has_the_substance_in_its_first_120_characters() -> None:
    said = subject(digest_payload(), wording("en"))
    assert said == (
        "tmwatch digest, week to 26 Nov: 3 changes in 2 filings, 1 date by 10 Dec; "
        "118 of 120 filings looked at, 2 could not be (us.tsdr failing since 24 Nov); by hand only: WO"
    )
    assert EVERYTHING in said[:TITLE_LIMIT]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "payload", [digest_payload(), long_digest(), digest_payload(at_once=3, new=41, held=2, silenced=7)]
)
def test_however_much_there_is_to_say_the_title_of_a_chat_says_how_much_was_looked_at(
    payload: AlertPayload, language: str
) -> None:
    made, recipient = channel("slack", language=language)
    title = made.message(samples.delivery(payload=payload), recipient).title
    assert len(title) <= TITLE_LIMIT
    assert {"en": "118 of 120 filings", "zh": "120 件商标中已查看 118 件"}[language] in title


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"seen": 120}, "checked, nothing new; 120 of 120 filings looked at"),
        ({"seen": 119}, "nothing new in what was looked at; 119 of 120 filings looked at, 1 could not be"),
        ({"seen": 0}, "nothing new came; 0 of 120 filings looked at, 120 could not be"),
        ({"seen": 0, "questions": 0}, "nothing new came; no register was asked"),
        ({"seen": 1, "questions": 1}, "checked, nothing new; 1 of 1 filing looked at"),
        ({"seen": 120, "by_number": False}, "checked, nothing new; 120 of 120 questions answered"),
        ({"seen": 120, "at_once": 1}, "checked, nothing else new, 1 alert sent at once; 120 of 120"),
        ({"seen": 120, "held": 30}, "checked, nothing else new, 30 alerts held; 120 of 120"),
        ({"seen": 120, "silenced": 2}, "checked, nothing else new, 2 changes muted; 120 of 120"),
        ({"seen": 119, "held": 1}, "nothing else new in what was looked at, 1 alert held; 119 of 120"),
        ({"seen": 0, "held": 1}, "nothing else came, 1 alert held; 0 of 120"),
    ],
)
def test_nothing_new_is_said_of_what_was_looked_at_and_of_nothing_else(
    more: dict[str, Any], said: str
) -> None:
    nothing = {"items": (), "changes": 0, "changed": 0, "dues": (), "gaps": (), "by_hand": (), "looks": ()}
    assert f"week to 26 Nov: {said}" in lead(digest_payload(**nothing | more), wording("en"))


def test_a_sample_in_it_is_marked_first_and_at_each_filing() -> None:
    new = item(3, samples.joyrobotaxi_payload())
    payload = digest_payload(items=(new,), changed=0, new=9).model_copy(update={"sample": True})
    found = mail(payload)
    assert found["subject"].startswith("[SAMPLE] tmwatch digest")
    assert "[SAMPLE] Joyrobotaxi (CN, 9 filings)" in found["text/plain"]


# -- the mail ----------------------------------------------------------------------------------------------

HEADS = ["WHAT CHANGED", "WHAT IS DUE", "WHAT WAS CHECKED, AND WHEN LAST", "WHAT COULD NOT BE LOOKED AT"]


def test_the_parts_of_the_mail_come_in_their_order_with_old_and_new() -> None:
    text = mail(digest_payload())["text/plain"]
    places = [text.index(head) for head in HEADS]
    assert places == sorted(places)
    changed, due_, checked, unseen = (
        text[start:end] for start, end in zip(places, [*places[1:], len(text)], strict=True)
    )
    assert "Watch “rivals” (adverse)" in changed
    assert "    old: SECTION 8 & 15-ACCEPTED AND ACKNOWLEDGED\n    new: REGISTERED AND RENEWED" in changed
    assert "2026-12-10 (in 14 days)  US 99000002 RIVAL: opposition" in due_
    assert "US opposition: 15 USC 1063(a); computed" in due_
    assert "“rivals”, us.tsdr: failing 58/60 · looked at 2026-11-26 06:15 (Europe/Berlin)" in checked
    assert "“ours”, us.tsdr: looked at in time 60/60" in checked
    assert "2 not looked at, failing since 2026-11-24: 76044902: throttled, 4 times in a row" in unseen
    assert "To save by hand: 7 page(s), 2 never read, oldest 41 day(s): `tmwatch worklist`" in unseen


@pytest.mark.parametrize("language", ["en", "zh"])
def test_text_and_html_say_the_same(language: str) -> None:
    for payload in (
        digest_payload(),
        digest_payload(items=(), dues=(), muted=("goods until 2026-12-31",), held=2),
    ):
        found = mail(payload, language)
        shown = " ".join(re.sub(r"<[^>]+>", " ", found["text/html"].partition("<body")[2]).split())
        for line in found["text/plain"].splitlines():
            words = [word for word in re.split(r"[\s:：·]+", line) if word.isalnum() and "http" not in line]
            assert all(word.lower() in shown.lower() for word in words), line


def test_long_values_are_short_and_say_how_to_see_all_of_it() -> None:
    found = mail(long_digest())
    text = found["text/plain"]
    assert len(found["text/html"].encode()) < 102_000, "Gmail shows no more without a click"
    assert "In full: `tmwatch alerts why 0`" in text
    assert "and 260 more filings: `tmwatch changes --since 2026-11-19`" in text
    assert "and 175 more: `tmwatch deadlines`" in text
    assert "and 181 more, all looked at in time: `tmwatch status`" in text
    assert "and 35 more: `tmwatch watch list`" in text
    assert max(map(len, text.splitlines())) < 1000


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_a_page_says_is_inert_in_it(language: str) -> None:
    found = mail(hostile_digest(), language)
    tags = _Tags()
    tags.feed(found["text/html"])
    assert not {tag for tag, _ in tags.found} & {"img", "script", "b"}
    assert all((of.get("href") or "https:").startswith("https:") for _, of in tags.found)
    for part in found.values():
        assert "\x1b" not in part
        assert "\u202e" not in part
        assert not re.search(r"(?m)^Bcc:", part)
    assert "49" not in found["text/html"].replace("149", "")  # no template in a value is run


# -- chats -------------------------------------------------------------------------------------------------


def messages(payload: AlertPayload, name: str, **more: Any) -> tuple[BotChannel, Message]:
    made, recipient = channel(name, **more)
    return made, made.message(samples.delivery(payload=payload), recipient)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", SERVICES)
def test_a_long_one_is_cut_by_whole_items_and_never_loses_what_could_not_be_looked_at(
    name: str, language: str
) -> None:
    made, said = messages(long_digest(), name, language=language)
    fitted = made.fitted(said)
    assert fitted.size <= made.limit
    assert fitted.cut > 0
    shown = said.lines(fitted.shown)
    ends = [end for end in said.items if end <= fitted.shown]
    whole = max(ends, default=0)
    assert shown[len(said.head) : len(said.head) + whole] == said.body[:whole]
    cut = shown[len(said.head) + whole].text
    assert cut == said.words.digest("items_cut", count=fitted.cut, date=SINCE.date().isoformat())
    assert "tmwatch changes --since 2026-11-19" in cut
    assert shown[-len(said.foot) :] == said.foot
    foot = " ".join(line.text for line in said.foot)
    assert "76044902: throttled, 4 times in a row" in foot
    assert "`tmwatch worklist`" in foot
    proof = {
        "en": "118 of 120 filings looked at, 2 could not be",
        "zh": "120 件商标中已查看 118 件，2 项未能查看",
    }
    assert any(proof[language] in line.text for line in said.head)
    assert fitted.cut == len(said.items) - len(ends)


@pytest.mark.parametrize("name", SERVICES)
def test_a_short_one_is_whole(name: str) -> None:
    made, said = messages(digest_payload(), name)
    assert made.fitted(said).cut == 0


@pytest.mark.parametrize("name", SERVICES)
def test_it_is_inert_in_a_chat_too(name: str) -> None:
    made, said = messages(hostile_digest(), name)
    shown = "".join(texts(made.fitted(said).body))
    for bad in ("\x1b", "\u202e", "\r", "javascript:"):
        assert bad not in shown
    assert "<img" not in shown or name in ("slack", "teams", "ntfy", "apprise")  # literal text there


@pytest.mark.parametrize("payload", [digest_payload(), long_digest()], ids=["short", "long"])
@pytest.mark.parametrize("name", TABLE)
def test_every_service_takes_it(env: pytest.MonkeyPatch, name: str, payload: AlertPayload) -> None:
    """Against servers that read what comes as their documentation says."""
    if name == "apprise":
        pytest.importorskip("apprise")
    with ExitStack() as stack:
        if name == "email":
            mailbox = stack.enter_context(Mailbox())
            smtp = Smtp(host="127.0.0.1", port=mailbox.port, security="none", sender="tm@example.com")
            config = samples.config(smtp=smtp, email=("a@example.com",))
        else:
            service = stack.enter_context(Service(name))
            env.setenv("BOT_URL", service.address)
            config = samples.config(url=service.address) if name == "webhook" else told_by(name)
        report, box = deliver(config, name, payload=payload)
        assert report.sent == 1, box.errors
        if name == "email":
            (took,) = mailbox.mails
            said = str(took["Subject"])
        else:
            said = json.dumps(service.posts[0][2], ensure_ascii=False)
    assert EVERYTHING in said


# -- the webhook -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("payload", [digest_payload(), long_digest(), hostile_digest()])
def test_the_webhook_fits_its_schema_stays_small_and_counts_what_it_left_out(payload: AlertPayload) -> None:
    body = build_body(payload, created_at=UNTIL)
    assert len(body) < MOST_BYTES
    fits("webhook.schema.json", body)
    fits("alert.schema.json", payload.model_dump_json())
    found, whole = json.loads(body), payload.digest
    assert whole is not None
    assert found["type"] == "digest"
    digest, cut = found["data"]["digest"], found["data"]["cut"]
    for key, name in (("items", "items"), ("dues", "dues")):
        assert len(digest[key]) + cut[name] == len(getattr(whole, key))
    assert len(digest["looks"]) + len(digest["gaps"]) + cut["looks"] == len(whole.looks) + len(whole.gaps)
    shown = sum(len(one["cards"]) for one in digest["items"])
    assert shown + cut["cards"] == sum(len(one.cards) for one in whole.items)
    assert (digest["questions"], digest["seen"], digest["changes"]) == (120, 118, whole.changes)
    assert digest["looks"][0]["state"] == "failing"


def test_addresses_of_private_persons_are_left_out_of_webhooks_and_chats() -> None:
    street = "Jane Doe, 12 Elm Street, Springfield"
    change = Change(
        field="owners", kind="changed", significance=samples.HIGH, old=street, new=street + ", IL"
    )
    card = samples.python_card(owners=("Jane Doe",), changes=(change,))
    moved = item(4, samples.python_payload(cards=(card,), headline=f"owner is now {street}"))
    payload = digest_payload(items=(moved, item(5, samples.python_payload())))
    body = build_body(payload, created_at=UNTIL).decode()
    assert "Elm Street" not in body
    assert json.loads(body)["data"]["addresses_left_out"] == 2
    assert [one["headline"] == "" for one in json.loads(body)["data"]["digest"]["items"]] == [True, False]
    assert "Elm Street" in build_body(payload, created_at=UNTIL, personal_addresses=True).decode()
    made, said = messages(payload, "slack")
    assert "Elm Street" not in "".join(texts(made.fitted(said).body))


def test_a_date_of_today_and_one_of_tomorrow_are_said_so() -> None:
    text = mail(digest_payload(dues=(due("2026-11-26"), due("2026-11-27"))))["text/plain"]
    assert "2026-11-26 (today)" in text
    assert "2026-11-27 (tomorrow)" in text
    assert look().state == "fresh"
