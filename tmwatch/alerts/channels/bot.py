"""What all chat and push services have in common: one POST to a secret address, an answer in their own form.

    class SlackChannel(BotChannel):
        name, limit, unit = "slack", 10_000, "characters"
        def write(…)   the message as the service's JSON       pure: `alerts preview` shows it
        def sign(…)    what goes out: address, body, headers    where secrets come in
        def judge(…)   what its answer means                    200 is no proof with most of them

Each file names the documentation that its facts are from. `CODES` of each holds what its errors mean.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from tmwatch.alerts.channels.base import KEPT, EndpointDown, EndpointGone, OperatorNeeded, TryLater
from tmwatch.alerts.channels.message import Fitted, Line, Message, build, fit
from tmwatch.alerts.channels.posting import TIMEOUTS, Said, encrypted, send_post, taken
from tmwatch.alerts.channels.road import Timeouts
from tmwatch.alerts.delivery import Delivery
from tmwatch.config import SERVICES, Config, Recipient
from tmwatch.errors import ConfigError, DeliveryError, PermanentDeliveryError
from tmwatch.text import clean_line

ANSWER_BYTES = 65_536  # of an answer that has to be understood
Json = dict[str, Any]
Kind = Literal["operator", "gone", "later", "message", "passing"]


@dataclass(frozen=True)
class Meaning:
    """What an error of a service means.

    operator  somebody has to mend it: waits      gone     nobody is there any more: switched off
    later     too much at once: `after` seconds   message  this message is not taken: given up
    passing   tried again by the schedule
    """

    kind: Kind
    what: str
    do: str = ""
    after: float = 0.0

    def raised(self, said: Said, code: str) -> DeliveryError:
        """The error for the outbox. `code` is the service's own word."""
        shown = f" {clean_line(code, 60)}" if code and code not in said.text else ""
        text = f"it answered {said.line}{shown}: {self.what}"
        if self.kind == "later":
            after = max(self.after, said.retry_after)
            return TryLater(text, after=after, where=said.where, kept=KEPT, do=self.do)
        kinds: dict[Kind, type[DeliveryError]] = {
            "operator": OperatorNeeded,
            "gone": EndpointGone,
            "message": PermanentDeliveryError,
            "passing": DeliveryError,
        }
        kept = "" if self.kind == "message" else KEPT
        return kinds[self.kind](text, where=said.where, kept=kept, do=self.do)


CHECK_URL = "Copy the address from the service again, whole, into what url_env or url_file names."
INSTALL = "Install it beside tmwatch: pip install 'tmwatch[apprise]'."
REPORT = "Please report this; the alert itself is kept."
# What a status means where the service gives no word that is known.
STATUSES = {
    400: Meaning("message", "it does not take the message", REPORT),
    401: Meaning("operator", "it refused the login", CHECK_URL),
    403: Meaning("operator", "it refuses to be posted to", CHECK_URL),
    404: Meaning("operator", "there is nothing at this address", CHECK_URL),
    405: Meaning("operator", "this is no address to post to", CHECK_URL),
    413: Meaning("message", "the message is too large", REPORT),
}


