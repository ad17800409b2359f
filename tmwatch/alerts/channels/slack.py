"""Slack: an incoming webhook, posted to with Block Kit.

Facts: docs.slack.dev, "Sending messages using incoming webhooks", and api.slack.com/changelog
"Improving error conditions for Incoming Webhooks" (2016-05-17): success is HTTP 200 with the text `ok`;
an error is a status and one word as text. Rate limits page: about one message a second, else HTTP 429
with `Retry-After`. Block Kit reference, `rich_text`: its text elements are literal, so that `<!channel>`,
`*` and links in a mark's name are shown and do nothing; the fallback `text` is escaped as "Formatting text"
says (`&`, `<`, `>`). A message whose blocks hold more than about 13,000 characters is refused as
`msg_blocks_too_long` (slackapi/bolt-js issue 2509).
"""

from __future__ import annotations

from typing import ClassVar

from tmwatch.alerts.channels.bot import CHECK_URL, REPORT, BotChannel, Json, Meaning, encoded
from tmwatch.alerts.channels.message import Line
from tmwatch.alerts.channels.posting import Said

_NEW = "Make a new incoming webhook in Slack and put its address in place of the old one."


class SlackChannel(BotChannel):
    """Posts to an incoming webhook."""

    name = "slack"
    limit = 12_000
    unit = "characters"
    codes: ClassVar = {
        "invalid_payload": Meaning("message", "it does not understand the message", REPORT),
        "invalid_blocks": Meaning("message", "it does not understand the message", REPORT),
        "no_text": Meaning("message", "it found no text in the message", REPORT),
        "msg_too_long": Meaning("message", "the message is too long", REPORT),
        "msg_blocks_too_long": Meaning("message", "the message is too long", REPORT),
        "user_not_found": Meaning("operator", "the user it belongs to is not there", _NEW),
        "action_prohibited": Meaning(
            "operator", "the workspace forbids it to post there", "Ask the administrator of the workspace."
        ),
        "posting_to_general_channel_denied": Meaning(
            "operator", "it may not post to that channel", "Ask the administrator of the workspace."
        ),
        "invalid_token": Meaning("operator", "the token in its address is not valid", CHECK_URL),
        "no_service": Meaning("gone", "the webhook was removed or switched off", _NEW),
        "no_service_id": Meaning("gone", "the webhook was removed or switched off", _NEW),
        "no_active_hooks": Meaning("gone", "the webhook was removed or switched off", _NEW),
        "no_team": Meaning("gone", "the workspace is not there any more", _NEW),
        "team_disabled": Meaning("gone", "the workspace is not there any more", _NEW),
        "channel_not_found": Meaning("gone", "the channel is not there any more", _NEW),
        "channel_is_archived": Meaning("gone", "the channel is archived", _NEW),
        "rollup_error": Meaning("passing", "something went wrong at Slack"),
    }

    def write(self, title: str, lines: tuple[Line, ...]) -> Json:
        """One rich text block, and a fallback for the notification."""
        parts: list[Json] = [{"type": "text", "text": title, "style": {"bold": True}}]
        for line in lines:
            parts.append({"type": "text", "text": "\n"})
            if line.href:
                parts.append({"type": "link", "url": line.href, "text": line.text})
            else:
                parts.append({"type": "text", "text": line.text})
        section = {"type": "rich_text_section", "elements": parts}
        return {
            "text": _escaped(title),
            "mrkdwn": False,
            "unfurl_links": False,
            "blocks": [{"type": "rich_text", "elements": [section]}],
        }

    def size(self, body: Json) -> int:
        """Characters of the blocks as JSON: Slack seems to count so."""
        return len(encoded(body["blocks"]).decode())

    def judge(self, said: Said) -> None:
        """Only the word `ok` is a delivery."""
        word = said.body[:100].decode("utf-8", "replace").strip()
        self.refuse(said, word)
        if said.status == 200 and word != "ok":
            raise Meaning("passing", "Slack answers with `ok`, and this is something else").raised(said, "")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
