"""The real commands, day after day, with a clock of their own, a mailbox and a webhook on loopback.

stage = Stage(folder, mailbox, hook)
play(stage, strangers=60)      the whole fortnight; what was wrong is in `stage.wrong`
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.cli.conftest import SECRET, Ran
from tests.cli.test_feed import Portal
from tests.conftest import registers_off
from tests.loopback import Loopback, Mailbox
from tests.oracle.files import Imported, files, zip_of
from tests.oracle.filings import Filing
from tests.oracle.promises import Book, Said
from tests.oracle.stories import ABOUT, DAYS, DOCKET, LATER, LATER_ON, WATCHES
from tmwatch.cli import main

NIGHT, EARLY, NOON, LATE = dt.time(0, 5), dt.time(8), dt.time(9), dt.time(14)
SLOW = frozenset({"music"})  # watches with gather = "off"
RENAMED = {"rival": "our rival"}  # on the sixth day, in the afternoon


@dataclass(frozen=True)
class Message:
    """What one webhook was sent, and the mail that went with it."""

    day: int
    at: dt.time
    body: dict[str, Any]
    mail: EmailMessage | None

    @property
    def data(self) -> dict[str, Any]:
        return dict(self.body["data"])

    @property
    def said(self) -> list[Said]:
        return [
            Said(
                self.data["watch"],
                card["st13"],
                card["newness"] or "changed",
                frozenset(change["field"] for change in card["changes"]),
            )
            for card in self.data["cards"]
        ]


@dataclass
class Stage:
    """A folder with the configuration, and what came of the commands in it."""

    folder: Path
    mailbox: Mailbox
    hook: Loopback
    register: bool = True
    portal: Portal | None = None  # where `check` takes each day's file; without it, it is imported by hand
    book: Book = field(default_factory=lambda: Book({name: rule for name, (_, rule) in WATCHES.items()}))
    names: dict[str, str] = field(default_factory=dict)  # what a watch of the stories is called now
    wrong: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    moves: dict[str, list[tuple[Filing | None, Filing]]] = field(
        default_factory=dict
    )  # before and after, by ST.13
    waiting: list[Said] = field(default_factory=list)  # told when the day is over
    hits: dict[tuple[str, str], int] = field(default_factory=dict)  # their numbers
    earlier: dict[str, int] = field(default_factory=dict)  # of the rival's campaigns, by their first filing

    def configure(self, watches: dict[str, Any] | None = None) -> None:
        """Write the configuration, with these watches."""
        store = 'register = "register.db"\n' if self.register else ""
        (self.folder / "docket.csv").write_text(DOCKET, encoding="utf-8")
        (self.folder / "tmwatch.toml").write_text(
            f"""
