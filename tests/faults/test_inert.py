"""Whatever words a page holds, in whatever field: nothing obeys them, on no way out (design law 12).

Each hostile text stands in *every* free text of a whole record (some hundred places: names, addresses,
goods, events, statuses, numbers), comes through `observe` as a change of a watched filing, and leaves by
mail, webhook, CSV, JSON, log and terminal.
"""

from __future__ import annotations

import csv
import datetime as dt
import email.policy
import functools
import io
import itertools
import json
import os
import pty
import re
import shutil
import subprocess
import sys
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.cli.conftest import FIXTURES, SERIAL, House, Run, folder, house, run
from tests.faults.hostile_words import HOSTILE, MARKER, plant, plant_count
from tests.records import sight
from tmwatch.alerts.compose import reactor
from tmwatch.alerts.mail import POLICY
from tmwatch.alerts.outbox import deliver_due
from tmwatch.config import Watch, load_config
from tmwatch.exporting import COLUMNS
from tmwatch.model import TradeMark
from tmwatch.numbers import parse_number
from tmwatch.sources.base import Page
from tmwatch.sources.registry import get_source
from tmwatch.store import Database, Outbox, observe
from tmwatch.text import mended

__all__ = ["folder", "house", "run"]  # the fixtures

# Nothing in what people read may move a cursor, change a colour, turn the reading direction or hide.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠\t\r]")


@functools.cache
def whole_record() -> TradeMark:
    """As many fields as any page of ours fills, of the filing that the house watches."""
    page = FIXTURES / "us.tsdr-api/st66-renewed-with-assignment/rn9990401-ST66.xml"
    full = get_source("us.tsdr-api").read(Page(body=page.read_bytes())).readings[0].record
    html = (FIXTURES / "us.tsdr/registered-word-mark/page.html").read_bytes()
    mine = get_source("us.tsdr").read(Page(body=html)).readings[0].record
    empty = {name: getattr(full, name) for name in full.covers if not getattr(mine, name, None)}
    return mine.model_copy(update={**empty, "covers": mine.covers | full.covers})


class Told:
    """A change told the whole way: what the mail server and the webhook receiver took."""

    def __init__(self, house: House, before: TradeMark, after: TradeMark) -> None:
        house.mailbox.mails.clear()
        house.hook.posts.clear()
        (house.folder / "tmwatch.db").unlink(missing_ok=True)
        config = load_config(house.path)
        base = Database(config.store.path)
        react = reactor(config, {}, lambda watch, one, found, held: True)
        observe(base, [sight(before, "2025-01-01")], react=react)
        (one,) = observe(base, [sight(after, "2025-02-01")], react=react)
        assert one.changes
        report = deliver_due(Outbox(base), config, dt.datetime.now(dt.UTC))
        base.close()
        assert report.failures == []
        (self.mail,) = house.mailbox.mails
        ((self.headers, self.body),) = house.hook.posts

    def part(self, kind: str) -> str:
        body = self.mail.get_body(kind)
        assert isinstance(body, EmailMessage)
        return str(body.get_content())


