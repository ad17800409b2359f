"""Every way out against a real server on loopback that answers as the service documents, by the outbox."""

from __future__ import annotations

import datetime as dt
from contextlib import ExitStack
from typing import Any

import pytest

from tests.alerts import samples
from tests.alerts.services import PATHS, SECRET, TOKEN, Service
from tests.faults.receivers import HostileMail
from tmwatch.alerts.channels.road import Timeouts
from tmwatch.alerts.channels.table import CLASSES, Channels
from tmwatch.alerts.outbox import DeliveryReport, deliver_due
from tmwatch.config import SECOND_SECRETS, Config, Smtp

# For what is never answered alone: an answer may take a while on a machine that is full of others.
QUICK = Timeouts(connect=0.3, answer=0.15)
NEVER_ANSWERED = ("slow", "silent-after-data")
WAIT_60 = "later 60"
# What happens → what the service answers and what becomes of the delivery. Without an entry of its own a
# service is held against COMMON.
COMMON: dict[str, tuple[Any, str]] = {
    "takes it": (None, "sent"),
    "429": ((429, "slow down", {"Retry-After": "1800"}), "later 1800"),
    "500": ((500, "oops"), "tried again"),
    "503": ((503, "busy"), "tried again"),
    "redirect": ((302, "", {"Location": "https://elsewhere.example/"}), "tried again"),
    "cut connection": ("cut", "tried again"),
    "slow answer": ("slow", "tried again"),
    "gone": ((410, ""), "switched off"),
}
CODED = {
    "a page of a gateway with 200": ((200, "<html>Sign in to continue</html>"), "tried again"),
    "401": ((401, "no"), "needs you"),
    "404": ((404, "no"), "needs you"),
    "400": ((400, "no"), "given up"),
}


def err(code: int, said: str = "no") -> tuple[int, str]:
    return 200, f'{{"errcode":{code},"errmsg":"{said}"}}'


TABLE: dict[str, dict[str, tuple[Any, str]]] = {
    "email": {
        "takes it": ("ok", "sent"),
        "451": ("450-after-data", "tried again"),
        "closes with 421": ("421-after-data", "tried again"),
        "554": ("554-after-data", "given up"),
        "cut connection": ("drops-after-data", "tried again"),
        "slow answer": ("silent-after-data", "tried again"),
        "no mail server": ("garbage", "tried again"),
    },
    "webhook": {**COMMON, "404": ((404, "no"), "tried again")},
    "slack": {
        **COMMON,
        **CODED,
        "another word with 200": ((200, "no_text_at_all"), "tried again"),
        "bad token": ((403, "invalid_token"), "needs you"),
        "forbidden": ((403, "action_prohibited"), "needs you"),
        "removed": ((404, "no_service"), "switched off"),
        "archived channel": ((410, "channel_is_archived"), "switched off"),
        "not understood": ((400, "invalid_blocks"), "given up"),
        "something strange": ((500, "rollup_error"), "tried again"),
    },
    "teams": {
        **COMMON,
        **CODED,
        "nothing with 200": ((200, ""), "sent"),
        "429 behind 200": (
            (200, "Webhook message delivery failed: Microsoft Teams endpoint returned HTTP error 429 with …"),
            WAIT_60,
        ),
        "413 behind 200": ((200, "Microsoft Teams endpoint returned HTTP error 413 with …"), "given up"),
        "error behind 202": ((202, '{"error":{"code":"Whatever","message":"no"}}'), "tried again"),
        "switched off": (
            (400, '{"error":{"code":"WorkflowTriggerIsNotEnabled","message":"state \'Disabled\'"}}'),
            "needs you",
        ),
        "wants a login": ((401, '{"error":{"code":"DirectApiAuthorizationRequired"}}'), "needs you"),
    },
    "feishu": {
        **COMMON,
        **CODED,
        "bad token": (
            (200, '{"code":19001,"data":{},"msg":"param invalid: incoming webhook access token invalid"}'),
            "needs you",
        ),
        "bad signature": ((200, '{"code":19021,"msg":"sign match fail"}'), "needs you"),
        "too many": ((200, '{"code":11232,"msg":"frequency limited"}'), WAIT_60),
        "not understood": ((400, '{"code":9499,"msg":"Bad Request","data":{}}'), "given up"),
        "older form": ((200, '{"StatusCode":19022,"StatusMessage":"Ip Not Allowed"}'), "needs you"),
        "unknown code": ((200, '{"code":77777,"msg":"news"}'), "tried again"),
        "too many with 400": ((400, '{"code":11232,"msg":"frequency limited"}'), WAIT_60),
    },
    "dingtalk": {
        **COMMON,
        **CODED,
        "bad token": (err(300005, "token is not exist"), "needs you"),
        "bad signature": (err(310000, "sign not match"), "needs you"),
        "too many": (err(130101, "send too fast, exceed 20 times per minute"), "later 600"),
        "stopped on the way": ((200, '{"status":1111,"wait":5,"source":"x5","punish":"deny"}'), WAIT_60),
        "group dissolved": (err(400013), "switched off"),
        "content": (err(430102), "given up"),
        "busy": (err(-1), "tried again"),
        "unknown code": (err(77777), "tried again"),
    },
    "wecom": {
        **COMMON,
        **CODED,
        "bad token": (err(93000, "invalid webhook url, hint: [1]"), "needs you"),
        "too long": (err(93000, "Invalid input : content exceed max length."), "given up"),
        "too many": (err(45009, "api freq out of limit"), WAIT_60),
        "busy": (err(-1), "tried again"),
        "unknown code": (err(77777), "tried again"),
    },
    "ntfy": {
        **COMMON,
        **CODED,
        "bad token": ((401, '{"code":40101,"http":401,"error":"unauthorized"}'), "needs you"),
        "no right": ((403, '{"code":40301,"http":403,"error":"forbidden"}'), "needs you"),
        "too many": ((429, '{"code":42901,"http":429,"error":"limit reached"}'), WAIT_60),
        "used up": ((429, '{"code":42908,"http":429,"error":"limit reached"}'), "later 3600"),
    },
    # Apprise tells sent from not sent, and no more.
    "apprise": {
        "takes it": (None, "sent"),
        "403": ((403, "no"), "tried again"),
        "429": ((429, "no", {"Retry-After": "1800"}), "tried again"),
        "500": ((500, "no"), "tried again"),
        "redirect": ((302, "", {"Location": "http://127.0.0.1:1/"}), "tried again"),
        "cut connection": ("cut", "tried again"),
    },
}


