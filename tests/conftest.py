"""What tests share: the root of the repository and the real recordings, where somebody has them."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

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


@pytest.fixture
def recorded() -> Path:
    """The folder of real recordings; skips, loudly, where it is missing."""
    folder = recorded_folder()
    if folder is None:
        reason = "no real recordings here (TMWATCH_RECORDED): the readers were NOT tried on real pages"
        warnings.warn(reason, stacklevel=1)
        pytest.skip(reason)
    return folder
