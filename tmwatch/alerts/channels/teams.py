"""Microsoft Teams: a webhook of Workflows, posted to with an Adaptive Card.

Facts: learn.microsoft.com/microsoftteams, "Create incoming webhooks" and "Create and send messages": a
message with one attachment of type application/vnd.microsoft.card.adaptive, at most 28 KB; HTTP 202 (or
200) when it was taken; more than four a second are throttled, and the older connectors say so in a
200 ("Microsoft Teams endpoint returned HTTP error 429"). Errors of the trigger come as
`{"error": {"code": …, "message": …}}` with 400, 401, 404. adaptivecards.io: a `TextRun` shows no
Markdown, as opposed to a `TextBlock`, so names are literal; a mention needs an entity, and there is none.

A 202 says that the workflow was started, not that Teams has shown the card: whether its next step went well
stands only in the run history of Workflows.
"""

from __future__ import annotations

import re
from typing import ClassVar

from tmwatch.alerts.channels.bot import CHECK_URL, REPORT, BotChannel, Json, Meaning, as_json
from tmwatch.alerts.channels.message import Line
from tmwatch.alerts.channels.posting import Said

_BEHIND = re.compile(rb"returned HTTP error (\d{3})")
_FLOW = "Switch the workflow on in Teams, let anyone trigger it, and copy its address again."
_SIGNATURE = Meaning("operator", "the signature in its address is wrong", CHECK_URL)


class TeamsChannel(BotChannel):
    """Starts a workflow that posts the card."""

    name = "teams"
    limit = 25_000  # of 28 KB, for what Teams wraps around it
    codes: ClassVar = {
        "WorkflowTriggerIsNotEnabled": Meaning("operator", "the workflow is switched off or deleted", _FLOW),
        "WorkflowDisabled": Meaning("operator", "the workflow is switched off", _FLOW),
        "WorkflowNotFound": Meaning("operator", "the workflow is not there any more", _FLOW),
        "DirectApiAuthorizationRequired": Meaning("operator", "the workflow wants a login", _FLOW),
        "DirectApiRequestHasMoreThanOneAuthorization": Meaning(
            "operator", "the address is not whole", CHECK_URL
        ),
        "InvalidAuthorizationSignature": _SIGNATURE,
        "AuthorizationFailed": _SIGNATURE,
        "TriggerInputSchemaMismatch": Meaning(
            "operator",
            "the workflow expects something else",
            "Leave the schema of its trigger empty.",
        ),
        "413": Meaning("message", "the card is too large", REPORT),
        "429": Meaning("later", "too many messages at once", after=60),
    }

    def write(self, title: str, lines: tuple[Line, ...]) -> Json:
        """One card of rich text blocks, a line each."""
        blocks = [_paragraph({"text": title, "weight": "Bolder"})]
        for line in lines:
            target = {"selectAction": {"type": "Action.OpenUrl", "url": line.href}} if line.href else {}
            blocks.append(_paragraph({"text": line.text, **target}))
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "msteams": {"width": "Full"},
            "body": blocks,
        }
        attachment = {
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": None,
            "content": card,
        }
        return {"type": "message", "summary": title, "attachments": [attachment]}

    def judge(self, said: Said) -> None:
        """An error may stand in an answer that begins with 200."""
        behind = _BEHIND.search(said.body)
        error = as_json(said.body).get("error")
        code = str(error.get("code", "")) if isinstance(error, dict) else ""
        self.refuse(said, behind[1].decode() if behind else code)
        page = said.body.lstrip()[:1] == b"<"  # of a gateway, that comes with 200 too
        if 200 <= said.status < 300 and (behind or error or page):
            raise Meaning("passing", "Teams did not take it").raised(said, code)


def _paragraph(run: Json) -> Json:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", **run}]}
