"""The USPTO's daily files from a portal on loopback that breaks off, redirects, refuses and lies."""

from __future__ import annotations

import datetime as dt
import hashlib
import http.server
import io
import json
import os
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from tests.cli.conftest import Run
from tests.cli.test_import_daily import DAILY, THREE
from tests.loopback import SOON
from tmwatch.config import load_config
from tmwatch.daemon import Daemon
from tmwatch.store import Database, timetable
from tmwatch.store.register import Register

KEY = "sample-odp-key"
PORTAL = (DAILY / "portal-page").glob("*")
HTML = next(path.read_bytes() for path in PORTAL if path.name != "meta.toml")


def packed(day: str, body: bytes = THREE) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"apc{day}.xml", body.replace(b"20260420", b"20" + day.encode()))
    return made.getvalue()


class Portal:
    """Lists its files, sends each question for one on to a signed address, and does there what it is told."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.digests: dict[str, str] = {}
        self.modified: dict[str, str] = {}
        self.cut: list[int] = []  # of the next answers: bytes after which the connection breaks
        self.status: list[int] = []  # of the next answers for a file
        self.ranges: list[str] = []
        self.signed: list[dict[str, str]] = []  # headers that came to the signed address
        self.asked: list[str] = []
        self.since: list[str] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                outer.asked.append(path)
                name = path.rsplit("/", 1)[-1]
                if path.startswith("/signed/"):
                    outer.signed.append({key.lower(): value for key, value in self.headers.items()})
                    self._file(name)
                elif self.headers.get("x-api-key") != KEY:
                    self._say(401, b"no key")
                elif "/files/" in path:
                    self._on(name)
                else:
                    outer.since.append(parse_qs(urlsplit(self.path).query).get("fileDataFromDate", [""])[0])
                    self._say(200, outer.list())

            def _on(self, name: str) -> None:
                status = outer.status.pop(0) if outer.status else 302
                self.send_response(status)
                if status == 302:  # by another name of this machine: for a client, another server
                    self.send_header(
                        "Location", f"http://localhost:{outer.port}/signed/{name}?X-Amz-Expires=5"
                    )
                if status == 429:
                    self.send_header("Retry-After", "600")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def _file(self, name: str) -> None:
                body = outer.files.get(name)
                if body is None:
                    self._say(200, HTML)
                    return
                start, asked = 0, self.headers.get("Range")
                if asked:
                    outer.ranges.append(asked)
                    start = int(asked.removeprefix("bytes=").removesuffix("-"))
                if start >= len(body) and asked:
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(body)}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(206 if start else 200)
                self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()[:8]}"')
                self.send_header("Content-Length", str(len(body) - start))
                if start:
                    self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
                self.end_headers()
                end = start + outer.cut.pop(0) if outer.cut else len(body)
                self.wfile.write(body[start:end])

            def _say(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, args=(SOON,), daemon=True)

    def add(self, day: str, body: bytes = THREE) -> str:
        name = f"apc{day}.zip"
        self.files[name] = packed(day, body)
        return name

    def list(self) -> bytes:
        bag = [
            {
                "fileName": name,
                "fileSize": len(body),
                "fileDataFromDate": f"20{name[3:5]}-{name[5:7]}-{name[7:9]}",
                "fileDataToDate": f"20{name[3:5]}-{name[5:7]}-{name[7:9]}",
                "fileTypeText": "Data",
                "fileLastModifiedDateTime": self.modified.get(name, f"{name} 00:24:19"),
                **({"sha256": self.digests[name]} if name in self.digests else {}),
            }
            for name, body in sorted(self.files.items(), reverse=True)
        ]
        bag.append({"fileName": "Codes_20250813.doc", "fileSize": 9, "fileTypeText": "Document"})
        product = {"productIdentifier": "TRTDXFAP", "productFileBag": {"count": len(bag), "fileDataBag": bag}}
        return json.dumps({"count": 1, "bulkDataProductBag": [product]}).encode()

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def portal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    monkeypatch.setenv("USPTO_ODP_API_KEY", KEY)
    with Portal() as made:
        (folder / "tmwatch.toml").write_text(
            '[operator]\ncontact = "ip-watch@example.com"\n[store]\nregister = "register.db"\n'
            f'[source."us.daily"]\nbase_url = "http://127.0.0.1:{made.port}"\nmin_interval = 0\n'
        )
        yield made


def took(run: Run, *more: str, code: int = 0) -> Any:
    ran = run("feed", "take", *more, "--json")
    assert ran.code == code, ran.err
    return json.loads(ran.out)


def names(said: Any) -> list[tuple[str, str]]:
    return [(one["name"], one["what"]) for one in said["files"]]


def count(folder: Path) -> int:
    with closing(Register(folder / "register.db")) as register:
        return register.count()


def test_the_first_time_the_latest_file_is_taken_and_then_each_new_one_once_in_order(
    run: Run, folder: Path, portal: Portal
) -> None:
    portal.add("260420")
    latest = portal.add("260421")
    assert names(took(run)) == [(latest, "taken")]
    assert count(folder) == 3
    assert names(took(run)) == []
    later, latest = portal.add("260423"), portal.add("260424")  # of the 22nd there is none
    assert names(took(run)) == [(later, "taken"), (latest, "taken")]
    assert not list((folder / "tmwatch.db.feeds").rglob("*.zip*"))
    assert portal.since[-1] == "2026-04-07"  # two weeks before the last that was taken


def test_without_a_key_the_books_are_shown_and_what_works_without_one(
    run: Run, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = portal.add("260421")
    took(run)
    monkeypatch.delenv("USPTO_ODP_API_KEY")
    asked = len(portal.asked)
    ran = run("feed", "list")
    assert ran.code == 1
    assert f"2026-04-21  {name}" in ran.out
    assert "1 file of us.daily taken so far." in ran.out
    for what in ("USPTO_ODP_API_KEY", "Without a key: save the day's apcYYMMDD.zip", "`tmwatch import` it"):
        assert what in ran.err
    assert "includeFiles" not in ran.err
    (row,) = run("feed", "list", "--json").json
    assert (row["name"], row["state"]) == (name, "taken")
    assert run("feed", "list", "--since", "2026-05-01").out.startswith("0 files of us.daily")
    assert "none is set" in run("feed", "take").err
    assert len(portal.asked) == asked


def test_a_late_file_is_caught_up_and_one_that_was_issued_again_is_taken_again(
    run: Run, portal: Portal
) -> None:
    first = portal.add("260421")
    took(run)
    portal.modified[first] = "2026-04-30 09:00:00"
    assert names(took(run)) == [(first, "taken")]
    portal.add("260419")
    assert names(took(run)) == []  # before the first
    late = "apc260420.zip"
    assert names(took(run, "--since", "2026-04-20")) == []
    portal.add("260420")
    assert names(took(run, "--since", "2026-04-20")) == [(late, "taken")]


def test_what_broke_off_is_gone_on_with_and_the_key_goes_to_the_register_only(
    run: Run, folder: Path, portal: Portal
) -> None:
    name = portal.add("260421")
    portal.cut = [5000, 7000]
    said = took(run)
    assert names(said) == [(name, "taken")]
    assert portal.ranges == ["bytes=5000-", "bytes=12000-"]
    assert all("x-api-key" not in headers for headers in portal.signed)
    assert count(folder) == 3


def test_a_later_run_goes_on_with_what_an_earlier_one_received(run: Run, portal: Portal) -> None:
    name = portal.add("260421")
    portal.cut = [5000, 0]
    assert names(took(run, code=1)) == [(name, "failed")]
    said = took(run)
    assert names(said) == [(name, "taken")]
    assert said["files"][0]["resumed"] == 5000
    assert portal.ranges[-1] == "bytes=5000-"


def test_a_part_of_a_file_that_was_issued_again_is_begun_anew(run: Run, portal: Portal) -> None:
    name = portal.add("260421")
    portal.cut = [5000, 0]
    took(run, code=1)
    portal.modified[name] = "2026-04-30 09:00:00"
    portal.ranges.clear()
    assert names(took(run)) == [(name, "taken")]
    assert portal.ranges == []


def test_of_a_part_that_is_whole_already_nothing_is_missing(run: Run, folder: Path, portal: Portal) -> None:
    name = portal.add("260421")
    portal.cut = [5000, 0]
    took(run, code=1)
    part = folder / "tmwatch.db.feeds" / "us.daily" / f"{name}.part"
    part.write_bytes(portal.files[name])  # all of it came, and we were killed before the end
    assert names(took(run)) == [(name, "taken")]  # answered with 416


def test_the_portals_page_in_place_of_a_file_is_told_by_its_first_bytes(
    run: Run, folder: Path, portal: Portal
) -> None:
    name = portal.add("260421")
    listed, portal.files = portal.list(), {}
    portal.list = lambda: listed  # type: ignore[method-assign]  # one portal, as it stood
    with time_machine.travel(dt.datetime(2026, 4, 22, 8, tzinfo=dt.UTC), tick=True):
        said = took(run, code=1)
        assert names(said) == [(name, "failed")]
        assert "portal's own page" in said["error"]
        assert not list((folder / "tmwatch.db.feeds").rglob("*.part"))
    # It never came: some days later it is passed over, and that is said.
    with time_machine.travel(dt.datetime(2026, 4, 26, 8, tzinfo=dt.UTC), tick=True):
        ran = run("feed", "take")
        assert (ran.code, "it was passed over" in ran.err) == (1, True)
        assert names(took(run)) == []


def test_a_file_with_another_digest_or_another_length_is_not_kept(
    run: Run, folder: Path, portal: Portal
) -> None:
    name = portal.add("260421")
    portal.digests[name] = "0" * 64
    said = took(run, code=1)
    assert (names(said), "SHA-256" in said["error"]) == ([(name, "failed")], True)
    portal.digests[name] = hashlib.sha256(portal.files[name]).hexdigest()
    assert names(took(run)) == [(name, "taken")]
    other = portal.add("260422")
    listed = portal.list()
    portal.list = lambda: listed  # type: ignore[method-assign]  # one portal, as it stood
    portal.files[other] += b"more than the list says"
    assert "longer than" in took(run, code=1)["error"]
    assert not list((folder / "tmwatch.db.feeds").rglob("*.zip*"))


def test_too_many_questions_end_the_run_and_the_register_is_not_asked_before_its_time(
    run: Run, portal: Portal
) -> None:
    name = portal.add("260421")
    portal.status = [429]
    said = took(run, code=1)
    assert (names(said), said["outcome"]) == ([(name, "failed")], "throttled")
    asked = len(portal.asked)
    assert "asked again from" in took(run, code=1)["error"]
    assert len(portal.asked) == asked


def test_a_file_is_asked_for_twenty_times_a_year_at_most(run: Run, folder: Path, portal: Portal) -> None:
    name = portal.add("260421")
    portal.status = [500]
    took(run, code=1)
    with closing(Database(folder / "tmwatch.db")) as base, base.write():
        base.conn.execute("update feed_file set tries = 20")
    asked = len([one for one in portal.asked if "/files/" in one])
    said = took(run, code=1)
    assert "20 times in a year" in said["error"]
    assert len([one for one in portal.asked if "/files/" in one]) == asked
    with closing(Database(folder / "tmwatch.db")) as base, base.write():
        base.conn.execute("update feed_file set first_try_at = '2020-01-01T00:00:00+00:00'")
    assert names(took(run)) == [(name, "taken")]


def test_a_wrong_key_is_named_and_shown_nowhere(
    run: Run, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal.add("260421")
    monkeypatch.setenv("USPTO_ODP_API_KEY", "another-secret-key")
    ran = run("feed", "take")
    assert (ran.code, "USPTO_ODP_API_KEY" in ran.err, "another-secret" in ran.err) == (1, True, False)
    monkeypatch.delenv("USPTO_ODP_API_KEY")
    ran = run("feed", "take")
    assert (ran.code, "USPTO_ODP_API_KEY" in ran.err) == (1, True)


def test_a_check_takes_a_feed_that_is_switched_on_and_no_other(
    run: Run, folder: Path, portal: Portal
) -> None:
    portal.add("260421")
    assert json.loads(run("check", "--json").out)["feeds"] == []
    text = (folder / "tmwatch.toml").read_text().replace("min_interval", "enabled = true\nmin_interval")
    (folder / "tmwatch.toml").write_text(text)
    (fed,) = json.loads(run("check", "--json").out)["feeds"]
    assert names(fed) == [("apc260421.zip", "taken")]


def test_a_watch_that_goes_by_names_is_looked_at_by_the_files_fresh_or_failing_as_they_are(
    run: Run, folder: Path, portal: Portal
) -> None:
    text = (folder / "tmwatch.toml").read_text().replace("min_interval", "enabled = true\nmin_interval")
    watch = '[[watch]]\nname = "names"\nmarks = ["EYEKANE"]\noffices = ["US"]\nnotify = []\n'
    (folder / "tmwatch.toml").write_text(text + watch)

    def state() -> tuple[str, str]:
        said = json.loads(run("status", "--json").out)
        return said["watches"][0]["state"], {one["id"]: one["state"] for one in said["sources"]}["us.daily"]

    portal.add("260421")
    run("check", "--no-look")
    assert state() == ("never looked", "never asked")
    assert "us.daily" in run("watch", "list").out
    run("check")
    assert state() == ("fresh", "fresh")
    portal.add("260422", b"no xml")
    assert run("check").code == 1
    assert state()[0] == "failing"


def test_the_daemon_takes_the_files_in_a_lane_of_their_own(folder: Path, portal: Portal) -> None:
    text = (folder / "tmwatch.toml").read_text().replace("min_interval", "enabled = true\nmin_interval")
    (folder / "tmwatch.toml").write_text(text)
    portal.add("260421")
    said: list[str] = []
    with closing(Database(folder / "tmwatch.db")) as base:
        daemon = Daemon(lambda: load_config(folder / "tmwatch.toml"), base.path, os.environ, said.append)
        daemon.step(base)
        assert daemon.step(base) == 0
        entries = {one.job: one.outcome for one in timetable.journal(base)}
    assert entries["feed us.daily"] == "done"
    assert (count(folder), said) == (3, [])


def test_the_list_says_what_is_due_and_what_was_taken(run: Run, portal: Portal) -> None:
    portal.add("260420")
    portal.add("260421")
    took(run)
    portal.add("260422")
    ran = run("feed", "list", "--json")
    assert [(one["day"], one["state"]) for one in json.loads(ran.out)] == [
        ("2026-04-20", "before"),
        ("2026-04-21", "taken"),
        ("2026-04-22", "due"),
    ]
    assert "1 due" in run("feed", "list").out
    assert run("feed", "list", "us.tsdr").code == 2


@pytest.mark.recorded
def test_the_real_list_of_files_is_read(recorded: Path) -> None:
    from tmwatch.sources.base import Page
    from tmwatch.sources.us.daily import SOURCE

    files = SOURCE.files(Page((recorded / "us/daily_xml/odp-product-files.json").read_bytes()))
    assert [one.name for one in files] == [f"apc2604{day}.zip" for day in range(15, 23)]
    assert (files[-1].size, files[-1].day) == (29564573, dt.date(2026, 4, 22))


def test_in_closed_hours_no_file_is_asked_for(run: Run, folder: Path, portal: Portal) -> None:
    portal.add("260421")
    closed = 'enabled = true\nclosed = ["00:00-00:00"]\nmin_interval'
    text = (folder / "tmwatch.toml").read_text().replace("min_interval", closed)
    (folder / "tmwatch.toml").write_text(text)
    assert json.loads(run("check", "--json").out)["feeds"] == []
    said: list[str] = []
    with closing(Database(folder / "tmwatch.db")) as base:
        Daemon(lambda: load_config(folder / "tmwatch.toml"), base.path, os.environ, said.append).step(base)
        (entry,) = [one for one in timetable.journal(base) if one.job == "feed us.daily"]
    assert (entry.outcome, "is closed until" in entry.note) == ("stopped", True)
    assert portal.asked == []


def test_a_first_look_that_is_quiet_about_filings_is_told_once(
    run: Run, folder: Path, portal: Portal
) -> None:
    file = folder / "tmwatch.toml"
    file.write_text(file.read_text() + '[[watch]]\nname = "quiet"\nmarks = ["SAMPLE LANTERN"]\nnotify = []\n')
    portal.add("260421")
    ran = run("feed", "take", "--json")
    assert ran.json["first_look"] == {"quiet": 2}
    assert "Note: us.daily: The first look of watch “quiet”: 2 filings, told to nobody" in ran.err
    portal.add("260422")
    assert run("feed", "take").silent
