"""`tmwatch demo`: the story of JD Auto and Joyrobotaxi, shown on this machine with real parts.

Real are: HTTP servers at the registers' own paths, an SMTP server, a webhook receiver that checks the
signature, a configuration file, the SQLite file, and all of tmwatch between them: each look is the
`check` that cron runs. Made up is what the registers say, as far as no source gives it; it is marked
`[SAMPLE]` on the road that any such fact takes (`facts = "sample"` of a source's configuration).

Nothing leaves the machine: every address is 127.0.0.1, and no key of the environment is looked at.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tmwatch.alerts.webhook import new_secret
from tmwatch.checking import CheckReport, check
from tmwatch.config import Config, load_config
from tmwatch.demo import acts, story
from tmwatch.demo.folder import DEFAULT, prepare, write_secret
from tmwatch.demo.office_xx import OfficeXX
from tmwatch.demo.screen import Screen
from tmwatch.demo.servers import Mailbox, Registers, WebhookReceiver, mail_server, serving
from tmwatch.errors import TmwatchError
from tmwatch.http import Door
from tmwatch.sources.registry import extra_sources
from tmwatch.store import Database

__all__ = ["run"]


def run(folder: Path | None = None, console: Console | None = None) -> int:
    """Show the story on `console` and leave its files in `folder` (./tmwatch-demo). Returns the exit code.

    Raises `UsageError` for a folder that is not the demonstration's own, and `TmwatchError` when the
    story did not go as it must.
    """
    screen = Screen(console or Console(markup=False, highlight=False, emoji=False))
    place = prepare(folder or DEFAULT)
    with _stage(place) as stage:
        acts.prologue(screen)
        acts.watched(screen, stage.config)
        acts.day_one(screen, stage.look("one"))
        title = "Between the days: 初审公告, published for opposition"
        acts.changes(screen, title, stage.look("between"))
        acts.changes(screen, "Day two: new filings, registrations, an owner and goods", stage.look("two"))
        mails, posts = stage.mailbox.mails, stage.receiver.posts
        new = [one for one in posts if one.event.get("type") == "filing.new"]
        new_mails = [one for one in mails if "Joyrobotaxi" in str(one.mail["Subject"])]
        if len(new) != 1 or len(new_mails) != 2 or any(one.error for one in posts):
            raise TmwatchError(
                "the demonstration did not go as it must",
                where=str(place),
                do="Run `tmwatch -v demo` and report what it prints.",
            )
        english, chinese = sorted(new_mails, key=lambda one: one.to)  # legal@…, news@…
        acts.mail(screen, mails, english, chinese)
        acts.webhook(screen, posts, new[0])
        acts.csv_line(screen, place, stage.database, stage.config)
        acts.files(screen, place, stage.database)
    return 0


@dataclass
class _Stage:
    """All parts, running."""

    config: Config
    database: Database
    door: Door
    registers: Registers
    mailbox: Mailbox
    receiver: WebhookReceiver

    def look(self, look: story.Look) -> CheckReport:
        """Let the registers show that day's state, and do what `tmwatch check` does."""
        self.registers.look = look
        # An empty environment: a key of the user's own must never switch a real register on.
        report = check(self.config, self.database, self.door, {})
        if report.operator_must_act:
            told = [one.error for one in report.sweep.failures]
            told += [one.error for one in report.delivery.failures] if report.delivery else []
            raise TmwatchError("the demonstration did not go as it must: " + "; ".join(told))
        return report


@contextmanager
def _stage(folder: Path) -> Iterator[_Stage]:
    token, secret = secrets.token_hex(16), new_secret()
    write_secret(folder / "tianyancha-token.txt", token)
    write_secret(folder / "webhook-secret.txt", secret)
    registers = Registers(token)
    mailbox, receiver = Mailbox(folder / "mails"), WebhookReceiver(folder / "webhooks", secret)
    with ExitStack() as open_parts:
        enter = open_parts.enter_context
        addresses = {
            "tsdr": enter(serving(registers.tsdr)),
            "tianyancha": enter(serving(registers.tianyancha)),
            "hook": f"{enter(serving(post=receiver.post))}/tmwatch",
            "smtp_port": enter(mail_server(mailbox)),
        }
        enter(extra_sources(OfficeXX(enter(serving(registers.office_xx)))))
        path = folder / "tmwatch.toml"
        path.write_text(story.config_text(**addresses), encoding="utf-8")
        config = load_config(path)
        database = enter(closing(Database(config.store.path)))
        door = Door(config.operator.contact, state_dir=folder / "state")
        yield _Stage(config, database, door, registers, mailbox, receiver)