[operator]
contact = "ip-watch@firm.test"
[store]
path = "tmwatch.db"
{store}[deadlines]
remind = []
[smtp]
host = "127.0.0.1"
port = {self.mailbox.port}
security = "none"
sender = "tmwatch@firm.test"
{registers_off()}{self._daily()}[[recipient]]
name = "legal"
email = ["legal@firm.test"]
webhook = {{ url = "{self.hook.url}/tm", secret_env = "HOOK_SECRET", allow_private = true }}
{"".join(_watch(name, text) for name, (text, _) in (watches or WATCHES).items())}""",
            encoding="utf-8",
        )

    def _daily(self) -> str:
        if self.portal is None:
            return ""
        url = f"http://127.0.0.1:{self.portal.port}"
        return f'[source."us.daily"]\nenabled = true\nbase_url = "{url}"\nmin_interval = 0\n'

    def add_watches(self) -> None:
        """The two that begin in the midst of it."""
        path = self.folder / "tmwatch.toml"
        more = "".join(_watch(name, text) for name, (text, _) in LATER.items())
        path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
        self.book.rules |= {name: rule for name, (_, rule) in LATER.items()}

    def rename_watches(self, day: int) -> None:
        for old, new in RENAMED.items():
            self.expect(f"day {day}: rename", self.at(day, LATE, "watch", "rename", old, new).code, 0)
            self.book.rename(old, new)
            self.names[old] = new

    def mark(self, day: int, watch: str, one: Filing, triage: str) -> None:
        """`hits mark` of that filing's hit."""
        ran = self.at(day, EARLY, "hits", "mark", str(self.hits[watch, one.st13]), triage)
        self.expect(f"day {day}: marked {triage}", ran.code, 0)
        self.book.mark(watch, one.st13, triage)

    def at(self, day: int, time: dt.time, *words: str) -> Ran:
        """A command at that time of that day, and what was sent by it."""
        out, err = io.StringIO(), io.StringIO()
        with (
            time_machine.travel(dt.datetime.combine(DAYS[day], time, dt.UTC), tick=True),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = main(list(words))
        self._collect(day, time)
        return Ran(code, out.getvalue(), err.getvalue())

    def _collect(self, day: int, time: dt.time) -> None:
        mails = list(self.mailbox.mails)
        self.expect(f"day {day}: mails and webhooks", len(mails), len(self.hook.posts))
        for body in self.hook.events():
            twin = next((one for one in mails if _is_mail_of(one, body["data"])), None)
            self.messages.append(Message(day, time, body, twin))
            if twin is not None:
                mails.remove(twin)
        self.mailbox.mails.clear()
        self.hook.posts.clear()

    def expect(self, what: str, got: object, wanted: object) -> None:
        """Note it where they differ."""
        if isinstance(got, dict) and isinstance(wanted, dict):  # what differs in them
            keys = [key for key in got.keys() | wanted.keys() if got.get(key) != wanted.get(key)]
            got, wanted = ({key: one.get(key) for key in keys} for one in (got, wanted))
        if isinstance(got, list) and isinstance(wanted, list):
            is_, ought = Counter(got), Counter(wanted)
            got, wanted = sorted((is_ - ought).elements()), sorted((ought - is_).elements())
        if got != wanted:
            self.wrong.append(f"{what}\n    is:     {got}\n    wanted: {wanted}")

    def check(self, day: int, at: dt.time, wanted: list[Said]) -> None:
        """A check that has to tell exactly that."""
        before = len(self.messages)
        ran = self.at(day, at, "check", "--no-look")
        self.expect(f"day {day}, {at}: check", (ran.code, ran.out, ran.err), (0, "", ""))
        told = [said for message in self.messages[before:] for said in message.said]
        self.expect(f"day {day}, {at}: told", list(map(str, told)), list(map(str, wanted)))

    def imports(self, one: Imported) -> None:
        """Import the file and compare what is told with what was planted."""
        what = f"day {one.on}, {one.name}"
        taken = self.portal is not None and one.at == NOON
        if self.portal is not None and taken:
            self.portal.files[one.name] = zip_of(one)
            ran = self.at(one.on, one.at, "check", "--no-deliver")
        else:
            (self.folder / one.name).write_bytes(zip_of(one))
            ran = self.at(one.on, one.at, "import", "--json", one.name)
        self.expect(f"{what}: exit code ({ran.err})", ran.code, 1 if one.broken else 0)
        lines = [json.loads(line) for line in ran.out.splitlines()] if not taken else []
        owner = "Beispiel Licht KG"
        earlier = sum(1 for _, stood, _ in self.book.stands.values() if _same_owner(stood.owner, owner))
        cases = [
            (filing, tuple(each.called(self.names.get(each.watch, each.watch)) for each in under))
            for filing, under in one.cases
        ]
        for filing, _ in one.cases:
            stood = self.book.stands.get(filing.st13)
            moves = self.moves.setdefault(filing.st13, [])
            moves.append((moves[-1][1] if moves else stood and stood[1], filing))
        said = self.book.file(DAYS[one.of], cases)
        self.earlier |= {each.st13: earlier for each in said}
        if not taken:
            self._records(what, one, lines)
        later = [each for each in said if one.at >= LATE and self._told_today(each, one.on)]
        self.waiting += later
        self.check(one.on, _after(one.at), [each for each in said if each not in later])
        self._hits(one.on)

    def _records(self, what: str, one: Imported, lines: list[dict[str, Any]]) -> None:
        """What `import --json` says of each record."""
        self.expect(f"{what}: records", len(lines), len(one.cases) + len(one.broken))
        became = {line["st13"]: line["what"] for line in lines}
        self.expect(f"{what}: strangers", {st13: became[st13] for st13 in one.strangers}, one.strangers)
        quiet = Counter(name for line in lines for name in line.get("first_look", ()))
        self.expect(f"{what}: kept quiet by first looks", dict(quiet), self.book.quiet)

    def _told_today(self, said: Said, day: int) -> bool:
        """Whether what is new waits for the end of the day: something new of the watch was sent today."""
        return (
            said.kind != "changed"
            and said.watch not in SLOW
            and any(
                message.day == day and message.at > NIGHT and message.data["watch"] == said.watch
                for message in self.messages
                if message.data["kind"] == "filing.new"
            )
        )

    def midnight(self, day: int) -> None:
        """The first check of a day tells what waited for the end of the one before."""
        self.check(day, NIGHT, self.waiting)
        self.waiting = []

    def _hits(self, day: int) -> None:
        found = {
            (row["watch"], row["st13"]): row["id"]
            for row in self.at(day, LATE, "hits", "list", "--json").json["hits"]
        }
        self.expect(f"day {day}: hits", list(found), list(self.book.hits))
        for (watch, st13), number in self.hits.items():
            now = found.get((self.names.get(watch, watch), st13))
            self.expect(f"day {day}: number of the hit {st13} under {watch}", now, number)
        self.hits = {**self.hits, **found}


@contextlib.contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """A stage with mailbox and webhook, apart from everything else on this machine."""
    with pytest.MonkeyPatch.context() as patch, Mailbox() as mailbox, Loopback() as hook:
        for name in ("TMWATCH_CONFIG", "TMWATCH_DB", "USPTO_ODP_API_KEY", "USPTO_API_KEY"):
            patch.delenv(name, raising=False)
        patch.setenv("TMWATCH_STATE_DIR", str(folder / "state"))
        patch.setenv("HOOK_SECRET", SECRET)
        yield Stage(folder, mailbox, hook)


def play(stage: Stage, a_day: int, left_out: Collection[str] = ()) -> None:
    """The stories, but for those about that, with so many strangers a day."""
    stage.configure()
    stage.book.register = stage.register
    for one in files(a_day, left_out=left_out):
        if one.at < LATE and one.on:
            stage.midnight(one.on)
        if one.on == 3:
            stage.mark(3, "names", ABOUT["marked relevant"], "relevant")
            stage.mark(3, "names", ABOUT["marked noise"], "noise")
        if one.on == LATER_ON:
            stage.add_watches()
            whole = zip_of(one)
            (stage.folder / one.name).write_bytes(whole[: len(whole) * 2 // 3])
            cut = stage.at(one.on, EARLY, "import", one.name)
            stage.expect(
                "a file that is cut off", (cut.code, "Nothing of it was stored" in cut.err), (1, True)
            )
        stage.imports(one)
        if one.on == 6:
            stage.rename_watches(6)


def _watch(name: str, text: str) -> str:
    return f'[[watch]]\nname = "{name}"\n{text}notify = ["legal"]\n'


def _after(at: dt.time) -> dt.time:
    return at.replace(minute=5)


def _is_mail_of(mail: EmailMessage, data: dict[str, Any]) -> bool:
    """By its subject: the headline of the alert and the references of the docket, which stand in each."""
    subject = str(mail["Subject"])
    references = [card["docket_ref"] for card in data["cards"] if card["docket_ref"]]
    return subject.startswith(data["headline"]) and all(one in subject for one in references)


def _same_owner(one: str, other: str) -> bool:
    """But for case and the form of the company."""
    return one.casefold().removesuffix(" kg") == other.casefold().removesuffix(" kg")


def rows(path: Path) -> Iterator[tuple[object, ...]]:
    """What the store of the register holds: each filing, and each change."""
    with contextlib.closing(sqlite3.connect(path)) as base:
        yield from base.execute(
            "select 'filing', st13, registration_number, name, other_names, classes, owners, agents,"
            " status_code, status_live, filing_date, as_of, hash from filing order by st13"
        )
        yield from base.execute(
            "select 'change', st13, field, old, new, as_of from changes order by 2, 6, 3, 4, 5"
        )