class Tags(HTMLParser):
    """Every tag with its attributes, as a mail reader sees them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.kinds: set[tuple[str, tuple[str, ...]]] = set()
        self.links: set[str] = set()
        self.comments = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.kinds.add((tag, tuple(name for name, _ in attrs)))
        self.links |= {value or "" for name, value in attrs if name in ("href", "src")}

    def handle_comment(self, data: str) -> None:
        self.comments += 1


def changed(record: TradeMark, text: str) -> TradeMark:
    """The hostile record; its status is news as well, so that every part of an alert is filled."""
    return plant(record, mended(text))


_harmless: list[Told] = []


@pytest.fixture
def harmless(house: House) -> Told:
    """The same alert about the same record with words that nobody could take amiss, told once for all."""
    if not _harmless:
        record = whole_record()
        _harmless.append(Told(house, record, changed(record, "words")))
    return _harmless[0]


def test_the_planting_reaches_every_kind_of_text_a_record_has() -> None:
    record = whole_record()
    assert plant_count(record, "<planted>") > 60
    planted = plant(record, "<planted>").model_dump(mode="json")
    for field in ("verbal_element", "status_text", "owners", "classes", "events", "representatives"):
        assert "<planted>" in json.dumps(planted[field]), field


@pytest.mark.parametrize("name", HOSTILE)
def test_no_word_of_a_page_is_obeyed_by_mail_or_webhook(name: str, house: House, harmless: Told) -> None:
    told = Told(house, whole_record(), changed(whole_record(), HOSTILE[name]))
    # Mail: the same headers, the same kinds of tags, no link but the register's own; nothing unseen.
    assert told.mail.keys() == harmless.mail.keys()
    assert house.mailbox.to[-1] == "legal@firm.test"
    for header in told.mail.values():
        assert not UNSEEN.search(header)
    seen, calm = Tags(told.part("html")), Tags(harmless.part("html"))
    assert seen.kinds <= calm.kinds
    assert seen.comments == calm.comments == 0
    assert {urlsplit(link)[:2] for link in seen.links} <= {("https", "tsdr.uspto.gov")}
    assert not [link for link in seen.links if MARKER in unquote(urlsplit(link).netloc) or "//" in link[8:]]
    for kind in ("plain", "html"):
        assert not UNSEEN.search(told.part(kind).replace("\r\n", "\n"))
    if name == "template":
        assert "{{ 7*7 }}" in told.part("html")
    raw = told.mail.as_bytes(policy=POLICY.clone(cte_type="7bit"))
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    again = email.message_from_bytes(raw, policy=email.policy.default)
    assert again.keys() == told.mail.keys()
    # Webhook: one JSON object of the documented shape, below its size; headers are ours alone.
    assert len(told.body) < 20_000
    assert json.loads(told.body).keys() == json.loads(harmless.body).keys()
    assert told.headers.keys() == harmless.headers.keys()


@pytest.fixture(scope="module")
def poison(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the database lies that `poisoned` gives to each test."""
    return tmp_path_factory.mktemp("poison") / "tmwatch.db"


@pytest.fixture
def poisoned(house: House, poison: Path) -> None:
    """A database with a filing, a version and an alert for each of the hostile texts: made once, copied."""
    config = load_config(house.path)
    if poison.exists():
        shutil.copy(poison, config.store.path)
        return
    config = config.model_copy(update={"watches": (everything(config.watches[0]),)})
    base = Database(config.store.path)
    react = reactor(config, {}, lambda watch, one, found, held: False)
    for place, text in enumerate(HOSTILE.values(), 1):
        calm = whole_record().model_copy(update={"st13": f"US5000000990000{place:02}"})
        # Its number stays one of our office, so that it can be asked for; all else is the page's.
        mean = changed(calm, text).model_copy(update={"application_number": f"990000{place:02}"})
        observe(base, [sight(calm, "2025-01-01")], react=react)
        observe(base, [sight(mean, "2025-02-01")], react=react)
    base.close()
    shutil.copy(config.store.path, poison)


def everything(watch: Watch) -> Watch:
    """The same watch, on any filing of the planted records."""
    numbers = tuple(parse_number(f"US 990000{place:02}") for place in range(1, len(HOSTILE) + 1))
    return watch.model_copy(update={"numbers": numbers})


@pytest.mark.usefixtures("poisoned")
def test_no_word_of_a_page_is_a_formula_or_a_row_of_its_own_in_a_spreadsheet(run: Run) -> None:
    csv.field_size_limit(1 << 24)
    for what, columns in COLUMNS.items():
        table = list(csv.reader(io.StringIO(run("export", "--what", what).out)))
        assert tuple(table[0]) == columns
        assert len(table) > len(HOSTILE)
        assert {len(row) for row in table} == {len(columns)}
        assert [cell for row in table for cell in row if FORMULA.match(cell)] == []
        assert [cell for row in table for cell in row if UNSEEN.search(cell)] == []
        lines = run("export", "--what", what, "--format", "jsonl").out.splitlines()
        assert [line for line in lines if UNSEEN.search(line)] == []
        assert {json.loads(line)["st13"][:2] for line in lines} == {"US"}


