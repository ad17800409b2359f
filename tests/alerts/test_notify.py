"""`notify test` says what a receiver really answers and leaves no trace; `alerts preview` sends nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alerts.services import SECRET, TOKEN, Service
from tests.cli.conftest import CANCELLED, House, Run, folder, house, run
from tests.faults.receivers import HostileMail

__all__ = ["folder", "house", "run"]  # fixtures of the command line


@pytest.fixture
def feishu(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    with Service("feishu") as service:
        monkeypatch.setenv("F_URL", service.address)
        monkeypatch.setenv("F_SECRET", SECRET)
        yield service


def configure(folder: Path, port: int, *emails: str, language: str = "en") -> None:
    (folder / "tmwatch.toml").write_text(
        f"""
[operator]
contact = "ops@firm.test"
[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "tmwatch@firm.test"
timeout = 2
[[recipient]]
name = "legal"
email = {json.dumps(emails)}
language = "{language}"
feishu = {{ url_env = "F_URL", secret_env = "F_SECRET", allow_private = true }}
""",
        encoding="utf-8",
    )


def test_a_test_goes_by_every_channel_and_says_what_each_answered(
    folder: Path, run: Run, feishu: Service
) -> None:
    with HostileMail() as mail:
        configure(folder, mail.port, "a@firm.test", "b@firm.test")
        ran = run("notify", "test", "legal")
    assert ran.code == 0
    assert ran.out.splitlines()[:2] == [
        "email a@firm.test: taken, 250 queued",
        "email b@firm.test: taken, 250 queued",
    ]
    assert "feishu: taken, HTTP 200" in ran.out
    assert '"msg":"success"' in ran.out.replace("\n", "")
    assert len(mail.taken) == 2
    (_, _, body), *more = feishu.posts
    assert not more
    assert body["content"]["post"]["zh_cn"]["title"] == "[TEST] tmwatch · a test of this channel"
    assert [path.name for path in folder.iterdir()] == ["tmwatch.toml"]  # no database, no alert


def test_the_exit_code_is_0_only_if_all_took_it(folder: Path, run: Run, feishu: Service) -> None:
    with HostileMail() as mail:
        mail.answers["b@firm.test"] = "550 5.1.1 no such user"
        configure(folder, mail.port, "a@firm.test", "b@firm.test", language="zh")
        feishu.answer = (200, f'{{"code":19021,"msg":"sign match fail {TOKEN} {SECRET}"}}')
        ran = run("notify", "test", "legal", "--json")
        alone = run("notify", "test", "legal", "--channel", "email", "--channel", "feishu")
    assert (ran.code, alone.code) == (1, 1)
    first, second, third = ran.json["channels"]
    assert (first["took"], first["answer"]) == (True, "250 queued")
    assert second["took"] is False
    assert "550 5.1.1 no such user" in second["error"]
    assert "code 19021" in third["error"] or "19021" in third["error"]
    assert "the signature does not fit" in third["error"]
    assert "clock" in third["do"]
    for said in (ran.out, alone.out, alone.err):
        assert TOKEN not in said
        assert SECRET not in said


def test_one_channel_alone_and_what_is_not_there(folder: Path, run: Run, feishu: Service) -> None:
    configure(folder, 1, "a@firm.test")
    ran = run("notify", "test", "legal", "--channel", "feishu")
    assert ran.code == 0
    assert len(feishu.posts) == 1
    wrong = run("notify", "test", "legal", "--channel", "slack")
    assert wrong.code == 2
    assert "has no slack" in wrong.err
    assert "It has email, feishu." in wrong.err
    nobody = run("notify", "test", "lgal")
    assert nobody.code == 2
    assert "Known: legal." in nobody.err
    assert len(feishu.posts) == 1
    down = run("notify", "test", "legal")  # no mail server there
    assert down.code == 1
    assert "NOT taken" in down.out


def test_a_webhook_knows_a_test_by_its_kind(house: House, run: Run) -> None:
    house.configure()
    assert run("notify", "test", "legal").code == 0
    (_, body), *_ = house.hook.posts
    assert json.loads(body)["type"] == "test"
    run("check")
    assert run("alerts", "list").out.startswith("There are no alerts yet")


def test_a_preview_is_what_would_be_sent_and_nothing_is(house: House, run: Run) -> None:
    house.configure()
    run("check")
    house.serve(CANCELLED)
    run("check", "--no-deliver")
    posts, mails = len(house.hook.posts), len(house.mailbox.mails)
    for channel in ("email", "webhook", "slack", "teams", "feishu", "dingtalk", "wecom", "ntfy", "apprise"):
        ran = run("alerts", "preview", "1", "--channel", channel)
        assert ran.code == 0, ran.err
        assert "99990101" in ran.out
        seen = run("alerts", "preview", "1", "--channel", channel, "--language", "zh", "--json").json
        assert (seen["alert"], seen["channel"], seen["language"]) == (1, channel, "zh")
        assert "99990101" in json.dumps(seen["body"])
        if seen["limit"]:
            assert seen["size"] <= seen["limit"]
    assert (len(house.hook.posts), len(house.mailbox.mails)) == (posts, mails)
    run("check")
    preview = run("alerts", "preview", "1", "--json").json["body"]
    sent = house.mailbox.mails[-1]
    part = sent.get_body(("plain",))
    assert part is not None
    assert part.get_content().replace("\r\n", "\n").strip() == preview["text/plain"].strip()
    assert sent["Subject"] == preview["headers"]["Subject"]


def test_where_there_is_no_alert_a_marked_sample_is_shown(folder: Path, run: Run) -> None:
    ran = run("alerts", "preview", "--channel", "slack")
    assert ran.code == 0
    assert ran.out.startswith("[SAMPLE] Joyrobotaxi (CN, 4 filings)")
    assert "of 12000 characters, nothing left out" in ran.out
    assert run("alerts", "preview", "--test", "--channel", "ntfy").out.startswith("[TEST] tmwatch")
    assert run("alerts", "preview", "1", "--test").code == 2
    assert list(folder.iterdir()) == []
