"""A mail says at once what happened, and nothing that a page says can hurt its reader."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import re
from email.header import decode_header, make_header
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.alerts import samples
from tmwatch.alerts.mail import render_mail
from tmwatch.alerts.payload import AlertPayload, MutedPart
from tmwatch.model import Change, FactKind, Phase, Significance


def rendered(payload: AlertPayload, **options: Any) -> EmailMessage:
    values: dict[str, Any] = {
        "recipient_name": "legal",
        "address": "legal@example.com",
        "sender": "tmwatch <tm@example.com>",
        "message_id": "0f3c-1",
        "created_at": samples.CREATED,
        "language": "en",
        "timezone": "UTC",
    }
    return render_mail(payload, **(values | options))


def received(message: EmailMessage) -> EmailMessage:
    """As the reader's program sees it: parsed from the bytes on the wire."""
    found = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def text_of(message: EmailMessage) -> str:
    return _lines(received(message).get_body(("plain",)))


def html_of(message: EmailMessage) -> str:
    return _lines(received(message).get_body(("html",)))


def _lines(part: Any) -> str:
    return str(part.get_content()).replace("\r\n", "\n")


class Tags(HTMLParser):
    """What is in an HTML text: tags with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


# -- what it says ------------------------------------------------------------------------------------


def test_the_subject_names_mark_number_change_and_docket_reference() -> None:
    subject = received(rendered(samples.python_payload()))["Subject"]
    assert subject == "PYTHON (US 76044902) · registered and renewed + 2 more · ref M-1234"


@pytest.mark.parametrize(
    "watch", ["owners: 5 filings of 2 owners · OK 0, OK 1, …", "京东汽车 “x” … Ünïcode " * 6, "😀" * 60]
)
def test_no_blank_and_no_letter_of_a_header_is_lost_on_the_wire(watch: str) -> None:
    """`email` writes word by word, and drops the blank between two encoded words: "OK 1, …· class 9"."""
    message = rendered(
        samples.python_payload(headline=f"{watch} · class 9"), recipient_name="法律部 “legal” …"
    )
    wire = email.message_from_bytes(message.as_bytes(), policy=email.policy.compat32)
    for name in ("Subject", "To"):
        pieces = [one for one in str(wire[name]).split() if one.startswith("=?")]
        for piece in pieces:  # a letter in two halves is read as two signs by most programs
            ((raw, charset),) = decode_header(piece)
            assert charset is not None
            raw.decode(charset)
    subject = str(make_header(decode_header(str(wire["Subject"]).replace("\r\n", ""))))
    assert subject == str(message["Subject"])
    assert str(make_header(decode_header(str(wire["To"]).replace("\r\n", "")))).startswith(
        "法律部 “legal” … <"
    )


def test_the_subject_speaks_chinese_to_who_reads_chinese() -> None:
    subject = received(rendered(samples.python_payload(), language="zh"))["Subject"]
    assert subject == "PYTHON (US 76044902) · 已注册，另有 2 项 · 案卷号 M-1234"


def test_a_sample_says_so_first_wherever_it_shows() -> None:
    for language in ("en", "zh"):
        message = rendered(samples.joyrobotaxi_payload(), language=language)
        assert received(message)["Subject"].startswith("[SAMPLE] ")
        assert text_of(message).startswith("[SAMPLE] ")
        assert "sample" in received(message)["X-Tmwatch-Alert"]
        assert html_of(message).count("[SAMPLE]") >= 3
    card = samples.python_card(facts=FactKind.SAMPLE)
    assert rendered(samples.python_payload(cards=(card,)))["Subject"].startswith("[SAMPLE]")


def test_the_first_hundred_characters_hold_the_substance() -> None:
    for part in (text_of, html_of):
        shown = re.sub(
            r"<(title|style).*?</\1>|<[^>]+>", " ", part(rendered(samples.python_payload())), flags=re.S
        )
        start = " ".join(shown.split())[:100]
        assert "PYTHON (US 76044902) · registered and renewed" in start


def test_the_text_part_reads_like_this() -> None:
    assert text_of(rendered(samples.python_payload(), timezone="Asia/Shanghai")).split("\n") == [
        "PYTHON (US 76044902) · registered and renewed + 2 more",
        "High · watch “own registrations” (own)",
        "",
        "WHAT CHANGED",
        "",
        "Status [high] 2014-02-10",
        "  old: SECTION 8 & 15-ACCEPTED AND ACKNOWLEDGED",
        "  new: REGISTERED AND RENEWED",
        "",
        "Goods and services, class 9 [high]",
        "  + added: downloadable manuals",
        "  - removed: printed manuals",
        "  old: Computer software, namely interpreters; printed manuals",
        "  new: Computer software, namely interpreters; downloadable manuals",
        "",
        "3 new events [low]",
        "  2013-12-20  TEAS SECTION 8 & 9 RECEIVED",
        "  2014-02-10  CASE ASSIGNED TO POST REGISTRATION PARALEGAL",
        "  2014-02-10  REGISTERED AND RENEWED (FIRST RENEWAL - 10 YRS)",
        "",
        "THE FILING",
        "Mark: PYTHON",
        "Number: US 76044902",
        "Registration: 2824281",
        "Reference: M-1234",
        "Client: PSF",
        "Responsible: JB",
        "Owner: Python Software Foundation",
        "Classes: 9",
        "Status at the office: REGISTERED AND RENEWED, code 800, 2014-02-10",
        "Phase: registered, live",
        "TM5 common status: LIVE/REGISTRATION/Issued and Active",
        "Filed: 2000-05-09",
        "Registered: 2004-03-23",
        "First seen by tmwatch: 2025-10-16 07:30 (Asia/Shanghai)",
        "Source: register (us.tsdr), as of 2014-03-01",
        "Register: https://tsdr.uspto.gov/#caseNumber=76044902&caseType=SERIAL_NO&searchType=statusSearch",
        "",
        "WHY THIS WAS SENT",
        "The number US 76044902 is on the list of this watch.",
        "",
        "WHAT THIS WATCH LOOKS AT",
        "US, by number: live (us.tsdr)",
        "CN, by owner: not watched (cn.tianyancha · no token: set TIANYANCHA_TOKEN)",
        "",
        "Verify with the office before acting on this.",
        "tmwatch shows what a record says. This is not legal advice.",
        "",
    ]


def test_the_html_part_says_what_the_text_part_says() -> None:
    message = rendered(samples.python_payload())
    shown = " ".join(re.sub(r"<[^>]+>", " ", html_of(message)).replace("&amp;", "&").split())
    for line in text_of(message).splitlines():
        words = line.strip(" +-").partition(" [")[0].split(": ", 1)[-1]
        if words.startswith("https:"):
            continue  # the address stands behind the register's name
        assert " ".join(words.split()).lower() in shown.lower(), line
    assert (
        "a",
        "https://tsdr.uspto.gov/#caseNumber=76044902&caseType=SERIAL_NO&searchType=statusSearch",
    ) in [(tag, attrs.get("href")) for tag, attrs in Tags(html_of(message)).found]


def test_nine_filings_of_one_campaign_are_one_mail_with_a_line_for_each_class() -> None:
    message = rendered(samples.joyrobotaxi_payload())
    text = text_of(message)
    assert received(message)["Subject"] == "[SAMPLE] Joyrobotaxi (CN, 9 filings) · newly filed · 9 classes"
    assert text.count(samples.JD) == 2  # once as owner, once in the reason
    for place, name in enumerate(samples.JOY_CLASSES, 21):
        assert f"CN {place:08d} · class {name} · 等待实质审查 (under examination) · Filed 2025-06-05" in text
    assert len([tag for tag, _ in Tags(html_of(message)).found if tag == "th"]) == 4
    assert "  Why:" not in text, "no filing has a reason of its own"


def test_what_is_muted_stands_in_one_line_beside_its_filing() -> None:
    part = MutedPart(field="classes.text", until="2026-12-31", reason="reworded")
    joy = samples.joyrobotaxi_payload()
    cards = (joy.cards[0].model_copy(update={"muted": (part, part)}), *joy.cards[1:])
    lines = text_of(rendered(joy.model_copy(update={"cards": cards}))).splitlines()
    (line,) = [line.strip() for line in lines if "muted" in line]
    assert line == "Changed too, muted: Goods and services, until 2026-12-31 (reworded)"
    alone = text_of(rendered(samples.python_payload(cards=(samples.python_card(muted=(part,)),))))
    assert line in alone
    chinese = text_of(
        rendered(samples.python_payload(cards=(samples.python_card(muted=(part,)),)), language="zh")
    )
    assert "另有变更（已静音）：商品和服务，静音至 2026-12-31（reworded）" in chinese


def test_a_step_that_befell_nine_filings_is_told_once() -> None:
    step = Change(
        field="status", kind="changed", significance=Significance.HIGH, old="等待实质审查", new="初审公告"
    )
    joy = samples.joyrobotaxi_payload()
    cards = tuple(
        card.model_copy(update={"changes": (step,), "status_text": "初审公告", "phase": Phase.PUBLISHED})
        for card in joy.cards
    )
    text = text_of(rendered(joy.model_copy(update={"kind": "filing.changed", "cards": cards})))
    assert text.count("new: 初审公告") == 1
    assert "Joyrobotaxi (CN, 9 filings) · published" in text
    other = (cards[0].model_copy(update={"changes": ()}), *cards[1:])
    text = text_of(rendered(joy.model_copy(update={"kind": "filing.changed", "cards": other})))
    assert "For CN 00000022, CN 00000023" in text


def test_who_says_it_stands_in_the_subject_unless_it_is_the_register() -> None:
    card = samples.python_card(facts=FactKind.AGGREGATOR, source="cn.tianyancha", newness="newly listed")
    message = rendered(samples.python_payload(kind="filing.new", cards=(card,)))
    assert "newly listed (filed earlier) (Tianyancha reports) · class 9" in received(message)["Subject"]
    assert "Source: Tianyancha reports (cn.tianyancha), as of 2014-03-01" in text_of(message)


def test_an_event_shows_its_date_once() -> None:
    event = Change(
        field="events",
        kind="added",
        significance=Significance.LOW,
        key="#37",
        new="2014-02-10 NOTICE MAILED [NRCC]",
        date=dt.date(2014, 2, 10),
    )
    text = text_of(rendered(samples.python_payload(cards=(samples.python_card(changes=(event,)),))))
    assert text.startswith("PYTHON (US 76044902) · new event: NOTICE MAILED [NRCC]\n")
    assert "New event [low]\n  2014-02-10  NOTICE MAILED [NRCC]\n" in text


def test_a_first_look_and_a_failing_source_are_mails_too() -> None:
    baseline = samples.joyrobotaxi_payload(kind="watch.baseline", detail="9 filings stand there now.")
    assert "What happened" in html_of(rendered(baseline))
    assert "9 filings stand there now." in text_of(rendered(baseline))
    health = samples.python_payload(
        kind="source.health",
        cards=(),
        detail="us.tsdr: blocked\nImport a saved page.",
        headline="us.tsdr is blocked",
    )
    message = rendered(health)
    assert received(message)["Subject"] == "own registrations · us.tsdr is blocked"
    assert "us.tsdr: blocked\nImport a saved page.\n" in text_of(message)


# -- how it travels ------------------------------------------------------------------------------------


def test_two_renders_of_one_delivery_are_the_same_bytes() -> None:
    first = rendered(samples.python_payload()).as_bytes()
    assert first == rendered(samples.python_payload()).as_bytes()
    assert b"Message-ID: <0f3c-1@tmwatch.invalid>" in first
    assert b"Date: Thu, 16 Oct 2025 01:12:05 +0000" in first


def test_headers_say_that_a_program_sent_it_and_in_which_language() -> None:
    message = received(rendered(samples.python_payload(), language="zh"))
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "zh-Hans"
    assert str(message["To"]) == "legal <legal@example.com>"
    assert str(message["From"]) == "tmwatch <tm@example.com>"


def test_everything_on_the_wire_is_seven_bit_with_short_lines() -> None:
    for payload in (samples.joyrobotaxi_payload(), samples.hostile_payload(), samples.python_payload()):
        wire = rendered(payload, language="zh", recipient_name="法务部").as_bytes()
        assert wire.isascii()
        assert max(len(line) for line in wire.split(b"\r\n")) <= 998
        assert b"\n" not in wire.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    "bad", ["", "nobody", "a@b@", "a b@example.com", "ä@example.com", "a@b\r\nBcc: x@y.z"]
)
def test_an_address_that_is_none_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="not an e-mail address"):
        rendered(samples.python_payload(), address=bad)


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        rendered(samples.python_payload(), created_at=dt.datetime(2025, 10, 16))


# -- what a page can do to it: nothing --------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_hostile_record_adds_no_header_tag_link_or_terminal_escape(language: str) -> None:
    message = rendered(samples.hostile_payload(), language=language)
    seen = received(message)
    assert seen["Bcc"] is None
    assert seen.keys() == received(rendered(samples.python_payload())).keys()
    tags = Tags(html_of(message)).found
    assert not {"img", "script", "b", "svg", "iframe"} & {tag for tag, _ in tags}
    assert not [name for _, attrs in tags for name in attrs if name.startswith("on")]
    assert not [attrs for tag, attrs in tags if tag == "a"]  # javascript: is no link
    for part in (text_of(message), html_of(message), seen["Subject"]):
        assert not [char for char in part if ord(char) < 32 and char != "\n" or char in "\x7f\u202e\u200b"]
    assert "{{ 7*7 }}" in html_of(message)
    assert "49<img" not in html_of(message)


def test_a_mail_loads_nothing_from_anywhere() -> None:
    for payload in (samples.python_payload(), samples.joyrobotaxi_payload()):
        html = html_of(rendered(payload))
        tags = Tags(html).found
        assert not [tag for tag, attrs in tags if "src" in attrs or tag in ("link", "img", "script")]
        assert "@import" not in html
        assert "url(" not in html


def test_dark_mode_and_narrow_screens_are_provided_for() -> None:
    html = html_of(rendered(samples.python_payload()))
    assert "prefers-color-scheme: dark" in html
    assert "max-width:600px" in html
    assert 'name="viewport"' in html


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "javascript://example.com/%0aalert(1)",
        "data:text/html,x",
        "https://user:pw@host/",
        'https://x/"onclick=',
        "http://[",
        "//x",
    ],
)
def test_only_plain_web_addresses_become_links(link: str) -> None:
    html = html_of(rendered(samples.python_payload(cards=(samples.python_card(link=link),))))
    assert not [attrs for tag, attrs in Tags(html).found if tag == "a"]
