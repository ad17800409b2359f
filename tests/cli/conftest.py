"""The command line as its user has it: a folder of one's own, and what came out where."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.loopback import Loopback, Mailbox
from tmwatch.cli import main

FIXTURES = ROOT / "fixtures"
PAGE = FIXTURES / "us.tsdr/registered-word-mark/page.html"
SERIAL = "99990101"
SECRET = "whsec_c2FtcGxlLXNlY3JldC1mb3ItdGVzdHMtb25seQ=="
CANCELLED = PAGE.read_bytes().replace(
    b"The registration has been renewed.",
    b"Registration cancelled because registrant did not file an acceptable declaration under Section 8.",
)


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def silent(self) -> bool:
        return not self.out and not self.err


Run = Callable[..., Ran]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, apart from everything else on this machine."""
    for name in (
        "TMWATCH_CONFIG",
        "TMWATCH_DB",
        "USPTO_API_KEY",
        "TIANYANCHA_TOKEN",
        "EUIPO_CLIENT_ID",
        "EUIPO_CLIENT_SECRET",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TMWATCH_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "80")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("show", "US 1")`: as typed; `terminal=True` as if a person were looking."""

    def ran(*words: str, terminal: bool = False) -> Ran:
        capsys.readouterr()
        with monkeypatch.context() as patch:
            if terminal:
                patch.setattr(sys.stdout, "isatty", lambda: True)
                patch.setenv("TERM", "dumb")
            code = main(list(words))
        seen = capsys.readouterr()
        return Ran(code, seen.out, seen.err)

    return ran


class House:
    """A configuration in the working folder with its register, mail server and webhook receiver."""

    def __init__(self, folder: Path, register: Loopback, hook: Loopback, mailbox: Mailbox) -> None:
        self.folder, self.register, self.hook, self.mailbox = folder, register, hook, mailbox
        self.path = folder / "tmwatch.toml"
        self.serve(PAGE.read_bytes())

    def serve(self, page: bytes | tuple[int, bytes]) -> None:
        self.register.pages[f"/statusview/sn{SERIAL}"] = page

    def configure(self, more: str = "", *, hook: str | None = None) -> None:
        self.path.write_text(
            f"""
[operator]
contact = "ip-watch@firm.test"
[smtp]
host = "127.0.0.1"
port = {self.mailbox.port}
security = "none"
sender = "tmwatch@firm.test"
[source."us.tsdr"]
enabled = true
base_url = "{self.register.url}"
min_interval = 0
[source."cn.tianyancha"]
base_url = "{self.register.url}"
min_interval = 0
[[recipient]]
name = "legal"
email = ["legal@firm.test"]
webhook = {{ url = "{hook or self.hook.url}/tm", secret_env = "HOOK_SECRET", allow_private = true }}
[[watch]]
name = "own"
numbers = ["US {SERIAL}"]
role = "own"
notify = ["legal"]
{more}
""",
            encoding="utf-8",
        )


@pytest.fixture
def house(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    with Loopback() as register, Loopback() as hook, Mailbox() as mailbox:
        house = House(folder, register, hook, mailbox)
        house.configure()
        yield house
