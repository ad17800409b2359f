"""What stands in a chat: the weighty first, cut to what the service takes, and inert whatever a page says."""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from typing import Any

import pytest

from tests.alerts import samples
from tests.alerts.services import PATHS, SECRET, TOKEN, Service
from tmwatch.alerts.channels.bot import BotChannel, encoded
from tmwatch.alerts.channels.message import TITLE_LIMIT, Message
from tmwatch.alerts.channels.table import Channels
from tmwatch.alerts.payload import AlertPayload, Campaign, ClassLine, ClassMark, DueLine, Earlier
from tmwatch.config import SECOND_SECRETS, SERVICES
from tmwatch.model import FactKind
from tmwatch.text import clean_line

LINK = "https://tsdr.uspto.gov/#caseNumber=76044902&caseType=SERIAL_NO&searchType=statusSearch"
PROVEN = [name for name in PATHS if name not in ("webhook", "apprise")]


def channel(name: str, **more: Any) -> tuple[BotChannel, Any]:
    bot: dict[str, Any] = {"url_env": "BOT_URL", "allow_private": True}
    if second := SECOND_SECRETS.get(name):
        bot[f"{second}_env"] = f"BOT_{second.upper()}"
    config = samples.config(**{name: bot, **more})
    found = Channels(config)[name]
    assert isinstance(found, BotChannel)
    return found, config.recipients[0]


def message(name: str, payload: AlertPayload, **more: Any) -> tuple[BotChannel, Message]:
    made, recipient = channel(name, **more)
    return made, made.message(samples.delivery(payload=payload), recipient)


def texts(body: Any) -> list[str]:
    """Every text of a JSON body, addresses of links left out."""
    if isinstance(body, dict):
        return [one for key, value in body.items() if key not in ("url", "href") for one in texts(value)]
    if isinstance(body, list):
        return [one for value in body for one in texts(value)]
    return [body] if isinstance(body, str) else []


def many(count: int = 100) -> AlertPayload:
    change = samples.python_card().changes[0]
    cards = tuple(
        samples.python_card(
            application_number=f"7604{place:04}",
            mark=f"蟒蛇 {place} " + "很长的名字" * 20,
            changes=(change.model_copy(update={"new": f"STATUS {place} " + "of many words " * 30}),),
        )
        for place in range(count)
    )
    return samples.python_payload(cards=cards)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", SERVICES)
def test_the_first_120_characters_say_which_mark_which_number_and_what(name: str, language: str) -> None:
    what = {"en": "registered and renewed", "zh": "已注册"}[language]
    made, said = message(name, samples.python_payload(), language=language)
    assert len(said.title) <= TITLE_LIMIT
    for part in ("PYTHON", "US 76044902", what):
        assert part in said.title
    body = made.fitted(said).body
    # DingTalk and WeCom show some signs in their full width.
    shown = [unicodedata.normalize("NFKC", one).lstrip("#* ") for one in texts(body)]
    assert any(one.startswith("PYTHON (US 76044902) · ") for one in shown)
    made, said = message(name, samples.joyrobotaxi_payload(), language=language)
    assert said.title.startswith("[SAMPLE] Joyrobotaxi")


def test_a_title_that_is_too_long_is_said_whole_below() -> None:
    card = samples.python_card(mark="M" * 40, application_number="US " + "7" * 27, docket_ref="R" * 40)
    change = samples.python_card().changes[0].model_copy(update={"field": "owners", "new": "N" * 200})
    cards = (
        card.model_copy(
            update={"changes": (change,), "source": "cn.tianyancha", "facts": FactKind.AGGREGATOR}
        ),
    )
    _, said = message("slack", samples.python_payload(cards=cards))
    assert len(said.title) <= TITLE_LIMIT
    assert "M" * 39 in said.title
    assert any("R" * 40 in line.text for line in said.body)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", SERVICES)
def test_what_does_not_fit_is_left_out_and_that_is_said(name: str, language: str) -> None:
    made, said = message(name, many(), language=language)
    fitted = made.fitted(said)
    assert 0 < fitted.cut < len(said.body)
    assert made.limit * 0.8 < fitted.size <= made.limit
    shown = json.dumps(fitted.body, ensure_ascii=False)
    assert re.search({"en": r"and \d+ more: .tmwatch alerts why 7", "zh": r"另有 \d+ 行"}[language], shown)
    assert str(fitted.cut) in shown
    assert said.foot[-1].text[:20] in shown  # to verify with the office; no advice
    made, said = message(name, samples.python_payload(), language=language)
    assert made.fitted(said).cut == 0
    assert LINK in json.dumps(made.fitted(said).body, ensure_ascii=False).replace("%28", "(")


