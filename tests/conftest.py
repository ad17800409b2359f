"""What tests share: the root of the repository and the real recordings, where somebody has them."""

from __future__ import annotations

import os
import socket
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tmwatch.sources.registry import all_sources

ROOT = Path(__file__).resolve().parents[1]


def recorded_folder() -> Path | None:
    """Real answers of the registers, kept beside the project and never in it; None where there are none."""
    given = os.environ.get("TMWATCH_RECORDED")
    folder = Path(given) if given else ROOT.parent / "shared" / "recorded"
    return folder if folder.is_dir() else None


def registers_off() -> str:
    """Configuration that switches off every register which is asked live without being asked for.

    No test may reach one; where a test is about what happens when nobody is asked, it says so with this.
    """
    live = [one.declaration for one in all_sources().values() if one.declaration.live_default == "on"]
    return "".join(f'[source."{one.id}"]\nenabled = false\n' for one in live)


def _registers() -> frozenset[str]:
    """The hosts of the registers, and of the places that give tokens for them."""
    found = [one.declaration for one in all_sources().values()]
    urls = [one.base_url for one in found] + [one.grant.token_url for one in found if one.grant]
    return frozenset(urlsplit(url).hostname or "" for url in urls)


@pytest.fixture(autouse=True)
def _no_register_is_asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Registers are other people's machines: a test that looks one up fails, whatever it was about."""
    asked: list[str] = []
    resolve, registers = socket.getaddrinfo, _registers()

    def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name in registers:
            asked.append(name)
            raise socket.gaierror(socket.EAI_NONAME, "no test asks a register")
        return resolve(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", guarded)
    yield
    assert not asked, f"a test asked {', '.join(asked)}: give it a base_url on loopback, or registers_off()"


@pytest.fixture
def recorded() -> Path:
    """The folder of real recordings; skips, loudly, where it is missing."""
    folder = recorded_folder()
    if folder is None:
        reason = "no real recordings here (TMWATCH_RECORDED): the readers were NOT tried on real pages"
        warnings.warn(reason, stacklevel=1)
        pytest.skip(reason)
    return folder