def test_the_table_has_every_channel_and_every_channel_meets_what_can_happen() -> None:
    assert set(TABLE) == set(CLASSES)
    for name, happens in TABLE.items():
        assert {"takes it", "cut connection"} <= set(happens), name
        if name not in ("email", "apprise"):
            assert {"429", "500", "slow answer", "gone"} <= set(happens), name


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("HOOK_SECRET", samples.SECRET)
    monkeypatch.setenv("BOT_SECRET", SECRET)
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    return monkeypatch


def told_by(name: str, **more: Any) -> Config:
    """One recipient with this service alone; its address stands in BOT_URL."""
    bot: dict[str, Any] = {"url_env": "BOT_URL", "allow_private": True}
    if second := SECOND_SECRETS.get(name):
        bot[f"{second}_env"] = f"BOT_{second.upper()}"
    way: dict[str, Any] = {name: bot | more}
    return samples.config(**way)


def deliver(
    config: Config, name: str, *numbers: int, timeouts: Timeouts | None = None, **more: Any
) -> tuple[DeliveryReport, Any]:
    address = config.recipients[0].ways[0][1]
    box = samples.MemoryOutbox(
        *(samples.delivery(number, name, address, **more) for number in numbers or (1,))
    )
    channels = dict(Channels(config))
    if timeouts is not None and hasattr(channels[name], "_timeouts"):
        channels[name]._timeouts = timeouts  # type: ignore[attr-defined]  # of those that have them
    return deliver_due(box, config, samples.CREATED, channels), box


def outcome(report: DeliveryReport, box: Any) -> str:
    """In the words of the README: what becomes of a delivery."""
    row = box.rows[1]
    if row.state == "sent":
        return "sent"
    if row.state == "dead":
        return "given up"
    if any(one.state == "disabled" for one in box.known.values()):
        assert row.tries == 0
        return "switched off"
    if report.failures[0].operator_needed:
        assert row.tries == 0, "what waits for a person uses up no try"
        assert report.operator_needed
        return "needs you"
    assert row.tries == 1
    seconds = (box.due[1] - samples.CREATED).total_seconds()
    # The first wait of the schedule is a minute, give or take a tenth and the time that passed.
    return "tried again" if 50 < seconds < 120 and "too many" not in box.errors[1] else f"later {seconds:.0f}"


@pytest.mark.parametrize(("name", "happens"), [(name, one) for name in TABLE for one in TABLE[name]])
def test_what_becomes_of_a_delivery(env: pytest.MonkeyPatch, name: str, happens: str) -> None:
    answer, expected = TABLE[name][happens]
    if name == "apprise":
        pytest.importorskip("apprise")
    never = answer in NEVER_ANSWERED
    with ExitStack() as stack:
        if name == "email":
            mail = stack.enter_context(HostileMail(answer))
            wait = {"timeout": 0.3} if never else {}
            smtp = Smtp(host="127.0.0.1", port=mail.port, security="none", sender="tm@example.com", **wait)
            config = samples.config(smtp=smtp, email=("a@example.com",))
        else:
            service = stack.enter_context(Service(name))
            service.answer = answer
            env.setenv("BOT_URL", service.address)
            config = samples.config(url=service.address) if name == "webhook" else told_by(name)
        report, box = deliver(config, name, timeouts=QUICK if never else None)
    found = outcome(report, box)
    if expected.startswith("later"):  # at least so long; see `outcome`
        assert found.startswith("later"), box.errors
        assert 0 <= int(found[6:]) - int(expected[6:]) < 60
    else:
        assert found == expected, box.errors or box.answers
    kept = " ".join([*box.errors.values(), *box.answers.values()])
    assert TOKEN not in kept
    assert SECRET not in kept