@pytest.mark.parametrize("name", PROVEN)
def test_a_message_at_its_limit_is_taken_by_the_service(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Service(name) as service:
        for key, value in (("BOT_URL", service.address), ("BOT_SECRET", SECRET), ("BOT_TOKEN", TOKEN)):
            monkeypatch.setenv(key, value)
        for payload in (many(), samples.hostile_payload(), samples.joyrobotaxi_payload()):
            made, recipient = channel(name)
            made.send(samples.delivery(payload=payload), recipient)
        assert len(service.posts) == 3


EVIL = (
    '<!channel> <@U024> <at user_id="all">x</at> <at id=all></at> @all @所有人 '
    "[x](http://evil.example) **b** `c` # h"
)


@pytest.mark.parametrize("name", SERVICES)
def test_names_that_look_like_commands_do_nothing(name: str) -> None:
    """The signs that a service acts on do not stand in any text that it would read as markup."""
    for evil in (
        EVIL,
        "\u202e\x1b[31m" + EVIL + "\r\n# heading",
        "http://evil.example/a",
        "${7*7} {{DATE(x)}}",
    ):
        card = samples.python_card(mark=evil[:60], owners=(evil,), status_text=evil, docket_ref=evil)
        made, said = message(name, samples.python_payload(cards=(card,), watch=evil, why=evil))
        body = made.fitted(said).body
        inert(name, body)
        for one in texts(body):
            assert "http://evil" not in one
            assert all(part == clean_line(part) for part in one.split("\n") if part.strip() == part)


def inert(name: str, body: Any) -> None:
    if name == "slack":
        # Text elements are literal; the fallback is the one text that Slack reads.
        assert body["mrkdwn"] is False
        assert not re.search(r"[<>]", body["text"])
        kinds = {part["type"] for part in body["blocks"][0]["elements"][0]["elements"]}
        assert kinds <= {"text", "link"}
    elif name == "teams":
        card = body["attachments"][0]["content"]
        assert "entities" not in json.dumps(card)
        assert {run["type"] for block in card["body"] for run in block["inlines"]} == {"TextRun"}
    elif name == "feishu":
        paragraphs = body["content"]["post"]["zh_cn"]["content"]
        assert {tag["tag"] for line in paragraphs for tag in line} <= {"text", "a"}
        assert not any("<" in one for one in texts(body))
    elif name in ("dingtalk", "wecom"):
        text = body["markdown"].get("text") or body["markdown"]["content"]
        assert body.get("at", {"isAtAll": False}) == {"isAtAll": False}
        ours = re.sub(r"\[[^\]\[]*\]\(https://tsdr[^()\s]*\)", "", text)
        ours = ours.removeprefix("#### ").removeprefix("**").replace("**\n", "\n", 1)
        assert not re.search(r"[<>\[\]()*_`#]", ours), ours
    else:
        assert "markdown" not in body


def test_a_private_persons_address_is_in_no_chat() -> None:
    change = (
        samples.python_card()
        .changes[0]
        .model_copy(
            update={
                "field": "correspondence",
                "old": "SAMPLE PERSON, 1 Hidden Road, Springfield",
                "new": "SAMPLE PERSON, 2 Hidden Road, Springfield",
            }
        )
    )
    card = samples.python_card(changes=(change,))
    for name in SERVICES:
        made, said = message(name, samples.python_payload(cards=(card,)))
        assert b"Hidden Road" not in encoded(made.fitted(said).body)


def test_a_campaign_says_what_is_new_of_it_before_the_filings() -> None:
    payload = samples.joyrobotaxi_payload()
    campaign = Campaign(
        owners=(samples.JD,),
        filings=9,
        first_filed=dt.date(2025, 6, 5),
        last_filed=dt.date(2025, 6, 5),
        offices=("CN",),
        marks=("Joyrobotaxi",),
        st13=tuple(card.st13 for card in payload.cards),
        classes=(ClassLine(number="12", name="Vehicles", marks=(ClassMark(mark="Joyrobotaxi"),), new=True),),
        earlier=Earlier(stored=40, new_classes=("12",)),
    )
    _, said = message("slack", payload.model_copy(update={"campaigns": (campaign,)}))
    lines = [line.text for line in said.body]
    news = next(place for place, line in enumerate(lines) if "12" in line and line.startswith("·"))
    classes = next(place for place, line in enumerate(lines) if "Vehicles" in line)
    filings = next(place for place, line in enumerate(lines) if line.startswith("CN 00000021"))
    assert news < classes < filings


@pytest.mark.parametrize("name", SERVICES)
def test_a_date_is_never_what_is_cut(name: str) -> None:
    due = DueLine(day=dt.date(2026, 3, 30), what="opposition", rule="US opposition", basis="15 USC 1063")
    goods = tuple(f"{place} " + "goods of many words " * 12 for place in range(40))
    change = (
        samples.python_card().changes[1].model_copy(update={"terms_added": goods, "terms_removed": goods})
    )
    card = samples.python_card(dues=(due,), changes=(change, change.model_copy(update={"key": "12"})))
    made, said = message(name, samples.python_payload(cards=(card,)))
    fitted = made.fitted(said)
    shown = json.dumps(fitted.body, ensure_ascii=False)
    assert "2026-03-30 opposition" in shown
    assert "not legal advice" in shown
    assert fitted.cut > 0 or made.limit > 20_000
