"""ntfy: a topic of ntfy.sh or of a server of one's own, published to as JSON.

The address is the server's and the topic, `https://ntfy.sh/TOPIC`. On a public server whoever knows the
topic can read it, so it is a secret like the others.

Facts: docs.ntfy.sh/publish and server/errors.go of binwiederhier/ntfy: a JSON object with `topic`, `title`,
`message`, `priority` (1 to 5) and `click` is posted to the root; a message is at most 4096 bytes, a longer
one becomes a file; an access token goes in as `Authorization: Bearer tk_…`; HTTP 200 with the message as
JSON (`"event": "message"`) is success; errors are `{"code": 40101, "http": 401, "error": …}`: 401xx
login, 403xx right, 413xx size, 429xx limits. Markdown is off unless asked for: texts are literal.
"""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

from tmwatch.alerts.channels.bot import CHECK_URL, REPORT, BotChannel, Json, Meaning, as_json, encoded
from tmwatch.alerts.channels.message import Fitted, Line, Message, fit, plain_text
from tmwatch.alerts.channels.posting import Said
from tmwatch.model import Significance

_ACCESS = "Put an access token that may write to the topic into what token_env or token_file names."
_PRIORITIES = {Significance.CRITICAL: 5, Significance.HIGH: 4, Significance.MEDIUM: 3, Significance.LOW: 2}


class NtfyChannel(BotChannel):
    """Publishes to a topic."""

    name = "ntfy"
    limit = 4096
    codes: ClassVar = {
        "40009": Meaning("operator", "the topic in its address is not valid", CHECK_URL),
        "40010": Meaning("operator", "the topic in its address is not allowed", CHECK_URL),
        "40017": Meaning("message", "it does not understand the message", REPORT),
        "40024": Meaning("message", "it does not understand the message", REPORT),
        "40101": Meaning("operator", "it refused the login", _ACCESS),
        "40301": Meaning("operator", "the login may not write to the topic", _ACCESS),
        "41303": Meaning("message", "the message is too large", REPORT),
        "42901": Meaning("later", "too many requests at once", after=60),
        "42905": Meaning("later", "its limit of the day is used up", after=3600),
        "42908": Meaning("later", "its limit of the day is used up", after=3600),
    }

    def write(self, title: str, lines: tuple[Line, ...]) -> Json:
        """Plain text; a touch opens the first filing's page."""
        click = next((line.href for line in lines if line.href), "")
        return {"title": title, "message": plain_text(lines), **({"click": click} if click else {})}

    def size(self, body: Json) -> int:
        """Bytes of the message, which is what is limited."""
        return len(body["message"].encode())

    def fitted(self, message: Message) -> Fitted[Json]:
        """With the weight that the telephone is to give it."""
        priority = _PRIORITIES.get(message.weight, 3)

        def write(title: str, lines: tuple[Line, ...]) -> Json:
            return {**self.write(title, lines), "priority": priority}

        return fit(message, write, self.size, self.limit)

    def sign(self, url: str, secret: str | None, body: Json) -> tuple[str, bytes, dict[str, str]]:
        """To the root of the server, the topic in the body."""
        parts = urlsplit(url)
        base, _, topic = parts.path.rstrip("/").rpartition("/")
        root = urlunsplit((parts.scheme, parts.netloc, f"{base}/", "", ""))
        login = {"Authorization": f"Bearer {secret}"} if secret else {}
        return root, encoded({"topic": topic, **body}), login

    def judge(self, said: Said) -> None:
        """Success shows the message as it is kept."""
        answer = as_json(said.body)
        self.refuse(said, str(answer.get("code", "")))
        if 200 <= said.status < 300 and not answer.get("id"):
            raise Meaning("passing", "it does not show the message that it took").raised(said, "")
