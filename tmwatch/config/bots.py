"""The chat and push services of a recipient, as the configuration names them.

    slack = { url_env = "SLACK_LEGAL" }
    feishu = { url_file = "feishu.txt", secret_env = "FEISHU_SECRET" }

The address of a bot holds its token, or is the only thing that keeps strangers out: like every secret it
stands in the environment or in a file, never in the configuration (design law 13).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from tmwatch.config.values import check_env_name
from tmwatch.model import Frozen

EnvName = Annotated[str, AfterValidator(check_env_name), Field(examples=["TMWATCH_SLACK_URL"])]


class Bot(Frozen):
    """A service that is posted to at an address of its own, which is a secret."""

    url_env: EnvName | None = Field(default=None, description="Environment variable with the address.")
    url_file: str | None = Field(default=None, description="File whose content is the address.")
    allow_private: bool = Field(
        default=False, description="Whether it may lie on this machine or in a private network."
    )


class SignedBot(Bot):
    """The same, where the service can be set to want a signature (Feishu or Lark, DingTalk)."""

    secret_env: EnvName | None = Field(
        default=None, description="Environment variable with the secret that the bot's signature wants."
    )
    secret_file: str | None = Field(default=None, description="File whose content is that secret.")


class NtfyTopic(Bot):
    """The same, where a login may be wanted (ntfy)."""

    token_env: EnvName | None = Field(default=None, description="Environment variable with the access token.")
    token_file: str | None = Field(default=None, description="File whose content is the access token.")
