"""Webhooks by HTTP: one POST, signed after the Standard Webhooks specification, and only 2xx counts."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from tmwatch.alerts.channels.base import KEPT, OperatorNeeded
from tmwatch.alerts.channels.posting import TIMEOUTS, encrypted, send_post, taken
from tmwatch.alerts.channels.road import Timeouts
from tmwatch.alerts.delivery import Delivery
from tmwatch.alerts.webhook import SecretError, build_body, headers
from tmwatch.config import Config, Recipient
from tmwatch.errors import ConfigError, PermanentDeliveryError


class WebhookChannel:
    """Posts to the webhook of the recipient, as the configuration names it now."""

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
        """The address itself: other endpoints go their own way."""
        return recipient.webhook.url if recipient.webhook else ""

    def send(self, delivery: Delivery, recipient: Recipient) -> str:
        """Post once; the answer is "HTTP 204" and the beginning of what the receiver says."""
        hook = recipient.webhook
        if hook is None:
            raise PermanentDeliveryError(f'recipient "{recipient.name}" has no webhook any more')
        where = f'webhook of "{recipient.name}" at {urlsplit(hook.url).hostname}'
        encrypted(hook.url, where)
        body = build_body(
            delivery.payload, created_at=delivery.created_at, personal_addresses=hook.personal_addresses
        )
        signed = headers(self._secret(recipient, where), delivery.message_id, body, clock=self._clock)
        answer = send_post(
            hook.url,
            body,
            {"Content-Type": "application/json", **signed},
            where=where,
            setting=f'the webhook of recipient "{recipient.name}"',
            allow_private=hook.allow_private,
            timeouts=self._timeouts,
            verify=self._verify,
            env=self._env,
        )
        return taken(answer)

    def _secret(self, recipient: Recipient, where: str) -> str:
        try:
            secret = self._config.webhook_secret(recipient, self._env)
        except ConfigError as error:
            raise OperatorNeeded(error.message, where=error.where or where, kept=KEPT, do=error.do) from None
        if not secret:
            raise OperatorNeeded(
                "it has no signing secret", where=where, kept=KEPT, do="Set secret_env or secret_file."
            )
        try:
            headers(secret, "", b"")
        except SecretError as error:
            hook = recipient.webhook
            named = (hook.secret_env or hook.secret_file) if hook else ""
            raise OperatorNeeded(
                f"{error} (in {named})",
                where=where,
                kept=KEPT,
                do="Put the secret there as the receiver shows it.",
            ) from None
        return secret
