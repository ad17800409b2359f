"""The chat and push services that a recipient may have, by name. `bots.py` has their settings."""

from __future__ import annotations

# Channel → how it is called, in the order in which a recipient is told.
SERVICES = {
    "slack": "Slack",
    "teams": "Microsoft Teams",
    "feishu": "Feishu",
    "dingtalk": "DingTalk",
    "wecom": "WeCom",
    "ntfy": "ntfy",
    "apprise": "Apprise",
}
# The second secret that a service may have beside its address.
SECOND_SECRETS = {"feishu": "secret", "dingtalk": "secret", "ntfy": "token"}
