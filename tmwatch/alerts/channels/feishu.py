"""Feishu and Lark: a custom bot of a group, signed where the bot wants it.

Facts: open.larksuite.com and open.feishu.cn, "Custom bot usage guide" (as of 2025-10-30): 100 messages a
minute and 5 a second, else code 11232; a request of at most 20 KB; HTTP 200 with `"code": 0` is
success, any other code is none (older answers call it `StatusCode`); 9499 bad request, 19001 and 19002
parameters, 19021 signature or a clock that is an hour off, 19022 address not allowed, 19024 no keyword.
`sign` is Base64 of HMAC-SHA256 over nothing, with "timestamp\\nsecret" as its key. In a message "post"
a mention is a tag of its own: a text is shown as it is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import ClassVar

from tmwatch.alerts.channels.bot import CHECK_URL, REPORT, CodedChannel, Json, Meaning, encoded
from tmwatch.alerts.channels.message import Line

_SAFETY = "Look at the security settings of the bot in the group."


class FeishuChannel(CodedChannel):
    """Posts to the bot's address."""

    name = "feishu"
    limit = 19_500  # of 20 KB, for timestamp and signature
    code_keys = ("code", "StatusCode")
    codes: ClassVar = {
        "9499": Meaning("message", "it does not understand the message", REPORT),
        "11232": Meaning("later", "too many messages at once", after=60),
        "19001": Meaning("operator", "the token in its address is not valid", CHECK_URL),
        "19002": Meaning("message", "it does not understand the message", REPORT),
        "19021": Meaning(
            "operator",
            "the signature does not fit, or this machine's clock is more than an hour off",
            "Put the bot's secret into what secret_env or secret_file names, and check the clock.",
        ),
        "19022": Meaning("operator", "the bot does not take this machine's address", _SAFETY),
        "19024": Meaning("operator", "the bot wants a keyword that alerts do not hold", _SAFETY),
    }

    def write(self, title: str, lines: tuple[Line, ...]) -> Json:
        """A post: a title, and a paragraph a line. One language only, which everybody then sees."""
        paragraphs = [
            [{"tag": "a", "text": _inert(line.text), "href": line.href}]
            if line.href
            else [{"tag": "text", "text": _inert(line.text)}]
            for line in lines
        ]
        post = {"zh_cn": {"title": _inert(title), "content": paragraphs}}
        return {"msg_type": "post", "content": {"post": post}}

    def sign(self, url: str, secret: str | None, body: Json) -> tuple[str, bytes, dict[str, str]]:
        """With the signature of this second."""
        if secret:
            stamp = str(int(self._clock()))
            body = {"timestamp": stamp, "sign": signature(stamp, secret), **body}
        return url, encoded(body), {}


def signature(timestamp: str, secret: str) -> str:
    """Base64 of HMAC-SHA256 over nothing, keyed with both."""
    digest = hmac.new(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _inert(text: str) -> str:
    """In a message of type "text" `<at …>` is a mention; should a post ever be read like one, it is none."""
    return text.replace("<", "＜")
