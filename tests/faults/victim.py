"""What is killed: a house with three filings, three recipients and several changes, and what must be true
of it after the next run."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.faults.killer import Ended, Killer
from tests.faults.ledger import Books, Ledgers
from tests.loopback import Answer, Loopback
from tests.test_whole_way import answer, row

SECRET = "whsec_c2FtcGxlLXNlY3JldC1mb3ItdGVzdHMtb25seQ=="
SERIAL = "99990101"
PAGE = (ROOT / "fixtures/us.tsdr/registered-word-mark/page.html").read_bytes()
OWNER = "北京京东叁佰陆拾度电子商务有限公司"
HOUR = 3600
# Files that a house at rest has, below its root. Whatever else lies there was left behind.
AT_REST = re.compile(
    r"tmwatch\.toml|tmwatch\.db|state/host-[^/]*\.(json|lock)|tmwatch\.db\.locks/[0-9a-f]{16}\.lock"
)

CONFIG = """
[operator]
contact = "ip-watch@example.com"
[smtp]
host = "127.0.0.1"
port = {mail}
security = "none"
sender = "tmwatch@example.com"
[source."us.tsdr"]
enabled = true
base_url = "{register}"
min_interval = 0
[[recipient]]
name = "legal"
email = ["legal@example.com"]
webhook = {{ url = "{hooks[0]}/tm", secret_env = "HOOK_SECRET", allow_private = true }}
[[recipient]]
name = "paralegal"
email = ["paralegal@example.com"]
[[recipient]]
name = "brand"
webhook = {{ url = "{hooks[1]}/tm", secret_env = "HOOK_SECRET", allow_private = true }}
[source."cn.tianyancha"]
base_url = "{register}"
min_interval = 0
[[watch]]
name = "own"
numbers = ["US 99990101"]
role = "own"
notify = ["legal", "paralegal", "brand"]
[[watch]]
name = "JD cars"
owners = ["北京京东叁佰陆拾度电子商务有限公司"]
offices = ["CN"]
notify = ["brand"]
"""


def page(*, changed: bool) -> bytes:
    """The record before, and after: cancelled, and its owner renamed."""
    if not changed:
        return PAGE
    return PAGE.replace(b"EXAMPLE HARBOUR WORKS, INC.", b"EXAMPLE HARBOUR HOLDINGS, INC.").replace(
        b"The registration has been renewed.",
        b"Registration cancelled because registrant did not file an acceptable declaration under Section 8.",
    )


def listed(*, changed: bool) -> Answer:
    """The owner's filings before, and after: one is registered, one is new."""
    if not changed:
        before: Answer = answer([row(1, "JD Auto", 12)])
        return before
    made: Answer = answer([row(1, "JD Auto", 12, "已注册"), row(2, "Joyrobotaxi", 12)])
    return made


