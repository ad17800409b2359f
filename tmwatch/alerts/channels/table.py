"""Every way out by its name; each is loaded when something is sent through it: most runs send nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from tmwatch.alerts.channels.base import Channel
from tmwatch.config import Config

# Name, as it stands in the configuration and the database → its class, in the module of that name.
CLASSES = {
    "email": "EmailChannel",
    "webhook": "WebhookChannel",
    "slack": "SlackChannel",
    "teams": "TeamsChannel",
    "feishu": "FeishuChannel",
    "dingtalk": "DingTalkChannel",
    "wecom": "WeComChannel",
    "ntfy": "NtfyChannel",
    "apprise": "AppriseChannel",
}


class Channels(Mapping[str, Channel]):
    """The channels of a configuration; secrets are read from `env` at the moment of sending."""

    def __init__(self, config: Config, env: Mapping[str, str] | None = None) -> None:
        self._config, self._env = config, env
        self._made: dict[str, Channel] = {}

    def __getitem__(self, name: str) -> Channel:
        if name not in self._made:
            module = import_module(f"tmwatch.alerts.channels.{name if name in CLASSES else 'base'}")
            self._made[name] = getattr(module, CLASSES[name])(self._config, env=self._env)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(CLASSES)

    def __len__(self) -> int:
        return len(CLASSES)
