"""What an alert would look like by a channel, without sending anything."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from tmwatch.alerts.channels.bot import BotChannel
from tmwatch.alerts.channels.message import build
from tmwatch.alerts.channels.table import Channels
from tmwatch.alerts.mail import render_mail
from tmwatch.alerts.payload import AlertPayload, MarkCard
from tmwatch.alerts.webhook import MOST_BYTES, build_body
from tmwatch.config import Config, Recipient
from tmwatch.model import FactKind, Live, Phase, Significance


@dataclass(frozen=True)
class Preview:
    """The message by one channel: as a reader sees it (`text`), and as it goes out (`body`)."""

    text: str
    body: Any
    size: int | None = None  # in `unit`
    limit: int | None = None
    unit: str = ""
    cut: int = 0  # lines left out


def preview(
    payload: AlertPayload, channel: str, config: Config, recipient: Recipient, *, alert: int, at: dt.datetime
) -> Preview:
    """The alert as `recipient` gets it by `channel`, be it configured or not; `alert` is its number."""
    if channel == "email":
        return _mail(payload, config, recipient, at)
    if channel == "webhook":
        hook = recipient.webhook
        body = build_body(
            payload, created_at=at, personal_addresses=hook.personal_addresses if hook else False
        )
        found = json.loads(body)
        shown = json.dumps(found, ensure_ascii=False, indent=2)
        return Preview(shown, found, len(body), MOST_BYTES, "bytes")
    made = Channels(config)[channel]
    assert isinstance(made, BotChannel)
    message = build(payload, alert=alert, language=recipient.language, timezone=recipient.timezone)
    fitted = made.fitted(message)
    lines = message.lines(fitted.shown)
    text = "\n".join([message.title, *(f"{line.text} {line.href}".rstrip() for line in lines)])
    return Preview(text, fitted.body, fitted.size, made.limit, made.unit, fitted.cut)


def _mail(payload: AlertPayload, config: Config, recipient: Recipient, at: dt.datetime) -> Preview:
    message = render_mail(
        payload,
        recipient_name=recipient.name,
        address=next(iter(recipient.email), "recipient@tmwatch.invalid"),
        sender=config.smtp.sender if config.smtp else "tmwatch@tmwatch.invalid",
        message_id="preview",
        created_at=at,
        language=recipient.language,
        timezone=recipient.timezone,
        contact=config.operator.contact,
    )
    parts = {part.get_content_type(): _content(part) for part in message.walk() if not part.is_multipart()}
    headers = {name: str(value) for name, value in message.items() if not name.startswith("Content-")}
    text = "\n".join(f"{name}: {value}" for name, value in headers.items())
    return Preview(f"{text}\n\n{parts['text/plain']}", {"headers": headers, **parts})


def _content(part: Any) -> str:
    assert isinstance(part, EmailMessage)
    return str(part.get_content())


def sample() -> AlertPayload:
    """An alert to look at where there is none yet: made up, and marked so wherever it shows."""
    cards = tuple(
        MarkCard(
            st13=f"CN5000000000000{place}",
            office="CN",
            application_number=f"000000{place}",
            mark="Joyrobotaxi",
            owners=("北京京东叁佰陆拾度电子商务有限公司",),
            classes=(name,),
            status_text="等待实质审查",
            phase=Phase.EXAMINATION,
            live=Live.LIVE,
            application_date=dt.date(2025, 6, 5),
            newness="newly filed",
            link="https://wcjs.sbj.cnipa.gov.cn/",
            source="cn.tianyancha",
            facts=FactKind.SAMPLE,
            as_of=dt.date(2025, 6, 20),
            as_of_kind="looked",
        )
        for place, name in enumerate(("9", "12", "35", "39"), 21)
    )
    return AlertPayload(
        kind="filing.new",
        watch="JD cars",
        significance=Significance.HIGH,
        sample=True,
        headline="[SAMPLE] Joyrobotaxi (CN, 4 filings) · newly filed",
        why="A sample: nobody's alert.",
        cards=cards,
    )
