"""A door whose clock and sleep are the test's own, and a made-up source to ask through it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.faults.hostile import HostileServer
from tmwatch.http import Door, Limits, Look, Timeouts
from tmwatch.sources.base import Automation, Declaration, KnownQuery, Pace, Request, Terms

CONTACT = "ip-watch@example.com"
KEY = "k3y-that-nobody-may-see"


class FakeTime:
    """Time passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
        self.slept: list[float] = []

    def clock(self) -> dt.datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)


def declaration(pace: Pace | None = None, **other: Any) -> Declaration:
    made = Declaration(
        id="xx.test",
        title="A made-up register",
        office="XX",
        channels=frozenset({"record"}),
        base_url="https://register.example.org",
        terms=Terms(Automation.ALLOWED, "made up", "https://example.org", dt.date(2026, 1, 1)),
        pace=pace or Pace(min_interval=2.0),
        parser_version="1",
        covers=frozenset(),
        authority=1,
        known_query=KnownQuery("record", "1"),
        credential_env="XX_KEY",
    )
    return replace(made, **other)


def door(folder: Path, time: FakeTime, **other: Any) -> Door:
    settings: dict[str, Any] = {
        "timeouts": Timeouts(connect=2, read=2, total=5),
        "limits": Limits(),
        **other,
    }
    return Door(CONTACT, state_dir=folder, clock=time.clock, sleep=time.sleep, **settings)


def ask_for(path: str, **other: Any) -> Request:
    return Request(path=path, **other)


def look_at(server: HostileServer, path: str, folder: Path, times: FakeTime, **other: Any) -> Look:
    """One look at a page of the server, at once."""
    # Only where the server stalls is the time short; elsewhere a busy machine shall not matter.
    stalls = path in {"/slow", "/drip", "/drip-head"}
    settings = {"timeouts": Timeouts(2, 0.6, 0.9) if stalls else Timeouts(5, 10, 30), **other}
    asker = door(folder, times, **settings)
    return asker.fetch(declaration(), ask_for(path), base_url=server.url, min_interval=0)
