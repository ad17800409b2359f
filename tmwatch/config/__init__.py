"""The TOML file as typed, frozen models.

`load_config(path)` reads one file, checks everything in it and the docket files it names, and either
returns a `Config` or raises `ConfigMistakes` with every mistake, each with file, table, key, what was
expected and what to do. The tables are in `models.py`, the reading in `reading.py`, checks
that span several keys in `checks.py`. `config/README.md` describes every setting;
`config/tmwatch-config.schema.json` is generated from `ConfigFile`.

Secrets are never values of this file: a setting names an environment variable or a file, and
`Config.secret(…)` reads it at the moment of use. So no model, repr or error text can hold one.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from pydantic import Field

from tmwatch.config.bots import Bot
from tmwatch.config.mistakes import ConfigMistakes
from tmwatch.config.models import (
    LEAST_BY_ROLE,
    ConfigFile,
    DeadlineConfig,
    HealthConfig,
    Operator,
    Recipient,
    ScheduleConfig,
    Smtp,
    SourceConfig,
    StoreConfig,
    Twins,
    Watch,
    WatchTable,
    Webhook,
)
from tmwatch.config.muting import Mute
from tmwatch.config.services import SECOND_SECRETS, SERVICES
from tmwatch.config.values import is_loopback
from tmwatch.errors import ConfigError
from tmwatch.model import Frozen
from tmwatch.schedules import closed_until, parse_closed

_LEVEL = WatchTable.model_fields["level"].default
EXAMPLE_DOMAINS = ("example.com", "example.org", "example.net")


class Config(Frozen):
    """Everything the rest of tmwatch needs to know from the file."""

    path: Path
    operator: Operator
    store: StoreConfig = Field(default_factory=StoreConfig)  # path made absolute
    smtp: Smtp | None = None
    deadlines: DeadlineConfig = Field(default_factory=DeadlineConfig)  # path made absolute
    schedule: ScheduleConfig = Field(default_factory=ScheduleConfig)
    health: HealthConfig = Field(default_factory=HealthConfig)  # path made absolute
    sources: dict[str, SourceConfig] = Field(default_factory=dict)
    recipients: tuple[Recipient, ...] = ()
    watches: tuple[Watch, ...] = ()
    mutes: tuple[Mute, ...] = ()  # also those that are over
    twins: Twins = ()  # those for every watch; each watch has them beside its own

    def source(self, source_id: str) -> SourceConfig:
        """The settings of that source; all at their defaults where the file says nothing."""
        return self.sources.get(source_id, SourceConfig())

    def closed_until(self, source_id: str, instant: dt.datetime) -> dt.datetime | None:
        """When the hours end (UTC) in which that source is not asked; None where it may be asked."""
        hours = self.source(source_id).closed
        if not hours:
            return None
        return closed_until((parse_closed(one, self.schedule.zone) for one in hours), instant)

    def watch(self, name: str) -> Watch | None:
        """The watch of that name."""
        return next((watch for watch in self.watches if watch.name == name), None)

    def recipient(self, name: str) -> Recipient | None:
        """The recipient of that name."""
        return next((one for one in self.recipients if one.name == name), None)

    def secret(
        self, env: Mapping[str, str], variable: str | None, file: str | None, *, table: str, key: str
    ) -> str | None:
        """The secret that a `…_env` or `…_file` setting points at; None where neither is set.

        Raises `ConfigError` (naming table and key, never a value) when it cannot be had.
        """
        return resolve_secret(
            env, variable, file, base=self.path.parent, where=f"{self.path}, {table}", key=key
        )

    def webhook_secret(self, recipient: Recipient, env: Mapping[str, str]) -> str | None:
        """The signing secret of a recipient's webhook. Raises `ConfigError` when it cannot be had."""
        hook = recipient.webhook
        if hook is None:
            return None
        table = f'recipient "{recipient.name}"'
        return self.secret(env, hook.secret_env, hook.secret_file, table=table, key="webhook.secret")

    def bot_url(self, recipient: Recipient, channel: str, env: Mapping[str, str]) -> str | None:
        """The address of a recipient's bot, which holds its token. Raises `ConfigError` when it cannot be
        had; None where the recipient has no such bot."""
        bot = recipient.bots.get(channel)
        if bot is None:
            return None
        table = f'recipient "{recipient.name}"'
        return self.secret(env, bot.url_env, bot.url_file, table=table, key=f"{channel}.url")

    def bot_secret(self, recipient: Recipient, channel: str, env: Mapping[str, str]) -> str | None:
        """The second secret of a bot (a signing secret, an access token); None where none is set.
        Raises `ConfigError` when it cannot be had."""
        bot, key = recipient.bots.get(channel), SECOND_SECRETS.get(channel)
        if bot is None or key is None:
            return None
        table = f'recipient "{recipient.name}"'
        variable, file = getattr(bot, f"{key}_env"), getattr(bot, f"{key}_file")
        return self.secret(env, variable, file, table=table, key=f"{channel}.{key}")

    def smtp_password(self, env: Mapping[str, str]) -> str | None:
        """The mail server's password. Raises `ConfigError` when it cannot be had."""
        if self.smtp is None:
            return None
        return self.secret(
            env, self.smtp.password_env, self.smtp.password_file, table="[smtp]", key="password"
        )

    def source_key(
        self, source_id: str, env: Mapping[str, str], default_env: str | None = None
    ) -> str | None:
        """The key of a source: `key_env` or `key_file`, else the variable its declaration names, else None.

        Raises `ConfigError` when the file points at a key that cannot be had.
        """
        own = self.source(source_id)
        if own.key_env or own.key_file:
            return self.secret(env, own.key_env, own.key_file, table=f'[source."{source_id}"]', key="key")
        return (env.get(default_env, "").strip() or None) if default_env else None

    def client_id(self, source_id: str, env: Mapping[str, str], default_env: str) -> str | None:
        """The client id of a source that has one beside its key; None where the variable is not set."""
        return env.get(self.source(source_id).client_id_env or default_env, "").strip() or None

    def secret_problems(self, env: Mapping[str, str]) -> list[ConfigError]:
        """Every secret that the file points at and that cannot be had now; for `check` and `doctor`."""
        found: list[ConfigError] = []
        for look in self._secrets(env):
            try:
                look()
            except ConfigError as error:
                found.append(error)
        return found

    def secrets(self, env: Mapping[str, str]) -> tuple[str, ...]:
        """Every secret that can be had now: what may be in no error and no answer that is kept."""
        found = []
        for look in self._secrets(env):
            with contextlib.suppress(ConfigError):
                found.append(look())
        return tuple(secret for secret in found if secret)

    def _secrets(self, env: Mapping[str, str]) -> list[Callable[[], str | None]]:
        return [
            partial(self.smtp_password, env),
            *(partial(self.webhook_secret, one, env) for one in self.recipients),
            *(partial(self.bot_url, one, name, env) for one in self.recipients for name in one.bots),
            *(partial(self.bot_secret, one, name, env) for one in self.recipients for name in one.bots),
            *(partial(self.source_key, source_id, env) for source_id in self.sources),
        ]

    def problems(self, env: Mapping[str, str]) -> list[ConfigError]:
        """What a run would need and lacks: secrets, and a mail server where mail is to be sent."""
        found = self.secret_problems(env)
        mailed = [one.name for one in self.recipients if one.email]
        if mailed and self.smtp is None:
            found.append(
                ConfigError(
                    f"no mail can be sent to {', '.join(mailed)}: there is no [smtp] table",
                    where=str(self.path),
                    kept="Alerts wait in the database.",
                    do='Add [smtp] with host and sender, e.g. host = "smtp.example.com".',
                )
            )
        return found

    def notes(self) -> tuple[str, ...]:
        """What holds and may surprise, in sentences; shown by `doctor`."""
        found = []
        if self.operator.contact.lower().endswith(EXAMPLE_DOMAINS):
            found.append(
                "[operator] contact is still the example address: put yours, so that registers can reach you."
            )
        for one in self.recipients:
            asked = one.model_fields_set & {"digest_at", "digest_day"}
            idle = {"off": asked, "daily": asked - {"digest_at"}, "weekly": set()}[one.digest]
            if idle:
                found.append(
                    f'Recipient "{one.name}": {" and ".join(sorted(idle))} means nothing with '
                    f'digest = "{one.digest}".'
                )
        for watch in self.watches:
            name = f'Watch "{watch.name}"'
            if watch.marks and watch.level == 4:
                found.append(f"{name}: level 4 finds whatever has something in common, which is very much.")
            if not watch.marks and watch.level != _LEVEL:
                found.append(f"{name}: `level` says how near a mark must come, and no `marks` are given.")
            if not any((watch.numbers, watch.numbers_file, watch.owners, watch.agents, watch.marks)):
                found.append(f"{name} has no trigger: every new filing that passes its filters is a hit.")
            if not watch.notify:
                found.append(
                    f"{name} tells nobody (notify is empty): see its alerts with `tmwatch alerts list`."
                )
            found += [f"{name}: {problem}" for problem in watch.docket_problems]
        if not self.watches:
            found.append("Nothing is watched yet: add a [[watch]] or use `tmwatch watch add`.")
        return tuple(found)