@pytest.mark.parametrize("everywhere", [False, pytest.param(True, marks=pytest.mark.soak)])
@pytest.mark.usefixtures("poisoned")
def test_no_word_of_a_page_moves_a_cursor_or_breaks_json(run: Run, everywhere: bool) -> None:
    """Plain, on a terminal and as JSON. The sample: the page and the history of a filing, which are one
    function each for all words, in these forms by turns; `make soak` has each in each."""
    turns = itertools.count()
    numbers = [f"US 990000{place:02}" for place in range(1, len(HOSTILE) + 1)]
    for command, arguments in (
        *((["show"], ["--events", "--goods", number]) for number in numbers),
        *((["history"], [number]) for number in numbers),
        (["changes"], ["--since", "2020-01-01"]),
        (["lookup"], ["--stored", "--", "alert"]),
        (["watch", "test"], ["own"]),
        (["alerts", "list"], []),
        (["alerts", "why"], ["1"]),
        (["doctor"], []),
    ):
        forms: tuple[tuple[list[str], bool], ...] = (([], False), ([], True), (["--json"], False))
        turn = None
        if command in (["show"], ["history"]) and not everywhere:
            turn = next(turns) + (command == ["history"])  # no word has the same form in both
        for flags, terminal in forms if turn is None else forms[turn % 3 :][:1]:
            ran = run(*command, *flags, *arguments, terminal=terminal)
            assert not UNSEEN.search(ran.out + ran.err), (command, flags)
            assert "Traceback" not in ran.err
            assert "a bug in tmwatch" not in ran.err
            if flags:
                json.loads(ran.out)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_looked_for_may_be_as_hostile_as_what_is_found(name: str, run: Run, folder: Path) -> None:
    run("import", str(FIXTURES / "us.tsdr/registered-word-mark/page.html"))
    text = HOSTILE[name].replace("\0", "")[:3000]
    for words in (["lookup", "--stored", "--", text], ["show", "--", text], ["history", "--", text]):
        ran = run(*words, terminal=True)
        assert not UNSEEN.search(ran.out + ran.err), words
        assert "a bug in tmwatch" not in ran.err


def test_a_page_cannot_paint_on_a_real_terminal_or_forge_a_log_line(house: House, folder: Path) -> None:
    """The page itself, through `tmwatch -vv import` in a process of its own with a terminal of its own."""
    page = (FIXTURES / "us.tsdr/registered-word-mark/page.html").read_text(encoding="utf-8")
    mark = get_source("us.tsdr").read(Page(body=page.encode())).readings[0].record.verbal_element
    assert mark
    for place, name in enumerate(("terminal", "terminal, eight bits", "bidi", "log line", "rich markup")):
        evil = page.replace(mark, HOSTILE[name].replace("<", "&lt;"))
        (folder / f"{place}.html").write_text(evil, encoding="utf-8", newline="")
    (folder / "no page \x1b[31m.html").write_text("no page", encoding="utf-8")
    command = [sys.executable, "-m", "tmwatch", "-vv", "import", "."]
    logged = subprocess.run(
        command, cwd=folder, capture_output=True, encoding="utf-8", timeout=120, check=False
    )
    assert "no page" in logged.stderr
    for line in logged.stderr.splitlines():
        assert not UNSEEN.search(line)
        assert not line.startswith("{") or json.loads(line).get("event") != "forged"
    painted = on_a_terminal([*command[:3], "history", f"US {SERIAL}"], folder)
    painted += on_a_terminal([*command[:3], "import", "."], folder)
    # What is left after rich's own colours and its moving bar may not be anything a terminal obeys.
    ours = re.sub(r"\x1b\[(?:[0-9;]*m|\?25[lh]|[0-9]*[AKG])", "", painted).replace("\r", "")
    assert not UNSEEN.search(ours)
    assert "\x1b[31m" not in painted


def on_a_terminal(command: list[str], cwd: Path) -> str:
    """What a command writes when a person sits before it."""
    leader, follower = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"}
    process = subprocess.Popen(command, cwd=cwd, stdin=follower, stdout=follower, stderr=follower, env=env)
    os.close(follower)
    seen = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not piece:
            break
        seen += piece
    process.wait(30)
    os.close(leader)
    return seen.decode("utf-8", "replace")
