"""Receivers as bad as they come, through the real outbox and a real database: nobody is lost or held up."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.faults.receivers import HOOKS, MAILS, HostileHook, HostileMail, tls
from tests.loopback import Mailbox
from tmwatch.alerts.channels import webhook
from tmwatch.alerts.channels.road import Timeouts
from tmwatch.alerts.outbox import DeliveryReport, deliver_due
from tmwatch.alerts.payload import AlertPayload
from tmwatch.config import Config
from tmwatch.config.reading import parse_config
from tmwatch.model import Significance
from tmwatch.store import Database, Outbox
from tmwatch.store.database import now
from tmwatch.store.writing import write_alert

SECRET = "whsec_c2FtcGxlLXNlY3JldC1mb3ItdGVzdHMtb25seQ=="
LATER = dt.timedelta(hours=3)
# No try of these tests may take longer, on however loaded a machine; one without an end takes for ever.
ENDS = 20.0


class Post:
    """A database, a configuration, and alerts to all of its recipients."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "tmwatch.toml"
        self.base = Database(folder / "tmwatch.db")
        self.outbox = Outbox(self.base)
        self.recipients: dict[str, str] = {}
        self.smtp = ""
        self.alerts = 0

    def hook(self, name: str, url: str, more: str = "") -> None:
        self.recipients[name] = (
            f'webhook = {{ url = "{url}", secret_env = "HOOK_SECRET", allow_private = true }}\n{more}'
        )

    def mail(self, name: str, *to: str) -> None:
        self.recipients[name] = f"email = {list(to)}"

    def server(self, port: int, security: str = "none", timeout: float = 1.0) -> None:
        host = "127.0.0.1" if security == "none" else "localhost"
        self.smtp = f'[smtp]\nhost = "{host}"\nport = {port}\nsecurity = "{security}"\n'
        self.smtp += f'sender = "tmwatch@firm.test"\ntimeout = {timeout}\n'

    @property
    def config(self) -> Config:
        text = f'[operator]\ncontact = "x@firm.test"\n{self.smtp}'
        for name, ways in self.recipients.items():
            text += f'[[recipient]]\nname = "{name}"\n{ways}\n'
        text += f'[[watch]]\nname = "own"\nnumbers = ["US 99000001"]\nnotify = {list(self.recipients)}\n'
        return parse_config(text.replace("'", '"'), self.path)

    def alert(self, *names: str) -> None:
        """One more, to these recipients or all."""
        self.alerts += 1
        payload = AlertPayload(
            kind="filing.changed", watch="own", significance=Significance.HIGH, headline=f"no. {self.alerts}"
        )
        config = self.config
        to = [
            way
            for one in config.recipients
            if not names or one.name in names
            for way in (
                *((one.name, "email", address) for address in one.email),
                *([(one.name, "webhook", one.name)] if one.webhook else []),
            )
        ]
        write_alert(self.base, payload, (), to, "run")

    def deliver(self, at: dt.datetime | None = None) -> DeliveryReport:
        return deliver_due(self.outbox, self.config, at or now())

    def row(self, name: str, address: str = "") -> dict[str, Any]:
        """The delivery to a recipient (and address) of the first alert."""
        for alert in self.outbox.alerts():
            if alert["headline"] == "no. 1":
                for one in alert["deliveries"]:
                    if one["recipient"] == name and address in ("", one["address"]):
                        return dict(one)
        raise AssertionError(name)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def post(tmp_path: Path, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    """Short time-outs, and trust in the tests' own authority; all else is as in the field."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    monkeypatch.setattr(webhook, "TIMEOUTS", Timeouts(connect=1.0, answer=1.0))
    made = Post(tmp_path)
    yield made
    made.base.close()


@dataclass(frozen=True)
class Case:
    """How a receiver behaves, and what must become of a delivery to it."""

    behave: str
    state: str
    says: str  # in the answer or the error
    kept: bool | None = None  # the receiver has it in its books; None: nobody can know
    tls: str = ""  # "good", "expired", "other name"
    act: bool = False  # the operator must act

    def __str__(self) -> str:
        return f"{self.behave}{' ' + self.tls if self.tls else ''}"


SENT, WAITS, DEAD = "sent", "pending", "dead"
HOOK_CASES = (
    Case("ok", SENT, "HTTP 204", True),
    Case("200", SENT, "HTTP 200 thanks", True),
    *(Case(code, WAITS, f"HTTP {code} no", True) for code in ("400", "401", "404")),
    *(Case(code, WAITS, f"HTTP {code} no", True) for code in ("500", "502", "503", "504")),
    Case("410", WAITS, "gone for good", True, act=True),
    Case("429", WAITS, "HTTP 429", True),
    *(Case(name, WAITS, "redirect", True) for name in HOOKS if name.startswith("redirect")),
    Case("late", WAITS, "no answer within", True),
    Case("silent", WAITS, "no answer within", True),
    Case("silent-before-reading", WAITS, "no answer within", False),
    Case("reset", WAITS, "connection", False),  # as it meets it: in the making, or made
    Case("hangs-up", WAITS, "broke off", True),
    Case("half-a-head", SENT, "HTTP 200", True),  # the status line has said it
    Case("half-a-body", SENT, "HTTP 200", True),
    Case("half-a-body-500", WAITS, "HTTP 500", True),
    Case("body-without-end", SENT, "HTTP 200", True),
    Case("body-that-drips", SENT, "HTTP 200", True),
    Case("head-that-drips", WAITS, "no answer within", True),
    Case("head-without-end", WAITS, "broke off", True),
    Case("continue-without-end", WAITS, "no answer within", True),
    Case("bomb", SENT, "HTTP 200", True),
    Case("garbage", WAITS, "broke off", True),
    Case("not-ascii", SENT, "HTTP 200", True),
    Case("ok", SENT, "HTTP 204", True, tls="good"),
    Case("ok", WAITS, "certificate has expired", False, tls="expired", act=True),
    Case("ok", WAITS, "Hostname mismatch", False, tls="other name", act=True),
    Case("tls-never-finishes", WAITS, "no answer within", False, tls="good"),
    Case("tls-drips", WAITS, "", False, tls="good"),
)


def context(authority: trustme.CA, kind: str) -> Any:
    if not kind:
        return None
    return tls(authority, "other.test" if kind == "other name" else "localhost", expired=kind == "expired")


@pytest.mark.parametrize("case", HOOK_CASES, ids=str)
def test_a_webhook_as_bad_as_this_costs_nobody_else_anything_and_itself_nothing(
    case: Case, post: Post, authority: trustme.CA
) -> None:
    bad, good, box = HostileHook(case.behave, context(authority, case.tls)), HostileHook(), Mailbox()
    with bad, good, box:
        post.server(box.port)
        post.hook("bad", bad.url)
        post.hook("good", good.url)
        post.mail("mailed", "a@firm.test")
        post.alert()
        began = time.monotonic()
        report = post.deliver()
        assert time.monotonic() - began < ENDS
        ours = post.row("bad")
        said = ours["answer"] if case.state == SENT else ours["error"]
        assert (ours["state"], case.says in said) == (case.state, True), said
        assert "\x1b" not in said
        assert report.operator_needed == case.act
        assert bool(bad.books) == case.kept
        assert good.books[post.row("good")["message_id"]] == 1
        assert len(box.mails) == len(good.books) == (2 if case.behave == "410" else 1)

        if case.state == SENT or case.behave == "410":
            return
        bad.behave, bad.tls = "ok", context(authority, "good") if bad.tls else None
        post.deliver(now() + LATER)
        assert post.row("bad")["state"] == SENT
        # What it has in its books already comes under the id that it knows.
        assert bad.books == {ours["message_id"]: 1 + bool(case.kept)}
        assert good.books[post.row("good")["message_id"]] == 1


MAIL_CASES = (
    Case("ok", SENT, "250 queued", True),
    Case("not-ascii", SENT, "250", True),
    Case("late-greeting", SENT, "250 queued", True),
    Case("silent-at-quit", SENT, "250 queued", True),
    Case("silent", WAITS, "timed out", False),
    Case("drips", WAITS, "", False),  # whatever of it is seen first
    Case("hangs-up", WAITS, "no connection", False),
    Case("closes-in-greeting", WAITS, "broke off", False),
    Case("554-greeting", WAITS, "554 not you", False),
    Case("421-greeting", WAITS, "421 too busy", False),
    Case("huge-banner", WAITS, "before any message", False),
    Case("banner-without-end", WAITS, "its answer has no end", False),
    Case("garbage", WAITS, "", False),
    Case("reset", WAITS, "connection", False),
    Case("421-at-mail", WAITS, "421 closing", False),
    Case("drops-at-mail", WAITS, "broke off", False),
    Case("421-at-rcpt", WAITS, "421 closing", False),
    Case("drops-at-rcpt", WAITS, "broke off", False),
    Case("drops-after-data", WAITS, "broke off", True),
    Case("silent-after-data", WAITS, "broke off", True),
    Case("421-after-data", WAITS, "421 closing", True),
    Case("450-after-data", WAITS, "450 try later", True),
    Case("554-after-data", DEAD, "554 looks like spam", True, act=True),
    Case("ok", SENT, "250 queued", True, tls="good"),
    Case("tls-at-once", SENT, "250 queued", True, tls="good"),
    Case("ok", WAITS, "certificate has expired", False, tls="expired", act=True),
    Case("ok", WAITS, "Hostname mismatch", False, tls="other name", act=True),
    Case("starttls-refused", WAITS, "454 not today", False, tls="good"),
    Case("starttls-garbage", WAITS, "no connection", False, tls="good"),
    Case("starttls-closes", WAITS, "no connection", False, tls="good"),
    Case("starttls-silent", WAITS, "no connection", False, tls="good"),
)


@pytest.mark.parametrize("case", MAIL_CASES, ids=str)
def test_a_mail_server_as_bad_as_this_keeps_no_webhook_waiting_and_loses_no_mail(
    case: Case, post: Post, authority: trustme.CA
) -> None:
    good, mail = HostileHook(), HostileMail(case.behave, context(authority, case.tls))
    mail.slow = 0.2
    with good, mail:
        secured = "tls" if case.behave == "tls-at-once" else "starttls" if case.tls else "none"
        post.server(mail.port, secured)
        post.mail("mailed", "a@firm.test")
        post.hook("good", good.url)
        post.alert()
        began = time.monotonic()
        report = post.deliver()
        assert time.monotonic() - began < ENDS
        ours = post.row("mailed")
        said = ours["answer"] if case.state == SENT else ours["error"]
        assert (ours["state"], case.says in said) == (case.state, True), said
        assert "\x1b" not in said
        assert report.operator_needed == case.act
        assert bool(mail.books) == case.kept
        assert good.books[post.row("good")["message_id"]] == 1
        if case.state == SENT:
            return
        mail.behave, mail.tls = "ok", context(authority, "good") if mail.tls else None
        if case.state == DEAD:
            post.outbox.retry(1)
        post.deliver(now() + LATER)
        assert post.row("mailed")["state"] == SENT
        assert mail.books == {f"{ours['message_id']}@tmwatch.invalid": 1 + bool(case.kept)}
        assert good.books[post.row("good")["message_id"]] == 1


def test_every_behaviour_of_the_machine_is_tried() -> None:
    assert {case.behave for case in HOOK_CASES} >= set(HOOKS)
    assert {case.behave for case in MAIL_CASES} >= set(MAILS)


# -- each on its own ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "state"), [("452 mailbox full", WAITS), ("550 5.1.1 no such user", DEAD)])
def test_one_address_of_three_that_is_refused_is_alone_in_it(answer: str, state: str, post: Post) -> None:
    with HostileMail() as mail:
        mail.answers["b@firm.test"] = answer
        post.server(mail.port)
        post.mail("legal", "a@firm.test", "b@firm.test", "c@firm.test")
        post.alert()
        post.deliver()
        assert {to for to, _ in mail.taken[:2]} == {"a@firm.test", "c@firm.test"}
        assert post.row("legal", "b@firm.test")["state"] == state
        before = list(mail.taken)
        mail.answers.clear()
        post.outbox.retry(1)
        post.deliver()
        again = [one for one in mail.taken[len(before) :] if one[0] == "b@firm.test"]
        assert again == [("b@firm.test", f"{post.row('legal', 'b@firm.test')['message_id']}@tmwatch.invalid")]
        assert len(mail.books) == len(mail.taken)  # every message once


def test_a_message_that_a_server_chokes_on_does_not_keep_the_others_from_it(post: Post) -> None:
    with HostileMail() as mail:
        mail.fatal = "poison"
        post.server(mail.port)
        post.mail("legal", "poison@firm.test", "b@firm.test", "c@firm.test")
        post.alert()
        post.deliver()
        assert {to for to, _ in mail.taken} == {"poison@firm.test", "b@firm.test", "c@firm.test"}


def test_two_such_messages_delay_the_others_by_one_run_and_no_more(post: Post) -> None:
    with HostileMail() as mail:
        mail.fatal = "poison"
        post.server(mail.port)
        post.mail("legal", "poison1@firm.test", "poison2@firm.test", "b@firm.test")
        post.alert()
        post.deliver()
        assert mail.connections == 2
        post.deliver(now() + LATER)
        assert mail.taken[2][0] == "b@firm.test"
        assert post.row("legal", "b@firm.test")["state"] == SENT


def test_who_never_answers_is_asked_once_a_run_and_then_after_all_others(post: Post) -> None:
    with HostileHook("silent") as dead, HostileHook() as good:
        post.hook("dead", dead.url)
        post.hook("good", good.url)
        for _ in range(4):
            post.alert()
        post.deliver()
        assert (dead.connections, sum(good.books.values())) == (1, 4)
        assert post.row("dead")["tries"] == 1
        post.alert()
        dead.behave = "ok"
        post.deliver(now() + LATER)
        assert (len(good.books), len(dead.books)) == (5, 5)
        assert max(good.at) < dead.at[1]


def test_a_receiver_that_answers_after_the_time_out_has_it_once_in_its_books(post: Post) -> None:
    with HostileHook("late") as hook:
        post.hook("slow", hook.url)
        post.alert()
        post.deliver()
        assert post.row("slow")["state"] == WAITS
        hook.behave = "200"
        post.deliver(now() + LATER)
        assert post.row("slow")["state"] == SENT
        assert hook.books == {post.row("slow")["message_id"]: 2}


@pytest.mark.soak
def test_with_the_time_outs_of_the_field_200_after_40_seconds_is_too_late_and_a_drip_ends(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # the short time-outs
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    with HostileHook("late") as late, HostileHook("head-that-drips") as drips, HostileHook() as good:
        late.slow = 40.0
        for name, one in (("late", late), ("drips", drips), ("good", good)):
            post.hook(name, one.url)
        post.alert()
        began = time.monotonic()
        post.deliver()
        took = time.monotonic() - began
        print(f"late and dripping receiver together held the run for {took:.1f} s")
        assert 15 + 15 < took < 70
        assert post.row("good")["state"] == SENT
        assert {post.row("late")["state"], post.row("drips")["state"]} == {WAITS}
        late.behave = drips.behave = "ok"
        post.deliver(now() + LATER)
        assert late.books == {post.row("late")["message_id"]: 2}


def test_who_says_when_to_come_back_is_not_asked_before(post: Post) -> None:
    with HostileHook("429") as hook:
        post.hook("busy", hook.url)
        post.alert()
        post.alert()
        began = now()
        post.deliver()
        assert hook.connections == 1
        due = dt.datetime.fromisoformat(post.row("busy")["next_try_at"])
        assert due >= began + dt.timedelta(minutes=30)
        hook.behave = "ok"
        assert post.deliver(began + dt.timedelta(minutes=20)).sent == 0
        hook.retry_after = "Thu, 01 Jan 2099 00:00:00 GMT"
        hook.behave = "429"
        post.deliver(began + dt.timedelta(hours=2))
        due = dt.datetime.fromisoformat(post.row("busy")["next_try_at"])
        assert due < began + dt.timedelta(days=2)


def test_no_library_logs_the_token_in_the_address(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with HostileHook("half-a-head") as hook:
        post.hook("legal", f"{hook.base}/T0K3N")
        post.alert()
        post.deliver()
        assert hook.paths == ["/T0K3N"]
    assert "T0K3N" not in caplog.text