def resolve_secret(
    env: Mapping[str, str], variable: str | None, file: str | None, *, base: Path, where: str, key: str
) -> str | None:
    """The content of an environment variable or of a file (relative to `base`), without its line end."""
    if variable:
        value = env.get(variable, "").strip()
        if value:
            return value
        # Whoever wrote the secret itself here must not find it in a log: only a plain name is repeated.
        name = variable if variable.isupper() else "named there"
        raise ConfigError(
            f"the environment variable {name} is not set or empty",
            where=f"{where}, key {key}_env",
            do=f"Set it before running tmwatch, or use {key.rsplit('.')[-1]}_file.",
        )
    if file is None:
        return None
    path = base / Path(file).expanduser()
    where = f"{where}, key {key}_file"
    try:
        value = path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "it is not text"
        raise ConfigError(
            f"the secret file {path} cannot be read: {reason}",
            where=where,
            do="Correct the path or the rights.",
        ) from None
    if not value:
        raise ConfigError(f"the secret file {path} is empty", where=where, do="Put the secret into it.")
    return value


def load_config(path: Path) -> Config:
    """Read and check the file. Raises `ConfigMistakes` (a `ConfigError`) with everything that is wrong."""
    from tmwatch.config.reading import read_config  # late: it needs `Config`

    return read_config(path)


__all__ = [
    "LEAST_BY_ROLE",
    "SECOND_SECRETS",
    "SERVICES",
    "Bot",
    "Config",
    "ConfigFile",
    "ConfigMistakes",
    "HealthConfig",
    "Mute",
    "Operator",
    "Recipient",
    "ScheduleConfig",
    "Smtp",
    "SourceConfig",
    "StoreConfig",
    "Watch",
    "WatchTable",
    "Webhook",
    "is_loopback",
    "load_config",
    "resolve_secret",
]
