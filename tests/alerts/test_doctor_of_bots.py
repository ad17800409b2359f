"""`doctor` finds a bot that cannot be posted to before an alert has to wait for it, and says no address."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.cli.conftest import Run, folder, run

__all__ = ["folder", "run"]  # fixtures of the command line
HEAD = '[operator]\ncontact = "ops@firm.test"\n[[recipient]]\nname = "legal"\n'


@pytest.mark.parametrize(
    ("bot", "env", "said"),
    [
        ('slack = { url_env = "B_URL" }', "", "the environment variable B_URL is not set"),
        ('slack = { url_file = "url.txt" }', "", "url.txt cannot be read"),
        ('slack = { url_env = "B_URL" }', "hooks.slack.com/T0/PLANTED", "starts with https://"),
        ('wecom = { url_env = "B_URL" }', "https://10.0.0.1/send?key=PLANTED", "10.0.0.1 is not public"),
        ('ntfy = { url_env = "B_URL" }', "http://127.0.0.1/PLANTED", "127.0.0.1 is not public"),
        ('feishu = { url_env = "B_URL", secret_env = "B_SECRET" }', "https://x.test/PLANTED", "B_SECRET"),
    ],
)
def test_a_bot_that_cannot_be_posted_to_is_named(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch, bot: str, env: str, said: str
) -> None:
    (folder / "tmwatch.toml").write_text(HEAD + bot + "\n", encoding="utf-8")
    if env:
        monkeypatch.setenv("B_URL", env)
    ran = run("doctor")
    assert ran.code == 1
    whole = "".join(ran.out.split())  # a long path is broken anywhere
    assert said.replace(" ", "") in whole
    assert "legal" in whole
    assert "PLANTED" not in ran.out + ran.err + run("doctor", "--json").out


def test_where_its_secrets_are_is_listed_and_whether_they_can_be_had(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = 'dingtalk = { url_env = "B_URL", secret_file = "secret.txt" }\n'
    (folder / "tmwatch.toml").write_text(HEAD + bot, encoding="utf-8")
    monkeypatch.setenv("B_URL", "https://oapi.dingtalk.com/robot/send?access_token=PLANTED")
    ran = run("doctor", "--json")
    found = {one["what"]: one["present"] for one in ran.json["secrets"] if "legal" in one["where"]}
    assert found == {"dingtalk.url": True, "dingtalk.secret": False}
    (folder / "secret.txt").write_text("SECPLANTED")
    again = run("doctor", "--json")
    assert not [one for one in again.json["findings"] if one["level"] == "act"]
    assert "PLANTED" not in ran.out + again.out


def test_apprise_has_to_be_installed(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "tmwatch.toml").write_text(HEAD + 'apprise = { url_env = "B_URL" }\n', encoding="utf-8")
    monkeypatch.setenv("B_URL", "tgram://PLANTED/1")
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "apprise" else real(name, *more)
    )
    ran = run("doctor")
    assert "Apprise is not installed" in ran.out
    assert "tmwatch[apprise]" in ran.out