class Victim:
    """The house in a folder, with its register and receivers; `reset` brings back the eve of the change."""

    config = CONFIG

    def __init__(self, folder: Path, killer: Killer, register: Loopback, ledgers: Ledgers) -> None:
        self.folder, self.killer, self.register, self.ledgers = folder.resolve(), killer, register, ledgers
        self.eve = folder.with_name(f"{folder.name}-eve")
        killer.env |= {
            "HOOK_SECRET": SECRET,
            "TIANYANCHA_TOKEN": "sample-token",
            "TMWATCH_STATE_DIR": str(self.folder / "state"),
            "TMPDIR": str(self.folder / "tmp"),
        }

    def set_up(self) -> None:
        """The baseline, and the eve kept."""
        (self.folder / "tmp").mkdir(parents=True)
        hooks = [hook.url for hook in self.ledgers.hooks]
        text = self.config.format(mail=self.ledgers.mailbox.port, register=self.register.url, hooks=hooks)
        (self.folder / "tmwatch.toml").write_text(text)
        self.change(False)
        first = self.killer.run("check")
        assert first.code == 0, first
        shutil.copytree(self.folder, self.eve)
        self.change(True)

    def change(self, changed: bool) -> None:
        """What the register shows from now on."""
        self.register.pages[f"/statusview/sn{SERIAL}"] = page(changed=changed)
        self.register.pages["/services/open/ipr/tm/2.0"] = listed(changed=changed)

    def reset(self) -> None:
        """The eve of the change: files, and empty books."""
        shutil.rmtree(self.folder)
        shutil.copytree(self.eve, self.folder)
        self.ledgers.restore(([], [], {}, [[], []]))

    def now_is_eve(self) -> None:
        """From here on `reset` brings back the house as it stands."""
        shutil.rmtree(self.eve)
        shutil.copytree(self.folder, self.eve)

    def dies(self, step: int, *, tear: bool = False) -> Ended:
        """`check` on the eve of the change, killed at that step; the receivers have heard what was sent."""
        self.reset()
        ended = self.killer.run("check", kill=step, tear=tear)
        self.ledgers.quiet()
        return ended

    def recover(self, *more: str) -> Ended:
        """The next run: an hour later, when the lease of the dead has run out."""
        ended = self.killer.run("check", *more, clock=HOUR, log=False)
        self.ledgers.quiet()
        return ended

    # -- the truth ----------------------------------------------------------------------------------------

    def facts(self) -> dict[str, Any]:
        """What the books say, without numbers, instants and random ids."""
        with closing(sqlite3.connect(self.folder / "tmwatch.db")) as base:
            assert base.execute("pragma integrity_check").fetchall() == [("ok",)]
            assert base.execute("pragma foreign_key_check").fetchall() == []
            _chain(base)
            return {
                "versions": _rows(
                    base,
                    "select v.st13, v.source, v.facts, v.technical, v.superseded_at is null, r.json"
                    " from mark_version v join record r on r.hash = v.content_hash",
                ),
                "changes": _rows(
                    base,
                    "select c.st13, c.field, c.kind, c.key, c.old, c.new, c.significance,"
                    " c.superseded_at is null from change c"
                    " join mark_version v on v.id = c.version and v.st13 = c.st13",
                ),
                "all changes": base.execute("select count(*) from change").fetchone(),
                "marks": _rows(
                    base,
                    "select st13, status, owners, mark, json from mark join record r"
                    " using (st13) where r.hash = mark.content_hash",
                ),
                "events": _rows(base, "select st13, number, date, code, text from event"),
                "goods": _rows(base, "select st13, class, text from goods"),
                "parties": _rows(base, 'select st13, "as", name, role from party'),
                "hits": _rows(base, "select watch, st13, baseline from hit"),
                "alerts": _rows(base, "select kind, watch, significance, headline from alert"),
                "deliveries": _rows(
                    base,
                    "select a.headline, d.recipient, d.channel, d.address, d.state from delivery d"
                    " join alert a on a.id = d.alert",
                ),
                "sources": _rows(base, "select source, state from source_state"),
            }

    def in_flight(self) -> set[str]:
        """Addresses of deliveries that somebody took and never finished."""
        with closing(sqlite3.connect(self.folder / "tmwatch.db")) as base:
            rows = base.execute(
                "select address from delivery where state = 'pending' and lease_until is not null"
            )
            return {address for (address,) in rows}

    def told(self) -> dict[str, list[str]]:
        """What each receiver has in its books: one line an id. Each arrival under one id said the same."""
        found: dict[str, list[str]] = {}
        books: Books = self.ledgers.books()
        for (address, _), arrivals in books.items():
            said = {_news(text) for text in arrivals}
            assert len(said) == 1, f"two messages under one id at {address}: {said}"
            found.setdefault(address, []).append(said.pop())
        return {address: sorted(said) for address, said in found.items()}

    def left_behind(self) -> set[str]:
        """Files that no house at rest has."""
        files = {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}
        return {name for name in files if not AT_REST.fullmatch(name)}


def _rows(base: sqlite3.Connection, query: str) -> list[tuple[Any, ...]]:
    return sorted(base.execute(query).fetchall(), key=repr)


def _news(text: str) -> str:
    """A mail's subject, or of a webhook what it tells, without the instants of the telling."""
    if not text.startswith("{"):
        return text
    data = json.loads(text)["data"]
    return json.dumps([data["headline"], [one.get("changes") for one in data.get("filings", [])]])


def _chain(base: sqlite3.Connection) -> None:
    """Each look holds the hash of the one before it, and its own is right."""
    base.row_factory = sqlite3.Row
    previous = ""
    for look in base.execute("select * from observation order by id"):
        held = {key: look[key] for key in look.keys() if key not in ("id", "hash")}  # noqa: SIM118
        if held.get("records") is None:
            held.pop("records", None)  # hashed only where a look speaks for several filings
        text = json.dumps(held, ensure_ascii=False, sort_keys=True)
        assert held["previous_hash"] == previous
        assert look["hash"] == hashlib.sha256(text.encode()).hexdigest()
        previous = look["hash"]
    base.row_factory = None