class BotChannel:
    """One service. Subclasses say how a message is written and what an answer means."""

    name: ClassVar[str]
    limit: ClassVar[int]
    unit: ClassVar[Literal["characters", "bytes"]] = "bytes"
    codes: ClassVar[Mapping[str, Meaning]] = {}

    def __init__(
        self,
        config: Config,
        *,
        env: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
        timeouts: Timeouts | None = None,
        verify: bool | str = True,
    ) -> None:
        """`verify` may be a file of certificates to trust instead."""
        self._config = config
        self._env = os.environ if env is None else env
        self._clock = clock
        self._timeouts = timeouts or TIMEOUTS
        self._verify = verify

    def endpoint(self, delivery: Delivery, recipient: Recipient) -> str:
        """The address itself, or, while it cannot be had, whose it is."""
        try:
            return self._config.bot_url(recipient, self.name, self._env) or f"{self.name} {recipient.name}"
        except ConfigError:
            return f"{self.name} {recipient.name}"

    def send(self, delivery: Delivery, recipient: Recipient) -> str:
        """Post once; the answer is the status and the beginning of what the service says."""
        if self.name not in recipient.bots:
            raise PermanentDeliveryError(f'recipient "{recipient.name}" has no {self.name} any more')
        body = self.fitted(self.message(delivery, recipient)).body
        said = self._post(recipient, body)
        self.judge(said)
        return taken(said)

    def message(self, delivery: Delivery, recipient: Recipient) -> Message:
        """What the delivery says to this recipient."""
        return build(
            delivery.payload,
            alert=delivery.alert_id,
            language=recipient.language,
            timezone=recipient.timezone,
        )

    def fitted(self, message: Message) -> Fitted[Json]:
        """The message in the service's own form, cut to what it takes."""
        return fit(message, self.write, self.size, self.limit)

    def write(self, title: str, lines: tuple[Line, ...]) -> Json:
        """The service's JSON."""
        raise NotImplementedError

    def size(self, body: Json) -> int:
        """How much of the limit it takes."""
        return len(encoded(body))

    def sign(self, url: str, secret: str | None, body: Json) -> tuple[str, bytes, dict[str, str]]:
        """Address, body and headers as they go out; `secret` is the second secret, if one is set."""
        return url, encoded(body), {}

    def judge(self, said: Said) -> None:
        """Raise a `DeliveryError` of the right kind for what is no delivery."""
        self.refuse(said, said.text)

    def refuse(self, said: Said, code: str) -> None:
        """Raise what the code means; else what the status means where that is an error for good."""
        found = self.codes.get(code)
        if found is None and said.status in STATUSES and not said.retry_after:
            found = STATUSES[said.status]
        if found is not None:
            raise found.raised(said, code)

    def _post(self, recipient: Recipient, body: Json) -> Said:
        service = SERVICES[self.name]
        where = f'{service} of "{recipient.name}"'
        try:
            url = self._config.bot_url(recipient, self.name, self._env) or ""
            secret = self._config.bot_secret(recipient, self.name, self._env)
        except ConfigError as error:
            raise OperatorNeeded(error.message, where=error.where or where, kept=KEPT, do=error.do) from None
        if problem := unfit(url):
            raise OperatorNeeded(problem, where=where, kept=KEPT, do=CHECK_URL)
        where = f"{where} at {urlsplit(url).hostname}"
        encrypted(url, where)
        address, sent, headers = self.sign(url, secret, body)
        return send_post(
            address,
            sent,
            {"Content-Type": "application/json; charset=utf-8", **headers},
            where=where,
            setting=f'{self.name} of recipient "{recipient.name}"',
            allow_private=recipient.bots[self.name].allow_private,
            timeouts=self._timeouts,
            verify=self._verify,
            env=self._env,
            most=ANSWER_BYTES,
        )


class CodedChannel(BotChannel):
    """A service that answers 200 whatever happened, and says in its JSON what did."""

    code_keys: ClassVar[tuple[str, ...]]  # where it stands; 0 is success

    def judge(self, said: Said) -> None:
        """Without its code an answer is no proof: a gateway's page comes with 200 too."""
        answer = as_json(said.body)
        code = next((answer[key] for key in self.code_keys if key in answer), None)
        if code is None:
            self.refuse(said, "")
            if 200 <= said.status < 300:
                raise EndpointDown(
                    f"it answered {said.line}, without the code that {SERVICES[self.name]} answers with",
                    where=said.where,
                    kept=KEPT,
                )
        elif str(code) != "0":
            self.refuse(said, str(code))
            unknown = Meaning("passing", "an error that tmwatch does not know")
            raise unknown.raised(said, str(code))


def encoded(body: Any) -> bytes:
    """JSON as it goes out: UTF-8, without blanks."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def as_json(body: bytes) -> Json:
    """The answer as a JSON object; empty where it is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def unfit(url: str) -> str:
    """Why this cannot be the address of a bot; "" where it can. Never says what it is."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fine = False
    if not fine or not url.isprintable() or " " in url or "@" in url.split("/")[2]:
        return "its address is none that starts with https://"
    return ""
