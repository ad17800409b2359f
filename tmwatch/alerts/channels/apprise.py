"""Anything else, through Apprise: an address such as `tgram://TOKEN/CHAT` for each of some hundred services.

Facts: github.com/caronc/apprise, version 2.2: `Apprise.notify` is true when the service was reached and did
not refuse by its status; why not stands in its log alone. A text given as such is escaped for services
that want HTML or Markdown. What a service takes is `body_maxlen` of its plugin.

Weaker than a channel of our own, and README says so: a service that answers 200 with an error inside counts
as delivered where Apprise does not look inside (so Feishu, DingTalk and WeCom have channels of their own);
an error is never final, so that nine tries are made; and Apprise connects by itself: the name in its
address is checked as it resolves here, not what it connects to. Redirects are not followed.
"""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import unquote, urlsplit

from tmwatch.alerts.channels.base import KEPT, EndpointDown, OperatorNeeded
from tmwatch.alerts.channels.bot import CHECK_URL, INSTALL, BotChannel, Json
from tmwatch.alerts.channels.message import Line, Message, fit, plain_text
from tmwatch.alerts.channels.posting import excerpt, refused_address
from tmwatch.alerts.channels.road import AddressRefused, check_host
from tmwatch.alerts.delivery import Delivery
from tmwatch.config import Recipient
from tmwatch.errors import ConfigError, DeliveryError


class AppriseChannel(BotChannel):
    """Hands the message to Apprise."""

    name = "apprise"
    limit = 4000  # at most; what the service takes may be less
    unit = "characters"

    def write(self, title: str, lines: tuple[Line, ...]) -> Json:
        """Plain text, which Apprise escapes for the service."""
        return {"title": title, "body": plain_text(lines)}

    def size(self, body: Json) -> int:
        """The title is put into the body where the service has none."""
        return len(body["title"]) + 2 + len(body["body"])

    def send(self, delivery: Delivery, recipient: Recipient) -> str:
        """Send once; the answer is that Apprise calls it sent, and by which service."""
        where = f'Apprise of "{recipient.name}"'
        try:
            import apprise
        except ImportError:
            raise OperatorNeeded("Apprise is not installed", where=where, kept=KEPT, do=INSTALL) from None
        try:
            url = self._config.bot_url(recipient, self.name, self._env) or ""
        except ConfigError as error:
            raise OperatorNeeded(error.message, where=error.where or where, kept=KEPT, do=error.do) from None
        asset = apprise.AppriseAsset(async_mode=False)
        asset.http_redirects = False
        logger = logging.getLogger("apprise")
        passed, logger.propagate = logger.propagate, False  # what it logs may hold the address
        try:
            with _log(apprise) as log:
                service = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
                if service is None:
                    raise OperatorNeeded(
                        "Apprise does not know its address", where=where, kept=KEPT, do=CHECK_URL
                    )
                where = f"{where} ({service.service_name})"
                self._check(service, recipient, where)
                body = self._cut(self.message(delivery, recipient), service.body_maxlen)
                sender = apprise.Apprise(asset=asset)
                sender.add(service)
                took = sender.notify(
                    **body,
                    body_format=apprise.NotifyFormat.TEXT,
                    timeout=self._timeouts.total,
                )
                said = log.getvalue()
        finally:
            logger.propagate = passed
        if took:
            return f"{service.service_name}: sent, says Apprise"
        why = excerpt(said.encode(), url)
        kind = EndpointDown if "onnection" in why else DeliveryError
        raise kind(f"Apprise could not send it: {why or 'it gives no reason'}", where=where, kept=KEPT)

    def _check(self, service: Any, recipient: Recipient, where: str) -> None:
        host = getattr(service, "host", "") or ""
        setting = f'apprise of recipient "{recipient.name}"'
        try:
            check_host(
                unquote(urlsplit(f"//{host}").hostname or ""),
                allow_private=recipient.bots[self.name].allow_private,
                seconds=self._timeouts.connect,
            )
        except AddressRefused as error:
            raise refused_address(error, where, setting) from None
        except ValueError:
            return

    def _cut(self, message: Message, most: int) -> Json:
        return fit(message, self.write, self.size, min(self.limit, most or self.limit)).body


def _log(apprise: Any) -> Any:
    """What Apprise says of what goes wrong: it stands nowhere else."""
    return apprise.LogCapture(level=logging.WARNING, fmt="%(message)s")
