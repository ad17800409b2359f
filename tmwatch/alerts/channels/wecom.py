"""WeCom (企业微信): a group robot, with Markdown.

Facts: developer.work.weixin.qq.com/document/path/91770 (群机器人配置说明) and its table of error codes: 20
messages a minute, else errcode 45009; Markdown of at most 4096 bytes; HTTP 200 with `"errcode": 0` is
success; 93000 is an address that is not valid, and, with "exceed max length", a message that is too long, as
is 40058; 45033 too many at once; -1 busy. Its Markdown (headings, bold, links, code, quotes, colours,
`<@userid>`) knows no escape, so signs of markup in a text are shown by their full-width forms.
"""

from __future__ import annotations

from typing import ClassVar

from tmwatch.alerts.channels.bot import CHECK_URL, REPORT, CodedChannel, Json, Meaning
from tmwatch.alerts.channels.message import Line, markdown, without_markup
from tmwatch.alerts.channels.posting import Said

_LONG = Meaning("message", "the message is too long, or not understood", REPORT)


class WeComChannel(CodedChannel):
    """Posts to the robot's address."""

    name = "wecom"
    limit = 4096
    code_keys = ("errcode",)
    codes: ClassVar = {
        "-1": Meaning("passing", "WeCom is busy"),
        "40008": Meaning("message", "it does not take this kind of message", REPORT),
        "40058": _LONG,
        "44004": Meaning("message", "it found no text in the message", REPORT),
        "45002": _LONG,
        "45009": Meaning("later", "too many messages at once", after=60),
        "45033": Meaning("later", "too many messages at once", after=60),
        "93000": Meaning("operator", "its address is not valid, or the robot was removed", CHECK_URL),
        "93017": Meaning("operator", "the robot is not in the group any more", CHECK_URL),
    }

    def write(self, title: str, lines: tuple[Line, ...]) -> Json:
        """Markdown: the title in bold, a line each."""
        shown = [f"**{without_markup(title)}**", *markdown(lines)]
        return {"msgtype": "markdown", "markdown": {"content": "\n".join(shown)}}

    def size(self, body: Json) -> int:
        """Bytes of the content, which is what is limited."""
        return len(body["markdown"]["content"].encode())

    def refuse(self, said: Said, code: str) -> None:
        """93000 is two errors in one."""
        if code == "93000" and b"exceed max length" in said.body:
            raise _LONG.raised(said, code)
        super().refuse(said, code)
