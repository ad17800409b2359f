"""DingTalk: a custom robot of a group, its address signed where the robot wants it.

Facts: open.dingtalk.com, "Custom robots" (自定义机器人接入, 自定义机器人安全设置) and its table of
errors: 20 messages a minute, else errcode 130101 or 410100 and ten minutes of silence; 20,000 bytes each;
HTTP 200 with `"errcode": 0` is success; 310000 a failed check (keyword, signature or address, says errmsg),
300001, 300005 and 400101 an unknown token, 400013 a dissolved group, 400102 and 400106 a robot that is
switched off or gone, 4301xx content that is not allowed. What is stopped before the robot answers with
`"punish"` and `"wait"` (seconds) and no errcode. `sign` is Base64 of HMAC-SHA256 over
"timestamp\\nsecret" with the secret as its key, the timestamp in milliseconds.

Its Markdown knows no escape, so signs of markup in a text are shown by their full-width forms. A mention
needs `at`, which says that there is none.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import ClassVar
from urllib.parse import urlencode

from tmwatch.alerts.channels.bot import CHECK_URL, REPORT, CodedChannel, Json, Meaning, as_json, encoded
from tmwatch.alerts.channels.message import Line, markdown, without_markup
from tmwatch.alerts.channels.posting import Said

_NEW = "Add a custom robot to a group and put its address in place of the old one."
_SAFETY = "Look at the security settings of the robot; its secret stands in what secret_env names."
_FAST = Meaning("later", "too many messages at once", after=600)
_UNFIT = Meaning("message", "it does not let this content through", "Send this recipient mail as well.")
_TOKEN = Meaning("operator", "the token in its address is not valid", CHECK_URL)


class DingTalkChannel(CodedChannel):
    """Posts to the robot's address."""

    name = "dingtalk"
    limit = 19_000
    code_keys = ("errcode",)
    codes: ClassVar = {
        "-1": Meaning("passing", "DingTalk is busy"),
        "40035": Meaning("message", "it does not understand the message", REPORT),
        "43004": Meaning("message", "it does not understand the message", REPORT),
        "90030": Meaning("later", "the number of messages that its plan allows is used up", after=3600),
        "130101": _FAST,
        "300001": _TOKEN,
        "300005": _TOKEN,
        "310000": Meaning("operator", "the robot's check failed (keyword, signature or address)", _SAFETY),
        "400013": Meaning("gone", "the group was dissolved", _NEW),
        "400101": _TOKEN,
        "400102": Meaning("operator", "the robot is switched off", "Switch it on in the group."),
        "400105": Meaning("message", "it does not take this kind of message", REPORT),
        "400106": Meaning("gone", "the robot was removed", _NEW),
        "410100": _FAST,
        "430101": _UNFIT,
        "430102": _UNFIT,
        "430103": _UNFIT,
        "430104": _UNFIT,
        "460101": Meaning("message", "the message is too long", REPORT),
    }

    def write(self, title: str, lines: tuple[Line, ...]) -> Json:
        """Markdown; a line of its own needs an empty one between."""
        shown = [f"#### {without_markup(title)}", *markdown(lines)]
        # The title is what the list of conversations shows.
        content = {"title": without_markup(title), "text": "\n\n".join(shown)}
        return {"msgtype": "markdown", "markdown": content, "at": {"isAtAll": False}}

    def sign(self, url: str, secret: str | None, body: Json) -> tuple[str, bytes, dict[str, str]]:
        """The address with the signature of this moment."""
        if secret:
            stamp = str(int(self._clock() * 1000))
            url = f"{url}&{urlencode({'timestamp': stamp, 'sign': signature(stamp, secret)})}"
        return url, encoded(body), {}

    def judge(self, said: Said) -> None:
        """What is stopped on the way has a form of its own."""
        answer = as_json(said.body)
        if "errcode" not in answer and "punish" in answer:
            wait = answer.get("wait")
            seconds = float(wait) if isinstance(wait, int) else 0.0
            raise Meaning("later", "too many messages at once", after=max(60.0, seconds)).raised(said, "")
        super().judge(said)


def signature(timestamp: str, secret: str) -> str:
    """Base64 of HMAC-SHA256 over both, keyed with the secret."""
    digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
