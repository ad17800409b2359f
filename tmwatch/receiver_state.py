"""What `doctor` says of receivers, without asking any: who is in trouble, whose address cannot be meant."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator, Mapping
from typing import Literal
from urllib.parse import urlsplit

from tmwatch.alerts.channels.addresses import refused
from tmwatch.alerts.channels.bot import CHECK_URL, INSTALL, unfit
from tmwatch.alerts.receivers import still_off, switch_on
from tmwatch.config import Config, Recipient, is_loopback
from tmwatch.errors import ConfigError
from tmwatch.store import Database
from tmwatch.store.endpoints import endpoints, waiting
from tmwatch.text import clean_line

_LONGEST_ERROR = 160


def receivers_in_trouble(
    database: Database, config: Config | None
) -> Iterator[tuple[Literal["note", "act"], str, str]]:
    """(level, what, what to do) of each receiver that is switched off or fails."""
    for one in endpoints(database).values():
        why = clean_line((one.why or one.error).partition("\n")[0], _LONGEST_ERROR)
        if one.state == "failing":
            level: Literal["note", "act"] = "act" if one.told_at or one.gave_up_at else "note"
            yield level, f"{one.name} has taken nothing since {one.since:%Y-%m-%d %H:%M} UTC: {why}", ""
            continue
        since = f"{one.disabled_at or one.since:%Y-%m-%d %H:%M} UTC: {why}"
        if config is not None and not still_off(one, config):
            said = f"{one.name} was switched off {since}; its url has changed"
            yield "note", said, "The next `tmwatch check` tries it."
            continue
        number = waiting(database, one.key)
        waits = f"{number} {'delivery waits' if number == 1 else 'deliveries wait'} for it"
        yield "act", f"{one.name} is switched off since {since}. {waits}", switch_on(one.recipient)


def unfit_addresses(config: Config, env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Webhooks and bots whose address, as written, cannot be posted to; where a name leads is asked at
    delivery. A bot's address is a secret and never said; one that cannot be had is told elsewhere."""
    for one in config.recipients:
        if one.webhook is not None:
            yield from _private(one, "webhook", one.webhook.url, one.webhook.allow_private)
        for name, bot in one.bots.items():
            with contextlib.suppress(ConfigError):
                url = config.bot_url(one, name, env) or ""
                if name == "apprise":
                    if importlib.util.find_spec("apprise") is None:
                        yield f'recipient "{one.name}", apprise: Apprise is not installed', INSTALL
                elif problem := unfit(url):
                    yield f'recipient "{one.name}", {name}: {problem}', CHECK_URL
                else:
                    yield from _private(one, name, url, bot.allow_private)


def _private(one: Recipient, channel: str, url: str, allow: bool) -> Iterator[tuple[str, str]]:
    host = urlsplit(url).hostname or ""
    try:
        bad = refused(["127.0.0.1" if is_loopback(host) else host], allow_private=allow)
    except ValueError:
        return  # a name
    if bad is not None:
        do = "Set allow_private = true there if that is meant." if bad[1].opens else "Correct it."
        yield f'recipient "{one.name}", {channel}: {host} is not public ({bad[1].what})', do