@pytest.mark.parametrize("name", [name for name in PATHS if name not in ("webhook", "apprise")])
def test_no_address_is_ever_repeated_however_loudly_the_other_side_does(
    env: pytest.MonkeyPatch, name: str
) -> None:
    for status in (200, 400, 403, 500) if name != "teams" else (400, 403, 500):
        with Service(name) as service:
            service.answer = (
                status,
                f'{{"errcode":77777,"code":77777,"errmsg":"no {{path}} {TOKEN} {SECRET}"}}',
            )
            env.setenv("BOT_URL", service.address)
            report, box = deliver(told_by(name), name)
        assert not report.sent
        kept = box.errors[1] + "".join(one.why + one.error for one in box.known.values())
        kept += "".join(one.headline + one.detail for one in report.notices)
        assert TOKEN not in kept
        if SECOND_SECRETS.get(name) == "secret":
            assert SECRET not in kept
        assert "127.0.0.1" in kept  # where it was is said


@pytest.mark.parametrize("name", [name for name in PATHS if name != "webhook"])
def test_nothing_is_posted_inside_unless_that_is_allowed(env: pytest.MonkeyPatch, name: str) -> None:
    if name == "apprise":
        pytest.importorskip("apprise")
    with Service(name) as service:
        env.setenv("BOT_URL", service.address)
        report, box = deliver(told_by(name, allow_private=False), name)
        assert service.posts == []
    assert outcome(report, box) == "needs you"
    assert "allow_private" in box.errors[1]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (None, "BOT_URL is not set"),
        ("hooks.slack.com/services/T0/B0/x", "starts with https://"),
        ("http://hooks.slack.example/services/T0/B0/x", "plain http"),
    ],
)
def test_an_address_that_cannot_be_had_or_meant_waits_for_the_operator(
    env: pytest.MonkeyPatch, url: str | None, said: str
) -> None:
    with env.context() as patch:
        if url:
            patch.setenv("BOT_URL", url)
        report, box = deliver(told_by("slack"), "slack")
    assert outcome(report, box) == "needs you"
    assert said in box.errors[1]


def test_who_has_had_enough_for_now_costs_the_others_no_try(env: pytest.MonkeyPatch) -> None:
    """Twenty a minute, says WeCom: a hundred alerts are not given up for that."""
    with Service("wecom") as service:
        service.answer = err(45009, "api freq out of limit")
        env.setenv("BOT_URL", service.address)
        _, box = deliver(told_by("wecom"), "wecom", 1, 2, 3)
        assert len(service.posts) == 1
    assert [row.tries for row in box.rows.values()] == [1, 0, 0]
    assert all(due > samples.CREATED + dt.timedelta(seconds=50) for due in box.due.values())


def test_a_bot_that_was_switched_off_stays_so_until_its_address_is_another(env: pytest.MonkeyPatch) -> None:
    with Service("slack") as service, Service("slack") as other:
        service.answer = (410, "channel_is_archived")
        env.setenv("BOT_URL", service.address)
        config = told_by("slack")
        _, box = deliver(config, "slack", 1, 2)
        assert len(service.posts) == 1
        channels, now = Channels(config), samples.CREATED + dt.timedelta(hours=1)
        report = deliver_due(box, config, now, channels)
        assert (len(service.posts), report.remaining) == (1, 2)
        assert "the channel is archived" in next(iter(report.off.values()))[0]
        env.delenv("BOT_URL")  # which one it is cannot be known now: it stays off
        assert deliver_due(box, config, now, channels).remaining == 2
        env.setenv("BOT_URL", other.address)
        assert deliver_due(box, config, now, channels).sent == 2
        assert len(other.posts) == 2


@pytest.mark.parametrize("name", PATHS)
def test_no_redirect_carries_an_alert_to_where_nobody_configured(env: pytest.MonkeyPatch, name: str) -> None:
    if name == "apprise":
        pytest.importorskip("apprise")
    with Service(name) as service, Service(name) as other:
        service.answer = (307, "", {"Location": other.address.replace("json:", "http:")})
        env.setenv("BOT_URL", service.address)
        config = samples.config(url=service.address) if name == "webhook" else told_by(name)
        report, _ = deliver(config, name)
        assert (report.sent, len(service.posts), other.posts) == (0, 1, [])
